#include "sip_testing.h"

static struct sip_sdp sdp;

/* Reads text; returns the first media. */
static const struct sip_sdp_media *
read_sdp(const char *text)
{
	assert_true(sip_sdp_parse(&sdp, base_span_cstr(text)));
	return &sdp.media[0];
}

static void
ip_is(const struct base_ip *ip, const char *want)
{
	char buf[64];
	struct base_text t = base_text_of(buf, sizeof(buf));

	base_text_ip(&t, ip);
	assert_string_equal(base_text_cstr(&t), want);
}

#define SESSION "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=a call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static void
test_plain(void **state)
{
	const struct sip_sdp_media *m = read_sdp(
		SESSION "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
			"a=rtpmap:101 telephone-event/8000/1\r\na=fmtp:101 0-15\r\na=ptime:20\r\n");

	span_is(sdp.origin, "- 1 2 IN IP4 192.0.2.9");
	span_is(sdp.session_name, "a call");
	assert_int_equal(sdp.n_media, 1);
	assert_false(sdp.truncated);
	span_is(m->type, "audio");
	span_is(m->proto, "RTP/AVP");
	assert_true(m->ip_valid);
	ip_is(&m->ip, "192.0.2.1");
	ip_is(&m->rtcp_ip, "192.0.2.1");
	assert_int_equal(m->port, 40000);
	assert_int_equal(m->port_count, 1);
	assert_int_equal(m->rtcp_port, 0);
	assert_int_equal(m->direction, SIP_SDP_SENDRECV);
	assert_int_equal(m->ptime_ms, 20);
	assert_int_equal(m->n_formats, 3);
	assert_int_equal(m->formats[0].payload_type, 8); /* in the order of the m= line */
	span_is(m->formats[0].encoding, "PCMA");
	assert_int_equal(m->formats[0].clock_rate, 8000);
	assert_int_equal(m->formats[1].payload_type, 0);
	span_is(m->formats[1].encoding, "");
	assert_int_equal(m->formats[1].clock_rate, 0);
	span_is(m->formats[2].encoding, "telephone-event");
	span_is(m->formats[2].fmtp, "0-15");
	assert_int_equal(m->formats[2].channels, 1);
}

/* What stands for the session holds for each media that does not say otherwise. */
static void
test_levels(void **state)
{
	const struct sip_sdp_media *m = read_sdp(
		"v=0\no=x\ns=-\nc=IN IP6 2001:db8::1\na=sendonly\na=fingerprint:sha-256 AA\n"
		"m=audio 1 RTP/SAVPF 0\nc=IN IP4 192.0.2.7\nc=IN IP4 192.0.2.8\na=inactive\n"
		"m=video 2/2 RTP/AVP 96\nm=audio 0 RTP/AVP 0\nc=IN IP4 "
		"sbc.example\na=recvonly\na=rtcp-mux\n");

	assert_int_equal(sdp.n_media, 3);
	ip_is(&m[0].ip, "192.0.2.7"); /* the first of several */
	assert_int_equal(m[0].direction, SIP_SDP_INACTIVE);
	assert_true(m[0].crypto);
	assert_false(m[0].rtcp_mux);
	ip_is(&m[1].ip, "2001:db8::1");
	assert_int_equal(m[1].port_count, 2);
	assert_int_equal(m[1].direction, SIP_SDP_SENDONLY);
	assert_false(m[2].ip_valid); /* a host name */
	assert_int_equal(m[2].port, 0);
	assert_int_equal(m[2].direction, SIP_SDP_RECVONLY);
	assert_true(m[2].rtcp_mux);
}

static void
test_rtcp(void **state)
{
	const struct sip_sdp_media *m =
		read_sdp(SESSION "m=audio 1 RTP/AVP 0\r\na=rtcp:53020\r\n"
				 "m=audio 3 RTP/AVP 0\r\na=rtcp:53022 IN IP6 2001:db8::5\r\n"
				 "m=audio 5 RTP/AVP 0\r\na=rtcp:x\r\na=crypto:1 A inline:b\r\n");

	assert_int_equal(m[0].rtcp_port, 53020);
	ip_is(&m[0].rtcp_ip, "192.0.2.1");
	assert_int_equal(m[1].rtcp_port, 53022);
	ip_is(&m[1].rtcp_ip, "2001:db8::5");
	assert_int_equal(m[2].rtcp_port, 0);
	assert_false(m[1].crypto);
	assert_true(m[2].crypto);
}

static void
test_candidates(void **state)
{
	const struct sip_sdp_media *m = read_sdp(SESSION
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
		"a=candidate:1 1 UDP 2130706431 192.0.2.33 5000 typ host\r\n"
		"a=candidate:1 2 UDP 2130706430 192.0.2.33 5001 typ host\r\n"
		"a=candidate:2 1 TCP 2105524479 192.0.2.33 9 typ host tcptype active\r\n"
		"a=candidate:3 1 udp 1 2001:db8::9 6000 typ srflx raddr 10.0.0.1 rport 1\r\n"
		"a=candidate:4 1 udp 1 4c1e2f.local 6001 typ host\r\n"
		"a=candidate:5 1 udp\r\n");

	assert_int_equal(m->n_candidates, 2);
	ip_is(&m->candidates[0].ip, "192.0.2.33");
	assert_int_equal(m->candidates[0].port, 5000);
	ip_is(&m->candidates[1].ip, "2001:db8::9");
	assert_int_equal(m->candidates[1].port, 6000);
}

static void
test_fax_and_data(void **state)
{
	const struct sip_sdp_media *m =
		read_sdp(SESSION "m=image 6000 udptl t38\r\na=T38FaxVersion:0\r\n"
				 "m=application 9 DTLS/SCTP 5000\r\nm=message 7 TCP/MSRP *\r\n");

	span_is(m[0].type, "image");
	span_is(m[0].proto, "udptl");
	assert_int_equal(m[0].formats[0].payload_type, 255);
	assert_int_equal(m[1].formats[0].payload_type, 255);
	assert_int_equal(m[2].formats[0].payload_type, 255);
}

/* What cannot be read is passed over; a media keeps its place, which pairs offers and answers. */
static void
test_lenient(void **state)
{
	const struct sip_sdp_media *m =
		read_sdp("\r\nm=audio 99999 RTP/AVP 0\rjunk\rm =video 1 RTP/AVP 1\r"
			 "m=audio\rm=\rm=audio 8/0 RTP/AVP 1000 0x\ra=rtpmap\ra=rtpmap:\ra=\ra");

	assert_int_equal(sdp.n_media, 4);
	assert_int_equal(m[0].port, 0);
	assert_false(m[0].ip_valid);
	span_is(m[1].type, "audio");
	assert_int_equal(m[1].n_formats, 0);
	span_is(m[2].type, "");
	assert_int_equal(m[3].port, 8);
	assert_int_equal(m[3].port_count, 1);
	assert_int_equal(m[3].formats[0].payload_type, 255);
	assert_int_equal(m[3].formats[1].payload_type, 255);
	read_sdp(SESSION "m=audio 1 RTP/AVP 0\r\na=ptime:12.5\r\na=rtpmap:0 PCMU\r\n");
	assert_int_equal(m[0].ptime_ms, 12);
	assert_int_equal(m[0].formats[0].clock_rate, 0);
	read_sdp(SESSION "m=audio 1 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127/3\r\n");
	ip_is(&m[0].ip, "224.2.1.1");
}

static void
test_bounds(void **state)
{
	char text[4096];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_str(&t, "v=0\n");
	for (int i = 0; i <= SIP_SDP_MEDIA_MAX; i++)
		base_text_str(&t, i < SIP_SDP_MEDIA_MAX
					  ? "m=audio 1 RTP/AVP 0\n"
					  : "m=video 2 RTP/AVP 1\na=sendonly\na=rtpmap:0 x/1\n");
	read_sdp(base_text_cstr(&t));
	assert_true(sdp.truncated);
	assert_int_equal(sdp.n_media, SIP_SDP_MEDIA_MAX);
	assert_int_equal(sdp.media[SIP_SDP_MEDIA_MAX - 1].direction, SIP_SDP_SENDRECV);
	span_is(sdp.media[SIP_SDP_MEDIA_MAX - 1].formats[0].encoding, "");

	t = base_text_of(text, sizeof(text));
	base_text_str(&t, "m=audio 1 RTP/AVP");
	for (int i = 0; i <= SIP_SDP_FORMATS_MAX; i++)
		base_text_str(&t, " 1");
	read_sdp(base_text_cstr(&t));
	assert_true(sdp.truncated);
	assert_int_equal(sdp.media[0].n_formats, SIP_SDP_FORMATS_MAX);
}

static void
test_not_sdp(void **state)
{
	static const char *const texts[] = {
		"", "\r\n", "hello", "a=b\r\nv=0", "<xml/>", "v", "v 0"};

	for (size_t i = 0; i < base_count_of(texts); i++)
		assert_false(sip_sdp_parse(&sdp, base_span_cstr(texts[i])));
	assert_false(sip_sdp_parse(&sdp, (struct base_span){0}));
	assert_true(sip_sdp_parse(&sdp, BASE_SPAN("o=x")));
	assert_int_equal(sdp.n_media, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_rtcp),
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_fax_and_data),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_not_sdp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
