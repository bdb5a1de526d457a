#include "config_private.h"

static void
print_list(const struct config_row *row, const uint8_t *owner, FILE *f)
{
	const uint8_t *array;
	unsigned n;

	memcpy(&array, owner + row->offset, sizeof(array));
	memcpy(&n, owner + row->count_offset, sizeof(n));
	fputc('[', f);
	for (unsigned i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		config_value_print(row, array + (size_t)i * row->width, f);
	}
	fputc(']', f);
}

/* The keys of a section, one a line; lead stands before the first one. */
static void
print_section(const struct config_section *section, const uint8_t *owner, const char *lead, FILE *f)
{
	for (uint32_t i = 0; i < section->n_rows; i++) {
		const struct config_row *row = &section->rows[i];
		fprintf(f, "%s%s: ", i ? (section->repeated ? "    " : "  ") : lead, row->key);
		if (row->list)
			print_list(row, owner, f);
		else
			config_value_print(row, owner + row->offset, f);
		fputc('\n', f);
	}
}

void
config_print(const struct config *config, FILE *f)
{
	for (uint32_t i = 0; i < CONFIG_SECTION_COUNT; i++) {
		const struct config_section *section = &config_sections[i];
		if (i == CONFIG_INDEX_profile)
			continue; /* stands in a file of its own */
		fprintf(f, "%s:%s\n", section->name,
			section->repeated && !config->watch_count ? " []" : "");
		if (!section->repeated)
			print_section(section, (const uint8_t *)config, "  ", f);
		for (unsigned k = 0; section->repeated && k < config->watch_count; k++)
			print_section(section, (const uint8_t *)&config->watch[k], "  - ", f);
	}
}

static const char *
manual_fallback(const struct config_section *section, const struct config_row *row)
{
	if (*row->fallback)
		return row->fallback;
	return section->repeated && row->min ? "must be given" : "\"\"";
}

void
config_manual(FILE *f)
{
	fputs("# Configuration\n\nOne YAML file; every key is optional; unknown keys are errors. "
	      "Sizes take K, M and G (powers of 1024);\n"
	      "a time is a whole number of the unit in the key's name. A default in parentheses is "
	      "derived.\n",
		f);
	for (uint32_t i = 0; i < CONFIG_SECTION_COUNT; i++) {
		const struct config_section *section = &config_sections[i];
		fprintf(f,
			"\n## %s\n\n%s\n\n| key | default | range | meaning |\n|---|---|---|---|\n",
			section->name, section->meaning);
		for (uint32_t k = 0; k < section->n_rows; k++) {
			const struct config_row *row = &section->rows[k];
			fprintf(f, "| `%s%s.%s` | %s | ", section->name,
				section->repeated ? "[]" : "", row->key,
				manual_fallback(section, row));
			config_value_range(row, f);
			fprintf(f, " | %s |\n", row->meaning);
		}
	}
}
