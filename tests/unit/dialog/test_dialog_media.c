/* SDP: endpoints with their side and codecs, holds, the line in flow[]. */
#include "dialog_testing.h"

static void
both_sides_endpoints_are_published_with_their_codecs(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	assert_int_equal(f->n_published, 2);
	assert_int_equal(f->published[0].port, 4000);
	assert_int_equal(f->announced[0].side, MEDIA_SIDE_CALLER);
	assert_int_equal(f->announced[0].n_codecs, 2);
	assert_int_equal(f->announced[0].codecs[0].codec, RTP_CODEC_PCMA);
	assert_int_equal(f->announced[0].codecs[0].clock_hz, 8000);
	assert_int_equal(f->announced[0].codecs[1].payload_type, 101);
	assert_int_equal(f->published[1].port, 5000);
	assert_int_equal(f->announced[1].side, MEDIA_SIDE_CALLEE);
	assert_int_equal(f->announced[1].call >> 56, 3);
	finish(f, 4000);
	assert_int_equal(f->n_withdrawn, 2);
	has(f, 0, "\"sdp\":\"audio 10.0.0.1:4000 PCMA,telephone-event sendrecv\"");
	fixture_free(f);
}

static void
a_retransmitted_offer_is_published_once(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 500, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 4000);
	assert_int_equal(f->n_published, 1);
	assert_int_equal(f->n_withdrawn, 1);
	fixture_free(f);
}

static void
holds_are_counted_once_over_retransmissions_and_hops(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	f->branch = "h1";
	say(f, 10000, ALICE, PROXY, "INVITE", "2 INVITE", "a1", "b1", SDP_HOLD);
	say(f, 10500, ALICE, PROXY, "INVITE", "2 INVITE", "a1", "b1", SDP_HOLD);
	f->branch = "h2";
	say(f, 10600, PROXY, BOB, "INVITE", "2 INVITE", "a1", "b1", SDP_HOLD);
	f->branch = NULL;
	say(f, 20000, ALICE, BOB, "INVITE", "3 INVITE", "a1", "b1", SDP_ALICE);
	finish(f, 30000);
	has(f, 0, "\"holds\":1");
	has(f, 0, "\"invites\":3");
	has(f, 0, "\"sip_code\":200");
	fixture_free(f);
}

static void
early_media_has_its_time(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 200, BOB, ALICE, "183 Session Progress", "1 INVITE", "a1", "b1", SDP_BOB);
	finish(f, 1000);
	has(f, 0, "\"ringing_time\":\"2023-11-14T22:13:20.200000Z\",\"early_media_time\":\"2023-11-14T22:13:20.200000Z\"");
	has(f, 0, "\"pdd_ms\":200.000");
	fixture_free(f);
}

static void
the_end_is_told_once_and_taken_back_with_a_new_attempt(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	assert_int_equal(f->ended_ns, 0);
	say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	assert_int_equal(f->ended_ns, T0 + 10 * BASE_NS_PER_SEC);
	say(f, 10020, BOB, ALICE, "200 OK", "2 BYE", "a1", "b1", NULL);
	assert_int_equal(f->ended_ns, T0 + 10 * BASE_NS_PER_SEC);
	f->ended_ns = 0;
	f->call_id = "c2";
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 10, BOB, ALICE, "407 Auth", "1 INVITE", "a1", "b1", NULL);
	assert_int_equal(f->ended_ns, 0); /* not over: another attempt follows */
	fixture_free(f);
}

static void
media_on_one_side_alone_is_one_way_and_none_is_none(void **state)
{
	static const struct { uint8_t sender; int64_t last_s; const char *has, *has_not; } cases[] = {
		{MEDIA_SIDE_CALLER, 9, "\"one_way\":true", "no_media"},
		{MEDIA_SIDE_CALLEE, 2, "\"no_media\":true", "one_way"}, /* before the answer alone */
		{MEDIA_SIDE_UNKNOWN, 9, "\"kind\"", "one_way"},
	};
	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct fixture *f = fixture_new(16);
		answered_call(f);
		f->stream = (struct media_summary){.packets = 9, .sender = cases[i].sender, .first_ns = T0 + 1,
			.last_ns = T0 + cases[i].last_s * BASE_NS_PER_SEC};
		say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
		finish(f, 20000);
		has(f, 0, cases[i].has);
		has_not(f, 0, cases[i].has_not);
		fixture_free(f);
	}
}

static void
a_private_address_behind_public_signalling_is_guessed(void **state)
{
	static const char sdp[] = "v=0\r\no=a 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP 8\r\na=rtcp:4777\r\n";
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", sdp); /* Alice's host is 10.0.0.1 */
	assert_int_equal(f->n_published, 4);
	assert_false(f->announced[0].guess);
	assert_true(f->announced[1].guess);
	assert_int_equal(f->published[1].port, 4000);
	assert_int_equal(f->published[1].ip.b[12], 10);
	assert_true(f->announced[2].guess && f->published[2].ip.b[12] == 10);
	assert_int_equal(f->published[2].port, 0); /* the host */
	assert_false(f->announced[3].guess);
	assert_int_equal(f->published[3].port, 4777);
	say(f, 10, ALICE, BOB, "INVITE", "2 INVITE", "a1", "b1", sdp);
	for (uint32_t i = 0; i < f->n_published; i++)
		assert_int_equal(f->announced[i].again, i >= 4);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_sides_endpoints_are_published_with_their_codecs),
		cmocka_unit_test(a_retransmitted_offer_is_published_once),
		cmocka_unit_test(holds_are_counted_once_over_retransmissions_and_hops), cmocka_unit_test(early_media_has_its_time),
		cmocka_unit_test(the_end_is_told_once_and_taken_back_with_a_new_attempt),
		cmocka_unit_test(media_on_one_side_alone_is_one_way_and_none_is_none),
		cmocka_unit_test(a_private_address_behind_public_signalling_is_guessed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
