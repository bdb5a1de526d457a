/* Law: streams[] and flow[] have the same elements whether the row comes from a record or out of
 * the store. */
#include "cli_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

static void
append(void *context, const struct record_row *row)
{
	struct base_text *t = context;

	record_json(t, row, false);
	base_text_char(t, '\n');
}

static void
both_lists(const struct record_row *row, char *text, size_t bytes)
{
	struct base_text t = base_text_of(text, bytes - 1);
	struct cli_nested nested = {NULL};

	cli_nested_each(&nested, row, append, &t, RECORD_F_STREAMS);
	cli_nested_each(&nested, row, append, &t, RECORD_F_FLOW);
	cli_nested_close(&nested);
	cli_nested_close(&nested); /* twice is once */
	assert_false(t.overflow);
	base_text_cstr(&t);
}

static int
compare(void *context, const struct record_row *row, int64_t position)
{
	char text[8192];

	assert_false(row->values[RECORD_F_FLOW].json);
	both_lists(row, text, sizeof(text));
	assert_string_equal(text, (const char *)context);
	return 0;
}

static void
test_same(void **state)
{
	char text[8192];
	struct record_row row;
	struct store *store;
	struct sys_error e;
	uint32_t len = make_call(record, sizeof(record), &(struct call){.lost = 3});

	assert_int_equal(record_row_read(&row, record, len), 0);
	both_lists(&row, text, sizeof(text));
	assert_int_equal(count_lines(text), 6);
	assert_has(text, "\"lost\":3");
	assert_has(text, "\"sip_reason\":\"Ringing\"");
	assert_int_equal(store_open(&store, &(struct store_options){.dir = NULL}, &e), 0);
	assert_int_equal(store_begin(store, &e), 0);
	assert_int_equal(store_put(store, BASE_SPAN("p"), 0, record, len, &e), 0);
	assert_int_equal(store_commit(store, &e), 0);
	assert_int_equal(store_query(store, &(struct store_query){.kinds = 1u << RECORD_CALL},
				 compare, text, &e),
		0);
	store_close(store);
}

static void
test_none(void **state)
{
	char text[64];
	struct record_row row;

	make_row(&row, record, sizeof(record), &(struct call){.no_media = true, .no_flow = true});
	both_lists(&row, text, sizeof(text));
	assert_string_equal(text, "");
	/* JSON that is none gives no rows. */
	row.values[RECORD_F_FLOW] = (struct record_value){
		.text = BASE_SPAN("[{\"time\":"), .present = true, .json = true};
	both_lists(&row, text, sizeof(text));
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same), cmocka_unit_test(test_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
