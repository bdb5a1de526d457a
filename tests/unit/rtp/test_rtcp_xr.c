#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rtp.h"

/* XR of sender 9: reference time, DLRR with two, statistics summary, VoIP metrics, one nobody knows. */
static const uint8_t xr[] = {
	0x80, 207, 0, 30, 0, 0, 0, 9,
	4, 0, 0, 2, 0xde, 0xad, 0xbe, 0xef, 0x80, 0, 0, 1,
	5, 0, 0, 6, 0, 0, 0, 7, 0xbe, 0xef, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 0, 0, 0, 9,
	6, 0xe0, 0, 9, 0, 0, 0, 8, 0, 10, 0, 20, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 90, 0, 0, 0, 40, 0, 0, 0, 5, 1, 2, 3, 4,
	7, 0, 0, 8, 0, 0, 0, 8, 13, 26, 128, 2, 0, 200, 0x13, 0x88, 0, 80, 0, 120, 0xec, 0xba, 60, 16, 88, 127, 41, 40, 0x30, 0, 0, 60, 0, 80, 1, 0,
};

static struct rtcp_packet
first_packet(const uint8_t *p, uint32_t len)
{
	struct base_span rest = base_span_of(p, len);
	struct rtcp_packet packet;
	bool bad;

	assert_true(rtcp_next(&rest, &packet, &bad));
	return packet;
}

static void
every_block_is_read(void **state)
{
	struct rtcp_packet packet = first_packet(xr, sizeof(xr));
	struct base_span rest = rtcp_xr_blocks(&packet);
	struct rtcp_xr_block b;
	struct rtcp_xr_delay d;

	assert_true(rtcp_xr_next(&rest, &b));
	assert_true(b.type == RTCP_XR_REFERENCE_TIME && b.ntp == 0xdeadbeef80000001ull);
	assert_true(rtcp_xr_next(&rest, &b) && b.type == RTCP_XR_DLRR);
	assert_true(rtcp_xr_delay_next(&b.delays, &d) && d.ssrc == 7 && d.lrr == 0xbeef8000 && d.dlrr == 0x10000);
	assert_true(rtcp_xr_delay_next(&b.delays, &d) && d.ssrc == 8 && d.dlrr == 9);
	assert_false(rtcp_xr_delay_next(&b.delays, &d));
	assert_true(rtcp_xr_next(&rest, &b) && b.type == RTCP_XR_SUMMARY && b.ssrc == 8);
	assert_true(b.summary.has_lost && b.summary.has_duplicates && b.summary.has_jitter);
	assert_true(b.summary.begin_seq == 10 && b.summary.end_seq == 20 && b.summary.lost == 3 && b.summary.duplicates == 2);
	assert_true(b.summary.jitter_min == 1 && b.summary.jitter_max == 90 && b.summary.jitter_mean == 40 && b.summary.jitter_deviation == 5);
	assert_true(rtcp_xr_next(&rest, &b) && b.type == RTCP_XR_VOIP && b.ssrc == 8);
	assert_true(b.voip.loss_rate == 13 && b.voip.discard_rate == 26 && b.voip.burst_density == 128 && b.voip.gap_density == 2);
	assert_true(b.voip.burst_ms == 200 && b.voip.gap_ms == 5000 && b.voip.rtt_ms == 80 && b.voip.end_system_ms == 120);
	assert_true(b.voip.signal_dbm == -20 && b.voip.noise_dbm == -70 && b.voip.rerl_db == 60 && b.voip.gmin == 16);
	assert_true(b.voip.r_factor == 88 && b.voip.ext_r_factor == 127 && b.voip.mos_lq == 41 && b.voip.mos_cq == 40);
	assert_true(b.voip.buffer_nominal_ms == 60 && b.voip.buffer_max_ms == 80 && b.voip.buffer_abs_max_ms == 256);
	assert_false(rtcp_xr_next(&rest, &b));
}

/* However a block's length is set, no byte outside the packet is read (under ASan), and the walk ends. */
static void
lengths_that_lie_end_the_walk(void **state)
{
	for (uint32_t at = 8; at + 4 <= sizeof(xr); at += 4) {
		for (uint32_t value = 0; value < 300; value += 7) {
			uint8_t *copy = malloc(sizeof(xr));
			memcpy(copy, xr, sizeof(xr));
			base_store_be16(copy + at + 2, (uint16_t)(value > 200 ? value * 200 : value));
			struct rtcp_packet packet = first_packet(copy, sizeof(xr));
			struct base_span rest = rtcp_xr_blocks(&packet);
			struct rtcp_xr_block b;
			uint32_t n = 0;
			while (rtcp_xr_next(&rest, &b))
				n++;
			assert_true(n <= sizeof(xr) / 4);
			free(copy);
		}
	}
}

static void
a_short_block_is_of_no_type(void **state)
{
	static const uint8_t cut[] = {0x80, 207, 0, 3, 0, 0, 0, 9, 7, 0, 0, 1, 0, 0, 0, 8};
	struct rtcp_packet packet = first_packet(cut, sizeof(cut));
	struct base_span rest = rtcp_xr_blocks(&packet);
	struct rtcp_xr_block b;

	assert_true(rtcp_xr_next(&rest, &b) && b.type == 0);
	packet.type = RTCP_RR;
	assert_int_equal(rtcp_xr_blocks(&packet).len, 0);
}

/* Two sources; the first chunk's items end two bytes before a boundary, the second's on it. */
static void
cname_is_found_among_chunks_and_items(void **state)
{
	static const uint8_t sdes[] = {0x82, 202, 0, 9,
		0, 0, 0, 1, 2, 2, 'm', 'e', 1, 4, 'a', '@', 'b', 'c', 0, 0,
		0, 0, 0, 2, 1, 6, 'x', '@', 'y', '.', 'd', 'e', 0, 0, 0, 0,
		0, 0, 0, 0};
	struct rtcp_packet packet = first_packet(sdes, sizeof(sdes));

	assert_true(base_span_eq(rtcp_sdes_cname(&packet, 1), BASE_SPAN("a@bc")));
	assert_true(base_span_eq(rtcp_sdes_cname(&packet, 2), BASE_SPAN("x@y.de")));
	assert_int_equal(rtcp_sdes_cname(&packet, 3).len, 0);
	for (uint32_t i = 4; i < sizeof(sdes); i++) {
		for (uint32_t v = 0; v < 256; v += 5) {
			uint8_t *copy = malloc(sizeof(sdes));
			memcpy(copy, sdes, sizeof(sdes));
			copy[i] = (uint8_t)v;
			packet = first_packet(copy, sizeof(sdes));
			struct base_span name = rtcp_sdes_cname(&packet, 2);
			assert_true(name.len == 0 || (name.p > copy && name.p + name.len <= copy + sizeof(sdes)));
			free(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_is_read),
		cmocka_unit_test(lengths_that_lie_end_the_walk),
		cmocka_unit_test(a_short_block_is_of_no_type),
		cmocka_unit_test(cname_is_found_among_chunks_and_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
