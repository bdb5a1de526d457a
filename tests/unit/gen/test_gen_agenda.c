/* Law: the agenda gives what a sorted list would, however near or far, at any rate. */
#include "gen_testing.h"

#define EVENTS 300

static void
against_a_naive_list(double rate, int64_t spread_ns)
{
	struct gen_agenda_options o = {EVENTS, rate, 5 * BASE_NS_PER_SEC};
	void *mem = aligned_alloc(64, base_align_up(gen_agenda_footprint(&o), 64));
	struct gen_agenda a;
	int64_t at[EVENTS], now_ns = o.begin_ns, got_ns;
	uint64_t random = 3;

	gen_agenda_init(&a, mem, &o);
	for (uint32_t i = 0; i < EVENTS; i++) {
		random = base_hash_mix(random + i);
		at[i] = now_ns + (int64_t)(random % (uint64_t)spread_ns);
		gen_agenda_put(&a, i, at[i]);
	}
	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t least = 0;
		for (uint32_t i = 1; i < EVENTS; i++)
			if (at[i] < at[least])
				least = i;
		assert_int_equal(gen_agenda_take(&a, &got_ns), least);
		assert_true(got_ns == at[least] && got_ns >= now_ns);
		now_ns = got_ns;
		random = base_hash_mix(random + n);
		/* now and then at once, or at the same instant as another */
		int64_t ahead = random % 7 == 0 ? 0 : (int64_t)((random >> 8) % (uint64_t)spread_ns);
		at[least] = random % 11 == 0 ? at[(least + 1) % EVENTS] : now_ns + ahead;
		gen_agenda_put(&a, least, at[least]);
	}
	for (uint32_t n = 0; n < EVENTS; n++)
		assert_int_not_equal(gen_agenda_take(&a, &got_ns), GEN_NONE);
	assert_int_equal(gen_agenda_take(&a, &got_ns), GEN_NONE);
	free(mem);
}

static void
order_is_that_of_a_sorted_list(void **state)
{
	against_a_naive_list(1, 100);
	against_a_naive_list(1, 30 * BASE_NS_PER_SEC);
	against_a_naive_list(1e4, 40 * BASE_NS_PER_MS);
	against_a_naive_list(1e8, 20 * BASE_NS_PER_MS);
	against_a_naive_list(1e6, 2 * BASE_NS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(order_is_that_of_a_sorted_list)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
