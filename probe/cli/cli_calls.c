#include <unistd.h>

#include "cli_private.h"

#define CALLS_TABLE_LIMIT 1000 /* lines that a person may still want to see */
#define CALLS_PORTION 1000

const char cli_calls_usage[] =
	"Usage: ringtap calls [OPTION]... ['SQL condition']\n"
	"\n"
	"Prints what the collector has stored; the store is only read.  The condition is\n"
	"SQL on the record fields ('ringtap fields'); times compare as text:\n"
	"answer_time > '2026-11-23T01:00'.\n"
	"\n"
	"  -S, --since TIME\n"
	"  -U, --until TIME      by the first request: 15m, 2h, 7d (ago), 2026-11-23,\n"
	"                        '2026-11-23 01:02:03' (UTC)\n"
	"  -n, --limit N         the last N by time; 0: all.  Default: 1000 in a table,\n"
	"                        else all\n"
	"  -f, --format FORMAT   table (default), jsonl (an object a line), csv (one "
	"kind)\n" CLI_USAGE_COLOR "  -F, --flow            every message too\n"
	"  -k, --kind KIND,...   call (default), registration, transaction, stream, all\n"
	"  -w, --where CONDITION the same as the argument\n"
	"  -s, --store DIR       the store; default: that of the configuration\n"
	"  -c, --config FILE     default: " CLI_CONFIG_PATH "\n"
	"  -h, --help\n"
	"\n" CLI_FILTER_USAGE "\n"
	"Examples:\n"
	"  ringtap calls --since 1h \"disposition = 'failed'\"\n"
	"  ringtap calls --since 2026-11-23 --format csv \"from_user LIKE '4930%'\" > a.csv\n"
	"  ringtap calls --since 1d --user '4930*' --codec G729 --status 4xx,5xx\n"
	"  ringtap calls --store result/store --kind stream \"lost > 0.01 * expected\"\n";

struct calls {
	struct cli_output output;
	uint32_t portion;
};

static int
print_row(void *context, const struct record_row *row, int64_t position)
{
	struct calls *c = context;

	cli_output_row(&c->output, row);
	if (c->output.muted)
		return 1;
	if (++c->portion < CALLS_PORTION)
		return 0;
	c->portion = 0;
	return cli_output_flush(&c->output) && !c->output.muted ? 0 : 1;
}

static int
calls_options(struct cli *cli, struct cli_options *o, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_COLOR, CLI_OPTION_FLOW,
		CLI_OPTION_KIND, CLI_OPTION_WHERE, CLI_OPTION_CONFIG, CLI_OPTION_STORE,
		CLI_OPTION_SINCE, CLI_OPTION_UNTIL, CLI_OPTION_LIMIT, CLI_FILTER_OPTIONS,
		CLI_OPTION_HELP, CLI_OPTION_END};
	int c;

	optind = 0;
	while ((c = cli_option_next(cli, argc, argv, longs)) != -1)
		if (cli_option_common(cli, o, c) != CLI_OK)
			return CLI_USAGE;
	if (optind < argc && !o->where)
		o->where = argv[optind++];
	if (optind < argc)
		return cli_misuse(
			cli, "'%s' is a second argument: quote the condition as one", argv[optind]);
	if (o->since_ns && o->until_ns && o->since_ns > o->until_ns)
		return cli_misuse(cli, "--since is later than --until");
	if (o->filters.values[CLI_FILTER_BRANCH])
		return cli_misuse(cli, "no record has Via branches; 'ringtap read --branch' finds "
				       "them in captures");
	if (!o->kinds)
		o->kinds = 1u << RECORD_CALL;
	if (!o->limit_given && o->format == CLI_TABLE)
		o->limit = CALLS_TABLE_LIMIT;
	return CLI_OK;
}

/* Against an empty store, so that a wrong condition is told at once. */
static int
check_condition(struct cli *cli, struct cli_options *o)
{
	struct store *empty = NULL;
	struct sys_error e = {""};

	if (!o->where && !cli_filters_any(&o->filters))
		return CLI_OK;
	if (store_open(&empty, &(struct store_options){.dir = NULL}, &e) != 0)
		return cli_fail(cli, "%s", e.text);
	int rc = cli_conditions(cli, empty, o);
	store_close(empty);
	return rc;
}

static int
calls_print(struct cli *cli, struct store *store, const struct cli_options *o)
{
	struct store_query query = cli_query(o);
	struct sys_error e = {""};
	struct calls c = {.portion = 0};
	uint64_t rows = 0;
	int rc = cli_output_open(&c.output, cli, o);

	if (rc == CLI_OK) {
		if (store_query(store, &query, print_row, &c, &e) < 0)
			rc = cli_fail(cli, "%s", e.text);
		cli_output_finish(&c.output);
		for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++)
			rows += c.output.counts[kind];
		if (o->limit && rows >= o->limit && !o->limit_given)
			cli_say(cli, "the last %u; --limit 0 shows all", (unsigned)o->limit);
	}
	cli_output_close(&c.output);
	return rc;
}

int
cli_calls(struct cli *cli, int argc, char **argv)
{
	struct cli_options o = {.now_ns = sys_clock_wall_ns()};
	int rc = calls_options(cli, &o, argc, argv);

	if (rc == CLI_OK && o.help) {
		fputs(cli_calls_usage, cli->out);
		return CLI_OK;
	}
	if (rc == CLI_OK)
		rc = check_condition(cli, &o);
	struct store *store = rc == CLI_OK ? cli_store(cli, &o) : NULL;
	if (store)
		rc = calls_print(cli, store, &o);
	else if (rc == CLI_OK)
		rc = CLI_FAILED;
	store_close(store);
	cli_filters_free(&o.filters);
	return rc;
}
