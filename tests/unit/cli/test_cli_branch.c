/* Laws: a call passes if a message of it had a branch that a pattern takes; * is any bytes, ? one;
 * the set grows without losing anybody. */
#include "cli_testing.h"

static void
see(struct cli_branch *b, const char *branch, const char *call_id)
{
	const struct worker_message m = {
		.branch = base_span_cstr(branch), .call_id = base_span_cstr(call_id)};

	cli_branch_message(b, &m);
}

static void
test_patterns(void **state)
{
	static const struct {
		const char *pattern, *branch;
		bool passes;
	} cases[] = {
		{"z9hG4bK1", "z9hG4bK1", true},
		{"z9hG4bK1", "z9hG4bK12", false},
		{"z9hG4bK1", "", false},
		{"*", "", true},
		{"*", "x", true},
		{"z9*", "z9hG4bK1", true},
		{"*bK1", "z9hG4bK1", true},
		{"*bK1", "z9hG4bK1bK2", false},
		{"*b*2", "z9hG4bK1bK2", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"[a", "[a", true},
		{"no,yes", "yes", true},
	};

	for (unsigned i = 0; i < base_count_of(cases); i++) {
		struct cli_branch b = {.patterns = cases[i].pattern};
		see(&b, cases[i].branch, "call");
		assert_int_equal(cli_branch_passes(&b, BASE_SPAN("call")), cases[i].passes);
		assert_false(cli_branch_passes(&b, BASE_SPAN("another")));
		cli_branch_free(&b);
	}
	struct cli_branch none = {NULL};
	assert_true(cli_branch_passes(&none, BASE_SPAN("call")));
}

static void
test_many(void **state)
{
	struct cli_branch b = {.patterns = "x"};
	char id[32];

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "call-%u", i);
		see(&b, i % 2 ? "y" : "x", id);
		see(&b, i % 2 ? "y" : "x", id);
	}
	assert_int_equal(b.n, 10000);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "call-%u", i);
		assert_int_equal(cli_branch_passes(&b, base_span_cstr(id)), i % 2 == 0);
	}
	cli_branch_free(&b);
}

/* On the command line, over the engine. */
static void
test_read(void **state)
{
	char dir[256], capture[300];
	struct terminal t;

	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	make_capture(capture, 3);
	assert_int_equal(
		terminal_run(&t, "read", "--branch=z9hG4bK1", "--format=jsonl", capture, NULL),
		CLI_OK);
	assert_int_equal(count_lines(t.out), 1);
	assert_has(t.out, "\"call_id\":\"busy-1@test\"");
	terminal_end(&t);
	assert_int_equal(
		terminal_run(&t, "read", "--branch=x", "--cores=2", capture, NULL), CLI_USAGE);
	terminal_end(&t);
	directory_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_many), cmocka_unit_test(test_read)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
