/* Laws: a file of layout 1 is read as it stands and written on as one of ours, its records found
 * and told from those put again; keys are found by index in any segment. */
#include "store_fixture.h"

#include "store_private.h"

static void
sql(const char *path, const char *text)
{
	sqlite3 *db;
	char *error = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &error))
		fail_msg("%s", error);
	sqlite3_close(db);
}

/* A day file as the first layout made it, with the columns that matter here and lists in JSON. */
static void
make_layout_1(const char *path)
{
	static const char tables[] =
		"PRAGMA journal_mode=WAL;"
		"CREATE TABLE calls(position INTEGER PRIMARY KEY, uid TEXT, seq INTEGER, probe "
		"TEXT,"
		" core INTEGER, call_id TEXT, invite_time TEXT, end_time TEXT, streams TEXT);"
		"CREATE UNIQUE INDEX calls_ring ON calls(probe, core, seq, uid) WHERE seq > 0;"
		"CREATE INDEX calls_uid ON calls(uid);"
		"CREATE TABLE registrations(position INTEGER PRIMARY KEY, uid TEXT, seq INTEGER,"
		" probe TEXT, core INTEGER, request_time TEXT);"
		"CREATE TABLE transactions(position INTEGER PRIMARY KEY, uid TEXT, seq INTEGER,"
		" probe TEXT, core INTEGER, request_time TEXT);"
		"CREATE TABLE streams(position INTEGER PRIMARY KEY, uid TEXT, seq INTEGER,"
		" probe TEXT, core INTEGER, first_time TEXT);"
		"CREATE TABLE gaps(position INTEGER PRIMARY KEY, probe TEXT, core INTEGER,"
		" first INTEGER, last INTEGER);"
		"INSERT INTO calls VALUES(1,'u1',1,'p1',3,'c1','2023-11-14T22:13:20.000000Z',NULL,"
		"'[{\"lost\":7}]'),(2,'u2',2,'p1',3,'c2','2023-11-14T22:13:20.000000Z',NULL,NULL);"
		"INSERT INTO streams VALUES(3,'u3',3,'p1',3,'2023-11-14T22:13:20.000000Z');"
		"PRAGMA user_version=1;";

	sql(path, tables);
}

static void
test_layout_1(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir, .read_only = true};
	struct fixture reader = {.store = NULL};
	struct store_sequence s;
	char path[400];

	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	make_layout_1(path);
	for (int round = 0; round < 2; round++) { /* as it was, and as our writer left it */
		assert_int_equal(store_open(&reader.store, &options, &f->e), 0);
		fixture_expect(
			&reader, &(struct store_query){.limit = 2}, round ? "u2 u4" : "u1 u2");
		fixture_expect(&reader,
			&(struct store_query){.where = "json_extract(streams,'$[0].lost') = 7"},
			"u1");
		fixture_expect(&reader, &(struct store_query){.where = "from_user IS NOT NULL"},
			round ? "u4" : "");
		fixture_expect(&reader, &(struct store_query){.by_position = true, .kinds = 0x1e},
			round ? "u1 u2 u3 u4" : "u1 u2 u3");
		assert_int_equal(store_sequence_get(reader.store, PROBE, 3, &s, &f->e), 0);
		assert_int_equal(s.last, round ? 4 : 3);
		assert_int_equal(s.count, round ? 4 : 3);
		store_close(reader.store);
		if (round)
			break;
		fixture_open(f, 0);
		for (uint64_t seq = 1; seq <= 4; seq++)
			fixture_commit_one(f, &(struct want){.seq = seq,
						      .first = T0,
						      .from = "x",
						      .kind = seq == 3 ? RECORD_STREAM : 0});
		fixture_close(f);
	}
}

/* How SQLite goes about a query of a day, in its words. */
static void
plan_of(const char *path, const char *query, char *text, size_t bytes)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	snprintf(text, bytes, "%s", (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void
test_keys_by_index(void **state)
{
	static const char *const conditions[] = {"uid = 'u1'", "call_id = 'x'", "from_user = 'x'",
		"to_user GLOB '49*'", "invite_time >= '2023' AND invite_time < '2024'"};
	struct fixture *f = *state;
	char path[400], query[200], plan[400];

	/* Three segments. */
	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0, .from = "a"});
	f->store->position = 1 << STORE_SEGMENT_BITS;
	fixture_commit_one(f, &(struct want){.seq = 2, .first = T0, .from = "b"});
	f->store->position = 2 << STORE_SEGMENT_BITS;
	fixture_commit_one(f, &(struct want){.seq = 3, .first = T0, .from = "a"});
	fixture_expect(f, &(struct store_query){.where = "from_user = 'a'"}, "u1 u3");
	fixture_expect(f, &(struct store_query){.where = "uid = 'u2'"}, "u2");
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	for (size_t i = 0; i < base_count_of(conditions); i++) {
		snprintf(query, sizeof(query), "EXPLAIN QUERY PLAN SELECT * FROM calls WHERE %s",
			conditions[i]);
		plan_of(path, query, plan, sizeof(plan));
		if (strstr(plan, "ANY(segment)") == NULL)
			fail_msg("%s: %s", conditions[i], plan);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_layout_1),
		FIXTURE_TEST(test_keys_by_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
