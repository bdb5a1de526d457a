/* Laws of writing: the documented bytes; never past cap; what does not fit is left out whole and
 * said. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "record.h"

static uint8_t bytes[RECORD_BYTES_MAX + 64];

static struct record_writer
begin(void)
{
	memset(bytes, 0xee, sizeof(bytes));
	return record_writer_begin(bytes, RECORD_BYTES_MAX, RECORD_CALL);
}

static void
header_bytes(void **state)
{
	static const uint8_t header[RECORD_HEADER_BYTES] = {
		8, 7, 6, 5, 4, 3, 2, 1, RECORD_VERSION, RECORD_STREAM};
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_STREAM);

	assert_int_equal(w.len, RECORD_HEADER_BYTES);
	assert_int_equal(w.cap, RECORD_BYTES_MAX);
	record_set_seq(bytes, 0x0102030405060708ull);
	assert_memory_equal(bytes, header, sizeof(header));
}

/* The field after the header has these bytes. */
#define WRITES(put, field, ...)                                                                    \
	do {                                                                                       \
		static const uint8_t expected[] = {__VA_ARGS__};                                   \
		struct record_writer w = begin();                                                  \
		put;                                                                               \
		assert_int_equal(w.len, RECORD_HEADER_BYTES + 4 + sizeof(expected) - 1);           \
		assert_int_equal(bytes[16] | bytes[17] << 8, field);                               \
		assert_int_equal(bytes[18] | bytes[19] << 8, sizeof(expected) - 1);                \
		assert_memory_equal(bytes + 20, expected + 1, sizeof(expected) - 1);               \
		assert_false(w.overflow);                                                          \
	} while (0)
#define WRITES_NOTHING(put)                                                                        \
	do {                                                                                       \
		struct record_writer w = begin();                                                  \
		put;                                                                               \
		assert_int_equal(w.len, RECORD_HEADER_BYTES);                                      \
		assert_false(w.overflow);                                                          \
	} while (0)
#define BYTES 0 /* an initialiser list must not be empty: the first byte is not compared */

static void
encodings(void **state)
{
	struct base_ip v4 = base_ip_v4((const uint8_t[]){192, 0, 2, 1}),
		       v6 = {{0x20, 1, 0xd, 0xb8, [15] = 9}};

	WRITES(record_put_str(&w, RECORD_F_UID, BASE_SPAN("ab")), RECORD_F_UID, BYTES, 'a', 'b');
	WRITES(record_put_cstr(&w, RECORD_F_UID, "ab"), RECORD_F_UID, BYTES, 'a', 'b');
	WRITES(record_put_u64(&w, RECORD_F_CORE, 0), RECORD_F_CORE, BYTES);
	WRITES(record_put_u64(&w, RECORD_F_CORE, 1), RECORD_F_CORE, BYTES, 1);
	WRITES(record_put_u64(&w, RECORD_F_CORE, 255), RECORD_F_CORE, BYTES, 255);
	WRITES(record_put_u64(&w, RECORD_F_CORE, 256), RECORD_F_CORE, BYTES, 0, 1);
	WRITES(record_put_u64(&w, RECORD_F_CORE, 1ull << 56), RECORD_F_CORE, BYTES, 0, 0, 0, 0, 0,
		0, 0, 1);
	WRITES(record_put_time(&w, RECORD_F_END_TIME, 1), RECORD_F_END_TIME, BYTES, 1, 0, 0, 0, 0,
		0, 0, 0);
	WRITES(record_put_f64(&w, RECORD_F_PDD_MS, 1.0), RECORD_F_PDD_MS, BYTES, 0, 0, 0, 0, 0, 0,
		0xf0, 0x3f);
	WRITES(record_put_bool(&w, RECORD_F_IDENTITY, true), RECORD_F_IDENTITY, BYTES, 1);
	WRITES(record_put_hex32(&w, RECORD_F_SSRC, 0x01020304), RECORD_F_SSRC, BYTES, 4, 3, 2, 1);
	WRITES(record_put_ip(&w, RECORD_F_SRC_IP, &v4), RECORD_F_SRC_IP, BYTES, 192, 0, 2, 1);
	WRITES(record_put_ip(&w, RECORD_F_SRC_IP, &v6), RECORD_F_SRC_IP, BYTES, 0x20, 1, 0xd, 0xb8,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9);
}

static void
empty_values_are_not_written(void **state)
{
	WRITES_NOTHING(record_put_str(&w, RECORD_F_UID, base_span_of(NULL, 0)));
	WRITES_NOTHING(record_put_cstr(&w, RECORD_F_UID, ""));
	WRITES_NOTHING(record_put_cstr(&w, RECORD_F_UID, NULL));
	WRITES_NOTHING(record_put_time(&w, RECORD_F_END_TIME, 0));
	WRITES_NOTHING(record_put_f64(&w, RECORD_F_PDD_MS, NAN));
	WRITES_NOTHING(record_put_f64(&w, RECORD_F_PDD_MS, -INFINITY));
	WRITES_NOTHING(record_put_f64(&w, RECORD_F_PDD_MS, 1e16));
	WRITES_NOTHING(record_put_bool(&w, RECORD_F_IDENTITY, false));
}

static struct record_writer
some_call(uint8_t *p, uint32_t cap)
{
	struct record_writer w = record_writer_begin(p, cap, RECORD_CALL);
	struct base_ip v6 = {{0x20, 1}};

	record_put_str(&w, RECORD_F_UID, BASE_SPAN("0123456789abcdef"));
	record_put_u64(&w, RECORD_F_CORE, 3);
	record_put_u64(&w, RECORD_F_MESSAGES, UINT64_MAX);
	record_put_ip(&w, RECORD_F_SRC_IP, &v6);
	uint32_t row = record_list_open(&w, RECORD_F_FLOW);
	record_put_time(&w, RECORD_F_TIME, 5);
	record_put_str(&w, RECORD_F_METHOD, BASE_SPAN("INVITE"));
	record_list_close(&w, row);
	record_put_f64(&w, RECORD_F_PDD_MS, 2);
	record_put_hex32(&w, RECORD_F_SSRC, 2);
	record_put_bool(&w, RECORD_F_IDENTITY, true);
	record_put_str(&w, RECORD_F_HEADERS, BASE_SPAN("X: y"));
	return w;
}

/* A call's fields into buffers of every size: nothing past cap, and what is in reads back. */
static void
every_size_of_buffer(void **state)
{
	uint32_t whole = some_call(bytes, sizeof(bytes)).len;

	for (uint32_t cap = 0; cap < whole + 20; cap++) {
		uint8_t *p = malloc(cap ? cap : 1); /* so that ASan sees the end */
		struct record_writer w = some_call(p, cap);
		assert_true(w.len <= cap);
		assert_int_equal(w.overflow, cap < whole);
		if (cap >= RECORD_HEADER_BYTES) {
			struct record_row r;
			assert_int_equal(record_row_read(&r, p, w.len), 0);
			struct record_value *v = &r.values[RECORD_F_FLOW];
			assert_int_equal(v->present, v->count == 1);
		}
		free(p);
	}
}

static void
a_smaller_field_may_still_fit(void **state)
{
	struct record_writer w = record_writer_begin(bytes, RECORD_HEADER_BYTES + 6, RECORD_CALL);

	record_put_str(&w, RECORD_F_UID, BASE_SPAN("too long"));
	assert_true(w.overflow);
	assert_int_equal(w.len, RECORD_HEADER_BYTES);
	record_put_bool(&w, RECORD_F_IDENTITY, true);
	assert_int_equal(w.len, RECORD_HEADER_BYTES + 5);
	assert_true(w.overflow);
}

static void
a_row_that_overflows_goes_whole(void **state)
{
	struct record_writer w = record_writer_begin(bytes, 64, RECORD_CALL);

	for (int i = 0; i < 3; i++) {
		uint32_t row = record_list_open(&w, RECORD_F_FLOW);
		record_put_str(&w, RECORD_F_METHOD,
			i == 1 ? BASE_SPAN("a method that is far too long for this buffer")
			       : BASE_SPAN("ACK"));
		record_put_u64(&w, RECORD_F_CSEQ, 1);
		record_list_close(&w, row);
	}
	assert_true(w.overflow);
	struct record_row r;
	assert_int_equal(record_row_read(&r, bytes, w.len), 0);
	assert_int_equal(r.values[RECORD_F_FLOW].count, 2); /* the one before and the one after */
}

static void
a_row_without_room_for_its_prefix(void **state)
{
	struct record_writer w = record_writer_begin(bytes, RECORD_HEADER_BYTES + 3, RECORD_CALL);
	uint32_t row = record_list_open(&w, RECORD_F_STREAMS);

	record_put_u64(&w, RECORD_F_PACKETS, 0);
	record_list_close(&w, row);
	assert_true(w.overflow);
	assert_int_equal(w.len, RECORD_HEADER_BYTES);
}

static void
longest_string(void **state)
{
	static uint8_t text[70000];
	struct record_writer w = begin();
	struct record_row r;

	record_put_str(&w, RECORD_F_PAI, base_span_of(text, sizeof(text)));
	assert_true(w.overflow); /* a field of 65 535 bytes and a header are more than a record */
	memset(text, 'x', sizeof(text));
	w = begin();
	record_put_str(
		&w, RECORD_F_PAI, base_span_of(text, RECORD_BYTES_MAX - RECORD_HEADER_BYTES - 4));
	assert_false(w.overflow);
	assert_int_equal(w.len, RECORD_BYTES_MAX);
	assert_int_equal(bytes[RECORD_BYTES_MAX], 0xee);
	assert_int_equal(record_row_read(&r, bytes, w.len), 0);
	assert_int_equal(
		r.values[RECORD_F_PAI].text.len, RECORD_BYTES_MAX - RECORD_HEADER_BYTES - 4);
}

static void
a_uid_is_32_hexadecimal_digits_of_its_identity(void **state)
{
	uint8_t a[256], b[256];
	struct record_writer w = record_writer_begin(a, sizeof(a), RECORD_CALL), v = record_writer_begin(b, sizeof(b), RECORD_CALL);

	record_put_uid(&w, "one", 3);
	record_put_uid(&v, "two", 3);
	assert_int_equal(w.len, RECORD_HEADER_BYTES + 4 + 32);
	assert_int_equal(v.len, w.len);
	assert_memory_not_equal(a + RECORD_HEADER_BYTES + 4, b + RECORD_HEADER_BYTES + 4, 32);
	for (uint32_t i = RECORD_HEADER_BYTES + 4; i < w.len; i++)
		assert_true((a[i] >= '0' && a[i] <= '9') || (a[i] >= 'a' && a[i] <= 'f'));
}

/* The pair is what its parts are, to the byte and up to the last byte of room. */
static void
an_ipv4_pair_is_as_its_two_fields(void **state)
{
	static const enum record_field fields[] = {RECORD_F_SRC_IP, RECORD_F_SRC_PORT};
	static const uint16_t ports[] = {0, 1, 255, 256, 5060, UINT16_MAX};
	static const uint8_t ip[] = {192, 0, 2, 1};
	const struct base_ip whole = base_ip_v4(ip);

	for (uint32_t i = 0; i < base_count_of(ports); i++)
		for (uint32_t room = 0; room < 32; room++) {
			uint8_t parts[64] = {0}, pair[64] = {0};
			struct record_writer a = {parts, 5, 5 + room, false, false}, b = a;
			b.p = pair;
			record_put_ip(&a, fields[0], &whole);
			record_put_u64(&a, fields[1], ports[i]);
			record_put_ipv4(&b, fields, ip, ports[i]);
			assert_int_equal(a.len, b.len);
			assert_int_equal(a.overflow, b.overflow);
			assert_int_equal(a.row_overflow, b.row_overflow);
			assert_memory_equal(parts, pair, a.len);
			for (uint32_t k = 5 + room; k < sizeof(pair); k++)
				assert_int_equal(pair[k], 0);
		}
}

/* Into a buffer of each size with a row's room behind cap: one that is put without looking is what
 * it is else, or is not there and said so. */
static void
a_row_put_without_looking_is_as_any_other(void **state)
{
	static const struct base_span texts[] = {BASE_SPAN("ACK"), BASE_SPAN("a longer one"), BASE_SPAN("")};
	static uint8_t parts[256 + RECORD_ROW_MAX], whole[256 + RECORD_ROW_MAX];

	for (uint32_t cap = RECORD_HEADER_BYTES; cap < 200; cap++) {
		struct record_writer a = record_writer_begin(parts, cap, RECORD_CALL), b = record_writer_begin(whole, cap, RECORD_CALL);
		for (uint32_t i = 0; i < 6; i++) {
			uint32_t began = record_list_open(&a, RECORD_F_FLOW);
			record_put_str(&a, RECORD_F_METHOD, texts[i % 3]);
			record_put_u64(&a, RECORD_F_CSEQ, 1000 * i);
			record_put_time(&a, RECORD_F_TIME, i);
			record_list_close(&a, began);
			struct record_writer row = record_row_open(&b, RECORD_F_FLOW);
			record_put_str(&row, RECORD_F_METHOD, texts[i % 3]);
			record_put_u64(&row, RECORD_F_CSEQ, 1000 * i);
			record_put_time(&row, RECORD_F_TIME, i);
			uint32_t before = b.len;
			bool kept = record_row_close(&b, &row);
			assert_int_equal(kept, b.len > before);
			assert_int_equal(a.len, b.len);
			assert_int_equal(a.overflow, b.overflow);
			assert_memory_equal(parts, whole, a.len);
		}
	}
}

static void
a_word_is_as_its_string(void **state)
{
	static const struct base_word words[] = {BASE_WORD(""), BASE_WORD("ua"), BASE_WORD("registrar"), BASE_WORD("fifteen letters")};

	for (uint32_t i = 0; i < base_count_of(words); i++)
		for (uint32_t room = 0; room < 32; room++) {
			uint8_t string[64] = {0}, word[64] = {0};
			struct record_writer a = {string, 5, 5 + room, false, false}, b = a;
			b.p = word;
			record_put_str(&a, RECORD_F_ROLE, base_span_of(words[i].text, words[i].len));
			record_put_word(&b, RECORD_F_ROLE, &words[i]);
			assert_int_equal(a.len, b.len);
			assert_int_equal(a.overflow, b.overflow);
			assert_memory_equal(string, word, a.len);
			for (uint32_t k = 5 + room; k < sizeof(word); k++)
				assert_int_equal(word[k], 0);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uid_is_32_hexadecimal_digits_of_its_identity),
		cmocka_unit_test(header_bytes),
		cmocka_unit_test(a_row_put_without_looking_is_as_any_other),
		cmocka_unit_test(an_ipv4_pair_is_as_its_two_fields),
		cmocka_unit_test(encodings),
		cmocka_unit_test(empty_values_are_not_written),
		cmocka_unit_test(every_size_of_buffer),
		cmocka_unit_test(a_smaller_field_may_still_fit),
		cmocka_unit_test(a_row_that_overflows_goes_whole),
		cmocka_unit_test(a_row_without_room_for_its_prefix),
		cmocka_unit_test(a_word_is_as_its_string),
		cmocka_unit_test(longest_string),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
