/* A registration and its refreshes are one series; deregistration, or expiry, ends it. */
#include "dialog_testing.h"

/* A REGISTER at s seconds and its response, written at once. */
static void
registers(struct fixture *f, int64_t s, uint32_t cseq, const char *headers, const char *response)
{
	char text[32];

	snprintf(text, sizeof(text), "%u REGISTER", cseq);
	f->extra = headers;
	say(f, s * 1000, ALICE, PROXY, "REGISTER", text, "a1", "", NULL);
	say(f, s * 1000 + 20, PROXY, ALICE, response, text, "a1", "r1", NULL);
	dialog_advance(f->dialog, T0 + (s + 40) * BASE_NS_PER_SEC);
}

#define CONTACT "Contact: <sip:alice@10.0.0.1>\r\n"
#define FOR_600 CONTACT "Expires: 600\r\n"
#define FOR_0 CONTACT "Expires: 0\r\n"

/* Record number i is the n-th of the series that record first began. */
static void
is_of_series(const struct fixture *f, uint32_t i, uint32_t first, uint32_t n)
{
	char want[128];
	const char *uid = strstr(f->json[first], "\"uid\":\"");

	snprintf(want, sizeof(want), "\"series\":\"%.32s\"", uid + strlen("\"uid\":\""));
	has(f, i, want);
	snprintf(want, sizeof(want), "\"series_ordinal\":%u,", n);
	has(f, i, want);
}

static void
refreshes_go_on_until_deregistration(void **state)
{
	struct fixture *f = fixture_new(16);

	registers(f, 0, 1, FOR_600, "200 OK");
	registers(f, 500, 2, FOR_600, "200 OK");
	registers(f, 1000, 3, FOR_600, "503 Busy"); /* says nothing of the binding */
	registers(f, 1090, 4, FOR_600, "200 OK");
	registers(f, 1200, 5, FOR_0, "200 OK");
	registers(f, 1300, 6, FOR_600, "200 OK");
	assert_int_equal(f->n_records, 6);
	has(f, 0, "\"expires_time\":\"2023-11-14T22:23:20.020000Z\"");
	is_of_series(f, 0, 0, 1);
	is_of_series(f, 1, 0, 2);
	has(f, 2, "\"series\":");
	has_not(f, 2, "series_ordinal");
	has_not(f, 2, "expires_time");
	is_of_series(f, 3, 0, 3);
	is_of_series(f, 4, 0, 4);
	has_not(f, 4, "expires_time");
	is_of_series(f, 5, 5, 1);
	fixture_free(f);
}

static void
what_expired_is_not_refreshed(void **state)
{
	struct fixture *f = fixture_new(16);

	registers(f, 0, 1, FOR_600, "200 OK");
	registers(f, 700, 2, FOR_600, "200 OK");
	is_of_series(f, 1, 1, 1);
	fixture_free(f);
}

static void
another_call_id_is_another_series(void **state)
{
	struct fixture *f = fixture_new(16);

	registers(f, 0, 1, FOR_600, "200 OK");
	f->call_id = "c2";
	registers(f, 100, 1, FOR_600, "200 OK");
	is_of_series(f, 1, 1, 1);
	fixture_free(f);
}

static void
a_failure_or_a_deregistration_begins_none(void **state)
{
	struct fixture *f = fixture_new(16);

	registers(f, 0, 1, FOR_600, "403 Forbidden");
	f->call_id = "c2";
	registers(f, 100, 1, FOR_0, "200 OK");
	has_not(f, 0, "\"series");
	has_not(f, 1, "\"series");
	fixture_free(f);
}

static void
series_are_bounded_and_counted(void **state)
{
	struct fixture *f = fixture_new(64);
	char call_id[32];

	for (int i = 0; i < 200; i++) {
		snprintf(call_id, sizeof(call_id), "c%d", i);
		f->call_id = call_id;
		f->extra = FOR_600;
		say(f, i, ALICE, PROXY, "REGISTER", "1 REGISTER", "a1", "", NULL);
		say(f, i, PROXY, ALICE, "200 OK", "1 REGISTER", "a1", "r1", NULL);
	}
	finish(f, 1000);
	assert_int_equal(f->n_records, 200);
	assert_true(f->metrics.values[METRICS_SERIES_EVICTED] >= 200 - 64);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(refreshes_go_on_until_deregistration),
		cmocka_unit_test(what_expired_is_not_refreshed), cmocka_unit_test(another_call_id_is_another_series),
		cmocka_unit_test(a_failure_or_a_deregistration_begins_none), cmocka_unit_test(series_are_bounded_and_counted)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
