/* Laws: a uid, its beginning or a Call-ID finds the record; of an interim and a final one the
 * final one is shown; a beginning that several have is refused with the list of them. */
#include "cli_testing.h"

static char dir[256], capture[300];

static int
set_up(void **state)
{
	static uint8_t record[RECORD_BYTES_MAX];
	struct store *store;
	struct sys_error e;
	uint32_t len;

	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	make_capture(capture, 2);
	make_store(dir, 3);
	/* A fourth call: interim, final, interim again (late). */
	assert_int_equal(store_open(&store, &(struct store_options){.dir = dir}, &e), 0);
	assert_int_equal(store_begin(store, &e), 0);
	for (unsigned i = 0; i < 3; i++) {
		len = make_call(record, sizeof(record),
			&(struct call){.n = 0x20000,
				.seq = 10 + i,
				.call_id = "it's \"long\"",
				.status = i == 1 ? "final" : "interim"});
		assert_int_equal(store_put(store, BASE_SPAN("edge"), 0, record, len, &e), 0);
	}
	assert_int_equal(store_commit(store, &e), 0);
	store_close(store);
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

static void
check_show(int rc, const char *out_has, const char *err_has, const char *id, const char *option)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--store", dir, id, option, NULL), rc);
	assert_has(t.out, out_has);
	assert_has(t.err, err_has);
	terminal_end(&t);
}

static void
test_find(void **state)
{
	check_show(CLI_OK, "Call ca1100010123456789abcdef01234567\n", "",
		"ca1100010123456789abcdef01234567", NULL);
	check_show(CLI_OK, "Call-ID       call-1@test\n", "", "ca110001", NULL);
	check_show(CLI_OK, "Call ca110001", "", "call-1@test", NULL);
	check_show(CLI_OK, "Transaction 0b710957", "", "ping@test", NULL);
	check_show(CLI_FAILED, "", "nothing has the uid or Call-ID 'nobody'", "nobody", NULL);
	check_show(CLI_FAILED, "", "nothing has", "ca1", NULL); /* too short to stand for a uid */
	check_show(CLI_FAILED, "", "more than one record begins with 'ca11000'", "ca11000", NULL);
	check_show(CLI_FAILED, "", "call-2@test\n", "ca11000", NULL);
	check_show(CLI_FAILED, "", "nothing has", "' OR '1'='1", NULL); /* an ID is no SQL */
	check_show(CLI_OK, "it's \"long\"", "", "it's \"long\"", NULL);
	check_show(CLI_OK, "\"flow\":[{", "", "ca110001", "--format=json");
}

static void
test_interim(void **state)
{
	struct terminal t;

	assert_int_equal(
		terminal_run(&t, "show", "--store", dir, "ca130000", "--format=json", NULL),
		CLI_OK);
	assert_int_equal(count_lines(t.out), 1);
	assert_has(t.out, "\"status\":\"final\"");
	terminal_end(&t);
}

static void
test_read(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--read", capture, "busy-1@test", NULL), CLI_OK);
	assert_has(t.out, "486 Busy Here [1 INVITE]");
	assert_has(t.out, "Outcome       busy 486 Busy Here");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "show", "--read", capture, NULL), CLI_FAILED);
	assert_has(t.err, "more than one call; choose:");
	assert_int_equal(count_of(t.err, "@test\n"), 2);
	terminal_end(&t);
	assert_int_equal(
		terminal_run(&t, "show", "--read", "/nowhere.pcap", "x", NULL), CLI_FAILED);
	assert_string_equal(t.err, "ringtap show: /nowhere.pcap: No such file or directory\n");
	terminal_end(&t);
}

static void
test_usage(void **state)
{
	check_show(CLI_USAGE, "", "which call?", NULL, NULL);
	check_show(CLI_USAGE, "", "'b' is a second one", "a", "b");
	check_show(CLI_USAGE, "", "text, json or svg", "a", "--format=csv");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_find),
		cmocka_unit_test(test_interim), cmocka_unit_test(test_read),
		cmocka_unit_test(test_usage)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
