/* replay: runs a fuzzer's one input function over every file of the directories (or files) given, so that a corpus is
 * checked on every test run without libFuzzer.  Exit 0 when all ran, 1 when there was nothing to run or a file could not
 * be read, 77 when there is no corpus directory. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replay_count;

/* Each input is in an allocation of exactly its size, so that a sanitizer sees the first byte read past it. */
static int
replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size);
	int bad = !file || (size && (!data || fread(data, 1, size, file) != size));

	if (!bad) {
		LLVMFuzzerTestOneInput(data, size);
		replay_count++;
	} else {
		perror(path);
	}
	free(data);
	if (file)
		fclose(file);
	return bad;
}

static int
replay_path(const char *path)
{
	struct stat status;
	struct dirent **names;
	int bad = 0;

	if (stat(path, &status) < 0) {
		perror(path);
		return 1;
	}
	if (!S_ISDIR(status.st_mode))
		return replay_file(path, (size_t)status.st_size);
	int count = scandir(path, &names, NULL, alphasort);
	if (count < 0) {
		perror(path);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		char inner[4096];
		int len = snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);

		if (names[i]->d_name[0] != '.')
			bad |= len < (int)sizeof(inner) ? replay_path(inner) : 1;
		free(names[i]);
	}
	free(names);
	return bad;
}

int
main(int argc, char **argv)
{
	struct stat status;
	int bad = 0;

	if (argc == 2 && stat(argv[1], &status) < 0) {
		printf("skip: no corpus %s\n", argv[1]);
		return 77;
	}
	for (int i = 1; i < argc; i++)
		bad |= replay_path(argv[i]);
	printf("%lu inputs\n", replay_count);
	return bad || !replay_count;
}
