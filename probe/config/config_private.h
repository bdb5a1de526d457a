/* config_private: config.def as a table, and the steps of loading.
 *
 * Loading: config_yaml checks the shape of the document (it alone knows lines), libcyaml reads
 * every value as text into the raw structs expanded from config.def, config_load turns texts into
 * values by the rows of the table, config_check looks at what one row cannot say. */
#pragma once

#include "config.h"

enum config_type {
	CONFIG_TYPE_TEXT,
	CONFIG_TYPE_NUMBER,
	CONFIG_TYPE_BYTES,
	CONFIG_TYPE_BOOL,
	CONFIG_TYPE_PORT,
	CONFIG_TYPE_LOG_LEVEL,
	CONFIG_TYPE_BILLING_FORMAT,
	CONFIG_TYPE_COMPRESSION,
	CONFIG_TYPE_WATCH_KIND,
	CONFIG_TYPE_STEER_MODE,
	CONFIG_TYPE_RSS_FIELD,
	CONFIG_TYPE_RSS_KEY,
	CONFIG_TYPE_MESSAGES_KEEP,
	CONFIG_TYPE_TIMESTAMPS,
	CONFIG_TYPE_COUNT
};

/* One key.  offset, count_offset: in struct config, or in struct config_watch for a key of watch;
 * raw_*: in the section's raw struct. */
struct config_row {
	const char *key, *fallback, *meaning;
	uint64_t min, max;     /* value; TEXT: bytes; list: elements */
	uint32_t offset, count_offset, raw_offset, raw_count_offset;
	uint8_t type;          /* enum config_type; of a list: of its elements */
	uint8_t width;         /* of the value in bytes */
	bool list;
};

struct config_section {
	const char *name, *meaning;
	const struct config_row *rows;
	uint32_t n_rows, raw_offset;
	bool repeated;         /* watch: a list of mappings */
};
enum config_section_index {
#define CONFIG_SECTION(section, meaning) CONFIG_INDEX_##section,
#define CONFIG_KEY(...)
#define CONFIG_LIST(...)
#define CONFIG_WATCH(...)
#define CONFIG_END(section)
#include "config.def"
#undef CONFIG_SECTION
#undef CONFIG_KEY
#undef CONFIG_LIST
#undef CONFIG_WATCH
#undef CONFIG_END
	CONFIG_SECTION_COUNT
};
extern const struct config_section config_sections[CONFIG_SECTION_COUNT];
const struct config_section *config_section_named(struct base_span name);
const struct config_row *config_row_named(const struct config_section *section,
	struct base_span key);

/* ---- raw: what stands in the file, as text; NULL: absent ---- */

#define CONFIG_SECTION(section, meaning) struct config_raw_##section {
#define CONFIG_KEY(section, key, type, fallback, min, max, meaning) char *key;
#define CONFIG_LIST(section, key, type, fallback, most, meaning) \
	char **key; \
	unsigned key##_count;
#define CONFIG_WATCH(key, type, fallback, min, max, meaning) char *key;
#define CONFIG_END(section) };
#include "config.def"
#undef CONFIG_SECTION
#undef CONFIG_KEY
#undef CONFIG_LIST
#undef CONFIG_WATCH
#undef CONFIG_END

struct config_raw {
#define CONFIG_SECTION(section, meaning) struct config_raw_##section *section;
#define CONFIG_KEY(...)
#define CONFIG_LIST(...)
#define CONFIG_WATCH(...)
#define CONFIG_END(section)
#include "config.def"
#undef CONFIG_SECTION
#undef CONFIG_KEY
#undef CONFIG_LIST
#undef CONFIG_WATCH
#undef CONFIG_END
	unsigned watch_count;
};

/* ---- places: for the sentence ---- */

/* sip.ports[2]: {sip, ports, -1, 2}; watch[0].kind: {watch, kind, 0, -1}.  row NULL: the section
 * itself. */
struct config_place {
	const struct config_section *section;
	const struct config_row *row;
	int entry;   /* of a repeated section, from 0; -1: none */
	int element; /* of a list, from 0; -1: the whole */
};
#define CONFIG_PLACE_TEXT 160
void config_place_text(const struct config_place *place, char text[CONFIG_PLACE_TEXT]);

/* ---- the document ---- */

struct config_yaml;
/* Parses text and checks its shape against the table: known keys, each once, mappings, lists and
 * scalars where they belong, no control characters.  0 and *y, or negative with the sentence. */
int config_yaml_open(struct config_yaml **y, struct base_span text, const char *path,
	struct sys_error *e);
void config_yaml_close(struct config_yaml *y);
bool config_yaml_is_empty(const struct config_yaml *y);
/* The line of a place, from 1, or of the nearest around it; 0 where nothing of it stands in the
 * document. */
unsigned config_yaml_line(const struct config_yaml *y, const struct config_place *place);
/* Whether a list stands there at all: an empty one is not an absent one. */
bool config_yaml_has_list(const struct config_yaml *y, const struct config_place *place);
/* The values as texts, of a document that is not empty. */
int config_raw_load(struct config_raw **raw, struct base_span text, const char *path,
	struct sys_error *e);
void config_raw_free(struct config_raw *raw);

/* ---- values ---- */

/* Reads one scalar for row into out (char * freshly allocated for TEXT, else row->width bytes).  0,
 * or negative with the reason alone ("70000 is out of range 1..65535") in reason. */
int config_value_read(const struct config_row *row, const char *text, void *out,
	struct sys_error *reason);
/* Prints one scalar as YAML. */
void config_value_print(const struct config_row *row, const void *value, FILE *f);
void config_value_range(const struct config_row *row, FILE *f);

/* ---- loading ---- */

struct config_job {
	const char *path;
	const struct config_yaml *yaml;
	struct config *config;
	struct sys_error *e;
	bool is_profile;
};
/* The sentence "FILE:LINE: key: reason" and -BASE_ERR_INVALID. */
int config_refuse(const struct config_job *job, const struct config_place *place,
	const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Fills in derived values and checks what goes beyond one row. */
int config_check(const struct config_job *job);

/* ---- checks ---- */

struct config_place config_place_of(const char *section, const char *key, int entry, int element);
bool config_char_is_alnum(uint8_t c);
bool config_text_is_all(const char *text, bool (*is)(uint8_t));
/* The names of SECTION.kinds as bits. */
struct config_kinds {
	char *const *names;
	unsigned n;
	uint32_t *bits;
};
int config_check_kinds(const struct config_job *job, const char *section,
	const struct config_kinds *list);
/* config_check_sinks.c: the sections of what leaves over a network. */
int config_check_sinks(const struct config_job *job);
