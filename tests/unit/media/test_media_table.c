#include "media_testing.h"

#define KEYS 2000

struct naive {
	uint64_t hash[KEYS];
	bool in[KEYS];
};

static uint32_t
find(const struct media_table *t, const struct naive *n, uint64_t hash)
{
	const struct media_bucket *b = media_table_home(t, hash);
	for (uint32_t i = 0; i < t->probes; i++, b = media_table_next(t, b)) {
		uint32_t bits = media_table_match(b, media_table_tag(hash));
		uint32_t first = MEDIA_NONE;
		assert_int_equal(bits, media_table_match_shared(b, media_table_tag(hash)));
		assert_int_equal(media_table_first(b, media_table_tag(hash), &first), bits != 0);
		assert_int_equal(first, bits ? b->index[__builtin_ctz(bits)] : MEDIA_NONE);
		for (; bits; bits &= bits - 1)
			if (n->hash[b->index[__builtin_ctz(bits)]] == hash)
				return b->index[__builtin_ctz(bits)];
		if (!b->passed)
			break;
	}
	return MEDIA_NONE;
}

/* max keys in room for max: insert and remove at random; every key there is found, no other. */
static void
churn(uint32_t max, uint32_t keys, uint64_t hash_mask, uint64_t seed)
{
	struct naive n = {0};
	struct media_table t;
	size_t bytes = media_table_buckets(max) * sizeof(struct media_bucket);
	void *mem = aligned_alloc(64, bytes);
	uint32_t inside = 0;

	media_table_init(&t, mem, max);
	for (uint32_t i = 0; i < keys; i++)
		n.hash[i] = (test_random(&seed) & hash_mask) ^ (uint64_t)i << 40;
	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t k = (uint32_t)(test_random(&seed) % keys);
		if (n.in[k]) {
			assert_true(media_table_remove(&t, n.hash[k], k));
			n.in[k] = false, inside--;
		} else if (inside < max) {
			assert_true(media_table_insert(&t, n.hash[k], k));
			n.in[k] = true, inside++;
		} else {
			assert_false(media_table_remove(&t, n.hash[k], k));
		}
		if (round % 500 == 0)
			for (uint32_t i = 0; i < keys; i++)
				assert_int_equal(find(&t, &n, n.hash[i]), n.in[i] ? i : MEDIA_NONE);
	}
	for (uint32_t i = 0; i < keys; i++)
		if (n.in[i])
			assert_true(media_table_remove(&t, n.hash[i], i));
	for (uint32_t i = 0; i < bytes; i++) /* tags and passed are as at the start; indices may stay */
		if (i % 64 < 16 || i % 64 >= 48)
			assert_int_equal(((uint8_t *)mem)[i], 0);
	free(mem);
}

static void
table_agrees_with_a_list_at_any_size(void **state)
{
	for (uint32_t max = 1; max <= 1024; max *= 4)
		churn(max, max + max / 2 + 1 < KEYS ? max + max / 2 + 1 : KEYS, UINT64_MAX, max);
	churn(1000, KEYS, UINT64_MAX, 77);
}

static void
keys_of_one_home_overflow_and_are_found(void **state)
{
	churn(64, 64, 0xffff, 5); /* home 0 for all */
	churn(200, 150, 0xff0000000000ffffull, 6);
}

/* Homes of all buckets are met, and none beyond: the last one's next is the first. */
static void
every_bucket_is_a_home(void **state)
{
	struct media_bucket buckets[7];
	struct media_table t;
	uint32_t seen = 0;

	media_table_init(&t, buckets, 25);
	assert_int_equal(media_table_buckets(25), 7);
	for (uint64_t i = 0; i < 256; i++)
		seen |= 1u << (media_table_home(&t, i << 56 | 0xffffffffffffff) - buckets);
	assert_int_equal(seen, 127);
	assert_ptr_equal(media_table_home(&t, UINT64_MAX), &buckets[6]);
	assert_ptr_equal(media_table_next(&t, &buckets[6]), &buckets[0]);
}

static void
equal_hashes_are_told_apart_by_index(void **state)
{
	struct media_table t;
	void *mem = aligned_alloc(64, media_table_buckets(16) * sizeof(struct media_bucket));

	media_table_init(&t, mem, 16);
	for (uint32_t i = 0; i < 12; i++)
		assert_true(media_table_insert(&t, 42, i));
	assert_true(media_table_remove(&t, 42, 3));
	assert_false(media_table_remove(&t, 42, 3));
	assert_true(media_table_remove(&t, 42, 11));
	free(mem);
}

static void
there_is_room_for_two_keys_a_key(void **state)
{
	for (uint32_t max = 1; max < 100000; max = max * 3 + 1) {
		uint32_t n = media_table_buckets(max);
		assert_true(n * 8 >= 2 * max && (n <= 4 || (n - 1) * 8 < 2 * max));
	}
}

/* As full as the directory fills it, and kept so while keys come and go. */
static void
five_keys_on_six_places_are_never_refused(void **state)
{
	const uint32_t keys = 200000, room = keys / 5 * 3, n = media_table_buckets(room);
	struct media_table t;
	void *mem = aligned_alloc(64, n * sizeof(struct media_bucket));
	uint64_t *hash = malloc(keys * sizeof(*hash)), seed = 7;

	assert_true(n * MEDIA_TABLE_SLOTS * 5ull <= keys * 6ull + 5 * MEDIA_TABLE_SLOTS);
	media_table_init(&t, mem, room);
	for (uint32_t i = 0; i < keys; i++)
		assert_true(media_table_insert(&t, hash[i] = test_random(&seed), i));
	for (uint32_t round = 0; round < 5 * keys; round++) {
		uint32_t k = (uint32_t)(test_random(&seed) % keys);
		assert_true(media_table_remove(&t, hash[k], k));
		assert_true(media_table_insert(&t, hash[k] = test_random(&seed), k));
	}
	free(hash);
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_agrees_with_a_list_at_any_size),
		cmocka_unit_test(keys_of_one_home_overflow_and_are_found),
		cmocka_unit_test(every_bucket_is_a_home),
		cmocka_unit_test(equal_hashes_are_told_apart_by_index),
		cmocka_unit_test(there_is_room_for_two_keys_a_key),
		cmocka_unit_test(five_keys_on_six_places_are_never_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
