/* Laws: first, last and count over days and kinds; every hole in a ring's sequence is declared
 * once, beside what showed it. */
#include "store_fixture.h"

static int
see_gap(void *context, const struct store_gap *gap)
{
	struct seen *s = context;
	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len,
		"%.*s/%u:%llu-%llu@%lld ", (int)gap->probe.len, gap->probe.p, gap->core,
		(unsigned long long)gap->first, (unsigned long long)gap->last,
		(long long)gap->position);
	return 0;
}

static void
expect_gaps(struct fixture *f, struct store_range range, const char *text)
{
	struct seen seen = {.len = 0};

	assert_int_equal(store_gaps(f->store, range, see_gap, &seen, &f->e), 0);
	assert_string_equal(seen.text, text);
}

static void
test_sequence_get(void **state)
{
	struct fixture *f = *state;
	struct store_sequence s;

	assert_int_equal(store_sequence_get(f->store, PROBE, 3, &s, &f->e), 0);
	assert_int_equal(s.last, 0);
	fixture_commit_one(f, &(struct want){.seq = 5, .first = T0});
	fixture_commit_one(f, &(struct want){.seq = 6, .first = T0 + DAY, .kind = RECORD_STREAM});
	fixture_commit_one(
		f, &(struct want){.seq = 9, .first = T0 - DAY, .kind = RECORD_TRANSACTION});
	fixture_commit_one(f, &(struct want){.first = T0});
	assert_int_equal(store_sequence_get(f->store, PROBE, 3, &s, &f->e), 0);
	assert_int_equal(s.first, 5);
	assert_int_equal(s.last, 9);
	assert_int_equal(s.count, 3);
	assert_int_equal(store_sequence_get(f->store, PROBE, 4, &s, &f->e), 0);
	assert_int_equal(s.count, 0);
	assert_int_equal(store_sequence_get(f->store, BASE_SPAN("other"), 3, &s, &f->e), 0);
	assert_int_equal(s.count, 0);
}

static void
test_gaps(void **state)
{
	struct fixture *f = *state;
	const struct store_range all = {0, INT64_MAX};

	/* Where a sequence begins, nothing says that there was something before. */
	fixture_commit_one(f, &(struct want){.seq = 5, .first = T0});
	expect_gaps(f, all, "");
	fixture_commit_one(f, &(struct want){.seq = 8, .first = T0 + DAY});
	expect_gaps(f, all, "p1/3:6-7@2 ");
	/* Again, also in a new session: not again. */
	fixture_commit_one(f, &(struct want){.seq = 8, .first = T0 + DAY});
	fixture_restart(f);
	fixture_commit_one(f, &(struct want){.seq = 8, .first = T0 + DAY});
	expect_gaps(f, all, "p1/3:6-7@2 ");
	/* Found by the first record of a session. */
	fixture_restart(f);
	fixture_commit_one(f, &(struct want){.seq = 10, .first = T0, .kind = RECORD_REGISTRATION});
	expect_gaps(f, all, "p1/3:9-9@3 p1/3:6-7@2 ");
	expect_gaps(f, (struct store_range){2, 3}, "p1/3:9-9@3 ");
	expect_gaps(f, (struct store_range){0, 2}, "p1/3:6-7@2 ");
	/* Rolled back with its record. */
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, &(struct want){.seq = 20, .first = T0}), 0);
	store_rollback(f->store);
	expect_gaps(f, (struct store_range){3, 99}, "");
	fixture_commit_one(f, &(struct want){.seq = 11, .first = T0});
	expect_gaps(f, (struct store_range){3, 99}, "");
	/* A sequence that began anew shows its own holes. */
	fixture_commit_one(f, &(struct want){.seq = 1, .uid = "new1", .first = T0});
	fixture_commit_one(f, &(struct want){.seq = 3, .uid = "new3", .first = T0});
	struct seen seen = {.len = 0};
	assert_int_equal(
		store_gaps(f->store, (struct store_range){4, 99}, see_gap, &seen, &f->e), 0);
	assert_non_null(strstr(seen.text, "p1/3:2-2@"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_sequence_get),
		FIXTURE_TEST(test_gaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
