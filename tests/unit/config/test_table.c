#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

#include "config_private.h"

static void
names_find_their_rows_and_nothing_else(void **state)
{
	for (uint32_t s = 0; s < CONFIG_SECTION_COUNT; s++) {
		const struct config_section *section = &config_sections[s];
		assert_ptr_equal(config_section_named(base_span_cstr(section->name)), section);
		for (uint32_t r = 0; r < section->n_rows; r++)
			assert_ptr_equal(
				config_row_named(section, base_span_cstr(section->rows[r].key)),
				&section->rows[r]);
		assert_null(config_row_named(section, BASE_SPAN("")));
		assert_null(config_row_named(section, BASE_SPAN("x")));
	}
	assert_null(config_section_named(BASE_SPAN("prob")));
	assert_null(config_section_named(BASE_SPAN("probex")));
}

static void
rows_make_sense(void **state)
{
	for (uint32_t s = 0; s < CONFIG_SECTION_COUNT; s++) {
		for (uint32_t r = 0; r < config_sections[s].n_rows; r++) {
			const struct config_row *row = &config_sections[s].rows[r];
			assert_true(row->min <= row->max);
			assert_true(strlen(row->meaning) > 5);
			assert_null(strchr(row->meaning, '|'));
			if (row->list)
				assert_true(row->fallback[0] == '[' || row->fallback[0] == '(');
			else if (row->type == CONFIG_TYPE_NUMBER)
				assert_true(row->width == 8 || row->max <= UINT32_MAX);
		}
	}
}

static void
watch_is_the_one_repeated_section(void **state)
{
	for (uint32_t s = 0; s < CONFIG_SECTION_COUNT; s++)
		assert_int_equal(
			config_sections[s].repeated, strcmp(config_sections[s].name, "watch") == 0);
}

static void
places_read_like_paths(void **state)
{
	const struct config_section *sip = config_section_named(BASE_SPAN("sip")),
				    *watch = config_section_named(BASE_SPAN("watch"));
	const struct {
		struct config_place place;
		const char *want;
	} rows[] = {{{sip, NULL, -1, -1}, "sip"},
		{{sip, config_row_named(sip, BASE_SPAN("ports")), -1, -1}, "sip.ports"},
		{{sip, config_row_named(sip, BASE_SPAN("ports")), -1, 2}, "sip.ports[2]"},
		{{watch, config_row_named(watch, BASE_SPAN("kind")), 63, -1}, "watch[63].kind"}};
	char text[CONFIG_PLACE_TEXT];

	for (size_t i = 0; i < base_count_of(rows); i++) {
		config_place_text(&rows[i].place, text);
		assert_string_equal(text, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_find_their_rows_and_nothing_else),
		cmocka_unit_test(rows_make_sense),
		cmocka_unit_test(watch_is_the_one_repeated_section),
		cmocka_unit_test(places_read_like_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
