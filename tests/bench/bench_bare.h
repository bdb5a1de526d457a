/* The floor of the RTP path: the least that a step over 64-byte states of streams can do, with nothing around it (DESIGN section 8's
 * bare step): headers read, a tagged bucket, RFC 3550's figures, in bursts with prefetch. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "bench.h"

#define BENCH_BARE_BURST 64

struct bare_state {
	_Alignas(64) uint32_t src;
	uint32_t dst, ports, ssrc;
	uint32_t timestamp, packets;
	uint64_t bytes;
	int64_t last_ns;
	float jitter, jitter_max;
	uint32_t delta_max_us;
	uint16_t seq;
	uint16_t cycles;
	uint32_t lost;
};
_Static_assert(sizeof(struct bare_state) == 64, "one line");

struct bare_bucket {
	_Alignas(64) uint16_t tags[8];
	uint32_t indices[8];
	uint32_t n;
};

struct bare {
	struct bare_bucket *buckets;
	struct bare_state *states;
	uint32_t mask, n;
};

struct bare_packet {
	uint32_t src, dst, ports, ssrc, timestamp;
	uint16_t seq, tag;
	uint32_t bucket, state;
};

static inline uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static inline bool
bare_read(const struct bare *b, struct bare_packet *k, const uint8_t *p, uint32_t len)
{
	if (len < 54 || load32(p + 12) << 16 != 0x00080000u || p[14] != 0x45 || p[23] != 17 || p[42] >> 6 != 2)
		return false;
	k->src = load32(p + 26);
	k->dst = load32(p + 30);
	k->ports = load32(p + 34);
	k->ssrc = load32(p + 50);
	k->timestamp = __builtin_bswap32(load32(p + 46));
	k->seq = (uint16_t)(p[44] << 8 | p[45]);
	uint64_t h = ((uint64_t)k->src << 32 | k->dst) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 29 ^ ((uint64_t)k->ports << 32 | k->ssrc)) * 0xbf58476d1ce4e5b9u;
	h ^= h >> 32;
	k->bucket = (uint32_t)h & b->mask;
	k->tag = (uint16_t)(h >> 48 | 1);
	return true;
}

static inline uint32_t
bare_find(const struct bare *b, const struct bare_packet *k)
{
	for (uint32_t at = k->bucket;; at = (at + 1) & b->mask) {
		const struct bare_bucket *bucket = &b->buckets[at];
		for (uint32_t i = 0; i < 8; i++)
			if (bucket->tags[i] == k->tag)
				return bucket->indices[i];
		if (bucket->n < 8)
			return UINT32_MAX;
	}
}

static inline bool
bare_is(const struct bare_state *s, const struct bare_packet *k)
{
	return s->ssrc == k->ssrc && s->src == k->src && s->dst == k->dst && s->ports == k->ports;
}

/* The first tag that fitted was another stream's. */
static __attribute__((noinline, unused)) uint32_t
bare_find_whole(const struct bare *b, const struct bare_packet *k)
{
	for (uint32_t at = k->bucket;; at = (at + 1) & b->mask) {
		const struct bare_bucket *bucket = &b->buckets[at];
		for (uint32_t i = 0; i < bucket->n; i++)
			if (bucket->tags[i] == k->tag && bare_is(&b->states[bucket->indices[i]], k))
				return bucket->indices[i];
		if (bucket->n < 8)
			return UINT32_MAX;
	}
}

static inline void
bare_add(struct bare *b, const uint8_t *frame, uint32_t len)
{
	struct bare_packet k;

	if (!bare_read(b, &k, frame, len))
		return;
	uint32_t at = k.bucket;
	while (b->buckets[at].n == 8)
		at = (at + 1) & b->mask;
	struct bare_bucket *bucket = &b->buckets[at];
	bucket->tags[bucket->n] = k.tag;
	bucket->indices[bucket->n++] = b->n;
	b->states[b->n++] = (struct bare_state){.src = k.src, .dst = k.dst, .ports = k.ports, .ssrc = k.ssrc, .seq = (uint16_t)(k.seq - 1)};
}

static inline void
bare_update(struct bare_state *s, const struct bare_packet *k, int64_t ts_ns, uint32_t bytes)
{
	uint16_t step = (uint16_t)(k->seq - s->seq);
	s->lost += step - 1u;
	s->cycles += k->seq < s->seq;
	s->seq = k->seq;
	s->packets++;
	s->bytes += bytes;
	if (s->packets > 1) {
		int64_t gap = ts_ns - s->last_ns;
		float d = (float)gap * 8e-6f - (float)(int32_t)(k->timestamp - s->timestamp);
		s->jitter += (__builtin_fabsf(d) - s->jitter) / 16;
		s->jitter_max = s->jitter > s->jitter_max ? s->jitter : s->jitter_max;
		s->delta_max_us = (uint32_t)(gap / 1024) > s->delta_max_us ? (uint32_t)(gap / 1024) : s->delta_max_us;
	}
	s->timestamp = k->timestamp;
	s->last_ns = ts_ns;
}

static inline struct bare
bare_new(uint32_t streams)
{
	uint32_t buckets = base_power_of_two_at_least(streams / 4);
	struct bare b = {bench_memory((size_t)buckets * sizeof(struct bare_bucket)), bench_memory((size_t)streams * sizeof(struct bare_state)), buckets - 1, 0};

	return b;
}

static inline void
bare_free(struct bare *b)
{
	free(b->buckets);
	free(b->states);
}

/* A burst of frames: at(context, i) is where the i-th begins; the cache is asked for those below ahead, which may lie behind the burst. */
struct bare_frames {
	const void *context;
	const uint8_t *(*at)(const void *context, uint32_t i);
	uint32_t n, ahead, len;
};

/* How many were packets of its streams. */
static inline __attribute__((always_inline)) uint32_t
bare_burst(struct bare *b, const struct bare_frames *f, int64_t ts_ns)
{
	struct bare_packet k[BENCH_BARE_BURST];
	uint32_t good = 0, hits = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		if (i + 8 < f->ahead)
			base_prefetch(f->at(f->context, i + 8));
		if (bare_read(b, &k[good], f->at(f->context, i), f->len))
			base_prefetch(&b->buckets[k[good++].bucket]);
	}
	for (uint32_t i = 0; i < good; i++) {
		k[i].state = bare_find(b, &k[i]);
		if (k[i].state != UINT32_MAX)
			base_prefetch_write(&b->states[k[i].state]);
	}
	for (uint32_t i = 0; i < good; i++) {
		if (k[i].state != UINT32_MAX && !bare_is(&b->states[k[i].state], &k[i]))
			k[i].state = bare_find_whole(b, &k[i]);
		if (k[i].state == UINT32_MAX)
			continue;
		bare_update(&b->states[k[i].state], &k[i], ts_ns, BENCH_PAYLOAD_BYTES);
		hits++;
	}
	return hits;
}
