#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPPING_MODE 0640

static int
mapping_fail(struct sys_error *e, const char *path, const char *what)
{
	int error = errno;

	return sys_fail(
		e, sys_error_of_errno(error), "%s: cannot %s: %s", path, what, strerror(error));
}

/* Gives a new file its mode, group and size.  The blocks are allocated now: a full tmpfs is an
 * error here, not SIGBUS later. */
static int
mapping_size(int fd, size_t bytes, gid_t group)
{
	if (fchmod(fd, MAPPING_MODE) < 0)
		return -1;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		return -1;
	while (fallocate(fd, 0, 0, (off_t)bytes) < 0) {
		if (errno == EOPNOTSUPP)
			return ftruncate(fd, (off_t)bytes);
		if (errno != EINTR)
			return -1;
	}
	return 0;
}

/* Opens path, or makes it: *created.  Two makers at once: one of them creates, the other opens. */
static int
mapping_open_or_create(const char *path, bool *created)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = open(path, flags | O_CREAT | O_EXCL, MAPPING_MODE);

	*created = fd >= 0;
	return fd >= 0 || errno != EEXIST ? fd : open(path, flags);
}

int
sys_mapping_create(
	struct sys_mapping *m, const char *path, size_t bytes, gid_t group, struct sys_error *e)
{
	struct stat st;
	int result;
	bool created;

	*m = (struct sys_mapping){.fd = -1};
	if (bytes == 0 || bytes > SIZE_MAX / 2)
		return sys_fail(e, -BASE_ERR_INVALID, "%s: %zu bytes is no size for a segment",
			path, bytes);
	int fd = mapping_open_or_create(path, &created);
	if (fd < 0)
		return mapping_fail(e, path, "open or create it");
	if (fstat(fd, &st) < 0) {
		result = mapping_fail(e, path, "stat it");
		goto fail_close;
	}
	if (!S_ISREG(st.st_mode)) {
		result = sys_fail(e, -BASE_ERR_INVALID, "%s: is not a regular file", path);
		goto fail_close;
	}
	/* A file of no bytes: its maker died before giving it a size. */
	bool empty = created || st.st_size == 0;
	if (!empty && (uint64_t)st.st_size != bytes) {
		result = sys_fail(e, -BASE_ERR_VERSION,
			"%s: has %lld bytes where %zu are needed: made with another configuration "
			"or version",
			path, (long long)st.st_size, bytes);
		goto fail_close;
	}
	if (empty && mapping_size(fd, bytes, group) < 0) {
		result = mapping_fail(e, path, "allocate the segment");
		goto fail_unlink;
	}
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		result = mapping_fail(e, path, "map it");
		goto fail_unlink;
	}
	*m = (struct sys_mapping){p, bytes, fd, empty};
	return 0;
fail_unlink:
	if (created)
		unlink(path);
fail_close:
	close(fd);
	return result;
}

int
sys_mapping_open(struct sys_mapping *m, const char *path, bool writable, struct sys_error *e)
{
	struct stat st;
	int result;

	*m = (struct sys_mapping){.fd = -1};
	int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return mapping_fail(e, path, "open it");
	if (fstat(fd, &st) < 0) {
		result = mapping_fail(e, path, "stat it");
		goto fail_close;
	}
	if (!S_ISREG(st.st_mode) || st.st_size <= 0) {
		result = sys_fail(e, -BASE_ERR_FORMAT, "%s: is empty or not a regular file", path);
		goto fail_close;
	}
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ | (writable ? PROT_WRITE : 0),
		MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		result = mapping_fail(e, path, "map it");
		goto fail_close;
	}
	*m = (struct sys_mapping){p, (size_t)st.st_size, fd, false};
	return 0;
fail_close:
	close(fd);
	return result;
}

int
sys_mapping_lock(struct sys_mapping *m, off_t offset)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};

	while (fcntl(m->fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return -BASE_ERR_EXISTS;
		if (errno != EINTR)
			return sys_error_of_errno(errno);
	}
	return 0;
}

void
sys_mapping_close(struct sys_mapping *m)
{
	if (m->p)
		munmap(m->p, m->bytes);
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct sys_mapping){.fd = -1};
}
