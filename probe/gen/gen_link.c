#include "gen_private.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

static uint8_t *
put_bytes(uint8_t *p, const void *bytes, uint32_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

static uint8_t *
put_be16(uint8_t *p, uint32_t v)
{
	base_store_be16(p, (uint16_t)v);
	return p + 2;
}

static uint8_t *
put_be32(uint8_t *p, uint32_t v)
{
	base_store_be32(p, v);
	return p + 4;
}

/* Two addresses; the EtherType follows. */
static uint8_t *
put_macs(uint8_t *p, uint8_t last)
{
	const uint8_t macs[12] = {2, 0, 0, 0, 0, last, 2, 0, 0, 0, 1, last};

	return put_bytes(p, macs, sizeof(macs));
}

/* RFC 1071; the sum is 0 while it is being made. */
void
gen_ipv4_checksum(uint8_t *p)
{
	uint32_t sum = 0;

	base_store_be16(p + 10, 0);
	for (uint32_t i = 0; i < 20; i += 2)
		sum += base_load_be16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	base_store_be16(p + 10, (uint16_t)~((sum & 0xffff) + (sum >> 16)));
}

/* Length and checksum come with each frame; addresses are the caller's. */
void
gen_put_ipv4(uint8_t *p, uint32_t len, uint8_t protocol)
{
	static const uint8_t fixed[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 62};

	memcpy(p, fixed, sizeof(fixed));
	base_store_be16(p + 2, (uint16_t)len);
	p[9] = protocol;
}

static uint8_t *
put_outer_ip(struct gen_link *l, uint8_t *begin, uint8_t *p, uint8_t protocol)
{
	static const uint8_t addresses[8] = {172, 16, 0, 1, 172, 16, 0, 2};

	l->ip_at = (uint32_t)(p - begin);
	gen_put_ipv4(p, 0, protocol);
	memcpy(p + 12, addresses, sizeof(addresses));
	return p + 20;
}

static uint8_t *
put_outer_udp(struct gen_link *l, uint8_t *begin, uint8_t *p, uint16_t port)
{
	p = put_outer_ip(l, begin, p, 17);
	l->udp_at = (uint32_t)(p - begin);
	p = put_be16(p, port == 2152 ? port : 49152); /* GTP-U: the same on both sides */
	p = put_be16(p, port);
	return put_be32(p, 0);
}

/* What carries tunnel: an EtherType. */
static uint16_t
carrier_of(enum packet_tunnel tunnel, uint16_t inner)
{
	switch (tunnel) {
	case PACKET_TUNNEL_NONE: return inner;
	case PACKET_TUNNEL_MPLS: return ETHERTYPE_MPLS;
	case PACKET_TUNNEL_PPPOE: return ETHERTYPE_PPPOE;
	default: return ETHERTYPE_IPV4;
	}
}

static uint8_t *
put_inner_ethernet(uint8_t *p, uint16_t inner)
{
	return put_be16(put_macs(p, 3), inner);
}

/* From the EtherType of the carrier to where the inner IP packet begins. */
static uint8_t *
put_tunnel(struct gen_link *l, uint8_t *begin, uint8_t *p, enum packet_tunnel tunnel)
{
	bool v6 = begin == l->bytes[1];
	uint16_t inner = v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;

	switch (tunnel) {
	case PACKET_TUNNEL_MPLS: /* two labels, TTL 64 */
		return put_be32(put_be32(p, 1000 << 12 | 64), 2000 << 12 | 1 << 8 | 64);
	case PACKET_TUNNEL_PPPOE: /* RFC 2516; the PPP protocol counts */
		l->pppoe_at = (uint32_t)(p - begin);
		p = put_be16(put_be16(put_be16(p, 0x1100), 7), 0);
		return put_be16(p, v6 ? 0x0057 : 0x0021);
	case PACKET_TUNNEL_IPIP: return put_outer_ip(l, begin, p, v6 ? 41 : 4);
	case PACKET_TUNNEL_GRE: return put_be16(put_be16(put_outer_ip(l, begin, p, 47), 0), inner);
	case PACKET_TUNNEL_ERSPAN: /* type II: a sequence number, then its header */
		p = put_be16(put_be16(put_outer_ip(l, begin, p, 47), 0x1000), 0x88be);
		p = put_be32(put_be32(put_be32(p, 1), 0x10000001), 0);
		return put_inner_ethernet(p, inner);
	case PACKET_TUNNEL_VXLAN:
		p = put_outer_udp(l, begin, p, 4789);
		return put_inner_ethernet(put_be32(put_be32(p, 0x08000000), 77 << 8), inner);
	case PACKET_TUNNEL_GENEVE:
		p = put_outer_udp(l, begin, p, 6081);
		return put_inner_ethernet(put_be32(put_be32(p, 0x6558), 77 << 8), inner);
	case PACKET_TUNNEL_GTPU:
		p = put_outer_udp(l, begin, p, 2152);
		l->gtp_at = (uint32_t)(p - begin);
		return put_be32(put_be32(p, 0x30ff0000), 0xabcd);
	default: return p;
	}
}

void
gen_link_init(struct gen_link *l, const struct gen_options *o)
{
	*l = (struct gen_link){.len = 0};
	for (uint32_t v6 = 0; v6 < 2; v6++) {
		uint8_t *begin = l->bytes[v6], *p = put_macs(begin, 1);
		if (o->vlan != PACKET_VLAN_NONE)
			p = put_be16(put_be16(p, o->inner_vlan != PACKET_VLAN_NONE ?
				ETHERTYPE_QINQ : ETHERTYPE_VLAN), o->vlan);
		if (o->inner_vlan != PACKET_VLAN_NONE)
			p = put_be16(put_be16(p, ETHERTYPE_VLAN), o->inner_vlan);
		p = put_be16(p, carrier_of(o->tunnel, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4));
		p = put_tunnel(l, begin, p, o->tunnel);
		l->len = (uint32_t)(p - begin);
	}
}

void
gen_link_put(const struct gen_link *l, uint8_t *frame, bool v6, uint32_t len)
{
	memcpy(frame, l->bytes[v6], l->len);
	if (l->pppoe_at)
		base_store_be16(frame + l->pppoe_at + 4, (uint16_t)(len + 2));
	if (l->udp_at)
		base_store_be16(frame + l->udp_at + 4, (uint16_t)(l->len - l->udp_at + len));
	if (l->gtp_at)
		base_store_be16(frame + l->gtp_at + 2, (uint16_t)len);
	if (l->ip_at) {
		base_store_be16(frame + l->ip_at + 2, (uint16_t)(l->len - l->ip_at + len));
		gen_ipv4_checksum(frame + l->ip_at);
	}
}
