#include "media_table.h"

uint32_t
media_table_buckets(uint32_t max_keys)
{
	uint32_t n = max_keys / 4 + (max_keys % 4 != 0);
	return n < 4 ? 4 : n;
}

void
media_table_init(struct media_table *t, void *mem, uint32_t max_keys)
{
	uint32_t n = media_table_buckets(max_keys);

	t->buckets = mem;
	t->n = n;
	t->probes = n < MEDIA_TABLE_PROBES ? n : MEDIA_TABLE_PROBES;
	base_zero(mem, (size_t)n * sizeof(struct media_bucket));
}

/* The first n buckets from hash's home on were passed, or are no longer. */
static void
count_passed(struct media_table *t, uint64_t hash, uint32_t n, int by)
{
	struct media_bucket *b = media_table_home(t, hash);

	for (uint32_t i = 0; i < n; i++, b = media_table_next(t, b)) {
		uint16_t passed = (uint16_t)(b->passed + by);
		__atomic_store_n(&b->passed, passed, __ATOMIC_RELEASE);
	}
}

bool
media_table_insert(struct media_table *t, uint64_t hash, uint32_t index)
{
	struct media_bucket *b = media_table_home(t, hash);

	for (uint32_t i = 0; i < t->probes; i++, b = media_table_next(t, b)) {
		uint32_t free_slots = media_table_match(b, 0);
		if (!free_slots) {
			if (b->passed == UINT16_MAX)
				return false;
			continue;
		}
		uint32_t slot = (uint32_t)__builtin_ctz(free_slots);
		count_passed(t, hash, i, 1);
		__atomic_store_n(&b->index[slot], index, __ATOMIC_RELAXED);
		__atomic_store_n(&b->tags[slot], media_table_tag(hash), __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

static int
slot_of(const struct media_bucket *b, uint16_t tag, uint32_t index)
{
	for (uint32_t bits = media_table_match(b, tag); bits; bits &= bits - 1) {
		int slot = __builtin_ctz(bits);
		if (b->index[slot] == index)
			return slot;
	}
	return -1;
}

bool
media_table_remove(struct media_table *t, uint64_t hash, uint32_t index)
{
	struct media_bucket *b = media_table_home(t, hash);

	for (uint32_t i = 0; i < t->probes; i++, b = media_table_next(t, b)) {
		int slot = slot_of(b, media_table_tag(hash), index);
		if (slot >= 0) {
			__atomic_store_n(&b->tags[slot], 0, __ATOMIC_RELEASE);
			count_passed(t, hash, i, -1);
			return true;
		}
		if (b->passed == 0)
			return false;
	}
	return false;
}
