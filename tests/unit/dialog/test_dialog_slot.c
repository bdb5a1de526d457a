/* The table: bounded against any traffic, established calls before new ones, handles that do not outlive their slot. */
#include "dialog_testing.h"

static void
new_call(struct fixture *f, int n, int64_t ms, bool answer)
{
	static char id[32];

	snprintf(id, sizeof(id), "call-%d", n);
	f->call_id = id;
	say(f, ms, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	if (answer)
		say(f, ms + 1, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
}

static void
a_flood_of_invites_leaves_established_calls_alone(void **state)
{
	struct fixture *f = fixture_new(64);

	for (int i = 0; i < 10; i++)
		new_call(f, i, i, true);
	for (int i = 0; i < 1000; i++)
		new_call(f, 1000 + i, 100 + i, false);
	assert_true(f->metrics.values[METRICS_CALLS_EVICTED] > 900);
	for (uint32_t i = 0; i < f->n_records && i < RECORDS_MAX; i++)
		has(f, i, "\"end_cause\":\"evicted\"");
	for (int i = 0; i < 10; i++) {
		static char id[32];
		snprintf(id, sizeof(id), "call-%d", i);
		f->call_id = id;
		say(f, 5000 + i, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	}
	uint32_t before = f->n_records;
	dialog_advance(f->dialog, T0 + 11 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records - before, 10);
	for (uint32_t i = before; i < f->n_records; i++) {
		const char *json = f->json[i % RECORDS_MAX];
		assert_non_null(strstr(json, "\"disposition\":\"answered\""));
	}
	fixture_free(f);
}

static void
a_table_full_of_established_calls_refuses_new_ones(void **state)
{
	struct fixture *f = fixture_new(16);

	for (int i = 0; i < 20; i++)
		new_call(f, i, i * 10, true);
	assert_int_equal(f->n_records, 0);
	/* a refused INVITE and its 200 each come too late */
	assert_true(f->metrics.values[METRICS_CALLS_REFUSED] >= 4);
	finish(f, 1000);
	assert_int_equal(f->n_records, 16);
	fixture_free(f);
}

static void
a_handle_of_a_closed_call_finds_nothing(void **state)
{
	struct fixture *f = fixture_new(4);

	new_call(f, 1, 0, true);
	finish(f, 10);
	uint64_t old = f->asked;
	new_call(f, 2, 20, true);
	assert_null(slot_of_handle(f->dialog, old));
	dialog_collected(f->dialog, old);
	assert_int_equal(f->n_records, 1);
	finish(f, 30);
	assert_int_equal(f->n_records, 2);
	assert_true(f->asked != old);
	fixture_free(f);
}

static void
thousands_of_calls_come_and_go_in_a_small_table(void **state)
{
	struct fixture *f = fixture_new(32);

	for (int i = 0; i < 5000; i++) {
		new_call(f, i, i * 1000, true);
		say(f, i * 1000 + 500, BOB, ALICE, "BYE", "9 BYE", "b1", "a1", NULL);
		dialog_advance(f->dialog, T0 + (int64_t)i * BASE_NS_PER_SEC);
	}
	finish(f, 5000 * 1000 + 1000);
	assert_int_equal(f->n_records, 5000);
	assert_int_equal(f->metrics.values[METRICS_CALLS_REFUSED], 0);
	assert_int_equal(f->metrics.values[METRICS_CALLS_EVICTED], 0);
	assert_true(f->dialog->pool.used < 32 * 8);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_flood_of_invites_leaves_established_calls_alone),
		cmocka_unit_test(a_table_full_of_established_calls_refuses_new_ones),
		cmocka_unit_test(a_handle_of_a_closed_call_finds_nothing),
		cmocka_unit_test(thousands_of_calls_come_and_go_in_a_small_table)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
