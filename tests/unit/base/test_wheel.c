/* base_wheel against a naive list: the same timers fire, at the same advance, in the same order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base.h"

#define TICK BASE_NS_PER_MS
#define TIMERS 300

static uint64_t
random_next(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15ull;
	return base_hash_mix(*seed);
}

/* The naive list: expiry tick and arming order of each timer. */
struct naive {
	bool armed;
	int64_t tick;
	uint64_t order;
};

struct pair {
	struct base_wheel *wheel;
	struct naive timers[TIMERS];
	uint64_t armings;
	int64_t now;
	uint64_t fired;
};

static void
pair_arm(struct pair *p, uint32_t id, int64_t expiry_ns)
{
	int64_t tick = (expiry_ns + TICK - 1) / TICK, now_tick = p->now / TICK;

	base_wheel_arm(p->wheel, id, expiry_ns);
	/* What is late already fires at the next advance, before what becomes due then. */
	p->timers[id] = (struct naive){true, tick > now_tick ? tick : now_tick, ++p->armings};
}

static int
naive_first(const struct pair *p, int64_t now_tick)
{
	int best = -1;

	for (int i = 0; i < TIMERS; i++) {
		const struct naive *t = &p->timers[i], *b = best < 0 ? NULL : &p->timers[best];
		if (!t->armed || t->tick > now_tick)
			continue;
		if (!b || t->tick < b->tick || (t->tick == b->tick && t->order < b->order))
			best = i;
	}
	return best;
}

static void
pair_advance(struct pair *p, int64_t now, uint32_t max_ids)
{
	uint32_t ids[TIMERS], n;

	p->now = now > p->now ? now : p->now;
	do {
		n = base_wheel_advance(p->wheel, now, ids, max_ids);
		assert_true(n <= max_ids);
		for (uint32_t i = 0; i < n; i++) {
			int expected = naive_first(p, p->now / TICK);
			assert_int_equal(ids[i], expected);
			assert_false(base_wheel_is_armed(p->wheel, ids[i]));
			p->timers[expected].armed = false;
			p->fired++;
		}
	} while (n == max_ids);
	assert_int_equal(naive_first(p, p->now / TICK), -1);
}

static void
pair_new(struct pair *p, void **mem, int64_t start)
{
	memset(p, 0, sizeof(*p));
	*mem = aligned_alloc(BASE_CACHE_LINE, base_wheel_footprint(TIMERS));
	assert_non_null(*mem);
	p->wheel = base_wheel_new(*mem, TIMERS, TICK);
	p->now = start;
	pair_advance(p, start, 16);
}

/* span: how far ahead timers are armed, in ticks. */
static void
against_naive(uint64_t seed, int64_t span, int64_t step)
{
	struct pair p;
	void *mem;

	pair_new(&p, &mem, 1700000000 * BASE_NS_PER_SEC + (int64_t)(random_next(&seed) % TICK));
	for (int round = 0; round < 3000; round++) {
		uint64_t r = random_next(&seed);
		uint32_t id = (uint32_t)(r >> 32) % TIMERS;
		int64_t ahead = (int64_t)(random_next(&seed) % (uint64_t)(span * TICK)) - 3 * TICK;
		if (r % 8 < 5)
			pair_arm(&p, id, p.now + ahead);
		else if (r % 8 == 5)
			base_wheel_cancel(p.wheel, id), p.timers[id].armed = false;
		else
			pair_advance(&p,
				p.now + (int64_t)(random_next(&seed) % (uint64_t)(step * TICK)),
				1 + r / 8 % 5);
		assert_int_equal(base_wheel_is_armed(p.wheel, id), p.timers[id].armed);
	}
	pair_advance(&p, p.now + (span + 1) * TICK, TIMERS);
	for (int i = 0; i < TIMERS; i++)
		assert_false(base_wheel_is_armed(p.wheel, (uint32_t)i));
	assert_true(p.fired > 100);
	free(mem);
}

static void
random_near(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++)
		against_naive(seed, 40, 9);
}

static void
random_second_level(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++)
		against_naive(seed, 1500, 100);
}

static void
random_third_level(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++)
		against_naive(seed, 200000, 500);
}

/* Every level in use, and a clock that jumps hours ahead: empty ticks are skipped, timers are not. */
static void
random_far_with_a_jumping_clock(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++)
		against_naive(seed, 100000000, 10000000);
}

/* One tick, reached from every level: the order of arming holds. */
static void
one_tick_fires_in_order_of_arming(void **state)
{
	struct pair p;
	void *mem;
	const int64_t due = (1 << 25) + 77;
	static const int64_t before[] = {1 << 25, 70000, 65536, 65535, 300, 257, 256, 255, 10, 1};

	for (int64_t shift = 0; shift < 512; shift += 73) {
		pair_new(&p, &mem, shift * TICK);
		for (uint32_t i = 0; i < base_count_of(before); i++) {
			pair_advance(&p, (due + shift - before[i]) * TICK, 4);
			pair_arm(&p, TIMERS - 1 - i, (due + shift) * TICK);
		}
		pair_advance(&p, (due + shift) * TICK - 1, 4);
		assert_int_equal(p.fired, 0);
		pair_advance(&p, (due + shift) * TICK, 4);
		assert_int_equal(p.fired, base_count_of(before));
		free(mem);
	}
}

static void
armed_before_the_clock_starts(void **state)
{
	_Alignas(BASE_CACHE_LINE) static uint8_t mem[32768];
	uint32_t ids[4];

	assert_true(base_wheel_footprint(4) <= sizeof(mem));
	struct base_wheel *w = base_wheel_new(mem, 4, TICK);
	base_wheel_arm(w, 0, 10 * BASE_NS_PER_SEC);
	base_wheel_arm(w, 1, 5 * BASE_NS_PER_SEC);
	base_wheel_arm(w, 2, 0);
	base_wheel_arm(w, 3, 1);
	base_wheel_cancel(w, 3);
	assert_int_equal(base_wheel_advance(w, BASE_NS_PER_SEC, ids, 4), 1);
	assert_int_equal(ids[0], 2);
	assert_int_equal(base_wheel_advance(w, 10 * BASE_NS_PER_SEC, ids, 4), 2);
	assert_int_equal(ids[0], 1);
	assert_int_equal(ids[1], 0);
}

static void
never_early_and_never_back(void **state)
{
	_Alignas(BASE_CACHE_LINE) static uint8_t mem[32768];
	uint32_t ids[4];
	struct base_wheel *w = base_wheel_new(mem, 4, TICK);

	assert_int_equal(base_wheel_advance(w, 1000 * TICK, ids, 4), 0);
	base_wheel_arm(w, 0, 1000 * TICK + 1);
	assert_int_equal(base_wheel_advance(w, 1000 * TICK + 1, ids, 4), 0);
	assert_int_equal(base_wheel_advance(w, 10 * TICK, ids, 4), 0);
	assert_int_equal(base_wheel_advance(w, 1001 * TICK, ids, 0), 0);
	assert_int_equal(base_wheel_advance(w, 1001 * TICK, ids, 4), 1);
	base_wheel_arm(w, 0, INT64_MAX);
	base_wheel_arm(w, 1, 1002 * TICK);
	base_wheel_arm(w, 1, 1003 * TICK);
	assert_int_equal(base_wheel_advance(w, 1002 * TICK, ids, 4), 0);
	assert_int_equal(base_wheel_advance(w, 1003 * TICK, ids, 4), 1);
	assert_true(base_wheel_is_armed(w, 0));
}

/* Nothing armed: years of silence cost one step. */
static void
idle_clock_jumps(void **state)
{
	_Alignas(BASE_CACHE_LINE) static uint8_t mem[32768];
	uint32_t ids[1];
	struct base_wheel *w = base_wheel_new(mem, 1, 1);

	assert_int_equal(base_wheel_advance(w, 1, ids, 1), 0);
	assert_int_equal(base_wheel_advance(w, INT64_MAX - 10, ids, 1), 0);
	base_wheel_arm(w, 0, INT64_MAX - 5);
	assert_int_equal(base_wheel_advance(w, INT64_MAX - 5, ids, 1), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_near),
		cmocka_unit_test(random_second_level),
		cmocka_unit_test(random_third_level),
		cmocka_unit_test(random_far_with_a_jumping_clock),
		cmocka_unit_test(one_tick_fires_in_order_of_arming),
		cmocka_unit_test(armed_before_the_clock_starts),
		cmocka_unit_test(never_early_and_never_back),
		cmocka_unit_test(idle_clock_jumps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
