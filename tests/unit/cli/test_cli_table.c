/* Laws: a line is no wider than the terminal where columns may give way; columns stand under each
 * other; colours only when on. */
#include "cli_testing.h"

static const struct cli_column columns[] = {{"NAME", false, 4, 0}, {"COUNT", true, 0, 1},
	{"LONG TEXT", false, 6, 2}, {"ID", false, 0, 0}};

static void
put_row(struct cli_table *t, const char *name, const char *count, const char *text, const char *id)
{
	cli_table_cell(t, name, CLI_PLAIN);
	cli_table_cell(t, count, CLI_PLAIN);
	cli_table_cell(t, text, CLI_BAD);
	cli_table_cell(t, id, CLI_DIM);
}

static void
check(unsigned width, bool colour, const char *expected)
{
	struct terminal term;

	terminal_open(&term);
	term.cli.width = width;
	term.cli.colour = colour;
	struct cli_table *t = cli_table_new(&term.cli, columns, base_count_of(columns));
	put_row(t, "alice", "7", "a longer text", "x1");
	put_row(t, "bo", "1234", "short", "x2");
	assert_int_equal(cli_table_rows(t), 2);
	cli_table_flush(t);
	assert_int_equal(cli_table_rows(t), 0);
	assert_string_equal(terminal_out(&term), expected);
	cli_table_free(t);
	terminal_close(&term);
}

static void
test_widths(void **state)
{
	check(80, false,
		"NAME   COUNT  LONG TEXT      ID\n"
		"alice      7  a longer text  x1\n"
		"bo      1234  short          x2\n");
	check(28, false, /* the widest gives way */
		"NAME   COUNT  LONG TEXT   ID\n"
		"alice      7  a longer \u2026  x1\n"
		"bo      1234  short       x2\n");
	check(17, false, /* then columns go */
		"NAME   COUNT  ID\n"
		"alice      7  x1\n"
		"bo      1234  x2\n");
	check(10, false,
		"NAME   ID\n"
		"alice  x1\n"
		"bo     x2\n");
	check(3, false, /* what must stay stays */
		"NAME  ID\n"
		"ali\u2026  x1\n"
		"bo    x2\n");
}

static void
test_colour(void **state)
{
	struct terminal term;

	terminal_open(&term);
	term.cli.colour = true;
	struct cli_table *t = cli_table_new(&term.cli, columns, base_count_of(columns));
	put_row(t, "a", "1", "b", "c");
	cli_table_flush(t);
	assert_has(terminal_out(&term), "\033[31mb\033[0m");
	assert_has(terminal_out(&term), "\033[1mNAME\033[0m");
	assert_has(terminal_out(&term),
		"a         1  "); /* padding knows that colours take no columns */
	cli_table_free(t);
	terminal_close(&term);
}

static void
test_portions(void **state)
{
	struct terminal term;

	terminal_open(&term);
	struct cli_table *t = cli_table_new(&term.cli, columns, base_count_of(columns));
	cli_table_flush(t);
	assert_string_equal(terminal_out(&term), ""); /* no rows, no titles */
	put_row(t, "first", "1", "x", "1");
	cli_table_flush(t);
	put_row(t, "b", "2", "y", "2");
	cli_table_block(t, "  a block\n", 10);
	put_row(t, "a name grown", "3", "z", "3");
	cli_table_flush(t);
	assert_string_equal(terminal_out(&term),
		"NAME   COUNT  LONG TEXT  ID\n"
		"first      1  x          1\n"
		"b                 2  y          2\n"
		"  a block\n"
		"a name grown      3  z          3\n");
	cli_table_free(t);
	terminal_close(&term);
}

static void
test_hostile(void **state)
{
	struct terminal term;
	char name[1000];

	terminal_open(&term);
	term.cli.width = 60;
	memset(name, '\033', sizeof(name));
	struct cli_table *t = cli_table_new(&term.cli, columns, base_count_of(columns));
	cli_table_span(t, base_span_of(name, sizeof(name)), CLI_PLAIN);
	cli_table_cell(t, "1", CLI_PLAIN);
	cli_table_cell(t, "\n\n", CLI_PLAIN);
	cli_table_cell(t, "", CLI_PLAIN);
	cli_table_flush(t);
	assert_has_not(terminal_out(&term), "\033");
	assert_int_equal(count_lines(terminal_out(&term)), 2);
	for (const char *line = strchr(term.out, '\n') + 1; *line; line = strchr(line, '\n') + 1)
		assert_true(
			cli_text_columns(&term.cli,
				base_span_of(line, (uint32_t)(strchr(line, '\n') - line))) <= 60);
	cli_table_free(t);
	terminal_close(&term);
}

/* Thousands of rows move the buffer about. */
static void
test_many(void **state)
{
	struct terminal term;
	char name[16];

	terminal_open(&term);
	struct cli_table *t = cli_table_new(&term.cli, columns, base_count_of(columns));
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		put_row(t, name, "1", "text", "id");
		if (i % 100 == 0)
			cli_table_block(t, "-\n", 2);
	}
	cli_table_flush(t);
	assert_int_equal(count_lines(terminal_out(&term)), 5051);
	assert_has(term.out, "\nn4999 ");
	cli_table_free(t);
	terminal_close(&term);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_widths),
		cmocka_unit_test(test_colour), cmocka_unit_test(test_portions),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_many)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
