/* Laws: text, JSON and picture show the same record; colours are where they are asked for. */
#include "cli_testing.h"

static char dir[256];

static int
set_up(void **state)
{
	directory_new(dir);
	make_store(dir, 2);
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

static void
check(const char *option, int rc, const char *out_has, const char *err_has)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--store", dir, "ca110001", option, NULL), rc);
	assert_has(t.out, out_has);
	assert_has(t.err, err_has);
	terminal_end(&t);
}

static void
test_formats(void **state)
{
	check("--format=text", CLI_OK, "Call-ID       call-1@test\n", "");
	check("--format=json", CLI_OK, "\"call_id\":\"call-1@test\"", "");
	check("--format=svg", CLI_OK, "<title>alice \u2192 bob   answered 200 OK</title>", "");
	check("--format=csv", CLI_USAGE, "", "--format 'csv': it is text, json or svg here");
	check("--format=pdf", CLI_USAGE, "", "--format 'pdf': it is text, json or svg here");
}

static void
test_colour(void **state)
{
	struct terminal t;

	check("--color=always", CLI_OK, "\033[32m", "");
	check("--color=perhaps", CLI_USAGE, "", "--color 'perhaps' is none of auto, always, never");
	assert_int_equal(
		terminal_run(&t, "show", "--store", dir, "ca110001", "--color=auto", NULL), CLI_OK);
	assert_has_not(t.out, "\033");
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats), cmocka_unit_test(test_colour)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
