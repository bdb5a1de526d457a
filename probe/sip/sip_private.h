/* sip_private: what the files of this room share and nobody else sees: character classes, the line
 * splitter, parameters.  What makes a parse fast: sip_wide.h. */
#pragma once

#include "sip.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Classes of RFC 3261 25.1, separators of the part included. */
enum sip_char {
	SIP_CHAR_TOKEN = 1 << 0,
	SIP_CHAR_USER = 1 << 1,   /* user, password, ':' between them excluded */
	SIP_CHAR_HOST = 1 << 2,   /* hostname; '_' is taken too, it is common */
	SIP_CHAR_PARAM = 1 << 3,  /* uri-parameters with ';' and '=' */
	SIP_CHAR_HEADER = 1 << 4, /* URI headers with '&' and '=' */
	SIP_CHAR_SCHEME = 1 << 5,
	SIP_CHAR_HEX = 1 << 6,
	SIP_CHAR_VALUE = 1 << 7, /* parameter value without quotes: token, host and what is seen in
				    tags and branches */
};
extern const uint8_t sip_chars[256];

static inline bool
sip_is(uint8_t c, enum sip_char class)
{
	return sip_chars[c] & class;
}

static inline bool
sip_is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') <= 9;
}

static inline bool
sip_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

#ifdef __SSE2__
/* n < 16 bytes at p, then zeros, without a read outside them. */
static inline __m128i
sip_load_short(const uint8_t *p, size_t n)
{
	uint64_t low = 0, high = 0;
	uint32_t first, last;

	if (n >= 8) {
		memcpy(&low, p, 8);
		memcpy(&high, p + n - 8, 8);
		high = n == 8 ? 0 : high >> (8 * (16 - n));
	} else if (n >= 4) {
		memcpy(&first, p, 4);
		memcpy(&last, p + n - 4, 4);
		low = first | (uint64_t)last << (8 * (n - 4));
	} else if (n) {
		low = p[0] | (uint64_t)p[n / 2] << (8 * (n / 2)) |
		      (uint64_t)p[n - 1] << (8 * (n - 1));
	}
	return _mm_set_epi64x((long long)high, (long long)low);
}

static inline __m128i
sip_load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline unsigned
sip_hits(__m128i chunk, __m128i wanted)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(chunk, wanted));
}
#endif

static inline uint64_t
sip_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#define SIP_EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

/* The upper bits of 8 bytes in memory's order, that of the first lowest. */
static inline uint64_t
sip_gather(uint64_t bytes)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	return (bytes >> 7 & SIP_EACH(1)) * 0x0102040810204080u >> 56;
}

/* Bit i is set where p[i] is c, for the first 64 of n bytes.  c is not 0. */
static inline uint64_t
sip_mask(const uint8_t *p, size_t n, uint8_t c)
{
	uint64_t mask = 0;
#ifdef __SSE2__
	const __m128i wanted = _mm_set1_epi8((char)c);
	if (base_likely(n >= 64))
		return sip_hits(sip_load(p), wanted) |
		       (uint64_t)sip_hits(sip_load(p + 16), wanted) << 16 |
		       (uint64_t)sip_hits(sip_load(p + 32), wanted) << 32 |
		       (uint64_t)sip_hits(sip_load(p + 48), wanted) << 48;
	unsigned at = 0;
	for (; n - at >= 16; at += 16)
		mask |= (uint64_t)sip_hits(sip_load(p + at), wanted) << at;
	return mask | (uint64_t)sip_hits(sip_load_short(p + at, n - at), wanted) << at;
#else
	unsigned i = 0;
	for (; i < 64 && n - i >= 8; i += 8) {
		uint64_t v = sip_load64(p + i) ^ c * SIP_EACH(1);
		/* bit 7 of each byte that is not 0 */
		mask |= sip_gather(~(((v & SIP_EACH(0x7f)) + SIP_EACH(0x7f)) | v)) << i;
	}
	for (; i < n && i < 64; i++)
		mask |= (uint64_t)(p[i] == c) << i;
	return mask;
#endif
}

/* The first c in [p, end), or NULL.  c is not 0. */
static inline const uint8_t *
sip_find(const uint8_t *p, const uint8_t *end, uint8_t c)
{
#ifdef __SSE2__
	const __m128i wanted = _mm_set1_epi8((char)c);
	unsigned hits;

	for (; end - p >= 16; p += 16) {
		hits = sip_hits(sip_load(p), wanted);
		if (hits)
			return p + __builtin_ctz(hits);
	}
	hits = sip_hits(sip_load_short(p, (size_t)(end - p)), wanted);
	return hits ? p + __builtin_ctz(hits) : NULL;
#else
	return p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
#endif
}

/* The first CR or LF in [p, end), or end. */
static inline const uint8_t *
sip_find_line_end(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
	const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');

	for (; end - p >= 16; p += 16) {
		__m128i chunk = sip_load(p);
		unsigned hits = (unsigned)_mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(chunk, cr), _mm_cmpeq_epi8(chunk, lf)));
		if (hits)
			return p + __builtin_ctz(hits);
	}
#endif
	while (p < end && *p != '\r' && *p != '\n')
		p++;
	return p;
}

/* The first white space in [p, end), or end; limit: the end of the bytes that may be read. */
static inline const uint8_t *
sip_find_space(const uint8_t *p, const uint8_t *end, const uint8_t *limit)
{
#ifdef __SSE2__
	if (base_likely(limit - p >= 16)) {
		__m128i chunk = sip_load(p);
		unsigned hits = sip_hits(_mm_min_epu8(chunk, _mm_set1_epi8(' ')), chunk);
		p += __builtin_ctz(hits | 0x10000);
	}
#endif
	while (p < end && (*p > ' ' || !base_is_space(*p)))
		p++;
	return p < end ? p : end;
}

/* base_span_trim of what is seldom to be trimmed. */
static inline struct base_span
sip_trim(struct base_span s)
{
	if (base_likely(s.len && s.p[0] > ' ' && s.p[s.len - 1] > ' '))
		return s;
	return base_span_trim(s);
}

static inline const uint8_t *
sip_span_end(struct base_span s)
{
	return s.len ? s.p + s.len : s.p; /* of an empty span p may be NULL; the same code */
}

static inline struct base_span
sip_between(const uint8_t *p, const uint8_t *end)
{
	return base_span_of(p, (uint32_t)(end - p));
}

static inline const uint8_t *
sip_skip_space(const uint8_t *p, const uint8_t *end)
{
	while (p < end && base_is_space(*p))
		p++;
	return p;
}

#ifdef __SSE2__
/* Bit i is set where byte i is none of the class HOST: no letter, digit, '-', '.', '_'. */
static inline unsigned
sip_not_host(__m128i c)
{
	__m128i letter = _mm_sub_epi8(_mm_or_si128(c, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
	__m128i digit = _mm_sub_epi8(c, _mm_set1_epi8('-')); /* '-' '.' '/' '0' .. '9' */
	__m128i host = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
		_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8('9' - '-')), digit));
	host = _mm_andnot_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('/')), host);
	host = _mm_or_si128(host, _mm_cmpeq_epi8(c, _mm_set1_epi8('_')));
	return ~(unsigned)_mm_movemask_epi8(host) & 0xffff;
}
#endif

/* Behind the run of the class HOST at p. */
static inline const uint8_t *
sip_skip_host(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
	unsigned other;
	for (; end - p >= 16; p += 16) {
		other = sip_not_host(sip_load(p));
		if (other)
			return p + __builtin_ctz(other);
	}
	other = sip_not_host(sip_load_short(p, (size_t)(end - p)));
	return p + __builtin_ctz(other); /* the filling is none */
#else
	while (p < end && sip_is(*p, SIP_CHAR_HOST))
		p++;
	return p;
#endif
}

/* Behind the run of class at p; all classes but SCHEME and HEX have HOST within. */
static inline const uint8_t *
sip_skip_class(const uint8_t *p, const uint8_t *end, enum sip_char class)
{
	if (!(class & (SIP_CHAR_SCHEME | SIP_CHAR_HEX)))
		p = sip_skip_host(p, end);
	while (p < end && sip_is(*p, class))
		p++;
	return p;
}

static inline const uint8_t *
sip_skip_digits(const uint8_t *p, const uint8_t *end)
{
	while (p < end && sip_is_digit(*p))
		p++;
	return p;
}

/* p stands behind an opening quote: the closing one, escapes honoured, or NULL. */
const uint8_t *
sip_quote_end(const uint8_t *p, const uint8_t *end);

/* ---- header lines ---- */

enum sip_line_result { SIP_LINE, SIP_LINE_BODY, SIP_LINE_CUT };

/* A walk over the lines of a header section: set p, end and cut_is_end, and all else to zero.
 * cut_is_end: what ends without a line end is a line all the same (datagram). */
struct sip_lines {
	const uint8_t *p, *end;
	const uint8_t *block, *next; /* 64 bytes that have been looked at, and where to look next */
	uint64_t lfs;                /* the LFs of block that have not been taken */
	bool cut_is_end;
	bool lf_only, truncated; /* seen so far */
};

/* The next LF, or NULL. */
static inline const uint8_t *
sip_lines_lf(struct sip_lines *w)
{
	while (base_unlikely(!w->lfs)) {
		w->block = w->next ? w->next : w->p;
		if (w->block >= w->end)
			return NULL;
		size_t left = (size_t)(w->end - w->block);
		w->lfs = sip_mask(w->block, left, '\n');
		w->next = w->block + (left < 64 ? left : 64);
	}
	const uint8_t *lf = w->block + __builtin_ctzll(w->lfs);
	w->lfs &= w->lfs - 1;
	return lf;
}

struct sip_line {
	const uint8_t *p, *end;   /* the logical line, folds included, without the last line end */
	const uint8_t *first_end; /* end of its first physical line, its CR not excluded */
};

/* The rest of sip_line_take: the last lines, folds, LF alone.  lf: the first of the line, or NULL.
 */
static inline enum sip_line_result
sip_line_take_slowly(struct sip_lines *w, struct sip_line *line, const uint8_t *lf)
{
	const uint8_t *p = w->p, *end = w->end;

	line->p = p;
	line->first_end = lf ? lf : end;
	do {
		if (!lf) {
			if (!w->cut_is_end || p == end)
				return SIP_LINE_CUT;
			w->truncated = true;
			line->end = w->p = end;
			return SIP_LINE;
		}
		if (lf == p || lf[-1] != '\r')
			w->lf_only = true;
		if (lf == p || (lf == p + 1 && *p == '\r')) {
			w->p = lf + 1;
			return SIP_LINE_BODY;
		}
		line->end = lf;
		if (lf + 1 == end || !sip_is_blank(lf[1]))
			break;
		lf = sip_lines_lf(w);
	} while (true);
	if (lf + 1 == end && !w->cut_is_end)
		return SIP_LINE_CUT;
	line->end = lf[-1] == '\r' ? lf - 1 : lf;
	w->p = lf + 1;
	return SIP_LINE;
}

/* The next logical line, or SIP_LINE_BODY behind the empty line, or SIP_LINE_CUT where the bytes
 * end before.  lf: sip_lines_lf. */
static inline enum sip_line_result
sip_line_take_from(struct sip_lines *w, struct sip_line *line, const uint8_t *lf)
{
	const uint8_t *p = w->p;

	if (base_unlikely(
		    !lf || lf + 1 == w->end || lf - p < 2 || lf[-1] != '\r' || sip_is_blank(lf[1])))
		return sip_line_take_slowly(w, line, lf);
	*line = (struct sip_line){p, lf - 1, lf};
	w->p = lf + 1;
	return SIP_LINE;
}

static inline enum sip_line_result
sip_line_take(struct sip_lines *w, struct sip_line *line)
{
	return sip_line_take_from(w, line, sip_lines_lf(w));
}

/* The header that a line holds: false where it is none (no colon, no name). */
static inline bool
sip_line_split(const struct sip_line *line, const uint8_t *end, struct base_span *name,
	struct base_span *value)
{
	const uint8_t *p = line->p, *colon = NULL;

#ifdef __SSE2__
	/* One load covers nearly every name; it may look past the line but not past the message. */
	if (base_likely(end - p >= 16)) {
		unsigned hits = sip_hits(sip_load(p), _mm_set1_epi8(':'));
		colon = hits ? p + __builtin_ctz(hits) : NULL;
		p += 16;
	}
#endif
	if (!colon && p < line->first_end)
		colon = sip_find(p, line->first_end, ':');
	if (!colon || colon >= line->first_end || colon == line->p || sip_is_blank(line->p[0]))
		return false;
	*name = sip_between(line->p, colon);
	while (sip_is_blank(name->p[name->len - 1]))
		name->len--;
	p = colon + 1;
	if (base_likely(line->end - p > 1 && *p == ' ' && p[1] > ' ' && line->end[-1] > ' '))
		*value = sip_between(p + 1, line->end);
	else
		*value = base_span_trim(sip_between(p, line->end));
	return true;
}

/* How a message is parsed: sip_wide.h. */
enum sip_way { SIP_WAY_LONG, SIP_WAY_NARROW, SIP_WAY_WIDE };

/* Content-Length: 1*DIGIT that fits in 31 bits. */
bool
sip_length_parse(struct base_span value, uint32_t *length);

/* ---- start line ---- */

struct sip_start {
	struct base_span method, uri, reason; /* uri: without the < > that do not belong there */
	uint32_t flags;                       /* enum sip_flag */
	uint16_t status;
	bool response;
};

/* True where the line (without its line end) is a SIP start line, be it a bad one. */
bool
sip_start_parse(struct base_span line, struct sip_start *start);

/* sip_method_of 3 to 8 bytes; 8 may be read at p. */
enum sip_method
sip_method_usual(const uint8_t *p, uint32_t len);

/* ---- values ---- */

struct sip_param {
	struct base_span name, value; /* value: without quotes, empty without '=' */
	bool ok;                      /* by the grammar */
};

/* Takes the next of ';'-separated parameters off *rest: false at the end. */
bool
sip_param_next(struct base_span *rest, struct sip_param *param);

/* As sip_name_addr_parse, but tells what is wrong: 0, SIP_FLAG_BAD_HEADER and SIP_FLAG_BAD_URI. */
uint32_t
sip_name_addr_check(struct base_span value, struct sip_name_addr *out);

/* Reads out->params: finds the tag; 0 or SIP_FLAG_BAD_HEADER. */
uint32_t
sip_name_addr_params(struct sip_name_addr *out);
/* Reads out->params: false where one is bad. */
bool
sip_via_params(struct sip_via *out);

bool
sip_date_ok(struct base_span value);
bool
sip_warning_ok(struct base_span value);
bool
sip_contact_ok(struct base_span value);
