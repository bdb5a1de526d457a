/* packet_plain: the overwhelming shape of a media frame, looked at in one run without a walk:
 * Ethernet, at most one VLAN tag, IPv4 without options and not a fragment, or IPv6 without
 * extension headers, UDP, no tunnel.  packet_decode takes the same run, so both say the same of a
 * frame. */
#pragma once

#include "packet.h"

#define PACKET_PORT_GTPU 2152
#define PACKET_PORT_VXLAN 4789
#define PACKET_PORT_VXLAN_GPE 4790
#define PACKET_PORT_VXLAN_LINUX 8472
#define PACKET_PORT_GENEVE 6081

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

/* The IP header at frame + at, behind the EtherType, and the UDP header behind it. */
static inline bool
packet_plain_ip(struct packet_plain *p, const uint8_t *frame, uint32_t at, uint32_t caplen)
{
	const uint8_t *ip = frame + at, *udp;
	/* EtherType, version, header length; flags, fragment offset, and protocol: a word each */
	uint32_t first = base_load_be32(ip - 2), carried;

	if (base_likely((first & 0xffffff00) == 0x08004500)) {
		udp = ip + 20;
		carried = (uint32_t)base_load_be16(ip + 2) - 20;
		if ((base_load_be32(ip + 6) & 0x3fff00ff) != 17 || carried > UINT16_MAX)
			return false;
		p->version = 4;
	} else {
		udp = ip + 40;
		if ((first & 0xfffff000) != 0x86dd6000 || caplen < at + 40 + PACKET_PLAIN_UDP_BYTES)
			return false;
		carried = base_load_be16(ip + 4);
		if (ip[6] != 17)
			return false;
		p->version = 6;
	}
	uint32_t len = base_load_be16(udp + 4);
	if (len < PACKET_PLAIN_UDP_BYTES || carried < len ||
		packet_port_is_tunnel(base_load_be16(udp + 2)))
		return false;
	uint32_t left = caplen - (uint32_t)(udp - frame);
	p->ip = ip;
	p->payload = udp + PACKET_PLAIN_UDP_BYTES;
	p->payload_len = (left < len ? left : len) - PACKET_PLAIN_UDP_BYTES;
	p->payload_wire_len = len - PACKET_PLAIN_UDP_BYTES;
	return true;
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
