#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

#include "config_private.h"

static int
load(struct config_raw **raw, const char *text, struct sys_error *e)
{
	*raw = NULL;
	return config_raw_load(raw, base_span_cstr(text), "c.yaml", e);
}

static void
scalars_come_as_they_stand(void **state)
{
	struct config_raw *raw;
	struct sys_error e;

	assert_int_equal(load(&raw,
				 "probe:\n  cores: 007\n  name: \"x y\"\n  user:\nsip:\n  ports: "
				 "[1, two]\n  extra_headers: []\n",
				 &e),
		0);
	assert_string_equal(raw->probe->cores, "007");
	assert_string_equal(raw->probe->name, "x y");
	assert_string_equal(raw->probe->user, "");
	assert_null(raw->probe->group);
	assert_int_equal(raw->sip->ports_count, 2);
	assert_string_equal(raw->sip->ports[1], "two");
	assert_int_equal(raw->sip->extra_headers_count, 0);
	assert_null(raw->tables);
	config_raw_free(raw);
}

static void
nothing_is_null(void **state)
{
	struct config_raw *raw;
	struct sys_error e;

	config_raw_free(NULL);
	assert_int_equal(load(&raw, "probe:\nwatch:\n", &e), 0);
	assert_null(raw->probe);
	assert_int_equal(raw->watch_count, 0);
	config_raw_free(raw);
}

static void
what_slips_past_the_shape_is_still_refused(void **state)
{
	struct config_raw *raw;
	struct sys_error e;

	assert_int_equal(load(&raw, "probe:\n  nam: x\n", &e), -BASE_ERR_FORMAT);
	assert_null(raw);
	assert_int_equal(strncmp(e.text, "c.yaml: ", 8), 0);
	assert_int_equal(load(&raw, "probe:\n  user: &a x\n  group: *a\n", &e), -BASE_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_come_as_they_stand),
		cmocka_unit_test(nothing_is_null),
		cmocka_unit_test(what_slips_past_the_shape_is_still_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
