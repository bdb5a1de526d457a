/* packet_tcp_sim: one sender's text and its segments, for the tests of packet_tcp.  Include
 * after cmocka.h. */
#pragma once

#include <stdlib.h>

#include "packet_tcp.h"

#define SECOND BASE_NS_PER_SEC
#define MS BASE_NS_PER_MS
#define WINDOW 4096u
#define SYN PACKET_TCP_SYN
#define FIN PACKET_TCP_FIN
#define RST PACKET_TCP_RST
#define ISN 0xfffffff0u /* sequence numbers wrap early in every test */
#define TEXT_LEN 200000u

/* What the sender sends: every aligned word is its own offset, so that a reader knows where it
 * is. */
static uint8_t text[TEXT_LEN];

static inline int
make_text(void **state)
{
	for (uint32_t i = 0; i < TEXT_LEN; i += 4)
		base_store_be32(text + i, i);
	return 0;
}

static inline struct packet_tcp *
new_tcp(uint32_t flows)
{
	size_t size = packet_tcp_footprint(flows, WINDOW);
	void *mem = aligned_alloc(BASE_CACHE_LINE, size);

	assert_non_null(mem);
	memset(mem, 0x5a, size);
	return packet_tcp_new(mem, flows, WINDOW, &BASE_HASH_KEY_REPLAY);
}

/* The segment text[at, at + len) of connection number port. */
static inline struct packet_view
segment(uint16_t port, uint32_t at, uint32_t len, uint8_t flags)
{
	struct packet_view v = {.payload = text + at, .payload_len = len, .payload_wire_len = len,
		.tcp_seq = ISN + at + !(flags & SYN), .transport = PACKET_TCP, .tcp_flags = flags | PACKET_TCP_ACK};

	v.src.ip = v.dst.ip = base_ip_v4((uint8_t[]){10, 0, 0, 1});
	v.src.port = port;
	v.dst.port = 5060;
	return v;
}

static struct packet_tcp_stream s;

static inline bool
push_at(struct packet_tcp *t, int64_t now_ns, uint32_t at, uint32_t len, uint8_t flags)
{
	struct packet_view v = segment(1, at, len, flags);

	return packet_tcp_push(t, &v, now_ns, true, &s);
}

static inline bool
push(struct packet_tcp *t, uint32_t at, uint32_t len, uint8_t flags)
{
	return push_at(t, SECOND, at, len, flags);
}

/* The stream holds text[at, at + len) and no word of a gap or an end. */
static inline void
assert_stream(uint32_t at, uint32_t len)
{
	assert_int_equal(s.len, len);
	assert_memory_equal(s.p, text + at, len);
	assert_false(s.gap);
	assert_false(s.closed);
}
