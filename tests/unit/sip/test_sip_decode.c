#include "sip_testing.h"

#define VIA "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:a@a.example>;tag=1\r\n"
#define TO "To: <sip:b@b.example>\r\n"
#define CALL_ID "Call-ID: 1@a\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define ALL VIA FROM TO CALL_ID CSEQ

/* M: an INVITE with these headers has these flags. */
static void
M(const char *headers, uint32_t flags)
{
	char text[2048];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;
	struct sip_details d;

	base_text_str(&t, "INVITE sip:b@b.example SIP/2.0\r\n");
	base_text_str(&t, headers);
	base_text_str(&t, "\r\n");
	base_text_cstr(&t);
	assert_int_equal(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true), t.len);
	sip_details_parse(&m, &d);
	if (d.flags != flags)
		fail_msg("%s: flags %#x, expected %#x", headers, d.flags, flags);
}

static void
test_mandatory(void **state)
{
	M(ALL, 0);
	M(FROM TO CALL_ID CSEQ, SIP_FLAG_MISSING_HEADER);
	M(VIA TO CALL_ID CSEQ, SIP_FLAG_MISSING_HEADER);
	M(VIA FROM CALL_ID CSEQ, SIP_FLAG_MISSING_HEADER);
	M(VIA FROM TO CSEQ, SIP_FLAG_MISSING_HEADER);
	M(VIA FROM TO CALL_ID, SIP_FLAG_MISSING_HEADER);
}

static void
test_bad_values(void **state)
{
	M("Via: SIP/2.0\r\n" FROM TO CALL_ID CSEQ, SIP_FLAG_BAD_HEADER);
	M(VIA "From: \"a <sip:a@a>;tag=1\r\n" TO CALL_ID CSEQ, SIP_FLAG_BAD_HEADER);
	M(VIA "From: a@a;tag=1\r\n" TO CALL_ID CSEQ, SIP_FLAG_BAD_URI);
	M(VIA FROM "To: <sip:@b>\r\n" CALL_ID CSEQ, SIP_FLAG_BAD_URI);
	M(VIA FROM "To: <isbn:1>\r\n" CALL_ID CSEQ, 0);
	M(VIA FROM "To:\r\n" CALL_ID CSEQ, SIP_FLAG_BAD_HEADER);
	M(VIA FROM TO "Call-ID: a b\r\n" CSEQ, SIP_FLAG_BAD_HEADER);
	M(VIA FROM TO "Call-ID:\r\n" CSEQ, SIP_FLAG_BAD_HEADER);
	M(ALL "Date: yesterday\r\n", SIP_FLAG_BAD_DATE);
	M(ALL "Warning: 1 a \"b\"\r\n", SIP_FLAG_BAD_WARNING);
	M(ALL "Contact: <sip:a@b>\r\nm: nobody\r\n", SIP_FLAG_BAD_CONTACT);
}

static void
test_repeated(void **state)
{
	M(ALL VIA, 0);
	M(ALL "v: SIP/2.0/TCP b\r\n", 0);
	M(ALL CALL_ID, 0);
	M(ALL "i: 2@a\r\n", SIP_FLAG_REPEATED_HEADER);
	M(ALL CALL_ID "i: 2@a\r\n", SIP_FLAG_REPEATED_HEADER);
	M(ALL "To: <sip:c@c>\r\n", SIP_FLAG_REPEATED_HEADER);
	M(ALL "Max-Forwards: 1\r\nMax-Forwards: 2\r\n", SIP_FLAG_REPEATED_HEADER);
	M(ALL "Route: <sip:a>\r\nRoute: <sip:b>\r\nZ: 1\r\nZ: 2\r\n", 0);
}

/* C: this CSeq in an INVITE. */
static void
C(const char *cseq, uint32_t number, enum sip_method method, uint32_t flags)
{
	char text[1024];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;

	base_text_str(&t, "INVITE sip:b@b.example SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: ");
	base_text_str(&t, cseq);
	base_text_str(&t, "\r\n\r\n");
	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true) > 0);
	if (m.cseq != number || m.cseq_method != method || m.flags != flags)
		fail_msg("%s: %u, %u, flags %#x", cseq, m.cseq, m.cseq_method, m.flags);
}

static void
test_cseq(void **state)
{
	const uint32_t bad = SIP_FLAG_BAD_HEADER, mismatch = SIP_FLAG_CSEQ_MISMATCH;

	C("0 INVITE", 0, SIP_METHOD_INVITE, 0);
	C("0009\r\n  INVITE", 9, SIP_METHOD_INVITE, 0);
	C("2147483647 INVITE", 2147483647, SIP_METHOD_INVITE, 0);
	C("2147483648 INVITE", 2147483648u, SIP_METHOD_INVITE, bad);
	C("4294967295 INVITE", 4294967295u, SIP_METHOD_INVITE, bad);
	C("4294967296 INVITE", 0, SIP_METHOD_INVITE, bad);
	C("99999999999999999999999999 INVITE", 0, SIP_METHOD_INVITE, bad);
	C("1 BYE", 1, SIP_METHOD_BYE, mismatch);
	C("1 invite", 1, SIP_METHOD_OTHER, mismatch);
	C("1", 1, SIP_METHOD_OTHER, bad | mismatch);
	C("INVITE", 0, SIP_METHOD_INVITE, bad);
	C("1INVITE", 1, SIP_METHOD_INVITE, bad);
	C("1 INVITE 2", 1, SIP_METHOD_OTHER, bad | mismatch);
	C("-1 INVITE", 0, SIP_METHOD_OTHER, bad | mismatch);
	C("", 0, SIP_METHOD_NONE, bad | mismatch);
}

/* A response has no Request-URI, and its CSeq may name any method. */
static void
test_response_fields(void **state)
{
	static const char text[] = "SIP/2.0 486 Busy here\r\n" VIA FROM
				   "To: <sip:b@b>;tag=2\r\n" CALL_ID "CSeq: 5 NEWMETHOD\r\n\r\n";
	struct sip_message m;

	assert_int_equal(
		sip_parse(&m, (const uint8_t *)text, sizeof(text) - 1, true), sizeof(text) - 1);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.method, SIP_METHOD_NONE);
	assert_int_equal(m.status, 486);
	span_is(m.reason, "Busy here");
	span_is(m.to.tag, "2");
	assert_int_equal(m.cseq_method, SIP_METHOD_OTHER);
	span_is(m.cseq_method_text, "NEWMETHOD");
	struct sip_details d;
	sip_details_parse(&m, &d);
	assert_int_equal(d.ruri.kind, SIP_URI_NONE);
}

/* T: the tag that the short way finds in a From value is the one of the long way. */
static void
T(const char *value, const char *tag)
{
	char text[1024];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;
	struct sip_details d;

	base_text_str(&t, "INVITE sip:b@b.example SIP/2.0\r\n" VIA TO CALL_ID CSEQ "From: ");
	base_text_str(&t, value);
	base_text_str(&t, "\r\n\r\n");
	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true) > 0);
	sip_details_parse(&m, &d);
	span_is(m.from.tag, tag);
	span_is(d.from.tag, tag);
}

static void
test_tags(void **state)
{
	T("<sip:a@a>;tag=1", "1");
	T("<sip:a@a>", "");
	T("Alice B <sip:a@a;x=1>;tag=1-2;tag=3", "1-2");
	T("\"A > \\\" ;tag=no\" <sip:a@a>;tag=4", "4");
	T("\"A <x>;tag=no\" <sip:a@a>;tag=5", "5");
	T("<sip:a@a>; TAG = 6", "6");
	T("<sip:a@a>;x=y;tag=7", "7");
	T("sip:a@a;tag=8", "8");
	T("<sip:a@a>;tag=\"9\"", "9");
	T("<sip:a@a>;tag=", "");
	T("<sip:a@a;tag=no", "");
	T("\"open <sip:a@a>;tag=10", "10");
	T("", "");
}

/* V: the branch likewise. */
static void
V(const char *value, const char *branch)
{
	char text[1024];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;
	struct sip_details d;

	base_text_str(&t, "INVITE sip:b@b.example SIP/2.0\r\n" FROM TO CALL_ID CSEQ "Via: ");
	base_text_str(&t, value);
	base_text_str(&t, "\r\n\r\n");
	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true) > 0);
	sip_details_parse(&m, &d);
	span_is(m.via.branch, branch);
	span_is(d.via.branch, branch);
}

static void
test_branches(void **state)
{
	V("SIP/2.0/UDP a;branch=z9hG4bK1", "z9hG4bK1");
	V("SIP/2.0/UDP a:5060;rport;branch=z9hG4bK1;received=1.2.3.4", "z9hG4bK1");
	V("SIP/2.0/UDP [2001:db8::1]:5060;branch=1", "1");
	V("SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2", "1");
	V("SIP / 2.0 / UDP a ; Branch = 3", "3");
	V("SIP/2.0/UDP a;branch=1;branch=2", "2");
	V("SIP/2.0/UDP a;branch=\"q;x\"", "q;x");
	V("SIP/2.0/UDP a junk;branch=1", "");
	V("SIP/2.0/UDP [2001;branch=1", "1");
	V("SIP/2.0/UDP a", "");
	V("SIP/2.0/UDP", "");
	V("", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mandatory),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_cseq),
		cmocka_unit_test(test_response_fields),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_branches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
