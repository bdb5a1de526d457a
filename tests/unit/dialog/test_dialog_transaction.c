/* Transactions by branch, CSeq and method (RFC 3261 17.1.3, 17.2.3). */
#include "dialog_testing.h"

/* transactions[number] of the first record has all of want, which stand in this order. */
static void
transaction_has(struct fixture *f, uint32_t number, const char *want)
{
	char begin[64];
	const char *list = strstr(f->json[0], "\"transactions\":["), *end, *at;

	assert_non_null(list);
	snprintf(begin, sizeof(begin), "\"transaction\":%u,", number);
	at = strstr(list, begin);
	end = at ? strchr(at, '}') : NULL;
	while (at && *at != '{')
		at--;
	const char *found = at ? strstr(at, want) : NULL;
	if (!found || found > end) {
		print_error("no %s in transaction %u of %s\n", want, number, list);
		fail();
	}
}

static void
lacks_transaction(struct fixture *f, uint32_t number)
{
	char begin[64];
	const char *list = strstr(f->json[0], "\"transactions\":["), *end = strchr(list, ']');

	snprintf(begin, sizeof(begin), "\"transaction\":%u,", number);
	const char *at = strstr(list, begin);
	assert_true(at == NULL || at > end);
}

static void
a_call_is_three(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 500, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 510, BOB, ALICE, "100 Trying", "1 INVITE", "a1", "", NULL);
	say(f, 520, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 900, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", NULL);
	say(f, 901, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL);
	say(f, 990, BOB, ALICE, "BYE", "1 BYE", "b1", "a1", NULL); /* each side counts its own CSeq */
	say(f, 999, ALICE, BOB, "200 OK", "1 BYE", "b1", "a1", NULL);
	finish(f, 2000);
	transaction_has(f, 0, "\"method\":\"INVITE\",\"cseq\":1");
	transaction_has(f, 0, "\"request_time\":\"2023-11-14T22:13:20.000000Z\",\"first_response_time\":"
		"\"2023-11-14T22:13:20.510000Z\",\"response_time\":\"2023-11-14T22:13:20.900000Z\",\"outcome\":\"completed\","
		"\"sip_code\":200,\"retransmissions\":1,\"sender\":\"caller\"");
	transaction_has(f, 1, "\"method\":\"ACK\"");
	transaction_has(f, 1, "\"outcome\":\"ack\"");
	transaction_has(f, 2, "\"method\":\"BYE\",\"cseq\":1");
	transaction_has(f, 2, "\"outcome\":\"completed\",\"sip_code\":200,\"sender\":\"callee\"");
	lacks_transaction(f, 3);
	fixture_free(f);
}

/* CANCEL and the ACK of the 487 carry the INVITE's branch: one is a transaction of its own, one is not. */
static void
a_cancelled_call_is_two(void **state)
{
	static const uint8_t orders[][6] = {{0, 1, 2, 3, 4, 5}, {0, 1, 3, 2, 5, 4}, {5, 4, 3, 2, 1, 0}};
	static const struct {
		bool from_bob;
		const char *first, *cseq, *to_tag;
	} lines[] = {{false, "INVITE", "1 INVITE", ""}, {true, "180 Ringing", "1 INVITE", "b1"}, {false, "CANCEL", "1 CANCEL", ""},
		{true, "200 OK", "1 CANCEL", "b1"}, {true, "487 Request Terminated", "1 INVITE", "b1"}, {false, "ACK", "1 ACK", "b1"}};

	for (size_t o = 0; o < base_count_of(orders); o++) {
		struct fixture *f = fixture_new(16);
		f->branch = "one";
		for (int i = 0; i < 6; i++) {
			uint8_t k = orders[o][i];
			say(f, i * 10, lines[k].from_bob ? BOB : ALICE, lines[k].from_bob ? ALICE : BOB, lines[k].first, lines[k].cseq,
				"a1", lines[k].to_tag, NULL);
		}
		finish(f, 2000);
		has(f, 0, "\"method\":\"INVITE\",\"cseq\":1");
		has(f, 0, "\"outcome\":\"cancelled\",\"sip_code\":487");
		has(f, 0, "\"method\":\"CANCEL\",\"cseq\":1");
		lacks_transaction(f, 2);
		fixture_free(f);
	}
}

static void
outcomes(void **state)
{
	static const struct {
		const char *response;
		int64_t end_ms;
		const char *outcome;
	} cases[] = {{"302 Moved", 1000, "redirected"}, {"407 Proxy", 1000, "challenged"}, {"401 No", 1000, "challenged"},
		{"408 Timeout", 1000, "timeout"}, {"486 Busy", 1000, "failed"}, {"200 OK", 1000, "completed"},
		{"180 Ringing", 1000, "unanswered"}, {NULL, 1000, "unanswered"}, {NULL, 32000, "timeout"}};
	char want[64];

	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct fixture *f = fixture_new(16);
		say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
		if (cases[i].response)
			say(f, 10, BOB, ALICE, cases[i].response, "1 INVITE", "a1", "b1", NULL);
		finish(f, cases[i].end_ms);
		snprintf(want, sizeof(want), "\"outcome\":\"%s\"", cases[i].outcome);
		transaction_has(f, 0, want);
		fixture_free(f);
	}
}

/* A client of RFC 2543: no branch, or always the same one; sent-by, CSeq and method tell. */
static void
without_the_cookie_cseq_and_method_tell(void **state)
{
	static struct sip_message m;
	static const struct {
		bool response;
		const char *text;
	} messages[] = {{false, "INVITE sip:b@x SIP/2.0\r\nCSeq: 1 INVITE\r\n"}, {true, "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n"},
		{false, "BYE sip:b@x SIP/2.0\r\nCSeq: 2 BYE\r\n"}, {true, "SIP/2.0 200 OK\r\nCSeq: 2 BYE\r\n"}};
	static const char *const vias[] = {"10.0.0.1", "10.0.0.1;branch=1"};

	for (size_t v = 0; v < base_count_of(vias); v++) {
		struct fixture *f = fixture_new(16);
		for (size_t i = 0; i < base_count_of(messages); i++) {
			char text[512];
			int n = snprintf(text, sizeof(text),
				"%sVia: SIP/2.0/UDP %s\r\nFrom: <sip:a@x>;tag=a\r\nTo: <sip:b@x>;tag=b\r\nCall-ID: old\r\n\r\n", messages[i].text,
				vias[v]);
			assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)n, true) > 0);
			dialog_receive(f->dialog, &(struct dialog_message){.sip = &m, .ts_ns = T0 + (int64_t)i * 100 * BASE_NS_PER_MS,
				.src = host(messages[i].response ? BOB : ALICE), .dst = host(messages[i].response ? ALICE : BOB),
				.vlan = PACKET_VLAN_NONE, .transport = PACKET_UDP});
		}
		finish(f, 2000);
		transaction_has(f, 0, "\"method\":\"INVITE\",\"cseq\":1");
		transaction_has(f, 0, "\"outcome\":\"completed\"");
		transaction_has(f, 1, "\"method\":\"BYE\",\"cseq\":2");
		transaction_has(f, 1, "\"outcome\":\"completed\"");
		lacks_transaction(f, 2);
		fixture_free(f);
	}
}

static void
each_hop_is_a_transaction_of_the_same_request(void **state)
{
	static const char *const vias[] = {NULL, "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKh0\r\n",
		"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKh0, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKh1\r\n"};
	static const char *const branches[] = {"h0", "h1", "h2"};
	struct fixture *f = fixture_new(16);

	for (uint8_t hop = 0; hop < 3; hop++) {
		f->branch = branches[hop];
		f->extra = vias[hop];
		say(f, hop, 10 + hop, 11 + hop, "INVITE", "1 INVITE", "a1", "", NULL);
	}
	finish(f, 1000);
	has(f, 0, "\"forwarded_messages\":2,");
	transaction_has(f, 1, "\"hop\":1,");
	transaction_has(f, 2, "\"hop\":2,");
	fixture_free(f);
}

static void
transactions_are_bounded(void **state)
{
	struct fixture *f = fixture_new(16);
	char cseq[32];

	f->options.flow_entries = 140;
	f->dialog = dialog_new(f->mem, &f->options);
	for (int i = 1; i <= 140; i++) {
		snprintf(cseq, sizeof(cseq), "%d OPTIONS", i);
		say(f, i, ALICE, BOB, i == 1 ? "INVITE" : "OPTIONS", i == 1 ? "1 INVITE" : cseq, "a1", i == 1 ? "" : "b1", NULL);
	}
	finish(f, 1000);
	transaction_has(f, TRANSACTIONS_MAX - 1, "OPTIONS");
	lacks_transaction(f, TRANSACTIONS_MAX);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_call_is_three), cmocka_unit_test(a_cancelled_call_is_two),
		cmocka_unit_test(outcomes), cmocka_unit_test(without_the_cookie_cseq_and_method_tell),
		cmocka_unit_test(each_hop_is_a_transaction_of_the_same_request), cmocka_unit_test(transactions_are_bounded)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
