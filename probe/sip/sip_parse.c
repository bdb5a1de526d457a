#include "sip_private.h"

/* Indexes one header.  last: of each known id that has been seen, the index of its last header. */
static void
header_add(struct sip_message *m, uint8_t last[SIP_HDR_COUNT], struct base_span name,
	struct base_span value)
{
	uint32_t id = sip_header_id_of(name), n = m->n_headers;
	struct sip_header *h = &m->headers[n];

	if (base_unlikely(n == SIP_HEADERS_MAX)) {
		m->flags |= SIP_FLAG_TOO_MANY_HEADERS;
		return;
	}
	m->n_headers = (uint8_t)(n + 1);
	*h = (struct sip_header){name, value, (uint8_t)id, SIP_NO_HEADER};
	if (id == SIP_HDR_OTHER) {
		if (sip_skip_class(name.p, sip_span_end(name), SIP_CHAR_TOKEN) !=
			sip_span_end(name))
			m->flags |= SIP_FLAG_BAD_HEADER;
		return;
	}
	if (base_likely(m->first[id] == SIP_NO_HEADER)) {
		m->first[id] = (uint8_t)n;
	} else {
		m->headers[last[id]].next = (uint8_t)n;
		m->flags |= SIP_FLAG_REPEATED_HEADER; /* sip_decode looks closer */
	}
	last[id] = (uint8_t)n;
}

/* False where the header section is not whole (only in a stream). */
static bool
headers_index(struct sip_message *m, struct sip_lines *lines)
{
	uint8_t last[SIP_HDR_COUNT];
	struct base_span name, value;
	struct sip_line line;
	enum sip_line_result result;

	while ((result = sip_line_take(lines, &line)) == SIP_LINE) {
		if (base_likely(sip_line_split(&line, lines->end, &name, &value)))
			header_add(m, last, name, value);
		else
			m->flags |= SIP_FLAG_BAD_HEADER;
	}
	if (result == SIP_LINE_BODY)
		return true;
	lines->truncated = true;
	return lines->cut_is_end;
}

/* Sets the body: bytes of it, or SIP_PARTIAL. */
static int32_t
body_take(struct sip_message *m, const struct sip_lines *lines)
{
	const struct sip_header *h = sip_header_find(m, SIP_HDR_CONTENT_LENGTH);
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

/* Sets what stands before the headers; the rest is set by sip_decode, so that nothing is cleared
 * twice. */
static void
start_store(struct sip_message *m, const struct sip_start *start, struct base_span line)
{
	memset(m->first, SIP_NO_HEADER, sizeof(m->first));
	m->n_headers = 0;
	m->start_line = line;
	m->method_text = start->method;
	m->ruri_text = start->uri;
	m->reason = start->reason;
	m->status = start->status;
	m->flags = start->flags;
	m->method = (uint8_t)(start->response ? SIP_METHOD_NONE : sip_method_of(start->method));
}

int32_t
sip_parse(struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram)
{
	struct sip_lines lines;
	struct sip_start start;
	const uint8_t *lf, *line_end;
	int32_t body;

	len = len > INT32_MAX ? INT32_MAX : len;
	if (len == 0)
		return datagram ? SIP_MALFORMED : SIP_PARTIAL;
	lines = (struct sip_lines){.p = p, .end = p + len, .cut_is_end = datagram};
	while (lines.p < lines.end && (*lines.p == '\r' || *lines.p == '\n'))
		lines.p++;
	lf = sip_find(lines.p, lines.end, '\n');
	if (!lf)
		return datagram ? SIP_MALFORMED : SIP_PARTIAL;
	line_end = lf > lines.p && lf[-1] == '\r' ? lf - 1 : lf;
	if (!sip_start_parse(sip_between(lines.p, line_end), &start))
		return SIP_MALFORMED;

	start_store(m, &start, sip_between(lines.p, line_end));
	lines.lf_only = line_end == lf;
	lines.p = lf + 1;
	if (!headers_index(m, &lines))
		return SIP_PARTIAL;
	if (m->n_headers == 0)
		return SIP_MALFORMED;
	body = body_take(m, &lines);
	if (body < 0)
		return body;
	if (lines.truncated)
		m->flags |= SIP_FLAG_TRUNCATED;
	if (lines.lf_only)
		m->flags |= SIP_FLAG_LF_ONLY;
	m->start = p;
	m->len = (uint32_t)(lines.p - p) + (uint32_t)body;
	sip_decode(m);
	return (int32_t)m->len;
}
