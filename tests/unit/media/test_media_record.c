#include "media_testing.h"

static void
a_summary_is_read_back_from_its_record(void **state)
{
	struct media_summary s = {.src = endpoint(1, 4000), .dst = endpoint(2, 5000), .ssrc = 0xdeadbeef, .clock_hz = 8000, .first_ns = SEC,
		.last_ns = 2 * SEC, .packets = 50, .bytes = 8000, .expected = 52, .lost = 2, .duplicates = 1, .reordered = 3, .markers = 4,
		.rtcp_packets = 5, .jitter_ms_mean = 1.5, .jitter_ms_max = 2.5, .delta_ms_max = 21, .vlan = 7, .payload_type = 8,
		.codec = RTP_CODEC_PCMA, .sender = MEDIA_SIDE_CALLEE, .tunnel = PACKET_TUNNEL_VXLAN};
	uint8_t bytes[1024];
	static struct record_row row;
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_STREAM);

	media_summary_write(&w, &s);
	assert_false(w.overflow);
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
#define U(field, want) assert_int_equal(row.values[RECORD_F_##field].u64, want)
	U(SRC_PORT, 4000), U(DST_PORT, 5000), U(SSRC, 0xdeadbeef), U(CLOCK_RATE, 8000), U(PACKETS, 50), U(BYTES, 8000), U(EXPECTED, 52);
	U(LOST, 2), U(DUPLICATES, 1), U(REORDERED, 3), U(MARKERS, 4), U(RTCP_PACKETS, 5), U(VLAN, 7), U(PAYLOAD_TYPE, 8);
#undef U
	assert_true(row.values[RECORD_F_JITTER_MS_MEAN].f64 == 1.5 && row.values[RECORD_F_DELTA_MS_MAX].f64 == 21);
	assert_true(base_span_eq(row.values[RECORD_F_CODEC].text, BASE_SPAN("PCMA")));
	assert_true(base_span_eq(row.values[RECORD_F_SENDER].text, BASE_SPAN("callee")));
	assert_true(base_span_eq(row.values[RECORD_F_TUNNEL].text, BASE_SPAN("vxlan")));
	assert_true(base_ip_eq(&row.values[RECORD_F_DST_IP].ip, &s.dst.ip));
}

static void
what_is_unknown_is_left_out(void **state)
{
	struct media_summary s = {.vlan = PACKET_VLAN_NONE, .jitter_ms_mean = NAN, .jitter_ms_max = NAN, .delta_ms_max = NAN};
	uint8_t bytes[1024];
	static struct record_row row;
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_STREAM);

	media_summary_write(&w, &s);
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
	static const enum record_field absent[] = {RECORD_F_VLAN, RECORD_F_TUNNEL, RECORD_F_SENDER, RECORD_F_CODEC, RECORD_F_CLOCK_RATE,
		RECORD_F_JITTER_MS_MEAN, RECORD_F_JITTER_MS_MAX, RECORD_F_DELTA_MS_MAX};
	for (uint32_t i = 0; i < base_count_of(absent); i++)
		assert_false(row.values[absent[i]].present);
	assert_true(row.values[RECORD_F_LOST].present);
}

/* A row in the order of record.def is written as JSON in one go. */
static void
fields_stand_in_the_order_of_the_list(void **state)
{
	uint8_t bytes[4096];

	for (int codec = 0; codec < 2; codec++) {
		static struct media_summary s;
		memset(&s, 1, sizeof(s)); /* all of it is there */
		s.codec = codec ? RTP_CODEC_T38 : RTP_CODEC_PCMA;
		s.mos_reason = MEDIA_MOS_GIVEN;
		s.interval_ms = s.reports.trip_ms_mean = 1;
		struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_STREAM);
		media_summary_write(&w, &s);
		assert_false(w.overflow);
		int last = -1, n = 0;
		for (uint32_t at = RECORD_HEADER_BYTES; at < w.len; n++) {
			uint16_t prefix[2];
			memcpy(prefix, bytes + at, sizeof(prefix));
			if (prefix[0] <= last)
				fail_msg("%s after %s", record_fields[prefix[0]].key, record_fields[last].key);
			last = prefix[0];
			at += RECORD_PREFIX_BYTES + prefix[1];
		}
		assert_true(n > 70);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_summary_is_read_back_from_its_record),
		cmocka_unit_test(what_is_unknown_is_left_out),
		cmocka_unit_test(fields_stand_in_the_order_of_the_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
