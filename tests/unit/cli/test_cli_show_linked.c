/* Laws: --linked finds the legs that linked[] names, and theirs, each once and so many; they stand on
 * one ladder in order of time, each message with its leg. */
#include "cli_testing.h"

#define CHAIN 100 /* the first of a chain of legs, each naming its neighbours */
#define CHAIN_LEGS 60

static char dir[256];

static void
put(struct store *store, unsigned n, const unsigned *linked)
{
	static uint8_t record[RECORD_BYTES_MAX];
	struct sys_error e;
	uint32_t len = make_call(record, sizeof(record), &(struct call){.n = n, .linked = linked});

	assert_int_equal(store_put(store, BASE_SPAN("edge"), 0, record, len, &e), 0);
}

static int
set_up(void **state)
{
	struct store *store;
	struct sys_error e;

	directory_new(dir);
	assert_int_equal(store_open(&store, &(struct store_options){.dir = dir}, &e), 0);
	assert_int_equal(store_begin(store, &e), 0);
	put(store, 0, (const unsigned[]){1, UINT_MAX});
	put(store, 1, (const unsigned[]){0, 2, UINT_MAX});
	put(store, 2, (const unsigned[]){1, UINT_MAX});
	put(store, 3, NULL);
	put(store, 4, (const unsigned[]){9, UINT_MAX}); /* which is not in the store */
	for (unsigned i = 0; i < CHAIN_LEGS; i++)
		put(store, CHAIN + i, (const unsigned[]){CHAIN + i + 1, i ? CHAIN + i - 1 : UINT_MAX, UINT_MAX});
	assert_int_equal(store_commit(store, &e), 0);
	store_close(store);
	return 0;
}

static int
tear_down(void **state)
{
	directory_remove(dir);
	return 0;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)))
		n++, text++;
	return n;
}

static void
test_text(void **state)
{
	/* whichever leg is asked for */
	static const char *const ids[] = {"ca110000", "ca110001", "call-2@test"};
	struct terminal t;

	for (size_t i = 0; i < base_count_of(ids); i++) {
		assert_int_equal(terminal_run(&t, "show", "--store", dir, ids[i], "--linked", NULL), CLI_OK);
		assert_has(t.out, "Legs\n  A  ca110000");
		assert_has(t.out, "\n  B  ca110001");
		assert_has(t.out, "\n  C  ca110002");
		assert_has(t.out, "       linked to ca1100000123456789abcdef01234567 by numbers, confidence 0.600\n");
		assert_null(strstr(t.out, "call-3@test"));
		assert_int_equal(count(t.out, "INVITE [1]"), 3 * 2); /* each sent again once */
		assert_has(t.out, " A ");
		assert_has(t.out, " C ");
		terminal_end(&t);
	}
}

static void
test_json(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--store", dir, "ca110001", "--linked", "--format=json", NULL), CLI_OK);
	assert_int_equal(count(t.out, "\"kind\":\"call\""), 3);
	assert_has(t.out, "{\"legs\":[{\"kind\":\"call\",\"uid\":\"ca110000");
	assert_has(t.out, "],\"ladder\":[{\"leg\":0,\"message\":0},{\"leg\":0,\"message\":1},");
	assert_has(t.out, ",{\"leg\":2,\"message\":3}]}\n");
	assert_int_equal(count(t.out, "{\"leg\":"), 3 * 4);
	terminal_end(&t);
}

static void
test_picture(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--store", dir, "ca110001", "--linked", "--format=svg", NULL), CLI_OK);
	assert_int_equal(count(t.out, "<svg "), 1);
	assert_has(t.out, " A</text>");
	assert_has(t.out, " B</text>");
	assert_has(t.out, " C</text>");
	terminal_end(&t);
}

static void
test_alone(void **state)
{
	static const char *const ids[] = {"ca110003", "ca110004"};
	struct terminal t;

	for (size_t i = 0; i < base_count_of(ids); i++) {
		assert_int_equal(terminal_run(&t, "show", "--store", dir, ids[i], "--linked", NULL), CLI_OK);
		assert_has(t.out, "Legs\n  A  ");
		assert_null(strstr(t.out, "\n  B  "));
		terminal_end(&t);
	}
	assert_int_equal(terminal_run(&t, "show", "--store", dir, "nobody", "--linked", NULL), CLI_FAILED);
	terminal_end(&t);
}

static void
test_bounded(void **state)
{
	struct terminal t;

	assert_int_equal(terminal_run(&t, "show", "--store", dir, "ca110064", "--linked", "--format=json", NULL), CLI_OK);
	unsigned legs = count(t.out, "\"kind\":\"call\"");
	assert_true(legs > 2 && legs <= 32);
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_json), cmocka_unit_test(test_picture),
		cmocka_unit_test(test_alone), cmocka_unit_test(test_bounded)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
