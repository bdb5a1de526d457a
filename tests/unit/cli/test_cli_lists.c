/* Laws: a list without a section of its own is a table of the fields that its elements have, an
 * address with its port; from a capture as from the store. */
#include "cli_testing.h"

static char dir[256], capture[300];

static int
set_up(void **state)
{
	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	make_capture(capture, 1);
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

static void
test_tables(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--read", capture, NULL), CLI_OK);
	assert_has(t.out, "\nTransactions\nMETHOD ");
	assert_has(t.out, "\nRoles\nIP ");
	assert_has(t.out, " ua ");
	assert_null(strstr(t.out, "[{"));
	assert_null(strstr(t.out, "SRC PORT"));
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tables, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
