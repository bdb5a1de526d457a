#include "cli_show.h"

#include <stdlib.h>
#include <unistd.h>

const char cli_show_usage[] =
	"Usage: ringtap show [OPTION]... UID|CALL-ID\n"
	"       ringtap show --read FILE [--read FILE]... [UID|CALL-ID]\n"
	"\n"
	"One call, registration, transaction or stream whole: parties, times, outcome,\n"
	"ladder, media, every other field.  A uid may be cut short, as the tables do;\n"
	"where several records begin with it, they are listed.\n"
	"\n"
	"In the ladder [n] is the CSeq number and dotted arrows are repetitions.  Double\n"
	"arrows are media; while a stream runs, its hosts have heavy lifelines.  Where\n"
	"the hosts do not fit the terminal, they are numbered.\n"
	"\n"
	"  -r, --read FILE       from a capture file instead of the store; without an ID\n"
	"                        its only call\n"
	"  -l, --linked          with the legs that the record's linked[] names, and theirs, on\n"
	"                        one ladder, each leg with its letter\n"
	"  -R, --raw             the message texts too, from the store where they were kept\n"
	"                        (messages.keep), or from the capture\n"
	"  -f, --format FORMAT   text (default); json: one object, with flow[] (and raw[]);\n"
	"                        svg: the ladder as a picture\n" CLI_USAGE_COLOR
	"  -s, --store DIR       the store; default: that of the configuration\n"
	"  -c, --config FILE     default: " CLI_CONFIG_PATH "\n"
	"  -h, --help\n"
	"\n"
	"Examples:\n"
	"  ringtap show 3f9a2c1d\n"
	"  ringtap show --read capture.pcap --raw 1-2345@10.0.0.1 | less -R\n"
	"  ringtap show --linked 3f9a2c1d\n"
	"  ringtap show --format svg 3f9a2c1d > call.svg\n"
	"  ringtap show --format json 3f9a2c1d | jq '.flow[].time'\n";

/* ---- a capture file ---- */

static bool
take_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	struct show *s = context;
	struct record_row row;
	struct sys_error e = {""};

	if (record_row_read(&row, record, len) != 0)
		return true;
	if (!cli_show_wanted(s, &row) && !(s->linked && row.kind == RECORD_CALL))
		return true; /* of calls any may be a leg */
	record_set_seq(record, ++s->seq);
	int error = store_put(s->store, CLI_REPLAY_PROBE, 0, record, len, &e);
	if (error)
		cli_fail(s->cli, "%s", e.text);
	return error == 0;
}

static int
show_replay(struct show *s)
{
	struct sys_error e = {""};

	s->config = cli_replay_config(s->cli, s->o.config);
	if (!s->config)
		return CLI_FAILED;
	s->replay.config = s->config;
	s->replay.cores = 1;
	s->replay.record = take_record;
	s->replay.context = s;
	if (cli_replay_check(&s->replay) != CLI_OK)
		return CLI_FAILED;
	if (store_open(&s->store, &(struct store_options){.dir = NULL}, &e) != 0 ||
		store_begin(s->store, &e) != 0)
		return cli_fail(s->cli, "%s", e.text);
	int rc = cli_replay_run(&s->replay);
	if (store_commit(s->store, &e) != 0)
		rc = cli_fail(s->cli, "%s", e.text);
	return rc;
}

/* ---- the command ---- */

static void
take_file(struct show *s, char *path)
{
	char **files =
		cli_memory((void *)s->replay.files, (s->replay.n_files + 1) * sizeof(*files));

	files[s->replay.n_files++] = path;
	s->replay.files = files;
}

static int
take_format(struct show *s)
{
	if (strcmp(optarg, "svg") == 0)
		s->o.format = CLI_SVG;
	else if (strcmp(optarg, "text") == 0)
		s->o.format = CLI_TABLE;
	else if (strcmp(optarg, "json") == 0 || strcmp(optarg, "jsonl") == 0 ||
		strcmp(optarg, "table") == 0)
		return cli_option_common(s->cli, &s->o, 'f');
	else
		return cli_misuse(s->cli, "--format '%s': it is text, json or svg here",
			optarg);
	return CLI_OK;
}

static int
check_arguments(struct show *s, int argc, char **argv)
{
	if (optind == argc && !s->replay.n_files)
		return cli_misuse(
			s->cli, "which call?  Give its uid, the beginning of it, or its Call-ID");
	if (argc - optind > 1)
		return cli_misuse(s->cli, "one ID, please: '%s' is a second one", argv[optind + 1]);
	s->id = argv[optind]; /* NULL at the end */
	for (unsigned i = 0; s->raw_wanted && i < s->replay.n_files; i++)
		if (strcmp(s->replay.files[i], "-") == 0)
			return cli_misuse(s->cli, "--raw reads the capture twice, which standard "
						  "input does not allow");
	return CLI_OK;
}

static int
show_options(struct show *s, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_COLOR,
		CLI_OPTION_CONFIG, CLI_OPTION_STORE, {"read", required_argument, NULL, 'r'},
		{"raw", no_argument, NULL, 'R'}, {"linked", no_argument, NULL, 'l'},
		CLI_OPTION_HELP, CLI_OPTION_END};
	int c, rc = CLI_OK;

	optind = 0;
	while (rc == CLI_OK && (c = cli_option_next(s->cli, argc, argv, longs)) != -1) {
		if (c == 'r')
			take_file(s, optarg);
		else if (c == 'l')
			s->linked = true;
		else if (c == 'R')
			s->raw_wanted = true;
		else if (c == 'f')
			rc = take_format(s);
		else
			rc = cli_option_common(s->cli, &s->o, c);
	}
	return rc != CLI_OK || s->o.help ? rc : check_arguments(s, argc, argv);
}

int
cli_show(struct cli *cli, int argc, char **argv)
{
	struct show s = {.cli = cli, .replay = {.cli = cli}};
	int rc = show_options(&s, argc, argv);

	if (rc == CLI_OK && s.o.help) {
		fputs(cli_show_usage, cli->out);
	} else if (rc == CLI_OK) {
		if (s.replay.n_files)
			rc = show_replay(&s);
		else if (!(s.store = cli_store(cli, &s.o)))
			rc = CLI_FAILED;
		/* Of a damaged file, what could be read stands. */
		int shown = s.store ? cli_show_print(&s) : rc;
		rc = shown != CLI_OK ? shown : rc;
	}
	store_close(s.store);
	cli_nested_close(&s.nested);
	cli_raw_free(s.raw);
	config_free(s.config);
	for (unsigned i = 0; i < s.n; i++)
		free(s.matches[i].call_id);
	free((void *)s.replay.files);
	return rc;
}
