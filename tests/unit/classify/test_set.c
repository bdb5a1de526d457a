#include "classify_testing.h"

#include "classify_private.h"

/* Against a naive table of all strings of up to three of four letters. */
static void
the_set_is_a_naive_table(void **state)
{
	enum { N = 84 };
	char keys[N][4];
	uint64_t naive[N] = {0}, seed = 7;
	struct classify_set set;
	uint32_t n = 0;

	for (int a = 0; a < 4; a++)
		for (int b = -1; b < 4; b++)
			for (int d = -1; d < (b < 0 ? 0 : 4); d++)
				snprintf(keys[n++], 4, "%c%.*s%.*s", "0123"[a], b >= 0,
					&"0123"[b < 0 ? 0 : b], d >= 0, &"0123"[d < 0 ? 0 : d]);
	assert_int_equal(n, N);
	assert_int_equal(classify_set_new(&set, 40, 120), 0);
	for (int i = 0; i < 40; i++) {
		uint32_t k = testing_random(&seed) % N, list = testing_random(&seed) % 64;
		classify_set_add(&set, base_span_cstr(keys[k]), list);
		naive[k] |= 1ull << list;
	}
	for (uint32_t k = 0; k < N; k++) {
		assert_true(classify_set_find(&set, base_span_cstr(keys[k])) == naive[k]);
		if (naive[k])
			assert_true(classify_set_has_length(&set, (uint32_t)strlen(keys[k])));
	}
	assert_false(classify_set_has_length(&set, 4));
	assert_false(classify_set_has_length(&set, 0));
	classify_set_free(&set);
}

static void
an_empty_set_has_nothing(void **state)
{
	struct classify_set set;

	assert_int_equal(classify_set_new(&set, 0, 0), 0);
	assert_true(classify_set_find(&set, BASE_SPAN("1")) == 0);
	classify_set_free(&set);
	classify_set_free(&set);
}

static void
long_keys_share_the_last_length(void **state)
{
	struct classify_set set;
	char key[100];

	memset(key, 'a', sizeof(key));
	assert_int_equal(classify_set_new(&set, 2, 200), 0);
	classify_set_add(&set, base_span_of(key, 99), 5);
	assert_true(classify_set_has_length(&set, 99));
	assert_true(classify_set_has_length(&set, 63));
	assert_false(classify_set_has_length(&set, 62));
	assert_true(classify_set_find(&set, base_span_of(key, 99)) == 1 << 5);
	assert_true(classify_set_find(&set, base_span_of(key, 98)) == 0);
	classify_set_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_set_is_a_naive_table),
		cmocka_unit_test(an_empty_set_has_nothing),
		cmocka_unit_test(long_keys_share_the_last_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
