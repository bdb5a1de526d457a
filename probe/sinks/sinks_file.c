#include "sinks_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t
file_sequence(const struct sinks_billing *b)
{
	return b->delivered.file_sequence + 1;
}

/* v in 10 digits, or more where it needs them. */
static void
text_sequence(struct base_text *t, int64_t v)
{
	for (int64_t limit = 1000000000; limit > 1 && v < limit; limit /= 10)
		base_text_char(t, '0');
	base_text_i64(t, v);
}

static const char *
part_path(const struct sinks_billing *b, char path[SINKS_PATH_BYTES])
{
	struct base_text t = base_text_of(path, SINKS_PATH_BYTES);

	base_text_str(&t, b->dir);
	base_text_str(&t, "/ringtap-");
	text_sequence(&t, file_sequence(b));
	base_text_str(&t, ".part");
	return base_text_cstr(&t);
}

/* Bytes of the file as it is delivered.  Returns 0 or an errno. */
static int
bytes_write(void *context, const void *p, size_t n)
{
	struct sinks_file *file = context;
	const uint8_t *bytes = p;

	for (size_t done = 0; done < n;) {
		ssize_t more = write(file->fd, bytes + done, n - done);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return errno;
		done += (size_t)more;
	}
	sha256_update(&file->sha256, n, bytes);
	file->written += n;
	return 0;
}

/* end: nothing follows. */
static int
text_write(struct sinks_billing *b, bool end, struct sys_error *e)
{
	struct sinks_file *file = &b->file;
	int number;

	if (b->text.overflow)
		return sys_fail(e, -BASE_ERR_FULL, "a billing record is too long");
	sha256_update(&file->content_sha256, b->text.len, (const uint8_t *)b->text.p);
	number = b->compress ? sinks_compress_put(b->compress, &b->text, end, bytes_write, file)
			     : bytes_write(file, b->text.p, b->text.len);
	if (number < 0)
		return sys_fail(e, number, "cannot compress a billing file in %s", b->dir);
	if (number)
		return sys_fail(e, sys_error_of_errno(number),
			"cannot write a billing file in %s: %s", b->dir, strerror(number));
	b->text.len = 0;
	return 0;
}

int
sinks_file_open(struct sinks_billing *b, struct sys_error *e)
{
	char path[SINKS_PATH_BYTES];
	struct sinks_file *file = &b->file;

	file->fd = open(
		part_path(b, path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (file->fd < 0)
		return sys_fail(
			e, sys_error_of_errno(errno), "cannot write %s: %s", path, strerror(errno));
	sha256_init(&file->sha256);
	sha256_init(&file->content_sha256);
	if (b->compress)
		sinks_compress_begin(b->compress);
	file->opened_ns = b->now_ns;
	b->text.len = 0;
	b->text.overflow = false;
	b->format->begin(b);
	file->bytes = b->text.len;
	return 0;
}

uint64_t
sinks_file_lost(const struct sinks_file *file)
{
	uint64_t lost = 0;

	for (uint32_t i = 0; i < file->n_rings; i++)
		lost += file->rings[i].lost;
	return lost;
}

void
sinks_file_reset(struct sinks_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	*file = (struct sinks_file){.fd = -1, .rings = file->rings, .cap_rings = file->cap_rings};
}

struct sinks_ring *
sinks_file_ring(struct sinks_file *file, struct base_span probe, uint32_t core)
{
	if (probe.len > sizeof(file->rings->probe))
		probe.len = sizeof(file->rings->probe);
	for (uint32_t i = 0; i < file->n_rings; i++) {
		struct sinks_ring *r = &file->rings[i];
		if (r->core == core && base_span_eq(base_span_of(r->probe, r->probe_len), probe))
			return r;
	}
	if (file->n_rings == file->cap_rings) {
		uint32_t cap = file->cap_rings ? file->cap_rings * 2 : 64;
		struct sinks_ring *rings = realloc(file->rings, cap * sizeof(*rings));
		if (rings == NULL)
			return NULL;
		file->rings = rings;
		file->cap_rings = cap;
	}
	struct sinks_ring *r = &file->rings[file->n_rings++];
	*r = (struct sinks_ring){.core = core, .probe_len = probe.len};
	if (probe.len)
		memcpy(r->probe, probe.p, probe.len);
	return r;
}

/* The record's times, sequence and loss into what the manifest will say. */
static int
file_account(struct sinks_file *file, const struct record_row *row)
{
	const struct record_value *v = row->values;
	struct sinks_ring *ring =
		sinks_file_ring(file, v[RECORD_F_PROBE].text, (uint32_t)v[RECORD_F_CORE].u64);

	if (ring == NULL)
		return -BASE_ERR_NO_MEMORY;
	uint64_t seq = v[RECORD_F_SEQ].u64;
	ring->records++;
	if (ring->first_seq == 0 || seq < ring->first_seq)
		ring->first_seq = seq;
	if (seq > ring->last_seq)
		ring->last_seq = seq;
	if (v[RECORD_F_CAPTURE_LOSS].present && v[RECORD_F_CAPTURE_LOSS].u64 > file->capture_loss)
		file->capture_loss = v[RECORD_F_CAPTURE_LOSS].u64;
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (record_fields[f].type != RECORD_TIME || !v[f].present)
			continue;
		if (file->first_ns == 0 || v[f].time_ns < file->first_ns)
			file->first_ns = v[f].time_ns;
		if (v[f].time_ns > file->last_ns)
			file->last_ns = v[f].time_ns;
	}
	return 0;
}

int
sinks_file_add(struct sinks_billing *b, const struct record_row *row, int64_t position,
	struct sys_error *e)
{
	struct sinks_file *file = &b->file;
	size_t from = b->text.len;
	int64_t billing_seq = b->delivered.billing_seq + (int64_t)file->records + 1;

	b->format->row(b, billing_seq, b->n_masks ? sinks_mask_row(b, row) : row);
	if (file_account(file, row))
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	file->bytes += b->text.len - from;
	file->records++;
	file->to_position = position;
	return b->text.len >= SINKS_WRITE_BYTES || b->text.overflow ? text_write(b, false, e) : 0;
}

int
sinks_file_flush(struct sinks_billing *b, struct sys_error *e)
{
	int error = text_write(b, true, e);

	if (error == 0 && b->format->finish)
		error = b->format->finish(b, e);
	if (error == 0 && fsync(b->file.fd))
		error = sys_fail(e, sys_error_of_errno(errno),
			"cannot write a billing file in %s: %s", b->dir, strerror(errno));
	return error;
}

/* The probe whose records these are, if it is one, in characters that every file system takes. */
static void
text_probe(struct base_text *t, const struct sinks_file *file)
{
	const struct sinks_ring *first = NULL;
	bool one = true;

	for (uint32_t i = 0; i < file->n_rings; i++) {
		const struct sinks_ring *r = &file->rings[i];
		if (r->records == 0)
			continue;
		first = first ? first : r;
		one &= base_span_eq(base_span_of(r->probe, r->probe_len),
			base_span_of(first->probe, first->probe_len));
	}
	if (!one || first == NULL || first->probe_len == 0) {
		base_text_str(t, "all");
		return;
	}
	for (uint32_t i = 0; i < first->probe_len; i++) {
		uint8_t c = (uint8_t)first->probe[i], lower = base_lower(c);
		bool plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
			     (i > 0 && c == '.');
		base_text_char(t, plain ? (char)c : '_');
	}
}

int
sinks_file_rename(struct sinks_billing *b, char name[SINKS_PATH_BYTES], struct sys_error *e)
{
	char part[SINKS_PATH_BYTES], path[SINKS_PATH_BYTES], time[40];
	struct base_text t = base_text_of(name, SINKS_PATH_BYTES),
			 full = base_text_of(path, SINKS_PATH_BYTES);
	struct base_text clock = base_text_of(time, sizeof(time));

	base_text_str(&t, "ringtap-");
	text_probe(&t, &b->file);
	base_text_char(&t, '-');
	text_sequence(&t, file_sequence(b));
	base_text_char(&t, '-');
	base_text_time(&clock, b->file.first_ns);
	for (size_t i = 0; i < 19; i++) /* 2026-11-23T01:02:03 */
		if (time[i] != '-' && time[i] != ':')
			base_text_char(&t, time[i]);
	base_text_str(&t, "Z.");
	base_text_str(&t, b->format->extension);
	base_text_str(&t, sinks_compress_extension(b->compress));
	base_text_str(&full, b->dir);
	base_text_char(&full, '/');
	base_text_str(&full, base_text_cstr(&t));
	if (rename(part_path(b, part), base_text_cstr(&full)))
		return sys_fail(e, sys_error_of_errno(errno), "cannot rename %s to %s: %s", part,
			path, strerror(errno));
	return sys_directory_sync(b->dir, e);
}
