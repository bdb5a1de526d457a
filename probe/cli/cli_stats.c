#include <stdlib.h>
#include <time.h>

#include "cli_private.h"

const char cli_stats_usage[] =
	"Usage: ringtap stats [OPTION]...\n"
	"\n"
	"What a probe on this machine is doing, read from its shared-memory segment:\n"
	"processes and heartbeats, the collector's store and sinks (who is behind, and\n"
	"why), cores, tables, rings, and the ledger.  Every frame\n"
	"received ends in exactly one verdict, so their sum equals the frames (while the\n"
	"probe runs, a few are under way).  Counters are since the segment was made.\n"
	"\n"
	"  -W, --watch           again each second, with rates, until Ctrl-C\n"
	"  -f, --format FORMAT   table (default); json: one object a segment and "
	"line\n" CLI_USAGE_COLOR
	"  -g, --segment FILE    the segment; may be given again.  Default: those of the\n"
	"                        configuration\n"
	"  -c, --config FILE     default: " CLI_CONFIG_PATH "\n"
	"  -h, --help\n"
	"\n"
	"Examples:\n"
	"  ringtap stats --watch\n"
	"  ringtap stats -g /dev/shm/ringtap-edge1 -f json | jq '.cores[].ledger'\n";

struct stats {
	struct cli *cli;
	struct cli_options o;
	bool watch;
	const char *paths[CLI_SEGMENTS_MAX];
	unsigned n;
	struct config *config;
	struct cli_segment *now;    /* one each a path */
	struct cli_segment *before; /* of the round before; cores 0 where there was none */
};

static int
stats_options(struct stats *s, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_COLOR,
		CLI_OPTION_CONFIG, {"segment", required_argument, NULL, 'g'},
		{"watch", no_argument, NULL, 'W'}, CLI_OPTION_HELP, CLI_OPTION_END};
	int c;

	optind = 0;
	while ((c = cli_option_next(s->cli, argc, argv, longs)) != -1) {
		if (c == 'W')
			s->watch = true;
		else if (c == 'g' && s->n == CLI_SEGMENTS_MAX)
			return cli_misuse(s->cli, "more than %d segments", CLI_SEGMENTS_MAX);
		else if (c == 'g')
			s->paths[s->n++] = optarg;
		else if (c == 'f' && strcmp(optarg, "table") != 0 && strcmp(optarg, "json") != 0 &&
			 strcmp(optarg, "jsonl") != 0)
			return cli_misuse(s->cli, "format '%s' is none of table, json", optarg);
		else if (cli_option_common(s->cli, &s->o, c) != CLI_OK)
			return CLI_USAGE;
	}
	if (s->o.help)
		return CLI_OK;
	return optind < argc ? cli_misuse(s->cli, "what is '%s'?", argv[optind]) : CLI_OK;
}

static int
stats_paths(struct stats *s)
{
	if (s->n)
		return CLI_OK;
	s->config = cli_config(s->cli, s->o.config);
	if (!s->config)
		return CLI_FAILED;
	s->n = cli_segments(s->config, s->paths);
	return CLI_OK;
}

/* One round over the segments.  CLI_FAILED where one could not be read. */
static int
stats_round(struct stats *s)
{
	int rc = CLI_OK;

	if (s->watch && s->cli->out_terminal)
		fputs("\033[H\033[2J", s->cli->out);
	for (unsigned i = 0; i < s->n; i++) {
		struct cli_segment swap = s->before[i];
		s->before[i] = s->now[i];
		s->now[i] = swap;
		bool read = cli_segment_read(&s->now[i], s->paths[i]);
		if (!read) {
			s->now[i].cores = 0;
			rc = cli_fail(s->cli, "%s", s->now[i].problem.text);
		} else if (s->o.format == CLI_JSONL) {
			cli_segment_json(s->cli->out, &s->now[i]);
		} else {
			if (i)
				fputc('\n', s->cli->out);
			cli_segment_print(
				s->cli, &s->now[i], s->before[i].cores ? &s->before[i] : NULL);
		}
	}
	if (s->watch && s->o.format == CLI_TABLE && !s->cli->out_terminal)
		fputc('\n', s->cli->out);
	return fflush(s->cli->out) == 0 ? rc : CLI_FAILED;
}

static int
stats_watch(struct stats *s)
{
	const struct timespec second = {1, 0};

	cli_signals();
	/* A probe that is not there may come; a reader that left does not. */
	do {
		(void)stats_round(s);
		if (ferror(s->cli->out))
			return CLI_FAILED;
		nanosleep(&second, NULL);
	} while (!sys_signal_stop());
	return CLI_OK;
}

int
cli_stats(struct cli *cli, int argc, char **argv)
{
	struct stats s = {.cli = cli};
	int rc = stats_options(&s, argc, argv);

	if (rc == CLI_OK && s.o.help) {
		fputs(cli_stats_usage, cli->out);
		return CLI_OK;
	}
	if (rc == CLI_OK)
		rc = stats_paths(&s);
	if (rc == CLI_OK) {
		s.now = cli_memory(NULL, s.n * sizeof(*s.now));
		s.before = cli_memory(NULL, s.n * sizeof(*s.before));
		memset(s.now, 0, s.n * sizeof(*s.now));
		memset(s.before, 0, s.n * sizeof(*s.before));
		rc = s.watch ? stats_watch(&s) : stats_round(&s);
	}
	for (unsigned i = 0; s.now && i < s.n; i++) {
		free(s.now[i].core);
		free(s.before[i].core);
	}
	free(s.now);
	free(s.before);
	config_free(s.config);
	return rc;
}
