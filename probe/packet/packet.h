/* packet: from a frame to the transport payload it carries.  Pure.
 *
 * packet_decode walks one bounded loop over the layers of a frame (Ethernet, VLAN, QinQ, MPLS,
 * PPPoE, Linux cooked capture v1/v2, BSD null/loop, raw IP; IPv4/IPv6 with extension headers,
 * IP-in-IP, GRE, ERSPAN I/II/III, VXLAN, GENEVE, GTP-U) down to UDP, TCP or SCTP, and fills a
 * packet_view that borrows from the frame.  Nothing is copied or allocated. packet_fragment.h
 * reassembles IP fragments, packet_sctp.h pieces of SCTP messages, packet_tcp.h puts TCP segments
 * in order; all over the caller's fixed memory.
 *
 * The caller's step:
 *     result = packet_decode(&view, frame, caplen, wirelen, link);
 *     PACKET_IS_FRAGMENT: result = packet_fragment_push(fragments, &view, now_ns) which decodes on
 *     when whole;
 *     PACKET_IS_DATAGRAM: view.payload is the UDP / TCP / SCTP-DATA payload of the innermost
 *     packet; where view.sctp_piece is set, a piece of a message: packet_sctp_push;
 *     otherwise the frame ends here with view.verdict. */
#pragma once

#include "base.h"

enum packet_verdict {
#define PACKET_VERDICT(name, key, text) PACKET_VERDICT_##name,
#include "packet_verdict.def"
#undef PACKET_VERDICT
	PACKET_VERDICT_COUNT
};

/* "sip", "rtp", ...; and the sentence. */
const char *packet_verdict_key(enum packet_verdict verdict);
const char *packet_verdict_text(enum packet_verdict verdict);

enum packet_result {
	PACKET_DONE,        /* ends here: view.verdict says how */
	PACKET_IS_DATAGRAM, /* view is complete down to the transport payload */
	PACKET_IS_FRAGMENT, /* view describes an IP fragment: give it to packet_fragment_push */
};

/* What the first byte of a frame is.  packet_link_of_dlt maps libpcap's DLT_/LINKTYPE_ numbers. */
enum packet_link {
	PACKET_LINK_ETHERNET,
	PACKET_LINK_RAW,   /* IPv4 or IPv6 by version nibble */
	/* BSD loopback, family in host order of the capturing machine: either is taken */
	PACKET_LINK_NULL,
	PACKET_LINK_SLL,   /* Linux cooked v1 */
	PACKET_LINK_SLL2,  /* Linux cooked v2 */
	PACKET_LINK_PPP,
	PACKET_LINK_PPPOE, /* the PPPoE session header (DLT_PPP_ETHER) */
	PACKET_LINK_UNKNOWN,
};
enum packet_link packet_link_of_dlt(int dlt);

/* WS: over TCP (RFC 7118); whoever finds it in a stream says so, no view does */
enum packet_transport { PACKET_UDP = 1, PACKET_TCP, PACKET_SCTP, PACKET_WS };
/* "udp", "tcp", "sctp", "ws"; "": none of these. */
const char *packet_transport_name(enum packet_transport transport);

enum packet_tunnel {
	PACKET_TUNNEL_NONE, PACKET_TUNNEL_IPIP, PACKET_TUNNEL_GRE, PACKET_TUNNEL_ERSPAN,
	PACKET_TUNNEL_VXLAN,
	PACKET_TUNNEL_GENEVE, PACKET_TUNNEL_GTPU, PACKET_TUNNEL_PPPOE, PACKET_TUNNEL_MPLS,
};
/* "", "ipip", "gre", "erspan", "vxlan", "geneve", "gtpu", "pppoe", "mpls". */
const char *packet_tunnel_name(enum packet_tunnel tunnel);

#define PACKET_DEPTH_MAX 8      /* layers of encapsulation */
#define PACKET_VLAN_NONE 0xffff
#define PACKET_TCP_FIN 0x01
#define PACKET_TCP_SYN 0x02
#define PACKET_TCP_RST 0x04
#define PACKET_TCP_ACK 0x10
#define PACKET_SCTP_END 0x01
#define PACKET_SCTP_BEGIN 0x02
#define PACKET_SCTP_PIECE 0x04  /* of each piece, so that one from the middle has a mark too */

struct packet_view {
	struct base_endpoint src, dst; /* innermost addresses; ports 0 in a fragment */
	/* borrowed: from the frame, or from a reassembly buffer until its next call */
	const uint8_t *payload;
	/* bytes there are (after a snap length: fewer than payload_wire_len) */
	uint32_t payload_len;
	uint32_t payload_wire_len;     /* bytes the headers announce */
	uint32_t tcp_seq;              /* of an SCTP piece: TSN, or FSN of I-DATA */
	/* IPv4 identification or IPv6 fragment identification, innermost; 0: none */
	uint32_t ip_id;
	/* bytes; in a fragment.  Of a piece of I-DATA: its stream and message, not 0 */
	uint32_t fragment_offset;
	/* bytes of further SCTP chunks behind payload: see packet_decode_next */
	uint32_t sctp_rest;
	uint16_t vlan;                 /* outermost VLAN id, or PACKET_VLAN_NONE */
	uint8_t transport;             /* enum packet_transport; in a fragment: 0 */
	uint8_t tunnel;                /* enum packet_tunnel: the innermost one */
	uint8_t ip_protocol;           /* of the innermost IP header's payload */
	uint8_t ttl, dscp;             /* innermost */
	uint8_t tcp_flags;             /* PACKET_TCP_x */
	uint8_t sctp_piece;            /* PACKET_SCTP_x; 0: no SCTP, or a whole message */
	uint8_t depth;                 /* layers of encapsulation used so far */
	/* enum packet_verdict with PACKET_DONE; IGNORED in a datagram, until somebody wants it */
	uint8_t verdict;
	bool fragment_more;            /* more fragments follow; in a fragment */
	bool reassembled;              /* came through packet_fragment_push */
	bool ip_id_valid;              /* IPv4 header present, ip_id means something when not 0 */
};

/* Decodes frame[0..caplen) of a packet that was wirelen bytes long (wirelen >= caplen).  Trailing
 * padding is left out by the IP length.  IPv4 total length 0 (segmentation offload) means up to the
 * frame's end; an IP length beyond the frame's end (mirrors that cut frames) is like a snap length:
 * payload_len < payload_wire_len.  depth counts IP headers and the headers of tunnels and PPPoE;
 * VLAN tags, labels and extension headers have a bound of their own. */
enum packet_result packet_decode(
	struct packet_view *view, const uint8_t *frame, uint32_t caplen, uint32_t wirelen,
	enum packet_link link);

/* Decodes on from the payload of a whole IP packet whose addresses, protocol and depth stand in
 * view: for packet_fragment. */
enum packet_result packet_decode_ip_payload(struct packet_view *view, const uint8_t *payload,
	uint32_t len, uint32_t wire_len);

/* SCTP bundles messages.  While view (PACKET_IS_DATAGRAM) has sctp_rest: moves payload on to the
 * next message, or piece of one, of the same packet.  Returns PACKET_IS_DATAGRAM, or PACKET_DONE
 * where there is none; that is no frame of its own in the ledger. */
enum packet_result packet_decode_next(struct packet_view *view);
