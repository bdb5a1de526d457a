/* Law: what cannot be listened on is refused with a sentence.  Pages over HTTP:
 * tests/integration/test_prometheus.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http.h"

static void
close_of_nothing(void **state)
{
	http_close(NULL);
}

/* 192.0.2.0/24 is nobody's (RFC 5737). */
static void
an_address_that_is_not_ours(void **state)
{
	struct base_endpoint endpoint = {base_ip_v4((const uint8_t[]){192, 0, 2, 1}), 9464};
	struct sys_error e = {""};
	struct http *h;

	assert_true(http_open(&h, &endpoint, &e) < 0);
	assert_null(h);
	assert_non_null(strstr(e.text, "192.0.2.1 port 9464"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_of_nothing),
		cmocka_unit_test(an_address_that_is_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
