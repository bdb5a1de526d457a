/* Laws: every attempt is in one group, and the groups add up to all; the longest prefix of a list
 * counts; an interval begins at its multiple; what is not a key is refused. */
#include "cli_testing.h"

static char dir[256];

/* Nine calls, a minute apart from 22:13:20 on; 2, 5 and 8 are busy; to bob. */
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
run(struct terminal *t, int rc, const char *a, const char *b, const char *c)
{
	assert_int_equal(terminal_run(t, "calls", "--store", dir, "--summary", a, b, c, NULL), rc);
}

static void
test_all(void **state)
{
	struct terminal t;

	run(&t, CLI_OK, "--format=csv", NULL, NULL);
	assert_has(t.out, "attempts,answered,asr_percent,ser_percent,seer_percent,isa_percent,");
	assert_has(t.out, "\r\n9,6,66.7,66.7,100.0,0.0,");
	assert_int_equal(count_lines(t.out), 2);
	terminal_end(&t);
	run(&t, CLI_OK, "--format=jsonl", NULL, NULL);
	assert_has(t.out, "{\"attempts\":9,\"answered\":6,\"asr_percent\":66.7,");
	assert_has(t.out, "\"pdd_p50_ms\":500,");
	terminal_end(&t);
	run(&t, CLI_OK, "--where=sip_code = 486", NULL, NULL); /* filters and conditions hold */
	assert_has(t.out, "\n       3         0    0.0    0.0   100.0    0.0");
	terminal_end(&t);
}

static void
test_interval(void **state)
{
	struct terminal t;

	run(&t, CLI_OK, "--by=5m", "--format=csv", NULL);
	assert_int_equal(count_lines(t.out), 1 + 3);
	assert_has(t.out, "\n2023-11-14T22:10:00Z,2,2,100.0,"); /* 22:13:20, 22:14:20 */
	assert_has(t.out, "\n2023-11-14T22:15:00Z,5,");
	assert_has(t.out, "\n2023-11-14T22:20:00Z,2,");
	terminal_end(&t);
	run(&t, CLI_OK, "--by=1h", "--by=disposition", "--format=csv");
	assert_has(t.out, "\n2023-11-14T22:00:00Z,answered,6,6,");
	assert_has(t.out, "\n2023-11-14T22:00:00Z,busy,3,0,");
	terminal_end(&t);
	run(&t, CLI_OK, "--by=1d", "--by=source", NULL);
	assert_has(t.out, "INTERVAL");
	assert_has(t.out, "2023-11-14T00:00:00Z  10.0.0.1");
	assert_has(t.out, "\nall ");
	terminal_end(&t);
}

static void
add_call(struct cli_kpi *k, const char *to, const char *ruri)
{
	static uint8_t record[RECORD_BYTES_MAX];
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	struct record_row row;

	record_put_time(&w, RECORD_F_INVITE_TIME, TESTING_T0);
	record_put_cstr(&w, RECORD_F_TO_USER, to);
	if (ruri)
		record_put_cstr(&w, RECORD_F_RURI_USER, ruri);
	record_put_u64(&w, RECORD_F_SIP_CODE, 200);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	cli_kpi_row(k, &row);
}

static void
test_prefix(void **state)
{
	struct terminal t;

	terminal_open(&t);
	for (unsigned list = 0; list < 2; list++) {
		struct cli_kpi *k = cli_kpi_new(&t.cli);
		assert_int_equal(cli_kpi_by(k, list ? "prefix=49,4930,33" : "prefix=2"), CLI_OK);
		add_call(k, "+4930555", NULL);
		add_call(k, "004930", NULL);
		add_call(k, "4940", NULL);
		add_call(k, "bob", "+33123"); /* the Request-URI is what is called */
		add_call(k, "bob", NULL);
		add_call(k, "4", NULL);
		assert_int_equal(cli_kpi_print(k, CLI_CSV), CLI_OK);
		cli_kpi_free(k);
	}
	terminal_out(&t);
	const char *second = strstr(t.out + 1, "prefix,");
	assert_non_null(second);
	assert_has(t.out, "\r\n33,1,1,");
	assert_has(t.out, "\r\n49,3,3,");
	assert_has(t.out, "\r\nother,2,2,");
	assert_has(second, "\r\n4930,2,2,");
	assert_has(second, "\r\n49,1,1,");
	assert_has(second, "\r\nother,2,2,");
	terminal_close(&t);
}

/* More groups than the table begins with; they add up. */
static void
test_many(void **state)
{
	struct terminal t;
	char number[32];

	terminal_open(&t);
	struct cli_kpi *k = cli_kpi_new(&t.cli);
	assert_int_equal(cli_kpi_by(k, "to_user"), CLI_OK);
	for (unsigned i = 0; i < 9000; i++) {
		snprintf(number, sizeof(number), "%u", i % 3000);
		add_call(k, number, NULL);
	}
	assert_int_equal(cli_kpi_print(k, CLI_CSV), CLI_OK);
	assert_int_equal(count_of(terminal_out(&t), ",3,3,100.0,"), 3000);
	cli_kpi_free(k);
	terminal_close(&t);
}

static void
test_refused(void **state)
{
	static const char *const wrong[] = {"--by=flow", "--by=0m", "--by=nothing",
		"--by=prefix=", "--by=prefix=4x", "--by=5y"};
	struct terminal t;

	for (unsigned i = 0; i < base_count_of(wrong); i++) {
		run(&t, CLI_USAGE, wrong[i], NULL, NULL);
		assert_has(t.err, "is none of 5m, 1h, 1d");
		terminal_end(&t);
	}
	run(&t, CLI_USAGE, "--kind=stream", NULL, NULL);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "--store", dir, "--by=1h", NULL), CLI_USAGE);
	assert_has(t.err, "--by goes with --summary");
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),
		cmocka_unit_test(test_interval), cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_many), cmocka_unit_test(test_refused)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
