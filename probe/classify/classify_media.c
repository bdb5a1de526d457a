#include "classify_private.h"

#define LOOK_MAX 64

/* Bytes that may be looked at, and bytes that the datagram had: a snap length cuts the former. */
static uint32_t
view_seen(const struct packet_view *view)
{
	return view->payload_len < LOOK_MAX ? view->payload_len : LOOK_MAX;
}

static uint32_t
view_whole(const struct packet_view *view)
{
	return view->payload_wire_len > view->payload_len ? view->payload_wire_len
							  : view->payload_len;
}

/* Line ends (RFC 5626 4.4.1), zero bytes and blanks, as user agents send them to keep a NAT
 * binding; also nothing at all. */
bool
classify_is_keepalive(const struct packet_view *view)
{
	if (view_whole(view) > LOOK_MAX)
		return false;
	for (uint32_t i = 0; i < view->payload_len; i++)
		if (view->payload[i] && !base_is_space(view->payload[i]))
			return false;
	return true;
}

/* RFC 8489 5: two zero bits, the magic cookie, a length in words that is the datagram's. */
bool
classify_is_stun(const struct packet_view *view)
{
	const uint8_t *p = view->payload;

	if (view->payload_len < 8 || view_whole(view) < 20)
		return false;
	uint32_t length = base_load_be16(p + 2);
	return (p[0] & 0xc0) == 0 && base_load_be32(p + 4) == 0x2112a442 && length % 4 == 0 &&
	       length + 20 == view_whole(view);
}

/* RTCP packet types: 192-195 (RFC 2032, 5760 and history), 200-211 (RFC 3550, 4585, 3611, 5450
 * ...). */
static bool
is_rtcp_type(uint8_t type)
{
	return (type >= 192 && type <= 195) || (type >= 200 && type <= 211);
}

/* RFC 3550 A.2: version 2, known types, and the lengths of the compound add up; what lies behind
 * the bytes seen is believed. */
bool
classify_is_rtcp(const struct packet_view *view)
{
	uint32_t seen = view_seen(view), whole = view_whole(view), at = 0;

	if (seen < 8)
		return false;
	while (at < whole && at + 4 <= seen) {
		const uint8_t *p = view->payload + at;
		uint32_t bytes = ((uint32_t)base_load_be16(p + 2) + 1) * 4;
		if (p[0] >> 6 != 2 || !is_rtcp_type(p[1]) || bytes > whole - at)
			return false;
		at += bytes;
	}
	return at == whole || (at + 4 > seen && at + 4 <= whole);
}

/* RFC 3550 5.1, 5.3.1: version 2, a payload type that RTCP cannot be taken for (RFC 5761 4), CSRCs
 * and extension that fit. */
bool
classify_is_rtp(const struct packet_view *view)
{
	const uint8_t *p = view->payload;

	if (view->payload_len < 12 || p[0] >> 6 != 2)
		return false;
	uint8_t payload_type = p[1] & 0x7f;
	uint32_t header = 12 + 4u * (p[0] & 0x0f);
	if (payload_type >= 72 && payload_type <= 76)
		return false;
	if (p[0] & 0x10) {
		if (header + 4 <= view_seen(view))
			header += 4u * base_load_be16(p + header + 2);
		header += 4;
	}
	return header <= view_whole(view);
}
