/* Laws: whatever a NIC's clock counts, its stamps come out as UTC once a second of frames has been seen, but for the fastest
 * frame's latency; never after the frame was seen, never backwards; the host's time where the stamps say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rx_stamp.h"

#define START_NS (1700000000 * BASE_NS_PER_SEC)
#define FLOOR_NS 3000      /* the fastest way through */
#define INTERVAL_NS 100000 /* of frames */

/* A path: frames are stamped on arrival and seen FLOOR_NS to FLOOR_NS + spread_ns later. */
struct path {
	struct rx_stamp stamp;
	double ticks_per_ns;
	uint64_t tick_zero;
	int64_t set_ns;    /* the host's clock was set by so much */
	uint64_t random;
	uint32_t spread_ns;
	int64_t ring_ns;    /* frames wait in a full ring besides */
	int64_t arrived_ns; /* of the last frame, by the host's clock */
};

static uint32_t
draw(struct path *p, uint32_t below)
{
	p->random = p->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(p->random >> 33) % below;
}

/* The frame that arrives at true_ns, as the queue tells it. */
static int64_t
frame(struct path *p, int64_t true_ns)
{
	uint64_t tick = p->tick_zero + (uint64_t)((double)(true_ns - START_NS) * p->ticks_per_ns);
	int64_t now_ns = true_ns + p->set_ns + FLOOR_NS + p->ring_ns + draw(p, p->spread_ns);

	p->arrived_ns = true_ns + p->set_ns;
	rx_stamp_learn(&p->stamp, tick, now_ns);
	int64_t ns = rx_stamp_ns(&p->stamp, tick, now_ns);
	assert_true(ns <= now_ns);
	return ns;
}

/* The largest difference from when frames arrived, of those between from and to. */
static int64_t
worst(struct path *p, int64_t from_ns, int64_t to_ns)
{
	int64_t most = 0, last = 0;

	for (int64_t t = from_ns; t < to_ns; t += INTERVAL_NS) {
		int64_t ns = frame(p, t), off = ns - p->arrived_ns;
		assert_true(ns >= last);
		last = ns;
		if (off < 0)
			off = -off;
		if (off > most)
			most = off;
	}
	return most;
}

static void
any_rate_and_epoch_comes_out_as_utc(void **state)
{
	static const struct {
		double ticks_per_ns;
		uint64_t tick_zero;
		const char *what;
	} clocks[] = {
		{1, 1700000037ull * 1000000000u, "ns, TAI"},
		{1.00005, 0, "ns, 50 ppm fast"},
		{0.99995, 12345, "ns, 50 ppm slow"},
		{0.15625, 1ull << 60, "156.25 MHz"},
		{0.3125, UINT64_MAX - 1000, "wraps"},
		{0.001, 1700000000ull * 1000000u, "us"},
	};

	(void)state;
	for (size_t i = 0; i < base_count_of(clocks); i++) {
		struct path p = {.ticks_per_ns = clocks[i].ticks_per_ns,
			.tick_zero = clocks[i].tick_zero, .random = i, .spread_ns = 80000};
		int64_t unit_ns = (int64_t)(1 / clocks[i].ticks_per_ns) + 1;

		worst(&p, START_NS, START_NS + 20 * BASE_NS_PER_SEC);
		int64_t off = worst(&p, START_NS + 20 * BASE_NS_PER_SEC, START_NS + 30 * BASE_NS_PER_SEC);
		if (off > FLOOR_NS + 3000 + unit_ns)
			fail_msg("%s: %lld ns off", clocks[i].what, (long long)off);
	}
}

static void
the_first_second_has_the_hosts_time(void **state)
{
	struct path p = {.ticks_per_ns = 1, .spread_ns = 1};

	(void)state;
	for (int64_t t = START_NS; t < START_NS + BASE_NS_PER_SEC; t += INTERVAL_NS)
		assert_int_equal(frame(&p, t), t + FLOOR_NS);
}

static void
a_full_ring_is_read_as_it_was_filled(void **state)
{
	struct path p = {.ticks_per_ns = 1, .spread_ns = 1000};
	int64_t t = START_NS + 20 * BASE_NS_PER_SEC, seen_ns = t + 500000000;

	(void)state;
	worst(&p, START_NS, t);
	for (int64_t at = t; at < seen_ns; at += INTERVAL_NS) { /* the worker comes half a second late */
		int64_t off = rx_stamp_ns(&p.stamp, p.tick_zero + (uint64_t)(at - START_NS), seen_ns) - at;
		assert_in_range(off + 1000, 0, FLOOR_NS + 2000);
	}
}

static void
a_ring_that_stays_full_moves_nothing(void **state)
{
	struct path p = {.ticks_per_ns = 1, .spread_ns = 50000};
	int64_t t = START_NS + 20 * BASE_NS_PER_SEC;

	(void)state;
	worst(&p, START_NS, t);
	p.ring_ns = 4000000; /* 4 ms behind for five seconds */
	assert_true(worst(&p, t, t + 5 * BASE_NS_PER_SEC) <= FLOOR_NS + 3000);
	p.ring_ns = 0;
	t += 5 * BASE_NS_PER_SEC;
	assert_true(worst(&p, t, t + 5 * BASE_NS_PER_SEC) <= FLOOR_NS + 3000);
}

static void
clocks_that_went_apart_are_learned_anew(void **state)
{
	struct path p = {.ticks_per_ns = 1, .spread_ns = 50000};
	int64_t t = START_NS;

	(void)state;
	worst(&p, t, t + 10 * BASE_NS_PER_SEC);
	t += 10 * BASE_NS_PER_SEC;
	p.set_ns = 5 * BASE_NS_PER_SEC; /* the host's, forwards: as if the ring were full, but for too long */
	worst(&p, t, t + 20 * BASE_NS_PER_SEC);
	t += 20 * BASE_NS_PER_SEC;
	assert_true(worst(&p, t, t + 3 * BASE_NS_PER_SEC) <= FLOOR_NS + 3000);
	p.set_ns = -7 * BASE_NS_PER_SEC; /* and backwards */
	t += 3 * BASE_NS_PER_SEC;
	assert_true(worst(&p, t, t + 3 * BASE_NS_PER_SEC) <= FLOOR_NS + 50000);
	p.tick_zero = 77; /* the NIC's */
	t += 3 * BASE_NS_PER_SEC;
	assert_true(worst(&p, t, t + 3 * BASE_NS_PER_SEC) <= FLOOR_NS + 50000);
	t += 3 * BASE_NS_PER_SEC;
	worst(&p, t, t + 20 * BASE_NS_PER_SEC);
	t += 20 * BASE_NS_PER_SEC;
	assert_true(worst(&p, t, t + 5 * BASE_NS_PER_SEC) <= FLOOR_NS + 3000);
}

static void
a_stamp_that_stands_still_says_nothing(void **state)
{
	struct rx_stamp s = {.begun = false};

	(void)state;
	for (int64_t t = START_NS; t < START_NS + 5 * BASE_NS_PER_SEC; t += INTERVAL_NS) {
		rx_stamp_learn(&s, 42, t);
		assert_int_equal(rx_stamp_ns(&s, 42, t), t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_rate_and_epoch_comes_out_as_utc),
		cmocka_unit_test(the_first_second_has_the_hosts_time),
		cmocka_unit_test(a_full_ring_is_read_as_it_was_filled),
		cmocka_unit_test(a_ring_that_stays_full_moves_nothing),
		cmocka_unit_test(clocks_that_went_apart_are_learned_anew),
		cmocka_unit_test(a_stamp_that_stands_still_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
