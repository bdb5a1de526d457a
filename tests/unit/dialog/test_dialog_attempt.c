/* Attempts of a call, at whichever hop, and their final responses. */
#include "dialog_testing.h"

static void
authentication_rounds_are_attempts_of_one_call(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 10, BOB, ALICE, "407 Proxy Authentication Required", "1 INVITE", "a1", "p1", NULL);
	say(f, 20, ALICE, BOB, "ACK", "1 ACK", "a1", "p1", NULL);
	say(f, 50000, ALICE, BOB, "INVITE", "2 INVITE", "a2", "", SDP_ALICE); /* typed in by hand, with a new tag */
	say(f, 50500, BOB, ALICE, "200 OK", "2 INVITE", "a2", "b1", SDP_BOB);
	finish(f, 60000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"auth_challenges\":1");
	has(f, 0, "\"disposition\":\"answered\",\"sip_code\":200");
	has(f, 0, "\"setup_ms\":50500.000");
	has(f, 0, "\"invites\":2");
	fixture_free(f);
}

static void
late_response_of_an_old_attempt_changes_nothing(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "407 Auth", "1 INVITE", "a1", "p1", NULL);
	say(f, 30, ALICE, BOB, "INVITE", "2 INVITE", "a1", "", NULL);
	say(f, 40, BOB, ALICE, "486 Busy Here", "2 INVITE", "a1", "b1", NULL);
	f->branch = "late";
	say(f, 60, BOB, ALICE, "407 Auth", "1 INVITE", "a1", "p1", NULL);
	finish(f, 100);
	has(f, 0, "\"sip_code\":486");
	fixture_free(f);
}

static void
the_answer_before_its_invite_is_the_same_call(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 1, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 2000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"sip_code\":200");
	has(f, 0, "\"src_ip\":\"10.0.0.1\"");
	fixture_free(f);
}

static void
what_a_leg_was_told_is_not_the_outcome(void **state)
{
	struct fixture *f = fixture_new(16);

	f->branch = "up";
	say(f, 0, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	f->branch = "leg";
	say(f, 5, PROXY, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 100, PROXY, BOB, "CANCEL", "1 CANCEL", "a1", "", NULL);
	say(f, 110, BOB, PROXY, "487 Request Terminated", "1 INVITE", "a1", "b1", NULL);
	finish(f, 2000);
	has(f, 0, "\"disposition\":\"incomplete\",\"ended_by\":\"none\"");
	fixture_free(f);
}

static void
hops_are_told_by_their_vias_in_whichever_order_they_are_captured(void **state)
{
	struct fixture *f = fixture_new(16);

	f->branch = "leg";
	f->extra = "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKup\r\n";
	say(f, 0, PROXY, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	f->branch = "up";
	f->extra = "";
	say(f, 1, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	f->branch = "leg";
	f->extra = "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKup\r\n";
	say(f, 100, BOB, PROXY, "503 Service Unavailable", "1 INVITE", "a1", "b1", NULL);
	f->branch = "up";
	f->extra = "";
	say(f, 110, PROXY, ALICE, "500 Server Internal Error", "1 INVITE", "a1", "p1", NULL);
	finish(f, 2000);
	has(f, 0, "\"sip_code\":500");
	has(f, 0, "\"src_ip\":\"10.0.0.1\"");
	fixture_free(f);
}

/* A B2BUA that keeps the Call-ID: both legs are challenged, and each goes on with its own tag. */
static void
a_second_attempt_belongs_to_the_leg_with_its_tag(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", NULL);
	f->branch = "leg-2";
	say(f, 5, PROXY, BOB, "INVITE", "1 INVITE", "p1", "", NULL);
	say(f, 10, BOB, PROXY, "407 Who", "1 INVITE", "p1", "b0", NULL);
	f->branch = NULL;
	say(f, 15, PROXY, ALICE, "407 Who", "1 INVITE", "a1", "q0", NULL);
	f->branch = "again";
	say(f, 20, ALICE, PROXY, "INVITE", "2 INVITE", "a1", "", NULL);
	f->branch = "leg-2-again";
	say(f, 25, PROXY, BOB, "INVITE", "2 INVITE", "p1", "", NULL);
	say(f, 30, BOB, PROXY, "200 OK", "2 INVITE", "p1", "b1", NULL);
	f->branch = "again";
	say(f, 35, PROXY, ALICE, "200 OK", "2 INVITE", "a1", "q1", NULL);
	finish(f, 3000);
	assert_int_equal(f->n_records, 2);
	has(f, 1, "\"from_tag\":\"a1\",\"to_tag\":\"q1\"");
	has(f, 0, "\"messages\":4");
	has(f, 0, "\"auth_challenges\":1");
	has(f, 0, "\"from_tag\":\"p1\",\"to_tag\":\"b1\"");
	has(f, 1, "\"messages\":4");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(authentication_rounds_are_attempts_of_one_call),
		cmocka_unit_test(late_response_of_an_old_attempt_changes_nothing),
		cmocka_unit_test(the_answer_before_its_invite_is_the_same_call),
		cmocka_unit_test(what_a_leg_was_told_is_not_the_outcome),
		cmocka_unit_test(hops_are_told_by_their_vias_in_whichever_order_they_are_captured),
		cmocka_unit_test(a_second_attempt_belongs_to_the_leg_with_its_tag)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
