#include "sip_private.h"

/* So many bytes tell whether a line without an end (yet) is a start line. */
#define START_BYTES 64

enum verdict { NO, MAYBE, YES };

/* Do the bytes at the begin of a line start a message? */
static enum verdict
start_verdict(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *lf = sip_find(p, end, '\n');
	struct sip_start start;

	if (lf) {
		const uint8_t *line_end = lf > p && lf[-1] == '\r' ? lf - 1 : lf;
		return sip_start_parse(sip_between(p, line_end), &start) ? YES : NO;
	}
	return end - p < START_BYTES || sip_looks_like(p, START_BYTES) ? MAYBE : NO;
}

/* Bytes of the message at p, 0 where its end of headers is not there, or more than SIP_FRAME_MAX
 * where it is too long. */
static uint32_t
message_length(const uint8_t *p, const uint8_t *end)
{
	struct sip_lines lines = {.p = sip_find(p, end, '\n') + 1, .end = end};
	struct base_span name, value;
	struct sip_line line;
	enum sip_line_result result;
	uint32_t body = 0;
	bool known = false;

	while ((result = sip_line_take(&lines, &line)) == SIP_LINE) {
		if (known || !sip_line_split(&line, end, &name, &value) ||
			sip_header_id_of(name) != SIP_HDR_CONTENT_LENGTH)
			continue;
		known = true;
		if (!sip_length_parse(value, &body))
			body = 0;
	}
	if (result == SIP_LINE_CUT)
		return end - p > SIP_FRAME_MAX ? SIP_FRAME_MAX + 1 : 0;
	uint64_t len = (uint64_t)(lines.p - p) + body;
	return len > SIP_FRAME_MAX ? SIP_FRAME_MAX + 1 : (uint32_t)len;
}

/* Behind p, the next line that may be a start line, or end. */
static const uint8_t *
start_find(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *lf;

	while ((lf = sip_find(p, end, '\n'))) {
		p = lf + 1;
		if (p == end || end - p < START_BYTES)
			break;
		if (sip_looks_like(p, START_BYTES))
			return p;
	}
	/* The last bytes: each line that is whole can be told, what is left may become one. */
	while (lf && p < end) {
		lf = sip_find(p, end, '\n');
		if (!lf || sip_looks_like(p, (uint32_t)(end - p)))
			return p;
		p = lf + 1;
	}
	return end;
}

static enum sip_frame_result
garbage(const uint8_t *p, uint32_t len, struct sip_frame *frame)
{
	frame->skip = (uint32_t)(start_find(p, p + len) - p);
	return SIP_FRAME_GARBAGE;
}

enum sip_frame_result
sip_frame_next(const uint8_t *p, uint32_t len, bool resync, struct sip_frame *frame)
{
	uint32_t n = 0;

	*frame = (struct sip_frame){.p = p};
	if (len == 0)
		return SIP_FRAME_NEED_MORE;
	while (n < len && (p[n] == '\r' || p[n] == '\n'))
		n++;
	if (n) {
		frame->skip = n;
		return SIP_FRAME_KEEPALIVE;
	}
	if (resync && len >= START_BYTES && !sip_looks_like(p, START_BYTES))
		return garbage(p, len, frame);
	switch (start_verdict(p, p + len)) {
	case NO: return garbage(p, len, frame);
	case MAYBE: return len > SIP_FRAME_MAX ? garbage(p, len, frame) : SIP_FRAME_NEED_MORE;
	case YES: break;
	}
	n = message_length(p, p + len);
	if (n > SIP_FRAME_MAX)
		return garbage(p, len, frame);
	if (n == 0 || n > len)
		return SIP_FRAME_NEED_MORE;
	frame->len = frame->skip = n;
	return SIP_FRAME_MESSAGE;
}
