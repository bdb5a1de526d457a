#include "rtp.h"

#define FIXED_HEADER 12

/* Header, CSRCs and extension as announced (RFC 3550 5.1, 5.3.1).  Where the extension's length was
 * not captured, it counts as empty. */
static uint32_t
header_bytes(const uint8_t *p, uint32_t len)
{
	uint32_t n = FIXED_HEADER + 4u * (p[0] & 0x0f);

	if (!(p[0] & 0x10))
		return n;
	if (len < n + 4)
		return n + 4;
	return n + 4 + 4u * base_load_be16(p + n + 2);
}

bool
rtp_parse(struct rtp_header *h, const uint8_t *p, uint32_t len, uint32_t wire_len)
{
	if (wire_len < len)
		wire_len = len;
	if (len < FIXED_HEADER || p[0] >> 6 != 2)
		return false;
	uint8_t payload_type = p[1] & 0x7f;
	/* 200..204 with the marker bit masked off: RTCP (RFC 5761 section 4) */
	if (payload_type >= 72 && payload_type <= 76)
		return false;
	uint32_t offset = header_bytes(p, len);
	if (offset > wire_len || offset > UINT16_MAX)
		return false;
	uint32_t payload_len = wire_len - offset;
	if (p[0] & 0x20 && len == wire_len) { /* the padding's length is the last byte */
		uint8_t padding = p[len - 1];
		if (padding == 0 || padding > payload_len)
			return false;
		payload_len -= padding;
	}
	*h = (struct rtp_header){
		.ssrc = base_load_be32(p + 8),
		.timestamp = base_load_be32(p + 4),
		.seq = base_load_be16(p + 2),
		.payload_type = payload_type,
		.csrc_count = p[0] & 0x0f,
		.marker = p[1] >> 7,
		.payload_offset = (uint16_t)offset,
		.payload_len = payload_len,
	};
	return true;
}

bool
rtp_event_parse(struct rtp_event *e, const uint8_t *payload, uint32_t len)
{
	if (len < 4)
		return false;
	*e = (struct rtp_event){
		.event = payload[0],
		.end = payload[1] >> 7,
		.volume = payload[1] & 0x3f,
		.duration = base_load_be16(payload + 2),
	};
	return true;
}
