/* Laws: each sink of the table can be told apart and does what the collector calls; a configured
 * one hands over what the store has. */
#include "sinks_fixture.h"

static void
test_table(void **state)
{
	for (uint32_t i = 0; i < sinks_kinds_count; i++) {
		const struct sinks_kind *k = sinks_kinds[i];
		assert_true(k->name && k->name[0] && k->name[0] != '#');
		assert_true(k->is_wanted && k->open && k->step && k->lag && k->close);
		for (uint32_t j = 0; j < i; j++)
			assert_string_not_equal(k->name, sinks_kinds[j]->name);
		k->close(NULL);
	}
}

static void
test_billing_by_configuration(void **state)
{
	struct fixture *f = *state;
	char *kinds[] = {"call"};
	struct config config = {.billing = {.dir = f->dir,
					.kinds = kinds,
					.kinds_count = 1,
					.rotate_s = 300,
					.rotate_bytes = 1 << 20,
					.rotate_records = 1000}};
	void *sink;

	sinks_billing_close(f->b);
	f->b = NULL;
	assert_false(sinks_billing_kind.is_wanted(&config));
	config.billing.enabled = true;
	assert_true(sinks_billing_kind.is_wanted(&config));
	fixture_calls(f, 20);
	assert_int_equal(sinks_billing_kind.open(&sink, f->store, &config, &f->e), 0);
	assert_int_equal(sinks_billing_kind.lag(sink), 20);
	assert_int_equal(sinks_billing_kind.step(sink, f->now_ns, true, &f->e), 0);
	assert_int_equal(sinks_billing_kind.lag(sink), 0);
	sinks_billing_kind.close(sink);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		FIXTURE_TEST(test_billing_by_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
