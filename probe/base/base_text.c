#include "base_text.h"

#include <string.h>

#include "base.h"

void
base_text_str(struct base_text *t, const char *s)
{
	base_text_bytes(t, s, strlen(s));
}

void
base_text_span(struct base_text *t, struct base_span s)
{
	base_text_bytes(t, s.p, s.len);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* Decimal digits of v, right-aligned up to end, at least width of them.  Returns where they begin,
 * at most 20 (or width) before end. */
static inline char *
digits_before(char *end, uint64_t v, unsigned width)
{
	char *p = end;

	while (v >= 10) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v || p == end)
		*--p = (char)('0' + v);
	while (p > end - width)
		*--p = '0';
	return p;
}

/* n bytes, of fixed that may be read: one copy of a fixed length where there is room. */
static inline void
text_short(struct base_text *t, const char *from, size_t n, size_t fixed)
{
	if (base_likely(t->cap - t->len >= fixed)) {
		memcpy(t->p + t->len, from, fixed);
		t->len += n;
	} else {
		base_text_bytes(t, from, n);
	}
}

static inline void
text_digits(struct base_text *t, uint64_t v, unsigned width)
{
	char d[40], *end = d + 20, *p = digits_before(end, v, width);

	memset(end, 0, 20);
	text_short(t, p, (size_t)(end - p), 20);
}

void
base_text_u64(struct base_text *t, uint64_t v)
{
	text_digits(t, v, 1);
}

void
base_text_i64(struct base_text *t, int64_t v)
{
	if (v < 0)
		base_text_char(t, '-');
	text_digits(t, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
}

#define EACH_BYTE(x) (0x0101010101010101ull * (x))

/* The digits of 32 bits, the first one lowest. */
static inline uint64_t
hex_digits(uint32_t v)
{
	uint64_t x = __builtin_bswap32(v);

	/* bytes, then nibbles, apart */
	x = (x | x << 16) & 0x0000ffff0000ffffull;
	x = (x | x << 8) & 0x00ff00ff00ff00ffull;
	x = (x >> 4 | x << 8) & EACH_BYTE(0x0f);
	/* a carry into the fourth bit where it is a letter */
	uint64_t letters = (x + EACH_BYTE(6)) >> 4 & EACH_BYTE(1);
	return x + EACH_BYTE('0') + letters * ('a' - '0' - 10);
}

void
base_hex_of(uint8_t *p, uint64_t v)
{
	uint64_t high = hex_digits((uint32_t)(v >> 32)), low = hex_digits((uint32_t)v);

	memcpy(p, &high, sizeof(high));
	memcpy(p + 8, &low, sizeof(low));
}

void
base_text_hex(struct base_text *t, uint64_t v, unsigned digits)
{
	uint8_t d[16];
	unsigned least = v ? 16 - (unsigned)__builtin_clzll(v) / 4 : 1;
	unsigned n = digits > 16 ? 16 : digits > least ? digits : least;

	base_hex_of(d, v);
	base_text_bytes(t, d + 16 - n, n);
}

void
base_text_fixed(struct base_text *t, double v, unsigned decimals)
{
	static const uint32_t power[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	double magnitude = v < 0 ? -v : v;

	if (!(magnitude < 9e9) || decimals >= base_count_of(power)) {
		base_text_str(t, "null");
		return;
	}
	uint64_t scaled = (uint64_t)(magnitude * power[decimals] + 0.5);
	if (v < 0 && scaled)
		base_text_char(t, '-');
	text_digits(t, decimals == 3 ? scaled / 1000 : scaled / power[decimals], 1);
	if (decimals) {
		base_text_char(t, '.');
		text_digits(t, decimals == 3 ? scaled % 1000 : scaled % power[decimals], decimals);
	}
}

static void
text_ipv6(struct base_text *t, const uint8_t *b)
{
	/* the longest run of zero groups, two at least (RFC 5952 4.2.2) */
	int best = -1, best_len = 1;

	for (int i = 0; i < 8;) {
		int n = 0;
		while (i + n < 8 && base_load_be16(b + 2 * (i + n)) == 0)
			n++;
		if (n > best_len)
			best = i, best_len = n;
		i += n ? n : 1;
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			base_text_str(t, "::");
			i += best_len - 1;
			continue;
		}
		if (i && i != best + best_len)
			base_text_char(t, ':');
		base_text_hex(t, base_load_be16(b + 2 * i), 1);
	}
}

static inline char *
octet_at(char *p, uint32_t v)
{
	if (v < 10) {
		*p = (char)('0' + v);
		return p + 1;
	}
	if (v >= 100) {
		*p++ = (char)('0' + v / 100);
		v %= 100;
	}
	memcpy(p, pairs + 2 * v, 2);
	return p + 2;
}

char *
base_text_ipv4_at(char *to, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		to = octet_at(to, ip[i]);
		*to++ = '.';
	}
	return to - 1;
}

char *
base_text_u16_at(char *to, uint16_t v)
{
	unsigned n = 1 + (v > 9) + (v > 99) + (v > 999) + (v > 9999);

	digits_before(to + n, v, n);
	return to + n;
}

void
base_text_ip(struct base_text *t, const struct base_ip *ip)
{
	char quad[16] = {0};

	if (base_ip_is_v4(ip))
		text_short(t, quad, (size_t)(base_text_ipv4_at(quad, ip->b + 12) - quad),
			sizeof(quad));
	else
		text_ipv6(t, ip->b);
}

void
base_text_time(struct base_text *t, int64_t ts_ns)
{
	int64_t us = ts_ns / BASE_NS_PER_US, sec, days;

	if (us < 0)
		us = 0;
	sec = us / 1000000;
	days = sec / 86400;
	/* Days to civil date: eras of 400 years counted from 1 March of year 0, where the leap day
	 * ends the year. */
	int64_t z = days + 719468, era = z / 146097, day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_index = (5 * day_of_year + 2) / 153;
	int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
	/* up to 2262: 64 bits of ns */
	uint64_t year = (uint64_t)(year_of_era + era * 400 + (month <= 2));

	char d[] = "YYYY-MM-DDTHH:MM:SS.uuuuuuZ";
	digits_before(d + 4, year, 4);
	digits_before(d + 7, (uint64_t)month, 2);
	digits_before(d + 10, (uint64_t)(day_of_year - (153 * month_index + 2) / 5 + 1), 2);
	digits_before(d + 13, (uint64_t)(sec / 3600 % 24), 2);
	digits_before(d + 16, (uint64_t)(sec / 60 % 60), 2);
	digits_before(d + 19, (uint64_t)(sec % 60), 2);
	digits_before(d + 26, (uint64_t)(us % 1000000), 6);
	base_text_bytes(t, d, sizeof(d) - 1);
}

/* Length of the well-formed UTF-8 sequence at p (Unicode 15 table 3-7), 0 where there is none. */
static unsigned
utf8_len(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t first_low, first_high, second_low, second_high, len;
	} rows[] = {{0x00, 0x7f, 0, 0, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		if (p[0] < rows[i].first_low || p[0] > rows[i].first_high)
			continue;
		if (rows[i].len == 1)
			return 1;
		if (left < rows[i].len || p[1] < rows[i].second_low || p[1] > rows[i].second_high)
			return 0;
		for (unsigned k = 2; k < rows[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static void
text_json_escape(struct base_text *t, uint8_t c)
{
	switch (c) {
	case '"': base_text_bytes(t, "\\\"", 2); break;
	case '\\': base_text_bytes(t, "\\\\", 2); break;
	case '\n': base_text_bytes(t, "\\n", 2); break;
	case '\r': base_text_bytes(t, "\\r", 2); break;
	case '\t': base_text_bytes(t, "\\t", 2); break;
	default: base_text_bytes(t, "\\u", 2); base_text_hex(t, c, 4);
	}
}

/* Bytes with the top bit set, and bytes below n (1..128), as the top bit of each. */
static inline uint64_t
bytes_not_ascii(uint64_t x)
{
	return x & EACH_BYTE(0x80);
}

static inline uint64_t
bytes_below(uint64_t x, uint8_t n)
{
	return (x - EACH_BYTE(n)) & ~x & EACH_BYTE(0x80);
}

static inline bool
json_is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from s.p[i] on stand in a JSON string as they are and are ASCII. */
static uint32_t
json_plain_run(struct base_span s, uint32_t i)
{
	uint32_t start = i;

	for (uint64_t x; s.len - i >= sizeof(x); i += sizeof(x)) {
		memcpy(&x, s.p + i, sizeof(x));
		if (bytes_not_ascii(x) | bytes_below(x, 0x20) | bytes_below(x ^ EACH_BYTE('"'), 1) |
			bytes_below(x ^ EACH_BYTE('\\'), 1))
			break;
	}
	while (i < s.len && json_is_plain(s.p[i]))
		i++;
	return i - start;
}

void
base_text_json(struct base_text *t, struct base_span s)
{
	base_text_char(t, '"');
	for (uint32_t i = 0; i < s.len;) {
		uint32_t n = json_plain_run(s, i);
		if (n == 0 && s.p[i] >= 0x80)
			n = utf8_len(s.p + i, s.len - i);
		if (n) {
			base_text_bytes(t, s.p + i, n);
			i += n;
			continue;
		}
		if (s.p[i] >= 0x80)
			base_text_bytes(t, "\xef\xbf\xbd", 3);
		else
			text_json_escape(t, s.p[i]);
		i++;
	}
	base_text_char(t, '"');
}

uint32_t
base_text_utf8_prefix(struct base_span s)
{
	uint32_t i = 0;

	while (i < s.len) {
		uint64_t x = EACH_BYTE(0x80);
		if (s.len - i >= sizeof(x))
			memcpy(&x, s.p + i, sizeof(x));
		uint32_t n = sizeof(x);
		if (bytes_not_ascii(x))
			n = utf8_len(s.p + i, s.len - i);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

const char *
base_text_cstr(struct base_text *t)
{
	if (t->cap == 0)
		return "";
	if (t->len == t->cap) {
		t->len--;
		t->overflow = true;
	}
	t->p[t->len] = 0;
	return t->p;
}
