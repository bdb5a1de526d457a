#include "classify_private.h"

/* token of RFC 3261 25.1, as bits. */
static bool
char_is_token(uint8_t c)
{
	static const uint32_t token[8] = {0x00000000, 0x03ff6ca2, 0x87fffffe, 0x47ffffff};

	return token[c >> 5] >> (c & 31) & 1;
}

static bool
char_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct base_span
classify_start_window(const struct packet_view *view)
{
	uint32_t skip = 0,
		 len = view->payload_len < CLASSIFY_WINDOW ? view->payload_len : CLASSIFY_WINDOW;

	while (skip < len && skip < CLASSIFY_SKIP_MAX &&
		(view->payload[skip] == '\r' || view->payload[skip] == '\n'))
		skip++;
	return base_span_of(len ? view->payload + skip : view->payload, len - skip);
}

bool
classify_start_gate(struct base_span window)
{
	uint32_t first;

	if (window.len < 5) /* "ACK x" */
		return false;
	memcpy(&first, window.p, sizeof(first));
	return !(first & 0x80808080u) && char_is_token(window.p[0]);
}

bool
classify_start_sure(struct base_span window)
{
	uint32_t n = 0;

	if (window.len < 24)
		return false;
	if (memcmp(window.p, "SIP/2.0 ", 8) == 0)
		return (uint8_t)(window.p[8] - '0') <= 9;
	while (n < 16 && (uint8_t)(window.p[n] - 'A') < 26)
		n++;
	return n && memcmp(window.p + n, " sip:", 5) == 0;
}

/* The rest behind one or more blanks; *ok false where there is none. */
static struct base_span
skip_blanks(struct base_span s, bool *ok)
{
	uint32_t n = 0;

	while (n < s.len && char_is_blank(s.p[n]))
		n++;
	*ok = n > 0;
	return base_span_of(s.p + n, s.len - n);
}

/* 1 to 3 digits cut off s. */
static bool
cut_digits(struct base_span *s)
{
	uint32_t n = 0;

	while (n < s->len && n < 4 && (uint8_t)(s->p[n] - '0') <= 9)
		n++;
	s->p += n, s->len -= n;
	return n >= 1 && n <= 3;
}

static bool
is_status_line(struct base_span s)
{
	bool blank;

	if (!base_span_starts_nocase(s, BASE_SPAN("SIP/")))
		return false;
	s.p += 4, s.len -= 4;
	if (!cut_digits(&s) || s.len == 0 || s.p[0] != '.')
		return false;
	s.p++, s.len--;
	if (!cut_digits(&s))
		return false;
	s = skip_blanks(s, &blank);
	return blank && s.len && (uint8_t)(s.p[0] - '0') <= 9;
}

static bool
starts_with_scheme(struct base_span s, const struct base_span *schemes, size_t n)
{
	if (s.len && s.p[0] == '<')
		s.p++, s.len--;
	for (size_t i = 0; i < n; i++)
		if (base_span_starts_nocase(s, schemes[i]))
			return true;
	return false;
}

static bool
is_known_method(struct base_span method)
{
	static const struct base_span methods[] = {
#define SIP_METHOD(name) {(const uint8_t *)#name, sizeof(#name) - 1},
#include "sip_method.def"
#undef SIP_METHOD
	};

	for (size_t i = 0; i < base_count_of(methods); i++)
		if (base_span_eq(method, methods[i]))
			return true;
	return false;
}

static unsigned
request_grades(struct base_span s)
{
	static const struct base_span sip[] = {{(const uint8_t *)"sip:", 4},
		{(const uint8_t *)"sips:", 5}, {(const uint8_t *)"tel:", 4}};
	static const struct base_span other[] = {{(const uint8_t *)"urn:", 4},
		{(const uint8_t *)"im:", 3}, {(const uint8_t *)"pres:", 5}};
	uint32_t n = 0;
	unsigned grades;
	bool blank;

	while (n < s.len && char_is_token(s.p[n]))
		n++;
	struct base_span method = base_span_of(s.p, n),
			 uri = skip_blanks(base_span_of(s.p + n, s.len - n), &blank);
	if (n == 0 || !blank)
		return 0;
	grades = starts_with_scheme(uri, sip, base_count_of(sip)) ? CLASSIFY_START_STRONG : 0;
	if (!is_known_method(method))
		return grades;
	if (uri.len && uri.p[0] > 0x20 && uri.p[0] < 0x7f)
		grades |= CLASSIFY_START_WEAK;
	if (starts_with_scheme(uri, other, base_count_of(other)))
		grades |= CLASSIFY_START_STRONG;
	return grades;
}

unsigned
classify_start_plain(struct base_span window)
{
	return is_status_line(window) ? CLASSIFY_START_STRONG : request_grades(window);
}
