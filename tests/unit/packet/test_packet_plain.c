/* packet_plain: what the short run takes, the walk over the layers says the same of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packet_build.h"
#include "packet_law.h"
#include "packet_plain.h"

/* What the walk says of the same frame: it has no short run where the link is not Ethernet. */
static void
agree(const uint8_t *frame, uint32_t len, uint32_t wire_len, const struct packet_plain *p)
{
	uint32_t at = (uint32_t)(p->ip - frame);
	struct packet_view walked, v;

	assert_true(at == 14 || at == 18);
	assert_int_equal(packet_decode(&walked, p->ip, len - at, wire_len - at, PACKET_LINK_RAW), PACKET_IS_DATAGRAM);
	assert_int_equal(packet_decode(&v, frame, len, wire_len, PACKET_LINK_ETHERNET), PACKET_IS_DATAGRAM);
	assert_true(p->payload >= frame && p->payload + p->payload_len <= frame + len);
	assert_ptr_equal(walked.payload, p->payload);
	assert_int_equal(walked.payload_len, p->payload_len);
	assert_int_equal(walked.payload_wire_len, p->payload_wire_len);
	assert_int_equal(p->vlan, at == 14 ? PACKET_VLAN_NONE : base_load_be16(frame + 14) & 0xfff);
	assert_int_equal(v.vlan, p->vlan);
	walked.vlan = v.vlan;
	assert_true(base_endpoint_eq(&walked.src, &v.src) && base_endpoint_eq(&walked.dst, &v.dst));
	assert_true(walked.ip_id == v.ip_id && walked.ip_id_valid == v.ip_id_valid && walked.ttl == v.ttl && walked.dscp == v.dscp);
	assert_true(walked.payload == v.payload && walked.payload_len == v.payload_len && walked.payload_wire_len == v.payload_wire_len);
	assert_true(walked.transport == v.transport && walked.ip_protocol == v.ip_protocol && walked.depth == v.depth);
	assert_true(walked.tunnel == v.tunnel && walked.verdict == v.verdict && !v.fragment_more && !v.fragment_offset && !v.sctp_rest);
}

static bool
take(const uint8_t *bytes, uint32_t len, uint32_t wire_len)
{
	uint8_t *frame = law_copy(bytes, len);
	struct packet_plain p;
	bool taken = packet_plain_take(&p, frame, len);

	if (taken)
		agree(frame, len, wire_len, &p);
	free(frame);
	return taken;
}

static void
plain_frames_are_taken_and_no_others(void **state)
{
#define P(stack, taken) \
	do { \
		build_stack(&b, stack, BUILD_TEXT); \
		assert_int_equal(take(b.p, b.len, b.len), taken); \
		assert_int_equal(take(b.p, b.len + 18, b.len + 18), taken); \
	} while (0)
	struct build b;

	P("eth ip4 udp", true);
	P("eth vlan:100 ip4 udp", true);
	P("eth ip6 udp", true);
	P("eth vlan:100 ip6 udp", true);
	P("eth vlan:0 ip4 udp", false);
	P("eth vlan:5 vlan:6 ip4 udp", false);
	P("eth ip4:1 udp", false);
	P("eth ip4 tcp", false);
	P("eth ip6 tcp", false);
	P("eth ip4 udp:4789 vxlan eth ip4 udp", false);
	P("eth ip4 ip4 udp", false);
#undef P
}

static void
cut_anywhere_it_agrees_with_the_walk(void **state)
{
	static const char *const stacks[] = {"eth ip4 udp", "eth vlan:100 ip4 udp", "eth ip6 udp", "eth vlan:100 ip6 udp"};
	static const uint32_t headers[] = {42, 46, 62, 66};
	struct build b;

	for (size_t i = 0; i < base_count_of(stacks); i++) {
		build_stack(&b, stacks[i], BUILD_TEXT);
		for (uint32_t len = 0; len <= b.len; len++) {
			bool taken = take(b.p, len, b.len);
			if (len < headers[i])
				assert_false(taken);
			else if (len >= 46)
				assert_true(taken);
		}
	}
}

static void
changed_anywhere_it_agrees_with_the_walk(void **state)
{
	static const char *const stacks[] = {"eth ip4 udp", "eth vlan:100 ip4 udp", "eth ip6 udp", "eth vlan:100 ip6 udp"};
	uint32_t seed = 7, taken = 0;
	struct build b;

	for (uint32_t i = 0; i < 200000; i++) {
		build_stack(&b, stacks[i % base_count_of(stacks)], BUILD_TEXT);
		for (uint32_t k = 0; k <= i % 3; k++) {
			seed = seed * 1664525u + 1013904223u;
			b.p[(seed >> 8) % 66] = (uint8_t)(seed & 0x80000000u ? seed >> 5 : b.p[(seed >> 8) % 66] ^ 1u << (seed >> 28 & 7));
		}
		taken += take(b.p, b.len, b.len);
	}
	assert_in_range(taken, 50000, 199000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(plain_frames_are_taken_and_no_others),
		cmocka_unit_test(cut_anywhere_it_agrees_with_the_walk), cmocka_unit_test(changed_anywhere_it_agrees_with_the_walk)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
