#include "base_ring.h"

#include <string.h>

#include "base.h"

/* What stands before each message; the reader takes it as hostile. */
struct prefix {
	uint32_t len, kind;
};
_Static_assert(sizeof(struct prefix) == BASE_RING_HEADER, "documented layout");
_Static_assert(offsetof(struct base_ring, tail) == 64 && offsetof(struct base_ring, data) == 192,
	"documented layout");

static uint64_t
message_bytes(uint32_t len)
{
	return base_align_up((size_t)BASE_RING_HEADER + len, 8);
}

size_t
base_ring_footprint(uint64_t size_bytes)
{
	return sizeof(struct base_ring) + size_bytes;
}

struct base_ring *
base_ring_new(void *mem, uint64_t size_bytes)
{
	struct base_ring *r = mem;

	r->head = r->tail = 0;
	r->size = size_bytes;
	return r;
}

void *
base_ring_reserve(struct base_ring *r, uint32_t len, uint32_t kind)
{
	uint64_t head = r->head, need = message_bytes(len), at = head & (r->size - 1),
		 to_end = r->size - at;
	uint64_t filler = need > to_end ? to_end : 0;
	/* pairs with base_ring_release */
	uint64_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);

	if (need > r->size / 2 || head + filler + need - tail > r->size)
		return NULL;
	if (filler) {
		struct prefix f = {(uint32_t)(to_end - BASE_RING_HEADER), BASE_RING_FILLER};
		memcpy(r->data + at, &f, sizeof(f));
		at = 0;
		/* A filler alone may be published: the reader skips it. */
		__atomic_store_n(&r->head, head + filler, __ATOMIC_RELEASE);
	}
	struct prefix p = {len, kind};
	memcpy(r->data + at, &p, sizeof(p));
	return r->data + at + BASE_RING_HEADER;
}

void
base_ring_publish(struct base_ring *r, uint32_t len)
{
	uint64_t head = r->head;

	memcpy(r->data + (head & (r->size - 1)), &len, sizeof(len));
	/* pairs with base_ring_peek */
	__atomic_store_n(&r->head, head + message_bytes(len), __ATOMIC_RELEASE);
}

enum base_ring_result
base_ring_peek(const struct base_ring *r, uint64_t size, uint64_t cursor,
	struct base_ring_message *message)
{
	/* pairs with base_ring_publish */
	uint64_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

	for (;;) {
		uint64_t at = cursor & (size - 1), ready = head - cursor;
		struct prefix p;

		if (ready == 0)
			return BASE_RING_EMPTY;
		if (ready > size || ready < BASE_RING_HEADER || (at & 7))
			return BASE_RING_CORRUPT;
		memcpy(&p, r->data + at, sizeof(p));
		if (p.len > size - at - BASE_RING_HEADER || message_bytes(p.len) > ready)
			return BASE_RING_CORRUPT;
		cursor += message_bytes(p.len);
		if (p.kind == BASE_RING_FILLER)
			continue;
		*message = (struct base_ring_message){
			r->data + at + BASE_RING_HEADER, p.len, p.kind, cursor};
		return BASE_RING_MESSAGE;
	}
}

void
base_ring_release(struct base_ring *r, uint64_t cursor)
{
	__atomic_store_n(&r->tail, cursor, __ATOMIC_RELEASE); /* pairs with base_ring_reserve */
}

uint64_t
base_ring_head(const struct base_ring *r)
{
	return __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
}

uint64_t
base_ring_tail(const struct base_ring *r)
{
	return __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
}
