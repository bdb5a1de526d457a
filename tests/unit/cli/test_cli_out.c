/* Laws: --out leaves a store that ringtap calls reads and billing files with every call; a
 * directory with an earlier replay is refused; what is printed is the same with and without. */
#include "cli_testing.h"

static void
test_out(void **state)
{
	char dir[256], capture[300], out[300], store[320];
	struct terminal read, plain, calls;

	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	snprintf(out, sizeof(out), "%s/deep/result", dir);
	snprintf(store, sizeof(store), "%s/store", out);
	make_capture(capture, 7);
	assert_int_equal(
		terminal_run(&read, "read", "-f", "jsonl", "--out", out, capture, NULL), CLI_OK);
	assert_has(read.err, "7 records in ");
	assert_has(read.err, "/deep/result/billing");
	assert_int_equal(terminal_run(&plain, "read", "-f", "jsonl", capture, NULL), CLI_OK);
	assert_string_equal(plain.out, read.out);
	assert_int_equal(
		terminal_run(&calls, "calls", "-f", "jsonl", "--store", store, NULL), CLI_OK);
	assert_string_equal(plain.out, calls.out);
	terminal_end(&read);
	terminal_end(&plain);
	terminal_end(&calls);

	char command[800], line[256] = "";
	snprintf(command, sizeof(command),
		"cat %s/billing/*.csv | wc -l; grep -c . %s/billing/manifest.jsonl", out, out);
	FILE *p = popen(command, "r");
	assert_non_null(fgets(line, sizeof(line), p));
	assert_string_equal(line, "8\n"); /* a title and seven calls */
	assert_non_null(fgets(line, sizeof(line), p));
	assert_string_equal(line, "1\n");
	pclose(p);

	assert_int_equal(terminal_run(&read, "read", "--out", out, capture, NULL), CLI_FAILED);
	assert_has(read.err, "holds 7 records of an earlier replay");
	assert_string_equal(read.out, "");
	terminal_end(&read);
	directory_remove(dir);
}

static void
test_fails(void **state)
{
	char dir[256], capture[300], file[300];
	struct terminal t;

	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	make_capture(capture, 1);
	snprintf(file, sizeof(file), "%s/busy.pcap/out", dir); /* below a file */
	assert_int_equal(terminal_run(&t, "read", "--out", file, capture, NULL), CLI_FAILED);
	assert_has(t.err, "busy.pcap");
	assert_string_equal(t.out, "");
	terminal_end(&t);
	directory_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_out), cmocka_unit_test(test_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
