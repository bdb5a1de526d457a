/* Laws: what was published is in the store once, through a kill at any point; the rings are
 * released only after the commit. */
#include "collector_fixture.h"

static void
test_takes_everything(void **state)
{
	struct fixture *f = *state;

	fixture_probe(f, 0, 2);
	fixture_probe(f, 1, 1);
	fixture_publish(f, 0, 0, 30);
	fixture_publish(f, 0, 1, 20);
	fixture_publish(f, 1, 0, 10);
	fixture_start(f);
	assert_int_equal(collector_attached(f->c), 2);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, NULL), 60);
	assert_int_equal(fixture_rows(f, "probe = 'p0' AND core = 0"), 30);
	assert_int_equal(fixture_rows(f, "probe = 'p0' AND core = 1"), 20);
	assert_int_equal(fixture_rows(f, "probe = 'p1'"), 10);
	assert_int_equal(
		fixture_rows(f, "uid = substr(probe, 2) || '.' || core || '.' || seq"), 60);
	assert_int_equal(fixture_backlog(f, 0) + fixture_backlog(f, 1), 0);
	assert_int_equal(f->shm[0].header->collector_records, 50);
	assert_int_equal(f->shm[0].header->collector_commits, 1);
	assert_int_equal(f->shm[0].header->collector_pid, (uint64_t)getpid());
	assert_true(f->shm[0].header->collector_heartbeat_ns == 0 ||
		    f->shm[0].header->collector_heartbeat_ns > T0);
	fixture_kill(f);
	assert_int_equal(f->shm[0].header->collector_pid, 0);
}

/* A group is cut at commit_records, in fair parts. */
static void
test_group_bound(void **state)
{
	struct fixture *f = *state;

	f->config.collector.commit_records = 40;
	f->config.collector.commit_ms = 60000; /* the size alone decides */
	fixture_probe(f, 0, 2);
	fixture_publish(f, 0, 0, 100);
	fixture_publish(f, 0, 1, 5);
	fixture_start(f);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, NULL), 40);
	assert_int_equal(fixture_rows(f, "core = 1"), 5);
	assert_int_equal(collector_stop(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, NULL), 105);
}

enum kill_point { BEFORE_PUT, AFTER_PUT, AFTER_COMMIT, AFTER_RELEASE, KILL_POINTS };

/* A round of the collector that ends at the given point. */
static void
round_until(struct fixture *f, enum kill_point point)
{
	struct collector *c = f->c;

	if (point == BEFORE_PUT)
		return;
	assert_int_equal(store_begin(c->store, &f->e), 0);
	for (unsigned i = 0; i < c->n_segments; i++)
		assert_true(collector_segment_drain(&c->segments[i], c->store, 17, &f->e) >= 0);
	c->in_group = point == AFTER_PUT;
	if (point == AFTER_PUT)
		return;
	assert_int_equal(store_commit(c->store, &f->e), 0);
	if (point == AFTER_COMMIT)
		return;
	for (unsigned i = 0; i < c->n_segments; i++)
		collector_segment_release(&c->segments[i]);
}

static void
test_kill_points(void **state)
{
	struct fixture *f = *state;
	uint64_t published = 0;

	fixture_probe(f, 0, 2);
	for (unsigned round = 0; round < 40; round++) {
		unsigned n = (unsigned)(base_hash_mix(round) % 23);
		fixture_publish(f, 0, round % 2, n);
		published += n;
		fixture_start(f);
		round_until(f, (enum kill_point)(base_hash_mix(round * 3 + 1) % KILL_POINTS));
		fixture_kill(f);
	}
	fixture_start(f);
	assert_int_equal(collector_stop(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, NULL), published);
	assert_int_equal(fixture_rows(f, "uid = '0.' || core || '.' || seq"), published);
	/* Nothing was lost, so nothing may be said to be. */
	struct store_sequence s;
	assert_int_equal(store_sequence_get(f->c->store, BASE_SPAN("p0"), 0, &s, &f->e), 0);
	assert_int_equal(s.last - s.first + 1, s.count);
}

static void
test_second_collector_is_refused(void **state)
{
	struct fixture *f = *state;
	struct config other = f->config;
	char dir[300];
	struct collector *c;

	fixture_probe(f, 0, 1);
	fixture_start(f);
	assert_int_equal(collector_new(&c, &f->config, &f->e), -BASE_ERR_EXISTS);
	assert_non_null(strstr(f->e.text, f->store_dir));
	/* With a store of its own it is the segment that is taken. */
	snprintf(dir, sizeof(dir), "%s/other", f->root);
	other.store.dir = dir;
	other.billing.enabled = false;
	assert_int_equal(collector_new(&c, &other, &f->e), -BASE_ERR_EXISTS);
	assert_non_null(strstr(f->e.text, f->paths[0]));
	fixture_kill(f);
	assert_int_equal(collector_new(&c, &other, &f->e), 0);
	collector_free(c);
}

/* The store cannot be written: the ring keeps everything, once it can all is taken. */
static void
test_store_failure(void **state)
{
	struct fixture *f = *state;
	char moved[300];

	sys_log_init("test", SYS_LOG_ERROR);
	fixture_probe(f, 0, 1);
	fixture_publish(f, 0, 0, 10);
	fixture_start(f);
	snprintf(moved, sizeof(moved), "%s-moved", f->store_dir);
	assert_int_equal(rename(f->store_dir, moved), 0);
	uint64_t backlog = fixture_backlog(f, 0);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_backlog(f, 0), backlog);
	assert_true(f->c->store_retry_ns != 0);
	assert_int_equal(rename(moved, f->store_dir), 0);
	f->c->store_retry_ns = 1;
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_backlog(f, 0), 0);
	assert_int_equal(f->c->store_retry_ns, 0);
	assert_int_equal(fixture_rows(f, NULL), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_takes_everything),
		FIXTURE_TEST(test_group_bound),
		FIXTURE_TEST(test_kill_points),
		FIXTURE_TEST(test_second_collector_is_refused),
		FIXTURE_TEST(test_store_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
