/* Laws: a condition gives the same rows by key as by walking through the table, whatever its form,
 * direction and limit, over runs and tail; what no key serves is walked. */
#include "store_fixture.h"

#include "store_keys.h"

#define ROWS 240

static const struct {
	const char *where;
	bool served;
} conditions[] = {
	{"uid = 'u7'", true},
	{"uid = 'none'", true},
	{"uid = NULL", true},
	{"uid IN ('u7','u200','u239')", true},
	{"'u9' = uid OR from_user = '+491'", true},
	{"from_user = '+491' AND seq > 100", true},
	{"from_user = 493", true}, /* a number is a text of digits to a column of texts */
	{"from_user = x'2b'", true},
	{"from_user GLOB '+49*'", true},
	{"from_user GLOB '49[3-9]'", true},
	{"from_user LIKE '+491%'", true},
	{"from_user LIKE 'ALI%'", false},
	{"from_user LIKE '%1'", false},
	{"from_user GLOB '*1'", false},
	{"from_user BETWEEN '+491' AND '+495'", true},
	{"from_user >= 'a'", true},
	{"from_user < '+49' OR from_user > 'a'", true},
	{"from_user = 'Alice' COLLATE NOCASE", false},
	{"from_user > 'a very long text that is cut' ", true},
	{"from_user IS NULL", false},
	{"from_user IS NOT NULL AND uid = 'u4'", true},
	{"seq = 5", false},
	{"seq = 5 OR uid = 'u6'", false},
	{"invite_time >= '2023-11-14T22:15'", true},
	{"invite_time < '2023-11-14T22:13:29'", true},
	{"invite_time LIKE '2023%'", false},
	{"invite_time BETWEEN '2023-11-14T22:14' AND '2023-11-14T22:14:30.5'", true},
	{"invite_time = '2023-11-14T22:13:25.000000Z'", true},
	{"invite_time > '2023-11-14 22:15' AND invite_time < 'zzz'", true},
	{"from_user = (SELECT '+491')", true},
	{"EXISTS(SELECT 1 FROM json_each(methods)) OR uid = 'u3'", false},
	{"streams IS NULL AND uid = 'u3'", true},
};

static void
fill(struct fixture *f)
{
	static const char *const users[] = {"+491", "+4911", "+495", "493", "alice", "Alice", NULL,
		"a very long text that is cut off", "a very long text that ends elsewhere"};
	struct store_day *day;

	for (uint64_t seq = 1; seq <= ROWS; seq++) {
		if (seq % 80 == 0) { /* what there is becomes runs */
			assert_int_equal(store_begin(f->store, &f->e), 0);
			assert_int_equal(store_day_writer(f->store, T0 / DAY, &day, &f->e), 0);
			assert_int_equal(store_day_begin(day, &f->e), 0);
			assert_int_equal(seq == 80 ? store_keys_make(day, &f->e)
						   : store_keys_save(day, &f->e),
				0);
			assert_int_equal(store_commit(f->store, &f->e), 0);
		}
		uint64_t r = base_hash_mix(seq);
		fixture_commit_one(f, &(struct want){.seq = seq,
					      .first = T0 + (int64_t)(r % 200) * BASE_NS_PER_SEC,
					      .from = users[r >> 20 & 7],
					      .status = r >> 40 & 1 ? "interim" : "final"});
	}
}

static bool
is_served(struct fixture *f, const char *where)
{
	struct store_day *day;
	char sql[400];

	assert_int_equal(store_day_reader(f->store, T0 / DAY, &day, &f->e), 0);
	snprintf(sql, sizeof(sql), "SELECT position FROM keyed_calls AS calls WHERE (%s)", where);
	int serves = store_keyed_serves(day->db, sql, RECORD_CALL);
	assert_true(serves >= 0);
	return serves;
}

/* The same query with and without keys. */
static void
compare(struct fixture *f, const struct store_query *q)
{
	struct seen by_key = {.positions = true}, walked = {.positions = true};
	struct store_day *day;

	assert_int_equal(store_day_reader(f->store, T0 / DAY, &day, &f->e), 0);
	day->keyed = true;
	if (store_query(f->store, q, fixture_see, &by_key, &f->e))
		fail_msg("%s: %s", q->where, f->e.text);
	day->keyed = false;
	if (store_query(f->store, q, fixture_see, &walked, &f->e))
		fail_msg("%s: %s", q->where, f->e.text);
	day->keyed = true;
	if (strcmp(by_key.text, walked.text))
		fail_msg("%s: %s\nnot %s", q->where, by_key.text, walked.text);
}

static void
test_as_walked(void **state)
{
	static const int64_t times[] = {0, T0 + 60 * BASE_NS_PER_SEC, T0 + 61 * BASE_NS_PER_SEC};
	static const uint32_t limits[] = {0, 1, 5, 1000};
	struct fixture *f = *state;
	struct seen some = {.len = 0};

	fill(f);
	for (size_t c = 0; c < base_count_of(conditions); c++) {
		if (is_served(f, conditions[c].where) != conditions[c].served)
			fail_msg("%s: %sserved by key", conditions[c].where,
				conditions[c].served ? "not " : "");
		for (size_t i = 0; i < base_count_of(limits) * base_count_of(times) * 2; i++) {
			struct store_query q = {.where = conditions[c].where,
				.limit = limits[i % 4],
				.since_ns = times[i / 4 % 3],
				.until_ns = i >= 12 ? T0 + 150 * BASE_NS_PER_SEC : 0};
			compare(f, &q);
		}
	}
	struct store_query since = {.since_ns = times[1]};
	compare(f, &since);
	assert_int_equal(store_query(f->store, &since, fixture_see, &some, &f->e), 0);
	assert_true(some.n > 50 && some.n < ROWS);
}

static void
test_order(void **state)
{
	static const char *const orders[] = {"position", "position DESC", "rowid DESC", "seq"};
	struct fixture *f = *state;
	struct store_day *day;
	sqlite3_stmt *stmt;
	char sql[200];

	fill(f);
	assert_int_equal(store_day_reader(f->store, T0 / DAY, &day, &f->e), 0);
	for (size_t i = 0; i < base_count_of(orders); i++) {
		int64_t last = 0, n = 0;
		snprintf(sql, sizeof(sql),
			"SELECT position FROM keyed_calls WHERE from_user GLOB '+*' ORDER BY %s",
			orders[i]);
		assert_int_equal(store_sql_prepare(day->db, &stmt, sql, &f->e), 0);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			int64_t position = sqlite3_column_int64(stmt, 0);
			/* Runs, tail and rows are those of one moment. */
			assert_int_equal(
				sqlite3_txn_state(day->db, "main"), SQLITE_TXN_READ);
			if (n++)
				assert_true(
					(strstr(orders[i], "DESC") != NULL) == (position < last));
			last = position;
		}
		assert_true(n > 20);
		sqlite3_finalize(stmt);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_as_walked),
		FIXTURE_TEST(test_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
