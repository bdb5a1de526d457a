/* Helpers of the config tests: a configuration from a text, through a real file. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "config.h"

/* The directory of this test's files, made on the first call. */
static inline const char *
testing_dir(void)
{
	static char dir[64];
	const char *tmp = getenv("TMPDIR");

	if (dir[0])
		return dir;
	snprintf(dir, sizeof(dir), "%s/ringtap-config-XXXXXX",
		tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	return mkdtemp(dir) ? dir : "/";
}

static inline const char *
testing_file(const char *name, const char *text, size_t len)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", testing_dir(), name);
	f = fopen(path, "w");
	if (f) {
		fwrite(text, 1, len, f);
		fclose(f);
	}
	return path;
}

static inline int
testing_teardown(void **state)
{
	static const char *const names[] = {"c.yaml", "list.txt", "printed.yaml"};
	char path[128];

	for (size_t i = 0; i < base_count_of(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", testing_dir(), names[i]);
		unlink(path);
	}
	return rmdir(testing_dir());
}

static inline struct config *
testing_load(const char *text)
{
	struct config *c = NULL;
	struct sys_error e = {""};

	if (config_load(&c, testing_file("c.yaml", text, strlen(text)), &e) != 0)
		fail_msg("refused: %s\n%s", e.text, text);
	return c;
}

/* The text is refused with a sentence 'PATH:' want. */
static inline void
testing_refused(const char *text, const char *want)
{
	struct config *c = NULL;
	struct sys_error e = {""};
	const char *path = testing_file("c.yaml", text, strlen(text));

	if (config_load(&c, path, &e) == 0)
		fail_msg("taken: %s", text);
	assert_null(c);
	if (strncmp(e.text, path, strlen(path)) != 0 || strcmp(e.text + strlen(path), want) != 0)
		fail_msg("'%s' is not FILE'%s' for\n%s", e.text, want, text);
}
