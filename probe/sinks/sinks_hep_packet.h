/* sinks_hep_packet: one HEPv3 packet as bytes (Homer Encapsulation Protocol, rev. 12: "HEP3", total
 * length, then chunks of vendor, type, length, value; all big-endian).  A function of its
 * arguments. */
#pragma once

#include "base.h"

#define SINKS_HEP_BYTES_MAX 65507 /* what a datagram over IPv4 carries */

/* Chunk 11. */
enum sinks_hep_protocol {
	SINKS_HEP_SIP = 1,         /* the message as it came */
	SINKS_HEP_RTP_REPORT = 34, /* "MOS full report", JSON */
	SINKS_HEP_LOG = 100
};

struct sinks_hep_packet {
	struct base_endpoint src, dst;
	uint8_t ip_protocol; /* 17 udp, 6 tcp, 132 sctp */
	enum sinks_hep_protocol protocol;
	int64_t time_ns;
	int32_t vlan;      /* -1: none */
	uint32_t agent_id; /* chunk 12 */
	/* empty: no such chunk */
	struct base_span key, correlation, node;
	struct base_span payload;
};

/* Writes into p[0..cap); its length, 0 where it does not fit cap or a packet. */
uint32_t
sinks_hep_write(uint8_t *p, uint32_t cap, const struct sinks_hep_packet *packet);
