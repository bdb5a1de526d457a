#include "rtp.h"

#define SENDER_INFO 20 /* bytes, RFC 3550 6.4.1 */
#define REPORT_BLOCK 24

static int32_t
signed_24(const uint8_t *p)
{
	uint32_t v = base_load_be32(p) & 0xffffff;

	return v & 0x800000 ? (int32_t)v - 0x1000000 : (int32_t)v;
}

static void
report_block(struct rtcp_report_block *b, const uint8_t *p)
{
	*b = (struct rtcp_report_block){
		.ssrc = base_load_be32(p),
		.fraction_lost = p[4],
		.cumulative_lost = signed_24(p + 4),
		.highest_seq = base_load_be32(p + 8),
		.jitter = base_load_be32(p + 12),
		.lsr = base_load_be32(p + 16),
		.dlsr = base_load_be32(p + 20),
	};
}

/* SR and RR behind the header.  False: more blocks announced than there are. */
static bool
read_report(struct rtcp_packet *packet, struct base_reader *r)
{
	packet->sender_ssrc = base_reader_be32(r);
	if (packet->type == RTCP_SR) {
		const uint8_t *info = base_reader_take(r, SENDER_INFO);
		if (!info)
			return false;
		packet->ntp = base_load_be64(info);
		packet->rtp_timestamp = base_load_be32(info + 8);
		packet->sender_packets = base_load_be32(info + 12);
		packet->sender_octets = base_load_be32(info + 16);
	}
	for (uint8_t i = 0; i < packet->count; i++) {
		const uint8_t *p = base_reader_take(r, REPORT_BLOCK);
		if (!p)
			return false;
		report_block(&packet->blocks[i], p);
	}
	packet->n_blocks = packet->count;
	return !r->bad;
}

/* Bytes of the packet at p as its length announces, or 0 where that is no RTCP header. */
static uint32_t
packet_bytes(const uint8_t *p, uint32_t len)
{
	if (len < 4 || p[0] >> 6 != 2 || p[1] < 192 || p[1] > 223)
		return 0;
	return 4u * (base_load_be16(p + 2) + 1u);
}

bool
rtcp_next(struct base_span *rest, struct rtcp_packet *packet, bool *bad)
{
	*bad = false;
	if (rest->len == 0)
		return false;
	uint32_t n = packet_bytes(rest->p, rest->len);
	if (n == 0 || n > rest->len) {
		*bad = true;
		return false;
	}
	packet->type = rest->p[1];
	packet->count = rest->p[0] & 0x1f;
	packet->sender_ssrc = n >= 8 ? base_load_be32(rest->p + 4) : 0;
	packet->ntp = 0;
	packet->rtp_timestamp = packet->sender_packets = packet->sender_octets = 0;
	packet->body = base_span_of(rest->p, n);
	packet->n_blocks = 0;
	struct base_reader r = base_reader_of(rest->p + 4, n - 4);
	if ((packet->type == RTCP_SR || packet->type == RTCP_RR) && !read_report(packet, &r)) {
		*bad = true;
		return false;
	}
	*rest = base_span_of(rest->p + n, rest->len - n);
	return true;
}

bool
rtcp_looks_like(const uint8_t *p, uint32_t len, uint32_t wire_len)
{
	uint32_t at = 0;

	if (wire_len < len)
		wire_len = len;
	if (len < 8) /* a header and a source */
		return false;
	while (at < len) {
		uint32_t left = len - at, n = packet_bytes(p + at, left);
		if (n == 0)
			return at && left < 4 && wire_len > len; /* cut within a later header */
		if (n > wire_len - at)
			return false;
		at += n;
	}
	/* cut within a packet, or the lengths add up to all of it */
	return at > len || wire_len == len || wire_len - len >= 4;
}
