/* fuzz_fragment: fragments of a few packets in any order; every byte that comes out was put in, every drop is counted.
 *
 * data is a list of orders of 6 bytes: packet (2 bits), last (1 bit), seconds (5 bits); offset / 8 (2 bytes); length (2 bytes,
 * modulo 9 001); content. */
#include <stdlib.h>

#include "packet_fragment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKETS 3
#define PIECE_MAX 9000

static void
require(bool law)
{
	if (!law)
		abort();
}

static void
check(const struct packet_view *v, enum packet_result result, const uint8_t *orders, size_t size)
{
	/* protocol 6, whose header is told by its bytes; what comes out was put in by somebody */
	uint8_t said[256] = {0};

	if (result != PACKET_IS_DATAGRAM)
		return;
	require(v->reassembled && v->payload_len == v->payload_wire_len && v->payload_len <= 65535 - 20);
	for (size_t i = 0; i + 6 <= size; i += 6)
		said[orders[i + 5]] = 1;
	for (uint32_t i = 0; i < v->payload_len; i++)
		require(said[v->payload[i]]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t piece[PIECE_MAX];
	size_t footprint = packet_fragments_footprint(PACKETS);
	void *mem = aligned_alloc(BASE_CACHE_LINE, footprint);
	if (!mem)
		return 0;
	memset(mem, 0x3c, footprint);
	struct packet_fragments *f = packet_fragments_new(mem, PACKETS, &BASE_HASH_KEY_REPLAY);
	const struct packet_fragment_counters *c = packet_fragments_counters(f);
	int64_t now = 0;

	for (size_t i = 0; i + 6 <= size; i += 6) {
		const uint8_t *order = data + i;
		uint32_t len = base_load_be16(order + 3) % (PIECE_MAX + 1);
		struct packet_view v = {.payload = piece, .payload_len = len, .payload_wire_len = len,
			.fragment_offset = (base_load_be16(order + 1) & 0x1fff) * 8u, .ip_id = 1 + (order[0] & 3),
			.fragment_more = !(order[0] & 4), .ip_protocol = 6, .ip_id_valid = true, .depth = 1};
		now += (int64_t)(order[0] >> 3) * BASE_NS_PER_SEC;
		memset(piece, order[5], len);
		uint64_t before = c->reassembled + c->overlapping + c->too_large + c->malformed;
		enum packet_result result = packet_fragment_push(f, &v, now);
		uint64_t after = c->reassembled + c->overlapping + c->too_large + c->malformed;
		require(after - before <= 1);
		if (result == PACKET_DONE && !v.reassembled)
			require(v.verdict == (after > before ? PACKET_VERDICT_FRAGMENT_DROPPED : PACKET_VERDICT_FRAGMENT));
		require(result != PACKET_IS_FRAGMENT);
		check(&v, result, data, i + 6);
	}
	packet_fragments_expire(f, now + 60 * BASE_NS_PER_SEC);
	free(mem);
	return 0;
}
