/* The line of an SDP in flow[], kept in few bytes and written out where the record is: what there
 * are names for as their numbers, all else as it came.
 *
 *     media: type, address, port, number of formats, formats, direction
 *     text:  its length in 16 bits, its bytes */
#include "dialog_private.h"

#define LINE_FORMATS_MAX 6
#define LINE_TEXT_MAX 255 /* a longer one has no room in the line */

enum { LINE_NO_IP, LINE_V4, LINE_V6 };
enum { LINE_PAYLOAD_TYPE = 0xfe, LINE_TEXT = 0xff };

static const struct base_word direction_names[] = {BASE_WORD("sendrecv"), BASE_WORD("sendonly"),
	BASE_WORD("recvonly"), BASE_WORD("inactive")};
static const struct base_word type_names[] = {BASE_WORD("audio"), BASE_WORD("video"),
	BASE_WORD("image"), BASE_WORD("application"), BASE_WORD("message")};

/* ---- to bytes ---- */

void
line_codecs(const struct sip_sdp *sdp, struct sdp_codecs *out)
{
	uint32_t clock;

	for (uint8_t i = 0; i < sdp->n_media; i++)
		for (uint8_t k = 0; k < sdp->media[i].n_formats; k++) {
			const struct sip_sdp_format *f = &sdp->media[i].formats[k];
			enum rtp_codec codec = f->encoding.len
						       ? rtp_codec_of(f->encoding)
						       : rtp_codec_static(f->payload_type, &clock);
			out->of[i][k] = (uint8_t)codec;
		}
}

static void
keep_text(struct base_text *t, struct base_span s)
{
	uint16_t len = s.len <= LINE_TEXT_MAX ? (uint16_t)s.len : LINE_TEXT_MAX + 1;

	base_text_char(t, (char)LINE_TEXT);
	base_text_bytes(t, &len, sizeof(len));
	base_text_bytes(t, s.p, len <= LINE_TEXT_MAX ? len : 0);
}

static void
keep_type(struct base_text *t, struct base_span type)
{
	for (uint32_t i = 0; i < base_count_of(type_names); i++)
		if (base_span_eq(type, base_span_of(type_names[i].text, type_names[i].len))) {
			base_text_char(t, (char)i);
			return;
		}
	keep_text(t, type);
}

static void
keep_format(struct base_text *t, const struct sip_sdp_format *f, enum rtp_codec codec)
{
	const struct base_word *word = rtp_codec_word(codec);
	struct base_span name = base_span_of(word->text, word->len);

	if (codec != RTP_CODEC_NONE && (f->encoding.len == 0 || base_span_eq(name, f->encoding))) {
		base_text_char(t, (char)codec);
	} else if (f->encoding.len) {
		keep_text(t, f->encoding);
	} else {
		base_text_char(t, (char)LINE_PAYLOAD_TYPE);
		base_text_char(t, (char)f->payload_type);
	}
}

/* Up to the port. */
static void
keep_begin(struct base_text *t, const struct sip_sdp_media *media)
{
	bool v4 = media->ip_valid && base_ip_is_v4(&media->ip);

	keep_type(t, media->type);
	base_text_char(t, (char)(v4 ? LINE_V4 : media->ip_valid ? LINE_V6 : LINE_NO_IP));
	if (media->ip_valid)
		base_text_bytes(t, media->ip.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	base_text_bytes(t, &media->port, sizeof(media->port));
}

static void
keep_rest(struct base_text *t, const struct sip_sdp_media *media, const uint8_t *codecs)
{
	uint8_t n = media->n_formats < LINE_FORMATS_MAX ? media->n_formats : LINE_FORMATS_MAX;

	base_text_char(t, (char)n);
	for (uint8_t i = 0; i < n; i++)
		keep_format(t, &media->formats[i], (enum rtp_codec)codecs[i]);
	base_text_char(t, (char)media->direction);
}

uint32_t
line_keep(
	const struct sip_sdp *sdp, const struct sdp_codecs *codecs, uint8_t bytes[LINE_BYTES_MAX])
{
	struct base_text t = base_text_of((char *)bytes, LINE_BYTES_MAX);

	size_t whole = 0;
	for (uint8_t i = 0; i < sdp->n_media && !t.overflow; i++) {
		keep_begin(&t, &sdp->media[i]);
		keep_rest(&t, &sdp->media[i], codecs->of[i]);
		whole = t.overflow ? whole : t.len;
	}
	return (uint32_t)whole;
}

static void
tail_keep(struct line_tail *tail, uint32_t stamp, const struct sip_sdp_media *media,
	const uint8_t *codecs)
{
	struct base_text t = base_text_of((char *)tail->bytes, sizeof(tail->bytes));

	keep_rest(&t, media, codecs);
	tail->stamp = t.overflow ? 0 : stamp;
	tail->len = (uint8_t)t.len;
	memcpy(tail->codecs, codecs, media->n_formats);
}

uint32_t
line_take(struct dialog *d, struct sdp_codecs *codecs, uint8_t bytes[LINE_BYTES_MAX])
{
	const struct sip_sdp *sdp = &d->sdp;
	uint32_t i = sdp->tail ? sdp->tail - 1u : 0;
	struct line_tail *tail = sdp->tail ? &d->line_tails[i] : NULL;

	if (base_likely(tail != NULL) && base_likely(tail->stamp == d->tails.of[i].stamp)) {
		struct base_text t = base_text_of((char *)bytes, LINE_BYTES_MAX);
		memcpy(codecs->of[0], tail->codecs, sizeof(tail->codecs));
		keep_begin(&t, &sdp->media[0]);
		base_text_bytes(&t, tail->bytes, tail->len);
		return (uint32_t)t.len;
	}
	line_codecs(sdp, codecs);
	if (tail)
		tail_keep(tail, d->tails.of[i].stamp, &sdp->media[0], codecs->of[0]);
	return line_keep(sdp, codecs, bytes);
}

/* ---- to text ---- */

static void
put_text(struct base_text *t, struct base_reader *r)
{
	const uint8_t *p = base_reader_take(r, sizeof(uint16_t));
	uint16_t len = 0;

	if (p)
		memcpy(&len, p, sizeof(len));
	if (len <= LINE_TEXT_MAX && (p = base_reader_take(r, len)))
		base_text_bytes(t, p, len);
}

static void
put_type(struct base_text *t, struct base_reader *r)
{
	uint8_t type = base_reader_u8(r);

	if (type < base_count_of(type_names))
		base_text_word(t, &type_names[type]);
	else
		put_text(t, r);
}

static void
put_ip(struct base_text *t, struct base_reader *r)
{
	uint8_t kind = base_reader_u8(r);
	uint32_t len = kind == LINE_V4 ? 4 : 16;
	const uint8_t *p = kind == LINE_NO_IP ? NULL : base_reader_take(r, len);
	struct base_ip ip;

	if (p == NULL)
		return;
	if (kind == LINE_V4)
		ip = base_ip_v4(p);
	else
		memcpy(ip.b, p, sizeof(ip.b));
	base_text_ip(t, &ip);
}

static void
put_format(struct base_text *t, struct base_reader *r)
{
	uint8_t format = base_reader_u8(r);

	if (format == LINE_TEXT)
		put_text(t, r);
	else if (format == LINE_PAYLOAD_TYPE)
		base_text_u64(t, base_reader_u8(r));
	else
		base_text_word(t, rtp_codec_word((enum rtp_codec)format));
}

/* ---- the same of a media as nearly all are ---- */

/* IPv4, and names for its type and formats: so long at most, with what is copied behind a word. */
#define USUAL_HEAD 9 /* type, kind of address, address, port, number of formats */
#define USUAL_TEXT_MAX ((uint32_t)sizeof(struct base_word) * (LINE_FORMATS_MAX + 4) + 32)

static inline char *
usual_word(char *to, char before, const struct base_word *word)
{
	*to++ = before;
	memcpy(to, word, sizeof(*word));
	return to + word->len;
}

/* False: it is another one, and nothing has been put. */
static inline bool
put_usual(struct base_text *t, struct base_reader *r)
{
	const uint8_t *p = r->p;

	if (base_reader_left(r) <= USUAL_HEAD || p[0] >= base_count_of(type_names) ||
		p[1] != LINE_V4 || t->cap - t->len < USUAL_TEXT_MAX)
		return false;
	uint32_t n = p[USUAL_HEAD - 1];
	const uint8_t *format = p + USUAL_HEAD, *direction = format + n;
	if (n > LINE_FORMATS_MAX || base_reader_left(r) <= USUAL_HEAD + n)
		return false;
	uint16_t port;
	char *to = t->p + t->len;
	memcpy(to, &type_names[p[0]], sizeof(type_names[0]));
	to += type_names[p[0]].len;
	*to++ = ' ';
	to = base_text_ipv4_at(to, p + 2);
	*to++ = ':';
	memcpy(&port, p + 6, sizeof(port));
	to = base_text_u16_at(to, port);
	for (char before = ' '; format < direction; before = ',', format++) {
		if (*format >= LINE_PAYLOAD_TYPE)
			return false;
		to = usual_word(to, before, rtp_codec_word((enum rtp_codec)*format));
	}
	to = usual_word(to, ' ', &direction_names[*direction % base_count_of(direction_names)]);
	t->len = (size_t)(to - t->p);
	r->p = direction + 1;
	return true;
}

/* ---- any media ---- */

static void
put_media(struct base_text *t, struct base_reader *r)
{
	const uint8_t *p;
	uint16_t port = 0;

	put_type(t, r);
	base_text_char(t, ' ');
	put_ip(t, r);
	base_text_char(t, ':');
	p = base_reader_take(r, sizeof(port));
	if (p)
		memcpy(&port, p, sizeof(port));
	base_text_u64(t, port);
	uint8_t n = base_reader_u8(r);
	for (uint8_t i = 0; i < n && !r->bad; i++) {
		base_text_char(t, i ? ',' : ' ');
		put_format(t, r);
	}
	base_text_char(t, ' ');
	base_text_word(t, &direction_names[base_reader_u8(r) % base_count_of(direction_names)]);
}

struct base_span
line_text(struct base_span bytes, char text[LINE_TEXT_BYTES])
{
	struct base_text t = base_text_of(text, LINE_TEXT_BYTES);
	struct base_reader r = base_reader_of(bytes.p, bytes.len);

	for (uint32_t i = 0; base_reader_left(&r); i++) {
		if (i)
			base_text_str(&t, "; ");
		if (base_unlikely(!put_usual(&t, &r)))
			put_media(&t, &r);
	}
	return base_span_of(text, (uint32_t)t.len);
}
