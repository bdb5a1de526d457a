/* packet_plain: the overwhelming shape of a media frame, looked at in one run without a walk:
 * Ethernet, at most one VLAN tag, IPv4 without options and not a fragment, or IPv6 without
 * extension headers, UDP, no tunnel.  packet_decode takes the same run, so both say the same of a
 * frame. */
#pragma once

#include "packet.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PACKET_PORT_GTPU 2152
#define PACKET_PORT_VXLAN 4789
#define PACKET_PORT_VXLAN_GPE 4790
#define PACKET_PORT_VXLAN_LINUX 8472
#define PACKET_PORT_GENEVE 6081

/* The upper byte of the highest of them. */
#define PACKET_PORT_TUNNELS_UPPER (PACKET_PORT_VXLAN_LINUX >> 8)

static inline bool
packet_port_is_tunnel(uint16_t port)
{
	return port == PACKET_PORT_GTPU || port == PACKET_PORT_VXLAN ||
		port == PACKET_PORT_VXLAN_GPE || port == PACKET_PORT_VXLAN_LINUX ||
		port == PACKET_PORT_GENEVE;
}

/* The addresses end where the UDP header begins: in IPv4 8 bytes of them, in IPv6 32. */
#define PACKET_PLAIN_UDP_BYTES 8

struct packet_plain {
	const uint8_t *ip, *payload; /* borrowed: the IP header, what UDP carries */
	uint32_t payload_len;        /* bytes there are */
	uint32_t payload_wire_len;   /* bytes that UDP announces */
	uint16_t vlan;               /* or PACKET_VLAN_NONE */
	uint8_t version;             /* of IP: 4 or 6 */
};

/* From the EtherType on, 16 bytes: IPv4 without options, not a fragment, that carries UDP. */
static inline bool
packet_plain_is_v4(const uint8_t *type)
{
#ifdef __SSE2__
	const __m128i mask = _mm_setr_epi8(-1, -1, -1, 0, 0, 0, 0, 0, 0x3f, -1, 0, -1, 0, 0, 0, 0);
	const __m128i v4 = _mm_setr_epi8(8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0);
	__m128i bytes = _mm_and_si128(_mm_loadu_si128((const __m128i *)type), mask);
	return _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, v4)) == 0xffff;
#else
	return (base_load_be32(type) & 0xffffff00) == 0x08004500 &&
	       (base_load_be32(type + 8) & 0x3fff00ff) == 17;
#endif
}

/* UDP, of which IP carries so many bytes; negative: IP's length is a lie. */
static inline bool
packet_plain_udp(struct packet_plain *p, const uint8_t *udp, uint32_t left, int32_t carried)
{
	uint32_t len = base_load_be16(udp + 4);

	if (len < PACKET_PLAIN_UDP_BYTES || carried < (int32_t)len ||
		(base_unlikely(udp[2] <= PACKET_PORT_TUNNELS_UPPER) &&
			packet_port_is_tunnel(base_load_be16(udp + 2))))
		return false;
	p->payload = udp + PACKET_PLAIN_UDP_BYTES;
	p->payload_len = (left < len ? left : len) - PACKET_PLAIN_UDP_BYTES;
	p->payload_wire_len = len - PACKET_PLAIN_UDP_BYTES;
	return true;
}

/* The IP header at frame + at, behind the EtherType, and the UDP header behind it. */
static inline bool
packet_plain_ip(struct packet_plain *p, const uint8_t *frame, uint32_t at, uint32_t caplen)
{
	const uint8_t *ip = frame + at;

	p->ip = ip;
	if (base_likely(packet_plain_is_v4(ip - 2))) {
		p->version = 4;
		return packet_plain_udp(
			p, ip + 20, caplen - at - 20, (int32_t)base_load_be16(ip + 2) - 20);
	}
	if ((base_load_be32(ip - 2) & 0xfffff000) != 0x86dd6000 ||
		caplen < at + 40 + PACKET_PLAIN_UDP_BYTES || ip[6] != 17)
		return false;
	p->version = 6;
	return packet_plain_udp(p, ip + 40, caplen - at - 40, base_load_be16(ip + 4));
}

/* frame[0..caplen) of Ethernet.  False: something is out of the ordinary: ask packet_decode. */
static inline bool
packet_plain_take(struct packet_plain *p, const uint8_t *frame, uint32_t caplen)
{
	p->vlan = PACKET_VLAN_NONE;
	if (base_unlikely(caplen < 14 + 4 + 20 + PACKET_PLAIN_UDP_BYTES))
		return false;
	if (base_load_be16(frame + 12) != 0x8100)
		return packet_plain_ip(p, frame, 14, caplen);
	p->vlan = base_load_be16(frame + 14) & 0xfff;
	return p->vlan != 0 && packet_plain_ip(p, frame, 18, caplen);
}

/* The mapped form of an IPv4 address, in two wide stores so that whoever hashes it next need not
 * wait for narrow ones. */
static inline void
packet_endpoint_set_v4(struct base_endpoint *endpoint, const uint8_t *address, uint16_t port)
{
	uint64_t high = 0, low;
	uint32_t a;

	memcpy(&a, address, 4);
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		low = (uint64_t)a << 32 | 0xffff0000u;
	else
		low = (uint64_t)0xffff << 32 | a;
	memcpy(endpoint->ip.b, &high, 8);
	memcpy(endpoint->ip.b + 8, &low, 8);
	endpoint->port = port;
}

static inline void
packet_plain_hosts(
	const struct packet_plain *plain, struct base_endpoint *src, struct base_endpoint *dst)
{
	const uint8_t *ip = plain->ip, *udp = plain->payload - PACKET_PLAIN_UDP_BYTES;
	uint16_t from = base_load_be16(udp), to = base_load_be16(udp + 2);

	if (base_likely(plain->version == 4)) {
		packet_endpoint_set_v4(src, ip + 12, from);
		packet_endpoint_set_v4(dst, ip + 16, to);
		return;
	}
	memcpy(src->ip.b, ip + 8, 16);
	memcpy(dst->ip.b, ip + 24, 16);
	src->port = from;
	dst->port = to;
}

/* What packet_decode makes of such a frame. */
void packet_view_of_plain(struct packet_view *view, const struct packet_plain *plain);
