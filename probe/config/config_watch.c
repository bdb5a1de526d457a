#include "config.h"

#include <errno.h>
#include <stdlib.h>

#define WATCH_ENTRIES_MAX 1000000u

struct entry_list {
	char **entries;
	uint32_t n, cap;
};

/* The entry of a line: without its comment and the white space around it. */
static struct base_span
entry_of_line(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] != '#' || (i && !base_is_space((uint8_t)line[i - 1])))
			continue;
		len = i;
		break;
	}
	return base_span_trim(base_span_of(line, (uint32_t)len));
}

static const char *
entry_fault(struct base_span s)
{
	if (s.len > CONFIG_WATCH_ENTRY_MAX)
		return "the entry is longer than 255 bytes";
	for (uint32_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return "the entry has control characters";
	return NULL;
}

static int
entry_add(struct entry_list *list, struct base_span s)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap ? 2 * list->cap : 64;
		char **more = reallocarray(list->entries, cap, sizeof(*more));
		if (!more)
			return -BASE_ERR_NO_MEMORY;
		list->entries = more;
		list->cap = cap;
	}
	list->entries[list->n] = strndup((const char *)s.p, s.len);
	if (!list->entries[list->n])
		return -BASE_ERR_NO_MEMORY;
	list->n++;
	return 0;
}

static int
entries_read(struct entry_list *list, FILE *f, const char *path, struct sys_error *e)
{
	char line[1024];
	unsigned number = 0;

	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);
		number++;
		if (len == sizeof(line) - 1 && line[len - 1] != '\n')
			return sys_fail(
				e, -BASE_ERR_FORMAT, "%s:%u: the line is too long", path, number);
		struct base_span s = entry_of_line(line, len);
		if (s.len == 0)
			continue;
		const char *fault = entry_fault(s);
		if (fault)
			return sys_fail(e, -BASE_ERR_FORMAT, "%s:%u: %s", path, number, fault);
		if (list->n == WATCH_ENTRIES_MAX)
			return sys_fail(e, -BASE_ERR_FULL, "%s:%u: more than %u entries", path,
				number, WATCH_ENTRIES_MAX);
		if (entry_add(list, s) < 0)
			return sys_fail(
				e, -BASE_ERR_NO_MEMORY, "%s:%u: out of memory", path, number);
	}
	return ferror(f)
		       ? sys_fail(e, -BASE_ERR_IO, "%s: cannot read it: %s", path, strerror(errno))
		       : 0;
}

int
config_watch_entries(
	const struct config_watch *watch, char ***entries, uint32_t *n, struct sys_error *e)
{
	struct entry_list list = {0};
	FILE *f = fopen(watch->file, "re");

	if (!f)
		return sys_fail(e, sys_error_of_errno(errno), "%s: cannot read watch list '%s': %s",
			watch->file, watch->name, strerror(errno));
	int result = entries_read(&list, f, watch->file, e);
	fclose(f);
	if (result < 0) {
		config_watch_entries_free(list.entries, list.n);
		return result;
	}
	*entries = list.entries;
	*n = list.n;
	return 0;
}

void
config_watch_entries_free(char **entries, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
}
