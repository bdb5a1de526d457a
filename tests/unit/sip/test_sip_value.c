#include "sip_testing.h"

#include "sip_private.h"

/* The elements of a value, joined by '|'. */
static void
L(const char *text, const char *want)
{
	uint8_t *copy = heap_copy(text, (uint32_t)strlen(text));
	struct base_span rest = base_span_of(copy, (uint32_t)strlen(text)), element;
	char buf[256];
	struct base_text t = base_text_of(buf, sizeof(buf));

	while (sip_value_next(&rest, &element)) {
		base_text_char(&t, '|');
		base_text_span(&t, element);
	}
	assert_string_equal(base_text_cstr(&t), want);
	assert_false(sip_value_next(&rest, &element));
	free(copy);
}

static void
test_elements(void **state)
{
	L("", "");
	L("a", "|a");
	L(" a , b\r\n ,c ", "|a|b|c");
	L(",,a,,b,", "|a|b");
	L("\"a, b\" <sip:x,y>, c", "|\"a, b\" <sip:x,y>|c");
	L("\"a \\\", b\", c", "|\"a \\\", b\"|c");
	L("<sip:a;x=\",\">, b", "|<sip:a;x=\",\">|b");
	L("\"open, b", "|\"open, b");
	L("<open, b", "|<open, b");
	L("\"open\\", "|\"open\\");
}

static void
P(const char *params, const char *name, const char *want)
{
	uint8_t *copy = heap_copy(params, (uint32_t)strlen(params));
	struct base_span value = {0};
	bool found = sip_param_find(
		base_span_of(copy, (uint32_t)strlen(params)), base_span_cstr(name), &value);

	assert_int_equal(found, want != NULL);
	span_is(value, want ? want : "");
	free(copy);
}

static void
test_params(void **state)
{
	P("", "tag", NULL);
	P("tag=x", "tag", "x");
	P("TAG=x", "tag", "x");
	P("a;tag=x;b", "tag", "x");
	P("a ; tag = x ; b", "tag", "x");
	P("a;tag;b", "tag", "");
	P("a;tag=;b", "b", "");
	P("p=\";tag=no\";tag=yes", "tag", "yes");
	P("p=\"a \\\" ;tag=no\";tag=yes", "tag", "yes");
	P("tag=\"x y\"", "tag", "x y");
	P("tags=x", "tag", NULL);
	P(";;tag=x", "tag", "x");
	P("a b;tag=x", "tag", "x");
	P("p=\"open;tag=x", "tag", NULL);
	P("p=\"open;tag=x", "p", "open;tag=x");
	P("received=2001:db8::1;branch=z", "received", "2001:db8::1");
}

static void
test_param_grammar(void **state)
{
	static const struct {
		const char *params;
		bool ok;
	} cases[] = {
		{"a", true},
		{"a=b", true},
		{"a = b ", true},
		{"a=\"b\"", true},
		{"a=[2001:db8::1]", true},
		{"a=1@b#", true},
		{"a;", false},
		{"", true},
		{";a", false},
		{"a=", false},
		{"=a", false},
		{"a b", false},
		{"a=b c", false},
		{"a=\"b", false},
		{"a=\"b\"c", false},
		{"a=b<", false},
		{"a=b,c", false},
		{"a==", true},
	};
	struct sip_param param;

	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct base_span rest = base_span_cstr(cases[i].params);
		bool ok = true;
		while (sip_param_next(&rest, &param))
			ok &= param.ok;
		if (ok != cases[i].ok)
			fail_msg("%s should be %d", cases[i].params, cases[i].ok);
	}
}

static void
F(const char *value, const char *want)
{
	uint32_t n = (uint32_t)strlen(value), len = 0, whole = (uint32_t)strlen(want);
	uint8_t *copy = heap_copy(value, n), *out = malloc(whole + 1);

	assert_true(sip_unfold(base_span_of(copy, n), out, whole + 1, &len));
	span_is(base_span_of(out, len), want);
	assert_true(sip_unfold(base_span_of(copy, n), out, whole, &len));
	/* What does not fit is cut there, and said. */
	for (uint32_t cap = 0; cap < whole; cap++) {
		uint8_t *small = malloc(cap ? cap : 1);
		assert_false(sip_unfold(base_span_of(copy, n), small, cap, &len));
		assert_true(len <= cap && memcmp(small, want, len) == 0);
		free(small);
	}
	free(out);
	free(copy);
}

static void
test_unfold(void **state)
{
	F("", "");
	F("a b", "a b");
	F("a  b\tc", "a  b\tc");
	F("a\r\n b", "a b");
	F("a\n\tb", "a b");
	F("a  \r\n   b", "a b");
	F("a \r\n \r\n\t b", "a b");
	F("a\r\n b\r\n c", "a b c");
	F("a\rb", "a\rb");
}

static void
test_length(void **state)
{
	uint32_t v = 7;

	assert_true(sip_length_parse(BASE_SPAN("0"), &v) && v == 0);
	assert_true(sip_length_parse(BASE_SPAN("0068"), &v) && v == 68);
	assert_true(sip_length_parse(BASE_SPAN("00000000000000000000000009"), &v) && v == 9);
	assert_true(sip_length_parse(BASE_SPAN("2147483647"), &v) && v == INT32_MAX);
	assert_false(sip_length_parse(BASE_SPAN("2147483648"), &v));
	assert_false(sip_length_parse(BASE_SPAN("99999999999999999999999999"), &v));
	assert_false(sip_length_parse(BASE_SPAN("-1"), &v));
	assert_false(sip_length_parse(BASE_SPAN("1 2"), &v));
	assert_false(sip_length_parse(BASE_SPAN(""), &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_param_grammar),
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
