/* Laws: files are one capture in the order given; the ledger of a replay balances; a record that
 * cannot be taken ends it. */
#include "cli_testing.h"

struct taken {
	struct cli_replay replay;
	unsigned n, stop_after;
};

static bool
take(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	struct taken *t = context;
	struct record_row row;

	assert_int_equal(core, 0);
	if (t->replay.stop) /* the engine may have more to say */
		return false;
	assert_int_equal(record_row_read(&row, record, len), 0);
	if (++t->n == t->stop_after)
		t->replay.stop = true;
	return !t->replay.stop;
}

static int
replay(struct taken *taken, struct terminal *t, char *const *files, unsigned n)
{
	struct config *config = cli_replay_config(&t->cli, NULL);
	struct cli_replay r = {.cli = &t->cli,
		.config = config,
		.cores = 1,
		.files = files,
		.n_files = n,
		.record = take,
		.context = taken};

	assert_non_null(config);
	assert_true(config->tables.calls >= 200000);
	taken->replay = r;
	int rc = cli_replay_run(&taken->replay);
	config_free(config);
	return rc;
}

static void
test_files(void **state)
{
	char dir[256], a[300], b[300];
	char *files[] = {b, a, b};
	struct terminal t;
	struct taken taken = {.n = 0};

	directory_new(dir);
	snprintf(a, sizeof(a), "%s/a.pcap", dir);
	snprintf(b, sizeof(b), "%s/b.pcap", dir);
	make_capture(a, 4);
	make_capture(b, 2);
	terminal_open(&t);
	assert_int_equal(replay(&taken, &t, files, 1), CLI_OK);
	assert_int_equal(taken.n, 2);
	assert_int_equal(taken.replay.frames, 6);
	assert_int_equal(taken.replay.metrics.values[METRICS_FRAMES], 6);
	assert_int_equal(metrics_verdicts_total(&taken.replay.metrics), 6);
	assert_int_equal(taken.replay.metrics.verdicts[PACKET_VERDICT_SIP], 6);
	assert_false(taken.replay.damaged || taken.replay.interrupted);
	taken = (struct taken){.n = 0};
	assert_int_equal(replay(&taken, &t, files, 3), CLI_OK); /* times go back twice */
	assert_int_equal(taken.replay.frames, 6 + 12 + 6);
	assert_true(taken.n >= 4);
	taken = (struct taken){.stop_after = 1};
	assert_int_equal(replay(&taken, &t, files + 1, 1), CLI_FAILED);
	assert_int_equal(taken.n, 1);
	terminal_close(&t);
	directory_remove(dir);
}

static void
test_no_capture(void **state)
{
	char dir[256], path[300];
	char *files[] = {path};
	struct terminal t;
	struct taken taken = {.n = 0};

	directory_new(dir);
	snprintf(path, sizeof(path), "%s/text.pcap", dir);
	FILE *f = fopen(path, "w");
	fputs("this is no capture file, whatever its name says\n", f);
	fclose(f);
	terminal_open(&t);
	assert_int_equal(replay(&taken, &t, files, 1), CLI_FAILED);
	assert_true(taken.replay.damaged);
	files[0] = dir;
	taken = (struct taken){.n = 0};
	assert_int_equal(replay(&taken, &t, files, 1), CLI_FAILED); /* a directory */
	assert_int_equal(taken.n, 0);
	fflush(t.cli.err);
	assert_has(t.err, "text.pcap");
	assert_int_equal(count_lines(t.err), 2);
	assert_int_equal(cli_replay_check(&taken.replay), CLI_OK);
	files[0] = (char *)"/nowhere/a.pcap";
	assert_int_equal(cli_replay_check(&taken.replay), CLI_FAILED);
	assert_null(cli_replay_config(&t.cli, path));
	terminal_close(&t);
	directory_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files), cmocka_unit_test(test_no_capture)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
