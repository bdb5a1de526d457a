#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_private.h"
#include "rx.h"

#define REPLAY_CALLS 200000      /* memory that is not used is not taken */
#define REPLAY_PROGRESS_BURSTS 256
#define REPLAY_PROGRESS_NS (200 * BASE_NS_PER_MS)

struct config *
cli_replay_config(const struct cli *cli, const char *path)
{
	struct config *config = NULL;
	struct sys_error e = {""};

	if (path)
		return cli_config(cli, path);
	if (config_defaults(&config, &e) != 0) {
		cli_fail(cli, "%s", e.text);
		return NULL;
	}
	config->tables.calls = REPLAY_CALLS;
	config->tables.streams = 2 * REPLAY_CALLS;
	config->tables.endpoints = 4 * REPLAY_CALLS;
	return config;
}

/* ---- progress: on a terminal only ---- */

void
cli_replay_quiet(struct cli_replay *r)
{
	if (r->progress_shown)
		fputs("\r\033[K", r->cli->err);
	r->progress_shown = false;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void
show_progress(struct cli_replay *r, const struct rx_source *source, const char *path)
{
	struct rx_file_progress p = rx_file_progress(source);
	int64_t now_ns = sys_clock_monotonic_ns();
	char cell[CLI_CELL], name[CLI_CELL * 4];
	struct base_text t = base_text_of(name, sizeof(name) - 1);

	if (now_ns - r->progress_ns < REPLAY_PROGRESS_NS)
		return;
	r->progress_ns = now_ns;
	cli_text_put(r->cli, &t, base_span_cstr(base_name(path)), 40);
	fprintf(r->cli->err, "\r\033[K%s: ", base_text_cstr(&t));
	if (p.bytes_total)
		fprintf(r->cli->err, "%u %%, ", (unsigned)(100.0 * (double)p.bytes_read / (double)p.bytes_total));
	double seconds = (double)(now_ns - r->began_ns) / 1e9;
	fprintf(r->cli->err, "%s frames, %.2f M/s", cli_cell_count(cell, r->frames), (double)r->frames / 1e6 / seconds);
	fflush(r->cli->err);
	r->progress_shown = true;
}

/* ---- the engine ---- */

/* CLI_FAILED after the sentence where the file is damaged. */
static int
replay_file(struct cli_replay *r, struct worker_set *set, const char *path, int64_t *last_ns)
{
	struct worker *w = worker_set_worker(set, 0);
	struct rx_frame frames[RX_BURST_MAX];
	struct sys_error e = {""};
	struct rx_source *source = rx_file_open(path, &e);
	int rc = CLI_OK;

	if (!source)
		return cli_replay_quiet(r), cli_fail(r->cli, "%s", e.text);
	for (uint64_t bursts = 0; !r->stop && !sys_signal_stop(); bursts++) {
		uint32_t n = rx_burst(source, frames, RX_BURST_MAX);
		if (n == 0 && source->finished)
			break;
		if (n) {
			*last_ns = frames[n - 1].ts_ns;
			worker_step(w, frames, n);
			rx_release(source, frames, n);
			worker_house(w, *last_ns);
			r->frames += n;
		}
		if (r->cli->err_terminal && bursts % REPLAY_PROGRESS_BURSTS == 0)
			show_progress(r, source, path);
	}
	cli_replay_quiet(r);
	if (source->error)
		rc = cli_fail(r->cli, "%s", source->error_text.text);
	rx_file_close(source);
	return rc;
}

int
cli_replay_check(const struct cli_replay *r)
{
	for (unsigned i = 0; i < r->n_files; i++)
		if (strcmp(r->files[i], "-") != 0 && access(r->files[i], R_OK) != 0)
			return cli_fail(r->cli, "%s: %s", r->files[i], strerror(errno));
	return CLI_OK;
}

int
cli_replay_run(struct cli_replay *r)
{
	struct worker_options options = {.config = r->config, .cores = r->cores, .replay = true, .clock_source = "capture",
		.record = r->record, .context = r->context};
	struct worker_set *set = NULL;
	struct sys_error e = {""};
	int64_t last_ns = 0;

	if (worker_set_new(&set, &options, &e) != 0)
		return cli_fail(r->cli, "%s", e.text);
	cli_signals();
	r->began_ns = r->progress_ns = sys_clock_monotonic_ns();
	for (unsigned i = 0; i < r->n_files && !r->stop && !sys_signal_stop(); i++)
		if (replay_file(r, set, r->files[i], &last_ns) != CLI_OK)
			r->damaged = true;
	if (!r->stop)
		worker_set_finish(set, last_ns);
	r->metrics = *worker_set_metrics(set, 0);
	worker_set_free(set);
	r->interrupted = sys_signal_stop();
	return r->damaged || r->stop ? CLI_FAILED : CLI_OK;
}
