/* packet_tcp_private: a followed flow and its window, shared by packet_tcp.c (which flow, when)
 * and packet_tcp_window.c (which bytes). */
#pragma once

#include "packet_tcp.h"

#define PACKET_TCP_NIL UINT32_MAX
#define PACKET_TCP_ISLANDS_MAX 16

/* One direction of a connection; hashed and compared as bytes. */
struct packet_tcp_key {
	struct base_endpoint src, dst;
};
_Static_assert(sizeof(struct packet_tcp_key) == 36, "no padding");

/* Early bytes, sequence numbers [start, end). */
struct packet_tcp_island {
	uint32_t start, end;
};

struct packet_tcp_link {
	uint32_t prev, next;
};

struct packet_tcp_list {
	uint32_t head, tail;
};

enum packet_tcp_list_name { PACKET_TCP_LIST_USE, PACKET_TCP_LIST_WAIT, PACKET_TCP_LIST_COUNT };

/* Its slab[start] is the byte with sequence number base; [base, next) is in order, islands stand
 * behind next. */
struct packet_tcp_flow {
	struct packet_tcp_key key;
	uint32_t base, next, start;
	uint32_t first;     /* sequence number of the first byte followed */
	uint32_t fin;       /* with fin_seen: the sequence number behind the last byte */
	uint32_t lost_end;  /* with lost: [next, lost_end) was cut off by the snap length */
	uint32_t stray_end; /* with stray: behind the last segment, which was outside the window */
	uint32_t wait_at;   /* with waiting: next when the wait began */
	int64_t wait_since_ns;
	uint32_t chain; /* next flow of the bucket, or of the free list */
	uint32_t bucket;
	struct packet_tcp_link links[PACKET_TCP_LIST_COUNT];
	/* ascending, disjoint, not touching */
	struct packet_tcp_island islands[PACKET_TCP_ISLANDS_MAX];
	uint16_t vlan;
	uint8_t tunnel;
	uint8_t island_count;
	uint8_t note;       /* the owner's */
	bool used, gap, fresh, fin_seen, closed, lost, stray, waiting;
};

struct packet_tcp {
	struct packet_tcp_counters counters;
	struct base_hash_key key;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t max, window; /* window: bytes of a slab */
	uint32_t free_flow;
	/* USE: idle longest first; WAIT: waiting longest first */
	struct packet_tcp_list lists[PACKET_TCP_LIST_COUNT];
	struct packet_tcp_flow *flows;
	uint8_t *slabs;
};

struct packet_tcp_segment {
	const uint8_t *p;
	uint32_t seq;
	uint32_t len, wire; /* bytes there are, bytes announced */
};

static inline uint32_t
packet_tcp_flow_id(const struct packet_tcp *t, const struct packet_tcp_flow *f)
{
	return (uint32_t)(f - t->flows);
}

static inline uint8_t *
packet_tcp_flow_slab(struct packet_tcp *t, const struct packet_tcp_flow *f)
{
	return t->slabs + (size_t)packet_tcp_flow_id(t, f) * t->window;
}

/* packet_tcp.c: begins anew with the byte seq. */
void packet_tcp_flow_begin(struct packet_tcp *t, struct packet_tcp_flow *f, uint32_t seq,
	bool mid_connection);

/* packet_tcp_window.c */

/* True where seg, at or ahead of next, reaches beyond the window. */
bool packet_tcp_flow_overflows(
	const struct packet_tcp *t, const struct packet_tcp_flow *f,
	const struct packet_tcp_segment *seg);
/* Takes the bytes of seg.  False where they found no place. */
bool packet_tcp_flow_take(struct packet_tcp *t, struct packet_tcp_flow *f,
	struct packet_tcp_segment seg);
/* Skips the first gap: before the first island, or before the FIN. */
void packet_tcp_flow_skip_gap(struct packet_tcp *t, struct packet_tcp_flow *f);
