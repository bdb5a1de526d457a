/* Laws: gen writes a capture that read reads, and as many truths as there are calls; what it cannot
 * do is said, with 1 for what failed and 2 for what was asked wrongly. */
#include "cli_testing.h"

static void
what_it_writes_is_read(void **state)
{
	char dir[256], capture[300], truth[300];
	struct terminal t;

	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/a.pcap", dir);
	snprintf(truth, sizeof(truth), "%s/a.jsonl", dir);
	assert_int_equal(terminal_run(&t, "gen", "--calls", "5", "--hold", "1s", "--loss", "2%",
		"-w", capture, "--truth", truth, NULL), CLI_OK);
	assert_string_equal(t.err, "");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "read", "--format", "jsonl", capture, NULL), CLI_OK);
	assert_int_equal(count_lines(t.out), 5);
	terminal_end(&t);
	FILE *f = fopen(truth, "r");
	char line[16384];
	unsigned lines = 0;
	assert_non_null(f);
	for (; fgets(line, sizeof(line), f); lines++)
		assert_has(line, "{\"kind\":\"call\",\"call_id\":");
	fclose(f);
	assert_int_equal(lines, 5);
	assert_int_equal(terminal_run(&t, "gen", "--calls", "3", "-w", capture, "-t", "-", NULL), CLI_OK);
	assert_int_equal(count_lines(t.out), 3);
	terminal_end(&t);
	directory_remove(dir);
}

static void
help_names_every_option(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "gen", "--help", NULL), CLI_OK);
	assert_has(t.out, "--write FILE");
#define CLI_GEN_GROUP(title) assert_has(t.out, "\n" title ":\n");
#define CLI_GEN_OPTION(name, value, kind, member, help) assert_has(t.out, "  --" name " " value);
#include "cli_gen.def"
#undef CLI_GEN_GROUP
#undef CLI_GEN_OPTION
	terminal_end(&t);
}

static void
what_is_wrong_is_said(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "gen", NULL), CLI_USAGE);
	assert_has(t.err, "-w FILE");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "--lozz", "1%", "-w", "x", NULL), CLI_USAGE);
	assert_has(t.err, "--loss");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "--keep", "--cps", "5", "-w", "x", NULL), CLI_USAGE);
	assert_has(t.err, "not --cps");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "-p", "x", "--speed", "0", NULL), CLI_USAGE);
	assert_has(t.err, "--speed '0'");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "-w", "x", "--speed", "2", NULL), CLI_USAGE);
	assert_has(t.err, "--speed is for a port");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "-w", "x", "--", "--no-huge", NULL), CLI_USAGE);
	assert_has(t.err, "EAL options are for a port");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "-w", "-", "-t", "-", NULL), CLI_USAGE);
	assert_has(t.err, "cannot both be '-'");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "x.pcap", NULL), CLI_USAGE);
	assert_has(t.err, "x.pcap");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "--mtu", "9", "-w", "x", NULL), CLI_USAGE);
	assert_has(t.err, "MTU");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "-w", "/nowhere/x.pcap", NULL), CLI_FAILED);
	assert_has(t.err, "/nowhere/x.pcap");
	terminal_end(&t);
	assert_int_equal(
		terminal_run(&t, "gen", "--calls", "1", "-w", "/dev/full", NULL), CLI_FAILED);
	assert_has(t.err, "/dev/full");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "gen", "--calls", "1", "-w", "/dev/null", "-t",
		"/dev/full", NULL), CLI_FAILED);
	assert_has(t.err, "/dev/full");
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_writes_is_read),
		cmocka_unit_test(help_names_every_option),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	setlocale(LC_ALL, "C");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
