#include <math.h>

#include "media_testing.h"

static void
collect_gives_the_calls_streams_in_order_and_ends_them(void **state)
{
	static const uint8_t order[] = {3, 1, 4, 2, 5};
	struct rig *r = rig_new(64);

	rig_announce(r, 100, 7, MEDIA_SIDE_CALLEE);
	rig_announce(r, 101, 8, MEDIA_SIDE_CALLEE);
	for (uint8_t i = 0; i < 5; i++) {
		rig_packet(r, (struct rtp){.src = order[i], .dst = 100, .ssrc = 1, .ts_ns = SEC + order[i]});
		rig_packet(r, (struct rtp){.src = order[i], .dst = 101, .ssrc = 1, .ts_ns = SEC + order[i]});
	}
	media_peek(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 5);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 10);
	for (uint8_t i = 0; i < 10; i++) {
		assert_int_equal(r->got[i].first_ns, SEC + i % 5 + 1);
		assert_int_equal(r->got[i].call, 7);
	}
	media_collect(r->m, 7, rig_take, r);
	media_peek(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 10);
	media_collect(r->m, 8, rig_take, r);
	assert_int_equal(r->n_got, 15);
	rig_free(r);
}

static void
untied_streams_end_when_idle_and_tied_ones_stay(void **state)
{
	struct rig *r = rig_new(64);
	int64_t now = SEC;

	rig_announce(r, 100, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 100, .ssrc = 1, .ts_ns = now}, 10);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = now}, 10);
	rig_run(r, (struct rtp){.src = 3, .dst = 2, .ssrc = 1, .ts_ns = now}, 3);
	for (; now < 29 * SEC; now += 100 * MS)
		media_advance(r->m, now, rig_take, r);
	assert_int_equal(r->metrics.values[METRICS_STREAMS_ACTIVE], 3);
	for (; now < 40 * SEC; now += 100 * MS)
		media_advance(r->m, now, rig_take, r);
	assert_int_equal(r->metrics.values[METRICS_STREAMS_ACTIVE], 1);
	assert_int_equal(r->n_got, 1); /* the other one was in probation */
	assert_int_equal(r->got[0].dst.ip.b[15], 2);
	assert_int_equal(r->got[0].packets, 10);
	media_advance(r->m, now - 10 * SEC, rig_take, r); /* time that goes back changes nothing */
	media_finish(r->m, rig_take, r);
	assert_int_equal(r->n_got, 2);
	rig_free(r);
}

static void
advance_does_bounded_work_and_all_of_it_in_the_end(void **state)
{
	enum { N = 2000 };
	struct rig *r = rig_new(N);

	for (uint32_t i = 0; i < N; i++)
		rig_run(r, (struct rtp){.src = (uint8_t)i, .dst = (uint8_t)(i >> 8), .ssrc = i, .ts_ns = SEC}, 2);
	uint64_t *active = &r->metrics.values[METRICS_STREAMS_ACTIVE], before = *active;
	assert_int_equal(before, N);
	for (int64_t now = 100 * SEC; *active; now += MS) {
		media_advance(r->m, now, rig_take, r);
		assert_true(before - *active <= 256);
		before = *active;
		assert_true(now < 110 * SEC);
	}
	rig_free(r);
}

static void
finish_gives_all_in_order_of_first_packet_and_leaves_an_empty_table(void **state)
{
	for (uint32_t n = 0; n < 300; n += 37) {
		struct rig *r = rig_new(300);
		uint64_t seed = n;
		rig_announce(r, 100, 7, MEDIA_SIDE_CALLEE);
		for (uint32_t i = 0; i < n; i++) {
			uint8_t dst = i % 2 && i < 100 ? 100 : 1;
			rig_run(r, (struct rtp){.src = (uint8_t)i, .dst = dst, .ssrc = i, .ts_ns = SEC + (int64_t)(test_random(&seed) % 64)}, 6);
		}
		media_finish(r->m, rig_take, r);
		assert_int_equal(r->n_got, n);
		for (uint32_t i = 1; i < n; i++) {
			assert_true(r->got[i - 1].first_ns <= r->got[i].first_ns);
			if (r->got[i - 1].first_ns == r->got[i].first_ns)
				assert_true(memcmp(&r->got[i - 1].src, &r->got[i].src, 18) <= 0);
		}
		assert_int_equal(r->metrics.values[METRICS_STREAMS_ACTIVE], 0);
		/* and serves on */
		r->n_got = 0;
		rig_run(r, (struct rtp){.src = 1, .dst = 100, .ssrc = 1, .ts_ns = SEC}, 3);
		rig_run(r, (struct rtp){.src = 1, .dst = 5, .ssrc = 1, .ts_ns = SEC}, 8);
		media_finish(r->m, rig_take, r);
		assert_int_equal(r->n_got, 2);
		rig_free(r);
	}
}

static void
it_works_without_metrics_and_directories(void **state)
{
	struct media_options options = {.max_streams = 0, .idle_ns = SEC};
	size_t bytes = media_footprint(&options);
	void *mem = aligned_alloc(64, bytes);
	struct rig r = {.m = media_new(mem, &options)};

	rig_run(&r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 6);
	rig_run(&r, (struct rtp){.src = 1, .dst = 3, .ssrc = 1, .ts_ns = SEC}, 6); /* no room */
	media_finish(r.m, rig_take, &r);
	assert_int_equal(r.n_got, 1);
	free(mem);
}

static void
a_stream_costs_no_more_than_promised(void **state)
{
	struct media_options options = {.max_streams = 1 << 20};
	assert_true(media_footprint(&options) / options.max_streams <= 528);
}

/* Due times to the next 64 ns, far ones at the end of what there is; sums of jitter to a part of 10^10. */
static void
what_is_kept_in_few_bits_is_near_enough(void **state)
{
	static const int64_t apart[] = {0, 1, 63, 64, 200 * BASE_NS_PER_MS + 7, -5 * SEC - 1, 86400 * 90 * SEC + 5};
	static const double sums[] = {0, 1, 1e-3, 12345.678, 8e14};
	struct media_cold c = {.first_ns = 1700000000 * SEC + 11};

	for (size_t i = 0; i < base_count_of(apart); i++) {
		int64_t ns = c.first_ns + apart[i];
		media_due_set(&c, ns);
		assert_true(media_due_ns(&c) >= ns && media_due_ns(&c) < ns + 64);
	}
	media_due_set(&c, INT64_MAX);
	assert_true(media_due_ns(&c) > c.first_ns + 86400 * 100 * SEC);
	c.vlan = 4095;
	for (size_t i = 0; i < base_count_of(sums); i++) {
		media_jitter_sum_set(&c, sums[i]);
		assert_true(fabs(media_jitter_sum(&c) - sums[i]) <= sums[i] * 1e-10);
	}
	assert_int_equal(c.vlan, 4095);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collect_gives_the_calls_streams_in_order_and_ends_them),
		cmocka_unit_test(untied_streams_end_when_idle_and_tied_ones_stay),
		cmocka_unit_test(advance_does_bounded_work_and_all_of_it_in_the_end),
		cmocka_unit_test(finish_gives_all_in_order_of_first_packet_and_leaves_an_empty_table),
		cmocka_unit_test(it_works_without_metrics_and_directories),
		cmocka_unit_test(a_stream_costs_no_more_than_promised),
		cmocka_unit_test(what_is_kept_in_few_bits_is_near_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
