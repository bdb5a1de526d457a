/* What the messages of an INVITE dialog mean. */
#include "dialog_testing.h"

static void
basic_call_has_all_its_times(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	say(f, 63000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	say(f, 63010, BOB, ALICE, "200 OK", "2 BYE", "a1", "b1", NULL);
	assert_int_equal(f->n_records, 0);
	finish(f, 64000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"disposition\":\"answered\",\"sip_code\":200");
	has(f, 0, "\"pdd_ms\":500.000,\"srd_ms\":500.000,\"setup_ms\":3000.000,\"duration_ms\":60000.000,\"duration_basis\":\"bye\"");
	has(f, 0, "\"ended_by\":\"caller\",\"end_cause\":\"bye\"");
	has(f, 0, "\"from_name\":\"Al\\\"ice\"");
	has(f, 0, "\"methods\":\"INVITE:1,ACK:1,BYE:1\"");
	has(f, 0, "\"messages\":7,\"retransmissions\":0");
	fixture_free(f);
}

struct fate {
	const char *response, *cancel_first, *disposition, *ended_by, *cause;
};

static void
final_responses_give_the_disposition(void **state)
{
	static const struct fate fates[] = {{"486 Busy Here", NULL, "busy", "callee", "failure"},
		{"600 Busy Everywhere", NULL, "busy", "callee", "failure"}, {"480 Gone", NULL, "no_answer", "callee", "failure"},
		{"408 Timeout", NULL, "no_answer", "callee", "failure"}, {"504 Timeout", NULL, "no_answer", "callee", "failure"},
		{"603 Decline", NULL, "rejected", "callee", "failure"}, {"403 No", NULL, "rejected", "callee", "failure"},
		{"404 Unknown", NULL, "failed", "callee", "failure"}, {"503 Storm", NULL, "failed", "callee", "failure"},
		{"302 Moved", NULL, "redirected", "callee", "redirect"}, {"487 Terminated", "yes", "cancelled", "caller", "cancel"},
		{"486 Busy Here", "yes", "busy", "caller", "cancel"}, {NULL, "yes", "cancelled", "caller", "cancel"},
		{NULL, NULL, "incomplete", "none", "capture_end"}};
	char want[128];

	for (size_t i = 0; i < base_count_of(fates); i++) {
		struct fixture *f = fixture_new(16);
		say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
		if (fates[i].cancel_first)
			say(f, 900, ALICE, BOB, "CANCEL", "1 CANCEL", "a1", "", NULL);
		if (fates[i].response)
			say(f, 1000, BOB, ALICE, fates[i].response, "1 INVITE", "a1", "b1", NULL);
		finish(f, 2000);
		assert_int_equal(f->n_records, 1);
		snprintf(want, sizeof(want), "\"disposition\":\"%s\"", fates[i].disposition);
		has(f, 0, want);
		snprintf(want, sizeof(want), "\"ended_by\":\"%s\",\"end_cause\":\"%s\"", fates[i].ended_by, fates[i].cause);
		has(f, 0, want);
		has_not(f, 0, "duration_ms");
		fixture_free(f);
	}
}

static void
cancel_that_crosses_the_answer_is_an_answered_call(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 900, ALICE, BOB, "CANCEL", "1 CANCEL", "a1", "", NULL);
	say(f, 901, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 902, BOB, ALICE, "200 OK", "1 CANCEL", "a1", "b1", NULL);
	say(f, 950, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	finish(f, 2000);
	has(f, 0, "\"disposition\":\"answered\",\"sip_code\":200");
	has(f, 0, "\"end_cause\":\"bye\"");
	fixture_free(f);
}

static void
call_id_used_again_with_new_tags_is_a_new_call(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	say(f, 5000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	say(f, 5010, BOB, ALICE, "200 OK", "2 BYE", "a1", "b1", NULL);
	say(f, 6000, ALICE, BOB, "INVITE", "1 INVITE", "a9", "", SDP_ALICE);
	say(f, 6100, BOB, ALICE, "486 Busy Here", "1 INVITE", "a9", "b9", NULL);
	finish(f, 7000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"disposition\":\"answered\"");
	has(f, 1, "\"disposition\":\"busy\"");
	has(f, 1, "\"from_tag\":\"a9\"");
	fixture_free(f);
}

static void
forks_are_counted_and_the_answer_is_the_first(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 100, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 110, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b2", NULL);
	say(f, 200, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b2", SDP_BOB);
	say(f, 210, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 300, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL); /* the second answer is let go */
	say(f, 900, BOB, ALICE, "BYE", "7 BYE", "b2", "a1", NULL);
	finish(f, 2000);
	has(f, 0, "\"forks\":2");
	has(f, 0, "\"to_tag\":\"b2\"");
	has(f, 0, "\"duration_ms\":700.000");
	has(f, 0, "\"ended_by\":\"callee\"");
	fixture_free(f);
}

static void
a_call_seen_from_its_answer_or_its_bye_on_is_recorded_without_guesses(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 900, BOB, ALICE, "BYE", "5 BYE", "b1", "a1", NULL);
	f->call_id = "c2";
	say(f, 1000, BOB, ALICE, "BYE", "5 BYE", "b1", "a1", NULL);
	say(f, 1010, ALICE, BOB, "200 OK", "5 BYE", "b1", "a1", NULL);
	finish(f, 2000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"disposition\":\"answered\"");
	has(f, 0, "\"ended_by\":\"none\""); /* the 200 may be a re-INVITE's: who called is not known */
	has_not(f, 0, "answer_time");
	has_not(f, 0, "invite_time");
	has(f, 1, "\"disposition\":\"incomplete\"");
	has(f, 1, "\"ended_by\":\"none\"");
	has(f, 1, "\"src_ip\":\"10.0.0.2\",\"src_port\":5060,\"dst_ip\":\"10.0.0.1\"");
	has(f, 1, "\"end_cause\":\"bye\"");
	has_not(f, 1, "answer_time");
	fixture_free(f);
}

static void
what_headers_tell_is_kept(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "P-Asserted-Identity: <sip:+15@x.test>\r\nDiversion: <sip:d@x.test>\r\nX-Trunk: t7\r\nUser-Agent: phone/1\r\n"
		"P-Charging-Vector: icid-value=abc;orig-ioi=x\r\nIdentity: x\r\n";
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	f->extra = "Warning: 399 x \"w\"\r\nServer: srv/2\r\nSession-Expires: 1800;refresher=uac\r\n";
	say(f, 100, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	f->extra = "Refer-To: <sip:carol@x.test>\r\n";
	say(f, 200, BOB, ALICE, "REFER", "8 REFER", "b1", "a1", NULL);
	f->extra = "Reason: SIP;cause=200, Q.850;cause=16;text=\"normal\"\r\n";
	say(f, 300, BOB, ALICE, "BYE", "9 BYE", "b1", "a1", NULL);
	finish(f, 2000);
	has(f, 0, "\"pai\":\"<sip:+15@x.test>\"");
	has(f, 0, "\"diversion\":\"<sip:d@x.test>\"");
	has(f, 0, "\"headers\":[\"X-Trunk: t7\"]");
	has(f, 0, "\"icid\":\"abc\"");
	has(f, 0, "\"identity\":true");
	has(f, 0, "\"caller_ua\":\"phone/1\"");
	has(f, 0, "\"callee_ua\":\"srv/2\"");
	has(f, 0, "\"warnings\":[\"399 x \\\"w\\\"\"]");
	has(f, 0, "\"session_expires\":1800");
	has(f, 0, "\"transfer_to\":\"<sip:carol@x.test>\"");
	has(f, 0, "\"q850\":16");
	fixture_free(f);
}

static void
two_hops_are_one_call_with_two_hops(void **state)
{
	struct fixture *f = fixture_new(16);

	f->branch = "hop1";
	say(f, 0, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	f->branch = "hop2";
	say(f, 5, PROXY, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 100, BOB, PROXY, "486 Busy Here", "1 INVITE", "a1", "b1", NULL);
	f->branch = "hop1";
	say(f, 110, PROXY, ALICE, "480 Unavailable", "1 INVITE", "a1", "b1", NULL);
	finish(f, 2000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"hops\":2");
	has(f, 0, "\"invites\":1");
	has(f, 0, "\"sip_code\":480"); /* what the caller was told */
	has(f, 0, "\"retransmissions\":0");
	fixture_free(f);
}

static void
the_ack_of_a_2xx_that_was_not_seen_tells_of_the_answer(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 10, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL); /* on a branch of its own */
	f->call_id = "c2";
	f->branch = "same";
	say(f, 20, ALICE, BOB, "INVITE", "1 INVITE", "a2", "", SDP_ALICE);
	say(f, 30, ALICE, BOB, "ACK", "1 ACK", "a2", "b2", NULL); /* of a failure: the INVITE's branch */
	finish(f, 60);
	has(f, 0, "\"disposition\":\"answered\"");
	has(f, 0, "\"ack_time\"");
	has_not(f, 0, "answer_time");
	has_not(f, 0, "sip_code");
	has(f, 1, "\"disposition\":\"incomplete\"");
	fixture_free(f);
}

static void
each_side_counts_its_own_cseq(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	say(f, 4000, BOB, ALICE, "INVITE", "1 INVITE", "b1", "a1", SDP_BOB);
	say(f, 4010, ALICE, BOB, "491 Request Pending", "1 INVITE", "b1", "a1", NULL);
	say(f, 5000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	finish(f, 60000);
	has(f, 0, "\"disposition\":\"answered\",\"sip_code\":200");
	has(f, 0, "\"forks\":1");
	fixture_free(f);
}

static void
a_reinvite_is_neither_the_first_invite_nor_the_answer(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, BOB, ALICE, "INVITE", "5 INVITE", "b1", "a1", SDP_BOB);
	say(f, 10, ALICE, BOB, "200 OK", "5 INVITE", "b1", "a1", SDP_ALICE);
	say(f, 20, BOB, ALICE, "ACK", "5 ACK", "b1", "a1", NULL);
	say(f, 900, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	finish(f, 60000);
	has_not(f, 0, "invite_time");
	has_not(f, 0, "answer_time");
	has(f, 0, "\"disposition\":\"incomplete\"");
	has(f, 0, "\"ended_by\":\"none\"");
	fixture_free(f);
}

static void
a_487_is_a_cancel_that_was_not_seen(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 100, BOB, ALICE, "487 Request Terminated", "1 INVITE", "a1", "b1", NULL);
	finish(f, 2000);
	has(f, 0, "\"ended_by\":\"caller\",\"end_cause\":\"cancel\"");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(basic_call_has_all_its_times),
		cmocka_unit_test(final_responses_give_the_disposition),
		cmocka_unit_test(cancel_that_crosses_the_answer_is_an_answered_call),
		cmocka_unit_test(call_id_used_again_with_new_tags_is_a_new_call),
		cmocka_unit_test(forks_are_counted_and_the_answer_is_the_first),
		cmocka_unit_test(a_call_seen_from_its_answer_or_its_bye_on_is_recorded_without_guesses), cmocka_unit_test(what_headers_tell_is_kept),
		cmocka_unit_test(two_hops_are_one_call_with_two_hops),
		cmocka_unit_test(the_ack_of_a_2xx_that_was_not_seen_tells_of_the_answer),
		cmocka_unit_test(each_side_counts_its_own_cseq),
		cmocka_unit_test(a_reinvite_is_neither_the_first_invite_nor_the_answer),
		cmocka_unit_test(a_487_is_a_cancel_that_was_not_seen)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
