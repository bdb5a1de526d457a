/* Laws of CSV and plain text: RFC 4180, UTF-8, the same from the ring and from the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record.h"

static uint8_t bytes[4096];
static char text[8192];
static struct record_row row;

static void
str_row(const char *s, uint32_t len)
{
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);

	record_put_str(&w, RECORD_F_FROM_NAME, base_span_of(s, len));
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
}

#define CELL(literal, expected)                                                                    \
	do {                                                                                       \
		struct base_text t = base_text_of(text, sizeof(text));                             \
		str_row(literal, sizeof(literal) - 1);                                             \
		record_csv_cell(&t, &row, RECORD_F_FROM_NAME);                                     \
		assert_string_equal(base_text_cstr(&t), expected);                                 \
	} while (0)
#define FFFD "\xef\xbf\xbd"

static void
cells(void **state)
{
	CELL("", "");
	CELL("Alice", "Alice");
	CELL("Smith, Alice", "\"Smith, Alice\"");
	CELL("\"Alice\"", "\"\"\"Alice\"\"\"");
	CELL("a\"b", "\"a\"\"b\"");
	CELL("two\r\nlines", "\"two\r\nlines\"");
	CELL("=SUM(A1)", "=SUM(A1)");
	CELL(" Alice ", " Alice ");
	CELL("Andr\xc3\xa9", "Andr\xc3\xa9");
	CELL("Andr\xe9", "Andr" FFFD);
	CELL("a\0b,\xff", "\"a" FFFD "b," FFFD "\"");
	CELL("\xc2", FFFD);
	CELL("\x1b[2J", "\x1b[2J");
}

#define PLAIN(literal, expected)                                                                   \
	do {                                                                                       \
		struct base_text t = base_text_of(text, sizeof(text));                             \
		str_row(literal, sizeof(literal) - 1);                                             \
		record_plain_value(&t, &row, RECORD_F_FROM_NAME);                                  \
		assert_string_equal(base_text_cstr(&t), expected);                                 \
	} while (0)

/* A caller's display name does not steer the operator's terminal. */
static void
plain_text_has_no_control_characters(void **state)
{
	PLAIN("Smith, \"Alice\"", "Smith, \"Alice\"");
	PLAIN("\x1b[2J\x7f", FFFD "[2J" FFFD);
	PLAIN("a\r\nb\tc", "a" FFFD FFFD "b" FFFD "c");
	PLAIN("\xc2\x9b"
	      "31m",
		FFFD "31m");
	PLAIN("\xc2\xa9 \xc3\xa9", "\xc2\xa9 \xc3\xa9");
}

static void
typed_cells(void **state)
{
	static const struct {
		enum record_field f;
		struct record_value v;
		const char *cell;
	} rows[] = {
		{RECORD_F_MESSAGES, {.u64 = 7}, "7"},
		{RECORD_F_PDD_MS, {.f64 = 1.25}, "1.250"},
		{RECORD_F_IDENTITY, {.boolean = true}, "true"},
		{RECORD_F_SSRC, {.u64 = 0xab}, "0x000000ab"},
		{RECORD_F_INVITE_TIME, {.time_ns = 1000}, "1970-01-01T00:00:00.000001Z"},
		{RECORD_F_SRC_IP, {.ip = {{[15] = 1}}}, "::1"},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct base_text t = base_text_of(text, sizeof(text));
		memset(&row, 0, sizeof(row));
		record_csv_cell(&t, &row, rows[i].f);
		assert_int_equal(t.len, 0);
		row.values[rows[i].f] = rows[i].v;
		row.values[rows[i].f].present = true;
		record_csv_cell(&t, &row, rows[i].f);
		assert_string_equal(base_text_cstr(&t), rows[i].cell);
		t.len = 0;
		record_plain_value(&t, &row, rows[i].f);
		assert_string_equal(base_text_cstr(&t), rows[i].cell);
	}
}

/* A call with lists, hostile bytes in its texts. */
static void
lists_row(void)
{
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);

	record_put_cstr(&w, RECORD_F_UID, "u1");
	record_put_str(&w, RECORD_F_HEADERS, BASE_SPAN("X-A: \"q\\\", z"));
	record_put_str(&w, RECORD_F_HEADERS, BASE_SPAN("X-B: \x01\t\xe9\0\x7f\xc3\xa9\xc2\x9b"));
	uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
	record_put_hex32(&w, RECORD_F_SSRC, 1);
	record_put_cstr(&w, RECORD_F_CODEC, "PCMA");
	record_list_close(&w, began);
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
}

static void
store_list(enum record_field f, char *column, size_t cap)
{
	struct base_text t = base_text_of(column, cap);

	record_json_list(&t, &row, f);
	row.values[f] = (struct record_value){
		.text = base_span_of(column, (uint32_t)t.len), .present = true, .json = true};
}

static void
lists_are_the_same_from_the_store(void **state)
{
	static const enum record_field columns[] = {
		RECORD_F_UID, RECORD_F_HEADERS, RECORD_F_STREAMS, RECORD_F_FLOW};
	static char headers[512], streams[512];
	const char *expected =
		"u1,\"X-A: \"\"q\\\"\", z; X-B: \x01\t" FFFD FFFD "\x7f\xc3\xa9\xc2\x9b\","
		"\"[{\"\"ssrc\"\":\"\"0x00000001\"\",\"\"codec\"\":\"\"PCMA\"\"}]\",\r\n";
	const char *plain = "X-A: \"q\\\", z; X-B: " FFFD FFFD FFFD FFFD FFFD "\xc3\xa9" FFFD;
	struct base_text t = base_text_of(text, sizeof(text));

	lists_row();
	for (int pass = 0; pass < 2; pass++) {
		t.len = 0;
		record_csv_row(&t, &row, columns, base_count_of(columns));
		assert_string_equal(base_text_cstr(&t), expected);
		t.len = 0;
		record_plain_value(&t, &row, RECORD_F_HEADERS);
		assert_string_equal(base_text_cstr(&t), plain);
		store_list(RECORD_F_HEADERS, headers, sizeof(headers));
		store_list(RECORD_F_STREAMS, streams, sizeof(streams));
	}
}

/* JSON texts that are not of our making end where they end. */
static void
any_json_text_is_bounded(void **state)
{
	static const struct {
		const char *json, *joined;
	} rows[] = {{"", ""}, {"[", ""}, {"[]", ""}, {"[\"", ""}, {"[\"a", "a"}, {"[\"a\\", "a"},
		{"[\"a\\\"", "a\""}, {"[\"\\u", "u"}, {"[\"\\u12", "u12"},
		{"[\"\\u20ac\\u00e9\\u0041\"]", "\xe2\x82\xac\xc3\xa9"
						"A"},
		{"[\"\\ud800\\u0000\"]", FFFD FFFD}, {"[\"a\",\"\",\"b\\/\\b\"]", "a; ; b/\b"},
		{"[\"\xff\"]", FFFD}};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct base_text t = base_text_of(text, sizeof(text));
		memset(&row, 0, sizeof(row));
		row.values[RECORD_F_WATCH] = (struct record_value){
			.text = base_span_cstr(rows[i].json), .present = true, .json = true};
		record_csv_cell(&t, &row, RECORD_F_WATCH);
		assert_true(t.len >= 2 && text[0] == '"' && text[t.len - 1] == '"');
		if (!strchr(rows[i].joined, '"')) {
			assert_int_equal(t.len - 2, strlen(rows[i].joined));
			assert_memory_equal(text + 1, rows[i].joined, t.len - 2);
		}
	}
}

static uint32_t
cells_of(const char *line)
{
	uint32_t n = 1;
	bool quoted = false;

	for (; *line; line++) {
		quoted ^= *line == '"';
		n += *line == ',' && !quoted;
	}
	return n;
}

static void
header_and_rows_have_the_same_columns(void **state)
{
	lists_row();
	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		struct base_text t = base_text_of(text, sizeof(text));
		uint32_t n = 0;
		for (int f = 0; f < RECORD_F_COUNT; f++)
			n += record_field_in(f, k);
		record_csv_header(&t, k, NULL, 0);
		assert_int_equal(cells_of(base_text_cstr(&t)), n);
		assert_memory_equal(text, "uid,seq,status,probe,core,call_id,", 34);
		assert_memory_equal(text + t.len - 2, "\r\n", 2);
		t.len = 0;
		row.kind = k;
		record_csv_row(&t, &row, NULL, 0);
		assert_int_equal(cells_of(base_text_cstr(&t)), n);
		assert_memory_equal(text + t.len - 2, "\r\n", 2);
	}
}

static void
chosen_columns(void **state)
{
	static const enum record_field columns[] = {RECORD_F_TO_USER, RECORD_F_UID};
	struct base_text t = base_text_of(text, sizeof(text));

	lists_row();
	record_csv_header(&t, RECORD_CALL, columns, 2);
	record_csv_row(&t, &row, columns, 2);
	record_csv_header(&t, RECORD_CALL, columns, 0);
	assert_string_equal(base_text_cstr(&t), "to_user,uid\r\n,u1\r\n\r\n");
}

static void
a_short_buffer_says_overflow(void **state)
{
	struct base_text t = base_text_of(text, sizeof(text));

	lists_row();
	record_csv_row(&t, &row, NULL, 0);
	for (size_t cap = 0, whole = t.len; cap < whole; cap++) {
		t = base_text_of(text, cap);
		text[cap] = '~';
		record_csv_row(&t, &row, NULL, 0);
		assert_true(t.overflow && t.len <= cap && text[cap] == '~');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells),
		cmocka_unit_test(plain_text_has_no_control_characters),
		cmocka_unit_test(typed_cells),
		cmocka_unit_test(lists_are_the_same_from_the_store),
		cmocka_unit_test(any_json_text_is_bounded),
		cmocka_unit_test(header_and_rows_have_the_same_columns),
		cmocka_unit_test(chosen_columns),
		cmocka_unit_test(a_short_buffer_says_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
