#include "classify_testing.h"

#include "classify_private.h"

static void
grades(const char *text, uint32_t len, unsigned want)
{
	struct packet_view view = testing_view(text, len, PACKET_UDP, 5060);
	struct base_span window = classify_start_window(&view);
	unsigned got = classify_start_plain(window);

	if (got != want)
		fail_msg("'%s' is %u, not %u", text, got, want);
	if (got && !classify_start_gate(window))
		fail_msg("the gate shuts out '%s'", text);
	if (classify_start_sure(window) && !(got & CLASSIFY_START_STRONG))
		fail_msg("sure of '%s'", text);
}

#define G(text, want) grades(text, sizeof(text) - 1, want)
#define STRONG CLASSIFY_START_STRONG
#define WEAK CLASSIFY_START_WEAK

static void
requests(void **state)
{
	G("INVITE sip:bob@example.com SIP/2.0\r\n", STRONG | WEAK);
	G("ACK sips:x", STRONG | WEAK);
	G("BYE tel:+49", STRONG | WEAK);
	G("INVITE SIP:BOB", STRONG | WEAK);
	G("INVITE urn:service:sos SIP/2.0", STRONG | WEAK);
	G("MESSAGE im:bob@example.com", STRONG | WEAK);
	G("SUBSCRIBE Pres:bob@example.com", STRONG | WEAK);
	G("INVITE  sip:two@spaces", STRONG | WEAK);
	G("INVITE\tsip:tab", STRONG | WEAK);
	G("INVITE <sip:user@example.com> SIP/2.0", STRONG | WEAK);
	G("FOO sip:x", STRONG);
	G("!odd-Method0123456789_*+`.%ind'~ sip:x", STRONG);
	G("invite sip:x", STRONG); /* a method of its own: methods are case-sensitive */
	G("invite urn:service:sos", 0);
	G("\r\n\r\nOPTIONS sip:x", STRONG | WEAK);
}

static void
the_usual_spelling_is_sure(void **state)
{
	static const struct {
		const char *text;
		bool sure;
	} lines[] = {{"INVITE sip:bob@example.com SIP/2.0", true},
		{"SIP/2.0 100 Trying\r\nVia: x", true}, {"SIP/2.0 x00 Trying\r\nVia: x", false},
		{"OPTIONS rtsp://host.example.com RTSP/1.0", false},
		{"INVITE  sip:bob@example.com SIP/2.0", false},
		{" sip:bob@example.com SIP/2.0", false}, {"INVITE sip:b", false}};

	for (size_t i = 0; i < base_count_of(lines); i++)
		assert_int_equal(classify_start_sure(base_span_cstr(lines[i].text)), lines[i].sure);
}

static void
requests_that_need_a_sip_port(void **state)
{
	G("OPTIONS unknownscheme:totallyopaque SIP/2.0", WEAK);
	G("REGISTER example.com SIP/2.0", WEAK);
	G("OPTIONS rtsp://host RTSP/1.0", WEAK);
	G("NOTIFY * HTTP/1.1", WEAK);
	G("INFO {\"server_id\":1}", WEAK);
	G("ACK x\xff\xff\xff", WEAK);
}

static void
responses(void **state)
{
	G("SIP/2.0 200 OK\r\n", STRONG);
	G("sip/2.0 100", STRONG);
	G("SIP/7.0 200 OK", STRONG);
	G("SIP/2.0  4294967301 odd", STRONG);
	G("SIP/2.0\t200", STRONG);
	G("\nSIP/2.0 200", STRONG);
	G("SIP/2.0 OK", 0);
	G("SIP/2.0200", 0);
	G("SIP/2 200", 0);
	G("SIP/2.0000 200", 0);
	G("SIP/.0 200", 0);
	G("SIP/2.0 ", 0);
}

static void
what_is_no_start_line(void **state)
{
	G("", 0);
	G("\r\n\r\n", 0);
	G("INVITE", 0);
	G("INVITE ", 0);
	G("INVITE \r\n", 0);
	G("INVITEsip:x", 0);
	G(" INVITE sip:x", 0);
	G("GET sip", 0);
	G("GET / HTTP/1.1\r\n", 0);
	G("INVITER urn:x", 0);
	G("INVIT\x00 sip:x", 0);
	G("FOO <<sip:x", 0);
	G("FOO mailto:x", 0);
	G("\x80\x00 sip:x", 0);
	G("A\x01 sip:x", 0);
}

static void
the_window_is_bounded(void **state)
{
	char text[200];

	memset(text, '\n', sizeof(text));
	memcpy(text + 16, "BYE sip:x", 9);
	grades(text, sizeof(text), STRONG | WEAK);
	memset(text, '\n', sizeof(text));
	memcpy(text + 17, "BYE sip:x", 9);
	grades(text, sizeof(text), 0);
	memset(text, 'A', sizeof(text));
	memcpy(text + 59, " sip:x", 6);
	grades(text, sizeof(text), STRONG);
	memset(text, 'A', sizeof(text));
	memcpy(text + 60, " sip:x", 6);
	grades(text, sizeof(text), 0);
}

/* No prefix of a start line reads past its end (the sanitizer looks on), and none is graded before
 * it is one. */
static void
a_start_line_cut_anywhere(void **state)
{
	static const char text[] = "INVITE sip:bob@example.com SIP/2.0\r\n";

	for (uint32_t n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n + 1);
		memcpy(copy, text, n);
		struct packet_view view = testing_view(copy, n, PACKET_UDP, 5060);
		unsigned got = classify_start_plain(classify_start_window(&view));
		assert_int_equal(got, n >= 11 ? STRONG | WEAK : n >= 8 ? WEAK : 0);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(the_usual_spelling_is_sure),
		cmocka_unit_test(requests_that_need_a_sip_port),
		cmocka_unit_test(responses),
		cmocka_unit_test(what_is_no_start_line),
		cmocka_unit_test(the_window_is_bounded),
		cmocka_unit_test(a_start_line_cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
