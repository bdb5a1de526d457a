#include "classify_testing.h"

#include "classify_private.h"

static void
number(const char *text, const char *want)
{
	uint8_t out[CLASSIFY_NUMBER_MAX];
	uint32_t len = classify_number_normalize(base_span_cstr(text), out);

	if (len != strlen(want) || memcmp(out, want, len) != 0)
		fail_msg("'%s' is '%.*s', not '%s'", text, (int)len, (const char *)out, want);
}

static void
host(const char *text, const char *want)
{
	uint8_t out[CLASSIFY_HOST_MAX];
	uint32_t len = classify_host_normalize(base_span_cstr(text), out);

	if (len != strlen(want) || memcmp(out, want, len) != 0)
		fail_msg("'%s' is '%.*s', not '%s'", text, (int)len, (const char *)out, want);
}

static void
numbers_have_one_spelling(void **state)
{
	number("", "");
	number("4930", "4930");
	number("+49 (30) 12-34.56", "4930123456");
	number("++49", "+49");
	number("4+9", "4+9");
	number("%2b49", "49");
	number("%2B%34%39", "49");
	number("*21%23", "*21#");
	number("%", "%");
	number("%4", "%4");
	number("%zz", "%zz");
	number("Bob", "bob");
	number(" -.()", "");
	number("1234567890123456789012345678901234567890",
		"1234567890123456789012345678901234567890");
	number("12345678901234567890123456789012345678901",
		"1234567890123456789012345678901234567890");
}

static void
hosts_have_one_spelling(void **state)
{
	char lengthy[400], most[256];

	host("", "");
	host("Example.COM", "example.com");
	host("example.com.", "example.com");
	host("...", "");
	host("[2001:DB8::1]", "2001:db8::1");
	host("[", "[");
	host("[]", "");
	memset(lengthy, 'a', sizeof(lengthy));
	lengthy[399] = 0;
	host(lengthy, "");
	memset(most, 'a', sizeof(most));
	most[255] = 0;
	host(most, most);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_one_spelling),
		cmocka_unit_test(hosts_have_one_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
