#include "sip_testing.h"

/* S: with this Content-Type this body has this SDP. */
static void
S(const char *content_type, const char *body, const char *want)
{
	char text[2048];
	struct base_text t = base_text_of(text, sizeof(text));
	struct sip_message m;

	base_text_str(&t, "INVITE sip:b@b.example SIP/2.0\r\nCall-ID: 1\r\n");
	base_text_str(&t, content_type);
	base_text_str(&t, "\r\n\r\n");
	base_text_str(&t, body);
	uint8_t *copy = heap_copy(text, (uint32_t)t.len);
	assert_true(sip_parse(&m, copy, (uint32_t)t.len, true) > 0);
	span_is(sip_sdp_find(&m), want);
	free(copy);
}

static void
test_plain(void **state)
{
	S("Content-Type: application/sdp", "v=0\r\n", "v=0\r\n");
	S("c: Application/SDP ; charset=utf-8", "v=0\r\n", "v=0\r\n");
	S("c:\r\n application/sdp", "v=0\r\n", "v=0\r\n");
	S("c: application/sdpx", "v=0\r\n", "");
	S("c: text/plain", "v=0\r\n", "");
	S("c: ;", "v=0\r\n", "");
	S("X-No: type", "v=0\r\n", "");
	S("c: application/sdp", "", "");
}

#define MIXED "Content-Type: multipart/mixed;boundary=b1"
#define ISUP "--b1\r\nContent-Type: application/ISUP;version=itu-t92+\r\n\r\n\x01\r\n\r\n\xff\r\n"
#define SDP                                                                                        \
	"--b1\r\nContent-Disposition: session\r\ncontent-type : "                                  \
	"application/SDP\r\n\r\nv=0\r\ns=-\r\n\r\n"

static void
test_multipart(void **state)
{
	S(MIXED, SDP ISUP "--b1--\r\n", "v=0\r\ns=-\r\n");
	S(MIXED, ISUP SDP "--b1--\r\n", "v=0\r\ns=-\r\n");
	S(MIXED, "preamble\r\n" SDP "--b1--\r\nepilogue", "v=0\r\ns=-\r\n");
	S("c: multipart/related; x=y; Boundary=\"b1\"", SDP "--b1--", "v=0\r\ns=-\r\n");
	S(MIXED, "--b1\nc: application/sdp\n\nv=0\n--b1--\n", "v=0");
	S(MIXED, SDP, "v=0\r\ns=-\r\n\r\n"); /* the last delimiter is lost */
	S(MIXED, ISUP "--b1--\r\n" SDP, ""); /* behind the end */
	S(MIXED, "--b1\r\n\r\nv=0\r\n--b1--", "");
	S(MIXED, "--b2\r\nc: application/sdp\r\n\r\nv=0\r\n--b2--", "");
	S(MIXED, "--b1x\r\nc: application/sdp\r\n\r\nv=1\r\n" SDP "--b1x\r\n--b1--",
		"v=0\r\ns=-\r\n\r\n--b1x");
	S(MIXED, "--b1", "");
	S(MIXED, "--b1\r\n", "");
	S(MIXED, "--b1\r\nc: application/sdp", "");
	S("c: multipart/mixed", SDP, "");
	S("c: multipart/mixed;boundary=", SDP, "");
	S("c: multipart/mixed;boundary=\"", SDP, "");
}

/* One level of nesting is looked into, no more. */
static void
test_nested(void **state)
{
	S(MIXED,
		"--b1\r\nc: multipart/alternative;boundary=b2\r\n\r\n--b2\r\nc: "
		"text/plain\r\n\r\nhi\r\n--b2\r\n"
		"c: application/sdp\r\n\r\nv=0\r\n--b2--\r\n--b1--\r\n",
		"v=0");
	S(MIXED,
		"--b1\r\nc: multipart/mixed;boundary=b2\r\n\r\n--b2\r\nc: "
		"multipart/mixed;boundary=b3\r\n\r\n--b3\r\n"
		"c: application/sdp\r\n\r\nv=0\r\n--b3--\r\n--b2--\r\n--b1--\r\n",
		"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_nested),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
