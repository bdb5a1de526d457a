#include "base_hash.h"

#include <string.h>

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate_left(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static inline void
sip_round(struct sip_state *s)
{
	s->v0 += s->v1, s->v1 = rotate_left(s->v1, 13), s->v1 ^= s->v0,
			s->v0 = rotate_left(s->v0, 32);
	s->v2 += s->v3, s->v3 = rotate_left(s->v3, 16), s->v3 ^= s->v2;
	s->v0 += s->v3, s->v3 = rotate_left(s->v3, 21), s->v3 ^= s->v0;
	s->v2 += s->v1, s->v1 = rotate_left(s->v1, 17), s->v1 ^= s->v2,
			s->v2 = rotate_left(s->v2, 32);
}

uint64_t
base_hash(const struct base_hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct sip_state s = {key->k0 ^ 0x736f6d6570736575ull, key->k1 ^ 0x646f72616e646f6dull,
		key->k0 ^ 0x6c7967656e657261ull, key->k1 ^ 0x7465646279746573ull};
	uint64_t m, tail = (uint64_t)len << 56;
	size_t whole = len & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8) {
		memcpy(&m, p + i, 8);
		s.v3 ^= m;
		sip_round(&s);
		s.v0 ^= m;
	}
	m = 0;
	if (len > whole)
		memcpy(&m, p + whole, len - whole);
	tail |= m;
	s.v3 ^= tail;
	sip_round(&s);
	s.v0 ^= tail;
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
