#include "sip_testing.h"

/* "display|user|host|tag|params", "! " before where it does not parse. */
static void
N(const char *text, const char *want)
{
	uint8_t *copy = heap_copy(text, (uint32_t)strlen(text));
	char buf[512];
	struct base_text t = base_text_of(buf, sizeof(buf));
	struct sip_name_addr n;
	bool ok = sip_name_addr_parse(base_span_of(copy, (uint32_t)strlen(text)), &n);
	const struct base_span parts[] = {n.display, n.uri.user, n.uri.host, n.tag, n.params};

	base_text_str(&t, ok ? "" : "! ");
	for (size_t i = 0; i < base_count_of(parts); i++) {
		if (i)
			base_text_char(&t, '|');
		base_text_span(&t, parts[i]);
	}
	if (strcmp(base_text_cstr(&t), want) != 0)
		fail_msg("%s: got %s, expected %s", text, buf, want);
	free(copy);
}

static void
test_name_addr(void **state)
{
	N("<sip:a@b>", "|a|b||");
	N("<sip:a@b>;tag=x", "|a|b|x|tag=x");
	N("<sip:a@b> ; TAG = x", "|a|b|x| TAG = x");
	N("<sip:a@b>;tag=\"x y\"", "|a|b|x y|tag=\"x y\"");
	N("<sip:a@b;user=phone>;p=1;tag=x;q", "|a|b|x|p=1;tag=x;q");
	N("Anna <sip:a@b>", "Anna|a|b||");
	N("Anna-Lena M. <sip:a@b>", "Anna-Lena M.|a|b||");
	N("Anna<sip:a@b>", "Anna|a|b||");
	N("\"Anna\" <sip:a@b>", "Anna|a|b||");
	N("\"Anna\"<sip:a@b>", "Anna|a|b||");
	N("\"\" <sip:a@b>", "|a|b||");
	N("\"A \\\"B\\\" <x>, C;tag=no\" <sip:a@b>;tag=yes",
		"A \\\"B\\\" <x>, C;tag=no|a|b|yes|tag=yes");
	N("\r\n <sip:a@b>\r\n ;tag=x", "|a|b|x|tag=x");
	N("<tel:+1>;tag=x", "|+1||x|tag=x");
	N("<urn:service:sos>", "||||");
}

/* Without brackets what follows the first ';' belongs to the header. */
static void
test_addr_spec(void **state)
{
	N("sip:a@b", "|a|b||");
	N("sip:a@b;tag=x", "|a|b|x|tag=x");
	N("sip:a@b ; user=phone ; tag=x", "|a|b|x| user=phone ; tag=x");
	N("sip:a@b;x=\"<\"", "|a|b||x=\"<\"");
	N("sip:a@b?Subject=x;tag=y", "! |a|b|y|tag=y");
}

static void
test_bad(void **state)
{
	N("", "! ||||");
	N("a@b", "! |a|b||");
	N("Bell, Anna <sip:a@b>;tag=x", "! Bell, Anna|a|b|x|tag=x");
	N("\"Anna <sip:a@b>", "! Anna|a|b||");
	N("\"Anna", "! Anna||||");
	N("\"Anna\" sip:a@b", "! Anna||||");
	N("< sip:a@b >;tag=x", "! |a|b|x|tag=x");
	N("<sip:a@b", "! |a|b||");
	N("<sip:a@b> tag=x", "! |a|b||");
	N("<sip:a@b>;", "! |a|b||");
	N("<sip:a@b>;;tag=x", "! |a|b|x|;tag=x");
	N("<sip:a@b>;tag=", "! |a|b||tag=");
	N("<sip:a@b>;tag=x y", "! |a|b|x|tag=x y");
	N("<>", "! ||||");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_addr),
		cmocka_unit_test(test_addr_spec),
		cmocka_unit_test(test_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
