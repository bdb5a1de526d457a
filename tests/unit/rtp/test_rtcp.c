#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rtp.h"

/* SR with one block, SDES, BYE: 52 + 12 + 8 bytes. */
static const uint8_t compound[] = {
	0x81, 200, 0, 12, 0, 0, 0, 9, 0xde, 0xad, 0, 1, 0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 50, 0, 0, 0x1f, 0x40,
	0, 0, 0, 8, 64, 0xff, 0xff, 0xfe, 0, 1, 0, 5, 0, 0, 0, 33, 0x11, 0x22, 0x33, 0x44, 0, 1, 0, 0,
	0x81, 202, 0, 2, 0, 0, 0, 9, 1, 2, 'a', 'b',
	0x81, 203, 0, 1, 0, 0, 0, 9,
};

static void
a_compound_is_read_packet_by_packet(void **state)
{
	struct base_span rest = base_span_of(compound, sizeof(compound));
	struct rtcp_packet p;
	bool bad;

	assert_true(rtcp_next(&rest, &p, &bad));
	assert_int_equal(p.type, RTCP_SR);
	assert_int_equal(p.sender_ssrc, 9);
	assert_true(p.ntp == 0xdead000180000000ull);
	assert_true(p.rtp_timestamp == 256 && p.sender_packets == 50 && p.sender_octets == 8000);
	assert_int_equal(p.n_blocks, 1);
	const struct rtcp_report_block *b = &p.blocks[0];
	assert_true(b->ssrc == 8 && b->fraction_lost == 64 && b->cumulative_lost == -2);
	assert_true(b->highest_seq == 0x10005 && b->jitter == 33 && b->lsr == 0x11223344 && b->dlsr == 65536);
	assert_int_equal(p.body.len, 52);
	assert_true(rtcp_next(&rest, &p, &bad));
	assert_true(p.type == RTCP_SDES && p.n_blocks == 0 && p.body.len == 12);
	assert_true(rtcp_next(&rest, &p, &bad));
	assert_true(p.type == RTCP_BYE && p.sender_ssrc == 9);
	assert_false(rtcp_next(&rest, &p, &bad));
	assert_false(bad);
}

static void
cumulative_loss_has_24_signed_bits(void **state)
{
#define P(a, b, c, want) do { \
		uint8_t rr[32] = {0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 8, 0, a, b, c}; \
		struct base_span rest = base_span_of(rr, sizeof(rr)); \
		struct rtcp_packet p; \
		bool bad; \
		assert_true(rtcp_next(&rest, &p, &bad)); \
		assert_int_equal(p.blocks[0].cumulative_lost, want); \
	} while (0)
	P(0, 0, 0, 0);
	P(0x7f, 0xff, 0xff, 8388607);
	P(0x80, 0, 0, -8388608);
	P(0xff, 0xff, 0xff, -1);
#undef P
}

/* What rtcp_next makes of a prefix: packets read, and whether the end was a lie. */
static uint32_t
count(const uint8_t *p, uint32_t len, bool *bad)
{
	uint8_t *copy = malloc(len + 1);
	struct base_span rest = base_span_of(copy + 1, len);
	struct rtcp_packet packet;
	uint32_t n = 0;

	memcpy(copy + 1, p, len);
	while (rtcp_next(&rest, &packet, bad))
		n++;
	free(copy);
	return n;
}

static void
a_compound_cut_at_any_byte_gives_its_whole_packets(void **state)
{
	for (uint32_t len = 0; len <= sizeof(compound); len++) {
		bool bad, whole = len == 0 || len == 52 || len == 64 || len == 72;
		assert_int_equal(count(compound, len, &bad), (len >= 52) + (len >= 64) + (len >= 72));
		assert_int_equal(bad, !whole);
		assert_int_equal(rtcp_looks_like(compound, len, len), whole && len);
		/* the same where the snap length cut it */
		assert_int_equal(rtcp_looks_like(compound, len, sizeof(compound)), len >= 8);
	}
}

static void
packets_that_lie_are_bad(void **state)
{
#define P(why, ...) do { \
		static const uint8_t bytes[] = {__VA_ARGS__}; \
		bool bad; \
		assert_int_equal(count(bytes, sizeof(bytes), &bad), 0); \
		assert_true(bad); \
	} while (0)
	P("version 1", 0x41, 201, 0, 1, 0, 0, 0, 9);
	P("type 191", 0x80, 191, 0, 1, 0, 0, 0, 9);
	P("type 224", 0x80, 224, 0, 1, 0, 0, 0, 9);
	P("length beyond the end", 0x80, 201, 0, 2, 0, 0, 0, 9);
	P("a block that is not there", 0x81, 201, 0, 1, 0, 0, 0, 9);
	P("no source", 0x80, 201, 0, 0);
	P("SR without sender info", 0x80, 200, 0, 1, 0, 0, 0, 9);
#undef P
}

static void
looks_like_wants_types_and_lengths(void **state)
{
#define P(want, wire, why, ...) do { \
		static const uint8_t bytes[] = {__VA_ARGS__}; \
		assert_int_equal(rtcp_looks_like(bytes, sizeof(bytes), wire ? wire : sizeof(bytes)), want); \
	} while (0)
	P(true, 0, "RR", 0x80, 201, 0, 1, 0, 0, 0, 9);
	P(true, 0, "XR", 0x80, 207, 0, 1, 0, 0, 0, 9);
	P(true, 0, "FIR of RFC 2032", 0x80, 192, 0, 1, 0, 0, 0, 9);
	P(false, 0, "RTP", 0x80, 0, 0, 1, 0, 0, 0, 9);
	P(false, 0, "version", 0x00, 201, 0, 1, 0, 0, 0, 9);
	P(false, 0, "bytes behind", 0x80, 201, 0, 1, 0, 0, 0, 9, 1);
	P(false, 0, "second packet is none", 0x80, 201, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0);
	P(true, 36, "cut by the snap length", 0x80, 201, 0, 8, 0, 0, 0, 9);
	P(false, 35, "longer than the wire", 0x80, 201, 0, 8, 0, 0, 0, 9);
#undef P
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_compound_is_read_packet_by_packet),
		cmocka_unit_test(cumulative_loss_has_24_signed_bits),
		cmocka_unit_test(a_compound_cut_at_any_byte_gives_its_whole_packets),
		cmocka_unit_test(packets_that_lie_are_bad),
		cmocka_unit_test(looks_like_wants_types_and_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
