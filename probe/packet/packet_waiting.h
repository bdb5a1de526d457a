/* packet_waiting: what waits for the rest of its packet or message: found by key, given up by age.
 * The table below packet_fragment.c (packets) and packet_sctp.c (pieces of messages).
 *
 * Knows: entries of one size that begin with struct packet_waiting_entry, chains by hash of their
 * key, and their order of arrival.  Does not know: what an entry is, clocks, counters.
 * Memory: packet_waiting_footprint() bytes from the caller, cache-line aligned.  Thread: one
 * writer. */
#pragma once

#include "packet.h"

#define PACKET_WAITING_TIMEOUT_NS (30 * BASE_NS_PER_SEC)

/* The key of every entry stands right behind it, hashed and compared as bytes. */
struct packet_waiting_entry {
	int64_t born_ns;
	uint32_t chain;        /* next entry of the bucket, or of the free list */
	uint32_t newer, older; /* by age */
	uint32_t bucket;
};

struct packet_waiting {
	struct base_hash_key hash_key;
	uint8_t *entries;
	uint32_t *buckets;
	uint32_t entry_bytes, key_bytes;
	uint32_t bucket_mask;
	uint32_t free, oldest, newest;
};

/* Bytes for max (at least 1) entries of entry_bytes. */
size_t packet_waiting_footprint(uint32_t max, size_t entry_bytes);

/* An empty table in mem for entries that begin with struct packet_waiting_entry and key_bytes of
 * key.  hash_key is copied. */
void packet_waiting_init(struct packet_waiting *w, void *mem, uint32_t max, size_t entry_bytes,
	size_t key_bytes, const struct base_hash_key *hash_key);

/* The entry with this key, or NULL. */
void *packet_waiting_find(const struct packet_waiting *w, const void *key);

/* A new entry with this key, born now, the newest of all; what stands behind its key is the
 * caller's to set.  NULL where all are taken: free one first. */
void *packet_waiting_add(struct packet_waiting *w, const void *key, int64_t now_ns);

/* Gives entry back; its bytes behind the key stay until it is added anew. */
void packet_waiting_free(struct packet_waiting *w, void *entry);

/* The entry that has waited longest, except the one not_this (may be NULL), or NULL. */
void *packet_waiting_oldest(const struct packet_waiting *w, const void *not_this);

/* The oldest entry if it was born more than the timeout before now_ns, else NULL. */
void *packet_waiting_overdue(const struct packet_waiting *w, int64_t now_ns);

/* The end of a frame whose bytes wait for the rest, or of one that is of no use, counted. */
static inline enum packet_result
packet_waiting_kept(struct packet_view *view)
{
	view->verdict = PACKET_VERDICT_FRAGMENT;
	return PACKET_DONE;
}

static inline enum packet_result
packet_waiting_dropped(struct packet_view *view, uint64_t *counter)
{
	++*counter;
	view->verdict = PACKET_VERDICT_FRAGMENT_DROPPED;
	return PACKET_DONE;
}
