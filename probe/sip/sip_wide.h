/* sip_wide: private.  The loops of a parse that look at many bytes at once, written once and made
 * twice: narrow, 16 bytes a step as every x86-64 can (8 or a byte elsewhere), and wide, 32 bytes
 * a step with AVX2.
 *
 * A SIP_TWIN function takes `wide`, a constant where it is used, and becomes part of its caller; a
 * caller with wide = true is SIP_WIDE_CODE, and is entered only where sip_is_wide.  The long way of
 * a parse knows neither, and takes any message; the short ways take the usual message and leave
 * the rest to it.  All three give the same result, which sip_parse_as lets a test see.
 *
 * What follows a header's value is white space or the end of the message; a short way asks for
 * SIP_ROOM bytes of the message there, and may then read so far without asking again. */
#pragma once

#include "sip_private.h"

#ifdef __x86_64__
#include <immintrin.h>
#define SIP_WIDE_CODE __attribute__((target("avx2,bmi,bmi2")))
#else
#define SIP_WIDE_CODE
#endif
#define SIP_TWIN static inline __attribute__((always_inline))
/* A twin's wide instance that several callers share: one copy, no part of them. */
#define SIP_WIDE_PART SIP_WIDE_CODE __attribute__((noinline))
/* A twin's narrow instance, and what a short way leaves to the long one: no part of the caller. */
#define SIP_NARROW_CODE __attribute__((noinline))
#define SIP_SLOW_CODE __attribute__((noinline, cold))

#define SIP_ROOM 32

/* This machine has what SIP_WIDE_CODE asks for. */
static inline bool
sip_is_wide(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2");
#else
	return false;
#endif
}

static inline enum sip_way
sip_way_here(void)
{
	return sip_is_wide() ? SIP_WAY_WIDE : SIP_WAY_NARROW;
}

/* So much of the message stands behind a value, and the value is not empty. */
static inline bool
sip_has_room(const struct sip_message *m, struct base_span value, ptrdiff_t room)
{
	return value.len && m->start + m->len - sip_span_end(value) >= room;
}

/* sip_parse, sip_sdp_parse, sip_details_parse by one way; SIP_WAY_WIDE only where sip_is_wide. */
int32_t
sip_parse_as(
	struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram, enum sip_way way);
bool
sip_sdp_parse_as(struct sip_sdp *sdp, struct base_span text, enum sip_way way);
/* tails: NULL, or of sip_sdp_parse_known. */
bool
sip_sdp_parse_with(struct sip_sdp_tails *tails, struct sip_sdp *sdp, struct base_span text,
	enum sip_way way);
void
sip_details_parse_as(const struct sip_message *m, struct sip_details *out, enum sip_way way);

/* ---- the steps of sip_parse ----
 * One function for each way, so that those of a way can become one. */

/* The usual start line at p, without fault: its LF, and all that sip_message holds of it; or NULL:
 * to be read the long way, which gives the same. */
const uint8_t *
sip_start_take_wide(struct sip_message *m, const uint8_t *p, const uint8_t *end);
const uint8_t *
sip_start_take_narrow(struct sip_message *m, const uint8_t *p, const uint8_t *end);

/* Indexes the header section of the message at m->start.  False where it is not whole (only in a
 * stream). */
bool
sip_headers_index_wide(struct sip_message *m, struct sip_lines *lines);
bool
sip_headers_index_narrow(struct sip_message *m, struct sip_lines *lines);
bool
sip_headers_index_long(struct sip_message *m, struct sip_lines *lines);

/* Decodes what struct sip_message holds besides start line and body, and sets the flags of
 * structure. */
void
sip_decode_wide(struct sip_message *m);
void
sip_decode_narrow(struct sip_message *m);
void
sip_decode_long(struct sip_message *m);

/* Parts of a message that a short way has read. */
enum sip_taken {
	SIP_TAKEN_FROM = 1 << 0,
	SIP_TAKEN_TO = 1 << 1,
	SIP_TAKEN_VIA = 1 << 2,
	SIP_TAKEN_CSEQ = 1 << 3,
	SIP_TAKEN_RURI = 1 << 4,
	SIP_TAKEN_CALL_ID = 1 << 5,
	SIP_TAKEN_CONTACT = 1 << 6,
};

/* Reads what of the details is of the usual form and has no fault; returns those of enum sip_taken
 * that are. */
uint32_t
sip_details_take(const struct sip_message *m, struct sip_details *out, enum sip_way way);

/* ---- eight bytes ---- */

/* The n bytes at a and b are the same, 1 <= n <= 8; 8 may be read at each. */
static inline bool
sip_same_short(const void *a, const void *b, size_t n)
{
	uint64_t differs = sip_load64(a) ^ sip_load64(b);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return differs << (64 - 8 * n) == 0;
#else
	return differs >> (64 - 8 * n) == 0;
#endif
}

/* How many of the 8 bytes at p are digits before another comes. */
static inline uint32_t
sip_digits8(const uint8_t *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v = sip_load64(p) ^ 0x3030303030303030u; /* a digit is below 10 now */
	uint64_t others = (v | (v + 0x7676767676767676u)) & 0x8080808080808080u;

	/* A sum may carry into what stands behind another, not before it. */
	return others ? (uint32_t)__builtin_ctzll(others) / 8 : 8;
#else
	uint32_t n = 0;

	while (n < 8 && sip_is_digit(p[n]))
		n++;
	return n;
#endif
}

/* The number of n digits before end, 1 <= n <= 8, or UINT32_MAX where one is none; 8 bytes before
 * end may be read. */
static inline uint32_t
sip_number8(const uint8_t *end, uint32_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v = (sip_load64(end - 8) ^ SIP_EACH('0')) >> (64 - 8 * n) << (64 - 8 * n);

	if (base_unlikely((v | (v + SIP_EACH(0x76))) & SIP_EACH(0x80)))
		return UINT32_MAX;
	v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ffu;
	v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffffu;
	return (uint32_t)(v * 10000 + (v >> 32));
#else
	uint32_t v = 0;

	for (const uint8_t *p = end - n; p < end; p++) {
		if (!sip_is_digit(*p))
			return UINT32_MAX;
		v = v * 10 + (uint32_t)(*p - '0');
	}
	return v;
#endif
}

/* ---- 32 bytes ---- */

struct sip_table {
	_Alignas(16) uint8_t of[16];
};
/* The classes that sip_others_wide is asked about, and the bit that it chooses. */
enum sip_low { SIP_LOW_TOKEN, SIP_LOW_HOST, SIP_LOW_VALUE, SIP_LOW_COUNT };
extern const struct sip_table sip_lows[SIP_LOW_COUNT], sip_bits;
extern const uint32_t sip_eaches[128]; /* four times its index */

#ifdef __x86_64__
SIP_WIDE_CODE static inline __m256i
sip_load_wide(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* 32 times c, an ASCII character, and twice the 16 bytes of a table, by one load: of a constant
 * that the compiler sees it makes three instructions and more. */
SIP_WIDE_CODE static inline __m256i
sip_each_wide(uint8_t c)
{
	__m256i v;

	__asm__("vpbroadcastd %1, %0" : "=x"(v) : "m"(sip_eaches[c]));
	return v;
}

SIP_WIDE_CODE static inline __m256i
sip_twice_wide(const struct sip_table *table)
{
	__m256i v;

	__asm__("vbroadcasti128 %1, %0" : "=x"(v) : "m"(*table));
	return v;
}

SIP_WIDE_CODE static inline uint32_t
sip_hits_wide(const uint8_t *p, uint8_t c)
{
	return (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(sip_load_wide(p), sip_each_wide(c)));
}

/* Bit i is set where p[i] is c, of 64 bytes; in a loop the constant is made once. */
SIP_WIDE_CODE static inline uint64_t
sip_mask_wide(const uint8_t *p, uint8_t c)
{
	const __m256i each = _mm256_set1_epi8((char)c);
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(sip_load_wide(p), each));
	uint32_t high =
		(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(sip_load_wide(p + 32), each));

	return low | (uint64_t)high << 32;
}

/* Bit i is set where p[i] is last or below it. */
SIP_WIDE_CODE static inline uint32_t
sip_up_to_wide(const uint8_t *p, uint8_t last)
{
	__m256i c = sip_load_wide(p);

	return (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(_mm256_min_epu8(c, sip_each_wide(last)), c));
}

SIP_WIDE_CODE static inline bool
sip_are_zero_wide(__m128i v, __m128i bits)
{
	return _mm_testz_si128(v, bits);
}

SIP_WIDE_CODE static inline size_t
sip_first_hit_wide(uint64_t hits)
{
	return _tzcnt_u64(hits);
}

/* Bit i is set where p[i] is not of the class: its upper half chooses a bit, its lower half the
 * byte of low that tells whether the bit is of the class. */
SIP_WIDE_CODE static inline uint32_t
sip_others_wide(const uint8_t *p, const struct sip_table *low)
{
	const __m256i c = sip_load_wide(p);
	__m256i of_low, of_high;

	of_low = _mm256_shuffle_epi8(sip_twice_wide(low), c);
	of_high = _mm256_shuffle_epi8(sip_twice_wide(&sip_bits),
		_mm256_and_si256(_mm256_srli_epi16(c, 4), sip_each_wide(15)));
	return (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(_mm256_and_si256(of_low, of_high), _mm256_setzero_si256()));
}
#endif

/* ---- the twins ---- */

/* Bit i is set where p[i] is c; 64 bytes at p may be read. */
SIP_TWIN uint64_t
sip_mask_twin(const uint8_t *p, uint8_t c, bool wide)
{
#ifdef __x86_64__
	if (wide)
		return sip_mask_wide(p, c);
#endif
	return sip_mask(p, 64, c);
}

/* Bit i is set where p[i] is last (below 0x7f) or below it: with ' ' a space or a control
 * character; 64 bytes at p may be read. */
SIP_TWIN uint64_t
sip_up_to_twin(const uint8_t *p, uint8_t last, bool wide)
{
	uint64_t mask = 0;

#ifdef __x86_64__
	if (wide)
		return sip_up_to_wide(p, last) | (uint64_t)sip_up_to_wide(p + 32, last) << 32;
#endif
#ifdef __SSE2__
	for (unsigned i = 0; i < 64; i += 16) {
		__m128i c = sip_load(p + i);
		mask |= (uint64_t)sip_hits(_mm_min_epu8(c, _mm_set1_epi8((char)last)), c) << i;
	}
#else
	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t v = sip_load64(p + i);
		/* bit 7 of each byte above last */
		mask |= sip_gather(~(((v & SIP_EACH(0x7f)) + SIP_EACH(0x7f - last)) | v)) << i;
	}
#endif
	return mask;
}

/* As sip_up_to_twin, of the first 32 bytes at least. */
SIP_TWIN uint64_t
sip_up_to_soon_twin(const uint8_t *p, uint8_t last, bool wide)
{
#ifdef __x86_64__
	if (wide)
		return sip_up_to_wide(p, last);
#endif
	return sip_up_to_twin(p, last, wide);
}

/* Where the first ':' of the 16 bytes at p stands; 16 or more: there is none. */
SIP_TWIN size_t
sip_colon_twin(const uint8_t *p, bool wide)
{
#ifdef __SSE2__
	uint32_t hits = sip_hits(sip_load(p), _mm_set1_epi8(':'));

#ifdef __x86_64__
	if (wide)
		return sip_first_hit_wide(hits);
#endif
	return (size_t)__builtin_ctz(hits | 0x10000);
#else
	return (size_t)__builtin_ctzll(sip_mask(p, 16, ':') | 0x10000);
#endif
}

/* The first a or b in [p, end), or NULL; 32 bytes behind end may be read. */
SIP_TWIN const uint8_t *
sip_find_twin(const uint8_t *p, const uint8_t *end, uint8_t a, uint8_t b, bool wide)
{
#ifdef __SSE2__
	uint32_t hits = 0;

	for (; p < end; p += wide ? 32 : 16) {
		hits = wide ? sip_hits_wide(p, a) : sip_hits(sip_load(p), _mm_set1_epi8((char)a));
		if (a != b)
			hits |= wide ? sip_hits_wide(p, b)
				     : sip_hits(sip_load(p), _mm_set1_epi8((char)b));
		if (hits)
			break;
	}
	p += hits ? __builtin_ctz(hits) : 0;
#else
	while (p < end && *p != a && *p != b)
		p++;
#endif
	return p < end ? p : NULL;
}

/* Behind the run of class at p, one of TOKEN, HOST and VALUE, as sip_skip_class.  The run does end,
 * and 32 bytes behind its end may be read. */
SIP_TWIN const uint8_t *
sip_skip_twin(const uint8_t *p, enum sip_char class, bool wide)
{
#ifdef __x86_64__
	const struct sip_table *low = &sip_lows[class == SIP_CHAR_TOKEN  ? SIP_LOW_TOKEN
						: class == SIP_CHAR_HOST ? SIP_LOW_HOST
									 : SIP_LOW_VALUE];
	uint32_t others;

	while (wide) {
		others = sip_others_wide(p, low);
		if (base_likely(others))
			return p + __builtin_ctz(others);
		p += 32;
	}
#endif
#ifdef __SSE2__
	for (;; p += 16) {
		unsigned rest = sip_not_host(sip_load(p));
		if (rest) {
			p += __builtin_ctz(rest);
			break;
		}
	}
#endif
	while (sip_is(*p, class))
		p++;
	return p;
}
