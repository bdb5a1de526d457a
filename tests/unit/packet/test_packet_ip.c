#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_law.h"

#define ETH PACKET_LINK_ETHERNET
#define IP 14 /* where the outermost IP header stands */

static void
headers_lead_to_the_transport(void **state)
{
	static const struct law_stack rows[] = {
		{"eth ip4:1 udp", LAW_PLAIN},
		{"eth ip4:10 tcp", LAW_PLAIN},
		{"eth ip4 ah udp", LAW_PLAIN},
		{"eth ip6 hop udp", LAW_PLAIN},
		{"eth ip6 hop dest:2 route:3 dest udp", LAW_PLAIN},
		{"eth ip6 ah tcp", LAW_PLAIN},
		{"eth ip6 frag udp", LAW_PLAIN},
		{"eth ip6 hop frag dest tcp", LAW_PLAIN},
		{"eth ip4 ip4 udp", ETH, PACKET_TUNNEL_IPIP, PACKET_VLAN_NONE, 2},
		{"eth ip4 ip6 udp", ETH, PACKET_TUNNEL_IPIP, PACKET_VLAN_NONE, 2},
		{"eth ip6 ip4 tcp", ETH, PACKET_TUNNEL_IPIP, PACKET_VLAN_NONE, 2},
		{"eth ip6 dest ip6 dest udp", ETH, PACKET_TUNNEL_IPIP, PACKET_VLAN_NONE, 2},
		{"eth ip4 mpls ip4 udp", ETH, PACKET_TUNNEL_MPLS, PACKET_VLAN_NONE, 2},
		{"eth vlan:3 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 udp", ETH, PACKET_TUNNEL_IPIP, 3, 8},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

static void
lies_are_malformed_and_strangers_named(void **state)
{
	static const struct law_end rows[] = {
		{"eth ip4 udp", ETH, IP, 0x55, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 udp", ETH, IP, 0x44, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 udp", ETH, IP + 3, 19, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 udp", ETH, IP + 3, 20, PACKET_VERDICT_MALFORMED, 0}, /* no room for UDP */
		{"eth ip4 udp", ETH, IP + 9, 50, PACKET_VERDICT_OTHER_PROTOCOL, 0},
		{"eth ip4 udp", ETH, IP + 9, 0, PACKET_VERDICT_OTHER_PROTOCOL, 0},  /* hop-by-hop is IPv6 */
		{"eth ip4 udp", ETH, IP + 9, 44, PACKET_VERDICT_OTHER_PROTOCOL, 0},
		{"eth ip4 udp", ETH, IP + 9, 1, PACKET_VERDICT_ICMP, 0},
		{"eth ip4 proto:1 ip4 udp", ETH, 0, 0, PACKET_VERDICT_ICMP, 0},     /* what it quotes is not looked at */
		{"eth ip6 udp", ETH, IP, 0x40, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip6 udp", ETH, IP + 6, 58, PACKET_VERDICT_ICMP, 0},
		{"eth ip6 udp", ETH, IP + 6, 59, PACKET_VERDICT_OTHER_PROTOCOL, 0},
		{"eth ip6 udp", ETH, IP + 6, 50, PACKET_VERDICT_OTHER_PROTOCOL, 0},
		{"eth ip6 hop udp", ETH, IP + 41, 200, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip6 ah udp", ETH, IP + 41, 200, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 udp", ETH, 0, 0, PACKET_VERDICT_TOO_DEEP, 0},
		{"eth ip6 ip6 ip6 ip6 ip6 ip6 ip6 ip6 ip6 udp", ETH, 0, 0, PACKET_VERDICT_TOO_DEEP, 0},
	};
	law_all_end(rows, base_count_of(rows));
}

static void
endless_extension_headers_end(void **state)
{
	struct build b;
	struct packet_view v;

	build_begin(&b, BUILD_TEXT, BUILD_TEXT_LEN);
	build_wrap(&b, "udp");
	for (int i = 0; i < 100; i++)
		build_wrap(&b, "dest");
	build_wrap(&b, "eth ip6");
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_TOO_DEEP);
}

static enum packet_result
decode_with_be16(struct packet_view *v, const char *stack, uint32_t at, uint16_t value)
{
	static struct build b;

	build_stack(&b, stack, BUILD_TEXT);
	base_store_be16(b.p + at, value);
	return packet_decode(v, b.p, b.len, b.len, ETH);
}

static void
ipv4_fragments_are_described(void **state)
{
	static const struct {
		uint16_t word;
		uint32_t offset;
		bool more, fragment;
	} rows[] = {
		{0x0000, 0, false, false}, {0x4000, 0, false, false}, {0x2000, 0, true, true},
		{0x2001, 8, true, true}, {0x0001, 8, false, true}, {0x1fff, 65528, false, true},
	};
	struct packet_view v;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		enum packet_result result = decode_with_be16(&v, "eth vlan:5 ip4 udp", 18 + 6, rows[i].word);
		assert_int_equal(result, rows[i].fragment ? PACKET_IS_FRAGMENT : PACKET_IS_DATAGRAM);
		if (!rows[i].fragment)
			continue;
		assert_int_equal(v.fragment_offset, rows[i].offset);
		assert_int_equal(v.fragment_more, rows[i].more);
		assert_int_equal(v.payload_len, BUILD_TEXT_LEN + 8);
		assert_int_equal(v.src.port | v.dst.port | v.transport, 0);
		assert_int_equal(v.ip_id, 0x1234);
		assert_int_equal(v.ip_protocol, 17);
		assert_int_equal(v.vlan, 5);
	}
}

static void
ipv6_fragments_are_described(void **state)
{
	struct packet_view v;

	assert_int_equal(decode_with_be16(&v, "eth ip6 frag udp", IP + 42, 0x0009), PACKET_IS_FRAGMENT);
	assert_int_equal(v.fragment_offset, 8);
	assert_true(v.fragment_more);
	assert_int_equal(v.ip_id, 0xabcd0001);
	assert_false(v.ip_id_valid);
	assert_int_equal(v.ip_protocol, 17);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN + 8);
	/* the reserved bits mean nothing: an atomic fragment */
	assert_int_equal(decode_with_be16(&v, "eth ip6 frag udp", IP + 42, 0x0006), PACKET_IS_DATAGRAM);
}

static void
length_zero_means_up_to_the_end(void **state)
{
	struct packet_view v;

	assert_int_equal(decode_with_be16(&v, "eth ip4 tcp", IP + 2, 0), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
	assert_int_equal(decode_with_be16(&v, "eth ip6 tcp", IP + 4, 0), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
	assert_int_equal(decode_with_be16(&v, "eth ip4 udp", IP + 2, 0), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
}

/* A mirror that cuts frames leaves the IP length as it was. */
static void
a_length_beyond_the_frame_is_like_a_snap_length(void **state)
{
	struct packet_view v;

	assert_int_equal(decode_with_be16(&v, "eth ip4 tcp", IP + 2, 1500), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
	assert_int_equal(v.payload_wire_len, 1500 - 40);
	assert_int_equal(decode_with_be16(&v, "eth ip6 tcp", IP + 4, 1500), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_wire_len, 1500 - 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_lead_to_the_transport),
		cmocka_unit_test(lies_are_malformed_and_strangers_named),
		cmocka_unit_test(endless_extension_headers_end),
		cmocka_unit_test(ipv4_fragments_are_described),
		cmocka_unit_test(ipv6_fragments_are_described),
		cmocka_unit_test(length_zero_means_up_to_the_end),
		cmocka_unit_test(a_length_beyond_the_frame_is_like_a_snap_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
