/* Laws: a segment is found whenever it comes; a replaced one is drained first; damage costs what is
 * damaged, and that is declared. */
#include "collector_fixture.h"

static void
test_segment_comes_later(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	assert_int_equal(collector_attached(f->c), 0);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	fixture_probe(f, 0, 1);
	fixture_publish(f, 0, 0, 5);
	fixture_second(f);
	assert_int_equal(collector_attached(f->c), 1);
	assert_int_equal(fixture_rows(f, NULL), 5);
}

/* A file that is there but is not a segment yet. */
static void
test_half_made(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 1);
	uint64_t magic = f->shm[0].header->magic;
	f->shm[0].header->magic = 0;
	fixture_start(f);
	assert_int_equal(collector_attached(f->c), 0);
	f->shm[0].header->magic = magic;
	fixture_publish(f, 0, 0, 5);
	fixture_second(f);
	assert_int_equal(fixture_rows(f, NULL), 5);
}

static void
test_replaced(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 1);
	fixture_publish(f, 0, 0, 5);
	fixture_start(f);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	/* The probe leaves records behind; another one makes the file anew, with more cores, and
	 * goes on with the sequence. */
	fixture_publish(f, 0, 0, 250);
	uint64_t next_seq = shm_core(&f->shm[0], 0)->next_seq;
	struct sys_mapping old = f->mappings[0];
	assert_int_equal(unlink(f->paths[0]), 0);
	fixture_second(f);
	assert_int_equal(collector_attached(f->c), 1);
	fixture_probe(f, 0, 3);
	shm_core(&f->shm[0], 0)->next_seq = next_seq;
	fixture_publish(f, 0, 0, 7);
	fixture_publish(f, 0, 2, 4);
	for (int second = 0; second < 5; second++)
		fixture_second(f);
	assert_int_equal(fixture_rows(f, NULL), 5 + 250 + 7 + 4);
	assert_int_equal(f->c->segments[0].shm.cores, 3);
	assert_int_equal(f->shm[0].header->collector_pid, (uint64_t)getpid());
	assert_int_equal(fixture_backlog(f, 0), 0);
	sys_mapping_close(&old);
}

/* The file is gone, its probe still writes: nothing is given up before another file is there. */
static void
test_vanished(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 1);
	fixture_start(f);
	assert_int_equal(unlink(f->paths[0]), 0);
	fixture_second(f);
	fixture_second(f);
	fixture_publish(f, 0, 0, 9);
	fixture_second(f);
	assert_int_equal(collector_attached(f->c), 1);
	assert_int_equal(fixture_rows(f, NULL), 9);
}

static int
sum_lost(void *context, const struct store_gap *gap)
{
	*(uint64_t *)context += gap->last - gap->first + 1;
	return 0;
}

static void
expect_lost(struct fixture *f, uint64_t want)
{
	uint64_t lost = 0;

	assert_int_equal(
		store_gaps(f->c->store, (struct store_range){0, INT64_MAX}, sum_lost, &lost, &f->e),
		0);
	assert_int_equal(lost, want);
}

/* A full ring takes the sequence numbers of what it drops with it. */
static void
test_full_ring(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 1);
	fixture_publish(f, 0, 0, 5000);
	fixture_start(f);
	assert_true(collector_segment_is_crowded(&f->c->segments[0]));
	assert_int_equal(collector_stop(f->c, &f->e), 0);
	uint64_t kept = fixture_rows(f, NULL);
	assert_true(kept > 100 && kept < 5000);
	expect_lost(f, 0); /* nothing has shown it yet */
	fixture_publish(f, 0, 0, 1);
	assert_int_equal(collector_stop(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, NULL), kept + 1);
	expect_lost(f, 5000 - kept);
}

static void
test_record_unreadable(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 1);
	fixture_publish(f, 0, 0, 3);
	struct base_ring *ring = shm_ring(&f->shm[0], 0);
	struct base_ring_message message;
	uint64_t cursor = shm_cursor(&f->shm[0], 0);
	assert_int_equal(shm_next(&f->shm[0], 0, &cursor, &message), BASE_RING_MESSAGE);
	assert_int_equal(shm_next(&f->shm[0], 0, &cursor, &message), BASE_RING_MESSAGE);
	ring->data[message.p - ring->data + 8] = 77; /* the record's version */
	fixture_start(f);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, "seq IN (1, 3)"), 2);
	assert_int_equal(fixture_rows(f, NULL), 2);
	assert_int_equal(f->shm[0].header->collector_corrupt, 1);
	assert_int_equal(f->shm[0].header->collector_records, 2);
	expect_lost(f, 1);
}

static void
test_ring_damaged(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 2);
	fixture_publish(f, 0, 0, 3);
	fixture_publish(f, 0, 1, 3);
	fixture_start(f);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	struct base_ring *ring = shm_ring(&f->shm[0], 0);
	uint64_t head = base_ring_head(ring);
	fixture_publish(f, 0, 0, 4);
	memset(ring->data + head % f->shm[0].ring_bytes, 0xee, 8);
	fixture_publish(f, 0, 1, 2);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, "core = 0"), 3);
	assert_int_equal(fixture_rows(f, "core = 1"), 5);
	fixture_publish(f, 0, 0, 2);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, "core = 0"), 5);
	expect_lost(f, 4);
}

/* What the collector says within its next second, on standard error. */
static const char *
said_in_second(struct fixture *f)
{
	static char text[4096];
	char path[300];

	snprintf(path, sizeof(path), "%s/said", f->root);
	FILE *file = fopen(path, "w+");
	int kept = dup(STDERR_FILENO);
	sys_log_init("test", SYS_LOG_WARNING);
	dup2(fileno(file), STDERR_FILENO);
	fixture_second(f);
	dup2(kept, STDERR_FILENO);
	close(kept);
	sys_log_init("test", SYS_LOG_ERROR);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	return text;
}

static void
test_other_version(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	fixture_probe(f, 0, 1);
	fixture_publish(f, 0, 0, 3);
	f->shm[0].header->layout_version = SHM_LAYOUT_VERSION - 1;
	const char *said = said_in_second(f);
	assert_non_null(strstr(said, "made by another version of ringtap (layout 1, this one reads "
				     "2): run probe and collector of one version"));
	assert_null(strstr(said_in_second(f), "version")); /* once */
	assert_int_equal(collector_attached(f->c), 0);
	assert_int_equal(f->shm[0].header->collector_pid, 0);
	f->shm[0].header->layout_version = SHM_LAYOUT_VERSION;
	fixture_second(f);
	assert_int_equal(fixture_rows(f, NULL), 3);
}

/* Two probes of one name carry the same numbers: the second one's segment is left alone until the
 * first is gone. */
static void
test_namesakes(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	fixture_probe(f, 0, 1);
	fixture_probe(f, 1, 1);
	memcpy(f->shm[1].header->probe, f->shm[0].header->probe, SHM_NAME_MAX);
	fixture_publish(f, 0, 0, 3);
	fixture_publish(f, 1, 0, 2);
	const char *said = said_in_second(f);
	assert_non_null(strstr(said, "its probe has the name of the one of"));
	assert_non_null(strstr(said, f->paths[0]));
	assert_null(strstr(said_in_second(f), "name"));
	assert_int_equal(collector_attached(f->c), 1);
	assert_int_equal(fixture_rows(f, NULL), 3);
	memcpy(f->shm[1].header->probe, "other", 6);
	fixture_second(f);
	assert_int_equal(collector_attached(f->c), 2);
	assert_int_equal(fixture_rows(f, NULL), 5);
}

static void
test_health(void **state)
{
	struct fixture *f = *state;
	struct shm_health health;

	fixture_probe(f, 0, 1);
	assert_false(shm_health_get(&f->shm[0], &health));
	fixture_publish(f, 0, 0, 7);
	fixture_start(f);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	fixture_second(f);
	assert_true(shm_health_get(&f->shm[0], &health));
	assert_int_equal(health.position, 7);
	assert_int_equal(health.sinks_count, 1);
	assert_string_equal(health.sinks[0].name, "billing");
	assert_int_equal(health.sinks[0].lag, 7);
	assert_int_equal(health.sinks[0].failing_ns, 0);
	assert_string_equal(health.sinks[0].why, "");
	/* A sink that fails, a store that has lost a day. */
	f->c->sinks[0].retry_ns = INT64_MAX;
	f->c->sinks[0].failing_ns = T0;
	sys_fail(&f->c->sinks[0].why, -BASE_ERR_IO, "no room");
	assert_int_equal(store_numbers_set(f->c->store,
				 &(struct store_number){"store.corrupt_days", 2}, 1, &f->e),
		0);
	fixture_second(f);
	assert_true(shm_health_get(&f->shm[0], &health));
	assert_int_equal(health.sinks[0].failing_ns, T0);
	assert_string_equal(health.sinks[0].why, "no room");
	assert_int_equal(health.corrupt_days, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_segment_comes_later),
		FIXTURE_TEST(test_half_made),
		FIXTURE_TEST(test_replaced),
		FIXTURE_TEST(test_vanished),
		FIXTURE_TEST(test_full_ring),
		FIXTURE_TEST(test_record_unreadable),
		FIXTURE_TEST(test_ring_damaged),
		FIXTURE_TEST(test_other_version),
		FIXTURE_TEST(test_namesakes),
		FIXTURE_TEST(test_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
