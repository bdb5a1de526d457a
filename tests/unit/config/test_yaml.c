#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

static void
an_unknown_key_is_refused_with_its_line(void **state)
{
	testing_refused("prob: 1\n", ":1: prob: unknown key");
	testing_refused("probe:\n  cores: 1\n  core: 2\n", ":3: probe.core: unknown key");
	testing_refused("# c\n\nsip:\n  ports: [5060]\n\n  port: 1\n", ":6: sip.port: unknown key");
	testing_refused("watch:\n  - name: a\n    files: x\n", ":3: watch[0].files: unknown key");
	testing_refused("probe:\n  \"\\x01\": 2\n", ":2: probe.: unknown key");
	testing_refused("probe: {cores: 1, x: 2}\n", ":1: probe.x: unknown key");
	testing_refused("Probe:\n", ":1: Probe: unknown key");
}

static void
a_key_that_stands_twice_is_refused(void **state)
{
	testing_refused("probe:\n  cores: 1\n  mtu: 1500\n  cores: 2\n",
		":4: cores: stands here a second time, first in line 2");
	testing_refused(
		"sip:\nprobe:\nsip:\n", ":3: sip: stands here a second time, first in line 1");
}

static void
the_shape_must_fit(void **state)
{
	testing_refused("- probe\n", ":1: must be a mapping of sections");
	testing_refused("probe\n", ":1: must be a mapping of sections");
	testing_refused("probe: 3\n", ":1: probe: must be a mapping (key: value)");
	testing_refused("probe: []\n", ":1: probe: must be a mapping (key: value)");
	testing_refused("probe: \"\"\n", ":1: probe: must be a mapping (key: value)");
	testing_refused("probe:\n  cores: [1]\n", ":2: probe.cores: must be a single value");
	testing_refused("probe:\n  name: {a: b}\n", ":2: probe.name: must be a single value");
	testing_refused("sip:\n  ports: 5060\n", ":2: sip.ports: must be a list");
	testing_refused("sip:\n  ports:\n    - 5060\n    - [1]\n",
		":4: sip.ports[1]: must be a single value in the list");
	testing_refused("watch: {name: x}\n", ":1: watch: must be a list of mappings");
	testing_refused("watch:\n  - name\n", ":2: watch[0]: must be a mapping (key: value)");
	testing_refused("watch:\n  -\n", ":2: watch[0]: must be a mapping (key: value)");
	testing_refused("? [a]\n: b\n", ":1: a key must be a word");
	testing_refused("probe:\n  ? {a: b}\n  : c\n", ":2: a key must be a word");
}

static void
too_many_elements_are_refused(void **state)
{
	char text[2048];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_str(&t, "sip:\n  ports: [1");
	for (int i = 0; i < CONFIG_SIP_PORTS_MAX; i++)
		base_text_str(&t, ",2");
	base_text_str(&t, "]\n");
	testing_refused(base_text_cstr(&t), ":2: sip.ports: has too many elements");
	t = base_text_of(text, sizeof(text));
	base_text_str(&t, "watch:\n");
	for (int i = 0; i <= CONFIG_WATCH_MAX; i++)
		base_text_str(&t, "- name: a\n");
	testing_refused(base_text_cstr(&t), ":2: watch: has too many elements");
}

static void
what_is_not_yaml_is_refused_with_its_line(void **state)
{
	testing_refused("probe:\n  name: \"a\n", ":3: not YAML: found unexpected end of stream");
	testing_refused(
		"probe:\n\tname: a\n", ":2: not YAML: found character that cannot start any token");
	testing_refused(
		"sip:\n  ports: [1, 2\nprobe:\n", ":3: not YAML: did not find expected ',' or ']'");
	testing_refused("probe:\n---\nsip:\n", ":3: a second document begins");
}

static void
control_characters_are_refused_wherever_they_stand(void **state)
{
	static const char *const escapes[] = {
		"\\n", "\\0", "\\x7f", "\\x85", "\\u2028", "\\u2029", "\\uFEFF", "\\uFFFF", "\\t"};
	char text[128];

	for (size_t i = 0; i < base_count_of(escapes); i++) {
		snprintf(text, sizeof(text), "probe:\n  user: \"a%sb\"\n", escapes[i]);
		testing_refused(text, ":2: probe.user: control characters are not allowed");
		snprintf(text, sizeof(text), "probe:\n  ports:\n    - x\n    - \"a%sb\"\n",
			escapes[i]);
		testing_refused(text, ":4: probe.ports[1]: control characters are not allowed");
	}
	config_free(testing_load(
		"store:\n  dir: \"/\xc3\xa9\xe2\x82\xac\xef\xbc\xa1\xf0\x9f\x93\x9e\"\n"));
}

static void
aliases_are_refused(void **state)
{
	testing_refused("probe:\n  user: &a x\n  group: *a\n", ": YAML alias unsupported");
	testing_refused("watch: &a\n  - *a\n", ":1: watch[0]: must be a mapping (key: value)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_key_is_refused_with_its_line),
		cmocka_unit_test(a_key_that_stands_twice_is_refused),
		cmocka_unit_test(the_shape_must_fit),
		cmocka_unit_test(too_many_elements_are_refused),
		cmocka_unit_test(what_is_not_yaml_is_refused_with_its_line),
		cmocka_unit_test(control_characters_are_refused_wherever_they_stand),
		cmocka_unit_test(aliases_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, testing_teardown);
}
