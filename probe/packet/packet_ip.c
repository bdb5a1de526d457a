/* packet_ip: IPv4 (RFC 791), IPv6 (RFC 8200) and its extension headers. */
#include "packet_private.h"

enum {
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	IPV6_FRAGMENT_BYTES = 8,
	EXTENSION_BYTES = 8, /* the least extension header; AH is longer */
};

enum ip_protocol {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_IPV4 = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DESTINATION = 60,
	IP_SCTP = 132,
	IP_MOBILITY = 135,
	IP_MPLS = 137,
};

/* The view of a fragment: its piece of the packet, for packet_fragment. */
static enum packet_layer
layer_fragment(struct packet_view *view, const struct packet_cursor *c)
{
	view->payload = c->p;
	view->payload_len = c->left;
	view->payload_wire_len = c->wire;
	return PACKET_LAYER_FRAGMENT;
}

enum packet_layer
packet_decode_ipv4(struct packet_view *view, struct packet_cursor *c)
{
	const uint8_t *p = c->p;

	if (c->left < IPV4_BYTES)
		return packet_layer_cut(view, c, IPV4_BYTES);
	uint32_t header = (p[0] & 15) * 4u, total = base_load_be16(p + 2),
		 word = base_load_be16(p + 6);
	if (total == 0) /* left to the segmenting NIC */
		total = c->wire;
	if (p[0] >> 4 != 4 || header < IPV4_BYTES || total < header)
		return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
	if (!packet_view_enter(view))
		return packet_layer_end(view, PACKET_VERDICT_TOO_DEEP);
	packet_endpoint_set_v4(&view->src, p + 12, 0);
	packet_endpoint_set_v4(&view->dst, p + 16, 0);
	view->dscp = p[1] >> 2;
	view->ip_id = base_load_be16(p + 4);
	view->ip_id_valid = true;
	view->ttl = p[8];
	view->ip_protocol = p[9];
	packet_cursor_announce(c, total);
	if (c->left < header)
		return packet_layer_cut(view, c, header);
	packet_cursor_skip(c, header);
	if ((word & 0x3fff) == 0)
		return PACKET_LAYER_PROTOCOL;
	view->fragment_offset = (word & 0x1fff) * 8;
	view->fragment_more = word & 0x2000;
	return layer_fragment(view, c);
}

enum packet_layer
packet_decode_ipv6(struct packet_view *view, struct packet_cursor *c)
{
	const uint8_t *p = c->p;

	if (c->left < IPV6_BYTES)
		return packet_layer_cut(view, c, IPV6_BYTES);
	if (p[0] >> 4 != 6)
		return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
	if (!packet_view_enter(view))
		return packet_layer_end(view, PACKET_VERDICT_TOO_DEEP);
	uint32_t len = base_load_be16(p + 4);
	view->src = view->dst = (struct base_endpoint){.port = 0};
	memcpy(view->src.ip.b, p + 8, 16);
	memcpy(view->dst.ip.b, p + 24, 16);
	view->dscp = (uint8_t)((base_load_be16(p) >> 6) & 0x3f);
	view->ip_id = 0;
	view->ip_id_valid = false;
	view->ttl = p[7];
	view->ip_protocol = p[6];
	packet_cursor_skip(c, IPV6_BYTES);
	if (len) /* 0: jumbogram, or left to the segmenting NIC */
		packet_cursor_announce(c, len);
	return PACKET_LAYER_PROTOCOL;
}

/* Hop-by-hop, routing, destination, mobility: length in units of 8 bytes without the first; AH
 * (RFC 4302): units of 4, without the first two. */
static enum packet_layer
decode_extension(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < EXTENSION_BYTES)
		return packet_layer_cut(view, c, EXTENSION_BYTES);
	uint32_t len = view->ip_protocol == IP_AH ? (c->p[1] + 2u) * 4 : (c->p[1] + 1u) * 8;
	if (c->left < len)
		return packet_layer_cut(view, c, len);
	view->ip_protocol = c->p[0];
	packet_cursor_skip(c, len);
	return PACKET_LAYER_PROTOCOL;
}

/* RFC 8200 4.5; with offset 0 and no more to come it is an atomic fragment (RFC 6946): a whole
 * packet. */
static enum packet_layer
decode_ipv6_fragment(struct packet_view *view, struct packet_cursor *c)
{
	const uint8_t *p = c->p;

	if (c->left < IPV6_FRAGMENT_BYTES)
		return packet_layer_cut(view, c, IPV6_FRAGMENT_BYTES);
	uint32_t word = base_load_be16(p + 2);
	view->ip_protocol = p[0];
	view->ip_id = base_load_be32(p + 4);
	packet_cursor_skip(c, IPV6_FRAGMENT_BYTES);
	if ((word & 0xfff9) == 0)
		return PACKET_LAYER_PROTOCOL;
	view->fragment_offset = word & 0xfff8;
	view->fragment_more = word & 1;
	return layer_fragment(view, c);
}

static enum packet_layer
decode_ipv6_protocol(struct packet_view *view, struct packet_cursor *c)
{
	switch (view->ip_protocol) {
	case IP_HOP_BY_HOP:
	case IP_ROUTING:
	case IP_DESTINATION:
	case IP_MOBILITY: return decode_extension(view, c);
	case IP_FRAGMENT: return decode_ipv6_fragment(view, c);
	default: return packet_layer_end(view, PACKET_VERDICT_OTHER_PROTOCOL);
	}
}

enum packet_layer
packet_decode_protocol(struct packet_view *view, struct packet_cursor *c)
{
	switch (view->ip_protocol) {
	case IP_UDP: return PACKET_LAYER_UDP;
	case IP_TCP: return PACKET_LAYER_TCP;
	case IP_SCTP: return PACKET_LAYER_SCTP;
	case IP_ICMP:
	case IP_ICMPV6: return packet_layer_end(view, PACKET_VERDICT_ICMP);
	case IP_GRE: return PACKET_LAYER_GRE;
	case IP_IPV4: view->tunnel = PACKET_TUNNEL_IPIP; return PACKET_LAYER_IPV4;
	case IP_IPV6: view->tunnel = PACKET_TUNNEL_IPIP; return PACKET_LAYER_IPV6;
	case IP_MPLS: return PACKET_LAYER_MPLS;
	case IP_AH: return decode_extension(view, c);
	default: break;
	}
	if (base_ip_is_v4(&view->src.ip))
		return packet_layer_end(view, PACKET_VERDICT_OTHER_PROTOCOL);
	return decode_ipv6_protocol(view, c);
}
