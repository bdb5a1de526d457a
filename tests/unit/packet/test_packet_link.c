#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_law.h"

#define ETH PACKET_LINK_ETHERNET
#define NONE PACKET_TUNNEL_NONE
#define NOVLAN PACKET_VLAN_NONE

static void
links_lead_to_ip(void **state)
{
	static const struct law_stack rows[] = {
		{"eth ip4 udp", LAW_PLAIN},
		{"eth ip6 udp", LAW_PLAIN},
		{"ip4 udp", PACKET_LINK_RAW, NONE, NOVLAN, 1},
		{"ip6 udp", PACKET_LINK_RAW, NONE, NOVLAN, 1},
		{"null:2 ip4 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"null:1002 ip4 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"null:10 ip6 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"null:1024 ip6 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"null:1028 ip6 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"null:30 ip6 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"null:23 ip6 udp", PACKET_LINK_NULL, NONE, NOVLAN, 1},
		{"sll ip4 udp", PACKET_LINK_SLL, NONE, NOVLAN, 1},
		{"sll ip6 tcp", PACKET_LINK_SLL, NONE, NOVLAN, 1},
		{"sll vlan:9 ip4 udp", PACKET_LINK_SLL, NONE, 9, 1},
		{"sll snap ip4 udp", PACKET_LINK_SLL, NONE, NOVLAN, 1},
		{"sll2 ip4 udp", PACKET_LINK_SLL2, NONE, NOVLAN, 1},
		{"sll2 ip6 udp", PACKET_LINK_SLL2, NONE, NOVLAN, 1},
		{"sll2 sap ip4 udp", PACKET_LINK_SLL2, NONE, NOVLAN, 1},
		{"ppp ip4 udp", PACKET_LINK_PPP, NONE, NOVLAN, 1},
		{"ppp:1 ip6 udp", PACKET_LINK_PPP, NONE, NOVLAN, 1},
		{"ppp:2 ip4 udp", PACKET_LINK_PPP, NONE, NOVLAN, 1},
		{"ppp mpls ip4 udp", PACKET_LINK_PPP, PACKET_TUNNEL_MPLS, NOVLAN, 1},
		{"ppp:1 mpls ip4 udp", PACKET_LINK_PPP, PACKET_TUNNEL_MPLS, NOVLAN, 1},
		{"chdlc ip4 udp", PACKET_LINK_PPP, NONE, NOVLAN, 1},
		{"pppoe ppp:1 ip4 udp", PACKET_LINK_PPPOE, PACKET_TUNNEL_PPPOE, NOVLAN, 2},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

static void
tags_and_labels_lead_to_ip(void **state)
{
	static const struct law_stack rows[] = {
		{"eth vlan:100 ip4 udp", ETH, NONE, 100, 1},
		{"eth vlan:4095 ip6 udp", ETH, NONE, 4095, 1},
		{"eth vlan:0 ip4 udp", ETH, NONE, NOVLAN, 1},
		{"eth vlan:0 vlan:7 ip4 udp", ETH, NONE, 7, 1},
		{"eth qinq:200 vlan:100 ip4 udp", ETH, NONE, 200, 1},
		{"eth qold:300 vlan:100 ip4 tcp", ETH, NONE, 300, 1},
		{"eth vlan:1 vlan:2 vlan:3 ip4 udp", ETH, NONE, 1, 1},
		{"eth snap ip4 udp", ETH, NONE, NOVLAN, 1},
		{"eth sap ip4 udp", ETH, NONE, NOVLAN, 1},
		{"eth vlan:5 snap ip6 udp", ETH, NONE, 5, 1},
		{"eth mpls ip4 udp", ETH, PACKET_TUNNEL_MPLS, NOVLAN, 1},
		{"eth mpls:1 mpls:2 mpls:3 ip6 udp", ETH, PACKET_TUNNEL_MPLS, NOVLAN, 1},
		{"eth vlan:8 mpls ip4 tcp", ETH, PACKET_TUNNEL_MPLS, 8, 1},
		{"eth mpls cw eth ip4 udp", ETH, PACKET_TUNNEL_MPLS, NOVLAN, 1},
		{"eth mpls cw eth vlan:6 ip6 udp", ETH, PACKET_TUNNEL_MPLS, 6, 1},
		{"eth mpls eth ip4 udp", ETH, PACKET_TUNNEL_MPLS, NOVLAN, 1},
		{"eth mpls mpls eth vlan:6 ip4 udp", ETH, PACKET_TUNNEL_MPLS, 6, 1},
		{"eth pppoe ppp:1 ip4 udp", ETH, PACKET_TUNNEL_PPPOE, NOVLAN, 2},
		{"eth pppoe ppp:2 ip4 udp", ETH, PACKET_TUNNEL_PPPOE, NOVLAN, 2},
		{"eth qinq:2 vlan:3 pppoe ppp:1 ip6 tcp", ETH, PACKET_TUNNEL_PPPOE, 2, 2},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

static void
others_are_not_ip(void **state)
{
	static const struct law_end rows[] = {
		{"eth ip4 udp", ETH, 13, 0x06, PACKET_VERDICT_NOT_IP, 0},       /* ARP */
		{"eth vlan:1 ip4 udp", ETH, 16, 0x88, PACKET_VERDICT_NOT_IP, 0},
		{"eth snap ip4 udp", ETH, 14, 0x42, PACKET_VERDICT_NOT_IP, 0},  /* spanning tree */
		{"eth snap ip4 udp", ETH, 19, 0x0c, PACKET_VERDICT_NOT_IP, 0},  /* another organisation's SNAP */
		{"eth pppoe ppp:1 ip4 udp", ETH, 14, 0x21, PACKET_VERDICT_MALFORMED, 0},
		{"eth pppoe ppp:1 ip4 udp", ETH, 15, 0x09, PACKET_VERDICT_NOT_IP, 0}, /* discovery code */
		{"eth pppoe ppp:1 ip4 udp", ETH, 20, 0xc0, PACKET_VERDICT_NOT_IP, 0}, /* LCP */
		{"null:7 ip4 udp", PACKET_LINK_NULL, 0, 0, PACKET_VERDICT_NOT_IP, 0},
		{"ip4 udp", PACKET_LINK_RAW, 0, 0, -1, 5060},
		{"cw ip4 udp", PACKET_LINK_RAW, 0, 0, PACKET_VERDICT_NOT_IP, 0},
		{"ppp:1 ip4 udp", PACKET_LINK_PPP, 1, 0x22, PACKET_VERDICT_NOT_IP, 0},
		{"sll ip4 udp", PACKET_LINK_SLL, 14, 0x09, PACKET_VERDICT_NOT_IP, 0},
		{"sll2 ip4 udp", PACKET_LINK_SLL2, 1, 0x06, PACKET_VERDICT_NOT_IP, 0},
	};
	law_all_end(rows, base_count_of(rows));
}

static void
a_pppoe_length_cuts_what_follows(void **state)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, "eth pppoe ppp:1 ip4 udp", BUILD_TEXT);
	base_store_be16(b.p + 18, 2 + 20 + 8 + 5);
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, 5);
	assert_int_equal(v.payload_wire_len, BUILD_TEXT_LEN);
	base_store_be16(b.p + 18, 60000);
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
}

/* Tags and labels do not count as depth, but end too. */
static void
endless_stacks_end(void **state)
{
	uint8_t tags[14 + 4 * 200], labels[14 + 4 * 200];
	struct packet_view v;

	memset(tags, 0, sizeof(tags));
	memset(labels, 0, sizeof(labels));
	for (uint32_t at = 12; at + 4 <= sizeof(tags); at += 4)
		base_store_be16(tags + at, 0x8100);
	base_store_be16(labels + 12, 0x8847);
	assert_int_equal(packet_decode(&v, tags, sizeof(tags), sizeof(tags), ETH), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_TOO_DEEP);
	assert_int_equal(packet_decode(&v, labels, sizeof(labels), sizeof(labels), ETH), PACKET_DONE);
	assert_int_equal(v.verdict, PACKET_VERDICT_TOO_DEEP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_lead_to_ip),
		cmocka_unit_test(tags_and_labels_lead_to_ip),
		cmocka_unit_test(others_are_not_ip),
		cmocka_unit_test(a_pppoe_length_cuts_what_follows),
		cmocka_unit_test(endless_stacks_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
