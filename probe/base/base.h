/* base: the words that every room speaks.  Pure: no allocation, no system call, no state.
 *
 * Bytes borrowed from somewhere are a base_span; a host and port is a base_endpoint; time is
 * int64_t nanoseconds since the Unix epoch, always given by the caller.  Wire bytes are hostile:
 * they are read through base_reader, which never reads past its end and remembers (sticky) that
 * somebody tried.
 *
 * This door header brings all of base: base_hash.h (keyed hashing), base_text.h (bounded text
 * output without stdio), base_wheel.h (timers), base_ring.h (single-producer single-consumer byte
 * ring), base_error.h (the one list of errors). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BASE_CACHE_LINE 64
#define BASE_NS_PER_SEC 1000000000LL
#define BASE_NS_PER_MS 1000000LL
#define BASE_NS_PER_US 1000LL

#define base_likely(x) __builtin_expect(!!(x), 1)
#define base_unlikely(x) __builtin_expect(!!(x), 0)
/* A function of nothing but prefetches is pure to gcc, which leaves out calls of such: the asm, of
 * no instruction, makes it none. */
#define base_prefetch_for(p, write)                                                                \
	do {                                                                                       \
		__builtin_prefetch((p), (write), 3);                                               \
		__asm__ volatile("");                                                              \
	} while (0)
#define base_prefetch(p) base_prefetch_for(p, 0)
#define base_prefetch_write(p) base_prefetch_for(p, 1)
/* Before the return type of what a good call never needs: out of line, away from what it does. */
#define base_cold __attribute__((cold, noinline))
#define base_count_of(a) (sizeof(a) / sizeof((a)[0]))
#define base_container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* Round n up to a multiple of align, a power of two. */
static inline size_t
base_align_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static inline uint32_t
base_power_of_two_at_least(uint32_t n)
{
	return n <= 1 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

/* All lines that n bytes stand in. */
static inline void
base_prefetch_lines(const void *p, size_t n)
{
	const char *at = (const char *)((uintptr_t)p & ~(uintptr_t)(BASE_CACHE_LINE - 1));

	for (; at < (const char *)p + n; at += BASE_CACHE_LINE)
		base_prefetch(at);
}

/* Makes n bytes zero, writing only where they are not: pages that the system gave and nobody has
 * written to read as zero, and stay untaken; but those of 2 MiB that were set aside are taken by
 * reading, too. */
void base_zero(void *p, size_t n);

/* ---- spans: borrowed bytes, never owned, never NUL-terminated ---- */

struct base_span {
	const uint8_t *p;
	uint32_t len;
};

#define BASE_SPAN(literal) ((struct base_span){(const uint8_t *)(literal), sizeof(literal) - 1})

static inline struct base_span
base_span_of(const void *p, uint32_t len)
{
	return (struct base_span){(const uint8_t *)p, len};
}

static inline struct base_span
base_span_cstr(const char *s)
{
	return (struct base_span){(const uint8_t *)s, s ? (uint32_t)strlen(s) : 0};
}

static inline bool
base_span_eq(struct base_span a, struct base_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline uint8_t
base_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Equal but for ASCII case. */
static inline bool
base_span_eq_nocase(struct base_span a, struct base_span b)
{
	if (a.len != b.len)
		return false;
	/* as a rule the case is the same, too: a literal is compared at once */
	if (__builtin_constant_p(b.len) && b.len && memcmp(a.p, b.p, b.len) == 0)
		return true;
	for (uint32_t i = 0; i < a.len; i++)
		if (a.p[i] != b.p[i] && base_lower(a.p[i]) != base_lower(b.p[i]))
			return false;
	return true;
}

static inline bool
base_span_starts_nocase(struct base_span s, struct base_span prefix)
{
	return s.len >= prefix.len && base_span_eq_nocase(base_span_of(s.p, prefix.len), prefix);
}

/* 0..15, or -1. */
static inline int
base_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = base_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool
base_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without leading and trailing SP, HTAB, CR, LF. */
static inline struct base_span
base_span_trim(struct base_span s)
{
	while (s.len && base_is_space(s.p[0]))
		s.p++, s.len--;
	while (s.len && base_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* base_span_u64: s is 1..20 decimal digits and nothing else and fits: true and *out; else false,
 * *out untouched. */
static inline bool
base_span_u64(struct base_span s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.len == 0 || s.len > 20)
		return false;
	for (uint32_t i = 0; i < s.len; i++) {
		uint8_t d = (uint8_t)(s.p[i] - '0');
		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

/* ---- addresses ---- */

/* IPv6, or IPv4 as ::ffff:a.b.c.d.  Network byte order. */
struct base_ip {
	uint8_t b[16];
};

/* port in host byte order.  No padding: may be hashed and compared as bytes. */
struct base_endpoint {
	struct base_ip ip;
	uint16_t port;
};
_Static_assert(sizeof(struct base_endpoint) == 18, "hashed as bytes");

static inline struct base_ip
base_ip_v4(const uint8_t a[4])
{
	struct base_ip ip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a[0], a[1], a[2], a[3]}};
	return ip;
}

static inline bool
base_ip_is_v4(const struct base_ip *ip)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	return memcmp(ip->b, mapped, 12) == 0;
}

/* 0.0.0.0 or ::. */
static inline bool
base_ip_is_any(const struct base_ip *ip)
{
	static const uint8_t zero[16];
	return base_ip_is_v4(ip) ? memcmp(ip->b + 12, zero, 4) == 0 : memcmp(ip->b, zero, 16) == 0;
}

static inline bool
base_ip_eq(const struct base_ip *a, const struct base_ip *b)
{
	return memcmp(a->b, b->b, 16) == 0;
}

static inline bool
base_endpoint_eq(const struct base_endpoint *a, const struct base_endpoint *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* base_ip_parse: dotted quad, or IPv6 text with or without [ ] (RFC 4291 2.2, embedded IPv4
 * allowed, no zone). Returns true and *ip, or false. */
bool base_ip_parse(struct base_span text, struct base_ip *ip);
/* "192.0.2.1:5060", "[2001:db8::1]:5060"; a port from 1 on. */
bool base_endpoint_parse(struct base_span text, struct base_endpoint *endpoint);

/* n bytes without a call, as most texts are short: in pieces of a fixed length, the last of which
 * may overlap. */
static inline void
base_copy(uint8_t *to, const uint8_t *from, uint32_t n)
{
	uint64_t a, b;
	uint32_t c, e;

	if (n > 16) {
		for (uint32_t i = 0; i < n - 16; i += 16)
			memcpy(to + i, from + i, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(&a, from, 8), memcpy(&b, from + n - 8, 8);
		memcpy(to, &a, 8), memcpy(to + n - 8, &b, 8);
	} else if (n >= 4) {
		memcpy(&c, from, 4), memcpy(&e, from + n - 4, 4);
		memcpy(to, &c, 4), memcpy(to + n - 4, &e, 4);
	} else if (n) {
		uint8_t middle = from[n / 2], last = from[n - 1];
		to[0] = from[0], to[n / 2] = middle, to[n - 1] = last;
	}
}

/* ---- big-endian loads and a bounded reader ---- */

static inline uint16_t
base_load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
base_load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
base_load_be64(const uint8_t *p)
{
	return (uint64_t)base_load_be32(p) << 32 | base_load_be32(p + 4);
}

static inline void
base_store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v;
}

static inline void
base_store_be32(uint8_t *p, uint32_t v)
{
	base_store_be16(p, (uint16_t)(v >> 16)), base_store_be16(p + 2, (uint16_t)v);
}

/* A reader over wire bytes.  After a read past the end, bad is set for good and every read gives 0
 * / NULL. */
struct base_reader {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct base_reader
base_reader_of(const void *p, size_t len)
{
	/* NULL + 0 is undefined in C */
	return (struct base_reader){(const uint8_t *)p, len ? (const uint8_t *)p + len : p, false};
}

static inline size_t
base_reader_left(const struct base_reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

/* The next n bytes, borrowed, or NULL and bad. */
static inline const uint8_t *
base_reader_take(struct base_reader *r, size_t n)
{
	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	const uint8_t *p = r->p;
	r->p += n;
	return p;
}

static inline uint8_t
base_reader_u8(struct base_reader *r)
{
	const uint8_t *p = base_reader_take(r, 1);
	return p ? p[0] : 0;
}

static inline uint16_t
base_reader_be16(struct base_reader *r)
{
	const uint8_t *p = base_reader_take(r, 2);
	return p ? base_load_be16(p) : 0;
}

static inline uint32_t
base_reader_be32(struct base_reader *r)
{
	const uint8_t *p = base_reader_take(r, 4);
	return p ? base_load_be32(p) : 0;
}

#include "base_error.h"
#include "base_hash.h"
#include "base_ring.h"
#include "base_text.h"
#include "base_wheel.h"
