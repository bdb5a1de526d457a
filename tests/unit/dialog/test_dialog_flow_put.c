/* What a message in flow[] says of itself besides its start line. */
#include "dialog_testing.h"

static void
a_message_names_its_dialog_and_transaction(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 20, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b2", NULL);
	say(f, 30, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", NULL);
	say(f, 40, BOB, ALICE, "BYE", "7 BYE", "b2", "a1", NULL);
	finish(f, 1000);
	has(f, 0, "\"method\":\"INVITE\",\"cseq\":1,\"cseq_method\":\"INVITE\",\"transaction\":0");
	has_not(f, 0, "branch"); /* kept nowhere unless asked for */
	const char *flow = strstr(f->json[0], "\"flow\":");
	static const char *const tags[] = {"\"to_tag\":\"b1\"", "\"to_tag\":\"b2\"", "\"to_tag\":\"b1\"", "\"to_tag\":\"b2\""};
	for (size_t i = 0; i < base_count_of(tags); i++) {
		flow = strstr(flow + 1, "\"to_tag\"");
		assert_non_null(flow);
		assert_memory_equal(flow, tags[i], strlen(tags[i]));
	}
	fixture_free(f);
}

static void
branches_are_kept_where_asked_for(void **state)
{
	struct fixture *f = fixture_new(16);

	f->options.keep_branches = true;
	f->dialog = dialog_new(f->mem, &f->options);
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	f->branch = "two";
	say(f, 20, ALICE, BOB, "PUNK", "2 PUNK", "a1", "b1", NULL);
	finish(f, 1000);
	has(f, 0, "\"method\":\"PUNK\",\"cseq\":2,\"branch\":\"z9hG4bKtwo\",\"transaction\":1,");
	has(f, 0, "\"sip_code\":180,\"sip_reason\":\"Ringing\"");
	const char *at = strstr(f->json[0], "\"flow\":");
	for (int i = 0; i < 2; i++) {
		at = strstr(at + 1, "\"branch\":\"z9hG4bK1-INVITE\"");
		assert_non_null(at);
	}
	fixture_free(f);
}

/* However many, and wherever the first ones end: in order, each with its own text. */
static void
every_message_has_its_row(void **state)
{
	static const char *const ends[] = {"\"src_ip\":\"10.0.0.2\",\"src_port\":5060,\"dst_ip\":\"10.0.0.1\"",
		"\"src_ip\":\"10.0.0.1\",\"src_port\":5060,\"dst_ip\":\"10.0.0.2\""};

	for (uint32_t n = 1; n < 3 * FLOW_READY; n++) {
		struct fixture *f = fixture_new(16);
		f->dialog->options.flow_entries = 200;
		for (uint32_t i = 0; i < n; i++) {
			char cseq[32], phrase[32];
			snprintf(cseq, sizeof(cseq), "%u INVITE", i + 1);
			snprintf(phrase, sizeof(phrase), "480 Not now %u", i);
			if (i % 3)
				say(f, 10 * i, BOB, ALICE, phrase, cseq, "a1", "b1", NULL);
			else
				say(f, 10 * i, ALICE, BOB, "INVITE", cseq, "a1", i ? "b1" : "", SDP_ALICE);
		}
		finish(f, 1000000);
		const char *at = strstr(f->json[0], "\"flow\":");
		for (uint32_t i = 0; i < n; i++) {
			char row[64];
			snprintf(row, sizeof(row), i % 3 ? "\"sip_reason\":\"Not now %u\"" : "\"cseq\":%u,", i + !(i % 3));
			at = strstr(at + 1, row);
			assert_non_null(at);
			const char *end = strchr(at, '}'), *begin = at;
			while (*begin != '{')
				begin--;
			const char *src = strstr(begin, "\"src_ip\":\""), *sdp = strstr(begin, "\"sdp\":");
			assert_true(src && src < end);
			assert_memory_equal(src, ends[i % 3 == 0], strlen(ends[0]));
			assert_int_equal(sdp && sdp < end, i % 3 == 0);
		}
		fixture_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_message_names_its_dialog_and_transaction),
		cmocka_unit_test(branches_are_kept_where_asked_for), cmocka_unit_test(every_message_has_its_row)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
