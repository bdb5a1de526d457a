/* Calls whose messages have no Call-ID. */
#include "dialog_testing.h"

struct seen {
	uint8_t src, dst;
	uint16_t src_port, dst_port; /* 0: 5060 */
	bool truncated;
};

static void
tell(struct fixture *f, int64_t ms, struct seen seen, const char *text)
{
	static struct sip_message m;
	struct base_endpoint src = host(seen.src), dst = host(seen.dst);

	src.port = seen.src_port ? seen.src_port : 5060;
	dst.port = seen.dst_port ? seen.dst_port : 5060;
	assert_int_equal(sip_parse(&m, (const uint8_t *)text, (uint32_t)strlen(text), true), strlen(text));
	dialog_receive(f->dialog, &(struct dialog_message){.sip = &m, .ts_ns = T0 + ms * BASE_NS_PER_MS, .src = src, .dst = dst,
		.vlan = PACKET_VLAN_NONE, .transport = PACKET_UDP, .truncated = seen.truncated});
}

static uint64_t
counted(const struct fixture *f, enum metrics_id id)
{
	return f->metrics.values[id];
}

#define FORTH (struct seen){ALICE, BOB, 0, 0, false}
#define BACK (struct seen){BOB, ALICE, 0, 0, false}

static void
start_lines_alone_are_one_call(void **state)
{
	struct fixture *f = fixture_new(64);

	tell(f, 0, (struct seen){ALICE, BOB, 40000, 5555, false}, "INVITE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 1, (struct seen){BOB, ALICE, 5555, 40000, false}, "SIP/2.0 100 Trying\r\n\r\n");
	tell(f, 2, (struct seen){BOB, ALICE, 5555, 40000, false}, "SIP/2.0 200 OK\r\n\r\n");
	tell(f, 3, (struct seen){ALICE, BOB, 40000, 5555, false}, "ACK sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 9000, (struct seen){ALICE, BOB, 50000, 5555, false}, "BYE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 9001, (struct seen){BOB, ALICE, 5555, 50000, false}, "SIP/2.0 200 OK\r\n\r\n");
	finish(f, 10000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"call_id\":\"\"");
	has(f, 0, "\"ruri_user\":\"bob\"");
	has(f, 0, "\"messages\":6,\"retransmissions\":0");
	has(f, 0, "\"faults\":[\"missing_header\"]");
	/* without a CSeq a 200 may be to anything: no sip_code */
	has(f, 0, "\"disposition\":\"incomplete\",\"ended_by\":\"caller\",\"end_cause\":\"bye\"");
	has_not(f, 0, "\"answer_time\"");
	has_not(f, 0, "\"outcome\"");
	assert_int_equal(counted(f, METRICS_SIP_NO_CALL_ID), 6);
	assert_int_equal(counted(f, METRICS_SIP_LEFT_OUT), 0);
	fixture_free(f);
}

static void
the_callee_may_hang_up(void **state)
{
	struct fixture *f = fixture_new(64);

	tell(f, 0, (struct seen){ALICE, BOB, 40000, 5555, false}, "INVITE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 900, (struct seen){BOB, ALICE, 41000, 40000, false}, "BYE sip:alice@10.0.0.1 SIP/2.0\r\n\r\n");
	finish(f, 10000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"ended_by\":\"callee\",\"end_cause\":\"bye\"");
	fixture_free(f);
}

static void
calls_of_the_same_hosts_are_never_merged(void **state)
{
	struct fixture *f = fixture_new(64);

	tell(f, 0, FORTH, "INVITE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 1, FORTH, "INVITE sip:carol@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 2, BACK, "SIP/2.0 200 OK\r\n\r\n"); /* whose? */
	tell(f, 3, FORTH, "BYE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	finish(f, 10000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"messages\":1");
	has(f, 1, "\"messages\":1");
	has_not(f, 0, "\"end_cause\":\"bye\"");
	has_not(f, 1, "\"end_cause\":\"bye\"");
	assert_int_equal(counted(f, METRICS_SIP_LEFT_OUT), 2);
	fixture_free(f);
}

#define PARTIES(from, to) "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK" from "\r\nFrom: <sip:" from "@x>;tag=" from "\r\nTo: <sip:" to "@x>"

static void
tags_tell_calls_apart(void **state)
{
	struct fixture *f = fixture_new(64);

	tell(f, 0, FORTH, "INVITE sip:bob@x SIP/2.0\r\n" PARTIES("al", "bob") "\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, 1, FORTH, "INVITE sip:carol@x SIP/2.0\r\n" PARTIES("eve", "carol") "\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, 500, BACK, "SIP/2.0 486 Busy\r\n" PARTIES("eve", "carol") ";tag=c\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, 600, BACK, "SIP/2.0 200 OK\r\n" PARTIES("al", "bob") ";tag=b\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, 700, FORTH, "ACK sip:bob@x SIP/2.0\r\n" PARTIES("al", "bob") ";tag=b\r\nCSeq: 1 ACK\r\n\r\n");
	finish(f, 10000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"disposition\":\"busy\",\"sip_code\":486");
	has(f, 1, "\"disposition\":\"answered\",\"sip_code\":200");
	has(f, 1, "\"messages\":3");
	fixture_free(f);
}

/* RFC 2543: no tags; From and To, in either order, tell the call. */
static void
parties_tell_calls_apart(void **state)
{
	struct fixture *f = fixture_new(64);

	tell(f, 0, FORTH, "INVITE sip:bob@x SIP/2.0\r\nFrom: <sip:al@x>\r\nTo: <sip:bob@x>\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, 1, FORTH, "INVITE sip:carol@x SIP/2.0\r\nFrom: <sip:eve@x>\r\nTo: <sip:carol@x>\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, 900, BACK, "BYE sip:eve@x SIP/2.0\r\nFrom: <sip:carol@x>\r\nTo: <sip:eve@x>\r\nCSeq: 1 BYE\r\n\r\n");
	finish(f, 10000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"from_user\":\"eve\"");
	has(f, 0, "\"ended_by\":\"callee\",\"end_cause\":\"bye\"");
	has(f, 1, "\"from_user\":\"al\"");
	has_not(f, 1, "\"end_cause\":\"bye\"");
	fixture_free(f);
}

static void
an_invite_again_is_sent_again_until_the_call_is_over(void **state)
{
	struct fixture *f = fixture_new(64);
	static const char invite[] = "INVITE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n";

	tell(f, 0, FORTH, invite);
	tell(f, 500, FORTH, invite);
	tell(f, 900, FORTH, "BYE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 1500, FORTH, invite);                                        /* a new call */
	tell(f, 1600, (struct seen){ALICE, BOB, 5070, 0, false}, invite); /* of another client */
	finish(f, 10000);
	assert_int_equal(f->n_records, 3);
	has(f, 0, "\"messages\":3,\"retransmissions\":1");
	has(f, 1, "\"messages\":1,\"retransmissions\":0");
	has(f, 2, "\"src_port\":5070");
	fixture_free(f);
}

static void
what_begins_no_call_leaves_no_record(void **state)
{
	struct fixture *f = fixture_new(64);
	const struct seen cut = {ALICE, BOB, 0, 0, true};

	tell(f, 0, FORTH, "BYE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 1, FORTH, "ACK sip:bob@10.0.0.2 SIP/2.0\r\n\r\n");
	tell(f, 2, BACK, "SIP/2.0 200 OK\r\n\r\n");
	tell(f, 3, cut, "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UD");
	finish(f, 10000);
	assert_int_equal(f->n_records, 0);
	assert_int_equal(counted(f, METRICS_SIP_LEFT_OUT), 4);
	/* one that says who registers is recorded as ever */
	tell(f, 11000, FORTH, "REGISTER sip:x SIP/2.0\r\nTo: <sip:al@x>\r\nFrom: <sip:al@x>;tag=1\r\nCSeq: 1 REGISTER\r\n\r\n");
	finish(f, 20000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"kind\":\"registration\"");
	fixture_free(f);
}

static void
a_capture_that_cuts_messages_keeps_what_there_is(void **state)
{
	struct fixture *f = fixture_new(64);
	const struct seen forth = {ALICE, BOB, 0, 0, true}, back = {BOB, ALICE, 0, 0, true};

	tell(f, 0, forth, "INVITE sip:bob@10.0.0.2:5060 SIP/2.0\r\nVia: SIP/2.0/UD");
	tell(f, 9, back, "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 10.0.0.1;bra");
	tell(f, 3000, forth, "BYE sip:bob@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 1");
	finish(f, 10000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"messages\":3");
	has(f, 0, "\"truncated\":true");
	has(f, 0, "\"end_cause\":\"bye\"");
	fixture_free(f);
}

static void
scanners_take_little_room(void **state)
{
	struct fixture *f = fixture_new(1024);
	char text[64];

	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "INVITE sip:%d@x SIP/2.0\r\n\r\n", i);
		tell(f, i, FORTH, text);
	}
	assert_int_equal(counted(f, METRICS_CALLS), 16);
	assert_int_equal(counted(f, METRICS_CALLS_REFUSED), 24);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "INVITE sip:%d@x SIP/2.0\r\n\r\n", i);
		tell(f, 1000 + i, (struct seen){(uint8_t)(10 + i), BOB, 0, 0, false}, text);
	}
	assert_int_equal(counted(f, METRICS_CALLS), 1024 / 16 + 1);
	finish(f, 10000);
	f->n_records = 0;
	tell(f, 400000, FORTH, "INVITE sip:bob@x SIP/2.0\r\n\r\n"); /* the room is free again */
	finish(f, 400001);
	assert_int_equal(f->n_records, 1);
	fixture_free(f);
}

static void
one_call_id_has_room_for_so_many_dialogs(void **state)
{
	struct fixture *f = fixture_new(1024);
	char tag[16];

	for (int i = 0; i < 300; i++) {
		snprintf(tag, sizeof(tag), "a%d", i);
		say(f, i, ALICE, BOB, "INVITE", "1 INVITE", tag, "", NULL);
	}
	assert_int_equal(counted(f, METRICS_CALLS), 256);
	assert_int_equal(counted(f, METRICS_CALLS_REFUSED), 44);
	fixture_free(f);
}

static void
both_directions_have_one_key(void **state)
{
	struct sip_message m = {.call_id = {NULL, 0}};
	struct dialog_message forth = {.sip = &m, .src = host(ALICE), .dst = host(BOB)},
			      back = {.sip = &m, .src = host(BOB), .dst = host(ALICE)};
	uint8_t a[DIALOG_KEY_BYTES], b[DIALOG_KEY_BYTES];

	back.src.port = 1;
	assert_true(base_span_eq(dialog_key_of(&forth, a), dialog_key_of(&back, b)));
	m.call_id = BASE_SPAN("c1");
	assert_true(base_span_eq(dialog_key_of(&forth, a), BASE_SPAN("c1")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(start_lines_alone_are_one_call),
		cmocka_unit_test(the_callee_may_hang_up),
		cmocka_unit_test(calls_of_the_same_hosts_are_never_merged),
		cmocka_unit_test(tags_tell_calls_apart),
		cmocka_unit_test(parties_tell_calls_apart),
		cmocka_unit_test(an_invite_again_is_sent_again_until_the_call_is_over),
		cmocka_unit_test(what_begins_no_call_leaves_no_record),
		cmocka_unit_test(a_capture_that_cuts_messages_keeps_what_there_is),
		cmocka_unit_test(scanners_take_little_room),
		cmocka_unit_test(one_call_id_has_room_for_so_many_dialogs),
		cmocka_unit_test(both_directions_have_one_key)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
