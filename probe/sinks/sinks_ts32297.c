#include "sinks_private.h"

#include <errno.h>
#include <unistd.h>

/* TS 32.297 6.1: the file's header, and before each CDR another.  Release 12: identifiers have 3
 * bits, where 7 says that it is 10 and the extension. */
#define RELEASE_EXTENSION 2
#define RELEASE_AND_VERSION (7 << 5 | 0)
#define FILE_HEADER_BYTES 54
#define CDR_HEADER_BYTES 5
#define FORMAT_BER_TS32260 (1 << 5 | 9)
#define CDR_BYTES_MAX 65535
#define READ_BYTES (256u << 10)

enum closure { CLOSURE_NORMAL = 0, CLOSURE_SIZE = 1, CLOSURE_TIME = 2, CLOSURE_COUNT = 3 };

static void
put_be(struct base_text *t, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		base_text_char(t, (char)(v >> 8 * bytes));
}

/* The header is known when the file is whole. */
void
sinks_ts32297_begin(struct sinks_billing *b)
{
	static const char room[FILE_HEADER_BYTES];

	base_text_bytes(&b->text, room, sizeof(room));
}

void
sinks_ts32297_row(struct sinks_billing *b, int64_t billing_seq, const struct record_row *row)
{
	struct base_text *t = &b->text;
	size_t start = t->len;

	put_be(t, 0, 2);
	put_be(t, RELEASE_AND_VERSION, 1);
	put_be(t, FORMAT_BER_TS32260, 1);
	put_be(t, RELEASE_EXTENSION, 1);
	record_ts32298(t, row, (uint64_t)billing_seq);
	size_t len = t->len - start - CDR_HEADER_BYTES;
	if (t->overflow || len > CDR_BYTES_MAX) {
		t->overflow = true; /* does not happen: its texts are cut */
		return;
	}
	t->p[start] = (char)(len >> 8);
	t->p[start + 1] = (char)len;
}

/* Month 4 bits, day 5, hour 5, minute 6, sign of the difference from UTC 1, its hours 5 and minutes
 * 6. */
static uint32_t
clock_bits(int64_t ts_ns)
{
	static const struct {
		uint8_t place, shift;
	} parts[] = {{5, 28}, {8, 23}, {11, 18}, {14, 12}};
	char text[40];
	struct base_text t = base_text_of(text, sizeof(text));
	uint32_t bits = 1u << 11; /* + */

	base_text_time(&t, ts_ns);
	for (size_t i = 0; i < base_count_of(parts); i++)
		bits |= (uint32_t)((text[parts[i].place] - '0') * 10 + text[parts[i].place + 1] -
				   '0')
			<< parts[i].shift;
	return bits;
}

static enum closure
closure_of(const struct sinks_billing *b)
{
	if (b->file.records >= b->rotate_records)
		return CLOSURE_COUNT;
	if (b->file.bytes >= b->rotate_bytes)
		return CLOSURE_SIZE;
	return b->stop ? CLOSURE_NORMAL : CLOSURE_TIME;
}

/* 0: none; 128 + n: exactly n, up to 126; 255: 127 or more. */
static uint8_t
lost_indicator(uint64_t lost)
{
	return lost == 0 ? 0 : lost < 127 ? (uint8_t)(128 + lost) : 255;
}

/* Times of the file are those of its records, so that it is the same when it is made anew. */
static void
header_write(struct base_text *t, const struct sinks_billing *b)
{
	const struct sinks_file *file = &b->file;

	put_be(t, file->bytes, 4);
	put_be(t, FILE_HEADER_BYTES, 4);
	put_be(t, RELEASE_AND_VERSION, 1); /* highest in the file */
	put_be(t, RELEASE_AND_VERSION, 1); /* and lowest */
	put_be(t, clock_bits(file->first_ns), 4);
	put_be(t, clock_bits(file->last_ns), 4);
	put_be(t, file->records, 4);
	put_be(t, (uint64_t)b->delivered.file_sequence + 1, 4);
	put_be(t, closure_of(b), 1);
	put_be(t, UINT32_MAX, 4);
	base_text_bytes(t, b->node.b, sizeof(b->node.b));
	put_be(t, lost_indicator(sinks_file_lost(file)), 1);
	put_be(t, 0, 2); /* routeing filter */
	put_be(t, 0, 2); /* private extension */
	put_be(t, RELEASE_EXTENSION, 1);
	put_be(t, RELEASE_EXTENSION, 1);
}

/* The hash of the whole file, whose beginning was written last. */
static int
file_hash(struct sinks_billing *b)
{
	struct sinks_file *file = &b->file;
	uint8_t *buffer = (uint8_t *)b->text.p; /* empty now */
	ssize_t n;

	sha256_init(&file->sha256);
	for (uint64_t at = 0; at < file->bytes; at += (uint64_t)n) {
		n = pread(file->fd, buffer, READ_BYTES, (off_t)at);
		if (n <= 0)
			return n == 0 ? EIO : errno;
		sha256_update(&file->sha256, (size_t)n, buffer);
	}
	file->content_sha256 = file->sha256;
	return 0;
}

int
sinks_ts32297_finish(struct sinks_billing *b, struct sys_error *e)
{
	char header[FILE_HEADER_BYTES];
	struct base_text t = base_text_of(header, sizeof(header));

	if (b->file.bytes > UINT32_MAX)
		return sys_fail(
			e, -BASE_ERR_FULL, "billing.rotate_bytes: a ts32298 file is too large");
	header_write(&t, b);
	ssize_t n = pwrite(b->file.fd, header, sizeof(header), 0);
	int number = n < 0 ? errno : n < (ssize_t)sizeof(header) ? ENOSPC : file_hash(b);
	return number ? sys_fail(e, sys_error_of_errno(number),
				"cannot write a billing file in %s: %s", b->dir, strerror(number))
		      : 0;
}
