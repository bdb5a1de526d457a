/* Laws: a tally counts by RFC 3550; a late packet is not lost, a copy is no packet more, what is
 * missing before the first or behind the last nobody misses. */
#include "gen_testing.h"

/* Numbers as they come; a capital letter stands for a copy. */
static struct gen_tally
tally_of(const char *order)
{
	struct gen_tally t;
	int64_t ts_ns = BASE_NS_PER_SEC;

	gen_tally_begin(&t, 1);
	for (; *order; order++, ts_ns += 20 * BASE_NS_PER_MS) {
		bool copy = *order >= 'A' && *order <= 'Z';
		uint32_t n = (uint32_t)(*order - (copy ? 'A' : 'a'));
		struct gen_rtp rtp = {.seq = 0x10000 + n, .ts = 160 * n, .first = !copy};
		gen_tally_packet(&t, &rtp, ts_ns, 8000);
	}
	return t;
}

static void
counts(void **state)
{
	static const struct {
		const char *order;
		uint32_t expected, lost, duplicates, reordered;
	} rows[] = {
		{"abcdef", 6, 0, 0, 0},
		{"abdef", 6, 1, 0, 0},
		{"abdcef", 6, 0, 0, 1},
		{"cdCef", 4, 0, 1, 0},
		{"cdef", 4, 0, 0, 0},
		{"bacdef", 6, 0, 0, 1},
		{"dabcef", 6, 0, 0, 3},
		{"aAAbcf", 6, 2, 2, 0},
		{"a", 1, 0, 0, 0},
		{"", 0, 0, 0, 0},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct gen_tally t = tally_of(rows[i].order);
		assert_int_equal(gen_tally_expected(&t), rows[i].expected);
		assert_int_equal(gen_tally_expected(&t) - t.unique, rows[i].lost);
		assert_int_equal(t.duplicates, rows[i].duplicates);
		assert_int_equal(t.reordered, rows[i].reordered);
	}
}

static void
a_restart_loses_nothing(void **state)
{
	struct gen_tally t = tally_of("abd");
	struct gen_rtp rtp = {.seq = 0x50000, .first = true};

	gen_tally_restart(&t);
	assert_int_equal(gen_tally_expected(&t), 4);
	gen_tally_packet(&t, &rtp, 5 * BASE_NS_PER_SEC, 8000);
	rtp.seq += 2;
	gen_tally_packet(&t, &rtp, 6 * BASE_NS_PER_SEC, 8000);
	assert_int_equal(gen_tally_expected(&t), 7);
	assert_int_equal(t.unique, 5);
}

static void
jitter_is_that_of_rfc_3550(void **state)
{
	struct gen_tally steady = tally_of("abcdefgh"), t;
	struct gen_rtp rtp = {.first = true};

	assert_true(steady.jitter_max == 0 && steady.delta_max_ns == 20 * BASE_NS_PER_MS);
	gen_tally_begin(&t, 1);
	gen_tally_packet(&t, &rtp, BASE_NS_PER_SEC, 8000);
	rtp.ts = 160;
	gen_tally_packet(&t, &rtp, BASE_NS_PER_SEC + 36 * BASE_NS_PER_MS, 8000);
	assert_true(t.jitter == 1.0); /* 16 ms late: a sixteenth */
	gen_tally_packet(&t, &rtp, BASE_NS_PER_SEC + 90 * BASE_NS_PER_MS, 0);
	assert_true(t.jitter == 1.0); /* an event moves nothing */
	rtp.ts = 320;
	gen_tally_packet(&t, &rtp, BASE_NS_PER_SEC + 56 * BASE_NS_PER_MS, 8000);
	assert_true(t.jitter == 0.9375 && t.jitter_max == 1.0);
}

static void
bursts_end_where_sixteen_are_heard_in_a_row(void **state)
{
	static const struct {
		const char *order;
		uint32_t holes, runs, bursts, length, inside;
	} rows[] = {
		{"abcdefgh", 0, 0, 0, 0, 0},
		{"abdefgh", 1, 1, 0, 0, 0},
		{"aeghijklmnopqrstuvwxyz", 4, 2, 1, 5, 4},     /* b c d, f */
		{"acdefghijklmnopqstuvwxyz", 2, 2, 1, 17, 2},  /* b, r: 15 between */
		{"acdefghijklmnopqrtuvwxyz", 2, 2, 0, 0, 0},   /* b, s: 16 */
		{"adefghijklmnopqrsvwxyz", 4, 2, 2, 4, 4},     /* b c, t u: two */
		{"aecdghBijklmnopqrstuvwxyz", 2, 2, 1, 5, 2},  /* b, f, though mixed and copied */
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct gen_tally t = tally_of(rows[i].order);
		struct gen_holes h = gen_tally_holes(&t);
		assert_int_equal(h.holes, rows[i].holes);
		assert_int_equal(h.runs, rows[i].runs);
		assert_int_equal(h.bursts, rows[i].bursts);
		assert_int_equal(h.burst_length, rows[i].length);
		assert_int_equal(h.burst_holes, rows[i].inside);
	}
}

static void
more_than_60_ms_late_is_too_late(void **state)
{
	struct gen_tally t;
	struct gen_rtp rtp = {.first = true, .seq = 0x10000};
	int64_t late_ms[] = {5, 0, 60, 61, 30, 65, 64};

	gen_tally_begin(&t, 1);
	for (uint32_t i = 0; i < base_count_of(late_ms); i++, rtp.seq++, rtp.ts += 160) {
		rtp.marker = i == 5; /* a talkspurt begins: its delay is the new normal one */
		gen_tally_packet(&t, &rtp, BASE_NS_PER_SEC + (20 * i + late_ms[i]) * BASE_NS_PER_MS, 8000);
	}
	assert_int_equal(t.discarded, 1);
	assert_int_equal(gen_tally_holes(&t).holes, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts), cmocka_unit_test(bursts_end_where_sixteen_are_heard_in_a_row),
		cmocka_unit_test(more_than_60_ms_late_is_too_late),
		cmocka_unit_test(a_restart_loses_nothing),
		cmocka_unit_test(jitter_is_that_of_rfc_3550),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
