/* What SDPs say behind the port of their only media.  It is read once: a later SDP with the same
 * bytes there says the same, for what stands before them has to be plain. */
#include "sip_sdp_private.h"

#define TAIL_MIN 24 /* bytes */

/* What stands for the session is what it is by default, but its address. */
static bool
session_is_plain(const struct sdp_reader *r)
{
	const struct sdp_common *s = &r->session;

	return s->direction == SIP_SDP_SENDRECV && !s->crypto && !s->rtcp_mux;
}

/* Never 0.  Who makes tails that fall together gains nothing: they are compared. */
static uint32_t
tail_hash(const uint8_t *p, uint32_t len)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;

	return (uint32_t)base_hash_short(&key, p, len) | 1;
}

static struct sip_sdp_tail *
place_of(const struct sdp_reader *r)
{
	return &r->tails->of[r->tail_hash >> 8 & (SIP_SDP_TAILS - 1)];
}
_Static_assert((SIP_SDP_TAILS & (SIP_SDP_TAILS - 1)) == 0, "a mask");

static struct base_span
part_of(const uint8_t *tail, uint16_t at, uint16_t len)
{
	return base_span_of(tail + at, len);
}

bool
sdp_tail_take(struct sdp_reader *r, const uint8_t *p)
{
	uint32_t len = (uint32_t)(r->limit - p);
	struct sip_sdp_media *media = r->media;

	if (r->sdp->n_media != 1 || len < TAIL_MIN || len > SIP_SDP_TAIL_MAX ||
		!session_is_plain(r))
		return false;
	r->tail = p;
	r->tail_hash = tail_hash(p, len);
	const struct sip_sdp_tail *t = place_of(r);
	if (t->hash != r->tail_hash || t->len != len || memcmp(t->text, p, len) != 0)
		return false;
	r->sdp->tail = (uint8_t)(t - r->tails->of + 1);
	r->current.direction = t->direction;
	r->current.crypto = t->crypto;
	r->current.rtcp_mux = t->rtcp_mux;
	media->proto = part_of(p, t->proto_at, t->proto_len);
	media->ptime_ms = t->ptime_ms;
	media->n_formats = t->n_formats;
	for (uint32_t i = 0; i < t->n_formats; i++)
		media->formats[i] = (struct sip_sdp_format){
			.encoding = part_of(p, t->formats[i].encoding_at,
				t->formats[i].encoding_len),
			.fmtp = part_of(p, t->formats[i].fmtp_at, t->formats[i].fmtp_len),
			.clock_rate = t->formats[i].clock_rate,
			.payload_type = t->formats[i].payload_type,
			.channels = t->formats[i].channels};
	return true;
}

/* Nothing of it changes what stands before it, and no address stands in it. */
static bool
tail_is_plain(const struct sdp_reader *r)
{
	const struct sip_sdp *sdp = r->sdp;
	const struct sip_sdp_media *media = &sdp->media[0];

	return sdp->n_media == 1 && !sdp->truncated && !r->connected &&
	       sip_span_end(sdp->origin) < r->tail && sip_span_end(sdp->session_name) < r->tail &&
	       media->n_formats <= SIP_SDP_TAIL_FORMATS && media->n_candidates == 0 &&
	       media->rtcp_port == 0 && base_ip_is_any(&media->rtcp_ip);
}

static void
part_keep(const struct sdp_reader *r, struct base_span s, uint16_t *at, uint16_t *len)
{
	*at = s.len ? (uint16_t)(s.p - r->tail) : 0;
	*len = (uint16_t)s.len;
}

void
sdp_tail_keep(struct sdp_reader *r)
{
	struct sip_sdp_tail *t = place_of(r);
	uint32_t *met = &r->tails->met[t - r->tails->of];
	const struct sip_sdp_media *media = &r->sdp->media[0];

	if (!tail_is_plain(r))
		return;
	if (*met != r->tail_hash) {
		*met = r->tail_hash;
		return;
	}
	r->tails->stamps += r->tails->stamps + 1 ? 1 : 2;
	*t = (struct sip_sdp_tail){.stamp = r->tails->stamps,
		.hash = r->tail_hash,
		.len = (uint32_t)(r->limit - r->tail),
		.ptime_ms = media->ptime_ms,
		.direction = r->current.direction,
		.n_formats = media->n_formats,
		.crypto = r->current.crypto,
		.rtcp_mux = r->current.rtcp_mux};
	part_keep(r, media->proto, &t->proto_at, &t->proto_len);
	for (uint32_t i = 0; i < media->n_formats; i++) {
		const struct sip_sdp_format *f = &media->formats[i];
		part_keep(r, f->encoding, &t->formats[i].encoding_at, &t->formats[i].encoding_len);
		part_keep(r, f->fmtp, &t->formats[i].fmtp_at, &t->formats[i].fmtp_len);
		t->formats[i].clock_rate = f->clock_rate;
		t->formats[i].payload_type = f->payload_type;
		t->formats[i].channels = f->channels;
	}
	memcpy(t->text, r->tail, t->len);
}
