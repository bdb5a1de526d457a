/* Any bytes as a configuration: refused with a sentence, or loaded; and what is loaded prints as a
 * configuration that loads and prints the same. */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a file in memory, whose name in /proc serves as a path. */
static int
load(struct config **c, const void *data, size_t size, struct sys_error *e)
{
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int result = config_load(c, path, e);
	close(fd);
	return result;
}

static char *
print(const struct config *c, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		abort();
	config_print(c, f);
	fclose(f);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = NULL, *again = NULL;
	struct sys_error e = {""};
	size_t len, len_again;

	if (load(&c, data, size, &e) < 0) {
		if (c || !e.text[0])
			abort();
		return 0;
	}
	char *text = print(c, &len);
	if (load(&again, text, len, &e) < 0)
		abort();
	char *text_again = print(again, &len_again);
	if (len != len_again || memcmp(text, text_again, len) != 0)
		abort();
	free(text);
	free(text_again);
	config_free(c);
	config_free(again);
	return 0;
}
