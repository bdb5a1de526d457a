#include "media.h"

static const char *const sides[] = {
	[MEDIA_SIDE_UNKNOWN] = "", [MEDIA_SIDE_CALLER] = "caller", [MEDIA_SIDE_CALLEE] = "callee"};

static const char *const ties[] = {[MEDIA_TIED_NOT] = "",
	[MEDIA_TIED_BOTH] = "both",
	[MEDIA_TIED_DST] = "destination",
	[MEDIA_TIED_SRC] = "source",
	[MEDIA_TIED_GUESS] = "guess"};

void
media_summary_write(struct record_writer *w, const struct media_summary *s)
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
	record_put_hex32(w, RECORD_F_SSRC, s->ssrc);
	record_put_u64(w, RECORD_F_PAYLOAD_TYPE, s->payload_type);
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
	record_put_f64(w, RECORD_F_JITTER_MS_MEAN, s->jitter_ms_mean);
	record_put_f64(w, RECORD_F_JITTER_MS_MAX, s->jitter_ms_max);
	record_put_f64(w, RECORD_F_DELTA_MS_MAX, s->delta_ms_max);
	record_put_u64(w, RECORD_F_MARKERS, s->markers);
	record_put_u64(w, RECORD_F_RTCP_PACKETS, s->rtcp_packets);
	if (s->tie != MEDIA_TIED_NOT)
		record_put_u64(w, RECORD_F_AFTER_BYE, s->after_bye);
}
