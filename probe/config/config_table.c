#include "config_private.h"

#define WIDTH_IN(type, member) sizeof(((type *)0)->member)

#define CONFIG_SECTION(section, meaning) static const struct config_row rows_##section[] = {
#define CONFIG_KEY(section_, key_, type_, fallback_, min_, max_, meaning_) \
	{.key = #key_, .fallback = fallback_, .meaning = meaning_, .min = min_, .max = max_, \
		.offset = offsetof(struct config, section_.key_), \
		.raw_offset = offsetof(struct config_raw_##section_, key_), \
		.type = CONFIG_TYPE_##type_, .width = WIDTH_IN(struct config, section_.key_)},
#define CONFIG_LIST(section_, key_, type_, fallback_, most_, meaning_) \
	{.key = #key_, .fallback = fallback_, .meaning = meaning_, .max = most_, \
		.offset = offsetof(struct config, section_.key_), \
		.count_offset = offsetof(struct config, section_.key_##_count), \
		.raw_offset = offsetof(struct config_raw_##section_, key_), \
		.raw_count_offset = offsetof(struct config_raw_##section_, key_##_count), \
		.type = CONFIG_TYPE_##type_, \
		.width = WIDTH_IN(struct config, section_.key_[0]), .list = true},
#define CONFIG_WATCH(key_, type_, fallback_, min_, max_, meaning_) \
	{.key = #key_, .fallback = fallback_, .meaning = meaning_, .min = min_, .max = max_, \
		.offset = offsetof(struct config_watch, key_), \
		.raw_offset = offsetof(struct config_raw_watch, key_), \
		.type = CONFIG_TYPE_##type_, .width = WIDTH_IN(struct config_watch, key_)},
#define CONFIG_END(section) };
#include "config.def"
#undef CONFIG_SECTION
#undef CONFIG_KEY
#undef CONFIG_LIST
#undef CONFIG_WATCH
#undef CONFIG_END

#define IS_WATCH(section) \
	(offsetof(struct config_raw, section) == offsetof(struct config_raw, watch))

const struct config_section config_sections[CONFIG_SECTION_COUNT] = {
#define CONFIG_SECTION(section, meaning) \
	{#section, meaning, rows_##section, base_count_of(rows_##section), \
		offsetof(struct config_raw, section), IS_WATCH(section)},
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
};

const struct config_section *
config_section_named(struct base_span name)
{
	for (uint32_t i = 0; i < CONFIG_SECTION_COUNT; i++)
		if (base_span_eq(base_span_cstr(config_sections[i].name), name))
			return &config_sections[i];
	return NULL;
}

const struct config_row *
config_row_named(const struct config_section *section, struct base_span key)
{
	for (uint32_t i = 0; i < section->n_rows; i++)
		if (base_span_eq(base_span_cstr(section->rows[i].key), key))
			return &section->rows[i];
	return NULL;
}

void
config_place_text(const struct config_place *place, char text[CONFIG_PLACE_TEXT])
{
	struct base_text t = base_text_of(text, CONFIG_PLACE_TEXT);

	base_text_str(&t, place->section->name);
	if (place->entry >= 0) {
		base_text_char(&t, '[');
		base_text_i64(&t, place->entry);
		base_text_char(&t, ']');
	}
	if (place->row) {
		base_text_char(&t, '.');
		base_text_str(&t, place->row->key);
	}
	if (place->element >= 0) {
		base_text_char(&t, '[');
		base_text_i64(&t, place->element);
		base_text_char(&t, ']');
	}
	base_text_cstr(&t);
}
