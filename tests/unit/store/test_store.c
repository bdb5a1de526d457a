/* Laws: one writer, any readers; a day is deleted when it is old and every consumer has it; memory
 * behaves like a directory. */
#include "store_fixture.h"

#include "store_private.h"

static const struct store_query by_position = {.by_position = true, .kinds = 0x3e};

static void
test_one_writer(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir};
	struct store *other;

	assert_int_equal(store_open(&other, &options, &f->e), -BASE_ERR_EXISTS);
	assert_null(other);
	fixture_close(f);
	assert_int_equal(store_open(&other, &options, &f->e), 0);
	store_close(other);
}

static void
test_reader(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir, .read_only = true};
	struct fixture reader = {.store = NULL};

	assert_int_equal(store_open(&reader.store, &options, &f->e), 0);
	fixture_expect(&reader, &by_position, "");
	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	fixture_expect(&reader, &by_position, "u1");
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, &(struct want){.seq = 2, .first = T0 + DAY}), 0);
	fixture_expect(&reader, &by_position, "u1"); /* not committed, not seen */
	assert_int_equal(store_commit(f->store, &f->e), 0);
	fixture_expect(&reader, &by_position, "u1 u2");
	assert_int_equal(store_begin(reader.store, &f->e), -BASE_ERR_PERMISSION);
	assert_int_not_equal(store_cursor_set(reader.store, "c", 1, &f->e), 0);
	/* Without a writer there is no log: the files are read as they stand. */
	fixture_close(f);
	fixture_expect(&reader, &by_position, "u1 u2");
	store_close(reader.store);
	options.dir = "/nonexistent/store";
	assert_int_equal(store_open(&reader.store, &options, &f->e), -BASE_ERR_NOT_FOUND);
}

static void
test_files_are_private(void **state)
{
	static const char *const names[] = {
		"ringtap-2023-11-14.db", "ringtap-2023-11-14.db-wal", "state.db"};
	struct fixture *f = *state;
	char path[400];
	struct stat st;

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	for (size_t i = 0; i < base_count_of(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0137, 0);
	}
}

static void
expire(struct fixture *f, int64_t now_ns, const char *left)
{
	assert_int_equal(store_expire(f->store, now_ns, &f->e), 0);
	fixture_expect(f, &by_position, left);
}

static void
test_expire(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_open(f, 2);
	for (int64_t day = 0; day < 5; day++)
		fixture_commit_one(
			f, &(struct want){.seq = (uint64_t)day + 1, .first = T0 + day * DAY});
	expire(f, T0 + 2 * DAY, "u1 u2 u3 u4 u5");
	expire(f, T0 + 3 * DAY, "u2 u3 u4 u5");
	/* A consumer that has not taken them keeps days. */
	int64_t cursor;
	assert_int_equal(store_cursor_get(f->store, "sink", &cursor, &f->e), 0);
	expire(f, T0 + 9 * DAY, "u2 u3 u4 u5");
	assert_int_equal(store_cursor_set(f->store, "sink", 3, &f->e), 0);
	expire(f, T0 + 9 * DAY, "u4 u5");
	assert_int_equal(store_cursor_set(f->store, "sink", 5, &f->e), 0);
	expire(f, T0 + 9 * DAY, "");
	/* Sequence and position go on, although no row is left. */
	fixture_restart(f);
	fixture_commit_one(f, &(struct want){.seq = 9, .first = T0 + 9 * DAY});
	assert_int_equal(store_position_last(f->store), 6);
	struct seen seen = {.positions = true};
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &seen, &f->e), 0);
	assert_string_equal(seen.text, "u9@6");
}

static int
see_gap(void *context, const struct store_gap *gap)
{
	struct store_gap *out = context;
	*out = *gap;
	return 0;
}

static void
test_gap_over_expired_days(void **state)
{
	struct fixture *f = *state;
	struct store_gap gap = {.first = 0};

	fixture_close(f);
	fixture_open(f, 1);
	fixture_commit_one(f, &(struct want){.seq = 7, .first = T0});
	assert_int_equal(store_expire(f->store, T0 + 9 * DAY, &f->e), 0);
	fixture_restart(f);
	fixture_commit_one(f, &(struct want){.seq = 10, .first = T0 + 9 * DAY});
	assert_int_equal(
		store_gaps(f->store, (struct store_range){0, INT64_MAX}, see_gap, &gap, &f->e), 0);
	assert_int_equal(gap.first, 8);
	assert_int_equal(gap.last, 9);
	assert_int_equal(gap.core, 3);
}

static void
test_memory(void **state)
{
	struct fixture f = {.store = NULL};
	struct store_options options = {.dir = NULL};

	assert_int_equal(store_open(&f.store, &options, &f.e), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_begin(f.store, &f.e), 0);
		assert_int_equal(
			fixture_put(&f, &(struct want){.uid = "b", .first = T0 + 2 * DAY}), 0);
		assert_int_equal(
			fixture_put(&f, &(struct want){.uid = "a", .first = T0, .from = "x"}), 0);
		assert_int_equal(store_commit(f.store, &f.e), 0);
		fixture_expect(&f, &(struct store_query){0}, "a b");
		fixture_expect(&f, &(struct store_query){.where = "from_user = 'x'"}, "a");
		fixture_expect(&f, &(struct store_query){.limit = 1}, "b");
		assert_int_equal(store_begin(f.store, &f.e), 0);
		assert_int_equal(fixture_put(&f, &(struct want){.uid = "c", .first = T0}), 0);
		store_rollback(f.store);
		fixture_expect(&f, &by_position, "b a");
		assert_int_equal(store_clear(f.store, &f.e), 0);
		fixture_expect(&f, &by_position, "");
	}
	assert_int_equal(store_expire(f.store, T0 * 2, &f.e), 0);
	store_close(f.store);
	struct fixture *d = *state;
	assert_int_equal(store_clear(d->store, &d->e), -BASE_ERR_INVALID);
}

static uint64_t
bytes_of_all(const struct fixture *f)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < f->store->n_files; i++)
		bytes += store_day_bytes(f->store, f->store->files[i].day);
	return bytes;
}

/* By size the oldest days go first, never the last one, none that a consumer has not taken. */
static void
test_retention_bytes(void **state)
{
	struct fixture *f = *state;
	int64_t position;

	for (uint64_t seq = 1; seq <= 4; seq++)
		fixture_commit_one(f, &(struct want){.seq = seq, .first = T0 + (int64_t)seq * DAY});
	assert_int_equal(store_expire(f->store, T0 + 5 * DAY, &f->e), 0);
	fixture_expect(f, &by_position, "u1 u2 u3 u4"); /* no bound */
	f->store->retention_bytes = bytes_of_all(f) - 1;
	assert_int_equal(store_cursor_get(f->store, "sink", &position, &f->e), 0);
	assert_int_equal(store_expire(f->store, T0 + 5 * DAY, &f->e), 0);
	fixture_expect(f, &by_position, "u1 u2 u3 u4"); /* the sink has none of them */
	assert_int_equal(store_cursor_set(f->store, "sink", 4, &f->e), 0);
	assert_int_equal(store_expire(f->store, T0 + 5 * DAY, &f->e), 0);
	fixture_expect(f, &by_position, "u2 u3 u4");
	f->store->retention_bytes = 1;
	assert_int_equal(store_expire(f->store, T0 + 5 * DAY, &f->e), 0);
	fixture_expect(f, &by_position, "u4");
}

/* One damaged day is said and passed over; the store goes on. */
static void
test_damaged_day(void **state)
{
	struct fixture *f = *state;
	char path[400];

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0 - 9 * DAY});
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-05.db", f->dir);
	assert_int_equal(truncate(path, 5000), 0);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	assert_int_equal(fwrite("not a database, not at all", 1, 26, file), 26);
	fclose(file);
	sys_log_init("test", SYS_LOG_ERROR);
	fixture_open(f, 0);
	fixture_commit_one(f, &(struct want){.seq = 2, .first = T0});
	struct seen seen = {.len = 0};
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &seen, &f->e), 0);
	assert_string_equal(seen.text, "u2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_one_writer),
		FIXTURE_TEST(test_reader),
		FIXTURE_TEST(test_files_are_private),
		FIXTURE_TEST(test_expire),
		FIXTURE_TEST(test_gap_over_expired_days),
		FIXTURE_TEST(test_memory),
		FIXTURE_TEST(test_retention_bytes),
		FIXTURE_TEST(test_damaged_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
