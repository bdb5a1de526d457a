/* Laws: the ledger says whether it balances, per core and in all; rates need an earlier reading of
 * the same segment; every core is shown, however narrow the terminal. */
#include "segment_testing.h"

static void
print_segment(struct terminal *t, const struct cli_segment *now, const struct cli_segment *before)
{
	terminal_open(t);
	cli_segment_print(&t->cli, now, before);
	fflush(t->cli.out);
}

static void
test_ledger(void **state)
{
	struct segment s;
	struct cli_segment r = {.path = NULL};
	struct terminal t;

	segment_open(&s, 2);
	assert_true(cli_segment_read(&r, s.path));
	print_segment(&t, &r, NULL);
	assert_has(t.out, "Probe edge1  running, pid 4711, start 2, clock host, heartbeat 0.");
	assert_has(t.out, "Collector none, no heartbeat yet");
	assert_has(t.out, "frames                     3 000");
	assert_has(t.out, "rtp                        2 700  90.0");
	assert_has(t.out, "sum of verdicts            3 000");
	assert_int_equal(count_of(t.out, " equal"), 3);
	assert_has(t.out, "75.0"); /* idle */
	assert_has(t.out, "95.0"); /* the call table */
	assert_has_not(t.out, "/s\n");
	terminal_close(&t);
	/* A stopped probe whose ledger does not balance has lost count. */
	shm_core(&s.shm, 1)->metrics.verdicts[PACKET_VERDICT_RTP] -= 5;
	s.shm.header->probe_state = SHM_STATE_STOPPED;
	assert_true(cli_segment_read(&r, s.path));
	print_segment(&t, &r, NULL);
	assert_int_equal(count_of(t.out, " -5"), 2);
	assert_int_equal(count_of(t.out, " equal"), 1);
	assert_has(t.out, "edge1  stopped");
	terminal_close(&t);
	free(r.core);
	segment_close(&s);
}

static void
test_rates(void **state)
{
	struct segment s;
	struct cli_segment now = {.path = NULL}, before = {.path = NULL};
	struct terminal t;

	segment_open(&s, 1);
	assert_true(cli_segment_read(&before, s.path));
	shm_core(&s.shm, 0)->metrics.values[METRICS_FRAMES] += 5000;
	shm_core(&s.shm, 0)->metrics.verdicts[PACKET_VERDICT_RTP] += 5000;
	assert_true(cli_segment_read(&now, s.path));
	now.monotonic_ns = before.monotonic_ns + 2 * BASE_NS_PER_SEC;
	print_segment(&t, &now, &before);
	assert_has(t.out, "6 000  2 500");
	assert_has(t.out, "rtp                        5 900  98.3  2 500");
	assert_has(t.out, "equal");
	terminal_close(&t);
	/* Another segment in its place: no rates. */
	now.created_ns++;
	print_segment(&t, &now, &before);
	assert_has_not(t.out, "2 500");
	terminal_close(&t);
	free(now.core);
	free(before.core);
	segment_close(&s);
}

static void
test_stale(void **state)
{
	struct segment s;
	struct cli_segment r = {.path = NULL};
	struct terminal t;

	segment_open(&s, 1);
	s.shm.header->probe_heartbeat_ns -= 60 * BASE_NS_PER_SEC;
	s.shm.header->collector_pid = 99;
	s.shm.header->collector_corrupt = 3;
	s.shm.header->collector_heartbeat_ns =
		sys_clock_wall_ns() + 60 * BASE_NS_PER_SEC; /* a clock set back */
	assert_true(cli_segment_read(&r, s.path));
	print_segment(&t, &r, NULL);
	assert_has(t.out, "heartbeat 60 s ago: dead or stuck");
	assert_has(t.out, "Collector pid 99, heartbeat 0.0 s ago");
	assert_has(t.out, "3 corrupt");
	terminal_close(&t);
	free(r.core);
	segment_close(&s);
}

static void
test_many_cores(void **state)
{
	struct segment s;
	struct cli_segment r = {.path = NULL};
	struct terminal t;
	char title[32];

	segment_open(&s, 12);
	assert_true(cli_segment_read(&r, s.path));
	terminal_open(&t);
	t.cli.width = 80;
	cli_segment_print(&t.cli, &r, NULL);
	terminal_out(&t);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(title, sizeof(title), "CORE %u", i);
		assert_has(t.out, title);
	}
	assert_int_equal(count_of(t.out, "ALL CORES"), 1);
	for (const char *line = t.out, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (strncmp(line, "Segment", 7) != 0 && strncmp(line, "Probe", 5) != 0 &&
			strncmp(line, "Collector", 9) != 0)
			assert_true(end - line <= 80);
	terminal_close(&t);
	free(r.core);
	segment_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ledger),
		cmocka_unit_test(test_rates), cmocka_unit_test(test_stale),
		cmocka_unit_test(test_many_cores)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
