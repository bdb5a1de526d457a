/* Laws of the ClickHouse texts: names, columns and row speak of the same fields in one order; a value
 * can hold no separator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record.h"

static uint8_t bytes[4096];
static char text[16384], names[16384];
static struct record_row row;

static void
call_read(void)
{
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_CALL);
	struct base_ip v4 = base_ip_v4((const uint8_t[]){192, 0, 2, 1});

	record_put_cstr(&w, RECORD_F_UID, "u1");
	record_put_cstr(&w, RECORD_F_CALL_ID, "a\tb\nc\\d\re");
	record_put_cstr(&w, RECORD_F_FROM_NAME, "'\"\x01\x7f");
	record_put_ip(&w, RECORD_F_SRC_IP, &v4);
	record_put_bool(&w, RECORD_F_IDENTITY, true);
	record_put_f64(&w, RECORD_F_PDD_MS, 1234.5678);
	record_put_time(&w, RECORD_F_INVITE_TIME, 1700000000123456789);
	record_put_cstr(&w, RECORD_F_WATCH, "vip\n");
	uint32_t began = record_list_open(&w, RECORD_F_STREAMS);
	record_put_hex32(&w, RECORD_F_SSRC, 0xbeef);
	record_list_close(&w, began);
	record_set_seq(bytes, 7);
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
}

/* The cell of the row under a name of the list. */
static const char *
cell(const char *name)
{
	static char out[1024];
	const char *n = names, *p = text;
	size_t len = strlen(name), i = 0;

	while (strncmp(n, name, len) != 0 || (n[len] != ',' && n[len] != 0)) {
		n = strchr(n, ',');
		p = strchr(p, '\t');
		assert_true(n && p);
		n++, p++;
	}
	while (p[i] != '\t' && p[i] != '\n')
		out[i] = p[i], i++;
	out[i] = 0;
	return out;
}

static void
a_row_fits_its_names(void **state)
{
	struct base_text n = base_text_of(names, sizeof(names)),
			 t = base_text_of(text, sizeof(text));

	call_read();
	record_clickhouse_names(&n, RECORD_CALL);
	record_clickhouse_row(&t, &row);
	base_text_cstr(&n), base_text_cstr(&t);
	assert_string_equal(cell("`uid`"), "u1");
	assert_string_equal(cell("`seq`"), "7");
	assert_string_equal(cell("`core`"), "0");
	assert_string_equal(cell("`call_id`"), "a\\tb\\nc\\\\d\\re");
	assert_string_equal(cell("`from_name`"), "'\"\x01\x7f");
	assert_string_equal(cell("`to_user`"), "");
	assert_string_equal(cell("`src_ip`"), "192.0.2.1");
	assert_string_equal(cell("`dst_ip`"), "");
	assert_string_equal(cell("`identity`"), "1");
	assert_string_equal(cell("`pdd_ms`"), "1234.568");
	assert_string_equal(cell("`setup_ms`"), "\\N");
	assert_string_equal(cell("`invite_time_us`"), "1700000000123456");
	assert_string_equal(cell("`end_time_us`"), "\\N");
	assert_string_equal(cell("`watch`"), "[\"vip\\\\n\"]");
	assert_string_equal(cell("`streams`"), "[{\"ssrc\":\"0x0000beef\"}]");
	assert_int_equal(text[t.len - 1], '\n');
}

/* Every stored column is in the names, in the same order; KEY of a time is an alias. */
static void
columns_are_the_names(void **state)
{
	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		struct base_text n = base_text_of(names, sizeof(names)),
				 t = base_text_of(text, sizeof(text));
		record_clickhouse_names(&n, k);
		record_clickhouse_columns(&t, k);
		base_text_cstr(&n), base_text_cstr(&t);
		const char *name = names;
		for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
			size_t len = strcspn(line + 1, " "), rest = strcspn(line, "\n");
			if (memmem(line, rest, " ALIAS ", 7) || memmem(line, rest, " MATERIAL", 9))
				continue;
			assert_memory_equal(line + 1, name, len);
			assert_true(name[len] == ',' || name[len] == 0);
			name += len + (name[len] == ',');
		}
		assert_int_equal(*name, 0);
	}
}

static void
what_does_not_fit_overflows(void **state)
{
	struct base_text whole = base_text_of(text, sizeof(text));

	call_read();
	record_clickhouse_row(&whole, &row);
	for (size_t cap = 0; cap < whole.len; cap++) {
		struct base_text t = base_text_of(text, cap);
		memset(text, 'x', sizeof(text));
		record_clickhouse_row(&t, &row);
		assert_true(t.overflow);
		assert_int_equal(text[cap], 'x');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_fits_its_names),
		cmocka_unit_test(columns_are_the_names),
		cmocka_unit_test(what_does_not_fit_overflows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
