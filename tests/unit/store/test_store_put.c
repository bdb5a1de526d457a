/* Laws: a record put twice is there once, after a crash at any point too; positions only grow; what
 * is missing is declared once. */
#include "store_fixture.h"

#include "store_private.h"

static const struct store_query by_position = {.by_position = true, .kinds = 0x3e};

static void
test_twice(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 3; round++) {
		assert_int_equal(store_begin(f->store, &f->e), 0);
		for (uint64_t seq = 1; seq <= 5; seq++)
			assert_int_equal(
				fixture_put(f,
					&(struct want){.seq = seq, .first = T0, .last = T0 + DAY}),
				0);
		assert_int_equal(store_commit(f->store, &f->e), 0);
		if (round == 1)
			fixture_restart(f);
		fixture_expect(f, &by_position, "u1 u2 u3 u4 u5");
	}
	/* Not from a ring: nothing to know it by. */
	fixture_commit_one(f, &(struct want){.uid = "x", .first = T0});
	fixture_commit_one(f, &(struct want){.uid = "x", .first = T0});
	fixture_expect(f, &by_position, "u1 u2 u3 u4 u5 x x");
}

static void
test_sequence_began_anew(void **state)
{
	struct fixture *f = *state;

	fixture_commit_one(f, &(struct want){.seq = 1, .uid = "a", .first = T0});
	fixture_commit_one(f, &(struct want){.seq = 1, .uid = "b", .first = T0});
	fixture_commit_one(f, &(struct want){.seq = 1, .uid = "b", .first = T0});
	fixture_expect(f, &by_position, "a b");
}

static void
test_without_commit(void **state)
{
	struct fixture *f = *state;

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, &(struct want){.seq = 2, .first = T0}), 0);
	fixture_restart(f);
	fixture_expect(f, &by_position, "u1");
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, &(struct want){.seq = 2, .first = T0}), 0);
	store_rollback(f->store);
	fixture_expect(f, &by_position, "u1");
	assert_int_equal(store_commit(f->store, &f->e), -BASE_ERR_INVALID);
	assert_int_equal(fixture_put(f, &(struct want){.seq = 2, .first = T0}), -BASE_ERR_INVALID);
}

/* The days of a group, as put; the crash comes when only the days in 'kept' were committed. */
static const struct want group[] = {
	{.seq = 10, .first = T0, .last = T0},
	{.seq = 13, .first = T0, .last = T0 + DAY},
	{.seq = 14, .first = T0, .last = T0},
	{.seq = 17, .first = T0, .last = T0 + DAY, .kind = RECORD_STREAM},
	{.seq = 18, .first = T0, .last = T0 + 2 * DAY},
};

static int
count_lost(void *context, const struct store_gap *gap)
{
	*(uint64_t *)context += gap->last - gap->first + 1;
	return 0;
}

static void
put_group(struct fixture *f)
{
	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (size_t i = 0; i < base_count_of(group); i++)
		assert_int_equal(fixture_put(f, &group[i]), 0);
}

/* Commits only some of the days, as a crash between their commits would leave it. */
static void
crash_within_commit(struct fixture *f, unsigned kept)
{
	for (struct store_day *day = f->store->writers; day; day = day->next) {
		if (!day->in_transaction || !(kept >> (day->day - T0 / DAY) & 1))
			continue;
		assert_int_equal(store_day_commit(day, &f->e), 0);
	}
	fixture_restart(f);
}

static void
test_crash_within_commit(void **state)
{
	for (unsigned kept = 0; kept < 8; kept++) {
		struct fixture *f = *state;
		struct seen before = {.positions = true}, after = {.positions = true};
		uint64_t lost = 0;
		fixture_commit_one(f, &(struct want){.seq = 9, .first = T0});
		put_group(f);
		crash_within_commit(f, kept);
		/* A sink takes what is visible now; what comes later must lie behind it. */
		assert_int_equal(
			store_query(f->store, &by_position, fixture_see, &before, &f->e), 0);
		put_group(f);
		assert_int_equal(store_commit(f->store, &f->e), 0);
		struct store_query rest = {
			.by_position = true, .kinds = 0x3e, .after_position = before.last_position};
		assert_int_equal(store_query(f->store, &rest, fixture_see, &after, &f->e), 0);
		assert_int_equal(before.n + after.n, 6);
		assert_int_equal(store_gaps(f->store, (struct store_range){0, INT64_MAX},
					 count_lost, &lost, &f->e),
			0);
		assert_int_equal(lost, 4);
		fixture_teardown(state);
		assert_int_equal(fixture_setup(state), 0);
	}
}

static void
test_positions_grow(void **state)
{
	struct fixture *f = *state;
	int64_t last = 0;

	for (uint64_t seq = 1; seq <= 60; seq++) {
		fixture_commit_one(f, &(struct want){.seq = seq,
					      .first = T0,
					      .last = T0 + (int64_t)(seq * 7 % 11) * DAY,
					      .kind = RECORD_CALL + seq % 4});
		assert_true(store_position_last(f->store) > last);
		last = store_position_last(f->store);
		if (seq % 13 == 0)
			fixture_restart(f);
	}
	struct seen seen = {.len = 0};
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &seen, &f->e), 0);
	assert_int_equal(seen.n, 60);
	assert_int_equal(seen.last_position, last);
	assert_memory_equal(seen.text, "u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 ", 31);
}

static void
test_not_a_record(void **state)
{
	struct fixture *f = *state;
	uint8_t record[4096];
	uint32_t len = fixture_record(record, &(struct want){.seq = 1, .first = T0});

	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(store_put(f->store, PROBE, 0, record, 7, &f->e), -BASE_ERR_FORMAT);
	assert_int_equal(store_put(f->store, PROBE, 0, record, len - 1, &f->e), -BASE_ERR_FORMAT);
	record[8] = 99;
	assert_int_equal(store_put(f->store, PROBE, 0, record, len, &f->e), -BASE_ERR_VERSION);
	record[8] = RECORD_VERSION;
	assert_int_equal(store_put(f->store, PROBE, 0, record, len, &f->e), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	fixture_expect(f, &by_position, "u1");
}

/* A transaction that touches more days than connections are kept. */
static void
test_many_days(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.len = 0};

	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (uint64_t seq = 1; seq <= 40; seq++)
		assert_int_equal(fixture_put(f, &(struct want){.seq = seq,
							.first = T0 - (int64_t)(seq % 12) * DAY}),
			0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &seen, &f->e), 0);
	assert_int_equal(seen.n, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_twice),
		FIXTURE_TEST(test_sequence_began_anew),
		FIXTURE_TEST(test_without_commit),
		FIXTURE_TEST(test_crash_within_commit),
		FIXTURE_TEST(test_positions_grow),
		FIXTURE_TEST(test_not_a_record),
		FIXTURE_TEST(test_many_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
