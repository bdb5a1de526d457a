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

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_sides_endpoints_are_published_with_their_codecs),
		cmocka_unit_test(a_retransmitted_offer_is_published_once),
		cmocka_unit_test(holds_are_counted_once_over_retransmissions_and_hops), cmocka_unit_test(early_media_has_its_time)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
