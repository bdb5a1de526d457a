/* Laws of a HEPv3 packet: bytes as the protocol wants them; what does not fit is not written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sinks_hep_packet.h"

static uint8_t bytes[1 << 17];

static struct sinks_hep_packet
packet_v4(void)
{
	return (struct sinks_hep_packet){
		.src = {base_ip_v4((const uint8_t[]){192, 0, 2, 1}), 5060},
		.dst = {base_ip_v4((const uint8_t[]){198, 51, 100, 2}), 5080},
		.ip_protocol = 17,
		.protocol = SINKS_HEP_LOG,
		.time_ns = 1700000000123456789,
		.vlan = -1,
		.agent_id = 2001,
		.payload = BASE_SPAN("{}"),
	};
}

static void
bytes_of_v4(void **state)
{
	static const uint8_t want[] = {'H', 'E', 'P', '3', 0, 104,
		/* */ 0, 0, 0, 1, 0, 7, 2, 0, 0, 0, 2, 0, 7, 17,
		/* */ 0, 0, 0, 3, 0, 10, 192, 0, 2, 1, 0, 0, 0, 4, 0, 10, 198, 51, 100, 2,
		/* */ 0, 0, 0, 7, 0, 8, 0x13, 0xc4, 0, 0, 0, 8, 0, 8, 0x13, 0xd8,
		/* */ 0, 0, 0, 9, 0, 10, 0x65, 0x53, 0xf1, 0x00, 0, 0, 0, 10, 0, 10, 0, 1, 0xe2,
		0x40,
		/* */ 0, 0, 0, 11, 0, 7, 100, 0, 0, 0, 12, 0, 10, 0, 0, 0x07, 0xd1,
		/* */ 0, 0, 0, 15, 0, 8, '{', '}'};
	struct sinks_hep_packet packet = packet_v4();

	assert_int_equal(sinks_hep_write(bytes, sizeof(bytes), &packet), sizeof(want));
	bytes[5] = 104;
	assert_memory_equal(bytes, want, sizeof(want));
}

/* The bytes of a chunk's value, or NULL. */
static const uint8_t *
chunk(uint32_t len, unsigned type, uint32_t *value_len)
{
	assert_int_equal(base_load_be16(bytes + 4), len);
	for (uint32_t at = 6; at < len; at += base_load_be16(bytes + at + 4)) {
		if (base_load_be16(bytes + at + 2) != type)
			continue;
		*value_len = base_load_be16(bytes + at + 4) - 6u;
		return bytes + at + 6;
	}
	return NULL;
}

static void
optional_chunks(void **state)
{
	struct sinks_hep_packet packet = packet_v4();
	uint32_t n, len = sinks_hep_write(bytes, sizeof(bytes), &packet);

	for (unsigned type = 14; type <= 19; type++)
		assert_true((chunk(len, type, &n) != NULL) == (type == 15));
	packet.key = BASE_SPAN("k"), packet.node = BASE_SPAN("edge1");
	packet.correlation = BASE_SPAN("a@b"), packet.vlan = 4094;
	packet.dst.ip = (struct base_ip){{0x20, 1, 0x0d, 0xb8, [15] = 1}};
	len = sinks_hep_write(bytes, sizeof(bytes), &packet);
	assert_memory_equal(chunk(len, 14, &n), "k", 1);
	assert_memory_equal(chunk(len, 17, &n), "a@b", 3);
	assert_memory_equal(chunk(len, 18, &n), "\x0f\xfe", 2);
	assert_memory_equal(chunk(len, 19, &n), "edge1", 5);
	/* One IPv6 address makes both. */
	assert_int_equal(*chunk(len, 1, &n), 10);
	assert_null(chunk(len, 3, &n));
	assert_memory_equal(chunk(len, 6, &n), packet.dst.ip.b, 16);
	assert_int_equal(n, 16);
}

static void
what_does_not_fit(void **state)
{
	struct sinks_hep_packet packet = packet_v4();
	uint32_t whole = sinks_hep_write(bytes, sizeof(bytes), &packet);
	static uint8_t payload[65536];

	for (uint32_t cap = 0; cap < whole; cap++) {
		bytes[cap] = 0xee;
		assert_int_equal(sinks_hep_write(bytes, cap, &packet), 0);
		assert_int_equal(bytes[cap], 0xee);
	}
	uint32_t room = SINKS_HEP_BYTES_MAX - whole + packet.payload.len;
	packet.payload = base_span_of(payload, room);
	assert_int_equal(sinks_hep_write(bytes, sizeof(bytes), &packet), SINKS_HEP_BYTES_MAX);
	packet.payload.len++;
	assert_int_equal(sinks_hep_write(bytes, sizeof(bytes), &packet), 0);
	packet.payload.len = sizeof(payload);
	assert_int_equal(sinks_hep_write(bytes, sizeof(bytes), &packet), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_v4),
		cmocka_unit_test(optional_chunks),
		cmocka_unit_test(what_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
