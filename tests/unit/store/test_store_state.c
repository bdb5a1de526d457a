/* Laws: cursors and numbers survive, numbers change together; a cursor ahead of the store moves the
 * positions behind it. */
#include "store_fixture.h"

static void
test_cursor(void **state)
{
	struct fixture *f = *state;
	int64_t position = 99;

	assert_int_equal(store_cursor_get(f->store, "billing", &position, &f->e), 0);
	assert_int_equal(position, 0);
	assert_int_equal(store_cursor_set(f->store, "billing", 41, &f->e), 0);
	assert_int_equal(store_cursor_set(f->store, "kafka", 7, &f->e), 0);
	fixture_restart(f);
	assert_int_equal(store_cursor_get(f->store, "billing", &position, &f->e), 0);
	assert_int_equal(position, 41);
	assert_int_equal(store_cursor_get(f->store, "kafka", &position, &f->e), 0);
	assert_int_equal(position, 7);
	assert_int_not_equal(store_cursor_set(f->store, "#position", 7, &f->e), 0);
}

static void
test_cursor_ahead(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_cursor_set(f->store, "billing", 1000, &f->e), 0);
	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	assert_int_equal(store_position_last(f->store), 1001);
	fixture_expect(f, &(struct store_query){.after_position = 1000}, "u1");
	fixture_restart(f);
	fixture_commit_one(f, &(struct want){.seq = 2, .first = T0});
	assert_int_equal(store_position_last(f->store), 1002);
}

/* Day files deleted by hand: positions go on all the same. */
static void
test_days_deleted_by_hand(void **state)
{
	struct fixture *f = *state;
	char command[400];

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0});
	fixture_commit_one(f, &(struct want){.seq = 2, .first = T0});
	fixture_close(f);
	snprintf(command, sizeof(command), "rm '%s'/ringtap-*", f->dir);
	assert_int_equal(system(command), 0);
	fixture_open(f, 0);
	fixture_commit_one(f, &(struct want){.seq = 3, .first = T0});
	assert_int_equal(store_position_last(f->store), 3);
	fixture_expect(f, &(struct store_query){.by_position = true}, "u3");
}

static void
test_numbers(void **state)
{
	struct fixture *f = *state;
	struct store_number numbers[] = {{"a", 1}, {"b", -5}, {"c", INT64_MAX}};
	struct store_number got[] = {{"c", 9}, {"none", 9}, {"b", 9}};

	assert_int_equal(store_numbers_set(f->store, numbers, 3, &f->e), 0);
	numbers[0].value = 2;
	assert_int_equal(store_numbers_set(f->store, numbers, 1, &f->e), 0);
	fixture_restart(f);
	assert_int_equal(store_numbers_get(f->store, got, 3, &f->e), 0);
	assert_true(got[0].value == INT64_MAX && got[1].value == 0 && got[2].value == -5);
	assert_int_equal(store_numbers_set(f->store, numbers, STORE_NUMBERS_MAX + 1, &f->e),
		-BASE_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_cursor),
		FIXTURE_TEST(test_cursor_ahead),
		FIXTURE_TEST(test_days_deleted_by_hand),
		FIXTURE_TEST(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
