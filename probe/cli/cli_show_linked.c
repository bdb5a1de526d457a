/* The legs of one call, as linked[] names them, on one ladder: found from leg to leg, bounded by
 * SHOW_MAX, each with a letter in the order in which they began. */
#include <stdlib.h>

#include "cli_ladder.h"
#include "cli_show.h"

struct legs {
	struct show *show;
	struct cli_ladder ladder;
	unsigned shown;
};

static void
put(const struct show *s, const struct record_row *row, enum record_field f, const char *before)
{
	char text[512];
	struct base_text t = base_text_of(text, sizeof(text) - 1);

	if (!row->values[f].present)
		return;
	record_plain_value(&t, row, f);
	fputs(before, s->cli->out);
	cli_text_print(s->cli, s->cli->out, base_span_of(text, (uint32_t)t.len));
}

/* ---- text ---- */

static void
put_link(void *context, const struct record_row *row)
{
	const struct show *s = context;

	put(s, row, RECORD_F_UID, "       linked to ");
	put(s, row, RECORD_F_REASON, " by ");
	put(s, row, RECORD_F_CONFIDENCE, ", confidence ");
	fputc('\n', s->cli->out);
}

static int
text_leg(void *context, const struct record_row *row, int64_t position)
{
	struct legs *l = context;
	struct show *s = l->show;
	FILE *f = s->cli->out;

	if (!cli_show_is_match(s, row, position))
		return 0;
	if (l->shown == 0)
		fprintf(f, "%sLegs%s\n", cli_colour_on(s->cli, CLI_BOLD), cli_colour_off(s->cli));
	fprintf(f, "  %s%c%s  ", cli_colour_on(s->cli, CLI_BOLD), 'A' + l->shown++ % 26,
		cli_colour_off(s->cli));
	put(s, row, RECORD_F_UID, "");
	put(s, row, RECORD_F_FROM_USER, "  ");
	put(s, row, RECORD_F_TO_USER, s->cli->utf8 ? " \u2192 " : " -> ");
	put(s, row, RECORD_F_DISPOSITION, "  ");
	put(s, row, RECORD_F_SIP_CODE, " ");
	put(s, row, RECORD_F_CALL_ID, "  ");
	fputc('\n', f);
	cli_nested_each(&s->nested, row, put_link, s, RECORD_F_LINKED);
	cli_ladder_add(&l->ladder, &s->nested, row);
	return 0;
}

static void
text_end(struct legs *l)
{
	struct cli *cli = l->show->cli;

	fprintf(cli->out, "\n%sMessages%s\n", cli_colour_on(cli, CLI_BOLD), cli_colour_off(cli));
	cli_ladder_draw(&l->ladder, cli->out);
	if (l->show->raw) {
		fprintf(cli->out, "\n%sMessage texts%s\n", cli_colour_on(cli, CLI_BOLD),
			cli_colour_off(cli));
		cli_raw_print(cli, l->show->raw, &l->ladder);
	}
}

/* ---- JSON: the records, and their messages in order of time ---- */

static int
json_leg(void *context, const struct record_row *row, int64_t position)
{
	struct legs *l = context;
	size_t bytes = 4096;
	struct base_text t;
	char *p = NULL;

	if (!cli_show_is_match(l->show, row, position))
		return 0;
	do {
		bytes *= 2;
		p = cli_memory(p, bytes);
		t = base_text_of(p, bytes);
		base_text_str(&t, l->shown ? "," : "{\"legs\":[");
		record_json(&t, row, true);
	} while (t.overflow);
	fwrite(p, 1, t.len, l->show->cli->out);
	free(p);
	l->shown++;
	cli_ladder_add(&l->ladder, &l->show->nested, row);
	return 0;
}

/* A message by its leg and its place in that leg's flow[]. */
static void
json_message(const struct legs *l, const struct ladder_item *item, const char *before)
{
	FILE *f = l->show->cli->out;
	size_t bytes = 64 + 6 * (size_t)item->raw_len;

	fprintf(f, "%s{\"leg\":%u,\"message\":%u", before, item->leg, item->message);
	if (item->raw) {
		char *p = cli_memory(NULL, bytes);
		struct base_text t = base_text_of(p, bytes);
		base_text_str(&t, ",\"raw\":");
		base_text_json(&t, base_span_of(item->raw, item->raw_len));
		fwrite(p, 1, t.len, f);
		free(p);
	}
	fputc('}', f);
}

static void
json_end(struct legs *l)
{
	const char *before = "";

	fputs("],\"ladder\":[", l->show->cli->out);
	for (size_t i = 0; i < l->ladder.n; i++) {
		if (ladder_is_media(&l->ladder.items[i]))
			continue;
		json_message(l, &l->ladder.items[i], before);
		before = ",";
	}
	fputs("]}\n", l->show->cli->out);
}

int
cli_show_legs(struct show *s, const struct store_query *query)
{
	bool json = s->o.format == CLI_JSONL;
	struct legs l = {.show = s};
	struct sys_error e = {""};
	int rc = CLI_OK;

	cli_ladder_open(&l.ladder, s->cli);
	if (store_query(s->store, query, json ? json_leg : text_leg, &l, &e) < 0)
		rc = cli_fail(s->cli, "%s", e.text);
	cli_ladder_arrange(&l.ladder);
	cli_raw_attach(s->raw, &l.ladder);
	if (rc == CLI_OK && json)
		json_end(&l);
	else if (rc == CLI_OK)
		text_end(&l);
	cli_ladder_close(&l.ladder);
	return rc;
}
