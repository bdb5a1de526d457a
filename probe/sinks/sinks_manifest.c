#include "sinks_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES (1u << 20) /* a line of STORE's rings at most: 256 of 200 bytes each, and room  \
			       */

void
sinks_manifest_path(const char *dir, char path[SINKS_PATH_BYTES])
{
	struct base_text t = base_text_of(path, SINKS_PATH_BYTES);

	base_text_str(&t, dir);
	base_text_str(&t, "/manifest.jsonl");
	base_text_cstr(&t);
}

/* The number behind "key": in a line of ours.  In a JSON string the quotes would be escaped, so a
 * name cannot pretend. */
bool
sinks_manifest_number(const char *line, const char *key, int64_t *out)
{
	const char *p = strstr(line, key);
	uint32_t digits = 0;
	uint64_t v;

	if (p == NULL)
		return false;
	p += strlen(key);
	while (p[digits] >= '0' && p[digits] <= '9' && digits < 20)
		digits++;
	if (!base_span_u64(base_span_of(p, digits), &v) || v > INT64_MAX)
		return false;
	*out = (int64_t)v;
	return true;
}

static int
line_read(
	const char *path, const char *line, struct sinks_delivered *delivered, struct sys_error *e)
{
	if (sinks_manifest_number(line, "\"to_position\":", &delivered->position) &&
		sinks_manifest_number(
			line, "\"file_sequence\":", &delivered->file_sequence) &&
		sinks_manifest_number(line, "\"last_billing_seq\":", &delivered->billing_seq))
		return 0;
	return sys_fail(e, -BASE_ERR_FORMAT,
		"%s: the last line is not one of ringtap's: put it right or take the file away",
		path);
}

/* p[0..n) is the end of the file, NUL-terminated: its last whole line, or NULL; *torn: bytes behind
 * the last line end. */
static char *
last_line(char *p, size_t n, size_t *torn)
{
	size_t end = n;

	while (end > 0 && p[end - 1] != '\n')
		end--;
	*torn = n - end;
	if (end == 0)
		return NULL;
	p[--end] = 0;
	while (end > 0 && p[end - 1] != '\n')
		end--;
	return p + end;
}

static int
manifest_scan(int fd, const char *path, struct sinks_delivered *delivered, struct sys_error *e)
{
	struct stat st;
	size_t torn;
	int error = 0;
	char *tail = malloc(TAIL_BYTES + 1);

	if (tail == NULL || fstat(fd, &st)) {
		free(tail);
		return sys_fail(e, -BASE_ERR_IO, "cannot read %s: %s", path, strerror(errno));
	}
	off_t from = st.st_size > (off_t)TAIL_BYTES ? st.st_size - (off_t)TAIL_BYTES : 0;
	ssize_t n = pread(fd, tail, TAIL_BYTES, from);
	if (n < 0 || n != st.st_size - from) {
		free(tail);
		return sys_fail(e, -BASE_ERR_IO, "cannot read %s", path);
	}
	tail[n] = 0;
	char *line = last_line(tail, (size_t)n, &torn);
	if (torn && (ftruncate(fd, st.st_size - (off_t)torn) || fsync(fd)))
		error = sys_fail(
			e, sys_error_of_errno(errno), "cannot write %s: %s", path, strerror(errno));
	if (error == 0 && line)
		error = line_read(path, line, delivered, e);
	free(tail);
	return error;
}

int
sinks_manifest_read(const char *dir, struct sinks_delivered *delivered, struct sys_error *e)
{
	char path[SINKS_PATH_BYTES];

	sinks_manifest_path(dir, path);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return sys_fail(
			e, sys_error_of_errno(errno), "cannot open %s: %s", path, strerror(errno));
	int error = manifest_scan(fd, path, delivered, e);
	close(fd);
	return error;
}

/* ,"key":value */
static void
put_number(struct base_text *t, const char *key, int64_t value)
{
	base_text_str(t, ",\"");
	base_text_str(t, key);
	base_text_str(t, "\":");
	base_text_i64(t, value);
}

static void
put_time(struct base_text *t, const char *key, int64_t ts_ns)
{
	base_text_str(t, ",\"");
	base_text_str(t, key);
	base_text_str(t, "\":\"");
	base_text_time(t, ts_ns);
	base_text_char(t, '"');
}

static void
line_rings(struct base_text *t, const struct sinks_file *file)
{
	base_text_str(t, ",\"sequences\":[");
	for (uint32_t i = 0; i < file->n_rings; i++) {
		const struct sinks_ring *r = &file->rings[i];
		base_text_str(t, i ? ",{\"probe\":" : "{\"probe\":");
		base_text_json(t, base_span_of(r->probe, r->probe_len));
		put_number(t, "core", r->core);
		put_number(t, "records", (int64_t)r->records);
		put_number(t, "first_seq", (int64_t)r->first_seq);
		put_number(t, "last_seq", (int64_t)r->last_seq);
		put_number(t, "lost", (int64_t)r->lost);
		base_text_char(t, '}');
	}
	base_text_char(t, ']');
}

static void
put_sha256(struct base_text *t, const char *key, const struct sha256_ctx *so_far)
{
	struct sha256_ctx sha256 = *so_far;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&sha256, sizeof(digest), digest);
	base_text_str(t, ",\"");
	base_text_str(t, key);
	base_text_str(t, "\":\"");
	for (size_t i = 0; i < sizeof(digest); i++)
		base_text_hex(t, digest[i], 2);
	base_text_char(t, '"');
}

static void
put_name(struct base_text *t, const char *key, const char *name)
{
	base_text_str(t, ",\"");
	base_text_str(t, key);
	base_text_str(t, "\":\"");
	base_text_str(t, name);
	base_text_char(t, '"');
}

static void
line_write(struct base_text *t, struct sinks_billing *b, const char *name)
{
	struct sinks_file *file = &b->file;

	base_text_str(t, "{\"file\":");
	base_text_json(t, base_span_cstr(name));
	put_number(t, "file_sequence", b->delivered.file_sequence + 1);
	put_name(t, "format", b->format->name);
	put_name(t, "schema", b->schema);
	put_name(t, "compression", sinks_compress_name(b->compress));
	put_number(t, "records", (int64_t)file->records);
	put_number(t, "bytes", (int64_t)file->written);
	put_sha256(t, "sha256", &file->sha256);
	put_number(t, "content_bytes", (int64_t)file->bytes);
	put_sha256(t, "content_sha256", &file->content_sha256);
	put_number(t, "first_billing_seq", b->delivered.billing_seq + 1);
	put_number(t, "last_billing_seq", b->delivered.billing_seq + (int64_t)file->records);
	put_number(t, "from_position", b->delivered.position);
	put_number(t, "to_position", file->to_position);
	put_time(t, "first_time", file->first_ns);
	put_time(t, "last_time", file->last_ns);
	put_time(t, "closed_time", b->now_ns);
	put_number(t, "lost", (int64_t)sinks_file_lost(file));
	put_number(t, "capture_loss", (int64_t)file->capture_loss);
	line_rings(t, file);
	base_text_str(t, "}\n");
}

int
sinks_manifest_append(struct sinks_billing *b, const char *name, struct sys_error *e)
{
	char path[SINKS_PATH_BYTES];
	struct base_text t = base_text_of(b->text.p, b->text.cap); /* empty between files */
	struct stat st;
	int error = 0;

	line_write(&t, b, name);
	sinks_manifest_path(b->dir, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0 || fstat(fd, &st)) {
		error = sys_fail(
			e, sys_error_of_errno(errno), "cannot open %s: %s", path, strerror(errno));
		goto out;
	}
	ssize_t n = t.overflow ? -1 : write(fd, t.p, t.len);
	if (n == (ssize_t)t.len && fsync(fd) == 0) {
		error = st.st_size == 0 ? sys_directory_sync(b->dir, e) : 0;
		goto out;
	}
	int number = n >= 0 && n < (ssize_t)t.len ? ENOSPC : errno;
	error = sys_fail(
		e, sys_error_of_errno(number), "cannot write %s: %s", path, strerror(number));
	/* A line that is half there is cut off at the next opening as well. */
	if (ftruncate(fd, st.st_size))
		sys_log(SYS_LOG_WARNING, "cannot cut %s back: %s", path, strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	return error;
}
