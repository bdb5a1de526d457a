#include "sip_wide.h"

/* How far sip_looks_like looks. */
#define LOOK_BYTES 64
/* What a start line may take to be a usual one. */
#define START_BYTES 128

/* PROTOCOL "/" digits "." digits as a whole. */
static bool
is_version(struct base_span s, struct base_span *protocol)
{
	const uint8_t *end = sip_span_end(s), *slash = sip_find(s.p, end, '/'), *dot, *p;

	if (!slash || slash == s.p)
		return false;
	*protocol = sip_between(s.p, slash);
	dot = sip_skip_digits(slash + 1, end);
	if (dot == slash + 1 || dot == end || *dot != '.')
		return false;
	p = sip_skip_digits(dot + 1, end);
	return p == end && p != dot + 1 && sip_skip_class(s.p, slash, SIP_CHAR_TOKEN) == slash;
}

static bool
is_sip(struct base_span s)
{
	return s.len == 3 && (s.p[0] | 0x20) == 's' && (s.p[1] | 0x20) == 'i' &&
	       (s.p[2] | 0x20) == 'p';
}

static uint32_t
version_flags(struct base_span version)
{
	return base_span_eq(base_span_of(version.p + 3, version.len - 3), BASE_SPAN("/2.0"))
		       ? 0
		       : SIP_FLAG_BAD_VERSION;
}

/* Status-Line = SIP-Version SP Status-Code SP Reason-Phrase; version: what stands before the first
 * white space. */
static bool
status_line_parse(struct base_span line, struct base_span version, struct sip_start *start)
{
	const uint8_t *end = sip_span_end(line), *p = sip_span_end(version), *code;

	start->response = true;
	start->flags = version_flags(version);
	for (code = p; code < end && sip_is_blank(*code); code++)
		;
	p = sip_skip_digits(code, end);
	if (p == code)
		return false;
	if (code != sip_span_end(version) + 1 || code[-1] != ' ' || p == end || *p != ' ')
		start->flags |= SIP_FLAG_BAD_START_LINE;
	if (p < end && !sip_is_blank(*p))
		return false;
	if (p - code == 3 && code[0] != '0')
		start->status =
			(uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
	else
		start->flags |= SIP_FLAG_BAD_START_LINE;
	start->reason = base_span_trim(sip_between(p, end));
	return true;
}

/* Moves *end back over the SIP version at the end of [p, *end): false where the line is of another
 * protocol. */
static bool
version_take(const uint8_t *p, const uint8_t **end, uint32_t *flags)
{
	const uint8_t *e = *end, *w;
	struct base_span protocol, version;

	if (e - p > 8 && memcmp(e - 8, " SIP/2.0", 8) == 0 && !sip_is_blank(e[-9])) {
		*end = e - 8;
		return true;
	}
	while (e > p && sip_is_blank(e[-1]))
		e--;
	if (e != *end)
		*flags |= SIP_FLAG_BAD_START_LINE;
	for (w = e; w > p && !sip_is_blank(w[-1]); w--)
		;
	version = sip_between(w, e);
	if (!is_version(version, &protocol)) {
		*flags |= SIP_FLAG_BAD_START_LINE | SIP_FLAG_BAD_VERSION;
		*end = e;
		return true;
	}
	if (!is_sip(protocol))
		return false;
	*flags |= version_flags(version);
	while (w > p && sip_is_blank(w[-1]))
		w--;
	if (sip_span_end(version) - w != 1 + (ptrdiff_t)version.len || *w != ' ')
		*flags |= SIP_FLAG_BAD_START_LINE;
	*end = w;
	return true;
}

/* Request-Line = Method SP Request-URI SP SIP-Version */
static bool
request_line_parse(struct base_span line, struct sip_start *start)
{
	const uint8_t *end = sip_span_end(line), *p = sip_skip_class(line.p, end, SIP_CHAR_TOKEN),
		      *uri = p;

	start->method = sip_between(line.p, p);
	while (uri < end && sip_is_blank(*uri))
		uri++;
	if (p == line.p || uri == p)
		return false;
	if (uri != p + 1 || *p != ' ')
		start->flags |= SIP_FLAG_BAD_START_LINE;
	if (!version_take(uri - 1, &end, &start->flags))
		return false;
	if ((start->flags & SIP_FLAG_BAD_VERSION) && end == sip_span_end(base_span_trim(line)) &&
		!sip_looks_like(line.p, line.len))
		return false;
	start->uri = end > uri ? sip_between(uri, end) : sip_between(uri, uri);
	if (start->uri.len == 0)
		start->flags |= SIP_FLAG_BAD_START_LINE | SIP_FLAG_BAD_URI;
	if (start->uri.len > 1 && uri[0] == '<' && end[-1] == '>') {
		start->uri = sip_between(uri + 1, end - 1);
		start->flags |= SIP_FLAG_BAD_START_LINE | SIP_FLAG_BAD_URI;
	}
	end = sip_span_end(start->uri);
	if (sip_find(start->uri.p, end, ' ') || sip_find(start->uri.p, end, '\t'))
		start->flags |= SIP_FLAG_BAD_START_LINE;
	return true;
}

bool
sip_start_parse(struct base_span line, struct sip_start *start)
{
	struct base_span version, protocol;
	const uint8_t *end = sip_span_end(line), *p = line.p;

	memset(start, 0, sizeof(*start));
	if (line.len < 7)
		return false;
	if ((p[0] | 0x20) == 's' && p[3] == '/') {
		while (p < end && !sip_is_blank(*p))
			p++;
		version = sip_between(line.p, p);
		return is_version(version, &protocol) && is_sip(protocol) &&
		       status_line_parse(line, version, start);
	}
	return request_line_parse(line, start);
}

static inline void
start_set(struct sip_message *m, const uint8_t *p, const uint8_t *line_end)
{
	m->start_line = sip_between(p, line_end);
	m->method_text = m->ruri_text = m->reason = (struct base_span){0};
	m->flags = 0;
	m->status = 0;
	m->method = SIP_METHOD_NONE;
}

/* "SIP/2.0 " 3DIGIT " " reason CR LF, a reason of up to 52 bytes. */
SIP_TWIN const uint8_t *
status_line_take(struct sip_message *m, const uint8_t *p, bool wide)
{
	uint64_t controls = sip_up_to_twin(p, ' ' - 1, wide);
	const uint8_t *cr = p + __builtin_ctzll(controls | 1ull << 63);
	uint32_t status = sip_number8(p + 11, 3);

	if (base_unlikely(
		    status < 100 || status > 999 || p[11] != ' ' || *cr != '\r' || cr[1] != '\n'))
		return NULL;
	start_set(m, p, cr);
	m->reason = sip_trim(sip_between(p + 12, cr));
	m->status = (uint16_t)status;
	return cr + 1;
}

/* Method SP URI " SIP/2.0" CR LF, a known method of up to 8 letters and a URI without spaces and
 * control characters. */
SIP_TWIN const uint8_t *
request_line_take(struct sip_message *m, const uint8_t *p, bool wide)
{
	uint64_t low = sip_up_to_twin(p, ' ', wide);
	uint64_t high = sip_up_to_twin(p + 64, ' ', wide);
	uint32_t method_len = (uint32_t)__builtin_ctzll(low | 1ull << 63);
	const uint8_t *uri = p + method_len + 1, *version;
	enum sip_method method;

	if (base_unlikely(method_len < 3 || method_len > 8 || uri[-1] != ' ' || *uri == '<'))
		return NULL;
	low &= low - 1;
	version = low ? p + __builtin_ctzll(low) : p + 64 + __builtin_ctzll(high | 1ull << 63);
	if (base_unlikely(version <= uri || version + 10 > p + START_BYTES ||
			  memcmp(version, " SIP/2.0\r\n", 10) != 0))
		return NULL;
	method = sip_method_usual(p, method_len);
	if (base_unlikely(method == SIP_METHOD_OTHER))
		return NULL;
	start_set(m, p, version + 8);
	m->method = (uint8_t)method;
	m->method_text = base_span_of(p, method_len);
	m->ruri_text = sip_between(uri, version);
	return version + 9;
}

SIP_TWIN const uint8_t *
start_take(struct sip_message *m, const uint8_t *p, bool wide, const uint8_t *end)
{
	if (end - p < START_BYTES)
		return NULL;
	if (memcmp(p, "SIP/2.0 ", 8) == 0)
		return status_line_take(m, p, wide);
	return request_line_take(m, p, wide);
}

const uint8_t *SIP_WIDE_CODE
sip_start_take_wide(struct sip_message *m, const uint8_t *p, const uint8_t *end)
{
	return start_take(m, p, true, end);
}

const uint8_t *SIP_NARROW_CODE
sip_start_take_narrow(struct sip_message *m, const uint8_t *p, const uint8_t *end)
{
	return start_take(m, p, false, end);
}

static bool
looks_like_response(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *space = sip_find(p, end, ' ');
	struct base_span protocol;
	return space && is_version(sip_between(p, space), &protocol) && is_sip(protocol);
}

/* A scheme that SIP has, or behind a known method any scheme but RTSP's, whose OPTIONS look the
 * same. */
static bool
looks_like_uri(const uint8_t *p, const uint8_t *end, bool known_method)
{
	const uint8_t *colon = sip_skip_class(p, end, SIP_CHAR_SCHEME);
	struct base_span scheme = sip_between(p, colon);

	if (colon == end || *colon != ':')
		return false;
	if (base_span_eq_nocase(scheme, BASE_SPAN("sip")) ||
		base_span_eq_nocase(scheme, BASE_SPAN("sips")) ||
		base_span_eq_nocase(scheme, BASE_SPAN("tel")))
		return true;
	return known_method && scheme.len && !sip_is_digit(*p) &&
	       !base_span_starts_nocase(scheme, BASE_SPAN("rtsp"));
}

bool
sip_looks_like(const uint8_t *p, uint32_t len)
{
	const uint8_t *end = p + (len < LOOK_BYTES ? len : LOOK_BYTES), *method_end;

	if (len < 8)
		return false;
	if (p[3] == '/')
		return looks_like_response(p, end);
	method_end = sip_skip_class(p, end, SIP_CHAR_TOKEN);
	if (method_end == p || method_end == end || !sip_is_blank(*method_end))
		return false;
	bool known = sip_method_of(sip_between(p, method_end)) != SIP_METHOD_OTHER;
	for (p = method_end; p < end && sip_is_blank(*p); p++)
		;
	if (p < end && *p == '<')
		p++;
	return looks_like_uri(p, end, known);
}
