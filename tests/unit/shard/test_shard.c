#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "shard.h"

static const struct base_hash_key key = {5, 6};

static struct shard *
new_shard(uint32_t cores, uint64_t ring_bytes)
{
	void *mem = aligned_alloc(64, base_align_up(shard_footprint(cores, ring_bytes), 64));
	return shard_new(mem, cores, ring_bytes, &key);
}

static bool
send_u64(struct shard *s, uint32_t from, uint32_t to, uint64_t v)
{
	void *p = shard_reserve(s, from, to, sizeof(v), SHARD_SIP);
	if (!p)
		return false;
	memcpy(p, &v, sizeof(v));
	shard_send(s, from, to, sizeof(v));
	return true;
}

static void
owners_are_stable_keyed_and_evenly_spread(void **state)
{
	struct base_hash_key other = {5, 7};
	for (uint32_t cores = 1; cores <= 8; cores++) {
		struct shard *s = new_shard(cores, 64), *t = shard_new(aligned_alloc(64, base_align_up(shard_footprint(cores, 64), 64)), cores, 64, &other);
		uint32_t n[8] = {0}, moved = 0;
		for (uint32_t i = 0; i < 8000; i++) {
			char id[32];
			struct base_text text = base_text_of(id, sizeof(id));
			base_text_u64(&text, i);
			base_text_str(&text, "@10.0.0.1");
			struct base_span span = base_span_of(id, (uint32_t)text.len);
			uint32_t owner = shard_owner(s, span);
			assert_true(owner < cores);
			assert_int_equal(owner, shard_owner(s, span));
			moved += owner != shard_owner(t, span);
			n[owner]++;
		}
		for (uint32_t i = 0; i < cores; i++)
			assert_in_range(n[i], 8000 / cores * 85 / 100, 8000 / cores * 115 / 100);
		assert_true(cores == 1 || moved > 8000 * (cores - 1) / cores * 9 / 10);
		assert_true(shard_owner(s, base_span_of(NULL, 0)) < cores);
		free(s), free(t);
	}
}

struct seen {
	uint64_t next[4]; /* per sender */
	uint32_t n, from[64];
};

static void
take_in_order(void *context, uint32_t from, enum shard_kind kind, const uint8_t *p, uint32_t len)
{
	struct seen *seen = context;
	uint64_t v;
	assert_int_equal(kind, SHARD_SIP);
	assert_int_equal(len, sizeof(v));
	memcpy(&v, p, sizeof(v));
	assert_true(v == seen->next[from]++);
	if (seen->n < 64)
		seen->from[seen->n] = from;
	seen->n++;
}

static void
each_pair_is_in_order_and_nobody_elses(void **state)
{
	struct shard *s = new_shard(3, 1024);
	for (uint64_t i = 0; i < 5; i++)
		assert_true(send_u64(s, 0, 2, i) && send_u64(s, 1, 2, i) && send_u64(s, 2, 2, i));
	struct seen none = {0}, all = {0};
	assert_int_equal(shard_receive(s, 0, 100, take_in_order, &none), 0);
	assert_int_equal(shard_receive(s, 1, 100, take_in_order, &none), 0);
	assert_int_equal(shard_receive(s, 2, 100, take_in_order, &all), 15);
	assert_int_equal(shard_receive(s, 2, 100, take_in_order, &all), 0);
	free(s);
}

static void
a_busy_sender_does_not_starve_the_others(void **state)
{
	struct shard *s = new_shard(3, 4096);
	struct seen seen = {0};
	for (uint64_t i = 0; i < 50; i++)
		send_u64(s, 0, 2, i);
	send_u64(s, 1, 2, 0);
	for (uint32_t round = 0; round < 3; round++)
		assert_true(shard_receive(s, 2, 10, take_in_order, &seen) > 0);
	assert_int_equal(seen.next[1], 1);
	free(s);
}

static void
a_full_ring_refuses_and_goes_on_when_emptied(void **state)
{
	struct shard *s = new_shard(2, 256);
	struct seen seen = {0};
	uint64_t sent = 0;
	for (uint32_t lap = 0; lap < 100; lap++) {
		while (send_u64(s, 0, 1, sent))
			sent++;
		assert_null(shard_reserve(s, 0, 1, 100000, SHARD_SIP));
		shard_receive(s, 1, 1 + lap % 9, take_in_order, &seen);
	}
	shard_receive(s, 1, 1000, take_in_order, &seen);
	assert_true(seen.next[0] == sent && sent > 300);
	free(s);
}

/* What is sent after shard_hold waits for the next one, fillers at the ring's end or not. */
static void
a_hold_keeps_what_comes_later_for_the_next_one(void **state)
{
	struct shard *s = new_shard(2, 256);
	struct seen seen = {0};
	uint64_t sent = 0, had = 0;

	assert_int_equal(shard_hold(s), 0);
	for (uint32_t lap = 0; lap < 200; lap++) {
		for (uint32_t i = 0; i < 1 + lap % 5; i++)
			sent += send_u64(s, 0, 1, sent);
		assert_int_equal(shard_receive(s, 1, 100, take_in_order, &seen), 0);
		assert_true(shard_hold(s) > 0);
		uint64_t held = sent;
		sent += send_u64(s, 0, 1, sent);
		had += shard_receive(s, 1, 100, take_in_order, &seen);
		assert_int_equal(had, held);
		assert_true(shard_hold(s) > 0);
		had += shard_receive(s, 1, 100, take_in_order, &seen);
		assert_int_equal(had, sent);
		assert_int_equal(shard_hold(s), 0);
	}
	send_u64(s, 0, 1, sent);
	shard_let_go(s);
	assert_int_equal(shard_receive(s, 1, 100, take_in_order, &seen), 1);
	free(s);
}

#define MESSAGES 200000

static void *
sender(void *context)
{
	for (uint64_t i = 0; i < MESSAGES;)
		i += send_u64(context, 0, 1, i);
	return NULL;
}

static void
two_threads_lose_and_tear_nothing(void **state)
{
	struct shard *s = new_shard(2, 4096);
	struct seen seen = {0};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, sender, s), 0);
	while (seen.next[0] < MESSAGES)
		shard_receive(s, 1, 32, take_in_order, &seen);
	pthread_join(thread, NULL);
	assert_int_equal(shard_receive(s, 1, 32, take_in_order, &seen), 0);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_are_stable_keyed_and_evenly_spread),
		cmocka_unit_test(a_hold_keeps_what_comes_later_for_the_next_one),
		cmocka_unit_test(each_pair_is_in_order_and_nobody_elses),
		cmocka_unit_test(a_busy_sender_does_not_starve_the_others),
		cmocka_unit_test(a_full_ring_refuses_and_goes_on_when_emptied),
		cmocka_unit_test(two_threads_lose_and_tear_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
