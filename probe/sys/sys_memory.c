#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define MEMORY_HUGE ((size_t)2 << 20)
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/* What sys_memory_new maps for bytes; 0 where that is not a size. sys_memory_free must come to the
 * same. */
static size_t
memory_length(size_t bytes)
{
	size_t unit = bytes >= MEMORY_HUGE ? MEMORY_HUGE : (size_t)sysconf(_SC_PAGESIZE);

	if (bytes > SIZE_MAX / 2)
		return 0;
	return base_align_up(bytes ? bytes : 1, unit);
}

/* length bytes on a 2 MiB boundary, so that transparent huge pages can back all of it. */
static void *
memory_map_aligned(size_t length)
{
	uint8_t *p = mmap(NULL, length + MEMORY_HUGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	size_t head = base_align_up((uintptr_t)p, MEMORY_HUGE) - (uintptr_t)p;
	if (head)
		munmap(p, head);
	munmap(p + head + length, MEMORY_HUGE - head);
	madvise(p + head, length, MADV_HUGEPAGE);
	return p + head;
}

void *
sys_memory_new(size_t bytes)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	size_t length = memory_length(bytes);
	void *p;

	if (!length)
		return NULL;
	if (length < MEMORY_HUGE) {
		p = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, -1, 0);
		return p == MAP_FAILED ? NULL : p;
	}
	/* Without MAP_NORESERVE the kernel sets the pages aside now or refuses: no SIGBUS later. */
	p = mmap(NULL, length, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);
	return p != MAP_FAILED ? p : memory_map_aligned(length);
}

int
sys_memory_populate(void *p, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), length = memory_length(bytes);
	volatile uint8_t *at = p;

	if (madvise(p, length, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -BASE_ERR_NO_MEMORY;
	for (size_t i = 0; i < length; i += page)
		at[i] = at[i];
	return 0;
}

uint64_t
sys_memory_resident(const void *p, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), length = memory_length(bytes);
	uint8_t *at = (uint8_t *)(uintptr_t)p;
	unsigned char pages[512];
	uint64_t resident = 0;

	for (size_t done = 0, part; done < length; done += part) {
		part = length - done < sizeof(pages) * page ? length - done : sizeof(pages) * page;
		if (mincore(at + done, part, pages) < 0)
			continue;
		for (size_t i = 0; i < (part + page - 1) / page; i++)
			resident += (pages[i] & 1) * page;
	}
	return resident;
}

void
sys_memory_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, memory_length(bytes));
}

void
sys_random(void *p, size_t n)
{
	uint8_t *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0 && errno != EINTR)
			abort(); /* a predictable hash key is worse than no start */
		if (got > 0)
			at += got, n -= (size_t)got;
	}
}
