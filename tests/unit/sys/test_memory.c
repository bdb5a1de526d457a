#include "sys.h"

#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
memory_is_zeroed_aligned_and_writable(void **state)
{
	static const size_t sizes[] = {
		0, 1, 4096, 4097, (2u << 20) - 1, 2u << 20, (2u << 20) + 1, 9u << 20};

	for (size_t i = 0; i < base_count_of(sizes); i++) {
		uint8_t *p = sys_memory_new(sizes[i]);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % (size_t)sysconf(_SC_PAGESIZE), 0);
		if (sizes[i] >= 2u << 20)
			assert_int_equal((uintptr_t)p % (2u << 20), 0);
		for (size_t at = 0; at < sizes[i]; at += 509)
			assert_int_equal(p[at], 0);
		memset(p, 0xa5, sizes[i]);
		sys_memory_free(p, sizes[i]);
	}
}

static void
memory_that_cannot_be_is_null(void **state)
{
	assert_null(sys_memory_new(SIZE_MAX));
	assert_null(sys_memory_new((size_t)1 << 60));
	sys_memory_free(NULL, 100);
}

static void
random_bytes_differ(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0}, zero[32] = {0};

	sys_random(a, sizeof(a));
	sys_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, zero, sizeof(a));
	sys_random(a, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_writable),
		cmocka_unit_test(memory_that_cannot_be_is_null),
		cmocka_unit_test(random_bytes_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
