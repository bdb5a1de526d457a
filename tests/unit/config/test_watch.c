#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

static struct config_watch
watch_of(const char *text, size_t len)
{
	return (struct config_watch){.name = (char *)"w",
		.header = (char *)"",
		.file = (char *)testing_file("list.txt", text, len)};
}

static void
entries_are_lines_without_comments(void **state)
{
	static const char text[] =
		"# head\n+49 30 123\n\n  0044  \t\r\n*21#\nsip.example.com # partner\n#x\nlast";
	static const char *const want[] = {"+49 30 123", "0044", "*21#", "sip.example.com", "last"};
	struct config_watch watch = watch_of(text, sizeof(text) - 1);
	struct sys_error e;
	char **entries;
	uint32_t n;

	assert_int_equal(config_watch_entries(&watch, &entries, &n, &e), 0);
	assert_int_equal(n, base_count_of(want));
	for (uint32_t i = 0; i < n; i++)
		assert_string_equal(entries[i], want[i]);
	config_watch_entries_free(entries, n);
}

static void
an_empty_list_is_a_list(void **state)
{
	struct config_watch watch = watch_of("", 0);
	struct sys_error e;
	char **entries;
	uint32_t n = 9;

	assert_int_equal(config_watch_entries(&watch, &entries, &n, &e), 0);
	assert_int_equal(n, 0);
	config_watch_entries_free(entries, n);
}

static void
many_entries_are_read(void **state)
{
	size_t cap = 1 << 20;
	char *text = malloc(cap), want[16];
	struct base_text t = base_text_of(text, cap);
	struct sys_error e;
	char **entries;
	uint32_t n;

	for (int i = 0; i < 50000; i++) {
		base_text_i64(&t, 490000000 + i);
		base_text_char(&t, '\n');
	}
	struct config_watch watch = watch_of(text, t.len);
	assert_int_equal(config_watch_entries(&watch, &entries, &n, &e), 0);
	assert_int_equal(n, 50000);
	snprintf(want, sizeof(want), "%d", 490000000 + 49999);
	assert_string_equal(entries[49999], want);
	config_watch_entries_free(entries, n);
	free(text);
}

static void
refused(const char *text, size_t len, const char *want)
{
	struct config_watch watch = watch_of(text, len);
	struct sys_error e;
	char **entries;
	uint32_t n;

	assert_int_equal(config_watch_entries(&watch, &entries, &n, &e), -BASE_ERR_FORMAT);
	assert_non_null(strstr(e.text, want));
}

static void
entries_that_cannot_be_are_refused_with_their_line(void **state)
{
	char line[2000];

	refused("a\nb\x01c\n", 6, "list.txt:2: the entry has control characters");
	memset(line, 'x', sizeof(line));
	line[300] = '\n';
	refused(line, 301, "list.txt:1: the entry is longer than 255 bytes");
	line[300] = 'x';
	refused(line, sizeof(line), "list.txt:1: the line is too long");
}

static void
a_missing_file_is_named(void **state)
{
	struct config_watch watch = {.name = (char *)"vip", .file = (char *)"/nonexistent/list"};
	struct sys_error e;
	char **entries;
	uint32_t n;

	assert_int_equal(config_watch_entries(&watch, &entries, &n, &e), -BASE_ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "/nonexistent/list"));
	assert_non_null(strstr(e.text, "vip"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_lines_without_comments),
		cmocka_unit_test(an_empty_list_is_a_list),
		cmocka_unit_test(many_entries_are_read),
		cmocka_unit_test(entries_that_cannot_be_are_refused_with_their_line),
		cmocka_unit_test(a_missing_file_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, testing_teardown);
}
