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
	assert_string_equal(sip_phrase(200), "OK");
	assert_string_equal(sip_phrase(407), "Proxy Authentication Required");
	assert_string_equal(sip_phrase(487), "Request Terminated");
	assert_string_equal(sip_phrase(299), "");
	assert_string_equal(sip_phrase(0), "");
	for (uint32_t status = 0; status <= UINT16_MAX; status++) {
		const char *phrase = sip_phrase((uint16_t)status);
		assert_true(phrase[0] == 0 || (status >= 100 && status < 700));
		assert_null(strpbrk(phrase, "\r\n"));
		assert_true(strlen(phrase) != 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(statuses_have_the_phrases_of_the_rfc)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
