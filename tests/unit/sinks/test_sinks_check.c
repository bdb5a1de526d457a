/* Laws: what the sink delivered has nothing wrong; a byte changed, a file or a line taken away is
 * found; what was handed over may be gone. */
#include "sinks_fixture.h"

#include <unistd.h>

struct told {
	char text[4096];
	size_t len;
};

static void
take(void *context, const char *what, bool bad, const char *text)
{
	struct told *t = context;

	if (bad)
		t->len += (size_t)snprintf(
			t->text + t->len, sizeof(t->text) - t->len, "%s: %s\n", what, text);
}

static int
check(struct fixture *f, struct told *t)
{
	*t = (struct told){.len = 0};
	return sinks_billing_check(f->options.dir, take, t, &f->e);
}

/* The manifest with a line left out, or a text replaced by one of its length. */
static void
manifest_change(struct fixture *f, int without, const char *from, const char *to)
{
	size_t len = 0;
	char path[300], *text = fixture_read(f, "manifest.jsonl", &len), *p = text;

	snprintf(path, sizeof(path), "%s/manifest.jsonl", f->options.dir);
	if (from)
		memcpy(strstr(text, from), to, strlen(to));
	FILE *file = fopen(path, "w");
	for (int line = 1; p < text + len; line++) {
		char *end = memchr(p, '\n', (size_t)(text + len - p));
		if (line != without)
			fwrite(p, 1, (size_t)(end - p) + 1, file);
		p = end + 1;
	}
	fclose(file);
	free(text);
}

static void
test_check(void **state)
{
	struct fixture *f = *state;
	char path[400], name[256] = "";
	struct told t;
	size_t len = 0;

	assert_int_equal(check(f, &t), 0);
	for (int i = 0; i < 3; i++) {
		fixture_calls(f, 5);
		assert_int_equal(sinks_billing_step(f->b, sys_clock_wall_ns(), true, &f->e), 0);
	}
	assert_int_equal(check(f, &t), 0);
	assert_string_equal(t.text, "");
	manifest_change(f, 0, "\"sha256\":\"", "\"sha256\":\"zz");
	assert_int_equal(check(f, &t), 1);
	assert_non_null(strstr(t.text, "is not what the manifest says"));
	manifest_change(f, 2, NULL, NULL);
	assert_int_equal(check(f, &t), 2);
	assert_non_null(strstr(t.text, "manifest.jsonl:2: does not go on"));
	/* The last file is gone: wrong, until it was handed over. */
	char *text = fixture_read(f, "manifest.jsonl", &len);
	text[len - 1] = 0;
	assert_int_equal(sscanf(strrchr(text, '\n'), "\n{\"file\":\"%255[^\"]", name), 1);
	free(text);
	snprintf(path, sizeof(path), "%s/%s", f->options.dir, name);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(check(f, &t), 3);
	assert_non_null(strstr(t.text, "was not handed over, and cannot be read"));
	snprintf(path, sizeof(path), "%s/handed_over", f->options.dir);
	FILE *file = fopen(path, "w");
	fputs("3\n", file);
	fclose(file);
	assert_int_equal(check(f, &t), 2);
	manifest_change(f, 0, "\"to_position\":", "\"to_pOsition\":");
	assert_int_equal(check(f, &t), 1);
	assert_non_null(strstr(t.text, "is no line of ringtap's"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_check),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
