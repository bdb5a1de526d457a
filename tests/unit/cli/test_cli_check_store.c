/* Laws: a store is looked through without a change; what is wrong is the exit status; a repair
 * needs the store for itself. */
#include "cli_testing.h"

#include <stdlib.h>
#include <unistd.h>

#include "store.h"

static void
store_make(char *dir, struct store **store)
{
	struct store_options options = {.dir = dir};
	struct sys_error e = {""};
	uint8_t bytes[512];

	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_open(store, &options, &e), 0);
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);
	record_put_cstr(&w, RECORD_F_UID, "u1");
	record_put_time(&w, RECORD_F_INVITE_TIME, 1700000000 * BASE_NS_PER_SEC);
	assert_int_equal(store_begin(*store, &e), 0);
	assert_int_equal(store_put(*store, BASE_SPAN("p"), 0, bytes, w.len, &e), 0);
	assert_int_equal(store_commit(*store, &e), 0);
}

static void
test_check_store(void **state)
{
	char dir[] = "/tmp/ringtap-cli-XXXXXX", command[100];
	struct store *store;
	struct terminal t;

	store_make(dir, &store);
	assert_int_equal(terminal_run(&t, "check-store", "--store", dir, NULL), CLI_OK);
	assert_has(t.out, "ringtap-2023-11-14.db: 1 rows");
	terminal_end(&t);
	assert_int_equal(
		terminal_run(&t, "check-store", "--store", dir, "--repair", NULL), CLI_FAILED);
	assert_has(t.err, "another process writes this store");
	terminal_end(&t);
	assert_int_equal(store_cursor_set(store, "kafka", 9, NULL), 0);
	store_close(store);
	assert_int_equal(
		terminal_run(&t, "check-store", "-R", "-s", dir, "-b", dir, NULL), CLI_FAILED);
	assert_has(t.out, "kafka: WRONG: ");
	assert_has(t.out, "no file was delivered yet");
	assert_has(t.err, "1 thing is wrong");
	terminal_end(&t);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void
test_usage(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "check-store", "x", NULL), CLI_USAGE);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "check-store", "--help", NULL), CLI_OK);
	assert_has(t.out, "--repair");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "check-store", "-s", "/nowhere/store", NULL), CLI_FAILED);
	assert_has(t.err, "/nowhere/store");
	terminal_end(&t);
}

/* Neither a store without faults nor one to be. */
static void
a_folder_without_a_store_is_refused(void **state)
{
	char dir[256], made[300];
	struct terminal t;

	directory_new(dir);
	snprintf(made, sizeof(made), "%s/state.db", dir);
	assert_int_equal(terminal_run(&t, "check-store", "-s", dir, NULL), CLI_FAILED);
	assert_has(t.err, "there is no store");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "check-store", "-s", dir, "-R", NULL), CLI_FAILED);
	assert_has(t.err, "there is no store");
	terminal_end(&t);
	assert_true(access(made, F_OK) != 0);
	directory_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_store),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(a_folder_without_a_store_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
