/* Laws of the segment: nothing published is lost or given twice whoever is killed; every number is
 * checked before use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "record.h"
#include "shm.h"

#define RING 4096
static const struct shm_layout layout = {3, RING};

/* Exactly as many bytes as the layout says, so that ASan sees the end. */
static void *
segment(struct shm *s, const struct shm_layout *l)
{
	uint64_t bytes = shm_segment_bytes(l);
	void *mem = aligned_alloc(BASE_CACHE_LINE, bytes);

	assert_non_null(mem);
	memset(mem, 0xa5, bytes); /* create believes nothing of what was there */
	assert_int_equal(shm_create(s, mem, bytes, l, BASE_SPAN("edge1"), 1234), 0);
	return mem;
}

/* A record whose Call-ID says which one it is. */
static bool
publish(const struct shm *s, uint32_t core, uint64_t number)
{
	uint8_t bytes[256];
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);

	record_put_u64(&w, RECORD_F_MESSAGES, number);
	record_put_str(&w, RECORD_F_CALL_ID,
		base_span_of("0123456789abcdef0123456789abcdef", number % 32));
	return shm_publish(s, core, bytes, w.len);
}

/* The next record's sequence; *number what it says. */
static uint64_t
next(const struct shm *s, uint32_t core, uint64_t *cursor, uint64_t *number)
{
	struct base_ring_message m;
	static struct record_row row;

	assert_int_equal(shm_next(s, core, cursor, &m), BASE_RING_MESSAGE);
	assert_int_equal(m.kind, RECORD_CALL);
	assert_int_equal(record_row_read(&row, m.p, m.len), 0);
	*number = row.values[RECORD_F_MESSAGES].u64;
	assert_int_equal(row.values[RECORD_F_CALL_ID].text.len, *number % 32);
	return row.values[RECORD_F_SEQ].u64;
}

static void
layouts(void **state)
{
	static const struct {
		struct shm_layout l;
		bool good;
	} rows[] = {{{1, SHM_RING_BYTES_MIN}, true}, {{SHM_CORES_MAX, 1 << 20}, true},
		{{1, SHM_RING_BYTES_MAX}, true}, {{0, 4096}, false},
		{{SHM_CORES_MAX + 1, 4096}, false}, {{1, 0}, false}, {{1, 4095}, false},
		{{1, 512}, false}, {{1, SHM_RING_BYTES_MAX * 2}, false}, {{1, 1ull << 63}, false}};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		uint64_t bytes = shm_segment_bytes(&rows[i].l);
		assert_int_equal(bytes != 0, rows[i].good);
		assert_true(!rows[i].good || bytes > rows[i].l.cores * rows[i].l.ring_bytes);
		assert_int_equal(bytes % 4096, 0);
	}
}

static void
create_refuses(void **state)
{
	uint64_t bytes = shm_segment_bytes(&layout);
	uint8_t *mem = aligned_alloc(BASE_CACHE_LINE, bytes + 64);
	struct shm s;

	assert_int_equal(
		shm_create(&s, mem, bytes - 1, &layout, BASE_SPAN("p"), 0), -BASE_ERR_INVALID);
	assert_int_equal(
		shm_create(&s, mem + 8, bytes, &layout, BASE_SPAN("p"), 0), -BASE_ERR_INVALID);
	assert_int_equal(
		shm_create(&s, mem, bytes, &(struct shm_layout){0, RING}, BASE_SPAN("p"), 0),
		-BASE_ERR_INVALID);
	assert_int_equal(
		shm_create(&s, mem, bytes, &layout, base_span_of("p\0q", 3), 0), -BASE_ERR_INVALID);
	free(mem);
}

static void
create_and_attach_agree(void **state)
{
	struct shm made, found;
	void *mem = segment(&made, &layout);

	assert_int_equal(shm_attach(&found, mem, made.bytes), 0);
	assert_true(found.header == mem && found.base == mem && found.cores == layout.cores);
	assert_true(found.ring_bytes == RING && found.bytes == made.bytes);
	assert_string_equal(found.header->probe, "edge1");
	assert_int_equal(found.header->created_ns, 1234);
	assert_int_equal(found.header->collector_pid, 0);
	for (uint32_t core = 0; core < layout.cores; core++) {
		assert_int_equal(shm_core(&found, core)->next_seq, 1);
		assert_int_equal(shm_core(&found, core)->metrics.values[METRICS_FRAMES], 0);
		assert_int_equal(shm_backlog(&found, core), 0);
		assert_int_equal((uintptr_t)shm_core(&found, core) % BASE_CACHE_LINE, 0);
		assert_int_equal((uintptr_t)shm_ring(&found, core) % BASE_CACHE_LINE, 0);
		uint8_t *end = (uint8_t *)shm_ring(&found, core) + base_ring_footprint(RING);
		assert_true(end <= (core + 1 < layout.cores ? (uint8_t *)shm_ring(&found, core + 1)
							    : found.base + found.bytes));
		assert_true(
			(uint8_t *)(shm_core(&found, core) + 1) <= (uint8_t *)shm_ring(&found, 0));
	}
	/* A file may be larger: hugepages round it up. */
	assert_int_equal(shm_attach(&found, mem, made.bytes + 4096), 0);
	free(mem);
}

static void
probe_names(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	char name[100];

	assert_true(shm_matches(&s, &layout, BASE_SPAN("edge1")));
	assert_false(shm_matches(&s, &layout, BASE_SPAN("edge")));
	assert_false(shm_matches(&s, &layout, BASE_SPAN("edge12")));
	assert_false(shm_matches(&s, &layout, BASE_SPAN("")));
	assert_false(shm_matches(&s, &(struct shm_layout){2, RING}, BASE_SPAN("edge1")));
	assert_false(shm_matches(&s, &(struct shm_layout){3, RING * 2}, BASE_SPAN("edge1")));
	memset(name, 'n', sizeof(name));
	assert_int_equal(
		shm_create(&s, mem, s.bytes, &layout, base_span_of(name, sizeof(name)), 0), 0);
	assert_int_equal(strlen(s.header->probe), SHM_NAME_MAX - 1);
	assert_true(shm_matches(&s, &layout, base_span_of(name, sizeof(name))));
	assert_int_equal(shm_create(&s, mem, s.bytes, &layout, base_span_of(NULL, 0), 0), 0);
	assert_true(shm_matches(&s, &layout, BASE_SPAN("")));
	free(mem);
}

#define HEADER_ROW(member, value, error)                                                           \
	{                                                                                          \
		offsetof(struct shm_header, member), sizeof(((struct shm_header *)0)->member),     \
			value, error                                                               \
	}

static void
attach_checks_every_number(void **state)
{
	static const struct {
		size_t at, len;
		uint64_t value;
		int error;
	} rows[] = {
		HEADER_ROW(magic, 0, -BASE_ERR_FORMAT),
		HEADER_ROW(magic, SHM_MAGIC + 1, -BASE_ERR_FORMAT),
		HEADER_ROW(layout_version, SHM_LAYOUT_VERSION + 1, -BASE_ERR_VERSION),
		HEADER_ROW(header_bytes, 8, -BASE_ERR_VERSION),
		HEADER_ROW(record_version, RECORD_VERSION + 1, -BASE_ERR_VERSION),
		HEADER_ROW(metrics_count, METRICS_COUNT + 1, -BASE_ERR_VERSION),
		HEADER_ROW(verdict_count, 0, -BASE_ERR_VERSION),
		HEADER_ROW(cores, 0, -BASE_ERR_FORMAT),
		HEADER_ROW(cores, 4, -BASE_ERR_FORMAT),
		HEADER_ROW(cores, UINT32_MAX, -BASE_ERR_FORMAT),
		HEADER_ROW(segment_bytes, UINT64_MAX, -BASE_ERR_FORMAT),
		HEADER_ROW(ring_offset, 0, -BASE_ERR_FORMAT),
		HEADER_ROW(ring_offset, UINT64_MAX - 64, -BASE_ERR_FORMAT),
		HEADER_ROW(ring_stride, 1ull << 63, -BASE_ERR_FORMAT),
		HEADER_ROW(ring_bytes, RING * 2, -BASE_ERR_FORMAT),
		HEADER_ROW(ring_bytes, RING - 8, -BASE_ERR_FORMAT),
		HEADER_ROW(ring_bytes, 1ull << 63, -BASE_ERR_FORMAT),
		HEADER_ROW(probe_pid, UINT64_MAX, 0),
		HEADER_ROW(collector_pid, 1, 0),
	};
	struct shm s, found;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		uint8_t *mem = segment(&s, &layout);
		memcpy(mem + rows[i].at, &rows[i].value, rows[i].len);
		assert_int_equal(shm_attach(&found, mem, s.bytes), rows[i].error);
		free(mem);
	}
	uint8_t *mem = segment(&s, &layout);
	memset(s.header->probe, 'x', SHM_NAME_MAX);
	assert_int_equal(shm_attach(&found, mem, s.bytes), -BASE_ERR_FORMAT);
	s.header->probe[SHM_NAME_MAX - 1] = 0;
	assert_int_equal(shm_attach(&found, mem, s.bytes), 0);
	assert_int_equal(shm_attach(&found, mem, s.bytes - 1), -BASE_ERR_FORMAT);
	assert_int_equal(shm_attach(&found, mem, 8), -BASE_ERR_FORMAT);
	assert_int_equal(shm_attach(&found, mem, 0), -BASE_ERR_FORMAT);
	free(mem);
}

static void
attach_checks_the_rings(void **state)
{
	static const struct {
		uint64_t head, tail, size;
		int error;
	} rows[] = {{0, 0, RING, 0}, {RING, 0, RING, 0}, {1ull << 40, 1ull << 40, RING, 0},
		{8, 16, RING, -BASE_ERR_FORMAT}, {RING + 8, 0, RING, -BASE_ERR_FORMAT},
		{4, 0, RING, -BASE_ERR_FORMAT}, {9, 1, RING, -BASE_ERR_FORMAT},
		{0, 0, RING * 2, -BASE_ERR_FORMAT}, {0, 0, 0, -BASE_ERR_FORMAT}};
	struct shm s, found;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		void *mem = segment(&s, &layout);
		struct base_ring *r = shm_ring(&s, 2);
		r->head = rows[i].head, r->tail = rows[i].tail, r->size = rows[i].size;
		assert_int_equal(shm_attach(&found, mem, s.bytes), rows[i].error);
		free(mem);
	}
}

static void
records_in_sequence_per_core(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	uint64_t cursors[3] = {0}, number;
	struct base_ring_message m;

	for (uint64_t i = 0; i < 30; i++)
		assert_true(publish(&s, i % 3, i));
	for (uint64_t i = 0; i < 30; i++) {
		assert_int_equal(next(&s, i % 3, &cursors[i % 3], &number), 1 + i / 3);
		assert_int_equal(number, i);
	}
	for (uint32_t core = 0; core < 3; core++)
		assert_int_equal(shm_next(&s, core, &cursors[core], &m), BASE_RING_EMPTY);
	free(mem);
}

/* Every number from 1 on is either read or was refused at publication: the gap is the loss. */
static void
full_ring_leaves_a_gap(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	uint64_t cursor = shm_cursor(&s, 0), number, expected = 1, lost = 0, told = 0;
	struct base_ring_message m;

	for (uint64_t i = 1; i <= 5000; i++) {
		told += !publish(&s, 0, i);
		if (i % 97)
			continue;
		uint64_t before = cursor;
		while (shm_next(&s, 0, &cursor, &m) == BASE_RING_MESSAGE) {
			uint64_t again = before, seq = next(&s, 0, &again, &number);
			assert_int_equal(number, seq);
			assert_true(seq >= expected);
			lost += seq - expected;
			expected = seq + 1;
			before = cursor;
		}
		shm_release(&s, 0, cursor);
	}
	assert_true(told > 100);
	lost += shm_core(&s, 0)->next_seq - expected;
	uint64_t waiting = 0;
	while (shm_next(&s, 0, &cursor, &m) == BASE_RING_MESSAGE)
		waiting++;
	assert_int_equal(lost - waiting, told);
	free(mem);
}

/* What may be left out takes half of the ring, and no number where it is not taken. */
static void
offers_leave_half_of_the_ring(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	uint64_t offered, published, seq = 1, cursor = shm_cursor(&s, 0);
	struct base_ring_message m;
	static struct record_row row;
	uint8_t bytes[64];
	struct base_span tail = BASE_SPAN("one\0two");
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_MESSAGE);

	record_put_u64(&w, RECORD_F_CSEQ, 7);
	record_put_behind(&w, RECORD_F_TEXT, (uint16_t)tail.len);
	for (int lap = 0; lap < 3; lap++) {
		for (offered = 0; shm_offer(&s, 0, bytes, w.len, tail); offered++)
			;
		assert_in_range(shm_backlog(&s, 0), RING / 2 - 64, RING / 2);
		assert_int_equal(shm_core(&s, 0)->next_seq, seq + offered);
		for (published = 0; publish(&s, 0, 1); published++)
			;
		assert_true(published > 10);
		assert_false(shm_offer(&s, 0, bytes, w.len, tail));
		seq += offered + published + 1; /* the refused record used one */
		assert_int_equal(shm_core(&s, 0)->next_seq, seq);
		for (uint64_t i = 0; i < offered + published; i++) {
			assert_int_equal(shm_next(&s, 0, &cursor, &m), BASE_RING_MESSAGE);
			if (i >= offered)
				continue;
			assert_int_equal(m.kind, RECORD_MESSAGE);
			assert_int_equal(record_row_read(&row, m.p, m.len), 0);
			assert_int_equal(row.values[RECORD_F_CSEQ].u64, 7);
			assert_true(base_span_eq(row.values[RECORD_F_TEXT].text, tail));
		}
		shm_release(&s, 0, cursor);
	}
	/* Larger than half, or than a record may be. */
	assert_false(shm_offer(&s, 0, bytes, w.len, base_span_of(mem, RING / 2)));
	assert_false(shm_offer(&s, 0, bytes, w.len, base_span_of(mem, UINT32_MAX)));
	free(mem);
}

static void
a_refused_record_uses_its_number(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	static uint8_t large[RING];
	uint64_t cursor = 0, number;

	assert_false(shm_publish(&s, 0, large, RECORD_HEADER_BYTES - 1));
	assert_false(shm_publish(&s, 0, large, RING / 2));
	assert_false(shm_publish(&s, 0, large, UINT32_MAX));
	assert_true(publish(&s, 0, 5));
	assert_int_equal(next(&s, 0, &cursor, &number), 4);
	free(mem);
}

/* kill -9 of a collector that has read, and not released: the next one sees the same records again,
 * and after a release none. */
static void
killed_collector_sees_the_same_again(void **state)
{
	struct shm probe, collector;
	void *mem = segment(&probe, &layout);
	uint64_t number, made = 0, committed = 0;

	for (int life = 0; life < 200; life++) {
		for (int i = 0; i < life % 7 + 1; i++)
			assert_true(publish(&probe, 1, ++made));
		assert_int_equal(shm_attach(&collector, mem, probe.bytes), 0);
		uint64_t cursor = shm_cursor(&collector, 1), first = committed;
		while (first < made) {
			assert_int_equal(next(&collector, 1, &cursor, &number), ++first);
			assert_int_equal(number, first);
			if (life % 3 == 0 && first % 4 == 0)
				break; /* a commit of a part */
		}
		if (life % 2)
			continue; /* killed before its commit */
		committed = first;
		shm_release(&collector, 1, cursor);
		assert_int_equal(shm_backlog(&probe, 1) == 0, committed == made);
	}
	free(mem);
}

/* kill -9 of the probe anywhere within a publication: what was published is there, numbers go on
 * and none comes twice. */
static void
killed_probe_goes_on(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	uint64_t cursor = 0, number, last = 0;

	for (int life = 0; life < 300; life++) {
		assert_int_equal(shm_attach(&s, mem, shm_segment_bytes(&layout)), 0);
		for (int i = 0; i < life % 4; i++)
			assert_true(publish(&s, 0, 1));
		/* killed after the sequence moved, or with a reservation half filled */
		shm_core(&s, 0)->next_seq += life % 2;
		void *room =
			life % 3 ? base_ring_reserve(shm_ring(&s, 0), (uint32_t)life, RECORD_CALL)
				 : NULL;
		if (room)
			memset(room, 0xff, (size_t)life / 2);
		for (int i = 0; i < life % 4; i++) { /* all of them, nothing else */
			uint64_t seq = next(&s, 0, &cursor, &number);
			assert_true(seq > last);
			last = seq;
		}
		shm_release(&s, 0, cursor);
		struct base_ring_message m;
		assert_int_equal(shm_next(&s, 0, &cursor, &m), BASE_RING_EMPTY);
	}
	free(mem);
}

static void
corrupt_messages_are_left_behind_at_once(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);
	uint64_t cursor = 0, number;
	struct base_ring_message m;

	for (uint64_t i = 1; i <= 4; i++)
		assert_true(publish(&s, 0, i));
	assert_int_equal(next(&s, 0, &cursor, &number), 1);
	memset(shm_ring(&s, 0)->data + cursor, 0xfe, 8);
	assert_int_equal(shm_next(&s, 0, &cursor, &m), BASE_RING_CORRUPT);
	assert_int_equal(cursor, base_ring_head(shm_ring(&s, 0)));
	assert_int_equal(shm_next(&s, 0, &cursor, &m), BASE_RING_EMPTY);
	assert_true(publish(&s, 0, 5));
	assert_int_equal(next(&s, 0, &cursor, &number), 5);
	free(mem);
}

static void
release_believes_no_cursor_ahead(void **state)
{
	struct shm s;
	void *mem = segment(&s, &layout);

	assert_true(publish(&s, 0, 1));
	uint64_t waiting = shm_backlog(&s, 0);
	assert_true(waiting > 0);
	shm_release(&s, 0, waiting + 8);
	shm_release(&s, 0, UINT64_MAX);
	shm_release(&s, 0, 1ull << 63);
	assert_int_equal(shm_backlog(&s, 0), waiting);
	shm_release(&s, 0, waiting);
	assert_int_equal(shm_backlog(&s, 0), 0);
	free(mem);
}

/* The other process maps the ring too: whatever it writes there, the probe stores within the ring.
 */
static void
publish_believes_no_ring(void **state)
{
	static const struct {
		uint64_t head, tail, size;
	} rows[] = {{0, 0, RING * 16}, {0, 0, 0}, {4, 0, RING}, {RING - 4, RING - 4, RING},
		{0, 8, RING}, {0, UINT64_MAX, RING}, {UINT64_MAX - 7, 0, RING},
		{UINT64_MAX - 7, UINT64_MAX - 7, RING}};
	struct shm s;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		void *mem = segment(&s, &(struct shm_layout){1, RING});
		struct base_ring *r = shm_ring(&s, 0);
		for (int k = 0; k < 200; k++) {
			r->head = rows[i].head, r->tail = rows[i].tail, r->size = rows[i].size;
			publish(&s, 0, (uint64_t)k);
		}
		free(mem);
	}
}

/* Any byte of header, cores and rings spoilt in any of a few ways: attach refuses, or reading ends
 * within bounds. */
static void
any_byte_spoilt(void **state)
{
	static const uint8_t spoil[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	const struct shm_layout small = {1, SHM_RING_BYTES_MIN};
	struct shm s, found;
	uint8_t *mem = segment(&s, &small), *copy = aligned_alloc(BASE_CACHE_LINE, s.bytes);
	static struct record_row row;
	uint64_t ring = (uint64_t)((uint8_t *)shm_ring(&s, 0) - mem);

	for (uint64_t i = 0; i < 9; i++)
		publish(&s, 0, i);
	for (uint64_t at = 0; at < ring + 192 + SHM_RING_BYTES_MIN; at++) {
		if (at == sizeof(struct shm_header))
			at = ring; /* between them: counters, which are only numbers */
		for (size_t k = 0; k < base_count_of(spoil); k++) {
			struct base_ring_message m;
			enum base_ring_result result;
			uint64_t steps = 0;
			memcpy(copy, mem, s.bytes);
			copy[at] = spoil[k];
			if (shm_attach(&found, copy, s.bytes))
				continue;
			uint64_t cursor = shm_cursor(&found, 0);
			while ((result = shm_next(&found, 0, &cursor, &m)) != BASE_RING_EMPTY) {
				if (result == BASE_RING_MESSAGE)
					record_row_read(&row, m.p, m.len);
				assert_true(++steps <= SHM_RING_BYTES_MIN / 8 + 1);
			}
			shm_release(&found, 0, cursor);
			publish(&found, 0, 1);
		}
	}
	free(copy);
	free(mem);
}

static void
health_is_told_whole(void **state)
{
	static _Alignas(64) uint8_t mem[1 << 20];
	struct shm_layout one = {1, SHM_RING_BYTES_MIN};
	struct shm_health health = {.position = 5, .sinks_count = 1}, got;
	struct shm s;

	assert_int_equal(shm_create(&s, mem, sizeof(mem), &one, BASE_SPAN("p"), 1), 0);
	assert_false(shm_health_get(&s, &got));
	memcpy(health.sinks[0].name, "billing", 8);
	for (uint64_t i = 1; i < 4; i++) {
		health.position = i;
		shm_health_set(&s, &health);
		assert_true(shm_health_get(&s, &got));
		assert_int_equal(got.position, i);
		assert_string_equal(got.sinks[0].name, "billing");
	}
	s.header->health.version++; /* its writer was killed in the middle */
	assert_false(shm_health_get(&s, &got));
	shm_health_set(&s, &health); /* the next one's is whole */
	assert_true(shm_health_get(&s, &got));
	/* What another process wrote is bounded. */
	memset(&health, 0xff, sizeof(health));
	shm_health_set(&s, &health);
	assert_true(shm_health_get(&s, &got));
	assert_int_equal(got.sinks_count, SHM_SINKS_MAX);
	assert_int_equal(strlen(got.store_why), SHM_WHY_BYTES - 1);
	assert_int_equal(strlen(got.sinks[SHM_SINKS_MAX - 1].name), 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts),
		cmocka_unit_test(create_refuses),
		cmocka_unit_test(create_and_attach_agree),
		cmocka_unit_test(probe_names),
		cmocka_unit_test(attach_checks_every_number),
		cmocka_unit_test(attach_checks_the_rings),
		cmocka_unit_test(records_in_sequence_per_core),
		cmocka_unit_test(full_ring_leaves_a_gap),
		cmocka_unit_test(offers_leave_half_of_the_ring),
		cmocka_unit_test(a_refused_record_uses_its_number),
		cmocka_unit_test(killed_collector_sees_the_same_again),
		cmocka_unit_test(killed_probe_goes_on),
		cmocka_unit_test(corrupt_messages_are_left_behind_at_once),
		cmocka_unit_test(release_believes_no_cursor_ahead),
		cmocka_unit_test(publish_believes_no_ring),
		cmocka_unit_test(any_byte_spoilt),
		cmocka_unit_test(health_is_told_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
