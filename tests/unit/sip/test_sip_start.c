#include "sip_testing.h"

#include "sip_private.h"

#define START SIP_FLAG_BAD_START_LINE
#define VERSION SIP_FLAG_BAD_VERSION
#define URI SIP_FLAG_BAD_URI

static void
request(const char *line, uint32_t flags, const char *method, const char *uri)
{
	struct sip_start s;
	uint8_t *copy = heap_copy(line, (uint32_t)strlen(line));

	if (!sip_start_parse(base_span_of(copy, (uint32_t)strlen(line)), &s) || s.response ||
		s.flags != flags)
		fail_msg("%s: flags %#x", line, s.flags);
	span_is(s.method, method);
	span_is(s.uri, uri);
	free(copy);
}

static void
response(const char *line, uint32_t flags, int status, const char *reason)
{
	struct sip_start s;
	uint8_t *copy = heap_copy(line, (uint32_t)strlen(line));

	if (!sip_start_parse(base_span_of(copy, (uint32_t)strlen(line)), &s) || !s.response ||
		s.flags != flags)
		fail_msg("%s: flags %#x", line, s.flags);
	assert_int_equal(s.status, status);
	span_is(s.reason, reason);
	free(copy);
}

static void
test_request(void **state)
{
	request("INVITE sip:a@b SIP/2.0", 0, "INVITE", "sip:a@b");
	request("INVITE sip:a@b sip/2.0", 0, "INVITE", "sip:a@b");
	request("X+Y.%1 tel:1 SIP/2.0", 0, "X+Y.%1", "tel:1");
	request("INVITE  sip:a@b SIP/2.0", START, "INVITE", "sip:a@b");
	request("INVITE\tsip:a@b SIP/2.0", START, "INVITE", "sip:a@b");
	request("INVITE sip:a@b  SIP/2.0", START, "INVITE", "sip:a@b");
	request("INVITE sip:a@b SIP/2.0 ", START, "INVITE", "sip:a@b");
	request("INVITE sip:a@b; lr SIP/2.0", START, "INVITE", "sip:a@b; lr");
	request("INVITE <sip:a@b> SIP/2.0", START | URI, "INVITE", "sip:a@b");
	request("INVITE sip:a@b SIP/3.0", VERSION, "INVITE", "sip:a@b");
	request("INVITE sip:a@b SIP/2.00", VERSION, "INVITE", "sip:a@b");
	request("INVITE sip:a@b", START | VERSION, "INVITE", "sip:a@b");
	request("INVITE SIP/2.0", START | URI, "INVITE", "");
	request("INVITE  SIP/2.0", START | URI, "INVITE", "");
}

static void
test_response(void **state)
{
	response("SIP/2.0 200 OK", 0, 200, "OK");
	response("sip/2.0 404 Not here", 0, 404, "Not here");
	response("SIP/2.0 100 ", 0, 100, "");
	response("SIP/2.0 100", START, 100, "");
	response("SIP/2.0  100 Trying", START, 100, "Trying");
	response("SIP/2.0 99 Low", START, 0, "Low");
	response("SIP/2.0 099 Low", START, 0, "Low");
	response("SIP/2.0 1000 High", START, 0, "High");
	response("SIP/1.0 200 OK", VERSION, 200, "OK");
}

static void
test_not_sip(void **state)
{
	static const char *const lines[] = {
		"",
		"x",
		"GET / HTTP/1.1",
		"HTTP/1.1 200 OK",
		"OPTIONS rtsp://a/ RTSP/1.0",
		"OPTIONS * RTSP/1.0",
		"RTSP/1.0 200 OK",
		"SIP/2.0/UDP a.example",
		"SIP/2.0 OK 200",
		"SIP/2.0 200OK",
		"SIP/x.0 200 OK",
		"SIP/2 200 OK",
		"v=0 hello",
		"INVITE",
		"INVITE ",
		"NOTHING known here",
		"INVITE a@b",
		"<xml> sip:a SIP/2.0",
		" INVITE sip:a@b SIP/2.0",
	};
	struct sip_start s;

	for (size_t i = 0; i < base_count_of(lines); i++)
		if (sip_start_parse(base_span_cstr(lines[i]), &s))
			fail_msg("%s is taken for SIP", lines[i]);
}

static void
looks(const char *bytes, bool want)
{
	uint32_t len = (uint32_t)strlen(bytes);
	uint8_t *copy = heap_copy(bytes, len);

	if (sip_looks_like(copy, len) != want)
		fail_msg("%s should be %d", bytes, want);
	free(copy);
}

static void
test_looks_like(void **state)
{
	looks("SIP/2.0 200 OK\r\n", true);
	looks("sip/2.0 100 Trying\r\n", true);
	looks("SIP/7.0 100 Trying\r\n", true);
	looks("SIP/2.0/UDP host", false);
	looks("INVITE sip:a@b SIP/2.0\r\n", true);
	looks("INVITE  sip:a@b SIP/2.0\r\n", true);
	looks("INVITE <sip:a@b> SIP/2.0\r\n", true);
	looks("OPTIONS unheard-of:thing SIP/2.0\r\n", true);
	looks("NEWMETHOD sips:a@b SIP/2.0\r\n", true);
	looks("NEWMETHOD TEL:1 SIP/2.0\r\n", true);
	looks("NEWMETHOD unheard-of:thing SIP/2.0\r\n", false);
	looks("OPTIONS rtsp://a/b RTSP/1.0\r\n", false);
	looks("OPTIONS * RTSP/1.0\r\n", false);
	looks("GET http://a/ HTTP/1.1\r\n", false);
	looks("\r\n\r\n", false);
	looks("INVITE sip", false);
	looks("INVITE s", false);
	looks("INVITE", false);
	looks("", false);
	looks("\x80\x00\x12\x34\x00\x00\x00\xa0", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_not_sip),
		cmocka_unit_test(test_looks_like),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
