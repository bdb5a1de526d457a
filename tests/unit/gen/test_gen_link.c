/* Law: what is put into a VLAN or a tunnel comes out of packet_decode with the same addresses,
 * payload and length, and its VLAN and tunnel told. */
#include "gen_testing.h"

struct seen {
	uint32_t vlan, tunnel, wrong, cut;
};

static void
look(struct run *r, const struct gen_frame *f, const struct packet_view *view)
{
	struct seen *s = r->context;

	s->wrong += view->vlan != s->vlan || view->tunnel != s->tunnel;
	s->cut += view->payload_len != view->payload_wire_len;
}

static void
run_link(uint16_t vlan, uint16_t inner, enum packet_tunnel tunnel)
{
	struct gen_options o = gen_options_default();
	struct seen s = {.vlan = vlan, .tunnel = tunnel};
	struct run r = {.frame = look, .context = &s};

	o.duration_ns = BASE_NS_PER_SEC;
	o.hold_ns = BASE_NS_PER_SEC;
	o.ipv6 = o.large = 0.5;
	o.vlan = vlan;
	o.inner_vlan = inner;
	o.tunnel = tunnel;
	run_all(&r, o);
	assert_true(r.counters.frames > 100);
	assert_int_equal(r.decoded, r.counters.frames);
	assert_int_equal(s.wrong, 0);
	assert_int_equal(s.cut, 0);
}

static void
every_tunnel_is_told(void **state)
{
	for (uint32_t t = PACKET_TUNNEL_NONE; t <= PACKET_TUNNEL_MPLS; t++) {
		run_link(PACKET_VLAN_NONE, PACKET_VLAN_NONE, (enum packet_tunnel)t);
		run_link(7, PACKET_VLAN_NONE, (enum packet_tunnel)t);
		run_link(7, 8, (enum packet_tunnel)t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_tunnel_is_told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
