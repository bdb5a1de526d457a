/* cli_rfc6076: how many calls were set up and how fast, by the metrics of RFC 6076, for groups of
 * call records.
 *
 * An attempt is a call record with an INVITE that was seen; authentication rounds belong to it, so
 * a challenge that was answered is no attempt of its own.  With A attempts, n(x) of them with final
 * response x:
 *
 *   SER   (4.6)  n(2xx) / (A - n(3xx))
 *   SEER  (4.7)  n(2xx, 480, 486, 600, 603) / (A - n(3xx))
 *   ISA   (4.8)  n(408, 500, 503, 504) / A
 *   SRD   (4.3)  srd_ms, means of the successful (answered) and of the failed attempts apart
 *   SDD   (4.4)  sdd_ms, mean of the disconnects that were answered with 2xx
 *   ASR          answered / A (E.411 answer-seizure ratio)
 *   ACD          mean duration of the answered calls
 *   PDD          pdd_ms: median, 95th percentile (nearest rank)
 *   RRD   (4.1)  is a registration's: not here
 *
 * Ratios are in percent, empty where nothing is divided by.  Of a call still in progress nothing is
 * counted. */
#pragma once

#include <stdbool.h>

#include "record.h"

/* Of one group. */
struct rfc6076 {
	uint64_t attempts, answered, redirected, effective, ineffective;
	uint64_t srd_good_n, srd_bad_n, sdd_n, duration_n, mos_n;
	double srd_good_ms, srd_bad_ms, sdd_ms, duration_ms, mos; /* sums */
	float *pdd_ms; /* each one */
	uint64_t pdd_n, pdd_max;
	bool sorted;
};

/* Takes a call record; false: it is no attempt. */
bool rfc6076_add(struct rfc6076 *m, const struct record_row *row);
void rfc6076_free(struct rfc6076 *m);

/* Everything there is to print: once. */
enum rfc6076_figure {
	RFC6076_ATTEMPTS,
	RFC6076_ANSWERED,
	RFC6076_ASR,
	RFC6076_SER,
	RFC6076_SEER,
	RFC6076_ISA,
	RFC6076_SRD_GOOD,
	RFC6076_SRD_BAD,
	RFC6076_SDD,
	RFC6076_PDD_50,
	RFC6076_PDD_95,
	RFC6076_ACD,
	RFC6076_MOS,
	RFC6076_FIGURES
};
struct rfc6076_info {
	const char *key, *title; /* of CSV and JSON; of a table */
	unsigned decimals, drop; /* drop: cli_column's */
};
extern const struct rfc6076_info rfc6076_infos[RFC6076_FIGURES];
/* NaN where there is none. */
double rfc6076_figure(struct rfc6076 *m, enum rfc6076_figure f);
