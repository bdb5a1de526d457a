#include "base.h"

/* A digit at p to v, and behind it: false where there is none. */
static inline bool
digit_take(const uint8_t **p, const uint8_t *end, unsigned *v)
{
	unsigned digit = *p < end ? **p - (unsigned)'0' : 10;

	if (digit > 9)
		return false;
	*v = *v * 10 + digit;
	++*p;
	return true;
}

static bool
ipv4_parse(struct base_span s, uint8_t out[4])
{
	const uint8_t *p = s.p, *end = s.len ? p + s.len : p;

	for (int part = 0; part < 4; part++) {
		unsigned v = 0;
		if (part && (p == end || *p++ != '.'))
			return false;
		if (!digit_take(&p, end, &v))
			return false;
		if (digit_take(&p, end, &v))
			digit_take(&p, end, &v);
		if (v > 255)
			return false;
		out[part] = (uint8_t)v;
	}
	return p == end;
}

/* One group at *i: up to four hexadecimal digits.  False where there is none. */
static bool
ipv6_group(struct base_span s, uint32_t *i, uint16_t *group)
{
	unsigned v = 0, digits = 0;
	int d;

	while (*i < s.len && digits < 4 && (d = base_hex_digit(s.p[*i])) >= 0)
		v = v << 4 | (unsigned)d, ++*i, digits++;
	*group = (uint16_t)v;
	return digits != 0;
}

static bool
ipv6_parse(struct base_span s, uint8_t out[16])
{
	uint16_t groups[8];
	int n = 0, gap = -1;
	uint32_t i = 0;

	if (s.len >= 2 && s.p[0] == ':' && s.p[1] == ':')
		gap = 0, i = 2;
	while (i < s.len && n < 8) {
		uint32_t start = i;
		if (!ipv6_group(s, &i, &groups[n]))
			return false;
		if (i < s.len && s.p[i] == '.') {
			uint8_t v4[4];
			if (n > 6 || !ipv4_parse(base_span_of(s.p + start, s.len - start), v4))
				return false;
			groups[n++] = base_load_be16(v4);
			groups[n++] = base_load_be16(v4 + 2);
			i = s.len;
			break;
		}
		n++;
		if (i == s.len)
			break;
		if (s.p[i++] != ':')
			return false;
		if (i < s.len && s.p[i] == ':') {
			if (gap >= 0)
				return false;
			gap = n, i++;
		} else if (i == s.len) {
			return false;
		}
	}
	if (i != s.len || (gap < 0 && n != 8) || (gap >= 0 && n > 7))
		return false;
	memset(out, 0, 16);
	for (int k = 0; k < n; k++) {
		int at = gap >= 0 && k >= gap ? 8 - n + k : k;
		base_store_be16(out + 2 * at, groups[k]);
	}
	return true;
}

bool
base_ip_parse(struct base_span text, struct base_ip *ip)
{
	uint8_t v4[4];

	if (text.len >= 2 && text.p[0] == '[' && text.p[text.len - 1] == ']')
		return ipv6_parse(base_span_of(text.p + 1, text.len - 2), ip->b);
	if (ipv4_parse(text, v4)) {
		*ip = base_ip_v4(v4);
		return true;
	}
	return ipv6_parse(text, ip->b);
}

bool
base_endpoint_parse(struct base_span text, struct base_endpoint *endpoint)
{
	uint32_t colon = text.len;
	uint64_t port;

	while (colon && text.p[colon - 1] != ':')
		colon--;
	/* An IPv6 address stands in brackets, so that its last group is no port. */
	if (colon < 2 || (memchr(text.p, ':', colon - 1) && text.p[0] != '['))
		return false;
	if (!base_span_u64(base_span_of(text.p + colon, text.len - colon), &port) || port == 0 ||
		port > UINT16_MAX || !base_ip_parse(base_span_of(text.p, colon - 1), &endpoint->ip))
		return false;
	endpoint->port = (uint16_t)port;
	return true;
}
