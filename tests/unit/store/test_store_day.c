/* Laws: a record's day is that of its end; a day made by an older version is read and written with
 * NULL for what it lacks. */
#include "store_fixture.h"

#include "store_private.h"

static void
test_day_of(void **state)
{
	static const struct {
		struct want want;
		int64_t day;
	} table[] = {
		{{.first = T0, .last = T0 + DAY}, T0 / DAY + 1},
		{{.first = T0}, T0 / DAY},
		{{.last = T0}, T0 / DAY},
		{{.first = 0}, 0},
		{{.first = -DAY * 3}, 0},
		{{.kind = RECORD_STREAM, .first = T0, .last = T0 + DAY}, T0 / DAY + 1},
		{{.kind = RECORD_STREAM, .first = T0}, T0 / DAY},
		{{.kind = RECORD_REGISTRATION, .first = T0, .last = T0 + DAY}, T0 / DAY + 1},
		{{.kind = RECORD_TRANSACTION, .first = T0}, T0 / DAY},
		{{.first = 1600000000 * BASE_NS_PER_SEC / DAY * DAY},
			1600000000 * BASE_NS_PER_SEC / DAY},
	};
	static struct record_row row;
	uint8_t buffer[4096];

	for (size_t i = 0; i < base_count_of(table); i++) {
		uint32_t len = fixture_record(buffer, &table[i].want);
		assert_int_equal(record_row_read(&row, buffer, len), 0);
		assert_int_equal(store_day_of(&row), table[i].day);
	}
}

static void
test_scan_ignores_others(void **state)
{
	static const char *const names[] = {"ringtap-2023-11-14.db-wal", "ringtap-2023-11-xx.db",
		"ringtap-2023-11-144.db", "notes", "ringtap-1970-01-01.db.bak"};
	struct fixture *f = *state;
	char path[400];

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	fixture_commit_one(f, &(struct want){.seq = 2});
	for (size_t i = 0; i < base_count_of(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		FILE *file = fopen(path, "a");
		assert_non_null(file);
		fclose(file);
	}
	fixture_restart(f);
	assert_int_equal(f->store->n_files, 2);
	assert_int_equal(f->store->files[0].day, 0);
	assert_int_equal(f->store->files[1].day, T0 / DAY);
	assert_int_equal(f->store->files[1].position, 1);
	fixture_expect(f, &(struct store_query){.by_position = true}, "u1 u2");
}

/* A file of a version that did not know from_user. */
static void
test_older_file(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir, .read_only = true};
	struct fixture reader = {.store = NULL};
	char path[400];
	sqlite3 *db;

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0, .from = "alice"});
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"ALTER TABLE calls DROP COLUMN from_user", NULL,
			NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_open(&reader.store, &options, &f->e), 0);
	fixture_expect(&reader, &(struct store_query){0}, "u1");
	fixture_expect(&reader, &(struct store_query){.where = "from_user IS NULL"}, "u1");
	fixture_expect(&reader, &(struct store_query){.where = "from_user = 'alice'"}, "");
	store_close(reader.store);
	fixture_open(f, 0);
	fixture_commit_one(f, &(struct want){.seq = 2, .first = T0, .from = "bob"});
	fixture_expect(f, &(struct store_query){.where = "from_user = 'bob'"}, "u2");
}

static void
test_newer_file(void **state)
{
	struct fixture *f = *state;
	char path[400];
	sqlite3 *db;

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	fixture_open(f, 0);
	struct seen seen = {.len = 0};
	assert_int_equal(store_query(f->store, &(struct store_query){0}, fixture_see, &seen, &f->e),
		-BASE_ERR_VERSION);
	assert_non_null(strstr(f->e.text, "newer"));
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_not_equal(fixture_put(f, &(struct want){.seq = 2, .first = T0}), 0);
	store_rollback(f->store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day_of),
		FIXTURE_TEST(test_scan_ignores_others),
		FIXTURE_TEST(test_older_file),
		FIXTURE_TEST(test_newer_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
