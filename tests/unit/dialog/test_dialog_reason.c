/* Of all Reason headers of a call that of the message that ended it counts; and what RFC 6076 measures. */
#include "dialog_testing.h"

#define Q16 "Reason: Q.850;cause=16;text=\"Normal call clearing\"\r\n"
#define Q17 "Reason: Q.850 ;cause=17\r\n"
#define ELSEWHERE "Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\"\r\n"

/* A message with a Reason. */
static void
because(struct fixture *f, const char *reason, int64_t ms, uint8_t src, const char *first, const char *cseq, const char *from_tag,
	const char *to_tag)
{
	f->extra = reason;
	say(f, ms, src, src == ALICE ? BOB : ALICE, first, cseq, from_tag, to_tag, NULL);
	f->extra = NULL;
}

static void
the_bye_says_why(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	because(f, Q17, 10, BOB, "183 Session Progress", "1 INVITE", "a1", "b1");
	say(f, 20, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	because(f, Q16, 30, ALICE, "BYE", "2 BYE", "a1", "b1");
	because(f, Q17, 65, BOB, "200 OK", "2 BYE", "a1", "b1");
	finish(f, 1000);
	has(f, 0, "\"q850\":16,\"reason_text\":\"Normal call clearing\",\"reason_source\":\"bye\",\"bye_code\":200");
	has(f, 0, "\"sdd_ms\":35");
	fixture_free(f);
}

static void
a_cancel_says_more_than_the_487(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	because(f, ELSEWHERE, 30, ALICE, "CANCEL", "1 CANCEL", "a1", "");
	because(f, Q17, 40, BOB, "487 Request Terminated", "1 INVITE", "a1", "b1");
	finish(f, 1000);
	has(f, 0, "\"reason_cause\":200,\"reason_text\":\"Call completed elsewhere\",\"reason_source\":\"cancel\"");
	has_not(f, 0, "q850");
	has_not(f, 0, "srd_ms"); /* given up before any answer */
	fixture_free(f);
}

static void
the_last_attempts_response_says_why(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	because(f, Q16, 10, BOB, "407 Proxy Authentication Required", "1 INVITE", "a1", "p1");
	say(f, 500, ALICE, BOB, "INVITE", "2 INVITE", "a1", "", SDP_ALICE);
	because(f, Q17, 740, BOB, "486 Busy Here", "2 INVITE", "a1", "b1");
	finish(f, 1000);
	has(f, 0, "\"q850\":17,\"reason_source\":\"final\"");
	has(f, 0, "\"pdd_ms\":740.000,\"srd_ms\":240"); /* the second from the INVITE with credentials */
	fixture_free(f);
}

static void
a_reason_without_cause_or_of_no_protocol_says_nothing(void **state)
{
	static const char *const bad[] = {"Reason: Q.850\r\n", "Reason: Q.850;cause=0\r\n", "Reason: Q.850;cause=128\r\n",
		"Reason: Q.850;cause=x\r\n", "Reason: ;;;\r\n", "Reason: Preemption;cause=1\r\n"};

	for (size_t i = 0; i < base_count_of(bad); i++) {
		struct fixture *f = fixture_new(16);
		say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
		because(f, bad[i], 40, BOB, "480 Temporarily Unavailable", "1 INVITE", "a1", "b1");
		finish(f, 1000);
		has_not(f, 0, "q850");
		has_not(f, 0, "reason_cause");
		fixture_free(f);
	}
}

static void
a_bye_without_response_has_no_delay(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 20, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 30, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	f->branch = "other";
	say(f, 40, BOB, ALICE, "200 OK", "2 BYE", "a1", "b1", NULL); /* another BYE's response */
	finish(f, 1000);
	has_not(f, 0, "sdd_ms");
	has_not(f, 0, "bye_code");
	fixture_free(f);
}

static void
registrations_are_measured_when_they_succeed(void **state)
{
	struct fixture *f = fixture_new(16);

	f->extra = "Contact: <sip:alice@10.0.0.1>\r\nAuthorization: Digest x\r\n";
	say(f, 0, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "401 Unauthorized", "1 REGISTER", "a1", "r1", NULL);
	say(f, 20, ALICE, BOB, "REGISTER", "2 REGISTER", "a1", "", NULL);
	say(f, 75, BOB, ALICE, "200 OK", "2 REGISTER", "a1", "r2", NULL);
	f->call_id = "c2";
	say(f, 80, ALICE, BOB, "REGISTER", "1 REGISTER", "a1", "", NULL);
	say(f, 90, BOB, ALICE, "403 Forbidden", "1 REGISTER", "a1", "r1", NULL);
	finish(f, 1000);
	has(f, 0, "\"rrd_ms\":55");
	has_not(f, 1, "rrd_ms");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_bye_says_why), cmocka_unit_test(a_cancel_says_more_than_the_487),
		cmocka_unit_test(the_last_attempts_response_says_why),
		cmocka_unit_test(a_reason_without_cause_or_of_no_protocol_says_nothing),
		cmocka_unit_test(a_bye_without_response_has_no_delay),
		cmocka_unit_test(registrations_are_measured_when_they_succeed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
