/* Laws of base_text: exact text, never past cap, a piece goes in whole or not at all. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base.h"

static char buffer[1024];

static struct base_text
fresh(void)
{
	memset(buffer, '~', sizeof(buffer));
	return base_text_of(buffer, sizeof(buffer));
}

#define IS(call, expected)                                                                         \
	do {                                                                                       \
		struct base_text t = fresh();                                                      \
		call;                                                                              \
		assert_string_equal(base_text_cstr(&t), expected);                                 \
		assert_false(t.overflow);                                                          \
	} while (0)

static void
integers(void **state)
{
	IS(base_text_u64(&t, 0), "0");
	IS(base_text_u64(&t, 1000), "1000");
	IS(base_text_u64(&t, UINT64_MAX), "18446744073709551615");
	IS(base_text_i64(&t, -1), "-1");
	IS(base_text_i64(&t, INT64_MAX), "9223372036854775807");
	IS(base_text_i64(&t, INT64_MIN), "-9223372036854775808");
	IS(base_text_hex(&t, 0, 1), "0");
	IS(base_text_hex(&t, 0xbeef, 8), "0000beef");
	IS(base_text_hex(&t, UINT64_MAX, 1), "ffffffffffffffff");
	IS(base_text_hex(&t, 0x12345, 4), "12345");
	IS(base_text_hex(&t, 0x0123456789abcdef, 0), "123456789abcdef");
	IS(base_text_hex(&t, 0, 16), "0000000000000000");
}

static void
fixed_point(void **state)
{
	IS(base_text_fixed(&t, 0, 3), "0.000");
	IS(base_text_fixed(&t, -0.0, 3), "0.000");
	IS(base_text_fixed(&t, 0.0625, 3), "0.063");
	IS(base_text_fixed(&t, -0.0625, 3), "-0.063");
	IS(base_text_fixed(&t, 0.5, 0), "1");
	IS(base_text_fixed(&t, -0.5, 0), "-1");
	IS(base_text_fixed(&t, -0.0004, 3), "0.000");
	IS(base_text_fixed(&t, -12.3456, 2), "-12.35");
	IS(base_text_fixed(&t, 9.999, 2), "10.00");
	IS(base_text_fixed(&t, 0.000000001, 9), "0.000000001");
	IS(base_text_fixed(&t, 8999999999.0, 3), "8999999999.000");
	IS(base_text_fixed(&t, 9e9, 3), "null");
	IS(base_text_fixed(&t, NAN, 3), "null");
	IS(base_text_fixed(&t, INFINITY, 3), "null");
	IS(base_text_fixed(&t, -INFINITY, 3), "null");
	IS(base_text_fixed(&t, 1, 10), "null");
}

static void
times(void **state)
{
	IS(base_text_time(&t, 0), "1970-01-01T00:00:00.000000Z");
	IS(base_text_time(&t, 999), "1970-01-01T00:00:00.000000Z");
	IS(base_text_time(&t, 1000), "1970-01-01T00:00:00.000001Z");
	IS(base_text_time(&t, -5), "1970-01-01T00:00:00.000000Z");
	IS(base_text_time(&t, 951782400 * BASE_NS_PER_SEC), "2000-02-29T00:00:00.000000Z");
	IS(base_text_time(&t, 951868799 * BASE_NS_PER_SEC), "2000-02-29T23:59:59.000000Z");
	IS(base_text_time(&t, 951868800 * BASE_NS_PER_SEC), "2000-03-01T00:00:00.000000Z");
	IS(base_text_time(&t, 4107542400 * BASE_NS_PER_SEC), "2100-03-01T00:00:00.000000Z");
	IS(base_text_time(&t, 4107456000 * BASE_NS_PER_SEC), "2100-02-28T00:00:00.000000Z");
	IS(base_text_time(&t, 1700000000123456789), "2023-11-14T22:13:20.123456Z");
	IS(base_text_time(&t, INT64_MAX), "2262-04-11T23:47:16.854775Z");
}

/* Every day from 1970 to 2261 follows the one before it. */
static void
calendar(void **state)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = 1970, month = 0, day = 1;

	for (int64_t n = 0; year < 2262; n++) {
		char expected[] = "0000-00-00";
		for (int i = 3, v = year; i >= 0; i--, v /= 10)
			expected[i] = (char)('0' + v % 10);
		expected[5] = (char)('0' + (month + 1) / 10),
		expected[6] = (char)('0' + (month + 1) % 10);
		expected[8] = (char)('0' + day / 10), expected[9] = (char)('0' + day % 10);
		struct base_text t = fresh();
		base_text_time(&t, n * 86400 * BASE_NS_PER_SEC);
		assert_memory_equal(buffer, expected, 10);
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		if (++day > days[month] + (month == 1 && leap)) {
			day = 1;
			year += month == 11;
			month = (month + 1) % 12;
		}
	}
}

#define J(literal, expected) IS(base_text_json(&t, BASE_SPAN(literal)), expected)

static void
json(void **state)
{
	IS(base_text_json(&t, base_span_of(NULL, 0)), "\"\"");
	J("sip:alice@example.com;transport=tcp", "\"sip:alice@example.com;transport=tcp\"");
	J("\"\\/", "\"\\\"\\\\/\"");
	J("12345678\"2345678", "\"12345678\\\"2345678\"");
	J("a\r\n\tb", "\"a\\r\\n\\tb\"");
	J("\0\x1f\x7f", "\"\\u0000\\u001f\x7f\"");
	J("z\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e", "\"z\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e\"");
	J("\xff", "\"\xef\xbf\xbd\"");
	J("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	J("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	J("\xf4\x90\x80\x80.", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.\"");
	J("cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\"");
}

/* The eight-at-a-time path says the same as one byte alone, wherever the byte stands. */
static void
json_is_the_same_at_any_offset(void **state)
{
	for (int c = 0; c < 256; c++) {
		char one[16], many[48];
		uint8_t byte = (uint8_t)c, bytes[24];
		struct base_text t = base_text_of(one, sizeof(one));
		base_text_json(&t, base_span_of(&byte, 1));
		for (size_t at = 0; at < sizeof(bytes); at++) {
			memset(bytes, 'x', sizeof(bytes));
			bytes[at] = byte;
			struct base_text m = base_text_of(many, sizeof(many));
			base_text_json(&m, base_span_of(bytes, sizeof(bytes)));
			assert_int_equal(m.len, sizeof(bytes) - 1 + t.len);
			assert_memory_equal(many + 1 + at, one + 1, t.len - 2);
			assert_int_equal(many[at], at ? 'x' : '"');
			assert_int_equal(many[at + t.len - 1], at + 1 < sizeof(bytes) ? 'x' : '"');
		}
	}
}

static void
utf8_prefix(void **state)
{
	static const struct {
		const char *text;
		uint32_t prefix;
	} rows[] = {{"", 0}, {"plain ascii of some length", 26}, {"\x80", 0}, {"12345678\xff", 8},
		{"\xc3\xa9", 2}, {"\xc3", 0}, {"ab\xe2\x82", 2}, {"\xf0\x9f\x93\x9e!", 5},
		{"\xf0\x8f\xbf\xbf", 0}, {"\xe0\x9f\xbf", 0}, {"\xf5\x80\x80\x80", 0}};

	for (size_t i = 0; i < base_count_of(rows); i++)
		assert_int_equal(
			base_text_utf8_prefix(base_span_cstr(rows[i].text)), rows[i].prefix);
}

static void
pieces_go_in_whole_or_not_at_all(void **state)
{
	struct base_text t = fresh();

	t.cap = 5;
	base_text_str(&t, "1234");
	base_text_str(&t, "56");
	assert_true(t.overflow);
	assert_int_equal(t.len, 4);
	base_text_char(&t, '5');
	assert_int_equal(t.len, 5);
	assert_true(t.overflow);
	assert_int_equal(buffer[5], '~');
	assert_string_equal(base_text_cstr(&t), "1234");
}

static void
nothing_is_written_past_cap(void **state)
{
	struct base_ip ip;

	assert_true(base_ip_parse(BASE_SPAN("2001:db8::1:2"), &ip));
	for (size_t cap = 0; cap < 128; cap++) {
		struct base_text t = fresh();
		t.cap = cap;
		base_text_time(&t, 1700000000123456789);
		base_text_ip(&t, &ip);
		base_text_json(&t, BASE_SPAN("quote\" \xff \n some more text"));
		base_text_fixed(&t, -1234.5678, 3);
		assert_true(t.len <= cap);
		assert_int_equal(buffer[cap], '~');
		assert_true(cap >= 76 || t.overflow);
	}
	struct base_text none = base_text_of(NULL, 0);
	assert_string_equal(base_text_cstr(&none), "");
}

static void
errors_have_texts(void **state)
{
	assert_string_equal(base_error_text(0), "no error");
	assert_string_equal(base_error_text(-BASE_ERR_INVALID), base_error_text(BASE_ERR_INVALID));
	assert_string_equal(base_error_text(BASE_ERR_COUNT), "unknown error");
	for (int e = 1; e < BASE_ERR_COUNT; e++)
		assert_true(strlen(base_error_text(e)) > 0);
}

static void
decimal_spans(void **state)
{
	uint64_t v = 7;

	assert_false(base_span_u64(BASE_SPAN(""), &v));
	assert_false(base_span_u64(BASE_SPAN("-1"), &v));
	assert_false(base_span_u64(BASE_SPAN("1 "), &v));
	assert_false(base_span_u64(BASE_SPAN("18446744073709551616"), &v));
	assert_false(base_span_u64(BASE_SPAN("000000000000000000001"), &v));
	assert_int_equal(v, 7);
	assert_true(base_span_u64(BASE_SPAN("18446744073709551615"), &v) && v == UINT64_MAX);
	assert_true(base_span_u64(BASE_SPAN("00"), &v) && v == 0);
}

static void
reader_is_sticky(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
	struct base_reader r = base_reader_of(bytes, sizeof(bytes));

	assert_int_equal(base_reader_u8(&r), 1);
	assert_int_equal(base_reader_be16(&r), 0x0203);
	assert_int_equal(base_reader_left(&r), 4);
	assert_int_equal(base_reader_be32(&r), 0x04050607);
	assert_false(r.bad);
	assert_int_equal(base_reader_u8(&r), 0);
	assert_true(r.bad);
	r.p = bytes;
	assert_null(base_reader_take(&r, 1));
	assert_int_equal(base_reader_left(&r), 0);
}

/* Into whatever room there is, as its bytes. */
static void
words_are_as_their_bytes(void **state)
{
	static const struct base_word words[] = {BASE_WORD(""), BASE_WORD("a"), BASE_WORD("record-route"), BASE_WORD("fifteen letters")};

	for (size_t cap = 0; cap < 64; cap++) {
		char other[64];
		struct base_text t = fresh(), u = base_text_of(other, cap);
		t.cap = cap;
		for (size_t i = 0; i < 3 * base_count_of(words); i++) {
			const struct base_word *word = &words[i % base_count_of(words)];
			base_text_word(&t, word);
			base_text_bytes(&u, word->text, word->len);
			assert_int_equal(t.len, u.len);
			assert_int_equal(t.overflow, u.overflow);
			assert_memory_equal(t.p, u.p, u.len);
			assert_int_equal(buffer[cap], '~');
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(fixed_point),
		cmocka_unit_test(times),
		cmocka_unit_test(calendar),
		cmocka_unit_test(json),
		cmocka_unit_test(json_is_the_same_at_any_offset),
		cmocka_unit_test(utf8_prefix),
		cmocka_unit_test(pieces_go_in_whole_or_not_at_all),
		cmocka_unit_test(nothing_is_written_past_cap),
		cmocka_unit_test(errors_have_texts),
		cmocka_unit_test(decimal_spans),
		cmocka_unit_test(words_are_as_their_bytes),
		cmocka_unit_test(reader_is_sticky),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
