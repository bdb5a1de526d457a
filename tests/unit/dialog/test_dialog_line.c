/* The line of an SDP: what is kept in few bytes reads as it would have been written at once. */
#include "dialog_testing.h"

static uint32_t
kept(const struct sip_sdp *sdp, uint8_t *bytes)
{
	struct sdp_codecs codecs;

	line_codecs(sdp, &codecs);
	return line_keep(sdp, &codecs, bytes);
}

static struct base_span
line_of(const char *sdp_text, uint8_t *bytes, char *text)
{
	static struct sip_sdp sdp;

	assert_true(sip_sdp_parse(&sdp, base_span_cstr(sdp_text)));
	return line_text(base_span_of(bytes, kept(&sdp, bytes)), text);
}

static void
lines_say_what_the_sdp_says(void **state)
{
	static const struct {
		const char *sdp, *line;
	} cases[] = {
		{"v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n",
			"audio 10.0.0.1:4000 PCMA,telephone-event sendrecv"},
		{"v=0\r\nc=IN IP6 2001:db8::1\r\nm=video 65535 RTP/AVP 99 98\r\na=rtpmap:99 h264/90000\r\na=sendonly\r\n",
			"video 2001:db8::1:65535 h264,98 sendonly"},
		{"v=0\r\nm=x-odd 0 RTP/AVP 0\r\na=inactive\r\nm=image 9 udptl t38\r\nc=IN IP4 1.2.3.4\r\n", "x-odd :0 PCMU inactive; image 1.2.3.4:9 255 sendrecv"},
	};
	uint8_t bytes[LINE_BYTES_MAX];
	char text[LINE_TEXT_BYTES];

	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct base_span line = line_of(cases[i].sdp, bytes, text);
		assert_true(base_span_eq(line, base_span_cstr(cases[i].line)));
	}
}

/* Of the texts of cases, and of others that differ before their tails. */
static void
lines_of_known_tails_are_the_same(void **state)
{
	static const char *const sdps[] = {
		"v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8 101 77\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n",
		"v=0\r\nc=IN IP6 2001:db8::1\r\nm=x-own 65535 RTP/AVP 8 101 77\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n",
		"v=0\r\nm=audio 0 RTP/AVP 96 97\r\na=rtpmap:96 a-name-that-is-no-codec/8000\r\na=rtpmap:97 of-which-there-are-two-here/8000\r\n",
		"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 1 RTP/AVP 0\r\na=rtpmap:0 pcmu/8000\r\nm=audio 2 RTP/AVP 8\r\n"};
	struct fixture *f = fixture_new(16);
	struct dialog *d = f->dialog;
	uint8_t bytes[LINE_BYTES_MAX], wanted[LINE_BYTES_MAX];
	uint32_t known = 0;

	for (uint32_t i = 0; i < 6 * base_count_of(sdps); i++) {
		struct sdp_codecs codecs, wanted_codecs;
		assert_true(sip_sdp_parse_known(&d->tails, &d->sdp, base_span_cstr(sdps[i % base_count_of(sdps)])));
		uint32_t len = line_take(d, &codecs, bytes);
		known += d->sdp.tail != 0;
		line_codecs(&d->sdp, &wanted_codecs);
		assert_int_equal(len, line_keep(&d->sdp, &wanted_codecs, wanted));
		assert_memory_equal(bytes, wanted, len);
		for (uint32_t k = 0; k < d->sdp.n_media; k++)
			assert_memory_equal(codecs.of[k], wanted_codecs.of[k], d->sdp.media[k].n_formats);
	}
	assert_true(known >= 10);
	fixture_free(f);
}

/* Its blocks may have run out within it. */
static void
a_line_cut_anywhere_is_read_within_its_bytes(void **state)
{
	static const char sdp[] = "v=0\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 8 101 77\r\na=rtpmap:101 x-own/8000\r\n"
				  "m=odd 1 RTP/AVP 200\r\n";
	static struct sip_sdp parsed;
	uint8_t bytes[LINE_BYTES_MAX];
	char text[LINE_TEXT_BYTES];

	assert_true(sip_sdp_parse(&parsed, base_span_cstr(sdp)));
	uint32_t len = kept(&parsed, bytes);
	for (uint32_t n = 0; n < len; n++) {
		uint8_t *own = malloc(n + 1);
		memcpy(own, bytes, n);
		assert_true(line_text(base_span_of(own, n), text).len <= LINE_TEXT_BYTES);
		free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_what_the_sdp_says), cmocka_unit_test(lines_of_known_tails_are_the_same),
		cmocka_unit_test(a_line_cut_anywhere_is_read_within_its_bytes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
