/* Laws: a torn line is cut off; a line that is not ours is not guessed at; a name in a line cannot
 * pretend to be a number. */
#include "sinks_fixture.h"

#define LINE(n)                                                                                    \
	"{\"file\":\"x\",\"file_sequence\":" #n ",\"last_billing_seq\":1" #n                       \
	",\"to_position\":2" #n "}\n"

static void
test_read(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t file_sequence;
		size_t left;
	} table[] = {
		{"", 0, 0, 0},
		{LINE(1), 0, 1, sizeof(LINE(1)) - 1},
		{LINE(1) LINE(2), 0, 2, 2 * (sizeof(LINE(1)) - 1)},
		{LINE(1) "{\"file\":\"x\",\"file_seq", 0, 1, sizeof(LINE(1)) - 1},
		{"{\"file\":\"x\",\"file_seq", 0, 0, 0},
		{"{\"file\":\"x\"}\n", -BASE_ERR_FORMAT, 0, 13},
		{"\n", -BASE_ERR_FORMAT, 0, 1},
		{"{\"file\":\"\\\"file_sequence\\\":9\",\"file_sequence\":3,\"last_billing_seq\":1,"
		 "\"to_position\":2}\n",
			0, 3, 86},
		{"{\"file_sequence\":-1,\"last_billing_seq\":1,\"to_position\":2}\n",
			-BASE_ERR_FORMAT, 0, 58},
		{"{\"file_sequence\":99999999999999999999,\"last_billing_seq\":1,\"to_position\":2}"
		 "\n",
			-BASE_ERR_FORMAT, 0, 76},
	};
	struct fixture *f = *state;
	char path[300];

	snprintf(path, sizeof(path), "%s/manifest.jsonl", f->dir);
	for (size_t i = 0; i < base_count_of(table); i++) {
		struct sinks_delivered delivered = {0};
		size_t left;
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(table[i].text, file);
		fclose(file);
		assert_int_equal(sinks_manifest_read(f->dir, &delivered, &f->e), table[i].result);
		free(fixture_read(f, "manifest.jsonl", &left));
		assert_int_equal(left, table[i].left);
		if (table[i].result == 0)
			assert_int_equal(delivered.file_sequence, table[i].file_sequence);
	}
}

/* A manifest longer than what is read of its end. */
static void
test_long(void **state)
{
	struct fixture *f = *state;
	struct sinks_delivered delivered = {0};
	char path[300];

	snprintf(path, sizeof(path), "%s/manifest.jsonl", f->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 1; i <= 30000; i++)
		fprintf(file,
			"{\"file\":\"x\",\"file_sequence\":%d,\"last_billing_seq\":%d,\"to_"
			"position\":%d}\n",
			i, i * 2, i * 3);
	fputs("{\"file\":", file);
	fclose(file);
	assert_int_equal(sinks_manifest_read(f->dir, &delivered, &f->e), 0);
	assert_int_equal(delivered.file_sequence, 30000);
	assert_int_equal(delivered.billing_seq, 60000);
	assert_int_equal(delivered.position, 90000);
}

static void
test_refused_at_open(void **state)
{
	struct fixture *f = *state;
	char path[300];

	sinks_billing_close(f->b);
	f->b = NULL;
	snprintf(path, sizeof(path), "%s/manifest.jsonl", f->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("something else\n", file);
	fclose(file);
	assert_int_equal(sinks_billing_open(&f->b, f->store, &f->options, &f->e), -BASE_ERR_FORMAT);
	assert_non_null(strstr(f->e.text, "manifest.jsonl"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_read),
		FIXTURE_TEST(test_long),
		FIXTURE_TEST(test_refused_at_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
