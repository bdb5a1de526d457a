#include "media_testing.h"

static uint64_t
prepared(struct rig *r, uint8_t b0, uint8_t b1, uint32_t len)
{
	struct test_packet t;
	test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2, .ssrc = 5});
	t.bytes[0] = b0, t.bytes[1] = b1;
	t.view.payload_len = len;
	media_prepare(r->m, &t.packet, 1);
	media_find(r->m, &t.packet, 1);
	assert_int_equal(t.packet.stream, MEDIA_NONE);
	return t.packet.hash;
}

static void
what_cannot_be_rtp_gets_no_hash(void **state)
{
	struct rig *r = rig_new(16);
#define P(b0, b1, len, is_rtp, why) assert_int_equal(prepared(r, b0, b1, len) != 0, is_rtp)
	P(0x80, 0, 12, true, "smallest header");
	P(0x80, 0, 11, false, "cut");
	P(0x80, 0, 0, false, "empty");
	P(0x40, 0, 12, false, "version 1");
	P(0x00, 0, 12, false, "STUN");
	P(0xc0, 0, 12, false, "version 3");
	P(0xbf, 127, 12, true, "everything set");
	P(0x80, 191, 12, true, "marker and payload type 63");
	P(0x80, 192, 12, false, "RTCP FIR");
	P(0x80, 200, 12, false, "RTCP SR");
	P(0x80, 223, 12, false, "last RTCP type");
	P(0x80, 224, 12, true, "marker and payload type 96");
#undef P
	rig_free(r);
}

static void
hash_depends_on_every_part_of_the_key(void **state)
{
	struct rig *r = rig_new(16);
	struct base_endpoint src = endpoint(1, 1000), dst = endpoint(2, 2000);
	uint64_t h = media_hash(r->m, &src, &dst, 7);

	assert_true(h != media_hash(r->m, &dst, &src, 7));
	for (uint32_t bit = 0; bit < 18 * 8; bit++) {
		struct base_endpoint a = src, b = dst;
		((uint8_t *)&a)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		((uint8_t *)&b)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(h != media_hash(r->m, &a, &dst, 7));
		assert_true(h != media_hash(r->m, &src, &b, 7));
	}
	for (uint32_t bit = 0; bit < 32; bit++)
		assert_true(h != media_hash(r->m, &src, &dst, 7 ^ 1u << bit));
	struct test_packet t;
	test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2, .ssrc = 7});
	t.view.src = src, t.view.dst = dst;
	media_prepare(r->m, &t.packet, 1);
	assert_int_equal(t.packet.hash, h);
	rig_free(r);
}

/* IPv4 as IPv6 too, which both have to say the same of. */
static void
a_plain_packet_has_the_hash_of_its_view(void **state)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	struct rig *r = rig_new(16);

	for (uint32_t i = 0; i < 3; i++) {
		uint8_t frame[14 + 40 + 8 + 12] = {[12] = i ? 0x86 : 0x08, i ? 0xdd : 0x00}, *ip = frame + 14, *udp = ip + (i ? 40 : 20);
		struct media_packet plain, viewed;
		struct packet_view v;
		for (uint32_t k = 1; k < 20; k++)
			ip[20 + k] = (uint8_t)(k * 37);
		ip[0] = i ? 0x60 : 0x45, ip[i ? 6 : 9] = 17;
		base_store_be16(ip + (i ? 4 : 2), i ? 20 : 40);
		if (i == 2)
			memcpy(ip + 8, mapped, 12), memcpy(ip + 24, mapped, 12);
		base_store_be32(udp, 0x12345678), base_store_be16(udp + 4, 20), base_store_be16(udp + 6, 0);
		memcpy(udp + 8, (uint8_t[12]){0x80, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 12);
		uint32_t len = (uint32_t)(udp + 20 - frame);
		assert_true(media_packet_take(media_front(r->m), &plain, frame, len));
		assert_int_equal(packet_decode(&v, frame, len, len, PACKET_LINK_ETHERNET), PACKET_IS_DATAGRAM);
		viewed = (struct media_packet){.view = &v};
		media_prepare(r->m, &viewed, 1);
		assert_int_equal(plain.hash, viewed.hash);
		assert_ptr_equal(plain.payload, viewed.payload);
		assert_int_equal(plain.payload_wire_len, viewed.payload_wire_len);
		udp[9] = 200;
		assert_false(media_packet_take(media_front(r->m), &plain, frame, len));
	}
	rig_free(r);
}

/* Ports and SSRCs that count up: buckets stay near the mean of a Poisson distribution. */
static void
neighbouring_keys_spread_over_the_buckets(void **state)
{
	enum { BUCKETS = 4096, KEYS = 4 * BUCKETS };
	struct rig *r = rig_new(16);
	static uint16_t at[3][BUCKETS];
	uint32_t over[3] = {0};

	memset(at, 0, sizeof(at));
	for (uint32_t i = 0; i < KEYS; i++) {
		struct base_endpoint src = endpoint((uint8_t)(i >> 10), (uint16_t)(10000 + 2 * (i & 1023))), dst = endpoint(2, 2000);
		at[0][media_hash(r->m, &src, &dst, 7) % BUCKETS]++;
		at[1][media_hash(r->m, &dst, &dst, i) % BUCKETS]++;
		at[2][media_hash(r->m, &dst, &src, i << 20) >> 52]++;
	}
	for (uint32_t k = 0; k < 3; k++) {
		for (uint32_t i = 0; i < BUCKETS; i++)
			over[k] += at[k][i] > 8;
		assert_in_range(over[k], 40, 140); /* of 4096: 2.1 % = 87 expected */
	}
	rig_free(r);
}

static void
a_burst_of_one_stream_counts_every_packet_once(void **state)
{
	struct rig *r = rig_new(16);
	struct test_packet t[33];

	rig_announce(r, 2, 5, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < 33; i++)
		test_packet_make(&t[i], &(struct rtp){.src = 1, .dst = 2, .ssrc = 9, .seq = (uint16_t)(65530 + i), .payload_len = 160,
			.timestamp = 160 * i, .ts_ns = (int64_t)i * 20 * MS, .marker = i == 0});
	rig_burst(r, t, 32);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(t[i].packet.stream, t[0].packet.stream);
	rig_burst(r, t + 32, 1);
	media_collect(r->m, 5, rig_take, r);
	assert_int_equal(r->n_got, 1);
	assert_int_equal(r->got[0].packets, 33);
	assert_int_equal(r->got[0].expected, 33);
	assert_int_equal(r->got[0].lost, 0);
	assert_int_equal(r->got[0].bytes, 33 * 160);
	assert_int_equal(r->got[0].markers, 1);
	assert_true(r->got[0].jitter_ms_max == 0 && r->got[0].delta_ms_max == 20.0);
	rig_free(r);
}

/* Streams to the last place, in random bursts: each packet finds its own. */
static void
a_full_table_finds_every_stream(void **state)
{
	enum { N = 500 };
	struct rig *r = rig_new(N);
	uint64_t seed = 1;
	uint32_t index[N];

	for (uint32_t i = 0; i < N; i++)
		for (uint16_t seq = 0; seq < 2; seq++)
			index[i] = rig_packet(r, (struct rtp){.src = (uint8_t)i, .dst = (uint8_t)(i >> 8), .ssrc = i, .seq = seq, .ts_ns = SEC});
	for (uint32_t round = 0; round < 300; round++) {
		struct test_packet t[64];
		uint32_t who[64], n = 1 + (uint32_t)(test_random(&seed) % 64);
		for (uint32_t i = 0; i < n; i++) {
			who[i] = (uint32_t)(test_random(&seed) % N);
			test_packet_make(&t[i], &(struct rtp){.src = (uint8_t)who[i], .dst = (uint8_t)(who[i] >> 8), .ssrc = who[i], .seq = 2, .ts_ns = SEC});
		}
		rig_burst(r, t, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(t[i].packet.stream, index[who[i]]);
	}
	rig_free(r);
}

static void
header_extension_csrc_and_padding_are_not_payload(void **state)
{
	struct rig *r = rig_new(16);
	uint8_t bytes[60] = {0xb1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, /* P X CC=1 */
		0, 0, 0, 1, 0xbe, 0xde, 0, 1, 1, 2, 3, 4};
	struct test_packet t;

	bytes[59] = 6;
	rig_announce(r, 2, 5, MEDIA_SIDE_CALLEE);
	test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2});
	t.view.payload = bytes;
	t.view.payload_len = t.view.payload_wire_len = sizeof(bytes);
	for (uint32_t i = 0; i < 3; i++) {
		bytes[3] = (uint8_t)i;
		bytes[59] = i == 2 ? 99 : 6; /* padding that lies: all behind 12 bytes counts */
		rig_burst(r, &t, 1);
		t.packet.stream = MEDIA_NONE;
	}
	media_collect(r->m, 5, rig_take, r);
	assert_int_equal(r->got[0].packets, 3);
	assert_int_equal(r->got[0].bytes, 2 * (60 - 24 - 6) + 48);
	rig_free(r);
}

/* media_update's short run and media_account keep the same books, whatever the packets do. */
static void
the_short_run_counts_as_the_long_one(void **state)
{
	uint32_t seed = 3, seq = 65000, timestamp = 1;
	struct rig *a = rig_new(16), *b = rig_new(16);
	int64_t ts_ns = 0;

	rig_announce(a, 2, 5, MEDIA_SIDE_CALLEE);
	rig_announce(b, 2, 5, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < 20000; i++) {
		struct media_sample s;
		struct test_packet t;
		seed = seed * 1664525u + 1013904223u;
		uint32_t what = seed >> 24, late = seed >> 12 & 0xfff;
		seq += what == 1 ? 3 : what == 2 ? 0 : what == 3 ? (uint32_t)-2 : 1;
		timestamp += what == 4 ? 1600 : 160;
		ts_ns += 20 * MS + (what == 5 ? 300 * MS : 0) + late * 1000 - 2000000;
		test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2, .ssrc = 9, .seq = (uint16_t)seq, .payload_len = what == 6 ? 20 : 160,
			.payload_type = what == 7 ? 101 : 8, .timestamp = timestamp, .ts_ns = ts_ns, .marker = what == 8});
		rig_burst(a, &t, 1);
		media_prepare(b->m, &t.packet, 1);
		media_find(b->m, &t.packet, 1);
		if (t.packet.stream == MEDIA_NONE)
			media_begin(b->m, &t.packet);
		else if (media_sample_of(&s, &t.packet))
			media_account(b->m, t.packet.stream, &s, &t.packet);
	}
	media_collect(a->m, 5, rig_take, a);
	media_collect(b->m, 5, rig_take, b);
	assert_int_equal(a->n_got, 1);
	assert_int_equal(b->n_got, 1);
	assert_memory_equal(&a->got[0], &b->got[0], sizeof(a->got[0]));
	assert_true(a->got[0].lost > 50 && a->got[0].duplicates > 50 && a->got[0].markers > 50);
	rig_free(a);
	rig_free(b);
}

/* Packets that wait for their stream's cold part stay behind each other: bursts count as one by one does, with more streams than
 * the marks of those that wait can tell apart. */
static void
in_a_burst_each_stream_keeps_its_order(void **state)
{
	enum { STREAMS = 120, ROUNDS = 400 };
	uint32_t seed = 11, seq[STREAMS] = {0}, last = 0, compared = 0;
	struct rig *a = rig_new(128), *b = rig_new(128);

	for (uint8_t call = 5; call <= 6; call++) {
		rig_announce(a, call * 2, call, MEDIA_SIDE_CALLEE);
		rig_announce(b, call * 2, call, MEDIA_SIDE_CALLEE);
	}
	for (uint32_t i = 0; i < STREAMS; i++) /* each has its place */
		for (uint32_t k = 0; k < 2; k++) {
			struct rtp first = {.src = 1, .dst = 10 + i % 2 * 2, .ssrc = 100 + i, .seq = (uint16_t)++seq[i], .payload_len = 160,
				.timestamp = 160 * seq[i], .ts_ns = (int64_t)k * 20 * MS};
			rig_packet(a, first);
			rig_packet(b, first);
		}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct test_packet t[64];
		for (uint32_t i = 0; i < 64; i++) {
			seed = seed * 1664525u + 1013904223u;
			uint32_t stream = (seed >> 8) % STREAMS, what = seed >> 24;
			if (i % 4) /* neighbours of one stream, as a mirror that was held up delivers */
				stream = last;
			last = stream;
			seq[stream] += what == 1 ? 3 : what < 6 ? 0 : what < 10 ? (uint32_t)-2 : 1;
			test_packet_make(&t[i], &(struct rtp){.src = 1, .dst = 10 + stream % 2 * 2, .ssrc = 100 + stream, .seq = (uint16_t)seq[stream],
				.payload_len = 160, .timestamp = 160 * seq[stream], .ts_ns = (2 + (int64_t)round) * 20 * MS + i * 10000,
				.marker = what == 20});
		}
		for (uint32_t i = 0; i < 64; i++)
			rig_burst(b, &t[i], 1);
		rig_burst(a, t, 64);
	}
	for (uint8_t call = 5; call <= 6; call++) {
		media_collect(a->m, call, rig_take, a);
		media_collect(b->m, call, rig_take, b);
	}
	assert_int_equal(a->n_got, STREAMS);
	assert_int_equal(b->n_got, STREAMS);
	for (uint32_t i = 0; i < STREAMS; i++) {
		assert_memory_equal(&a->got[i], &b->got[i], sizeof(a->got[i]));
		compared += a->got[i].duplicates > 0 && a->got[i].lost > 0;
	}
	assert_true(compared > STREAMS / 2);
	rig_free(a);
	rig_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_rtp_gets_no_hash),
		cmocka_unit_test(hash_depends_on_every_part_of_the_key),
		cmocka_unit_test(a_plain_packet_has_the_hash_of_its_view),
		cmocka_unit_test(the_short_run_counts_as_the_long_one), cmocka_unit_test(neighbouring_keys_spread_over_the_buckets),
		cmocka_unit_test(a_burst_of_one_stream_counts_every_packet_once),
		cmocka_unit_test(in_a_burst_each_stream_keeps_its_order),
		cmocka_unit_test(a_full_table_finds_every_stream),
		cmocka_unit_test(header_extension_csrc_and_padding_are_not_payload),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
