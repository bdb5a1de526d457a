/* packet_link: the layers below IP. */
#include "packet_private.h"

enum {
	ETHERNET_BYTES = 14,
	VLAN_BYTES = 4,
	MPLS_BYTES = 4,
	LLC_BYTES = 3,
	SNAP_BYTES = 8,
	PPPOE_BYTES = 6,
	CHDLC_BYTES = 4,
	SLL_BYTES = 16,
	SLL2_BYTES = 20,
	NULL_BYTES = 4,
};

/* EtherTypes start here; below it the field is an IEEE 802.3 length. */
#define ETHERTYPE_MIN 0x600
/* What Linux cooked capture writes for a frame without EtherType: ETH_P_802_2. */
#define SLL_LLC 0x0004

static bool
ethertype_is_known(uint16_t type)
{
	switch (type) {
	case PACKET_ETHERTYPE_IPV4:
	case PACKET_ETHERTYPE_IPV6:
	case PACKET_ETHERTYPE_VLAN:
	case PACKET_ETHERTYPE_QINQ:
	case PACKET_ETHERTYPE_QINQ_OLD:
	case PACKET_ETHERTYPE_MPLS:
	case PACKET_ETHERTYPE_MPLS_MULTICAST:
	case PACKET_ETHERTYPE_PPPOE:
	case PACKET_ETHERTYPE_PPP:
	case PACKET_ETHERTYPE_BRIDGED: return true;
	default: return false;
	}
}

enum packet_layer
packet_decode_ethertype(struct packet_view *view, struct packet_cursor *c)
{
	switch (c->type) {
	case PACKET_ETHERTYPE_IPV4: return PACKET_LAYER_IPV4;
	case PACKET_ETHERTYPE_IPV6: return PACKET_LAYER_IPV6;
	case PACKET_ETHERTYPE_VLAN:
	case PACKET_ETHERTYPE_QINQ:
	case PACKET_ETHERTYPE_QINQ_OLD: return PACKET_LAYER_VLAN;
	case PACKET_ETHERTYPE_MPLS:
	case PACKET_ETHERTYPE_MPLS_MULTICAST: return PACKET_LAYER_MPLS;
	case PACKET_ETHERTYPE_PPPOE: return PACKET_LAYER_PPPOE;
	case PACKET_ETHERTYPE_PPP: return PACKET_LAYER_PPP;
	case PACKET_ETHERTYPE_BRIDGED: return PACKET_LAYER_ETHERNET;
	default: return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	}
}

/* IEEE 802.2: SNAP with an EtherType (RFC 1042), or IP's own SAP. */
static enum packet_layer
decode_llc(struct packet_view *view, struct packet_cursor *c)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0}, ip_sap[3] = {0x06, 0x06, 0x03};

	if (c->left < LLC_BYTES)
		return packet_layer_cut(view, c, LLC_BYTES);
	if (memcmp(c->p, ip_sap, sizeof(ip_sap)) == 0) {
		packet_cursor_skip(c, LLC_BYTES);
		return PACKET_LAYER_IPV4;
	}
	if (memcmp(c->p, snap, LLC_BYTES) == 0 && c->left < SNAP_BYTES)
		return packet_layer_cut(view, c, SNAP_BYTES);
	if (memcmp(c->p, snap, c->left < sizeof(snap) ? LLC_BYTES : sizeof(snap)) != 0)
		return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	c->type = base_load_be16(c->p + 6);
	packet_cursor_skip(c, SNAP_BYTES);
	return PACKET_LAYER_ETHERTYPE;
}

/* The two-byte field of Ethernet and of VLAN tags: EtherType or length. */
static enum packet_layer
decode_type_or_length(struct packet_view *view, struct packet_cursor *c, uint16_t type)
{
	if (type < ETHERTYPE_MIN)
		return decode_llc(view, c);
	c->type = type;
	return PACKET_LAYER_ETHERTYPE;
}

enum packet_layer
packet_decode_ethernet(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < ETHERNET_BYTES)
		return packet_layer_cut(view, c, ETHERNET_BYTES);
	uint16_t type = base_load_be16(c->p + 12);
	packet_cursor_skip(c, ETHERNET_BYTES);
	return decode_type_or_length(view, c, type);
}

enum packet_layer
packet_decode_vlan(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < VLAN_BYTES)
		return packet_layer_cut(view, c, VLAN_BYTES);
	uint16_t id = base_load_be16(c->p) & 0xfff, type = base_load_be16(c->p + 2);
	packet_cursor_skip(c, VLAN_BYTES);
	if (view->vlan == PACKET_VLAN_NONE && id != 0) /* 0: a priority tag, no VLAN */
		view->vlan = id;
	return decode_type_or_length(view, c, type);
}

/* What follows the bottom of the stack is known to the label's owner only.  IP by its nibble
 * (RFC 3032 practice); nibble 0 is a pseudo-wire control word (RFC 4385), or the first nibble of
 * a MAC address of a wire without one: the EtherType tells. */
static enum packet_layer
decode_mpls_payload(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < 1)
		return packet_layer_cut(view, c, 1);
	switch (c->p[0] >> 4) {
	case 4: return PACKET_LAYER_IPV4;
	case 6: return PACKET_LAYER_IPV6;
	case 0: break;
	default: return PACKET_LAYER_ETHERNET;
	}
	if (c->left < MPLS_BYTES + ETHERNET_BYTES)
		return packet_layer_cut(view, c, MPLS_BYTES + ETHERNET_BYTES);
	uint16_t without = base_load_be16(c->p + 12), with = base_load_be16(c->p + MPLS_BYTES + 12);
	/* behind a tag, with is that tag's own type */
	bool tagged = without == PACKET_ETHERTYPE_VLAN || without == PACKET_ETHERTYPE_QINQ;
	if (!ethertype_is_known(without) || (ethertype_is_known(with) && !tagged))
		packet_cursor_skip(c, MPLS_BYTES);
	return PACKET_LAYER_ETHERNET;
}

/* One label a step, so the loop's bound holds for the stack; the payload follows the bottom. */
enum packet_layer
packet_decode_mpls(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < MPLS_BYTES)
		return packet_layer_cut(view, c, MPLS_BYTES);
	bool bottom = c->p[2] & 1;
	packet_cursor_skip(c, MPLS_BYTES);
	view->tunnel = PACKET_TUNNEL_MPLS;
	return bottom ? decode_mpls_payload(view, c) : PACKET_LAYER_MPLS;
}

/* RFC 2516. */
enum packet_layer
packet_decode_pppoe(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < PPPOE_BYTES)
		return packet_layer_cut(view, c, PPPOE_BYTES);
	uint32_t len = base_load_be16(c->p + 4);
	if (c->p[0] != 0x11)
		return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
	if (c->p[1] != 0)
		return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	packet_cursor_skip(c, PPPOE_BYTES);
	if (len < c->wire)
		packet_cursor_announce(c, len);
	return packet_layer_enter(view, PACKET_TUNNEL_PPPOE, PACKET_LAYER_PPP);
}

/* RFC 1661: address and control may be compressed away, the protocol to one (odd) byte.  A first
 * byte 0x0f or 0x8f with 0 is Cisco HDLC, which shares DLT_PPP_SERIAL. */
enum packet_layer
packet_decode_ppp(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < 2)
		return packet_layer_cut(view, c, 2);
	if ((c->p[0] == 0x0f || c->p[0] == 0x8f) && c->p[1] == 0) {
		if (c->left < CHDLC_BYTES)
			return packet_layer_cut(view, c, CHDLC_BYTES);
		c->type = base_load_be16(c->p + 2);
		packet_cursor_skip(c, CHDLC_BYTES);
		return PACKET_LAYER_ETHERTYPE;
	}
	if (c->p[0] == 0xff && c->p[1] == 0x03)
		packet_cursor_skip(c, 2);
	if (c->left < 2)
		return packet_layer_cut(view, c, 2);
	uint16_t protocol = c->p[0] & 1 ? c->p[0] : base_load_be16(c->p);
	packet_cursor_skip(c, c->p[0] & 1 ? 1 : 2);
	switch (protocol) {
	case 0x0021: return PACKET_LAYER_IPV4;
	case 0x0057: return PACKET_LAYER_IPV6;
	case 0x0281:
	case 0x0283: return PACKET_LAYER_MPLS;
	default: return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	}
}

enum packet_layer
packet_decode_sll(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < SLL_BYTES)
		return packet_layer_cut(view, c, SLL_BYTES);
	c->type = base_load_be16(c->p + 14);
	packet_cursor_skip(c, SLL_BYTES);
	return c->type == SLL_LLC ? decode_llc(view, c) : PACKET_LAYER_ETHERTYPE;
}

enum packet_layer
packet_decode_sll2(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < SLL2_BYTES)
		return packet_layer_cut(view, c, SLL2_BYTES);
	c->type = base_load_be16(c->p);
	packet_cursor_skip(c, SLL2_BYTES);
	return c->type == SLL_LLC ? decode_llc(view, c) : PACKET_LAYER_ETHERTYPE;
}

/* The family numbers of IPv6 differ: Linux 10, NetBSD and OpenBSD 24, FreeBSD 28, macOS 30,
 * Windows 23. */
enum packet_layer
packet_decode_null(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < NULL_BYTES)
		return packet_layer_cut(view, c, NULL_BYTES);
	uint32_t family = base_load_be32(c->p);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	packet_cursor_skip(c, NULL_BYTES);
	switch (family) {
	case 2: return PACKET_LAYER_IPV4;
	case 10:
	case 23:
	case 24:
	case 28:
	case 30: return PACKET_LAYER_IPV6;
	default: return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	}
}

enum packet_layer
packet_decode_raw(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < 1)
		return packet_layer_cut(view, c, 1);
	switch (c->p[0] >> 4) {
	case 4: return PACKET_LAYER_IPV4;
	case 6: return PACKET_LAYER_IPV6;
	default: return packet_layer_end(view, PACKET_VERDICT_NOT_IP);
	}
}
