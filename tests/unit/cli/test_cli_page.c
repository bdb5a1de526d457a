/* Law: a page leaves nothing out: every field that has a value is on it, in its place or among the
 * further ones. */
#include "cli_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

static void
print_page(struct terminal *t, const struct record_row *row)
{
	struct cli_nested nested = {NULL};

	terminal_open(t);
	cli_page(&t->cli, &nested, row, NULL);
	cli_nested_close(&nested);
	fflush(t->cli.out);
}

static void
test_call(void **state)
{
	struct record_row row;
	struct terminal t;

	make_row(&row, record, sizeof(record), &(struct call){.lost = 2});
	print_page(&t, &row);
	assert_int_equal(strncmp(t.out, "Call ca1100000123456789abcdef01234567\n", 38), 0);
	assert_has(t.out, "  Call-ID       call-0@test\n");
	assert_has(t.out, "  From          alice  at 10.0.0.1:5060\n");
	assert_has(t.out, "  Outcome       answered 200 OK, ended by caller (bye)\n");
	assert_has(t.out, "  INVITE        2023-11-14T22:13:20.000000Z\n");
	assert_has(t.out, "  Answer        2023-11-14T22:13:22.000000Z  +2.000 s\n");
	assert_has(t.out, "  Post-dial delay 0.500 s, Setup 2.000 s, Duration 8.000 s\n");
	assert_has(t.out, "\nMessages\n");
	assert_has(t.out, "\nMedia (");
	assert_has(t.out, "caller  10.0.0.1:4000  10.0.0.2:4000  0xabcd0001");
	assert_has(t.out, "  2.00 ");
	terminal_close(&t);
	make_row(&row, record, sizeof(record),
		&(struct call){.status = "interim", .no_media = true, .no_flow = true});
	print_page(&t, &row);
	assert_has(t.out, "still in progress");
	assert_has_not(t.out, "Media (");
	assert_has_not(t.out, "Messages");
	terminal_close(&t);
}

/* Each field of each kind, alone, with a value that can be found again. */
static void
test_every_field(void **state)
{
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++)
		for (unsigned f = 0; f < RECORD_F_COUNT; f++) {
			enum record_field field = (enum record_field)f;
			struct record_writer w = record_writer_begin(record, sizeof(record), kind);
			const char *mark = "zq7";
			struct record_row row;
			struct terminal t;
			if (!record_field_in(field, kind) || field == RECORD_F_STATUS ||
				field == RECORD_F_SEQ)
				continue;
			switch (record_fields[f].type) {
			case RECORD_STR: record_put_cstr(&w, field, "zq7"); break;
			case RECORD_U64: record_put_u64(&w, field, 54321), mark = "54321"; break;
			default: continue;
			}
			if (field == RECORD_F_SRC_PORT || field == RECORD_F_DST_PORT) {
				const uint8_t a[4] = {10, 0, 0, 9};
				struct base_ip ip = base_ip_v4(a);
				record_put_ip(&w,
					field == RECORD_F_SRC_PORT ? RECORD_F_SRC_IP
								   : RECORD_F_DST_IP,
					&ip);
			}
			assert_int_equal(record_row_read(&row, record, w.len), 0);
			print_page(&t, &row);
			if (!strstr(t.out, mark))
				fail_msg("%s of a %s is not shown", record_fields[f].key,
					record_kind_name(kind));
			terminal_close(&t);
		}
}

static void
test_hostile(void **state)
{
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	struct record_row row;
	struct terminal t;

	for (unsigned f = 0; f < RECORD_F_COUNT; f++)
		if (record_field_in((enum record_field)f, RECORD_CALL) &&
			record_fields[f].type == RECORD_STR)
			record_put_str(&w, (enum record_field)f, BASE_SPAN("\033[31m\n\xff"));
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	print_page(&t, &row);
	assert_has_not(t.out, "\033");
	assert_has_not(t.out, "\xff");
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_call),
		cmocka_unit_test(test_every_field), cmocka_unit_test(test_hostile)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
