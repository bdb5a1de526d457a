#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_fragment.h"
#include "packet_law.h"

#define SECOND BASE_NS_PER_SEC
#define DATAGRAM 4000 /* UDP header and payload */

/* A UDP datagram of len bytes whose payload byte i depends on i and seed, in a packet 10.0.0.1 >
 * 10.0.1.1. */
struct whole {
	struct build b;
	uint32_t len;
};

static uint8_t
byte_of(uint32_t i, uint32_t seed)
{
	return (uint8_t)(i * 7 + (i >> 8) + seed);
}

static void
whole_make(struct whole *w, uint32_t len, uint32_t seed)
{
	build_begin(&w->b, "", 0);
	uint8_t *p = build_front(&w->b, len - 8);
	for (uint32_t i = 0; i < len - 8; i++)
		p[i] = byte_of(i, seed);
	build_wrap(&w->b, "udp");
	w->len = len;
}

/* The view of the fragment [at, at + len) of w: IPv4, or IPv6 where id exceeds 16 bits. */
static struct packet_view
whole_piece(const struct whole *w, uint32_t id, uint32_t at, uint32_t len)
{
	struct packet_view v = {.payload = w->b.p + at, .payload_len = len, .payload_wire_len = len, .ip_id = id,
		.fragment_offset = at, .fragment_more = at + len < w->len, .vlan = 100, .ip_protocol = 17, .depth = 1,
		.tunnel = PACKET_TUNNEL_NONE, .ttl = (uint8_t)(at ? 9 : 64), .ip_id_valid = id <= 0xffff};
	v.src.ip = base_ip_v4((uint8_t[]){10, 0, 0, 1});
	v.dst.ip = base_ip_v4((uint8_t[]){10, 0, 1, 1});
	return v;
}

static struct packet_fragments *
new_fragments(uint32_t max)
{
	size_t size = packet_fragments_footprint(max);
	void *mem = aligned_alloc(BASE_CACHE_LINE, size);

	assert_non_null(mem);
	memset(mem, 0xa5, size);
	return packet_fragments_new(mem, max, &BASE_HASH_KEY_REPLAY);
}

static void
assert_whole(const struct packet_view *v, uint32_t len, uint32_t seed)
{
	assert_int_equal(v->payload_len, len - 8);
	assert_int_equal(v->payload_wire_len, len - 8);
	for (uint32_t i = 0; i < len - 8; i++)
		assert_int_equal(v->payload[i], byte_of(i, seed));
	assert_int_equal(v->src.port, 1000);
	assert_int_equal(v->dst.port, 5060);
	assert_int_equal(v->vlan, 100);
	assert_int_equal(v->ttl, 64);
	assert_true(v->reassembled);
	assert_false(v->fragment_more);
	assert_int_equal(v->fragment_offset, 0);
}

static enum packet_result
push(struct packet_fragments *f, const struct whole *w, uint32_t id, uint32_t at, uint32_t len)
{
	struct packet_view v = whole_piece(w, id, at, len);

	return packet_fragment_push(f, &v, SECOND);
}

/* Pieces in every order give the datagram once, with the last of them. */
static void
any_order_gives_the_datagram(void **state)
{
	static const uint32_t starts[] = {0, 1480, 2960, 3440, DATAGRAM};
	struct packet_fragments *f = new_fragments(4);
	struct whole w;
	uint32_t id = 1;

	whole_make(&w, DATAGRAM, 3);
	for (uint32_t code = 0; code < 256; code++, id++) {
		uint32_t order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6}, seen = 0;
		for (uint32_t i = 0; i < 4; i++)
			seen |= 1u << order[i];
		if (seen != 15)
			continue;
		for (uint32_t i = 0; i < 4; i++) {
			uint32_t at = starts[order[i]];
			struct packet_view v = whole_piece(&w, code & 1 ? id : id << 16, at, starts[order[i] + 1] - at);
			enum packet_result result = packet_fragment_push(f, &v, SECOND);
			assert_int_equal(result, i < 3 ? PACKET_DONE : PACKET_IS_DATAGRAM);
			if (i < 3)
				assert_int_equal(v.verdict, PACKET_VERDICT_FRAGMENT);
			else
				assert_whole(&v, DATAGRAM, 3);
		}
	}
	assert_int_equal(packet_fragments_counters(f)->reassembled, 24);
	assert_int_equal(packet_fragments_counters(f)->evicted, 0);
	free(f);
}

static void
the_largest_packet_fits_even_alone(void **state)
{
	struct packet_fragments *f = new_fragments(1);
	struct whole w;
	struct packet_view v;

	whole_make(&w, 65535, 9);
	for (uint32_t at = 0; at < w.len; at += 1480) {
		v = whole_piece(&w, 5, at, w.len - at < 1480 ? w.len - at : 1480);
		enum packet_result result = packet_fragment_push(f, &v, SECOND);
		assert_int_equal(result, v.reassembled ? PACKET_IS_DATAGRAM : PACKET_DONE);
	}
	assert_whole(&v, 65535, 9);
	free(f);
}

static void
duplicates_are_ignored_overlaps_give_up(void **state)
{
	static const struct {
		uint32_t at, len;
		bool duplicate;
	} rows[] = {
		{1480, 1480, true}, {1480, 1472, false}, {1472, 1480, false}, {1480, 1488, false}, {1488, 8, false},
		{1472, 1600, false}, {2952, 8, false},
	};
	struct packet_fragments *f = new_fragments(4);
	struct whole w;
	uint64_t overlapping = 0;

	whole_make(&w, DATAGRAM, 1);
	for (uint32_t i = 0; i < base_count_of(rows); i++) {
		push(f, &w, 1 + i, 1480, 1480);
		struct packet_view v = whole_piece(&w, 1 + i, rows[i].at, rows[i].len);
		assert_int_equal(packet_fragment_push(f, &v, SECOND), PACKET_DONE);
		assert_int_equal(v.verdict, rows[i].duplicate ? PACKET_VERDICT_FRAGMENT : PACKET_VERDICT_FRAGMENT_DROPPED);
		overlapping += !rows[i].duplicate;
		assert_int_equal(packet_fragments_counters(f)->overlapping, overlapping);
		push(f, &w, 1 + i, 0, 1480);
		enum packet_result result = push(f, &w, 1 + i, 2960, DATAGRAM - 2960);
		assert_int_equal(result, rows[i].duplicate ? PACKET_IS_DATAGRAM : PACKET_DONE);
	}
	free(f);
}

static void
a_duplicate_with_other_bytes_is_an_overlap(void **state)
{
	struct packet_fragments *f = new_fragments(4);
	struct whole w, other;

	whole_make(&w, DATAGRAM, 1);
	whole_make(&other, DATAGRAM, 2);
	push(f, &w, 7, 1480, 1480);
	struct packet_view v = whole_piece(&other, 7, 1480, 1480);
	assert_int_equal(packet_fragment_push(f, &v, SECOND), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	assert_int_equal(packet_fragments_counters(f)->overlapping, 1);
	free(f);
}

/* Two ends, or bytes behind the end. */
static void
a_packet_has_one_end(void **state)
{
	struct packet_fragments *f = new_fragments(4);
	struct whole w, longer;

	whole_make(&w, DATAGRAM, 1);
	whole_make(&longer, DATAGRAM + 800, 1);
	push(f, &w, 1, 2960, DATAGRAM - 2960);
	push(f, &longer, 1, 4000, 800);
	assert_int_equal(packet_fragments_counters(f)->overlapping, 1);
	push(f, &longer, 2, 4000, 400);
	push(f, &w, 2, 2960, DATAGRAM - 2960);
	assert_int_equal(packet_fragments_counters(f)->overlapping, 2);
	/* the same piece, once said to be the last */
	push(f, &w, 3, 2960, DATAGRAM - 2960);
	push(f, &longer, 3, 2960, DATAGRAM - 2960);
	assert_int_equal(packet_fragments_counters(f)->overlapping, 3);
	free(f);
}

static void
packets_are_told_apart(void **state)
{
	struct packet_fragments *f = new_fragments(8);
	struct whole w;
	struct packet_view v[5];

	whole_make(&w, DATAGRAM, 1);
	for (int i = 0; i < 5; i++)
		v[i] = whole_piece(&w, 7, 0, 1480);
	v[1].ip_id = 8;
	v[2].ip_protocol = 6;
	v[3].src.ip.b[15] = 2;
	v[4].dst.ip.b[15] = 2;
	for (int i = 0; i < 5; i++)
		assert_int_equal(packet_fragment_push(f, &v[i], SECOND), PACKET_DONE);
	assert_int_equal(packet_fragments_counters(f)->overlapping, 0);
	push(f, &w, 7, 1480, 1480);
	assert_int_equal(push(f, &w, 7, 2960, DATAGRAM - 2960), PACKET_IS_DATAGRAM);
	assert_int_equal(packet_fragments_counters(f)->reassembled, 1);
	free(f);
}

/* RFC 8200 4.5: the next header of the fragment at offset 0 counts. */
static void
ipv6_fragments_may_name_other_protocols(void **state)
{
	struct packet_fragments *f = new_fragments(8);
	struct whole w;

	whole_make(&w, DATAGRAM, 1);
	struct packet_view last = whole_piece(&w, 0x70000, 1480, DATAGRAM - 1480);
	last.ip_protocol = 59;
	assert_int_equal(packet_fragment_push(f, &last, SECOND), PACKET_DONE);
	assert_int_equal(push(f, &w, 0x70000, 0, 1480), PACKET_IS_DATAGRAM);
	free(f);
}

static void
what_cannot_be_a_piece_is_dropped_and_counted(void **state)
{
	struct packet_fragments *f = new_fragments(4);
	const struct packet_fragment_counters *c = packet_fragments_counters(f);
	struct whole w;

	whole_make(&w, DATAGRAM, 1);
	push(f, &w, 1, 0, 1479);
	push(f, &w, 1, 8, 0);
	assert_int_equal(c->malformed, 2);
	struct packet_view v = whole_piece(&w, 1, 0, 1480);
	v.fragment_offset = 65528;
	assert_int_equal(packet_fragment_push(f, &v, SECOND), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	assert_int_equal(c->too_large, 1);
	v = whole_piece(&w, 1, 0, 1480);
	v.payload_len = 96;
	assert_int_equal(packet_fragment_push(f, &v, SECOND), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	assert_int_equal(c->truncated, 1);
	for (uint32_t at = 0; at < 65 * 16; at += 16)
		push(f, &w, 2, at, 8);
	assert_int_equal(c->too_large, 2);
	free(f);
}

static void
incomplete_packets_time_out(void **state)
{
	struct packet_fragments *f = new_fragments(4);
	struct whole w;

	whole_make(&w, DATAGRAM, 1);
	push(f, &w, 1, 0, 1480);
	packet_fragments_expire(f, 31 * SECOND);
	assert_int_equal(packet_fragments_counters(f)->timed_out, 0);
	packet_fragments_expire(f, 31 * SECOND + 1);
	assert_int_equal(packet_fragments_counters(f)->timed_out, 1);
	push(f, &w, 2, 0, 1480);
	struct packet_view v = whole_piece(&w, 3, 0, 1480);
	packet_fragment_push(f, &v, 100 * SECOND);
	assert_int_equal(packet_fragments_counters(f)->timed_out, 2);
	free(f);
}

static void
full_gives_up_the_oldest(void **state)
{
	struct packet_fragments *f = new_fragments(3);
	struct whole w;

	whole_make(&w, DATAGRAM, 1);
	for (uint32_t id = 1; id <= 4; id++)
		push(f, &w, id, 0, 1480);
	assert_int_equal(packet_fragments_counters(f)->evicted, 1);
	for (uint32_t id = 2; id <= 4; id++) {
		push(f, &w, id, 1480, 1480);
		assert_int_equal(push(f, &w, id, 2960, DATAGRAM - 2960), PACKET_IS_DATAGRAM);
	}
	free(f);
}

/* Packets larger than their share take the blocks of older ones. */
static void
the_pool_gives_up_the_oldest_too(void **state)
{
	struct packet_fragments *f = new_fragments(8);
	struct whole w;

	whole_make(&w, 65000, 1);
	for (uint32_t id = 1; id <= 4; id++)
		for (uint32_t at = 0; at + 1480 < w.len; at += 1480)
			push(f, &w, id, at, 1480);
	assert_true(packet_fragments_counters(f)->evicted >= 2);
	uint32_t last = 43 * 1480;
	assert_int_equal(push(f, &w, 4, last, w.len - last), PACKET_IS_DATAGRAM);
	free(f);
}

/* A tunnel packet in fragments that carries a fragment: pushed in turn, from our own buffer. */
static void
fragments_inside_fragments(void **state)
{
	struct packet_fragments *f = new_fragments(4);
	struct whole w;
	struct packet_view v;

	whole_make(&w, DATAGRAM, 6);
	for (uint32_t at = 0; at < DATAGRAM; at += 2000) {
		static struct whole outer;
		build_begin(&outer.b, w.b.p + at, 2000);
		build_wrap(&outer.b, "ip4");
		outer.b.p[9] = 17;
		base_store_be16(outer.b.p + 6, (uint16_t)(at / 8 | (at == 0 ? 0x2000 : 0)));
		outer.len = outer.b.len;
		for (uint32_t part = 0; part < outer.len; part += 1000) {
			v = whole_piece(&outer, 100 + at, part, outer.len - part < 1000 ? outer.len - part : 1000);
			v.ip_protocol = 4;
			enum packet_result result = packet_fragment_push(f, &v, SECOND);
			assert_int_equal(result, part < 2000 ? PACKET_DONE : PACKET_IS_FRAGMENT);
		}
		assert_int_equal(packet_fragment_push(f, &v, SECOND), at ? PACKET_IS_DATAGRAM : PACKET_DONE);
	}
	assert_whole(&v, DATAGRAM, 6);
	assert_int_equal(v.tunnel, PACKET_TUNNEL_IPIP);
	assert_int_equal(v.depth, 2);
	free(f);
}

/* Decoder and reassembler together, from frames. */
static void
frames_to_datagram(void **state)
{
	static const char *const headers[] = {"eth vlan:100 ip4", "eth vlan:100 ip6 frag"};
	struct packet_fragments *f = new_fragments(4);
	struct whole w;
	struct packet_view v;

	whole_make(&w, DATAGRAM, 8);
	for (int six = 0; six < 2; six++) {
		for (uint32_t at = 0; at < DATAGRAM; at += 1000) {
			static struct build b;
			bool more = at + 1000 < DATAGRAM;
			build_begin(&b, w.b.p + at, 1000);
			b.protocol = 17;
			build_wrap(&b, headers[six]);
			uint8_t *word = six ? b.p + 18 + 42 : b.p + 18 + 6;
			base_store_be16(word, (uint16_t)(six ? at | more : at / 8 | (more ? 0x2000 : 0)));
			assert_int_equal(packet_decode(&v, b.p, b.len, b.len, PACKET_LINK_ETHERNET), PACKET_IS_FRAGMENT);
			assert_int_equal(packet_fragment_push(f, &v, SECOND), more ? PACKET_DONE : PACKET_IS_DATAGRAM);
		}
		v.ttl = 64;
		assert_whole(&v, DATAGRAM, 8);
	}
	free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_datagram),
		cmocka_unit_test(the_largest_packet_fits_even_alone),
		cmocka_unit_test(duplicates_are_ignored_overlaps_give_up),
		cmocka_unit_test(a_duplicate_with_other_bytes_is_an_overlap),
		cmocka_unit_test(a_packet_has_one_end),
		cmocka_unit_test(packets_are_told_apart),
		cmocka_unit_test(ipv6_fragments_may_name_other_protocols),
		cmocka_unit_test(what_cannot_be_a_piece_is_dropped_and_counted),
		cmocka_unit_test(incomplete_packets_time_out),
		cmocka_unit_test(full_gives_up_the_oldest),
		cmocka_unit_test(the_pool_gives_up_the_oldest_too),
		cmocka_unit_test(fragments_inside_fragments),
		cmocka_unit_test(frames_to_datagram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
