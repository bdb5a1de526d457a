/* media_table: from a keyed 64-bit hash to a 32-bit index, in cache-line buckets.  Serves the
 * streams and the directory.
 *
 *     bucket, 64 bytes:  tags[8] u16 (0: free) | index[8] u32 | passed u16
 *
 * A key lives in its home bucket or, where that is full, in the next one with room.  passed counts
 * the keys that went past a bucket; a search ends at the first bucket that nobody passed, and a
 * removal takes its passes back: no tombstones, and no key ever moves.  With two places a key
 * (media_table_buckets) one search in fifty looks at a second bucket, and with six for five keys
 * one in eight.  There are as many buckets as keys want, not a power of two of them: the home is
 * the hash as a fraction of their number (its high bits), and the tag its low bits.
 *
 * Knows: hashes and indices.  Does not know what the index means: the caller verifies a match
 * against its own state.
 * Thread: one writer.  Others may search with media_table_match_shared: tags and indices are stored
 * whole, passed before index before tag (release, pairs with the acquire there), so that a key that
 * stays is never overlooked. */
#pragma once

#include "base.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MEDIA_TABLE_SLOTS 8
/* Buckets that one search looks at, at most: five keys on six places pile up over 32 of them for a
 * few keys in 100 000, over 128 for none that a test met. */
#define MEDIA_TABLE_PROBES 128

struct media_bucket {
	_Alignas(64) uint16_t tags[MEDIA_TABLE_SLOTS];
	uint32_t index[MEDIA_TABLE_SLOTS];
	uint16_t passed;
};
_Static_assert(sizeof(struct media_bucket) == BASE_CACHE_LINE, "one line a bucket");

struct media_table {
	struct media_bucket *buckets;
	uint64_t n;      /* buckets */
	uint32_t probes; /* min(MEDIA_TABLE_PROBES, n) */
};

/* With room for at least 2 * max_keys keys. */
uint32_t media_table_buckets(uint32_t max_keys);
/* mem: media_table_buckets(max_keys) buckets, cache-line aligned. */
void media_table_init(struct media_table *t, void *mem, uint32_t max_keys);
/* The caller knows that the key is not there.  False: no room along its probe sequence. */
bool media_table_insert(struct media_table *t, uint64_t hash, uint32_t index);
/* False: no such key with this index. */
bool media_table_remove(struct media_table *t, uint64_t hash, uint32_t index);

static inline uint16_t
media_table_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)hash;
	return tag ? tag : 1;
}

static inline struct media_bucket *
media_table_home(const struct media_table *t, uint64_t hash)
{
	return t->buckets + (uint64_t)((unsigned __int128)hash * t->n >> 64);
}

/* The bucket behind b. */
static inline struct media_bucket *
media_table_next(const struct media_table *t, const struct media_bucket *b)
{
	uint64_t at = (uint64_t)(b - t->buckets) + 1;

	return t->buckets + (at < t->n ? at : 0);
}

/* Bit i for each slot i with this tag. */
static inline uint32_t
media_table_match(const struct media_bucket *b, uint16_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const __m128i *)b->tags);
	__m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));
	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
	uint32_t bits = 0;
	for (uint32_t i = 0; i < MEDIA_TABLE_SLOTS; i++)
		bits |= (uint32_t)(b->tags[i] == tag) << i;
	return bits;
#endif
}

/* The index of the first slot with this tag; false: there is none. */
static inline bool
media_table_first(const struct media_bucket *b, uint16_t tag, uint32_t *index)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const __m128i *)b->tags);
	__m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));
	uint64_t bits = (uint32_t)_mm_movemask_epi8(equal); /* two a slot */
	if (base_likely(bits))
		memcpy(index, (const uint8_t *)b->index + 2 * (size_t)__builtin_ctzll(bits), 4);
#else
	uint32_t bits = media_table_match(b, tag);
	if (base_likely(bits))
		*index = b->index[__builtin_ctz(bits)];
#endif
	return bits != 0;
}

/* media_table_match beside a writer. */
static inline uint32_t
media_table_match_shared(const struct media_bucket *b, uint16_t tag)
{
	uint32_t bits = 0;
	for (uint32_t i = 0; i < MEDIA_TABLE_SLOTS; i++)
		bits |= (uint32_t)(__atomic_load_n(&b->tags[i], __ATOMIC_ACQUIRE) == tag) << i;
	return bits;
}
