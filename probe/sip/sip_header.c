#include "sip_private.h"

/* Length and first four letters (with the ": " behind a short one) tell a known name from the
 * others.  -Woverride-init says where a new name meets an old one; then choose another factor. */
#define SLOT(len, four) ((((four) | 0x20202020u) + (len)*0x01000193u) * 0x21f7bb6fu >> 25)
#define FOUR(a, b, c, d)                                                                           \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* clang-format off */
static const uint8_t slots[128] = {
#define AT(len, a, b, c, d, id) [SLOT(len, FOUR(a, b, c, d))] = SIP_HDR_##id + 1,
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

#ifdef __SSE2__
/* The first 16 bytes of a line of each known header, and which of their bits must be so: not bit 5
 * of a letter (bit 6 tells one), nothing behind the colon. */
#define KEEP(name, i)                                                                              \
	((i) >= sizeof(name) ? 0 : (name ":")[(i) % sizeof(name)] & 0x40 ? 0xdf : 0xff)
#define TEXT(name, i) ((i) >= sizeof(name) ? 0 : (name ":")[(i) % sizeof(name)])
#define SIXTEEN(f, name)                                                                           \
	{f(name, 0), f(name, 1), f(name, 2), f(name, 3), f(name, 4), f(name, 5), f(name, 6),       \
		f(name, 7), f(name, 8), f(name, 9), f(name, 10), f(name, 11), f(name, 12),         \
		f(name, 13), f(name, 14), f(name, 15)}
static const struct {
	_Alignas(32) uint8_t text[16], keep[16];
} usual[SIP_HDR_COUNT + 1] = {
	[0] = {{0}, {[0 ... 15] = 0xff}}, /* has no colon: no line is so */
#define SIP_HEADER(id, name, compact)                                                              \
	[SIP_HDR_##id + 1] = {SIXTEEN(TEXT, name), SIXTEEN(KEEP, name)},
#include "sip_header.def"
#undef SIP_HEADER
};
#endif

static inline uint64_t
load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

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
		uint64_t d = differs(load64(p), load64(name)) |
			     differs(load64(p + n - 8), load64(name + n - 8));
		if (n > 16)
			d |= differs(load64(p + 8), load64(name + 8));
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
	if (!id || names[id - 1].len != n || !is_name(name.p, names[id - 1].text, n))
		return SIP_HDR_OTHER;
	return id - 1;
}

/* Takes a header of m->headers into the index of its id. */
static inline void
header_link(struct sip_message *m, const struct sip_header *h)
{
	uint32_t n = (uint32_t)(h - m->headers), last;

	if (base_likely(m->first[h->id] == SIP_NO_HEADER)) {
		m->first[h->id] = (uint8_t)n;
		return;
	}
	if (h->id == SIP_HDR_OTHER)
		return;
	for (last = m->first[h->id]; m->headers[last].next != SIP_NO_HEADER;)
		last = m->headers[last].next;
	m->headers[last].next = (uint8_t)n;
	m->flags |= SIP_FLAG_REPEATED_HEADER; /* sip_decode looks closer */
}

#ifdef __SSE2__
/* The usual line: a known name of up to 15 letters, a colon, one space, a value, CR LF, no fold
 * behind it.  False: it is to be read the long way, which gives the same.  lf: its LF. */
static inline bool
header_take_usual(const uint8_t *p, const uint8_t *lf, const uint8_t *end, struct sip_header *h)
{
	if (base_unlikely(end - p < 18 || end - lf < 2))
		return false;
	__m128i text = sip_load(p);
	unsigned colons = sip_hits(text, _mm_set1_epi8(':'));
	if (base_unlikely(!colons))
		return false;
	unsigned n = (unsigned)__builtin_ctz(colons);
	unsigned id = slots[SLOT(n, load32(p))];
	/* A name of 16 letters or more has no colon here, and is not meant. */
	__m128i differs = _mm_and_si128(
		_mm_xor_si128(text, sip_load(usual[id].text)), sip_load(usual[id].keep));
	if (base_unlikely(sip_hits(differs, _mm_setzero_si128()) != 0xffff))
		return false;
	const uint8_t *value = p + n + 2;
	if (base_unlikely(value >= lf - 1 || value[-1] != ' ' || *value <= ' ' || lf[-2] <= ' ' ||
			  lf[-1] != '\r' || lf[1] == ' ' || lf[1] == '\t'))
		return false;
	*h = (struct sip_header){sip_between(p, value - 2), sip_between(value, lf - 1),
		(uint8_t)(id - 1), SIP_NO_HEADER};
	return true;
}
#endif

/* One line the long way; h->name is empty where it holds no header. */
static enum sip_line_result
header_take(struct sip_message *m, struct sip_lines *w, const uint8_t *lf, struct sip_header *h)
{
	struct sip_line line;
	enum sip_line_result result = sip_line_take_from(w, &line, lf);

	*h = (struct sip_header){.id = SIP_HDR_OTHER, .next = SIP_NO_HEADER};
	if (result != SIP_LINE)
		return result;
	if (!sip_line_split(&line, w->end, &h->name, &h->value)) {
		m->flags |= SIP_FLAG_BAD_HEADER;
		h->name.len = 0;
		return result;
	}
	h->id = (uint8_t)sip_header_id_of(h->name);
	if (h->id == SIP_HDR_OTHER &&
		sip_skip_class(h->name.p, sip_span_end(h->name), SIP_CHAR_TOKEN) !=
			sip_span_end(h->name))
		m->flags |= SIP_FLAG_BAD_HEADER;
	return result;
}

bool
sip_headers_index(struct sip_message *m, struct sip_lines *lines)
{
	struct sip_lines w = *lines; /* in registers */
	enum sip_line_result result;
	struct sip_header beyond, *h = m->headers, *const h_end = h + SIP_HEADERS_MAX;

	for (;;) {
		const uint8_t *lf = sip_lines_lf(&w);
#ifdef __SSE2__
		if (base_likely(h != h_end && lf && header_take_usual(w.p, lf, w.end, h))) {
			w.p = lf + 1;
			header_link(m, h++);
			continue;
		}
#endif
		struct sip_lines slow = w;
		struct sip_header *to = h == h_end ? &beyond : h;
		result = header_take(m, &slow, lf, to);
		w = slow;
		if (result != SIP_LINE)
			break;
		if (to->name.len && to == h)
			header_link(m, h++);
		else if (to->name.len)
			m->flags |= SIP_FLAG_TOO_MANY_HEADERS;
	}
	m->n_headers = (uint8_t)(h - m->headers);
	*lines = w;
	if (result == SIP_LINE_BODY)
		return true;
	lines->truncated = true;
	return lines->cut_is_end;
}

const char *
sip_header_name(enum sip_header_id id)
{
	return (unsigned)id < SIP_HDR_OTHER ? names[id].text : "";
}

const struct sip_header *
sip_header_find(const struct sip_message *m, enum sip_header_id id)
{
	if ((unsigned)id >= SIP_HDR_OTHER || m->first[id] == SIP_NO_HEADER)
		return NULL;
	return &m->headers[m->first[id]];
}

const struct sip_header *
sip_header_next(const struct sip_message *m, const struct sip_header *h)
{
	return h->next == SIP_NO_HEADER ? NULL : &m->headers[h->next];
}

struct base_span
sip_header_value(const struct sip_message *m, enum sip_header_id id)
{
	const struct sip_header *h = sip_header_find(m, id);
	return h ? h->value : (struct base_span){0};
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
