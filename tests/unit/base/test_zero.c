#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base.h"

/* Whatever was there, and at any length and place: n bytes are zero, those around stay. */
static void
bytes_are_zero_and_no_others(void **state)
{
	static uint8_t p[3 * 4096 + 64];
	static const uint32_t lens[] = {0, 1, 31, 32, 33, 4095, 4096, 4097, 2 * 4096 + 33};

	for (size_t i = 0; i < base_count_of(lens); i++)
		for (uint32_t dirty = 0; dirty <= lens[i]; dirty += 1 + dirty * 2) {
			memset(p, 0, sizeof(p));
			memset(p, 0xa5, 16);
			memset(p + 16 + lens[i], 0xa5, 16);
			if (dirty)
				p[16 + dirty - 1] = 1;
			base_zero(p + 16, lens[i]);
			for (uint32_t k = 0; k < 32 + lens[i]; k++)
				assert_int_equal(p[k], k < 16 || k >= 16 + lens[i] ? 0xa5 : 0);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_zero_and_no_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
