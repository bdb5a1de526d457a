/* Laws: a list is JSON to a condition and the record's bytes to a reader; bytes written under
 * another field list come back under their own names. */
#include "store_fixture.h"

#include "store_private.h"

static uint32_t
make_call(uint8_t *buffer, uint64_t seq)
{
	struct record_writer w = record_writer_begin(buffer, RECORD_BYTES_MAX, RECORD_CALL);

	record_put_cstr(&w, RECORD_F_UID, "u");
	record_put_time(&w, RECORD_F_INVITE_TIME, T0);
	for (uint64_t i = 1; i <= 2; i++) {
		uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
		record_put_cstr(&w, RECORD_F_CODEC, "PCMA");
		record_put_u64(&w, RECORD_F_LOST, seq * i);
		record_list_close(&w, began);
	}
	record_set_seq(buffer, seq);
	return w.len;
}

static void
put_call(struct fixture *f, uint64_t seq)
{
	static uint8_t buffer[RECORD_BYTES_MAX];
	uint32_t len = make_call(buffer, seq);

	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(store_put(f->store, PROBE, 3, buffer, len, &f->e), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
}

static int
see_streams(void *context, const struct record_row *row, int64_t position)
{
	struct base_text *t = context;

	record_json_list(t, row, RECORD_F_STREAMS);
	return 0;
}

static void
expect_streams(struct fixture *f, const char *where, const char *want)
{
	char buffer[1024];
	struct base_text t = base_text_of(buffer, sizeof(buffer));
	struct store_query q = {.where = where};

	if (store_query(f->store, &q, see_streams, &t, &f->e))
		fail_msg("%s", f->e.text);
	assert_string_equal(base_text_cstr(&t), want);
}

#define LOST(a, b) "[{\"codec\":\"PCMA\",\"lost\":" #a "},{\"codec\":\"PCMA\",\"lost\":" #b "}]"

static void
test_json_for_conditions(void **state)
{
	struct fixture *f = *state;

	put_call(f, 1);
	put_call(f, 5);
	expect_streams(f, "json_extract(streams, '$[1].lost') = 10", LOST(5, 10));
	expect_streams(f, "(SELECT max(value->>'lost') FROM json_each(streams)) < 5", LOST(1, 2));
	expect_streams(f, "streams LIKE '%\"lost\":2}%'", LOST(1, 2));
	expect_streams(f, "flow IS NOT NULL", "");
}

/* As if the file had been written by a program whose fields had other numbers: two of them change
 * places, one has a name that we do not know. */
static void
test_other_field_list(void **state)
{
	struct fixture *f = *state;
	char path[400], sql[600];
	sqlite3 *db;

	put_call(f, 1);
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(sql, sizeof(sql),
		"UPDATE field_lists SET key = 'duplicates' WHERE id = %d;"
		"UPDATE field_lists SET key = 'unheard_of' WHERE id = %d",
		RECORD_F_LOST, RECORD_F_CODEC);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	fixture_open(f, 0);
	expect_streams(f, NULL, "[{\"duplicates\":1},{\"duplicates\":2}]");
	expect_streams(f, "json_extract(streams, '$[0].duplicates') = 1",
		"[{\"duplicates\":1},{\"duplicates\":2}]");
	/* New rows of the same day are written with our list, each row knows its own. */
	put_call(f, 2);
	expect_streams(f, NULL, "[{\"duplicates\":1},{\"duplicates\":2}]" LOST(2, 4));
}

static void
test_hostile_bytes(void **state)
{
	struct store_list_map map = {.list = 1, .n = 2, .to = (int16_t[]){1, -1}};
	struct store_day day = {.maps = &map, .n_maps = 1};
	uint8_t bytes[64];
	char buffer[64];

	for (uint32_t round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(base_hash_mix(round * 64 + i) % 7);
		uint32_t len = round % sizeof(bytes);
		struct base_text t = base_text_of(buffer, sizeof(buffer));
		struct base_span out = store_list_ours(&day, 1, base_span_of(bytes, len), &t);
		assert_int_equal(out.len, len);
		assert_int_equal(store_list_ours(&day, 9, base_span_of(bytes, len), &t).len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_json_for_conditions),
		FIXTURE_TEST(test_other_field_list),
		cmocka_unit_test(test_hostile_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
