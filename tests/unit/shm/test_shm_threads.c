/* A probe and a collector at the same time over a small ring that wraps many times: every number
 * comes once, in order, and its bytes whole; what is missing is exactly what publication refused.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "record.h"
#include "shm.h"

#define RECORDS 1000000ull
#define PAYLOAD_MAX 96

struct probe {
	struct shm shm;
	bool wait; /* try again instead of losing: then nothing is missing */
	uint64_t refused;
	bool finished; /* stored with release, last */
};

static void *
probe_thread(void *argument)
{
	struct probe *p = argument;
	uint8_t record[RECORD_HEADER_BYTES + PAYLOAD_MAX] = {0};

	record[8] = RECORD_VERSION;
	record[9] = RECORD_CALL;
	for (uint64_t i = 1; i <= RECORDS; i++) {
		uint32_t len = RECORD_HEADER_BYTES + (uint32_t)(i * 7 % (PAYLOAD_MAX + 1));
		memset(record + RECORD_HEADER_BYTES, (int)(i & 0xff), PAYLOAD_MAX);
		while (p->wait && shm_backlog(&p->shm, 0) > p->shm.ring_bytes - 512)
			sched_yield();
		p->refused += !shm_publish(&p->shm, 0, record, len);
	}
	__atomic_store_n(&p->finished, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Returns the sequence; the record must be the one that got it. */
static uint64_t
check(const struct base_ring_message *m)
{
	uint64_t seq;

	memcpy(&seq, m->p, sizeof(seq));
	assert_int_equal(m->len, RECORD_HEADER_BYTES + seq * 7 % (PAYLOAD_MAX + 1));
	for (uint32_t i = RECORD_HEADER_BYTES; i < m->len; i++)
		if (m->p[i] != (uint8_t)seq)
			fail_msg("record %llu torn", (unsigned long long)seq);
	return seq;
}

static void
run_both(bool wait)
{
	const struct shm_layout layout = {1, 4096};
	uint64_t bytes = shm_segment_bytes(&layout), last = 0, missing = 0, got = 0;
	struct probe p = {.wait = wait};
	struct shm s;
	void *mem = aligned_alloc(BASE_CACHE_LINE, bytes);
	pthread_t thread;

	assert_int_equal(shm_create(&p.shm, mem, bytes, &layout, BASE_SPAN("p"), 0), 0);
	assert_int_equal(shm_attach(&s, mem, bytes), 0);
	assert_int_equal(pthread_create(&thread, NULL, probe_thread, &p), 0);
	uint64_t cursor = shm_cursor(&s, 0);
	for (;;) {
		struct base_ring_message m;
		bool finished = __atomic_load_n(
			&p.finished, __ATOMIC_ACQUIRE); /* before the ring is found empty */
		enum base_ring_result result = shm_next(&s, 0, &cursor, &m);
		assert_int_not_equal(result, BASE_RING_CORRUPT);
		if (result == BASE_RING_MESSAGE) {
			uint64_t seq = check(&m);
			assert_true(seq > last);
			missing += seq - last - 1;
			last = seq, got++;
			if (got % 16 == 0)
				shm_release(&s, 0, cursor);
			continue;
		}
		shm_release(&s, 0, cursor);
		if (finished)
			break;
		sched_yield();
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	missing += RECORDS - last;
	assert_int_equal(missing, p.refused);
	assert_int_equal(got + missing, RECORDS);
	assert_true(!wait || missing == 0);
	assert_true(base_ring_head(shm_ring(&s, 0)) > 1000 * layout.ring_bytes || !wait);
	free(mem);
}

static void
probe_that_never_waits(void **state)
{
	run_both(false);
}

static void
probe_that_finds_room(void **state)
{
	run_both(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_that_never_waits),
		cmocka_unit_test(probe_that_finds_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
