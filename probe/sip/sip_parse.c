#include "sip_wide.h"

/* sip_length_parse of a value that stands behind the message's first line. */
static inline bool
length_take(struct base_span value, uint32_t *length)
{
	uint32_t v = value.len - 1 < 8 ? sip_number8(sip_span_end(value), value.len) : UINT32_MAX;

	if (base_unlikely(v == UINT32_MAX))
		return sip_length_parse(value, length);
	*length = v;
	return true;
}

/* Sets the body: bytes of it, or SIP_PARTIAL. */
static inline int32_t
body_take(struct sip_message *m, const struct sip_lines *lines)
{
	const struct sip_header *h = sip_header_find(m, SIP_HDR_CONTENT_LENGTH);
	uint32_t left = (uint32_t)(lines->end - lines->p);
	uint32_t want = lines->cut_is_end ? left : 0;

	if (h && !length_take(h->value, &want))
		m->flags |= SIP_FLAG_BAD_LENGTH;
	if (want > left && !lines->cut_is_end)
		return SIP_PARTIAL;
	if (want > left) {
		m->flags |= SIP_FLAG_BAD_LENGTH | SIP_FLAG_TRUNCATED;
		want = left;
	}
	m->body = base_span_of(lines->p, want);
	return (int32_t)want;
}

static void
start_store(struct sip_message *m, const struct sip_start *start, struct base_span line)
{
	m->start_line = line;
	m->method_text = start->method;
	m->ruri_text = start->uri;
	m->reason = start->reason;
	m->status = start->status;
	m->flags = start->flags;
	m->method = (uint8_t)(start->response ? SIP_METHOD_NONE : sip_method_of(start->method));
}

/* Takes the start line off *lines the long way: > 0, or what sip_parse returns. */
static int32_t
start_take_slowly(struct sip_message *m, struct sip_lines *lines)
{
	const uint8_t *lf = sip_lines_lf(lines), *line_end;
	struct sip_start start;

	if (!lf)
		return lines->cut_is_end ? SIP_MALFORMED : SIP_PARTIAL;
	line_end = lf > lines->p && lf[-1] == '\r' ? lf - 1 : lf;
	if (!sip_start_parse(sip_between(lines->p, line_end), &start))
		return SIP_MALFORMED;
	start_store(m, &start, sip_between(lines->p, line_end));
	lines->lf_only = line_end == lf;
	lines->p = lf + 1;
	return 1;
}

/* A start line alone: the requests and the responses of a call tell something even so. */
static bool
start_is_of_call(const struct sip_message *m)
{
	return m->status || m->method == SIP_METHOD_INVITE || m->method == SIP_METHOD_ACK ||
	       m->method == SIP_METHOD_BYE || m->method == SIP_METHOD_CANCEL;
}

/* Asks the cache for the lines of a usual header section behind those that the start line is in:
 * all at once, where the processor would wait for one before it guesses the next. */
#define AHEAD_BEGIN (2 * BASE_CACHE_LINE)
#define AHEAD_END (10 * BASE_CACHE_LINE)
static inline void
text_prefetch(const uint8_t *p)
{
	for (uint32_t at = AHEAD_BEGIN; at < AHEAD_END; at += BASE_CACHE_LINE)
		base_prefetch(p + at);
}

/* What a message begins with and sip_parse leaves out. */
static inline const uint8_t *
line_ends_skip(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	return p;
}

SIP_TWIN const uint8_t *
start_take(struct sip_message *m, const struct sip_lines *lines, enum sip_way way)
{
	switch (way) {
	case SIP_WAY_WIDE: return sip_start_take_wide(m, lines->p, lines->end);
	case SIP_WAY_NARROW: return sip_start_take_narrow(m, lines->p, lines->end);
	default: return NULL;
	}
}

SIP_TWIN bool
headers_index(struct sip_message *m, struct sip_lines *lines, enum sip_way way)
{
	switch (way) {
	case SIP_WAY_WIDE: return sip_headers_index_wide(m, lines);
	case SIP_WAY_NARROW: return sip_headers_index_narrow(m, lines);
	default: return sip_headers_index_long(m, lines);
	}
}

SIP_TWIN void
decode(struct sip_message *m, enum sip_way way)
{
	switch (way) {
	case SIP_WAY_WIDE: sip_decode_wide(m); return;
	case SIP_WAY_NARROW: sip_decode_narrow(m); return;
	default: sip_decode_long(m);
	}
}

SIP_TWIN int32_t
parse(struct sip_message *m, struct base_span bytes, bool datagram, enum sip_way way)
{
	struct sip_lines lines = {
		.p = bytes.p, .end = bytes.p + bytes.len, .cut_is_end = datagram};
	const uint8_t *lf;
	int32_t body;

	m->start = bytes.p;
	if (base_likely(bytes.len > AHEAD_BEGIN))
		text_prefetch(bytes.p);
	if (base_unlikely(*lines.p < ' '))
		lines.p = line_ends_skip(lines.p, lines.end);
	lf = start_take(m, &lines, way);
	if (base_likely(lf)) {
		lines.p = lf + 1;
	} else {
		body = start_take_slowly(m, &lines);
		if (body < 0)
			return body;
	}
	if (!headers_index(m, &lines, way))
		return SIP_PARTIAL;
	if (base_unlikely(m->n_headers == 0) && !start_is_of_call(m))
		return SIP_MALFORMED;
	body = body_take(m, &lines);
	if (body < 0)
		return body;
	if (lines.truncated)
		m->flags |= SIP_FLAG_TRUNCATED;
	if (lines.lf_only)
		m->flags |= SIP_FLAG_LF_ONLY;
	m->len = (uint32_t)(lines.p - bytes.p) + (uint32_t)body;
	decode(m, way);
	return (int32_t)m->len;
}

static int32_t SIP_WIDE_CODE
parse_wide(struct sip_message *m, struct base_span bytes, bool datagram)
{
	return parse(m, bytes, datagram, SIP_WAY_WIDE);
}

static int32_t SIP_NARROW_CODE
parse_narrow(struct sip_message *m, struct base_span bytes, bool datagram)
{
	return parse(m, bytes, datagram, SIP_WAY_NARROW);
}

static int32_t SIP_SLOW_CODE
parse_long(struct sip_message *m, struct base_span bytes, bool datagram)
{
	return parse(m, bytes, datagram, SIP_WAY_LONG);
}

int32_t
sip_parse_as(struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram, enum sip_way way)
{
	struct base_span bytes = base_span_of(p, len > INT32_MAX ? INT32_MAX : len);

	if (base_unlikely(len == 0))
		return datagram ? SIP_MALFORMED : SIP_PARTIAL;
	switch (way) {
	case SIP_WAY_WIDE: return parse_wide(m, bytes, datagram);
	case SIP_WAY_NARROW: return parse_narrow(m, bytes, datagram);
	default: return parse_long(m, bytes, datagram);
	}
}

int32_t
sip_parse(struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram)
{
	return sip_parse_as(m, p, len, datagram, sip_way_here());
}
