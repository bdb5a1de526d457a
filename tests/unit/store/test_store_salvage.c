/* Laws: a day whose schema is gone gives its rows back, each at its position, found by its keys,
 * with its lists; a copy made for that does not stay; a whole file needs none. */
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

/* Page 1, where the schema begins: the tables are where a new day's are. */
static void
test_schema_damaged(void **state)
{
	struct fixture *f = *state;
	uint8_t buffer[1024];
	struct seen seen = {.positions = true}, after = {.positions = true};
	char path[400];

	sys_log_init("test", (enum sys_log_level) - 1); /* what is said here is no failure */
	put_many(f, 1, 2000);
	/* Lists too, which lie there as bytes of the file's own field list. */
	struct record_writer w = record_writer_begin(buffer, sizeof(buffer), RECORD_CALL);
	record_put_cstr(&w, RECORD_F_UID, "listed");
	record_put_time(&w, RECORD_F_INVITE_TIME, T0);
	uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
	record_put_u64(&w, RECORD_F_LOST, 7);
	record_list_close(&w, began);
	record_set_seq(buffer, 2001);
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(store_put(f->store, PROBE, 3, buffer, w.len, &f->e), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &seen, &f->e), 0);
	fixture_close(f);
	damage(f, 0, STORE_PAGE_BYTES);
	fixture_open(f, 0);
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &after, &f->e), 0);
	assert_int_equal(after.n, 2001);
	assert_string_equal(after.text, seen.text);
	fixture_expect(f, &(struct store_query){.where = "uid = 'u77'"}, "u77");
	fixture_expect(f, &(struct store_query){.where = "json_extract(streams,'$[0].lost') = 7"},
		"listed");
	put_many(f, 1990, 2012); /* eleven again; 2001 had another uid */
	assert_int_equal(count(f), 2013);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db.corrupt.salvage", f->dir);
	assert_int_equal(access(path, F_OK), -1);
}

/* A file that is whole is opened as it is. */
static void
test_no_copy(void **state)
{
	struct fixture *f = *state;
	struct store_salvage salvage;
	struct store_day *fresh;
	char path[400];

	put_many(f, 1, 3);
	assert_int_equal(store_day_writer(f->store, T0 / DAY + 1, &fresh, &f->e), 0);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	assert_int_equal(store_salvage_open(&salvage, path, fresh, &f->e), 0);
	assert_string_equal(salvage.copy, "");
	store_salvage_close(&salvage);
	assert_int_equal(count(f), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_schema_damaged),
		FIXTURE_TEST(test_no_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
