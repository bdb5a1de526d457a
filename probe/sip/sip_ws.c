#include "sip_ws.h"

#include "sip_private.h"

#define HANDSHAKE_MAX 8192
#define FRAMES_MAX 256 /* of one message, control frames between included */
#define START_BYTES 64 /* so many tell a start line */

enum { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PONG = 10 };

/* ---- handshake ---- */

/* Does a header that lists subprotocols name sip? */
static bool
names_sip(struct base_span lines)
{
	struct sip_lines at = {.p = lines.p, .end = sip_span_end(lines), .cut_is_end = true};
	struct base_span name, value, element;
	struct sip_line line;

	while (sip_line_take(&at, &line) == SIP_LINE) {
		if (!sip_line_split(&line, at.end, &name, &value) ||
			!base_span_eq_nocase(name, BASE_SPAN("Sec-WebSocket-Protocol")))
			continue;
		while (sip_value_next(&value, &element))
			if (base_span_eq_nocase(base_span_trim(element), BASE_SPAN("sip")))
				return true;
	}
	return false;
}

/* The end of a head of HTTP at p, behind its empty line, or NULL. */
static const uint8_t *
head_end(const uint8_t *p, uint32_t len)
{
	return memmem(p, len, "\r\n\r\n", 4);
}

static bool
starts_http(const uint8_t *p, uint32_t len)
{
	struct base_span s = base_span_of(p, len);

	return base_span_starts_nocase(s, BASE_SPAN("GET ")) ||
	       base_span_starts_nocase(s, BASE_SPAN("HTTP/1.1 101 "));
}

/* ---- frames ---- */

struct ws_header {
	uint32_t bytes;         /* of the header */
	uint32_t len;           /* of what follows */
	uint8_t opcode;
	bool fin, masked;
	uint8_t mask[4];
};

enum ws_result { WS_WHOLE, WS_CUT, WS_BAD };

static bool
is_control(const struct ws_header *h)
{
	return h->opcode >= OP_CLOSE;
}

/* The header at p (RFC 6455 5.2).  Extensions are not agreed on by RFC 7118: their bits are bad. */
static enum ws_result
header_read(const uint8_t *p, uint32_t len, struct ws_header *h)
{
	if (len < 2)
		return WS_CUT;
	uint32_t size = p[1] & 0x7f, more = size == 127 ? 8 : size == 126 ? 2 : 0;
	*h = (struct ws_header){.opcode = p[0] & 0xf, .fin = p[0] >> 7, .masked = p[1] >> 7};
	h->bytes = 2 + more + (h->masked ? 4 : 0);
	if ((p[0] & 0x70) || h->opcode > OP_PONG ||
		(h->opcode > OP_BINARY && h->opcode < OP_CLOSE) ||
		(is_control(h) && (!h->fin || more)))
		return WS_BAD;
	if (len < h->bytes)
		return WS_CUT;
	if (more == 8 && (base_load_be32(p + 2) || base_load_be32(p + 6) > SIP_WS_MAX))
		return WS_BAD;
	h->len = more == 8 ? base_load_be32(p + 6) : more == 2 ? base_load_be16(p + 2) : size;
	if (h->masked)
		memcpy(h->mask, p + h->bytes - 4, 4);
	return WS_WHOLE;
}

static void
payload_copy(uint8_t *out, const uint8_t *p, uint32_t n, const struct ws_header *h)
{
	if (!h->masked) {
		memcpy(out, p, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		out[i] = p[i] ^ h->mask[i & 3];
}

/* Does what is there of a message's first frame begin as SIP does, or with a line end?  unsure:
 * the answer where too little is there to tell. */
static bool
begins_sip(const uint8_t *p, uint32_t len, const struct ws_header *h, bool unsure)
{
	uint8_t first[START_BYTES];
	uint32_t there = len - h->bytes < h->len ? len - h->bytes : h->len;
	uint32_t n = there < START_BYTES ? there : START_BYTES;

	if (h->opcode != OP_TEXT && h->opcode != OP_BINARY)
		return false;
	payload_copy(first, p + h->bytes, n, h);
	if (h->len == 0 || (n && (first[0] == '\r' || first[0] == '\n')))
		return unsure;
	if (n < 16 && (n < h->len || !h->fin))
		return unsure;
	return sip_looks_like(first, n);
}

/* Is there the first frame of a SIP message at p?  CUT: too little is there to tell. */
static enum ws_result
first_frame(const uint8_t *p, uint32_t len)
{
	struct ws_header h;
	enum ws_result result = header_read(p, len, &h);

	if (result != WS_WHOLE)
		return result;
	if (begins_sip(p, len, &h, false))
		return WS_WHOLE;
	return len - h.bytes < h.len && begins_sip(p, len, &h, true) ? WS_CUT : WS_BAD;
}

enum sip_ws_begin
sip_ws_begins(const uint8_t *p, uint32_t len, uint32_t *skip)
{
	*skip = 0;
	if (len == 0)
		return SIP_WS_NO;
	if ((p[0] & 0x7f) == OP_TEXT || (p[0] & 0x7f) == OP_BINARY)
		return first_frame(p, len) == WS_WHOLE ? SIP_WS_FRAME : SIP_WS_NO;
	if (!starts_http(p, len))
		return SIP_WS_NO;
	const uint8_t *end = head_end(p, len);
	if (end == NULL)
		return len < HANDSHAKE_MAX ? SIP_WS_MAYBE : SIP_WS_NO;
	const uint8_t *lines = sip_find(p, end, '\n');
	if (lines == NULL || !names_sip(sip_between(lines + 1, end + 2)))
		return SIP_WS_NO;
	*skip = (uint32_t)(end + 4 - p);
	return SIP_WS_HANDSHAKE;
}

/* ---- messages ---- */

/* What is no frame of ours, up to one that is or may be. */
static enum sip_frame_result
garbage(const uint8_t *p, uint32_t len, struct sip_frame *frame)
{
	frame->skip = 1;
	while (frame->skip < len && first_frame(p + frame->skip, len - frame->skip) == WS_BAD)
		frame->skip++;
	return SIP_FRAME_GARBAGE;
}

/* The frames of the message at p. */
struct ws_message {
	uint32_t bytes, len;    /* of the frames, of the message */
	uint32_t n_data;
	struct ws_header first; /* of data */
};

static enum ws_result
message_measure(const uint8_t *p, uint32_t len, struct ws_message *m)
{
	struct ws_header h;

	*m = (struct ws_message){0};
	for (int i = 0; i < FRAMES_MAX; i++) {
		enum ws_result result = header_read(p + m->bytes, len - m->bytes, &h);
		if (result != WS_WHOLE)
			return result;
		if (!is_control(&h) && (h.opcode == OP_CONTINUATION) != (m->n_data != 0))
			return WS_BAD;
		if (m->n_data == 0 && !is_control(&h) &&
			!begins_sip(p + m->bytes, len - m->bytes, &h, true))
			return WS_BAD;
		if (!is_control(&h) && (m->len += h.len) > SIP_WS_MAX)
			return WS_BAD;
		if (h.len > len - m->bytes - h.bytes)
			return WS_CUT;
		if (!is_control(&h) && m->n_data++ == 0)
			m->first = h;
		m->bytes += h.bytes + h.len;
		if (m->n_data ? !is_control(&h) && h.fin : i == 0)
			return WS_WHOLE;
	}
	return WS_BAD;
}

static void
message_gather(const uint8_t *p, const struct ws_message *m, uint8_t *out)
{
	uint32_t at = 0;
	struct ws_header h;

	while (at < m->bytes && header_read(p + at, m->bytes - at, &h) == WS_WHOLE) {
		if (!is_control(&h)) {
			payload_copy(out, p + at + h.bytes, h.len, &h);
			out += h.len;
		}
		at += h.bytes + h.len;
	}
}

static bool
is_line_ends(const uint8_t *p, uint32_t len)
{
	while (len && (*p == '\r' || *p == '\n'))
		p++, len--;
	return len == 0;
}

enum sip_frame_result
sip_ws_next(const uint8_t *p, uint32_t len, bool resync, uint8_t *scratch, struct sip_frame *frame)
{
	struct ws_message m = {0};

	*frame = (struct sip_frame){.p = p};
	if (len == 0)
		return SIP_FRAME_NEED_MORE;
	enum ws_result result = resync ? first_frame(p, len) : WS_WHOLE;
	if (result == WS_WHOLE)
		result = message_measure(p, len, &m);
	switch (result) {
	case WS_BAD: return garbage(p, len, frame);
	case WS_CUT: return SIP_FRAME_NEED_MORE;
	case WS_WHOLE: break;
	}
	frame->skip = m.bytes;
	if (m.n_data == 0)
		return SIP_FRAME_KEEPALIVE;
	frame->len = m.len;
	if (m.n_data == 1 && !m.first.masked && m.bytes == m.first.bytes + m.first.len) {
		frame->p = p + m.first.bytes;
	} else {
		message_gather(p, &m, scratch);
		frame->p = scratch;
	}
	return is_line_ends(frame->p, frame->len) ? SIP_FRAME_KEEPALIVE : SIP_FRAME_MESSAGE;
}
