/* The record of a dialog. */
#include "dialog_testing.h"

static void
uid_depends_on_call_id_tag_and_time_alone(void **state)
{
	struct fixture *a = fixture_new(16), *b = fixture_new(64);

	say(a, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	finish(a, 1000);
	b->call_id = "other";
	say(b, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	b->call_id = "c1";
	say(b, 0, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(b, 1000);
	assert_memory_equal(strstr(a->json[0], "\"uid\""), strstr(b->json[1], "\"uid\""), 40);
	assert_memory_not_equal(strstr(a->json[0], "\"uid\""), strstr(b->json[0], "\"uid\""), 40);
	fixture_free(a);
	fixture_free(b);
}

static void
streams_stand_in_the_call(void **state)
{
	struct fixture *f = fixture_new(16);

	f->stream = (struct media_summary){.packets = 100, .expected = 102, .lost = 2, .ssrc = 0xabcd, .codec = RTP_CODEC_PCMA,
		.clock_hz = 8000, .sender = MEDIA_SIDE_CALLER, .src = host(1), .dst = host(2), .first_ns = T0, .last_ns = T0 + 5};
	answered_call(f);
	finish(f, 5000);
	has(f, 0, "\"streams\":[{");
	has(f, 0, "\"ssrc\":\"0x0000abcd\"");
	has(f, 0, "\"lost\":2");
	fixture_free(f);
}

static void
streams_beyond_the_records_room_are_counted_not_hidden(void **state)
{
	struct fixture *f = fixture_new(256);

	f->answer_later = true;
	answered_call(f);
	finish(f, 5000);
	for (uint32_t i = 0; i < 130; i++) {
		struct media_summary stream = {.call = f->asked, .packets = 1, .ssrc = i};
		dialog_add_stream(f->dialog, &stream);
	}
	dialog_collected(f->dialog, f->asked);
	assert_int_equal(f->n_records, 1);
	assert_int_equal(f->metrics.values[METRICS_RECORDS_OVERFLOW], 1);
	fixture_free(f);
}

static void
media_that_stopped_long_before_the_end_gives_the_duration(void **state)
{
	struct fixture *f = fixture_new(16);

	f->stream = (struct media_summary){.packets = 100, .first_ns = T0, .last_ns = T0 + 20 * BASE_NS_PER_SEC};
	answered_call(f);
	finish(f, 100000);
	has(f, 0, "\"duration_ms\":17000.000,\"duration_basis\":\"last_rtp\"");
	fixture_free(f);
}

static void
watch_lists_that_matched_are_named(void **state)
{
	struct fixture *f = fixture_new(16);
	static struct sip_message m;
	static const char text[] = "INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:watched@x>;tag=1\r\n"
		"To: <sip:b@x>\r\nCall-ID: w\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

	assert_true(sip_parse(&m, (const uint8_t *)text, sizeof(text) - 1, true) > 0);
	dialog_receive(f->dialog, &(struct dialog_message){.sip = &m, .ts_ns = T0, .src = host(1), .dst = host(2), .vlan = 42,
		.transport = PACKET_TCP, .tunnel = PACKET_TUNNEL_GRE, .truncated = true});
	finish(f, 1);
	has(f, 0, "\"watch\":[\"second list\"]");
	has(f, 0, "\"transport\":\"tcp\",\"vlan\":42,\"tunnel\":\"gre\"");
	has(f, 0, "\"truncated\":true");
	fixture_free(f);
}

/* What texts and lists have no room for is left out; how the call went is not. */
static void
a_record_full_of_texts_says_how_it_ended(void **state)
{
	for (uint32_t len = 55000; len < 70000; len += 101) {
		struct fixture *f = fixture_new(512);
		static uint8_t text[70000];
		memset(text, 'x', sizeof(text));
		answered_call(f);
		slot_text_replace(f->dialog, &f->dialog->slots[0], TEXT_PAI, base_span_of(text, len));
		slot_text_replace(f->dialog, &f->dialog->slots[0], TEXT_DIVERSION, base_span_of(text, len / 16));
		finish(f, 5000);
		has(f, 0, "\"disposition\":\"answered\"");
		has(f, 0, "\"methods\":\"");
		has(f, 0, "\"clock_source\":");
		fixture_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(uid_depends_on_call_id_tag_and_time_alone),
		cmocka_unit_test(streams_stand_in_the_call),
		cmocka_unit_test(streams_beyond_the_records_room_are_counted_not_hidden), cmocka_unit_test(media_that_stopped_long_before_the_end_gives_the_duration),
		cmocka_unit_test(a_record_full_of_texts_says_how_it_ended),
		cmocka_unit_test(watch_lists_that_matched_are_named)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
