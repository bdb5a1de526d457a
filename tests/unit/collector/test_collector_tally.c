/* Laws: what is rolled back is not counted; every call is in one disposition and at most one bucket;
 * the window forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collector_tally.h"

#define T0 (1700000000 * BASE_NS_PER_SEC)

static struct collector_tally t;
static uint8_t bytes[1024];

static void
take(const char *disposition, double pdd_ms, const char *status)
{
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);

	record_put_cstr(&w, RECORD_F_UID, "u");
	record_put_cstr(&w, RECORD_F_STATUS, status);
	record_put_cstr(&w, RECORD_F_DISPOSITION, disposition);
	if (pdd_ms >= 0)
		record_put_f64(&w, RECORD_F_PDD_MS, pdd_ms);
	collector_tally_take(&t, bytes, w.len);
}

/* A call with two streams, of which one has no MOS. */
static void
take_mos(double mos)
{
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);

	record_put_f64(&w, RECORD_F_MOS, 1.5);
	for (int i = 0; i < 2; i++) {
		uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
		record_put_hex32(&w, RECORD_F_SSRC, 1);
		if (i)
			record_put_f64(&w, RECORD_F_MOS, mos);
		record_list_close(&w, began);
	}
	collector_tally_take(&t, bytes, w.len);
}

static uint64_t
sum(const uint64_t *values, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v += values[i];
	return v;
}

static void
counts(void **state)
{
	uint64_t calls, answers;

	memset(&t, 0, sizeof(t));
	for (int i = 0; i < COLLECTOR_DISPOSITIONS; i++)
		take(i == COLLECTOR_OTHER ? "odd" : collector_dispositions[i], i * 1000.0, "final");
	take("answered", -1, "final");
	take("answered", 5, "interim");
	collector_tally_take(&t, bytes, 3);
	assert_int_equal(t.counts.kinds[RECORD_CALL], 0);
	collector_tally_commit(&t, T0);
	assert_int_equal(t.counts.kinds[RECORD_CALL], COLLECTOR_DISPOSITIONS + 2);
	for (int i = 0; i < COLLECTOR_DISPOSITIONS; i++)
		assert_int_equal(t.counts.dispositions[i], 1 + (i == COLLECTOR_ANSWERED));
	assert_int_equal(sum(t.counts.pdd, COLLECTOR_PDD_BUCKETS + 1), COLLECTOR_DISPOSITIONS);
	assert_int_equal(t.counts.pdd_sum_us, 36000000);
	/* A bound belongs to its bucket. */
	assert_int_equal(t.counts.pdd[3], 1);
	collector_tally_window(&t, T0, &calls, &answers);
	assert_int_equal(calls, COLLECTOR_DISPOSITIONS + 1);
	assert_int_equal(answers, 2);
}

static void
mos(void **state)
{
	memset(&t, 0, sizeof(t));
	take_mos(4.1);
	take_mos(4.5);
	take_mos(0);
	take_mos(7);
	collector_tally_commit(&t, T0);
	assert_int_equal(sum(t.counts.mos, COLLECTOR_MOS_BUCKETS + 1), 2);
	assert_int_equal(t.counts.mos[7], 1);
	assert_int_equal(t.counts.mos[COLLECTOR_MOS_BUCKETS], 1);
	assert_int_equal(t.counts.mos_sum, 8600);
}

static void
rollback(void **state)
{
	memset(&t, 0, sizeof(t));
	take("busy", 1, "final");
	collector_tally_rollback(&t);
	collector_tally_commit(&t, T0);
	assert_int_equal(sum((uint64_t *)&t.counts, sizeof(t.counts) / 8), 0);
}

static void
window(void **state)
{
	uint64_t calls, answers;

	memset(&t, 0, sizeof(t));
	for (int i = 0; i < 100; i++) {
		take(i % 2 ? "answered" : "busy", 1, "final");
		collector_tally_commit(&t, T0 + i * 10 * BASE_NS_PER_SEC);
		collector_tally_window(&t, T0 + i * 10 * BASE_NS_PER_SEC, &calls, &answers);
		assert_int_equal(calls, i < COLLECTOR_WINDOW_PARTS ? i + 1 : COLLECTOR_WINDOW_PARTS);
		assert_true(answers == calls / 2);
	}
	/* Nothing more comes: it empties by the clock. */
	collector_tally_window(&t, T0 + (99 + 10) * 10 * BASE_NS_PER_SEC, &calls, &answers);
	assert_int_equal(calls, COLLECTOR_WINDOW_PARTS - 10);
	collector_tally_window(&t, T0 + 1000000 * BASE_NS_PER_SEC, &calls, &answers);
	assert_int_equal(calls, 0);
	/* A clock that was set back. */
	collector_tally_commit(&t, T0);
	collector_tally_window(&t, T0, &calls, &answers);
	assert_int_equal(calls, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(mos),
		cmocka_unit_test(rollback),
		cmocka_unit_test(window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
