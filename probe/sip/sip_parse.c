#include "sip_wide.h"

/* Sets the body: bytes of it, or SIP_PARTIAL. */
static int32_t
body_take(struct sip_message *m, const struct sip_lines *lines)
{
	uint8_t first = m->first[SIP_HDR_CONTENT_LENGTH];
	const struct sip_header *h = first == SIP_NO_HEADER ? NULL : &m->headers[first];
	uint32_t left = (uint32_t)(lines->end - lines->p);
	uint32_t want = lines->cut_is_end ? left : 0;

	if (h && !sip_length_parse(h->value, &want))
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

int32_t
sip_parse_as(struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram, enum sip_way way)
{
	struct sip_lines lines;
	const uint8_t *lf;
	int32_t body;

	len = len > INT32_MAX ? INT32_MAX : len;
	if (len == 0)
		return datagram ? SIP_MALFORMED : SIP_PARTIAL;
	lines = (struct sip_lines){.p = p, .end = p + len, .cut_is_end = datagram};
	m->start = p;
	while (lines.p < lines.end && (*lines.p == '\r' || *lines.p == '\n'))
		lines.p++;
	lf = sip_start_take(m, lines.p, lines.end, way);
	if (base_likely(lf)) {
		lines.p = lf + 1;
	} else {
		body = start_take_slowly(m, &lines);
		if (body < 0)
			return body;
	}
	if (!sip_headers_index(m, &lines, way))
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
	m->len = (uint32_t)(lines.p - p) + (uint32_t)body;
	sip_decode(m, way);
	return (int32_t)m->len;
}

int32_t
sip_parse(struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram)
{
	return sip_parse_as(m, p, len, datagram, sip_way_here());
}
