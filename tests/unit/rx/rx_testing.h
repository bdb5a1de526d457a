/* Capture files made byte by byte, and read back whole through either door: as a file (in pieces) or through a pipe (libpcap). */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rx.h"

#define CAPTURE_BYTES 60000 /* a pipe takes it without a reader */
#define CAPTURE_FRAMES 512

struct capture {
	uint8_t p[CAPTURE_BYTES];
	uint32_t len;
	bool big;             /* byte order */
};

static inline void
put(struct capture *c, uint64_t v, uint32_t bytes)
{
	assert_true(c->len + bytes <= CAPTURE_BYTES);
	for (uint32_t i = 0; i < bytes; i++)
		c->p[c->len++] = (uint8_t)(v >> 8 * (c->big ? bytes - 1 - i : i));
}

static inline void
put_zeros(struct capture *c, uint32_t n)
{
	assert_true(c->len + n <= CAPTURE_BYTES);
	memset(c->p + c->len, 0, n);
	c->len += n;
}

/* n bytes that tell packets apart. */
static inline void
put_data(struct capture *c, uint32_t n, uint8_t seed)
{
	for (uint32_t i = 0; i < n; i++)
		put(c, (uint8_t)(seed * 31 + i), 1);
}

static inline void
classic_header(struct capture *c, uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	put(c, magic, 4), put(c, 2, 2), put(c, 4, 2), put(c, 0, 8), put(c, snaplen, 4), put(c, linktype, 4);
}

static inline void
classic_packet(struct capture *c, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t original)
{
	put(c, seconds, 4), put(c, fraction, 4), put(c, captured, 4), put(c, original, 4);
	put_data(c, captured, (uint8_t)captured);
}

static inline void
ng_block(struct capture *c, uint32_t type, const struct capture *body)
{
	uint32_t padded = (body->len + 3) & ~3u;

	put(c, type, 4), put(c, padded + 12, 4);
	memcpy(c->p + c->len, body->p, body->len);
	c->len += body->len;
	put_zeros(c, padded - body->len);
	put(c, padded + 12, 4);
}

static inline void
ng_section(struct capture *c)
{
	struct capture b = {.big = c->big};

	put(&b, 0x1a2b3c4d, 4), put(&b, 1, 2), put(&b, 0, 2), put(&b, UINT64_MAX, 8);
	ng_block(c, 0x0a0d0d0a, &b);
}

/* tsresol < 0: none given. */
static inline void
ng_interface(struct capture *c, uint16_t linktype, uint32_t snaplen, int tsresol, int64_t offset_s)
{
	struct capture b = {.big = c->big};

	put(&b, linktype, 2), put(&b, 0, 2), put(&b, snaplen, 4);
	if (tsresol >= 0)
		put(&b, 9, 2), put(&b, 1, 2), put(&b, (uint64_t)tsresol, 1), put_zeros(&b, 3);
	if (offset_s)
		put(&b, 14, 2), put(&b, 8, 2), put(&b, (uint64_t)offset_s, 8);
	if (tsresol >= 0 || offset_s)
		put(&b, 0, 4);
	ng_block(c, 1, &b);
}

static inline void
ng_packet(struct capture *c, uint32_t interface, uint64_t ticks, uint32_t captured, uint32_t original)
{
	struct capture b = {.big = c->big};

	put(&b, interface, 4), put(&b, ticks >> 32, 4), put(&b, ticks & UINT32_MAX, 4), put(&b, captured, 4);
	put(&b, original, 4);
	put_data(&b, captured, (uint8_t)captured);
	ng_block(c, 6, &b);
}

/* What was read. */
struct reading {
	struct rx_frame frames[CAPTURE_FRAMES];
	uint64_t hashes[CAPTURE_FRAMES]; /* of the bytes */
	uint32_t n;
	bool opened;
	int error;
	struct sys_error text;
};

static inline void
read_all(struct reading *r, const char *path, uint32_t burst)
{
	static const struct base_hash_key key = {1, 2};
	struct rx_frame frames[RX_BURST_MAX];
	struct rx_source *source = rx_file_open(path, &r->text);

	r->opened = source != NULL;
	while (source) {
		uint32_t n = rx_burst(source, frames, burst);
		for (uint32_t i = 0; i < n; i++) {
			assert_true(r->n < CAPTURE_FRAMES && frames[i].wire_len >= frames[i].len);
			r->hashes[r->n] = base_hash(&key, frames[i].data, frames[i].len);
			r->frames[r->n] = frames[i];
			r->frames[r->n++].data = NULL;
		}
		rx_release(source, frames, n);
		assert_true(n > 0 || source->finished);
		if (source->finished)
			break;
	}
	if (source) {
		r->error = source->error;
		if (source->error)
			r->text = source->error_text;
	}
	rx_file_close(source);
}

static inline void
read_file(struct reading *r, const uint8_t *p, uint32_t len, uint32_t burst)
{
	char path[64];
	int fd = memfd_create("capture", 0);

	memset(r, 0, sizeof(*r));
	assert_int_equal(write(fd, p, len), len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_all(r, path, burst);
	close(fd);
}

static inline void
read_pipe(struct reading *r, const uint8_t *p, uint32_t len, uint32_t burst)
{
	int ends[2], kept = dup(STDIN_FILENO);

	memset(r, 0, sizeof(*r));
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], p, len), len);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	read_all(r, "-", burst);
	dup2(kept, STDIN_FILENO);
	close(kept);
}

static inline void
assert_same_reading(const struct reading *a, const struct reading *b)
{
	assert_int_equal(a->opened, b->opened);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->error, b->error);
	for (uint32_t i = 0; i < a->n; i++) {
		assert_int_equal(a->frames[i].len, b->frames[i].len);
		assert_int_equal(a->frames[i].wire_len, b->frames[i].wire_len);
		assert_int_equal(a->frames[i].ts_ns, b->frames[i].ts_ns);
		assert_int_equal(a->frames[i].link, b->frames[i].link);
		assert_true(a->hashes[i] == b->hashes[i]);
	}
}
