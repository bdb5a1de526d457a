#include "collector_private.h"

#include <stdlib.h>
#include <sys/statvfs.h>

/* The pages /metrics and /healthz, made anew each second, and served by http's thread. */

#define PAGE_BYTES (64u << 10)          /* of what is no core's */
#define PAGE_SEGMENT_BYTES (768u << 10) /* 64 cores with some 80 values each */
#define STALE_MS 15000
#define HEARTBEAT_NS (10 * BASE_NS_PER_SEC) /* older: the probe is not there */
#define METRICS_RETRY_NS (10 * BASE_NS_PER_SEC)

/* ---- text ---- */

static void
describe(struct base_text *t, const char *name, const char *type, const char *help)
{
	base_text_str(t, "# HELP ringtap_");
	base_text_str(t, name);
	base_text_char(t, ' ');
	base_text_str(t, help);
	base_text_str(t, "\n# TYPE ringtap_");
	base_text_str(t, name);
	base_text_char(t, ' ');
	base_text_str(t, type);
	base_text_char(t, '\n');
}

struct label {
	const char *key, *value; /* value NULL: no label */
};

/* Up to two labels, then the value by its own function. */
static void
sample_begin(struct base_text *t, const char *name, struct label a, struct label b)
{
	const struct label labels[] = {a, b};
	bool first = true;

	base_text_str(t, "ringtap_");
	base_text_str(t, name);
	for (int i = 0; i < 2; i++) {
		if (labels[i].value == NULL)
			continue;
		base_text_char(t, first ? '{' : ',');
		base_text_str(t, labels[i].key);
		base_text_str(t, "=\"");
		metrics_label(t, base_span_cstr(labels[i].value));
		base_text_char(t, '"');
		first = false;
	}
	base_text_str(t, first ? " " : "} ");
}

static void
sample_u64(struct base_text *t, const char *name, struct label a, struct label b, uint64_t v)
{
	sample_begin(t, name, a, b);
	base_text_u64(t, v);
	base_text_char(t, '\n');
}

static void
sample_fixed(struct base_text *t, const char *name, struct label a, double v)
{
	sample_begin(t, name, a, (struct label){NULL, NULL});
	/* base_text_fixed has room for 9e9 only. */
	if (v >= 0 && v < 9e15 && v == (double)(uint64_t)v)
		base_text_u64(t, (uint64_t)v);
	else
		base_text_fixed(t, v, 6);
	base_text_char(t, '\n');
}

#define NO_LABEL ((struct label){NULL, NULL})
#define PROBE_LABEL(s) ((struct label){"probe", (s)->probe})

/* ---- the probes ---- */

static void
page_cores(struct base_text *t, const struct collector *c)
{
	struct metrics_exposition e = {.describe = true};
	unsigned n = 0;

	/* One probe after the other where there are several would not be in groups by name. */
	struct metrics_exposition *all = calloc(c->n_segments, sizeof(*all));
	const struct metrics_core **lists =
		calloc((size_t)c->n_segments * SHM_CORES_MAX, sizeof(*lists));
	for (unsigned i = 0; all && lists && i < c->n_segments; i++) {
		const struct collector_segment *s = &c->segments[i];
		if (!s->attached)
			continue;
		for (uint32_t core = 0; core < s->shm.cores; core++)
			lists[n * SHM_CORES_MAX + core] = &shm_core(&s->shm, core)->metrics;
		e.probe = base_span_cstr(s->probe);
		e.cores = &lists[n * SHM_CORES_MAX];
		e.count = s->shm.cores;
		all[n++] = e;
	}
	metrics_prometheus_probes(t, all, n);
	free(lists);
	free(all);
}

static double
seconds_since(int64_t now_ns, int64_t then_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / 1e9 : 0;
}

struct segment_value {
	const char *name, *type, *help;
	double (*value)(const struct collector_segment *s, int64_t now_ns);
};

static double
value_up(const struct collector_segment *s, int64_t now_ns)
{
	return s->attached && now_ns - s->shm.header->probe_heartbeat_ns < HEARTBEAT_NS;
}

static double
value_heartbeat(const struct collector_segment *s, int64_t now_ns)
{
	return seconds_since(now_ns, s->shm.header->probe_heartbeat_ns);
}

static double
value_starts(const struct collector_segment *s, int64_t now_ns)
{
	return (double)s->shm.header->probe_starts;
}

static double
value_commits(const struct collector_segment *s, int64_t now_ns)
{
	return (double)s->shm.header->collector_commits;
}

static double
value_collected(const struct collector_segment *s, int64_t now_ns)
{
	return (double)s->shm.header->collector_records;
}

static double
value_corrupt(const struct collector_segment *s, int64_t now_ns)
{
	return (double)s->shm.header->collector_corrupt;
}

static double
value_ring(const struct collector_segment *s, int64_t now_ns)
{
	return (double)s->shm.ring_bytes;
}

static double
value_asr(const struct collector_segment *s, int64_t now_ns)
{
	uint64_t calls, answers;

	collector_tally_window(&s->tally, now_ns, &calls, &answers);
	return calls ? (double)answers / (double)calls : -1;
}

/* A negative value is left out. */
static const struct segment_value segment_values[] = {
	{"probe_up", "gauge", "1 where the probe gave a heartbeat in the last 10 seconds",
		value_up},
	{"probe_heartbeat_age_seconds", "gauge", "since the probe's last heartbeat",
		value_heartbeat},
	{"probe_starts_total", "counter", "how often a probe took this segment", value_starts},
	{"ring_bytes", "gauge", "size of each core's record ring", value_ring},
	{"collector_commits_total", "counter", "groups of records made durable", value_commits},
	{"collector_records_total", "counter", "records made durable", value_collected},
	{"collector_corrupt_total", "counter", "records that could not be read", value_corrupt},
	{"answer_seizure_ratio", "gauge", "answered part of the calls ended in the last 300 s",
		value_asr},
};

static void
page_segments(struct base_text *t, const struct collector *c, int64_t now_ns)
{
	for (size_t v = 0; v < base_count_of(segment_values); v++) {
		const struct segment_value *value = &segment_values[v];
		describe(t, value->name, value->type, value->help);
		for (unsigned i = 0; i < c->n_segments; i++) {
			const struct collector_segment *s = &c->segments[i];
			double number = s->attached ? value->value(s, now_ns) : -1;
			if (number >= 0)
				sample_fixed(t, value->name, PROBE_LABEL(s), number);
		}
	}
	describe(t, "segment_attached", "gauge", "1 where the segment is there and can be read");
	for (unsigned i = 0; i < c->n_segments; i++)
		sample_u64(t, "segment_attached", (struct label){"segment", c->segments[i].path},
			NO_LABEL, c->segments[i].attached);
	describe(t, "ring_backlog_bytes", "gauge", "bytes of records waiting in a core's ring");
	for (unsigned i = 0; i < c->n_segments; i++) {
		const struct collector_segment *s = &c->segments[i];
		for (uint32_t core = 0; s->attached && core < s->shm.cores; core++) {
			char text[12];
			snprintf(text, sizeof(text), "%u", core);
			sample_u64(t, "ring_backlog_bytes", PROBE_LABEL(s),
				(struct label){"core", text}, shm_backlog(&s->shm, core));
		}
	}
}

/* ---- the calls ---- */

struct histogram {
	const char *name, *help;
	const uint32_t *bounds; /* thousandths */
	unsigned n;
	size_t counts, sum; /* offsets in struct collector_counts */
	double sum_unit;
};

static const struct histogram histograms[] = {
	{"post_dial_delay_seconds", "INVITE to the first 18x, else to the final response",
		collector_pdd_bounds, COLLECTOR_PDD_BUCKETS, offsetof(struct collector_counts, pdd),
		offsetof(struct collector_counts, pdd_sum_us), 1e-6},
	{"mos", "MOS of the streams", collector_mos_bounds, COLLECTOR_MOS_BUCKETS,
		offsetof(struct collector_counts, mos), offsetof(struct collector_counts, mos_sum),
		1e-3},
};

static void
page_histogram(struct base_text *t, const struct histogram *h, const struct collector_segment *s)
{
	const uint8_t *base = (const uint8_t *)&s->tally.counts;
	const uint64_t *counts = (const uint64_t *)(base + h->counts);
	char name[64], bound[16];
	uint64_t n = 0;

	snprintf(name, sizeof(name), "%s_bucket", h->name);
	for (unsigned i = 0; i <= h->n; i++) {
		n += counts[i];
		if (i < h->n)
			snprintf(bound, sizeof(bound), "%g", h->bounds[i] / 1000.0);
		sample_u64(t, name, PROBE_LABEL(s), (struct label){"le", i < h->n ? bound : "+Inf"},
			n);
	}
	snprintf(name, sizeof(name), "%s_sum", h->name);
	sample_fixed(
		t, name, PROBE_LABEL(s), (double)*(const uint64_t *)(base + h->sum) * h->sum_unit);
	snprintf(name, sizeof(name), "%s_count", h->name);
	sample_u64(t, name, PROBE_LABEL(s), NO_LABEL, n);
}

static void
page_calls(struct base_text *t, const struct collector *c)
{
	describe(t, "records_taken_total", "counter", "records taken by this collector, by kind");
	for (unsigned i = 0; i < c->n_segments; i++)
		for (enum record_kind k = RECORD_CALL;
			c->segments[i].attached && k <= RECORD_STREAM; k++)
			sample_u64(t, "records_taken_total", PROBE_LABEL(&c->segments[i]),
				(struct label){"kind", record_kind_name(k)},
				c->segments[i].tally.counts.kinds[k]);
	describe(t, "calls_ended_total", "counter", "final records of calls, by disposition");
	for (unsigned i = 0; i < c->n_segments; i++)
		for (int d = 0; c->segments[i].attached && d < COLLECTOR_DISPOSITIONS; d++)
			sample_u64(t, "calls_ended_total", PROBE_LABEL(&c->segments[i]),
				(struct label){"disposition", collector_dispositions[d]},
				c->segments[i].tally.counts.dispositions[d]);
	for (size_t h = 0; h < base_count_of(histograms); h++) {
		describe(t, histograms[h].name, "histogram", histograms[h].help);
		for (unsigned i = 0; i < c->n_segments; i++)
			if (c->segments[i].attached)
				page_histogram(t, &histograms[h], &c->segments[i]);
	}
}

/* ---- store and sinks ---- */

static void
page_store(struct base_text *t, const struct collector *c)
{
	struct statvfs fs;

	describe(t, "store_position", "gauge", "position of the last record in the store");
	sample_u64(
		t, "store_position", NO_LABEL, NO_LABEL, (uint64_t)store_position_last(c->store));
	describe(t, "store_failing", "gauge", "1 where the store does not take records");
	sample_u64(t, "store_failing", NO_LABEL, NO_LABEL, c->store_retry_ns != 0);
	describe(t, "store_damaged_total", "counter", "days of the store set aside as damaged");
	sample_u64(t, "store_damaged_total", NO_LABEL, NO_LABEL, collector_corrupt_days(c));
	if (statvfs(c->config->store.dir, &fs))
		return;
	describe(t, "store_free_bytes", "gauge", "free room where the store is");
	sample_u64(t, "store_free_bytes", NO_LABEL, NO_LABEL, fs.f_bavail * fs.f_frsize);
}

static const struct {
	const char *name, *type, *help;
} sink_values[] = {
	{"sink_lag", "gauge", "records in the store that the sink has not handed over"},
	{"sink_failing", "gauge", "1 where its last try failed"},
	{"sink_records_total", "counter", "records handed over"},
	{"sink_batches_total", "counter", "batches handed over"},
	{"sink_retries_total", "counter", "tries that failed"},
};

static void
page_sinks(struct base_text *t, const struct collector *c)
{
	struct sinks_status all[SINKS_KINDS_MAX];

	for (uint32_t i = 0; i < c->n_sinks; i++)
		collector_sink_status(&c->sinks[i], &all[i]);
	for (size_t v = 0; v < base_count_of(sink_values); v++) {
		describe(t, sink_values[v].name, sink_values[v].type, sink_values[v].help);
		for (uint32_t i = 0; i < c->n_sinks; i++) {
			const uint64_t values[] = {(uint64_t)all[i].lag, all[i].failing,
				all[i].records, all[i].batches, all[i].retries};
			/* A sink without a status tells its lag alone. */
			if (v < 2 || c->sinks[i].kind->status)
				sample_u64(t, sink_values[v].name,
					(struct label){"sink", c->sinks[i].kind->name}, NO_LABEL,
					values[v]);
		}
	}
}

/* ---- health: who is behind, and why ---- */

static void
why(struct base_text *t, bool *ok, const char *who, const char *text)
{
	char line[700];

	snprintf(line, sizeof(line), "%s: %s", who, text);
	base_text_str(t, *ok ? "" : ",");
	base_text_json(t, base_span_cstr(line));
	*ok = false;
}

static bool
page_health(struct base_text *t, const struct collector *c, int64_t now_ns)
{
	char list[16384], text[640];
	struct base_text reasons = base_text_of(list, sizeof(list));
	bool ok = true;

	for (unsigned i = 0; i < c->n_segments; i++) {
		const struct collector_segment *s = &c->segments[i];
		if (!s->attached) {
			why(&reasons, &ok, s->path, "no segment to read");
		} else if (value_up(s, now_ns) == 0) {
			snprintf(text, sizeof(text), "no heartbeat of probe '%s' for %.0f s",
				s->probe, value_heartbeat(s, now_ns));
			why(&reasons, &ok, s->path, text);
		}
		if (s->attached && collector_segment_is_crowded(s))
			why(&reasons, &ok, s->path, "a ring is more than a quarter full");
	}
	if (c->store_retry_ns)
		why(&reasons, &ok, "store", c->store_why.text);
	for (uint32_t i = 0; i < c->n_sinks; i++) {
		struct sinks_status status;
		collector_sink_status(&c->sinks[i], &status);
		if (!status.failing)
			continue;
		snprintf(text, sizeof(text), "%lld records wait for %.0f s: %s",
			(long long)status.lag, seconds_since(now_ns, status.failing_ns),
			status.why.text);
		why(&reasons, &ok, c->sinks[i].kind->name, text);
	}
	base_text_str(t, "{\"status\":\"");
	base_text_str(t, ok ? "ok" : "behind");
	base_text_str(t, "\",\"why\":[");
	base_text_bytes(t, reasons.p, reasons.len);
	base_text_str(t, "]}\n");
	return ok;
}

/* ---- the pages ---- */

void
collector_metrics_open(struct collector *c)
{
	const char *listen = c->config->metrics.listen;
	struct sys_error e = {""};
	struct base_endpoint endpoint;

	if (listen == NULL || !base_endpoint_parse(base_span_cstr(listen), &endpoint))
		return;
	bool said = c->metrics_ns != 0;
	c->metrics_ns = sys_clock_monotonic_ns() + METRICS_RETRY_NS;
	c->page_bytes = PAGE_BYTES + c->n_segments * PAGE_SEGMENT_BYTES;
	if (c->page == NULL)
		c->page = malloc(c->page_bytes);
	int error = c->page ? http_open(&c->http, &endpoint, &e) : -BASE_ERR_NO_MEMORY;
	if (error == 0) {
		c->metrics_ns = 0;
		sys_log(SYS_LOG_INFO, "metrics and health on http://%s/", listen);
	} else if (!said) {
		sys_log(error == -BASE_ERR_UNSUPPORTED ? SYS_LOG_INFO : SYS_LOG_WARNING,
			"metrics.listen: %s",
			error == -BASE_ERR_NO_MEMORY ? "out of memory" : e.text);
	}
	if (error == -BASE_ERR_UNSUPPORTED)
		c->metrics_ns = INT64_MAX;
}

void
collector_metrics_make(struct collector *c)
{
	int64_t now_ns = sys_clock_wall_ns();

	if (c->http == NULL && sys_clock_monotonic_ns() >= c->metrics_ns)
		collector_metrics_open(c);
	if (c->http == NULL)
		return;
	struct base_text t = base_text_of(c->page, c->page_bytes);
	describe(&t, "build_info", "gauge", "1, with the version");
	sample_u64(&t, "build_info", (struct label){"version", RINGTAP_VERSION}, NO_LABEL, 1);
	page_segments(&t, c, now_ns);
	page_calls(&t, c);
	page_store(&t, c);
	page_sinks(&t, c);
	page_cores(&t, c);
	http_set(c->http,
		&(struct http_page){"/metrics", "text/plain; version=0.0.4", t.overflow ? 500 : 200,
			STALE_MS, base_span_of(t.p, (uint32_t)t.len)});
	t = base_text_of(c->page, c->page_bytes);
	bool ok = page_health(&t, c, now_ns);
	http_set(c->http, &(struct http_page){"/healthz", "application/json", ok ? 200 : 503,
				  STALE_MS, base_span_of(t.p, (uint32_t)t.len)});
}

void
collector_metrics_close(struct collector *c)
{
	http_close(c->http);
	free(c->page);
}
