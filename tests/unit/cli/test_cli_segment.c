/* Laws: a reading copies what the segment says and keeps no mapping; what is no segment is refused
 * with a sentence; JSON has it all. */
#include "segment_testing.h"

static void
test_read(void **state)
{
	struct segment s;
	struct cli_segment r = {.path = NULL};

	segment_open(&s, 3);
	assert_true(cli_segment_read(&r, s.path));
	assert_string_equal(r.problem.text, "");
	assert_string_equal(r.probe, "edge1");
	assert_string_equal(r.clock_source, "host");
	assert_int_equal(r.cores, 3);
	assert_int_equal(r.probe_pid, 4711);
	assert_true(r.running);
	assert_int_equal(r.core[2].metrics.values[METRICS_FRAMES], 3000);
	assert_int_equal(r.core[0].next_seq, 1);
	assert_int_equal(r.core[0].backlog, 0);
	struct metrics_core sum = cli_segment_sum(&r);
	assert_int_equal(sum.values[METRICS_FRAMES], 6000);
	assert_int_equal(metrics_verdicts_total(&sum), 6000);
	/* A record that waits is a backlog. */
	static uint8_t record[RECORD_BYTES_MAX];
	uint32_t len = make_call(record, sizeof(record), &(struct call){.no_flow = true});
	assert_true(shm_publish(&s.shm, 1, record, len));
	assert_true(cli_segment_read(&r, s.path)); /* again, into the same */
	assert_true(r.core[1].backlog >= len);
	assert_int_equal(r.core[1].next_seq, 2);
	segment_close(&s);
	assert_int_equal(r.core[1].metrics.values[METRICS_FRAMES], 2000);
	free(r.core);
}

static void
test_refused(void **state)
{
	struct segment s;
	struct cli_segment r = {.path = NULL};
	char path[400];

	segment_open(&s, 1);
	assert_false(cli_segment_read(&r, "/nowhere/segment"));
	assert_has(r.problem.text, "/nowhere/segment");
	snprintf(path, sizeof(path), "%s/other", s.dir);
	FILE *f = fopen(path, "w");
	for (unsigned i = 0; i < 5000; i++)
		fputc('x', f);
	fclose(f);
	assert_false(cli_segment_read(&r, path));
	assert_has(r.problem.text, "is no segment of a probe");
	s.shm.header->layout_version++;
	assert_false(cli_segment_read(&r, s.path));
	assert_has(r.problem.text, "another version");
	assert_null(r.core);
	segment_close(&s);
}

static void
test_json(void **state)
{
	struct segment s;
	struct cli_segment r = {.path = NULL};
	struct terminal t;

	segment_open(&s, 2);
	shm_core(&s.shm, 1)->metrics.verdicts[PACKET_VERDICT_SIP]++;
	assert_true(cli_segment_read(&r, s.path));
	terminal_open(&t);
	cli_segment_json(t.cli.out, &r);
	assert_int_equal(count_lines(terminal_out(&t)), 1);
	assert_has(t.out, "\"probe\":\"edge1\",\"running\":true,\"probe_pid\":4711,");
	assert_has(t.out, "\"collector\":{\"pid\":0,\"heartbeat_time\":null,");
	assert_has(t.out, "\"verdicts_sum\":1000,\"difference\":0}");
	assert_has(t.out, "\"verdicts_sum\":2001,\"difference\":1}");
	for (int i = 0; i < METRICS_COUNT; i++)
		assert_has(t.out, metrics_infos[i].key);
	for (int i = 0; i < PACKET_VERDICT_COUNT; i++)
		assert_has(t.out, packet_verdict_key((enum packet_verdict)i));
	assert_int_equal(count_of(t.out, "{"), count_of(t.out, "}"));
	assert_has_not(t.out, ",}");
	assert_has_not(t.out, ",]");
	terminal_close(&t);
	free(r.core);
	segment_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_json)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
