/* base_text: append-only text into the caller's buffer, without stdio.
 *
 * Nothing is written past cap; a piece that does not fit sets overflow for good and is left out
 * whole.  The text is not NUL-terminated unless base_text_cstr is called, which keeps one byte for
 * the NUL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct base_span;
struct base_ip;

/* A short text of ours, which is copied at once with what stands behind it. */
struct base_word {
	char text[15];
	uint8_t len;
};
#define BASE_WORD(literal) {literal, sizeof(literal) - 1}

struct base_text {
	char *p;
	size_t len, cap;
	bool overflow;
};

static inline struct base_text
base_text_of(char *p, size_t cap)
{
	return (struct base_text){p, 0, cap, false};
}

/* Inline: with a fixed len one store, and texts are made of many short pieces. */
static inline void
base_text_bytes(struct base_text *t, const void *p, size_t len)
{
	if (__builtin_expect(len > t->cap - t->len, 0)) {
		t->overflow = true;
		return;
	}
	if (len)
		memcpy(t->p + t->len, p, len);
	t->len += len;
}

static inline void
base_text_word(struct base_text *t, const struct base_word *word)
{
	if (__builtin_expect(t->cap - t->len < sizeof(*word), 0)) {
		base_text_bytes(t, word->text, word->len);
		return;
	}
	memcpy(t->p + t->len, word, sizeof(*word));
	t->len += word->len;
}

static inline void
base_text_char(struct base_text *t, char c)
{
	base_text_bytes(t, &c, 1);
}

void base_text_str(struct base_text *t, const char *s);
void base_text_span(struct base_text *t, struct base_span s);
void base_text_u64(struct base_text *t, uint64_t v);
void base_text_i64(struct base_text *t, int64_t v);
/* Lower-case hexadecimal, at least digits wide (zero-filled), without 0x. */
void base_text_hex(struct base_text *t, uint64_t v, unsigned digits);
/* All 16 digits of v at p. */
void base_hex_of(uint8_t *p, uint64_t v);
/* v with exactly decimals (0..9) digits behind the point, rounded half away from zero; |v| < 9e9,
 * else and for NaN: "null". */
void base_text_fixed(struct base_text *t, double v, unsigned decimals);
/* A dotted quad, a number, where there is room for 16 bytes: where they end. */
char *base_text_ipv4_at(char *to, const uint8_t ip[4]);
char *base_text_u16_at(char *to, uint16_t v);
/* Dotted quad, or RFC 5952 text for IPv6. */
void base_text_ip(struct base_text *t, const struct base_ip *ip);
/* RFC 3339 UTC with microseconds (rounded down): 2026-11-23T01:02:03.000004Z.  Years 1970 to 9999.
 * */
void base_text_time(struct base_text *t, int64_t ts_ns);
/* s as a JSON string with quotes (RFC 8259): control bytes escaped, bytes that are not UTF-8 become
 * U+FFFD. */
void base_text_json(struct base_text *t, struct base_span s);
/* Length of the longest prefix of s that is well-formed UTF-8. */
uint32_t base_text_utf8_prefix(struct base_span s);

/* NUL-terminates (truncating by one byte where the buffer is full) and returns the text. */
const char *base_text_cstr(struct base_text *t);
