#include "sip_sdp_private.h"
#include "sip_wide.h"

#define LINE_BYTES_MAX 64
/* Of the begin of a line so much is read at once. */
#define LINE_BEGIN 10

/* A line of the usual form: x=value CR LF. */
struct usual_line {
	const uint8_t *p, *block; /* block: 64 bytes that may be read, p among them */
	uint64_t ends;            /* of the words not yet taken, from p */
	uint32_t len;             /* without CR LF */
};

/* The line at p: false where it is not of the usual form. */
SIP_TWIN bool
line_take(const struct sdp_reader *r, const uint8_t *p, struct usual_line *line, bool wide)
{
	const uint8_t *last = r->limit - LINE_BYTES_MAX, *block = p < last ? p : last, *end;
	uint64_t controls = 0;

	if (base_unlikely(r->limit - p < LINE_BEGIN))
		return false;
	if (base_likely(block == p))
		controls = sip_up_to_soon_twin(p, ' ' - 1, wide);
	if (!controls)
		controls = sip_up_to_twin(block, ' ' - 1, wide) >> (p - block);
	if (base_unlikely(!controls))
		return false;
	end = p + __builtin_ctzll(controls);
	if (base_unlikely(end + 2 > r->limit || memcmp(end, "\r\n", 2) != 0 || p[1] != '='))
		return false;
	*line = (struct usual_line){.p = p, .block = block, .len = (uint32_t)(end - p)};
	return true;
}

/* Splits the value into words, one space apart: false where there is more or other white space. */
SIP_TWIN bool
words_split(struct usual_line *line, bool wide)
{
	uint64_t ends = sip_up_to_twin(line->block, ' ', wide) >> (line->p - line->block);

	/* The '=' ends a word too: then no two ends stand side by side. */
	ends = (ends & ((2ull << line->len) - 1)) | 2;
	line->ends = ends ^ 2;
	return !(ends & ends >> 1);
}

/* Where the next word ends, from the line's begin; 0: there is none. */
static inline uint32_t
word_end(struct usual_line *line)
{
	uint32_t end = line->ends ? (uint32_t)__builtin_ctzll(line->ends) : 0;

	line->ends &= line->ends - 1;
	return end;
}

/* The number between two places of a line, or UINT32_MAX where it is none or a long one. */
static inline uint32_t
number_of(const struct usual_line *line, uint32_t from, uint32_t to)
{
	if (base_unlikely(to - from - 1 > 7 || to < 8))
		return UINT32_MAX;
	return sip_number8(line->p + to, to - from);
}

/* c=IN IP4 address; what the middle word is does not matter. */
static inline bool
connection_take(struct sdp_reader *r, struct usual_line line)
{
	const uint8_t *p = line.p;
	struct base_ip ip;

	if (r->connected)
		return true;
	if (line.len < 10 || memcmp(p, "c=IN IP", 7) != 0 || p[7] <= ' ' || p[8] != ' ')
		return false;
	if (!base_ip_parse(sip_between(p + 9, p + line.len), &ip))
		return false;
	r->connected = true;
	r->current.ip = ip;
	r->current.ip_valid = true;
	return true;
}

/* m=type port proto format ... */
SIP_TWIN bool
media_take(struct sdp_reader *r, struct usual_line line, bool wide)
{
	bool split = words_split(&line, wide);
	const uint8_t *p = line.p;
	uint32_t type_end = word_end(&line), port_end = word_end(&line);
	uint32_t at = word_end(&line), end, type;
	uint32_t port = at ? number_of(&line, type_end + 1, port_end) : UINT32_MAX;
	struct sip_sdp_media *media;

	if (!split || port > UINT16_MAX)
		return false;
	if (!sdp_media_begin(r, sip_between(p + 2, p + type_end)))
		return true;
	media = r->media;
	media->port = (uint16_t)port;
	if (r->tails && sdp_tail_take(r, p + port_end))
		return true;
	media->proto = sip_between(p + port_end + 1, p + at);
	for (; (end = word_end(&line)); at = end) {
		if (media->n_formats == SIP_SDP_FORMATS_MAX) {
			r->sdp->truncated = true;
			return true;
		}
		type = number_of(&line, at + 1, end);
		if (type > 127 &&
			(!sip_length_parse(sip_between(p + at + 1, p + end), &type) || type > 127))
			type = 255;
		media->formats[media->n_formats++] =
			(struct sip_sdp_format){.payload_type = (uint8_t)type};
	}
	return true;
}

/* a=rtpmap:payload-type encoding "/" clock-rate [ "/" channels ] */
SIP_TWIN bool
rtpmap_take(struct sdp_reader *r, struct usual_line line, bool wide)
{
	const uint8_t *p = line.p;
	uint32_t at = word_end(&line), end = word_end(&line), slash, second, rate, channels = 0;
	uint32_t type = number_of(&line, 9, at);
	uint64_t slashes = sip_mask_twin(line.block, '/', wide) >> (p - line.block);
	struct sip_sdp_format *format = sdp_format_of(r, type);

	slashes &= (1ull << end) - (1ull << at);
	if (type == UINT32_MAX || end == 0 || !slashes)
		return false;
	slash = (uint32_t)__builtin_ctzll(slashes);
	slashes &= slashes - 1;
	second = slashes ? (uint32_t)__builtin_ctzll(slashes) : end;
	rate = number_of(&line, slash + 1, second);
	if (second != end)
		channels = number_of(&line, second + 1, end);
	if (rate == UINT32_MAX || channels == UINT32_MAX)
		return false;
	if (!format)
		return true;
	format->encoding = sip_between(p + at + 1, p + slash);
	format->clock_rate = rate;
	format->channels = channels <= UINT8_MAX ? (uint8_t)channels : 0;
	return true;
}

/* a=fmtp:payload-type what it says */
static inline bool
fmtp_take(struct sdp_reader *r, struct usual_line line)
{
	uint32_t at = word_end(&line), type = number_of(&line, 7, at);
	struct sip_sdp_format *format = sdp_format_of(r, type);

	if (type == UINT32_MAX || at == line.len)
		return false;
	if (format)
		format->fmtp = sip_between(line.p + at + 1, line.p + line.len);
	return true;
}

/* a=ptime:milliseconds */
static inline bool
ptime_take(struct sdp_reader *r, struct usual_line line)
{
	uint32_t ms = number_of(&line, 8, line.len);

	if (ms > UINT16_MAX)
		return false;
	if (r->media)
		r->media->ptime_ms = (uint16_t)ms;
	return true;
}

/* No attribute that is read begins with c. */
static inline bool
is_passed_over(uint8_t c)
{
	return c > ' ' && c != 'c' && c != 'f' && c != 'i' && c != 'p' && c != 'r' && c != 's';
}

/* a=name or a=name:value */
SIP_TWIN bool
attribute_take(struct sdp_reader *r, struct usual_line line, bool wide)
{
	const uint8_t *name = line.p + 2;
	uint8_t *direction = &r->current.direction;

	if (memcmp(name, "rtpmap:", 7) == 0)
		return words_split(&line, wide) && rtpmap_take(r, line, wide);
	if (memcmp(name, "fmtp:", 5) == 0)
		return words_split(&line, wide) && fmtp_take(r, line);
	if (memcmp(name, "ptime:", 6) == 0)
		return ptime_take(r, line);
	if (line.len != 10)
		return is_passed_over(*name);
	if (memcmp(name, "sendrecv", 8) == 0)
		*direction = SIP_SDP_SENDRECV;
	else if (memcmp(name, "sendonly", 8) == 0)
		*direction = SIP_SDP_SENDONLY;
	else if (memcmp(name, "recvonly", 8) == 0)
		*direction = SIP_SDP_RECVONLY;
	else if (memcmp(name, "inactive", 8) == 0)
		*direction = SIP_SDP_INACTIVE;
	else
		return is_passed_over(*name);
	return true;
}

/* o= and s=: false where the value is empty or to be trimmed. */
static inline bool
text_take(struct usual_line line, struct base_span *text)
{
	*text = sip_between(line.p + 2, line.p + line.len);
	return line.len > 2 && line.p[2] > ' ' && line.p[line.len - 1] > ' ';
}

SIP_TWIN const uint8_t *
lines_take(struct sdp_reader *r, const uint8_t *p, bool wide)
{
	struct usual_line line;
	bool taken = true;

	if (r->limit - r->start < LINE_BYTES_MAX ||
		(!r->known && *p != 'v' && *p != 'o' && *p != 'm'))
		return p;
	for (; line_take(r, p, &line, wide); p += line.len + 2) {
		r->known = true;
		switch (*p) {
		case 'a': taken = attribute_take(r, line, wide); break;
		case 'c': taken = connection_take(r, line); break;
		case 'm':
			taken = media_take(r, line, wide);
			if (r->sdp->tail)
				return r->limit;
			break;
		case 'o': taken = text_take(line, &r->sdp->origin); break;
		case 's': taken = text_take(line, &r->sdp->session_name); break;
		}
		if (!taken)
			break;
	}
	return p;
}

static const uint8_t *SIP_WIDE_CODE
lines_take_wide(struct sdp_reader *r, const uint8_t *p)
{
	return lines_take(r, p, true);
}

static const uint8_t *SIP_NARROW_CODE
lines_take_narrow(struct sdp_reader *r, const uint8_t *p)
{
	return lines_take(r, p, false);
}

const uint8_t *
sdp_lines_take(struct sdp_reader *r, const uint8_t *p, enum sip_way way)
{
	return way == SIP_WAY_WIDE ? lines_take_wide(r, p) : lines_take_narrow(r, p);
}
