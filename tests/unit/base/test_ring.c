/* Laws of base_ring: what was published comes out, once, in order, whole; a full ring says so;
 * hostile bytes end in CORRUPT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base.h"

#define SIZE 256
static _Alignas(64) uint8_t memory[sizeof(struct base_ring) + SIZE];

static bool
put(struct base_ring *r, uint8_t value, uint32_t len)
{
	void *p = base_ring_reserve(r, len, value);

	if (!p)
		return false;
	memset(p, value, len);
	base_ring_publish(r, len);
	return true;
}

static struct base_ring_message
take(struct base_ring *r, uint64_t *cursor)
{
	struct base_ring_message m;

	assert_int_equal(base_ring_peek(r, SIZE, *cursor, &m), BASE_RING_MESSAGE);
	*cursor = m.next;
	for (uint32_t i = 0; i < m.len; i++)
		assert_int_equal(m.p[i], (uint8_t)m.kind);
	return m;
}

static void
fresh_ring_is_empty(void **state)
{
	struct base_ring *r = base_ring_new(memory, SIZE);
	struct base_ring_message m;

	assert_int_equal(base_ring_footprint(SIZE), sizeof(memory));
	assert_int_equal(base_ring_peek(r, SIZE, base_ring_tail(r), &m), BASE_RING_EMPTY);
}

static void
reserved_is_not_visible_until_published(void **state)
{
	struct base_ring *r = base_ring_new(memory, SIZE);
	struct base_ring_message m;

	void *p = base_ring_reserve(r, 10, 1);
	assert_non_null(p);
	assert_int_equal(base_ring_peek(r, SIZE, 0, &m), BASE_RING_EMPTY);
	/* A second reservation without a publication is the first one again. */
	assert_ptr_equal(base_ring_reserve(r, 20, 2), p);
	memset(p, 2, 5);
	base_ring_publish(r, 5);
	assert_int_equal(base_ring_peek(r, SIZE, 0, &m), BASE_RING_MESSAGE);
	assert_int_equal(m.len, 5);
	assert_int_equal(m.kind, 2);
	assert_int_equal(m.next, 16);
}

static void
peeking_ahead_keeps_everything(void **state)
{
	struct base_ring *r = base_ring_new(memory, SIZE);
	uint64_t cursor = 0;

	for (uint8_t i = 0; i < 5; i++)
		assert_true(put(r, i, i));
	for (int again = 0; again < 3; again++) {
		cursor = base_ring_tail(r);
		for (uint8_t i = 0; i < 5; i++)
			assert_int_equal(take(r, &cursor).len, i);
	}
	base_ring_release(r, cursor);
	assert_int_equal(base_ring_tail(r), base_ring_head(r));
}

static void
full_ring_refuses_and_recovers(void **state)
{
	struct base_ring *r = base_ring_new(memory, SIZE);
	uint64_t cursor = 0;
	int n = 0;

	while (put(r, (uint8_t)n, 24))
		n++;
	assert_int_equal(n, SIZE / 32);
	assert_null(base_ring_reserve(r, 0, 1));
	take(r, &cursor);
	assert_false(put(r, 99, 24)); /* read is not released */
	base_ring_release(r, cursor);
	assert_true(put(r, 99, 24));
	assert_false(put(r, 100, 24));
}

static void
length_limits(void **state)
{
	struct base_ring *r = base_ring_new(memory, SIZE);

	assert_null(base_ring_reserve(r, SIZE / 2 - 7, 1));
	assert_null(base_ring_reserve(r, UINT32_MAX, 1));
	assert_non_null(base_ring_reserve(r, SIZE / 2 - 8, 1));
}

/* Every length at every position: messages never wrap, fillers are skipped. */
static void
every_position(void **state)
{
	for (uint32_t start = 0; start < SIZE / 8; start++) {
		for (uint32_t len = 0; len <= SIZE / 2 - 8; len++) {
			struct base_ring *r = base_ring_new(memory, SIZE);
			uint64_t cursor = 0;
			for (uint32_t i = 0; i < start; i++) {
				assert_true(put(r, 7, 0));
				take(r, &cursor);
				base_ring_release(r, cursor);
			}
			assert_true(put(r, 9, len));
			struct base_ring_message m = take(r, &cursor);
			assert_int_equal(m.kind, 9);
			assert_int_equal(m.len, len);
			assert_true(m.p >= r->data && m.p + m.len <= r->data + SIZE);
		}
	}
}

/* A random producer and consumer against a list of what should come. */
static void
against_a_list(void **state)
{
	struct base_ring *r = base_ring_new(memory, SIZE);
	struct {
		uint8_t value, len;
	} list[64];
	uint64_t x = 1, cursor = 0, put_count = 0, got = 0;

	for (int i = 0; i < 200000; i++) {
		x = base_hash_mix(x + 1);
		uint8_t len = x >> 8 & 63, value = (uint8_t)(x >> 16);
		if ((x & 3) < 2) {
			if (put(r, value, len))
				list[put_count++ % 64].value = value,
						   list[(put_count - 1) % 64].len = len;
		} else if (got < put_count) {
			struct base_ring_message m = take(r, &cursor);
			assert_int_equal(m.kind, list[got % 64].value);
			assert_int_equal(m.len, list[got++ % 64].len);
			base_ring_release(r, cursor);
		}
	}
	assert_true(got > 50000);
}

static void
hostile_lengths(void **state)
{
	static const struct {
		uint32_t len, kind;
		uint64_t head;
		enum base_ring_result result;
	} rows[] = {
		{8, 1, 16, BASE_RING_MESSAGE},
		{0, 1, 8, BASE_RING_MESSAGE},
		{9, 1, 16, BASE_RING_CORRUPT},          /* behind head */
		{SIZE - 7, 1, SIZE, BASE_RING_CORRUPT}, /* behind the end */
		{UINT32_MAX, 1, SIZE, BASE_RING_CORRUPT},
		{UINT32_MAX - 7, 1, SIZE, BASE_RING_CORRUPT},
		{8, 1, 7, BASE_RING_CORRUPT},        /* head too near for a prefix */
		{8, 1, SIZE + 8, BASE_RING_CORRUPT}, /* more than there is */
		{8, 1, UINT64_MAX, BASE_RING_CORRUPT},
		{SIZE - 8, BASE_RING_FILLER, SIZE, BASE_RING_EMPTY},
		{UINT32_MAX, BASE_RING_FILLER, SIZE, BASE_RING_CORRUPT},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct base_ring *r = base_ring_new(memory, SIZE);
		struct base_ring_message m;
		memset(r->data, 0, SIZE);
		memcpy(r->data, &rows[i].len, 4);
		memcpy(r->data + 4, &rows[i].kind, 4);
		r->head = rows[i].head;
		assert_int_equal(base_ring_peek(r, SIZE, 0, &m), rows[i].result);
	}
	struct base_ring_message m;
	struct base_ring *r = base_ring_new(memory, SIZE);
	r->head = 32;
	assert_int_equal(
		base_ring_peek(r, SIZE, 4, &m), BASE_RING_CORRUPT); /* a cursor between messages */
	assert_int_equal(
		base_ring_peek(r, SIZE, 40, &m), BASE_RING_CORRUPT); /* a cursor ahead of head */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_ring_is_empty),
		cmocka_unit_test(reserved_is_not_visible_until_published),
		cmocka_unit_test(peeking_ahead_keeps_everything),
		cmocka_unit_test(full_ring_refuses_and_recovers),
		cmocka_unit_test(length_limits),
		cmocka_unit_test(every_position),
		cmocka_unit_test(against_a_list),
		cmocka_unit_test(hostile_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
