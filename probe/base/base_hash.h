/* base_hash: keyed 64-bit hashing of short byte strings.
 *
 * base_hash is SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): with a secret
 * key no sender can choose inputs that meet in one bucket.  Live probes draw the key at start; a
 * replay uses BASE_HASH_KEY_REPLAY so that the same capture gives the same bytes.  base_hash_short
 * is for the words that every message is asked (Call-ID, tags, branches, addresses): keyed too, a
 * sixth of the cost, for places in tables and for telling texts apart while the process lives; it
 * is no pseudo-random function, so its values are never shown.  base_hash_mix is for integers that
 * are already hard to choose or need no protection. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct base_hash_key {
	uint64_t k0, k1;
};

#define BASE_HASH_KEY_REPLAY ((struct base_hash_key){0x72696e6774617031ull, 0x7265706c61790001ull})

uint64_t base_hash(const struct base_hash_key *key, const void *data, size_t len);

/* 64 x 64 -> 128, folded. */
static inline uint64_t
base_hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;
	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t
base_hash_load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* Both halves of the key stand in every factor: who does not know them can neither make a product
 * zero nor two inputs meet but by chance. */
static inline uint64_t
base_hash_short(const struct base_hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = key->k1 ^ (uint64_t)len * 0x9e3779b97f4a7c15ull, a, b;

	if (len >= 8) {
		const uint8_t *end = p + len;
		for (; end - p > 16; p += 16)
			h = base_hash_fold(
				base_hash_load(p, 8) ^ key->k0, base_hash_load(p + 8, 8) ^ h);
		/* the last 16 bytes, some of them once more */
		a = base_hash_load(len < 16 ? p : end - 16, 8);
		b = base_hash_load(end - 8, 8);
	} else if (len >= 4) {
		a = base_hash_load(p, 4);
		b = base_hash_load(p + len - 4, 4);
	} else {
		a = len ? (uint64_t)p[0] | (uint64_t)p[len / 2] << 8 | (uint64_t)p[len - 1] << 16
			: 0;
		b = 0;
	}
	h = base_hash_fold(a ^ key->k0, b ^ h);
	return base_hash_fold(h ^ key->k0, key->k1 ^ 0xd6e8feb86659fd93ull);
}

/* A bijective 64-bit mixer (the finalizer of MurmurHash3, public domain constants). */
static inline uint64_t
base_hash_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}
