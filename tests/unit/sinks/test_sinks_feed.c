/* Laws: every record goes to the far end in order; a batch's end is durable before it leaves, so the
 * one that is tried again, also by another process, is the same; the cursor moves after it. */
#include "sinks_fixture.h"

#include "sinks_feed.h"

/* A far end that writes down what it gets. */
struct far {
	struct fixture *f;
	struct sinks_feed *feed;
	unsigned fails, room; /* deliveries that fail from now on; rows of a batch, 0: any */
	unsigned rows, tries;
	int64_t position, last, first; /* delivered up to; of the batch */
	struct sinks_batch batch;      /* the last one seen */
	uint64_t delivered;
	bool threaded;
};

static void
far_begin(void *context)
{
	struct far *far = context;

	far->rows = 0;
	far->first = far->last = 0;
}

static enum sinks_taken
far_add(void *context, const struct record_row *row, int64_t position)
{
	struct far *far = context;

	if (far->room && far->rows == far->room)
		return SINKS_FULL;
	assert_true(position > far->last);
	far->first = far->first ? far->first : position;
	far->last = position;
	far->rows++;
	return SINKS_TAKEN;
}

static int
far_deliver(
	void *context, const struct sinks_batch *batch, const bool *stop, struct sys_error *e)
{
	struct far *far = context;
	struct store_number intent = {"fake.intent", 0};

	far->tries++;
	far->batch = *batch;
	/* In the collector's thread here, but for the threaded test. */
	if (!far->threaded) {
		assert_int_equal(store_numbers_get(far->f->store, &intent, 1, NULL), 0);
		assert_int_equal(intent.value, batch->to);
	}
	assert_int_equal(batch->records, far->rows);
	assert_true(far->first > batch->after && far->last <= batch->to);
	if (far->fails) {
		far->fails--;
		return sys_fail(e, -BASE_ERR_IO, "nobody there");
	}
	assert_int_equal(batch->after, far->position);
	far->position = batch->to;
	far->delivered += batch->records;
	return 0;
}

static const struct sinks_far far_table = {far_begin, far_add, far_deliver, NULL};

static void
far_open(struct far *far, uint32_t batch_records)
{
	struct sinks_feed_options options = {.name = "fake",
		.store_dir = far->f->store_dir,
		.kinds = 1u << RECORD_CALL,
		.batch_records = batch_records,
		.flush_ms = far->threaded ? 1 : 0,
		.retry_ms_max = 0,
		.far = &far_table,
		.context = far,
		.threadless = !far->threaded};

	if (sinks_feed_open(&far->feed, far->f->store, &options, &far->f->e))
		fail_msg("%s", far->f->e.text);
}

static int64_t
cursor(struct far *far)
{
	int64_t position;

	assert_int_equal(store_cursor_get(far->f->store, "fake", &position, &far->f->e), 0);
	return position;
}

/* Steps and rounds in turn. */
static void
turns(struct far *far, int n)
{
	for (int i = 0; i < n; i++) {
		assert_int_equal(sinks_feed_step(far->feed, T0, false, &far->f->e), 0);
		sinks_feed_round(far->feed);
	}
	assert_int_equal(sinks_feed_step(far->feed, T0, false, &far->f->e), 0);
}

static void
test_batches(void **state)
{
	struct far far = {.f = *state};
	struct sinks_status status;

	far_open(&far, 100);
	fixture_calls(far.f, 250);
	turns(&far, 20);
	assert_int_equal(far.delivered, 250);
	assert_int_equal(far.tries, 3);
	assert_int_equal(cursor(&far), 250);
	sinks_feed_status(far.feed, &status);
	assert_int_equal(status.lag, 0);
	assert_int_equal(status.records, 250);
	assert_int_equal(status.batches, 3);
	assert_false(status.failing);
	sinks_feed_close(far.feed);
}

static void
test_full(void **state)
{
	struct far far = {.f = *state, .room = 7};

	far_open(&far, 100);
	fixture_calls(far.f, 50);
	turns(&far, 40);
	assert_int_equal(far.delivered, 50);
	assert_int_equal(far.tries, 8);
	sinks_feed_close(far.feed);
}

static void
test_failure(void **state)
{
	struct far far = {.f = *state, .fails = 3};
	struct sinks_status status;

	far_open(&far, 100);
	fixture_calls(far.f, 10);
	turns(&far, 3);
	assert_int_equal(far.tries, 2);
	assert_int_equal(cursor(&far), 0);
	sinks_feed_status(far.feed, &status);
	assert_true(status.failing);
	assert_int_equal(status.lag, 10);
	assert_string_equal(status.why.text, "nobody there");
	/* More records do not change the batch that is tried again. */
	fixture_calls(far.f, 10);
	turns(&far, 1);
	assert_int_equal(far.batch.to, 10);
	turns(&far, 10);
	assert_int_equal(far.delivered, 20);
	assert_int_equal(far.tries, 5);
	assert_int_equal(cursor(&far), 20);
	sinks_feed_close(far.feed);
}

/* Killed after the far end had it, before the cursor moved: the same batch again. */
static void
test_killed(void **state)
{
	struct far far = {.f = *state, .fails = 1};
	int64_t before_ns = sys_clock_wall_ns();

	far_open(&far, 100);
	fixture_calls(far.f, 30);
	turns(&far, 2);
	assert_int_equal(far.tries, 1);
	assert_int_equal(far.batch.begun_ns, 0); /* nobody else's */
	sinks_feed_close(far.feed);
	fixture_restart(far.f);
	fixture_calls(far.f, 500);
	far_open(&far, 100);
	turns(&far, 2);
	assert_int_equal(far.batch.after, 0);
	assert_int_equal(far.batch.to, 30);
	assert_true(far.batch.begun_ns >= before_ns && far.batch.begun_ns <= sys_clock_wall_ns());
	turns(&far, 40);
	assert_int_equal(far.delivered, 530);
	assert_int_equal(far.batch.begun_ns, 0);
	sinks_feed_close(far.feed);
}

/* Records of other kinds move the cursor without a delivery, though not at once. */
static void
test_other_kinds(void **state)
{
	struct far far = {.f = *state};
	struct fixture *f = far.f;

	far_open(&far, 100);
	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (uint64_t i = 0; i < 5; i++)
		fixture_put(f, RECORD_REGISTRATION, i + 1, T0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	turns(&far, 4);
	assert_int_equal(far.tries, 0);
	assert_int_equal(cursor(&far), 5);
	sinks_feed_close(far.feed);
}

static void
test_thread(void **state)
{
	struct far far = {.f = *state, .threaded = true};

	fixture_calls(far.f, 1000);
	far_open(&far, 64);
	assert_int_equal(sinks_feed_step(far.feed, T0, true, &far.f->e), 0);
	assert_int_equal(far.delivered, 1000);
	assert_int_equal(cursor(&far), 1000);
	sinks_feed_close(far.feed);
}

/* A far end that never takes anything does not hold the stop up. */
static void
test_thread_stop(void **state)
{
	struct far far = {.f = *state, .threaded = true, .fails = UINT32_MAX};

	fixture_calls(far.f, 10);
	far_open(&far, 64);
	assert_int_equal(sinks_feed_step(far.feed, T0, true, &far.f->e), 0);
	assert_int_equal(cursor(&far), 0);
	sinks_feed_close(far.feed);
}

static void
test_secret(void **state)
{
	struct fixture *f = *state;
	char path[300], *secret;

	snprintf(path, sizeof(path), "%s/secret", f->root);
	assert_int_equal(sinks_secret_read(&secret, path, &f->e), -BASE_ERR_NOT_FOUND);
	assert_int_equal(sys_file_replace(path, "a b\r\nc\n", 7, 0600, &f->e), 0);
	assert_int_equal(sinks_secret_read(&secret, path, &f->e), 0);
	assert_string_equal(secret, "a b");
	free(secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_batches),
		FIXTURE_TEST(test_full),
		FIXTURE_TEST(test_failure),
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_other_kinds),
		FIXTURE_TEST(test_thread),
		FIXTURE_TEST(test_thread_stop),
		FIXTURE_TEST(test_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
