/* Laws: results on out and sentences on err; 0 fine, 1 failed, 2 usage; a word that is nearly one
 * gets that one suggested. */
#include <errno.h>

#include "cli_testing.h"

static void
check_run(int rc, const char *out_has, const char *err_has, const char *a, const char *b)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, a, b, NULL), rc);
	assert_has(t.out, out_has);
	assert_has(t.err, err_has);
	if (rc == CLI_USAGE)
		assert_string_equal(t.out, "");
	terminal_end(&t);
}

static void
test_dispatch(void **state)
{
	check_run(CLI_USAGE, "", "Usage: ringtap COMMAND", NULL, NULL);
	check_run(CLI_OK, "ringtap 0.", "", "--version", NULL);
	check_run(CLI_OK, "Usage: ringtap COMMAND", "", "--help", NULL);
	check_run(CLI_OK, "Usage: ringtap COMMAND", "", "help", NULL);
	check_run(CLI_OK, "Usage: ringtap read", "", "help", "read");
	check_run(CLI_USAGE, "", "did you mean 'read'?", "help", "raed");
	check_run(CLI_USAGE, "", "unknown command 'reed'; did you mean 'read'?", "reed", NULL);
	check_run(CLI_USAGE, "", "did you mean 'stats'?", "stat", NULL);
	check_run(CLI_USAGE, "", "did you mean 'check-config'?", "check", NULL);
	check_run(CLI_USAGE, "", "unknown command 'xyzzy'\n", "xyzzy", NULL);
	check_run(CLI_USAGE, "", "the command comes first", "--format", "jsonl");
	check_run(CLI_USAGE, "", "did you mean 'ringtap read /dev/null'?", "/dev/null", NULL);
}

/* Every command has a usage with examples, and the same text by both ways. */
static void
test_help(void **state)
{
	static const char *const commands[] = {
		"read", "calls", "show", "stats", "check-config", "check-store", "fields"};

	for (size_t i = 0; i < base_count_of(commands); i++) {
		struct terminal a, b;
		assert_int_equal(terminal_run(&a, commands[i], "--help", NULL), CLI_OK);
		assert_int_equal(terminal_run(&b, "help", commands[i], NULL), CLI_OK);
		assert_string_equal(a.out, b.out);
		assert_string_equal(a.err, "");
		assert_has(a.out, "Examples:\n  ringtap ");
		assert_string_equal(a.out, cli_command_find(commands[i])->usage);
		terminal_end(&a);
		terminal_end(&b);
	}
	assert_null(cli_command_find("nothing"));
}

static void
test_nearest(void **state)
{
	static const char *const names[] = {"format", "flow", "kind", "limit", NULL};

	assert_string_equal(cli_nearest("foramt", names), "format"); /* a swap is one edit */
	assert_string_equal(cli_nearest("formatt", names), "format");
	assert_string_equal(cli_nearest("lim", names), "limit");
	assert_string_equal(cli_nearest("knd", names), "kind");
	assert_null(cli_nearest("banana", names));
	assert_null(cli_nearest("", names));
	assert_null(cli_nearest("a-word-much-longer-than-any-name-there-is", names));
}

static void
test_sentences(void **state)
{
	struct terminal t;

	terminal_open(&t);
	t.cli.command = "read";
	assert_int_equal(cli_fail(&t.cli, "%s is gone", "a\033b"), CLI_FAILED);
	assert_int_equal(cli_misuse(&t.cli, "no"), CLI_USAGE);
	cli_say(&t.cli, "well");
	fflush(t.cli.err);
	assert_string_equal(t.err,
		"ringtap read: a\xef\xbf\xbd" "b is gone\n"
		"ringtap read: no\nTry 'ringtap read --help'.\n"
		"ringtap read: well\n");
	terminal_close(&t);
}

/* A full disk is a failure with a sentence, a reader that left is not. */
static void
test_close(void **state)
{
	struct terminal t;
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		skip();
	terminal_open(&t);
	FILE *out = t.cli.out;
	assert_int_equal(cli_close(&t.cli, CLI_OK), CLI_OK);
	assert_int_equal(cli_close(&t.cli, CLI_FAILED), CLI_FAILED);
	t.cli.out = full;
	fputs("x", full);
	assert_int_equal(cli_close(&t.cli, CLI_OK), CLI_FAILED);
	fflush(t.cli.err);
	assert_has(t.err, "cannot write the output: No space left on device");
	t.cli.write_errno = EPIPE;
	fputs("x", full);
	assert_int_equal(cli_close(&t.cli, CLI_OK), CLI_OK);
	t.cli.out = out;
	fclose(full);
	terminal_close(&t);
}

static void
test_open(void **state)
{
	struct terminal t;
	struct cli cli;

	terminal_open(&t);
	cli_open(&cli, t.cli.out, t.cli.err);
	assert_false(cli.out_terminal || cli.err_terminal || cli.colour);
	assert_int_equal(cli.width, 120);
	assert_true(cli.utf8);
	assert_string_equal(cli_colour_on(&cli, CLI_BAD), "");
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dispatch),
		cmocka_unit_test(test_help), cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_sentences), cmocka_unit_test(test_close),
		cmocka_unit_test(test_open)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
