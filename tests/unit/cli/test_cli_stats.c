/* Laws: the segments are those of the command line, else of the configuration; one that cannot be
 * read is a failure, and the others are shown all the same. */
#include "segment_testing.h"

static void
test_once(void **state)
{
	struct segment s;
	struct terminal t;

	segment_open(&s, 1);
	assert_int_equal(terminal_run(&t, "stats", "--segment", s.path, NULL), CLI_OK);
	assert_has(t.out, "Probe edge1");
	terminal_end(&t);
	assert_int_equal(
		terminal_run(&t, "stats", "-g", s.path, "-g", s.path, "--format", "json", NULL),
		CLI_OK);
	assert_int_equal(count_lines(t.out), 2);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "stats", "-g", "/nowhere/segment", "-g", s.path, NULL),
		CLI_FAILED);
	assert_has(t.err, "/nowhere/segment");
	assert_has(t.out, "Probe edge1");
	terminal_end(&t);
	segment_close(&s);
}

/* Who is behind, and why, as the collector says. */
static void
test_health(void **state)
{
	struct shm_health health = {.position = 4711, .corrupt_days = 1, .sinks_count = 2};
	struct segment s;
	struct terminal t;

	segment_open(&s, 1);
	strcpy(health.sinks[0].name, "billing");
	strcpy(health.sinks[1].name, "kafka");
	strcpy(health.sinks[1].why, "kafka: no \x1b[31mbroker");
	health.sinks[1].lag = 1234;
	health.sinks[1].failing_ns = 1;
	shm_health_set(&s.shm, &health);
	s.shm.header->collector_pid = 0; /* nobody says so any more */
	assert_int_equal(terminal_run(&t, "stats", "--segment", s.path, NULL), CLI_OK);
	assert_has_not(t.out, "kafka");
	terminal_end(&t);
	s.shm.header->collector_pid = 1;
	assert_int_equal(terminal_run(&t, "stats", "--segment", s.path, NULL), CLI_OK);
	assert_has(t.out, "kafka");
	assert_has(t.out, "1 234");
	assert_has(t.out, "fails for ");
	assert_has_not(t.out, "\x1b[31m");
	assert_has(t.out, "set aside as damaged");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "stats", "-g", s.path, "-f", "json", NULL), CLI_OK);
	assert_has(t.out, "\"store\":{\"position\":4711,\"corrupt_days\":1,");
	assert_has(t.out, "{\"sink\":\"kafka\",\"lag\":1234,");
	terminal_end(&t);
	segment_close(&s);
}

static void
test_config(void **state)
{
	struct segment s;
	struct terminal t;
	char path[400];

	segment_open(&s, 1);
	snprintf(path, sizeof(path), "%s/ringtap.yaml", s.dir);
	FILE *f = fopen(path, "w");
	fprintf(f, "probe:\n  segment: %s\n", s.path);
	fclose(f);
	assert_int_equal(terminal_run(&t, "stats", "-c", path, NULL), CLI_OK);
	assert_has(t.out, s.path);
	terminal_end(&t);
	f = fopen(path, "w");
	fprintf(f, "collector:\n  segments: [%s, %s]\n", s.path, s.path);
	fclose(f);
	assert_int_equal(terminal_run(&t, "stats", "-c", path, "-f", "json", NULL), CLI_OK);
	assert_int_equal(count_lines(t.out), 2);
	terminal_end(&t);
	segment_close(&s);
}

static void
test_usage(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "stats", "now", NULL), CLI_USAGE);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "stats", "--format", "csv", NULL), CLI_USAGE);
	assert_has(t.err, "format 'csv' is none of table, json");
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "stats", "-c", "/nowhere.yaml", NULL), CLI_FAILED);
	assert_has(t.err, "/nowhere.yaml");
	terminal_end(&t);
}

/* Once the stop flag stands it stays: the last test. */
static void
test_watch(void **state)
{
	struct segment s;
	struct terminal t;

	segment_open(&s, 1);
	sys_signal_raise_stop();
	assert_int_equal(terminal_run(&t, "stats", "--watch", "--segment", s.path, NULL), CLI_OK);
	assert_has(t.out, "Probe edge1");
	assert_has_not(t.out, "\033"); /* no terminal, nothing to clear */
	terminal_end(&t);
	segment_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_once),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_config), cmocka_unit_test(test_usage),
		cmocka_unit_test(test_watch)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
