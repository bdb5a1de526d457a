/* record_put: one field each, into a record_writer.  Inline: a worker puts some 150 fields into a
 * call's record.
 *
 * A field that does not fit is left out whole and marks the writer; later, smaller ones may still
 * fit.  Nothing is written past cap, but bytes between len and cap may be.
 *
 * The bytes that are put may be anyone's, for all that the compiler knows: who puts many fields has
 * a copy of the writer of his own, which then stays in registers. */
#pragma once

#include "record.h"

#define RECORD_PREFIX_BYTES 4 /* { u16 field, u16 len } */
#define RECORD_F64_LIMIT                                                                           \
	9e15 /* beyond it milliseconds have no meaning in a double: the value counts as absent */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"records are little-endian and written by memcpy");

/* A copy of the writer for fields whose bytes are surely few: they are put without looking at cap.
 * Who does so has kept room for them behind it, and for a row. */
#define RECORD_ROW_MAX 2048 /* of a row's bytes, where they are put so */
static inline struct record_writer
record_sure(const struct record_writer *w)
{
	return (struct record_writer){w->p, w->len, UINT32_MAX, false, false};
}

static inline void
record_sure_end(struct record_writer *w, const struct record_writer *sure)
{
	w->len = sure->len;
}

/* What has been put into a copy of w. */
static inline void
record_writer_take(struct record_writer *w, const struct record_writer *copy)
{
	w->len = copy->len;
	w->overflow = copy->overflow;
	w->row_overflow = copy->row_overflow;
}

/* Room for a field of n bytes, prefix written and counted; NULL where there is none, marked. */
static inline __attribute__((always_inline)) uint8_t *
record_put_room(struct record_writer *w, enum record_field f, uint32_t n)
{
	uint32_t prefix = (uint32_t)f | n << 16;
	uint8_t *p = w->p + w->len;

	if (base_unlikely(w->len + RECORD_PREFIX_BYTES + n > w->cap)) {
		w->overflow = w->row_overflow = true;
		return NULL;
	}
	memcpy(p, &prefix, sizeof(prefix));
	w->len += RECORD_PREFIX_BYTES + n;
	return p + RECORD_PREFIX_BYTES;
}

/* Nothing where s is empty; cut at 65 535 bytes. */
static inline __attribute__((always_inline)) void
record_put_str(struct record_writer *w, enum record_field f, struct base_span s)
{
	if (base_unlikely(s.len - 1 >= UINT16_MAX)) { /* 0, or too long */
		if (s.len == 0)
			return;
		s.len = UINT16_MAX;
	}
	uint8_t *p = record_put_room(w, f, s.len);
	if (base_likely(p != NULL))
		memcpy(p, s.p, s.len);
}

/* The same without a call, where many texts are put. */
static inline __attribute__((always_inline)) void
record_put_text(struct record_writer *w, enum record_field f, struct base_span s)
{
	if (base_unlikely(s.len - 1 >= UINT16_MAX)) {
		record_put_str(w, f, s);
		return;
	}
	uint8_t *p = record_put_room(w, f, s.len);
	if (base_likely(p != NULL))
		base_copy(p, s.p, s.len);
}

/* Nothing where it is empty. */
static inline __attribute__((always_inline)) void
record_put_word(struct record_writer *w, enum record_field f, const struct base_word *word)
{
	if (base_unlikely(w->len + RECORD_PREFIX_BYTES + (uint32_t)sizeof(*word) > w->cap)) {
		struct record_writer copy = *w;
		record_put_str(&copy, f, base_span_of(word->text, word->len));
		record_writer_take(w, &copy);
	} else if (word->len) { /* a fixed length is one store */
		memcpy(record_put_room(w, f, word->len), word, sizeof(*word));
	}
}

/* Nothing where s is NULL or "". */
static inline void
record_put_cstr(struct record_writer *w, enum record_field f, const char *s)
{
	if (s && *s)
		record_put_str(w, f, base_span_cstr(s));
}

/* That a text is empty, where that says something. */
static inline void
record_put_empty(struct record_writer *w, enum record_field f)
{
	record_put_room(w, f, 0);
}

/* Zero is written, in as few bytes as any value. */
static inline __attribute__((always_inline)) void
record_put_u64(struct record_writer *w, enum record_field f, uint64_t v)
{
	uint32_t n = v ? (71 - (uint32_t)__builtin_clzll(v)) >> 3 : 0;

	if (base_likely(w->len + RECORD_PREFIX_BYTES + (uint32_t)sizeof(v) <= w->cap)) {
		memcpy(record_put_room(w, f, n), &v, sizeof(v)); /* a fixed length is one store */
		return;
	}
	uint8_t *p = record_put_room(w, f, n);
	if (p)
		memcpy(p, &v, n);
}

/* Nothing where ts_ns is 0. */
static inline void
record_put_time(struct record_writer *w, enum record_field f, int64_t ts_ns)
{
	uint8_t *p = ts_ns ? record_put_room(w, f, sizeof(ts_ns)) : NULL;

	if (p)
		memcpy(p, &ts_ns, sizeof(ts_ns));
}

/* Nothing where v is NaN, infinite or beyond RECORD_F64_LIMIT. */
static inline void
record_put_f64(struct record_writer *w, enum record_field f, double v)
{
	bool counts = v > -RECORD_F64_LIMIT && v < RECORD_F64_LIMIT;
	uint8_t *p = counts ? record_put_room(w, f, sizeof(v)) : NULL;

	if (p)
		memcpy(p, &v, sizeof(v));
}

/* Nothing where false. */
static inline void
record_put_bool(struct record_writer *w, enum record_field f, bool v)
{
	uint8_t *p = v ? record_put_room(w, f, 1) : NULL;

	if (p)
		*p = 1;
}

/* A nested row: the fields put between open and close belong to it. Returns where it began, for
 * close.  No nesting within. */
static inline uint32_t
record_list_open(struct record_writer *w, enum record_field f)
{
	uint32_t began = w->len;

	w->row_overflow = false;
	record_put_room(w, f, 0); /* without room the row is marked, and close takes it out */
	return began;
}

/* A row that overflowed is taken out whole. */
static inline void
record_list_close(struct record_writer *w, uint32_t began)
{
	/* Fits 16 bits: RECORD_BYTES_MAX less header and prefix. */
	uint16_t len = (uint16_t)(w->len - began - RECORD_PREFIX_BYTES);

	if (base_unlikely(w->row_overflow)) {
		w->row_overflow = false;
		w->len = began;
		return;
	}
	memcpy(w->p + began + sizeof(uint16_t), &len, sizeof(len));
}

/* The same of a row whose fields are put without looking: into a writer of its own.  False: it went
 * beyond cap and was taken out. */
static inline struct record_writer
record_row_open(const struct record_writer *w, enum record_field f)
{
	struct record_writer row = record_sure(w);

	record_put_room(&row, f, 0);
	return row;
}

static inline bool
record_row_close(struct record_writer *w, const struct record_writer *row)
{
	uint16_t len = (uint16_t)(row->len - w->len - RECORD_PREFIX_BYTES);

	if (base_unlikely(row->len > w->cap)) {
		w->overflow = true;
		return false;
	}
	memcpy(w->p + w->len + sizeof(uint16_t), &len, sizeof(len));
	w->len = row->len;
	return true;
}

/* The last field of a record whose n bytes the caller puts behind w's own himself: they count in no
 * cap, and the record must not grow beyond RECORD_BYTES_MAX. */
static inline void
record_put_behind(struct record_writer *w, enum record_field f, uint16_t n)
{
	if (record_put_room(w, f, 0))
		memcpy(w->p + w->len - sizeof(n), &n, sizeof(n));
}

static inline void
record_put_hex32(struct record_writer *w, enum record_field f, uint32_t v)
{
	uint8_t *p = record_put_room(w, f, sizeof(v));

	if (p)
		memcpy(p, &v, sizeof(v));
}

static inline void
record_put_uid_of(struct record_writer *w, enum record_field f, const uint64_t uid[2])
{
	uint8_t *p = record_put_room(w, f, 32);

	if (p) {
		base_hex_of(p, uid[0]);
		base_hex_of(p + 16, uid[1]);
	}
}

static inline void
record_put_ip(struct record_writer *w, enum record_field f, const struct base_ip *ip)
{
	uint32_t n = base_ip_is_v4(ip) ? 4 : 16;
	uint8_t *p = record_put_room(w, f, n);

	if (p)
		memcpy(p, ip->b + 16 - n, n);
}

/* An address and its port, of IPv4 in two stores. */
static inline void
record_put_ipv4(struct record_writer *w, const enum record_field f[2], const uint8_t ip[4],
	uint16_t port)
{
	uint32_t n = (port != 0) + (port > UINT8_MAX), address;

	if (base_unlikely(w->len + 2 * (uint32_t)sizeof(uint64_t) > w->cap)) {
		struct base_ip whole = base_ip_v4(ip);
		struct record_writer copy = *w;
		record_put_ip(&copy, f[0], &whole);
		record_put_u64(&copy, f[1], port);
		record_writer_take(w, &copy);
		return;
	}
	memcpy(&address, ip, sizeof(address));
	uint64_t fields[] = {f[0] | sizeof(address) << 16 | (uint64_t)address << 32,
		f[1] | n << 16 | (uint64_t)port << 32};
	memcpy(w->p + w->len, fields, sizeof(fields));
	w->len += 2 * RECORD_PREFIX_BYTES + (uint32_t)sizeof(address) + n;
}
