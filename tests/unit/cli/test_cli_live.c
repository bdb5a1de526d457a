/* Laws: asked through the segment, the probe's interim records are what is listed, of all cores,
 * and nothing else of the rings; where no probe runs, that is said. */
#include <pthread.h>
#include <sched.h>

#include "segment_testing.h"

struct probe {
	struct segment *segment;
	unsigned calls;
	uint64_t stop;
};

static void
publish(struct probe *p, uint32_t core, const struct call *call)
{
	static uint8_t record[RECORD_BYTES_MAX];
	uint32_t len = make_call(record, sizeof(record), call);

	assert_true(shm_publish(&p->segment->shm, core, record, len));
}

/* What a probe does when it is asked: interim records, while other records go on. */
static void *
answer(void *context)
{
	struct probe *p = context;
	uint64_t *request = &p->segment->shm.header->live_request;

	while (__atomic_load_n(request, __ATOMIC_ACQUIRE) == 0)
		if (__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
			return NULL;
		else
			sched_yield();
	for (unsigned i = 0; i < p->calls; i++) {
		publish(p, i % 2, &(struct call){.n = 100 + i, .no_flow = true});
		publish(p, i % 2, &(struct call){.n = i, .status = "interim", .no_flow = true});
	}
	return NULL;
}

static void
set_active(struct segment *s, unsigned calls)
{
	for (unsigned core = 0; core < 2; core++)
		shm_core(&s->shm, core)->metrics.values[METRICS_CALLS_ACTIVE] =
			(calls + 1 - core) / 2;
}

static void
test_live(void **state)
{
	struct segment s;
	struct terminal t;
	pthread_t thread;

	segment_open(&s, 2);
	struct probe p = {.segment = &s, .calls = 7};
	set_active(&s, p.calls);
	publish(&p, 0, &(struct call){.n = 50, .status = "interim"}); /* of an earlier asking */
	assert_int_equal(pthread_create(&thread, NULL, answer, &p), 0);
	int rc = terminal_run(&t, "calls", "--live", "--segment", s.path, "--format=jsonl", NULL);
	__atomic_store_n(&p.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(rc, CLI_OK);
	assert_int_equal(s.shm.header->live_request, 1);
	assert_int_equal(count_lines(t.out), 7);
	assert_int_equal(count_of(t.out, "\"status\":\"interim\""), 7);
	for (unsigned i = 0; i < 7; i++) {
		char id[64];
		snprintf(id, sizeof(id), "\"call_id\":\"call-%u@test\"", i);
		assert_int_equal(count_of(t.out, id), 1);
	}
	assert_has(t.out, "\"probe\":\"edge1\"");
	assert_has(t.out, "\"core\":1");
	terminal_end(&t);
	segment_close(&s);
}

/* Filters and conditions hold; no call is no error. */
static void
test_filters(void **state)
{
	struct segment s;
	struct terminal t;
	pthread_t thread;

	segment_open(&s, 2);
	struct probe p = {.segment = &s, .calls = 4};
	set_active(&s, p.calls);
	assert_int_equal(pthread_create(&thread, NULL, answer, &p), 0);
	int rc = terminal_run(
		&t, "calls", "--live", "--segment", s.path, "--call-id=call-2@*", NULL);
	__atomic_store_n(&p.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(rc, CLI_OK);
	assert_has(t.out, "in progress");
	assert_has(t.out, "\n1 call: ");
	terminal_end(&t);
	set_active(&s, 0);
	assert_int_equal(terminal_run(&t, "calls", "--live", "--segment", s.path, NULL), CLI_OK);
	assert_has(t.out, "0 calls");
	terminal_end(&t);
	segment_close(&s);
}

static void
test_refused(void **state)
{
	struct segment s;
	struct terminal t;

	segment_open(&s, 1);
	s.shm.header->probe_state = SHM_STATE_STOPPED;
	assert_int_equal(
		terminal_run(&t, "calls", "--live", "--segment", s.path, NULL), CLI_FAILED);
	assert_has(t.err, "its probe is not running");
	terminal_end(&t);
	assert_int_equal(s.shm.header->live_request, 0);
	segment_close(&s);
	assert_int_equal(
		terminal_run(&t, "calls", "--live", "--segment", "/nowhere", NULL), CLI_FAILED);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "--live", "--summary", NULL), CLI_USAGE);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "--live", "--kind=stream", NULL), CLI_USAGE);
	terminal_end(&t);
	assert_int_equal(terminal_run(&t, "calls", "--segment", "/nowhere", NULL), CLI_USAGE);
	assert_has(t.err, "--segment goes with --live");
	terminal_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_live),
		cmocka_unit_test(test_filters), cmocka_unit_test(test_refused)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
