/* Laws of the JSON text: kind first, record.def order, absent left out, numbers and texts as
 * documented. */
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
two_rows_of_flow(struct record_writer *w)
{
	static const char *const methods[] = {"INVITE", ""};

	for (uint32_t i = 0; i < 2; i++) {
		uint32_t began = record_list_open(w, RECORD_F_FLOW);
		record_put_time(w, RECORD_F_TIME, 1700000000123456789);
		record_put_cstr(w, RECORD_F_METHOD, methods[i]);
		record_put_u64(w, RECORD_F_SIP_CODE, i * 200);
		record_list_close(w, began);
	}
}

/* A call with a value of every type, put in another order than record.def's. */
static void
call_read(void)
{
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);
	struct base_ip v4 = base_ip_v4((const uint8_t[]){192, 0, 2, 1}),
		       v6 = {{0x20, 1, 0x0d, 0xb8, [15] = 1}};

	record_put_cstr(&w, RECORD_F_CALL_ID, "a\"b");
	record_put_cstr(&w, RECORD_F_UID, "u1");
	record_put_ip(&w, RECORD_F_DST_IP, &v6);
	record_put_ip(&w, RECORD_F_SRC_IP, &v4);
	record_put_u64(&w, RECORD_F_HOLDS, 0);
	record_put_bool(&w, RECORD_F_IDENTITY, true);
	record_put_f64(&w, RECORD_F_PDD_MS, 1234.5678);
	record_put_time(&w, RECORD_F_INVITE_TIME, 1700000000123456789);
	record_put_cstr(&w, RECORD_F_WATCH, "fraud");
	record_put_cstr(&w, RECORD_F_WATCH, "vip\n");
	uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
	record_put_hex32(&w, RECORD_F_SSRC, 0xbeef);
	record_list_close(&w, began);
	two_rows_of_flow(&w);
	record_set_seq(bytes, UINT64_MAX);
	assert_false(w.overflow);
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
}

#define FLOW_TEXT                                                                                  \
	"[{\"method\":\"INVITE\",\"sip_code\":0,\"time\":\"2023-11-14T22:13:20.123456Z\"},"        \
	"{\"sip_code\":200,\"time\":\"2023-11-14T22:13:20.123456Z\"}]"
#define CALL_UP_TO_STREAMS                                                                         \
	"{\"kind\":\"call\",\"uid\":\"u1\",\"seq\":18446744073709551615,\"call_id\":\"a\\\"b\","   \
	"\"src_ip\":\"192.0.2.1\","                                                                \
	"\"dst_ip\":\"2001:db8::1\",\"identity\":true,\"invite_time\":\"2023-11-14T22:13:20."      \
	"123456Z\","                                                                               \
	"\"pdd_ms\":1234.568,\"holds\":0,\"streams\":[{\"ssrc\":\"0x0000beef\"}],"
#define CALL_WATCH "\"watch\":[\"fraud\",\"vip\\n\"]}"

static void
whole_records(void **state)
{
	struct base_text t = base_text_of(text, sizeof(text));

	call_read();
	record_json(&t, &row, true);
	assert_string_equal(
		base_text_cstr(&t), CALL_UP_TO_STREAMS "\"flow\":" FLOW_TEXT "," CALL_WATCH);
	t.len = 0;
	record_json(&t, &row, false);
	assert_string_equal(base_text_cstr(&t), CALL_UP_TO_STREAMS CALL_WATCH);
	assert_false(t.overflow);
}

static void
nothing_but_the_kind(void **state)
{
	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		struct base_text t = base_text_of(text, sizeof(text));
		struct record_writer w = record_writer_begin(bytes, sizeof(bytes), k);
		assert_int_equal(record_row_read(&row, bytes, w.len), 0);
		record_json(&t, &row, true);
		base_text_cstr(&t);
		assert_memory_equal(text, "{\"kind\":\"", 9);
		assert_memory_equal(text + 9, record_kind_name(k), strlen(record_kind_name(k)));
		assert_string_equal(text + 9 + strlen(record_kind_name(k)), "\"}");
	}
}

#define VALUE(field, expected)                                                                     \
	do {                                                                                       \
		struct base_text t = base_text_of(text, sizeof(text));                             \
		record_json_value(&t, &row, field);                                                \
		assert_string_equal(base_text_cstr(&t), expected);                                 \
	} while (0)

static void
values_alone(void **state)
{
	call_read();
	VALUE(RECORD_F_UID, "\"u1\"");
	VALUE(RECORD_F_END_TIME, "null");
	VALUE(RECORD_F_HEADERS, "null");
	VALUE(RECORD_F_INVITE_TIME, "\"2023-11-14T22:13:20.123456Z\"");
	VALUE(RECORD_F_SRC_IP, "\"192.0.2.1\"");
	VALUE(RECORD_F_FLOW, FLOW_TEXT);
	VALUE(RECORD_F_WATCH, "[\"fraud\",\"vip\\n\"]");
	row.values[RECORD_F_IDENTITY].boolean = false;
	VALUE(RECORD_F_IDENTITY, "false");
}

static void
lists_alone(void **state)
{
	struct base_text t = base_text_of(text, sizeof(text));

	call_read();
	record_json_list(&t, &row, RECORD_F_HEADERS);
	record_json_list(&t, &row, RECORD_F_STREAMS);
	assert_string_equal(base_text_cstr(&t), "[][{\"ssrc\":\"0x0000beef\"}]");
}

/* A row that comes from the store, its lists as finished JSON, gives the same bytes as the record
 * itself. */
static void
from_the_store_equals_from_the_ring(void **state)
{
	static const enum record_field lists[] = {RECORD_F_STREAMS, RECORD_F_FLOW, RECORD_F_WATCH};
	static char columns[3][1024], again[8192];
	struct base_text t = base_text_of(text, sizeof(text)),
			 a = base_text_of(again, sizeof(again));

	call_read();
	record_json(&t, &row, true);
	for (size_t i = 0; i < base_count_of(lists); i++) {
		struct base_text column = base_text_of(columns[i], sizeof(columns[i]));
		record_json_list(&column, &row, lists[i]);
		row.values[lists[i]] =
			(struct record_value){.text = base_span_of(column.p, (uint32_t)column.len),
				.present = true,
				.json = true};
	}
	row.raw = base_span_of(NULL, 0);
	record_json(&a, &row, true);
	assert_string_equal(base_text_cstr(&a), base_text_cstr(&t));
}

static void
numbers(void **state)
{
	static const struct {
		double v;
		const char *text;
	} rows[] = {{0, "0.000"}, {-1.5, "-1.500"}, {0.0004, "0.000"},
		{999999999.5, "999999999.500"}, {31536000000.75, "31536000000.000"},
		{-8e15, "-8000000000000000.000"}, {1e300, "null"}};

	memset(&row, 0, sizeof(row));
	for (size_t i = 0; i < base_count_of(rows); i++) {
		row.values[RECORD_F_DURATION_MS] =
			(struct record_value){.f64 = rows[i].v, .present = true};
		VALUE(RECORD_F_DURATION_MS, rows[i].text);
	}
}

/* Every field is printed by its own key, once. */
static void
every_field_has_its_key(void **state)
{
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
			struct base_text t = base_text_of(text, sizeof(text));
			memset(&row, 0, sizeof(row));
			row.kind = k;
			row.values[f].present = true;
			record_json(&t, &row, true);
			base_text_cstr(&t);
			char key[64];
			struct base_text q = base_text_of(key, sizeof(key));
			base_text_str(&q, ",\"");
			base_text_str(&q, record_fields[f].key);
			base_text_str(&q, "\":");
			assert_int_equal(
				strstr(text, base_text_cstr(&q)) != NULL, record_field_in(f, k));
		}
	}
}

static void
a_short_buffer_says_overflow(void **state)
{
	struct base_text t = base_text_of(text, sizeof(text));

	call_read();
	record_json(&t, &row, true);
	size_t whole = t.len;
	for (size_t cap = 0; cap < whole; cap++) {
		t = base_text_of(text, cap);
		text[cap] = '~';
		record_json(&t, &row, true);
		assert_true(t.overflow && t.len <= cap && text[cap] == '~');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_records),
		cmocka_unit_test(nothing_but_the_kind),
		cmocka_unit_test(values_alone),
		cmocka_unit_test(lists_alone),
		cmocka_unit_test(from_the_store_equals_from_the_ring),
		cmocka_unit_test(numbers),
		cmocka_unit_test(every_field_has_its_key),
		cmocka_unit_test(a_short_buffer_says_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
