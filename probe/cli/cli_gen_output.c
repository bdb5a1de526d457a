#include "cli_gen.h"

#include <errno.h>
#include <time.h>

#define SPIN_NS (100 * BASE_NS_PER_US) /* the last of a wait: sleeping is not that exact */

int
cli_gen_output_open(struct cli_gen_output *out, struct cli *cli, int64_t begin_ns)
{
	struct sys_error e = {""};
	int rc = 0;

	out->cli = cli;
	out->begin_ns = begin_ns;
	if (out->path)
		rc = rx_writer_open(&out->writer, out->path, &e);
	if (rc == 0 && out->port) {
		const struct rx_sender_options options = {.program = "ringtap", .port = out->port,
			.eal_args = out->eal_args, .n_eal_args = out->n_eal_args};
		rc = rx_sender_open(&out->sender, &options, &e);
		out->started_ns = sys_clock_monotonic_ns();
	}
	return rc < 0 ? cli_fail(cli, "%s", e.text) : CLI_OK;
}

/* Until the frame is due; what is due already goes out first.  Late ones do not wait. */
static void
wait_for(struct cli_gen_output *out, int64_t ts_ns)
{
	int64_t at_ns = out->started_ns + (int64_t)((double)(ts_ns - out->begin_ns) / out->speed);
	int64_t left_ns = at_ns - sys_clock_monotonic_ns();

	if (left_ns <= 0) {
		out->late_ns = -left_ns > out->late_ns ? -left_ns : out->late_ns;
		return;
	}
	rx_sender_flush(out->sender);
	while (left_ns > 0 && !sys_signal_stop()) {
		if (left_ns > SPIN_NS) {
			int64_t nap_ns = left_ns - SPIN_NS;
			if (nap_ns > 100 * BASE_NS_PER_MS)
				nap_ns = 100 * BASE_NS_PER_MS;
			nanosleep(&(struct timespec){0, nap_ns}, NULL);
		}
		left_ns = at_ns - sys_clock_monotonic_ns();
	}
}

int
cli_gen_output_put(struct cli_gen_output *out, const struct gen_frame *f)
{
	struct sys_error e = {""};

	if (out->writer && rx_writer_put(out->writer, f->bytes, f->len, f->ts_ns, &e) < 0)
		return cli_fail(out->cli, "%s", e.text);
	if (out->sender) {
		if (out->speed > 0)
			wait_for(out, f->ts_ns);
		rx_sender_put(out->sender, f->bytes, f->len);
	}
	return CLI_OK;
}

int
cli_gen_output_close(struct cli_gen_output *out)
{
	struct sys_error e = {""};
	int rc = CLI_OK;

	if (out->writer && rx_writer_close(out->writer, &e) < 0)
		rc = cli_fail(out->cli, "%s", e.text);
	if (!out->sender)
		return rc;
	rx_sender_flush(out->sender);
	struct rx_sender_counters n = rx_sender_counters(out->sender);
	double seconds = (double)(sys_clock_monotonic_ns() - out->started_ns) / 1e9;
	rx_sender_close(out->sender);
	cli_say(out->cli, "port %s: %llu frames in %.1f s, %.0f a second, at most %.1f ms late",
		out->port, (unsigned long long)n.sent, seconds, (double)n.sent / seconds,
		(double)out->late_ns / 1e6);
	if (n.given_up)
		rc = cli_fail(out->cli, "port %s: %llu frames did not go out", out->port,
			(unsigned long long)n.given_up);
	return rc;
}
