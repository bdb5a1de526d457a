/* Laws: what a record says comes back from the store, every field of every kind; times are read as
 * they are printed. */
#include "store_fixture.h"

#include "store_private.h"

static void
test_time_round_trip(void **state)
{
	uint64_t x = 12345;
	char buffer[40];

	for (int i = 0; i < 20000; i++) {
		x = base_hash_mix(x + 1);
		int64_t ts_ns = (int64_t)(x % (292ull * 365 * 86400 * 1000000)) * BASE_NS_PER_US;
		struct base_text t = base_text_of(buffer, sizeof(buffer));
		base_text_time(&t, ts_ns);
		assert_int_equal(store_time_parse(buffer, (uint32_t)t.len), ts_ns);
	}
}

static void
test_time_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} table[] = {
		{"1970-01-01T00:00:00.000001Z", 1},
		{"2000-02-29T12:34:56.789012Z", 951827696789012},
		{"2100-03-01T00:00:00.000000Z", 4107542400000000},
		{"2023-11-14T22:13:20.000000Z", 1700000000000000},
		{"2023-11-14T22:13:20Z", 0},
		{"2023-11-14 22:13:20.000000Z", 0},
		{"2023-13-14T22:13:20.000000Z", 0},
		{"2023-11-14T22:13:2x.000000Z", 0},
		{"x023-11-14T22:13:20.000000Z", 0},
		{"2023-11-14T22:13:20.00000xZ", 0},
		{"2999-11-14T22:13:20.000000Z", 0},
		{"", 0},
	};

	for (size_t i = 0; i < base_count_of(table); i++)
		assert_int_equal(store_time_parse(table[i].text, (uint32_t)strlen(table[i].text)),
			table[i].us * BASE_NS_PER_US);
}

/* Every field of a kind, each type with values that are hard to keep. */
static uint32_t
record_whole(uint8_t *buffer, enum record_kind kind, uint64_t seed)
{
	struct record_writer w = record_writer_begin(buffer, RECORD_BYTES_MAX, kind);
	struct base_ip ip4, ip6;

	assert_true(base_ip_parse(BASE_SPAN("192.0.2.7"), &ip4));
	assert_true(base_ip_parse(BASE_SPAN("2001:db8::1:0:5"), &ip6));
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		uint64_t x = base_hash_mix(seed + (uint64_t)f);
		if (!record_field_in(f, kind))
			continue;
		switch (record_fields[f].type) {
		case RECORD_STR:
			record_put_str(&w, f,
				x & 1 ? BASE_SPAN("a\"b';\\ \xc3\xa4 \xff,\r\n")
				      : BASE_SPAN("plain"));
			break;
		case RECORD_TIME:
			record_put_time(&w, f, T0 + (int64_t)(x % 86400000) * 1000);
			break;
		case RECORD_U64: record_put_u64(&w, f, x & 1 ? x : x & 2 ? 0 : UINT64_MAX); break;
		case RECORD_F64: record_put_f64(&w, f, (double)(x % 1000000) / 1000); break;
		case RECORD_BOOL: record_put_bool(&w, f, true); break;
		case RECORD_HEX32: record_put_hex32(&w, f, (uint32_t)x); break;
		case RECORD_IP: record_put_ip(&w, f, x & 1 ? &ip4 : &ip6); break;
		case RECORD_TEXTS:
			record_put_str(&w, f, BASE_SPAN("X-One: 1"));
			record_put_str(&w, f, BASE_SPAN("X-Two: \"2\""));
			break;
		case RECORD_LIST:
			for (int i = 0; i < 3; i++) {
				uint32_t began = record_list_open(&w, f);
				record_put_ip(&w, RECORD_F_SRC_IP, &ip4);
				record_put_u64(&w, RECORD_F_SRC_PORT, 5060 + (uint64_t)i);
				record_list_close(&w, began);
			}
			break;
		}
	}
	assert_false(w.overflow);
	record_set_seq(buffer, seed);
	return w.len;
}

struct expected {
	struct record_row row;
	uint32_t n;
};

static int
compare(void *context, const struct record_row *row, int64_t position)
{
	static char a[1 << 17], b[1 << 17];
	struct expected *expected = context;
	struct base_text want = base_text_of(a, sizeof(a)), got = base_text_of(b, sizeof(b));

	record_json(&want, &expected->row, true);
	record_json(&got, row, true);
	assert_string_equal(base_text_cstr(&got), base_text_cstr(&want));
	expected->n++;
	return 0;
}

static void
test_record_round_trip(void **state)
{
	static uint8_t buffer[RECORD_BYTES_MAX];
	struct fixture *f = *state;

	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		struct expected expected = {.n = 0};
		uint32_t len = record_whole(buffer, kind, 7 + kind);
		assert_int_equal(store_begin(f->store, &f->e), 0);
		assert_int_equal(
			store_put(f->store, BASE_SPAN("probe x"), 9, buffer, len, &f->e), 0);
		assert_int_equal(store_commit(f->store, &f->e), 0);
		assert_int_equal(record_row_read(&expected.row, buffer, len), 0);
		/* These two come from the ring, not from the record. */
		expected.row.values[RECORD_F_PROBE].text = BASE_SPAN("probe x");
		expected.row.values[RECORD_F_CORE].u64 = 9;
		struct store_query q = {.kinds = 1u << kind};
		assert_int_equal(store_query(f->store, &q, compare, &expected, &f->e), 0);
		assert_int_equal(expected.n, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_round_trip),
		cmocka_unit_test(test_time_parse),
		FIXTURE_TEST(test_record_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
