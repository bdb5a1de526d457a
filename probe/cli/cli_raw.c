#include <stdlib.h>

#include "cli_filter.h"
#include "cli_ladder.h"

struct text {
	int64_t ts_ns;
	struct base_endpoint src, dst;
	char *p;
	uint32_t len;
	bool taken;
};

struct cli_raw {
	const char *const *call_ids; /* while reading */
	bool kept;                   /* of the store, not of a capture */
	struct text *texts;
	size_t n, max;
};

static bool
is_wanted(const struct cli_raw *raw, struct base_span call_id)
{
	for (const char *const *id = raw->call_ids; *id; id++)
		if (base_span_eq(call_id, base_span_cstr(*id)))
			return true;
	return false;
}

static struct text *
text_add(struct cli_raw *raw, struct base_span text)
{
	if (raw->n == raw->max) {
		raw->max = raw->max ? raw->max * 2 : 64;
		raw->texts = cli_memory(raw->texts, raw->max * sizeof(*raw->texts));
	}
	struct text *t = &raw->texts[raw->n++];
	*t = (struct text){.len = text.len, .p = cli_memory(NULL, text.len + 1)};
	if (text.len)
		memcpy(t->p, text.p, text.len);
	return t;
}

static void
take_message(void *context, const struct worker_message *m)
{
	struct cli_raw *raw = context;

	if (!is_wanted(raw, m->call_id))
		return;
	struct text *t = text_add(raw, m->text);
	t->ts_ns = m->ts_ns;
	t->src = m->src;
	t->dst = m->dst;
}

static int
take_kept(void *context, const struct record_row *row, int64_t position)
{
	struct text *t = text_add(context, cli_row_str(row, RECORD_F_TEXT));

	t->ts_ns = row->values[RECORD_F_TIME].time_ns;
	t->src.ip = row->values[RECORD_F_SRC_IP].ip;
	t->src.port = (uint16_t)row->values[RECORD_F_SRC_PORT].u64;
	t->dst.ip = row->values[RECORD_F_DST_IP].ip;
	t->dst.port = (uint16_t)row->values[RECORD_F_DST_PORT].u64;
	return 0;
}

static bool
ignore_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	return true;
}

struct cli_raw *
cli_raw_read(const struct cli_replay *replay, const char *const *call_ids)
{
	struct cli_raw *raw = cli_memory(NULL, sizeof(*raw));
	struct cli_replay again = *replay;

	*raw = (struct cli_raw){.call_ids = call_ids};
	again.record = ignore_record;
	again.message = take_message;
	again.context = raw;
	again.quiet = true; /* what is damaged has been told the first time */
	(void)cli_replay_run(&again);
	return raw;
}

struct cli_raw *
cli_raw_kept(const struct cli *cli, struct store *store, const char *const *call_ids)
{
	struct cli_raw *raw = cli_memory(NULL, sizeof(*raw));
	size_t bytes = 64;
	struct sys_error e = {""};

	for (const char *const *id = call_ids; *id; id++)
		bytes += 2 * strlen(*id) + 3;
	struct base_text where = base_text_of(cli_memory(NULL, bytes), bytes);
	*raw = (struct cli_raw){.kept = true};
	base_text_str(&where, "call_id IN (");
	for (const char *const *id = call_ids; *id; id++) {
		base_text_str(&where, id == call_ids ? "" : ",");
		cli_filter_quote(&where, base_span_cstr(*id));
	}
	base_text_char(&where, ')');
	struct store_query query = {
		.kinds = 1u << RECORD_MESSAGE, .where = base_text_cstr(&where)};
	if (store_query(store, &query, take_kept, raw, &e) < 0)
		cli_say(cli, "%s", e.text);
	else if (raw->n == 0)
		cli_say(cli, "no message of it was kept (messages.keep)");
	free(where.p);
	return raw;
}

void
cli_raw_free(struct cli_raw *raw)
{
	if (!raw)
		return;
	for (size_t i = 0; i < raw->n; i++)
		free(raw->texts[i].p);
	free(raw->texts);
	free(raw);
}

/* The flow keeps what the record has room for: time and addresses find a message's text, and of
 * several alike the first that no other message has. */
static struct text *
text_find(struct cli_raw *raw, const struct ladder_item *item)
{
	for (size_t i = 0; i < raw->n; i++) {
		struct text *t = &raw->texts[i];
		if (!t->taken && t->ts_ns / BASE_NS_PER_US == item->ts_ns / BASE_NS_PER_US &&
			base_endpoint_eq(&t->src, &item->src) &&
			base_endpoint_eq(&t->dst, &item->dst))
			return t;
	}
	return NULL;
}

void
cli_raw_attach(struct cli_raw *raw, struct cli_ladder *l)
{
	for (size_t i = 0; raw && i < l->n; i++) {
		struct ladder_item *item = &l->items[i];
		struct text *t = item->kind == LADDER_MESSAGE ? text_find(raw, item) : NULL;
		if (!t)
			continue;
		t->taken = true;
		item->raw = cli_memory(NULL, t->len + 1);
		memcpy(item->raw, t->p, t->len);
		item->raw_len = t->len;
	}
	for (size_t i = 0; raw && i < raw->n; i++)
		raw->texts[i].taken = false; /* for the next ladder */
}

static void
print_lines(const struct cli *cli, struct base_span text)
{
	while (text.len) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		uint32_t len = end ? (uint32_t)(end - text.p) : text.len;
		uint32_t shown = len && text.p[len - 1] == '\r' ? len - 1 : len;
		fputs(shown ? "    " : "", cli->out);
		cli_text_print(cli, cli->out, base_span_of(text.p, shown));
		fputc('\n', cli->out);
		len += end != NULL;
		text = base_span_of(text.p + len, text.len - len);
	}
}

void
cli_raw_print(const struct cli *cli, const struct cli_raw *raw, const struct cli_ladder *l)
{
	char time[CLI_CELL], src[CLI_CELL], dst[CLI_CELL];

	for (size_t i = 0; i < l->n; i++) {
		const struct ladder_item *item = &l->items[i];
		if (item->kind != LADDER_MESSAGE)
			continue;
		fprintf(cli->out, "%s  %s%s  %s %s %s%s%s%s", i ? "\n" : "",
			cli_colour_on(cli, CLI_BOLD), cli_cell_time(time, item->ts_ns),
			cli_cell_endpoint(src, &item->src), cli->utf8 ? "\u2192" : "->",
			cli_cell_endpoint(dst, &item->dst), item->note[0] ? "  " : "", item->note,
			cli_colour_off(cli));
		fputc('\n', cli->out);
		if (item->raw)
			print_lines(cli, base_span_of(item->raw, item->raw_len));
		else
			fputs(raw->kept ? "    (not kept)\n" : "    (not found in the capture)\n",
				cli->out);
	}
}
