#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_law.h"

#define ETH PACKET_LINK_ETHERNET
#define L4 34 /* where the transport header stands behind Ethernet and IPv4 */

static void
transports_carry_payload(void **state)
{
	static const struct law_stack rows[] = {
		{"eth ip4 udp", LAW_PLAIN}, {"eth ip4 tcp", LAW_PLAIN}, {"eth ip4 tcp:3", LAW_PLAIN},
		{"eth ip4 tcp:10", LAW_PLAIN}, {"eth ip6 tcp:5", LAW_PLAIN}, {"eth ip4 sctp data", LAW_PLAIN},
		{"eth ip6 sctp data", LAW_PLAIN}, {"eth ip4 sctp idata", LAW_PLAIN}, {"eth ip4 sctp sack data", LAW_PLAIN},
		{"eth ip4 sctp sack sack idata", LAW_PLAIN},
	};
	law_stacks_decode(rows, base_count_of(rows));
}

static void
transports_are_told_apart(void **state)
{
	static const struct {
		const char *stack;
		int transport, protocol;
	} rows[] = {{"eth ip4 udp", PACKET_UDP, 17}, {"eth ip6 tcp", PACKET_TCP, 6}, {"eth ip4 sctp data", PACKET_SCTP, 132}};
	struct build b;
	struct packet_view v;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		build_stack(&b, rows[i].stack, BUILD_TEXT);
		assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
		assert_int_equal(v.transport, rows[i].transport);
		assert_int_equal(v.ip_protocol, rows[i].protocol);
	}
	build_stack(&b, "eth ip4 tcp", BUILD_TEXT);
	packet_decode(&v, b.p, b.len, b.len, ETH);
	assert_int_equal(v.tcp_seq, 0x01020304);
	assert_int_equal(v.tcp_flags, 0x18);
}

static void
lengths_that_lie(void **state)
{
	static const struct law_end rows[] = {
		{"eth ip4 udp", ETH, L4 + 5, 7, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 udp", ETH, L4 + 4, 1, PACKET_VERDICT_MALFORMED, 0}, /* beyond the IP packet */
		{"eth ip4 tcp", ETH, L4 + 12, 0x40, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 tcp", ETH, L4 + 12, 0xf0, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 sctp data", ETH, L4 + 15, 3, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 sctp data", ETH, L4 + 15, 15, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 sctp data", ETH, L4 + 14, 9, PACKET_VERDICT_MALFORMED, 0},
		{"eth ip4 sctp data", ETH, L4 + 12, 4, PACKET_VERDICT_IGNORED, 0}, /* heartbeat */
		{"eth ip4 sctp sack data", ETH, L4 + 15, 0, PACKET_VERDICT_MALFORMED, 0},
	};
	law_all_end(rows, base_count_of(rows));
}

static void
udp_length_rules_the_payload(void **state)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, "eth ip4 udp", BUILD_TEXT);
	base_store_be16(b.p + L4 + 4, 8 + 10);
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, 10);
	assert_int_equal(v.payload_wire_len, 10);
	base_store_be16(b.p + L4 + 4, 8);
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, 0);
	base_store_be16(b.p + L4 + 4, 0);
	assert_int_equal(packet_decode(&v, b.p, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
}

/* Several messages in one packet come one after the other, other chunks between them are passed
 * over. */
static void
bundled_messages_come_in_turn(void **state)
{
	struct build b, second;
	struct packet_view v;

	build_begin(&second, "third", 5);
	build_wrap(&second, "data");
	uint32_t third_len = second.len;
	build_begin(&b, second.p, third_len);
	memcpy(build_front(&b, 6), "second", 6); /* its chunk is 22 bytes: two of padding */
	/* chunk header by hand: the value is only the first six bytes */
	memmove(b.p - 2, b.p, 6);
	b.p -= 2, b.len += 2;
	memset(b.p + 6, 0, 2);
	uint8_t *chunk = build_front(&b, 16);
	chunk[1] = 3, chunk[3] = 22;
	build_wrap(&b, "eth ip4 sctp sack");

	uint8_t *copy = law_copy(b.p, b.len);
	assert_int_equal(packet_decode(&v, copy, b.len, b.len, ETH), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, 6);
	assert_memory_equal(v.payload, "second", 6);
	assert_int_equal(packet_decode_next(&v), PACKET_IS_DATAGRAM);
	assert_int_equal(v.payload_len, 5);
	assert_memory_equal(v.payload, "third", 5);
	assert_int_equal(v.dst.port, 5060);
	assert_int_equal(packet_decode_next(&v), PACKET_DONE);
	free(copy);
}

static void
there_is_no_next_in_udp_and_tcp(void **state)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, "eth ip4 tcp", BUILD_TEXT);
	packet_decode(&v, b.p, b.len, b.len, ETH);
	assert_int_equal(packet_decode_next(&v), PACKET_DONE);
	build_stack(&b, "eth ip4 udp", BUILD_TEXT);
	packet_decode(&v, b.p, b.len, b.len, ETH);
	assert_int_equal(packet_decode_next(&v), PACKET_DONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transports_carry_payload),
		cmocka_unit_test(transports_are_told_apart),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(udp_length_rules_the_payload),
		cmocka_unit_test(bundled_messages_come_in_turn),
		cmocka_unit_test(there_is_no_next_in_udp_and_tcp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
