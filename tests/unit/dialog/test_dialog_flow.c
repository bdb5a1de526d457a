/* Retransmission, mirror duplicate and second hop are three different things. */
#include "dialog_testing.h"

static void
the_same_message_again_is_a_retransmission(void **state)
{
	struct fixture *f = fixture_new(16);

	for (int i = 0; i < 3; i++)
		f->ip_id = 100 + (uint32_t)i, say(f, i * 500, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 2000);
	has(f, 0, "\"messages\":3,\"retransmissions\":2,\"capture_duplicates\":0,\"invites\":1");
	has(f, 0, "\"repeat\":\"retransmission\"");
	fixture_free(f);
}

static void
the_same_packet_again_is_a_capture_duplicate(void **state)
{
	struct fixture *f = fixture_new(16);

	f->ip_id = 100;
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 1, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 2000);
	has(f, 0, "\"messages\":2,\"retransmissions\":0,\"capture_duplicates\":1");
	has(f, 0, "\"repeat\":\"duplicate\"");
	fixture_free(f);
}

static void
an_old_identification_is_no_duplicate(void **state)
{
	struct fixture *f = fixture_new(16);

	f->ip_id = 100;
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 4000, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 5000);
	has(f, 0, "\"retransmissions\":1,\"capture_duplicates\":0");
	fixture_free(f);
}

static void
another_hop_is_neither(void **state)
{
	struct fixture *f = fixture_new(16);

	f->branch = "h1";
	say(f, 0, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	f->branch = "h2";
	say(f, 2, PROXY, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 2000);
	has(f, 0, "\"messages\":2,\"retransmissions\":0,\"capture_duplicates\":0,\"invites\":1");
	fixture_free(f);
}

static void
a_different_reason_phrase_or_to_tag_is_another_message(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 20, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b2", NULL);
	say(f, 30, BOB, ALICE, "180 Still", "1 INVITE", "a1", "b2", NULL);
	finish(f, 2000);
	has(f, 0, "\"messages\":4,\"retransmissions\":0");
	fixture_free(f);
}

static void
flow_is_bounded_and_says_so(void **state)
{
	struct fixture *f = fixture_new(16);
	char cseq[32];

	for (int i = 1; i <= 40; i++) {
		snprintf(cseq, sizeof(cseq), "%d INVITE", i);
		say(f, i, ALICE, BOB, "INVITE", cseq, "a1", i > 1 ? "b1" : "", NULL);
	}
	finish(f, 2000);
	has(f, 0, "\"messages\":40");
	has(f, 0, "\"flow_truncated\":true");
	assert_int_equal(f->metrics.values[METRICS_FLOW_TRUNCATED], 40 - 16);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_message_again_is_a_retransmission),
		cmocka_unit_test(the_same_packet_again_is_a_capture_duplicate), cmocka_unit_test(an_old_identification_is_no_duplicate),
		cmocka_unit_test(another_hop_is_neither), cmocka_unit_test(a_different_reason_phrase_or_to_tag_is_another_message),
		cmocka_unit_test(flow_is_bounded_and_says_so)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
