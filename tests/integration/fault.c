/* fault: a library for LD_PRELOAD that ends a process before the N-th of its calls that change files,
 * as kill -9 would there.
 *
 *   RINGTAP_FAULT_AT=N       _exit(99) instead of call N, counted from 1; 0: never
 *   RINGTAP_FAULT_COUNT=FILE at the end of the process the number of calls is written there
 *
 * Counted: open for writing, write, pwrite, fsync, fdatasync, ftruncate, rename, unlink. */
#undef _FILE_OFFSET_BITS /* both names of each call are wanted */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long calls;

static void
point(void)
{
	const char *at = getenv("RINGTAP_FAULT_AT");
	unsigned long n = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);

	if (at && strtoul(at, NULL, 10) == n)
		syscall(SYS_exit_group, 99);
}

__attribute__((destructor)) static void
count_write(void)
{
	const char *path = getenv("RINGTAP_FAULT_COUNT");
	char text[32];

	if (path == NULL)
		return;
	int n = snprintf(text, sizeof(text), "%lu\n", calls);
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	syscall(SYS_write, fd, text, n);
	syscall(SYS_close, fd);
}

#define REAL(name, result, ...)                                                                    \
	static result (*real)(__VA_ARGS__);                                                        \
	if (real == NULL)                                                                          \
	real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		REAL(#name, int, const char *, int, ...);                                          \
		va_list list;                                                                      \
		va_start(list, flags);                                                             \
		unsigned mode = flags & O_CREAT ? va_arg(list, unsigned) : 0;                      \
		va_end(list);                                                                      \
		if (flags & (O_WRONLY | O_RDWR | O_CREAT))                                         \
			point();                                                                   \
		return real(path, flags, mode);                                                    \
	}
OPEN(open)
OPEN(open64)

#define WRITE(name, type)                                                                          \
	ssize_t name(int fd, const void *p, size_t n, type at)                                     \
	{                                                                                          \
		REAL(#name, ssize_t, int, const void *, size_t, type);                             \
		point();                                                                           \
		return real(fd, p, n, at);                                                         \
	}
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

ssize_t
write(int fd, const void *p, size_t n)
{
	REAL("write", ssize_t, int, const void *, size_t);
	if (fd > 2) /* not the log */
		point();
	return real(fd, p, n);
}

#define ONE(name)                                                                                  \
	int name(int fd)                                                                           \
	{                                                                                          \
		REAL(#name, int, int);                                                             \
		point();                                                                           \
		return real(fd);                                                                   \
	}
ONE(fsync)
ONE(fdatasync)

#define TRUNCATE(name, type)                                                                       \
	int name(int fd, type bytes)                                                               \
	{                                                                                          \
		REAL(#name, int, int, type);                                                       \
		point();                                                                           \
		return real(fd, bytes);                                                            \
	}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int
rename(const char *from, const char *to)
{
	REAL("rename", int, const char *, const char *);
	point();
	return real(from, to);
}

int
unlink(const char *path)
{
	REAL("unlink", int, const char *);
	point();
	return real(path);
}
