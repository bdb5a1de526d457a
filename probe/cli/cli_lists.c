#include <ctype.h>

#include "cli_private.h"

#define TITLE_MAX 32

/* Columns: the fields that any element has; an address and its port are one. */
struct list {
	const struct cli *cli;
	bool has[RECORD_F_COUNT];
	struct cli_table *table;
};

static enum record_field
port_of(enum record_field f)
{
	switch (f) {
	case RECORD_F_SRC_IP: return RECORD_F_SRC_PORT;
	case RECORD_F_DST_IP: return RECORD_F_DST_PORT;
	case RECORD_F_IP: return RECORD_F_PORT;
	default: return RECORD_F_COUNT;
	}
}

static void
note_fields(void *context, const struct record_row *row)
{
	struct list *l = context;

	for (unsigned f = 0; f < RECORD_F_COUNT; f++)
		l->has[f] |= row->values[f].present;
}

static void
put_element(void *context, const struct record_row *row)
{
	struct list *l = context;
	char cell[CLI_CELL];

	for (unsigned i = 0; i < RECORD_F_COUNT; i++) {
		enum record_field f = (enum record_field)i, port = port_of(f);
		struct base_endpoint e;

		if (!l->has[f])
			continue;
		if (record_fields[f].type == RECORD_STR) {
			cli_table_span(l->table, cli_row_str(row, f), CLI_PLAIN);
		} else if (record_fields[f].type == RECORD_TIME && row->values[f].present) {
			cli_table_cell(l->table,
				cli_cell_time(cell, row->values[f].time_ns), CLI_PLAIN);
		} else if (port != RECORD_F_COUNT && row->values[f].present) {
			e = cli_row_endpoint(row, f, port);
			cli_table_cell(l->table, cli_cell_endpoint(cell, &e), CLI_PLAIN);
		} else {
			cli_table_cell(l->table, cli_cell_value(cell, row, f), CLI_PLAIN);
		}
	}
}

/* RESPONSE TIME of response_time. */
static void
title_of(char title[TITLE_MAX], const char *key)
{
	size_t n = strlen(key) < TITLE_MAX - 1 ? strlen(key) : TITLE_MAX - 1;

	for (size_t i = 0; i < n; i++)
		title[i] = key[i] == '_' ? ' ' : (char)toupper((unsigned char)key[i]);
	title[n] = 0;
}

void
cli_list_print(const struct cli *cli, struct cli_nested *nested, const struct record_row *row,
	enum record_field list)
{
	char titles[RECORD_F_COUNT][TITLE_MAX];
	struct cli_column columns[RECORD_F_COUNT];
	struct list l = {.cli = cli};
	unsigned n = 0;

	cli_nested_each(nested, row, note_fields, &l, list);
	for (unsigned f = 0; f < RECORD_F_COUNT; f++)
		if (l.has[f] && port_of((enum record_field)f) != RECORD_F_COUNT)
			l.has[port_of((enum record_field)f)] = false;
	for (unsigned f = 0; f < RECORD_F_COUNT; f++) {
		if (!l.has[f])
			continue;
		bool text = record_fields[f].type == RECORD_STR;
		title_of(titles[n], record_fields[f].key);
		columns[n] = (struct cli_column){titles[n], .min = text ? 8 : 0, .drop = 0};
		n++;
	}
	if (n == 0)
		return;
	l.table = cli_table_new(cli, columns, n);
	cli_nested_each(nested, row, put_element, &l, list);
	cli_table_flush(l.table);
	cli_table_free(l.table);
}
