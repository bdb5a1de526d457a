/* Laws: the picture is one well-formed element whatever the network said: tags close, nothing of a
 * message is markup, no control byte is in it; every host, message and stream is there. */
#include "ladder_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

static void
draw(struct terminal *t, uint32_t len, const char *title)
{
	struct cli_ladder l;

	terminal_open(t);
	cli_ladder_open(&l, &t->cli);
	ladder_add(&l, record, len);
	cli_ladder_arrange(&l);
	cli_svg_draw(&l, t->cli.out, title, "subtitle");
	cli_ladder_close(&l);
	terminal_out(t);
}

/* Tags open and close in pairs; the names are those of SVG. */
static void
check_well_formed(const char *p)
{
	char open[16][16];
	unsigned depth = 0;

	for (; (p = strchr(p, '<')) != NULL; p++) {
		size_t n = strcspn(p + 1, " >/");
		const char *end = strchr(p, '>');
		assert_non_null(end);
		if (p[1] == '/') {
			n = (size_t)(end - p - 2);
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strlen(open[depth]), n);
			assert_memory_equal(open[depth], p + 2, n);
		} else if (end[-1] != '/') {
			assert_true(depth < 16 && n < 16);
			memcpy(open[depth], p + 1, n);
			open[depth++][n] = 0;
		}
	}
	assert_int_equal(depth, 0);
}

static void
test_call(void **state)
{
	struct terminal t;

	draw(&t, make_media_call(record, sizeof(record), TESTING_T0), "alice to bob");
	assert_memory_equal(t.out, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39);
	check_well_formed(t.out);
	assert_int_equal(
		count_of(t.out, "marker-end="), 8); /* five messages, three rows of media */
	assert_has(t.out, ">10.0.0.1:5060</text>");
	assert_has(t.out, ">caller</text>");
	assert_has(t.out, ">180 Ringing [1 INVITE]</text>");
	assert_has(t.out, "audio 10.0.0.1:4000 PCMA sendrecv");
	assert_int_equal(
		count_of(t.out, "class=\"run\""), 2); /* both hosts of the stream in two parts */
	assert_has_not(t.out, "href");
	assert_has_not(t.out, "script");
	terminal_close(&t);
}

static void
test_hostile(void **state)
{
	static const char bad[] = "<script>\"&'\033[2J\xff\u202e]]>";
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	struct terminal t;

	put_message(&w, TESTING_T0, &(struct message){1, 2, 0, bad, NULL, bad, NULL, 0});
	put_message(&w, TESTING_T0, &(struct message){2, 1, 200, bad, bad, bad, NULL, 0});
	draw(&t, w.len, bad);
	check_well_formed(t.out);
	assert_has_not(t.out, "<script");
	assert_has_not(t.out, "\033");
	assert_has_not(t.out, "\xff");
	assert_has_not(t.out, "\u202e");
	assert_has(t.out, "&#60;script&#62;");
	terminal_close(&t);
}

static void
test_empty(void **state)
{
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	struct terminal t;

	draw(&t, w.len, "");
	check_well_formed(t.out);
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_call),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_empty)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
