#include <unistd.h>

#include "cli_private.h"

#define CALLS_TABLE_LIMIT 1000 /* lines that a person may still want to see */
#define CALLS_PORTION 1000

#define KPI_USAGE                                                                                  \
	"--summary counts attempts A (calls whose INVITE was seen; authentication rounds are\n"    \
	"part of one) by final response: SER = 2xx / (A - 3xx), SEER = (2xx + 480 + 486 + 600\n"   \
	"+ 603) / (A - 3xx), ISA = (408 + 500 + 503 + 504) / A (RFC 6076 4.6 to 4.8), ASR =\n"     \
	"answered / A; SRD (4.3) successful and failed, SDD (4.4) of disconnects answered\n"       \
	"with 2xx, ACD (mean duration of answered calls), PDD median and 95th percentile.\n"

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
	"  -k, --kind KIND,...   call (default), registration, transaction, stream, all;\n"
	"                        message: SIP messages, where they were kept\n"
	"  -w, --where CONDITION the same as the argument\n"
	"  -m, --summary         how many were set up and how fast: the metrics of RFC 6076\n"
	"  -b, --by KEY          a line for each: 5m, 1h, 1d (by INVITE), source, destination\n"
	"                        (address), prefix=2 (digits of the number called),\n"
	"                        prefix=49,4930,33 (the longest), or any field; may be given\n"
	"                        again\n"
	"  -L, --live            instead of the store: the calls in progress on a running\n"
	"                        probe, with their media so far\n"
	"  -g, --segment FILE    of which probe; default: those of the configuration\n"
	"  -s, --store DIR       the store; default: that of the configuration\n"
	"  -c, --config FILE     default: " CLI_CONFIG_PATH "\n"
	"  -h, --help\n"
	"\n" CLI_FILTER_USAGE "\n" KPI_USAGE "\n"
	"Examples:\n"
	"  ringtap calls --since 1h \"disposition = 'failed'\"\n"
	"  ringtap calls --since 2026-11-23 --format csv \"from_user LIKE '4930%'\" > a.csv\n"
	"  ringtap calls --since 1d --user '4930*' --codec G729 --status 4xx,5xx\n"
	"  ringtap calls --since 1d --summary --by 1h --by source\n"
	"  ringtap calls --live --address 10.1.0.0/16\n"
	"  ringtap calls --store result/store --kind stream \"lost > 0.01 * expected\"\n";

struct calls {
	struct cli *cli;
	struct cli_options o;
	struct cli_kpi *kpi; /* of --by, --summary */
	bool summary, live;
	const char *segments[CLI_SEGMENTS_MAX]; /* of --segment */
	unsigned n_segments;
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
summary_row(void *context, const struct record_row *row, int64_t position)
{
	struct calls *c = context;

	cli_kpi_row(c->kpi, row);
	return 0;
}

static int
take_option(struct calls *c, int option)
{
	if (option == 'm')
		c->summary = true;
	else if (option == 'b')
		return cli_kpi_by(c->kpi, optarg);
	else if (option == 'L')
		c->live = true;
	else if (option == 'g' && c->n_segments == CLI_SEGMENTS_MAX)
		return cli_misuse(c->cli, "more than %d segments", CLI_SEGMENTS_MAX);
	else if (option == 'g')
		c->segments[c->n_segments++] = optarg;
	else
		return cli_option_common(c->cli, &c->o, option);
	return CLI_OK;
}

/* What does not go with --summary, and what follows from it. */
static int
check_summary(struct calls *c, bool by)
{
	if (by && !c->summary)
		return cli_misuse(c->cli, "--by goes with --summary");
	if (c->n_segments && !c->live)
		return cli_misuse(c->cli, "--segment goes with --live");
	if (c->live && (c->summary || (c->o.kinds && c->o.kinds != 1u << RECORD_CALL)))
		return cli_misuse(c->cli, "--live lists calls: no --summary, no other --kind");
	if (!c->summary)
		return CLI_OK;
	if (c->o.kinds && c->o.kinds != 1u << RECORD_CALL)
		return cli_misuse(c->cli, "--summary is of calls: no other --kind");
	return CLI_OK;
}

static int
calls_options(struct calls *c, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_COLOR, CLI_OPTION_FLOW,
		CLI_OPTION_KIND, CLI_OPTION_WHERE, CLI_OPTION_CONFIG, CLI_OPTION_STORE,
		CLI_OPTION_SINCE, CLI_OPTION_UNTIL, CLI_OPTION_LIMIT, CLI_FILTER_OPTIONS,
		{"summary", no_argument, NULL, 'm'}, {"by", required_argument, NULL, 'b'},
		{"live", no_argument, NULL, 'L'}, {"segment", required_argument, NULL, 'g'},
		CLI_OPTION_HELP, CLI_OPTION_END};
	struct cli_options *o = &c->o;
	bool by = false;
	int option;

	optind = 0;
	while ((option = cli_option_next(c->cli, argc, argv, longs)) != -1) {
		if (take_option(c, option) != CLI_OK)
			return CLI_USAGE;
		by |= option == 'b';
	}
	if (optind < argc && !o->where)
		o->where = argv[optind++];
	if (optind < argc)
		return cli_misuse(c->cli, "'%s' is a second argument: quote the condition as one",
			argv[optind]);
	if (o->since_ns && o->until_ns && o->since_ns > o->until_ns)
		return cli_misuse(c->cli, "--since is later than --until");
	if (check_summary(c, by) != CLI_OK)
		return CLI_USAGE;
	if (!o->kinds)
		o->kinds = 1u << RECORD_CALL;
	if (!o->limit_given && o->format == CLI_TABLE && !c->summary)
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
calls_print(struct calls *c, struct store *store)
{
	struct store_query query = cli_query(&c->o);
	struct sys_error e = {""};
	uint64_t rows = 0;
	int rc = cli_output_open(&c->output, c->cli, &c->o);

	if (rc == CLI_OK) {
		if (store_query(store, &query, print_row, c, &e) < 0)
			rc = cli_fail(c->cli, "%s", e.text);
		cli_output_finish(&c->output);
		for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++)
			rows += c->output.counts[kind];
		if (c->o.limit && rows >= c->o.limit && !c->o.limit_given)
			cli_say(c->cli, "the last %u; --limit 0 shows all", (unsigned)c->o.limit);
	}
	cli_output_close(&c->output);
	return rc;
}

static int
calls_summary(struct calls *c, struct store *store)
{
	struct store_query query = cli_query(&c->o);
	struct sys_error e = {""};

	if (store_query(store, &query, summary_row, c, &e) < 0)
		return cli_fail(c->cli, "%s", e.text);
	return cli_kpi_print(c->kpi, c->o.format);
}

/* The calls in progress, in a store of their own. */
static int
calls_live(struct calls *c, struct store **store)
{
	struct sys_error e = {""};
	struct config *config = NULL;
	int rc;

	if (c->n_segments == 0) {
		config = cli_config(c->cli, c->o.config);
		if (!config)
			return CLI_FAILED;
		c->n_segments = cli_segments(config, c->segments);
	}
	if (store_open(store, &(struct store_options){.dir = NULL}, &e) != 0) {
		*store = NULL;
		rc = cli_fail(c->cli, "%s", e.text);
	} else {
		rc = cli_live_read(c->cli, *store, c->segments, c->n_segments);
	}
	config_free(config);
	return rc;
}

static int
calls_run(struct calls *c, struct store **store)
{
	int rc = c->live ? calls_live(c, store) : CLI_OK;

	if (!c->live && !(*store = cli_store(c->cli, &c->o)))
		return CLI_FAILED;
	if (rc != CLI_OK)
		return rc;
	return c->summary ? calls_summary(c, *store) : calls_print(c, *store);
}

int
cli_calls(struct cli *cli, int argc, char **argv)
{
	struct calls c = {
		.cli = cli, .o = {.now_ns = sys_clock_wall_ns()}, .kpi = cli_kpi_new(cli)};
	int rc = calls_options(&c, argc, argv);
	struct store *store = NULL;

	if (rc == CLI_OK && c.o.help) {
		fputs(cli_calls_usage, cli->out);
	} else if (rc == CLI_OK && (rc = check_condition(cli, &c.o)) == CLI_OK) {
		rc = calls_run(&c, &store);
	}
	store_close(store);
	cli_filters_free(&c.o.filters);
	cli_kpi_free(c.kpi);
	return rc;
}
