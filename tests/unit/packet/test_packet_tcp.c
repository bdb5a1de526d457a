#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_tcp_sim.h"

static void
segments_in_order_are_a_stream(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	assert_false(push(t, 0, 0, SYN));
	assert_true(push(t, 0, 100, 0));
	assert_true(s.fresh);
	assert_stream(0, 100);
	assert_true(push(t, 100, 50, 0));
	assert_false(s.fresh);
	assert_stream(0, 150);
	packet_tcp_consume(t, s.flow, 120);
	assert_true(push(t, 150, 10, 0));
	assert_stream(120, 40);
	packet_tcp_consume(t, s.flow, 1000);
	assert_true(push(t, 160, 8, 0));
	assert_stream(160, 8);
	free(t);
}

static void
what_is_followed(void **state)
{
	struct packet_tcp *t = new_tcp(2);
	struct packet_view v = segment(1, 0, 10, 0), syn = segment(2, 0, 0, SYN), ack = segment(3, 0, 0, 0);
	struct packet_view reset = segment(3, 0, 10, RST), back = segment(1, 0, 10, 0);

	assert_false(packet_tcp_push(t, &v, 0, false, &s));
	assert_false(packet_tcp_is_followed(t, &v));
	assert_true(packet_tcp_push(t, &v, 0, true, &s));
	assert_true(packet_tcp_is_followed(t, &v));
	assert_false(packet_tcp_push(t, &syn, 0, true, &s));
	assert_true(packet_tcp_is_followed(t, &syn));
	assert_false(packet_tcp_push(t, &ack, 0, true, &s)); /* nothing to begin with */
	assert_false(packet_tcp_push(t, &reset, 0, true, &s));
	assert_false(packet_tcp_is_followed(t, &ack));
	back.src = v.dst, back.dst = v.src;
	assert_false(packet_tcp_is_followed(t, &back)); /* the other direction is another flow */
	v.transport = PACKET_UDP;
	assert_false(packet_tcp_push(t, &v, 0, true, &s));
	packet_tcp_forget(t, 0);
	packet_tcp_forget(t, 1);
	packet_tcp_forget(t, 1);
	packet_tcp_forget(t, 99);
	packet_tcp_consume(t, 1, 5);
	assert_false(packet_tcp_is_followed(t, &syn));
	free(t);
}

static void
a_start_mid_connection_is_a_gap(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	assert_true(push(t, 5000, 20, 0));
	assert_true(s.gap);
	assert_true(s.fresh);
	assert_int_equal(s.len, 20);
	assert_true(push(t, 5020, 20, 0));
	assert_true(s.gap); /* until something is consumed */
	packet_tcp_consume(t, s.flow, 8);
	assert_true(push(t, 5040, 20, 0));
	assert_stream(5008, 52);
	assert_int_equal(packet_tcp_counters(t)->gaps, 0);
	free(t);
}

static void
a_gap_is_skipped_after_two_seconds(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push_at(t, 0, 0, 100, SYN);
	assert_false(push_at(t, SECOND, 200, 100, 0));
	assert_false(push_at(t, 3 * SECOND - 1, 300, 100, 0));
	assert_true(push_at(t, 3 * SECOND, 400, 100, 0));
	assert_true(s.gap);
	assert_int_equal(s.len, 300);
	assert_memory_equal(s.p, text + 200, 300);
	packet_tcp_consume(t, s.flow, 300);
	assert_true(push_at(t, 3 * SECOND, 500, 100, 0));
	assert_stream(500, 100);
	assert_int_equal(packet_tcp_counters(t)->gaps, 1);
	free(t);
}

static void
filling_one_gap_gives_the_next_its_time(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push_at(t, 0, 0, 100, SYN);
	push_at(t, 0, 200, 100, 0);
	push_at(t, 0, 400, 100, 0);
	assert_true(push_at(t, 2 * SECOND, 100, 100, 0)); /* as late as may be: filled, not skipped */
	assert_stream(0, 300);
	assert_false(push_at(t, 4 * SECOND - 1, 500, 100, 0));
	assert_true(push_at(t, 4 * SECOND, 600, 100, 0));
	assert_true(s.gap);
	assert_int_equal(s.len, 300);
	free(t);
}

static void
poll_skips_gaps_that_nobody_pushes_on(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push_at(t, 0, 0, 100, SYN);
	push_at(t, SECOND, 200, 100, 0);
	push_at(t, SECOND, 400, 100, 0);
	assert_false(packet_tcp_poll(t, 3 * SECOND - 1, &s));
	assert_true(packet_tcp_poll(t, 3 * SECOND, &s));
	assert_true(s.gap);
	assert_memory_equal(s.p, text + 200, s.len);
	assert_int_equal(s.len, 100);
	assert_true(packet_tcp_poll(t, 3 * SECOND, &s)); /* what is behind has waited as long */
	assert_memory_equal(s.p, text + 400, s.len);
	assert_false(packet_tcp_poll(t, INT64_MAX, &s));
	push_at(t, 4 * SECOND, 600, 100, 0);
	push_at(t, 4 * SECOND, 700, 0, FIN);
	assert_true(packet_tcp_poll(t, INT64_MAX, &s));
	assert_int_equal(s.len, 100);
	assert_true(s.closed);
	assert_false(packet_tcp_poll(t, INT64_MAX, &s));
	free(t);
}

static void
a_fin_closes_when_everything_came(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	assert_false(push(t, 200, 100, FIN));
	assert_true(push(t, 100, 100, 0));
	assert_true(s.closed);
	assert_int_equal(s.len, 300);
	assert_false(push(t, 200, 100, FIN)); /* said once */
	assert_false(push(t, 300, 100, 0));   /* nothing comes behind it */
	assert_int_equal(packet_tcp_counters(t)->dropped, 1);
	free(t);
}

static void
a_fin_without_data_closes(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	packet_tcp_consume(t, s.flow, 100);
	assert_true(push(t, 100, 0, FIN));
	assert_true(s.closed);
	assert_int_equal(s.len, 0);
	free(t);
}

static void
a_reset_closes_within_the_window_only(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	assert_false(push(t, 100000, 0, RST));
	assert_false(push(t, 300, 50, 0));
	assert_true(push(t, 100, 0, RST));
	assert_true(s.closed);
	assert_int_equal(s.len, 100);
	assert_false(push(t, 100, 0, RST));
	assert_false(packet_tcp_poll(t, INT64_MAX, &s));
	free(t);
}

static void
a_syn_restarts_the_flow(void **state)
{
	struct packet_tcp *t = new_tcp(2);

	push(t, 0, 100, SYN);
	push(t, 200, 100, 0);
	assert_false(push(t, 50000, 0, SYN));
	assert_true(push(t, 50000, 40, 0));
	assert_true(s.fresh);
	assert_stream(50000, 40);
	assert_true(push(t, 50040, 0, FIN));
	assert_false(push(t, 60000, 0, SYN)); /* the same ports again */
	assert_true(push(t, 60000, 40, 0));
	assert_stream(60000, 40);
	assert_int_equal(packet_tcp_counters(t)->flows, 3);
	assert_int_equal(packet_tcp_counters(t)->gaps, 0);
	free(t);
}

static void
full_gives_up_the_flow_idle_longest(void **state)
{
	struct packet_tcp *t = new_tcp(3);
	struct packet_view v[5];

	for (uint16_t i = 0; i < 5; i++)
		v[i] = segment(i, 0, 10, SYN);
	for (int i = 0; i < 3; i++)
		packet_tcp_push(t, &v[i], i, true, &s);
	struct packet_view more = segment(0, 10, 10, 0);
	packet_tcp_push(t, &more, 5, false, &s);
	packet_tcp_push(t, &v[3], 6, true, &s);
	assert_true(packet_tcp_is_followed(t, &v[0]));
	assert_false(packet_tcp_is_followed(t, &v[1]));
	assert_int_equal(packet_tcp_counters(t)->evicted, 1);
	struct packet_view fin = segment(0, 20, 0, FIN);
	assert_true(packet_tcp_push(t, &fin, 7, false, &s)); /* a closed one goes first */
	packet_tcp_push(t, &v[4], 8, true, &s);
	assert_false(packet_tcp_is_followed(t, &v[0]));
	assert_true(packet_tcp_is_followed(t, &v[2]));
	assert_int_equal(packet_tcp_counters(t)->evicted, 1);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_in_order_are_a_stream),
		cmocka_unit_test(what_is_followed),
		cmocka_unit_test(a_start_mid_connection_is_a_gap),
		cmocka_unit_test(a_gap_is_skipped_after_two_seconds),
		cmocka_unit_test(filling_one_gap_gives_the_next_its_time),
		cmocka_unit_test(poll_skips_gaps_that_nobody_pushes_on),
		cmocka_unit_test(a_fin_closes_when_everything_came),
		cmocka_unit_test(a_fin_without_data_closes),
		cmocka_unit_test(a_reset_closes_within_the_window_only),
		cmocka_unit_test(a_syn_restarts_the_flow),
		cmocka_unit_test(full_gives_up_the_flow_idle_longest),
	};
	return cmocka_run_group_tests(tests, make_text, NULL);
}
