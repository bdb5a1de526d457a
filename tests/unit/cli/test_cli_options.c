/* Laws: a wrong option is named with what is wrong about it and exits 2; what is an SQL condition
 * can be told from a file's name. */
#include "cli_testing.h"

/* Takes the options of one word or two; what they said is in *o. */
static int
take(struct cli_options *o, const char *err_has, const char *a, const char *b)
{
	static const struct option longs[] = {CLI_OPTION_FORMAT, CLI_OPTION_FLOW, CLI_OPTION_KIND,
		CLI_OPTION_WHERE, CLI_OPTION_CONFIG, CLI_OPTION_STORE, CLI_OPTION_SINCE,
		CLI_OPTION_UNTIL, CLI_OPTION_LIMIT, CLI_OPTION_HELP, CLI_OPTION_END};
	char *argv[] = {(char *)"test", (char *)a, (char *)b, NULL};
	struct terminal t;
	int rc = CLI_OK, c;

	terminal_open(&t);
	t.cli.command = "test";
	*o = (struct cli_options){.now_ns = TESTING_T0};
	optind = 0;
	while (rc == CLI_OK && (c = cli_option_next(&t.cli, b ? 3 : 2, argv, longs)) != -1)
		rc = cli_option_common(&t.cli, o, c);
	fflush(t.cli.err);
	assert_has(t.err, err_has);
	assert_int_equal(rc == CLI_OK, t.err_len == 0);
	terminal_close(&t);
	return rc;
}

static void
test_good(void **state)
{
	struct cli_options o;

	assert_int_equal(take(&o, "", "--format", "jsonl"), CLI_OK);
	assert_int_equal(o.format, CLI_JSONL);
	assert_int_equal(take(&o, "", "--format=csv", NULL), CLI_OK);
	assert_int_equal(o.format, CLI_CSV);
	assert_int_equal(take(&o, "", "-f", "json"), CLI_OK);
	assert_int_equal(o.format, CLI_JSONL);
	assert_int_equal(take(&o, "", "--kind", "call,streams"), CLI_OK);
	assert_int_equal(o.kinds, 1u << RECORD_CALL | 1u << RECORD_STREAM);
	assert_int_equal(take(&o, "", "--kind=all", "--flow"), CLI_OK);
	assert_int_equal(o.kinds, CLI_KINDS_ALL);
	assert_true(o.flow);
	assert_int_equal(take(&o, "", "--since", "1h"), CLI_OK);
	assert_true(o.since_ns == TESTING_T0 - 3600 * BASE_NS_PER_SEC);
	assert_int_equal(take(&o, "", "--until", "2023-11-14 22:13:20"), CLI_OK);
	assert_true(o.until_ns == TESTING_T0);
	assert_int_equal(take(&o, "", "--limit", "0"), CLI_OK);
	assert_true(o.limit == 0 && o.limit_given);
	assert_int_equal(take(&o, "", "-n5", "-s/x"), CLI_OK);
	assert_true(o.limit == 5 && strcmp(o.store, "/x") == 0);
	assert_int_equal(take(&o, "", "-c", "file"), CLI_OK);
	assert_string_equal(o.config, "file");
	assert_int_equal(take(&o, "", "--where", "-1 < core"), CLI_OK);
	assert_string_equal(o.where, "-1 < core");
	assert_int_equal(take(&o, "", "-h", NULL), CLI_OK);
	assert_true(o.help);
}

static void
test_wrong(void **state)
{
	struct cli_options o;

	assert_int_equal(take(&o, "format 'xml' is none of table, jsonl, csv", "--format", "xml"),
		CLI_USAGE);
	assert_int_equal(take(&o, "kind 'cal' is none of", "--kind", "cal"), CLI_USAGE);
	assert_int_equal(take(&o, "kind 'flow' is none of", "--kind", "flow"), CLI_USAGE);
	assert_int_equal(take(&o, "kind '' is none of", "--kind", ",call"), CLI_USAGE);
	assert_int_equal(take(&o, "--kind needs", "--kind", ""), CLI_USAGE);
	assert_int_equal(take(&o, "'soon' is no time", "--since", "soon"), CLI_USAGE);
	assert_int_equal(take(&o, "--until '25h61' is no time", "--until", "25h61"), CLI_USAGE);
	assert_int_equal(take(&o, "'many' is no number", "--limit", "many"), CLI_USAGE);
	assert_int_equal(take(&o, "'-1' is no number", "--limit=-1", NULL), CLI_USAGE);
	assert_int_equal(
		take(&o, "unknown option '--foramt'; did you mean '--format'?", "--foramt", "csv"),
		CLI_USAGE);
	assert_int_equal(take(&o, "did you mean '--format'?", "--formt=csv", NULL), CLI_USAGE);
	assert_int_equal(take(&o, "unknown option '--zzz'\n", "--zzz", NULL), CLI_USAGE);
	assert_int_equal(take(&o, "unknown option '-z'", "-z", NULL), CLI_USAGE);
	assert_int_equal(take(&o, "option '--format' needs a value", "--format", NULL), CLI_USAGE);
	assert_int_equal(take(&o, "option '--kind' needs a value", "-k", NULL), CLI_USAGE);
	assert_int_equal(take(&o, "option '--flow' takes no value", "--flow=yes", NULL), CLI_USAGE);
}

static void
test_words(void **state)
{
	uint64_t n = 7;

	assert_true(cli_is_condition("sip_code=486"));
	assert_true(cli_is_condition("pdd_ms > 1"));
	assert_true(cli_is_condition("pai NOTNULL"));
	assert_false(cli_is_condition("capture.pcap"));
	assert_true(cli_number("0", 5, &n) && n == 0);
	assert_true(cli_number("5", 5, &n) && n == 5);
	assert_false(cli_number("6", 5, &n));
	assert_false(cli_number("", 5, &n));
	assert_false(cli_number("1x", 5, &n));
	assert_int_equal(n, 5);
}

/* A kind that lacks a field of the condition is left out; where all do, that is said. */
static void
test_condition_kinds(void **state)
{
	struct terminal t;
	struct store *store;
	struct sys_error e;

	terminal_open(&t);
	assert_int_equal(store_open(&store, &(struct store_options){.dir = NULL}, &e), 0);
	static const struct {
		const char *where;
		uint32_t kinds, left;
	} cases[] = {
		{"disposition = 'busy'", CLI_KINDS_ALL, 1u << RECORD_CALL},
		{"src_port > 1", CLI_KINDS_ALL, CLI_KINDS_ALL},
		{"lost > 1 AND ssrc NOTNULL", CLI_KINDS_ALL, 1u << RECORD_STREAM},
		{"lost > 1", 1u << RECORD_CALL, 0},
		{"sip_code >", CLI_KINDS_ALL, 0},
		{"1) OR (1", CLI_KINDS_ALL, 0},
	};
	for (unsigned i = 0; i < base_count_of(cases); i++) {
		struct cli_options o = {.where = cases[i].where, .kinds = cases[i].kinds};
		assert_int_equal(
			cli_conditions(&t.cli, store, &o), cases[i].left ? CLI_OK : CLI_USAGE);
		assert_int_equal(o.kinds, cases[i].left);
	}
	fflush(t.cli.err);
	assert_has(t.err, "lost");
	assert_int_equal(count_of(t.err, "'ringtap fields' lists"), 3);
	store_close(store);
	terminal_close(&t);
}

static void
test_config_and_store(void **state)
{
	struct terminal t;
	char dir[256];

	terminal_open(&t);
	assert_null(cli_config(&t.cli, "/nowhere/ringtap.yaml"));
	assert_null(cli_store(&t.cli, &(struct cli_options){.store = "/nowhere/store"}));
	assert_null(cli_store(&t.cli, &(struct cli_options){.config = "/nowhere/ringtap.yaml"}));
	fflush(t.cli.err);
	assert_has(t.err, "/nowhere/ringtap.yaml");
	assert_has(t.err,
		"cannot read the store /nowhere/store: No such file or directory; name it with --store");
	directory_new(dir);
	make_store(dir, 1);
	struct store *store = cli_store(&t.cli, &(struct cli_options){.store = dir});
	assert_non_null(store);
	store_close(store);
	directory_remove(dir);
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong), cmocka_unit_test(test_words),
		cmocka_unit_test(test_condition_kinds), cmocka_unit_test(test_config_and_store)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
