#include "sip_testing.h"

#define HEADERS                                                                                    \
	"Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"                                           \
	"From: <sip:a@a.example>;tag=1\r\n"                                                        \
	"To: <sip:b@b.example>\r\n"                                                                \
	"Call-ID: 1@a\r\n"                                                                         \
	"CSeq: 1 INVITE\r\n"
#define INVITE "INVITE sip:b@b.example SIP/2.0\r\n" HEADERS

#define INVALID(m) ((m).flags & SIP_FLAGS_INVALID)

static int32_t
parse(struct sip_message *m, const char *text, bool datagram)
{
	return sip_parse(m, (const uint8_t *)text, (uint32_t)strlen(text), datagram);
}

/* P: a stream that begins so gives this. */
static void
P(const char *text, int32_t want, const char *why)
{
	struct sip_message m;
	uint8_t *copy = heap_copy(text, (uint32_t)strlen(text));
	int32_t got = sip_parse(&m, copy, (uint32_t)strlen(text), false);

	if (got != want)
		fail_msg("%s: got %d, expected %d", why, got, want);
	free(copy);
}

static void
test_stream(void **state)
{
	P("", SIP_PARTIAL, "nothing");
	P("\r\n\r\n", SIP_PARTIAL, "keep-alive only");
	P("INVITE sip:a SIP/2.0", SIP_PARTIAL, "cut in the start line");
	P("INVITE sip:a SIP/2.0\r\nCall-ID: 1", SIP_PARTIAL, "cut in a header");
	P("INVITE sip:a SIP/2.0\r\nCall-ID: 1\r\n", SIP_PARTIAL, "a fold may follow");
	P("INVITE sip:a SIP/2.0\r\nCall-ID: 1\r\n\r", SIP_PARTIAL, "half of the empty line");
	P("INVITE sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n", 36, "whole");
	P("INVITE sip:a SIP/2.0\r\nl: 3\r\n\r\nab", SIP_PARTIAL, "body cut");
	P("INVITE sip:a SIP/2.0\r\nl: 3\r\n\r\nabc", 33, "body whole");
	P("INVITE sip:a SIP/2.0\r\nl: 3\r\n\r\nabcINVITE", 33, "the next message is not ours");
	P("INVITE sip:a SIP/2.0\r\nl: 4294967295\r\n\r\nabc", 39,
		"a length that cannot be is none");
	P("INVITE sip:a SIP/2.0\r\nl: 2000000000\r\n\r\nabc", SIP_PARTIAL, "a length that can be");
	P("OPTIONS sip:a SIP/2.0\r\n\r\n", SIP_MALFORMED, "no header");
	P("INVITE sip:a SIP/2.0\r\n\r\n", 24, "no header, but of a call");
	P("SIP/2.0 200 OK\r\n\r\n", 18, "no header, but of a call");
	P("GET / HTTP/1.1\r\nHost: a\r\n\r\n", SIP_MALFORMED, "another protocol");
	P("\r\n\r\nINVITE sip:a SIP/2.0\r\nl: 0\r\n\r\n", 34, "keep-alives before");
}

static void
same(const struct sip_message *a, const struct sip_message *b)
{
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->cseq, b->cseq);
	assert_int_equal(a->n_headers, b->n_headers);
	assert_memory_equal(a->first, b->first, sizeof(a->first));
	assert_true(base_span_eq(a->call_id, b->call_id) && base_span_eq(a->body, b->body));
	assert_true(base_span_eq(a->from.tag, b->from.tag) &&
		    base_span_eq(a->via.branch, b->via.branch));
	for (uint32_t i = 0; i < a->n_headers; i++) {
		assert_true(base_span_eq(a->headers[i].name, b->headers[i].name));
		assert_true(base_span_eq(a->headers[i].value, b->headers[i].value));
		assert_int_equal(a->headers[i].next, b->headers[i].next);
	}
}

/* A message cut at every byte is PARTIAL until it is whole, then the same whatever follows it. */
static void
test_every_cut(void **state)
{
	static const char text[] =
		"\r\n" INVITE "Subject: a\r\n b\r\n\tc\r\nm: <sip:a@a.example>\r\n"
		"Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\nBYE x";
	uint32_t whole = sizeof(text) - 1 - 5;
	struct sip_message m, n;

	assert_int_equal(sip_parse(&m, (const uint8_t *)text, sizeof(text) - 1, false), whole);
	assert_int_equal(m.flags, 0);
	for (uint32_t cut = 0; cut < whole; cut++) {
		uint8_t *copy = heap_copy(text, cut);
		assert_int_equal(sip_parse(&n, copy, cut, false), SIP_PARTIAL);
		int32_t got = sip_parse(&n, copy, cut, true);
		assert_true(got < 0 || ((uint32_t)got <= cut && (n.flags & SIP_FLAG_TRUNCATED)));
		free(copy);
	}
	for (uint32_t len = whole; len < sizeof(text); len++) {
		assert_int_equal(sip_parse(&n, (const uint8_t *)text, len, len & 1), whole);
		same(&m, &n);
	}
	span_is(m.body, "v=0\r\n");
	span_is(sip_header_value(&m, SIP_HDR_SUBJECT), "a\r\n b\r\n\tc");
	span_is(m.start_line, "INVITE sip:b@b.example SIP/2.0");
	assert_ptr_equal(m.start, text);
	assert_int_equal(m.n_headers, 9);
}

/* Line ends are CR LF or LF, at will; only the flag tells. */
static void
test_lf_only(void **state)
{
	static const char text[] = "INVITE sip:b@b.example SIP/2.0\nVia: SIP/2.0/UDP a\nFrom: "
				   "<sip:a@a>;tag=1\nTo: <sip:b@b>\n"
				   "Call-ID: 1@a\r\nCSeq: 1\n INVITE\nl: 2\n\nab";
	struct sip_message m;

	assert_int_equal(parse(&m, text, false), sizeof(text) - 1);
	assert_int_equal(m.flags, SIP_FLAG_LF_ONLY);
	span_is(m.call_id, "1@a");
	span_is(m.body, "ab");
	assert_int_equal(m.cseq, 1);
	assert_int_equal(m.cseq_method, SIP_METHOD_INVITE);
}

/* B: the body of a datagram that ends so, with these flags. */
static void
B(const char *rest, const char *body, uint32_t flags)
{
	char text[1024];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;

	base_text_str(&t, INVITE);
	base_text_str(&t, rest);
	base_text_cstr(&t);
	assert_true(parse(&m, text, true) > 0);
	if (m.flags != flags)
		fail_msg("%s: flags %#x, expected %#x", rest, m.flags, flags);
	span_is(m.body, body);
	assert_true(m.len <= t.len);
}

static void
test_datagram_body(void **state)
{
	B("\r\nabc", "abc", 0);
	B("l: 3\r\n\r\nabc", "abc", 0);
	B("l: 2\r\n\r\nabc", "ab", 0);
	B("l: 0\r\n\r\nabc", "", 0);
	B("l: 4\r\n\r\nabc", "abc", SIP_FLAG_BAD_LENGTH | SIP_FLAG_TRUNCATED);
	B("l: -1\r\n\r\nabc", "abc", SIP_FLAG_BAD_LENGTH);
	B("l: x\r\n\r\nabc", "abc", SIP_FLAG_BAD_LENGTH);
	B("l:\r\n\r\nabc", "abc", SIP_FLAG_BAD_LENGTH);
	B("l: 99999999999\r\n\r\nabc", "abc", SIP_FLAG_BAD_LENGTH);
	B("l: 1\r\nl: 2\r\n\r\nabc", "a", SIP_FLAG_REPEATED_HEADER);
	B("l: 1\r\nl: 1\r\n\r\nabc", "a", 0);
	B("l: 3\r\n", "", SIP_FLAG_BAD_LENGTH | SIP_FLAG_TRUNCATED);
	B("l: 0", "", SIP_FLAG_TRUNCATED);
	B("", "", SIP_FLAG_TRUNCATED);
	B("Sub", "", SIP_FLAG_TRUNCATED | SIP_FLAG_BAD_HEADER);
}

static void
test_header_lines(void **state)
{
	B("no colon here\r\n\r\n", "", SIP_FLAG_BAD_HEADER);
	B(": no name\r\n\r\n", "", SIP_FLAG_BAD_HEADER);
	B("bad name: x\r\n\r\n", "", SIP_FLAG_BAD_HEADER);
	B("b\xc3\xa4"
	  "d: x\r\n\r\n",
		"", SIP_FLAG_BAD_HEADER);
	B("Unheard-Of!%*_+`'~.: x\r\n\r\n", "", 0);
	B("Subject \t :x\r\n\r\n", "", 0);
	B("Subject:\r\n\r\n", "", 0);
	B("Subject:\r\n \r\n\r\n", "", 0);
	B("A-Header-Whose-Name-Is-Longer-Than-One-Load: x\r\n\r\n", "", 0);
	B("no colon\r\n but: folded\r\n\r\n", "", SIP_FLAG_BAD_HEADER);
}

static void
test_folded_start(void **state)
{
	struct sip_message m;

	assert_true(parse(&m, "OPTIONS sip:a SIP/2.0\r\n lost: 1\r\nCall-ID: 1\r\n\r\n", true) > 0);
	assert_true(m.flags & SIP_FLAG_BAD_HEADER);
	span_is(m.call_id, "1");
	assert_int_equal(m.n_headers, 1);
}

/* The index holds 128; the rest is passed over, said, and the body found. */
static void
test_too_many(void **state)
{
	static char text[8192];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;

	base_text_str(&t, INVITE "l: 2\r\n");
	for (int i = 6; i < SIP_HEADERS_MAX; i++)
		base_text_str(&t, "Z: y\r\n");
	size_t full = t.len;
	base_text_str(&t, "\r\nab");
	assert_true(parse(&m, base_text_cstr(&t), true) > 0);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.n_headers, SIP_HEADERS_MAX);
	t.len = full;
	base_text_str(&t, "Z: y\r\n\r\nab");
	assert_int_equal(parse(&m, base_text_cstr(&t), true), t.len);
	assert_int_equal(m.flags, SIP_FLAG_TOO_MANY_HEADERS);
	assert_int_equal(m.n_headers, SIP_HEADERS_MAX);
	span_is(m.body, "ab");
}

static void
test_not_sip(void **state)
{
	struct sip_message m;

	assert_int_equal(sip_parse(&m, NULL, 0, true), SIP_MALFORMED);
	assert_int_equal(parse(&m, "\r\n\r\n", true), SIP_MALFORMED);
	assert_int_equal(parse(&m, "INVITE sip:a SIP/2.0", true), SIP_MALFORMED);
	assert_int_equal(parse(&m, "MESSAGE sip:a SIP/2.0\r\n\r\n", true), SIP_MALFORMED);
	assert_int_equal(parse(&m, "BYE sip:a SIP/2.0\r\n\r\n", true), 21);
	assert_true(m.flags & SIP_FLAG_MISSING_HEADER);
	assert_int_equal(parse(&m, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", true), SIP_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_lf_only),
		cmocka_unit_test(test_datagram_body),
		cmocka_unit_test(test_header_lines),
		cmocka_unit_test(test_folded_start),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_not_sip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
