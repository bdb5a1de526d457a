#include "sip_testing.h"

#include "sip_same.h"
#include "sip_wide.h"

#define SESSION "v=0\r\no=- 1231 1 IN IP4 10.0.4.208\r\ns=-\r\nc=IN IP4 10.0.4.208\r\nt=0 0\r\n"

static const char *const texts[] = {
	SESSION
	"m=audio 20000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
	SESSION "b=AS:80\r\na=sendonly\r\nm=audio 65535 RTP/SAVP 0 8 18 255 x 00000000097\r\n"
		"c=IN IP6 2001:db8::1\r\nc=IN IP4 192.0.2.9\r\na=rtpmap:97 opus/48000/2\r\n"
		"a=rtpmap:18 G729/8000/1/2\r\na=rtpmap:8 /8000/256\r\na=maxptime:150\r\n"
		"a=rtcp-mux\r\na=rtcp:30001 IN IP4 192.0.2.7\r\na=crypto:1 A inline:b\r\n"
		"m=video 0 RTP/AVP 31\r\na=inactive\r\nm=image 4000/2 udptl t38\r\na=recvonly",
	"m=audio 4000 RTP/AVP 0\na=ptime:20.5\n\r\na=ptime: 30\r\rc=IN IP4 224.2.1.1/127/3\r\n"
	"a=candidate:1 1 UDP 2130706431 192.0.2.8 5000 typ host\r\na=fmtp:0 x\r\n"
	"a=fmtp:0\r\na=:\r\n",
};

static const enum sip_way short_ways[] = {SIP_WAY_NARROW, SIP_WAY_WIDE};

/* The short ways say of this text what the long way says. */
static void
ways_agree(const uint8_t *p, uint32_t len)
{
	static struct sip_sdp wanted, got;
	bool found = sip_sdp_parse_as(&wanted, base_span_of(p, len), SIP_WAY_LONG);

	for (uint32_t i = 0; i < (sip_is_wide() ? 2 : 1); i++)
		if (sip_sdp_parse_as(&got, base_span_of(p, len), short_ways[i]) != found ||
			(found && !sdp_same(&wanted, &got)))
			fail_msg("way %d: %.*s", short_ways[i], (int)len, (const char *)p);
}

static void
test_every_cut_by_all_ways(void **state)
{
	for (size_t i = 0; i < base_count_of(texts); i++)
		each_cut(texts[i], ways_agree);
}

static void
test_every_change_by_all_ways(void **state)
{
	for (size_t i = 0; i < base_count_of(texts); i++)
		each_change(texts[i], "\r\n \t:;,=/.0129acmorsvx\x80\x01\x7f", ways_agree);
}

/* A byte, or a line end, taken out or put in. */
static void
test_every_shift_by_all_ways(void **state)
{
	char text[1024];

	for (size_t i = 0; i < base_count_of(texts); i++) {
		size_t n = strlen(texts[i]);
		for (size_t at = 0; at + 2 < n; at++) {
			for (size_t out = 1; out < 3; out++) {
				memcpy(text, texts[i], at);
				memcpy(text + at, texts[i] + at + out, n - at - out);
				ways_agree((const uint8_t *)text, (uint32_t)(n - out));
			}
			memcpy(text + at, "\r\n", 2);
			memcpy(text + at + 2, texts[i] + at, n - at);
			ways_agree((const uint8_t *)text, (uint32_t)n + 2);
		}
	}
}

/* More formats, and more media, than there is room for. */
static void
test_many_by_all_ways(void **state)
{
	char text[4096];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_str(&t, SESSION);
	for (int i = 0; i < 2 * SIP_SDP_MEDIA_MAX; i++) {
		base_text_str(&t, "m=a 10000 b 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
		base_text_str(&t, i & 1 ? "\r\n" : " 2\r\n");
		base_text_str(&t, "a=ptime:10\r\na=rtpmap:1 x/1\r\na=sendonly\r\n");
		ways_agree((const uint8_t *)text, (uint32_t)t.len);
	}
}

/* Numbers of every length, of the usual and of too many digits. */
static void
test_numbers_by_all_ways(void **state)
{
	static const char digits[] = "000000000000065535999999999999";

	for (size_t from = 0; from < 30; from++) {
		for (size_t n = 0; from + n <= 30; n++) {
			char text[512];
			struct base_text t = base_text_of(text, sizeof(text));
			struct base_span number = base_span_of(digits + from, (uint32_t)n);
			base_text_str(&t, SESSION "m=audio ");
			base_text_bytes(&t, number.p, n);
			base_text_str(&t, " RTP/AVP 0 ");
			base_text_bytes(&t, number.p, n);
			base_text_str(&t, "\r\na=rtpmap:0 x/");
			base_text_bytes(&t, number.p, n);
			base_text_str(&t, "/");
			base_text_bytes(&t, number.p, n);
			base_text_str(&t, "\r\na=ptime:");
			base_text_bytes(&t, number.p, n);
			base_text_str(&t, "\r\n");
			ways_agree((const uint8_t *)text, (uint32_t)t.len);
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
		cmocka_unit_test(test_many_by_all_ways),
		cmocka_unit_test(test_numbers_by_all_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
