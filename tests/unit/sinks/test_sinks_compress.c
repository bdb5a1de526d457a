/* Laws: what is compressed is the content, whatever the portions; twice the same bytes; the manifest
 * tells both. */
#include "sinks_fixture.h"

struct sink_bytes {
	uint8_t p[1 << 20];
	size_t n;
	int fail;
};

static int
take(void *context, const void *p, size_t n)
{
	struct sink_bytes *out = context;

	assert_true(n <= sizeof(out->p) - out->n);
	memcpy(out->p + out->n, p, n);
	out->n += n;
	return out->fail;
}

/* What the system's own tool makes of it. */
static size_t
expand(const char *tool, const struct sink_bytes *packed, char *out, size_t out_bytes)
{
	char path[] = "/tmp/ringtap-compress-XXXXXX", command[200];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, packed->p, packed->n), packed->n);
	close(fd);
	snprintf(command, sizeof(command), "%s -dc < %s", tool, path);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	size_t n = fread(out, 1, out_bytes, f);
	assert_int_equal(pclose(f), 0);
	unlink(path);
	return n;
}

static void
check_method(enum config_compression which, const char *tool, const char *extension)
{
	static struct sink_bytes first, second;
	static char text[700000], back[700001];
	struct sinks_compress *c;
	struct sys_error e = {""};
	uint32_t x = 1;

	int error = sinks_compress_new(&c, which, &e);
	if (error == -BASE_ERR_UNSUPPORTED) {
		assert_non_null(strstr(e.text, "built without"));
		return;
	}
	assert_int_equal(error, 0);
	assert_string_equal(sinks_compress_extension(c), extension);
	for (size_t i = 0; i < sizeof(text); i++)
		x = x * 1664525 + 1013904223, text[i] = (char)(x >> 24 & (i < 300000 ? 15 : 255));
	for (int round = 0; round < 2; round++) {
		struct sink_bytes *out = round ? &second : &first;
		*out = (struct sink_bytes){.n = 0};
		sinks_compress_begin(c);
		for (size_t at = 0; at < sizeof(text); at += 100000) {
			struct base_text t = {text + at, 100000, 100000, false};
			bool end = at + 100000 == sizeof(text);
			assert_int_equal(sinks_compress_put(c, &t, end, take, out), 0);
		}
		if (round == 0) { /* given up in the middle: the next file knows nothing of it */
			struct base_text t = {text, 1000, 1000, false};
			static struct sink_bytes lost;
			sinks_compress_begin(c);
			assert_int_equal(sinks_compress_put(c, &t, false, take, &lost), 0);
		}
	}
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.p, second.p, first.n);
	assert_int_equal(expand(tool, &first, back, sizeof(back)), sizeof(text));
	assert_memory_equal(back, text, sizeof(text));
	/* No room where it goes: told. */
	second = (struct sink_bytes){.fail = 28};
	struct base_text t = {text, sizeof(text), sizeof(text), false};
	sinks_compress_begin(c);
	assert_int_equal(sinks_compress_put(c, &t, true, take, &second), 28);
	sinks_compress_free(c);
}

static void
test_methods(void **state)
{
	struct sinks_compress *c;

	assert_int_equal(sinks_compress_new(&c, CONFIG_COMPRESSION_NONE, NULL), 0);
	assert_null(c);
	assert_string_equal(sinks_compress_extension(c), "");
	assert_string_equal(sinks_compress_name(c), "none");
	sinks_compress_free(c);
	check_method(CONFIG_COMPRESSION_GZIP, "gzip", ".gz");
	if (system("zstd --version >/dev/null 2>&1") == 0)
		check_method(CONFIG_COMPRESSION_ZSTD, "zstd", ".zst");
}

static void
test_file(void **state)
{
	struct fixture *f = *state;
	char name[300], text[100];
	size_t len = 0;

	f->options.compression = CONFIG_COMPRESSION_GZIP;
	struct sinks_compress *built;
	if (sinks_compress_new(&built, CONFIG_COMPRESSION_GZIP, &f->e))
		skip();
	sinks_compress_free(built);
	fixture_restart(f);
	fixture_calls(f, 100);
	fixture_step(f, false);
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);
	fixture_value(manifest, "file", name, sizeof(name));
	assert_string_equal(name + strlen(name) - 7, ".csv.gz");
	char *data = fixture_read(f, name, &len);
	assert_int_equal(fixture_number(manifest, "bytes"), len);
	fixture_check_sha256(data, len, manifest);
	assert_string_equal(
		fixture_value(manifest, "compression", text, sizeof(text)), "gzip");
	struct sink_bytes *packed = calloc(1, sizeof(*packed));
	memcpy(packed->p, data, packed->n = len);
	char *back = calloc(1, 1 << 20);
	size_t n = expand("gzip", packed, back, 1 << 20);
	assert_int_equal(fixture_number(manifest, "content_bytes"), n);
	char *content = strstr(manifest, "\"content_sha256\":");
	assert_non_null(content);
	memcpy(content, "        \"sha256\":", 17); /* as if it were the file's */
	fixture_check_sha256(back, n, content);
	free(back);
	free(packed);
	free(data);
	free(manifest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		FIXTURE_TEST(test_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
