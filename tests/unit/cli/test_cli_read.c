/* Laws: one record for each call; twice the same bytes; a condition means the same with and
 * without the store between; a damaged file costs what is damaged and the exit status. */
#include <sys/stat.h>

#include "cli_testing.h"

struct files {
	char dir[256], capture[300], damaged[300];
};

static int
set_up(void **state)
{
	struct files *f = calloc(1, sizeof(*f));

	directory_new(f->dir);
	snprintf(f->capture, sizeof(f->capture), "%s/busy.pcap", f->dir);
	snprintf(f->damaged, sizeof(f->damaged), "%s/damaged.pcap", f->dir);
	make_capture(f->capture, 5);
	make_capture(f->damaged, 3);
	struct stat st;
	assert_int_equal(stat(f->damaged, &st), 0);
	assert_int_equal(truncate(f->damaged, st.st_size - 30), 0); /* the last ACK is cut */
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct files *f = *state;

	directory_remove(f->dir);
	free(f);
	return 0;
}

static void
test_formats(void **state)
{
	struct files *f = *state;
	struct terminal a, b;

	assert_int_equal(terminal_run(&a, "read", f->capture, NULL), CLI_OK);
	assert_string_equal(a.err, ""); /* no progress in a pipe */
	assert_int_equal(count_of(a.out, " busy "), 5);
	assert_has(a.out, "5 calls: 5 busy\n");
	terminal_end(&a);
	assert_int_equal(terminal_run(&a, "read", "--format", "jsonl", f->capture, NULL), CLI_OK);
	assert_int_equal(count_lines(a.out), 5);
	assert_has(a.out, "\"seq\":1,");
	assert_has(a.out, "\"seq\":5,");
	assert_int_equal(count_of(a.out, "\"probe\":\"replay\",\"core\":0,"), 5);
	assert_has_not(a.out, "\"flow\":");
	assert_int_equal(terminal_run(&b, "read", "--format", "jsonl", f->capture, NULL), CLI_OK);
	assert_string_equal(a.out, b.out);
	terminal_end(&a);
	terminal_end(&b);
	assert_int_equal(
		terminal_run(&a, "read", "--format=jsonl", "--cores=2", f->capture, NULL), CLI_OK);
	assert_int_equal(count_lines(a.out), 5);
	terminal_end(&a);
	assert_int_equal(terminal_run(&a, "read", "--format=csv", f->capture, NULL), CLI_OK);
	assert_int_equal(count_of(a.out, "\r\n"), 6);
	terminal_end(&a);
	assert_int_equal(terminal_run(&a, "read", "--flow", f->capture, NULL), CLI_OK);
	assert_int_equal(count_of(a.out, "486 Busy Here [1 INVITE]"), 5);
	terminal_end(&a);
}

/* A condition takes rows through the store: those it leaves are the bytes of the direct way. */
static void
test_condition(void **state)
{
	struct files *f = *state;
	struct terminal direct, stored;

	assert_int_equal(
		terminal_run(&direct, "read", "-f", "jsonl", "-F", f->capture, NULL), CLI_OK);
	assert_int_equal(terminal_run(&stored, "read", "-f", "jsonl", "-F", f->capture,
				 "sip_code = 486", NULL),
		CLI_OK);
	assert_string_equal(direct.out, stored.out);
	terminal_end(&stored);
	assert_int_equal(terminal_run(&stored, "read", "-f", "jsonl", f->capture,
				 "from_user='alice3'", NULL),
		CLI_OK);
	assert_int_equal(count_lines(stored.out), 1);
	terminal_end(&stored);
	assert_int_equal(terminal_run(&stored, "read", "-f", "jsonl", "--where",
				 "answer_time NOTNULL", f->capture, NULL),
		CLI_OK);
	assert_string_equal(stored.out, "");
	terminal_end(&stored);
	assert_int_equal(
		terminal_run(&stored, "read", "-f", "jsonl", "--kind", "stream", f->capture, NULL),
		CLI_OK);
	assert_string_equal(stored.out, "");
	terminal_end(&stored);
	terminal_end(&direct);
}

static void
test_usage(void **state)
{
	struct files *f = *state;
	static const struct {
		const char *a, *b, *has;
	} cases[] = {
		{NULL, NULL, "which capture file?"},
		{"--format", "csv", "which capture file?"},
		{"--cores=0", NULL, "is not in 1..64"},
		{"--cores=x", NULL, "is not in 1..64"},
		{"--cores=65", NULL, "is not in 1..64"},
		{"--format=csv", "--kind=all", "one kind"},
		{"--nosuch", NULL, "unknown option"},
		{"sip_cod = 486", NULL, "sip_cod"},
		{"--where", "sip_code = ", "ringtap fields"},
	};

	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct terminal t;
		const char *first = i < 2 ? cases[i].a : f->capture;
		const char *second = i < 2 ? cases[i].b : cases[i].a,
			   *third = i < 2 ? NULL : cases[i].b;
		assert_int_equal(terminal_run(&t, "read", first, second, third, NULL), CLI_USAGE);
		assert_has(t.err, cases[i].has);
		assert_string_equal(t.out, "");
		terminal_end(&t);
	}
}

static void
test_damage(void **state)
{
	struct files *f = *state;
	struct terminal t;

	/* Nothing is begun where a file is not there; a word without =, < or > is no condition. */
	assert_int_equal(terminal_run(&t, "read", f->capture, "missing.pcap", NULL), CLI_FAILED);
	assert_has(t.err, "missing.pcap: No such file or directory");
	assert_string_equal(t.out, "");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "read", "-f", "jsonl", f->damaged, NULL), CLI_FAILED);
	assert_has(t.err, f->damaged);
	assert_int_equal(count_lines(t.out), 3); /* what was read stands */
	terminal_end(&t);
	/* The other file is read all the same. */
	assert_int_equal(
		terminal_run(&t, "read", "-f", "jsonl", f->damaged, f->capture, NULL), CLI_FAILED);
	assert_has(t.out, "\"from_user\":\"alice4\"");
	terminal_end(&t);
}

static void
test_output_fails(void **state)
{
	struct files *f = *state;
	static const char *const formats[] = {"--format=jsonl", "--format=table"};

	for (size_t i = 0; i < base_count_of(formats); i++) {
		char *argv[] = {
			(char *)"ringtap", (char *)"read", (char *)formats[i], f->capture, NULL};
		char *err = NULL;
		size_t len;
		FILE *full = fopen("/dev/full", "w"), *e = open_memstream(&err, &len);
		if (!full)
			skip();
		assert_int_equal(cli_main(4, argv, full, e), CLI_FAILED);
		fclose(full);
		fclose(e);
		assert_string_equal(
			err, "ringtap read: cannot write the output: No space left on device\n");
		free(err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats),
		cmocka_unit_test(test_condition), cmocka_unit_test(test_usage),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_output_fails)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
