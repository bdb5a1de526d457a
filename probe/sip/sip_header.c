#include "sip_wide.h"

/* Length and first four letters (with the ": " behind a short one) tell a known name from the
 * others.  -Woverride-init says where a new name meets an old one; then choose another factor. */
#define SLOT(len, four) ((((four) | 0x20202020u) + (len)*8u) * 0xa986ed87u >> 25)
#define FOUR(a, b, c, d)                                                                           \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* clang-format off */
static const uint8_t slots[128] = { /* 0, a header too: whoever looks compares the name */
#define AT(len, a, b, c, d, id) [SLOT(len, FOUR(a, b, c, d))] = SIP_HDR_##id,
	AT(3, 'v', 'i', 'a', ':', VIA)
	AT(4, 'f', 'r', 'o', 'm', FROM)
	AT(2, 't', 'o', ':', ' ', TO)
	AT(7, 'c', 'a', 'l', 'l', CALL_ID)
	AT(4, 'c', 's', 'e', 'q', CSEQ)
	AT(7, 'c', 'o', 'n', 't', CONTACT)
	AT(14, 'c', 'o', 'n', 't', CONTENT_LENGTH)
	AT(12, 'c', 'o', 'n', 't', CONTENT_TYPE)
	AT(16, 'c', 'o', 'n', 't', CONTENT_ENCODING)
	AT(12, 'm', 'a', 'x', '-', MAX_FORWARDS)
	AT(5, 'r', 'o', 'u', 't', ROUTE)
	AT(12, 'r', 'e', 'c', 'o', RECORD_ROUTE)
	AT(10, 'u', 's', 'e', 'r', USER_AGENT)
	AT(6, 's', 'e', 'r', 'v', SERVER)
	AT(7, 'e', 'x', 'p', 'i', EXPIRES)
	AT(11, 'm', 'i', 'n', '-', MIN_EXPIRES)
	AT(15, 's', 'e', 's', 's', SESSION_EXPIRES)
	AT(6, 'm', 'i', 'n', '-', MIN_SE)
	AT(13, 'a', 'u', 't', 'h', AUTHORIZATION)
	AT(19, 'p', 'r', 'o', 'x', PROXY_AUTHORIZATION)
	AT(16, 'w', 'w', 'w', '-', WWW_AUTHENTICATE)
	AT(18, 'p', 'r', 'o', 'x', PROXY_AUTHENTICATE)
	AT(9, 's', 'u', 'p', 'p', SUPPORTED)
	AT(7, 'r', 'e', 'q', 'u', REQUIRE)
	AT(4, 'r', 's', 'e', 'q', RSEQ)
	AT(4, 'r', 'a', 'c', 'k', RACK)
	AT(6, 'r', 'e', 'a', 's', REASON)
	AT(7, 'w', 'a', 'r', 'n', WARNING)
	AT(5, 'e', 'v', 'e', 'n', EVENT)
	AT(18, 's', 'u', 'b', 's', SUBSCRIPTION_STATE)
	AT(8, 'r', 'e', 'f', 'e', REFER_TO)
	AT(11, 'r', 'e', 'f', 'e', REFERRED_BY)
	AT(8, 'r', 'e', 'p', 'l', REPLACES)
	AT(9, 'd', 'i', 'v', 'e', DIVERSION)
	AT(12, 'h', 'i', 's', 't', HISTORY_INFO)
	AT(19, 'p', '-', 'a', 's', P_ASSERTED_IDENTITY)
	AT(20, 'p', '-', 'p', 'r', P_PREFERRED_IDENTITY)
	AT(15, 'r', 'e', 'm', 'o', REMOTE_PARTY_ID)
	AT(17, 'p', '-', 'c', 'h', P_CHARGING_VECTOR)
	AT(8, 'i', 'd', 'e', 'n', IDENTITY)
	AT(10, 's', 'e', 's', 's', SESSION_ID)
	AT(4, 'd', 'a', 't', 'e', DATE)
	AT(7, 's', 'u', 'b', 'j', SUBJECT)
	AT(5, 'a', 'l', 'l', 'o', ALLOW)
	AT(12, 'a', 'l', 'l', 'o', ALLOW_EVENTS)
	AT(11, 'r', 'e', 't', 'r', RETRY_AFTER)
#undef AT
};
/* clang-format on */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* [0], where there is no compact form */
static const uint8_t compacts[128] = {
#define SIP_HEADER(id, name, compact) [compact] = compact ? SIP_HDR_##id + 1 : 0,
#include "sip_header.def"
#undef SIP_HEADER
};
#pragma GCC diagnostic pop

/* Names are filled up, so that comparing may load words. */
static const struct {
	char text[28];
	uint32_t len;
} names[SIP_HDR_COUNT] = {
#define SIP_HEADER(id, name, compact) [SIP_HDR_##id] = {name, sizeof(name) - 1},
#include "sip_header.def"
#undef SIP_HEADER
};

/* The first 16 bytes of a line of each known header, and which of their bits must be so: not bit 5
 * of a letter (bit 6 tells one), nothing behind the colon.  For a longer name: colons alone, which
 * no header begins with. */
#define TEXT(name, i)                                                                              \
	(sizeof(name) > 16 ? ':' : (i) < sizeof(name) ? (name ":")[(i) % sizeof(name)] : 0)
#define KEEP(name, i) (!TEXT(name, i) ? 0 : TEXT(name, i) & 0x40 ? 0xdf : 0xff)
#define SIXTEEN(f, name)                                                                           \
	{                                                                                          \
		f(name, 0), f(name, 1), f(name, 2), f(name, 3), f(name, 4), f(name, 5),            \
			f(name, 6), f(name, 7), f(name, 8), f(name, 9), f(name, 10), f(name, 11),  \
			f(name, 12), f(name, 13), f(name, 14), f(name, 15)                         \
	}
static const struct usual {
	_Alignas(16) uint8_t text[16];
	uint8_t keep[16];
} usual[SIP_HDR_COUNT] = {
#define SIP_HEADER(id, name, compact) [SIP_HDR_##id] = {SIXTEEN(TEXT, name), SIXTEEN(KEEP, name)},
#include "sip_header.def"
#undef SIP_HEADER
};

static inline uint32_t
load32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* Differing bits of text against a known name of letters and '-': bit 5 may differ where the name
 * has a letter (bit 6). */
static inline uint64_t
differs(uint64_t text, uint64_t name)
{
	return (text ^ name) & ~((name & 0x4040404040404040u) >> 1);
}

/* n bytes, 2 <= n <= 24, are the known name but for case. */
static inline bool
is_name(const uint8_t *p, const char *name, uint32_t n)
{
	if (n >= 8) {
		uint64_t d = differs(sip_load64(p), sip_load64(name)) |
			     differs(sip_load64(p + n - 8), sip_load64(name + n - 8));
		if (n > 16)
			d |= differs(sip_load64(p + 8), sip_load64(name + 8));
		return d == 0;
	}
	if (n >= 4)
		return (differs(load32(p), load32(name)) |
			       differs(load32(p + n - 4), load32(name + n - 4))) == 0;
	uint32_t d = 0;
	for (uint32_t i = 0; i < n; i++)
		d |= (uint32_t)differs(p[i], (uint8_t)name[i]);
	return d == 0;
}

enum sip_header_id
sip_header_id_of(struct base_span name)
{
	uint32_t n = name.len;

	if (n == 1) {
		uint8_t c = base_lower(name.p[0]);
		uint32_t id = c < 128 ? compacts[c] : 0;
		return id ? id - 1 : SIP_HDR_OTHER;
	}
	if (n < 2 || n > 24)
		return SIP_HDR_OTHER;
	uint8_t four[4] = {name.p[0], name.p[1], n > 2 ? name.p[2] : ':', ' '};
	if (n > 3 || n == 3)
		four[3] = n > 3 ? name.p[3] : ':';
	uint32_t id = slots[SLOT(n, load32(four))];
	if (names[id].len != n || !is_name(name.p, names[id].text, n))
		return SIP_HDR_OTHER;
	return id;
}

/* Takes header n, of this id, into the index. */
static inline void
header_link(struct sip_message *m, size_t n, size_t id)
{
	size_t last;

	if (base_likely(m->first[id] == SIP_NO_HEADER)) {
		m->first[id] = (uint8_t)n;
		return;
	}
	if (id == SIP_HDR_OTHER)
		return;
	for (last = m->first[id]; m->headers[last].next != SIP_NO_HEADER;)
		last = m->headers[last].next;
	m->headers[last].next = (uint8_t)n;
	m->flags |= SIP_FLAG_REPEATED_HEADER; /* sip_decode looks closer */
}

#define BLOCK 64
/* What a usual line asks for at its begin. */
#define LINE_BYTES 16

/* The LFs of the block at p, of the message's last, that end lines as LINE_BYTES asks: the first
 * that is too late for another line to begin behind it may end one. */
SIP_TWIN uint64_t
last_lfs(const uint8_t *start, const uint8_t *p, const uint8_t *end, bool wide)
{
	ptrdiff_t left = end - p;
	uint64_t lfs, late;

	if (left >= BLOCK)
		lfs = sip_mask_twin(p, '\n', wide);
	else if (end - start >= BLOCK) /* looks at the bytes before again */
		lfs = sip_mask_twin(end - BLOCK, '\n', wide) >> (BLOCK - left);
	else
		lfs = sip_mask(p, (size_t)left, '\n');
	late = left > LINE_BYTES ? lfs >> (left - LINE_BYTES) << (left - LINE_BYTES) : lfs;
	return (lfs & ~late) | (late & -late);
}

/* The line at p is as the usual line of a known header: no bit differs that must not. */
SIP_TWIN bool
is_usual(const uint8_t *p, const struct usual *line, bool wide)
{
#ifdef __SSE2__
	__m128i differs = _mm_xor_si128(sip_load(p), sip_load(line->text));

	return wide ? sip_are_zero_wide(differs, sip_load(line->keep))
		    : sip_hits(_mm_and_si128(differs, sip_load(line->keep)), _mm_setzero_si128()) ==
			       0xffff;
#else
	uint64_t low = sip_load64(p) ^ sip_load64(line->text);
	uint64_t high = sip_load64(p + 8) ^ sip_load64(line->text + 8);

	return ((low & sip_load64(line->keep)) | (high & sip_load64(line->keep + 8))) == 0;
#endif
}

/* Takes the line at p as a header if it is usual: a known name of up to 15 letters, a colon, one
 * space, a value, CR LF; whether a fold is behind it, the next line tells.  Its LF is no nearer
 * than its first visible byte behind the space: what is compared before that is none. */
SIP_TWIN bool
header_take_usual(struct sip_header *h, const uint8_t *p, const uint8_t *lf, bool wide)
{
	size_t len = sip_colon_twin(p, wide);
	size_t id = slots[SLOT((uint32_t)len, load32(p))];
	const uint8_t *value = p + len + 2;

	if (base_unlikely(!is_usual(p, &usual[id], wide)))
		return false;
	if (base_unlikely(
		    value[-1] != ' ' || value[0] <= ' ' || lf[-1] != '\r' || lf[-2] <= ' '))
		return false;
	h->name.p = p;
	h->name.len = (uint32_t)len;
	h->value.p = value;
	h->value.len = (uint32_t)(lf - 1 - value);
	h->id = (uint8_t)id;
	h->next = SIP_NO_HEADER;
	return true;
}

/* Takes the line at p as a header if it is a usual one but for its name, which is any token. */
static bool SIP_NARROW_CODE
header_take_named(struct sip_header *h, const uint8_t *p, const uint8_t *lf)
{
	const uint8_t *colon = sip_find(p, lf, ':');

	if (!colon || colon == p || colon[1] != ' ' || colon[2] <= ' ' || lf[-1] != '\r' ||
		lf[-2] <= ' ')
		return false;
	h->name = sip_between(p, colon);
	h->value = sip_between(colon + 2, lf - 1);
	h->id = (uint8_t)sip_header_id_of(h->name);
	h->next = SIP_NO_HEADER;
	return h->id != SIP_HDR_OTHER || sip_skip_class(p, colon, SIP_CHAR_TOKEN) == colon;
}

/* Indexes lines as long as they are usual.  What it leaves is to be read the long way, which gives
 * the same.  LINES_OF_BLOCK: of a: b CR LF, the first of them begun before. */
#define LINES_OF_BLOCK (BLOCK / 6 + 1)
SIP_TWIN enum sip_line_result
headers_take_usual(struct sip_message *m, const uint8_t **at, const uint8_t *end, bool wide)
{
	const uint8_t *p = *at, *block = p, *lf;
	struct sip_header *h = &m->headers[m->n_headers];
	uint64_t lfs;
	size_t n = m->n_headers;

	for (; n < SIP_HEADERS_MAX - LINES_OF_BLOCK; block += BLOCK) {
		if (base_likely(end - block >= BLOCK + LINE_BYTES))
			lfs = sip_mask_twin(block, '\n', wide);
		else if (end - p >= LINE_BYTES && end > block)
			lfs = last_lfs(m->start, block, end, wide);
		else
			break;
		for (; lfs; lfs &= lfs - 1, p = lf + 1, n++, h++) {
			lf = block + __builtin_ctzll(lfs);
			if (base_unlikely(!header_take_usual(h, p, lf, wide)) &&
				(lf - p < 2 || !header_take_named(h, p, lf)))
				goto out;
			header_link(m, n, h->id);
		}
	}
out:
	m->n_headers = (uint8_t)n;
	*at = p;
	if (end - p < 2 || p[0] != '\r' || p[1] != '\n')
		return SIP_LINE;
	*at = p + 2;
	return SIP_LINE_BODY;
}

/* One line the long way; h->name is empty where it holds no header. */
static enum sip_line_result SIP_SLOW_CODE
header_take(struct sip_message *m, struct sip_lines *w, struct sip_header *h)
{
	struct sip_line line;
	enum sip_line_result result = sip_line_take(w, &line);
	const uint8_t *name_end;

	h->name = (struct base_span){0};
	h->next = SIP_NO_HEADER;
	if (result != SIP_LINE)
		return result;
	if (!sip_line_split(&line, w->end, &h->name, &h->value)) {
		m->flags |= SIP_FLAG_BAD_HEADER;
		h->name.len = 0;
		return result;
	}
	name_end = sip_span_end(h->name);
	h->id = (uint8_t)sip_header_id_of(h->name);
	if (h->id == SIP_HDR_OTHER &&
		sip_skip_class(h->name.p, name_end, SIP_CHAR_TOKEN) != name_end)
		m->flags |= SIP_FLAG_BAD_HEADER;
	return result;
}

/* The header that the line goes on with, if it is a fold: the short way has taken it as whole. */
static struct sip_header *
header_of_fold(struct sip_message *m, const struct sip_lines *w)
{
	if (m->n_headers == 0 || w->p == w->end || !sip_is_blank(*w->p))
		return NULL;
	return &m->headers[m->n_headers - 1];
}

SIP_TWIN bool
headers_index(struct sip_message *m, struct sip_lines *w, enum sip_way way)
{
	enum sip_line_result result = SIP_LINE;
	struct sip_header beyond, *h;

	memset(m->first, SIP_NO_HEADER, sizeof(m->first));
	m->n_headers = 0;
	while (result == SIP_LINE) {
		if (way != SIP_WAY_LONG)
			result = headers_take_usual(m, &w->p, w->end, way == SIP_WAY_WIDE);
		if (result == SIP_LINE_BODY)
			break;
		w->block = w->next = NULL;
		w->lfs = 0;
		h = header_of_fold(m, w);
		if (base_unlikely(h)) {
			w->p = h->name.p;
			result = header_take(m, w, h);
			continue;
		}
		h = m->n_headers < SIP_HEADERS_MAX ? &m->headers[m->n_headers] : &beyond;
		result = header_take(m, w, h);
		if (result != SIP_LINE || h->name.len == 0)
			continue;
		if (h == &beyond)
			m->flags |= SIP_FLAG_TOO_MANY_HEADERS;
		else
			header_link(m, m->n_headers++, h->id);
	}
	if (base_likely(result == SIP_LINE_BODY))
		return true;
	w->truncated = true;
	return w->cut_is_end;
}

bool SIP_WIDE_CODE
sip_headers_index_wide(struct sip_message *m, struct sip_lines *w)
{
	return headers_index(m, w, SIP_WAY_WIDE);
}

bool SIP_NARROW_CODE
sip_headers_index_narrow(struct sip_message *m, struct sip_lines *w)
{
	return headers_index(m, w, SIP_WAY_NARROW);
}

bool SIP_SLOW_CODE
sip_headers_index_long(struct sip_message *m, struct sip_lines *w)
{
	return headers_index(m, w, SIP_WAY_LONG);
}

const char *
sip_header_name(enum sip_header_id id)
{
	return (unsigned)id < SIP_HDR_OTHER ? names[id].text : "";
}

const struct sip_header *
sip_header_named(const struct sip_message *m, struct base_span name)
{
	enum sip_header_id id = sip_header_id_of(name);

	if (id != SIP_HDR_OTHER)
		return sip_header_find(m, id);
	for (uint32_t i = 0; i < m->n_headers; i++)
		if (m->headers[i].id == SIP_HDR_OTHER &&
			base_span_eq_nocase(m->headers[i].name, name))
			return &m->headers[i];
	return NULL;
}
