#include "media_private.h"

/* RTCP: what the two ends say of the streams between them.
 *
 * A report block speaks of a stream that runs the other way.  The probe sits between the ends, so a
 * round trip is seen in two halves: from here to the receiver and back (the sender's report passed
 * here, and the receiver's answer to it came), and the same with the other end.  Their sum is the
 * path's. */

#define RTT_MOST_NS (60 * BASE_NS_PER_SEC)
#define RTT_QUANTUM_NS (2 * BASE_NS_PER_MS) /* clocks of ends and probe are not that exact */

struct rtcp_context {
	struct media *m;
	const struct media_report *report;
	uint32_t from;          /* stream of the sender of this packet, or MEDIA_NONE */
	uint32_t n;             /* subjects asked for so far */
	/* bit i: the i-th of them is here, or is not; the last bit for all more */
	uint64_t found, missed;
};

/* A stream that runs against this packet, of the SSRC that it speaks of. */
static uint32_t
subject_of(struct rtcp_context *x, uint32_t ssrc)
{
	const struct media_report *r = x->report;
	uint64_t bit = 1ull << (x->n < 63 ? x->n : 63);

	x->n++;
	if (r->taken & bit)
		return MEDIA_NONE;
	uint32_t index = media_rtcp_stream(x->m, &r->dst, &r->src, ssrc);
	if (index == MEDIA_NONE && r->call)
		index = media_call_stream(x->m, r->call, ssrc);
	*(index == MEDIA_NONE ? &x->missed : &x->found) |= bit;
	return index;
}

/* Of the stream of the packet's sender, or NULL. */
static struct media_reports *
reports_of_sender(const struct rtcp_context *x)
{
	return x->from != MEDIA_NONE ? media_reports_for(x->m, x->from) : NULL;
}

/* To the other cores. */
static void
tell(const struct rtcp_context *x, const struct media_report *report)
{
	if (x->m->options.report && report->call)
		x->m->options.report(x->m->options.context, report);
}

/* ---- round trips ---- */

static void
stamp(const struct rtcp_context *x, uint64_t ntp)
{
	struct media_reports *r = reports_of_sender(x);

	if (r == NULL)
		return;
	r->stamps[1] = r->stamps[0];
	r->stamps[0] = (struct media_stamp){x->report->ts_ns, (uint32_t)(ntp >> 16)};
}

/* The way to the packet's sender and back, as its own stream has it. */
static void
half_trip(const struct rtcp_context *x, uint32_t half_us)
{
	struct media_reports *back = reports_of_sender(x);
	struct media_report half = *x->report;

	if (back) {
		back->sender_us = half_us;
		back->has_sender = true;
	} else if (x->from == MEDIA_NONE) {
		half.sender_taken = false;
		half.half_us = half_us;
		half.len = 0;
		tell(x, &half);
	}
}

/* The receiver of subject's stream says: last is the stamp I saw, delay (1/65536 s) ago. */
static void
round_trip(const struct rtcp_context *x, uint32_t subject, uint32_t last, uint32_t delay)
{
	struct media_reports *r = media_reports_for(x->m, subject);
	int64_t delay_ns = (int64_t)((uint64_t)delay * 1953125 >> 7); /* 1e9 / 65536 */
	int64_t trip = INT64_MIN;

	for (uint32_t i = 0; r && last && i < base_count_of(r->stamps); i++)
		if (r->stamps[i].ntp_middle == last)
			trip = media_elapsed(r->stamps[i].ts_ns, x->report->ts_ns) - delay_ns;
	if (r == NULL || trip < -RTT_QUANTUM_NS || trip > RTT_MOST_NS)
		return;
	r->receiver_us = trip > 0 ? (uint32_t)(trip / BASE_NS_PER_US) : 0;
	r->has_receiver = true;
	half_trip(x, r->receiver_us);
	if (!r->has_sender)
		return; /* half a trip is no trip */
	uint32_t sum = r->receiver_us + r->sender_us;
	r->trip_us_max = sum > r->trip_us_max ? sum : r->trip_us_max;
	r->trip_us_sum += sum;
	r->trips++;
}

/* ---- what is said ---- */

static void
take_block(struct rtcp_context *x, const struct rtcp_report_block *b)
{
	uint32_t subject = subject_of(x, b->ssrc);
	struct media_reports *r = subject != MEDIA_NONE ? media_reports_for(x->m, subject) : NULL;

	if (r == NULL)
		return;
	r->reports++;
	r->lost = b->cumulative_lost;
	r->fraction = b->fraction_lost;
	r->fraction_max = b->fraction_lost > r->fraction_max ? b->fraction_lost : r->fraction_max;
	r->jitter = b->jitter;
	r->jitter_max = b->jitter > r->jitter_max ? b->jitter : r->jitter_max;
	round_trip(x, subject, b->lsr, b->dlsr);
}

static void
take_xr(struct rtcp_context *x, const struct rtcp_packet *packet)
{
	struct base_span rest = rtcp_xr_blocks(packet);
	struct rtcp_xr_block b;
	struct rtcp_xr_delay d;

	while (rtcp_xr_next(&rest, &b)) {
		bool told = b.type == RTCP_XR_VOIP || b.type == RTCP_XR_SUMMARY;
		uint32_t subject = told ? subject_of(x, b.ssrc) : MEDIA_NONE;
		struct media_reports *r =
			subject != MEDIA_NONE ? media_reports_for(x->m, subject) : NULL;
		if (b.type == RTCP_XR_REFERENCE_TIME)
			stamp(x, b.ntp);
		if (r && b.type == RTCP_XR_VOIP) {
			r->voip = b.voip;
			r->has_voip = true;
		}
		if (r && b.type == RTCP_XR_SUMMARY) {
			r->summary = b.summary;
			r->has_summary = true;
		}
		while (rtcp_xr_delay_next(&b.delays, &d)) {
			subject = subject_of(x, d.ssrc);
			if (subject != MEDIA_NONE)
				round_trip(x, subject, d.lrr, d.dlrr);
		}
	}
}

static void
take_own(const struct rtcp_context *x, const struct rtcp_packet *packet)
{
	struct media_reports *r = media_reports_for(x->m, x->from);
	uint32_t ssrc = x->m->hot[x->from].ssrc;
	struct base_span name = rtcp_sdes_cname(packet, ssrc);

	if (r == NULL)
		return;
	if (packet->type == RTCP_SR) {
		r->sent_packets = packet->sender_packets;
		r->has_sent = true;
	}
	if (packet->type == RTCP_BYE)
		r->bye = true;
	if (name.len) {
		r->cname_len = (uint8_t)(name.len < sizeof(r->cname) ? name.len : sizeof(r->cname));
		memcpy(r->cname, name.p, r->cname_len);
	}
}

static void
read_compound(struct rtcp_context *x)
{
	struct base_span rest = base_span_of(x->report->payload, x->report->len);
	struct rtcp_packet p;
	bool bad;

	while (rtcp_next(&rest, &p, &bad)) {
		if (p.type == RTCP_SR)
			stamp(x, p.ntp);
		if (x->from != MEDIA_NONE)
			take_own(x, &p);
		for (uint32_t i = 0; i < p.n_blocks; i++)
			take_block(x, &p.blocks[i]);
		take_xr(x, &p);
	}
}

/* Of a packet that looks like RTCP.  SRTCP is counted, and not read: behind its first 8 bytes all
 * is cipher. */
void
media_reports_receive(struct media *m, const struct media_report *report, uint32_t from)
{
	struct rtcp_context x = {.m = m, .report = report, .from = from};

	if (report->len == 0) {
		if (from != MEDIA_NONE)
			half_trip(&x, report->half_us);
		return;
	}
	if (from != MEDIA_NONE)
		media_more_for(m, from)->rtcp_packets++;
	if (!report->cipher && !(from != MEDIA_NONE && m->cold[from].flags & MEDIA_SRTP))
		read_compound(&x);
	if (report->travelled || (from != MEDIA_NONE && !x.missed))
		return;
	struct media_report others = *report;
	others.sender_taken = from != MEDIA_NONE;
	others.taken = x.found;
	tell(&x, &others);
}

/* ---- for the record ---- */

void
media_reports_summary(const struct media *m, uint32_t index, struct media_summary *out)
{
	const struct media_reports *r = media_reports_of(m, index);
	double ms_per_tick = out->clock_hz ? 1e3 / out->clock_hz : __builtin_nan("");

	out->reports = (struct media_remote){0};
	if (r == NULL)
		return;
	out->reports = (struct media_remote){
		.has_receiver = r->has_receiver,
		.has_sender = r->has_sender,
		.has_sent = r->has_sent,
		.has_voip = r->has_voip,
		.has_summary = r->has_summary,
		.bye = r->bye,
		.receiver_ms = r->receiver_us / 1e3,
		.sender_ms = r->sender_us / 1e3,
		.trip_ms_mean = r->trips ? (double)r->trip_us_sum / r->trips / 1e3 : 0,
		.trip_ms_max = r->trip_us_max / 1e3,
		.n = r->reports,
		.lost = r->lost,
		.fraction = r->fraction,
		.fraction_max = r->fraction_max,
		.jitter_ms = r->jitter * ms_per_tick,
		.jitter_ms_max = r->jitter_max * ms_per_tick,
		.ms_per_tick = ms_per_tick,
		.sent_packets = r->sent_packets,
		.voip = r->voip,
		.summary = r->summary,
		.cname_len = r->cname_len,
	};
	memcpy(out->reports.cname, r->cname, sizeof(r->cname));
}
