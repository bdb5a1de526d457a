#include "sip_testing.h"

/* What a URI is taken apart to: "kind|user|user_params|host|port|params|headers", with "! " before
 * where it does not parse. */
static void
U(const char *text, const char *want)
{
	static const char *const kinds[] = {"none", "sip", "sips", "tel", "other"};
	uint8_t *copy = heap_copy(text, (uint32_t)strlen(text));
	char buf[512];
	struct base_text t = base_text_of(buf, sizeof(buf));
	struct sip_uri u;
	bool ok = sip_uri_parse(base_span_of(copy, (uint32_t)strlen(text)), &u);
	const struct base_span parts[] = {u.user, u.user_params, u.host, {0}, u.params, u.headers};

	base_text_str(&t, ok ? "" : "! ");
	base_text_str(&t, kinds[u.kind]);
	for (size_t i = 0; i < base_count_of(parts); i++) {
		base_text_char(&t, '|');
		if (i == 3)
			base_text_u64(&t, u.port);
		else
			base_text_span(&t, parts[i]);
	}
	if (strcmp(base_text_cstr(&t), want) != 0)
		fail_msg("%s: got %s, expected %s", text, buf, want);
	span_is(u.text, text);
	free(copy);
}

static void
test_sip(void **state)
{
	U("sip:a@b", "sip|a||b|0||");
	U("SIP:a@b", "sip|a||b|0||");
	U("sips:a@b.example:5061", "sips|a||b.example|5061||");
	U("sip:b.example", "sip|||b.example|0||");
	U("sip:b.example:5060;transport=tcp;lr", "sip|||b.example|5060|transport=tcp;lr|");
	U("sip:+1234@b;user=phone", "sip|+1234||b|0|user=phone|");
	U("sip:a:secret@b", "sip|a||b|0||");
	U("sip:a:@b", "sip|a||b|0||");
	U("sip:+123;npdi;rn=1@b", "sip|+123|npdi;rn=1|b|0||");
	U("sip:a;x=1:pw@b;y", "sip|a|x=1|b|0|y|");
	U("sip:a%40c@b", "sip|a%40c||b|0||");
	U("sip:a@b?Subject=x&To=y", "sip|a||b|0||Subject=x&To=y");
	U("sip:a@b;lr?Subject=x", "sip|a||b|0|lr|Subject=x");
	U("sip:a?b@c", "sip|a?b||c|0||"); /* '?' is a user's character */
	U("sip:a@[2001:db8::1]:5060;lr", "sip|a||[2001:db8::1]|5060|lr|");
	U("sip:[::ffff:192.0.2.1]", "sip|||[::ffff:192.0.2.1]|0||");
	U("sip:x@my_host.example", "sip|x||my_host.example|0||"); /* common, taken */
}

static void
test_tel_and_others(void **state)
{
	U("tel:+12125550100", "tel|+12125550100|||0||");
	U("tel:+1-212.555(0)1", "tel|+1-212.555(0)1|||0||");
	U("TEL:110;phone-context=+49", "tel|110|||0|phone-context=+49|");
	U("tel:*21#", "tel|*21#|||0||");
	U("tel:", "! tel||||0||");
	U("tel:anna", "! tel|anna|||0||");
	U("urn:service:sos", "other||||0||");
	U("http://a/b", "other||||0||");
	U("urn:", "! other||||0||");
	U("im:a b", "! other||||0||");
}

static void
test_bad(void **state)
{
	U("", "! none||||0||");
	U("a@b", "! none|a||b|0||");
	U("sip:", "! sip||||0||");
	U("sip:@b", "! sip|||b|0||");
	U("sip:a@", "! sip|a|||0||");
	U("sip:a@b@c", "! sip|a@b||c|0||");
	U("sip:a@b?Replaces=c@d", "! sip|a||b|0||Replaces=c@d"); /* an '@' there belongs escaped;
								    the host is told all the same */
	U("sip:a@b;x?To=c@d", "! sip|a||b|0|x|To=c@d");
	U("sip:a@b:", "! sip|a||b|0||");
	U("sip:a@b:port", "! sip|a||b|0||");
	U("sip:a@b:65536", "! sip|a||b|0||");
	U("sip:a@b:99999999999999999999;x", "! sip|a||b|0|x|");
	U("sip:2001:db8::1", "! sip|||2001|0||");
	U("sip:a@[2001:db8::1", "! sip|a||[2001:db8::1|0||");
	U("sip:a@[]", "! sip|a||[]|0||");
	U("sip:a@b;", "! sip|a||b|0||");
	U("sip:a@b;;x", "! sip|a||b|0|;x|");
	U("sip:a@b; lr", "! sip|a||b|0| lr|");
	U("sip:a b@c", "! sip|a b||c|0||");
	U("sip:a%4@b", "! sip|a%4||b|0||");
	U("sip:a%zz@b", "! sip|a%zz||b|0||");
	U("sip:a@b%20", "! sip|a||b|0||");
	U("sip:a\xc3\xa4@b", "! sip|a\xc3\xa4||b|0||");
	U("sip:a@b?", "! sip|a||b|0||");
}

static void
V(const char *text, bool want, const char *fields)
{
	char buf[512];
	struct base_text t = base_text_of(buf, sizeof(buf));
	struct sip_via v;
	uint8_t *copy = heap_copy(text, (uint32_t)strlen(text));
	bool ok = sip_via_parse(base_span_of(copy, (uint32_t)strlen(text)), &v);
	const struct base_span parts[] = {v.transport, v.host, v.branch, v.received};

	for (size_t i = 0; i < base_count_of(parts); i++) {
		base_text_span(&t, parts[i]);
		base_text_char(&t, '|');
	}
	base_text_u64(&t, v.port);
	base_text_char(&t, '|');
	base_text_u64(&t, v.rport);
	if (ok != want || strcmp(base_text_cstr(&t), fields) != 0)
		fail_msg("%s: got %d %s, expected %s", text, ok, buf, fields);
	free(copy);
}

static void
test_via(void **state)
{
	V("SIP/2.0/UDP a.example;branch=z9hG4bK1", true, "UDP|a.example|z9hG4bK1||0|0");
	V("SIP/2.0/TCP [2001:db8::1]:5061;BRANCH=x;Received=2001:db8::2;rport=1024", true,
		"TCP|[2001:db8::1]|x|2001:db8::2|5061|1024");
	V("SIP / 2.0\r\n / UDP  a : 5060 ; branch = x ; rport", true, "UDP|a|x||5060|0");
	V("SIP/2.0/UDP a;branch=x, SIP/2.0/TCP b;branch=y", true, "UDP|a|x||0|0");
	V("SIP/2.0/UDP a", true, "UDP|a|||0|0");
	V("SIP/2.0/UDP a;branch=x;;", false, "UDP|a|x||0|0");
	V("SIP/2.0/UDP a;", false, "UDP|a|||0|0");
	V("SIP/2.0/UDP", false, "UDP||||0|0");
	V("SIP/2.0 a", false, "||||0|0");
	V("SIP/2.0/UDP a:x;branch=y", false, "UDP|a|||0|0");
	V("SIP/2.0/UDP a b", false, "UDP|a|||0|0");
	V(",,", false, "||||0|0");
	V("", false, "||||0|0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sip),
		cmocka_unit_test(test_tel_and_others),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_via),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
