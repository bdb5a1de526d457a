#include "sinks_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_BYTES 256

struct check {
	const char *dir;
	sinks_check_fn fn;
	void *context;
	int bad;
	int64_t handed, sequence, billing_seq, position; /* of the line before */
	uint64_t files, gone;
};

static void
tell(struct check *c, const char *what, bool bad, const char *text)
{
	c->bad += bad;
	c->fn(c->context, what, bad, text);
}

/* The text behind key, as it stands: ours have nothing to escape. */
static bool
line_text(const char *line, const char *key, char *out, size_t bytes)
{
	const char *p = strstr(line, key), *end = p ? strchr(p + strlen(key), '"') : NULL;

	if (end == NULL || (size_t)(end - p) - strlen(key) >= bytes)
		return false;
	snprintf(out, bytes, "%.*s", (int)(end - p - (ptrdiff_t)strlen(key)), p + strlen(key));
	return true;
}

/* Bytes and SHA-256 of a file; -1: it is not there, or cannot be read. */
static int64_t
file_digest(const char *dir, const char *name, char hex[2 * SHA256_DIGEST_SIZE + 1])
{
	char path[SINKS_PATH_BYTES], buffer[65536];
	struct base_text t = base_text_of(hex, 2 * SHA256_DIGEST_SIZE + 1);
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha256;
	int64_t bytes = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	sha256_init(&sha256);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		sha256_update(&sha256, (size_t)n, (const uint8_t *)buffer);
		bytes += n;
	}
	close(fd);
	sha256_digest(&sha256, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		base_text_hex(&t, digest[i], 2);
	base_text_cstr(&t);
	return n < 0 ? -1 : bytes;
}

static void
file_check(struct check *c, const char *line, const char *name, int64_t sequence)
{
	char hex[2 * SHA256_DIGEST_SIZE + 1], want[2 * SHA256_DIGEST_SIZE + 1] = "", text[300];
	int64_t bytes = 0, found = file_digest(c->dir, name, hex);

	sinks_manifest_number(line, "\"bytes\":", &bytes);
	line_text(line, "\"sha256\":\"", want, sizeof(want));
	if (found < 0 && sequence <= c->handed) {
		c->gone++; /* deleted by the retention, or by who took it */
		return;
	}
	c->files++;
	if (found < 0)
		tell(c, name, true, "is in the manifest, was not handed over, and cannot be read");
	else if (found != bytes || strcmp(hex, want) != 0) {
		snprintf(text, sizeof(text),
			"is not what the manifest says: %lld bytes of %lld, SHA-256 %s",
			(long long)found, (long long)bytes, hex);
		tell(c, name, true, text);
	}
}

static void
line_check(struct check *c, const char *line, uint64_t number)
{
	char name[NAME_BYTES], where[64];
	int64_t sequence, first, last, from, to;

	snprintf(where, sizeof(where), "manifest.jsonl:%llu", (unsigned long long)number);
	if (!line_text(line, "\"file\":\"", name, sizeof(name)) || strchr(name, '/') ||
		!sinks_manifest_number(line, "\"file_sequence\":", &sequence) ||
		!sinks_manifest_number(line, "\"first_billing_seq\":", &first) ||
		!sinks_manifest_number(line, "\"last_billing_seq\":", &last) ||
		!sinks_manifest_number(line, "\"from_position\":", &from) ||
		!sinks_manifest_number(line, "\"to_position\":", &to)) {
		tell(c, where, true, "is no line of ringtap's");
		return;
	}
	if (c->sequence &&
		(sequence != c->sequence + 1 || first != c->billing_seq + 1 || from < c->position))
		tell(c, where, true, "does not go on where the line before ends");
	c->sequence = sequence;
	c->billing_seq = last;
	c->position = to;
	file_check(c, line, name, sequence);
}

static int64_t
handed_read(const char *dir)
{
	char path[SINKS_PATH_BYTES], line[32] = "";

	snprintf(path, sizeof(path), "%s/handed_over", dir);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	bool ok = fgets(line, sizeof(line), f) != NULL;
	fclose(f);
	return ok ? strtoll(line, NULL, 10) : 0;
}

int
sinks_billing_check(const char *dir, sinks_check_fn fn, void *context, struct sys_error *e)
{
	struct check c = {.dir = dir, .fn = fn, .context = context, .handed = handed_read(dir)};
	char path[SINKS_PATH_BYTES], *line = NULL, text[200];
	size_t room = 0;
	uint64_t number = 0;
	ssize_t n;

	sinks_manifest_path(dir, path);
	FILE *f = fopen(path, "re");
	if (f == NULL && errno == ENOENT) {
		fn(context, path, false, "no file was delivered yet");
		return 0;
	}
	if (f == NULL)
		return sys_fail(
			e, sys_error_of_errno(errno), "cannot read %s: %s", path, strerror(errno));
	while ((n = getline(&line, &room, f)) > 0) {
		number++;
		if (line[n - 1] == '\n') /* else torn: cut off by the next start */
			line_check(&c, line, number);
	}
	free(line);
	fclose(f);
	snprintf(text, sizeof(text),
		"%llu lines, up to file %lld and record %lld; %llu files looked "
		"at, %llu handed over and gone",
		(unsigned long long)number, (long long)c.sequence, (long long)c.billing_seq,
		(unsigned long long)c.files, (unsigned long long)c.gone);
	tell(&c, path, false, text);
	return c.bad;
}
