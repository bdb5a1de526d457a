/* Pieces of SCTP messages, put together in whichever order they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet_build.h"
#include "packet_sctp.h"

#define SECOND BASE_NS_PER_SEC
#define B PACKET_SCTP_BEGIN
#define E PACKET_SCTP_END
#define M PACKET_SCTP_PIECE

struct fixture {
	struct packet_sctp *s;
	void *mem;
	struct packet_view v; /* of the last push */
};

static struct fixture
fixture_new(uint32_t max)
{
	struct fixture f = {.mem = aligned_alloc(BASE_CACHE_LINE, packet_sctp_footprint(max))};

	memset(f.mem, 0xc3, packet_sctp_footprint(max));
	f.s = packet_sctp_new(f.mem, max, &BASE_HASH_KEY_REPLAY);
	return f;
}

static enum packet_result
push(struct fixture *f, uint32_t message, uint32_t number, uint8_t ends, const char *text, int64_t now_ns)
{
	uint32_t len = (uint32_t)strlen(text);

	f->v = (struct packet_view){.payload = (const uint8_t *)text, .payload_len = len, .payload_wire_len = len,
		.tcp_seq = number, .fragment_offset = message, .sctp_piece = ends | M, .transport = PACKET_SCTP, .ttl = (uint8_t)number,
		.sctp_rest = 8};
	f->v.src.port = 1000;
	f->v.dst.port = 5060;
	return packet_sctp_push(f->s, &f->v, now_ns);
}

static void
whole_is(const struct fixture *f, const char *text)
{
	assert_int_equal(f->v.payload_len, strlen(text));
	assert_int_equal(f->v.payload_wire_len, strlen(text));
	assert_memory_equal(f->v.payload, text, strlen(text));
	assert_true(f->v.reassembled);
	assert_int_equal(f->v.sctp_piece, 0);
	assert_int_equal(f->v.sctp_rest, 0);
}

static void
any_order_gives_the_message(void **state)
{
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const char *const texts[] = {"INVITE ", "sip:b", "@x"};
	static const uint8_t ends[] = {B, 0, E};
	/* over the wrap of the numbers */
	struct fixture f = fixture_new(8);

	for (size_t i = 0; i < base_count_of(orders); i++) {
		for (int k = 0; k < 3; k++) {
			uint8_t which = orders[i][k];
			enum packet_result r = push(&f, 0, UINT32_MAX + which, ends[which], texts[which], 0);
			assert_int_equal(r, k == 2 ? PACKET_IS_DATAGRAM : PACKET_DONE);
			if (k < 2)
				assert_int_equal(f.v.verdict, PACKET_VERDICT_FRAGMENT);
		}
		whole_is(&f, "INVITE sip:b@x");
		assert_int_equal(f.v.ttl, 0xff); /* the first piece's */
	}
	assert_int_equal(packet_sctp_counters(f.s)->reassembled, 6);
	free(f.mem);
}

static void
messages_behind_each_other_stay_apart(void **state)
{
	struct fixture f = fixture_new(8);

	push(&f, 0, 10, B, "a", 0);
	push(&f, 0, 12, B, "c", 0);
	assert_int_equal(push(&f, 0, 13, E, "d", 0), PACKET_IS_DATAGRAM);
	whole_is(&f, "cd");
	assert_int_equal(push(&f, 0, 11, E, "b", 0), PACKET_IS_DATAGRAM);
	whole_is(&f, "ab");
	/* what lacks its end is no part of what begins behind it */
	push(&f, 0, 20, B, "x", 0);
	push(&f, 0, 21, B, "y", 0);
	assert_int_equal(push(&f, 0, 22, E, "z", 0), PACKET_IS_DATAGRAM);
	whole_is(&f, "yz");
	free(f.mem);
}

static void
interleaved_messages_are_told_by_their_number(void **state)
{
	struct fixture f = fixture_new(8);

	push(&f, 7, 0, B, "a", 0);
	push(&f, 9, 0, B, "x", 0);
	push(&f, 7, 1, 0, "b", 0);
	assert_int_equal(push(&f, 9, 1, E, "y", 0), PACKET_IS_DATAGRAM);
	whole_is(&f, "xy");
	assert_int_equal(push(&f, 7, 2, E, "c", 0), PACKET_IS_DATAGRAM);
	whole_is(&f, "abc");
	free(f.mem);
}

static void
what_does_not_fit_is_dropped_and_counted(void **state)
{
	struct fixture f = fixture_new(4);
	const struct packet_sctp_counters *c = packet_sctp_counters(f.s);
	char large[2050];

	memset(large, 'a', sizeof(large));
	large[2049] = 0;
	push(&f, 0, 1, B, large, 0);
	assert_int_equal(f.v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	push(&f, 0, 1, B, "", 0);
	assert_int_equal(f.v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	push(&f, 0, 1, B, "a", 0);
	push(&f, 0, 1, B, "a", 0); /* again */
	assert_int_equal(f.v.verdict, PACKET_VERDICT_FRAGMENT);
	push(&f, 0, 1, B, "b", 0); /* another one */
	assert_int_equal(f.v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	assert_int_equal(c->too_large, 1);
	assert_int_equal(c->malformed, 2);
	for (uint32_t i = 0; i < 4; i++) /* room for four: the first goes */
		push(&f, 0, 10 + 2 * i, B, "a", 0);
	assert_int_equal(c->evicted, 1);
	assert_int_equal(push(&f, 0, 2, E, "b", 0), PACKET_DONE);
	packet_sctp_expire(f.s, 31 * SECOND);
	assert_int_equal(c->timed_out, 4);
	assert_int_equal(push(&f, 0, 11, E, "b", 31 * SECOND), PACKET_DONE);
	free(f.mem);
}

static void
a_message_without_end_is_given_up(void **state)
{
	struct fixture f = fixture_new(100);

	push(&f, 0, 0, B, "a", 0);
	for (uint32_t i = 1; i < 70; i++)
		assert_int_equal(push(&f, 0, i, 0, "a", 0), PACKET_DONE);
	push(&f, 0, 70, E, "a", 0);
	assert_int_equal(f.v.verdict, PACKET_VERDICT_FRAGMENT_DROPPED);
	assert_true(packet_sctp_counters(f.s)->too_large > 0);
	free(f.mem);
}

/* The chunk of a frame as packet_decode gives it. */
static void
pieces_are_told_from_whole_messages(void **state)
{
	static const struct {
		const char *stack;
		uint8_t flags, piece;
	} rows[] = {{"eth ip4 sctp data", 3, 0}, {"eth ip4 sctp data", 2, B | M}, {"eth ip4 sctp data", 1, E | M},
		{"eth ip4 sctp data", 0, M}, {"eth ip6 sctp idata", 2, B | M}, {"eth ip6 sctp sack idata", 0, M},
		{"eth ip6 sctp idata", 7, 0}};
	struct packet_view v;
	struct build b;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		build_stack(&b, rows[i].stack, BUILD_TEXT);
		uint8_t *chunk = NULL;
		for (uint32_t at = 14; at + 4 < b.len && !chunk; at++) /* the only one with these flags */
			if ((b.p[at] == 0 || b.p[at] == 64) && b.p[at + 1] == 3 && base_align_up(base_load_be16(b.p + at + 2), 4) == b.len - at)
				chunk = b.p + at;
		assert_non_null(chunk);
		chunk[1] = rows[i].flags;
		base_store_be32(chunk + 4, 77);
		if (chunk[0] == 64)
			base_store_be32(chunk + 16, 5);
		assert_int_equal(packet_decode(&v, b.p, b.len, b.len, PACKET_LINK_ETHERNET), PACKET_IS_DATAGRAM);
		assert_int_equal(v.sctp_piece, rows[i].piece);
		if (rows[i].piece)
			assert_int_equal(v.tcp_seq, chunk[0] == 0 ? 77 : rows[i].piece & B ? 0 : 5);
		if (rows[i].piece)
			assert_int_equal(v.fragment_offset != 0, chunk[0] == 64);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_message),
		cmocka_unit_test(messages_behind_each_other_stay_apart),
		cmocka_unit_test(interleaved_messages_are_told_by_their_number),
		cmocka_unit_test(what_does_not_fit_is_dropped_and_counted),
		cmocka_unit_test(a_message_without_end_is_given_up),
		cmocka_unit_test(pieces_are_told_from_whole_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
