/* A probe's segment with records in it, spoilt by { u16 where, u8 value } triples, before and after
 * the collector has it: what it holds is taken into a store in bounded steps, what cannot be read
 * is counted, and the rings are empty afterwards. */
#include <assert.h>
#include <stdlib.h>

#include "collector_private.h"

static const struct shm_layout layout = {2, 2 * SHM_RING_BYTES_MIN};

static void
publish_some(const struct shm *s, uint32_t core, uint32_t n)
{
	uint8_t bytes[256];

	for (uint32_t i = 0; i < n; i++) {
		struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);
		record_put_cstr(&w, RECORD_F_UID, "u");
		record_put_cstr(&w, RECORD_F_STATUS, i % 3 ? "final" : "interim");
		record_put_time(&w, RECORD_F_INVITE_TIME, (int64_t)i * BASE_NS_PER_SEC);
		record_put_cstr(&w, RECORD_F_DISPOSITION, "answered");
		uint32_t began = record_list_open(&w, RECORD_F_FLOW);
		record_put_cstr(&w, RECORD_F_METHOD, "INVITE");
		record_list_close(&w, began);
		shm_publish(s, core, bytes, w.len);
	}
}

/* Header, first core, rings. */
static uint64_t
place(const struct shm *s, uint32_t where)
{
	uint64_t ring = (uint64_t)((uint8_t *)shm_ring(s, 0) - s->base);

	if (where < 384) /* without the collector's own part */
		return where;
	where -= 384;
	if (where < 64)
		return SHM_CORES_OFFSET + where;
	return ring + (where - 64) % (s->bytes - ring);
}

static void
collect(struct collector_segment *segment, struct store *store)
{
	struct sys_error e;
	int taken;

	/* Each message takes some bytes of a ring, damage all that is left of it. */
	for (uint32_t round = 0; round < 4; round++) {
		assert(store_begin(store, &e) == 0);
		taken = collector_segment_drain(segment, store, 1000, &e);
		if (taken < 0) { /* a record that the store cannot take is no reason to stop */
			store_rollback(store);
			collector_segment_rewind(segment);
			assert(!"the store failed");
		}
		assert(segment->corrupt <= segment->records);
		assert(store_commit(store, &e) == 0);
		collector_segment_release(segment);
		if (taken == 0)
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bytes = shm_segment_bytes(&layout);
	struct base_reader r = base_reader_of(data, size);
	struct collector_segment *segment = calloc(1, sizeof(*segment));
	struct store_options options = {.dir = NULL};
	void *mem = aligned_alloc(BASE_CACHE_LINE, bytes);
	size_t after = base_reader_u8(&r);
	struct store *store;
	struct shm made;
	const uint8_t *triple;

	memset(mem, 0, bytes);
	assert(shm_create(&made, mem, bytes, &layout, BASE_SPAN("fuzz"), 1) == 0);
	publish_some(&made, 0, 9);
	publish_some(&made, 1, 4);
	while (base_reader_left(&r) / 3 > after && (triple = base_reader_take(&r, 3)) != NULL)
		made.base[place(&made, base_load_be16(triple))] = triple[2];
	segment->path = "segment";
	if (shm_attach(&segment->shm, mem, bytes) == 0 && store_open(&store, &options, NULL) == 0) {
		segment->attached = true;
		memcpy(segment->probe, segment->shm.header->probe, sizeof(segment->probe));
		segment->probe[sizeof(segment->probe) - 1] = 0;
		collector_segment_rewind(segment);
		while ((triple = base_reader_take(&r, 3)) != NULL)
			made.base[place(&made, base_load_be16(triple))] = triple[2];
		collect(segment, store);
		publish_some(&made, 0, 3);
		collect(segment, store);
		(void)collector_segment_is_crowded(segment);
		store_close(store);
	}
	free(segment);
	free(mem);
	return 0;
}
