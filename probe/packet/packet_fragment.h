/* packet_fragment: IPv4 (RFC 791) and IPv6 (RFC 8200 4.5) reassembly within fixed memory.
 *
 * Knows: (source, destination, protocol, identification) and the bytes so far.  Does not know:
 * frames, ports, SIP. Memory: packet_fragments_footprint(max) bytes from the caller, cache-line
 * aligned.  A slot is one packet of up to 65 535 bytes in up to 64 pieces; its bytes stand in 2 KiB
 * blocks of a shared pool (two a slot and one whole packet).  Full: the oldest incomplete packet is
 * given up, counted.  Timeout: 30 s (as hosts do; RFC 8200 allows 60) by the given clock. Overlaps
 * (RFC 5722): an exact duplicate is ignored, any other overlap gives the packet up, counted.
 * Fragments cut by the snap length are dropped: the packet can no longer be whole. Thread: one
 * writer. */
#pragma once

#include "packet.h"

struct packet_fragments;

struct packet_fragment_counters {
	uint64_t reassembled, timed_out, overlapping, evicted;
	uint64_t too_large; /* beyond 65 535 bytes or 64 pieces */
	uint64_t malformed; /* empty, or not the last and no multiple of 8 bytes */
	uint64_t truncated; /* cut by the snap length */
};

size_t packet_fragments_footprint(uint32_t max_packets);
struct packet_fragments *packet_fragments_new(void *mem, uint32_t max_packets,
	const struct base_hash_key *key);

/* view: from packet_decode with PACKET_IS_FRAGMENT.  Returns PACKET_DONE with verdict FRAGMENT
 * (kept) or FRAGMENT_DROPPED; or, when this fragment completed the packet, the result of decoding
 * on (PACKET_IS_DATAGRAM, PACKET_DONE; PACKET_IS_FRAGMENT for a fragment inside a reassembled
 * tunnel packet, to be pushed in turn).  view then has what the first fragment's headers said
 * (VLAN, tunnel, TTL, identification) and reassembled set; its payload is valid until the next
 * call. */
enum packet_result packet_fragment_push(struct packet_fragments *f, struct packet_view *view,
	int64_t now_ns);

/* Gives up what has timed out by now_ns (push does it too). */
void packet_fragments_expire(struct packet_fragments *f, int64_t now_ns);

const struct packet_fragment_counters *packet_fragments_counters(const struct packet_fragments *f);
