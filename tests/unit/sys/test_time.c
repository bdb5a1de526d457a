#include "sys.h"

#include <stdlib.h>
#include <time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOW (1700000000LL * BASE_NS_PER_SEC)
#define S(n) ((n)*BASE_NS_PER_SEC)

static void
parses(const char *text, int64_t want)
{
	int64_t got = -1;

	if (!sys_time_parse(text, NOW, &got))
		fail_msg("'%s' was refused", text);
	if (got != want)
		fail_msg("'%s' is %lld, not %lld", text, (long long)got, (long long)want);
}

static void
refuses(const char *text)
{
	int64_t got = 42;

	if (sys_time_parse(text, NOW, &got))
		fail_msg("'%s' was taken", text);
	assert_int_equal(got, 42);
}

static void
rfc_3339(void **state)
{
	parses("1970-01-01T00:00:00Z", 0);
	parses("2023-11-14T22:13:20Z", NOW);
	parses("2023-11-14t22:13:20z", NOW);
	parses("2023-11-14T22:13:20.000001Z", NOW + 1000);
	parses("2023-11-14T22:13:20.1234567891Z", NOW + 123456789);
	parses("2023-11-15T00:13:20+02:00", NOW);
	parses("2023-11-14T16:43:20-05:30", NOW);
	parses("2016-12-31T23:59:60Z", S(1483228800LL));
	parses("2000-02-29T00:00:00Z", S(951782400LL));
	parses("2261-12-31T23:59:59.999999999Z", S(9214646399LL) + 999999999);
}

static void
dates_with_and_without_a_time_are_utc(void **state)
{
	parses("2023-11-14", S(1699920000LL));
	parses("2023-11-14 22:13", S(1699999980LL));
	parses("2023-11-14 22:13:20", NOW);
	parses("2023-11-14 22:13:20.5", NOW + 500000000);
}

static void
seconds_since_the_epoch(void **state)
{
	parses("0", 0);
	parses("1700000000", NOW);
	parses("1700000000.25", NOW + 250000000);
	parses("9223372035", S(9223372035LL));
}

static void
spans_back_from_now(void **state)
{
	parses("0s", NOW);
	parses("30s", NOW - S(30));
	parses("15m", NOW - S(900));
	parses("2h", NOW - S(7200));
	parses("7d", NOW - S(604800));
	parses("1w", NOW - S(604800));
}

static void
anything_else_is_refused(void **state)
{
	static const char *const texts[] = {"", " ", "x", "-1", "+5", "15 m", "15mm", "m", "1.",
		"1.x", ".5", "1e9", "9223372036", "99999999999999999999999", "99999999999w",
		"2023-1-1", "2023-13-01", "2023-00-01", "2023-02-29", "2023-04-31", "1900-01-01",
		"1969-12-31", "2262-01-01", "2023-11-14T", "2023-11-14T24:00", "2023-11-14T22:60",
		"2023-11-14T22", "2023-11-14T22:13:61Z", "2023-11-14T22:13:20.Z",
		"2023-11-14T22:13:20+2:00", "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20Zx",
		"2023-11-14x", "2023-11-14  22:13", "2023-11-14T22:13:20+02", "\xff"};

	for (size_t i = 0; i < base_count_of(texts); i++)
		refuses(texts[i]);
}

/* Against the C library, over days that a fixed step picks from the whole range. */
static void
agrees_with_timegm(void **state)
{
	for (int64_t t = 0; t < 9214646400LL; t += 86400 * 13 + 3671) {
		time_t seconds = (time_t)t;
		struct tm tm;
		char text[64];

		gmtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		parses(text, S(t));
	}
}

static void
what_base_prints_is_read_back(void **state)
{
	char buffer[64];

	for (int64_t t = 0; t < S(9000000000LL); t += S(86400 * 97) + 1234567000) {
		struct base_text text = base_text_of(buffer, sizeof(buffer));
		base_text_time(&text, t);
		parses(base_text_cstr(&text), t);
	}
}

static void
clocks_go_on(void **state)
{
	int64_t a = sys_clock_monotonic_ns();

	assert_true(sys_clock_monotonic_ns() >= a);
	assert_true(sys_clock_wall_ns() > S(1577836800LL)); /* 2020 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_3339),
		cmocka_unit_test(dates_with_and_without_a_time_are_utc),
		cmocka_unit_test(seconds_since_the_epoch),
		cmocka_unit_test(spans_back_from_now),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(agrees_with_timegm),
		cmocka_unit_test(what_base_prints_is_read_back),
		cmocka_unit_test(clocks_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
