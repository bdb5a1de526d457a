/* The set: memory as promised, and N workers tell the same as one. */
#include "worker_testing.h"

#include <pthread.h>

#define CALLS 40

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Calls that overlap, SIP and media dealt to the workers without regard to the dialog. */
static struct engine *
traffic(uint32_t cores)
{
	struct engine *e = engine_new(cores);

	for (int i = 0; i < CALLS; i++)
		sip_frame_to(e, (uint32_t)i % cores, i, "INVITE", "1 INVITE", (uint16_t)(10000 + 2 * i)), e->now_ns += BASE_NS_PER_MS;
	for (int i = 0; i < CALLS; i++)
		sip_frame_to(e, (uint32_t)(i + 1) % cores, i, "200 OK", "1 INVITE", (uint16_t)(20000 + 2 * i));
	for (uint16_t seq = 0; seq < 50; seq++) {
		for (int i = 0; i < CALLS; i++) {
			struct wire to_bob = {1, 2, (uint16_t)(10000 + 2 * i), (uint16_t)(20000 + 2 * i), 17, 0, 0};
			struct wire to_alice = {2, 1, (uint16_t)(20000 + 2 * i), (uint16_t)(10000 + 2 * i), 17, 0, 0};
			if (seq != 7)
				rtp_frame_to(e, (uint32_t)(i * 7) % cores, &to_bob, seq, (uint32_t)i);
			rtp_frame_to(e, (uint32_t)(i * 5 + 1) % cores, &to_alice, seq, 1000u + (uint32_t)i);
		}
		e->now_ns += 20 * BASE_NS_PER_MS;
	}
	for (int i = 0; i < CALLS; i++)
		sip_frame_to(e, (uint32_t)(i + 2) % cores, i, "BYE", "2 BYE", 0);
	return e;
}

static void
as_many_workers_as_there_are_tell_the_same(void **state)
{
	struct engine *one = traffic(1);

	worker_set_finish(one->set, one->now_ns);
	engine_ledger(one);
	assert_int_equal(one->n_records, CALLS);
	for (uint32_t i = 0; i < CALLS; i++) {
		assert_non_null(strstr(one->json[i], "\"packets\":49,"));
		assert_non_null(strstr(one->json[i], "\"lost\":1,"));
		assert_non_null(strstr(one->json[i], "\"packets\":50,"));
	}
	qsort(one->json, one->n_records, sizeof(one->json[0]), compare_text);
	for (uint32_t cores = 2; cores <= 5; cores++) {
		struct engine *many = traffic(cores);
		if (cores & 1) { /* closed by their timers, through the rings, before the end */
			for (int i = 0; i < 100; i++) {
				many->now_ns += 100 * BASE_NS_PER_MS;
				for (uint32_t c = 0; c < cores; c++)
					worker_house(worker_set_worker(many->set, c), many->now_ns);
			}
			assert_int_equal(many->n_records, CALLS);
		}
		worker_set_finish(many->set, many->now_ns);
		engine_ledger(many);
		assert_int_equal(many->n_records, CALLS);
		qsort(many->json, many->n_records, sizeof(many->json[0]), compare_text);
		for (uint32_t i = 0; i < CALLS; i++)
			assert_string_equal(many->json[i], one->json[i]);
		assert_true(many->n_records == one->n_records);
		engine_free(many);
	}
	engine_free(one);
}

static void
the_memory_told_is_the_sum_of_its_parts_and_grows_with_cores(void **state)
{
	struct engine *e = engine_new(1);
	uint64_t one = worker_set_memory(e->config, 1, NULL), two = worker_set_memory(e->config, 2, NULL);

	assert_true(one > 0 && two > 2 * one);
	struct worker_table tables[16];
	uint32_t n = worker_set_tables(e->set, tables, 16);
	uint64_t taken = 0;
	for (uint32_t i = 0; i < n; i++) {
		assert_non_null(tables[i].name);
		assert_true(tables[i].bytes && tables[i].resident); /* live: all of it has its place */
		taken += strcmp(tables[i].name, "counters") ? tables[i].bytes : 0;
	}
	assert_int_equal(taken + tones_footprint(e->config->tones.detectors, e->config->tables.streams), one);
	engine_free(e);
}

static void
too_many_cores_are_refused(void **state)
{
	struct config *config;
	struct sys_error error;
	struct worker_set *set;

	assert_int_equal(config_defaults(&config, &error), 0);
	struct worker_options o = {.config = config, .cores = CONFIG_CORES_MAX + 1};
	assert_int_equal(worker_set_new(&set, &o, &error), -BASE_ERR_INVALID);
	o.cores = 0;
	assert_int_equal(worker_set_new(&set, &o, &error), -BASE_ERR_INVALID);
	config_free(config);
}

struct runner {
	struct engine *e;
	bool stop;
};

static void *
keep_house(void *context)
{
	struct runner *r = context;

	for (int64_t now = T0; !__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE); now += WORKER_HOUSE_NS)
		worker_house(worker_set_worker(r->e->set, 0), now);
	return NULL;
}

static void
a_reload_is_taken_up_by_the_running_worker(void **state)
{
	struct engine *e = engine_new(1);
	struct runner r = {e, false};
	struct sys_error error;
	struct classify *before = e->set->classify;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, keep_house, &r), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(worker_set_reload(e->set, e->config, &error), 0);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_ptr_equal(worker_set_worker(e->set, 0)->now_in_force.classify, e->set->classify);
	assert_non_null(before);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_many_workers_as_there_are_tell_the_same),
		cmocka_unit_test(the_memory_told_is_the_sum_of_its_parts_and_grows_with_cores),
		cmocka_unit_test(too_many_cores_are_refused), cmocka_unit_test(a_reload_is_taken_up_by_the_running_worker)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
