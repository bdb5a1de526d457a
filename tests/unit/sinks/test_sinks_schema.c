/* Laws: a column of the schema for each of the file, in order; another schema has another name. */
#include "sinks_fixture.h"

static void
test_names(void **state)
{
	static const char *const columns[] = {"uid", "pdd_ms", "streams", "invite_time"};
	static const char *const mask = "uid=keep_last:4";
	struct fixture *f = *state;
	char first[64];

	snprintf(first, sizeof(first), "%s", f->b->schema);
	fixture_restart(f);
	assert_string_equal(f->b->schema, first);
	f->options.columns = columns;
	f->options.n_columns = 4;
	f->options.masks = &mask;
	f->options.n_masks = 1;
	fixture_restart(f);
	assert_string_not_equal(f->b->schema, first);
	char *text = fixture_read(f, f->b->schema, NULL);
	assert_non_null(text);
	assert_memory_equal(text, "{\"schema\":1,\"record_version\":", 29);
	assert_non_null(strstr(text, "\"format\":\"csv\",\"kinds\":[\"call\"],\"columns\":["));
	const char *at = text;
	static const char *const order[] = {"\"name\":\"billing_seq\"",
		"\"name\":\"uid\",\"type\":\"string\",\"mask\":\"keep_last\",\"mask_keep\":4",
		"\"name\":\"pdd_ms\",\"type\":\"number\",\"unit\":\"ms\"",
		"\"name\":\"streams\",\"type\":\"array\",\"items\":\"stream\"",
		"\"name\":\"invite_time\",\"type\":\"string\",\"format\":\"date-time\"",
		"\"items\":{\"stream\":[", "\"name\":\"ssrc\",\"type\":\"string\",\"format\":\"hex32\""};
	for (size_t i = 0; i < base_count_of(order); i++) {
		at = strstr(at, order[i]);
		if (at == NULL)
			fail_msg("no %s", order[i]);
	}
	free(text);
}

static void
test_in_manifest(void **state)
{
	struct fixture *f = *state;
	char name[100];

	fixture_calls(f, 1);
	fixture_step(f, true);
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);
	assert_string_equal(
		fixture_value(manifest, "schema", name, sizeof(name)), f->b->schema);
	free(manifest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_names),
		FIXTURE_TEST(test_in_manifest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
