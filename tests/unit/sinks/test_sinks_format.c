/* Law: each format has a name and an extension, and csv alone wants one kind. */
#include "sinks_fixture.h"

static void
test_table(void **state)
{
	assert_string_equal(sinks_formats[CONFIG_BILLING_CSV].extension, "csv");
	assert_true(sinks_formats[CONFIG_BILLING_CSV].one_kind);
	assert_string_equal(sinks_formats[CONFIG_BILLING_JSONL].name, "jsonl");
	assert_false(sinks_formats[CONFIG_BILLING_JSONL].one_kind);
}

static void
test_rows(void **state)
{
	static char bytes[4096];
	struct sinks_billing b = {.kinds = 1u << RECORD_CALL,
		.fields = {RECORD_F_FROM_NAME, RECORD_F_SIP_CODE, RECORD_F_TO_USER},
		.n_fields = 3};
	struct record_row row = {.kind = RECORD_CALL};

	row.values[RECORD_F_FROM_NAME] =
		(struct record_value){.text = BASE_SPAN("a\"b,\r\nc"), .present = true};
	row.values[RECORD_F_SIP_CODE] = (struct record_value){.u64 = 486, .present = true};
	b.text = base_text_of(bytes, sizeof(bytes));
	sinks_formats[CONFIG_BILLING_CSV].begin(&b);
	sinks_formats[CONFIG_BILLING_CSV].row(&b, 7, &row);
	assert_string_equal(base_text_cstr(&b.text),
		"billing_seq,from_name,sip_code,to_user\r\n7,\"a\"\"b,\r\nc\",486,\r\n");
	b.text.len = 0;
	sinks_formats[CONFIG_BILLING_JSONL].begin(&b);
	sinks_formats[CONFIG_BILLING_JSONL].row(&b, 7, &row);
	assert_string_equal(base_text_cstr(&b.text),
		"{\"billing_seq\":7,\"kind\":\"call\",\"from_name\":\"a\\\"b,\\r\\nc\","
		"\"sip_code\":486}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
