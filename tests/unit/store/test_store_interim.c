/* Laws: of a call in progress a query by time shows the last interim record, then the final one
 * alone; sinks see all of them; a crash at any point, between days too, changes nothing of that. */
#include "store_fixture.h"

#include "store_private.h"

static const struct store_query by_position = {.by_position = true}, by_time = {.kinds = 0};

/* A call that begins before midnight: its interim records lie in the day of its beginning, the
 * final one in the next. */
static const struct want call[] = {
	{.seq = 1, .uid = "c", .status = "interim", .first = T0, .from = "1"},
	{.seq = 2, .uid = "other", .first = T0},
	{.seq = 3, .uid = "c", .status = "interim", .first = T0, .from = "2"},
	{.seq = 4, .uid = "c", .first = T0, .last = T0 + DAY, .from = "3"},
};

static void
expect_from(struct fixture *f, const char *from)
{
	char where[64];

	fixture_expect(f, &(struct store_query){.where = "uid = 'c'"}, "c");
	snprintf(where, sizeof(where), "uid = 'c' AND from_user = '%s'", from);
	fixture_expect(f, &(struct store_query){.where = where}, "c");
}

static void
test_replaced(void **state)
{
	struct fixture *f = *state;

	fixture_commit_one(f, &call[0]);
	expect_from(f, "1");
	fixture_commit_one(f, &call[1]);
	fixture_restart(f);
	fixture_commit_one(f, &call[2]);
	expect_from(f, "2");
	fixture_restart(f);
	fixture_commit_one(f, &call[3]);
	expect_from(f, "3");
	fixture_expect(f, &by_time, "other c");
	fixture_expect(f, &(struct store_query){.limit = 2}, "other c");
	fixture_expect(f, &by_position, "c other c c");
	assert_int_equal(f->store->interims.n, 0);
	/* All of it again. */
	for (size_t i = 0; i < base_count_of(call); i++)
		fixture_commit_one(f, &call[i]);
	expect_from(f, "3");
	fixture_expect(f, &by_position, "c other c c");
}

/* The final record's commit touches two days; the crash comes when only one has it. */
static void
test_crash_between_days(void **state)
{
	for (int64_t kept = 0; kept < 2; kept++) {
		struct fixture *f = *state;
		for (size_t i = 0; i < 3; i++)
			fixture_commit_one(f, &call[i]);
		assert_int_equal(store_begin(f->store, &f->e), 0);
		assert_int_equal(fixture_put(f, &call[3]), 0);
		for (struct store_day *day = f->store->writers; day; day = day->next) {
			if (!day->in_transaction || day->day != T0 / DAY + kept)
				continue;
			assert_int_equal(store_day_commit(day, &f->e), 0);
		}
		fixture_restart(f);
		fixture_commit_one(f, &call[3]); /* the ring was not released */
		expect_from(f, "3");
		fixture_expect(f, &by_position, "c other c c");
		fixture_teardown(state);
		assert_int_equal(fixture_setup(state), 0);
	}
}

static void
test_rollback(void **state)
{
	struct fixture *f = *state;

	fixture_commit_one(f, &call[0]);
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, &call[3]), 0);
	store_rollback(f->store);
	expect_from(f, "1");
	fixture_commit_one(f, &call[2]);
	expect_from(f, "2");
}

/* Many open calls that end in another order: the table against the store. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.len = 0};
	char uid[16];
	uint64_t seq = 0;

	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(uid, sizeof(uid), "m%u", i);
		assert_int_equal(fixture_put(f, &(struct want){.seq = ++seq,
							.uid = uid,
							.status = "interim",
							.first = T0}),
			0);
	}
	for (unsigned i = 0; i < 1000; i += 1 + i % 2) {
		snprintf(uid, sizeof(uid), "m%u", i * 7 % 1000);
		assert_int_equal(
			fixture_put(f, &(struct want){.seq = ++seq, .uid = uid, .first = T0}), 0);
	}
	assert_int_equal(store_commit(f->store, &f->e), 0);
	assert_int_equal(store_query(f->store, &(struct store_query){.where = "status = 'interim'"},
				 fixture_see, &seen, &f->e),
		0);
	assert_int_equal(seen.n, f->store->interims.n);
	assert_int_equal(1000 - seen.n, seq - 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_replaced),
		FIXTURE_TEST(test_crash_between_days),
		FIXTURE_TEST(test_rollback),
		FIXTURE_TEST(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
