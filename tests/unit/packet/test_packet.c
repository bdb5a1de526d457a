#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_law.h"

#define ETH PACKET_LINK_ETHERNET

static void
dlt_numbers_map_to_links(void **state)
{
	static const struct {
		int dlt;
		enum packet_link link;
	} rows[] = {
		{1, PACKET_LINK_ETHERNET}, {12, PACKET_LINK_RAW}, {14, PACKET_LINK_RAW}, {101, PACKET_LINK_RAW},
		{228, PACKET_LINK_RAW}, {229, PACKET_LINK_RAW}, {0, PACKET_LINK_NULL}, {108, PACKET_LINK_NULL},
		{113, PACKET_LINK_SLL}, {276, PACKET_LINK_SLL2}, {9, PACKET_LINK_PPP}, {50, PACKET_LINK_PPP},
		{51, PACKET_LINK_PPPOE}, {105, PACKET_LINK_UNKNOWN}, {-1, PACKET_LINK_UNKNOWN},
	};
	for (size_t i = 0; i < base_count_of(rows); i++)
		assert_int_equal(packet_link_of_dlt(rows[i].dlt), rows[i].link);
}

static void
verdicts_have_keys_and_texts(void **state)
{
	assert_string_equal(packet_verdict_key(PACKET_VERDICT_SIP), "sip");
	assert_string_equal(packet_verdict_key(PACKET_VERDICT_UNKNOWN_LINK), "unknown_link");
	assert_string_equal(packet_verdict_text(PACKET_VERDICT_RTCP), "RTCP");
	for (int i = 0; i < PACKET_VERDICT_COUNT; i++) {
		assert_true(packet_verdict_key((enum packet_verdict)i)[0] != '\0');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				packet_verdict_key((enum packet_verdict)i), packet_verdict_key((enum packet_verdict)j));
	}
	assert_string_equal(packet_verdict_key(PACKET_VERDICT_COUNT), "unknown");
}

static void
an_unknown_link_is_said_so(void **state)
{
	struct packet_view v;
	uint8_t frame[64] = {0};

	assert_int_equal(packet_decode(&v, frame, sizeof(frame), sizeof(frame), PACKET_LINK_UNKNOWN), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_UNKNOWN_LINK);
}

static void
assert_views_equal(const struct packet_view *a, const struct packet_view *b)
{
	assert_true(base_endpoint_eq(&a->src, &b->src) && base_endpoint_eq(&a->dst, &b->dst));
	assert_ptr_equal(a->payload, b->payload);
	assert_int_equal(a->payload_len, b->payload_len);
	assert_int_equal(a->payload_wire_len, b->payload_wire_len);
	assert_int_equal(a->tcp_seq, b->tcp_seq);
	assert_int_equal(a->ip_id, b->ip_id);
	assert_int_equal(a->fragment_offset, b->fragment_offset);
	assert_int_equal(a->sctp_rest, b->sctp_rest);
	assert_int_equal(a->vlan, b->vlan);
	assert_int_equal(a->transport, b->transport);
	assert_int_equal(a->tunnel, b->tunnel);
	assert_int_equal(a->ip_protocol, b->ip_protocol);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->dscp, b->dscp);
	assert_int_equal(a->tcp_flags, b->tcp_flags);
	assert_int_equal(a->depth, b->depth);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->fragment_more, b->fragment_more);
	assert_int_equal(a->reassembled, b->reassembled);
	assert_int_equal(a->ip_id_valid, b->ip_id_valid);
}

/* The short run for the common case and the general walk see the same. */
static void
the_short_run_equals_the_walk(void **state)
{
	static const char *const stacks[] = {"ip4 udp", "ip4 udp:40000", "ip4 udp:1"};
	struct packet_view fast, tagged, slow;
	struct build b, q;

	for (size_t i = 0; i < base_count_of(stacks); i++) {
		build_stack(&b, stacks[i], BUILD_TEXT);
		q = b;
		q.p = q.room + (b.p - b.room);
		build_wrap(&b, "eth");
		build_wrap(&q, "eth vlan:7");
		for (uint32_t cut = 14 + 28; cut <= b.len + 10; cut++) {
			packet_decode(&fast, b.p, cut, b.len + 10, ETH);
			packet_decode(&tagged, q.p, cut + 4, q.len + 10, ETH);
			packet_decode(&slow, b.p + 14, cut - 14, b.len + 10 - 14, PACKET_LINK_RAW);
			assert_int_equal(tagged.vlan, 7);
			assert_ptr_equal(tagged.payload - q.p, fast.payload - b.p + 4);
			tagged.vlan = PACKET_VLAN_NONE;
			tagged.payload = fast.payload;
			assert_views_equal(&fast, &slow);
			assert_views_equal(&fast, &tagged);
		}
	}
}

static void
a_short_frame_is_malformed_a_cut_one_truncated(void **state)
{
	static const int links[] = {PACKET_LINK_ETHERNET, PACKET_LINK_RAW, PACKET_LINK_NULL, PACKET_LINK_SLL,
		PACKET_LINK_SLL2, PACKET_LINK_PPP, PACKET_LINK_PPPOE};
	struct packet_view v;

	for (size_t i = 0; i < base_count_of(links); i++) {
		uint8_t *empty = law_copy((const uint8_t *)"", 0);
		assert_int_equal(packet_decode(&v, empty, 0, 0, links[i]), PACKET_DONE);
		assert_int_equal(v.verdict, PACKET_VERDICT_MALFORMED);
		assert_int_equal(packet_decode(&v, empty, 0, 1500, links[i]), PACKET_DONE);
		assert_int_equal(v.verdict, PACKET_VERDICT_TRUNCATED);
		free(empty);
	}
}

static void
a_wire_length_below_the_capture_length_is_not_believed(void **state)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, "eth ip4 tcp", BUILD_TEXT);
	assert_int_equal(packet_decode(&v, b.p, b.len, 3, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
}

static void
the_payload_of_an_ip_packet_decodes_alone(void **state)
{
	struct build b;
	struct packet_view v = {.vlan = 12, .ip_protocol = 17, .depth = 1, .fragment_offset = 8, .fragment_more = true};

	build_stack(&b, "udp", BUILD_TEXT);
	assert_int_equal(packet_decode_ip_payload(&v, b.p, b.len, b.len), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
	assert_int_equal(v.vlan, 12);
	assert_int_equal(v.fragment_offset, 0);
	assert_false(v.fragment_more);
	/* depth goes on from the view */
	v = (struct packet_view){.ip_protocol = 4, .depth = PACKET_DEPTH_MAX};
	build_stack(&b, "ip4 udp", BUILD_TEXT);
	assert_int_equal(packet_decode_ip_payload(&v, b.p, b.len, b.len), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_TOO_DEEP);
}

/* Every single changed byte ends in a result, within bounds. */
static void
any_changed_byte_is_survived(void **state)
{
	static const char *const stacks[] = {
		"eth vlan:1 ip4 udp:2152 gtpu:3 ip6 hop frag tcp", "eth mpls cw eth ip4 erspan:4 eth pppoe ppp ip4 sctp sack data"};
	struct build b;
	struct packet_view v;

	for (size_t i = 0; i < base_count_of(stacks); i++) {
		build_stack(&b, stacks[i], BUILD_TEXT);
		uint8_t *copy = law_copy(b.p, b.len);
		for (uint32_t at = 0; at < b.len * 256; at++) {
			copy[at / 256] = (uint8_t)at;
			if (packet_decode(&v, copy, b.len, b.len, ETH) != PACKET_DONE)
				assert_true(v.payload >= copy && v.payload + v.payload_len <= copy + b.len);
			copy[at / 256] = b.p[at / 256];
		}
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dlt_numbers_map_to_links),
		cmocka_unit_test(verdicts_have_keys_and_texts),
		cmocka_unit_test(an_unknown_link_is_said_so),
		cmocka_unit_test(the_short_run_equals_the_walk),
		cmocka_unit_test(a_short_frame_is_malformed_a_cut_one_truncated),
		cmocka_unit_test(a_wire_length_below_the_capture_length_is_not_believed),
		cmocka_unit_test(the_payload_of_an_ip_packet_decodes_alone),
		cmocka_unit_test(any_changed_byte_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
