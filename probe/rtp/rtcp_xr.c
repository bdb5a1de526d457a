#include "rtp.h"

#define SDES_CNAME 1
#define SUMMARY_BYTES 36 /* behind the block header: SSRC and what follows, RFC 3611 4.6 */
#define VOIP_BYTES 32    /* 4.7 */
#define DELAY_BYTES 12   /* 4.5 */

struct base_span
rtcp_sdes_cname(const struct rtcp_packet *packet, uint32_t ssrc)
{
	struct base_reader r = base_reader_of(packet->body.p, packet->body.len);

	if (packet->type != RTCP_SDES || !base_reader_take(&r, 4))
		return (struct base_span){0};
	for (uint8_t chunk = 0; chunk < packet->count && !r.bad; chunk++) {
		bool mine = base_reader_be32(&r) == ssrc;
		const uint8_t *item;
		uint32_t used = 0; /* bytes of items: a chunk ends on a 32-bit boundary */
		while ((item = base_reader_take(&r, 1)) && *item) {
			const uint8_t *len = base_reader_take(&r, 1);
			const uint8_t *text = len ? base_reader_take(&r, *len) : NULL;
			if (text == NULL)
				return (struct base_span){0};
			if (mine && *item == SDES_CNAME)
				return base_span_of(text, *len);
			used += 2u + *len;
		}
		/* the 0 that ended it fills up to the boundary */
		base_reader_take(&r, 3 - used % 4);
	}
	return (struct base_span){0};
}

struct base_span
rtcp_xr_blocks(const struct rtcp_packet *packet)
{
	if (packet->type != RTCP_XR || packet->body.len < 8)
		return (struct base_span){0};
	return base_span_of(packet->body.p + 8, packet->body.len - 8);
}

static void
read_summary(struct rtcp_xr_block *b, const uint8_t *p)
{
	b->ssrc = base_load_be32(p);
	b->summary = (struct rtcp_xr_summary){
		.has_lost = b->specific & 0x80,
		.has_duplicates = b->specific & 0x40,
		.has_jitter = b->specific & 0x20,
		.begin_seq = base_load_be16(p + 4),
		.end_seq = base_load_be16(p + 6),
		.lost = base_load_be32(p + 8),
		.duplicates = base_load_be32(p + 12),
		.jitter_min = base_load_be32(p + 16),
		.jitter_max = base_load_be32(p + 20),
		.jitter_mean = base_load_be32(p + 24),
		.jitter_deviation = base_load_be32(p + 28),
	};
}

static void
read_voip(struct rtcp_xr_block *b, const uint8_t *p)
{
	b->ssrc = base_load_be32(p);
	b->voip = (struct rtcp_xr_voip){
		.loss_rate = p[4],
		.discard_rate = p[5],
		.burst_density = p[6],
		.gap_density = p[7],
		.burst_ms = base_load_be16(p + 8),
		.gap_ms = base_load_be16(p + 10),
		.rtt_ms = base_load_be16(p + 12),
		.end_system_ms = base_load_be16(p + 14),
		.signal_dbm = (int8_t)p[16],
		.noise_dbm = (int8_t)p[17],
		.rerl_db = p[18],
		.gmin = p[19],
		.r_factor = p[20],
		.ext_r_factor = p[21],
		.mos_lq = p[22],
		.mos_cq = p[23],
		.buffer_nominal_ms = base_load_be16(p + 26),
		.buffer_max_ms = base_load_be16(p + 28),
		.buffer_abs_max_ms = base_load_be16(p + 30),
	};
}

bool
rtcp_xr_next(struct base_span *rest, struct rtcp_xr_block *block)
{
	if (rest->len < 4)
		return false;
	const uint8_t *p = rest->p;
	uint32_t len = 4u * base_load_be16(p + 2);
	if (len > rest->len - 4)
		return false;
	*block = (struct rtcp_xr_block){.type = p[0], .specific = p[1]};
	if (block->type == RTCP_XR_REFERENCE_TIME && len >= 8)
		block->ntp = base_load_be64(p + 4);
	else if (block->type == RTCP_XR_DLRR)
		block->delays = base_span_of(p + 4, len);
	else if (block->type == RTCP_XR_SUMMARY && len >= SUMMARY_BYTES)
		read_summary(block, p + 4);
	else if (block->type == RTCP_XR_VOIP && len >= VOIP_BYTES)
		read_voip(block, p + 4);
	else
		block->type = 0;
	*rest = base_span_of(p + 4 + len, rest->len - 4 - len);
	return true;
}

bool
rtcp_xr_delay_next(struct base_span *delays, struct rtcp_xr_delay *delay)
{
	if (delays->len < DELAY_BYTES)
		return false;
	*delay = (struct rtcp_xr_delay){base_load_be32(delays->p),
		base_load_be32(delays->p + 4), base_load_be32(delays->p + 8)};
	*delays = base_span_of(delays->p + DELAY_BYTES, delays->len - DELAY_BYTES);
	return true;
}
