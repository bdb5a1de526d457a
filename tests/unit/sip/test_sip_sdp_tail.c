/* sip_sdp_tail: an SDP whose tail is known says what it would without. */
#include "sip_testing.h"

#include "sip_same.h"
#include "sip_wide.h"

#define BEFORE "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n"
#define AUDIO "m=audio 4000"
#define TAIL                                                                                       \
	" RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"        \
	"a=fmtp:101 0-15\r\na=ptime:20\r\na=recvonly\r\n"

/* Three times: what was met twice is known. */
static void
the_same_with_tails(const uint8_t *p, uint32_t len)
{
	static struct sip_sdp_tails tails;
	static struct sip_sdp wanted, got;
	static const enum sip_way ways[] = {SIP_WAY_NARROW, SIP_WAY_WIDE};
	bool found = sip_sdp_parse_as(&wanted, base_span_of(p, len), SIP_WAY_LONG);

	for (int i = 0; i < 3 * (sip_is_wide() ? 2 : 1); i++)
		if (sip_sdp_parse_with(&tails, &got, base_span_of(p, len), ways[i / 3]) != found ||
			(found && !sdp_same(&wanted, &got)))
			fail_msg("time %d: %.*s", i, (int)len, (const char *)p);
}

/* After that text came so many times: does it know the tail, and say the same as without? */
static bool
is_known(struct sip_sdp_tails *tails, const char *text)
{
	static struct sip_sdp wanted, got;

	assert_true(sip_sdp_parse_as(&wanted, base_span_cstr(text), SIP_WAY_LONG));
	assert_true(sip_sdp_parse_known(tails, &got, base_span_cstr(text)));
	assert_true(sdp_same(&wanted, &got));
	return got.tail != 0;
}

static void
a_tail_is_known_behind_any_address_and_port(void **state)
{
	static struct sip_sdp_tails tails;

	assert_false(is_known(&tails, BEFORE "c=IN IP4 10.0.0.1\r\n" AUDIO TAIL));
	assert_false(is_known(&tails, BEFORE "c=IN IP4 10.0.0.2\r\n" AUDIO TAIL));
	uint32_t stamp = tails.stamps;
	assert_true(is_known(&tails, BEFORE "c=IN IP4 10.0.0.3\r\n" AUDIO TAIL));
	assert_true(is_known(&tails, BEFORE "c=IN IP6 2001:db8::1\r\nm=video 65535" TAIL));
	assert_true(is_known(&tails, BEFORE "c=IN IP4 a.host\r\nm=audio 0" TAIL));
	assert_true(is_known(&tails, "v=0\r\nm=audio 1" TAIL));
	assert_int_equal(tails.stamps, stamp);
}

/* What it says depends on them, or it is another one. */
static void
a_tail_is_not_known_behind_what_it_inherits(void **state)
{
	static struct sip_sdp_tails tails;
	static const char *const texts[] = {BEFORE "a=sendonly\r\n" AUDIO TAIL, BEFORE "a=rtcp-mux\r\n" AUDIO TAIL,
		BEFORE "a=fingerprint:x\r\n" AUDIO TAIL, BEFORE "m=video 1 RTP/AVP 31\r\n" AUDIO TAIL, BEFORE "m=audio 4000/2" TAIL,
		BEFORE AUDIO TAIL "a=x\r\n"};

	for (int i = 0; i < 3; i++)
		is_known(&tails, BEFORE AUDIO TAIL);
	for (size_t i = 0; i < base_count_of(texts); i++)
		assert_false(is_known(&tails, texts[i]));
}

/* They name an address or change what stands before them, or there is no room for them. */
static void
some_tails_are_never_kept(void **state)
{
	static struct sip_sdp_tails tails;
	static const char *const tails_of[] = {" RTP/AVP 0 8\r\nc=IN IP4 192.0.2.1\r\n", " RTP/AVP 0 8\r\na=rtcp:0 IN IP4 192.0.2.1\r\n",
		" RTP/AVP 0 8 3\r\na=rtcp:4001\r\n", " RTP/AVP 0 8 3\r\no=another\r\n", " RTP/AVP 0 8 3\r\ns=another\r\n", " RTP/AVP 0 8 3\r\no=\r\n\r\n",
		" RTP/AVP 0 1 2 3 4 5 6 7 8\r\n", " RTP/AVP 0 8\r\nm=video 1 RTP/AVP 31\r\n", " RTP/AVP 0",
		" RTP/AVP 0\r\na=candidate:1 1 udp 1 192.0.2.8 5000 typ host\r\n"};
	char text[1024];

	for (size_t i = 0; i <= base_count_of(tails_of); i++) {
		struct base_text t = base_text_of(text, sizeof(text));
		base_text_str(&t, BEFORE "c=IN IP4 192.0.2.1\r\n" AUDIO);
		if (i < base_count_of(tails_of))
			base_text_str(&t, tails_of[i]);
		else
			base_text_str(&t, " RTP/AVP 0\r\na=fmtp:0 ");
		for (int k = 0; k < SIP_SDP_TAIL_MAX && i == base_count_of(tails_of); k++)
			base_text_char(&t, 'x');
		base_text_cstr(&t);
		for (int time = 0; time < 3; time++)
			assert_false(is_known(&tails, text));
	}
}

/* More than there are places: each is known or not, and says the same. */
static void
places_are_taken_over(void **state)
{
	static struct sip_sdp_tails tails;
	char text[512];
	uint32_t known = 0;

	for (int i = 0; i < 4000; i++) {
		struct base_text t = base_text_of(text, sizeof(text));
		base_text_str(&t, BEFORE AUDIO " RTP/AVP 8 ");
		base_text_u64(&t, 96 + (uint32_t)(i / 8 % 32 + i % 2 * i / 100) % 64);
		base_text_str(&t, "\r\na=ptime:30\r\na=sendonly\r\n");
		base_text_cstr(&t);
		known += is_known(&tails, text);
	}
	assert_true(known > 1000 && known < 3990);
}

/* One that is another each time takes no place, wherever it differs. */
static void
what_is_met_once_takes_no_place(void **state)
{
	static struct sip_sdp_tails tails;
	char text[512];

	for (int i = 0; i < 3000; i++) {
		struct base_text t = base_text_of(text, sizeof(text));
		base_text_str(&t, BEFORE AUDIO " RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=x:");
		base_text_u64(&t, 10000 + (uint32_t)i);
		base_text_str(&t, "\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendonly\r\n");
		base_text_cstr(&t);
		assert_false(is_known(&tails, text));
	}
	assert_int_equal(tails.stamps, 0);
}

static void
every_cut_and_change_with_tails(void **state)
{
	static const char *const texts[] = {BEFORE "c=IN IP4 10.0.0.1\r\n" AUDIO TAIL,
		"v=0\r\nc=IN IP4 10.0.0.1\r\na=sendonly\r\nm=audio 4000 RTP/SAVP 97\r\na=rtcp:1 IN IP4 1.2.3.4\r\na=crypto:1 A inline:b\r\n"};

	for (size_t i = 0; i < base_count_of(texts); i++) {
		each_cut(texts[i], the_same_with_tails);
		each_change(texts[i], "\r\n :=,/019acmorsv\x80", the_same_with_tails);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tail_is_known_behind_any_address_and_port),
		cmocka_unit_test(a_tail_is_not_known_behind_what_it_inherits),
		cmocka_unit_test(some_tails_are_never_kept),
		cmocka_unit_test(places_are_taken_over),
		cmocka_unit_test(what_is_met_once_takes_no_place),
		cmocka_unit_test(every_cut_and_change_with_tails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
