#include "sinks_hep_packet.h"

#define HEAD_BYTES 6  /* "HEP3", total length */
#define CHUNK_BYTES 6 /* vendor, type, length with these */

enum chunk {
	CHUNK_FAMILY = 1,
	CHUNK_PROTOCOL = 2,
	CHUNK_SRC_V4 = 3,
	CHUNK_DST_V4 = 4,
	CHUNK_SRC_V6 = 5,
	CHUNK_DST_V6 = 6,
	CHUNK_SRC_PORT = 7,
	CHUNK_DST_PORT = 8,
	CHUNK_SECONDS = 9,
	CHUNK_MICROSECONDS = 10,
	CHUNK_PROTOCOL_TYPE = 11,
	CHUNK_AGENT = 12,
	CHUNK_KEY = 14,
	CHUNK_PAYLOAD = 15,
	CHUNK_CORRELATION = 17,
	CHUNK_VLAN = 18,
	CHUNK_NODE = 19
};
#define FAMILY_V4 2 /* as Linux numbers them */
#define FAMILY_V6 10

struct writer {
	uint8_t *p;
	uint32_t len, cap;
	bool full;
};

static void
put(struct writer *w, enum chunk type, const void *value, uint32_t len)
{
	uint8_t *p = w->p + w->len;

	if (w->full || len > w->cap - w->len || w->cap - w->len - len < CHUNK_BYTES) {
		w->full = true;
		return;
	}
	base_store_be16(p, 0);
	base_store_be16(p + 2, (uint16_t)type);
	base_store_be16(p + 4, (uint16_t)(CHUNK_BYTES + len));
	memcpy(p + CHUNK_BYTES, value, len);
	w->len += CHUNK_BYTES + len;
}

static void
put_number(struct writer *w, enum chunk type, uint32_t v, unsigned bytes)
{
	uint8_t value[4];

	base_store_be32(value, v);
	put(w, type, value + 4 - bytes, bytes);
}

static void
put_span(struct writer *w, enum chunk type, struct base_span s)
{
	if (s.len)
		put(w, type, s.p, s.len);
}

static void
put_addresses(struct writer *w, const struct sinks_hep_packet *packet)
{
	const struct base_ip *src = &packet->src.ip, *dst = &packet->dst.ip;
	bool v4 = base_ip_is_v4(src) && base_ip_is_v4(dst);

	put_number(w, CHUNK_FAMILY, v4 ? FAMILY_V4 : FAMILY_V6, 1);
	put_number(w, CHUNK_PROTOCOL, packet->ip_protocol, 1);
	put(w, v4 ? CHUNK_SRC_V4 : CHUNK_SRC_V6, v4 ? src->b + 12 : src->b, v4 ? 4 : 16);
	put(w, v4 ? CHUNK_DST_V4 : CHUNK_DST_V6, v4 ? dst->b + 12 : dst->b, v4 ? 4 : 16);
	put_number(w, CHUNK_SRC_PORT, packet->src.port, 2);
	put_number(w, CHUNK_DST_PORT, packet->dst.port, 2);
}

uint32_t
sinks_hep_write(uint8_t *p, uint32_t cap, const struct sinks_hep_packet *packet)
{
	struct writer w = {p, HEAD_BYTES, cap < SINKS_HEP_BYTES_MAX ? cap : SINKS_HEP_BYTES_MAX, 0};

	if (w.cap < HEAD_BYTES)
		return 0;
	put_addresses(&w, packet);
	put_number(&w, CHUNK_SECONDS, (uint32_t)(packet->time_ns / BASE_NS_PER_SEC), 4);
	put_number(&w, CHUNK_MICROSECONDS,
		(uint32_t)(packet->time_ns % BASE_NS_PER_SEC / BASE_NS_PER_US), 4);
	put_number(&w, CHUNK_PROTOCOL_TYPE, packet->protocol, 1);
	put_number(&w, CHUNK_AGENT, packet->agent_id, 4);
	put_span(&w, CHUNK_KEY, packet->key);
	put_span(&w, CHUNK_CORRELATION, packet->correlation);
	if (packet->vlan >= 0)
		put_number(&w, CHUNK_VLAN, (uint32_t)packet->vlan, 2);
	put_span(&w, CHUNK_NODE, packet->node);
	put(&w, CHUNK_PAYLOAD, packet->payload.p, packet->payload.len);
	if (w.full)
		return 0;
	memcpy(p, "HEP3", 4);
	base_store_be16(p + 4, (uint16_t)w.len);
	return w.len;
}
