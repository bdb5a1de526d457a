#include "sip_testing.h"

static const char *const known[] = {
#define SIP_HEADER(id, name, compact) name,
#include "sip_header.def"
#undef SIP_HEADER
};
static const char compacts[] = {
#define SIP_HEADER(id, name, compact) compact,
#include "sip_header.def"
#undef SIP_HEADER
};

static enum sip_header_id
id_of(const char *name)
{
	uint8_t *copy = heap_copy(name, (uint32_t)strlen(name));
	enum sip_header_id id = sip_header_id_of(base_span_of(copy, (uint32_t)strlen(name)));

	free(copy);
	return id;
}

/* Name -> id -> name, whatever the case; compact forms mean the same. */
static void
test_round_trip(void **state)
{
	for (int id = 0; id < SIP_HDR_OTHER; id++) {
		char other[32] = {0};
		assert_string_equal(sip_header_name(id), known[id]);
		assert_int_equal(id_of(known[id]), id);
		for (size_t i = 0; known[id][i]; i++)
			other[i] = known[id][i] >= 'a' && known[id][i] <= 'z' ? known[id][i] - 32
									      : known[id][i];
		assert_int_equal(id_of(other), id);
		for (size_t i = 0; known[id][i]; i++)
			other[i] = (char)(i & 1 ? base_lower((uint8_t)other[i]) : other[i]);
		assert_int_equal(id_of(other), id);
		if (!compacts[id])
			continue;
		char c[2] = {compacts[id], 0};
		assert_int_equal(id_of(c), id);
		c[0] -= 32;
		assert_int_equal(id_of(c), id);
	}
}

/* One byte changed, added or taken away, and it is another name. */
static void
test_near_misses(void **state)
{
	for (int id = 0; id < SIP_HDR_OTHER; id++) {
		char name[32];
		size_t n = strlen(known[id]);
		for (size_t i = 0; i < n; i++) {
			for (int c = 1; c < 256; c++) {
				memcpy(name, known[id], n + 1);
				name[i] = (char)c;
				bool same =
					base_lower((uint8_t)c) == base_lower((uint8_t)known[id][i]);
				if ((id_of(name) == (enum sip_header_id)id) != same)
					fail_msg("%s against %s", name, known[id]);
			}
		}
		memcpy(name, known[id], n);
		memcpy(name + n, "x", 2);
		assert_int_equal(id_of(name), SIP_HDR_OTHER);
		name[n - 1] = 0;
		if (n > 2) /* "T" is a compact form */
			assert_int_not_equal(id_of(name), id);
	}
	assert_int_equal(id_of(""), SIP_HDR_OTHER);
	assert_int_equal(id_of("z"), SIP_HDR_OTHER);
	assert_int_equal(id_of("\xe9"), SIP_HDR_OTHER);
	assert_int_equal(id_of("P-Something-Very-Long-That-Nobody-Knows"), SIP_HDR_OTHER);
	assert_string_equal(sip_header_name(SIP_HDR_OTHER), "");
	assert_string_equal(sip_header_name(SIP_HDR_COUNT), "");
}

static const char text[] = "OPTIONS sip:a@b.example SIP/2.0\r\n"
			   "v: SIP/2.0/UDP b.example;branch=z9hG4bK1\r\n"
			   "X-Trunk: 17\r\n"
			   "Via: SIP/2.0/UDP c.example;branch=z9hG4bK2\r\n"
			   "From: <sip:c@c.example>;tag=1\r\n"
			   "To: <sip:a@b.example>\r\n"
			   "Call-ID: 1@c\r\n"
			   "CSeq: 1 OPTIONS\r\n"
			   "VIA: SIP/2.0/UDP d.example;branch=z9hG4bK3\r\n"
			   "s: tea\r\n"
			   "Content-Length: 0\r\n\r\n";

static void
test_lookup(void **state)
{
	struct sip_message m;
	const struct sip_header *h;

	assert_int_equal(
		sip_parse(&m, (const uint8_t *)text, sizeof(text) - 1, true), sizeof(text) - 1);
	h = sip_header_find(&m, SIP_HDR_VIA);
	span_is(h->value, "SIP/2.0/UDP b.example;branch=z9hG4bK1");
	h = sip_header_next(&m, h);
	span_is(h->value, "SIP/2.0/UDP c.example;branch=z9hG4bK2");
	h = sip_header_next(&m, h);
	span_is(h->name, "VIA");
	assert_null(sip_header_next(&m, h));
	assert_null(sip_header_find(&m, SIP_HDR_ROUTE));
	assert_null(sip_header_find(&m, SIP_HDR_OTHER));
	span_is(sip_header_value(&m, SIP_HDR_ROUTE), "");
	span_is(sip_header_named(&m, BASE_SPAN("x-trunk"))->value, "17");
	span_is(sip_header_named(&m, BASE_SPAN("subject"))->value, "tea");
	span_is(sip_header_named(&m, BASE_SPAN("S"))->value, "tea");
	assert_null(sip_header_named(&m, BASE_SPAN("X-Trun")));
	assert_null(sip_header_named(&m, BASE_SPAN("Warning")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_lookup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
