#include "config_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define CONFIG_FILE_MAX (1u << 20)

int
config_refuse(
	const struct config_job *job, const struct config_place *place, const char *format, ...)
{
	char where[CONFIG_PLACE_TEXT], reason[256];
	unsigned line = config_yaml_line(job->yaml, place);
	va_list args;

	va_start(args, format);
	if (vsnprintf(reason, sizeof(reason), format, args) < 0)
		reason[0] = 0;
	va_end(args);
	config_place_text(place, where);
	if (line)
		return sys_fail(
			job->e, -BASE_ERR_INVALID, "%s:%u: %s: %s", job->path, line, where, reason);
	return sys_fail(job->e, -BASE_ERR_INVALID, "%s: %s: %s", job->path, where, reason);
}

static bool
fallback_is_derived(const struct config_row *row)
{
	return row->fallback[0] == '(';
}

/* The elements of a default list "[a, b]", cut in place. */
static unsigned
fallback_split(char *text, char **elements, unsigned most)
{
	unsigned n = 0;
	char *p = text + 1;

	while (n < most && *p && *p != ']') {
		elements[n++] = p;
		p += strcspn(p, ",]");
		bool last = *p != ',';
		*p++ = 0;
		if (last)
			break;
		p += strspn(p, " ");
	}
	return n;
}

/* ---- one key ---- */

static int
load_scalar(const struct config_job *job, const struct config_place *place, const char *raw,
	uint8_t *owner)
{
	const struct config_row *row = place->row;
	struct sys_error reason;
	int result;

	if (!raw && fallback_is_derived(row)) {
		if (row->type != CONFIG_TYPE_TEXT)
			return 0; /* 0 stands, for config_check to derive */
		raw = "";
	}
	result = config_value_read(row, raw ? raw : row->fallback, owner + row->offset, &reason);
	if (result < 0 && !raw)
		return config_refuse(job, place, "must be given");
	return result < 0 ? config_refuse(job, place, "%s", reason.text) : 0;
}

static int
load_elements(
	const struct config_job *job, struct config_place *place, char *const *texts, unsigned n)
{
	const struct config_row *row = place->row;
	uint8_t *owner = (uint8_t *)job->config, *array = calloc(n ? n : 1, row->width);
	struct sys_error reason;

	if (!array)
		return sys_fail(job->e, -BASE_ERR_NO_MEMORY, "%s: out of memory", job->path);
	memcpy(owner + row->offset, &array, sizeof(array));
	memcpy(owner + row->count_offset, &n,
		sizeof(n)); /* unread texts are NULL: config_free may come at any time */
	for (unsigned i = 0; i < n; i++) {
		place->element = (int)i;
		if (config_value_read(row, texts[i], array + (size_t)i * row->width, &reason) < 0)
			return config_refuse(job, place, "%s", reason.text);
	}
	return 0;
}

static int
load_list(const struct config_job *job, struct config_place *place, char *const *raw, unsigned n)
{
	char copy[64], *elements[8];

	if (n || config_yaml_has_list(job->yaml, place))
		return load_elements(job, place, raw, n);
	if (fallback_is_derived(place->row))
		return load_elements(job, place, NULL, 0);
	snprintf(copy, sizeof(copy), "%s", place->row->fallback);
	n = fallback_split(copy, elements, base_count_of(elements));
	return load_elements(job, place, elements, n);
}

/* All keys of a section.  raw: its raw struct or NULL; owner: struct config or a struct
 * config_watch. */
static int
load_section(const struct config_job *job, const struct config_place *section, const uint8_t *raw,
	uint8_t *owner)
{
	for (uint32_t i = 0; i < section->section->n_rows; i++) {
		const struct config_row *row = &section->section->rows[i];
		struct config_place place = {section->section, row, section->entry, -1};
		char *text = NULL, **texts = NULL;
		unsigned n = 0;
		int result;

		if (raw && row->list) {
			memcpy(&texts, raw + row->raw_offset, sizeof(texts));
			memcpy(&n, raw + row->raw_count_offset, sizeof(n));
		} else if (raw) {
			memcpy(&text, raw + row->raw_offset, sizeof(text));
		}
		result = row->list ? load_list(job, &place, texts, n)
				   : load_scalar(job, &place, text, owner);
		if (result < 0)
			return result;
	}
	return 0;
}

static int
load_watch(const struct config_job *job, const struct config_section *section,
	const struct config_raw *raw)
{
	unsigned n = raw && raw->watch ? raw->watch_count : 0;
	int result = 0;

	job->config->watch = calloc(n ? n : 1, sizeof(*job->config->watch));
	if (!job->config->watch)
		return sys_fail(job->e, -BASE_ERR_NO_MEMORY, "%s: out of memory", job->path);
	job->config->watch_count = n;
	for (unsigned i = 0; i < n && result == 0; i++) {
		struct config_place place = {section, NULL, (int)i, -1};
		result = load_section(job, &place, (const uint8_t *)&raw->watch[i],
			(uint8_t *)&job->config->watch[i]);
	}
	return result;
}

static int
load_values(const struct config_job *job, const struct config_raw *raw)
{
	int result = 0;

	for (uint32_t i = 0; i < CONFIG_SECTION_COUNT && result == 0; i++) {
		const struct config_section *section = &config_sections[i];
		struct config_place place = {section, NULL, -1, -1};
		const uint8_t *raw_section = NULL;

		if (section->repeated) {
			result = load_watch(job, section, raw);
			continue;
		}
		if (raw)
			memcpy(&raw_section, (const uint8_t *)raw + section->raw_offset,
				sizeof(raw_section));
		result = load_section(job, &place, raw_section, (uint8_t *)job->config);
	}
	return result;
}

/* ---- the whole ---- */

static int
load_text(struct config **out, struct base_span text, const struct config_job *given)
{
	struct config_yaml *yaml = NULL;
	struct config_raw *raw = NULL;
	struct config *c = calloc(1, sizeof(*c));
	const char *path = given->path;
	struct sys_error *e = given->e;
	int result;

	if (!c || !(c->path = strdup(path))) {
		free(c);
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", path);
	}
	if ((result = config_yaml_open(&yaml, text, path, e)) < 0)
		goto done;
	if (!config_yaml_is_empty(yaml) && (result = config_raw_load(&raw, text, path, e)) < 0)
		goto done;
	struct config_job job = {path, yaml, c, e, given->is_profile};
	if ((result = load_values(&job, raw)) < 0)
		goto done;
	result = config_check(&job);
done:
	config_raw_free(raw);
	config_yaml_close(yaml);
	if (result < 0)
		config_free(c);
	else
		*out = c;
	return result;
}

static int
read_file(const char *path, uint8_t *text, size_t cap, struct sys_error *e)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return sys_fail(e, sys_error_of_errno(errno),
			"%s: cannot read the configuration: %s", path, strerror(errno));
	size_t len = fread(text, 1, cap, f);
	int error = ferror(f) ? errno : 0;
	fclose(f);
	if (error)
		return sys_fail(e, sys_error_of_errno(error),
			"%s: cannot read the configuration: %s", path, strerror(error));
	if (len == cap)
		return sys_fail(
			e, -BASE_ERR_INVALID, "%s: is larger than %u bytes", path, CONFIG_FILE_MAX);
	return (int)len;
}

static int
load_file(struct config **config, const struct config_job *job)
{
	const char *path = job->path;
	struct sys_error *e = job->e;
	uint8_t *text = malloc(CONFIG_FILE_MAX + 1);

	if (!text)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", path);
	int result = read_file(path, text, CONFIG_FILE_MAX + 1, e);
	if (result >= 0)
		result = load_text(config, base_span_of(text, (uint32_t)result), job);
	free(text);
	return result;
}

int
config_load(struct config **config, const char *path, struct sys_error *e)
{
	const struct config_job job = {.path = path, .e = e};

	return load_file(config, &job);
}

int
config_profile_load(struct config **config, const char *path, struct sys_error *e)
{
	const struct config_job job = {.path = path, .e = e, .is_profile = true};

	return load_file(config, &job);
}

int
config_defaults(struct config **config, struct sys_error *e)
{
	const struct config_job job = {.path = "", .e = e};

	return load_text(config, BASE_SPAN(""), &job);
}

/* Frees what rows of the table put into owner. */
static void
free_section(const struct config_section *section, uint8_t *owner)
{
	for (uint32_t i = 0; i < section->n_rows; i++) {
		const struct config_row *row = &section->rows[i];
		char *text, **texts;
		unsigned n = 0;

		if (row->type != CONFIG_TYPE_TEXT && !row->list)
			continue;
		memcpy(&text, owner + row->offset, sizeof(text));
		if (row->list && row->type == CONFIG_TYPE_TEXT)
			memcpy(&n, owner + row->count_offset, sizeof(n));
		memcpy(&texts, &text, sizeof(texts));
		for (unsigned k = 0; k < n; k++)
			free(texts[k]);
		free(text);
	}
}

void
config_free(struct config *config)
{
	if (!config)
		return;
	for (uint32_t i = 0; i < CONFIG_SECTION_COUNT; i++) {
		if (!config_sections[i].repeated)
			free_section(&config_sections[i], (uint8_t *)config);
		for (unsigned k = 0; config_sections[i].repeated && k < config->watch_count; k++)
			free_section(&config_sections[i], (uint8_t *)&config->watch[k]);
	}
	free(config->watch);
	free(config->path);
	free(config);
}
