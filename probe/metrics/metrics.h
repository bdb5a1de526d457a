/* metrics: the counters of one core, and the ledger.  Pure; fixed-width; lives in shared memory.
 *
 * One metrics_core per worker, written by that worker alone with plain 64-bit stores; anyone may
 * read (each value is whole, the set is not a snapshot).  metrics.def names each counter and gauge
 * once; the verdicts of packet_verdict.def follow them. Ledger (DESIGN law 1): the sum of verdicts
 * equals METRICS_FRAMES once a core stands still. */
#pragma once

#include "base.h"
#include "packet.h"

enum metrics_id {
#define METRICS_COUNTER(id, key, meaning) METRICS_##id,
#define METRICS_GAUGE(id, key, meaning) METRICS_##id,
#include "metrics.def"
#undef METRICS_COUNTER
#undef METRICS_GAUGE
	METRICS_COUNT
};

struct metrics_core {
	_Alignas(64) uint64_t values[METRICS_COUNT];
	uint64_t verdicts[PACKET_VERDICT_COUNT];
};

struct metrics_info {
	const char *key, *meaning;
	bool gauge;
};
extern const struct metrics_info metrics_infos[METRICS_COUNT];

static inline void
metrics_add(struct metrics_core *m, enum metrics_id id, uint64_t n)
{
	m->values[id] += n;
}

static inline void
metrics_set(struct metrics_core *m, enum metrics_id id, uint64_t v)
{
	m->values[id] = v;
}

static inline void
metrics_verdict(struct metrics_core *m, enum packet_verdict v)
{
	m->verdicts[v]++;
}

/* Adds all of *from to *sum (gauges too). */
void metrics_sum(struct metrics_core *sum, const struct metrics_core *from);
/* Sum of the verdicts. */
uint64_t metrics_verdicts_total(const struct metrics_core *m);
/* Prometheus text exposition (0.0.4) of one block: ringtap_<key>{probe="...",core="..."}, where the
 * name of a counter ends in _total, and
 * ringtap_verdicts_total{probe="...",core="...",verdict="..."}; with HELP and TYPE when
 * described. */
void metrics_prometheus(struct base_text *t, const struct metrics_core *m, struct base_span probe,
	uint32_t core, bool describe);

struct metrics_exposition {
	struct base_span probe;
	const struct metrics_core *const *cores;
	uint32_t count;      /* of cores */
	uint32_t first_core; /* the label of cores[0] */
	bool describe;
};
/* The same of several blocks.  The format wants all samples of a name in one group, so a page for
 * more than one core is made by this and not by one metrics_prometheus after another. */
void metrics_prometheus_cores(struct base_text *t, const struct metrics_exposition *e);
/* The same of the cores of n probes (describe: the first one's counts). */
void metrics_prometheus_probes(struct base_text *t, const struct metrics_exposition *e, uint32_t n);
/* A label's value: backslash, quote and line feed escaped; what is not UTF-8 left as '?'. */
void metrics_label(struct base_text *t, struct base_span s);
