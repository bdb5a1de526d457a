#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

#include "config_private.h"

static char *
printed(const struct config *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	config_print(c, f);
	fclose(f);
	return text;
}

/* What is printed loads, and prints the same again. */
static void
print_is_a_fixed_point(const char *text)
{
	struct config *c = testing_load(text), *again = NULL;
	char *first = printed(c), *second;
	struct sys_error e;

	if (config_load(&again, testing_file("printed.yaml", first, strlen(first)), &e) != 0)
		fail_msg("%s\n%s", e.text, first);
	second = printed(again);
	assert_string_equal(first, second);
	config_free(c);
	config_free(again);
	free(first);
	free(second);
}

static void
what_is_printed_loads_and_prints_the_same(void **state)
{
	testing_file("list.txt", "49\n", 3);
	print_is_a_fixed_point("");
	print_is_a_fixed_point("sip:\n  ports: []\n  any_port: false\n");
	print_is_a_fixed_point("store:\n  dir: '/a \"b\" \\\\ c: #d'\nprobe:\n  user: \"yes\"\n  "
			       "ports: ['[x]', '{y}', '- z', 'a,b', '&a', '*b']\n");
	print_is_a_fixed_point("store:\n  dir: \"/\xc3\xa9\xe2\x82\xac\"\n");
	print_is_a_fixed_point("watch:\n  - {name: a, file: list.txt}\n  - {name: b, kind: header, "
			       "header: X-Y, file: list.txt}\n"
			       "billing:\n  columns: [uid, flow]\n  kinds: [call, registration, "
			       "transaction, stream]\n  rotate_bytes: 12345\n");
}

/* The .def, the schema of libcyaml and the printer name the same keys: every key of the table is
 * printed, and loads alone. */
static void
every_key_of_the_table_is_printed_and_loads_alone(void **state)
{
	struct config *c;
	struct sys_error e;
	char *text, line[256], *at, document[512], section[32] = "";

	testing_file("list.txt", "49\n", 3);
	c = testing_load("watch:\n  - {name: a, kind: header, header: X, file: list.txt}\n");
	text = printed(c);
	for (uint32_t s = 0; s < CONFIG_SECTION_COUNT; s++) {
		if (s == CONFIG_INDEX_profile)
			continue; /* in a file of its own */
		for (uint32_t r = 0; r < config_sections[s].n_rows; r++) {
			snprintf(line, sizeof(line),
				"%s%s: ", r || !config_sections[s].repeated ? "  " : "- ",
				config_sections[s].rows[r].key);
			assert_non_null(strstr(text, line));
		}
	}
	for (char *l = text, *end; (end = strchr(l, '\n')); l = end + 1) {
		*end = 0;
		if (l[0] != ' ') {
			snprintf(section, sizeof(section), "%s", l);
			continue;
		}
		at = l + strspn(l, " -");
		if (strncmp(section, "watch", 5) == 0)
			continue; /* its keys need each other: the fixed point above has them all */
		snprintf(document, sizeof(document), "%s\n  %s\n%s", section, at,
			strncmp(at, "group", 5) == 0 ? "  user: x\n" : "");
		struct config *alone = NULL;
		if (config_load(&alone, testing_file("printed.yaml", document, strlen(document)),
			    &e) != 0)
			fail_msg("%s\n%s", e.text, document);
		config_free(alone);
	}
	free(text);
	config_free(c);
}

static void
the_manual_has_a_line_for_every_key(void **state)
{
	char *text = NULL, line[128];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	config_manual(f);
	fclose(f);
	for (uint32_t s = 0; s < CONFIG_SECTION_COUNT; s++) {
		for (uint32_t r = 0; r < config_sections[s].n_rows; r++) {
			snprintf(line, sizeof(line), "\n| `%s%s.%s` | ", config_sections[s].name,
				config_sections[s].repeated ? "[]" : "",
				config_sections[s].rows[r].key);
			assert_non_null(strstr(text, line));
		}
	}
	assert_non_null(strstr(text, "| `sip.ports` | [5060] | up to 64 of: 1..65535 | "));
	assert_non_null(strstr(text, "| `probe.ring_bytes` | 64M | 64K..16G | "));
	assert_non_null(strstr(text, "| `tables.streams` | (2 x tables.calls) | 16..33554432 | "));
	assert_non_null(
		strstr(text, "| `probe.log_level` | info | error, warning, info, debug | "));
	assert_non_null(strstr(text, "| `watch[].name` | must be given | text, 1 to 64 bytes | "));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_loads_and_prints_the_same),
		cmocka_unit_test(every_key_of_the_table_is_printed_and_loads_alone),
		cmocka_unit_test(the_manual_has_a_line_for_every_key),
	};
	return cmocka_run_group_tests(tests, NULL, testing_teardown);
}
