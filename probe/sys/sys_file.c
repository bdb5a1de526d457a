#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static int
file_fail(struct sys_error *e, const char *path, const char *what)
{
	int error = errno;

	return sys_fail(
		e, sys_error_of_errno(error), "%s: cannot %s: %s", path, what, strerror(error));
}

static int
directory_make_one(const char *path, mode_t mode, struct sys_error *e)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	int error = errno; /* an existing directory may also say EROFS or EACCES */
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode)
			       ? 0
			       : sys_fail(e, -BASE_ERR_EXISTS, "%s: is not a directory", path);
	errno = error;
	return file_fail(e, path, "make the directory");
}

int
sys_directory_make(const char *path, mode_t mode, struct sys_error *e)
{
	char parent[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(parent))
		return sys_fail(e, -BASE_ERR_INVALID, "'%.64s': not the name of a directory", path);
	memcpy(parent, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (path[i] != '/' || path[i - 1] == '/')
			continue;
		parent[i] = 0;
		int result = directory_make_one(parent, mode | S_IWUSR | S_IXUSR, e);
		if (result < 0)
			return result;
		parent[i] = '/';
	}
	return directory_make_one(path, mode, e);
}

int
sys_directory_sync(const char *path, struct sys_error *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return file_fail(e, path, "open the directory");
	if (fsync(fd) < 0)
		result = file_fail(e, path, "sync the directory");
	close(fd);
	return result;
}

static int
file_write_all(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			p += n, len -= (size_t)n;
	}
	return 0;
}

static int
file_write_new(const char *path, struct base_span data, mode_t mode, struct sys_error *e)
{
	int result = 0;

	if (unlink(path) < 0 && errno != ENOENT) /* left by a process that died here */
		return file_fail(e, path, "remove it");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return file_fail(e, path, "create it");
	if (fchmod(fd, mode) < 0 || file_write_all(fd, data.p, data.len) < 0 || fsync(fd) < 0)
		result = file_fail(e, path, "write it");
	if (close(fd) < 0 && result == 0)
		result = file_fail(e, path, "write it");
	if (result < 0)
		unlink(path);
	return result;
}

static int
file_sync_directory_of(const char *path, struct sys_error *e)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash)
		return sys_directory_sync(".", e);
	if (slash == path)
		return sys_directory_sync("/", e);
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	return sys_directory_sync(dir, e);
}

int
sys_file_replace(const char *path, const void *data, size_t len, mode_t mode, struct sys_error *e)
{
	char other[PATH_MAX];
	int n = snprintf(other, sizeof(other), "%s.tmp", path);

	if (n < 0 || (size_t)n >= sizeof(other) || len > UINT32_MAX)
		return sys_fail(e, -BASE_ERR_INVALID, "%.64s: name or data too long", path);
	int result = file_write_new(other, base_span_of(data, (uint32_t)len), mode, e);
	if (result < 0)
		return result;
	if (rename(other, path) < 0) {
		result = file_fail(e, path, "replace it");
		unlink(other);
		return result;
	}
	return file_sync_directory_of(path, e);
}
