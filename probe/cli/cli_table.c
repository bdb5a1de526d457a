#include <stdlib.h>

#include "cli_private.h"

/* Rows are held until a flush: the widest cell decides its column.  All texts stand, cleaned
 * already, in one buffer. */
struct cell {
	size_t at;
	uint32_t len;
	uint16_t columns;
	uint8_t colour;
};

struct block {
	size_t at, len;
	unsigned behind_row; /* of those held: printed behind that many */
};

struct cli_table {
	const struct cli *cli;
	const struct cli_column *columns;
	unsigned n_columns;
	unsigned *widths;  /* shown */
	unsigned *natural; /* of the widest cell so far */
	bool *dropped;     /* decided at the first flush */
	struct cell *cells;
	size_t n_cells, max_cells;
	struct block *blocks;
	size_t n_blocks, max_blocks;
	char *text;
	size_t text_len, text_max;
	bool titled;
};

#define TABLE_GAP 2
#define TABLE_CELL_COLUMNS 200 /* wider than this is nobody's column */

const char *
cli_colour_on(const struct cli *cli, enum cli_colour colour)
{
	static const char *const codes[CLI_COLOUR_COUNT] = {
		"", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[31m", "\033[36m",
		"\033[35m", "\033[34m"};

	return cli->colour ? codes[colour] : "";
}

const char *
cli_colour_off(const struct cli *cli)
{
	return cli->colour ? "\033[0m" : "";
}

struct cli_table *
cli_table_new(const struct cli *cli, const struct cli_column *columns, unsigned n)
{
	struct cli_table *t = cli_memory(NULL, sizeof(*t));

	*t = (struct cli_table){.cli = cli, .columns = columns, .n_columns = n};
	t->widths = cli_memory(NULL, n * sizeof(*t->widths));
	t->natural = cli_memory(NULL, n * sizeof(*t->natural));
	t->dropped = cli_memory(NULL, n * sizeof(*t->dropped));
	for (unsigned i = 0; i < n; i++) {
		t->natural[i] = (unsigned)strlen(columns[i].title);
		t->widths[i] = 0;
		t->dropped[i] = false;
	}
	return t;
}

void
cli_table_free(struct cli_table *t)
{
	if (!t)
		return;
	free(t->widths);
	free(t->natural);
	free(t->dropped);
	free(t->cells);
	free(t->blocks);
	free(t->text);
	free(t);
}

unsigned
cli_table_rows(const struct cli_table *t)
{
	return (unsigned)(t->n_cells / t->n_columns);
}

static char *
table_room(struct cli_table *t, size_t bytes)
{
	if (t->text_max - t->text_len < bytes) {
		t->text_max = (t->text_len + bytes) * 2;
		t->text = cli_memory(t->text, t->text_max);
	}
	return t->text + t->text_len;
}

void
cli_table_span(struct cli_table *t, struct base_span text, enum cli_colour colour)
{
	/* A mark takes at most three bytes for one of the source. */
	size_t room = 3 * (size_t)text.len + 4;
	struct base_text out = base_text_of(table_room(t, room), room);
	unsigned columns = cli_text_put(t->cli, &out, text, TABLE_CELL_COLUMNS);
	unsigned column = (unsigned)(t->n_cells % t->n_columns);

	if (t->n_cells == t->max_cells) {
		t->max_cells = t->max_cells ? t->max_cells * 2 : 256;
		t->cells = cli_memory(t->cells, t->max_cells * sizeof(*t->cells));
	}
	t->cells[t->n_cells++] =
		(struct cell){t->text_len, (uint32_t)out.len, (uint16_t)columns, (uint8_t)colour};
	t->text_len += out.len;
	if (columns > t->natural[column])
		t->natural[column] = columns;
}

void
cli_table_cell(struct cli_table *t, const char *text, enum cli_colour colour)
{
	cli_table_span(t, base_span_cstr(text), colour);
}

void
cli_table_block(struct cli_table *t, const char *bytes, size_t len)
{
	if (len == 0)
		return;
	if (t->n_blocks == t->max_blocks) {
		t->max_blocks = t->max_blocks ? t->max_blocks * 2 : 64;
		t->blocks = cli_memory(t->blocks, t->max_blocks * sizeof(*t->blocks));
	}
	memcpy(table_room(t, len), bytes, len);
	t->blocks[t->n_blocks++] = (struct block){t->text_len, len, cli_table_rows(t)};
	t->text_len += len;
}

static unsigned
table_total(const struct cli_table *t)
{
	unsigned total = 0;

	for (unsigned i = 0; i < t->n_columns; i++)
		total += t->dropped[i] ? 0 : t->widths[i] + TABLE_GAP;
	return total ? total - TABLE_GAP : 0;
}

/* Takes columns from the widest that may shrink until the line fits.  False: it does not. */
static bool
table_shrink(struct cli_table *t)
{
	for (unsigned total = table_total(t); total > t->cli->width; total--) {
		unsigned widest = t->n_columns;
		for (unsigned i = 0; i < t->n_columns; i++) {
			if (t->dropped[i] || t->columns[i].min == 0 ||
				t->widths[i] <= t->columns[i].min)
				continue;
			if (widest == t->n_columns || t->widths[i] > t->widths[widest])
				widest = i;
		}
		if (widest == t->n_columns)
			return false;
		t->widths[widest]--;
	}
	return true;
}

/* Leaves the least important column out.  False: all that are left are needed. */
static bool
table_drop(struct cli_table *t)
{
	unsigned least = t->n_columns;

	for (unsigned i = 0; i < t->n_columns; i++) {
		if (t->dropped[i] || t->columns[i].drop == 0)
			continue;
		if (least == t->n_columns || t->columns[i].drop > t->columns[least].drop)
			least = i;
	}
	if (least == t->n_columns)
		return false;
	t->dropped[least] = true;
	return true;
}

static void
table_fit(struct cli_table *t)
{
	do {
		for (unsigned i = 0; i < t->n_columns; i++)
			if (t->natural[i] > t->widths[i] || !t->titled)
				t->widths[i] = t->natural[i];
	} while (!table_shrink(t) && !t->titled && table_drop(t));
}

/* The last column shown, which is not padded. */
static unsigned
table_last(const struct cli_table *t)
{
	unsigned last = t->n_columns - 1;

	while (last && t->dropped[last])
		last--;
	return last;
}

static void
print_pad(FILE *f, unsigned n)
{
	while (n--)
		fputc(' ', f);
}

/* text: cleaned. */
static void
table_print_cell(
	const struct cli_table *t, unsigned column, struct base_span text, enum cli_colour colour)
{
	char cut[4 * TABLE_CELL_COLUMNS * 4];
	struct base_text shown = base_text_of(cut, sizeof(cut));
	unsigned width = t->widths[column], used = cli_text_put(t->cli, &shown, text, width);
	FILE *f = t->cli->out;

	if (t->dropped[column])
		return;
	if (t->columns[column].right)
		print_pad(f, width - used);
	fprintf(f, "%s%.*s%s", cli_colour_on(t->cli, colour), (int)shown.len, cut,
		colour ? cli_colour_off(t->cli) : "");
	if (column < table_last(t))
		print_pad(f, (t->columns[column].right ? 0 : width - used) + TABLE_GAP);
}

static void
table_print_titles(struct cli_table *t)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		table_print_cell(t, i, base_span_cstr(t->columns[i].title), CLI_BOLD);
	fputc('\n', t->cli->out);
	t->titled = true;
}

void
cli_table_flush(struct cli_table *t)
{
	unsigned rows = cli_table_rows(t);
	size_t b = 0;

	if (rows == 0 && t->n_blocks == 0)
		return;
	table_fit(t);
	if (!t->titled)
		table_print_titles(t);
	for (unsigned r = 0; r <= rows; r++) {
		for (; b < t->n_blocks && t->blocks[b].behind_row == r; b++)
			fwrite(t->text + t->blocks[b].at, 1, t->blocks[b].len, t->cli->out);
		for (unsigned i = 0; r < rows && i < t->n_columns; i++) {
			const struct cell *c = &t->cells[(size_t)r * t->n_columns + i];
			table_print_cell(t, i, base_span_of(t->text + c->at, c->len),
				(enum cli_colour)c->colour);
		}
		if (r < rows)
			fputc('\n', t->cli->out);
	}
	t->n_cells = t->n_blocks = 0;
	t->text_len = 0;
}
