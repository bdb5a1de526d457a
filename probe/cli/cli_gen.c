#include "cli_gen.h"

#include <errno.h>
#include <stdlib.h>

#define GEN_PROGRESS_NS (200 * BASE_NS_PER_MS)
#define GEN_LINGER_NS (40 * BASE_NS_PER_SEC) /* a silent call's INVITEs */

const char cli_gen_usage[] =
	"Usage: ringtap gen [OPTION]... -w FILE\n"
	"       ringtap gen [OPTION]... --port PORT [-- EAL OPTION...]\n"
	"\n"
	"Makes call traffic up: SIP, RTP and RTCP of as many calls as wanted, with the\n"
	"faults that networks have, into a capture file, and the truth about it beside it\n"
	"in the words of 'ringtap read --format jsonl'.  The same options give the same\n"
	"bytes.  A SHARE is 5% or 0.05; a TIME is 20ms, 5s, 2m; a SPREAD is fixed,\n"
	"uniform, exponential or normal.\n"
	"\n"
	"  -w, --write FILE      the capture (pcap, nanoseconds; '-': standard output)\n"
	"  -p, --port PORT       send the frames out of a DPDK port, each at its time: an\n"
	"                        interface (eth1), a PCI address, or a device with its\n"
	"                        arguments (net_af_packet0,iface=eth1); root\n"
	"  -x, --speed X         of that time (1); max: as fast as it goes\n"
	"  -t, --truth FILE      a line of JSON for each call and registration, in the\n"
	"                        order in which they end; '-': standard output\n"
	"  -h, --help\n"
#define CLI_GEN_GROUP(title) "\n" title ":\n"
#define CLI_GEN_OPTION(name, value, kind, member, help)                                            \
	"  --" name " " value "\n                        " help "\n"
#include "cli_gen.def"
#undef CLI_GEN_GROUP
#undef CLI_GEN_OPTION
	"\n"
	"Examples:\n"
	"  ringtap gen --cps 50 --duration 1m --loss 1% -w a.pcap -t a.jsonl\n"
	"  ringtap gen --concurrent 2000 --keep --hold 8s --duration 1s -w trunk.pcap\n"
	"  ringtap gen --fates answered=6,busy=1,cancelled=1 --ipv6 20% -w - | ringtap read -\n"
	"  ringtap gen --concurrent 10000 --keep --hold 1h --duration 1h --port eth1\n"
	"  ringtap gen --burst 1%,25% --jitter 8ms --reorder 0.5% --dtmf 30% -w b.pcap\n";

struct gen_command {
	struct cli *cli;
	struct gen_options options;
	struct cli_gen_output out;
	const char *truth_path;
	FILE *truth;
	struct gen *gen;
	bool help, concurrent_given, cps_given, speed_given, truth_failed;
	char json[4 * RECORD_BYTES_MAX];
	int64_t progress_ns, began_ns;
	bool progress_shown;
};

/* ---- options ---- */

static int
take_speed(struct gen_command *c, const char *text)
{
	c->speed_given = true;
	c->out.speed = 0;
	if (strcmp(text, "max") == 0 || cli_gen_real(text, &c->out.speed))
		return CLI_OK;
	return cli_misuse(c->cli, "--speed '%s' is not a number above 0, nor max", text);
}

static int
gen_parse(struct gen_command *c, int argc, char **argv)
{
	static const struct option own[] = {{"write", required_argument, NULL, 'w'},
		{"truth", required_argument, NULL, 't'}, {"port", required_argument, NULL, 'p'},
		{"speed", required_argument, NULL, 'x'}, CLI_OPTION_HELP, CLI_OPTION_END};
	struct option longs[CLI_GEN_OPTIONS + base_count_of(own)];
	int val;

	cli_gen_option_names(longs);
	memcpy(longs + CLI_GEN_OPTIONS, own, sizeof(own));
	optind = 0;
	while ((val = cli_option_next(c->cli, argc, argv, longs)) != -1) {
		switch (val) {
		case 'w': c->out.path = optarg; continue;
		case 'p': c->out.port = optarg; continue;
		case 'x':
			if (take_speed(c, optarg) != CLI_OK)
				return CLI_USAGE;
			continue;
		case 't': c->truth_path = optarg; continue;
		case 'h': c->help = true; continue;
		case '?': return CLI_USAGE;
		default: break;
		}
		c->concurrent_given |= val == CLI_OPTION_LONG + CLI_GEN_OPTION_concurrent;
		c->cps_given |= val == CLI_OPTION_LONG + CLI_GEN_OPTION_calls_per_second;
		if (cli_gen_option_take(c->cli, &c->options, val, optarg) != CLI_OK)
			return CLI_USAGE;
	}
	c->out.eal_args = (const char *const *)argv + optind;
	c->out.n_eal_args = (uint32_t)(argc - optind);
	if (optind < argc && !c->help && strcmp(argv[optind - 1], "--") != 0)
		return cli_misuse(c->cli, "'%s' is no option; the file is named by -w",
			argv[optind]);
	return CLI_OK;
}

/* Room for all calls that can be up at a time, and half as many again. */
static uint32_t
concurrent_of(const struct gen_options *o)
{
	double seconds = (double)(o->hold_ns * (o->hold == GEN_EXPONENTIAL ? 4 : 2) +
		2 * o->ring_ns + GEN_LINGER_NS) / 1e9;
	double n = 1.5 * o->calls_per_second * seconds + 100;

	if (o->calls && n > (double)o->calls)
		n = (double)o->calls;
	return n < 1e6 ? (uint32_t)n : 1000000;
}

static int
gen_check(struct gen_command *c)
{
	if (!c->out.path && !c->out.port)
		return cli_misuse(c->cli, "where to?  -w FILE or --port PORT");
	if (!c->out.port && (c->speed_given || c->out.n_eal_args))
		return cli_misuse(c->cli, "%s for a port: --port PORT",
			c->speed_given ? "--speed is" : "EAL options are");
	if (c->truth_path && c->out.path && strcmp(c->truth_path, c->out.path) == 0)
		return cli_misuse(c->cli, "capture and truth cannot both be '%s'", c->out.path);
	if (c->options.keep && c->cps_given)
		return cli_misuse(c->cli,
			"--keep begins calls as --concurrent and --ramp say, not --cps");
	if (!c->concurrent_given)
		c->options.concurrent = concurrent_of(&c->options);
	const char *wrong = gen_options_check(&c->options);
	return wrong ? cli_misuse(c->cli, "%s", wrong) : CLI_OK;
}

/* ---- the truth ---- */

static void
gen_truth(void *context, uint8_t *bytes, uint32_t len)
{
	struct gen_command *c = context;
	struct base_text t = base_text_of(c->json, sizeof(c->json));
	struct record_row row;

	if (record_row_read(&row, bytes, len) != 0)
		return;
	record_json(&t, &row, false);
	base_text_char(&t, '\n');
	if (fwrite(t.p, 1, t.len, c->truth) != t.len)
		c->truth_failed = true;
}

static int
truth_open(struct gen_command *c)
{
	if (!c->truth_path)
		return CLI_OK;
	c->truth = strcmp(c->truth_path, "-") == 0 ? c->cli->out : fopen(c->truth_path, "we");
	if (!c->truth)
		return cli_fail(c->cli, "%s: %s", c->truth_path, strerror(errno));
	c->options.truth = gen_truth;
	c->options.context = c;
	return CLI_OK;
}

static int
truth_close(struct gen_command *c)
{
	if (!c->truth)
		return CLI_OK;
	int rc = c->truth == c->cli->out ? fflush(c->truth) : fclose(c->truth);
	bool failed = rc != 0 || c->truth_failed;
	return failed ? cli_fail(c->cli, "%s: %s", c->truth_path, strerror(errno)) : CLI_OK;
}

/* ---- the run ---- */

static void
show_progress(struct gen_command *c, int64_t ts_ns)
{
	struct gen_counters n = gen_counters(c->gen);
	int64_t now_ns = sys_clock_monotonic_ns();
	char frames[CLI_CELL], calls[CLI_CELL];

	if (now_ns - c->progress_ns < GEN_PROGRESS_NS)
		return;
	c->progress_ns = now_ns;
	c->progress_shown = true;
	fprintf(c->cli->err, "\r\033[K%.1f s of traffic, %s frames, %s calls up",
		(double)(ts_ns - c->options.begin_ns) / 1e9, cli_cell_count(frames, n.frames),
		cli_cell_count(calls, n.active));
	fflush(c->cli->err);
}

static int
gen_run(struct gen_command *c)
{
	uint8_t bytes[GEN_FRAME_MAX];
	struct gen_frame frame = {.bytes = bytes};

	cli_signals();
	c->began_ns = c->progress_ns = sys_clock_monotonic_ns();
	for (uint32_t n = 0; !sys_signal_stop() && gen_next(c->gen, &frame); n++) {
		if (cli_gen_output_put(&c->out, &frame) != CLI_OK)
			return CLI_FAILED;
		if (c->cli->err_terminal && n % 1024 == 0)
			show_progress(c, frame.ts_ns);
	}
	if (c->progress_shown)
		fputs("\r\033[K", c->cli->err);
	if (sys_signal_stop())
		return cli_fail(c->cli, "interrupted: of calls still up there is no truth");
	return CLI_OK;
}

static void
gen_report(struct gen_command *c)
{
	struct gen_counters n = gen_counters(c->gen);
	double seconds = (double)(sys_clock_monotonic_ns() - c->began_ns) / 1e9;
	char cell[5][CLI_CELL];

	if (c->cli->err_terminal)
		fprintf(c->cli->err, "%s frames: %s calls (%s at a time), %s registrations, %s RTP"
			" packets; %.1f s\n",
			cli_cell_count(cell[0], n.frames), cli_cell_count(cell[1], n.calls),
			cli_cell_count(cell[2], n.active_max),
			cli_cell_count(cell[3], n.registrations),
			cli_cell_count(cell[4], n.rtp_packets), seconds);
	if (n.refused)
		cli_say(c->cli, "%llu calls did not begin: --concurrent %u were up",
			(unsigned long long)n.refused, c->options.concurrent);
	if (n.not_held)
		cli_say(c->cli, "%llu packets were not delayed, repeated or changed: too many were",
			(unsigned long long)n.not_held);
}

static int
gen_all(struct gen_command *c)
{
	size_t bytes = base_align_up(gen_footprint(&c->options), BASE_CACHE_LINE);
	void *mem = aligned_alloc(BASE_CACHE_LINE, bytes);

	if (!mem)
		return cli_fail(c->cli, "no memory for %u calls at a time (%zu MiB)",
			c->options.concurrent, bytes >> 20);
	c->gen = gen_new(mem, &c->options);
	int rc = cli_gen_output_open(&c->out, c->cli, c->options.begin_ns);
	if (rc == CLI_OK) {
		rc = gen_run(c);
		if (cli_gen_output_close(&c->out) != CLI_OK)
			rc = CLI_FAILED;
		gen_report(c);
	}
	free(mem);
	return rc;
}

int
cli_gen(struct cli *cli, int argc, char **argv)
{
	struct gen_command *c = cli_memory(NULL, sizeof(*c));

	*c = (struct gen_command){.cli = cli, .options = gen_options_default(), .out.speed = 1};
	int rc = gen_parse(c, argc, argv);
	if (rc == CLI_OK && c->help) {
		fputs(cli_gen_usage, cli->out);
		free(c);
		return CLI_OK;
	}
	if (rc == CLI_OK)
		rc = gen_check(c);
	if (rc == CLI_OK)
		rc = truth_open(c);
	if (rc == CLI_OK)
		rc = gen_all(c);
	if (truth_close(c) != CLI_OK)
		rc = CLI_FAILED;
	free(c);
	return rc;
}
