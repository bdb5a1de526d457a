#include "sip_private.h"

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

/* A start line alone: the requests and the responses of a call tell something even so. */
static bool
start_is_of_call(const struct sip_message *m)
{
	return m->status || m->method == SIP_METHOD_INVITE || m->method == SIP_METHOD_ACK ||
	       m->method == SIP_METHOD_BYE || m->method == SIP_METHOD_CANCEL;
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
	lf = sip_lines_lf(&lines);
	if (!lf)
		return datagram ? SIP_MALFORMED : SIP_PARTIAL;
	line_end = lf > lines.p && lf[-1] == '\r' ? lf - 1 : lf;
	if (!sip_start_parse(sip_between(lines.p, line_end), &start))
		return SIP_MALFORMED;

	start_store(m, &start, sip_between(lines.p, line_end));
	lines.lf_only = line_end == lf;
	lines.p = lf + 1;
	if (!sip_headers_index(m, &lines))
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
	m->start = p;
	m->len = (uint32_t)(lines.p - p) + (uint32_t)body;
	sip_decode(m);
	return (int32_t)m->len;
}
