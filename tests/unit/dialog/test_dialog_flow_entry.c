/* However far times and CSeqs are apart: each entry of flow[] says its own, and its own texts. */
#include "dialog_testing.h"

#define APART_MS (20 * 60 * 1000ll) /* more than an entry holds */

static void
every_entry_keeps_its_cseq(void **state)
{
	static const uint32_t cseqs[] = {100, 101, 84, 83, 338, 339, 340, 4294967295u, 0, 100, 2147483648u};
	struct fixture *f = fixture_new(16);
	char text[64];

	say(f, 0, ALICE, BOB, "INVITE", "99 INVITE", "a1", "", NULL);
	for (uint32_t i = 0; i < base_count_of(cseqs); i++) {
		snprintf(text, sizeof(text), "%u INFO", cseqs[i]);
		say(f, 1 + i * 1000, ALICE, BOB, "INFO", text, "a1", "b1", NULL);
	}
	finish(f, 60000);
	for (uint32_t i = 0; i < base_count_of(cseqs); i++) {
		snprintf(text, sizeof(text), "\"cseq\":%u,\"cseq_method\":\"INFO\"", cseqs[i]);
		has(f, 0, text);
	}
	has(f, 0, "\"cseq\":99,\"cseq_method\":\"INVITE\"");
	has(f, 0, "\"retransmissions\":1,"); /* CSeq 100 came twice, with bases between */
	fixture_free(f);
}

static void
a_repeat_is_known_behind_a_new_base(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", NULL);
	say(f, 20, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL);
	say(f, APART_MS, BOB, ALICE, "INVITE", "70000 INVITE", "b1", "a1", NULL);
	say(f, APART_MS + 500, BOB, ALICE, "INVITE", "70000 INVITE", "b1", "a1", NULL);
	say(f, 2 * APART_MS, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL);
	finish(f, 2 * APART_MS + 1000);
	has(f, 0, "\"messages\":6,\"retransmissions\":2");
	has(f, 0, "2023-11-14T22:33:20.500000Z");
	has(f, 0, "2023-11-14T22:53:20.000000Z");
	fixture_free(f);
}

/* They lie in the order of the entries, and only some entries have one or the other. */
static void
every_entry_has_its_own_texts(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 1, BOB, ALICE, "100 One", "1 INVITE", "a1", "", NULL);
	say(f, 2, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 3, BOB, ALICE, "183 Two", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 4, BOB, ALICE, "200 Three", "1 INVITE", "a1", "b1", NULL);
	say(f, 5, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL);
	finish(f, 1000);
	has(f, 0, "\"dst_port\":5060,\"time\":\"2023-11-14T22:13:20.000000Z\",\"sdp\":\"audio 10.0.0.1:4000");
	has(f, 0, "\"sip_code\":100,\"sip_reason\":\"One\",\"time\":\"2023-11-14T22:13:20.001000Z\"}");
	has(f, 0, "\"sip_code\":180,\"sip_reason\":\"Ringing\",\"time\":\"2023-11-14T22:13:20.002000Z\"}");
	has(f, 0, "\"sip_code\":183,\"sip_reason\":\"Two\",\"time\":\"2023-11-14T22:13:20.003000Z\",\"sdp\":\"audio 10.0.0.2:5000");
	has(f, 0, "\"sip_code\":200,\"sip_reason\":\"Three\",\"time\":\"2023-11-14T22:13:20.004000Z\"}");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_entry_keeps_its_cseq),
		cmocka_unit_test(a_repeat_is_known_behind_a_new_base), cmocka_unit_test(every_entry_has_its_own_texts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
