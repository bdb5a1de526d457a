/* packet_private: how packet's layer functions talk to the loop in packet.c.
 *
 * A layer function reads its header at the cursor, notes what it learns in the view, moves the
 * cursor behind the header and returns the layer that follows.  Every read is preceded by a check
 * of cursor.left in the same function; cursor.wire is what the capture or the headers above
 * announce and is never used as a bound of memory. */
#pragma once

#include "packet.h"
#include "packet_plain.h"

enum packet_layer {
	PACKET_LAYER_ETHERNET,
	PACKET_LAYER_ETHERTYPE, /* by cursor.type */
	PACKET_LAYER_VLAN,
	PACKET_LAYER_MPLS,
	PACKET_LAYER_PPPOE,
	PACKET_LAYER_PPP,
	PACKET_LAYER_SLL,
	PACKET_LAYER_SLL2,
	PACKET_LAYER_NULL,
	PACKET_LAYER_RAW, /* IPv4 or IPv6 by nibble */
	PACKET_LAYER_IPV4,
	PACKET_LAYER_IPV6,
	PACKET_LAYER_PROTOCOL, /* by view.ip_protocol */
	PACKET_LAYER_GRE,
	PACKET_LAYER_UDP,
	PACKET_LAYER_TCP,
	PACKET_LAYER_SCTP,
	/* the end of the walk */
	PACKET_LAYER_DONE, /* view.verdict says how */
	PACKET_LAYER_DATAGRAM,
	PACKET_LAYER_FRAGMENT,
};

struct packet_cursor {
	const uint8_t *p;
	uint32_t left; /* bytes there are */
	uint32_t wire; /* bytes announced, >= left */
	uint16_t type; /* EtherType, for PACKET_LAYER_ETHERTYPE */
};

enum packet_ethertype {
	PACKET_ETHERTYPE_IPV4 = 0x0800,
	PACKET_ETHERTYPE_BRIDGED = 0x6558, /* RFC 1701: transparent Ethernet bridging */
	PACKET_ETHERTYPE_VLAN = 0x8100,
	PACKET_ETHERTYPE_IPV6 = 0x86dd,
	PACKET_ETHERTYPE_PPP = 0x880b,
	PACKET_ETHERTYPE_MPLS = 0x8847,
	PACKET_ETHERTYPE_MPLS_MULTICAST = 0x8848,
	PACKET_ETHERTYPE_PPPOE = 0x8864,
	PACKET_ETHERTYPE_QINQ = 0x88a8,
	PACKET_ETHERTYPE_QINQ_OLD = 0x9100,
};

/* Every field by name: the compiler joins these into a few wide stores, where a whole-struct
 * initializer becomes a rep stos that costs more than the rest of the short run. */
static inline void
packet_view_clear(struct packet_view *view)
{
	view->src = view->dst = (struct base_endpoint){.port = 0};
	view->payload = NULL;
	view->payload_len = view->payload_wire_len = 0;
	view->tcp_seq = view->ip_id = view->fragment_offset = view->sctp_rest = 0;
	view->vlan = PACKET_VLAN_NONE;
	view->transport = view->tunnel = view->ip_protocol = 0;
	view->ttl = view->dscp = view->tcp_flags = view->sctp_piece = view->depth = 0;
	view->verdict = PACKET_VERDICT_IGNORED;
	view->fragment_more = view->reassembled = view->ip_id_valid = false;
}

static inline enum packet_layer
packet_layer_end(struct packet_view *view, enum packet_verdict verdict)
{
	view->verdict = (uint8_t)verdict;
	return PACKET_LAYER_DONE;
}

/* A header of need bytes is not there: the capture cut it, or the layer above lied. */
static inline enum packet_layer
packet_layer_cut(struct packet_view *view, const struct packet_cursor *c, uint32_t need)
{
	return packet_layer_end(view,
		c->wire < need ? PACKET_VERDICT_MALFORMED : PACKET_VERDICT_TRUNCATED);
}

/* n <= c->left. */
static inline void
packet_cursor_skip(struct packet_cursor *c, uint32_t n)
{
	c->p += n;
	c->left -= n;
	c->wire -= n;
}

/* A header announces that wire bytes follow the cursor; what lies behind them is padding. */
static inline void
packet_cursor_announce(struct packet_cursor *c, uint32_t wire)
{
	c->wire = wire;
	if (c->left > wire)
		c->left = wire;
}

/* Counts a layer of encapsulation: false where it is one too many. */
static inline bool
packet_view_enter(struct packet_view *view)
{
	if (view->depth >= PACKET_DEPTH_MAX)
		return false;
	view->depth++;
	return true;
}

/* Enters a tunnel and goes on with layer. */
static inline enum packet_layer
packet_layer_enter(struct packet_view *view, enum packet_tunnel tunnel, enum packet_layer layer)
{
	if (!packet_view_enter(view))
		return packet_layer_end(view, PACKET_VERDICT_TOO_DEEP);
	view->tunnel = (uint8_t)tunnel;
	return layer;
}

/* packet_link.c */
enum packet_layer packet_decode_ethernet(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_ethertype(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_vlan(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_mpls(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_pppoe(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_ppp(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_sll(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_sll2(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_null(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_raw(struct packet_view *view, struct packet_cursor *c);

/* packet_ip.c */
enum packet_layer packet_decode_ipv4(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_ipv6(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_protocol(struct packet_view *view, struct packet_cursor *c);

/* packet_tunnel.c */
enum packet_layer packet_decode_gre(struct packet_view *view, struct packet_cursor *c);
/* The datagram at the cursor went to a tunnel's port.  Returns the layer inside, or
 * PACKET_LAYER_DATAGRAM and leaves view and cursor alone where it is no tunnel header after all. */
enum packet_layer packet_decode_udp_tunnel(struct packet_view *view, struct packet_cursor *c,
	uint16_t port);

/* packet_transport.c */
enum packet_layer packet_decode_udp(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_tcp(struct packet_view *view, struct packet_cursor *c);
enum packet_layer packet_decode_sctp(struct packet_view *view, struct packet_cursor *c);
