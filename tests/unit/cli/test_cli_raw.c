/* Law: with --raw each message of the flow has its own text, as it was on the wire, and nothing of
 * another call. */
#include "cli_testing.h"

static char dir[256], capture[300];

static int
set_up(void **state)
{
	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	make_capture(capture, 3);
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

static void
test_text(void **state)
{
	struct terminal t;

	assert_int_equal(
		terminal_run(&t, "show", "--read", capture, "--raw", "busy-1@test", NULL), CLI_OK);
	assert_has(t.out, "\nMessage texts\n");
	assert_has(t.out, "\n    INVITE sip:bob@10.0.0.2 SIP/2.0\n");
	assert_has(t.out, "\n    SIP/2.0 486 Busy Here\n");
	assert_int_equal(count_of(t.out, "    Call-ID: busy-1@test\n"), 3);
	assert_has_not(t.out, "busy-2@test");
	assert_has_not(t.out, "\r");
	assert_has_not(t.out, "not found");
	terminal_end(&t);
}

static void
test_json(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--read", capture, "--raw", "--format=json",
				 "busy-0@test", NULL),
		CLI_OK);
	assert_int_equal(count_lines(t.out), 1);
	assert_has(t.out, ",\"raw\":[\"INVITE sip:bob@10.0.0.2 SIP/2.0\\r\\n");
	assert_int_equal(count_of(t.out, "Call-ID: busy-0@test\\r\\n"), 3);
	assert_has(t.out, "\"]}\n");
	terminal_end(&t);
}

static void
test_misuse(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--raw", "--read", "-", "busy", NULL), CLI_USAGE);
	assert_has(t.err, "twice");
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_json),
		cmocka_unit_test(test_misuse)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
