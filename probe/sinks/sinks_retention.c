#include "sinks_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERIOD_NS (60 * BASE_NS_PER_SEC)
#define DAY_NS (86400 * BASE_NS_PER_SEC)

struct old_file {
	int64_t sequence, time_ns;
	uint64_t bytes;
	char name[256];
};

struct old_files {
	struct old_file *files;
	size_t n, cap;
	uint64_t bytes;
};

/* The sequence in ringtap-<probe>-<sequence>-<time>.<extension>; false: no billing file. */
static bool
name_sequence(const char *name, int64_t *sequence)
{
	const char *p = strncmp(name, "ringtap-", 8) == 0 ? strchr(name + 8, '-') : NULL;
	const char *end = p ? strchr(p + 1, '-') : NULL;
	uint64_t v;

	if (end == NULL || !base_span_u64(base_span_of(p + 1, (uint32_t)(end - p - 1)), &v))
		return false;
	*sequence = (int64_t)v;
	return v <= INT64_MAX;
}

static int
by_sequence(const void *a, const void *b)
{
	const struct old_file *x = a, *y = b;

	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static bool
files_add(struct old_files *all, const struct old_file *file)
{
	if (all->n == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 256;
		struct old_file *files = realloc(all->files, cap * sizeof(*files));
		if (files == NULL)
			return false;
		all->files = files;
		all->cap = cap;
	}
	all->files[all->n++] = *file;
	all->bytes += file->bytes;
	return true;
}

/* Every billing file of the directory, oldest first. */
static bool
files_list(const char *dir, struct old_files *all)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	struct stat st;
	bool ok = d != NULL;

	while (ok && (entry = readdir(d)) != NULL) {
		struct old_file file;
		if (!name_sequence(entry->d_name, &file.sequence) ||
			fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
			!S_ISREG(st.st_mode))
			continue;
		file.bytes = (uint64_t)st.st_size;
		file.time_ns = st.st_mtim.tv_sec * BASE_NS_PER_SEC + st.st_mtim.tv_nsec;
		memcpy(file.name, entry->d_name, strlen(entry->d_name) + 1);
		ok = files_add(all, &file);
	}
	if (d)
		closedir(d);
	if (all->n)
		qsort(all->files, all->n, sizeof(*all->files), by_sequence);
	return ok;
}

static bool
file_is_old(const struct sinks_billing *b, const struct old_file *file, uint64_t bytes)
{
	return (b->retention_bytes && bytes > b->retention_bytes) ||
	       (b->retention_days && b->now_ns - file->time_ns > b->retention_days * DAY_NS);
}

static void
file_delete(const struct sinks_billing *b, const char *name)
{
	char path[SINKS_PATH_BYTES];
	struct base_text t = base_text_of(path, sizeof(path));

	base_text_str(&t, b->dir);
	base_text_char(&t, '/');
	base_text_str(&t, name);
	if (unlink(base_text_cstr(&t)))
		sys_log(SYS_LOG_WARNING, "cannot delete %s: %s", path, strerror(errno));
	else
		sys_log(SYS_LOG_INFO, "%s is past its retention: deleted", path);
}

static void
retention_say(struct sinks_billing *b, const char *kept)
{
	if (kept && !b->retention_said)
		sys_log(SYS_LOG_WARNING,
			"%s/%s is past its retention and stays: files from there on are not handed "
			"over",
			b->dir, kept);
	b->retention_said = kept != NULL;
}

void
sinks_retention_step(struct sinks_billing *b)
{
	struct old_files all = {NULL, 0, 0, 0};
	struct sys_error e = {""};
	const char *kept = NULL;

	if ((b->retention_days == 0 && b->retention_bytes == 0) ||
		(b->now_ns < b->retention_ns && b->retention_ns - b->now_ns <= PERIOD_NS))
		return;
	b->retention_ns = b->now_ns + PERIOD_NS;
	if (sinks_handed_read(b, &e)) {
		sys_log(SYS_LOG_WARNING, "%s; no billing file is deleted", e.text);
		return;
	}
	bool ok = files_list(b->dir, &all);
	for (size_t i = 0; ok && i < all.n && kept == NULL; i++) {
		const struct old_file *file = &all.files[i];
		if (!file_is_old(b, file, all.bytes))
			break;
		if (file->sequence > b->handed || file->sequence > b->delivered.file_sequence) {
			kept = file->name;
			continue;
		}
		file_delete(b, file->name);
		all.bytes -= file->bytes;
	}
	retention_say(b, kept);
	free(all.files);
}
