/* Laws: a file of layout 1 is read as it stands and written on as one of ours, its records found
 * and told from those put again; one of layout 2 stays what it is, and is read and written too. */
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
		fixture_expect(&reader, &(struct store_query){.by_position = true, .kinds = 0x3e},
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

/* A day of layout 2: SQLite's own indexes by segment, which its planner steps through. */
static void
make_layout_2(const char *path)
{
	sql(path, "DROP TABLE key_tail; DROP TABLE key_runs; DROP TABLE key_parts;"
		  "ALTER TABLE calls ADD COLUMN segment INTEGER;"
		  "ALTER TABLE registrations ADD COLUMN segment INTEGER;"
		  "ALTER TABLE transactions ADD COLUMN segment INTEGER;"
		  "ALTER TABLE streams ADD COLUMN segment INTEGER;"
		  "DROP TABLE messages;"
		  "UPDATE calls SET segment = position >> 16;"
		  "CREATE INDEX calls_uid ON calls(segment, uid);"
		  "CREATE INDEX calls_from_user ON calls(segment, from_user);"
		  "PRAGMA user_version=2;");
}

static void
test_layout_2(void **state)
{
	struct fixture *f = *state;
	char path[400];

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0, .from = "a"});
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	make_layout_2(path);
	fixture_open(f, 0);
	for (uint64_t seq = 1; seq <= 3; seq++) { /* the first is there already */
		fixture_commit_one(f, &(struct want){.seq = seq, .first = T0, .from = "a"});
		f->store->position = (int64_t)seq << STORE_SEGMENT_BITS;
	}
	/* A day of our own layout beside it. */
	fixture_commit_one(f, &(struct want){.seq = 4, .first = T0 + DAY, .from = "a"});
	fixture_expect(f, &(struct store_query){.where = "from_user = 'a'"}, "u1 u2 u3 u4");
	fixture_expect(
		f, &(struct store_query){.where = "from_user GLOB 'a*' AND uid = 'u2'"}, "u2");
	fixture_restart(f);
	fixture_expect(f, &(struct store_query){.where = "uid IN ('u3','u4')"}, "u3 u4");
	fixture_commit_one(f, &(struct want){.seq = 5, .first = T0, .kind = RECORD_MESSAGE});
	fixture_restart(f);
	fixture_expect(f, &(struct store_query){.kinds = 1u << RECORD_MESSAGE}, "u5");
}

/* A day made before messages could be kept: read as it is, and its table is there once written. */
static void
test_no_messages(void **state)
{
	struct fixture *f = *state;
	struct store_query all = {.by_position = true, .kinds = 0x3e},
			   one = {.kinds = 0x3e, .where = "uid = 'u2'"};
	char path[400];

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	sql(path, "DROP TABLE messages");
	fixture_open(f, 0);
	fixture_expect(f, &all, "u1");
	fixture_expect(f, &one, "");
	fixture_commit_one(f, &(struct want){.seq = 2, .first = T0, .kind = RECORD_MESSAGE});
	fixture_restart(f);
	fixture_expect(f, &all, "u1 u2");
	fixture_expect(f, &one, "u2");
	assert_int_equal(store_position_last(f->store), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_layout_1),
		FIXTURE_TEST(test_layout_2),
		FIXTURE_TEST(test_no_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
