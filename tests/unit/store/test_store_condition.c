/* Law: a condition cannot leave the parentheses that it is put between. */
#include "store_fixture.h"

#include "store_private.h"

#define OK 0
#define NO (-BASE_ERR_INVALID)

static void
test_check(void **state)
{
	static const struct {
		const char *where;
		int want;
	} table[] = {
		{"sip_code = 200", OK},
		{"", OK},
		{"(a OR (b))", OK},
		{"1) OR (1", NO},
		{"((1)", NO},
		{"1))((", NO},
		{"a = ')'", OK},
		{"a = 'it''s )'", OK},
		{"a = '", NO},
		{"\"a)\" = 1", OK},
		{"`a)` = 1", OK},
		{"[a)] = 1", OK},
		{"[a = 1", NO},
		{"1 -- )", OK},
		{"1 -- )\n)", NO},
		{"1 /* ) */", OK},
		{"1) /*", NO},
		{"1 /*", NO},
		{"1 /* a */ )", NO},
		{"1; DROP TABLE calls", NO},
		{"a = ';'", OK},
		{"a - -1", OK},
		{"a / 2 * 3", OK},
	};
	struct sys_error e;

	for (size_t i = 0; i < base_count_of(table); i++)
		if (store_condition_check(table[i].where, &e) != table[i].want)
			fail_msg("%s", table[i].where);
}

/* What passes the check is judged by SQLite: it must read, and only read. */
static void
test_refused(void **state)
{
	static const char *const wrong[] = {"no_such_column = 1", "from_user =", "'a' 'b'",
		"json_each('[', ", "\"not a column\" = 1", "load_extension('x')",
		"(SELECT 1 FROM state)", "(SELECT 1 FROM pragma_table_info('calls')) = 1"};
	struct fixture *f = *state;
	struct seen seen = {.len = 0};

	fixture_commit_one(f, &(struct want){.seq = 1, .first = T0, .last = T0});
	for (size_t i = 0; i < base_count_of(wrong); i++) {
		struct store_query q = {.where = wrong[i]};
		f->e.text[0] = 0;
		if (store_query(f->store, &q, fixture_see, &seen, &f->e) != NO || f->e.text[0] == 0)
			fail_msg("%s: %s", wrong[i], f->e.text);
	}
	assert_int_equal(seen.n, 0);
	fixture_expect(f, &(struct store_query){0}, "u1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		FIXTURE_TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
