/* A regular file, a piece at a time into one buffer that the second-level cache holds: that costs
 * less than the page tables of a mapping, whose 4 KiB pages the walk over the frames misses in the
 * TLB besides. */
#include "rx_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE (256u << 10)
#define PIECE_PAGE 4096
#define PIECE_HEAD (64u << 10) /* before it: what the piece before left over */
_Static_assert(PIECE >= RX_FILE_CAPLEN_MAX, "grows for blocks of pcapng only");

/* Room for need bytes at f->p, which are moved.  False: out of memory. */
static bool
piece_grow(struct rx_file *f, size_t need)
{
	size_t rest = (size_t)(f->end - f->p), bytes = base_align_up(need, PIECE_PAGE) + PIECE;
	uint8_t *buffer = aligned_alloc(PIECE_PAGE, bytes);

	if (!buffer)
		return false;
	memcpy(buffer, f->p, rest);
	free(f->buffer);
	f->buffer = buffer;
	f->buffer_bytes = bytes;
	f->p = buffer;
	f->end = buffer + rest;
	return true;
}

/* What is left goes before the next piece, so that the piece is always the same pages. */
static void
piece_move(struct rx_file *f, uint64_t need)
{
	size_t rest = (size_t)(f->end - f->p);
	bool before = rest < PIECE_HEAD && need <= PIECE_HEAD + PIECE;
	uint8_t *to = before ? f->buffer + PIECE_HEAD - rest : f->buffer;

	memmove(to, f->p, rest);
	f->p = to;
	f->end = to + rest;
}

/* Reads on until need bytes are there, or as many as the file has. */
static void
piece_read(struct rx_file *f, size_t need)
{
	size_t have;

	while ((have = (size_t)(f->end - f->p)) < need) {
		uint64_t left = f->bytes - f->at - have;
		size_t room = (size_t)(f->buffer + f->buffer_bytes - f->end);
		if (room > PIECE)
			room = PIECE;
		ssize_t n = pread(f->fd, (uint8_t *)(uintptr_t)f->end, left < room ? left : room,
			(off_t)(f->at + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rx_file_stop(f, sys_error_of_errno(errno), "cannot read: %s",
				strerror(errno));
		if (n <= 0)
			f->bytes = f->at + have; /* shorter than when it was opened */
		if (n <= 0)
			return;
		f->end += n;
	}
}

enum rx_piece
rx_piece_more(struct rx_file *f, uint64_t need)
{
	if (need > f->bytes - f->at)
		return RX_PIECE_CUT;
	if (f->lent)
		return RX_PIECE_LATER;
	if (need <= f->buffer_bytes) {
		piece_move(f, need);
	} else if (!piece_grow(f, need)) {
		rx_file_stop(f, -BASE_ERR_NO_MEMORY, "out of memory");
		return RX_PIECE_CUT;
	}
	piece_read(f, need);
	return (uint64_t)(f->end - f->p) >= need ? RX_PIECE_HERE : RX_PIECE_CUT;
}

int
rx_piece_open(struct rx_file *f, int fd, uint64_t bytes, struct sys_error *e)
{
	f->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (f->fd < 0)
		return sys_fail(e, sys_error_of_errno(errno), "%s: %s", f->name, strerror(errno));
	f->buffer_bytes = PIECE_HEAD + PIECE;
	f->buffer = aligned_alloc(PIECE_PAGE, f->buffer_bytes);
	if (!f->buffer)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", f->name);
	f->p = f->end = f->buffer;
	f->bytes = bytes;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	piece_read(f, 1);
	return f->source.error;
}

void
rx_piece_close(struct rx_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->buffer);
}
