/* Laws: no control byte, no direction override and nothing that is not UTF-8 passes; a text never
 * takes more columns than asked. */
#include <math.h>

#include "cli_testing.h"

static const struct cli utf8 = {.utf8 = true}, ascii = {.utf8 = false};

static void
check_put(const struct cli *cli, const char *in, unsigned columns, const char *out, unsigned used)
{
	char text[512];
	struct base_text t = base_text_of(text, sizeof(text) - 1);
	unsigned n = cli_text_put(cli, &t, base_span_cstr(in), columns);

	assert_string_equal(base_text_cstr(&t), out);
	assert_int_equal(n, used);
}

#define BAD "\xef\xbf\xbd"

static void
test_put(void **state)
{
	check_put(&utf8, "alice", 10, "alice", 5);
	check_put(&utf8, "alice", 5, "alice", 5);
	check_put(&utf8, "alice", 4, "ali\u2026", 4);
	check_put(&ascii, "alice", 4, "ali~", 4);
	check_put(&utf8, "alice", 1, "\u2026", 1);
	check_put(&utf8, "alice", 0, "", 0);
	check_put(&utf8, "", 3, "", 0);
	check_put(&utf8, "J\u00f6rg", 10, "J\u00f6rg", 4);
	check_put(&ascii, "J\u00f6rg", 10, "J?rg", 4);
	check_put(&utf8, "\u6771\u4eac", 4, "\u6771\u4eac", 4);  /* two columns each */
	check_put(&utf8, "\u6771\u4eac", 3, "\u6771\u2026", 3);
	check_put(&utf8, "\u6771\u4eac", 2, "\u2026",
		1); /* a wide one does not fit into what is left */
	check_put(&utf8, "e\u0301x", 2, "e\u0301x", 2); /* a combining accent takes none */
}

static void
test_hostile(void **state)
{
	check_put(&utf8, "a\033[2Jb", 20, "a" BAD "[2Jb", 6);
	check_put(&ascii, "a\033[2Jb", 20, "a?[2Jb", 6);
	check_put(&utf8, "a\r\nb\tc\x7f", 20, "a" BAD BAD "b" BAD "c" BAD, 7);
	check_put(&utf8, "\xc2\x9b""31m", 20, BAD "31m", 4);          /* C1 CSI */
	check_put(&utf8, "a\u202eb", 20, "a" BAD "b", 3);         /* right-to-left override */
	check_put(&utf8, "a\u2066b\u200bc", 20, "a" BAD "b" BAD "c", 5);
	check_put(&utf8, "\ufeffx", 20, BAD "x", 2);
	check_put(&utf8, "\xff\xfe", 20, BAD BAD, 2);
	check_put(&utf8, "\xc3", 20, BAD, 1);                     /* cut */
	check_put(&utf8, "\xc0\x80", 20, BAD BAD, 2);             /* overlong */
	check_put(&utf8, "\xe0\x80\x80", 20, BAD BAD BAD, 3);
	check_put(&utf8, "\xed\xa0\x80", 20, BAD BAD BAD, 3);     /* a surrogate */
	check_put(&utf8, "\xf4\x90\x80\x80", 20, BAD BAD BAD BAD, 4);
	check_put(&utf8, "\xe2\x82", 20, BAD BAD, 2);
}

/* Random bytes: what comes out is clean in both locales, and as wide as said. */
static void
test_random(void **state)
{
	uint64_t seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		uint8_t in[24];
		char out[256];
		for (unsigned k = 0; k < sizeof(in); k++)
			in[k] = (uint8_t)((seed = base_hash_mix(seed + i)) % (i & 1 ? 256 : 0xc8));
		const struct cli *cli = i & 2 ? &utf8 : &ascii;
		struct base_text t = base_text_of(out, sizeof(out));
		unsigned limit = i % 30,
			 used = cli_text_put(cli, &t, base_span_of(in, sizeof(in)), limit);
		assert_true(used <= limit);
		assert_false(t.overflow);
		assert_int_equal(cli_text_columns(cli, base_span_of(out, (uint32_t)t.len)), used);
		for (size_t k = 0; k < t.len; k++)
			assert_true((uint8_t)out[k] >= 0x20 && out[k] != 0x7f &&
				(cli == &utf8 || (uint8_t)out[k] < 0x80));
	}
}

static void
test_print(void **state)
{
	struct terminal t;

	terminal_open(&t);
	cli_text_print(&t.cli, t.cli.out, BASE_SPAN("a\0b\nc"));
	assert_string_equal(terminal_out(&t), "a" BAD "b" BAD "c");
	terminal_close(&t);
}

static void
test_cells(void **state)
{
	const uint8_t v4[4] = {10, 0, 0, 1};
	struct base_endpoint e = {base_ip_v4(v4), 5060}, v6 = {{{0xfd, [15] = 1}}, 5060};
	char c[CLI_CELL];

	assert_string_equal(
		cli_cell_time(c, TESTING_T0 + 4 * BASE_NS_PER_MS + 999999), "22:13:20.004");
	assert_string_equal(cli_cell_date(c, TESTING_T0), "2023-11-14");
	assert_string_equal(cli_cell_time(c, -1), "23:59:59.999");
	assert_string_equal(cli_cell_fixed(c, 1.25, 1), "1.3");
	assert_string_equal(cli_cell_fixed(c, NAN, 1), "");
	assert_string_equal(cli_cell_duration(c, 8300), "0:08.3");
	assert_string_equal(cli_cell_duration(c, 59960), "1:00.0");
	assert_string_equal(cli_cell_duration(c, 3599949), "59:59.9");
	assert_string_equal(cli_cell_duration(c, 3600000), "1:00:00");
	assert_string_equal(cli_cell_duration(c, 90061000), "25:01:01");
	assert_string_equal(cli_cell_duration(c, -1500), "-0:01.5");
	assert_string_equal(cli_cell_duration(c, NAN), "");
	assert_string_equal(cli_cell_duration(c, INFINITY), "");
	assert_string_equal(cli_cell_count(c, 0), "0");
	assert_string_equal(cli_cell_count(c, 999), "999");
	assert_string_equal(cli_cell_count(c, 1000), "1 000");
	assert_string_equal(cli_cell_count(c, UINT64_MAX), "18 446 744 073 709 551 615");
	assert_string_equal(cli_cell_endpoint(c, &e), "10.0.0.1:5060");
	assert_string_equal(cli_cell_endpoint(c, &v6), "[fd00::1]:5060");
	v6.port = 0;
	assert_string_equal(cli_cell_endpoint(c, &v6), "fd00::1");
	assert_string_equal(cli_cell_age(c, 400 * BASE_NS_PER_MS), "0.4 s");
	assert_string_equal(cli_cell_age(c, 12 * BASE_NS_PER_SEC), "12 s");
	assert_string_equal(cli_cell_age(c, 300 * BASE_NS_PER_SEC), "5 m");
	assert_string_equal(cli_cell_age(c, 5 * 3600 * BASE_NS_PER_SEC), "5 h");
	assert_string_equal(cli_cell_age(c, 2 * 86400 * BASE_NS_PER_SEC), "2 d");
}

static void
test_values(void **state)
{
	static uint8_t p[RECORD_BYTES_MAX];
	char c[CLI_CELL], name[300];
	struct record_row row;

	memset(name, 'x', sizeof(name));
	memcpy(name + CLI_CELL - 2, "\u00e9", 2); /* would be cut in its middle */
	name[299] = 0;
	make_row(&row, p, sizeof(p), &(struct call){.from = name});
	assert_int_equal(strlen(cli_cell_value(c, &row, RECORD_F_FROM_USER)), CLI_CELL - 2);
	assert_string_equal(cli_cell_value(c, &row, RECORD_F_SRC_IP), "10.0.0.1");
	assert_string_equal(cli_cell_value(c, &row, RECORD_F_SRC_PORT), "5060");
	assert_string_equal(cli_cell_value(c, &row, RECORD_F_PDD_MS), "500.000");
	assert_string_equal(
		cli_cell_value(c, &row, RECORD_F_INVITE_TIME), "2023-11-14T22:13:20.000000Z");
	assert_string_equal(cli_cell_value(c, &row, RECORD_F_Q850), "");
	assert_int_equal(cli_row_str(&row, RECORD_F_PAI).len, 0);
	assert_int_equal(cli_row_str(&row, RECORD_F_SIP_CODE).len, 0); /* no text */
	assert_true(isnan(cli_row_number(&row, RECORD_F_Q850)));
	assert_true(cli_row_number(&row, RECORD_F_SIP_CODE) == 200);
	struct base_endpoint e = cli_row_endpoint(&row, RECORD_F_DST_IP, RECORD_F_DST_PORT);
	assert_string_equal(cli_cell_endpoint(c, &e), "10.0.0.2:5060");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_put),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_random),
		cmocka_unit_test(test_print), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_values)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
