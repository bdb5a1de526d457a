/* A valid segment with records in it, spoilt by { u16 where, u8 value } triples: shm_attach refuses
 * it, or every ring is read to its end in bounded steps and publication stays within the segment.
 * The first byte says how many triples are applied only after the attach, as a hostile process
 * would. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "record.h"
#include "shm.h"

static const struct shm_layout layout = {2, SHM_RING_BYTES_MIN};

static void
publish_some(const struct shm *s, uint32_t core, uint32_t n)
{
	uint8_t bytes[128];

	for (uint32_t i = 0; i < n; i++) {
		struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);
		record_put_u64(&w, RECORD_F_MESSAGES, i);
		record_put_str(&w, RECORD_F_CALL_ID,
			base_span_of("0123456789abcdef0123456789abcdef", i % 32));
		shm_publish(s, core, bytes, w.len);
	}
}

static void
drain(const struct shm *s, uint32_t core)
{
	static struct record_row row;
	const uint8_t *ring = shm_ring(s, core)->data;
	uint64_t cursor = shm_cursor(s, core);
	uint32_t steps = 0;
	struct base_ring_message m;
	enum base_ring_result result;

	while ((result = shm_next(s, core, &cursor, &m)) != BASE_RING_EMPTY) {
		assert(++steps <= SHM_RING_BYTES_MIN / BASE_RING_HEADER + 1);
		if (result == BASE_RING_CORRUPT)
			continue;
		assert(m.p >= ring && m.p + m.len <= ring + s->ring_bytes);
		record_row_read(&row, m.p, m.len);
	}
	shm_release(s, core, cursor);
	assert(shm_backlog(s, core) <= s->ring_bytes);
}

/* The parts that matter side by side: header, first core, rings. */
static uint64_t
place(const struct shm *s, uint32_t where)
{
	uint64_t ring = (uint64_t)((uint8_t *)shm_ring(s, 0) - s->base);

	if (where < sizeof(struct shm_header))
		return where;
	where -= sizeof(struct shm_header);
	if (where < 64)
		return SHM_CORES_OFFSET + where;
	return ring + (where - 64) % (s->bytes - ring);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bytes = shm_segment_bytes(&layout);
	struct shm made, s;
	void *mem = aligned_alloc(BASE_CACHE_LINE, bytes);

	memset(mem, 0, bytes);
	assert(shm_create(&made, mem, bytes, &layout, BASE_SPAN("fuzz"), 1) == 0);
	publish_some(&made, 0, 30);
	drain(&made, 0);
	publish_some(&made, 0, 9);
	publish_some(&made, 1, 5);

	struct base_reader r = base_reader_of(data, size);
	size_t after = base_reader_u8(&r);
	bool attached = false;
	for (;;) {
		if (!attached && base_reader_left(&r) / 3 <= after) {
			attached = shm_attach(&s, mem, bytes) == 0;
			if (!attached)
				break;
		}
		const uint8_t *triple = base_reader_take(&r, 3);
		if (!triple)
			break;
		made.base[place(&made, base_load_be16(triple))] = triple[2];
	}
	for (uint32_t core = 0; attached && core < s.cores; core++) {
		drain(&s, core);
		publish_some(&s, core, 20);
		drain(&s, core);
	}
	free(mem);
	return 0;
}
