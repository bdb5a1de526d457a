/* Laws: the same options give the same bytes; frames come in order of time and are all packets; each
 * call that begins ends and has a truth; what finds no room is counted. */
#include "gen_testing.h"

static struct gen_options
mixed(void)
{
	struct gen_options o = gen_options_default();

	o.calls_per_second = 20;
	o.duration_ns = 3 * BASE_NS_PER_SEC;
	o.hold = GEN_EXPONENTIAL;
	o.fates[GEN_BUSY] = o.fates[GEN_CANCELLED] = o.fates[GEN_FAILED] = 0.3;
	o.registrations = o.auth = o.holds = o.info = o.ipv6 = o.tcp = o.large = 0.2;
	o.dtmf = 0.5;
	o.loss = o.duplicate = o.reorder = 0.03;
	o.burst_p = 0.01;
	o.burst_r = 0.3;
	o.jitter_ns = 5 * BASE_NS_PER_MS;
	o.sip_loss = o.sip_repeat = o.mirror = 0.1;
	o.ssrc_change = o.seq_restart = o.nat = o.port_reuse = 0.2;
	return o;
}

static void
the_same_options_give_the_same_bytes(void **state)
{
	struct gen_options o = mixed();
	struct run a = {0}, b = {0}, c = {0};

	run_all(&a, o);
	run_all(&b, o);
	o.seed = 2;
	run_all(&c, o);
	assert_true(a.hash == b.hash && a.truth_hash == b.truth_hash);
	assert_true(a.hash != c.hash && a.truth_hash != c.truth_hash);
}

static void
frames_come_in_order_and_are_packets(void **state)
{
	struct run r = {0};

	run_all(&r, mixed());
	assert_int_equal(r.late, 0);
	assert_true(r.counters.frames > 1000);
	assert_int_equal(r.decoded, r.counters.frames);
}

static void
each_call_ends_and_has_a_truth(void **state)
{
	struct run r = {0};

	run_all(&r, mixed());
	assert_int_equal(r.truths, r.counters.calls + r.counters.registrations);
	assert_int_equal(r.calls, r.counters.calls);
	assert_int_equal(r.counters.ended, r.truths);
	assert_int_equal(r.counters.active, 0);
	assert_int_equal(r.packets, r.counters.rtp_packets);
	assert_int_equal(r.packets - r.duplicates, r.expected - r.lost);
	assert_int_equal(r.dispositions[GEN_ANSWERED] + r.dispositions[GEN_BUSY] +
		r.dispositions[GEN_CANCELLED] + r.dispositions[GEN_FAILED], r.calls);
	assert_true(r.lost && r.duplicates && r.reordered);
}

static void
calls_beyond_the_room_are_counted(void **state)
{
	struct gen_options o = gen_options_default();
	struct run r = {0};

	o.calls_per_second = 100;
	o.concurrent = 7;
	run_all(&r, o);
	assert_int_equal(r.counters.active_max, 7);
	assert_true(r.counters.refused > 0);
	assert_int_equal(r.truths, r.counters.calls);
}

static void
keep_has_so_many_up_all_the_time(void **state)
{
	struct gen_options o = gen_options_default();
	struct run r = {0};

	o.keep = true;
	o.concurrent = 50;
	o.hold_ns = BASE_NS_PER_SEC;
	run_all(&r, o);
	assert_int_equal(r.counters.active_max, 50);
	assert_int_equal(r.counters.refused, 0);
	assert_true(r.calls > 100);
	o.calls = 60;
	r = (struct run){0};
	run_all(&r, o);
	assert_int_equal(r.calls, 60);
}

static void
wrong_options_are_named(void **state)
{
	struct gen_options o = gen_options_default();

	assert_null(gen_options_check(&o));
	o.loss = 1.5;
	assert_non_null(gen_options_check(&o));
	o = gen_options_default();
	o.fates[GEN_ANSWERED] = 0;
	assert_non_null(gen_options_check(&o));
	o = gen_options_default();
	o.concurrent = 0;
	assert_non_null(gen_options_check(&o));
	o = gen_options_default();
	o.n_from = 0;
	assert_non_null(gen_options_check(&o));
	o = gen_options_default();
	o.sip_loss = 1;
	assert_non_null(gen_options_check(&o));
	/* Calls without an end in an instant, and packets longer than a frame. */
	o = gen_options_default();
	o.calls_per_second = 1e300;
	assert_non_null(gen_options_check(&o));
	o = gen_options_default();
	o.ptime_ms = 200;
	assert_null(gen_options_check(&o));
	o.ptime_ms = 201;
	assert_non_null(gen_options_check(&o));
}

/* Of a million packets the shares are what was asked for, within six standard deviations. */
static void
draws_have_their_means(void **state)
{
	struct gen_options o = gen_options_default();
	void *mem = aligned_alloc(64, base_align_up(gen_footprint(&o), 64));
	struct gen *g = gen_new(mem, &o);
	double sums[GEN_SPREAD_COUNT] = {0}, weights[3] = {1, 0, 3};
	uint32_t share = 0, picks[3] = {0};

	for (uint32_t i = 0; i < 100000; i++) {
		share += gen_draw_share(g, 0.1);
		picks[gen_draw_weighted(g, weights, 3)]++;
		for (uint32_t k = 0; k < GEN_SPREAD_COUNT; k++)
			sums[k] += (double)gen_draw_ns(g, (enum gen_spread)k, 1000);
	}
	assert_in_range(share, 9400, 10600);
	assert_int_equal(picks[1], 0);
	assert_in_range(picks[0], 24100, 25900);
	for (uint32_t k = 0; k < GEN_SPREAD_COUNT; k++)
		assert_in_range((uint64_t)(sums[k] / 100000), 970, 1030);
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_options_give_the_same_bytes),
		cmocka_unit_test(frames_come_in_order_and_are_packets),
		cmocka_unit_test(each_call_ends_and_has_a_truth),
		cmocka_unit_test(calls_beyond_the_room_are_counted),
		cmocka_unit_test(keep_has_so_many_up_all_the_time),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(draws_have_their_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
