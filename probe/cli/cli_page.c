#include <math.h>

#include "cli_ladder.h"

#define PAGE_LABEL 14

struct page {
	struct cli *cli;
	FILE *f;
	const struct record_row *row;
	bool shown[RECORD_F_COUNT]; /* what no line has had yet is listed at the end */
};

/* Prints the value of a field of any type but lists. */
static void
put(struct page *p, enum record_field f)
{
	const struct record_value *v = &p->row->values[f];
	char cell[CLI_CELL];

	p->shown[f] = true;
	if (v->present && record_fields[f].type == RECORD_STR)
		cli_text_print(p->cli, p->f, v->text);
	else
		fputs(cli_cell_value(cell, p->row, f), p->f);
}

static struct base_span
take_str(struct page *p, enum record_field f)
{
	p->shown[f] = true;
	return cli_row_str(p->row, f);
}

static bool
has(const struct page *p, enum record_field f)
{
	return p->row->values[f].present;
}

static void
heading(struct page *p, const char *text)
{
	fprintf(p->f, "\n%s%s%s\n", cli_colour_on(p->cli, CLI_BOLD), text, cli_colour_off(p->cli));
}

static void
label(struct page *p, const char *text)
{
	fprintf(p->f, "  %s%-*s%s", cli_colour_on(p->cli, CLI_DIM), PAGE_LABEL, text,
		cli_colour_off(p->cli));
}

static void
print(struct page *p, struct base_span s)
{
	cli_text_print(p->cli, p->f, s);
}

static void
print_address(struct page *p, struct base_span user, struct base_span host)
{
	print(p, user);
	if (user.len && host.len)
		fputc('@', p->f);
	print(p, host);
}

/* ---- parties ---- */

struct party {
	const char *label;
	enum record_field user, host;
	enum record_field name; /* RECORD_F_COUNT where there is none */
	enum record_field tag, ua, ip, port;
};

static void
page_party(struct page *p, const struct party *party)
{
	struct base_span name =
		party->name < RECORD_F_COUNT ? take_str(p, party->name) : base_span_of(NULL, 0);
	struct base_span user = take_str(p, party->user), host = take_str(p, party->host);
	struct base_span tag = take_str(p, party->tag), ua = take_str(p, party->ua);
	struct base_endpoint address = cli_row_endpoint(p->row, party->ip, party->port);
	char cell[CLI_CELL];

	p->shown[party->ip] = p->shown[party->port] = true;
	label(p, party->label);
	if (name.len)
		fputc('"', p->f), print(p, name), fputs("\" ", p->f);
	print_address(p, user, host);
	if (has(p, party->ip))
		fprintf(p->f, "  at %s", cli_cell_endpoint(cell, &address));
	fputc('\n', p->f);
	if (tag.len)
		label(p, ""), fputs("tag ", p->f), print(p, tag), fputc('\n', p->f);
	if (ua.len)
		label(p, ""), print(p, ua), fputc('\n', p->f);
}

static void
page_parties(struct page *p)
{
	static const struct party from = {"From", RECORD_F_FROM_USER, RECORD_F_FROM_HOST,
		RECORD_F_FROM_NAME, RECORD_F_FROM_TAG, RECORD_F_CALLER_UA, RECORD_F_SRC_IP,
		RECORD_F_SRC_PORT};
	static const struct party to = {"To", RECORD_F_TO_USER, RECORD_F_TO_HOST, RECORD_F_COUNT,
		RECORD_F_TO_TAG, RECORD_F_CALLEE_UA, RECORD_F_DST_IP, RECORD_F_DST_PORT};

	page_party(p, &from);
	page_party(p, &to);
	if (has(p, RECORD_F_RURI_USER) || has(p, RECORD_F_RURI_HOST)) {
		struct base_span user = take_str(p, RECORD_F_RURI_USER);
		struct base_span host = take_str(p, RECORD_F_RURI_HOST);
		label(p, "Request-URI");
		print_address(p, user, host);
		fputc('\n', p->f);
	}
}

/* ---- times ---- */

static void
page_spans(struct page *p)
{
	static const enum record_field spans[] = {
		RECORD_F_PDD_MS, RECORD_F_SETUP_MS, RECORD_F_DURATION_MS};
	static const char *const names[] = {"Post-dial delay", "Setup", "Duration"};
	const char *between = "  ";
	char cell[CLI_CELL];

	for (size_t i = 0; i < base_count_of(spans); i++) {
		if (!has(p, spans[i]))
			continue;
		p->shown[spans[i]] = true;
		fprintf(p->f, "%s%s %s s", between, names[i],
			cli_cell_fixed(cell, cli_row_number(p->row, spans[i]) / 1e3, 3));
		between = ", ";
	}
	if (has(p, RECORD_F_DURATION_MS) && has(p, RECORD_F_DURATION_BASIS))
		fputs(" (until ", p->f), put(p, RECORD_F_DURATION_BASIS), fputc(')', p->f);
	if (*between == ',')
		fputc('\n', p->f);
}

static void
page_times(struct page *p)
{
	static const struct {
		enum record_field f;
		const char *label;
	} times[] = {
		{RECORD_F_REQUEST_TIME, "Request"},
		{RECORD_F_RESPONSE_TIME, "Response"},
		{RECORD_F_INVITE_TIME, "INVITE"},
		{RECORD_F_TRYING_TIME, "Trying"},
		{RECORD_F_RINGING_TIME, "Ringing"},
		{RECORD_F_EARLY_MEDIA_TIME, "Early media"},
		{RECORD_F_ANSWER_TIME, "Answer"},
		{RECORD_F_ACK_TIME, "ACK"},
		{RECORD_F_FIRST_TIME, "First packet"},
		{RECORD_F_LAST_TIME, "Last packet"},
		{RECORD_F_END_TIME, "End"},
	};
	int64_t first_ns = 0;
	char cell[CLI_CELL];

	heading(p, "Times (UTC)");
	for (size_t i = 0; i < base_count_of(times); i++) {
		if (!has(p, times[i].f))
			continue;
		int64_t ts_ns = p->row->values[times[i].f].time_ns;
		label(p, times[i].label);
		put(p, times[i].f);
		if (first_ns)
			fprintf(p->f, "  %s%s s", ts_ns < first_ns ? "" : "+",
				cli_cell_fixed(cell, (double)(ts_ns - first_ns) / 1e9, 3));
		else
			first_ns = ts_ns;
		fputc('\n', p->f);
	}
	page_spans(p);
}

/* ---- outcome ---- */

static void
page_outcome(struct page *p)
{
	const enum record_field words[] = {RECORD_F_METHOD, RECORD_F_EVENT, RECORD_F_ACTION,
		RECORD_F_DISPOSITION, RECORD_F_SIP_CODE, RECORD_F_SIP_REASON};
	enum cli_colour colour = cli_summary_colour(p->row);
	bool any = false;

	label(p, "Outcome");
	fputs(cli_colour_on(p->cli, colour), p->f);
	for (size_t i = 0; i < base_count_of(words); i++) {
		if (!has(p, words[i]))
			continue;
		if (any)
			fputc(' ', p->f);
		put(p, words[i]);
		any = true;
	}
	fputs(any ? cli_colour_off(p->cli) : "no response", p->f);
	if (has(p, RECORD_F_ENDED_BY) &&
		!base_span_eq(cli_row_str(p->row, RECORD_F_ENDED_BY), BASE_SPAN("none")))
		fputs(", ended by ", p->f), put(p, RECORD_F_ENDED_BY);
	if (has(p, RECORD_F_END_CAUSE))
		fputs(" (", p->f), put(p, RECORD_F_END_CAUSE), fputc(')', p->f);
	p->shown[RECORD_F_ENDED_BY] = true;
	fputc('\n', p->f);
}

/* ---- media ---- */

struct media {
	struct page *page;
	struct cli_table *table;
};

static const struct cli_column media_columns[] = {
	{"BY", false, 0, 0},
	{"SOURCE", false, 15, 0},
	{"DESTINATION", false, 15, 0},
	{"SSRC", false, 0, 0},
	{"PT", true, 0, 6},
	{"CODEC", false, 4, 0},
	{"PACKETS", true, 0, 0},
	{"LOST", true, 0, 0},
	{"LOSS %", true, 0, 3},
	{"DUP", true, 0, 5},
	{"LATE", true, 0, 4},
	{"JITTER", true, 0, 0},
	{"MAX", true, 0, 2},
	{"DELTA", true, 0, 1},
	{"MOS", true, 0, 0},
};

static void
media_stream(void *context, const struct record_row *s)
{
	static const enum record_field plain[] = {RECORD_F_SSRC, RECORD_F_PAYLOAD_TYPE,
		RECORD_F_CODEC, RECORD_F_PACKETS, RECORD_F_LOST};
	struct media *m = context;
	struct base_endpoint src = cli_row_endpoint(s, RECORD_F_SRC_IP, RECORD_F_SRC_PORT);
	struct base_endpoint dst = cli_row_endpoint(s, RECORD_F_DST_IP, RECORD_F_DST_PORT);
	double expected = cli_row_number(s, RECORD_F_EXPECTED);
	double lost = cli_row_number(s, RECORD_F_LOST);
	char cell[CLI_CELL];

	if (!m->table)
		m->table = cli_table_new(m->page->cli, media_columns, base_count_of(media_columns));
	cli_table_span(m->table, cli_row_str(s, RECORD_F_SENDER), CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_endpoint(cell, &src), CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_endpoint(cell, &dst), CLI_PLAIN);
	for (size_t i = 0; i < base_count_of(plain); i++)
		cli_table_cell(m->table, cli_cell_value(cell, s, plain[i]), CLI_PLAIN);
	cli_table_cell(m->table,
		cli_cell_fixed(cell, expected > 0 ? 100 * lost / expected : NAN, 2),
		lost > 0 ? CLI_WARN : CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_value(cell, s, RECORD_F_DUPLICATES), CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_value(cell, s, RECORD_F_REORDERED), CLI_PLAIN);
	cli_table_cell(m->table,
		cli_cell_fixed(cell, cli_row_number(s, RECORD_F_JITTER_MS_MEAN), 2), CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_fixed(cell, cli_row_number(s, RECORD_F_JITTER_MS_MAX), 2),
		CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_fixed(cell, cli_row_number(s, RECORD_F_DELTA_MS_MAX), 2),
		CLI_PLAIN);
	cli_table_cell(m->table, cli_cell_fixed(cell, cli_row_number(s, RECORD_F_MOS), 2),
		CLI_PLAIN);
}

static void
page_media(struct page *p, struct cli_nested *nested)
{
	struct media m = {.page = p};

	p->shown[RECORD_F_STREAMS] = true;
	cli_nested_each(nested, p->row, media_stream, &m, RECORD_F_STREAMS);
	if (!m.table)
		return;
	heading(p, "Media (jitter: mean and maximum, longest delta; ms)");
	cli_table_flush(m.table);
	cli_table_free(m.table);
}

/* ---- the rest ---- */

static void
page_texts(struct page *p, enum record_field f)
{
	char text[8192];
	struct base_text t = base_text_of(text, sizeof(text));

	record_json_list(&t, p->row, f);
	print(p, base_span_of(text, (uint32_t)t.len));
}

/* Lists without a section of their own: transactions, dialogs, roles, linked legs and the like. */
static void
page_lists(struct page *p, struct cli_nested *nested)
{
	for (unsigned f = 0; f < RECORD_F_COUNT; f++) {
		const char *key = record_fields[f].key;
		char title[CLI_CELL];

		if (p->shown[f] || record_fields[f].type != RECORD_LIST || f == RECORD_F_FLOW ||
			!p->row->values[f].present)
			continue;
		p->shown[f] = true;
		snprintf(title, sizeof(title), "%c%s", key[0] - 'a' + 'A', key + 1);
		heading(p, title);
		cli_list_print(p->cli, nested, p->row, (enum record_field)f);
	}
}

static void
page_rest(struct page *p)
{
	bool any = false;

	p->shown[RECORD_F_FLOW] = p->shown[RECORD_F_FLOW_TRUNCATED] = true;
	for (unsigned f = 0; f < RECORD_F_COUNT; f++) {
		if (p->shown[f] || !p->row->values[f].present)
			continue;
		if (!any)
			heading(p, "Further fields");
		any = true;
		fprintf(p->f, "  %s%-20s%s", cli_colour_on(p->cli, CLI_DIM), record_fields[f].key,
			cli_colour_off(p->cli));
		if (record_fields[f].type == RECORD_TEXTS)
			page_texts(p, (enum record_field)f);
		else
			put(p, (enum record_field)f);
		if (record_fields[f].unit[0])
			fprintf(p->f, " %s", record_fields[f].unit);
		fputc('\n', p->f);
	}
}

static void
page_messages(struct page *p, struct cli_nested *nested, struct cli_raw *raw)
{
	struct cli_ladder l;

	cli_ladder_open(&l, p->cli);
	cli_ladder_add(&l, nested, p->row);
	cli_ladder_arrange(&l);
	cli_raw_attach(raw, &l);
	heading(p, "Messages");
	cli_ladder_draw(&l, p->f);
	if (raw) {
		heading(p, "Message texts");
		cli_raw_print(p->cli, raw, &l);
	}
	cli_ladder_close(&l);
}

void
cli_page(struct cli *cli, struct cli_nested *nested, const struct record_row *row,
	struct cli_raw *raw)
{
	struct page p = {.cli = cli, .f = cli->out, .row = row};
	const char *kind = record_kind_name(row->kind);

	fprintf(p.f, "%s%c%s ", cli_colour_on(cli, CLI_BOLD), kind[0] - 'a' + 'A', kind + 1);
	put(&p, RECORD_F_UID);
	fputs(cli_colour_off(cli), p.f);
	p.shown[RECORD_F_STATUS] = true;
	if (base_span_eq(cli_row_str(row, RECORD_F_STATUS), BASE_SPAN("interim")))
		fputs("  (interim: still in progress)", p.f);
	fputc('\n', p.f);
	if (has(&p, RECORD_F_CALL_ID))
		label(&p, "Call-ID"), put(&p, RECORD_F_CALL_ID), fputc('\n', p.f);
	if (row->kind != RECORD_STREAM) {
		page_parties(&p);
		page_outcome(&p);
	}
	page_times(&p);
	if (has(&p, RECORD_F_FLOW))
		page_messages(&p, nested, raw);
	page_media(&p, nested);
	page_lists(&p, nested);
	page_rest(&p);
}
