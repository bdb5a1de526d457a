/* Laws: a row is printed as the format says and only if its kind is wanted; the totals count every
 * row, shown or not. */
#include <errno.h>

#include "cli_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

static void
put_call(struct cli_output *out, const struct call *c)
{
	struct record_row row;

	make_row(&row, record, sizeof(record), c);
	cli_output_row(out, &row);
}

static void
put_options(struct cli_output *out)
{
	struct record_row row;
	uint32_t len;

	make_options(record, sizeof(record), &len, 9);
	assert_int_equal(record_row_read(&row, record, len), 0);
	cli_output_row(out, &row);
}

static void
test_jsonl(void **state)
{
	struct terminal t;
	struct cli_output out;

	terminal_open(&t);
	assert_int_equal(
		cli_output_open(&out, &t.cli,
			&(struct cli_options){.format = CLI_JSONL, .kinds = 1u << RECORD_CALL}),
		CLI_OK);
	put_call(&out, &(struct call){.n = 0});
	put_options(&out);
	cli_output_finish(&out);
	assert_int_equal(count_lines(terminal_out(&t)), 1);
	assert_int_equal(strncmp(t.out, "{\"kind\":\"call\",\"uid\":\"ca110000", 30), 0);
	assert_has(t.out, "\"streams\":[{");
	assert_has_not(t.out, "\"flow\":");
	cli_output_close(&out);
	terminal_close(&t);

	terminal_open(&t);
	assert_int_equal(
		cli_output_open(&out, &t.cli,
			&(struct cli_options){
				.format = CLI_JSONL, .kinds = CLI_KINDS_ALL, .flow = true}),
		CLI_OK);
	put_call(&out, &(struct call){.n = 0});
	put_options(&out);
	cli_output_finish(&out);
	assert_int_equal(count_lines(terminal_out(&t)), 2);
	assert_has(t.out, "\"flow\":[{");
	assert_has(t.out, "\n{\"kind\":\"transaction\"");
	cli_output_close(&out);
	terminal_close(&t);
}

static void
test_csv(void **state)
{
	struct terminal t;
	struct cli_output out;

	terminal_open(&t);
	assert_int_equal(cli_output_open(&out, &t.cli,
				 &(struct cli_options){.format = CLI_CSV, .kinds = CLI_KINDS_ALL}),
		CLI_USAGE);
	cli_output_close(&out);
	assert_int_equal(
		cli_output_open(&out, &t.cli,
			&(struct cli_options){.format = CLI_CSV, .kinds = 1u << RECORD_CALL}),
		CLI_OK);
	put_call(&out, &(struct call){.from = "a,\"b\""});
	cli_output_finish(&out);
	assert_int_equal(count_of(terminal_out(&t), "\r\n"), 2);
	assert_int_equal(strncmp(t.out, "uid,seq,status,", 15), 0);
	assert_has(t.out, ",\"a,\"\"b\"\"\",");
	assert_has_not(t.out, "flow,");
	cli_output_close(&out);
	terminal_close(&t);
}

static void
test_table(void **state)
{
	struct terminal t;
	struct cli_output out;

	terminal_open(&t);
	assert_int_equal(
		cli_output_open(&out, &t.cli, &(struct cli_options){.kinds = CLI_KINDS_ALL}),
		CLI_OK);
	put_options(&out);
	put_call(&out, &(struct call){.n = 0});
	put_call(&out, &(struct call){.n = 1, .disposition = "busy"});
	assert_true(cli_output_flush(&out));
	put_call(&out, &(struct call){.n = 24 * 60, .disposition = "strange"}); /* the next day */
	cli_output_finish(&out);
	assert_int_equal(count_of(terminal_out(&t), "TIME UTC"), 2);
	assert_int_equal(
		count_of(t.out, "2023-11-14\n"), 2); /* in the calls and in the transactions */
	assert_int_equal(count_of(t.out, "2023-11-15\n"), 1);
	assert_true(strstr(t.out, "Transactions\n") > strstr(t.out, "strange"));
	assert_has(t.out, "\n3 calls: 1 answered, 1 busy, 1 other; 1 transaction\n");
	cli_output_close(&out);
	terminal_close(&t);

	terminal_open(&t);
	assert_int_equal(cli_output_open(&out, &t.cli,
				 &(struct cli_options){.kinds = 1u << RECORD_CALL, .flow = true}),
		CLI_OK);
	put_call(&out, &(struct call){.n = 0});
	cli_output_finish(&out);
	assert_has(terminal_out(&t), "INVITE [1]");
	cli_output_close(&out);
	terminal_close(&t);
}

static void
test_empty(void **state)
{
	struct terminal t;
	struct cli_output out;

	terminal_open(&t);
	assert_int_equal(
		cli_output_open(&out, &t.cli, &(struct cli_options){.kinds = CLI_KINDS_ALL}),
		CLI_OK);
	cli_output_finish(&out);
	assert_string_equal(terminal_out(&t), "0 calls\n");
	cli_output_close(&out);
	assert_int_equal(
		cli_output_open(&out, &t.cli, &(struct cli_options){.kinds = 1u << RECORD_STREAM}),
		CLI_OK);
	cli_output_finish(&out);
	assert_string_equal(terminal_out(&t), "0 calls\n0 streams without a call\n");
	cli_output_close(&out);
	terminal_close(&t);
}

/* What stands behind the first table is bounded, and says what it left out. */
static void
test_bounded(void **state)
{
	struct terminal t;
	struct cli_output out;

	terminal_open(&t);
	assert_int_equal(
		cli_output_open(&out, &t.cli, &(struct cli_options){.kinds = CLI_KINDS_ALL}),
		CLI_OK);
	for (unsigned i = 0; i < 1700; i++)
		put_options(&out);
	cli_output_finish(&out);
	assert_int_equal(count_of(terminal_out(&t), " OPTIONS "), 500);
	assert_has(t.out, "1 200 more: --kind transaction\n");
	assert_has(t.out, "0 calls; 1 700 transactions\n");
	cli_output_close(&out);
	terminal_close(&t);
}

/* The text buffer grows with what it has to hold. */
static void
test_large(void **state)
{
	struct terminal t;
	struct cli_output out;
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	char *text = malloc(60000);
	struct record_row row;

	memset(text, '\x01', 60000); /* six bytes each in JSON */
	record_put_str(&w, RECORD_F_PAI, base_span_of(text, 60000));
	free(text);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	terminal_open(&t);
	assert_int_equal(
		cli_output_open(&out, &t.cli,
			&(struct cli_options){.format = CLI_JSONL, .kinds = CLI_KINDS_ALL}),
		CLI_OK);
	cli_output_row(&out, &row);
	cli_output_finish(&out);
	assert_true(strlen(terminal_out(&t)) > 360000);
	assert_int_equal(count_of(t.out, "\\u0001"), 60000);
	cli_output_close(&out);
	terminal_close(&t);
}

static void
test_full_disk(void **state)
{
	struct terminal t;
	struct cli_output out;
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		skip();
	terminal_open(&t);
	FILE *keep = t.cli.out;
	t.cli.out = full;
	assert_int_equal(
		cli_output_open(&out, &t.cli,
			&(struct cli_options){.format = CLI_JSONL, .kinds = CLI_KINDS_ALL}),
		CLI_OK);
	put_call(&out, &(struct call){.n = 0});
	assert_false(cli_output_flush(&out));
	assert_true(out.muted);
	assert_int_equal(t.cli.write_errno, ENOSPC);
	put_call(&out, &(struct call){.n = 1});
	assert_int_equal(out.counts[RECORD_CALL], 2);
	assert_false(cli_output_flush(&out));
	t.cli.write_errno = EPIPE; /* a reader that left */
	assert_true(cli_output_flush(&out));
	cli_output_close(&out);
	fclose(full);
	t.cli.out = keep;
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_jsonl), cmocka_unit_test(test_csv),
		cmocka_unit_test(test_table), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_bounded), cmocka_unit_test(test_large),
		cmocka_unit_test(test_full_disk)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
