/* Laws: each file is handed over in order; one that fails is tried again, later each time, and the
 * ones behind it wait; what is noted is not handed over again. */
#include "sinks_fixture.h"

/* The command writes down what it got, and fails while there is a file "down". */
#define COMMAND                                                                                    \
	"echo {sequence} {name} >> \"$(dirname {file})/../calls\"; "                                \
	"test -s {file} && test -s {manifest} && ! test -e \"$(dirname {file})/../down\""

static const char *const hook[] = {"sh", "-c", COMMAND};

static void
hook_on(struct fixture *f)
{
	f->options.hook = hook;
	f->options.n_hook = 3;
	f->options.hook_retry_s = 10;
	f->options.rotate_records = 10;
	fixture_restart(f);
}

static void
touch(struct fixture *f, const char *name, bool there)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", f->root, name);
	if (!there) {
		unlink(path);
		return;
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

/* Sequences that the command was run for, as one text. */
static const char *
calls(struct fixture *f, char out[200])
{
	char path[300], name[200];
	long long sequence;
	size_t n = 0;

	out[0] = 0;
	snprintf(path, sizeof(path), "%s/calls", f->root);
	FILE *file = fopen(path, "r");
	while (file && fscanf(file, "%lld %199s", &sequence, name) == 2)
		n += (size_t)snprintf(out + n, 200 - n, "%lld ", sequence);
	if (file)
		fclose(file);
	return out;
}

static long long
handed(struct fixture *f)
{
	char *text = fixture_read(f, "handed_over", NULL);
	long long v = text ? strtoll(text, NULL, 10) : -1;

	free(text);
	return v;
}

/* The command under way ends, at this time of the clock. */
static void
settle(struct fixture *f)
{
	for (int i = 0; i < 5000; i++) {
		fixture_step(f, false);
		if (f->b->hook.pid == 0 && !f->b->hook.done)
			return;
		usleep(1000);
	}
	fail_msg("the command does not end");
}

static void
test_in_order(void **state)
{
	struct fixture *f = *state;
	char text[200];

	hook_on(f);
	fixture_calls(f, 25);
	fixture_step(f, true); /* waits for the commands */
	assert_string_equal(calls(f, text), "1 2 3 ");
	assert_int_equal(handed(f), 3);
	fixture_restart(f);
	fixture_step(f, true);
	assert_string_equal(calls(f, text), "1 2 3 ");
}

static void
test_retry(void **state)
{
	struct fixture *f = *state;
	struct sinks_status status;
	char text[200];

	hook_on(f);
	touch(f, "down", true);
	fixture_calls(f, 20);
	settle(f);
	assert_string_equal(calls(f, text), "1 ");
	sinks_billing_status(f->b, &status);
	assert_true(status.failing);
	assert_non_null(strstr(status.why.text, "failed (status 1)"));
	f->now_ns += 9 * BASE_NS_PER_SEC;
	settle(f);
	assert_string_equal(calls(f, text), "1 ");
	f->now_ns += BASE_NS_PER_SEC;
	settle(f);
	assert_string_equal(calls(f, text), "1 1 ");
	f->now_ns += 19 * BASE_NS_PER_SEC; /* twice as long */
	settle(f);
	assert_string_equal(calls(f, text), "1 1 ");
	assert_int_equal(handed(f), -1);
	touch(f, "down", false);
	f->now_ns += BASE_NS_PER_SEC;
	for (int i = 0; i < 8; i++)
		settle(f);
	assert_string_equal(calls(f, text), "1 1 1 2 ");
	assert_int_equal(handed(f), 2);
	sinks_billing_status(f->b, &status);
	assert_false(status.failing);
	assert_int_equal(status.retries, 2);
}

/* Killed between a file's end and its command, or in the command. */
static void
test_killed(void **state)
{
	static const char *const forever[] = {"sleep", "1000"};
	struct fixture *f = *state;
	char text[200];

	hook_on(f);
	f->options.hook = forever;
	f->options.n_hook = 2;
	fixture_restart(f);
	fixture_calls(f, 10);
	fixture_step(f, false);
	assert_true(f->b->hook.pid > 0);
	hook_on(f);
	assert_int_equal(handed(f), -1);
	fixture_step(f, true);
	assert_string_equal(calls(f, text), "1 ");
	assert_int_equal(handed(f), 1);
}

static void
test_timeout(void **state)
{
	static const char *const forever[] = {"sleep", "1000"};
	struct fixture *f = *state;

	hook_on(f);
	f->options.hook = forever;
	f->options.n_hook = 2;
	f->options.hook_timeout_s = 5;
	fixture_restart(f);
	fixture_calls(f, 10);
	fixture_step(f, false);
	f->now_ns += 6 * BASE_NS_PER_SEC;
	settle(f);
	assert_non_null(strstr(f->b->hook.why.text, "took more than 5 s"));
	assert_int_equal(handed(f), -1);
}

static void
test_no_such_command(void **state)
{
	static const char *const none[] = {"/nonexistent/command"};
	struct fixture *f = *state;

	hook_on(f);
	f->options.hook = none;
	f->options.n_hook = 1;
	fixture_restart(f);
	fixture_calls(f, 10);
	fixture_step(f, false);
	assert_non_null(strstr(f->b->hook.why.text, "cannot run '/nonexistent/command'"));
	assert_int_equal(f->b->hook.failures, 1);
}

/* Files taken away by hand do not hold up the others; neither do those that are noted by hand. */
static void
test_by_hand(void **state)
{
	struct fixture *f = *state;
	char text[200], path[600];

	fixture_calls(f, 300);
	fixture_step(f, true);
	snprintf(path, sizeof(path), "%s/handed_over", f->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("1\n", file);
	fclose(file);
	snprintf(path, sizeof(path), "rm %s/ringtap-*-0000000002-*", f->dir);
	assert_int_equal(system(path), 0);
	hook_on(f);
	fixture_step(f, true);
	assert_string_equal(calls(f, text), "3 ");
	assert_int_equal(handed(f), 3);
	sinks_billing_close(f->b);
	f->b = NULL;
	snprintf(path, sizeof(path), "%s/handed_over", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("all\n", file);
	fclose(file);
	assert_int_equal(sinks_billing_open(&f->b, f->store, &f->options, &f->e), -BASE_ERR_FORMAT);
	assert_non_null(strstr(f->e.text, "handed_over"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_in_order),
		FIXTURE_TEST(test_retry),
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_timeout),
		FIXTURE_TEST(test_no_such_command),
		FIXTURE_TEST(test_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
