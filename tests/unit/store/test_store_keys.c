/* Laws: what the tail and the runs say of a key is what the rows say, before and after a run is
 * made, after a rollback, a restart, and anew from the rows; damaged bytes are the end, not a
 * crash. */
#include "store_fixture.h"

#include "store_keys.h"

static void
test_bytes(void **state)
{
	struct store_key a = store_key_text(BASE_SPAN("+4930123"), 0),
			 b = store_key_text(BASE_SPAN("+49301239"), 0),
			 most = store_key_text(BASE_SPAN("+4930123"), 0xff);
	uint8_t bytes[STORE_KEY_BYTES_MAX];

	assert_true(store_key_compare(&a, &b) < 0);
	assert_true(store_key_compare(&b, &most) < 0);
	store_key_write(bytes, &b, 16);
	assert_memory_equal(bytes, "+49301239\0\0\0\0\0\0", 16);
	struct store_key again = store_key_read(bytes, 16);
	assert_int_equal(store_key_compare(&again, &b), 0);
	a = store_key_text(BASE_SPAN("0123456789abcdefX"), 0);
	b = store_key_text(BASE_SPAN("0123456789abcdefY"), 0);
	assert_int_equal(store_key_compare(&a, &b), 0);
}

static void
test_damage(void **state)
{
	uint8_t tail[64] = {0, 1, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 3, 2, 0, 0, 0};
	struct store_key_found found;

	for (uint32_t len = 0; len <= 13 + 5 + 16; len++) {
		struct base_span bytes = base_span_of(tail, len);
		uint32_t n = 0;
		while (store_key_tail_next(&bytes, &found))
			n++;
		assert_int_equal(n, len < 13 ? 0 : len < 13 + 5 + 16 ? 1 : 2);
	}
	tail[0] = STORE_KEYS_COUNT;
	struct base_span bytes = base_span_of(tail, sizeof(tail));
	assert_false(store_key_tail_next(&bytes, &found));
	for (uint32_t len = 0; len < 20; len++) {
		bytes = base_span_of(tail, len);
		assert_false(store_key_part_next(&bytes, 3, &found));
	}
}

/* Of the day's file: rows in the tail, runs, parts. */
static int64_t
number_of(struct fixture *f, const char *query)
{
	int64_t n = -1;
	sqlite3_stmt *stmt;
	struct store_day *day;

	assert_int_equal(store_day_reader(f->store, T0 / DAY, &day, &f->e), 0);
	assert_int_equal(store_sql_prepare(day->db, &stmt, query, &f->e), 0);
	assert_int_equal(store_sql_run(stmt, &n, &f->e), 0);
	sqlite3_finalize(stmt);
	return n;
}

/* As many commits as a run needs, a probe's records with few numbers. */
static void
test_run(void **state)
{
	struct fixture *f = *state;
	uint64_t seq = 0;
	char from[32];

	for (int commit = 0; commit < 3; commit++) {
		assert_int_equal(store_begin(f->store, &f->e), 0);
		for (uint32_t i = 0; i < STORE_RUN_ROWS / 2 + 1; i++) {
			snprintf(from, sizeof(from), "+4930%llu",
				(unsigned long long)(base_hash_mix(++seq) % 30000));
			assert_int_equal(fixture_put(f, &(struct want){.seq = seq,
								.first = T0 + (int64_t)seq,
								.from = from}),
				0);
		}
		if (commit == 1) { /* gone, and put again */
			store_rollback(f->store);
			seq -= STORE_RUN_ROWS / 2 + 1;
			commit = -10;
			continue;
		}
		if (commit == -9)
			commit = 1;
		assert_int_equal(store_commit(f->store, &f->e), 0);
		assert_int_equal(number_of(f, "SELECT count(*) FROM key_runs"), commit > 0);
		if (commit == 0)
			fixture_restart(f);
	}
	assert_int_equal(number_of(f, "SELECT sum(rows) FROM key_tail"), STORE_RUN_ROWS / 2 + 1);
	assert_true(number_of(f, "SELECT max(length(keys)) FROM key_parts") <= STORE_PART_BYTES);
	for (uint64_t s = 1; s <= seq; s += 9973) {
		char where[100], uid[32];
		snprintf(uid, sizeof(uid), "u%llu", (unsigned long long)s);
		snprintf(where, sizeof(where), "from_user = '+4930%llu' AND seq = %llu",
			(unsigned long long)(base_hash_mix(s) % 30000), (unsigned long long)s);
		fixture_expect(f, &(struct store_query){.where = where}, uid);
		snprintf(where, sizeof(where), "uid = 'u%llu'", (unsigned long long)s);
		fixture_expect(f, &(struct store_query){.where = where}, uid);
	}
}

static void
test_made_anew(void **state)
{
	struct fixture *f = *state;
	struct store_day *day;

	for (uint64_t seq = 1; seq <= 20; seq++)
		fixture_commit_one(f, &(struct want){.seq = seq,
					      .first = T0,
					      .from = seq % 3 ? "a" : "b",
					      .kind = seq % 5 ? 0 : RECORD_REGISTRATION});
	assert_int_equal(store_day_writer(f->store, T0 / DAY, &day, &f->e), 0);
	assert_int_equal(store_sql_exec(day->db, "DELETE FROM key_tail", &f->e), 0);
	fixture_expect(f, &(struct store_query){.where = "from_user = 'b'"}, "");
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(store_day_begin(day, &f->e), 0);
	assert_int_equal(store_keys_make(day, &f->e), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	assert_int_equal(number_of(f, "SELECT count(*) FROM key_runs"), 2);
	fixture_commit_one(f, &(struct want){.seq = 21, .first = T0, .from = "b"});
	fixture_expect(
		f, &(struct store_query){.where = "from_user = 'b'"}, "u3 u6 u9 u12 u18 u21");
	fixture_commit_one(f, &(struct want){.seq = 7, .first = T0, .from = "a"});
	fixture_expect(f, &(struct store_query){.where = "uid IN ('u7','u8')"}, "u7 u8");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_damage),
		FIXTURE_TEST(test_run),
		FIXTURE_TEST(test_made_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
