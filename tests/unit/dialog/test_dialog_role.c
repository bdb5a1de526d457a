/* What an address is, told from what it does. */
#include "dialog_testing.h"

#define VIA_BELOW "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKbelow\r\n"
#define ROLE(n, role, evidence) "{\"ip\":\"10.0.0." #n "\",\"port\":5060,\"role\":\"" role "\",\"evidence\":\"" evidence "\"}"

static void
with(struct fixture *f, const char *extra, int64_t ms, uint8_t src, uint8_t dst, const char *first, const char *cseq, const char *to_tag)
{
	f->extra = extra;
	say(f, ms, src, dst, first, cseq, "a1", to_tag, NULL);
	f->extra = NULL;
}

static void
user_agents_name_themselves(void **state)
{
	struct fixture *f = fixture_new(16);

	with(f, "Contact: <sip:alice@10.0.0.1>\r\n", 0, ALICE, BOB, "INVITE", "1 INVITE", "");
	with(f, "Contact: <sip:bob@10.0.0.2:5060;transport=udp>\r\n", 10, BOB, ALICE, "200 OK", "1 INVITE", "b1");
	finish(f, 1000);
	has(f, 0, "\"roles\":[" ROLE(1, "ua", "contact,request") "," ROLE(2, "ua", "contact,answer") "]");
	fixture_free(f);
}

static void
another_contact_is_no_evidence(void **state)
{
	static const char *const contacts[] = {"Contact: <sip:alice@10.0.0.11>\r\n", "Contact: <sip:alice@10.0.0.1:5070>\r\n",
		"Contact: <sip:alice@host.test>\r\n", "Contact: *\r\n", "Contact: <sip:@>\r\n"};

	for (size_t i = 0; i < base_count_of(contacts); i++) {
		struct fixture *f = fixture_new(16);
		with(f, contacts[i], 0, ALICE, BOB, "INVITE", "1 INVITE", "");
		finish(f, 1000);
		has(f, 0, "\"roles\":[" ROLE(1, "ua", "request") "]");
		fixture_free(f);
	}
}

static void
who_forwards_is_a_proxy(void **state)
{
	struct fixture *f = fixture_new(16);

	f->branch = "h1";
	with(f, NULL, 0, ALICE, PROXY, "INVITE", "1 INVITE", "");
	f->branch = "h2";
	with(f, VIA_BELOW "Record-Route: <sip:10.0.0.3;lr>\r\n", 1, PROXY, BOB, "INVITE", "1 INVITE", "");
	with(f, VIA_BELOW "Record-Route: <sip:10.0.0.3;lr>\r\n", 2, BOB, PROXY, "180 Ringing", "1 INVITE", "b1");
	f->branch = "h1";
	with(f, "Record-Route: <sip:10.0.0.3;lr>\r\n", 3, PROXY, ALICE, "180 Ringing", "1 INVITE", "b1");
	finish(f, 1000);
	has(f, 0, "\"roles\":[" ROLE(1, "ua", "request") "," ROLE(3, "proxy", "via,record-route") "," ROLE(2, "ua", "answer") "]");
	fixture_free(f);
}

static void
only_proxies_challenge_with_407_but_for_those_that_answer(void **state)
{
	struct fixture *f = fixture_new(16);

	with(f, NULL, 0, ALICE, BOB, "INVITE", "1 INVITE", "");
	with(f, NULL, 10, BOB, ALICE, "407 Proxy Authentication Required", "1 INVITE", "p1");
	finish(f, 1000);
	has(f, 0, ROLE(2, "proxy", "407"));
	fixture_free(f);
	f = fixture_new(16);
	with(f, NULL, 0, ALICE, BOB, "INVITE", "1 INVITE", "");
	with(f, NULL, 10, BOB, ALICE, "407 Proxy Authentication Required", "1 INVITE", "p1");
	with(f, NULL, 20, ALICE, BOB, "INVITE", "2 INVITE", "");
	with(f, "Contact: <sip:bob@10.0.0.2>\r\n", 30, BOB, ALICE, "200 OK", "2 INVITE", "b1");
	finish(f, 1000);
	has(f, 0, ROLE(2, "ua", "contact,answer"));
	has_not(f, 0, "\"proxy\"");
	fixture_free(f);
}

static void
registrar_and_redirect_server(void **state)
{
	struct fixture *f = fixture_new(16);

	with(f, "Contact: <sip:alice@10.0.0.1>\r\n", 0, ALICE, BOB, "REGISTER", "1 REGISTER", "");
	with(f, NULL, 10, BOB, ALICE, "200 OK", "1 REGISTER", "r1");
	f->call_id = "c2";
	with(f, NULL, 20, ALICE, PROXY, "INVITE", "1 INVITE", "");
	with(f, "Contact: <sip:carol@10.0.0.7>\r\n", 30, PROXY, ALICE, "302 Moved Temporarily", "1 INVITE", "p1");
	finish(f, 1000);
	has(f, 0, "\"roles\":[" ROLE(1, "ua", "request") "," ROLE(2, "registrar", "register") "]");
	has(f, 1, "\"roles\":[" ROLE(1, "ua", "request") "," ROLE(3, "redirect", "3xx") "]");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(user_agents_name_themselves),
		cmocka_unit_test(another_contact_is_no_evidence), cmocka_unit_test(who_forwards_is_a_proxy),
		cmocka_unit_test(only_proxies_challenge_with_407_but_for_those_that_answer),
		cmocka_unit_test(registrar_and_redirect_server)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
