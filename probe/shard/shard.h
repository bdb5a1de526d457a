/* shard: which core owns a dialog, and the rings between cores.  Pure over the caller's memory.
 *
 * owner = hash(Call-ID) mod cores, keyed with the per-start secret.  Between each two cores runs
 * one single-producer single- consumer byte ring (base_ring) with typed messages; SIP that lands
 * elsewhere is copied into it (some 800 bytes: cheaper than keeping an mbuf, and it serves
 * reassembled messages and capture files alike).
 *
 * Thread: core i alone sends from i and receives at i. */
#pragma once

#include "base.h"
#include "metrics.h"

struct shard;

/* kind of a message; the bytes are the sender's and receiver's affair (worker). */
enum shard_kind {
	SHARD_SIP = 1, SHARD_COLLECT, SHARD_SUMMARY, SHARD_COLLECTED, SHARD_ENDED, SHARD_LINK,
	SHARD_DIGIT, SHARD_REPORT
};

/* ring_bytes: power of two, per pair */
size_t shard_footprint(uint32_t cores, uint64_t ring_bytes);
struct shard *shard_new(void *mem, uint32_t cores, uint64_t ring_bytes,
	const struct base_hash_key *key);

uint32_t shard_owner(const struct shard *s, struct base_span call_id);

/* Room for len bytes to core to, or NULL (full; the caller counts).  Then shard_send. */
void *shard_reserve(struct shard *s, uint32_t from, uint32_t to, uint32_t len,
	enum shard_kind kind);
void shard_send(struct shard *s, uint32_t from, uint32_t to, uint32_t len);

typedef void (*shard_message_fn)(void *context, uint32_t from, enum shard_kind kind,
	const uint8_t *p, uint32_t len);
/* Takes up to max messages waiting for core to, from each sender in turn.  Returns how many. */
uint32_t shard_receive(struct shard *s, uint32_t to, uint32_t max, shard_message_fn fn,
	void *context);

/* While all cores stand still (a replay in step): from now on shard_receive gives what waits now
 * and nothing that is sent later, so that what a core gets does not hang on how fast the others
 * are.  Returns how many bytes wait.  shard_let_go ends it. */
uint64_t shard_hold(struct shard *s);
void shard_let_go(struct shard *s);
