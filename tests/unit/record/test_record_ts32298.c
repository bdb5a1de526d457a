/* Laws: lengths are definite and exact, however long; a CDR fits its header's 16 bits; what no URI
 * holds is escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record.h"

#define CDR_BYTES_MAX 65535

static char bytes[200000];

/* The element at p[*at]: its tag byte (the last one of a long tag) and content; *at behind it. */
static struct base_span
element(struct base_span s, uint32_t *at, uint8_t *tag)
{
	const uint8_t *p = (const uint8_t *)s.p;
	uint32_t len = 0;

	*tag = p[(*at)++];
	if ((*tag & 31) == 31)
		*tag = p[(*at)++];
	uint8_t first = p[(*at)++];
	if (first < 128)
		len = first;
	for (int i = first & 127; first >= 128 && i > 0; i--)
		len = len << 8 | p[(*at)++];
	assert_true(first < 128 || len >= 128);
	assert_true(*at <= s.len && len <= s.len - *at);
	*at += len;
	return base_span_of(p + *at - len, len);
}

/* The content of the record's field with this last tag byte; empty: there is none. */
static struct base_span
cdr_field(const struct record_row *row, uint64_t sequence, uint8_t want)
{
	struct base_text t = base_text_of(bytes, sizeof(bytes));
	struct base_span found = base_span_of(NULL, 0);
	uint32_t at = 0, inner = 0;
	uint8_t tag;

	record_ts32298(&t, row, sequence);
	assert_false(t.overflow);
	assert_true(t.len <= CDR_BYTES_MAX);
	struct base_span set = element(base_span_of(bytes, (uint32_t)t.len), &at, &tag);
	assert_int_equal((uint8_t)bytes[0], 0xbf);
	assert_int_equal(tag, 82);
	assert_int_equal(at, t.len);
	while (inner < set.len) {
		struct base_span content = element(set, &inner, &tag);
		found = tag == want ? content : found;
	}
	assert_int_equal(inner, set.len);
	return found;
}

static struct record_value
text(const char *p, uint32_t len)
{
	return (struct record_value){.text = base_span_of(p, len), .present = true};
}

static void
test_lengths(void **state)
{
	static char long_text[65536];
	struct record_row row = {.kind = RECORD_CALL};

	memset(long_text, 'a', sizeof(long_text));
	for (uint32_t len = 1; len <= 1200; len++) {
		row.values[RECORD_F_CALL_ID] = text(long_text, len);
		assert_int_equal(cdr_field(&row, 1, 0x85).len, len);
	}
	memset(long_text, 1, sizeof(long_text)); /* three bytes each */
	static const enum record_field texts[] = {RECORD_F_CALL_ID, RECORD_F_FROM_USER,
		RECORD_F_FROM_HOST, RECORD_F_RURI_USER, RECORD_F_RURI_HOST, RECORD_F_ICID,
		RECORD_F_PROBE};
	for (size_t i = 0; i < base_count_of(texts); i++)
		row.values[texts[i]] = text(long_text, sizeof(long_text) - 1);
	assert_true(cdr_field(&row, UINT64_MAX, 0x85).len > 4000);
}

static void
test_odd_characters(void **state)
{
	static const char odd[] = "a b\"\xc3\xa4\0\x7f<%>";
	struct record_row row = {.kind = RECORD_CALL};

	row.values[RECORD_F_CALL_ID] = text(odd, sizeof(odd) - 1);
	struct base_span id = cdr_field(&row, 1, 0x85);
	assert_true(base_span_eq(id, BASE_SPAN("a%20b\"%C3%A4%00%7F<%>")));
	row.values[RECORD_F_FROM_USER] = text("x y", 3);
	struct base_span party = cdr_field(&row, 1, 0xa6);
	assert_true(base_span_eq(party, BASE_SPAN("\x80\x09sip:x%20y")));
}

static void
test_numbers(void **state)
{
	static const struct {
		uint64_t sequence;
		uint8_t len, bytes[5];
	} table[] = {{1, 1, {1}}, {127, 1, {127}}, {128, 2, {0, 128}}, {32768, 3, {0, 128, 0}},
		{UINT32_MAX, 5, {0, 255, 255, 255, 255}}, {0x100000000, 1, {0}}};
	struct record_row row = {.kind = RECORD_CALL};

	for (size_t i = 0; i < base_count_of(table); i++) {
		struct base_span v = cdr_field(&row, table[i].sequence, 0x8f);
		assert_int_equal(v.len, table[i].len);
		assert_memory_equal(v.p, table[i].bytes, v.len);
	}
}

static void
test_times(void **state)
{
	static const uint8_t want[] = {0x23, 0x11, 0x14, 0x22, 0x13, 0x20, '+', 0, 0};
	struct record_row row = {.kind = RECORD_CALL};

	row.values[RECORD_F_INVITE_TIME] = (struct record_value){
		.time_ns = 1700000000 * BASE_NS_PER_SEC + 987999999, .present = true};
	struct base_span v = cdr_field(&row, 1, 0x89);
	assert_int_equal(v.len, sizeof(want));
	assert_memory_equal(v.p, want, sizeof(want));
	v = cdr_field(&row, 1, 37); /* fraction, 0x9f 0x25 */
	assert_int_equal(v.len, 2);
	assert_memory_equal(v.p, "\x03\xdb", 2); /* 987 */
	assert_int_equal(cdr_field(&row, 1, 0x8b).len, 0);
}

static void
test_outcome(void **state)
{
	static const struct {
		const char *status, *disposition, *end_cause;
		uint64_t capture_loss;
		uint8_t cause;
		const char *incomplete; /* NULL: absent */
	} table[] = {
		{"final", "answered", "bye", 0, 0, NULL},
		{"final", "busy", "failure", 0, 1, NULL},
		{"interim", "answered", "", 0, 3, NULL},
		{"final", "answered", "evicted", 0, 5, "\x80\1\0\x81\1\0\x82\1\xff"},
		{"final", "incomplete", "bye", 0, 1, "\x80\1\xff\x81\1\0\x82\1\0"},
		{"final", "answered", "bye", 3, 0, "\x80\1\0\x81\1\2\x82\1\0"},
	};

	for (size_t i = 0; i < base_count_of(table); i++) {
		struct record_row row = {.kind = RECORD_CALL};
		row.values[RECORD_F_STATUS] =
			text(table[i].status, (uint32_t)strlen(table[i].status));
		row.values[RECORD_F_DISPOSITION] =
			text(table[i].disposition, (uint32_t)strlen(table[i].disposition));
		row.values[RECORD_F_END_CAUSE] =
			text(table[i].end_cause, (uint32_t)strlen(table[i].end_cause));
		row.values[RECORD_F_CAPTURE_LOSS] =
			(struct record_value){.u64 = table[i].capture_loss, .present = true};
		struct base_span cause = cdr_field(&row, 1, 0x91);
		assert_int_equal(cause.len, 1);
		assert_int_equal((uint8_t)cause.p[0], table[i].cause);
		struct base_span incomplete = cdr_field(&row, 1, 0xb2);
		assert_int_equal(incomplete.len, table[i].incomplete ? 9 : 0);
		if (table[i].incomplete)
			assert_memory_equal(incomplete.p, table[i].incomplete, 9);
	}
}

/* A buffer that is too small is said, nothing is written behind it. */
static void
test_overflow(void **state)
{
	struct record_row row = {.kind = RECORD_CALL};

	row.values[RECORD_F_CALL_ID] = text("0123456789", 10);
	for (size_t cap = 0; cap < 30; cap++) {
		char small[31];
		memset(small, 'x', sizeof(small));
		struct base_text t = base_text_of(small, cap);
		record_ts32298(&t, &row, 1);
		assert_true(t.overflow);
		assert_int_equal(small[cap], 'x');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_odd_characters),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
