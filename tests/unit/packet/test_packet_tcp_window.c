#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_tcp_sim.h"

static void
early_segments_wait_for_the_gap(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	assert_false(push(t, 200, 100, 0));
	assert_false(push(t, 400, 100, 0));
	assert_false(push(t, 300, 100, 0));
	assert_true(push(t, 100, 100, 0));
	assert_stream(0, 500);
	assert_int_equal(packet_tcp_counters(t)->out_of_order, 3);
	assert_int_equal(packet_tcp_counters(t)->gaps, 0);
	free(t);
}

static void
retransmissions_are_dropped(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 0, SYN);
	push(t, 0, 100, 0);
	packet_tcp_consume(t, s.flow, 100);
	assert_false(push(t, 0, 0, SYN));
	assert_false(push(t, 0, 100, 0));
	assert_false(push(t, 40, 60, 0));
	assert_false(push(t, 99, 1, 0)); /* keep-alive */
	assert_false(push(t, 99, 0, 0));
	assert_int_equal(packet_tcp_counters(t)->retransmitted_bytes, 161);
	assert_true(push(t, 50, 100, 0)); /* half of it new: other segmentation */
	assert_stream(100, 50);
	assert_int_equal(packet_tcp_counters(t)->retransmitted_bytes, 211);
	free(t);
}

static void
a_full_window_skips_the_gap(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	assert_false(push(t, 200, 2000, 0));
	assert_false(push(t, 2200, WINDOW - 2200, 0));
	assert_true(push(t, WINDOW, 100, 0));
	assert_true(s.gap);
	assert_int_equal(s.len, WINDOW - 100);
	assert_memory_equal(s.p, text + 200, s.len);
	free(t);
}

/* A message larger than the window cannot be framed: what stands there is given up. */
static void
a_window_nobody_consumes_is_given_up(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 4000, SYN);
	assert_true(push(t, 4000, 1000, 0));
	assert_true(s.gap);
	assert_int_equal(s.len, 1000);
	assert_memory_equal(s.p, text + 4000, 1000);
	packet_tcp_consume(t, s.flow, 1000);
	assert_true(push(t, 5000, WINDOW + 500, 0)); /* larger than the window at once */
	assert_int_equal(s.len, WINDOW);
	assert_memory_equal(s.p, text + 5000, WINDOW);
	free(t);
}

static void
islands_are_bounded(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	for (uint32_t i = 0; i < 16; i++)
		assert_false(push(t, 200 + i * 40, 20, 0));
	assert_int_equal(packet_tcp_counters(t)->dropped, 0);
	push(t, 2000, 20, 0);
	assert_int_equal(packet_tcp_counters(t)->dropped, 1);
	push(t, 220, 20, 0); /* joins two: room again */
	push(t, 2000, 20, 0);
	assert_int_equal(packet_tcp_counters(t)->dropped, 1);
	assert_true(push(t, 100, 800, 0));
	assert_stream(0, 900);
	free(t);
}

static void
a_stranger_is_dropped_a_connection_that_moved_is_followed(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	packet_tcp_consume(t, s.flow, 100);
	assert_false(push(t, 150000, 40, 0));
	assert_int_equal(packet_tcp_counters(t)->dropped, 1);
	assert_true(push(t, 100, 40, 0)); /* it was nothing */
	assert_stream(100, 40);
	assert_false(push(t, 100000, 40, 0));
	assert_true(push(t, 100040, 40, 0)); /* it goes on there */
	assert_true(s.gap);
	assert_true(s.fresh);
	assert_int_equal(s.len, 40);
	assert_memory_equal(s.p, text + 100040, 40);
	free(t);
}

/* A snap length: the tail is gone, the next segment goes on at once, and flagged. */
static void
cut_segments_leave_gaps_nobody_waits_for(void **state)
{
	struct packet_tcp *t = new_tcp(2);
	struct packet_view v = segment(1, 0, 500, 0);

	push(t, 0, 0, SYN);
	v.payload_len = 96;
	assert_true(packet_tcp_push(t, &v, SECOND, true, &s));
	assert_stream(0, 96);
	assert_true(push(t, 500, 100, 0));
	assert_true(s.gap);
	assert_int_equal(s.len, 100);
	assert_memory_equal(s.p, text + 500, 100);
	packet_tcp_consume(t, s.flow, 100);
	for (uint32_t at = 600; at < 3000; at += 500) { /* one after the other */
		v = segment(1, at, 500, 0);
		v.payload_len = 96;
		assert_true(packet_tcp_push(t, &v, SECOND, true, &s));
		assert_int_equal(s.len, 96);
		assert_int_equal(s.gap, at > 600);
	}
	free(t);
}

static void
a_cut_segment_sent_again_whole_fills_itself(void **state)
{
	struct packet_tcp *t = new_tcp(2);
	struct packet_view v = segment(1, 0, 500, SYN);

	v.payload_len = 96;
	packet_tcp_push(t, &v, SECOND, true, &s);
	assert_true(push(t, 0, 500, 0));
	assert_stream(0, 500);
	assert_true(push(t, 500, 10, 0));
	assert_stream(0, 510);
	free(t);
}

/* Deterministic noise (a linear congruential generator). */
static uint32_t
noise(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33) % below;
}

/* Segments of any size in any order within the window, some twice and cut differently: the text,
 * once, without a gap. */
static void
whatever_order_the_text_comes_whole(void **state)
{
	for (uint64_t round = 1; round <= 40; round++) {
		struct packet_tcp *t = new_tcp(2);
		uint64_t seed = round;
		uint32_t seen = 0;

		push(t, 0, 0, SYN);
		while (seen < TEXT_LEN / 4) {
			/* from 600 bytes behind what was consumed to 1 500 ahead, sometimes the
			 * very next */
			uint32_t at = seen + noise(&seed, 2100), len = 1 + noise(&seed, 700);
			at = at > 600 ? at - 600 : 0;
			if (noise(&seed, 3) == 0)
				at = seen, len = 1 + noise(&seed, 300);
			if (!push(t, at, len, 0))
				continue;
			assert_false(s.gap);
			assert_memory_equal(s.p, text + seen, s.len);
			uint32_t take = noise(&seed, s.len + 1);
			if (s.len > 1500)
				take = s.len;
			seen += take;
			packet_tcp_consume(t, s.flow, take);
		}
		assert_int_equal(packet_tcp_counters(t)->gaps, 0);
		free(t);
	}
}

/* With segments lost: what is delivered ascends, and wherever bytes are missing gap says so. */
static void
what_is_lost_is_said(void **state)
{
	for (uint64_t round = 1; round <= 40; round++) {
		struct packet_tcp *t = new_tcp(2);
		uint64_t seed = round;
		uint32_t expected = 0, gaps = 0;

		push(t, 0, 0, SYN);
		for (uint32_t at = 0, len; at + 1000 < TEXT_LEN; at += len) {
			len = 4 + noise(&seed, 200) * 4;
			if (noise(&seed, 10) == 0 || !push_at(t, at * MS, at, len, 0))
				continue;
			uint32_t first = base_load_be32(s.p);
			assert_memory_equal(s.p, text + first, s.len);
			assert_true(first >= expected);
			assert_int_equal(s.gap, first > expected);
			gaps += s.gap;
			expected = first + s.len;
			packet_tcp_consume(t, s.flow, s.len);
		}
		assert_int_equal(packet_tcp_counters(t)->gaps, gaps);
		assert_true(gaps > 10);
		free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_segments_wait_for_the_gap),
		cmocka_unit_test(retransmissions_are_dropped),
		cmocka_unit_test(a_full_window_skips_the_gap),
		cmocka_unit_test(a_window_nobody_consumes_is_given_up),
		cmocka_unit_test(islands_are_bounded),
		cmocka_unit_test(a_stranger_is_dropped_a_connection_that_moved_is_followed),
		cmocka_unit_test(cut_segments_leave_gaps_nobody_waits_for),
		cmocka_unit_test(a_cut_segment_sent_again_whole_fills_itself),
		cmocka_unit_test(whatever_order_the_text_comes_whole),
		cmocka_unit_test(what_is_lost_is_said),
	};
	return cmocka_run_group_tests(tests, make_text, NULL);
}
