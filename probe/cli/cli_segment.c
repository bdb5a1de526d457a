#include <stdlib.h>

#include "cli_private.h"
#include "packet.h"
#include "shm.h"

/* Others are writing: each value is whole, the set is no snapshot (metrics.h). */
static uint64_t
peek(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static int64_t
peek_time(const int64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void
peek_metrics(struct metrics_core *to, const struct metrics_core *from)
{
	/* Verdicts first: a frame is counted before its verdict is, so that their sum never exceeds
	 * the frames read after them. */
	for (int i = 0; i < PACKET_VERDICT_COUNT; i++)
		to->verdicts[i] = peek(&from->verdicts[i]);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (int i = 0; i < METRICS_COUNT; i++)
		to->values[i] = peek(&from->values[i]);
}

static void
copy_text(char *to, size_t bytes, const char *from, size_t max)
{
	snprintf(to, bytes, "%.*s", (int)max, from);
}

static void
segment_copy(struct cli_segment *s, const struct shm *shm)
{
	const struct shm_header *h = shm->header;

	copy_text(s->probe, sizeof(s->probe), h->probe, sizeof(h->probe));
	copy_text(
		s->clock_source, sizeof(s->clock_source), h->clock_source, sizeof(h->clock_source));
	s->created_ns = h->created_ns;
	s->probe_heartbeat_ns = peek_time(&h->probe_heartbeat_ns);
	s->collector_heartbeat_ns = peek_time(&h->collector_heartbeat_ns);
	s->probe_pid = peek(&h->probe_pid);
	s->probe_starts = peek(&h->probe_starts);
	s->collector_pid = peek(&h->collector_pid);
	s->collector_commits = peek(&h->collector_commits);
	s->collector_records = peek(&h->collector_records);
	s->collector_corrupt = peek(&h->collector_corrupt);
	s->running = __atomic_load_n(&h->probe_state, __ATOMIC_RELAXED) == SHM_STATE_RUNNING;
	s->has_health = s->collector_pid && shm_health_get(shm, &s->health);
	s->ring_bytes = shm->ring_bytes;
	s->cores = shm->cores;
	s->core = cli_memory(s->core, shm->cores * sizeof(*s->core));
	for (uint32_t i = 0; i < shm->cores; i++) {
		const struct shm_core *from = shm_core(shm, i);
		struct cli_segment_core *to = &s->core[i];
		peek_metrics(&to->metrics, &from->metrics);
		to->next_seq = peek(&from->next_seq);
		to->heartbeat_ns = peek_time(&from->heartbeat_ns);
		to->backlog = shm_backlog(shm, i);
	}
}

bool
cli_segment_read(struct cli_segment *s, const char *path)
{
	struct sys_mapping m;
	struct shm shm;

	s->path = path;
	s->problem.text[0] = 0;
	s->wall_ns = sys_clock_wall_ns();
	s->monotonic_ns = sys_clock_monotonic_ns();
	if (sys_mapping_open(&m, path, false, &s->problem) != 0)
		return false;
	int error = shm_attach(&shm, m.p, m.bytes);
	if (error == 0)
		segment_copy(s, &shm);
	else if (error == -BASE_ERR_VERSION)
		sys_fail(&s->problem, error,
			"%s: made by another version of ringtap (this one reads layout %d)", path,
			SHM_LAYOUT_VERSION);
	else
		sys_fail(&s->problem, error, "%s: is no segment of a probe: %s", path,
			base_error_text(error));
	sys_mapping_close(&m);
	return error == 0;
}

struct metrics_core
cli_segment_sum(const struct cli_segment *s)
{
	struct metrics_core sum = {.values = {0}};

	for (uint32_t i = 0; i < s->cores; i++)
		metrics_sum(&sum, &s->core[i].metrics);
	return sum;
}

/* ---- JSON ---- */

static void
json_text(FILE *f, const char *key, const char *text)
{
	char out[4096];
	struct base_text t = base_text_of(out, sizeof(out));

	base_text_json(&t, base_span_cstr(text));
	fprintf(f, "\"%s\":%.*s,", key, (int)t.len, out);
}

static void
json_number(FILE *f, const char *key, uint64_t n, const char *behind)
{
	fprintf(f, "\"%s\":%llu%s", key, (unsigned long long)n, behind);
}

/* null where there is none. */
static void
json_time(FILE *f, const char *key, int64_t ts_ns, const char *behind)
{
	char out[64];
	struct base_text t = base_text_of(out, sizeof(out));

	base_text_time(&t, ts_ns);
	if (ts_ns > 0)
		fprintf(f, "\"%s\":\"%.*s\"%s", key, (int)t.len, out, behind);
	else
		fprintf(f, "\"%s\":null%s", key, behind);
}

static void
json_core(FILE *f, const struct cli_segment *s, uint32_t i)
{
	const struct cli_segment_core *c = &s->core[i];
	uint64_t total = metrics_verdicts_total(&c->metrics);
	uint64_t frames = c->metrics.values[METRICS_FRAMES];

	fprintf(f, "%s{", i ? "," : "");
	json_number(f, "core", i, ",");
	json_time(f, "heartbeat_time", c->heartbeat_ns, ",");
	json_number(f, "next_seq", c->next_seq, ",");
	json_number(f, "ring_backlog_bytes", c->backlog, ",\"ledger\":{");
	json_number(f, "frames", frames, ",\"verdicts\":{");
	for (int v = 0; v < PACKET_VERDICT_COUNT; v++)
		json_number(f, packet_verdict_key((enum packet_verdict)v), c->metrics.verdicts[v],
			v + 1 < PACKET_VERDICT_COUNT ? "," : "},");
	json_number(f, "verdicts_sum", total, ",");
	fprintf(f, "\"difference\":%lld},\"metrics\":{", (long long)(int64_t)(total - frames));
	for (int m = 0; m < METRICS_COUNT; m++)
		json_number(f, metrics_infos[m].key, c->metrics.values[m],
			m + 1 < METRICS_COUNT ? "," : "}}");
}

static void
json_health(FILE *f, const struct shm_health *h)
{
	fputs(",\"store\":{", f);
	json_number(f, "position", h->position, ",");
	json_number(f, "corrupt_days", h->corrupt_days, ",");
	json_text(f, "why", h->store_why);
	json_time(f, "failing_time", h->store_failing_ns, "},\"sinks\":[");
	for (uint64_t i = 0; i < h->sinks_count; i++) {
		const struct shm_sink *s = &h->sinks[i];
		fputs(i ? ",{" : "{", f);
		json_text(f, "sink", s->name);
		json_number(f, "lag", s->lag, ",");
		json_number(f, "records", s->records, ",");
		json_number(f, "retries", s->retries, ",");
		json_text(f, "why", s->why);
		json_time(f, "failing_time", s->failing_ns, "}");
	}
	fputc(']', f);
}

void
cli_segment_json(FILE *f, const struct cli_segment *s)
{
	fputc('{', f);
	json_text(f, "segment", s->path);
	json_time(f, "time", s->wall_ns, ",");
	json_text(f, "probe", s->probe);
	fprintf(f, "\"running\":%s,", s->running ? "true" : "false");
	json_number(f, "probe_pid", s->probe_pid, ",");
	json_number(f, "probe_starts", s->probe_starts, ",");
	json_time(f, "probe_heartbeat_time", s->probe_heartbeat_ns, ",");
	json_time(f, "created_time", s->created_ns, ",");
	json_text(f, "clock_source", s->clock_source);
	json_number(f, "ring_bytes", s->ring_bytes, ",\"collector\":{");
	json_number(f, "pid", s->collector_pid, ",");
	json_time(f, "heartbeat_time", s->collector_heartbeat_ns, ",");
	json_number(f, "commits", s->collector_commits, ",");
	json_number(f, "records", s->collector_records, ",");
	json_number(f, "corrupt", s->collector_corrupt, "");
	if (s->has_health)
		json_health(f, &s->health);
	fputs("},\"cores\":[", f);
	for (uint32_t i = 0; i < s->cores; i++)
		json_core(f, s, i);
	fputs("]}\n", f);
}
