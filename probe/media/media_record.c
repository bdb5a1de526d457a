#include "media.h"

static const char *const sides[] = {
	[MEDIA_SIDE_UNKNOWN] = "", [MEDIA_SIDE_CALLER] = "caller", [MEDIA_SIDE_CALLEE] = "callee"};

static const char *const ties[] = {[MEDIA_TIED_NOT] = "",
	[MEDIA_TIED_BOTH] = "both",
	[MEDIA_TIED_DST] = "destination",
	[MEDIA_TIED_SRC] = "source",
	[MEDIA_TIED_GUESS] = "guess"};

static const char *const reasons[] = {[MEDIA_MOS_GIVEN] = "", [MEDIA_MOS_CODEC] = "codec",
	[MEDIA_MOS_VIDEO] = "video", [MEDIA_MOS_SHORT] = "short",
	[MEDIA_MOS_CAPTURE_LOSS] = "capture_loss"};

#define XR_LEVEL_NONE 127 /* RFC 3611 4.7.4, 4.7.5: not available */

static double
percent_of_256(uint8_t fraction)
{
	return fraction * 100 / 256.0;
}

static void
put_addresses(struct record_writer *w, const struct media_summary *s)
{
	record_put_ip(w, RECORD_F_SRC_IP, &s->src.ip);
	record_put_u64(w, RECORD_F_SRC_PORT, s->src.port);
	record_put_ip(w, RECORD_F_DST_IP, &s->dst.ip);
	record_put_u64(w, RECORD_F_DST_PORT, s->dst.port);
	if (s->vlan != PACKET_VLAN_NONE)
		record_put_u64(w, RECORD_F_VLAN, s->vlan);
	record_put_cstr(w, RECORD_F_TUNNEL, packet_tunnel_name(s->tunnel));
	if (s->sender < base_count_of(sides))
		record_put_cstr(w, RECORD_F_SENDER, sides[s->sender]);
	if (s->tie < base_count_of(ties))
		record_put_cstr(w, RECORD_F_TIE, ties[s->tie]);
}

static void
put_counts(struct record_writer *w, const struct media_summary *s)
{
	if (s->codec != RTP_CODEC_T38) {
		record_put_hex32(w, RECORD_F_SSRC, s->ssrc);
		record_put_u64(w, RECORD_F_PAYLOAD_TYPE, s->payload_type);
	}
	record_put_cstr(w, RECORD_F_CODEC, rtp_codec_name(s->codec));
	if (s->clock_hz)
		record_put_u64(w, RECORD_F_CLOCK_RATE, s->clock_hz);
	record_put_time(w, RECORD_F_FIRST_TIME, s->first_ns);
	record_put_time(w, RECORD_F_LAST_TIME, s->last_ns);
	record_put_u64(w, RECORD_F_PACKETS, s->packets);
	record_put_u64(w, RECORD_F_BYTES, s->bytes);
	record_put_u64(w, RECORD_F_EXPECTED, s->expected);
	record_put_u64(w, RECORD_F_LOST, s->lost);
	record_put_u64(w, RECORD_F_DUPLICATES, s->duplicates);
	record_put_u64(w, RECORD_F_REORDERED, s->reordered);
	record_put_u64(w, RECORD_F_DISCARDED, s->discarded);
	record_put_f64(w, RECORD_F_JITTER_MS_MEAN, s->jitter_ms_mean);
	record_put_f64(w, RECORD_F_JITTER_MS_MAX, s->jitter_ms_max);
	record_put_f64(w, RECORD_F_DELTA_MS_MAX, s->delta_ms_max);
}

static void
put_quality(struct record_writer *w, const struct media_summary *s)
{
	record_put_u64(w, RECORD_F_BURSTS, s->bursts);
	record_put_f64(w, RECORD_F_BURST_DENSITY, s->burst_density);
	record_put_f64(w, RECORD_F_GAP_DENSITY, s->gap_density);
	record_put_f64(w, RECORD_F_BURST_MS, s->burst_ms);
	record_put_f64(w, RECORD_F_GAP_MS, s->gap_ms);
	record_put_f64(w, RECORD_F_BURST_RATIO, s->burst_ratio);
	record_put_f64(w, RECORD_F_CLOCK_SKEW_PPM, s->skew_ppm);
	if (s->mos_reason == MEDIA_MOS_GIVEN) {
		record_put_f64(w, RECORD_F_R_FACTOR, s->r);
		record_put_f64(w, RECORD_F_MOS, s->mos);
		record_put_cstr(w, RECORD_F_MOS_MODEL, s->wideband ? "G.107.1" : "G.107");
		record_put_cstr(w, RECORD_F_MOS_BASIS, s->estimate ? "estimate" : "g113");
	}
	if (s->mos_reason < base_count_of(reasons))
		record_put_cstr(w, RECORD_F_MOS_REASON, reasons[s->mos_reason]);
	if (s->mos_chunks) {
		record_put_f64(w, RECORD_F_MOS_MIN, s->mos_min);
		record_put_f64(w, RECORD_F_MOS_MEAN, s->mos_mean);
		record_put_time(w, RECORD_F_MOS_WORST_TIME, s->worst_ns);
		record_put_u64(w, RECORD_F_MOS_CHUNKS, s->mos_chunks);
	}
	if (s->mos_reason == MEDIA_MOS_GIVEN)
		record_put_f64(w, RECORD_F_DELAY_MS, s->delay_ms);
}

static void
put_habits(struct record_writer *w, const struct media_summary *s)
{
	if (s->interval_ms > 0)
		record_put_f64(w, RECORD_F_PTIME_MS, s->interval_ms);
	if (s->ptime_ms)
		record_put_u64(w, RECORD_F_PTIME_ANNOUNCED_MS, s->ptime_ms);
	record_put_u64(w, RECORD_F_DSCP, s->dscp);
	record_put_u64(w, RECORD_F_TTL, s->ttl);
	record_put_u64(w, RECORD_F_MARKERS, s->markers);
	record_put_u64(w, RECORD_F_RTCP_PACKETS, s->rtcp_packets);
	if (s->tie != MEDIA_TIED_NOT)
		record_put_u64(w, RECORD_F_AFTER_BYE, s->after_bye);
	record_put_u64(w, RECORD_F_EVENT_PACKETS, s->events);
	record_put_u64(w, RECORD_F_CN_PACKETS, s->noise);
	record_put_u64(w, RECORD_F_SILENCES, s->silences);
	record_put_u64(w, RECORD_F_SILENCE_MS, s->silence_ms);
	record_put_u64(w, RECORD_F_PAYLOAD_CHANGES, s->payload_changes);
	if (s->other_codec != RTP_CODEC_NONE) {
		record_put_u64(w, RECORD_F_OTHER_PAYLOAD_TYPE, s->other_payload_type);
		record_put_cstr(w, RECORD_F_OTHER_CODEC, rtp_codec_name(s->other_codec));
	}
	if (s->previous_ssrc)
		record_put_hex32(w, RECORD_F_PREVIOUS_SSRC, s->previous_ssrc);
}

/* 127 is for "not available" (RFC 3611 4.7). */
static void
put_voip(struct record_writer *w, const struct rtcp_xr_voip *v)
{
	record_put_f64(w, RECORD_F_XR_LOSS, percent_of_256(v->loss_rate));
	record_put_f64(w, RECORD_F_XR_DISCARD, percent_of_256(v->discard_rate));
	record_put_f64(w, RECORD_F_XR_BURST_DENSITY, percent_of_256(v->burst_density));
	record_put_f64(w, RECORD_F_XR_GAP_DENSITY, percent_of_256(v->gap_density));
	record_put_u64(w, RECORD_F_XR_BURST_MS, v->burst_ms);
	record_put_u64(w, RECORD_F_XR_GAP_MS, v->gap_ms);
	record_put_u64(w, RECORD_F_XR_RTT_MS, v->rtt_ms);
	record_put_u64(w, RECORD_F_XR_END_SYSTEM_MS, v->end_system_ms);
	if (v->signal_dbm != XR_LEVEL_NONE)
		record_put_f64(w, RECORD_F_XR_SIGNAL_DBM, v->signal_dbm);
	if (v->noise_dbm != XR_LEVEL_NONE)
		record_put_f64(w, RECORD_F_XR_NOISE_DBM, v->noise_dbm);
	if (v->rerl_db != XR_LEVEL_NONE)
		record_put_u64(w, RECORD_F_XR_RERL_DB, v->rerl_db);
	if (v->r_factor != XR_LEVEL_NONE)
		record_put_u64(w, RECORD_F_XR_R_FACTOR, v->r_factor);
	if (v->mos_lq != XR_LEVEL_NONE)
		record_put_f64(w, RECORD_F_XR_MOS_LQ, v->mos_lq / 10.0);
	if (v->mos_cq != XR_LEVEL_NONE)
		record_put_f64(w, RECORD_F_XR_MOS_CQ, v->mos_cq / 10.0);
	record_put_u64(w, RECORD_F_XR_BUFFER_MS, v->buffer_nominal_ms);
}

static void
put_summary(struct record_writer *w, const struct media_remote *r)
{
	const struct rtcp_xr_summary *x = &r->summary;

	if (x->has_lost)
		record_put_u64(w, RECORD_F_XR_LOST, x->lost);
	if (x->has_duplicates)
		record_put_u64(w, RECORD_F_XR_DUPLICATES, x->duplicates);
	if (!x->has_jitter)
		return;
	record_put_f64(w, RECORD_F_XR_JITTER_MS_MEAN, x->jitter_mean * r->ms_per_tick);
	record_put_f64(w, RECORD_F_XR_JITTER_MS_MAX, x->jitter_max * r->ms_per_tick);
}

static void
put_remote(struct record_writer *w, const struct media_remote *r)
{
	if (r->has_receiver || r->has_sender) {
		record_put_f64(w, RECORD_F_RTT_MS,
			r->trip_ms_mean > 0 ? r->trip_ms_mean : r->receiver_ms + r->sender_ms);
		record_put_f64(w, RECORD_F_RTT_MS_MAX,
			r->trip_ms_max > 0 ? r->trip_ms_max : r->receiver_ms + r->sender_ms);
	}
	if (r->has_receiver)
		record_put_f64(w, RECORD_F_RTT_RECEIVER_MS, r->receiver_ms);
	if (r->has_sender)
		record_put_f64(w, RECORD_F_RTT_SENDER_MS, r->sender_ms);
	record_put_u64(w, RECORD_F_REMOTE_REPORTS, r->n);
	if (r->n) {
		record_put_f64(w, RECORD_F_REMOTE_LOST, r->lost);
		record_put_f64(w, RECORD_F_REMOTE_LOSS, percent_of_256(r->fraction));
		record_put_f64(w, RECORD_F_REMOTE_LOSS_MAX, percent_of_256(r->fraction_max));
		record_put_f64(w, RECORD_F_REMOTE_JITTER_MS, r->jitter_ms);
		record_put_f64(w, RECORD_F_REMOTE_JITTER_MS_MAX, r->jitter_ms_max);
	}
	if (r->has_sent)
		record_put_u64(w, RECORD_F_SENT_PACKETS, r->sent_packets);
	record_put_str(w, RECORD_F_CNAME, base_span_of(r->cname, r->cname_len));
	if (r->bye)
		record_put_bool(w, RECORD_F_RTCP_BYE, true);
	if (r->has_voip)
		put_voip(w, &r->voip);
	if (r->has_summary)
		put_summary(w, r);
}

/* In the order of record.def, which is how a row is written as JSON in one go. */
void
media_summary_write(struct record_writer *w, const struct media_summary *s)
{
	put_addresses(w, s);
	put_counts(w, s);
	put_quality(w, s);
	put_habits(w, s);
	put_remote(w, &s->reports);
	if (s->codec == RTP_CODEC_T38)
		record_put_u64(w, RECORD_F_REDUNDANT, s->redundant);
	record_put_bool(w, RECORD_F_SRTP, s->srtp);
	record_put_u64(w, RECORD_F_CAPTURE_LOSS, s->capture_loss);
}
