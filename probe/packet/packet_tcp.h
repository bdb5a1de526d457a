/* packet_tcp: TCP segments in order, within fixed memory, for the few flows that carry SIP.
 *
 * Knows: one direction of one connection (4-tuple), the next expected sequence number, a bounded
 * buffer of bytes in order, and a bounded set of segments that came early.  Does not know: SIP; the
 * owner says how many bytes it has consumed. Memory: packet_tcp_footprint(max_flows, buffer_bytes),
 * cache-line aligned; each flow has a slab of buffer_bytes, which is its window: bytes not yet
 * consumed and early segments (at most 16 islands) stand in it at their own offsets.  Full: the
 * flow idle longest is given up, counted; closed flows go first, not counted.
 * A flow may start mid-connection: its first segment with data sets the sequence (gap is set then,
 * because what came before is unknown).  Retransmitted bytes are dropped; bytes already delivered
 * are never delivered again. A gap that is not filled within 2 s (packet time) or while the window
 * lasts is skipped: incomplete bytes before it are given up and packet_tcp_stream.gap is set.
 * Bytes that a snap length cut off are a gap that nobody waits for. A segment outside the window is
 * dropped; when the next one continues it, the connection really is there and is followed on. A SYN
 * with a new initial sequence number restarts the flow. Thread: one writer. */
#pragma once

#include "packet.h"

struct packet_tcp;

/* The bytes in order of one direction, from the first not yet consumed.  Borrowed until the next
 * packet_tcp_* call. */
struct packet_tcp_stream {
	uint32_t flow;       /* handle for packet_tcp_consume */
	const uint8_t *p;
	uint32_t len;
	struct base_endpoint src, dst;
	uint16_t vlan;       /* of its latest segment, as in packet_view */
	uint8_t tunnel;
	/* bytes were lost before p: look for the next start line; set until some are consumed */
	bool gap;
	/* first bytes since the flow began or a SYN restarted it: what was known of this handle is
	 * void */
	bool fresh;
	uint8_t note;        /* packet_tcp_note's; 0: none since the connection began */
	bool closed;         /* FIN or RST seen and every byte before it delivered */
};

struct packet_tcp_counters {
	uint64_t flows, evicted, gaps, retransmitted_bytes, out_of_order;
	/* segments with data that found no place: outside the window, too many islands, behind a
	 * FIN */
	uint64_t dropped;
};

size_t packet_tcp_footprint(uint32_t max_flows, uint32_t buffer_bytes);
struct packet_tcp *packet_tcp_new(void *mem, uint32_t max_flows, uint32_t buffer_bytes,
	const struct base_hash_key *key);

/* True where the flow of view (one direction) is being followed. */
bool packet_tcp_is_followed(const struct packet_tcp *t, const struct packet_view *view);

/* Takes a segment.  follow: start following where the flow is new (the caller saw SIP in it, or it
 * is on a SIP port); with SYN the sequence starts there.  Returns false and leaves *stream alone
 * where the flow is not followed or nothing new is in order; true with the bytes in order
 * otherwise, and once, perhaps without bytes, when the flow closes. */
bool packet_tcp_push(
	struct packet_tcp *t, const struct packet_view *view, int64_t now_ns, bool follow,
	struct packet_tcp_stream *stream);

/* Skips one gap older than 2 s of a flow that nobody pushes to any more: true with what stands
 * behind it.  For the caller's housekeeping: until it returns false.  now_ns INT64_MAX at the end
 * of a capture gives all there is. */
bool packet_tcp_poll(struct packet_tcp *t, int64_t now_ns, struct packet_tcp_stream *stream);

/* The caller has taken the first n bytes of the stream.  stream.p of the last push or poll stays
 * readable. */
void packet_tcp_consume(struct packet_tcp *t, uint32_t flow, uint32_t n);
/* What the owner keeps of a flow, until a SYN begins another connection. */
void packet_tcp_note(struct packet_tcp *t, uint32_t flow, uint8_t note);
/* Stop following (not SIP after all). */
void packet_tcp_forget(struct packet_tcp *t, uint32_t flow);

const struct packet_tcp_counters *packet_tcp_counters(const struct packet_tcp *t);
