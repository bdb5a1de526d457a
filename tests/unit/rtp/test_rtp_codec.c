#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp.h"

static void
every_name_gives_its_codec_and_is_unique(void **state)
{
	for (int c = RTP_CODEC_NONE + 1; c < RTP_CODEC_OTHER; c++) {
		assert_int_equal(rtp_codec_of(base_span_cstr(rtp_codec_name(c))), c);
		assert_true(rtp_codec_clock(c) >= 1000);
	}
	assert_string_equal(rtp_codec_name(RTP_CODEC_NONE), "");
	assert_string_equal(rtp_codec_name(RTP_CODEC_OTHER), "other");
	assert_string_equal(rtp_codec_name((enum rtp_codec)10000), "");
	assert_int_equal(rtp_codec_clock((enum rtp_codec)10000), 0);
}

static void
names_are_taken_in_any_case(void **state)
{
#define P(text, want) assert_int_equal(rtp_codec_of(base_span_cstr(text)), RTP_CODEC_##want)
	P("pcma", PCMA), P("PCMA", PCMA), P("TELEPHONE-EVENT", TELEPHONE_EVENT), P("OPUS", OPUS), P("amr-wb", AMR_WB), P("AMR", AMR);
	P("G729", G729), P("g726-32", G726_32), P("AAL2-G726-32", AAL2_G726_32), P("T38", T38);
	P("", NONE), P("PCM", OTHER), P("PCMAA", OTHER), P("G729 ", OTHER);
#undef P
}

static void
static_payload_types_are_those_of_rfc_3551(void **state)
{
	static const struct {
		uint8_t pt, codec;
		uint32_t clock;
	} table[] = {
		{0, RTP_CODEC_PCMU, 8000}, {3, RTP_CODEC_GSM, 8000}, {4, RTP_CODEC_G723, 8000}, {5, RTP_CODEC_DVI4, 8000},
		{6, RTP_CODEC_DVI4, 16000}, {7, RTP_CODEC_LPC, 8000}, {8, RTP_CODEC_PCMA, 8000}, {9, RTP_CODEC_G722, 8000},
		{10, RTP_CODEC_L16, 44100}, {11, RTP_CODEC_L16, 44100}, {12, RTP_CODEC_QCELP, 8000}, {13, RTP_CODEC_CN, 8000},
		{14, RTP_CODEC_MPA, 90000}, {15, RTP_CODEC_G728, 8000}, {16, RTP_CODEC_DVI4, 11025}, {17, RTP_CODEC_DVI4, 22050},
		{18, RTP_CODEC_G729, 8000}, {25, RTP_CODEC_CELB, 90000}, {26, RTP_CODEC_JPEG, 90000}, {28, RTP_CODEC_NV, 90000},
		{31, RTP_CODEC_H261, 90000}, {32, RTP_CODEC_MPV, 90000}, {33, RTP_CODEC_MP2T, 90000}, {34, RTP_CODEC_H263, 90000},
	};
	uint32_t known = 0, clock;

	for (uint32_t i = 0; i < base_count_of(table); i++) {
		assert_int_equal(rtp_codec_static(table[i].pt, &clock), table[i].codec);
		assert_int_equal(clock, table[i].clock);
	}
	for (uint32_t pt = 0; pt < 256; pt++) {
		if (rtp_codec_static((uint8_t)pt, &clock) != RTP_CODEC_NONE)
			known++;
		else
			assert_int_equal(clock, 0);
	}
	assert_int_equal(known, base_count_of(table));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_gives_its_codec_and_is_unique),
		cmocka_unit_test(names_are_taken_in_any_case),
		cmocka_unit_test(static_payload_types_are_those_of_rfc_3551),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
