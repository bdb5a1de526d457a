#include "sip_testing.h"

#include "sip_private.h"

#define DATE(text, ok) assert_int_equal(sip_date_ok(base_span_cstr(text)), ok)
#define WARNING(text, ok) assert_int_equal(sip_warning_ok(base_span_cstr(text)), ok)
#define CONTACT(text, ok) assert_int_equal(sip_contact_ok(base_span_cstr(text)), ok)

static void
test_date(void **state)
{
	DATE("Mon, 23 Nov 2026 01:02:03 GMT", true);
	DATE("Mon, 23 Nov 2026 01:02:03 CET", false);
	DATE("Mon, 3 Nov 2026 01:02:03 GMT", false);
	DATE("Monday, 23 Nov 2026 01:02:03 GMT", false);
	DATE("Mon, 23 Nov 2026 01:02:03 GMT ", false);
	DATE("Mon, 23 11 2026 001:02:03 GMT", false);
	DATE("", false);
}

static void
test_warning(void **state)
{
	WARNING("399 pbx.example \"all is well\"", true);
	WARNING("399 pbx.example:5060 \"a\", 370 b \"c, \\\"d\\\"\"", true);
	WARNING("39 pbx.example \"two digits\"", false);
	WARNING("3999 pbx.example \"four digits\"", false);
	WARNING("399 pbx.example", false);
	WARNING("399 pbx.example no quotes", false);
	WARNING("399 \"no agent\"", false);
	WARNING("399 pbx \"open", false);
	WARNING("399 pbx \"good\", 1 pbx \"bad\"", false);
	WARNING("", false);
}

static void
test_contact(void **state)
{
	CONTACT("*", true);
	CONTACT("<sip:a@b>", true);
	CONTACT("sip:a@b;expires=60", true);
	CONTACT("<sip:a@b>;q=0.5, \"x, y\" <sip:c@d;lr>", true);
	CONTACT("<sip:a@b?Subject=c>", true);
	CONTACT("sip:a@b?Subject=c", false); /* RFC 3261 20.10: needs the brackets */
	CONTACT("<sip:a@b>;;", false);
	CONTACT("<sip:a@b", false);
	CONTACT("a@b", false);
	CONTACT("<sip:a@b>, <sip:@>", false);
	CONTACT("", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_contact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
