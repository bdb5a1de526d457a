/* base_hash: keyed 64-bit hashing of short byte strings.
 *
 * base_hash is SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): with a secret
 * key no sender can choose inputs that meet in one bucket.  Live probes draw the key at start; a
 * replay uses BASE_HASH_KEY_REPLAY so that the same capture gives the same bytes.  base_hash_mix is
 * for integers that are already hard to choose or need no protection. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct base_hash_key {
	uint64_t k0, k1;
};

#define BASE_HASH_KEY_REPLAY ((struct base_hash_key){0x72696e6774617031ull, 0x7265706c61790001ull})

uint64_t base_hash(const struct base_hash_key *key, const void *data, size_t len);

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
