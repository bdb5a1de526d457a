/* Laws of reading: what was written comes back; hostile bytes are refused, never believed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "record.h"

static uint8_t bytes[4096];
static struct record_row row;

static struct record_writer
begin(void)
{
	return record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);
}

/* A field as it stands, well-formed or not. */
static void
put_raw(struct record_writer *w, unsigned field, const char *value, uint32_t len)
{
	uint8_t prefix[4] = {
		(uint8_t)field, (uint8_t)(field >> 8), (uint8_t)len, (uint8_t)(len >> 8)};

	memcpy(w->p + w->len, prefix, 4);
	memcpy(w->p + w->len + 4, value, len);
	w->len += 4 + len;
}

static int
read_of(const struct record_writer *w)
{
	return record_row_read(&row, w->p, w->len);
}

static void
there_and_back(void **state)
{
	struct record_writer w = begin();
	struct base_ip ip = base_ip_v4((const uint8_t[]){192, 0, 2, 1});

	record_put_cstr(&w, RECORD_F_UID, "u1");
	record_put_u64(&w, RECORD_F_CORE, 0);
	record_put_u64(&w, RECORD_F_MESSAGES, UINT64_MAX);
	record_put_time(&w, RECORD_F_INVITE_TIME, 1700000000123456789);
	record_put_f64(&w, RECORD_F_PDD_MS, -0.25);
	record_put_bool(&w, RECORD_F_IDENTITY, true);
	record_put_ip(&w, RECORD_F_SRC_IP, &ip);
	record_set_seq(bytes, 77);
	assert_int_equal(read_of(&w), 0);
	assert_int_equal(row.kind, RECORD_CALL);
	assert_int_equal(row.raw.len, w.len);
	assert_int_equal(row.values[RECORD_F_SEQ].u64, 77);
	assert_true(base_span_eq(row.values[RECORD_F_UID].text, BASE_SPAN("u1")));
	assert_true(row.values[RECORD_F_CORE].present && row.values[RECORD_F_CORE].u64 == 0);
	assert_true(row.values[RECORD_F_MESSAGES].u64 == UINT64_MAX);
	assert_true(row.values[RECORD_F_INVITE_TIME].time_ns == 1700000000123456789);
	assert_true(row.values[RECORD_F_PDD_MS].f64 == -0.25);
	assert_true(row.values[RECORD_F_IDENTITY].boolean);
	assert_true(base_ip_eq(&row.values[RECORD_F_SRC_IP].ip, &ip));
	assert_false(row.values[RECORD_F_END_TIME].present);
	assert_false(row.values[RECORD_F_FLOW].present);
}

static void
every_u64(void **state)
{
	for (unsigned bit = 0; bit <= 64; bit++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = (bit < 64 ? 1ull << bit : 0) + (uint64_t)d;
			struct record_writer w = begin();
			record_put_u64(&w, RECORD_F_MESSAGES, v);
			assert_int_equal(read_of(&w), 0);
			assert_true(row.values[RECORD_F_MESSAGES].present &&
				    row.values[RECORD_F_MESSAGES].u64 == v);
		}
	}
}

static void
lists_in_order(void **state)
{
	struct record_writer w = begin();
	struct base_span element;
	struct record_row nested;
	uint32_t at = 0;

	/* other fields may stand between the elements */
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
		record_put_hex32(&w, RECORD_F_SSRC, i);
		record_put_u64(&w, RECORD_F_PACKETS, i * 100);
		record_list_close(&w, began);
		record_put_u64(&w, RECORD_F_HOLDS, i);
		record_put_cstr(&w, RECORD_F_HEADERS, i % 2 ? "A: odd" : "A: even");
	}
	assert_int_equal(read_of(&w), 0);
	assert_int_equal(row.values[RECORD_F_STREAMS].count, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_true(record_row_element(&row, RECORD_F_STREAMS, &at, &element));
		assert_int_equal(record_nested_read(&nested, RECORD_STREAM, element), 0);
		assert_int_equal(nested.values[RECORD_F_SSRC].u64, i);
		assert_int_equal(nested.values[RECORD_F_PACKETS].u64, i * 100);
	}
	assert_false(record_row_element(&row, RECORD_F_STREAMS, &at, &element));
	at = 0;
	for (uint32_t i = 0; i < 5; i++) {
		assert_true(record_row_element(&row, RECORD_F_HEADERS, &at, &element));
		assert_int_equal(element.len, i % 2 ? 6 : 7);
	}
	assert_false(record_row_element(&row, RECORD_F_HEADERS, &at, &element));
	at = 0;
	assert_false(record_row_element(&row, RECORD_F_FLOW, &at, &element));
	assert_false(record_row_element(&row, RECORD_F_HOLDS, &at, &element));
	assert_int_equal(row.values[RECORD_F_HOLDS].u64, 4); /* the last one counts */
}

static void
rows_of_the_store_have_no_elements(void **state)
{
	struct base_span element;
	uint32_t at = 0;

	memset(&row, 0, sizeof(row));
	row.values[RECORD_F_FLOW] =
		(struct record_value){.text = BASE_SPAN("[{}]"), .present = true, .json = true};
	assert_false(record_row_element(&row, RECORD_F_FLOW, &at, &element));
}

static void
lengths_by_type(void **state)
{
	static const struct {
		enum record_field field;
		uint32_t allowed; /* bit per length */
	} rows[] = {
		{RECORD_F_INVITE_TIME, 1 << 8},
		{RECORD_F_MESSAGES, 0x1ff},
		{RECORD_F_PDD_MS, 1 << 8},
		{RECORD_F_IDENTITY, 1 << 1},
		{RECORD_F_SRC_IP, 1 << 4 | 1 << 16},
		{RECORD_F_UID, UINT32_MAX},
		{RECORD_F_HEADERS, UINT32_MAX},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		for (uint32_t len = 0; len < 20; len++) {
			struct record_writer w = begin();
			put_raw(&w, rows[i].field, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", len);
			assert_int_equal(
				read_of(&w), rows[i].allowed >> len & 1 ? 0 : -BASE_ERR_FORMAT);
		}
	}
	struct record_writer w = begin();
	put_raw(&w, RECORD_F_IDENTITY, "\2", 1);
	assert_int_equal(read_of(&w), -BASE_ERR_FORMAT);
}

static void
values_without_meaning_are_absent(void **state)
{
	static const double doubles[] = {NAN, INFINITY, -INFINITY, 9e15, -9e15};

	for (size_t i = 0; i < base_count_of(doubles); i++) {
		struct record_writer w = begin();
		put_raw(&w, RECORD_F_PDD_MS, (const char *)&doubles[i], 8);
		assert_int_equal(read_of(&w), 0);
		assert_false(row.values[RECORD_F_PDD_MS].present);
	}
	struct record_writer w = begin();
	put_raw(&w, RECORD_F_END_TIME, "\0\0\0\0\0\0\0", 8);
	assert_int_equal(read_of(&w), 0);
	assert_false(row.values[RECORD_F_END_TIME].present);
	assert_false(row.values[RECORD_F_SEQ].present); /* 0: not from a ring */
}

static void
an_empty_text_that_was_put_is_there(void **state)
{
	struct record_writer w = begin();

	record_put_str(&w, RECORD_F_ICID, (struct base_span){NULL, 0});
	record_put_empty(&w, RECORD_F_CALL_ID);
	assert_int_equal(read_of(&w), 0);
	assert_false(row.values[RECORD_F_ICID].present);
	assert_true(row.values[RECORD_F_CALL_ID].present);
	assert_int_equal(row.values[RECORD_F_CALL_ID].text.len, 0);
}

static void
unknown_fields_are_skipped(void **state)
{
	struct record_writer w = begin();

	put_raw(&w, RECORD_F_COUNT, "newer", 5);
	put_raw(&w, 0xffff, "", 0);
	put_raw(&w, RECORD_F_SSRC, "not of a call", 13);
	put_raw(&w, RECORD_F_SEQ, "\x05", 1);
	record_put_cstr(&w, RECORD_F_UID, "u");
	record_set_seq(bytes, 3);
	assert_int_equal(read_of(&w), 0);
	assert_true(row.values[RECORD_F_UID].present);
	assert_false(row.values[RECORD_F_SSRC].present);
	assert_int_equal(row.values[RECORD_F_SEQ].u64, 3); /* the header's */
}

static void
headers_refused(void **state)
{
	struct record_writer w = begin();

	for (uint32_t len = 0; len < RECORD_HEADER_BYTES; len++)
		assert_int_equal(record_row_read(&row, bytes, len), -BASE_ERR_FORMAT);
	assert_int_equal(record_row_read(&row, bytes, RECORD_BYTES_MAX + 1), -BASE_ERR_FORMAT);
	for (unsigned kind = 0; kind < 256; kind++) {
		bytes[9] = (uint8_t)kind;
		assert_int_equal(read_of(&w),
			kind >= RECORD_CALL && kind <= RECORD_STREAM ? 0 : -BASE_ERR_FORMAT);
	}
	bytes[9] = RECORD_CALL;
	bytes[8] = RECORD_VERSION + 1;
	assert_int_equal(read_of(&w), -BASE_ERR_VERSION);
}

static void
damaged_nested_rows_are_refused(void **state)
{
	struct record_writer w = begin();
	struct record_row nested;

	put_raw(&w, RECORD_F_FLOW, "abc", 3);
	assert_int_equal(read_of(&w), -BASE_ERR_FORMAT);
	w = begin();
	uint32_t began = record_list_open(&w, RECORD_F_FLOW);
	put_raw(&w, RECORD_F_TIME, "1234567", 7);
	record_list_close(&w, began);
	assert_int_equal(read_of(&w), -BASE_ERR_FORMAT);
	assert_int_equal(
		record_nested_read(&nested, RECORD_CALL, base_span_of(bytes, 0)), -BASE_ERR_FORMAT);
	assert_int_equal(record_nested_read(&nested, RECORD_FLOW, base_span_of(bytes, 0)), 0);
	/* A list within a nested row is not of its kind: skipped, not entered. */
	w = begin();
	began = record_list_open(&w, RECORD_F_FLOW);
	put_raw(&w, RECORD_F_FLOW, "abc", 3);
	record_list_close(&w, began);
	assert_int_equal(read_of(&w), 0);
}

/* Cut at any byte, a record is refused, or is a shorter one of whole fields. */
static void
cut_anywhere(void **state)
{
	struct record_writer w = begin();
	uint32_t ends[8], n = 0;

	ends[n++] = w.len;
	record_put_cstr(&w, RECORD_F_UID, "0123456789");
	ends[n++] = w.len;
	record_put_u64(&w, RECORD_F_CORE, 0);
	ends[n++] = w.len;
	uint32_t began = record_list_open(&w, RECORD_F_FLOW);
	record_put_time(&w, RECORD_F_TIME, 12);
	record_put_cstr(&w, RECORD_F_METHOD, "INVITE");
	record_list_close(&w, began);
	ends[n++] = w.len;
	for (uint32_t len = 0, whole = 0; len <= w.len; len++) {
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, bytes, len);
		int expected = whole < n && ends[whole] == len ? (whole++, 0) : -BASE_ERR_FORMAT;
		assert_int_equal(record_row_read(&row, exact, len), expected);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(every_u64),
		cmocka_unit_test(lists_in_order),
		cmocka_unit_test(rows_of_the_store_have_no_elements),
		cmocka_unit_test(lengths_by_type),
		cmocka_unit_test(values_without_meaning_are_absent),
		cmocka_unit_test(an_empty_text_that_was_put_is_there),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(headers_refused),
		cmocka_unit_test(damaged_nested_rows_are_refused),
		cmocka_unit_test(cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
