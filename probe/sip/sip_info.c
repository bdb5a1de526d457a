#include "sip_info.h"

#define DURATION_MAX_MS 600000

/* A digit as itself, as a number of RFC 4733 (10 is *, 16 flash), or as hf (hook flash); 0: none.
 */
static uint8_t
digit_of(struct base_span text)
{
	static const char digits[] = "0123456789*#ABCD!";
	uint64_t number;

	if (base_span_eq_nocase(text, BASE_SPAN("hf")))
		return '!';
	if (text.len == 1) {
		uint8_t c = text.p[0] >= 'a' && text.p[0] <= 'd' ? text.p[0] - 32 : text.p[0];
		return c && memchr(digits, c, sizeof(digits) - 1) ? c : 0;
	}
	if (text.len == 2 && base_span_u64(text, &number) && number < sizeof(digits) - 1)
		return (uint8_t)digits[number];
	return 0;
}

static struct base_span
trimmed(struct base_span s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.len--;
	while (s.len && (s.p[s.len - 1] <= ' '))
		s.len--;
	return s;
}

static bool
line_next(struct base_span *rest, struct base_span *line)
{
	if (rest->len == 0)
		return false;
	const uint8_t *end = memchr(rest->p, '\n', rest->len);
	uint32_t n = end ? (uint32_t)(end - rest->p) + 1 : rest->len;
	*line = trimmed(base_span_of(rest->p, n));
	rest->p += n;
	rest->len -= n;
	return true;
}

/* "name = value" */
static bool
is_value_of(struct base_span line, struct base_span name, struct base_span *value)
{
	const uint8_t *equals = line.len ? memchr(line.p, '=', line.len) : NULL;

	if (equals == NULL ||
		!base_span_eq_nocase(
			trimmed(base_span_of(line.p, (uint32_t)(equals - line.p))), name))
		return false;
	*value = trimmed(base_span_of(equals + 1, (uint32_t)(line.p + line.len - equals - 1)));
	return true;
}

static bool
relay_read(struct sip_info_digit *out, struct base_span body)
{
	struct base_span line, value;
	uint64_t ms;

	while (line_next(&body, &line)) {
		if (is_value_of(line, BASE_SPAN("Signal"), &value))
			out->digit = digit_of(value);
		else if (is_value_of(line, BASE_SPAN("Duration"), &value) &&
			 base_span_u64(value, &ms) && ms <= DURATION_MAX_MS)
			out->duration_ms = (uint32_t)ms;
	}
	return out->digit != 0;
}

bool
sip_info_digit(struct sip_info_digit *out, const struct sip_message *m)
{
	struct base_span type = sip_header_value(m, SIP_HDR_CONTENT_TYPE);
	const uint8_t *semicolon = type.len ? memchr(type.p, ';', type.len) : NULL;

	*out = (struct sip_info_digit){0};
	if (m->method != SIP_METHOD_INFO || m->body.len == 0)
		return false;
	if (semicolon)
		type.len = (uint32_t)(semicolon - type.p);
	type = trimmed(type);
	if (base_span_eq_nocase(type, BASE_SPAN("application/dtmf-relay")))
		return relay_read(out, m->body);
	if (!base_span_eq_nocase(type, BASE_SPAN("application/dtmf")))
		return false;
	out->digit = digit_of(trimmed(m->body));
	return out->digit || relay_read(out, m->body);
}
