/* UDPTL as T.38 annex A encodes it, by hand; cut anywhere, it is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "udptl.h"

#define BYTES(text) (const uint8_t *)text, sizeof(text) - 1

static void
packets_are_read(void **state)
{
	static const struct {
		const uint8_t *p;
		uint32_t len;
		struct udptl_packet wanted;
	} cases[] = {
		{BYTES("\x00\x07\x01\x06\x00\x00"), {.seq = 7, .primary_len = 1, .value = 3}},
		{BYTES("\xff\xff\x02\xc6\x41\x00\x02\x01\x06\x02\xc0\x01"),
			{.seq = 65535, .primary_len = 2, .repeats = 2, .is_data = true, .value = 3}},
		{BYTES("\x00\x01\x01\x06\x80\x01\x03\x01\x02\xaa\xbb"),
			{.seq = 1, .primary_len = 1, .repeats = 1, .fec = true, .value = 3}},
		{BYTES("\x00\x07\x01\x06\x00\x00\x00\x00"), {.seq = 7, .primary_len = 1, .value = 3}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct udptl_packet got;
		assert_true(udptl_parse(&got, cases[i].p, cases[i].len));
		assert_int_equal(got.seq, cases[i].wanted.seq);
		assert_int_equal(got.primary_len, cases[i].wanted.primary_len);
		assert_int_equal(got.repeats, cases[i].wanted.repeats);
		assert_int_equal(got.fec, cases[i].wanted.fec);
		assert_int_equal(got.is_data, cases[i].wanted.is_data);
		assert_int_equal(got.value, cases[i].wanted.value);
	}
}

static void
a_packet_cut_anywhere_is_none(void **state)
{
	static const uint8_t whole[] = "\x00\x01\x02\xc6\x41\x00\x02\x01\x06\x02\xc0\x01";
	struct udptl_packet got;

	for (uint32_t len = 0; len < sizeof(whole) - 1; len++)
		assert_false(udptl_parse(&got, whole, len));
	assert_true(udptl_parse(&got, whole, sizeof(whole) - 1));
}

static void
what_is_no_udptl_is_refused(void **state)
{
	struct udptl_packet got;
	uint8_t rtp[172] = {0x80, 0x08, 0x00, 0x01};

	assert_false(udptl_parse(&got, rtp, sizeof(rtp)));
	assert_false(udptl_parse(&got, BYTES("\x00\x01\x00\x00\x00\x00")));       /* no primary */
	assert_false(udptl_parse(&got, BYTES("\x00\x01\x01\x06\x00\x00\x01")));   /* something behind */
	assert_false(udptl_parse(&got, BYTES("\x00\x01\xc1\x06\x00\x00\x00")));   /* a fragment of PER */
	assert_false(udptl_parse(&got, BYTES("\x00\x01\x01\x06\x00\x00\x00\x00\x00\x00")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(packets_are_read), cmocka_unit_test(a_packet_cut_anywhere_is_none),
		cmocka_unit_test(what_is_no_udptl_is_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
