/* media_testing: RTP packets out of nothing, and a table on malloc'ed memory, for the tests of media. */
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "media.h"
#include "media_private.h"

#define MS BASE_NS_PER_MS
#define SEC BASE_NS_PER_SEC

struct rig {
	struct media *m;
	struct media_directory *d;
	struct metrics_core metrics;
	void *memory, *directory_memory;
	struct media_directory *directories[1];
	struct media_summary got[512];
	uint32_t n_got, n_evicted;
	struct media_summary evicted;
	struct media_digit digits[64];
	uint32_t n_digits;
};

static inline uint64_t
test_random(uint64_t *state)
{
	return base_hash_mix(*state += 0x9e3779b97f4a7c15ull);
}

static inline void
rig_evicted(void *context, const struct media_summary *s)
{
	struct rig *r = context;
	r->n_evicted++;
	r->evicted = *s;
}

static inline void
rig_digit(void *context, const struct media_digit *digit)
{
	struct rig *r = context;
	if (r->n_digits < base_count_of(r->digits))
		r->digits[r->n_digits] = *digit;
	r->n_digits++;
}

static inline struct rig *
rig_new(uint32_t max_streams)
{
	struct rig *r = aligned_alloc(64, base_align_up(sizeof(*r), 64));
	struct base_hash_key key = {3, 4};

	memset(r, 0, sizeof(*r));
	r->directory_memory = aligned_alloc(64, media_directory_footprint(1000));
	r->d = r->directories[0] = media_directory_new(r->directory_memory, 1000, &key);
	struct media_options options = {
		.max_streams = max_streams,
		.key = key,
		.directories = r->directories,
		.n_directories = 1,
		.idle_ns = 30 * SEC,
		.evicted = rig_evicted,
		.digit = rig_digit,
		.context = r,
		.jitter_buffer_ms = 60,
		.metrics = &r->metrics,
	};
	r->memory = aligned_alloc(64, media_footprint(&options));
	memset(r->memory, 0xa5, media_footprint(&options));
	r->m = media_new(r->memory, &options);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	free(r->memory);
	free(r->directory_memory);
	free(r);
}

static inline void
rig_take(void *context, const struct media_summary *s)
{
	struct rig *r = context;
	if (r->n_got < base_count_of(r->got))
		r->got[r->n_got] = *s;
	r->n_got++;
}

static inline struct base_endpoint
endpoint(uint8_t host, uint16_t port)
{
	return (struct base_endpoint){base_ip_v4((uint8_t[]){10, 0, 0, host}), port};
}

struct rtp {
	uint8_t src, dst; /* hosts; ports are 10000 + 2 * host */
	uint32_t ssrc, timestamp;
	uint16_t seq;
	uint8_t payload_type;
	bool marker;
	int64_t ts_ns;
	uint32_t payload_len;
};

struct test_packet {
	uint8_t bytes[12];
	struct packet_view view;
	struct media_packet packet;
};

static inline uint16_t
port_of(uint8_t host)
{
	return (uint16_t)(10000 + 2 * host);
}

static inline void
test_packet_make(struct test_packet *t, const struct rtp *rtp)
{
	memset(t, 0, sizeof(*t));
	t->bytes[0] = 0x80;
	t->bytes[1] = (uint8_t)(rtp->payload_type | (rtp->marker ? 0x80 : 0));
	base_store_be16(t->bytes + 2, rtp->seq);
	base_store_be32(t->bytes + 4, rtp->timestamp);
	base_store_be32(t->bytes + 8, rtp->ssrc);
	t->view.src = endpoint(rtp->src, port_of(rtp->src));
	t->view.dst = endpoint(rtp->dst, port_of(rtp->dst));
	t->view.payload = t->bytes;
	t->view.payload_len = 12;
	t->view.payload_wire_len = 12 + rtp->payload_len;
	t->view.transport = PACKET_UDP;
	t->view.vlan = PACKET_VLAN_NONE;
	t->packet.view = &t->view;
	t->packet.ts_ns = rtp->ts_ns;
}

/* The worker's step for a burst: hits first, then those that missed. */
static inline void
rig_burst(struct rig *r, struct test_packet *packets, uint32_t n)
{
	struct media_packet burst[64];
	assert_true(n <= 64);
	for (uint32_t i = 0; i < n; i++) {
		burst[i] = packets[i].packet;
		burst[i].view = &packets[i].view;
	}
	media_prepare(r->m, burst, n);
	media_find(r->m, burst, n);
	uint32_t misses = media_update(r->m, burst, n);
	for (uint32_t i = 0; i < n; i++)
		if (burst[i].stream == MEDIA_NONE)
			misses--, media_begin(r->m, &burst[i]);
	assert_int_equal(misses, 0);
	for (uint32_t i = 0; i < n; i++)
		packets[i].packet = burst[i];
}

/* One packet; the stream it belongs to, or MEDIA_NONE. */
static inline uint32_t
rig_packet(struct rig *r, struct rtp rtp)
{
	struct test_packet t;
	test_packet_make(&t, &rtp);
	t.view.payload = t.bytes;
	rig_burst(r, &t, 1);
	return t.packet.stream;
}

/* n packets of 20 ms from seq on, beginning at ts_ns. */
static inline void
rig_run(struct rig *r, struct rtp first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		rig_packet(r, first);
		first.seq++;
		first.timestamp += 160;
		first.ts_ns += 20 * MS;
	}
}

static inline void
rig_announce_at(struct rig *r, int64_t since_ns, uint8_t host, uint64_t call, enum media_side side)
{
	struct media_announce a = {.call = call, .since_ns = since_ns, .side = side, .n_codecs = 3,
		.codecs = {{8000, 0, RTP_CODEC_PCMU}, {8000, 101, RTP_CODEC_TELEPHONE_EVENT}, {48000, 96, RTP_CODEC_OPUS}}};
	struct base_endpoint at = endpoint(host, port_of(host));
	assert_true(media_directory_publish(r->d, &at, &a));
}

static inline void
rig_announce(struct rig *r, uint8_t host, uint64_t call, enum media_side side)
{
	rig_announce_at(r, 0, host, call, side);
}
