#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char dir[64];

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/ringtap-sys-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static const char *
in(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int
teardown(void **state)
{
	rmdir(in("a/b/c"));
	rmdir(in("a/b"));
	rmdir(in("a"));
	unlink(in("file"));
	return rmdir(dir);
}

static void
holds(const char *path, const char *want)
{
	char text[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	assert_string_equal(text, want);
}

static void
a_directory_is_made_with_its_parents_once_and_again(void **state)
{
	struct sys_error e;
	struct stat st;

	assert_int_equal(sys_directory_make(in("a//b/c"), 0750, &e), 0);
	assert_int_equal(sys_directory_make(in("a/b/c/"), 0750, &e), 0);
	assert_int_equal(stat(in("a/b/c"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(sys_directory_sync(in("a/b"), &e), 0);
}

static void
what_is_no_directory_is_refused(void **state)
{
	struct sys_error e;

	assert_int_equal(sys_directory_make("/dev/null", 0750, &e), -BASE_ERR_EXISTS);
	assert_true(sys_directory_make("/dev/null/x", 0750, &e) < 0);
	assert_non_null(strstr(e.text, "/dev/null"));
	assert_int_equal(sys_directory_make("", 0750, &e), -BASE_ERR_INVALID);
	assert_int_equal(sys_directory_sync(in("none"), &e), -BASE_ERR_NOT_FOUND);
}

static void
a_file_is_replaced_whole(void **state)
{
	struct sys_error e;
	struct stat st;

	assert_int_equal(sys_file_replace(in("file"), "one", 3, 0640, &e), 0);
	holds(in("file"), "one");
	assert_int_equal(stat(in("file"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(sys_file_replace(in("file"), "", 0, 0600, &e), 0);
	holds(in("file"), "");
	assert_int_equal(stat(in("file"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
a_file_left_by_a_dead_process_is_no_hindrance(void **state)
{
	struct sys_error e;
	FILE *f = fopen(in("file.tmp"), "w");

	assert_non_null(f);
	fputs("half", f);
	fclose(f);
	assert_int_equal(sys_file_replace(in("file"), "two", 3, 0640, &e), 0);
	holds(in("file"), "two");
	assert_int_equal(access(in("file.tmp"), F_OK), -1);
}

static void
a_failed_replacement_leaves_the_old_file_and_no_other(void **state)
{
	struct sys_error e;

	assert_int_equal(sys_file_replace(in("none/file"), "x", 1, 0640, &e), -BASE_ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "none/file"));
	assert_true(sys_file_replace(in("a"), "x", 1, 0640, &e) < 0); /* a directory */
	assert_int_equal(access(in("a.tmp"), F_OK), -1);
	holds(in("file"), "two");
}

static void
a_name_without_a_directory_is_in_this_one(void **state)
{
	struct sys_error e;
	char *before = getcwd(NULL, 0);

	assert_int_equal(chdir(dir), 0);
	assert_int_equal(sys_file_replace("file", "three", 5, 0640, &e), 0);
	assert_int_equal(chdir(before), 0);
	free(before);
	holds(in("file"), "three");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_made_with_its_parents_once_and_again),
		cmocka_unit_test(what_is_no_directory_is_refused),
		cmocka_unit_test(a_file_is_replaced_whole),
		cmocka_unit_test(a_file_left_by_a_dead_process_is_no_hindrance),
		cmocka_unit_test(a_failed_replacement_leaves_the_old_file_and_no_other),
		cmocka_unit_test(a_name_without_a_directory_is_in_this_one),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
