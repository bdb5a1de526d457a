/* fuzz_tcp: segments of a few connections in any order.
 *
 * Every byte sent is a function of its sequence number, so each byte delivered is checked: right, in order, once, and a gap
 * said where bytes are missing.  data is a list of orders of 6 bytes: connection and flags, time and cut, sequence (2 bytes,
 * signed), length, what the owner consumes. */
#include <stdlib.h>

#include "packet_tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLOWS 3
#define CONNECTIONS 4
#define WINDOW 1024u
#define BASE 0xfffff000u /* wraps soon */
#define LOW (BASE - 0x8001)
#define TEXT_LEN 0x12000u /* all that an order can reach */

static void
require(bool law)
{
	if (!law)
		abort();
}

/* What the senders send: text[i] has the sequence number LOW + i. */
static const uint8_t *
text(void)
{
	static uint8_t bytes[TEXT_LEN];

	if (bytes[0] == 0)
		for (uint32_t i = 0; i < TEXT_LEN; i++)
			bytes[i] = (uint8_t)(base_hash_mix(i + 1) >> 24 | (i == 0));
	return bytes;
}

static bool
is_run(const struct packet_tcp_stream *s, uint32_t first)
{
	uint32_t at = first - LOW;

	return at <= TEXT_LEN && s->len <= TEXT_LEN - at && memcmp(s->p, text() + at, s->len) == 0;
}

/* What the owner of one direction knows: the sequence number of the first byte not consumed. */
struct reader {
	uint32_t next;
	bool known;
};

/* The sequence number of a stream long enough to tell. */
static uint32_t
locate(const struct packet_tcp_stream *s)
{
	const uint8_t *at = memmem(text(), TEXT_LEN, s->p, s->len);

	require(at != NULL); /* else bytes that nobody sent */
	return LOW + (uint32_t)(at - text());
}

static void
check(struct packet_tcp *t, const struct packet_tcp_stream *s, struct reader *r, uint8_t consume)
{
	uint32_t n = s->len * (consume & 15u) / 15;

	require(s->flow < FLOWS && s->len <= WINDOW);
	if (r->known && !s->fresh && !s->gap) {
		require(is_run(s, r->next));
	} else if (s->len >= 8) {
		uint32_t first = locate(s);
		if (r->known && !s->fresh) /* across a gap: forward only, nothing twice */
			require((int32_t)(first - r->next) >= 0);
		*r = (struct reader){first, true};
	} else {
		r->known = false;
	}
	packet_tcp_consume(t, s->flow, n);
	r->next += n;
	if (consume >> 4 == 15) {
		packet_tcp_forget(t, s->flow);
		r->known = false;
	}
}

static struct packet_view
view_of(const uint8_t *order)
{
	uint8_t flags = order[0];
	uint32_t len = order[4] * (flags & 0x40 ? 16u : 1u);
	uint32_t seq = BASE + (uint32_t)(int32_t)(int16_t)base_load_be16(order + 2);
	struct packet_view v = {.payload_len = len, .payload_wire_len = len, .tcp_seq = seq, .transport = PACKET_TCP};

	v.src.port = flags & 3;
	v.payload = text() + (seq + !!(flags & 4) - LOW);
	v.tcp_flags = (flags & 4 ? PACKET_TCP_SYN : 0) | (flags & 8 ? PACKET_TCP_FIN : 0) |
		((flags & 0x30) == 0x30 ? PACKET_TCP_RST : 0);
	if (flags & 0x80)
		v.payload_wire_len += order[1];
	return v;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t footprint = packet_tcp_footprint(FLOWS, WINDOW);
	void *mem = size <= 6 * 200 ? aligned_alloc(BASE_CACHE_LINE, footprint) : NULL;
	struct reader readers[CONNECTIONS] = {0};
	struct packet_tcp_stream s;
	int64_t now = 0;

	if (!mem)
		return 0;
	memset(mem, 0xc3, footprint);
	struct packet_tcp *t = packet_tcp_new(mem, FLOWS, WINDOW, &BASE_HASH_KEY_REPLAY);
	for (const uint8_t *order = data; order + 6 <= data + size; order += 6) {
		struct packet_view v = view_of(order);
		now += (int64_t)order[1] * 20 * BASE_NS_PER_MS;
		if (packet_tcp_push(t, &v, now, true, &s))
			check(t, &s, &readers[order[0] & 3], order[5]);
	}
	for (int i = 0; packet_tcp_poll(t, INT64_MAX, &s); i++) {
		require(i < FLOWS * 20);
		require(s.gap && s.flow < FLOWS && s.len <= WINDOW);
	}
	free(mem);
	return 0;
}
