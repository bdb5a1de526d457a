/* collector_tally: what the records of one probe come to, for the metrics: counts by kind and
 * disposition, histograms of post-dial delay and MOS, the answer-seizure ratio of the last minutes.
 *
 * Counted as the records are taken out of the rings and made good with the commit: a group that is
 * rolled back counts once, when it comes again.  Only final records of calls count as calls;
 * counters begin with the collector, as Prometheus wants them to be able to. */
#pragma once

#include "base.h"
#include "record.h"

enum collector_disposition {
	COLLECTOR_ANSWERED,
	COLLECTOR_BUSY,
	COLLECTOR_NO_ANSWER,
	COLLECTOR_CANCELLED,
	COLLECTOR_REDIRECTED,
	COLLECTOR_REJECTED,
	COLLECTOR_FAILED,
	COLLECTOR_INCOMPLETE,
	COLLECTOR_OTHER,
	COLLECTOR_DISPOSITIONS
};
extern const char *const collector_dispositions[COLLECTOR_DISPOSITIONS];

/* Upper bounds in thousandths of the unit; the last bucket has none. */
#define COLLECTOR_PDD_BUCKETS 12
#define COLLECTOR_MOS_BUCKETS 9
extern const uint32_t collector_pdd_bounds[COLLECTOR_PDD_BUCKETS]; /* ms */
extern const uint32_t collector_mos_bounds[COLLECTOR_MOS_BUCKETS]; /* 1/1000 */

/* u64 and nothing else: added up as an array. */
struct collector_counts {
	uint64_t kinds[RECORD_KIND_COUNT];
	uint64_t dispositions[COLLECTOR_DISPOSITIONS];
	uint64_t pdd[COLLECTOR_PDD_BUCKETS + 1], pdd_sum_us;
	uint64_t mos[COLLECTOR_MOS_BUCKETS + 1], mos_sum; /* sum: in 1/1000 */
};

#define COLLECTOR_WINDOW_S 300
#define COLLECTOR_WINDOW_PARTS 30

struct collector_tally {
	struct collector_counts counts, pending;
	/* calls and answered ones of the last COLLECTOR_WINDOW_S, a ring of parts */
	uint64_t calls[COLLECTOR_WINDOW_PARTS], answers[COLLECTOR_WINDOW_PARTS];
	int64_t part; /* of the clock: which one is being filled */
};

/* Takes a record of a group in progress; one that cannot be read is left out. */
void
collector_tally_take(struct collector_tally *t, const uint8_t *record, uint32_t len);
/* The group is committed, or is to come again. */
void
collector_tally_commit(struct collector_tally *t, int64_t now_ns);
void
collector_tally_rollback(struct collector_tally *t);
/* Calls and answers of the last COLLECTOR_WINDOW_S. */
void
collector_tally_window(
	const struct collector_tally *t, int64_t now_ns, uint64_t *calls, uint64_t *answers);
