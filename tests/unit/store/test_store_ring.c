/* Laws: what a day has of a ring is committed with its rows; a sequence that begins anew is told
 * from one put again. */
#include "store_fixture.h"

#include "store_private.h"

static const struct store_query by_position = {.by_position = true, .kinds = 0x3e};

static void
expect_ring(struct fixture *f, uint64_t seq, uint64_t count)
{
	struct store_day *day;

	assert_int_equal(store_day_writer(f->store, T0 / DAY, &day, &f->e), 0);
	struct store_day_ring *r = store_day_ring(day, PROBE, 3, &f->e);
	assert_non_null(r);
	assert_int_equal(r->seq, seq);
	assert_int_equal(r->count, count);
}

static void
test_follows_the_rows(void **state)
{
	struct fixture *f = *state;

	for (uint64_t seq = 4; seq <= 6; seq++)
		fixture_commit_one(f, &(struct want){.seq = seq, .first = T0});
	expect_ring(f, 6, 3);
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, &(struct want){.seq = 7, .first = T0}), 0);
	expect_ring(f, 7, 4);
	store_rollback(f->store);
	expect_ring(f, 6, 3);
	fixture_restart(f);
	expect_ring(f, 6, 3);
}

/* The probe lost its state and begins at 1 again, with other calls; each of the two puts of those
 * is seen through. */
static void
test_began_anew(void **state)
{
	struct fixture *f = *state;
	char uid[16];

	for (uint64_t seq = 1; seq <= 4; seq++)
		fixture_commit_one(f, &(struct want){.seq = seq, .first = T0});
	for (int round = 0; round < 2; round++) {
		for (uint64_t seq = 1; seq <= 3; seq++) {
			snprintf(uid, sizeof(uid), "n%d", (int)seq);
			fixture_commit_one(f, &(struct want){.seq = seq, .first = T0, .uid = uid});
		}
		fixture_restart(f);
	}
	fixture_expect(f, &by_position, "u1 u2 u3 u4 n1 n2 n3");
	fixture_commit_one(f, &(struct want){.seq = 4, .first = T0, .uid = "n4"});
	fixture_expect(f, &by_position, "u1 u2 u3 u4 n1 n2 n3 n4");
}

static void
test_many_rings(void **state)
{
	struct fixture *f = *state;
	static uint8_t buffer[RECORD_BYTES_MAX];

	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_begin(f->store, &f->e), 0);
		for (uint32_t core = 0; core < 300; core++) {
			uint32_t len =
				fixture_record(buffer, &(struct want){.seq = 9, .first = T0});
			assert_int_equal(store_put(f->store, PROBE, core, buffer, len, &f->e), 0);
		}
		assert_int_equal(store_commit(f->store, &f->e), 0);
	}
	struct seen seen = {.len = 0};
	assert_int_equal(store_query(f->store, &by_position, fixture_see, &seen, &f->e), 0);
	assert_int_equal(seen.n, 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_follows_the_rows),
		FIXTURE_TEST(test_began_anew),
		FIXTURE_TEST(test_many_rings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
