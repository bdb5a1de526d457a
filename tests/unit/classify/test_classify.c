#include "classify_testing.h"

static const char *const kind_names[] = {
	"ignore", "sip", "sip_port", "keepalive", "rtp", "rtcp", "stun"};

struct fixture {
	struct classify *c;
	struct classify_core *core;
};

static bool
is_sure(const struct fixture *f, const struct packet_view *view)
{
	return classify_is_sure(f->c, view->src.port, view->dst.port,
		base_span_of(view->payload, view->payload_len));
}

static void
is(const struct fixture *f, const struct packet_view *view, enum classify_kind want)
{
	struct classify_result result = classify_payload(f->c, f->core, view);
	enum classify_kind got = (enum classify_kind)result.kind;
	enum classify_kind plain = classify_plain(f->c, view);

	if (got != want || plain != want)
		fail_msg("'%.*s' port %u transport %u is %s, plainly %s, not %s",
			(int)view->payload_len, (const char *)view->payload, view->dst.port,
			view->transport, kind_names[got], kind_names[plain], kind_names[want]);
	if (is_sure(f, view) && (got != CLASSIFY_SIP || result.scanned))
		fail_msg("sure of '%.*s'", (int)view->payload_len, (const char *)view->payload);
}

#define IS(text, transport, port, want)                                                            \
	do {                                                                                       \
		struct packet_view view_ = testing_view(text, sizeof(text) - 1, transport, port);  \
		is(&f, &view_, want);                                                              \
	} while (0)

#define RTP                                                                                        \
	"\x80\x00"                                                                                 \
	"0123456789"                                                                               \
	"payload"
#define RTCP                                                                                       \
	"\x80\xc9\x00\x01"                                                                         \
	"SSRC"
#define STUN                                                                                       \
	"\x00\x01\x00\x00\x21\x12\xa4\x42"                                                         \
	"transaction."

static void
sip_is_found_by_its_start_line(void **state)
{
	struct fixture f = {testing_classify(true, NULL, 0), NULL};

	f.core = testing_core(f.c);
	for (uint8_t transport = PACKET_UDP; transport <= PACKET_SCTP; transport++) {
		IS("INVITE sip:x SIP/2.0\r\n", transport, 5060, CLASSIFY_SIP);
		IS("INVITE sip:x SIP/2.0\r\n", transport, 12345, CLASSIFY_SIP);
		IS("SIP/2.0 200 OK\r\n", transport, 12345, CLASSIFY_SIP);
		IS("REGISTER example.com SIP/2.0", transport, 5080, CLASSIFY_SIP);
		IS("REGISTER example.com SIP/2.0", transport, 12345, CLASSIFY_IGNORE);
		IS("NOTIFY * HTTP/1.1", transport, 1900, CLASSIFY_IGNORE);
		IS("via continuation: x", transport, 5060, CLASSIFY_SIP_PORT);
		IS("GET / HTTP/1.1\r\n", transport, 80, CLASSIFY_IGNORE);
	}
	classify_core_free(f.core);
	classify_free(f.c);
}

static void
the_source_port_counts_as_the_destination_port(void **state)
{
	struct fixture f = {testing_classify(false, NULL, 0), NULL};

	f.core = testing_core(f.c);
	struct packet_view view = testing_view("SIP/2.0 200 OK\r\n", 16, PACKET_UDP, 999);
	is(&f, &view, CLASSIFY_IGNORE);
	view.src.port = 5060;
	is(&f, &view, CLASSIFY_SIP);
	classify_core_free(f.core);
	classify_free(f.c);
}

static void
without_any_port_the_listed_ports_are_all(void **state)
{
	struct fixture f = {testing_classify(false, NULL, 0), NULL};

	f.core = testing_core(f.c);
	assert_true(classify_is_sip_port(f.c, 5060));
	assert_true(classify_is_sip_port(f.c, 5080));
	assert_false(classify_is_sip_port(f.c, 5061));
	assert_false(classify_is_sip_port(f.c, 0));
	IS("INVITE sip:x SIP/2.0\r\n", PACKET_UDP, 5060, CLASSIFY_SIP);
	IS("INVITE sip:x SIP/2.0\r\n", PACKET_UDP, 5061, CLASSIFY_IGNORE);
	classify_core_free(f.core);
	classify_free(f.c);
}

static void
media_is_found_over_udp_only(void **state)
{
	struct fixture f = {testing_classify(true, NULL, 0), NULL};

	f.core = testing_core(f.c);
	IS(RTP, PACKET_UDP, 40002, CLASSIFY_RTP);
	IS(RTP, PACKET_UDP, 40003, CLASSIFY_RTP);
	IS(RTP, PACKET_UDP, 5060, CLASSIFY_RTP);
	IS(RTP, PACKET_TCP, 40002, CLASSIFY_IGNORE);
	IS(RTP, PACKET_TCP, 5060, CLASSIFY_SIP_PORT);
	IS(RTCP, PACKET_UDP, 40003, CLASSIFY_RTCP);
	IS(RTCP, PACKET_SCTP, 40003, CLASSIFY_IGNORE);
	IS(STUN, PACKET_UDP, 3478, CLASSIFY_STUN);
	IS(STUN, PACKET_UDP, 5060, CLASSIFY_KEEPALIVE);
	IS(STUN, PACKET_TCP, 3478, CLASSIFY_IGNORE);
	classify_core_free(f.core);
	classify_free(f.c);
}

static void
keepalives_are_those_of_sip_ports(void **state)
{
	struct fixture f = {testing_classify(true, NULL, 0), NULL};

	f.core = testing_core(f.c);
	IS("\r\n\r\n", PACKET_UDP, 5060, CLASSIFY_KEEPALIVE);
	IS("\r\n", PACKET_TCP, 5060, CLASSIFY_KEEPALIVE);
	IS("\0\0\0\0", PACKET_UDP, 5060, CLASSIFY_KEEPALIVE);
	IS("", PACKET_UDP, 5060, CLASSIFY_KEEPALIVE);
	IS("\r\n\r\n", PACKET_UDP, 9999, CLASSIFY_IGNORE);
	IS("", PACKET_UDP, 9999, CLASSIFY_IGNORE);
	struct packet_view none = testing_view(NULL, 0, PACKET_UDP, 5060);
	is(&f, &none, CLASSIFY_KEEPALIVE);
	classify_core_free(f.core);
	classify_free(f.c);
}

static void
the_gate_spares_the_scan(void **state)
{
	struct classify *c = testing_classify(true, NULL, 0);
	struct classify_core *core = testing_core(c);
	struct packet_view media = testing_view(RTP, sizeof(RTP) - 1, PACKET_UDP, 40002);

	assert_false(classify_payload(c, core, &media).scanned);
#ifdef RINGTAP_HYPERSCAN
	struct packet_view sip = testing_view("BYE sip:x", 9, PACKET_UDP, 40002);
	assert_true(classify_payload(c, core, &sip).scanned);
#endif
	classify_core_free(core);
	classify_free(c);
}

static void
plain_start_finds_the_same_without_a_scan(void **state)
{
	struct classify_options options = {.any_port = true, .plain_start = true};
	struct packet_view sip = testing_view("BYE sip:x", 9, PACKET_UDP, 40002), media = testing_view(RTP, sizeof(RTP) - 1, PACKET_UDP, 40002);
	struct sys_error e;
	struct classify *c;

	assert_int_equal(classify_new(&c, &options, &e), 0);
	struct classify_core *core = testing_core(c);
	struct classify_result found = classify_payload(c, core, &sip);
	assert_int_equal(found.kind, CLASSIFY_SIP);
	assert_false(found.scanned);
	assert_int_equal(classify_payload(c, core, &media).kind, CLASSIFY_RTP);
	classify_core_free(core);
	classify_free(c);
}

static void
sure_is_what_is_spelled_as_usual_on_a_sip_port(void **state)
{
	static const char text[] = "INVITE sip:bob@example.com SIP/2.0\r\n";
	struct fixture f = {.c = testing_classify(true, NULL, 0)};
	struct packet_view view = testing_view(text, sizeof(text) - 1, PACKET_UDP, 5060);

	f.core = testing_core(f.c);
	is(&f, &view, CLASSIFY_SIP);
	assert_true(is_sure(&f, &view));
	view.dst.port = 40002;
	is(&f, &view, CLASSIFY_SIP);
	assert_false(is_sure(&f, &view));
	view.src.port = 5080;
	assert_true(is_sure(&f, &view));
	view.payload_len = 23;
	assert_false(is_sure(&f, &view));
	classify_core_free(f.core);
	classify_free(f.c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sip_is_found_by_its_start_line),
		cmocka_unit_test(the_source_port_counts_as_the_destination_port),
		cmocka_unit_test(without_any_port_the_listed_ports_are_all),
		cmocka_unit_test(media_is_found_over_udp_only),
		cmocka_unit_test(keepalives_are_those_of_sip_ports),
		cmocka_unit_test(the_gate_spares_the_scan),
		cmocka_unit_test(sure_is_what_is_spelled_as_usual_on_a_sip_port),
		cmocka_unit_test(plain_start_finds_the_same_without_a_scan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
