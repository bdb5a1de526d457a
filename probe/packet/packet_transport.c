/* packet_transport: UDP (RFC 768), TCP (RFC 9293) and the DATA chunks of SCTP (RFC 9260, RFC
 * 8260). */
#include "packet_private.h"

enum {
	UDP_BYTES = 8,
	TCP_BYTES = 20,
	SCTP_BYTES = 12,
	SCTP_CHUNK_BYTES = 4,
	SCTP_DATA_BYTES = 16,
	SCTP_IDATA_BYTES = 20,
};

#define SCTP_CHUNK_DATA 0
#define SCTP_CHUNK_IDATA 64
#define SCTP_WHOLE (PACKET_SCTP_BEGIN | PACKET_SCTP_END)

/* Ports and payload: the cursor stands at the header, which is header bytes long and there. */
static enum packet_layer
layer_datagram(struct packet_view *view, struct packet_cursor *c, enum packet_transport transport,
	uint32_t header)
{
	view->src.port = base_load_be16(c->p);
	view->dst.port = base_load_be16(c->p + 2);
	view->transport = (uint8_t)transport;
	packet_cursor_skip(c, header);
	view->payload = c->p;
	view->payload_len = c->left;
	view->payload_wire_len = c->wire;
	return PACKET_LAYER_DATAGRAM;
}

enum packet_layer
packet_decode_udp(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < UDP_BYTES)
		return packet_layer_cut(view, c, UDP_BYTES);
	uint16_t port = base_load_be16(c->p + 2);
	uint32_t len = base_load_be16(c->p + 4);
	if (len == 0) /* longer than the field can say (RFC 2675), or left to the segmenting NIC */
		len = c->wire;
	if (len < UDP_BYTES || len > c->wire)
		return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
	packet_cursor_announce(c, len);
	if (base_unlikely(packet_port_is_tunnel(port))) {
		struct packet_cursor inside = *c;
		packet_cursor_skip(&inside, UDP_BYTES);
		enum packet_layer layer = packet_decode_udp_tunnel(view, &inside, port);
		if (layer != PACKET_LAYER_DATAGRAM) {
			*c = inside;
			return layer;
		}
	}
	return layer_datagram(view, c, PACKET_UDP, UDP_BYTES);
}

enum packet_layer
packet_decode_tcp(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < TCP_BYTES)
		return packet_layer_cut(view, c, TCP_BYTES);
	uint32_t header = (c->p[12] >> 4) * 4u;
	if (header < TCP_BYTES)
		return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
	if (c->left < header)
		return packet_layer_cut(view, c, header);
	view->tcp_seq = base_load_be32(c->p + 4);
	view->tcp_flags = c->p[13];
	return layer_datagram(view, c, PACKET_TCP, header);
}

/* The bytes before the user's in a chunk of data, or 0 for any other chunk. */
static uint32_t
sctp_data_header(const uint8_t *chunk)
{
	return chunk[0] == SCTP_CHUNK_DATA    ? SCTP_DATA_BYTES
	       : chunk[0] == SCTP_CHUNK_IDATA ? SCTP_IDATA_BYTES
					      : 0;
}

/* Which piece of which message the chunk is: numbered by TSN, of I-DATA by FSN, which in the first
 * piece stands for 0 (RFC 8260 2.1). */
static void
sctp_piece_take(struct packet_view *view, const uint8_t *chunk)
{
	uint8_t ends = chunk[1] & SCTP_WHOLE;

	view->sctp_piece = ends == SCTP_WHOLE ? 0 : ends | PACKET_SCTP_PIECE;
	if (view->sctp_piece == 0)
		return;
	view->tcp_seq = base_load_be32(chunk + 4);
	view->fragment_offset = 0;
	if (chunk[0] == SCTP_CHUNK_DATA)
		return;
	view->tcp_seq = ends & PACKET_SCTP_BEGIN ? 0 : base_load_be32(chunk + 16);
	uint64_t message = (uint64_t)base_load_be16(chunk + 8) << 32 | base_load_be32(chunk + 12);
	view->fragment_offset = (uint32_t)base_hash_mix(message) | 1;
}

/* Takes the first message, or piece of one, at or behind the cursor, which stands at a chunk. */
static enum packet_layer
decode_sctp_chunks(struct packet_view *view, struct packet_cursor *c)
{
	while (c->left >= SCTP_CHUNK_BYTES) {
		uint32_t len = base_load_be16(c->p + 2), padded = (uint32_t)base_align_up(len, 4);
		uint32_t header = sctp_data_header(c->p);
		if (len < SCTP_CHUNK_BYTES || len > c->wire || (header && len < header))
			return packet_layer_end(view, PACKET_VERDICT_MALFORMED);
		if (header && c->left < header)
			return packet_layer_cut(view, c, header);
		if (header) {
			sctp_piece_take(view, c->p);
			view->payload = c->p + header;
			view->payload_len = (len < c->left ? len : c->left) - header;
			view->payload_wire_len = len - header;
			view->sctp_rest = padded < c->left ? c->left - padded : 0;
			return PACKET_LAYER_DATAGRAM;
		}
		if (padded >= c->left)
			break;
		packet_cursor_skip(c, padded);
	}
	return packet_layer_end(view, PACKET_VERDICT_IGNORED);
}

enum packet_layer
packet_decode_sctp(struct packet_view *view, struct packet_cursor *c)
{
	if (c->left < SCTP_BYTES)
		return packet_layer_cut(view, c, SCTP_BYTES);
	layer_datagram(view, c, PACKET_SCTP, SCTP_BYTES);
	return decode_sctp_chunks(view, c);
}

enum packet_result
packet_decode_next(struct packet_view *view)
{
	if (view->sctp_rest == 0)
		return PACKET_DONE;
	uint32_t padded = (view->payload_len + 3) & ~3u; /* both data headers are multiples of 4 */
	struct packet_cursor c = {
		.p = view->payload + padded, .left = view->sctp_rest, .wire = view->sctp_rest};

	view->sctp_rest = 0;
	return decode_sctp_chunks(view, &c) == PACKET_LAYER_DATAGRAM ? PACKET_IS_DATAGRAM
								     : PACKET_DONE;
}
