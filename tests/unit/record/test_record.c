/* Laws of record.def: what users, files and tables rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record.h"

static void
keys_are_unique_plain_names(void **state)
{
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		const char *key = record_fields[f].key;
		assert_int_equal(record_field_of(base_span_cstr(key)), f);
		assert_in_range(key[0], 'a', 'z');
		for (const char *c = key; *c; c++)
			assert_true(
				(*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
	}
	assert_int_equal(record_field_of(BASE_SPAN("kind")), -1); /* stands before the fields */
	assert_int_equal(record_field_of(BASE_SPAN("")), -1);
	assert_int_equal(record_field_of(BASE_SPAN("UID")), -1);
	assert_int_equal(record_field_of(BASE_SPAN("uid2")), -1);
}

static void
every_field_is_described(void **state)
{
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		const struct record_field_info *i = &record_fields[f];
		assert_true(strlen(i->meaning) > 0);
		assert_null(strpbrk(i->meaning, "|\n\r"));
		assert_true(i->kinds != 0 && (i->kinds & 1 << RECORD_NONE) == 0 &&
			    i->kinds < 1 << RECORD_KIND_COUNT);
		assert_in_range(i->type, RECORD_STR, RECORD_TEXTS);
		if (i->type == RECORD_TIME)
			assert_string_equal(i->unit, "UTC");
	}
}

/* The reader goes one level deep because of this. */
static void
nested_rows_have_no_lists(void **state)
{
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		enum record_type type = record_fields[f].type;
		if (type != RECORD_LIST && type != RECORD_TEXTS)
			continue;
		for (enum record_kind k = 0; k < RECORD_KIND_COUNT; k++)
			assert_false(record_kind_is_nested(k) && record_field_in(f, k));
		assert_true(type != RECORD_LIST || record_kind_is_nested(record_list_kind(f)));
	}
}

static void
every_record_is_identified(void **state)
{
	static const enum record_field identity[] = {RECORD_F_UID, RECORD_F_SEQ, RECORD_F_STATUS,
		RECORD_F_PROBE, RECORD_F_CORE, RECORD_F_CLOCK_SOURCE};

	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++)
		for (size_t i = 0; i < base_count_of(identity); i++)
			assert_true(record_field_in(identity[i], k));
	/* What lasts longer than a message. */
	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++)
		assert_int_equal(
			record_field_in(RECORD_F_CAPTURE_LOSS, k), k != RECORD_MESSAGE);
}

static void
kinds_by_name(void **state)
{
	static const char *const names[] = {
		NULL, "call", "registration", "transaction", "message", "stream"};

	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		assert_string_equal(record_kind_name(k), names[k]);
		assert_int_equal(record_kind_of(base_span_cstr(names[k])), k);
		/* the table is the plural */
		assert_memory_equal(record_kind_table(k), names[k], strlen(names[k]));
		assert_string_equal(record_kind_table(k) + strlen(names[k]), "s");
	}
	assert_int_equal(record_kind_of(BASE_SPAN("calls")), RECORD_NONE);
	assert_int_equal(record_kind_of(BASE_SPAN("flow")), RECORD_NONE);
	assert_int_equal(record_kind_of(BASE_SPAN("")), RECORD_NONE);
	assert_string_equal(record_kind_name(RECORD_KIND_COUNT), "");
	assert_string_equal(record_kind_table(RECORD_NONE), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_unique_plain_names),
		cmocka_unit_test(every_field_is_described),
		cmocka_unit_test(nested_rows_have_no_lists),
		cmocka_unit_test(every_record_is_identified),
		cmocka_unit_test(kinds_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
