#include "sys.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
fail_writes_the_sentence_and_returns_the_code(void **state)
{
	struct sys_error e;

	assert_int_equal(sys_fail(&e, -BASE_ERR_IO, "%s:%d: %s", "a.yaml", 12, "no"), -BASE_ERR_IO);
	assert_string_equal(e.text, "a.yaml:12: no");
}

static void
fail_takes_no_error(void **state)
{
	assert_int_equal(sys_fail(NULL, -BASE_ERR_FULL, "%d", 1), -BASE_ERR_FULL);
}

static void
fail_cuts_a_long_sentence(void **state)
{
	struct sys_error e;
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	sys_fail(&e, -BASE_ERR_IO, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

static void
errno_maps_to_the_one_list(void **state)
{
	static const struct {
		int error_number, result;
	} rows[] = {{0, 0}, {ENOENT, -BASE_ERR_NOT_FOUND}, {ENOMEM, -BASE_ERR_NO_MEMORY},
		{EACCES, -BASE_ERR_PERMISSION}, {EPERM, -BASE_ERR_PERMISSION},
		{EEXIST, -BASE_ERR_EXISTS}, {ENOSPC, -BASE_ERR_FULL}, {EDQUOT, -BASE_ERR_FULL},
		{EINVAL, -BASE_ERR_INVALID}, {EINTR, -BASE_ERR_INTERRUPTED},
		{ENOSYS, -BASE_ERR_UNSUPPORTED}, {EIO, -BASE_ERR_IO}, {99999, -BASE_ERR_IO}};

	for (size_t i = 0; i < base_count_of(rows); i++)
		assert_int_equal(sys_error_of_errno(rows[i].error_number), rows[i].result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_writes_the_sentence_and_returns_the_code),
		cmocka_unit_test(fail_takes_no_error),
		cmocka_unit_test(fail_cuts_a_long_sentence),
		cmocka_unit_test(errno_maps_to_the_one_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
