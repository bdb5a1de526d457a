/* fuzz_sctp: pieces of SCTP messages in any order; a message that comes out is a run of pieces that went in, each with its own
 * byte.
 *
 * data is a list of orders of 4 bytes: number; ends (2 bits), message (2 bits), seconds (4 bits); length (2 bytes, modulo 2 101). */
#include <stdlib.h>

#include "packet_sctp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECES 6
#define PIECE_MAX 2100

static void
require(bool law)
{
	if (!law)
		abort();
}

/* Each piece is made of its number. */
static void
check(const struct packet_view *v)
{
	uint32_t changes = 0;

	require(v->reassembled && v->payload_len && v->payload_len == v->payload_wire_len && v->sctp_rest == 0 && v->sctp_piece == 0);
	for (uint32_t i = 1; i < v->payload_len; i++) {
		uint8_t step = (uint8_t)(v->payload[i] - v->payload[i - 1]);
		require(step <= 1);
		changes += step;
	}
	require(changes + 1 <= PIECES);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t piece[PIECE_MAX];
	size_t footprint = packet_sctp_footprint(PIECES);
	void *mem = aligned_alloc(BASE_CACHE_LINE, footprint);
	if (!mem)
		return 0;
	memset(mem, 0x3c, footprint);
	struct packet_sctp *s = packet_sctp_new(mem, PIECES, &BASE_HASH_KEY_REPLAY);
	const struct packet_sctp_counters *c = packet_sctp_counters(s);
	int64_t now = 0;

	for (size_t i = 0; i + 4 <= size; i += 4) {
		uint32_t len = base_load_be16(data + i + 2) % (PIECE_MAX + 1);
		struct packet_view v = {.payload = piece, .payload_len = len, .payload_wire_len = len, .tcp_seq = data[i],
			.fragment_offset = data[i + 1] >> 2 & 3, .sctp_piece = (data[i + 1] & 3) | PACKET_SCTP_PIECE, .transport = PACKET_SCTP};
		now += (int64_t)(data[i + 1] >> 4) * BASE_NS_PER_SEC;
		memset(piece, data[i], len);
		uint64_t dropped = c->too_large + c->malformed;
		enum packet_result result = packet_sctp_push(s, &v, now);
		if (result == PACKET_IS_DATAGRAM)
			check(&v);
		else
			require(result == PACKET_DONE && v.verdict == (c->too_large + c->malformed > dropped
									? PACKET_VERDICT_FRAGMENT_DROPPED : PACKET_VERDICT_FRAGMENT));
	}
	packet_sctp_expire(s, now + 60 * BASE_NS_PER_SEC);
	free(mem);
	return 0;
}
