/* base_ring: a byte ring for one producer and one consumer, carrying length-prefixed messages.
 *
 *   offset 0    head   u64  bytes ever published            written by the producer only
 *   offset 64   tail   u64  bytes ever released             written by the consumer only
 *   offset 128  size   u64  of data, a power of two         written once, at init
 *   offset 192  data[size]: messages  { u32 len, u32 kind, len bytes, padding to 8 }
 *
 * A message never wraps: where it does not fit before the end, a filler (kind BASE_RING_FILLER)
 * takes the rest.  Fixed-width and position independent: it serves between two threads and, in
 * shared memory, between two processes; a reader that does not trust the writer sees every length
 * checked (base_ring_peek returns BASE_RING_CORRUPT).
 *
 * Producer: base_ring_reserve, fill, base_ring_publish (a release store of head that pairs with the
 * consumer's acquire load). Consumer: base_ring_peek from a private cursor, then base_ring_release
 * (a release store of tail that pairs with the producer's acquire load).  Peeking ahead without
 * releasing is how the collector keeps records until they are durable. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE_RING_FILLER 0xffffffffu
#define BASE_RING_HEADER 8

struct base_ring {
	_Alignas(64) uint64_t head; /* stored with release by the producer */
	_Alignas(64) uint64_t tail; /* stored with release by the consumer */
	_Alignas(64) uint64_t size;
	_Alignas(64) uint8_t data[];
};

struct base_ring_message {
	const uint8_t *p; /* borrowed until released */
	uint32_t len, kind;
	uint64_t next; /* cursor behind this message */
};

enum base_ring_result {
	BASE_RING_EMPTY = 0,
	BASE_RING_MESSAGE = 1,
	/* a length that cannot be: the reader may resynchronise only at head */
	BASE_RING_CORRUPT = -1,
};

/* size_bytes: a power of two >= 64. */
size_t base_ring_footprint(uint64_t size_bytes);
struct base_ring *base_ring_new(void *mem, uint64_t size_bytes);

/* Room for a message of len bytes (len <= size/2 - 8), or NULL where the ring is full.  Not visible
 * until published. */
void *base_ring_reserve(struct base_ring *r, uint32_t len, uint32_t kind);
/* Makes the reserved message visible; len may be less than reserved. */
void base_ring_publish(struct base_ring *r, uint32_t len);

/* The message at cursor (start from base_ring_tail). size is the trusted size known to the reader,
 * head is reloaded. */
enum base_ring_result base_ring_peek(
	const struct base_ring *r, uint64_t size, uint64_t cursor,
	struct base_ring_message *message);
void base_ring_release(struct base_ring *r, uint64_t cursor);
uint64_t base_ring_head(const struct base_ring *r);
uint64_t base_ring_tail(const struct base_ring *r);
