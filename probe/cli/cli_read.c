#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_private.h"

#define READ_PORTION 1000 /* records in the in-memory store at a time */

const char cli_read_usage[] =
	"Usage: ringtap read [OPTION]... FILE... ['SQL condition']\n"
	"\n"
	"Reads capture files (pcap, pcapng; '-': standard input) with the engine of the\n"
	"probe, and prints a record for every call, registration, other transaction, and\n"
	"RTP stream without a call.  Several files are one capture.\n"
	"\n"
	"  -f, --format FORMAT   table (default): one line a record\n"
	"                        jsonl: one JSON object a line, all fields\n"
	"                        csv: all fields of one kind, calls unless --kind\n" CLI_USAGE_COLOR
	"  -F, --flow            every message too: a ladder under each line; flow[] in\n"
	"                        jsonl and csv\n"
	"  -k, --kind KIND,...   only call, registration, transaction, stream\n"
	"  -w, --where CONDITION only records for which the SQL condition on the fields\n"
	"                        ('ringtap fields') holds; kinds that lack one of its\n"
	"                        fields are left out\n"
	"  -o, --out DIR         also DIR/store (for ringtap calls and show) and\n"
	"                        DIR/billing (billing files)\n"
	"  -c, --config FILE     tables, timers, SIP ports, watch lists and billing format\n"
	"                        from a configuration\n"
	"  -j, --cores N         worker cores (default 1); the records are the same\n"
	"  -h, --help\n"
	"\n" CLI_FILTER_USAGE "\n"
	"The last argument is a condition too, without --where, if it is no file and has\n"
	"a space, '=', '<' or '>'.  Times are UTC.  Of a damaged file, what could be read\n"
	"is printed, and the exit status is 1.\n"
	"\n"
	"Examples:\n"
	"  ringtap read capture.pcap\n"
	"  ringtap read capture.pcap \"disposition = 'failed' OR pdd_ms > 5000\"\n"
	"  ringtap read --format jsonl --flow a.pcap b.pcap | jq .call_id\n"
	"  ringtap read --status 5xx --address 10.1.0.0/16 capture.pcap\n"
	"  ringtap read --out result capture.pcap; ringtap calls --store result/store\n";

struct read {
	struct cli *cli;
	struct cli_options o;
	const char *out_dir;
	uint32_t cores;
	uint64_t seq;
	struct store *portion; /* NULL: records are printed as they come */
	uint32_t portion_records;
	struct cli_output output;
	struct cli_out out;
	struct cli_replay replay;
};

static void
read_failed(struct read *r)
{
	r->replay.stop = true;
}

/* ---- records ---- */

static int
print_row(void *context, const struct record_row *row, int64_t position)
{
	struct read *r = context;

	cli_output_row(&r->output, row);
	return 0;
}

/* Commits the portion, prints what the condition leaves of it, forgets it. */
static void
portion_end(struct read *r)
{
	struct store_query query = cli_query(&r->o);
	struct sys_error e = {""};

	if (r->portion_records == 0)
		return;
	r->portion_records = 0;
	cli_replay_quiet(&r->replay);
	if (store_commit(r->portion, &e) != 0 ||
		store_query(r->portion, &query, print_row, r, &e) < 0 ||
		store_clear(r->portion, &e) != 0) {
		cli_fail(r->cli, "%s", e.text);
		read_failed(r);
	} else if (!cli_output_flush(&r->output)) {
		read_failed(r); /* cli_close says why */
	}
}

static void
portion_record(struct read *r, const uint8_t *record, uint32_t len)
{
	struct sys_error e = {""};

	int error = r->portion_records == 0 ? store_begin(r->portion, &e) : 0;

	if (error == 0)
		error = store_put(r->portion, CLI_REPLAY_PROBE, 0, record, len, &e);
	if (error) {
		cli_fail(r->cli, "%s", e.text);
		read_failed(r);
	} else if (++r->portion_records >= READ_PORTION) {
		portion_end(r);
	}
}

static void
direct_record(struct read *r, const uint8_t *record, uint32_t len)
{
	struct record_row row;

	if (record_row_read(&row, record, len) != 0 || !(r->o.kinds >> row.kind & 1))
		return;
	/* As the store would have it. */
	row.values[RECORD_F_PROBE] =
		(struct record_value){.text = CLI_REPLAY_PROBE, .present = true};
	row.values[RECORD_F_CORE] = (struct record_value){.u64 = 0, .present = true};
	if (r->replay.progress_shown && r->cli->out_terminal)
		cli_replay_quiet(&r->replay);
	cli_output_row(&r->output, &row);
	if (r->output.muted && !cli_output_flush(&r->output))
		read_failed(r);
}

static bool
take_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	struct read *r = context;

	if (r->replay.stop)
		return false;
	record_set_seq(record, ++r->seq);
	if (r->out_dir && cli_out_record(&r->out, record, len) != CLI_OK)
		read_failed(r);
	else if (r->portion)
		portion_record(r, record, len);
	else
		direct_record(r, record, len);
	return !r->replay.stop;
}

/* ---- the command ---- */

static int
read_options(struct read *r, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_COLOR, CLI_OPTION_FLOW,
		CLI_OPTION_KIND, CLI_OPTION_WHERE, CLI_OPTION_CONFIG,
		{"out", required_argument, NULL, 'o'}, {"cores", required_argument, NULL, 'j'},
		CLI_FILTER_OPTIONS, CLI_OPTION_HELP, CLI_OPTION_END};
	uint64_t cores = 1;
	int c;

	optind = 0;
	while ((c = cli_option_next(r->cli, argc, argv, longs)) != -1) {
		if (c == 'o')
			r->out_dir = optarg;
		else if (c == 'j' && (!cli_number(optarg, CONFIG_CORES_MAX, &cores) || cores == 0))
			return cli_misuse(
				r->cli, "--cores '%s' is not in 1..%d", optarg, CONFIG_CORES_MAX);
		else if (c != 'j' && cli_option_common(r->cli, &r->o, c) != CLI_OK)
			return CLI_USAGE;
	}
	r->cores = (uint32_t)cores;
	return CLI_OK;
}

/* argv[optind..argc): files, and perhaps a condition at the end. */
static int
read_arguments(struct read *r, int argc, char **argv)
{
	const char *last = argc > optind ? argv[argc - 1] : "";

	if (argc - optind > 1 && !r->o.where && access(last, F_OK) != 0 && cli_is_condition(last))
		r->o.where = argv[--argc];
	if (argc == optind)
		return cli_misuse(r->cli, "which capture file?");
	r->replay.files = argv + optind;
	r->replay.n_files = (unsigned)(argc - optind);
	return CLI_OK;
}

static int
read_open(struct read *r)
{
	struct sys_error e = {""};

	if (r->o.kinds >> RECORD_MESSAGE & 1)
		return cli_misuse(r->cli, "messages are kept by a probe (messages.keep); of a "
					  "capture: ringtap show --read FILE --raw");
	if (r->o.kinds == 0 && r->o.format == CLI_CSV)
		r->o.kinds = 1u << RECORD_CALL;
	if (r->o.kinds == 0)
		r->o.kinds = CLI_KINDS_ALL;
	bool asked = r->o.where || cli_filters_any(&r->o.filters);
	if (asked || r->o.format == CLI_TABLE) {
		if (store_open(&r->portion, &(struct store_options){.dir = NULL}, &e) != 0) {
			r->portion = NULL;
			return cli_fail(r->cli, "%s", e.text);
		}
	}
	if (asked && cli_conditions(r->cli, r->portion, &r->o) != CLI_OK)
		return CLI_USAGE;
	return cli_output_open(&r->output, r->cli, &r->o);
}

static int
read_run(struct read *r)
{
	struct config *config = cli_replay_config(r->cli, r->o.config);
	int rc;

	if (!config)
		return CLI_FAILED;
	r->replay.config = r->out.config = config;
	if (r->out_dir) {
		/* A reader of the output that leaves must not leave half a store behind. */
		signal(SIGPIPE, SIG_IGN);
		if (cli_out_open(&r->out, r->out_dir) != CLI_OK) {
			config_free(config);
			return CLI_FAILED;
		}
	}
	rc = cli_replay_run(&r->replay);
	if (r->portion)
		portion_end(r);
	if (rc == CLI_OK || r->replay.frames)
		cli_output_finish(&r->output);
	if (r->replay.interrupted)
		rc = cli_fail(r->cli, "interrupted: this is what had been read");
	if (cli_out_close(&r->out, r->replay.stop) != CLI_OK)
		rc = CLI_FAILED;
	config_free(config);
	return r->replay.stop ? CLI_FAILED : rc;
}

int
cli_read(struct cli *cli, int argc, char **argv)
{
	struct read r = {.cli = cli, .out = {.cli = cli}};
	int rc = read_options(&r, argc, argv);

	if (rc == CLI_OK && r.o.help) {
		fputs(cli_read_usage, cli->out);
		return CLI_OK;
	}
	if (rc == CLI_OK)
		rc = read_arguments(&r, argc, argv);
	if (rc != CLI_OK)
		return rc;
	r.replay.cli = cli;
	r.replay.cores = r.cores;
	r.replay.record = take_record;
	r.replay.context = &r;
	rc = cli_replay_check(&r.replay);
	if (rc == CLI_OK)
		rc = read_open(&r);
	if (rc == CLI_OK)
		rc = read_run(&r);
	cli_output_close(&r.output);
	cli_filters_free(&r.o.filters);
	if (r.portion)
		store_close(r.portion);
	return rc;
}
