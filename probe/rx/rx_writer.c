#include "rx_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define RX_WRITER_BUFFER (1u << 20)
#define RX_WRITER_SNAPLEN 262144
#define RX_WRITER_HEADER 16

struct rx_writer {
	int fd;
	uint32_t len;
	char path[512];
	uint8_t buffer[RX_WRITER_BUFFER];
};

static int
rx_writer_flush(struct rx_writer *w, struct sys_error *e)
{
	uint32_t done = 0;

	while (done < w->len) {
		ssize_t n = write(w->fd, w->buffer + done, w->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_fail(e, sys_error_of_errno(errno), "%s: %s", w->path,
				strerror(errno));
		done += (uint32_t)n;
	}
	w->len = 0;
	return 0;
}

int
rx_writer_open(struct rx_writer **out, const char *path, struct sys_error *e)
{
	/* version 2.4, link type 1 (Ethernet), in the byte order of this machine */
	const uint32_t header[6] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, RX_WRITER_SNAPLEN, 1};
	struct rx_writer *w = malloc(sizeof(*w));

	*out = NULL;
	if (!w)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", path);
	w->len = 0;
	snprintf(w->path, sizeof(w->path), "%s", path);
	w->fd = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
				       : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w->fd < 0) {
		int rc = sys_fail(e, sys_error_of_errno(errno), "%s: %s", path, strerror(errno));
		free(w);
		return rc;
	}
	memcpy(w->buffer, header, sizeof(header));
	w->len = sizeof(header);
	*out = w;
	return 0;
}

int
rx_writer_put(struct rx_writer *w, const uint8_t *frame, uint32_t len, int64_t ts_ns,
	struct sys_error *e)
{
	const uint32_t header[4] = {(uint32_t)(ts_ns / BASE_NS_PER_SEC),
		(uint32_t)(ts_ns % BASE_NS_PER_SEC), len, len};

	if (len > RX_WRITER_SNAPLEN)
		return sys_fail(e, -BASE_ERR_INVALID, "%s: a frame of %u bytes", w->path, len);
	if (w->len + RX_WRITER_HEADER + len > RX_WRITER_BUFFER) {
		int rc = rx_writer_flush(w, e);
		if (rc < 0)
			return rc;
	}
	memcpy(w->buffer + w->len, header, sizeof(header));
	memcpy(w->buffer + w->len + sizeof(header), frame, len);
	w->len += RX_WRITER_HEADER + len;
	return 0;
}

int
rx_writer_close(struct rx_writer *w, struct sys_error *e)
{
	int rc = rx_writer_flush(w, e);

	if (close(w->fd) < 0 && rc == 0)
		rc = sys_fail(e, sys_error_of_errno(errno), "%s: %s", w->path, strerror(errno));
	free(w);
	return rc;
}
