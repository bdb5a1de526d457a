#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_private.h"
#include "rx.h"
#include "worker_spread.h"

#define REPLAY_CALLS 200000      /* memory that is not used is not taken */
#define REPLAY_PROGRESS_NS (200 * BASE_NS_PER_MS)

struct config *
cli_replay_config(const struct cli *cli, const char *path)
{
	struct config *config = NULL;
	struct sys_error e = {""};

	if (path) {
		config = cli_config(cli, path);
		if (config)
			config->tables.branches = true;
		return config;
	}
	if (config_defaults(&config, &e) != 0) {
		cli_fail(cli, "%s", e.text);
		return NULL;
	}
	config->tables.calls = REPLAY_CALLS;
	config->tables.streams = 2 * REPLAY_CALLS;
	config->tables.endpoints = 4 * REPLAY_CALLS;
	config->tables.branches = true;
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
		fprintf(r->cli->err, "%u %%, ",
			(unsigned)(100.0 * (double)p.bytes_read / (double)p.bytes_total));
	double seconds = (double)(now_ns - r->began_ns) / 1e9;
	fprintf(r->cli->err, "%s frames, %.2f M/s", cli_cell_count(cell, r->frames),
		(double)r->frames / 1e6 / seconds);
	fflush(r->cli->err);
	r->progress_shown = true;
}

/* ---- the engine ---- */

/* One worker on this thread, or several each on its own. */
struct engine {
	struct worker_set *set;
	struct worker_spread *spread; /* NULL: one worker */
};

static int
engine_new(struct engine *engine, const struct worker_options *options, struct sys_error *e)
{
	engine->spread = NULL;
	if (options->cores == 1)
		return worker_set_new(&engine->set, options, e);
	int rc = worker_spread_new(&engine->spread, options, e);
	if (rc == 0)
		engine->set = worker_spread_set(engine->spread);
	return rc;
}

static void
engine_frames(const struct engine *engine, const struct rx_frame *frames, uint32_t n)
{
	if (engine->spread) {
		worker_spread_frames(engine->spread, frames, n);
		return;
	}
	struct worker *w = worker_set_worker(engine->set, 0);
	for (uint32_t at = 0, end; at < n; at = end) {
		/* A burst of a quiet capture is hours long: timers run in between, up to the frame
		 * that comes before it is looked at. */
		worker_house(w, frames[at].ts_ns);
		for (end = at + 1; end < n; end++)
			if (frames[end].ts_ns - frames[at].ts_ns > WORKER_HOUSE_NS)
				break;
		worker_step(w, frames + at, end - at);
		worker_house(w, frames[end - 1].ts_ns);
	}
}

static void
engine_finish(const struct engine *engine, int64_t now_ns)
{
	if (engine->spread)
		worker_spread_finish(engine->spread, now_ns);
	else
		worker_set_finish(engine->set, now_ns);
}

static void
engine_free(const struct engine *engine)
{
	if (engine->spread)
		worker_spread_free(engine->spread);
	else
		worker_set_free(engine->set);
}

/* CLI_FAILED after the sentence where the file is damaged. */
static int
replay_file(struct cli_replay *r, const struct engine *engine, const char *path, int64_t *last_ns)
{
	struct rx_frame frames[RX_BURST_MAX];
	struct sys_error e = {""};
	struct rx_source *source = rx_file_open(path, &e);
	int rc = CLI_OK;

	if (!source)
		return cli_replay_quiet(r), cli_fail(r->cli, "%s", e.text);
	while (!r->stop && !sys_signal_stop()) {
		uint32_t n = rx_burst(source, frames, RX_BURST_MAX);
		if (n == 0 && source->finished)
			break;
		if (n) {
			*last_ns = frames[n - 1].ts_ns;
			engine_frames(engine, frames, n);
			rx_release(source, frames, n);
			r->frames += n;
		}
		if (r->cli->err_terminal)
			show_progress(r, source, path);
	}
	cli_replay_quiet(r);
	if (source->error)
		rc = r->quiet ? CLI_FAILED : cli_fail(r->cli, "%s", source->error_text.text);
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
	struct worker_options options = {.config = r->config,
		.cores = r->cores,
		.replay = true,
		.plain_start = true,
		.clock_source = "capture",
		.record = r->record,
		.message = r->message,
		.context = r->context};
	struct engine engine;
	struct sys_error e = {""};
	int64_t last_ns = 0;

	if (engine_new(&engine, &options, &e) != 0)
		return cli_fail(r->cli, "%s", e.text);
	cli_signals();
	r->began_ns = r->progress_ns = sys_clock_monotonic_ns();
	for (unsigned i = 0; i < r->n_files && !r->stop && !sys_signal_stop(); i++)
		if (replay_file(r, &engine, r->files[i], &last_ns) != CLI_OK)
			r->damaged = true;
	if (!r->stop)
		engine_finish(&engine, last_ns);
	memset(&r->metrics, 0, sizeof(r->metrics));
	for (uint32_t core = 0; core < r->cores; core++)
		metrics_sum(&r->metrics, worker_set_metrics(engine.set, core));
	engine_free(&engine);
	r->interrupted = sys_signal_stop();
	return r->damaged || r->stop ? CLI_FAILED : CLI_OK;
}
