#include "sip_testing.h"

#define VIA "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:a@a.example>;tag=1\r\n"
#define TO "To: <sip:b@b.example>\r\n"
#define CALL_ID "Call-ID: 1@a\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define ALL VIA FROM TO CALL_ID CSEQ

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
	struct sip_details d;

	assert_int_equal(
		sip_parse(&m, (const uint8_t *)text, sizeof(text) - 1, true), sizeof(text) - 1);
	sip_details_parse(&m, &d);
	assert_int_equal(d.flags, 0);
	assert_int_equal(m.method, SIP_METHOD_REFER);
	assert_int_equal(m.status, 0);
	span_is(d.ruri.user, "+49");
	span_is(d.ruri.host, "[2001:db8::2]");
	assert_int_equal(d.ruri.port, 5061);
	assert_int_equal(d.ruri.kind, SIP_URI_SIPS);
	span_is(d.via.transport, "TLS");
	span_is(m.via.branch, "z9hG4bK9");
	span_is(d.via.received, "2001:db8::3");
	assert_int_equal(d.via.rport, 7);
	span_is(d.from.display, "O. Nora");
	span_is(m.from.tag, "n1");
	span_is(d.to.uri.host, "o.example");
	span_is(m.to.tag, "o1");
	span_is(m.content_type, "text/plain;charset=utf-8");
	span_is(m.body, "hi");
}

/* R: this Request-URI. */
static void
R(const char *uri, uint32_t flags)
{
	char text[1024];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;
	struct sip_details d;

	base_text_str(&t, "INVITE ");
	base_text_str(&t, uri);
	base_text_str(&t, " SIP/2.0\r\n" ALL "\r\n");
	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true) > 0);
	sip_details_parse(&m, &d);
	if (d.flags != flags)
		fail_msg("%s: flags %#x, expected %#x", uri, d.flags, flags);
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
		cmocka_unit_test(test_request_fields),
		cmocka_unit_test(test_request_uri),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
