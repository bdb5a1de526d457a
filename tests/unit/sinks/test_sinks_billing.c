/* Laws: each record is in exactly one file of the manifest, through any crash; sequences never
 * reset; losses are declared once. */
#include "sinks_fixture.h"

static void
test_rotation_by_count(void **state)
{
	struct fixture *f = *state;

	fixture_calls(f, 250);
	fixture_step(f, false);
	assert_int_equal(fixture_check(f, 1, 200), 2);
	assert_int_equal(sinks_billing_lag(f->b), 50);
	fixture_calls(f, 50);
	fixture_step(f, false);
	assert_int_equal(fixture_check(f, 1, 300), 3);
	assert_int_equal(sinks_billing_lag(f->b), 0);
}

static void
test_rotation_by_size(void **state)
{
	struct fixture *f = *state;

	f->options.rotate_bytes = 100;
	fixture_restart(f);
	fixture_calls(f, 9); /* 21 bytes and 8 a row: full with the tenth */
	fixture_step(f, false);
	assert_int_equal(fixture_check(f, 1, 0), 0);
	fixture_calls(f, 1);
	fixture_step(f, false);
	assert_int_equal(fixture_check(f, 1, 10), 1);
}

static void
test_rotation_by_time(void **state)
{
	struct fixture *f = *state;

	fixture_calls(f, 3);
	fixture_step(f, false);
	f->now_ns += 299 * BASE_NS_PER_SEC;
	fixture_calls(f, 1);
	fixture_step(f, false);
	assert_int_equal(fixture_check(f, 1, 0), 0);
	/* Also when no more records come. */
	f->now_ns += BASE_NS_PER_SEC;
	fixture_step(f, false);
	assert_int_equal(fixture_check(f, 1, 4), 1);
	f->now_ns += 1000 * BASE_NS_PER_SEC;
	fixture_step(f, false);
	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 1, 4), 1);
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;

	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 1, 0), 0);
	fixture_calls(f, 130);
	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 1, 130), 2);
	fixture_restart(f);
	fixture_calls(f, 1);
	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 1, 131), 3);
}

/* Killed with a file open: its records come again. */
static void
test_killed_with_open_file(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 6; round++) {
		fixture_calls(f, 37);
		fixture_step(f, false);
		fixture_restart(f);
	}
	fixture_step(f, true);
	fixture_check(f, 1, f->seq);
}

enum crash {
	AFTER_CURSOR,
	AFTER_NUMBERS,
	AFTER_MANIFEST,
	TORN_MANIFEST,
	AFTER_RENAME,
	AFTER_INTENT,
	CRASHES
};

/* Takes back what was done behind the point where the crash is to have been. */
static void
undo(struct fixture *f, enum crash crash, off_t manifest_bytes, const char *name)
{
	struct store_number numbers[] = {{"billing.file", 1}, {"billing.record", 100}};
	char path[600], part[600];

	if (crash >= AFTER_NUMBERS)
		assert_int_equal(store_cursor_set(f->store, "billing", 100, &f->e), 0);
	if (crash >= AFTER_MANIFEST)
		assert_int_equal(store_numbers_set(f->store, numbers, 2, &f->e), 0);
	snprintf(path, sizeof(path), "%s/manifest.jsonl", f->dir);
	if (crash >= TORN_MANIFEST)
		assert_int_equal(
			truncate(path, manifest_bytes + (crash == TORN_MANIFEST ? 40 : 0)), 0);
	if (crash < AFTER_INTENT)
		return;
	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	snprintf(part, sizeof(part), "%s/ringtap-0000000002.part", f->dir);
	assert_int_equal(rename(path, part), 0);
	assert_int_equal(truncate(part, 55), 0);
}

static void
test_crash_while_closing(void **state)
{
	for (enum crash crash = 0; crash < CRASHES; crash++) {
		struct fixture *f = *state;
		size_t manifest_bytes = 0, len, len_again;
		char name[300];
		fixture_calls(f, 100);
		fixture_step(f, false);
		free(fixture_read(f, "manifest.jsonl", &manifest_bytes));
		fixture_calls(f, 42);
		f->now_ns += 400 * BASE_NS_PER_SEC;
		fixture_step(f, false);
		f->now_ns += 400 * BASE_NS_PER_SEC;
		fixture_step(f, false);
		char *manifest = fixture_read(f, "manifest.jsonl", NULL);
		fixture_value(manifest + manifest_bytes, "file", name, sizeof(name));
		char *before = fixture_read(f, name, &len);
		undo(f, crash, (off_t)manifest_bytes, name);
		/* More records come in meanwhile: the file may not take them, its name may have
		 * been seen. */
		fixture_calls(f, 30);
		fixture_restart(f);
		fixture_step(f, false);
		char *after = fixture_read(f, name, &len_again);
		assert_non_null(after);
		assert_int_equal(len_again, len);
		assert_memory_equal(after, before, len);
		fixture_step(f, true);
		assert_int_equal(fixture_check(f, 1, 172), 3);
		free(manifest);
		free(before);
		free(after);
		fixture_teardown(state);
		assert_int_equal(fixture_setup(state), 0);
	}
}

static void
test_manifest_taken_away(void **state)
{
	struct fixture *f = *state;
	char path[300];

	fixture_calls(f, 120);
	fixture_step(f, true);
	snprintf(path, sizeof(path), "%s/manifest.jsonl", f->dir);
	assert_int_equal(unlink(path), 0);
	fixture_restart(f);
	fixture_calls(f, 5);
	fixture_step(f, true);
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);
	assert_int_equal(fixture_number(manifest, "file_sequence"), 3);
	assert_int_equal(fixture_number(manifest, "first_billing_seq"), 121);
	assert_int_equal(fixture_number(manifest, "records"), 5);
	free(manifest);
}

/* The store is lost, the manifest is not: sequences go on, no new record is taken for an old one.
 */
static void
test_store_lost(void **state)
{
	struct fixture *f = *state;
	char command[300];

	fixture_calls(f, 120);
	fixture_step(f, true);
	snprintf(command, sizeof(command), "rm '%s'/*", f->store_dir);
	assert_int_equal(system(command), 0);
	fixture_restart(f);
	fixture_calls(f, 7);
	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 1, 127), 3);
}

static void
test_losses(void **state)
{
	struct fixture *f = *state;

	fixture_calls(f, 10);
	f->seq += 5; /* 11..15 never came */
	assert_int_equal(store_begin(f->store, &f->e), 0);
	fixture_put(f, RECORD_TRANSACTION, ++f->seq, T0); /* shows it, and is not billed */
	f->seq += 2;
	assert_int_equal(store_commit(f->store, &f->e), 0);
	fixture_calls(f, 4);
	fixture_step(f, true);
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);
	assert_int_equal(fixture_number(manifest, "records"), 14);
	assert_int_equal(fixture_number(manifest, "lost"), 7);
	assert_int_equal(fixture_number(manifest, "capture_loss"), 9);
	assert_int_equal(fixture_number(manifest, "first_seq"), 1);
	assert_int_equal(fixture_number(manifest, "last_seq"), f->seq);
	assert_int_equal(fixture_number(manifest, "core"), 2);
	assert_non_null(strstr(manifest, "{\"probe\":\"p-1\",\"core\":2,\"records\":14,\"first_"
					 "seq\":1,\"last_seq\":22,\"lost\":7}"));
	free(manifest);
	/* A gap shown only by a record that is not billed waits for the next file. */
	f->seq += 3;
	assert_int_equal(store_begin(f->store, &f->e), 0);
	fixture_put(f, RECORD_TRANSACTION, ++f->seq, T0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	fixture_step(f, true);
	fixture_restart(f);
	fixture_calls(f, 1);
	fixture_step(f, true);
	manifest = fixture_read(f, "manifest.jsonl", NULL);
	assert_int_equal(fixture_number(strchr(manifest, '\n') + 1, "lost"), 3);
	free(manifest);
}

/* Where nothing is billed the cursor follows, so that old days can go. */
static void
test_cursor_follows(void **state)
{
	struct fixture *f = *state;
	int64_t cursor;

	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (uint64_t seq = 1; seq <= 9; seq++)
		fixture_put(f, RECORD_TRANSACTION, ++f->seq, T0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	fixture_step(f, true);
	assert_int_equal(store_cursor_get(f->store, "billing", &cursor, &f->e), 0);
	assert_int_equal(cursor, 9);
	fixture_calls(f, 1);
	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 10, 10), 1);
}

/* A directory that cannot be written: said, nothing is left out once it can. */
static void
test_failure(void **state)
{
	struct fixture *f = *state;
	char moved[300];

	fixture_calls(f, 150);
	snprintf(moved, sizeof(moved), "%s-moved", f->dir);
	assert_int_equal(rename(f->dir, moved), 0);
	assert_true(sinks_billing_step(f->b, f->now_ns, false, &f->e) < 0);
	assert_non_null(strstr(f->e.text, f->dir));
	assert_true(sinks_billing_step(f->b, f->now_ns, true, &f->e) < 0);
	assert_int_equal(rename(moved, f->dir), 0);
	fixture_step(f, false);
	assert_int_equal(rename(f->dir, moved), 0); /* with a file open */
	fixture_calls(f, 60);
	assert_true(sinks_billing_step(f->b, f->now_ns, false, &f->e) < 0);
	assert_int_equal(rename(moved, f->dir), 0);
	fixture_step(f, true);
	assert_int_equal(fixture_check(f, 1, 210), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_rotation_by_count),
		FIXTURE_TEST(test_rotation_by_size),
		FIXTURE_TEST(test_rotation_by_time),
		FIXTURE_TEST(test_stop),
		FIXTURE_TEST(test_killed_with_open_file),
		FIXTURE_TEST(test_crash_while_closing),
		FIXTURE_TEST(test_manifest_taken_away),
		FIXTURE_TEST(test_store_lost),
		FIXTURE_TEST(test_losses),
		FIXTURE_TEST(test_cursor_follows),
		FIXTURE_TEST(test_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
