#include "classify_private.h"

#include <stdlib.h>

/* Keys are the operator's own, so a fixed key does: no sender adds to a chain. */
static uint64_t
set_hash(struct base_span key)
{
	const struct base_hash_key fixed = BASE_HASH_KEY_REPLAY;

	return base_hash(&fixed, key.p, key.len);
}

int
classify_set_new(struct classify_set *set, uint32_t n, size_t bytes)
{
	*set = (struct classify_set){0};
	if (n > UINT32_MAX / 4 || bytes > UINT32_MAX)
		return -BASE_ERR_FULL;
	uint32_t size = base_power_of_two_at_least(
		2 * n + 1); /* half full at most: every search meets a free slot */
	set->slots = calloc(size, sizeof(*set->slots));
	set->bytes = malloc(bytes + 1);
	set->mask = size - 1;
	if (set->slots && set->bytes)
		return 0;
	classify_set_free(set);
	return -BASE_ERR_NO_MEMORY;
}

void
classify_set_free(struct classify_set *set)
{
	free(set->slots);
	free(set->bytes);
	*set = (struct classify_set){0};
}

/* The slot of key, or the free one where it would stand. */
static struct classify_set_slot *
set_slot(const struct classify_set *set, struct base_span key, uint64_t hash)
{
	for (uint32_t i = (uint32_t)hash & set->mask;; i = (i + 1) & set->mask) {
		struct classify_set_slot *slot = &set->slots[i];
		if (!slot->lists)
			return slot;
		if (slot->hash == hash &&
			base_span_eq(base_span_of(set->bytes + slot->offset, slot->len), key))
			return slot;
	}
}

void
classify_set_add(struct classify_set *set, struct base_span key, uint32_t list)
{
	uint64_t hash = set_hash(key);
	struct classify_set_slot *slot = set_slot(set, key, hash);

	if (!slot->lists) {
		*slot = (struct classify_set_slot){hash, 0, (uint32_t)set->bytes_len, key.len};
		memcpy(set->bytes + set->bytes_len, key.p, key.len);
		set->bytes_len += key.len;
		set->lengths |= 1ull << (key.len < 63 ? key.len : 63);
		set->n++;
	}
	slot->lists |= 1ull << list;
}

uint64_t
classify_set_find(const struct classify_set *set, struct base_span key)
{
	return set->n ? set_slot(set, key, set_hash(key))->lists : 0;
}
