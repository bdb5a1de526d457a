/* packet_sctp: the pieces of SCTP messages that are longer than a packet (RFC 9260 6.9, I-DATA of
 * RFC 8260), put together within fixed memory.
 *
 * Knows: an association's direction (addresses and ports), TSN, and of I-DATA stream, message and
 * FSN.  A message is a run of pieces, each one number behind the other, from one marked B to one
 * marked E; they may come in any order.  Does not know: frames, chunks, SIP. Memory:
 * packet_sctp_footprint(max) bytes from the caller, cache-line aligned, for max pieces of up to
 * 2 KiB and one whole message.  Full: the oldest piece is given up, counted.  Timeout: 30 s by the
 * given clock.  A piece that is there already is ignored; one cut by the snap length is dropped.
 * Thread: one writer. */
#pragma once

#include "packet.h"

struct packet_sctp;

struct packet_sctp_counters {
	uint64_t reassembled, timed_out, evicted;
	uint64_t too_large; /* a piece beyond 2 KiB, a message beyond 64 pieces */
	uint64_t malformed; /* empty, or the same number with other bytes */
	uint64_t truncated; /* cut by the snap length */
};

size_t packet_sctp_footprint(uint32_t max_pieces);
struct packet_sctp *packet_sctp_new(void *mem, uint32_t max_pieces,
	const struct base_hash_key *key);

/* view: a datagram with sctp_piece.  Returns PACKET_DONE with verdict FRAGMENT (kept) or
 * FRAGMENT_DROPPED; or, when this piece completed its message, PACKET_IS_DATAGRAM: view is then the
 * first piece's, with the whole payload, valid until the next call, reassembled set and no rest. */
enum packet_result packet_sctp_push(struct packet_sctp *s, struct packet_view *view,
	int64_t now_ns);

/* Gives up what has timed out by now_ns (push does it too). */
void packet_sctp_expire(struct packet_sctp *s, int64_t now_ns);

const struct packet_sctp_counters *packet_sctp_counters(const struct packet_sctp *s);
