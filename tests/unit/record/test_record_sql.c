/* Laws of the schema and the manual: a column, and a line, for each field of the kind, of the right
 * type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record.h"

static char text[16384];

/* Whether text has key between before and after. */
static bool
has(const char *before, const char *key, const char *after)
{
	char piece[128];
	struct base_text t = base_text_of(piece, sizeof(piece));

	base_text_str(&t, before);
	base_text_str(&t, key);
	base_text_str(&t, after);
	return strstr(text, base_text_cstr(&t)) != NULL;
}

static uint32_t
count_of(char c)
{
	uint32_t n = 0;

	for (const char *p = text; *p; p++)
		n += *p == c;
	return n;
}

static uint32_t
fields_of(enum record_kind k)
{
	uint32_t n = 0;

	for (int f = 0; f < RECORD_F_COUNT; f++)
		n += record_field_in(f, k);
	return n;
}

static void
schema(void **state)
{
	static const char *const types[] = {[RECORD_STR] = "TEXT",
		[RECORD_TIME] = "TEXT",
		[RECORD_U64] = "INTEGER",
		[RECORD_F64] = "REAL",
		[RECORD_BOOL] = "INTEGER",
		[RECORD_HEX32] = "TEXT",
		[RECORD_IP] = "TEXT",
		[RECORD_LIST] = "TEXT",
		[RECORD_TEXTS] = "TEXT"};

	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		struct base_text t = base_text_of(text, sizeof(text));
		record_sql_create(&t, k);
		base_text_cstr(&t);
		assert_false(t.overflow);
		assert_true(has("CREATE TABLE IF NOT EXISTS ", record_kind_table(k),
			" (\n\t\"uid\" TEXT,\n\t\"seq\" INTEGER,"));
		assert_string_equal(text + t.len - 4, "\n);\n");
		assert_int_equal(count_of(','), fields_of(k) - 1);
		for (int f = 0; f < RECORD_F_COUNT; f++) {
			char type[16] = "\" ";
			strncat(type, types[record_fields[f].type], 8);
			assert_int_equal(
				has("\t\"", record_fields[f].key, type), record_field_in(f, k));
		}
	}
}

static void
manual(void **state)
{
	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		struct base_text t = base_text_of(text, sizeof(text));
		record_manual(&t, k);
		base_text_cstr(&t);
		assert_false(t.overflow);
		assert_int_equal(count_of('\n'), fields_of(k));
		assert_int_equal(count_of('|'), 5 * fields_of(k));
		for (int f = 0; f < RECORD_F_COUNT; f++)
			assert_int_equal(
				has("| `", record_fields[f].key, "` | "), record_field_in(f, k));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema),
		cmocka_unit_test(manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
