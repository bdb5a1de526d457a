/* Laws: names sort and are safe; a jsonl row is the record with billing_seq first. */
#include "sinks_fixture.h"

/* The name of the first file that was delivered. */
static const char *
first_name(struct fixture *f, char name[300])
{
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);

	assert_non_null(manifest);
	fixture_value(manifest, "file", name, 300);
	free(manifest);
	return name;
}

static void
test_name(void **state)
{
	struct fixture *f = *state;
	char name[300];

	fixture_calls(f, 2);
	fixture_step(f, true);
	assert_string_equal(first_name(f, name), "ringtap-p_1-0000000001-20231114T221320Z.csv");
}

static void
test_name_of_probes(void **state)
{
	static const struct {
		const char *probes[2];
		const char *name;
	} table[] = {
		{{"edge1", "edge1"}, "ringtap-edge1-"},
		{{"edge1", "edge2"}, "ringtap-all-"},
		{{"../x y", "../x y"}, "ringtap-_._x_y-"},
		{{"", ""}, "ringtap-all-"},
	};

	for (size_t i = 0; i < base_count_of(table); i++) {
		struct fixture *f = *state;
		char name[300];
		uint8_t record[64];
		assert_int_equal(store_begin(f->store, &f->e), 0);
		for (uint64_t j = 0; j < 2; j++) {
			struct record_writer w =
				record_writer_begin(record, sizeof(record), RECORD_CALL);
			record_put_u64(&w, RECORD_F_MESSAGES, 1);
			record_set_seq(record, j + 1);
			assert_int_equal(store_put(f->store, base_span_cstr(table[i].probes[j]), 0,
						 record, w.len, &f->e),
				0);
		}
		assert_int_equal(store_commit(f->store, &f->e), 0);
		fixture_step(f, true);
		if (strncmp(first_name(f, name), table[i].name, strlen(table[i].name)) != 0)
			fail_msg("%s", name);
		fixture_teardown(state);
		assert_int_equal(fixture_setup(state), 0);
	}
}

static void
test_jsonl(void **state)
{
	struct fixture *f = *state;
	char name[300];

	f->options.format = CONFIG_BILLING_JSONL;
	f->options.kinds = 1u << RECORD_CALL | 1u << RECORD_TRANSACTION;
	f->options.columns = NULL;
	fixture_restart(f);
	fixture_calls(f, 1);
	assert_int_equal(store_begin(f->store, &f->e), 0);
	fixture_put(f, RECORD_TRANSACTION, 2, T0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	fixture_step(f, true);
	char *data = fixture_read(f, first_name(f, name), NULL);
	assert_non_null(strstr(name, ".jsonl"));
	assert_string_equal(data,
		"{\"billing_seq\":1,\"kind\":\"call\",\"uid\":\"u1\",\"seq\":1,\"probe\":\"p-1\","
		"\"core\":2,"
		"\"invite_time\":\"2023-11-14T22:13:20.000000Z\",\"capture_loss\":1}\n"
		"{\"billing_seq\":2,\"kind\":\"transaction\",\"uid\":\"u2\",\"seq\":2,\"probe\":"
		"\"p-1\",\"core\":2,"
		"\"request_time\":\"2023-11-14T22:13:20.000000Z\",\"capture_loss\":2}\n");
	free(data);
}

static void
test_rings(void **state)
{
	struct sinks_file file = {.fd = -1};
	struct sinks_ring *first = sinks_file_ring(&file, BASE_SPAN("a"), 0);

	assert_ptr_equal(first, sinks_file_ring(&file, BASE_SPAN("a"), 0));
	for (uint32_t core = 0; core < 200; core++)
		sinks_file_ring(&file, BASE_SPAN("a"), core)->records = core;
	assert_int_equal(file.n_rings, 200);
	assert_int_equal(sinks_file_ring(&file, BASE_SPAN("a"), 77)->records, 77);
	assert_int_equal(sinks_file_ring(&file, BASE_SPAN("b"), 77)->records, 0);
	sinks_file_reset(&file);
	assert_int_equal(file.n_rings, 0);
	free(file.rings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_name),
		FIXTURE_TEST(test_name_of_probes),
		FIXTURE_TEST(test_jsonl),
		cmocka_unit_test(test_rings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
