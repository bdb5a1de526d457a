/* What a message could share with another leg: two spellings of one number, who was called before. */
#include "dialog_testing.h"

static void
invite(struct fixture *f, const char *call_id, int64_t ms, uint8_t src, uint8_t dst, const char *called, const char *calling,
	const char *extra)
{
	static struct sip_message m;
	char text[1024];
	int n = snprintf(text, sizeof(text),
		"INVITE sip:%s@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%s\r\nFrom: <sip:%s@x>;tag=a\r\nTo: <sip:%s@x>\r\n"
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\n%s\r\n",
		called, call_id, calling, called, call_id, extra ? extra : "");

	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)n, true) > 0);
	dialog_receive(f->dialog, &(struct dialog_message){.sip = &m, .ts_ns = T0 + ms * BASE_NS_PER_MS, .src = host(src),
		.dst = host(dst), .vlan = PACKET_VLAN_NONE, .transport = PACKET_UDP});
}

/* Two legs through 10.0.0.3: linked for reason, or not where that is NULL. */
static void
through(const char *called[2], const char *calling[2], const char *extra, const char *reason)
{
	struct fixture *f = fixture_new(16);
	char want[64];

	invite(f, "leg1", 0, ALICE, PROXY, called[0], calling[0], NULL);
	invite(f, "leg2", 100, PROXY, BOB, called[1], calling[1], extra);
	finish(f, 1000);
	snprintf(want, sizeof(want), "\"reason\":\"%s\"", reason ? reason : "");
	for (uint32_t i = 0; i < 2; i++) {
		if (reason)
			has(f, i, want);
		else
			has_not(f, i, "linked");
	}
	fixture_free(f);
}

static void
numbers_are_compared_by_their_end(void **state)
{
	static const struct {
		const char *called[2], *calling[2];
		bool same;
	} cases[] = {{{"+49301234567", "0049301234567"}, {"+49891111", "0891111"}, false}, /* callers: the short one is another */
		{{"+49301234567", "0049301234567"}, {"+4989111122", "089111122"}, true},
		{{"+49-30-123.45(67)", "4567301234567"}, {"a", "A"}, false}, {{"100", "100"}, {"Alice", "alice"}, true},
		{{"100", "101"}, {"alice", "alice"}, false}, {{"100", "100"}, {"alice", "bob"}, false},
		{{"bob", "bob"}, {"", ""}, true}, {{"", ""}, {"alice", "alice"}, false},
		{{"alice12345678", "bob12345678"}, {"a", "a"}, true}, {{"x1234567", "y1234567"}, {"a", "a"}, false},
		{{"1234567a", "1234567A"}, {"a", "a"}, true}, {{"(12)345678", "99912345678"}, {"a", "a"}, true},
		{{"02345678", "12345678"}, {"a", "a"}, false}, {{"9999999*", "99999999"}, {"a", "a"}, false}};

	for (size_t i = 0; i < base_count_of(cases); i++) {
		bool last_eight_differ = i == 2;
		through((const char *[]){cases[i].called[0], cases[i].called[1]},
			(const char *[]){cases[i].calling[0], cases[i].calling[1]}, NULL,
			cases[i].same || last_eight_differ ? "numbers" : NULL);
	}
}

static void
a_forwarded_leg_names_who_was_called_before(void **state)
{
	static const char *const called[] = {"5551000", "5552000"}, *const calling[] = {"5553000", "5553000"};

	through((const char **)(void *)called, (const char **)(void *)calling, NULL, NULL);
	through((const char **)(void *)called, (const char **)(void *)calling,
		"Diversion: <sip:5551000@x>;reason=no-answer, <sip:1@x>\r\n", "diversion");
	through((const char **)(void *)called, (const char **)(void *)calling,
		"History-Info: <sip:5551000@x?Reason=SIP%3Bcause%3D302>;index=1, <sip:5552000@x>;index=1.1\r\n", "diversion");
	through((const char **)(void *)called, (const char **)(void *)calling, "Diversion: <sip:5559999@x>\r\n", NULL);
}

static void
hostile_refer_to_is_read_within_its_bounds(void **state)
{
	static const char *const values[] = {"<sip:c@x?Replaces=>", "<sip:c@x?Replaces>", "<sip:c@x?Replaces=%>", "<sip:c@x?Replaces=%4>",
		"<sip:c@x?Replaces=%zz%3b>", "<sip:c@x?&&=&Replaces=a&>", "<sip:@?Replaces=%3B>", "?", "<", ""};
	char extra[1024], longest[600];

	for (size_t i = 0; i <= base_count_of(values); i++) {
		struct fixture *f = fixture_new(16);
		memset(longest, 'x', sizeof(longest) - 1);
		longest[sizeof(longest) - 1] = 0;
		if (i < base_count_of(values))
			snprintf(extra, sizeof(extra), "Refer-To: %s\r\n", values[i]);
		else
			snprintf(extra, sizeof(extra), "Refer-To: <sip:c@x?Replaces=%s>\r\n", longest);
		answered_call(f);
		f->extra = extra;
		say(f, 4000, BOB, ALICE, "REFER", "5 REFER", "b1", "a1", NULL);
		finish(f, 5000);
		has_not(f, 0, "linked");
		fixture_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_are_compared_by_their_end),
		cmocka_unit_test(a_forwarded_leg_names_who_was_called_before),
		cmocka_unit_test(hostile_refer_to_is_read_within_its_bounds)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
