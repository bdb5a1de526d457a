#include "config_private.h"

#include <cyaml/cyaml.h>

/* Every scalar is read as text: libcyaml 1.3 knows neither defaults nor ranges, the table does. */
static const cyaml_schema_value_t schema_text = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED)};

#define SCHEMA_OPTIONAL (CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER_NULL)
#define CONFIG_SECTION(section, meaning) static const cyaml_schema_field_t schema_##section[] = {
#define CONFIG_KEY(section, key, ...)                                                              \
	CYAML_FIELD_STRING_PTR(                                                                    \
		#key, CYAML_FLAG_OPTIONAL, struct config_raw_##section, key, 0, CYAML_UNLIMITED),
#define CONFIG_LIST(section, key, ...)                                                             \
	CYAML_FIELD_SEQUENCE(#key, SCHEMA_OPTIONAL, struct config_raw_##section, key,              \
		&schema_text, 0, CYAML_UNLIMITED),
#define CONFIG_WATCH(key, ...) CONFIG_KEY(watch, key, )
#define CONFIG_END(section)                                                                        \
	CYAML_FIELD_END                                                                            \
	}                                                                                          \
	;
#include "config.def"
#undef CONFIG_SECTION
#undef CONFIG_KEY
#undef CONFIG_LIST
#undef CONFIG_WATCH
#undef CONFIG_END

static const cyaml_schema_value_t schema_watch_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_raw_watch, schema_watch)};

#define SCHEMA_MAPPING(section)                                                                    \
	CYAML_FIELD_MAPPING_PTR(                                                                   \
		#section, SCHEMA_OPTIONAL, struct config_raw, section, schema_##section)
static const cyaml_schema_field_t schema_root_fields[] = {SCHEMA_MAPPING(probe),
	SCHEMA_MAPPING(profile),
	SCHEMA_MAPPING(steer), SCHEMA_MAPPING(sip), SCHEMA_MAPPING(tables), SCHEMA_MAPPING(timers),
	SCHEMA_MAPPING(messages),
	SCHEMA_MAPPING(media), SCHEMA_MAPPING(collector), SCHEMA_MAPPING(store),
	SCHEMA_MAPPING(billing), SCHEMA_MAPPING(clickhouse), SCHEMA_MAPPING(kafka),
	SCHEMA_MAPPING(hep), SCHEMA_MAPPING(metrics), SCHEMA_MAPPING(dtmf),
	SCHEMA_MAPPING(tones),
	CYAML_FIELD_SEQUENCE("watch", SCHEMA_OPTIONAL, struct config_raw, watch,
		&schema_watch_entry, 0, CONFIG_WATCH_MAX),
	CYAML_FIELD_END};
static const cyaml_schema_value_t schema_root = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_raw, schema_root_fields)};

/* No log: the shape is checked before, so a refusal here is an alias or a lack of memory, and its
 * short text says so.  Aliases are refused because a few lines of them make gigabytes. */
static const cyaml_config_t cyaml_options = {.mem_fn = cyaml_mem, .flags = CYAML_CFG_NO_ALIAS};

int
config_raw_load(
	struct config_raw **raw, struct base_span text, const char *path, struct sys_error *e)
{
	void *data = NULL;
	cyaml_err_t error =
		cyaml_load_data(text.p, text.len, &cyaml_options, &schema_root, &data, NULL);

	if (error != CYAML_OK)
		return sys_fail(e, error == CYAML_ERR_OOM ? -BASE_ERR_NO_MEMORY : -BASE_ERR_FORMAT,
			"%s: %s", path, cyaml_strerror(error));
	*raw = data;
	return 0;
}

void
config_raw_free(struct config_raw *raw)
{
	if (raw)
		cyaml_free(&cyaml_options, &schema_root, raw, 0);
}
