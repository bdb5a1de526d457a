#include <stdlib.h>
#include <unistd.h>

#include "cli_private.h"

#define SHOW_MAX 32    /* records of one Call-ID that are shown */
#define SHOW_PREFIX 4  /* digits of a uid that may stand for it */
#define SHOW_UID 64

const char cli_show_usage[] =
	"Usage: ringtap show [OPTION]... UID|CALL-ID\n"
	"       ringtap show --read FILE [--read FILE]... [UID|CALL-ID]\n"
	"\n"
	"One call, registration, transaction or stream whole: parties, times, outcome,\n"
	"ladder, media, every other field.  A uid may be cut short, as the tables do.\n"
	"In the ladder [n] is the CSeq number, and dotted arrows are repetitions.\n"
	"\n"
	"  -r, --read FILE       from a capture file instead of the store; without an ID\n"
	"                        its only call\n"
	"  -f, --format FORMAT   table (default); json: one object, with flow[]\n"
	"  -s, --store DIR       the store; default: that of the configuration\n"
	"  -c, --config FILE     default: " CLI_CONFIG_PATH "\n"
	"  -h, --help\n"
	"\n"
	"Examples:\n"
	"  ringtap show 3f9a2c1d\n"
	"  ringtap show --read capture.pcap 1-2345@10.0.0.1\n"
	"  ringtap show --format json 3f9a2c1d | jq '.flow[].time'\n";

/* A record that matches: of an interim one and its final one, the final one. */
struct match {
	char uid[SHOW_UID];
	enum record_kind kind;
	int64_t position;
	bool final;
};

struct show {
	struct cli *cli;
	struct cli_options o;
	char **files;
	unsigned n_files;
	const char *id;
	uint64_t seq;
	struct store *store;
	struct cli_nested nested;
	struct match matches[SHOW_MAX];
	unsigned n, shown;
	bool more, by_call_id;
};

/* ---- a capture file ---- */

/* Lower-case hexadecimal digits, enough of them to stand for a uid. */
static bool
is_uid(const char *id)
{
	size_t len = strlen(id);

	return len >= SHOW_PREFIX && len < SHOW_UID && strspn(id, "0123456789abcdef") == len;
}

static bool
wanted(const struct show *s, const struct record_row *row)
{
	struct base_span call_id = cli_row_str(row, RECORD_F_CALL_ID);
	struct base_span uid = cli_row_str(row, RECORD_F_UID);

	if (!s->id)
		return row->kind == RECORD_CALL;
	struct base_span id = base_span_cstr(s->id);
	if (base_span_eq(id, call_id) || base_span_eq(id, uid))
		return true;
	return is_uid(s->id) && uid.len > id.len && memcmp(uid.p, id.p, id.len) == 0;
}

static bool
take_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	struct show *s = context;
	struct record_row row;
	struct sys_error e = {""};

	if (record_row_read(&row, record, len) != 0 || !wanted(s, &row))
		return true;
	record_set_seq(record, ++s->seq);
	int error = store_put(s->store, CLI_REPLAY_PROBE, 0, record, len, &e);
	if (error)
		cli_fail(s->cli, "%s", e.text);
	return error == 0;
}

static int
show_replay(struct show *s)
{
	struct config *config = cli_replay_config(s->cli, s->o.config);
	struct cli_replay replay = {.cli = s->cli,
		.config = config,
		.cores = 1,
		.files = s->files,
		.n_files = s->n_files,
		.record = take_record,
		.context = s};
	struct sys_error e = {""};
	int rc = CLI_FAILED;

	if (!config)
		return CLI_FAILED;
	if (cli_replay_check(&replay) != CLI_OK) {
		config_free(config);
		return CLI_FAILED;
	}
	if (store_open(&s->store, &(struct store_options){.dir = NULL}, &e) != 0 ||
		store_begin(s->store, &e) != 0) {
		cli_fail(s->cli, "%s", e.text);
	} else {
		rc = cli_replay_run(&replay);
		if (store_commit(s->store, &e) != 0)
			rc = cli_fail(s->cli, "%s", e.text);
	}
	config_free(config);
	return rc;
}

/* ---- finding ---- */

/* SQL's way to quote: '' within ''. */
static void
sql_quote(struct base_text *t, const char *s)
{
	base_text_char(t, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			base_text_char(t, '\'');
		base_text_char(t, *s);
	}
	base_text_char(t, '\'');
}

static int
note_match(void *context, const struct record_row *row, int64_t position)
{
	struct show *s = context;
	struct base_span uid = cli_row_str(row, RECORD_F_UID);
	bool final = !base_span_eq(cli_row_str(row, RECORD_F_STATUS), BASE_SPAN("interim"));
	struct match m = {.kind = row->kind, .position = position, .final = final};

	memcpy(m.uid, uid.p ? uid.p : (const uint8_t *)"",
		uid.len < SHOW_UID ? uid.len : SHOW_UID - 1);
	s->by_call_id |=
		s->id && base_span_eq(cli_row_str(row, RECORD_F_CALL_ID), base_span_cstr(s->id));
	for (unsigned i = 0; i < s->n; i++) {
		struct match *known = &s->matches[i];
		if (known->kind != m.kind || strcmp(known->uid, m.uid) != 0 ||
			(known->final && final))
			continue;
		if (final || !known->final)
			*known = m;
		return 0;
	}
	if (s->n == SHOW_MAX) {
		s->more = true;
		return 0;
	}
	s->matches[s->n++] = m;
	return 0;
}

static int
show_find(struct show *s, char *where, size_t bytes)
{
	struct base_text t = base_text_of(where, bytes - 1);
	struct store_query query = {
		.kinds = s->id ? CLI_KINDS_ALL : 1u << RECORD_CALL, .where = s->id ? where : NULL};
	struct sys_error e = {""};

	if (s->id) {
		base_text_str(&t, "call_id = ");
		sql_quote(&t, s->id);
		if (is_uid(s->id)) {
			base_text_str(&t, " OR uid GLOB '");
			base_text_str(&t, s->id);
			base_text_str(&t, "*'");
		}
		base_text_cstr(&t);
		if (t.overflow)
			return cli_misuse(s->cli, "that is too long for a Call-ID");
	}
	if (store_query(s->store, &query, note_match, s, &e) < 0)
		return cli_fail(s->cli, "%s", e.text);
	if (s->n == 0 && s->id)
		return cli_fail(s->cli, "nothing has the uid or Call-ID '%s'", s->id);
	return s->n ? CLI_OK : cli_fail(s->cli, "there is no call");
}

/* ---- showing ---- */

static bool
is_match(const struct show *s, const struct record_row *row, int64_t position)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->matches[i].position == position && s->matches[i].kind == row->kind)
			return true;
	return false;
}

static int
print_match(void *context, const struct record_row *row, int64_t position)
{
	struct show *s = context;
	char text[4096];

	if (!is_match(s, row, position))
		return 0;
	if (s->o.format == CLI_TABLE) {
		if (s->shown++)
			fputs("\n\n", s->cli->out);
		cli_page(s->cli, &s->nested, row);
		return 0;
	}
	size_t bytes = sizeof(text);
	char *p = text, *heap = NULL;
	struct base_text t;
	for (;;) {
		t = base_text_of(p, bytes);
		record_json(&t, row, true);
		base_text_char(&t, '\n');
		if (!t.overflow)
			break;
		bytes *= 2;
		p = heap = cli_memory(heap, bytes);
	}
	fwrite(p, 1, t.len, s->cli->out);
	free(heap);
	return 0;
}

static int
list_match(void *context, const struct record_row *row, int64_t position)
{
	struct show *s = context;
	char date[CLI_CELL], time[CLI_CELL];
	int64_t ts_ns = cli_summary_time(row);
	FILE *f = s->cli->err;

	if (!is_match(s, row, position))
		return 0;
	fputs("  ", f);
	cli_text_print(s->cli, f, cli_row_str(row, RECORD_F_UID));
	fprintf(f, "  %s %s  ", cli_cell_date(date, ts_ns), cli_cell_time(time, ts_ns));
	cli_text_print(s->cli, f, cli_row_str(row, RECORD_F_CALL_ID));
	fputc('\n', f);
	return 0;
}

static int
show_print(struct show *s)
{
	char where[4096];
	struct store_query query = {
		.kinds = s->id ? CLI_KINDS_ALL : 1u << RECORD_CALL, .where = s->id ? where : NULL};
	struct sys_error e = {""};
	int rc = show_find(s, where, sizeof(where));

	if (rc != CLI_OK)
		return rc;
	bool one_of_many = s->n > 1 && !s->by_call_id;
	if (one_of_many && s->id)
		rc = cli_fail(s->cli, "more than one record begins with '%s':", s->id);
	else if (one_of_many)
		rc = cli_fail(s->cli, "there is more than one call; choose:");
	if (store_query(s->store, &query, one_of_many ? list_match : print_match, s, &e) < 0)
		return cli_fail(s->cli, "%s", e.text);
	if (s->more)
		cli_say(s->cli, "there are more than these %d", SHOW_MAX);
	return rc;
}

static int
show_options(struct show *s, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_CONFIG,
		CLI_OPTION_STORE, {"read", required_argument, NULL, 'r'}, CLI_OPTION_HELP,
		CLI_OPTION_END};
	int c;

	optind = 0;
	while ((c = cli_option_next(s->cli, argc, argv, longs)) != -1) {
		if (c == 'r') {
			s->files = cli_memory(s->files, (s->n_files + 1) * sizeof(*s->files));
			s->files[s->n_files++] = optarg;
		} else if (cli_option_common(s->cli, &s->o, c) != CLI_OK) {
			return CLI_USAGE;
		}
	}
	if (s->o.help)
		return CLI_OK;
	if (s->o.format == CLI_CSV)
		return cli_misuse(s->cli, "--format is table or json here");
	if (optind == argc && !s->files)
		return cli_misuse(
			s->cli, "which call?  Give its uid, the beginning of it, or its Call-ID");
	if (argc - optind > 1)
		return cli_misuse(s->cli, "one ID, please: '%s' is a second one", argv[optind + 1]);
	s->id = argv[optind]; /* NULL at the end */
	return CLI_OK;
}

int
cli_show(struct cli *cli, int argc, char **argv)
{
	struct show s = {.cli = cli};
	int rc = show_options(&s, argc, argv);

	if (rc == CLI_OK && s.o.help) {
		fputs(cli_show_usage, cli->out);
	} else if (rc == CLI_OK) {
		if (s.files)
			rc = show_replay(&s);
		else if (!(s.store = cli_store(cli, &s.o)))
			rc = CLI_FAILED;
		/* Of a damaged file, what could be read stands. */
		int shown = s.store ? show_print(&s) : rc;
		rc = shown != CLI_OK ? shown : rc;
	}
	store_close(s.store);
	cli_nested_close(&s.nested);
	free(s.files);
	return rc;
}
