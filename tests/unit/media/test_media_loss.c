/* Bursts and gaps against a list of what came, walked once from its begin (RFC 3611 4.7.2). */
#include "media_testing.h"

#define N 4000

struct naive {
	uint32_t bursts, burst_packets, burst_lost, runs, lost;
};

/* came[i]: 1 in time, 0 never. */
static struct naive
walk(const uint8_t *came, uint32_t n)
{
	struct naive t = {0};

	for (uint32_t i = 0; i < n;) {
		uint32_t last = i, lost = 0;
		if (came[i++])
			continue;
		for (uint32_t k = last; k < n && k - last <= 16; k++) {
			if (came[k])
				continue;
			lost++;
			t.runs += k == 0 || came[k - 1];
			last = k;
		}
		t.lost += lost;
		if (lost > 1) {
			t.bursts++;
			t.burst_packets += last - (i - 1) + 1;
			t.burst_lost += lost;
		}
		i = last + 1;
	}
	return t;
}

static struct media_summary
play(const uint8_t *came, uint32_t n, uint16_t first)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 1, .payload_type = 8, .ts_ns = SEC, .payload_len = 160};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < n; i++, p.ts_ns += 20 * MS) {
		p.seq = (uint16_t)(first + i);
		p.timestamp = i * 160;
		if (came[i])
			rig_packet(r, p);
	}
	media_collect(r->m, 1, rig_take, r);
	struct media_summary s = r->got[0];
	rig_free(r);
	return s;
}

static void
agree(const uint8_t *came, uint32_t n, uint16_t first)
{
	struct naive t = walk(came, n);
	struct media_summary s = play(came, n, first);
	double in_gaps = (double)(n - t.burst_packets), share = (double)t.lost / n;

	assert_int_equal(s.expected, n);
	assert_int_equal(s.lost, t.lost);
	assert_int_equal(s.packets, n - t.lost);
	assert_int_equal(s.bursts, t.bursts);
	assert_int_equal(s.discarded, 0);
	if (t.bursts) {
		assert_true(fabs(s.burst_density - 100.0 * t.burst_lost / t.burst_packets) < 1e-9);
		assert_true(fabs(s.burst_ms - 20.0 * t.burst_packets / t.bursts) < 1e-9);
	}
	assert_true(fabs(s.gap_density - 100.0 * (t.lost - t.burst_lost) / in_gaps) < 1e-9);
	assert_true(fabs(s.gap_ms - 20 * in_gaps / (t.bursts + 1)) < 1e-9);
	if (t.runs)
		assert_true(fabs(s.burst_ratio - (double)t.lost / t.runs * (1 - share)) < 1e-9);
	else
		assert_true(isnan(s.burst_ratio));
}

/* Gilbert-Elliott with the first and the last packet there. */
static void
bursts_agree_with_a_walk_over_the_list(void **state)
{
	static uint8_t came[N];
	uint64_t seed = 7;

	for (uint32_t round = 0; round < 60; round++) {
		uint32_t bad = 0, enter = round % 5 * 20 + 1, leave = 100 + round % 7 * 150, loss = 200 + round % 3 * 400;
		for (uint32_t i = 0; i < N; i++) {
			bad = test_random(&seed) % 1000 < (bad ? 1000 - leave : enter);
			came[i] = !(bad && test_random(&seed) % 1000 < loss);
		}
		for (uint32_t i = 0; i < 40; i++)
			came[i] = came[N - 1 - i] = 1;
		agree(came, N, (uint16_t)(round * 9973));
	}
}

static void
gmin_parts_bursts(void **state)
{
#define P(want_bursts, ...) do { \
		static const uint32_t gone[] = {__VA_ARGS__}; \
		uint8_t came[300]; \
		memset(came, 1, sizeof(came)); \
		for (uint32_t i = 0; i < base_count_of(gone); i++) \
			came[gone[i]] = 0; \
		assert_int_equal(play(came, 300, 65400).bursts, want_bursts); \
		agree(came, 300, 65400); \
	} while (0)
	P(0, 100);                          /* one loss alone is of the gap */
	P(1, 100, 101);
	P(1, 100, 116);                     /* 15 between */
	P(0, 100, 117);                     /* 16 between */
	P(2, 100, 101, 118, 119);
	P(1, 100, 110, 120, 130, 140, 150); /* one long burst, never 16 in a row */
	P(1, 290, 295);                     /* still in the window at the end */
	P(1, 1, 2);
#undef P
}

/* A gap longer than the window, and one as long as can be followed. */
static void
long_gaps_are_one_burst(void **state)
{
	static uint8_t came[N];

	for (uint32_t gap = 60; gap < 2999; gap += 97) {
		memset(came, 1, sizeof(came));
		memset(came + 200, 0, gap);
		agree(came, N, 1);
	}
}

static void
late_within_the_window_is_no_loss(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 1, .payload_type = 8, .ts_ns = SEC};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	rig_run(r, p, 50);
	p.seq = 51, p.timestamp = 51 * 160, p.ts_ns += 51 * 20 * MS;
	rig_run(r, p, 2); /* 50 comes behind 52, 40 ms late */
	p.seq = 50, p.timestamp = 50 * 160, p.ts_ns += 30 * MS;
	rig_packet(r, p);
	rig_packet(r, p);
	media_collect(r->m, 1, rig_take, r);
	struct media_summary *s = &r->got[0];
	assert_true(s->expected == 53 && s->lost == 0 && s->reordered == 1 && s->duplicates == 1 && s->bursts == 0 && s->packets == 54);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_agree_with_a_walk_over_the_list),
		cmocka_unit_test(gmin_parts_bursts),
		cmocka_unit_test(long_gaps_are_one_burst),
		cmocka_unit_test(late_within_the_window_is_no_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
