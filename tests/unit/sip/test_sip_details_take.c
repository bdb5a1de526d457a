#include "sip_testing.h"

#include "sip_same.h"
#include "sip_wide.h"

#define END                                                                                        \
	"CSeq: 1 INVITE\r\nContent-Length: 70\r\n\r\n"                                             \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.17\r\ns=a session of seventy bytes, no more\r\n"

static const char *const messages[] = {
	"INVITE sip:+493000001231@sbc048.example.net;user=phone SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 10.0.4.208:5060;branch=z9hG4bK000004cf;rport\r\n"
	"From: \"Subscriber, 1231\" <sip:+498900001231@sbc048.example.net;user=phone>;tag=a00\r\n"
	"To: <sip:+493000001231@sbc048.example.net;user=phone>\r\n"
	"Call-ID: b6428188-000004cf@trunk.carrier.example.net\r\n"
	"Contact: <sip:gw@10.0.4.208:5060>\r\nRecord-Route: <sip:192.0.2.1;lr>\r\n" END,
	"BYE sip:a:pw@[2001:db8::1]:5061;lr?x=y SIP/2.0\r\n"
	"Via: SIP/2.0/TCP b.example;Branch=z9;received=192.0.2.1;rport=5060, SIP/2.0/TCP c\r\n"
	"From: Alice B. <sip:alice_1@b.example:65535;transport=tcp;lr;a=;maddr=b>;x=\"y\";tag=1\r\n"
	"To: sip:bob@c.example;tag=2\r\n"
	"Call-ID: 1\r\n"
	"Contact: \"a\\\"b\" <sip:a%41@b;x=%41>;expires=1, <sip:c>\r\nContact: *\r\n" END,
	"SIP/2.0 200 OK\r\n"
	"Via: SIP/2.0/TLS c.example.net:5061;branch=z9hG4bK1\r\n"
	"From: \"\" <sips:a@b>;tag=1;tag=2\r\nTo: <tel:+49891;phone-context=+49>;TAG=\"3\"\r\n"
	"Call-ID: a b\r\nContact: <sip:c@d>;expires=60;q=0.5\r\n" END,
};

static const enum sip_way short_ways[] = {SIP_WAY_NARROW, SIP_WAY_WIDE};

/* The short ways say of this message what the long way says. */
static void
ways_agree(const uint8_t *p, uint32_t len)
{
	static struct sip_message m;
	struct sip_details wanted, got;

	if (sip_parse(&m, p, len, true) <= 0)
		return;
	if (!parts_same(&m))
		fail_msg("parts: %.*s", (int)len, (const char *)p);
	sip_details_parse_as(&m, &wanted, SIP_WAY_LONG);
	for (uint32_t i = 0; i < (sip_is_wide() ? 2 : 1); i++) {
		memset(&got, 0xa5, sizeof(got));
		sip_details_parse_as(&m, &got, short_ways[i]);
		if (!details_same(&wanted, &got))
			fail_msg("way %d: %.*s", short_ways[i], (int)len, (const char *)p);
	}
}

static void
test_every_cut_by_all_ways(void **state)
{
	for (size_t i = 0; i < base_count_of(messages); i++)
		each_cut(messages[i], ways_agree);
}

static void
test_every_change_by_all_ways(void **state)
{
	for (size_t i = 0; i < base_count_of(messages); i++)
		each_change(messages[i], "\r\n \t:;,<>\"\\=@/?0aA%+*[]\x80\x01", ways_agree);
}

/* Any byte put in, one or two taken out. */
static void
test_every_shift_by_all_ways(void **state)
{
	static const char more[] = " ;,:@\"<>=%+0";
	char text[2048];

	for (size_t i = 0; i < base_count_of(messages); i++) {
		size_t n = strlen(messages[i]);
		for (size_t at = 0; at + 2 < n; at++) {
			for (size_t out = 1; out < 3; out++) {
				memcpy(text, messages[i], at);
				memcpy(text + at, messages[i] + at + out, n - at - out);
				ways_agree((const uint8_t *)text, (uint32_t)(n - out));
			}
			memcpy(text + at + 1, messages[i] + at, n - at);
			for (const char *c = more; *c; c++) {
				text[at] = *c;
				ways_agree((const uint8_t *)text, (uint32_t)n + 1);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut_by_all_ways),
		cmocka_unit_test(test_every_change_by_all_ways),
		cmocka_unit_test(test_every_shift_by_all_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
