/* Laws: a damaged day is set aside as it was, what can be read of it stays, new records follow; the
 * damage is found at the start, at a read and at a write. */
#include "store_fixture.h"

#include "store_private.h"

static const struct store_query by_position = {.by_position = true};

static void
put_many(struct fixture *f, uint64_t first, uint64_t last)
{
	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (uint64_t seq = first; seq <= last; seq++)
		assert_int_equal(
			fixture_put(f, &(struct want){.seq = seq, .first = T0, .from = "x"}), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
}

/* Overwrites bytes of the day's file from a fraction of it on. */
static void
damage(struct fixture *f, long per_mille, size_t bytes)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	fseek(file, ftell(file) / 1000 * per_mille, SEEK_SET);
	while (bytes--)
		fputc(0x5a, file);
	fclose(file);
}

static uint32_t
count(struct fixture *f)
{
	struct seen seen = {.len = 0};

	if (store_query(f->store, &by_position, fixture_see, &seen, &f->e))
		fail_msg("%s", f->e.text);
	return seen.n;
}

static void
expect_set_aside(struct fixture *f, int64_t times)
{
	struct store_number n = {.name = "store.corrupt_days"};
	char path[400];

	assert_int_equal(store_numbers_get(f->store, &n, 1, &f->e), 0);
	assert_int_equal(n.value, times);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db.corrupt", f->dir);
	assert_int_equal(access(path, F_OK), times ? 0 : -1);
}

static void
test_middle_damaged(void **state)
{
	struct fixture *f = *state;

	sys_log_init("test", (enum sys_log_level) - 1); /* what is said here is no failure */
	put_many(f, 1, 2000);
	fixture_close(f);
	damage(f, 700, 20000);
	fixture_open(f, 0);
	expect_set_aside(f, 1);
	uint32_t kept = count(f);
	assert_true(kept > 1000 && kept < 2000);
	assert_true(store_position_last(f->store) >= 2000);
	put_many(f, 1990, 2010); /* ten again, ten new */
	assert_int_equal(count(f), kept + 10);
	fixture_restart(f);
	expect_set_aside(f, 1);
	assert_int_equal(count(f), kept + 10);
}

static void
test_no_database_at_all(void **state)
{
	struct fixture *f = *state;

	put_many(f, 1, 100);
	fixture_close(f);
	damage(f, 0, 9000);
	fixture_open(f, 0);
	expect_set_aside(f, 1);
	put_many(f, 101, 110);
	assert_true(count(f) >= 10);
	fixture_close(f);
	damage(f, 0, 9000);
	fixture_open(f, 0);
	char path[400];
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db.corrupt.2", f->dir);
	assert_int_equal(access(path, F_OK), 0);
	expect_set_aside(f, 2);
}

/* Damage that comes while the store is open. */
static void
test_while_open(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.len = 0};

	put_many(f, 1, 2000);
	fixture_restart(f); /* the log is in the file now */
	assert_int_equal(count(f), 2000);
	store_days_trim(&f->store->readers, 0);
	damage(f, 700, 60000);
	assert_int_equal(
		store_query(f->store, &by_position, fixture_see, &seen, &f->e), -BASE_ERR_FORMAT);
	put_many(f, 2001, 2005);
	expect_set_aside(f, 1);
	uint32_t kept = count(f);
	assert_true(kept > 500 && kept < 2005);
	fixture_expect(
		f, &(struct store_query){.where = "seq > 2000"}, "u2001 u2002 u2003 u2004 u2005");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_middle_damaged),
		FIXTURE_TEST(test_no_database_at_all),
		FIXTURE_TEST(test_while_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
