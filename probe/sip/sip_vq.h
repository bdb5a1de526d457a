/* sip_vq: voice quality reports of telephones and gateways (RFC 6035, application/vq-rtcpxr), the
 * body of a PUBLISH or NOTIFY.  Zero copy; what is absent or no number is NaN. */
#pragma once

#include "sip.h"

/* LocalMetrics: what the reporter received. */
struct sip_vq {
	struct base_span report;    /* VQSessionReport, VQIntervalReport, VQAlertReport */
	struct base_span call_id;   /* of the call that is reported on */
	struct base_span codec;     /* PD, without quotes */
	double loss, discard;       /* NLR, JDR: percent */
	double burst_density, burst_ms, gap_density, gap_ms; /* BLD, BD, GLD, GD: percent, ms */
	double rtt_ms, end_system_ms, jitter_ms; /* RTD, ESD, IAJ */
	double r_lq, r_cq, mos_lq, mos_cq;
};

/* False: not such a report. */
bool sip_vq_parse(struct sip_vq *vq, struct base_span body);
/* Whether a message's body is one, by its Content-Type. */
bool sip_vq_is(struct base_span content_type);
