#include <stdlib.h>

#include "cli_ladder.h"
#include "cli_show.h"

/* ---- JSON ---- */

/* The messages' texts as ,"raw":[...], null where one was not found. */
static void
json_raw(const struct cli_ladder *l, struct base_text *t)
{
	const char *between = ",\"raw\":[";

	for (size_t i = 0; i < l->n; i++) {
		const struct ladder_item *item = &l->items[i];
		if (item->kind != LADDER_MESSAGE)
			continue;
		base_text_str(t, between);
		if (item->raw)
			base_text_json(t, base_span_of(item->raw, item->raw_len));
		else
			base_text_str(t, "null");
		between = ",";
	}
	base_text_str(t, *between == ',' && !between[1] ? "]" : ",\"raw\":[]");
}

static void
print_json(struct show *s, const struct record_row *row)
{
	size_t bytes = 4096;
	struct cli_ladder l;
	struct base_text t;
	char *p = NULL;

	cli_ladder_open(&l, s->cli);
	if (s->raw)
		cli_ladder_add(&l, &s->nested, row);
	cli_raw_attach(s->raw, &l);
	do {
		bytes *= 2;
		p = cli_memory(p, bytes);
		t = base_text_of(p, bytes);
		record_json(&t, row, true);
		if (s->raw) {
			t.len--; /* the closing brace */
			json_raw(&l, &t);
			base_text_char(&t, '}');
		}
		base_text_char(&t, '\n');
	} while (t.overflow);
	fwrite(p, 1, t.len, s->cli->out);
	free(p);
	cli_ladder_close(&l);
}

/* ---- rows ---- */

static int
print_match(void *context, const struct record_row *row, int64_t position)
{
	struct show *s = context;

	if (!cli_show_is_match(s, row, position))
		return 0;
	if (s->o.format == CLI_JSONL) {
		print_json(s, row);
		return 0;
	}
	if (s->shown++)
		fputs("\n\n", s->cli->out);
	cli_page(s->cli, &s->nested, row, s->raw);
	return 0;
}

static int
list_match(void *context, const struct record_row *row, int64_t position)
{
	struct show *s = context;
	char date[CLI_CELL], time[CLI_CELL];
	int64_t ts_ns = cli_summary_time(row);
	FILE *f = s->cli->err;

	if (!cli_show_is_match(s, row, position))
		return 0;
	fputs("  ", f);
	cli_text_print(s->cli, f, cli_row_str(row, RECORD_F_UID));
	fprintf(f, "  %s %s  ", cli_cell_date(date, ts_ns), cli_cell_time(time, ts_ns));
	cli_text_print(s->cli, f, cli_row_str(row, RECORD_F_CALL_ID));
	fputc('\n', f);
	return 0;
}

/* ---- a picture ---- */

struct picture {
	struct show *show;
	struct cli_ladder ladder;
	char title[1024], subtitle[1024];
};

static void
put_row(struct base_text *t, const struct record_row *row, const enum record_field *fields,
	unsigned n)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		if (!row->values[fields[i]].present)
			continue;
		base_text_str(t, any ? " " : "");
		record_plain_value(t, row, fields[i]);
		any = true;
	}
}

static int
picture_leg(void *context, const struct record_row *row, int64_t position)
{
	struct picture *p = context;
	struct base_text title = base_text_of(p->title, sizeof(p->title) - 1);
	struct base_text sub = base_text_of(p->subtitle, sizeof(p->subtitle) - 1);

	if (!cli_show_is_match(p->show, row, position))
		return 0;
	cli_ladder_add(&p->ladder, &p->show->nested, row);
	if (p->ladder.legs > 1)
		return 0;
	put_row(&title, row, (enum record_field[]){RECORD_F_FROM_USER}, 1);
	base_text_str(&title, " \u2192 ");
	put_row(&title, row, (enum record_field[]){RECORD_F_TO_USER}, 1);
	base_text_str(&title, "   ");
	put_row(&title, row,
		(enum record_field[]){RECORD_F_METHOD, RECORD_F_ACTION, RECORD_F_DISPOSITION,
			RECORD_F_SIP_CODE, RECORD_F_SIP_REASON},
		5);
	base_text_cstr(&title);
	put_row(&sub, row,
		(enum record_field[]){RECORD_F_INVITE_TIME, RECORD_F_REQUEST_TIME, RECORD_F_CALL_ID,
			RECORD_F_UID},
		4);
	base_text_cstr(&sub);
	return 0;
}

static int
print_svg(struct show *s, const struct store_query *query)
{
	struct picture p = {.show = s};
	struct sys_error e = {""};
	int rc = CLI_OK;

	cli_ladder_open(&p.ladder, s->cli);
	if (store_query(s->store, query, picture_leg, &p, &e) < 0)
		rc = cli_fail(s->cli, "%s", e.text);
	cli_ladder_arrange(&p.ladder);
	cli_raw_attach(s->raw, &p.ladder);
	if (rc == CLI_OK && p.ladder.n == 0)
		rc = cli_fail(s->cli, "the record has no messages to draw");
	else if (rc == CLI_OK)
		cli_svg_draw(&p.ladder, s->cli->out, p.title, p.subtitle);
	cli_ladder_close(&p.ladder);
	return rc;
}

/* ---- all of it ---- */

static void
read_raw(struct show *s)
{
	const char *call_ids[SHOW_MAX + 1] = {NULL};

	for (unsigned i = 0; i < s->n; i++)
		call_ids[i] = s->matches[i].call_id;
	s->raw = s->replay.n_files ? cli_raw_read(&s->replay, call_ids)
				   : cli_raw_kept(s->cli, s->store, call_ids);
}

int
cli_show_print(struct show *s)
{
	struct sys_error e = {""};
	int rc = cli_show_find(s);

	if (rc != CLI_OK)
		return rc;
	bool one_of_many = s->n > 1 && !s->by_call_id;
	if (one_of_many && s->id)
		rc = cli_fail(s->cli, "more than one record begins with '%s':", s->id);
	else if (one_of_many)
		rc = cli_fail(s->cli, "there is more than one call; choose:");
	else if (s->linked)
		rc = cli_show_link(s);
	if (rc == CLI_OK && s->raw_wanted)
		read_raw(s);
	struct store_query query = cli_show_query(s);
	if (rc == CLI_OK && s->o.format == CLI_SVG)
		return print_svg(s, &query);
	if (rc == CLI_OK && s->linked)
		return cli_show_legs(s, &query);
	if (store_query(s->store, &query, one_of_many ? list_match : print_match, s, &e) < 0)
		return cli_fail(s->cli, "%s", e.text);
	if (s->more)
		cli_say(s->cli, "there are more than these %d", SHOW_MAX);
	return rc;
}
