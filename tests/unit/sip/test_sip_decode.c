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

	base_text_str(&t, "INVITE sip:b@b.example SIP/2.0\r\n");
	base_text_str(&t, headers);
	base_text_str(&t, "\r\n");
	base_text_cstr(&t);
	assert_int_equal(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true), t.len);
	if (m.flags != flags)
		fail_msg("%s: flags %#x, expected %#x", headers, m.flags, flags);
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

static void
test_request_fields(void **state)
{
	static const char text[] =
		"REFER sips:+49@[2001:db8::2]:5061;lr SIP/2.0\r\n"
		"v: SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bK9;rport=7;received=2001:db8::3\r\n"
		"f: \"O. Nora\" <sip:nora@n.example>;tag=n1\r\n"
		"t: sip:otto@o.example;tag=o1\r\n"
		"i: x@y\r\nCSeq: 77 REFER\r\nc: text/plain;charset=utf-8\r\nl: 2\r\n\r\nhi";
	struct sip_message m;

	assert_int_equal(
		sip_parse(&m, (const uint8_t *)text, sizeof(text) - 1, true), sizeof(text) - 1);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.method, SIP_METHOD_REFER);
	assert_int_equal(m.status, 0);
	span_is(m.ruri.user, "+49");
	span_is(m.ruri.host, "[2001:db8::2]");
	assert_int_equal(m.ruri.port, 5061);
	assert_int_equal(m.ruri.kind, SIP_URI_SIPS);
	span_is(m.via.transport, "TLS");
	span_is(m.via.branch, "z9hG4bK9");
	span_is(m.via.received, "2001:db8::3");
	assert_int_equal(m.via.rport, 7);
	span_is(m.from.display, "O. Nora");
	span_is(m.from.tag, "n1");
	span_is(m.to.uri.host, "o.example");
	span_is(m.to.tag, "o1");
	span_is(m.content_type, "text/plain;charset=utf-8");
	span_is(m.body, "hi");
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
	assert_int_equal(m.ruri.kind, SIP_URI_NONE);
}

/* R: this Request-URI. */
static void
R(const char *uri, uint32_t flags)
{
	char text[1024];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;

	base_text_str(&t, "INVITE ");
	base_text_str(&t, uri);
	base_text_str(&t, " SIP/2.0\r\n" ALL "\r\n");
	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true) > 0);
	if (m.flags != flags)
		fail_msg("%s: flags %#x, expected %#x", uri, m.flags, flags);
}

static void
test_request_uri(void **state)
{
	R("tel:+1", 0);
	R("urn:service:sos", SIP_FLAG_UNKNOWN_SCHEME);
	R("sip:a@b?Subject=x", SIP_FLAG_BAD_START_LINE);
	R("sip:a@b:x", SIP_FLAG_BAD_URI);
	R("nobody", SIP_FLAG_BAD_URI);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mandatory),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_cseq),
		cmocka_unit_test(test_request_fields),
		cmocka_unit_test(test_response_fields),
		cmocka_unit_test(test_request_uri),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
