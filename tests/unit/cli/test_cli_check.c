/* Laws: what check-config prints is a configuration that loads to the same; an error names the
 * file; fields lists every field. */
#include "cli_testing.h"

static void
test_round_trip(void **state)
{
	char dir[256], path[300];
	struct terminal first, second;

	directory_new(dir);
	snprintf(path, sizeof(path), "%s/ringtap.yaml", dir);
	assert_int_equal(terminal_run(&first, "check-config", NULL), CLI_OK);
	assert_has(first.out, "sip:");
	assert_has(first.err, "shared-memory rings");
	FILE *f = fopen(path, "w");
	fputs(first.out, f);
	fclose(f);
	assert_int_equal(terminal_run(&second, "check-config", path, NULL), CLI_OK);
	assert_string_equal(first.out, second.out);
	terminal_end(&first);
	terminal_end(&second);
	f = fopen(path, "w");
	fputs("sip:\n  prots: [5060]\n", f);
	fclose(f);
	assert_int_equal(terminal_run(&first, "check-config", path, NULL), CLI_FAILED);
	assert_has(first.err, "ringtap.yaml:2");
	assert_has(first.err, "prots");
	assert_string_equal(first.out, "");
	terminal_end(&first);
	directory_remove(dir);
}

static void
test_words(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "check-config", "--keys", NULL), CLI_OK);
	assert_has(t.out, "linger_s");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "check-config", "/nowhere.yaml", NULL), CLI_FAILED);
	assert_has(t.err, "/nowhere.yaml");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "check-config", "a", "b", NULL), CLI_USAGE);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "check-config", "--key", NULL),
		CLI_OK); /* an unambiguous beginning */
	terminal_end(&t);
}

static void
test_fields(void **state)
{
	struct terminal t;
	char line[128];

	assert_int_equal(terminal_run(&t, "fields", NULL), CLI_OK);
	for (unsigned f = 0; f < RECORD_F_COUNT; f++) {
		snprintf(line, sizeof(line), "| `%s` |", record_fields[f].key);
		assert_has(t.out, line);
	}
	assert_int_equal(count_of(t.out, "## "), RECORD_KIND_COUNT - 1);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "fields", "flow", "stream", NULL), CLI_OK);
	assert_has(t.out, "## flow\n");
	assert_has(t.out, "## stream\n");
	assert_has_not(t.out, "`disposition`");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "fields", "calls", NULL), CLI_USAGE);
	assert_has(t.err, "kind 'calls' is none of");
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_words), cmocka_unit_test(test_fields)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
