/* Law: options that cannot be kept are refused with the key and a reason. */
#include "sinks_fixture.h"

#define CALLS (1u << RECORD_CALL)
#define STREAMS (1u << RECORD_STREAM)

static void
test_options(void **state)
{
	static const char *const unknown[] = {"uid", "no_such"}, *const other[] = {"aor"},
				 *const twice[] = {"uid", "uid"};
	static const char *const fine[] = {"uid", "flow"};
	static const struct {
		struct sinks_billing_options options;
		int result;
		const char *says;
	} table[] = {
		{{.dir = "x"}, 0, ""},
		{{.dir = "x", .columns = fine, .n_columns = 2}, 0, ""},
		{{.dir = "x", .kinds = STREAMS}, 0, ""},
		{{.dir = "x", .kinds = CALLS | STREAMS, .format = CONFIG_BILLING_JSONL}, 0, ""},
		{{.dir = "x", .kinds = CALLS | STREAMS}, -BASE_ERR_INVALID, "billing.kinds"},
		{{.dir = "x", .kinds = 1}, -BASE_ERR_INVALID, "billing.kinds"},
		{{.dir = "x", .kinds = 1u << RECORD_FLOW}, -BASE_ERR_INVALID, "billing.kinds"},
		{{.dir = "x", .columns = unknown, .n_columns = 2}, -BASE_ERR_INVALID, "no_such"},
		{{.dir = "x", .columns = other, .n_columns = 1}, -BASE_ERR_INVALID, "aor"},
		{{.dir = "x", .columns = twice, .n_columns = 2}, -BASE_ERR_INVALID, "twice"},
	};

	for (size_t i = 0; i < base_count_of(table); i++) {
		struct sinks_billing b = {.n_fields = 0};
		struct sys_error e = {""};
		assert_int_equal(sinks_options_take(&b, &table[i].options, &e), table[i].result);
		assert_non_null(strstr(e.text, table[i].says));
		free(b.dir);
	}
}

static void
test_default_columns(void **state)
{
	struct sinks_billing b = {.n_fields = 0};
	struct sinks_billing_options options = {.dir = "x"};

	assert_int_equal(sinks_options_take(&b, &options, NULL), 0);
	for (uint32_t i = 0; i < b.n_fields; i++) {
		assert_true(record_field_in(b.fields[i], RECORD_CALL));
		assert_int_not_equal(b.fields[i], RECORD_F_FLOW);
	}
	assert_true(b.n_fields > 60);
	free(b.dir);
}

static void
test_one_writer(void **state)
{
	struct fixture *f = *state;
	struct sinks_billing *other;

	assert_int_equal(
		sinks_billing_open(&other, f->store, &f->options, &f->e), -BASE_ERR_EXISTS);
	assert_null(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_default_columns),
		FIXTURE_TEST(test_one_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
