#include "sip_testing.h"

static const char *const methods[] = {
#define SIP_METHOD(name) #name,
#include "sip_method.def"
#undef SIP_METHOD
};

static void
test_round_trip(void **state)
{
	for (size_t i = 0; i < base_count_of(methods); i++) {
		enum sip_method method = (enum sip_method)(SIP_METHOD_NONE + 1 + i);
		assert_int_equal(sip_method_of(base_span_cstr(methods[i])), method);
		assert_true(base_span_eq(sip_method_name(method), base_span_cstr(methods[i])));
		assert_int_equal(sip_method_word(method)->len, strlen(methods[i]));
		assert_memory_equal(sip_method_word(method)->text, methods[i], strlen(methods[i]));
	}
}

/* Methods are case-sensitive; extensions are OTHER. */
static void
test_others(void **state)
{
	static const char *const others[] = {"", "A", "invite", "INVITES", "INVIT", "BYe",
		"NEWMETHOD", "SUBSCRIBEX", "ACk", "SIP"};

	for (size_t i = 0; i < base_count_of(others); i++)
		assert_int_equal(sip_method_of(base_span_cstr(others[i])), SIP_METHOD_OTHER);
	assert_int_equal(sip_method_name(SIP_METHOD_NONE).len, 0);
	assert_int_equal(sip_method_name(SIP_METHOD_OTHER).len, 0);
	assert_int_equal(sip_method_name(SIP_METHOD_COUNT).len, 0);
	assert_int_equal(sip_method_word(SIP_METHOD_OTHER)->len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_others)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
