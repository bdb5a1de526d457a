#include "sys.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char dir[64], path[128];

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/ringtap-sys-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/segment", dir);
	return 0;
}

static int
teardown(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static void
two_mappings_share_bytes(void **state)
{
	struct sys_mapping a, b, c;
	struct sys_error e;
	struct stat st;

	assert_int_equal(sys_mapping_create(&a, path, 8192, (gid_t)-1, &e), 0);
	assert_true(a.created);
	assert_int_equal(a.bytes, 8192);
	assert_int_equal(fstat(a.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_size, 8192);
	assert_int_equal(sys_mapping_open(&b, path, true, &e), 0);
	assert_false(b.created);
	((uint8_t *)a.p)[8191] = 7;
	assert_int_equal(((uint8_t *)b.p)[8191], 7);
	((uint8_t *)b.p)[0] = 9;
	assert_int_equal(sys_mapping_create(&c, path, 8192, (gid_t)-1, &e), 0);
	assert_false(c.created);
	assert_int_equal(((uint8_t *)c.p)[0], 9);
	sys_mapping_close(&a);
	sys_mapping_close(&b);
	sys_mapping_close(&c);
	assert_null(a.p);
	sys_mapping_close(&a);
}

static void
another_size_is_another_version(void **state)
{
	struct sys_mapping m;
	struct sys_error e;

	assert_int_equal(sys_mapping_create(&m, path, 4096, (gid_t)-1, &e), -BASE_ERR_VERSION);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, "8192"));
	assert_null(m.p);
}

static void
a_file_whose_maker_died_before_its_size_is_made_anew(void **state)
{
	struct sys_mapping m;
	struct sys_error e;

	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(sys_mapping_open(&m, path, true, &e), -BASE_ERR_FORMAT);
	assert_int_equal(sys_mapping_create(&m, path, 4096, (gid_t)-1, &e), 0);
	assert_true(m.created);
	sys_mapping_close(&m);
}

static void
a_lock_excludes_other_openings_by_the_byte(void **state)
{
	struct sys_mapping a, b, reader;
	struct sys_error e;

	assert_int_equal(sys_mapping_open(&a, path, true, &e), 0);
	assert_int_equal(sys_mapping_open(&b, path, true, &e), 0);
	assert_int_equal(sys_mapping_open(&reader, path, false, &e), 0);
	assert_int_equal(sys_mapping_lock(&a, 0), 0);
	assert_int_equal(sys_mapping_lock(&a, 0), 0);
	assert_int_equal(sys_mapping_lock(&b, 0), -BASE_ERR_EXISTS);
	assert_int_equal(sys_mapping_lock(&b, 1), 0);
	assert_int_equal(sys_mapping_lock(&a, 1), -BASE_ERR_EXISTS);
	assert_true(sys_mapping_lock(&reader, 2) < 0);
	sys_mapping_close(&a);
	assert_int_equal(sys_mapping_lock(&b, 0), 0);
	sys_mapping_close(&b);
	sys_mapping_close(&reader);
}

static void
what_cannot_be_mapped_says_why(void **state)
{
	struct sys_mapping m;
	struct sys_error e;
	char missing[160];

	snprintf(missing, sizeof(missing), "%s/none/segment", dir);
	assert_int_equal(sys_mapping_open(&m, missing, true, &e), -BASE_ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, missing));
	assert_int_equal(sys_mapping_create(&m, missing, 4096, (gid_t)-1, &e), -BASE_ERR_NOT_FOUND);
	assert_int_equal(sys_mapping_create(&m, path, 0, (gid_t)-1, &e), -BASE_ERR_INVALID);
	assert_true(sys_mapping_create(&m, dir, 4096, (gid_t)-1, &e) < 0);
	assert_true(sys_mapping_open(&m, dir, false, &e) < 0);
	assert_true(sys_mapping_open(&m, "/dev/null", true, &e) < 0);
	assert_int_equal(m.fd, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_mappings_share_bytes),
		cmocka_unit_test(another_size_is_another_version),
		cmocka_unit_test(a_file_whose_maker_died_before_its_size_is_made_anew),
		cmocka_unit_test(a_lock_excludes_other_openings_by_the_byte),
		cmocka_unit_test(what_cannot_be_mapped_says_why),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
