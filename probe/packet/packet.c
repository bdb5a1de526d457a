#include "packet.h"

#include "packet_private.h"

/* Bounds what depth does not count: VLAN tags, label stacks, extension headers. */
#define STEPS_MAX 64

const char *
packet_verdict_key(enum packet_verdict verdict)
{
	static const char *const keys[] = {
#define PACKET_VERDICT(name, key, text) key,
#include "packet_verdict.def"
#undef PACKET_VERDICT
	};
	return (unsigned)verdict < PACKET_VERDICT_COUNT ? keys[verdict] : "unknown";
}

const char *
packet_verdict_text(enum packet_verdict verdict)
{
	static const char *const texts[] = {
#define PACKET_VERDICT(name, key, text) text,
#include "packet_verdict.def"
#undef PACKET_VERDICT
	};
	return (unsigned)verdict < PACKET_VERDICT_COUNT ? texts[verdict] : "unknown verdict";
}

const char *
packet_transport_name(enum packet_transport transport)
{
	static const char *const names[] = {"", "udp", "tcp", "sctp", "ws"};

	return (unsigned)transport < base_count_of(names) ? names[transport] : "";
}

const char *
packet_tunnel_name(enum packet_tunnel tunnel)
{
	static const char *const names[] = {
		"", "ipip", "gre", "erspan", "vxlan", "geneve", "gtpu", "pppoe", "mpls"};

	return (unsigned)tunnel < base_count_of(names) ? names[tunnel] : "";
}

enum packet_link
packet_link_of_dlt(int dlt)
{
	switch (dlt) {
	case 0: /* NULL */
	case 108: /* LOOP */ return PACKET_LINK_NULL;
	case 1: /* EN10MB */ return PACKET_LINK_ETHERNET;
	case 9: /* PPP */
	case 50: /* PPP_SERIAL */ return PACKET_LINK_PPP;
	case 51: /* PPP_ETHER */ return PACKET_LINK_PPPOE;
	case 12:  /* RAW, as DLT_ on most systems */
	case 14:  /* RAW, as DLT_ on OpenBSD */
	case 101: /* RAW, as LINKTYPE_ */
	case 228: /* IPV4 */
	case 229: /* IPV6 */ return PACKET_LINK_RAW;
	case 113: /* LINUX_SLL */ return PACKET_LINK_SLL;
	case 276: /* LINUX_SLL2 */ return PACKET_LINK_SLL2;
	default: return PACKET_LINK_UNKNOWN;
	}
}

static enum packet_layer
layer_of_link(enum packet_link link)
{
	switch (link) {
	case PACKET_LINK_ETHERNET: return PACKET_LAYER_ETHERNET;
	case PACKET_LINK_RAW: return PACKET_LAYER_RAW;
	case PACKET_LINK_NULL: return PACKET_LAYER_NULL;
	case PACKET_LINK_SLL: return PACKET_LAYER_SLL;
	case PACKET_LINK_SLL2: return PACKET_LAYER_SLL2;
	case PACKET_LINK_PPP: return PACKET_LAYER_PPP;
	case PACKET_LINK_PPPOE: return PACKET_LAYER_PPPOE;
	case PACKET_LINK_UNKNOWN: break;
	}
	return PACKET_LAYER_DONE;
}

static inline enum packet_layer
decode_layer(enum packet_layer layer, struct packet_view *view, struct packet_cursor *c)
{
	switch (layer) {
	case PACKET_LAYER_ETHERNET: return packet_decode_ethernet(view, c);
	case PACKET_LAYER_ETHERTYPE: return packet_decode_ethertype(view, c);
	case PACKET_LAYER_VLAN: return packet_decode_vlan(view, c);
	case PACKET_LAYER_MPLS: return packet_decode_mpls(view, c);
	case PACKET_LAYER_PPPOE: return packet_decode_pppoe(view, c);
	case PACKET_LAYER_PPP: return packet_decode_ppp(view, c);
	case PACKET_LAYER_SLL: return packet_decode_sll(view, c);
	case PACKET_LAYER_SLL2: return packet_decode_sll2(view, c);
	case PACKET_LAYER_NULL: return packet_decode_null(view, c);
	case PACKET_LAYER_RAW: return packet_decode_raw(view, c);
	case PACKET_LAYER_IPV4: return packet_decode_ipv4(view, c);
	case PACKET_LAYER_IPV6: return packet_decode_ipv6(view, c);
	case PACKET_LAYER_PROTOCOL: return packet_decode_protocol(view, c);
	case PACKET_LAYER_GRE: return packet_decode_gre(view, c);
	case PACKET_LAYER_UDP: return packet_decode_udp(view, c);
	case PACKET_LAYER_TCP: return packet_decode_tcp(view, c);
	case PACKET_LAYER_SCTP: return packet_decode_sctp(view, c);
	case PACKET_LAYER_DONE:
	case PACKET_LAYER_DATAGRAM:
	case PACKET_LAYER_FRAGMENT: break;
	}
	return layer;
}

static enum packet_result
decode_from(enum packet_layer layer, struct packet_view *view, struct packet_cursor *c)
{
	for (unsigned step = 0; step < STEPS_MAX && layer < PACKET_LAYER_DONE; step++)
		layer = decode_layer(layer, view, c);
	if (layer == PACKET_LAYER_DATAGRAM)
		return PACKET_IS_DATAGRAM;
	if (layer == PACKET_LAYER_FRAGMENT)
		return PACKET_IS_FRAGMENT;
	if (layer != PACKET_LAYER_DONE)
		view->verdict = PACKET_VERDICT_TOO_DEEP;
	return PACKET_DONE;
}

void
packet_view_of_plain(struct packet_view *view, const struct packet_plain *p)
{
	const uint8_t *ip = p->ip;

	packet_view_clear(view);
	packet_plain_hosts(p, &view->src, &view->dst);
	if (base_likely(p->version == 4)) {
		view->ip_id = base_load_be16(ip + 4);
		view->ip_id_valid = true;
		view->ttl = ip[8];
		view->dscp = ip[1] >> 2;
	} else {
		view->ttl = ip[7];
		view->dscp = (uint8_t)(base_load_be16(ip) >> 6 & 0x3f);
	}
	view->payload = p->payload;
	view->payload_len = p->payload_len;
	view->payload_wire_len = p->payload_wire_len;
	view->vlan = p->vlan;
	view->transport = PACKET_UDP;
	view->ip_protocol = 17;
	view->depth = 1;
}

enum packet_result
packet_decode(struct packet_view *view, const uint8_t *frame, uint32_t caplen, uint32_t wirelen,
	enum packet_link link)
{
	struct packet_plain plain;

	if (base_likely(link == PACKET_LINK_ETHERNET) &&
		base_likely(packet_plain_take(&plain, frame, caplen))) {
		packet_view_of_plain(view, &plain);
		return PACKET_IS_DATAGRAM;
	}
	struct packet_cursor c = {
		.p = frame, .left = caplen, .wire = wirelen > caplen ? wirelen : caplen};
	enum packet_layer layer = layer_of_link(link);

	packet_view_clear(view);
	if (layer == PACKET_LAYER_DONE)
		view->verdict = PACKET_VERDICT_UNKNOWN_LINK;
	return decode_from(layer, view, &c);
}

enum packet_result
packet_decode_ip_payload(
	struct packet_view *view, const uint8_t *payload, uint32_t len, uint32_t wire_len)
{
	struct packet_cursor c = {
		.p = payload, .left = len, .wire = wire_len > len ? wire_len : len};

	view->verdict = PACKET_VERDICT_IGNORED;
	view->fragment_offset = 0;
	view->fragment_more = false;
	return decode_from(PACKET_LAYER_PROTOCOL, view, &c);
}
