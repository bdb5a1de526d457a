/* Laws of base_hash (SipHash-1-3) and base_hash_short: every byte and every key bit counts. */
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

/* The laws of both. */
typedef uint64_t (*hash_fn)(const struct base_hash_key *key, const void *data, size_t len);

static uint64_t
hash_short(const struct base_hash_key *key, const void *data, size_t len)
{
	return base_hash_short(key, data, len);
}

static const hash_fn hashes[] = {base_hash, hash_short};

static void
length_counts(hash_fn hash)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	uint8_t zeros[64] = {0};
	uint64_t seen[65];

	for (size_t len = 0; len <= sizeof(zeros); len++) {
		seen[len] = hash(&key, zeros, len);
		for (size_t i = 0; i < len; i++)
			assert_true(seen[i] != seen[len]);
	}
}

static void
address_does_not_count(hash_fn hash)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	uint8_t bytes[64];

	for (size_t at = 0; at < 16; at++) {
		memset(bytes, (int)at, sizeof(bytes));
		memcpy(bytes + at, "a84b4c76e66710@pc33.example.com", 31);
		assert_true(hash(&key, bytes + at, 31) ==
			    hash(&key, "a84b4c76e66710@pc33.example.com", 31));
	}
}

/* Flipping any one bit of input or key changes between 12 and 52 of 64 bits, 32 on average. */
static void
avalanche(hash_fn hash)
{
	uint8_t bytes[29];
	uint64_t changed = 0, flips = 0;

	for (size_t len = 1; len <= sizeof(bytes); len++) {
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(i * 37 + len);
		struct base_hash_key key = BASE_HASH_KEY_REPLAY;
		uint64_t before = hash(&key, bytes, len);
		for (size_t bit = 0; bit < len * 8 + 128; bit++) {
			struct base_hash_key k = key;
			uint8_t *target = bit < len * 8 ? bytes + bit / 8
							: (uint8_t *)&k + (bit - len * 8) / 8;
			*target ^= (uint8_t)(1 << bit % 8);
			int n = __builtin_popcountll(before ^ hash(&k, bytes, len));
			if (bit < len * 8)
				*target ^= (uint8_t)(1 << bit % 8);
			assert_in_range(n, 8, 56);
			changed += (uint64_t)n, flips++;
		}
	}
	assert_in_range(changed * 100 / flips, 3150, 3250);
}

static void
buckets_fill_evenly(hash_fn hash)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	uint32_t buckets[256] = {0};

	for (uint32_t i = 0; i < 256 * 256; i++)
		buckets[hash(&key, &i, sizeof(i)) & 255]++;
	for (size_t b = 0; b < base_count_of(buckets); b++)
		assert_in_range(buckets[b], 256 - 6 * 16, 256 + 6 * 16);
}

/* Differing in one byte or in length alone, a million texts do not meet. */
static void
texts_do_not_meet(hash_fn hash)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	static uint64_t seen[1 << 20];
	uint8_t text[40];

	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < 1 << 16; i++)
		for (uint32_t len = 4; len <= sizeof(text); len += 9) {
			memset(text, '0', sizeof(text));
			memcpy(text + len - 4, &i, sizeof(i));
			uint64_t h = hash(&key, text, len);
			uint32_t at = (uint32_t)(h >> 44);
			for (; seen[at]; at = (at + 1) & ((1 << 20) - 1))
				assert_true(seen[at] != h);
			seen[at] = h;
		}
}

static void
laws_of_both(void **state)
{
	for (size_t i = 0; i < base_count_of(hashes); i++) {
		length_counts(hashes[i]);
		address_does_not_count(hashes[i]);
		avalanche(hashes[i]);
		buckets_fill_evenly(hashes[i]);
		texts_do_not_meet(hashes[i]);
	}
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
		cmocka_unit_test(laws_of_both),
		cmocka_unit_test(mix_does_not_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
