/* Laws: a record is one line; the worst stream of a call is the one shown; what is absent is
 * empty, not 0. */
#include "cli_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

/* The line of a row, between | and without padding. */
static void
check_row(const struct record_row *row, const char *expected)
{
	struct terminal t;
	struct cli_nested nested = {NULL};
	unsigned n;

	terminal_open(&t);
	t.cli.width = 1000;
	const struct cli_column *columns = cli_summary_columns(row->kind, &n);
	struct cli_table *table = cli_table_new(&t.cli, columns, n);
	cli_summary_row(table, &nested, row);
	assert_int_equal(cli_table_rows(table), 1);
	cli_table_flush(table);
	char *line = strchr(terminal_out(&t), '\n') + 1, *to = line;
	for (char *p = line; *p; p++)
		if (*p != ' ' && *p != '\n')
			*to++ = *p;
		else if (to > line && to[-1] != ' ')
			*to++ = ' ';
	*to = 0;
	assert_string_equal(line, expected);
	cli_table_free(table);
	cli_nested_close(&nested);
	terminal_close(&t);
}

static void
check_call(const struct call *c, const char *expected)
{
	struct record_row row;

	make_row(&row, record, sizeof(record), c);
	check_row(&row, expected);
}

static void
test_call(void **state)
{
	check_call(&(struct call){.lost = 7},
		"22:13:20.000 alice bob answered 200 500 0:08.0 caller PCMA 7.00 1.3 ca110000 ");
	check_call(&(struct call){.n = 1, .disposition = "busy", .code = 486, .no_media = true},
		"22:14:20.000 alice bob busy 486 500 0:08.0 caller ca110001 ");
	check_call(&(struct call){.status = "interim"},
		"22:13:20.000 alice bob answered 200 500 0:08.0 in progress PCMA 0.00 1.3 ca110000 ");
	check_call(&(struct call){.from = "\033[2J\n"},
		"22:13:20.000 \xef\xbf\xbd[2J\xef\xbf\xbd bob answered 200 500 0:08.0 caller PCMA 0.00 1.3 ca110000 ");
}

static void
test_empty(void **state)
{
	struct record_row row;
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);

	put_endpoints(&w, 1, 2, 5060);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	check_row(&row, "10.0.0.1 10.0.0.2 "); /* nobody's name: the addresses */
	assert_true(cli_summary_time(&row) == 0);
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		w = record_writer_begin(record, sizeof(record), kind);
		record_put_cstr(
			&w, kind == RECORD_MESSAGE ? RECORD_F_CALL_ID : RECORD_F_UID, "0123");
		assert_int_equal(record_row_read(&row, record, w.len), 0);
		struct terminal t;
		terminal_open(&t);
		unsigned n;
		struct cli_nested nested = {NULL};
		const struct cli_column *columns = cli_summary_columns(kind, &n);
		struct cli_table *table = cli_table_new(&t.cli, columns, n);
		cli_summary_row(table, &nested, &row);
		assert_int_equal(cli_table_rows(table), 1); /* as many cells as columns */
		cli_table_flush(table);
		assert_has(terminal_out(&t), "0123");
		cli_table_free(table);
		terminal_close(&t);
	}
}

static void
test_others(void **state)
{
	struct record_row row;
	uint32_t len;

	make_options(record, sizeof(record), &len, 1);
	assert_int_equal(record_row_read(&row, record, len), 0);
	check_row(&row,
		"22:13:20.000 OPTIONS probe 10.0.0.2 200 10.0.0.1:5060 10.0.0.2:5060 0b710957 ");

	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_REGISTRATION);
	record_put_cstr(&w, RECORD_F_UID, "4e6157e4");
	record_put_cstr(&w, RECORD_F_AOR, "bob@example.org");
	record_put_cstr(&w, RECORD_F_ACTION, "register");
	record_put_time(&w, RECORD_F_REQUEST_TIME, TESTING_T0);
	record_put_u64(&w, RECORD_F_SIP_CODE, 403);
	record_put_cstr(&w, RECORD_F_SIP_REASON, "Forbidden");
	put_endpoints(&w, 1, 2, 5060);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	check_row(&row,
		"22:13:20.000 bob@example.org register 403 Forbidden 10.0.0.1:5060 10.0.0.2:5060 4e6157e4 ");
	assert_int_equal(cli_summary_colour(&row), CLI_BAD);

	w = record_writer_begin(record, sizeof(record), RECORD_STREAM);
	record_put_cstr(&w, RECORD_F_UID, "57e4a000");
	put_endpoints(&w, 1, 2, 4000);
	record_put_hex32(&w, RECORD_F_SSRC, 0xbeef);
	record_put_time(&w, RECORD_F_FIRST_TIME, TESTING_T0);
	record_put_time(&w, RECORD_F_LAST_TIME, TESTING_T0 + 65 * BASE_NS_PER_SEC);
	record_put_u64(&w, RECORD_F_PACKETS, 990);
	record_put_u64(&w, RECORD_F_EXPECTED, 1000);
	record_put_u64(&w, RECORD_F_LOST, 10);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	check_row(&row,
		"22:13:20.000 10.0.0.1:4000 10.0.0.2:4000 0x0000beef 1:05.0 990 10 1.00 57e4a000 ");
}

static void
test_colour(void **state)
{
	static const struct {
		const char *disposition;
		enum cli_colour colour;
	} cases[] = {{"answered", CLI_GOOD}, {"busy", CLI_WARN}, {"no_answer", CLI_WARN},
		{"cancelled", CLI_WARN}, {"rejected", CLI_BAD}, {"failed", CLI_BAD},
		{"incomplete", CLI_DIM}};
	struct record_row row;

	for (size_t i = 0; i < base_count_of(cases); i++) {
		make_row(&row, record, sizeof(record),
			&(struct call){.disposition = cases[i].disposition});
		assert_int_equal(cli_summary_colour(&row), cases[i].colour);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_call),
		cmocka_unit_test(test_empty), cmocka_unit_test(test_others),
		cmocka_unit_test(test_colour)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
