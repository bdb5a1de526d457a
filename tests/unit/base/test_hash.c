/* Laws of base_hash: SipHash-1-3, every byte and every key bit counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base.h"

/* SipHash-1-3 with a zero key, as another implementation computes it: CPython 3.11 with
 * PYTHONHASHSEED=0 on bytes. */
static void
known_vectors(void **state)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} rows[] = {
		{"a", 0x407448d2b89b1813ull},
		{"ringtap", 0x639e23f7caaa69ccull},
		{"12345678", 0x3489982430560a87ull},
		{"123456789abcdef0", 0x791b03e99da0764dull},
		{"The quick brown fox jumps over the lazy dog", 0x8df676d3d00c451eull},
	};
	const struct base_hash_key zero = {0, 0};

	for (size_t i = 0; i < base_count_of(rows); i++)
		assert_true(base_hash(&zero, rows[i].text, strlen(rows[i].text)) == rows[i].hash);
}

static void
length_counts(void **state)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	uint8_t zeros[64] = {0};
	uint64_t seen[65];

	for (size_t len = 0; len <= sizeof(zeros); len++) {
		seen[len] = base_hash(&key, zeros, len);
		for (size_t i = 0; i < len; i++)
			assert_true(seen[i] != seen[len]);
	}
}

static void
address_does_not_count(void **state)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	uint8_t bytes[64];

	for (size_t at = 0; at < 16; at++) {
		memset(bytes, (int)at, sizeof(bytes));
		memcpy(bytes + at, "a84b4c76e66710@pc33.example.com", 31);
		assert_true(base_hash(&key, bytes + at, 31) ==
			    base_hash(&key, "a84b4c76e66710@pc33.example.com", 31));
	}
}

/* Flipping any one bit of input or key changes between 12 and 52 of 64 bits, 32 on average. */
static void
avalanche(void **state)
{
	uint8_t bytes[29];
	uint64_t changed = 0, flips = 0;

	for (size_t len = 1; len <= sizeof(bytes); len++) {
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(i * 37 + len);
		struct base_hash_key key = BASE_HASH_KEY_REPLAY;
		uint64_t before = base_hash(&key, bytes, len);
		for (size_t bit = 0; bit < len * 8 + 128; bit++) {
			struct base_hash_key k = key;
			uint8_t *target = bit < len * 8 ? bytes + bit / 8
							: (uint8_t *)&k + (bit - len * 8) / 8;
			*target ^= (uint8_t)(1 << bit % 8);
			int n = __builtin_popcountll(before ^ base_hash(&k, bytes, len));
			if (bit < len * 8)
				*target ^= (uint8_t)(1 << bit % 8);
			assert_in_range(n, 8, 56);
			changed += (uint64_t)n, flips++;
		}
	}
	assert_in_range(changed * 100 / flips, 3150, 3250);
}

static void
buckets_fill_evenly(void **state)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	uint32_t buckets[256] = {0};

	for (uint32_t i = 0; i < 256 * 256; i++)
		buckets[base_hash(&key, &i, sizeof(i)) & 255]++;
	for (size_t b = 0; b < base_count_of(buckets); b++)
		assert_in_range(buckets[b], 256 - 6 * 16, 256 + 6 * 16);
}

/* base_hash_mix is a bijection: no two of many inputs meet, 0 stays 0. */
static void
mix_does_not_merge(void **state)
{
	assert_true(base_hash_mix(0) == 0);
	for (uint64_t i = 1; i < 1000; i++)
		for (uint64_t k = 0; k < i; k++)
			assert_true(base_hash_mix(i) != base_hash_mix(k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(length_counts),
		cmocka_unit_test(address_does_not_count),
		cmocka_unit_test(avalanche),
		cmocka_unit_test(buckets_fill_evenly),
		cmocka_unit_test(mix_does_not_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
