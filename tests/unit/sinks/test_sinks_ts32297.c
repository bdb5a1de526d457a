/* Laws: the header counts what is in the file and declares what is not; the file is the same when it
 * is made anew. */
#include "sinks_fixture.h"

static uint32_t
be(const char *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | (uint8_t)*p++;
	return v;
}

static void
test_header(void **state)
{
	struct fixture *f = *state;
	char name[300];
	size_t len = 0;

	f->options.format = CONFIG_BILLING_TS32298;
	f->options.columns = NULL;
	f->options.n_columns = 0;
	f->options.node_address = "2001:db8::1";
	fixture_restart(f);
	fixture_calls(f, 3);
	f->seq += 4; /* never came */
	fixture_calls(f, 97);
	fixture_step(f, true);
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);
	assert_non_null(manifest);
	char *p = fixture_read(f, fixture_value(manifest, "file", name, sizeof(name)), &len);
	assert_non_null(p);
	fixture_check_sha256(p, len, manifest);
	assert_int_equal(fixture_number(manifest, "bytes"), len);
	assert_int_equal(fixture_number(manifest, "lost"), 4);
	assert_string_equal(name + strlen(name) - 5, "Z.cdr");
	assert_int_equal(be(p, 4), len);
	assert_int_equal(be(p + 4, 4), 54);
	/* 2023-11-14 22:13, two days */
	assert_int_equal(be(p + 10, 4), 11u << 28 | 14 << 23 | 22 << 18 | 13 << 12 | 1 << 11);
	assert_int_equal(be(p + 14, 4), 11u << 28 | 15 << 23 | 22 << 18 | 13 << 12 | 1 << 11);
	assert_int_equal(be(p + 18, 4), 100);
	assert_int_equal(be(p + 22, 4), 1);
	assert_int_equal(be(p + 26, 1), 3); /* by count */
	assert_int_equal(be(p + 27, 4), UINT32_MAX);
	assert_int_equal(be(p + 31, 4), 0x20010db8);
	assert_int_equal(be(p + 47, 1), 128 + 4);
	uint32_t at = 54, n = 0;
	for (; at + 5 <= len; n++) {
		assert_int_equal(be(p + at + 2, 3), 0xe02902);
		at += 5 + be(p + at, 2);
	}
	assert_int_equal(at, len);
	assert_int_equal(n, 100);
	free(p);
	free(manifest);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	struct sinks_billing *b;

	sinks_billing_close(f->b);
	f->b = NULL;
	f->options.format = CONFIG_BILLING_TS32298;
	assert_int_equal(sinks_billing_open(&b, f->store, &f->options, &f->e), -BASE_ERR_INVALID);
	f->options.n_columns = 0;
	f->options.columns = NULL;
	f->options.compression = CONFIG_COMPRESSION_GZIP;
	assert_int_equal(sinks_billing_open(&b, f->store, &f->options, &f->e), -BASE_ERR_INVALID);
	assert_non_null(strstr(f->e.text, "ts32298 takes calls alone"));
	f->options.compression = CONFIG_COMPRESSION_NONE;
	f->options.node_address = "1.2.3";
	assert_int_equal(sinks_billing_open(&b, f->store, &f->options, &f->e), -BASE_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_header),
		FIXTURE_TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
