/* campaign FOLDER [COUNT [SEED]]: runs a fuzzer's function on COUNT inputs, each a seed of the folder mutated one to eight times (mutate_sip).  The same
 * inputs for the same seed, so a crash is found again; the input that is being run stands in campaign-input where CAMPAIGN_KEEP is set. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate_sip.h"

#define SEEDS_MAX 512
#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
	uint8_t *bytes;
	size_t len;
};

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t
seeds_read(const char *folder, struct seed *seeds)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, by_name);
	size_t kept = 0;

	for (int i = 0; i < n; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		FILE *f = names[i]->d_name[0] == '.' || kept == SEEDS_MAX ? NULL : fopen(path, "rb");
		free(names[i]);
		if (f == NULL)
			continue;
		seeds[kept].bytes = malloc(INPUT_MAX);
		seeds[kept].len = fread(seeds[kept].bytes, 1, INPUT_MAX, f);
		kept++;
		fclose(f);
	}
	if (n >= 0)
		free(names);
	return kept;
}

static void
keep(const uint8_t *input, size_t len)
{
	FILE *f = fopen("campaign-input", "wb");

	if (f == NULL)
		return;
	fwrite(input, 1, len, f);
	fclose(f);
}

int
main(int argc, char **argv)
{
	static struct seed seeds[SEEDS_MAX];
	static uint8_t input[INPUT_MAX];
	size_t n = argc > 1 ? seeds_read(argv[1], seeds) : 0;
	uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000, seed = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;

	if (n == 0)
		return fprintf(stderr, "campaign: no seeds\n"), 2;
	for (uint32_t i = 0; i < count; i++) {
		const struct seed *s = &seeds[i % n];
		size_t len = s->len;
		memcpy(input, s->bytes, len);
		for (uint32_t k = 0; k <= i / n % 8; k++)
			len = mutate_sip(input, len, INPUT_MAX, (seed * 1000003u + i) * 8 + k);
		if (getenv("CAMPAIGN_KEEP"))
			keep(input, len);
		/* its end is where a sanitizer sees it */
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, input, len);
		LLVMFuzzerTestOneInput(exact, len);
		free(exact);
	}
	printf("%u inputs from %zu seeds\n", count, n);
	for (size_t i = 0; i < n; i++)
		free(seeds[i].bytes);
	return 0;
}
