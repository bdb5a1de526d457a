#include "classify_private.h"

static int
hex_value(uint8_t c)
{
	if ((uint8_t)(c - '0') <= 9)
		return c - '0';
	c = base_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character of a user part, %HH decoded (RFC 3261 19.1.2); *at moves behind it. */
static uint8_t
user_char(struct base_span user, uint32_t *at)
{
	uint8_t c = user.p[(*at)++];

	if (c != '%' || user.len - *at < 2)
		return c;
	int high = hex_value(user.p[*at]), low = hex_value(user.p[*at + 1]);
	if (high < 0 || low < 0)
		return c;
	*at += 2;
	return (uint8_t)(high << 4 | low);
}

static bool
is_visual_separator(uint8_t c)
{
	return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ' || c == '\t';
}

uint32_t
classify_number_normalize(struct base_span user, uint8_t out[CLASSIFY_NUMBER_MAX])
{
	bool plus_seen = false;
	uint32_t n = 0;

	for (uint32_t at = 0; at < user.len && n < CLASSIFY_NUMBER_MAX;) {
		uint8_t c = user_char(user, &at);
		if (is_visual_separator(c))
			continue;
		if (c == '+' && n == 0 && !plus_seen)
			plus_seen = true;
		else
			out[n++] = base_lower(c);
	}
	return n;
}

uint32_t
classify_host_normalize(struct base_span host, uint8_t out[CLASSIFY_HOST_MAX])
{
	if (host.len >= 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = base_span_of(host.p + 1, host.len - 2);
	while (host.len && host.p[host.len - 1] == '.')
		host.len--;
	uint32_t n = host.len;
	if (n > CLASSIFY_HOST_MAX)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		out[i] = base_lower(host.p[i]);
	return n;
}
