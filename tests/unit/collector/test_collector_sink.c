/* Laws: a sink that fails delays neither the store nor the other sinks; it is tried again. */
#include "collector_fixture.h"

/* Billing cannot be written: the store goes on. */
static void
test_sink_failure(void **state)
{
	struct fixture *f = *state;
	char command[600];

	fixture_probe(f, 0, 1);
	fixture_start(f);
	snprintf(command, sizeof(command), "mv '%s' '%s/moved'", f->billing_dir, f->root);
	assert_int_equal(system(command), 0);
	fixture_publish(f, 0, 0, 10);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_true(f->c->sinks[0].retry_ns != 0);
	fixture_publish(f, 0, 0, 10);
	assert_int_equal(collector_step(f->c, &f->e), 0);
	assert_int_equal(fixture_rows(f, NULL), 20);
	assert_true(collector_stop(f->c, &f->e) < 0);
	snprintf(command, sizeof(command), "mv '%s/moved' '%s'", f->root, f->billing_dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(collector_stop(f->c, &f->e), 0);
	snprintf(command, sizeof(command), "test $(cat '%s'/ringtap-*.csv | wc -l) = 21",
		f->billing_dir);
	assert_int_equal(system(command), 0);
}

static void
test_wrong_kind(void **state)
{
	struct fixture *f = *state;
	char *kinds[] = {"call", "bell"};

	f->config.billing.kinds = kinds;
	f->config.billing.kinds_count = 2;
	assert_int_equal(collector_new(&f->c, &f->config, &f->e), -BASE_ERR_INVALID);
	assert_non_null(strstr(f->e.text, "bell"));
}

/* Two sinks that count their steps; the first one fails while told so. */
struct counter {
	bool fails;
	unsigned steps, stops, closed;
};

static int
counter_step(void *sink, int64_t now_ns, bool stop, struct sys_error *e)
{
	struct counter *counter = sink;

	counter->steps++;
	counter->stops += stop;
	return counter->fails ? sys_fail(e, -BASE_ERR_IO, "no answer") : 0;
}

static int64_t
counter_lag(const void *sink)
{
	return 0;
}

static void
counter_close(void *sink)
{
	((struct counter *)sink)->closed++;
}

static void
test_one_does_not_wait_for_another(void **state)
{
	static const struct sinks_kind kind = {.name = "counter",
		.step = counter_step,
		.lag = counter_lag,
		.close = counter_close};
	struct counter counters[2] = {{.fails = true}, {.fails = false}};
	struct collector c = {.n_sinks = 2};
	struct sys_error e;

	for (int i = 0; i < 2; i++)
		c.sinks[i] = (struct collector_sink){.kind = &kind, .sink = &counters[i]};
	for (int i = 0; i < 3; i++)
		assert_int_equal(collector_sinks_step(&c, false, &e), i == 0 ? -BASE_ERR_IO : 0);
	assert_int_equal(counters[0].steps, 1); /* waits its second */
	assert_int_equal(counters[1].steps, 3);
	counters[0].fails = false;
	c.sinks[0].retry_ns = 1; /* the second is over */
	assert_int_equal(collector_sinks_step(&c, false, &e), 0);
	assert_int_equal(c.sinks[0].retry_ns, 0);
	/* The end is said to all, also to one that waits. */
	c.sinks[0].retry_ns = INT64_MAX;
	assert_int_equal(collector_sinks_step(&c, true, &e), 0);
	assert_int_equal(counters[0].stops + counters[1].stops, 2);
	collector_sinks_close(&c);
	assert_int_equal(counters[0].closed + counters[1].closed, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_sink_failure),
		FIXTURE_TEST(test_wrong_kind),
		cmocka_unit_test(test_one_does_not_wait_for_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
