/* Reason phrases: those of RFC 3261, none for other numbers, none that a start line could not carry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sip.h"

static void
statuses_have_the_phrases_of_the_rfc(void **state)
{
	assert_true(base_span_eq(sip_phrase(200), BASE_SPAN("OK")));
	assert_true(base_span_eq(sip_phrase(407), BASE_SPAN("Proxy Authentication Required")));
	assert_true(base_span_eq(sip_phrase(487), BASE_SPAN("Request Terminated")));
	assert_true(base_span_eq(sip_phrase(299), BASE_SPAN("")));
	assert_true(base_span_eq(sip_phrase(0), BASE_SPAN("")));
	for (uint32_t status = 0; status <= UINT16_MAX; status++) {
		struct base_span phrase = sip_phrase((uint16_t)status);
		assert_true(phrase.len == 0 || (status >= 100 && status < 700));
		assert_null(memchr(phrase.p, '\r', phrase.len));
		assert_null(memchr(phrase.p, '\n', phrase.len));
		assert_true(phrase.len != 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(statuses_have_the_phrases_of_the_rfc)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
