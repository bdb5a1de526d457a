#include "sip_sdp_private.h"
#include "sip_wide.h"

/* Takes the word up to white space off *rest: empty at the end. */
static struct base_span
word_take(const struct sdp_reader *r, struct base_span *rest)
{
	const uint8_t *end = sip_span_end(*rest), *p = sip_skip_space(rest->p, end), *q;

	if (p == end) {
		*rest = base_span_of(end, 0);
		return *rest;
	}
	q = sip_find_space(p, end, r->limit);
	*rest = sip_between(q, end);
	return sip_between(p, q);
}

/* Splits s at the first c: what stands before; *rest what stands behind, empty where there is no c.
 */
static struct base_span
before(const struct sdp_reader *r, struct base_span s, uint8_t c, struct base_span *rest)
{
	const uint8_t *end = sip_span_end(s), *at = s.p;

	*rest = base_span_of(s.p, 0);
	if (s.len == 0)
		return s;
#ifdef __SSE2__
	if (base_likely(r->limit - at >= 16)) {
		at += __builtin_ctz(sip_hits(sip_load(at), _mm_set1_epi8((char)c)) | 0x10000);
		if (at >= end)
			return s;
	}
#endif
	while (at < end && *at != c)
		at++;
	if (at == end)
		return s;
	*rest = sip_between(at + 1, end);
	return sip_between(s.p, at);
}

static bool
u16_parse(struct base_span s, uint16_t *out)
{
	uint32_t v;

	if (!sip_length_parse(s, &v) || v > UINT16_MAX)
		return false;
	*out = (uint16_t)v;
	return true;
}

/* nettype addrtype address [ "/" ttl ] [ "/" count ]: false where it is no address (a host name).
 */
static bool
connection_parse(const struct sdp_reader *r, struct base_span value, struct base_ip *ip)
{
	struct base_span rest, net = word_take(r, &value);

	word_take(r, &value);
	return base_span_eq_nocase(net, BASE_SPAN("IN")) &&
	       base_ip_parse(before(r, word_take(r, &value), '/', &rest), ip);
}

/* The first c= of a level counts; further ones of a media are layers of multicast (RFC 8866 5.7).
 */
static void
connection_line(struct sdp_reader *r, struct base_span value)
{
	if (r->connected)
		return;
	r->connected = true;
	r->current.ip_valid = connection_parse(r, value, &r->current.ip);
}

static void
media_finish(struct sdp_reader *r)
{
	struct sip_sdp_media *media = r->media;

	if (!media)
		return;
	media->ip = r->current.ip;
	media->ip_valid = r->current.ip_valid;
	media->crypto = r->current.crypto;
	media->rtcp_mux = r->current.rtcp_mux;
	media->direction = r->current.direction;
	if (base_ip_is_any(&media->rtcp_ip))
		media->rtcp_ip = media->ip;
	r->media = NULL;
}

static void
formats_read(struct sdp_reader *r, struct base_span rest)
{
	struct sip_sdp_media *media = r->media;
	struct base_span word;

	while ((word = word_take(r, &rest)).len) {
		uint32_t type;
		if (media->n_formats == SIP_SDP_FORMATS_MAX) {
			r->sdp->truncated = true;
			return;
		}
		if (!sip_length_parse(word, &type) || type > 127)
			type = 255;
		media->formats[media->n_formats++] =
			(struct sip_sdp_format){.payload_type = (uint8_t)type};
	}
}

bool
sdp_media_begin(struct sdp_reader *r, struct base_span type)
{
	media_finish(r);
	if (!r->in_media)
		r->session = r->current;
	r->current = r->session;
	r->in_media = true;
	r->connected = false;
	if (r->sdp->n_media == SIP_SDP_MEDIA_MAX) {
		r->sdp->truncated = true;
		return false;
	}
	r->media = &r->sdp->media[r->sdp->n_media++];
	memset(r->media, 0, offsetof(struct sip_sdp_media, formats));
	r->media->type = type;
	r->media->port_count = 1;
	return true;
}

/* m=type port[/count] proto format ... */
static void
media_line(struct sdp_reader *r, struct base_span value)
{
	struct base_span port, count;
	struct sip_sdp_media *media;

	if (!sdp_media_begin(r, word_take(r, &value)))
		return;
	media = r->media;
	port = before(r, word_take(r, &value), '/', &count);
	if (!u16_parse(port, &media->port))
		media->port = 0;
	if (count.len && (!u16_parse(count, &media->port_count) || media->port_count == 0))
		media->port_count = 1;
	media->proto = word_take(r, &value);
	formats_read(r, value);
}

struct sip_sdp_format *
sdp_format_of(struct sdp_reader *r, uint32_t payload_type)
{
	if (!r->media || payload_type > 127)
		return NULL;
	for (uint32_t i = 0; i < r->media->n_formats; i++)
		if (r->media->formats[i].payload_type == payload_type)
			return &r->media->formats[i];
	return NULL;
}

static struct sip_sdp_format *
format_find(struct sdp_reader *r, struct base_span type)
{
	uint32_t v;

	return sip_length_parse(type, &v) ? sdp_format_of(r, v) : NULL;
}

/* payload-type encoding "/" clock-rate [ "/" channels ] */
static void
rtpmap_read(struct sdp_reader *r, struct base_span value)
{
	struct sip_sdp_format *format = format_find(r, word_take(r, &value));
	struct base_span rate, channels;
	uint32_t v;

	if (!format)
		return;
	format->encoding = before(r, word_take(r, &value), '/', &rate);
	rate = before(r, rate, '/', &channels);
	format->clock_rate = sip_length_parse(rate, &v) ? v : 0;
	format->channels = sip_length_parse(channels, &v) && v <= UINT8_MAX ? (uint8_t)v : 0;
}

static void
fmtp_read(struct sdp_reader *r, struct base_span value)
{
	struct sip_sdp_format *format = format_find(r, word_take(r, &value));

	if (format)
		format->fmtp = sip_trim(value);
}

/* port [ nettype addrtype address ] (RFC 3605) */
static void
rtcp_read(struct sdp_reader *r, struct base_span value)
{
	struct base_ip ip;

	if (!r->media || !u16_parse(word_take(r, &value), &r->media->rtcp_port))
		return;
	if (connection_parse(r, value, &ip))
		r->media->rtcp_ip = ip;
}

/* foundation component transport priority address port ... (RFC 8839 5.1) */
static void
candidate_read(struct sdp_reader *r, struct base_span value)
{
	struct base_span component, transport;
	struct base_endpoint endpoint;

	if (!r->media || r->media->n_candidates == SIP_SDP_CANDIDATES_MAX)
		return;
	word_take(r, &value);
	component = word_take(r, &value);
	transport = word_take(r, &value);
	word_take(r, &value);
	if (!base_span_eq(component, BASE_SPAN("1")) ||
		!base_span_eq_nocase(transport, BASE_SPAN("udp")))
		return;
	if (base_ip_parse(word_take(r, &value), &endpoint.ip) &&
		u16_parse(word_take(r, &value), &endpoint.port))
		r->media->candidates[r->media->n_candidates++] = endpoint;
}

/* Milliseconds; the fraction that RFC 8866 6.4 allows is dropped. */
static void
ptime_read(struct sdp_reader *r, struct base_span value)
{
	struct base_span fraction;

	if (r->media &&
		!u16_parse(before(r, word_take(r, &value), '.', &fraction), &r->media->ptime_ms))
		r->media->ptime_ms = 0;
}

/* Attributes of a media with a value: false where name is none of them. */
static bool
valued_read(struct sdp_reader *r, struct base_span name, struct base_span value)
{
	if (base_span_eq(name, BASE_SPAN("rtpmap")))
		rtpmap_read(r, value);
	else if (base_span_eq(name, BASE_SPAN("fmtp")))
		fmtp_read(r, value);
	else if (base_span_eq(name, BASE_SPAN("candidate")))
		candidate_read(r, value);
	else if (base_span_eq(name, BASE_SPAN("ptime")))
		ptime_read(r, value);
	else if (base_span_eq(name, BASE_SPAN("rtcp")))
		rtcp_read(r, value);
	else
		return false;
	return true;
}

static void
attribute_line(struct sdp_reader *r, struct base_span line)
{
	struct base_span value, name = sip_trim(before(r, line, ':', &value));
	struct sdp_common *to = &r->current;

	if (valued_read(r, name, value))
		return;
	if (base_span_eq(name, BASE_SPAN("sendrecv")))
		to->direction = SIP_SDP_SENDRECV;
	else if (base_span_eq(name, BASE_SPAN("sendonly")))
		to->direction = SIP_SDP_SENDONLY;
	else if (base_span_eq(name, BASE_SPAN("recvonly")))
		to->direction = SIP_SDP_RECVONLY;
	else if (base_span_eq(name, BASE_SPAN("inactive")))
		to->direction = SIP_SDP_INACTIVE;
	else if (base_span_eq(name, BASE_SPAN("crypto")) ||
		 base_span_eq(name, BASE_SPAN("fingerprint")))
		to->crypto = true;
	else if (base_span_eq(name, BASE_SPAN("rtcp-mux")))
		to->rtcp_mux = true;
}

/* Takes the next line that is not empty off *rest; ends are LF, CR LF or CR. */
static bool
line_next(struct base_span *rest, struct base_span *line)
{
	const uint8_t *p = rest->p, *end = p + rest->len, *q;

	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	q = sip_find_line_end(p, end);
	*line = sip_between(p, q);
	q += end - q >= 2 && q[0] == '\r' && q[1] == '\n' ? 2 : 0;
	*rest = sip_between(q, end);
	return line->len != 0;
}

/* A line that is not empty: false where it, the first, is none of SDP. */
static bool
line_read(struct sdp_reader *r, struct base_span line)
{
	bool readable = line.len >= 2 && line.p[1] == '=';
	struct base_span value;

	if (!r->known && (!readable || (line.p[0] != 'v' && line.p[0] != 'o' && line.p[0] != 'm')))
		return false;
	r->known = true;
	if (!readable)
		return true;
	value = sip_trim(base_span_of(line.p + 2, line.len - 2));
	switch (line.p[0]) {
	case 'o': r->sdp->origin = value; break;
	case 's': r->sdp->session_name = value; break;
	case 'c': connection_line(r, value); break;
	case 'm': media_line(r, value); break;
	case 'a': attribute_line(r, value); break;
	}
	return true;
}

bool
sip_sdp_parse_with(struct sip_sdp_tails *tails, struct sip_sdp *sdp, struct base_span text,
	enum sip_way way)
{
	const uint8_t *end = sip_span_end(text);
	struct sdp_reader r = {.sdp = sdp, .start = text.p, .limit = end, .tails = tails};
	struct base_span line;

	memset(sdp, 0, offsetof(struct sip_sdp, media));
	while (text.len) {
		if (way != SIP_WAY_LONG)
			text = sip_between(sdp_lines_take(&r, text.p, way), end);
		if (!line_next(&text, &line))
			break;
		if (!line_read(&r, line))
			return false;
	}
	if (r.tail && sdp->tail == 0)
		sdp_tail_keep(&r);
	media_finish(&r);
	return r.known;
}

bool
sip_sdp_parse_as(struct sip_sdp *sdp, struct base_span text, enum sip_way way)
{
	return sip_sdp_parse_with(NULL, sdp, text, way);
}

bool
sip_sdp_parse_known(struct sip_sdp_tails *tails, struct sip_sdp *sdp, struct base_span text)
{
	return sip_sdp_parse_with(tails, sdp, text, sip_way_here());
}

bool
sip_sdp_parse(struct sip_sdp *sdp, struct base_span text)
{
	return sip_sdp_parse_as(sdp, text, sip_way_here());
}
