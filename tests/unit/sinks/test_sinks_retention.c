/* Law: nothing that is not handed over is deleted, however old or large. */
#include "sinks_fixture.h"

static int
count_files(struct fixture *f)
{
	char command[400];
	int n = -1;

	snprintf(command, sizeof(command), "ls %s | grep -c '^ringtap-'", f->dir);
	FILE *p = popen(command, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%d", &n), 1);
	pclose(p);
	return n;
}

static void
hand_over(struct fixture *f, long long sequence)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/handed_over", f->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%lld\n", sequence);
	fclose(file);
}

static void
later(struct fixture *f, int64_t ns)
{
	f->now_ns += ns;
	fixture_step(f, false);
}

static void
test_age(void **state)
{
	struct fixture *f = *state;

	f->options.retention_days = 7;
	fixture_restart(f);
	f->now_ns = sys_clock_wall_ns(); /* the files' own times are the system's */
	fixture_calls(f, 500);
	fixture_step(f, true);
	assert_int_equal(count_files(f), 5);
	later(f, 8 * DAY);
	assert_int_equal(count_files(f), 5);
	hand_over(f, 3);
	later(f, 120 * BASE_NS_PER_SEC);
	assert_int_equal(count_files(f), 2);
	hand_over(f, 1000); /* not one that is yet to come */
	later(f, 120 * BASE_NS_PER_SEC);
	assert_int_equal(count_files(f), 0);
	fixture_calls(f, 100);
	fixture_step(f, true);
	assert_int_equal(count_files(f), 1);
}

static void
test_size(void **state)
{
	struct fixture *f = *state;

	f->options.retention_bytes = 2500; /* a file has 1 to 2 thousand */
	fixture_restart(f);
	fixture_calls(f, 500);
	fixture_step(f, true);
	later(f, 120 * BASE_NS_PER_SEC);
	assert_int_equal(count_files(f), 5);
	hand_over(f, 2);
	later(f, 120 * BASE_NS_PER_SEC);
	assert_int_equal(count_files(f), 3);
	hand_over(f, 5);
	later(f, 120 * BASE_NS_PER_SEC);
	assert_in_range(count_files(f), 1, 2);
}

/* What cannot be read is not taken for permission. */
static void
test_unreadable(void **state)
{
	struct fixture *f = *state;
	char path[400];

	f->options.retention_bytes = 1;
	fixture_restart(f);
	fixture_calls(f, 200);
	fixture_step(f, true);
	snprintf(path, sizeof(path), "%s/handed_over", f->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("99x\n", file);
	fclose(file);
	later(f, 120 * BASE_NS_PER_SEC);
	assert_int_equal(count_files(f), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_age),
		FIXTURE_TEST(test_size),
		FIXTURE_TEST(test_unreadable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
