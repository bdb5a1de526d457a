#include "sip_testing.h"

#include "sip_private.h"

/* Each class against the RFC's own words for it. */
static void
class_is(enum sip_char class, const char *marks)
{
	for (int c = 0; c < 256; c++) {
		bool alnum =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool want = alnum || (c && strchr(marks, c));
		if (sip_is((uint8_t)c, class) != want)
			fail_msg("class %d: %d should be %d", class, c, want);
	}
}

static void
test_classes(void **state)
{
	class_is(SIP_CHAR_TOKEN, "-.!%*_+`'~");
	class_is(SIP_CHAR_USER, "-_.!~*'()%&=+$,;?/");
	class_is(SIP_CHAR_HOST, "-._");
	class_is(SIP_CHAR_PARAM, "-_.!~*'()%[]/:&+$;=");
	class_is(SIP_CHAR_HEADER, "-_.!~*'()%[]/?:+$&=");
	class_is(SIP_CHAR_SCHEME, "+-.");
}

static void
test_hex(void **state)
{
	for (int c = 0; c < 256; c++)
		assert_int_equal(sip_is((uint8_t)c, SIP_CHAR_HEX),
			c && strchr("0123456789abcdefABCDEF", c) != NULL);
}

/* A byte is found wherever it stands, whatever the length, and never outside. */
static void
test_find(void **state)
{
	uint8_t text[80];

	for (uint32_t len = 0; len < sizeof(text); len++) {
		for (uint32_t at = 0; at <= len; at++) {
			memset(text, 'x', sizeof(text));
			text[at] = ':';
			uint8_t *copy = heap_copy(text, len);
			const uint8_t *hit = sip_find(copy, copy + len, ':');
			assert_true(at < len ? hit == copy + at : hit == NULL);
			free(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
