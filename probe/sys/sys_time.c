#include "sys.h"

#include <time.h>

static int64_t
clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * BASE_NS_PER_SEC + now.tv_nsec;
}

int64_t
sys_clock_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t
sys_clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Exactly digits decimal digits at *p, within low..high: true, *v, and *p behind them. */
static bool
time_field(const char **p, unsigned digits, unsigned low, unsigned high, unsigned *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < digits; i++) {
		uint8_t d = (uint8_t)((*p)[i] - '0');
		if (d > 9)
			return false;
		n = n * 10 + d;
	}
	if (n < low || n > high)
		return false;
	*p += digits;
	*v = n;
	return true;
}

static bool
time_literal(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* '.' and 1 or more digits, of which nine count, to nanoseconds; nothing where there is no '.'. */
static bool
time_fraction(const char **p, int64_t *ns)
{
	int64_t unit = BASE_NS_PER_SEC;

	*ns = 0;
	if (!time_literal(p, '.'))
		return true;
	if ((uint8_t)(**p - '0') > 9)
		return false;
	for (; (uint8_t)(**p - '0') <= 9; ++*p) {
		unit /= 10;
		*ns += (**p - '0') * unit;
	}
	return true;
}

/* Z or +hh:mm; nothing means UTC. */
static bool
time_offset(const char **p, int64_t *seconds)
{
	unsigned hours, minutes;
	char sign = **p;

	*seconds = 0;
	if (sign == 'Z' || sign == 'z') {
		++*p;
		return true;
	}
	if (sign != '+' && sign != '-')
		return true;
	++*p;
	if (!time_field(p, 2, 0, 23, &hours) || !time_literal(p, ':') ||
		!time_field(p, 2, 0, 59, &minutes))
		return false;
	*seconds = (int64_t)(hours * 60 + minutes) * 60;
	if (sign == '-')
		*seconds = -*seconds;
	return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t
time_days(unsigned year, unsigned month, unsigned day)
{
	/* The year begins with March, so that the leap day is its last. */
	int64_t y = (int64_t)year - (month <= 2), era = y / 400, year_of_era = y - era * 400;
	int64_t month_of_year = month > 2 ? month - 3 : month + 9;
	int64_t day_of_year = (153 * month_of_year + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static unsigned
time_days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* HH:MM[:SS[.fraction]][offset] behind a date. */
static bool
time_of_day(const char **p, int64_t *seconds, int64_t *ns)
{
	unsigned hour, minute, second = 0;
	int64_t offset;

	if (!time_field(p, 2, 0, 23, &hour) || !time_literal(p, ':') ||
		!time_field(p, 2, 0, 59, &minute))
		return false;
	if (time_literal(p, ':')) {
		if (!time_field(p, 2, 0, 60, &second) ||
			!time_fraction(p, ns)) /* 60: RFC 3339 leap second */
			return false;
	}
	if (!time_offset(p, &offset))
		return false;
	*seconds = (int64_t)hour * 3600 + minute * 60 + second - offset;
	return true;
}

static bool
time_calendar(const char *text, int64_t *ts_ns)
{
	unsigned year, month, day;
	int64_t seconds = 0, ns = 0;
	const char *p = text;

	/* 2261: the last whole year that int64_t nanoseconds reach. */
	if (!time_field(&p, 4, 1970, 2261, &year) || !time_literal(&p, '-') ||
		!time_field(&p, 2, 1, 12, &month) || !time_literal(&p, '-') ||
		!time_field(&p, 2, 1, time_days_in_month(year, month), &day))
		return false;
	if (*p == 'T' || *p == 't' || *p == ' ') {
		p++;
		if (!time_of_day(&p, &seconds, &ns))
			return false;
	}
	if (*p)
		return false;
	*ts_ns = (time_days(year, month, day) * 86400 + seconds) * BASE_NS_PER_SEC + ns;
	return true;
}

/* Digits with an optional fraction: seconds since the epoch; digits and a unit: so long before now.
 */
static bool
time_number(const char *text, int64_t now_ns, int64_t *ts_ns)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	const int64_t max = INT64_MAX / BASE_NS_PER_SEC;
	int64_t v = 0, fraction;
	const char *p = text;

	for (; (uint8_t)(*p - '0') <= 9; p++) {
		v = v * 10 + (*p - '0');
		if (v >= max)
			return false;
	}
	if (p == text)
		return false;
	for (size_t i = 0; i < base_count_of(units); i++) {
		if (*p != units[i].unit)
			continue;
		if (p[1] || v > max / units[i].seconds)
			return false;
		*ts_ns = now_ns - v * units[i].seconds * BASE_NS_PER_SEC;
		return true;
	}
	if (!time_fraction(&p, &fraction) || *p)
		return false;
	*ts_ns = v * BASE_NS_PER_SEC + fraction;
	return true;
}

bool
sys_time_parse(const char *text, int64_t now_ns, int64_t *ts_ns)
{
	int64_t ts;

	if (!time_calendar(text, &ts) && !time_number(text, now_ns, &ts))
		return false;
	*ts_ns = ts;
	return true;
}
