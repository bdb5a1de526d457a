#include "sys.h"

#include <sys/mman.h>
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

/* Pages of p that have their place. */
static size_t
pages_there(void *p, size_t bytes)
{
	static unsigned char there[4096];
	size_t n = 0, pages = bytes / (size_t)sysconf(_SC_PAGESIZE);

	assert_true(pages <= sizeof(there));
	assert_int_equal(mincore(p, bytes, there), 0);
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}

static void
populated_memory_has_its_pages_and_its_bytes(void **state)
{
	size_t bytes = 8u << 20, pages = bytes / (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p = sys_memory_new(bytes);

	assert_non_null(p);
	p[5000] = 7;
	assert_int_equal(sys_memory_populate(p, bytes), 0);
	assert_int_equal(pages_there(p, bytes), pages);
	assert_int_equal(sys_memory_resident(p, bytes), pages * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(p[5000], 7);
	assert_int_equal(p[0] | p[bytes - 1], 0);
	sys_memory_free(p, bytes);
}

static void
resident_is_what_was_touched(void **state)
{
	const size_t bytes = 64 * 4096; /* no huge page */
	uint8_t *p = sys_memory_new(bytes);

	assert_non_null(p);
	assert_int_equal(sys_memory_resident(p, bytes), 0);
	p[5 * 4096] = p[40 * 4096] = 1;
	uint64_t resident = sys_memory_resident(p, bytes);
	assert_true(resident >= (uint64_t)sysconf(_SC_PAGESIZE) && resident <= 2 * (uint64_t)sysconf(_SC_PAGESIZE));
	sys_memory_free(p, bytes);
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
		cmocka_unit_test(populated_memory_has_its_pages_and_its_bytes),
		cmocka_unit_test(resident_is_what_was_touched),
		cmocka_unit_test(memory_that_cannot_be_is_null),
		cmocka_unit_test(random_bytes_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
