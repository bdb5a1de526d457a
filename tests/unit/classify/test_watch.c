#include "classify_testing.h"

static const char *const numbers[] = {"+49 30", "0190", "*21#", "1-800-555"};
static const char *const domains[] = {"example.com", "*.Example.ORG", "192.0.2.1", "[2001:db8::1]"};
static const char *const agents[] = {"friendly-scanner", "SIPp"};
static const char *const values[] = {"fraud", "level=9"};
static const char *const compact[] = {"urgent"};
enum { NUMBERS = 1, DOMAINS = 2, AGENTS = 4, VALUES = 8, SUBJECTS = 16 };
static const struct classify_watch_list lists[] = {
	{"numbers", NULL, numbers, base_count_of(numbers), CLASSIFY_WATCH_NUMBER},
	{"domains", NULL, domains, base_count_of(domains), CLASSIFY_WATCH_DOMAIN},
	{"agents", NULL, agents, base_count_of(agents), CLASSIFY_WATCH_USER_AGENT},
	{"values", "X-Risk", values, base_count_of(values), CLASSIFY_WATCH_HEADER},
	{"subjects", "Subject", compact, base_count_of(compact), CLASSIFY_WATCH_HEADER},
};

static struct classify *c;
static struct classify_core *core;

static int
setup(void **state)
{
	c = testing_classify(true, lists, base_count_of(lists));
	core = testing_core(c);
	return 0;
}

static int
teardown(void **state)
{
	classify_core_free(core);
	classify_free(c);
	return 0;
}

/* A request with these parties and extra header lines matches exactly the lists of want. */
static void
matches(const char *ruri, const char *from, const char *extra, uint64_t want)
{
	char text[4096];

	snprintf(text, sizeof(text),
		"INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: %s;tag=1\r\nTo: "
		"<sip:nobody@nowhere.net>\r\n"
		"Call-ID: 1\r\nCSeq: 1 INVITE\r\n%s\r\n",
		ruri, from, extra);
	const struct sip_message *m = testing_message(text);
	uint64_t got = classify_watch(c, core, m), plain = classify_watch_plain(c, m);
	if (got != want || plain != want)
		fail_msg("%#llx, plainly %#llx, not %#llx for\n%s", (unsigned long long)got,
			(unsigned long long)plain, (unsigned long long)want, text);
}

#define NOBODY "<sip:nobody@nowhere.net>"

static void
numbers_match_by_prefix(void **state)
{
	matches("sip:4930123@h", NOBODY, "", NUMBERS);
	matches("sip:+4930123@h", NOBODY, "", NUMBERS);
	matches("tel:+49-30-123", NOBODY, "", NUMBERS);
	matches("sip:%2B49(30)123@h", NOBODY, "", NUMBERS);
	matches("sip:4930@h", NOBODY, "", NUMBERS);
	matches("sip:493@h", NOBODY, "", 0);
	matches("sip:004930123@h", NOBODY, "", 0);
	matches("sip:18005551234@h", NOBODY, "", NUMBERS);
	matches("sip:*21%23@h", NOBODY, "", NUMBERS);
	matches("sip:+4930;npdi@h", NOBODY, "", NUMBERS);
	matches("sip:x@h", "\"4930\" <sip:0190@h>", "", NUMBERS);
	matches("sip:x@h", "\"4930\" <sip:x@h>", "", 0);
}

static void
every_party_counts(void **state)
{
	matches("sip:x@h", NOBODY, "P-Asserted-Identity: <tel:+4930555>\r\n", NUMBERS);
	matches("sip:x@h", NOBODY, "P-Asserted-Identity: <sip:a@b.c>, <tel:+4930555>\r\n", NUMBERS);
	matches("sip:x@h", NOBODY,
		"P-Asserted-Identity: <sip:a@b.c>\r\nP-Asserted-Identity: <tel:+4930555>\r\n",
		NUMBERS);
	matches("sip:x@h", NOBODY, "P-Asserted-Identity: <sip:a@b.example.com>\r\n", DOMAINS);
	matches("sip:x@h", NOBODY, "P-Preferred-Identity: <tel:+4930555>\r\n", 0);
}

static void
domains_match_whole_or_as_parents(void **state)
{
	matches("sip:x@example.com", NOBODY, "", DOMAINS);
	matches("sip:x@EXAMPLE.com:5060", NOBODY, "", DOMAINS);
	matches("sip:x@a.b.example.com", NOBODY, "", DOMAINS);
	matches("sip:x@notexample.com", NOBODY, "", 0);
	matches("sip:x@example.com.net", NOBODY, "", 0);
	matches("sip:x@com", NOBODY, "", 0);
	matches("sip:x@sub.example.org", NOBODY, "", DOMAINS);
	matches("sip:x@192.0.2.1", NOBODY, "", DOMAINS);
	matches("sip:x@192.0.2.10", NOBODY, "", 0);
	matches("sip:x@[2001:DB8::1]:5060", NOBODY, "", DOMAINS);
	matches("sip:x@h", "<sip:a@example.org>", "", DOMAINS);
}

static void
user_agents_match_anywhere_in_any_case(void **state)
{
	matches("sip:x@h", NOBODY, "User-Agent: xx Friendly-SCANNER yy\r\n", AGENTS);
	matches("sip:x@h", NOBODY, "User-Agent: sipp\r\n", AGENTS);
	matches("sip:x@h", NOBODY, "Server: sipp\r\n", AGENTS);
	matches("sip:x@h", NOBODY, "User-Agent: Asterisk\r\n", 0);
	matches("sip:x@h", NOBODY, "User-Agent: fraud\r\n", 0); /* an entry of another list */
	matches("sip:x@h", NOBODY, "X-Agent: sipp\r\n", 0);
}

static void
header_values_match_in_their_header_only(void **state)
{
	matches("sip:x@h", NOBODY, "X-Risk: maybe FRAUD\r\n", VALUES);
	matches("sip:x@h", NOBODY, "x-risk: 1\r\nX-RISK: level=9\r\n", VALUES);
	matches("sip:x@h", NOBODY, "X-Risks: fraud\r\n", 0);
	matches("sip:x@h", NOBODY, "X-Risk: sipp\r\n", 0);
	matches("sip:x@h", NOBODY, "Subject: URGENT call\r\n", SUBJECTS);
	matches("sip:x@h", NOBODY, "s: urgent\r\n", SUBJECTS);
	matches("sip:x@h", NOBODY, "X-Risk:\r\nUser-Agent:\r\n", 0);
}

static void
a_folded_value_is_one_value(void **state)
{
	matches("sip:x@h", NOBODY, "X-Risk: a;\r\n level=9\r\n", VALUES);
	matches("sip:x@h", NOBODY, "User-Agent: a\r\n\tSIPp\r\n", AGENTS);
}

static void
lists_add_up(void **state)
{
	matches("sip:4930@example.com", NOBODY,
		"User-Agent: SIPp\r\nX-Risk: fraud\r\ns: urgent\r\n",
		NUMBERS | DOMAINS | AGENTS | VALUES | SUBJECTS);
}

static void
a_very_long_value_is_searched_in_its_beginning(void **state)
{
	char extra[3000];

	memset(extra, 'x', sizeof(extra));
	memcpy(extra, "X-Risk: ", 8);
	memcpy(extra + 2900, "fraud\r\n", 8);
	matches("sip:x@h", NOBODY, extra, 0);
	memcpy(extra + 2000, "fraud", 5);
	matches("sip:x@h", NOBODY, extra, VALUES);
}

static void
names_are_those_of_the_options(void **state)
{
	for (uint32_t i = 0; i < base_count_of(lists); i++)
		assert_string_equal(classify_watch_name(c, i), lists[i].name);
	assert_string_equal(classify_watch_name(c, base_count_of(lists)), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_match_by_prefix),
		cmocka_unit_test(every_party_counts),
		cmocka_unit_test(domains_match_whole_or_as_parents),
		cmocka_unit_test(user_agents_match_anywhere_in_any_case),
		cmocka_unit_test(header_values_match_in_their_header_only),
		cmocka_unit_test(a_folded_value_is_one_value),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(a_very_long_value_is_searched_in_its_beginning),
		cmocka_unit_test(names_are_those_of_the_options),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
