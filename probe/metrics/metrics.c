#include "metrics.h"

const struct metrics_info metrics_infos[METRICS_COUNT] = {
#define METRICS_COUNTER(id, key, meaning) {key, meaning, false},
#define METRICS_GAUGE(id, key, meaning) {key, meaning, true},
#include "metrics.def"
#undef METRICS_COUNTER
#undef METRICS_GAUGE
};

/* From the list itself, so that this room links without packet. */
static const char *const verdict_keys[PACKET_VERDICT_COUNT] = {
#define PACKET_VERDICT(name, key, text) key,
#include "packet_verdict.def"
#undef PACKET_VERDICT
};

/* metrics_sum and metrics_core in shared memory take the block for an array of u64 with no holes.
 */
_Static_assert(offsetof(struct metrics_core, verdicts) == METRICS_COUNT * sizeof(uint64_t),
	"fixed layout");
_Static_assert(sizeof(struct metrics_core) % BASE_CACHE_LINE == 0, "one writer a cache line");

void
metrics_sum(struct metrics_core *sum, const struct metrics_core *from)
{
	for (int i = 0; i < METRICS_COUNT; i++)
		sum->values[i] += from->values[i];
	for (int i = 0; i < PACKET_VERDICT_COUNT; i++)
		sum->verdicts[i] += from->verdicts[i];
}

uint64_t
metrics_verdicts_total(const struct metrics_core *m)
{
	uint64_t total = 0;

	for (int i = 0; i < PACKET_VERDICT_COUNT; i++)
		total += m->verdicts[i];
	return total;
}

/* HELP and TYPE lines. */
static void
prometheus_describe(struct base_text *t, const char *key, const char *meaning, bool gauge)
{
	const char *suffix = gauge ? "" : "_total";

	base_text_str(t, "# HELP ringtap_");
	base_text_str(t, key);
	base_text_str(t, suffix);
	base_text_char(t, ' ');
	base_text_str(t, meaning);
	base_text_str(t, "\n# TYPE ringtap_");
	base_text_str(t, key);
	base_text_str(t, suffix);
	base_text_str(t, gauge ? " gauge\n" : " counter\n");
}

/* A label's value: backslash, quote and line feed escaped; what is not UTF-8 left as '?'. */
void
metrics_label(struct base_text *t, struct base_span s)
{
	for (uint32_t i = 0, valid = 0; i < s.len; i++) {
		if (i >= valid)
			valid = i + base_text_utf8_prefix(base_span_of(s.p + i, s.len - i));
		if (s.p[i] == '\\' || s.p[i] == '"')
			base_text_char(t, '\\');
		if (s.p[i] == '\n')
			base_text_str(t, "\\n");
		else
			base_text_char(t, i < valid ? (char)s.p[i] : '?');
	}
}

struct sample {
	const char *key, *suffix, *verdict; /* verdict: NULL or the value of that label */
	struct base_span probe;
	uint32_t core;
	uint64_t value;
};

static void
prometheus_sample(struct base_text *t, const struct sample *s)
{
	base_text_str(t, "ringtap_");
	base_text_str(t, s->key);
	base_text_str(t, s->suffix);
	base_text_str(t, "{probe=\"");
	metrics_label(t, s->probe);
	base_text_str(t, "\",core=\"");
	base_text_u64(t, s->core);
	if (s->verdict) {
		base_text_str(t, "\",verdict=\"");
		base_text_str(t, s->verdict);
	}
	base_text_str(t, "\"} ");
	base_text_u64(t, s->value);
	base_text_char(t, '\n');
}

/* One 64-bit value of a block that its worker may be writing. */
static inline uint64_t
load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void
prometheus_value(struct base_text *t, const struct metrics_exposition *e, int id)
{
	for (uint32_t i = 0; i < e->count; i++)
		prometheus_sample(t, &(struct sample){metrics_infos[id].key,
					     metrics_infos[id].gauge ? "" : "_total", NULL,
					     e->probe, e->first_core + i,
					     load(&e->cores[i]->values[id])});
}

static void
prometheus_verdict(struct base_text *t, const struct metrics_exposition *e, int v)
{
	for (uint32_t i = 0; i < e->count; i++)
		prometheus_sample(
			t, &(struct sample){"verdicts", "_total", verdict_keys[v], e->probe,
				   e->first_core + i, load(&e->cores[i]->verdicts[v])});
}

void
metrics_prometheus_probes(struct base_text *t, const struct metrics_exposition *e, uint32_t n)
{
	for (int id = 0; id < METRICS_COUNT; id++) {
		if (n && e->describe)
			prometheus_describe(t, metrics_infos[id].key, metrics_infos[id].meaning,
				metrics_infos[id].gauge);
		for (uint32_t i = 0; i < n; i++)
			prometheus_value(t, &e[i], id);
	}
	if (n && e->describe)
		prometheus_describe(t, "verdicts",
			"frames by what became of them; their sum equals frames", false);
	for (int v = 0; v < PACKET_VERDICT_COUNT; v++)
		for (uint32_t i = 0; i < n; i++)
			prometheus_verdict(t, &e[i], v);
}

void
metrics_prometheus_cores(struct base_text *t, const struct metrics_exposition *e)
{
	metrics_prometheus_probes(t, e, 1);
}

void
metrics_prometheus(struct base_text *t, const struct metrics_core *m, struct base_span probe,
	uint32_t core, bool describe)
{
	metrics_prometheus_cores(t, &(struct metrics_exposition){probe, &m, 1, core, describe});
}
