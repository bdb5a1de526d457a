#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rtp.h"

struct bytes {
	uint8_t b[64];
	uint32_t len;
};
#define B(...) ((struct bytes){{__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})
#define SEQ_TS_SSRC 0x12, 0x34, 1, 2, 3, 4, 0xaa, 0xbb, 0xcc, 0xdd

/* Through a heap copy of the exact size: a sanitizer sees each byte read too far. */
static bool
parse(struct rtp_header *h, struct bytes bytes, uint32_t wire_len)
{
	uint8_t *copy = malloc(bytes.len + 1);
	memcpy(copy + 1, bytes.b, bytes.len);
	bool ok = rtp_parse(h, copy + 1, bytes.len, wire_len ? wire_len : bytes.len);
	free(copy);
	return ok;
}

static void
header_fields_are_those_of_rfc_3550(void **state)
{
	struct rtp_header h;

	assert_true(parse(&h, B(0x80, 0x88, SEQ_TS_SSRC, 9, 9), 0));
	assert_int_equal(h.seq, 0x1234);
	assert_int_equal(h.timestamp, 0x01020304);
	assert_int_equal(h.ssrc, 0xaabbccdd);
	assert_int_equal(h.payload_type, 8);
	assert_true(h.marker);
	assert_int_equal(h.payload_offset, 12);
	assert_int_equal(h.payload_len, 2);
}

static void
lengths_add_up(void **state)
{
	struct rtp_header h;
#define P(bytes, wire, ok, offset, payload, why) do { \
		assert_int_equal(parse(&h, bytes, wire), ok); \
		if (ok) \
			assert_true(h.payload_offset == (offset) && h.payload_len == (payload)); \
	} while (0)
	P(B(0x80, 0, SEQ_TS_SSRC), 0, true, 12, 0, "header alone");
	P(B(0x80, 0, SEQ_TS_SSRC), 172, true, 12, 160, "snap length: payload as on the wire");
	P(B(0x80, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 0, false, 0, 0, "11 bytes");
	P(B(0x40, 0, SEQ_TS_SSRC), 0, false, 0, 0, "version 1");
	P(B(0x82, 0, SEQ_TS_SSRC, 0, 0, 0, 1, 0, 0, 0, 2, 7), 0, true, 20, 1, "two CSRCs");
	P(B(0x82, 0, SEQ_TS_SSRC, 0, 0, 0, 1, 0, 0, 0), 0, false, 0, 0, "second CSRC cut");
	P(B(0x82, 0, SEQ_TS_SSRC), 40, true, 20, 20, "CSRCs not captured");
	P(B(0x90, 0, SEQ_TS_SSRC, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 7), 0, true, 20, 1, "extension of one word");
	P(B(0x90, 0, SEQ_TS_SSRC, 0xbe, 0xde, 0, 0), 0, true, 16, 0, "empty extension");
	P(B(0x90, 0, SEQ_TS_SSRC, 0xbe, 0xde, 0, 2, 1, 2, 3, 4), 0, false, 0, 0, "extension longer than the packet");
	P(B(0x90, 0, SEQ_TS_SSRC, 0xbe, 0xde, 0xff, 0xff), 0, false, 0, 0, "longest extension");
	P(B(0x90, 0, SEQ_TS_SSRC, 0xbe), 0, false, 0, 0, "extension header cut");
	P(B(0x90, 0, SEQ_TS_SSRC, 0xbe), 60, true, 16, 44, "extension header not captured");
	P(B(0xa0, 0, SEQ_TS_SSRC, 7, 0, 2), 0, true, 12, 1, "padding of two");
	P(B(0xa0, 0, SEQ_TS_SSRC, 7, 0, 3), 0, true, 12, 0, "all padding");
	P(B(0xa0, 0, SEQ_TS_SSRC, 7, 0, 4), 0, false, 0, 0, "padding longer than the payload");
	P(B(0xa0, 0, SEQ_TS_SSRC, 7, 0, 0), 0, false, 0, 0, "padding of none");
	P(B(0xa0, 0, SEQ_TS_SSRC, 7, 0, 99), 20, true, 12, 8, "padding not captured");
	P(B(0xa0, 0, SEQ_TS_SSRC), 0, false, 0, 0, "padding without payload");
#undef P
}

static void
rtcp_types_are_no_payload_types(void **state)
{
	struct rtp_header h;
	for (uint32_t second = 0; second < 256; second++) {
		struct bytes b = B(0x80, (uint8_t)second, SEQ_TS_SSRC);
		bool rtcp = (second & 0x7f) >= 72 && (second & 0x7f) <= 76;
		assert_int_equal(parse(&h, b, 0), !rtcp);
	}
}

static void
event_fields_are_those_of_rfc_4733(void **state)
{
	struct rtp_event e;
	assert_true(rtp_event_parse(&e, (const uint8_t[]){11, 0x8a, 0x03, 0x20}, 4));
	assert_true(e.event == 11 && e.end && e.volume == 10 && e.duration == 800);
	assert_true(rtp_event_parse(&e, (const uint8_t[]){0, 0x3f, 0, 0, 9}, 5));
	assert_true(e.event == 0 && !e.end && e.volume == 63 && e.duration == 0);
	assert_false(rtp_event_parse(&e, (const uint8_t[]){1, 2, 3}, 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields_are_those_of_rfc_3550),
		cmocka_unit_test(lengths_add_up),
		cmocka_unit_test(rtcp_types_are_no_payload_types),
		cmocka_unit_test(event_fields_are_those_of_rfc_4733),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
