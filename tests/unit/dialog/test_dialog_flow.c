/* Retransmission, mirror duplicate and second hop are three different things. */
#include "dialog_testing.h"

static void
the_same_message_again_is_a_retransmission(void **state)
{
	struct fixture *f = fixture_new(16);

	for (int i = 0; i < 3; i++)
		f->ip_id = 100 + (uint32_t)i, say(f, i * 500, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	finish(f, 2000);
	has(f, 0, "\"messages\":3,\"retransmissions\":2,\"capture_duplicates\":0,\"forwarded_messages\":0,\"invites\":1");
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

/* IPv6, DF with identification 0, TCP: nothing sends again before T1, a mirror port sends at once. */
static void
without_identification_time_tells(void **state)
{
	static const struct {
		uint8_t transport;
		int64_t apart_ms;
		const char *want;
	} cases[] = {{PACKET_UDP, 0, "\"retransmissions\":0,\"capture_duplicates\":1"},
		{PACKET_UDP, 49, "\"retransmissions\":0,\"capture_duplicates\":1"},
		{PACKET_UDP, 500, "\"retransmissions\":1,\"capture_duplicates\":0"},
		{PACKET_TCP, 1, "\"retransmissions\":0,\"capture_duplicates\":1"},
		{PACKET_TCP, 500, "\"retransmissions\":1,\"capture_duplicates\":0"}}; /* a 2xx is sent again over TCP too */

	for (size_t i = 0; i < base_count_of(cases); i++) {
		for (int response = 0; response <= 1; response++) {
			struct fixture *f = fixture_new(16);
			f->transport = cases[i].transport;
			for (int again = 0; again <= 1; again++)
				if (response)
					say(f, again * cases[i].apart_ms, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", NULL);
				else
					say(f, again * cases[i].apart_ms, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
			finish(f, 2000);
			has(f, 0, cases[i].want);
			fixture_free(f);
		}
	}
}

#define VIA_BELOW "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKbelow\r\n"

/* Seen in either order: the one with more Vias, for a response with fewer, is further on its way. */
static void
a_proxys_forwarding_is_neither_whatever_the_order(void **state)
{
	for (int swapped = 0; swapped <= 1; swapped++) {
		struct fixture *f = fixture_new(16);
		for (int i = 0; i <= 1; i++) {
			bool second = i != swapped;
			f->branch = second ? "h2" : "h1";
			f->extra = second ? VIA_BELOW : NULL;
			say(f, i, second ? PROXY : ALICE, second ? BOB : PROXY, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
		}
		for (int i = 0; i <= 1; i++) {
			bool second = i == swapped; /* the answer comes back */
			f->branch = second ? "h2" : "h1";
			f->extra = second ? VIA_BELOW : NULL;
			say(f, 100 + i, second ? BOB : PROXY, second ? PROXY : ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
		}
		finish(f, 2000);
		has(f, 0, "\"messages\":4,\"retransmissions\":0,\"capture_duplicates\":0,\"forwarded_messages\":2,\"invites\":1");
		has(f, 0, "\"src_ip\":\"10.0.0.3\",\"src_port\":5060,\"dst_ip\":\"10.0.0.2\",\"dst_port\":5060,\"request_time\"");
		has(f, 0, "\"hop\":1,\"sender\":\"caller\"");
		fixture_free(f);
	}
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
	has(f, 0, "\"messages\":2,\"retransmissions\":0,\"capture_duplicates\":0,\"forwarded_messages\":1,\"invites\":1");
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

static void
without_an_identification_a_copy_is_told_by_its_time(void **state)
{
	struct fixture *f = fixture_new(16);

	f->ip_id = 0;
	say(f, 0, ALICE, BOB, "OPTIONS", "1 OPTIONS", "a1", "", NULL);
	say(f, 1, ALICE, BOB, "OPTIONS", "1 OPTIONS", "a1", "", NULL);
	say(f, 500, ALICE, BOB, "OPTIONS", "1 OPTIONS", "a1", "", NULL);
	finish(f, 1000);
	has(f, 0, "\"retransmissions\":1,\"capture_duplicates\":1");
	fixture_free(f);
}

/* However far from the first message: to the microsecond within a year, to the millisecond beyond. */
static void
times_are_those_of_the_messages(void **state)
{
	static const struct {
		int64_t ms;
		const char *time;
	} cases[] = {{1, "2023-11-14T22:13:20.001000Z"}, {-5, "2023-11-14T22:13:19.995000Z"},
		{86400123, "2023-11-15T22:13:20.123000Z"}, {-86400123, "2023-11-13T22:13:19.877000Z"},
		{86400000ll * 1000 + 7, "2026-08-10T22:13:20.007000Z"}, {-86400000ll * 19000, "1971-11-07T22:13:20.000000Z"}};

	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct fixture *f = fixture_new(16);
		say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
		say(f, cases[i].ms, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
		finish(f, 0);
		has(f, 0, cases[i].time);
		has(f, 0, "\"time\":\"2023-11-14T22:13:20.000000Z\"");
		fixture_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_message_again_is_a_retransmission),
		cmocka_unit_test(the_same_packet_again_is_a_capture_duplicate), cmocka_unit_test(an_old_identification_is_no_duplicate),
		cmocka_unit_test(without_identification_time_tells),
		cmocka_unit_test(a_proxys_forwarding_is_neither_whatever_the_order),
		cmocka_unit_test(another_hop_is_neither), cmocka_unit_test(a_different_reason_phrase_or_to_tag_is_another_message),
		cmocka_unit_test(flow_is_bounded_and_says_so),
		cmocka_unit_test(without_an_identification_a_copy_is_told_by_its_time), cmocka_unit_test(times_are_those_of_the_messages)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
