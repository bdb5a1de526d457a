/* What became of a REFER is what the transferee's NOTIFYs say. */
#include "dialog_testing.h"

struct transfer_case {
	const char *refer_response;
	const char *notifies[3];
	const char *result; /* in the record */
};

static void
transfers(void **state)
{
	static const struct transfer_case cases[] = {
		{"202 Accepted", {"SIP/2.0 100 Trying", "SIP/2.0 200 OK"}, "\"transfer_result\":\"succeeded\",\"transfer_code\":200"},
		{"202 Accepted", {"SIP/2.0 180 Ringing\r\n", "SIP/2.0 486 Busy Here\r\n"},
			"\"transfer_result\":\"failed\",\"transfer_code\":486"},
		/* a provisional one that comes late changes nothing */
		{"202 Accepted", {"SIP/2.0 200 OK", "SIP/2.0 180 Ringing"}, "\"transfer_result\":\"succeeded\",\"transfer_code\":200"},
		{"202 Accepted", {"SIP/2.0 100 Trying"}, "\"transfer_result\":\"accepted\",\"transfer_code\":100"},
		{"202 Accepted", {NULL}, "\"transfer_result\":\"accepted\","},
		{"603 Declined", {NULL}, "\"transfer_result\":\"rejected\",\"transfer_code\":603"},
		{NULL, {NULL}, "\"transfer_result\":\"asked\","},
		{NULL, {"SIP/2.0 200 OK"}, "\"transfer_result\":\"succeeded\",\"transfer_code\":200"},
		{"202 Accepted", {"SIP/2.0 ", "SIP/2.0 999 x", "SIP/2.0 2"}, "\"transfer_result\":\"accepted\","}};

	for (size_t i = 0; i < base_count_of(cases); i++) {
		const struct transfer_case *c = &cases[i];
		struct fixture *f = fixture_new(16);
		char cseq[32];
		answered_call(f);
		f->extra = "Refer-To: <sip:carol@x.test>\r\n";
		say(f, 4000, ALICE, BOB, "REFER", "5 REFER", "a1", "b1", NULL);
		f->extra = NULL;
		if (c->refer_response)
			say(f, 4010, BOB, ALICE, c->refer_response, "5 REFER", "a1", "b1", NULL);
		f->body_type = "message/sipfrag;version=2.0";
		for (int k = 0; k < 3 && c->notifies[k]; k++) {
			snprintf(cseq, sizeof(cseq), "%d NOTIFY", 10 + k);
			say(f, 4100 + k * 100, BOB, ALICE, "NOTIFY", cseq, "b1", "a1", c->notifies[k]);
		}
		finish(f, 5000);
		has(f, 0, "\"transfer_to\":\"<sip:carol@x.test>\"");
		has(f, 0, c->result);
		fixture_free(f);
	}
}

static void
a_call_without_refer_has_no_transfer(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	f->body_type = "text/plain";
	say(f, 4100, BOB, ALICE, "NOTIFY", "9 NOTIFY", "b1", "a1", "SIP/2.0 200 OK");
	say(f, 4200, BOB, ALICE, "200 OK", "8 REFER", "b1", "a1", NULL);
	finish(f, 5000);
	has_not(f, 0, "transfer_");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(transfers), cmocka_unit_test(a_call_without_refer_has_no_transfer)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
