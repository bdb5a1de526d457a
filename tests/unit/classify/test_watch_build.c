#include "classify_testing.h"

static int
build(const struct classify_watch_list *lists, uint32_t n, struct sys_error *e)
{
	struct classify_options options = {NULL, 0, true, lists, n, false};
	struct classify *c = NULL;
	int result = classify_new(&c, &options, e);

	if (result < 0)
		assert_null(c);
	classify_free(c);
	return result;
}

static void
entries_that_mean_nothing_are_refused_by_name(void **state)
{
	static const char *const blank[] = {"49", "+ ()-"}, *const dot[] = {"*."},
				 *const empty[] = {""},
				 *const lengthy[] = {
					 "12345678901234567890123456789012345678901234567890"};
	const struct classify_watch_list lists[] = {{"vip", NULL, blank, 2, CLASSIFY_WATCH_NUMBER},
		{"vip", NULL, dot, 1, CLASSIFY_WATCH_DOMAIN},
		{"vip", NULL, empty, 1, CLASSIFY_WATCH_USER_AGENT},
		{"vip", NULL, lengthy, 1, CLASSIFY_WATCH_NUMBER},
		{"vip", NULL, NULL, 0, CLASSIFY_WATCH_HEADER},
		{"vip", "", NULL, 0, CLASSIFY_WATCH_HEADER}};
	struct sys_error e;

	for (size_t i = 0; i < base_count_of(lists); i++) {
		assert_int_equal(build(&lists[i], 1, &e), -BASE_ERR_INVALID);
		assert_non_null(strstr(e.text, "vip"));
	}
}

static void
empty_lists_and_as_many_as_there_may_be(void **state)
{
	struct classify_watch_list lists[CLASSIFY_WATCH_MAX + 1];
	struct sys_error e;

	for (uint32_t i = 0; i < base_count_of(lists); i++)
		lists[i] = (struct classify_watch_list){"w", "X-H", NULL, 0, CLASSIFY_WATCH_HEADER};
	assert_int_equal(build(lists, CLASSIFY_WATCH_MAX, &e), 0);
	assert_int_equal(build(lists, CLASSIFY_WATCH_MAX + 1, &e), -BASE_ERR_INVALID);
	assert_int_equal(build(NULL, 0, &e), 0);
}

/* Tens of thousands of prefixes: each finds itself and what it is a prefix of; the last list's bit
 * is the top one. */
static void
many_numbers_in_the_last_list(void **state)
{
	enum { N = 50000 };
	static char texts[N][16];
	static const char *entries[N];
	struct classify_watch_list lists[CLASSIFY_WATCH_MAX];
	char text[256];

	for (int i = 0; i < N; i++) {
		snprintf(texts[i], sizeof(texts[i]), "+49%06d", i * 7);
		entries[i] = texts[i];
	}
	for (uint32_t i = 0; i < base_count_of(lists); i++)
		lists[i] = (struct classify_watch_list){"w", NULL, NULL, 0, CLASSIFY_WATCH_NUMBER};
	lists[63].entries = entries, lists[63].n_entries = N;
	struct classify *c = testing_classify(true, lists, base_count_of(lists));
	struct classify_core *core = testing_core(c);
	for (int i = 0; i < 7 * N; i += 101) {
		snprintf(text, sizeof(text),
			"INVITE sip:+49%06d55@h SIP/2.0\r\nFrom: <sip:a@h>\r\nTo: "
			"<sip:b@h>\r\n\r\n",
			i);
		uint64_t want = i % 7 == 0 ? 1ull << 63 : 0;
		assert_true(classify_watch(c, core, testing_message(text)) == want);
	}
	classify_core_free(core);
	classify_free(c);
}

static void
the_same_entry_may_stand_in_several_lists_and_twice_in_one(void **state)
{
	static const char *const entries[] = {"49", "+49"};
	const struct classify_watch_list lists[] = {{"a", NULL, entries, 2, CLASSIFY_WATCH_NUMBER},
		{"b", NULL, entries, 1, CLASSIFY_WATCH_NUMBER},
		{"c", NULL, entries, 2, CLASSIFY_WATCH_USER_AGENT},
		{"d", "User-Agent", entries, 1, CLASSIFY_WATCH_HEADER}};
	struct classify *c = testing_classify(true, lists, base_count_of(lists));
	struct classify_core *core = testing_core(c);
	const struct sip_message *m =
		testing_message("INVITE sip:49@h SIP/2.0\r\nUser-Agent: x49\r\n\r\n");

	assert_int_equal(classify_watch(c, core, m), 15);
	assert_int_equal(classify_watch_plain(c, m), 15);
	classify_core_free(core);
	classify_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_that_mean_nothing_are_refused_by_name),
		cmocka_unit_test(empty_lists_and_as_many_as_there_may_be),
		cmocka_unit_test(many_numbers_in_the_last_list),
		cmocka_unit_test(the_same_entry_may_stand_in_several_lists_and_twice_in_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
