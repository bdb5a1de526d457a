/* packet_tunnel: GRE with ERSPAN and PPTP inside, and the tunnels that run over a UDP port.  A
 * port proves nothing: a UDP tunnel is entered only where its header holds, else the datagram
 * stays what it is. */
#include "packet_private.h"

enum {
	GRE_BYTES = 4,
	PPTP_BYTES = 8,
	ERSPAN2_BYTES = 8,
	ERSPAN3_BYTES = 12,
	ERSPAN3_SUBHEADER_BYTES = 8,
	VXLAN_BYTES = 8,
	GENEVE_BYTES = 8,
	GTPU_BYTES = 8,
	GTPU_OPTIONAL_BYTES = 4,
};

enum gre_flag {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
};

#define GRE_TYPE_ERSPAN 0x88be
#define GRE_TYPE_ERSPAN3 0x22eb
#define ERSPAN3_FRAME_IP 2

#define GTPU_MESSAGE_GPDU 255
#define GTPU_EXTENSIONS_MAX 16

/* ERSPAN as in draft-foschiano-erspan-03: type I has no header, II and III begin with their
 * version (1, 2). */
static enum packet_layer
decode_erspan(struct packet_view *view, struct packet_cursor *c, bool has_header)
{
	enum packet_layer inside = PACKET_LAYER_ETHERNET;
	uint32_t need = 0;

	if (has_header) {
		if (c->left < ERSPAN2_BYTES)
			return packet_layer_cut(view, c, ERSPAN2_BYTES);
		unsigned version = c->p[0] >> 4;
		need = version == 1 ? ERSPAN2_BYTES : version == 2 ? ERSPAN3_BYTES : 0;
		if (c->left < need)
			return packet_layer_cut(view, c, need);
		if (version == 2 && (c->p[11] & 1))
			need += ERSPAN3_SUBHEADER_BYTES;
		if (version == 2 && ((c->p[10] >> 2) & 0x1f) == ERSPAN3_FRAME_IP)
			inside = PACKET_LAYER_RAW;
	}
	if (c->left < need)
		return packet_layer_cut(view, c, need);
	packet_cursor_skip(c, need);
	return packet_layer_enter(view, PACKET_TUNNEL_ERSPAN, inside);
}

/* PPTP (RFC 2637 4.1): always a key (payload length, call); a packet without sequence number
 * only acknowledges. */
static enum packet_layer
decode_pptp(struct packet_view *view, struct packet_cursor *c, uint32_t flags)
{
	uint32_t need = PPTP_BYTES + (flags & GRE_SEQUENCE ? 4 : 0) + (flags & GRE_ACK ? 4 : 0);

	if (c->left < need)
		return packet_layer_cut(view, c, need);
	uint32_t len = base_load_be16(c->p + 4);
	if (base_load_be16(c->p + 2) != PACKET_ETHERTYPE_PPP || !(flags & GRE_KEY))
		return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
	packet_cursor_skip(c, need);
	if (!(flags & GRE_SEQUENCE) || len == 0)
		return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	if (len < c->wire)
		packet_cursor_announce(c, len);
	return packet_layer_enter(view, PACKET_TUNNEL_GRE, PACKET_LAYER_PPP);
}

/* RFC 2784 with the key and sequence number of RFC 2890.  The source routes of RFC 1701 are not
 * followed. */
enum packet_layer
packet_decode_gre(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < GRE_BYTES)
		return packet_layer_cut(view, c, GRE_BYTES);
	uint32_t flags = base_load_be16(c->p);
	if ((flags & GRE_VERSION) == 1)
		return decode_pptp(view, c, flags);
	if ((flags & GRE_VERSION) || (flags & GRE_ROUTING))
		return packet_layer_end(view, PACKET_VERDICT_OTHER_PROTOCOL);
	uint32_t need = GRE_BYTES + (flags & GRE_CHECKSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) +
			(flags & GRE_SEQUENCE ? 4 : 0);
	if (c->left < need)
		return packet_layer_cut(view, c, need);
	c->type = base_load_be16(c->p + 2);
	packet_cursor_skip(c, need);
	if (c->type == GRE_TYPE_ERSPAN || c->type == GRE_TYPE_ERSPAN3)
		return decode_erspan(
			view, c, c->type == GRE_TYPE_ERSPAN3 || (flags & GRE_SEQUENCE));
	return packet_layer_enter(view, PACKET_TUNNEL_GRE, PACKET_LAYER_ETHERTYPE);
}

/* RFC 7348; with the G bit the group policy (draft-smith-vxlan-group-policy) uses the first
 * reserved bytes. */
static enum packet_layer
decode_vxlan(struct packet_view *view, struct packet_cursor *c)
{
	const uint8_t *p = c->p;

	if (c->left < VXLAN_BYTES || (p[0] & 0x7f) != 0x08 || p[7] != 0)
		return PACKET_LAYER_DATAGRAM;
	if (!(p[0] & 0x80) && (p[1] | p[2] | p[3]))
		return PACKET_LAYER_DATAGRAM;
	packet_cursor_skip(c, VXLAN_BYTES);
	return packet_layer_enter(view, PACKET_TUNNEL_VXLAN, PACKET_LAYER_ETHERNET);
}

/* draft-ietf-nvo3-vxlan-gpe: version 0 and I set.  Its next protocol, 0 without the P bit, is
 * read either way. */
static enum packet_layer
decode_vxlan_gpe(struct packet_view *view, struct packet_cursor *c)
{
	static const uint8_t inside[] = {
		PACKET_LAYER_ETHERNET, PACKET_LAYER_IPV4, PACKET_LAYER_IPV6, PACKET_LAYER_ETHERNET};
	const uint8_t *p = c->p;

	if (c->left < VXLAN_BYTES || (p[0] & 0xf8) != 0x08 || p[1] || p[2] || p[7])
		return PACKET_LAYER_DATAGRAM;
	if (p[3] >= base_count_of(inside))
		return PACKET_LAYER_DATAGRAM;
	enum packet_layer layer = inside[p[3]];
	packet_cursor_skip(c, VXLAN_BYTES);
	return packet_layer_enter(view, PACKET_TUNNEL_VXLAN, layer);
}

/* RFC 8926 3.4. */
static enum packet_layer
decode_geneve(struct packet_view *view, struct packet_cursor *c)
{
	const uint8_t *p = c->p;

	if (c->left < GENEVE_BYTES || p[0] >> 6 != 0 || (p[1] & 0x3f) || p[7] != 0)
		return PACKET_LAYER_DATAGRAM;
	uint32_t header = GENEVE_BYTES + (p[0] & 0x3f) * 4u;
	uint16_t type = base_load_be16(p + 2);
	if (type != PACKET_ETHERTYPE_BRIDGED && type != PACKET_ETHERTYPE_IPV4 &&
		type != PACKET_ETHERTYPE_IPV6)
		return PACKET_LAYER_DATAGRAM;
	if (c->left < header)
		return PACKET_LAYER_DATAGRAM;
	c->type = type;
	packet_cursor_skip(c, header);
	return packet_layer_enter(view, PACKET_TUNNEL_GENEVE, PACKET_LAYER_ETHERTYPE);
}

/* The length of a GTP-U header with its optional fields and extension headers (3GPP TS 29.281
 * 5.1, 5.2), or 0 where they do not hold.  Every extension header is length (in units of 4
 * bytes), content, next type. */
static uint32_t
gtpu_header_length(const uint8_t *p, uint32_t left)
{
	uint32_t at = GTPU_BYTES;

	if (!(p[0] & 0x07))
		return at;
	at += GTPU_OPTIONAL_BYTES;
	if (left < at)
		return 0;
	if (!(p[0] & 0x04))
		return at;
	for (unsigned i = 0; p[at - 1] != 0; i++) {
		if (i == GTPU_EXTENSIONS_MAX || left <= at || p[at] == 0 || left - at < p[at] * 4u)
			return 0;
		at += p[at] * 4u;
	}
	return at;
}

/* 3GPP TS 29.281: version 1, protocol type GTP.  Only G-PDUs carry users' packets. */
static enum packet_layer
decode_gtpu(struct packet_view *view, struct packet_cursor *c)
{
	const uint8_t *p = c->p;

	if (c->left < GTPU_BYTES || p[0] >> 4 != 3)
		return PACKET_LAYER_DATAGRAM;
	uint32_t len = base_load_be16(p + 2);
	if (len > c->wire - GTPU_BYTES)
		return PACKET_LAYER_DATAGRAM;
	if (p[1] != GTPU_MESSAGE_GPDU)
		return packet_layer_end(view, PACKET_VERDICT_IGNORED);
	uint32_t header = gtpu_header_length(p, c->left);
	if (header == 0 || header > GTPU_BYTES + len)
		return PACKET_LAYER_DATAGRAM;
	packet_cursor_announce(c, GTPU_BYTES + len);
	packet_cursor_skip(c, header);
	return packet_layer_enter(view, PACKET_TUNNEL_GTPU, PACKET_LAYER_RAW);
}

enum packet_layer
packet_decode_udp_tunnel(struct packet_view *view, struct packet_cursor *c, uint16_t port)
{
	switch (port) {
	case PACKET_PORT_GTPU: return decode_gtpu(view, c);
	case PACKET_PORT_GENEVE: return decode_geneve(view, c);
	case PACKET_PORT_VXLAN_GPE: return decode_vxlan_gpe(view, c);
	default: return decode_vxlan(view, c);
	}
}
