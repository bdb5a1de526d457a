/* Law: a LIST column taken apart gives the rows it was made of. */
#include "store_fixture.h"

struct nested {
	char text[1024];
	size_t len;
	int stop_at;
};

static int
see(void *context, const struct record_row *row, int64_t position)
{
	struct nested *n = context;
	struct base_text t = base_text_of(n->text + n->len, sizeof(n->text) - n->len - 1);

	record_json_value(&t, row, RECORD_F_SRC_IP);
	base_text_char(&t, ':');
	record_json_value(&t, row, RECORD_F_SRC_PORT);
	base_text_char(&t, ' ');
	record_json_value(&t, row, row->kind == RECORD_FLOW ? RECORD_F_TIME : RECORD_F_SSRC);
	base_text_str(&t, "; ");
	n->len += t.len;
	return position + 1 == n->stop_at ? 5 : 0;
}

static void
test_nested(void **state)
{
	static const struct {
		const char *json;
		enum record_kind kind;
		int stop_at, result;
		const char *text;
	} table[] = {
		{"[]", RECORD_FLOW, 0, 0, ""},
		{"", RECORD_FLOW, 0, 0, ""},
		{"[{\"time\":\"2023-11-14T22:13:20.000001Z\",\"src_ip\":\"192.0.2.1\",\"src_port\":"
		 "5060},{\"src_ip\":\"2001:db8::1\"}]",
			RECORD_FLOW, 0, 0,
			"\"192.0.2.1\":5060 \"2023-11-14T22:13:20.000001Z\"; \"2001:db8::1\":null "
			"null; "},
		{"[{\"ssrc\":\"0x0000beef\"},{\"ssrc\":\"0xzz\"}]", RECORD_STREAM, 0, 0,
			"null:null \"0x0000beef\"; null:null null; "},
		{"[{},{},{}]", RECORD_STREAM, 2, 5, "null:null null; null:null null; "},
		{"[{", RECORD_STREAM, 0, -BASE_ERR_FORMAT, ""},
		{"[]", RECORD_CALL, 0, -BASE_ERR_INVALID, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < base_count_of(table); i++) {
		struct nested n = {.stop_at = table[i].stop_at};
		int result = store_nested(
			f->store, base_span_cstr(table[i].json), table[i].kind, see, &n, &f->e);
		assert_int_equal(result, table[i].result);
		assert_string_equal(n.text, table[i].text);
	}
}

/* A row out of a query has its list as the record had it; a text of the same, as an older day keeps
 * it, is taken apart within the query that gave the row. */
static int
see_flow(void *context, const struct record_row *row, int64_t position)
{
	struct fixture *f = context;
	struct nested n = {.stop_at = 0};
	char buffer[256];
	struct base_text json = base_text_of(buffer, sizeof(buffer));

	assert_false(row->values[RECORD_F_FLOW].json);
	record_json_list(&json, row, RECORD_F_FLOW);
	assert_string_equal(base_text_cstr(&json), "[{\"src_port\":5060},{\"src_port\":5061}]");
	assert_int_equal(
		store_nested(f->store, base_span_cstr(buffer), RECORD_FLOW, see, &n, &f->e), 0);
	assert_string_equal(n.text, "null:5060 null; null:5061 null; ");
	return 0;
}

static void
test_within_query(void **state)
{
	struct fixture *f = *state;
	uint8_t buffer[1024];
	struct record_writer w = record_writer_begin(buffer, sizeof(buffer), RECORD_CALL);

	for (uint64_t port = 5060; port < 5062; port++) {
		uint32_t began = record_list_open(&w, RECORD_F_FLOW);
		record_put_u64(&w, RECORD_F_SRC_PORT, port);
		record_list_close(&w, began);
	}
	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_put(f->store, PROBE, 0, buffer, w.len, &f->e), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	assert_int_equal(store_query(f->store, &(struct store_query){0}, see_flow, f, &f->e), 0);
	fixture_expect(f,
		&(struct store_query){
			.where = "(SELECT sum(value->>'src_port') FROM json_each(flow)) = 1"},
		"");
	struct seen seen = {.len = 0};
	assert_int_equal(store_query(f->store,
				 &(struct store_query){.where = "(SELECT sum(value->>'src_port') "
								"FROM json_each(flow)) = 10121"},
				 fixture_see, &seen, &f->e),
		0);
	assert_int_equal(seen.n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_nested),
		FIXTURE_TEST(test_within_query),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
