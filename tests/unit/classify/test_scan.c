#include "classify_testing.h"

#include "classify_private.h"

/* A core outlives a reload: its scratch is made to fit the new database and still serves the old
 * one. */
static void
a_core_serves_the_old_and_the_new_database(void **state)
{
	static const char *const entries[] = {"friendly-scanner", "sipvicious"};
	struct classify_watch_list list = {"scanners", NULL, entries, 2, CLASSIFY_WATCH_USER_AGENT};
	struct classify *old = testing_classify(true, NULL, 0),
			*new = testing_classify(true, &list, 1);
	struct classify_core *core = testing_core(old);
	struct packet_view view = testing_view("BYE sip:x", 9, PACKET_UDP, 999);
	const struct sip_message *m =
		testing_message("OPTIONS sip:x SIP/2.0\r\nUser-Agent: Friendly-Scanner\r\n\r\n");
	struct sys_error e;

	assert_int_equal(classify_core_fit(core, new, &e), 0);
	assert_int_equal(classify_payload(new, core, &view).kind, CLASSIFY_SIP);
	assert_int_equal(classify_payload(old, core, &view).kind, CLASSIFY_SIP);
	assert_int_equal(classify_watch(new, core, m), 1);
	assert_int_equal(classify_watch(old, core, m), 0);
	classify_free(old);
	assert_int_equal(classify_payload(new, core, &view).kind, CLASSIFY_SIP);
	classify_core_free(core);
	classify_free(new);
}

static void
nothing_is_freed_as_nothing(void **state)
{
	classify_core_free(NULL);
	classify_free(NULL);
	classify_scan_free(NULL);
}

static void
literals_report_their_list(void **state)
{
	static const struct classify_literal literals[] = {
		{"abc", 3, 0}, {"bcd", 3, 63}, {"x.z", 3, 7}, {"abc", 3, 9}};
	struct classify *c = testing_classify(true, NULL, 0);
	struct classify_core *core = testing_core(c);
	struct classify_scan *scan;
	struct sys_error e;
	uint64_t bits;

	assert_int_equal(
		classify_scan_literals_new(&scan, literals, base_count_of(literals), &e), 0);
	if (scan) {
		assert_int_equal(classify_scan_fit(core, scan, &e), 0);
		assert_true(classify_scan_run(scan, core, BASE_SPAN("..ABCD.."), &bits));
		assert_true(bits == (1ull | 1ull << 63 | 1ull << 9));
		assert_true(classify_scan_run(
			scan, core, BASE_SPAN("xyz"), &bits)); /* a dot is a dot */
		assert_true(bits == 0);
		assert_true(classify_scan_run(scan, core, BASE_SPAN("X.Z"), &bits));
		assert_true(bits == 1ull << 7);
	} else {
		assert_false(classify_scan_run(scan, core, BASE_SPAN("abc"), &bits));
	}
	classify_scan_free(scan);
	classify_core_free(core);
	classify_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_core_serves_the_old_and_the_new_database),
		cmocka_unit_test(nothing_is_freed_as_nothing),
		cmocka_unit_test(literals_report_their_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
