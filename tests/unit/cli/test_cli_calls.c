/* Laws: the store is only read; since is in, until is out; --limit takes the last ones by time. */
#include "cli_testing.h"

static char dir[256];

static int
set_up(void **state)
{
	directory_new(dir);
	make_store(dir, 9);
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

static void
check_lines(unsigned lines, const char *has, const char *a, const char *b, const char *c)
{
	struct terminal t;

	if (terminal_run(&t, "calls", "--store", dir, "--format=jsonl", a, b, c, NULL) != CLI_OK)
		fail_msg("%s", t.err);
	assert_int_equal(count_lines(t.out), lines);
	assert_has(t.out, has);
	terminal_end(&t);
}

static void
test_query(void **state)
{
	check_lines(9, "\"probe\":\"edge\"", NULL, NULL, NULL);
	check_lines(3, "\"disposition\":\"busy\"", "sip_code = 486", NULL, NULL);
	check_lines(3, "busy", "--where", "disposition='busy'", NULL);
	check_lines(1, "\"method\":\"OPTIONS\"", "--kind=transaction", NULL, NULL);
	check_lines(10, "OPTIONS", "--kind=all", NULL, NULL);
	check_lines(2, "call-8@test", "--limit=2", NULL, NULL);
	check_lines(9, "", "--limit", "0", NULL);
	check_lines(4, "call-5@test", "--since", "2023-11-14 22:18:20", NULL);
	check_lines(5, "call-4@test", "--until", "2023-11-14 22:18:20", NULL);
	check_lines(2, "call-2@test", "--since=2023-11-14 22:15:20", "--until=2023-11-14 22:17:20",
		NULL);
	check_lines(0, "", "--since", "1h", NULL);
	check_lines(2, "", "answer_time >= '2023-11-14T22:20:22'", NULL, NULL);
	check_lines(9, "\"flow\":[", "--flow", NULL, NULL);
}

static void
test_table(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "calls", "--store", dir, NULL), CLI_OK);
	assert_int_equal(count_lines(t.out),
		1 + 1 + 9 + 2); /* titles, date, calls, an empty line and the totals */
	assert_has(t.out, "9 calls: 6 answered, 3 busy\n");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "-s", dir, "-F", "-n", "1", NULL), CLI_OK);
	assert_has(t.out, "180 Ringing [1 INVITE]");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "-s", dir, "-f", "csv", NULL), CLI_OK);
	assert_int_equal(count_lines(t.out), 10);
	terminal_end(&t);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *a, *b, *has;
		int rc;
	} cases[] = {
		{"no_such_field = 1", NULL, "no_such_field", CLI_USAGE},
		{"1; DELETE FROM calls", NULL, "ringtap fields", CLI_USAGE},
		{"a = 1", "b = 2", "is a second argument", CLI_USAGE},
		{"--since=1h", "--until=2h", "--since is later than --until", CLI_USAGE},
		{"--format=csv", "--kind=all", "CSV has one kind", CLI_USAGE},
		{"--store=/nowhere", NULL, "cannot read the store /nowhere", CLI_FAILED},
		{"--config=/nowhere.yaml", "--store=", "cannot read the store", CLI_FAILED},
	};

	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct terminal t;
		assert_int_equal(
			terminal_run(&t, "calls", "--store", dir, cases[i].a, cases[i].b, NULL),
			cases[i].rc);
		assert_has(t.err, cases[i].has);
		assert_string_equal(t.out, "");
		terminal_end(&t);
	}
	check_lines(9, "", NULL, NULL, NULL); /* all there still */
}

/* The default limit of a table says that it is one. */
static void
test_many(void **state)
{
	char many[256];
	struct terminal t;

	directory_new(many);
	make_store(many, 1100);
	assert_int_equal(terminal_run(&t, "calls", "--store", many, NULL), CLI_OK);
	assert_has(t.out, "\n1 000 calls: ");
	assert_has(t.err, "the last 1000; --limit 0 shows all");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "--store", many, "--limit", "0", NULL), CLI_OK);
	assert_has(t.out, "\n1 100 calls: ");
	assert_string_equal(t.err, "");
	terminal_end(&t);
	directory_remove(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_query),
		cmocka_unit_test(test_table), cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_many)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
