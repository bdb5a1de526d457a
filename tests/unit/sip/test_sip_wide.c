#include "sip_testing.h"

#include "sip_same.h"
#include "sip_wide.h"

#define PARTS                                                                                      \
	"Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK74bf9;rport\r\n"                           \
	"Max-Forwards: 70\r\n"                                                                     \
	"From: \"Alice, at work\" "                                                                \
	"<sip:+498912345678@carrier.example.net;user=phone>;tag=9fxced7\r\n"                       \
	"To: Bob <sip:+493012345678@carrier.example.net;user=phone>;tag=314159\r\n"                \
	"Call-ID: 3848276298220188511@a.example.net\r\n"                                           \
	"CSeq: 4711 INVITE\r\n"                                                                    \
	"Contact: <sip:alice@192.0.2.17>\r\n"
#define END "Content-Type: application/sdp\r\nContent-Length: 7\r\n\r\nv=0\r\na="
#define REQUEST "INVITE sip:+493012345678@carrier.example.net;user=phone SIP/2.0\r\n"

static const char *const messages[] = {
	REQUEST PARTS END,
	"SIP/2.0 180 Ringing\r\n" PARTS END,
	"SIP/2.0 200 OK\r\n" PARTS "Content-Length: 0\r\n\r\n",
	REQUEST PARTS "P-Asserted-Identity: <tel:+49891>\r\nX-Trunk: 7\r\ns: tea\r\nl: 0\r\n\r\n",
	REQUEST "v: SIP/2.0/UDP a\r\nX-Y: a\r\n b\r\n" PARTS
		"X@: y\r\nX : z\r\nAccept:  a/b \r\n" END,
	"\r\n\r\n" REQUEST PARTS "Subject: a\r\n b\r\n\tc\r\nVIA: SIP/2.0/TCP b\r\n" END,
	"SUBSCRIBE sip:b SIP/2.0\nv: SIP/2.0/UDP [2001:db8::1]:5061;a=\"b\";Branch=c\n"
	"f: <sip:a@b>\nt: sip:c@d\ni: 1\nCSeq: 00012345678  SUBSCRIBE\nRoute: <sip:a>\nroute: <b>\n"
	"Content-Encoding; gzip\nContent-Encoding: gzip\nAllow:\nDate: x \nNoColon\n : y\n\nbody",
	REQUEST "Call-ID: 1\r\nCSeq: 1 INVITE\r\nFrom: a                                        ",
};

static const enum sip_way short_ways[] = {SIP_WAY_NARROW, SIP_WAY_WIDE};

static uint32_t
ways_here(void)
{
	return sip_is_wide() ? 2 : 1;
}

/* The short ways say of these bytes what the long way says. */
static void
ways_agree(const uint8_t *p, uint32_t len, bool datagram)
{
	static struct sip_message wanted, got;
	int32_t result = sip_parse_as(&wanted, p, len, datagram, SIP_WAY_LONG);

	for (uint32_t i = 0; i < ways_here(); i++) {
		int32_t n = sip_parse_as(&got, p, len, datagram, short_ways[i]);
		if (n != result || (n > 0 && !sip_same(&wanted, &got)))
			fail_msg("way %d: %d, not %d: %.*s", short_ways[i], n, result, (int)len,
				(const char *)p);
	}
}

static void
datagram_agrees(const uint8_t *p, uint32_t len)
{
	ways_agree(p, len, true);
}

static void
both_agree(const uint8_t *p, uint32_t len)
{
	ways_agree(p, len, true);
	ways_agree(p, len, false);
}

static void
test_every_cut_by_all_ways(void **state)
{
	for (size_t i = 0; i < base_count_of(messages); i++)
		each_cut(messages[i], both_agree);
}

static void
test_every_change_by_all_ways(void **state)
{
	for (size_t i = 0; i < base_count_of(messages); i++)
		each_change(messages[i], "\r\n \t:;,<>\"\\=@/0aA%\x80\x01", datagram_agrees);
}

/* Two bytes taken out or put in move all that stands behind them over the blocks' edges. */
static void
test_every_shift_by_all_ways(void **state)
{
	char text[2048];

	for (size_t i = 0; i < base_count_of(messages); i++) {
		size_t n = strlen(messages[i]);
		for (size_t at = 0; at + 2 < n; at++) {
			memcpy(text, messages[i], at);
			memcpy(text + at, messages[i] + at + 2, n - at - 2);
			ways_agree((const uint8_t *)text, (uint32_t)n - 2, true);
			memcpy(text + at, "\r\n", 2);
			memcpy(text + at + 2, messages[i] + at, n - at);
			ways_agree((const uint8_t *)text, (uint32_t)n + 2, true);
		}
	}
}

/* A line that begins with the same byte many times is no known header's. */
static void
test_same_bytes_by_all_ways(void **state)
{
	for (int c = 0; c < 256; c++) {
		char text[1024], begin[20];
		struct base_text t = base_text_of(text, sizeof(text));
		memset(begin, c, sizeof(begin));
		base_text_str(&t, REQUEST);
		base_text_bytes(&t, begin, sizeof(begin));
		base_text_str(&t, " : x\r\n" PARTS END);
		ways_agree((const uint8_t *)text, (uint32_t)t.len, true);
	}
}

/* More headers than there is room for: usual ones, others, and the shortest that there are. */
static void
test_many_headers_by_all_ways(void **state)
{
	static const char *const lines[] = {
		"Route: <sip:a@b.example>\r\n", "X-Y: z\r\n", "a: b\r\n"};

	for (size_t k = 0; k < base_count_of(lines); k++) {
		char text[8192];
		struct base_text t = base_text_of(text, sizeof(text));
		base_text_str(&t, REQUEST PARTS);
		for (int i = 0; i < 150; i++)
			base_text_str(&t, lines[k]);
		base_text_str(&t, END);
		ways_agree((const uint8_t *)text, (uint32_t)t.len, true);
	}
}

static void
test_lows_are_the_classes(void **state)
{
	static const enum sip_char classes[SIP_LOW_COUNT] = {
		[SIP_LOW_TOKEN] = SIP_CHAR_TOKEN,
		[SIP_LOW_HOST] = SIP_CHAR_HOST,
		[SIP_LOW_VALUE] = SIP_CHAR_VALUE,
	};

	for (int low = 0; low < SIP_LOW_COUNT; low++)
		for (int c = 0; c < 256; c++)
			if (sip_is((uint8_t)c, classes[low]) !=
				(c < 128 && sip_lows[low].of[c & 15] >> (c >> 4) & 1))
				fail_msg("class %d, character %d", low, c);
}

static void
runs_end(enum sip_char class)
{
	uint8_t text[80 + SIP_ROOM];

	for (uint32_t at = 0; at < 80; at++) {
		for (int c = 0; c < 256; c++) {
			memset(text, 'x', sizeof(text));
			text[79] = ' ';
			text[at] = (uint8_t)c;
			const uint8_t *end = text + 80;
			if (at == 79 && sip_is((uint8_t)c, class))
				continue;
			const uint8_t *stop = sip_is((uint8_t)c, class) ? text + 79 : text + at;
			assert_ptr_equal(sip_skip_class(text, end, class), stop);
			assert_ptr_equal(sip_skip_twin(text, class, false), stop);
		}
	}
}

static void
test_runs(void **state)
{
	runs_end(SIP_CHAR_TOKEN);
	runs_end(SIP_CHAR_HOST);
	runs_end(SIP_CHAR_VALUE);
}

static void
test_digits(void **state)
{
	uint8_t text[9];

	for (uint32_t at = 0; at < 9; at++) {
		for (int c = 0; c < 256; c++) {
			memcpy(text, "12345678", 9);
			text[at] = (uint8_t)c;
			uint32_t n = 0;
			while (n < 8 && sip_is_digit(text[n]))
				n++;
			assert_int_equal(sip_digits8(text), n);
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
		cmocka_unit_test(test_same_bytes_by_all_ways),
		cmocka_unit_test(test_many_headers_by_all_ways),
		cmocka_unit_test(test_lows_are_the_classes),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
