#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

static void
names_need_no_quoting_anywhere(void **state)
{
	testing_refused("probe:\n  name: a/b\n",
		":2: probe.name: 'a/b' may have letters, digits, '.', '_' and '-' only");
	testing_refused("probe:\n  name: \"a b\"\n",
		":2: probe.name: 'a b' may have letters, digits, '.', '_' and '-' only");
	config_free(testing_load("probe:\n  name: \"\"\n"));
}

static void
a_group_needs_a_user(void **state)
{
	testing_refused("probe:\n  group: x\n", ":2: probe.group: needs probe.user");
}

static void
the_collector_reads_at_least_one_segment(void **state)
{
	testing_refused(
		"collector:\n  segments: []\n", ":2: collector.segments: must not be empty");
	testing_refused(
		"collector:\n  segments: [\"\"]\n", ":2: collector.segments[0]: must not be empty");
}

static void
ranges_of_ports_are_in_order(void **state)
{
	static const char *const wrong[] = {"0", "65536", "20-10", "1-", "-5", "a", "1-2-3", ""};
	uint16_t first, last;

	for (size_t i = 0; i < base_count_of(wrong); i++)
		assert_false(config_port_range(wrong[i], &first, &last));
	assert_true(config_port_range("10000-65535", &first, &last));
	assert_true(first == 10000 && last == 65535);
	assert_true(config_port_range("5060", &first, &last));
	assert_true(first == 5060 && last == 5060);
	testing_refused("steer:\n  rtp_ports: [1-9, 20-10]\n",
		":2: steer.rtp_ports[1]: '20-10' is no port nor FIRST-LAST");
	testing_refused("steer:\n  mode: copy\n",
		":2: steer.mode: 'copy' is none of redirect, mirror");
}

static void
headers_are_tokens(void **state)
{
	testing_refused("sip:\n  extra_headers: [X-A, \"X B\"]\n",
		":2: sip.extra_headers[1]: 'X B' is not the name of a header");
	testing_refused("sip:\n  extra_headers: [\"X:\"]\n",
		":2: sip.extra_headers[0]: 'X:' is not the name of a header");
}

static void
kinds_and_columns_are_those_of_the_records(void **state)
{
	testing_refused("billing:\n  kinds: [call, flow]\n",
		":2: billing.kinds[1]: 'flow' is none of call, registration, transaction, stream, message");
	testing_refused("billing:\n  kinds: [cdr]\n",
		":2: billing.kinds[0]: 'cdr' is none of call, registration, transaction, stream, message");
	testing_refused("billing:\n  kinds: [call, call]\n",
		":2: billing.kinds[1]: 'call' stands there twice");
	testing_refused("billing:\n  kinds: []\n", ":2: billing.kinds: must not be empty");
	testing_refused("billing:\n  columns: [uid, caller]\n",
		":2: billing.columns[1]: 'caller' is not the key of a record field");
	testing_refused("billing:\n  columns: [ssrc]\n",
		":2: billing.columns[0]: 'ssrc' is not a field of the kinds in billing.kinds");
	testing_refused("billing:\n  columns: [uid, uid]\n",
		":2: billing.columns[1]: 'uid' stands there twice");
	config_free(testing_load("billing:\n  kinds: [stream]\n  columns: [ssrc, uid]\n"));
}

/* A watch list with its file in the configuration's directory. */
static void
watch_refused(const char *entry, const char *want)
{
	char text[512];

	testing_file("list.txt", "49\n", 3);
	snprintf(text, sizeof(text), "watch:\n%s", entry);
	testing_refused(text, want);
}

static void
a_watch_list_is_complete(void **state)
{
	watch_refused("  - file: list.txt\n", ":2: watch[0].name: must be given");
	watch_refused(
		"  - name: \"\"\n    file: list.txt\n", ":2: watch[0].name: must not be empty");
	watch_refused("  - name: a\n", ":2: watch[0].file: must be given");
	watch_refused("  - {name: a, file: list.txt}\n  - {name: a, file: list.txt}\n",
		":3: watch[1].name: 'a' is the name of watch[0] already");
	watch_refused("  - {name: a, kind: header, file: list.txt}\n",
		":2: watch[0].header: must be given for kind header");
	watch_refused("  - {name: a, kind: domain, header: X, file: list.txt}\n",
		":2: watch[0].header: is for kind header only");
	watch_refused("  - {name: a, kind: header, header: \"X Y\", file: list.txt}\n",
		":2: watch[0].header: 'X Y' is not the name of a header");
}

static void
a_watch_file_is_found_beside_the_configuration(void **state)
{
	struct config *c;
	char want[256];

	testing_file("list.txt", "49\n", 3);
	c = testing_load("watch:\n  - name: vip\n    file: list.txt\n  - name: ua\n    kind: "
			 "user_agent\n    file: ./list.txt\n");
	snprintf(want, sizeof(want), "%s/list.txt", testing_dir());
	assert_int_equal(c->watch_count, 2);
	assert_string_equal(c->watch[0].name, "vip");
	assert_int_equal(c->watch[0].kind, CONFIG_WATCH_NUMBER);
	assert_string_equal(c->watch[0].header, "");
	assert_string_equal(c->watch[0].file, want);
	assert_int_equal(c->watch[1].kind, CONFIG_WATCH_USER_AGENT);
	assert_string_equal(c->watch[1].file, want);
	config_free(c);
}

static void
a_missing_watch_file_is_named(void **state)
{
	char want[512];

	snprintf(want, sizeof(want),
		":2: watch[0].file: cannot read '%s/none.txt': No such file or directory",
		testing_dir());
	watch_refused("  - {name: a, file: none.txt}\n", want);
	watch_refused("  - {name: a, file: /nonexistent/list}\n",
		":2: watch[0].file: cannot read '/nonexistent/list': No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_need_no_quoting_anywhere),
		cmocka_unit_test(a_group_needs_a_user),
		cmocka_unit_test(ranges_of_ports_are_in_order),
		cmocka_unit_test(the_collector_reads_at_least_one_segment),
		cmocka_unit_test(headers_are_tokens),
		cmocka_unit_test(kinds_and_columns_are_those_of_the_records),
		cmocka_unit_test(a_watch_list_is_complete),
		cmocka_unit_test(a_watch_file_is_found_beside_the_configuration),
		cmocka_unit_test(a_missing_watch_file_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, testing_teardown);
}
