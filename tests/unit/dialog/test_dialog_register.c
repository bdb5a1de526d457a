/* Registrations and transactions outside calls. */
#include "dialog_testing.h"

static void
challenged_register_is_one_record(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "Contact: <sip:alice@10.0.0.1;line=1>\r\nExpires: 3600\r\n";
	say(f, 0, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	f->extra = "";
	say(f, 5, BOB, ALICE, "401 Unauthorized", "1 REGISTER", "a1", "r1", NULL);
	f->extra = "Contact: <sip:alice@10.0.0.1;line=1>\r\nExpires: 3600\r\nAuthorization: Digest x\r\n";
	say(f, 10, ALICE, BOB, "REGISTER", "2 REGISTER", "a1", "", NULL);
	f->extra = "Contact: <sip:other@10.9.9.9>;expires=77, <sip:alice@10.0.0.1;line=1>;expires=600\r\n";
	say(f, 15, BOB, ALICE, "200 OK", "2 REGISTER", "a1", "r2", NULL);
	finish(f, 1000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"kind\":\"registration\"");
	has(f, 0, "\"action\":\"register\"");
	has(f, 0, "\"requested_expires\":3600,\"granted_expires\":600");
	has(f, 0, "\"attempts\":2");
	has(f, 0, "\"auth_challenges\":1");
	has(f, 0, "\"sip_code\":200");
	fixture_free(f);
}

static void
an_earlier_attempt_sent_again_is_no_other_exchange(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	say(f, 5, BOB, ALICE, "401 Unauthorized", "1 REGISTER", "a1", "r1", NULL);
	f->extra = "Authorization: Digest x\r\n";
	say(f, 10, ALICE, BOB, "REGISTER", "2 REGISTER", "a1", "", NULL);
	f->extra = "";
	say(f, 300, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	say(f, 310, BOB, ALICE, "200 OK", "2 REGISTER", "a1", "r2", NULL);
	say(f, 500, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	finish(f, 1000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"messages\":6,\"retransmissions\":2");
	has(f, 0, "\"attempts\":2");
	has(f, 0, "\"auth_challenges\":1");
	has(f, 0, "\"sip_code\":200");
	fixture_free(f);
}

static void
refresh_and_deregistration_are_records_of_their_own(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "Contact: <sip:alice@10.0.0.1>;expires=60\r\n";
	say(f, 0, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	say(f, 5, BOB, ALICE, "200 OK", "1 REGISTER", "a1", "r1", NULL);
	say(f, 1000, ALICE, BOB, "REGISTER", "2 REGISTER", "a1", "", NULL);
	say(f, 1005, BOB, ALICE, "200 OK", "2 REGISTER", "a1", "r1", NULL);
	f->extra = "Contact: *\r\nExpires: 0\r\n";
	say(f, 2000, ALICE, BOB, "REGISTER", "3 REGISTER", "a1", "", NULL);
	f->extra = "";
	say(f, 2005, BOB, ALICE, "200 OK", "3 REGISTER", "a1", "r1", NULL);
	say(f, 3000, ALICE, BOB, "REGISTER", "4 REGISTER", "a1", "", NULL);
	finish(f, 4000);
	assert_int_equal(f->n_records, 4);
	has(f, 1, "\"granted_expires\":60");
	has(f, 2, "\"action\":\"deregister\"");
	has(f, 2, "\"contacts\":[\"*\"]");
	has(f, 3, "\"action\":\"query\"");
	has_not(f, 3, "sip_code");
	fixture_free(f);
}

static void
too_brief_goes_on_without_credentials(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "Contact: <sip:alice@10.0.0.1>;expires=10\r\n";
	say(f, 0, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	say(f, 5, BOB, ALICE, "423 Interval Too Brief", "1 REGISTER", "a1", "r1", NULL);
	f->extra = "Contact: <sip:alice@10.0.0.1>;expires=60\r\n";
	say(f, 10, ALICE, BOB, "REGISTER", "2 REGISTER", "a1", "", NULL);
	say(f, 15, BOB, ALICE, "200 OK", "2 REGISTER", "a1", "r1", NULL);
	finish(f, 1000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"requested_expires\":60");
	fixture_free(f);
}

static void
response_without_its_request_is_recorded(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "Contact: <sip:alice@10.0.0.1>;expires=60\r\n";
	say(f, 0, BOB, ALICE, "200 OK", "4 REGISTER", "a1", "r1", NULL);
	finish(f, 1000);
	has(f, 0, "\"sip_code\":200");
	has(f, 0, "\"attempts\":0");
	has_not(f, 0, "request_time");
	fixture_free(f);
}

static void
transactions_are_told_by_method_and_cseq(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "OPTIONS", "1 OPTIONS", "a1", "", NULL);
	say(f, 500, ALICE, BOB, "OPTIONS", "1 OPTIONS", "a1", "", NULL);
	say(f, 501, BOB, ALICE, "200 OK", "1 OPTIONS", "a1", "b1", NULL);
	f->extra = "Event: presence\r\n";
	say(f, 503, ALICE, BOB, "SUBSCRIBE", "2 SUBSCRIBE", "a1", "", NULL);
	say(f, 504, BOB, ALICE, "NOTIFY", "1 NOTIFY", "b1", "a1", NULL);
	say(f, 505, ALICE, BOB, "481 Gone", "1 NOTIFY", "b1", "a1", NULL);
	f->extra = "";
	say(f, 506, ALICE, BOB, "WEIRD", "9 WEIRD", "a1", "", NULL);
	finish(f, 1000);
	assert_int_equal(f->n_records, 4);
	has(f, 0, "\"method\":\"OPTIONS\",\"cseq\":1");
	has(f, 0, "\"messages\":3,\"retransmissions\":1");
	uint32_t subscribe = strstr(f->json[1], "SUBSCRIBE") ? 1 : 2;
	has(f, subscribe, "\"event\":\"presence\"");
	has_not(f, subscribe, "in_dialog");
	has_not(f, subscribe, "sip_code");
	has(f, 3 - subscribe, "\"in_dialog\":true");
	has(f, 3 - subscribe, "\"sip_code\":481");
	has(f, 3, "\"method\":\"WEIRD\"");
	fixture_free(f);
}

static void
a_quality_report_is_in_the_record_of_its_publish(void **state)
{
	struct fixture *f = fixture_new(16);

	f->body_type = "application/vq-rtcpxr";
	say(f, 0, ALICE, BOB, "PUBLISH", "1 PUBLISH", "a1", "", "VQSessionReport: CallTerm\r\nCallID: other@x\r\n"
		"LocalMetrics:\r\nPacketLoss:NLR=5.5 JDR=2\r\nQualityEst:RLQ=88 MOSLQ=4.1\r\n");
	f->body_type = NULL;
	say(f, 1, BOB, ALICE, "200 OK", "1 PUBLISH", "a1", "b1", NULL);
	say(f, 2, ALICE, BOB, "PUBLISH", "2 PUBLISH", "a2", "", NULL);
	finish(f, 100000);
	has(f, 0, "\"vq_report\":\"VQSessionReport\",\"vq_call_id\":\"other@x\"");
	has(f, 0, "\"vq_loss\":5.500,\"vq_discard\":2.000");
	has(f, 0, "\"vq_r_lq\":88.000,\"vq_mos_lq\":4.100");
	assert_null(strstr(f->json[1], "vq_"));
	fixture_free(f);
}

static void
a_response_shows_an_attempt_that_was_not_seen(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "Contact: <sip:alice@10.0.0.1>\r\nExpires: 60\r\n";
	say(f, 0, ALICE, PROXY, "REGISTER", "1 REGISTER", "a1", "", NULL);
	f->extra = "";
	say(f, 10, PROXY, ALICE, "401 Unauthorized", "1 REGISTER", "a1", "p1", NULL);
	say(f, 40, PROXY, ALICE, "200 OK", "2 REGISTER", "a1", "p2", NULL);
	finish(f, 1000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"sip_code\":200");
	has(f, 0, "\"auth_challenges\":1");
	has_not(f, 0, "requested_expires"); /* of the attempt that counts */
	fixture_free(f);
}

static void
the_answer_before_its_request_is_its_answer(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, PROXY, ALICE, "200 OK", "1 REGISTER", "a1", "p1", NULL);
	f->extra = "Contact: <sip:alice@10.0.0.1>\r\nExpires: 60\r\n";
	say(f, 1, ALICE, PROXY, "REGISTER", "1 REGISTER", "a1", "", NULL);
	f->extra = "";
	f->call_id = "c2";
	say(f, 2, BOB, ALICE, "200 OK", "1 OPTIONS", "a1", "b1", NULL);
	say(f, 3, ALICE, BOB, "OPTIONS", "1 OPTIONS", "a1", "", NULL);
	finish(f, 1000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"sip_code\":200");
	has(f, 0, "\"requested_expires\":60");
	has(f, 1, "\"sip_code\":200");
	fixture_free(f);
}

static void
an_attempt_with_credentials_follows_a_challenge_that_was_not_seen(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, PROXY, "REGISTER", "1 REGISTER", "a1", "", NULL);
	f->extra = "Authorization: Digest x=y\r\n";
	say(f, 5000, ALICE, PROXY, "REGISTER", "2 REGISTER", "a1", "", NULL);
	say(f, 15000, ALICE, PROXY, "REGISTER", "3 REGISTER", "a1", "", NULL); /* had been tried with them */
	finish(f, 20000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"attempts\":2");
	has(f, 1, "\"attempts\":1");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_quality_report_is_in_the_record_of_its_publish),
		cmocka_unit_test(challenged_register_is_one_record),
		cmocka_unit_test(an_earlier_attempt_sent_again_is_no_other_exchange),
		cmocka_unit_test(refresh_and_deregistration_are_records_of_their_own),
		cmocka_unit_test(too_brief_goes_on_without_credentials), cmocka_unit_test(response_without_its_request_is_recorded),
		cmocka_unit_test(transactions_are_told_by_method_and_cseq),
		cmocka_unit_test(a_response_shows_an_attempt_that_was_not_seen),
		cmocka_unit_test(the_answer_before_its_request_is_its_answer),
		cmocka_unit_test(an_attempt_with_credentials_follows_a_challenge_that_was_not_seen)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
