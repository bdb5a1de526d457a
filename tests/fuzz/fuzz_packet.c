/* fuzz_packet: any bytes as a frame of any link.  data: link, bytes cut off by the snap length,
 * frame. */
#include <stdlib.h>

#include "packet.h"
#include "packet_plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool law)
{
	if (!law)
		abort();
}

static void
check(const struct packet_view *v, enum packet_result result, const uint8_t *frame, uint32_t len)
{
	require(v->verdict < PACKET_VERDICT_COUNT);
	require(v->depth <= PACKET_DEPTH_MAX);
	require(packet_tunnel_name(v->tunnel) != NULL);
	if (result == PACKET_DONE)
		return;
	require(v->payload_len <= v->payload_wire_len);
	require(v->payload >= frame && v->payload <= frame + len);
	require(v->payload_len <= (size_t)(frame + len - v->payload));
	require(v->depth >= 1);
	if (result == PACKET_IS_DATAGRAM)
		require(v->transport >= PACKET_UDP && v->transport <= PACKET_SCTP);
	else
		require(v->fragment_more || v->fragment_offset);
}

/* What the short run takes, the walk over its IP packet says too. */
static void
check_plain(const uint8_t *frame, uint32_t len, uint32_t wire_len)
{
	struct packet_plain plain;
	struct packet_view v;

	if (!packet_plain_take(&plain, frame, len))
		return;
	uint32_t at = (uint32_t)(plain.ip - frame);
	require(packet_decode(&v, plain.ip, len - at, wire_len - at, PACKET_LINK_RAW) == PACKET_IS_DATAGRAM);
	require(v.transport == PACKET_UDP && v.payload == plain.payload);
	require(v.payload_len == plain.payload_len && v.payload_wire_len == plain.payload_wire_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet_view v, again;

	if (size < 2 || size > 70000)
		return 0;
	const uint8_t *frame = data + 2;
	uint32_t len = (uint32_t)size - 2;
	enum packet_link link = (enum packet_link)(data[0] % (PACKET_LINK_UNKNOWN + 1));
	enum packet_result result = packet_decode(&v, frame, len, len + data[1], link);
	check(&v, result, frame, len);
	/* the same frame gives the same answer */
	require(packet_decode(&again, frame, len, len + data[1], link) == result);
	require(again.verdict == v.verdict && again.payload == v.payload && again.payload_len == v.payload_len);
	while (packet_decode_next(&v) == PACKET_IS_DATAGRAM)
		check(&v, PACKET_IS_DATAGRAM, frame, len);
	if (link == PACKET_LINK_ETHERNET)
		check_plain(frame, len, len + data[1]);
	/* Ethernet's short run and the walk agree, but for the bound of steps, of which the walk
	 * from Ethernet takes two more */
	if (link != PACKET_LINK_ETHERNET || len < 15 || base_load_be16(frame + 12) != 0x0800 || frame[14] >> 4 != 4)
		return 0;
	packet_decode(&v, frame, len, len + data[1], link);
	enum packet_result raw = packet_decode(&again, frame + 14, len - 14, len - 14 + data[1], PACKET_LINK_RAW);
	if (v.verdict == PACKET_VERDICT_TOO_DEEP || again.verdict == PACKET_VERDICT_TOO_DEEP)
		return 0;
	require(raw == result);
	if (result == PACKET_IS_DATAGRAM) {
		require(again.payload == v.payload && again.payload_len == v.payload_len);
		require(again.payload_wire_len == v.payload_wire_len && base_endpoint_eq(&again.dst, &v.dst));
	}
	return 0;
}
