/* Laws: a filter asks any message or stream of a record; values of a list are alternatives, filters
 * must all hold; what is not a value is refused with the words of what is. */
#include "cli_testing.h"

static char dir[256], capture[300];

static int
set_up(void **state)
{
	directory_new(dir);
	snprintf(capture, sizeof(capture), "%s/busy.pcap", dir);
	make_capture(capture, 3);
	make_store(dir, 9); /* calls 2, 5 and 8 are busy; one OPTIONS */
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

/* How many records of all kinds the store has for which the filters hold. */
static void
check(unsigned want, const char *a, const char *b)
{
	struct terminal t;

	int rc = terminal_run(
		&t, "calls", "--store", dir, "--format=jsonl", "--kind=all", a, b, NULL);
	if (rc != CLI_OK || count_lines(t.out) != want)
		fail_msg("%s %s: %d, %u lines, not %u; %s", a, b ? b : "", rc, count_lines(t.out),
			want, t.err);
	terminal_end(&t);
}

static void
test_values(void **state)
{
	static const struct {
		const char *filter;
		unsigned records;
	} cases[] = {
		{"--address=10.0.0.1", 10},
		{"--address=10.0.0.3", 0},
		{"--address=10.0.0.3,10.0.0.2", 10},
		{"--address=10.0.0.0/8", 10},
		{"--address=10.0.0.2/31", 10},
		{"--address=10.0.0.4/30", 0},
		{"--address=2001:db8::/32", 0},
		{"--address=0.0.0.0/0", 10},
		{"--port=5060", 10},
		{"--port=4000", 9}, /* a stream's */
		{"--port=3000-4000", 9},
		{"--port=3000-3999", 0},
		{"--call-id=call-3@test", 1},
		{"--call-id=call-?@test", 9},
		{"--call-id=*@test", 10},
		{"--call-id=call-3@TEST", 0},
		{"--from=alice", 9},
		{"--from=bob", 0},
		{"--to=bob", 9},
		{"--user=b*", 9},
		{"--user=alice,probe", 10},
		{"--user=o'brien", 0},
		{"--method=invite", 9},
		{"--method=OPTIONS", 1},
		{"--method=OPT*,INVITE", 10},
		{"--status=180", 9}, /* of any message */
		{"--status=486", 3},
		{"--status=4xx", 3},
		{"--status=200-299", 10},
		{"--status=5xx,6xx", 0},
		{"--cseq=1", 9},
		{"--cseq=2", 0},
		{"--cseq=1 INVITE", 9},
		{"--cseq=1 BYE", 0},
		{"--cseq=invite", 9},
		{"--codec=pcma", 9},
		{"--codec=G729", 0},
		{"--ssrc=0xABCD0001", 9},
		{"--ssrc=2882338817", 9},
		{"--ssrc=0xabcd0009", 0},
		{"--pt=8", 0},
	};

	for (unsigned i = 0; i < base_count_of(cases); i++)
		check(cases[i].records, cases[i].filter, NULL);
}

static void
test_together(void **state)
{
	check(3, "--status=486", "--address=10.0.0.1");
	check(0, "--status=486", "--user=nobody");
	check(0, "--status=486", "--method=OPTIONS");
	check(1, "--status=486", "--where=call_id = 'call-5@test'");
	check(1, "--address=10.0.0.0/8",
		"--where=in_network(src_ip, '10.0.0.1') AND "
		"call_id = 'call-4@test'");
}

static void
test_refused(void **state)
{
	static const struct {
		const char *filter, *words;
	} cases[] = {
		{"--address=10.0.0", "not an address, or a network"},
		{"--address=10.0.0.0/33", "'10.0.0.0/33' is not an address"},
		{"--address=", "--address: an empty value"},
		{"--port=1-z", "a range as 5060-5090"},
		{"--port=99999", "'99999' is not a number of 0 to 65535"},
		{"--port=5060-65536", "a range as 5060-5090"},
		{"--pt=128", "'128' is not a number of 0 to 127, or a range as 96-127"},
		{"--port=9-1", "a range"},
		{"--status=7xx", "a status: 486, 5xx or 400-499"},
		{"--status=486,", "--status: an empty value"},
		{"--ssrc=0x123456789", "an SSRC"},
		{"--cseq=1x", "a CSeq"},
	};

	for (unsigned i = 0; i < base_count_of(cases); i++) {
		struct terminal t;
		int rc = terminal_run(&t, "calls", "--store", dir, cases[i].filter, NULL);
		assert_int_equal(rc, CLI_USAGE);
		assert_has(t.err, cases[i].words);
		terminal_end(&t);
	}
	struct terminal t;
	assert_int_equal(terminal_run(&t, "calls", "--store", dir, "--kind=registration",
				 "--codec=PCMA", NULL),
		CLI_USAGE);
	assert_has(t.err, "no kind of record that is asked for has all");
	terminal_end(&t);
}

/* A capture's records keep Via branches. */
static void
test_branch(void **state)
{
	struct terminal t;

	assert_int_equal(
		terminal_run(&t, "read", "--branch=z9hG4bK1", "--format=jsonl", capture, NULL),
		CLI_OK);
	assert_int_equal(count_lines(t.out), 1);
	assert_has(t.out, "\"call_id\":\"busy-1@test\"");
	terminal_end(&t);
	check(0, "--branch=z9*", NULL); /* these records kept none */
}

/* read takes the same, in every format. */
static void
test_read(void **state)
{
	static const char *const formats[] = {"--format=table", "--format=jsonl", "--format=csv"};

	for (unsigned i = 0; i < base_count_of(formats); i++) {
		struct terminal t;
		assert_int_equal(terminal_run(&t, "read", "--call-id=busy-1*", "--status=486",
					 formats[i], capture, NULL),
			CLI_OK);
		assert_int_equal(count_of(t.out, "alice1"), 1);
		assert_has_not(t.out, "alice0");
		terminal_end(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
		cmocka_unit_test(test_together), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_branch), cmocka_unit_test(test_read)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
