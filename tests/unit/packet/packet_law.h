/* packet_law: what every decoded stack must hold, for the tests of packet's layers.  Include
 * after cmocka.h. */
#pragma once

#include "packet.h"
#include "packet_build.h"

struct law_stack {
	const char *stack;
	int link;
	int tunnel;
	uint16_t vlan;
	uint8_t depth;
};

#define LAW_PLAIN PACKET_LINK_ETHERNET, PACKET_TUNNEL_NONE, PACKET_VLAN_NONE, 1

/* A copy that ends where the frame ends, so that a sanitizer sees every byte too many. */
static inline uint8_t *
law_copy(const uint8_t *p, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, p, len);
	return copy;
}

static inline void
law_view_is_innermost(const struct packet_view *v)
{
	static const uint8_t src4[4] = {10, 0, 0, 1}, dst4[4] = {10, 0, 1, 1};
	static const uint8_t src6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
	static const uint8_t dst6[16] = {0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 1};
	bool v4 = base_ip_is_v4(&v->src.ip);
	struct base_ip src = base_ip_v4(src4), dst = base_ip_v4(dst4);

	assert_memory_equal(&v->src.ip, v4 ? src.b : src6, 16);
	assert_memory_equal(&v->dst.ip, v4 ? dst.b : dst6, 16);
	assert_int_equal(v->src.port, 1000);
	assert_int_equal(v->dst.port, 5060);
	assert_int_equal(v->ttl, v4 ? 64 : 63);
	assert_int_equal(v->dscp, 46);
	assert_int_equal(v->ip_id_valid, v4);
	if (v4)
		assert_int_equal(v->ip_id, 0x1234);
}

/* Cut anywhere, a frame is TRUNCATED or a datagram with less payload, never longer than what
 * there is. */
static inline void
law_cut_anywhere(const struct build *b, int link)
{
	struct packet_view whole, v;

	packet_decode(&whole, b->p, b->len, b->len, link);
	for (uint32_t cut = 0; cut < b->len; cut++) {
		uint8_t *copy = law_copy(b->p, cut);
		enum packet_result result = packet_decode(&v, copy, cut, b->len, link);
		assert_int_not_equal(result, PACKET_IS_FRAGMENT);
		if (result == PACKET_IS_DATAGRAM) {
			assert_true(v.payload_len <= v.payload_wire_len);
			assert_true(v.payload >= copy && v.payload + v.payload_len <= copy + cut);
		} else if (v.verdict != PACKET_VERDICT_IGNORED) {
			assert_int_equal(v.verdict, PACKET_VERDICT_TRUNCATED);
		}
		if (result == PACKET_IS_DATAGRAM && v.depth == whole.depth) {
			assert_true(base_endpoint_eq(&v.src, &whole.src));
			assert_int_equal(v.payload_wire_len, whole.payload_wire_len);
		}
		free(copy);
	}
}

/* The stack decodes to its innermost datagram, whatever stands behind the frame. */
static inline void
law_stack_decodes(const struct law_stack *row)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, row->stack, BUILD_TEXT);
	for (uint32_t padding = 0; padding <= 18; padding += 18) {
		uint8_t *copy = law_copy(b.p, b.len + padding);
		enum packet_result result = packet_decode(&v, copy, b.len + padding, b.len + padding, row->link);
		if (result != PACKET_IS_DATAGRAM)
			fail_msg("%s: result %d, verdict %s", row->stack, result, packet_verdict_key(v.verdict));
		law_view_is_innermost(&v);
		if (v.tunnel != row->tunnel || v.vlan != row->vlan || v.depth != row->depth)
			fail_msg("%s: tunnel %d vlan %d depth %d", row->stack, v.tunnel, v.vlan, v.depth);
		assert_int_equal(v.payload_len, BUILD_TEXT_LEN);
		assert_int_equal(v.payload_wire_len, BUILD_TEXT_LEN);
		assert_memory_equal(v.payload, BUILD_TEXT, BUILD_TEXT_LEN);
		assert_int_equal(v.verdict, PACKET_VERDICT_IGNORED);
		assert_false(v.reassembled);
		free(copy);
	}
	law_cut_anywhere(&b, row->link);
}

static inline void
law_stacks_decode(const struct law_stack *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		law_stack_decodes(&rows[i]);
}

/* A stack with one byte changed, and how it ends; at counts from the frame's end where it is
 * negative. */
struct law_end {
	const char *stack;
	int link;
	int at;
	uint8_t value;
	int verdict; /* -1: a datagram to port dst */
	int port;
};

static inline void
law_ends(const struct law_end *row)
{
	struct build b;
	struct packet_view v;

	build_stack(&b, row->stack, BUILD_TEXT);
	if (row->at)
		b.p[row->at < 0 ? (int)b.len + row->at : row->at] = row->value;
	uint8_t *copy = law_copy(b.p, b.len);
	enum packet_result result = packet_decode(&v, copy, b.len, b.len, row->link);
	if (row->verdict < 0) {
		if (result != PACKET_IS_DATAGRAM || v.dst.port != row->port)
			fail_msg("%s @%d=%02x: result %d verdict %s port %d", row->stack, row->at, row->value, result,
				packet_verdict_key(v.verdict), v.dst.port);
	} else if (result != PACKET_DONE || v.verdict != row->verdict) {
		fail_msg("%s @%d=%02x: result %d verdict %s", row->stack, row->at, row->value, result,
			packet_verdict_key(v.verdict));
	}
	free(copy);
}

static inline void
law_all_end(const struct law_end *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		law_ends(&rows[i]);
}
