#include "packet_waiting.h"

#define NIL UINT32_MAX

static struct packet_waiting_entry *
entry_at(const struct packet_waiting *w, uint32_t id)
{
	return (struct packet_waiting_entry *)(void *)(w->entries + (size_t)id * w->entry_bytes);
}

static uint32_t
id_of(const struct packet_waiting *w, const struct packet_waiting_entry *e)
{
	return (uint32_t)((size_t)((const uint8_t *)e - w->entries) / w->entry_bytes);
}

static uint32_t
bucket_of(const struct packet_waiting *w, const void *key)
{
	return (uint32_t)base_hash(&w->hash_key, key, w->key_bytes) & w->bucket_mask;
}

/* Where the buckets stand; the entries come first. */
static size_t
buckets_at(uint32_t max, size_t entry_bytes)
{
	return base_align_up(max * entry_bytes, BASE_CACHE_LINE);
}

size_t
packet_waiting_footprint(uint32_t max, size_t entry_bytes)
{
	return base_align_up(buckets_at(max, entry_bytes) +
			base_power_of_two_at_least(max) * sizeof(uint32_t),
		BASE_CACHE_LINE);
}

void
packet_waiting_init(struct packet_waiting *w, void *mem, uint32_t max, size_t entry_bytes,
	size_t key_bytes, const struct base_hash_key *hash_key)
{
	*w = (struct packet_waiting){
		.hash_key = *hash_key,
		.entries = mem,
		.buckets = (uint32_t *)(void *)((uint8_t *)mem + buckets_at(max, entry_bytes)),
		.entry_bytes = (uint32_t)entry_bytes,
		.key_bytes = (uint32_t)key_bytes,
		.bucket_mask = base_power_of_two_at_least(max) - 1,
		.oldest = NIL,
		.newest = NIL,
	};
	for (uint32_t i = 0; i <= w->bucket_mask; i++)
		w->buckets[i] = NIL;
	for (uint32_t i = 0; i < max; i++)
		entry_at(w, i)->chain = i + 1 < max ? i + 1 : NIL;
}

void *
packet_waiting_find(const struct packet_waiting *w, const void *key)
{
	uint32_t id = w->buckets[bucket_of(w, key)];

	while (id != NIL && memcmp(entry_at(w, id) + 1, key, w->key_bytes) != 0)
		id = entry_at(w, id)->chain;
	return id == NIL ? NULL : entry_at(w, id);
}

void *
packet_waiting_add(struct packet_waiting *w, const void *key, int64_t now_ns)
{
	uint32_t id = w->free, bucket = bucket_of(w, key);

	if (id == NIL)
		return NULL;
	struct packet_waiting_entry *e = entry_at(w, id);
	w->free = e->chain;
	*e = (struct packet_waiting_entry){
		.born_ns = now_ns,
		.chain = w->buckets[bucket],
		.newer = NIL,
		.older = w->newest,
		.bucket = bucket,
	};
	memcpy(e + 1, key, w->key_bytes);
	w->buckets[bucket] = id;
	*(w->newest == NIL ? &w->oldest : &entry_at(w, w->newest)->newer) = id;
	w->newest = id;
	return e;
}

void
packet_waiting_free(struct packet_waiting *w, void *entry)
{
	struct packet_waiting_entry *e = entry;
	uint32_t id = id_of(w, e), *link = &w->buckets[e->bucket];

	while (*link != id)
		link = &entry_at(w, *link)->chain;
	*link = e->chain;
	*(e->older == NIL ? &w->oldest : &entry_at(w, e->older)->newer) = e->newer;
	*(e->newer == NIL ? &w->newest : &entry_at(w, e->newer)->older) = e->older;
	e->chain = w->free;
	w->free = id;
}

void *
packet_waiting_oldest(const struct packet_waiting *w, const void *not_this)
{
	uint32_t id = w->oldest;

	if (id != NIL && entry_at(w, id) == not_this)
		id = entry_at(w, id)->newer;
	return id == NIL ? NULL : entry_at(w, id);
}

void *
packet_waiting_overdue(const struct packet_waiting *w, int64_t now_ns)
{
	struct packet_waiting_entry *e = packet_waiting_oldest(w, NULL);

	return e && e->born_ns < now_ns - PACKET_WAITING_TIMEOUT_NS ? e : NULL;
}
