#include "rx_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
rx_file_release(struct rx_source *source, struct rx_frame *frames, uint32_t n)
{
	/* Buffer and slab are used again by the next burst. */
}

void
rx_file_stop(struct rx_file *f, int code, const char *format, ...)
{
	char text[384];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	f->source.error = sys_fail(&f->source.error_text, code, "%s: %s", f->name, text);
	f->source.finished = true;
}

void
rx_file_stop_cut(struct rx_file *f, uint64_t there, uint64_t wanted)
{
	rx_file_stop(f, -BASE_ERR_FORMAT,
		"the last packet (number %llu) is cut short: %llu of %llu bytes are there;"
		" what was read before it stands",
		(unsigned long long)(f->frames + 1), (unsigned long long)there,
		(unsigned long long)wanted);
}

int64_t
rx_file_time(int64_t seconds, int64_t fraction_ns)
{
	if (fraction_ns < 0 || fraction_ns >= 2 * BASE_NS_PER_SEC)
		fraction_ns = 0;
	if (seconds < 0 || seconds > INT64_MAX / BASE_NS_PER_SEC - 2)
		return 0;
	return seconds * BASE_NS_PER_SEC + fraction_ns;
}

const char *
rx_file_link_name(int dlt, char *text, size_t cap)
{
	const char *name = pcap_datalink_val_to_name(dlt);
	const char *description = pcap_datalink_val_to_description(dlt);

	if (name && description)
		snprintf(text, cap, "%s (%s)", name, description);
	else
		snprintf(text, cap, "number %d, which libpcap has no name for", dlt);
	return text;
}

static int
rx_file_refuse_magic(const struct rx_file *f, struct sys_error *e)
{
	static const struct {
		uint8_t magic[4];
		uint8_t len;
		const char *what, *command;
	} packed[] = {
		{{0x1f, 0x8b}, 2, "gzip", "gunzip"},
		{{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd", "unzstd"},
		{{0xfd, '7', 'z', 'X'}, 4, "xz", "unxz"},
		{{'B', 'Z', 'h'}, 3, "bzip2", "bunzip2"},
		{{'P', 'K', 3, 4}, 4, "zip", "unzip"},
	};

	for (size_t i = 0; i < base_count_of(packed); i++)
		if (f->bytes >= packed[i].len && memcmp(f->p, packed[i].magic, packed[i].len) == 0)
			return sys_fail(e, -BASE_ERR_FORMAT,
				"%s: compressed with %s: unpack it first (%s)", f->name,
				packed[i].what, packed[i].command);
	return 0;
}

/* Reads the regular file fd.  1: it has to go through libpcap. */
static int
rx_file_pieces(struct rx_file *f, int fd, uint64_t bytes, struct sys_error *e)
{
	int rc = rx_piece_open(f, fd, bytes, e);

	if (rc == 0)
		rc = rx_file_refuse_magic(f, e);
	if (rc == 0)
		rc = rx_classic_open(f, e);
	if (rc == 1)
		rc = rx_ng_open(f, e);
	return rc;
}

static int
rx_file_begin(struct rx_file *f, int fd, struct sys_error *e)
{
	struct stat st;
	int rc = 1;

	if (fstat(fd, &st) < 0)
		return sys_fail(e, sys_error_of_errno(errno), "%s: %s", f->name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return sys_fail(
			e, -BASE_ERR_INVALID, "%s: is a directory, not a capture file", f->name);
	if (S_ISREG(st.st_mode) && st.st_size == 0)
		return sys_fail(
			e, -BASE_ERR_FORMAT, "%s: empty file: there is no capture in it", f->name);
	if (S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0)
		rc = rx_file_pieces(f, fd, (uint64_t)st.st_size, e);
	if (rc == 1) {
		int copy = dup(fd);
		if (copy < 0)
			return sys_fail(
				e, sys_error_of_errno(errno), "%s: %s", f->name, strerror(errno));
		rc = rx_libpcap_open(f, copy, e);
	}
	return rc;
}

struct rx_source *
rx_file_open(const char *path, struct sys_error *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct rx_file *f = calloc(1, sizeof(*f));

	if (!f || !(f->name = strdup(is_stdin ? "standard input" : path))) {
		free(f);
		sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", path);
		return NULL;
	}
	f->source.release = rx_file_release;
	f->fd = -1;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		sys_fail(
			e, sys_error_of_errno(errno), "%s: cannot open: %s", path, strerror(errno));
		rx_file_close(&f->source);
		return NULL;
	}
	int rc = rx_file_begin(f, fd, e);
	if (!is_stdin)
		close(fd);
	if (rc < 0) {
		rx_file_close(&f->source);
		return NULL;
	}
	return &f->source;
}

void
rx_file_close(struct rx_source *source)
{
	if (!source)
		return;
	struct rx_file *f = base_container_of(source, struct rx_file, source);
	if (f->pcap)
		pcap_close(f->pcap);
	rx_piece_close(f);
	free(f->slab);
	free(f->interfaces);
	free(f->name);
	free(f);
}

struct rx_file_progress
rx_file_progress(const struct rx_source *source)
{
	const struct rx_file *f = base_container_of(source, const struct rx_file, source);
	struct rx_file_progress progress = {f->at, f->bytes};

	if (f->pcap) {
		off_t at = ftello(pcap_file(f->pcap));
		progress.bytes_read = at > 0 ? (uint64_t)at : 0;
	}
	return progress;
}
