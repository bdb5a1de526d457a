#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_law.h"

#define ETH PACKET_LINK_ETHERNET
#define NOVLAN PACKET_VLAN_NONE

static void
gre_leads_inside(void **state)
{
	static const struct law_stack rows[] = {
		{"eth ip4 gre ip4 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip6 gre:2 ip6 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip4 gre:1 ip4 tcp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip4 gre:4 ip4 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip4 gre:7 ip6 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip4 gre eth ip4 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip4 gre eth vlan:77 ip4 udp", ETH, PACKET_TUNNEL_GRE, 77, 3},
		{"eth ip4 gre mpls ip4 udp", ETH, PACKET_TUNNEL_MPLS, NOVLAN, 3},
		{"eth ip4 gre ppp ip4 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth ip4 pptp ppp ip4 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 3},
		{"eth vlan:142 ip4 pptp:1 ppp:2 ip4 udp", ETH, PACKET_TUNNEL_GRE, 142, 3},
		{"eth qinq:1 vlan:155 pppoe ppp:1 ip4 pptp ppp ip4 udp", ETH, PACKET_TUNNEL_GRE, 1, 4},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

static void
erspan_leads_inside(void **state)
{
	static const struct law_stack rows[] = {
		{"eth ip4 erspan:1 eth ip4 udp", ETH, PACKET_TUNNEL_ERSPAN, NOVLAN, 3},
		{"eth ip4 erspan:2 eth ip4 udp", ETH, PACKET_TUNNEL_ERSPAN, NOVLAN, 3},
		{"eth ip4 erspan:2 eth vlan:12 ip6 tcp", ETH, PACKET_TUNNEL_ERSPAN, 12, 3},
		{"eth ip4 erspan:3 eth ip4 udp", ETH, PACKET_TUNNEL_ERSPAN, NOVLAN, 3},
		{"eth ip4 erspan:4 eth ip4 udp", ETH, PACKET_TUNNEL_ERSPAN, NOVLAN, 3},
		{"eth ip4 erspan:5 ip6 udp", ETH, PACKET_TUNNEL_ERSPAN, NOVLAN, 3},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

static void
udp_tunnels_lead_inside(void **state)
{
	static const struct law_stack rows[] = {
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, PACKET_TUNNEL_VXLAN, NOVLAN, 3},
		{"eth vlan:4 ip6 udp:8472 vxlan eth vlan:9 ip6 tcp", ETH, PACKET_TUNNEL_VXLAN, 4, 3},
		{"eth ip4 udp:4790 gpe:1 ip4 udp", ETH, PACKET_TUNNEL_VXLAN, NOVLAN, 3},
		{"eth ip4 udp:4790 gpe:2 ip6 udp", ETH, PACKET_TUNNEL_VXLAN, NOVLAN, 3},
		{"eth ip4 udp:4790 gpe:3 eth ip4 udp", ETH, PACKET_TUNNEL_VXLAN, NOVLAN, 3},
		{"eth ip4 udp:6081 geneve eth ip4 udp", ETH, PACKET_TUNNEL_GENEVE, NOVLAN, 3},
		{"eth ip4 udp:6081 geneve:63 ip6 udp", ETH, PACKET_TUNNEL_GENEVE, NOVLAN, 3},
		{"eth ip4 udp:6081 geneve:2 ip4 tcp", ETH, PACKET_TUNNEL_GENEVE, NOVLAN, 3},
		{"eth ip4 udp:2152 gtpu ip4 udp", ETH, PACKET_TUNNEL_GTPU, NOVLAN, 3},
		{"sll ip4 udp:2152 gtpu:1 ip6 tcp", PACKET_LINK_SLL, PACKET_TUNNEL_GTPU, NOVLAN, 3},
		{"eth ip6 udp:2152 gtpu:2 ip4 udp", ETH, PACKET_TUNNEL_GTPU, NOVLAN, 3},
		{"eth ip4 udp:2152 gtpu:4 ip4 udp", ETH, PACKET_TUNNEL_GTPU, NOVLAN, 3},
		{"eth ip4 udp:4789 vxlan eth ip4 udp:2152 gtpu ip4 gre ip4 udp", ETH, PACKET_TUNNEL_GRE, NOVLAN, 7},
		{"eth ip4 udp:2152 gtpu ip6 ip4 ip4 gre:7 eth mpls ip4 udp", ETH, PACKET_TUNNEL_MPLS, NOVLAN, 7},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

/* Offsets: GRE stands at 34, a UDP tunnel's header at 42. */
static void
headers_that_do_not_hold(void **state)
{
	static const struct law_end rows[] = {
		{"eth ip4 gre ip4 udp", ETH, 34, 0x40, PACKET_VERDICT_OTHER_PROTOCOL, 0}, /* source route */
		{"eth ip4 gre ip4 udp", ETH, 35, 0x02, PACKET_VERDICT_OTHER_PROTOCOL, 0}, /* version 2 */
		{"eth ip4 gre ip4 udp", ETH, 36, 0x99, PACKET_VERDICT_NOT_IP, 0},
		{"eth ip4 pptp ppp ip4 udp", ETH, 34, 0x10, PACKET_VERDICT_MALFORMED, 0}, /* no key */
		{"eth ip4 pptp ppp ip4 udp", ETH, 36, 0x08, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 pptp ppp ip4 udp", ETH, 34, 0x20, PACKET_VERDICT_NOT_IP, 0},    /* acknowledgement only */
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, 42, 0x00, -1, 4789},          /* no I bit */
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, 42, 0x80, -1, 4789},          /* RTP, say */
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, 44, 0x01, -1, 4789},
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, 49, 0x01, -1, 4789},
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, 42, 0x88, -1, 5060},          /* group policy */
		{"eth ip4 udp:4789 vxlan eth ip4 udp", ETH, 63, 0x06, PACKET_VERDICT_NOT_IP, 0},
		{"eth ip4 udp:4790 gpe:1 ip4 udp", ETH, 45, 0x04, -1, 4790},              /* NSH */
		{"eth ip4 udp:4790 gpe:1 ip4 udp", ETH, 42, 0x3c, -1, 4790},
		{"eth ip4 udp:6081 geneve eth ip4 udp", ETH, 42, 0x40, -1, 6081},
		{"eth ip4 udp:6081 geneve eth ip4 udp", ETH, 43, 0x01, -1, 6081},
		{"eth ip4 udp:6081 geneve eth ip4 udp", ETH, 44, 0x12, -1, 6081},
		{"eth ip4 udp:6081 geneve eth ip4 udp", ETH, 42, 0x3f, -1, 6081},         /* options beyond the end */
		{"eth ip4 udp:2152 gtpu ip4 udp", ETH, 42, 0x50, -1, 2152},
		{"eth ip4 udp:2152 gtpu ip4 udp", ETH, 42, 0x20, -1, 2152},               /* GTP' */
		{"eth ip4 udp:2152 gtpu ip4 udp", ETH, 44, 0xff, -1, 2152},
		{"eth ip4 udp:2152 gtpu ip4 udp", ETH, 43, 0x01, PACKET_VERDICT_IGNORED, 0}, /* echo request */
		{"eth ip4 udp:2152 gtpu ip4 udp", ETH, 50, 0x02, PACKET_VERDICT_NOT_IP, 0},
		{"eth ip4 udp:2152 gtpu:2 ip4 udp", ETH, 54, 0x00, -1, 2152},             /* extension of no length */
		{"eth ip4 udp:2152 gtpu:2 ip4 udp", ETH, 54, 0xff, -1, 2152},
		{"eth ip4 udp:2152", ETH, 0, 0, -1, 2152},                                /* SIP on a tunnel's port */
		{"eth ip4 udp:4789", ETH, 0, 0, -1, 4789},
		{"eth ip4 udp:6081", ETH, 0, 0, -1, 6081},
		{"eth ip4 gre ip4 gre ip4 gre ip4 gre ip4 udp", ETH, 0, 0, PACKET_VERDICT_TOO_DEEP, 0},
		{"eth ip4 udp:2152 gtpu ip4 udp:2152 gtpu ip4 udp:2152 gtpu ip4 udp:2152 gtpu ip4 udp", ETH, 0, 0,
			PACKET_VERDICT_TOO_DEEP, 0},
	};
	law_all_end(rows, base_count_of(rows));
}

/* The outer addresses stand in the view while a tunnel's port carries a plain datagram. */
static void
a_plain_datagram_on_a_tunnel_port_is_whole(void **state)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, "eth ip4 udp:8472", BUILD_TEXT);
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
	assert_int_equal(v.tunnel, PACKET_TUNNEL_NONE);
	assert_int_equal(v.depth, 1);
}

static void
tunnels_have_names(void **state)
{
	static const char *const names[] = {
		"", "ipip", "gre", "erspan", "vxlan", "geneve", "gtpu", "pppoe", "mpls"};

	for (size_t i = 0; i < base_count_of(names); i++)
		assert_string_equal(packet_tunnel_name((enum packet_tunnel)i), names[i]);
	assert_int_equal(PACKET_TUNNEL_MPLS, base_count_of(names) - 1);
	assert_string_equal(packet_tunnel_name((enum packet_tunnel)99), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gre_leads_inside),
		cmocka_unit_test(erspan_leads_inside),
		cmocka_unit_test(udp_tunnels_lead_inside),
		cmocka_unit_test(headers_that_do_not_hold),
		cmocka_unit_test(a_plain_datagram_on_a_tunnel_port_is_whole),
		cmocka_unit_test(tunnels_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
