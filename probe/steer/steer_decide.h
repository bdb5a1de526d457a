/* steer_decide: is a frame ours, and why.  Compiled for the kernel by both programs, and for the
 * unit test; hence the kernel's integer types, no libc, and bounds that its verifier can follow.
 *
 * Who includes this defines struct steer_packet above and the four functions declared here below;
 * with STEER_LAYOUT_ONLY defined there is only what the probe shares with the programs. */
#pragma once

#include <linux/types.h>

enum steer_reason {
	STEER_PASSED, STEER_SIP, STEER_RTP, STEER_FRAGMENT, STEER_TUNNEL, STEER_UNQUEUED,
	STEER_REASON_COUNT
};

enum { STEER_PORT_SIP = 1, STEER_PORT_RTP = 2 };

/* The one value of map steer_table; written by the probe, byte by byte. */
struct steer_table {
	__u8 ports[65536];   /* STEER_PORT_ bits */
	__u8 tunnels;
	__u8 reserved[7];
};

/* Key of map steer_pairs: source and destination of a packet; IPv4 in the first four bytes. */
struct steer_pair {
	__u8 source[16], destination[16];
};

#ifndef STEER_LAYOUT_ONLY

struct steer_packet;
/* len bytes of the frame from at on.  Not 0: they are not there. */
static int steer_load(const struct steer_packet *packet, __u32 at, void *to, __u32 len);
static const struct steer_table *steer_table_of(const struct steer_packet *packet);
static int steer_pair_known(const struct steer_packet *packet, const struct steer_pair *pair);
static void steer_pair_learn(const struct steer_packet *packet, const struct steer_pair *pair);

#define STEER_INLINE static inline __attribute__((always_inline))
#define STEER_TAGS_MAX 3
#define STEER_EXTENSIONS_MAX 6

enum { STEER_WHOLE, STEER_FIRST, STEER_LATER };

struct steer_view {
	__u32 at;            /* of the transport header */
	__u8 protocol;
	__u8 fragment;       /* STEER_WHOLE, _FIRST, _LATER */
	struct steer_pair pair;
};

STEER_INLINE __u16
steer_be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

STEER_INLINE __u8
steer_fragment_of(__u32 offset, __u32 more)
{
	return offset ? STEER_LATER : more ? STEER_FIRST : STEER_WHOLE;
}

STEER_INLINE int
steer_ipv4(const struct steer_packet *packet, struct steer_view *view)
{
	__u8 header[20];

	if (steer_load(packet, view->at, header, sizeof(header)) || header[0] >> 4 != 4 ||
		(header[0] & 15) < 5)
		return -1;
	view->protocol = header[9];
	view->fragment = steer_fragment_of(steer_be16(header + 6) & 0x1fff, header[6] & 0x20);
	__builtin_memcpy(view->pair.source, header + 12, 4);
	__builtin_memcpy(view->pair.destination, header + 16, 4);
	view->at += (header[0] & 15u) * 4;
	return 0;
}

/* Extension headers of RFC 8200 4, and AH. */
STEER_INLINE int
steer_ipv6(const struct steer_packet *packet, struct steer_view *view)
{
	__u8 header[40], extension[8];

	if (steer_load(packet, view->at, header, sizeof(header)) || header[0] >> 4 != 6)
		return -1;
	view->protocol = header[6];
	__builtin_memcpy(view->pair.source, header + 8, 16);
	__builtin_memcpy(view->pair.destination, header + 24, 16);
	view->at += sizeof(header);
	for (int i = 0; i < STEER_EXTENSIONS_MAX && view->fragment != STEER_LATER; i++) {
		__u8 next = view->protocol;
		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60)
			return 0;
		if (steer_load(packet, view->at, extension, sizeof(extension)))
			return -1;
		view->protocol = extension[0];
		if (next == 44)
			view->fragment = steer_fragment_of(
				steer_be16(extension + 2) & 0xfff8, extension[3] & 1);
		view->at += next == 44	 ? 8
			    : next == 51 ? (extension[1] + 2u) * 4
					 : (extension[1] + 1u) * 8;
	}
	return 0;
}

STEER_INLINE int
steer_ip(const struct steer_packet *packet, struct steer_view *view)
{
	__u8 link[14], tag[4];

	if (steer_load(packet, 0, link, sizeof(link)))
		return -1;
	__u16 type = steer_be16(link + 12);
	view->at = sizeof(link);
	for (int i = 0; i < STEER_TAGS_MAX; i++) {
		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
		if (steer_load(packet, view->at, tag, sizeof(tag)))
			return -1;
		type = steer_be16(tag + 2);
		view->at += sizeof(tag);
	}
	return type == 0x0800	? steer_ipv4(packet, view)
	       : type == 0x86dd ? steer_ipv6(packet, view)
				: -1;
}

/* GTP-U, VXLAN, VXLAN-GPE, GENEVE. */
STEER_INLINE int
steer_is_tunnel_port(__u16 port)
{
	return port == 2152 || port == 4789 || port == 4790 || port == 6081;
}

STEER_INLINE enum steer_reason
steer_ports(const struct steer_packet *packet, const struct steer_view *view)
{
	const struct steer_table *table = steer_table_of(packet);
	__u8 ports[4];
	int is_udp = view->protocol == 17;

	if (!is_udp && view->protocol != 6 && view->protocol != 132)
		return STEER_PASSED;
	if (!table || steer_load(packet, view->at, ports, sizeof(ports)))
		return STEER_PASSED;
	__u16 source = steer_be16(ports), destination = steer_be16(ports + 2);
	__u8 a = table->ports[source], b = table->ports[destination];
	if ((a | b) & STEER_PORT_SIP)
		return STEER_SIP;
	if (is_udp && table->tunnels &&
		(steer_is_tunnel_port(source) || steer_is_tunnel_port(destination)))
		return STEER_TUNNEL;
	/* Both: one alone would take the host's DNS answers to its ephemeral ports. */
	return is_udp && (a & b & STEER_PORT_RTP) ? STEER_RTP : STEER_PASSED;
}

STEER_INLINE enum steer_reason
steer_decide(const struct steer_packet *packet)
{
	struct steer_view view = {0};

	if (steer_ip(packet, &view))
		return STEER_PASSED;
	/* IPv4, IPv6, GRE within IP: every fragment names them. */
	if (view.protocol == 4 || view.protocol == 41 || view.protocol == 47) {
		const struct steer_table *table = steer_table_of(packet);
		return table && table->tunnels ? STEER_TUNNEL : STEER_PASSED;
	}
	if (view.fragment == STEER_LATER)
		return steer_pair_known(packet, &view.pair) ? STEER_FRAGMENT : STEER_PASSED;
	enum steer_reason reason = steer_ports(packet, &view);
	if (reason == STEER_SIP || (reason != STEER_PASSED && view.fragment == STEER_FIRST))
		steer_pair_learn(packet, &view.pair);
	return reason;
}

#endif
