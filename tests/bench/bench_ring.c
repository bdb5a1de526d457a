/* shm_publish and shm_next of a typical record, against a bare single-producer single-consumer ring of the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "record.h"
#include "shm.h"

#define RECORD_BYTES 700
#define RING_BYTES (4u << 20)
#define BATCH 1000
#define BATCHES 200

/* The floor: a length, the bytes, a released head; a reader that looks at each length and a word of each record. */
struct bare {
	_Alignas(64) uint64_t head;
	_Alignas(64) uint64_t tail;
	uint8_t data[];
};

static bool
bare_put(struct bare *r, const uint8_t *record, uint64_t len)
{
	uint64_t whole = (len + 15) & ~7ull, at = r->head & (RING_BYTES - 1);

	if (at + whole > RING_BYTES) {
		memset(r->data + at, 0, 8);
		r->head += RING_BYTES - at;
		at = 0;
	}
	if (r->head + whole - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) > RING_BYTES)
		return false;
	memcpy(r->data + at, &len, 8);
	memcpy(r->data + at + 8, record, len);
	__atomic_store_n(&r->head, r->head + whole, __ATOMIC_RELEASE);
	return true;
}

static uint64_t
bare_take_all(struct bare *r)
{
	uint64_t cursor = r->tail, head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE), taken = 0, len;

	while (cursor != head) {
		uint64_t at = cursor & (RING_BYTES - 1);
		memcpy(&len, r->data + at, 8);
		cursor += len ? (len + 15) & ~7ull : RING_BYTES - at;
		taken += len != 0;
	}
	__atomic_store_n(&r->tail, cursor, __ATOMIC_RELEASE);
	return taken;
}

static uint64_t
shm_take_all(const struct shm *s)
{
	struct base_ring_message m;
	uint64_t cursor = shm_cursor(s, 0), taken = 0;

	while (shm_next(s, 0, &cursor, &m) == BASE_RING_MESSAGE)
		taken += m.len == RECORD_BYTES;
	shm_release(s, 0, cursor);
	return taken;
}

void
bench_ring(uint32_t laps)
{
	struct shm_layout layout = {1, RING_BYTES};
	uint64_t bytes = shm_segment_bytes(&layout), taken = 0, taken_bare = 0;
	struct bare *bare = bench_memory(sizeof(*bare) + RING_BYTES);
	struct bench_laps floor = {.n = 0}, ours = {.n = 0};
	static uint8_t record[RECORD_BYTES];
	struct shm s;

	record_writer_begin(record, sizeof(record), RECORD_CALL);
	if (shm_create(&s, bench_memory(bytes), bytes, &layout, BASE_SPAN("bench"), 0) < 0)
		exit(1);
	for (uint32_t lap = 0; lap < laps; lap++) {
		bench_lap_begin(&floor);
		for (uint32_t b = 0; b < BATCHES; b++) {
			for (uint32_t i = 0; i < BATCH; i++)
				bare_put(bare, record, RECORD_BYTES);
			taken_bare += bare_take_all(bare);
		}
		bench_lap_end(&floor, BATCH * BATCHES);
		bench_lap_begin(&ours);
		for (uint32_t b = 0; b < BATCHES; b++) {
			for (uint32_t i = 0; i < BATCH; i++)
				shm_publish(&s, 0, record, RECORD_BYTES);
			taken += shm_take_all(&s);
		}
		bench_lap_end(&ours, BATCH * BATCHES);
	}
	bench_check("records through the bare ring", taken_bare, (uint64_t)laps * BATCH * BATCHES);
	bench_check("records through the segment's ring", taken, (uint64_t)laps * BATCH * BATCHES);
	bench_laps_print(&floor, "ring_bare");
	bench_laps_print(&ours, "ring_shm");
}
