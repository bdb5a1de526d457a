/* The table of what waits for its rest: against a plain list that knows the order of arrival. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet_waiting.h"

#define MAX 13u
#define STEPS 20000u

struct thing {
	struct packet_waiting_entry waiting;
	uint32_t key;
	uint32_t payload;
};

/* The same by a plain list: things[0] is the oldest. */
struct list {
	struct {
		uint32_t key;
		int64_t born_ns;
		struct thing *thing;
	} things[MAX];
	uint32_t n;
};

static void
list_remove(struct list *l, uint32_t i)
{
	memmove(l->things + i, l->things + i + 1, (--l->n - i) * sizeof(l->things[0]));
}

static uint32_t
list_find(const struct list *l, uint32_t key)
{
	uint32_t i = 0;

	while (i < l->n && l->things[i].key != key)
		i++;
	return i;
}

static void *
table_new(struct packet_waiting *w, uint32_t max)
{
	void *mem = aligned_alloc(BASE_CACHE_LINE, packet_waiting_footprint(max, sizeof(struct thing)));

	memset(mem, 0xc3, packet_waiting_footprint(max, sizeof(struct thing)));
	packet_waiting_init(w, mem, max, sizeof(struct thing), sizeof(uint32_t), &BASE_HASH_KEY_REPLAY);
	return mem;
}

static void
does_what_a_list_does(void **state)
{
	struct packet_waiting w;
	void *mem = table_new(&w, MAX);
	struct list l = {.n = 0};
	uint64_t random = 0x9e3779b97f4a7c15u;
	uint32_t refused = 0;

	(void)state;
	for (uint32_t step = 0; step < STEPS; step++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint32_t key = (uint32_t)(random >> 33) % 32, at = list_find(&l, key);
		struct thing *t = packet_waiting_find(&w, &key);

		assert_ptr_equal(t, at < l.n ? l.things[at].thing : NULL);
		if (t) {
			assert_int_equal(t->payload, key * 3);
			packet_waiting_free(&w, t);
			list_remove(&l, at);
		} else if ((t = packet_waiting_add(&w, &key, step))) {
			assert_int_equal(t->key, key);
			t->payload = key * 3;
			l.things[l.n].key = key;
			l.things[l.n].born_ns = step;
			l.things[l.n++].thing = t;
		} else {
			assert_int_equal(l.n, MAX);
			refused++;
			packet_waiting_free(&w, packet_waiting_oldest(&w, NULL));
			list_remove(&l, 0);
		}
		assert_ptr_equal(packet_waiting_oldest(&w, NULL), l.n ? l.things[0].thing : NULL);
		assert_ptr_equal(packet_waiting_oldest(&w, l.things[0].thing), l.n > 1 ? l.things[1].thing : NULL);
	}
	assert_true(refused > 100);
	free(mem);
}

static void
only_what_is_older_than_the_timeout_is_overdue(void **state)
{
	struct packet_waiting w;
	void *mem = table_new(&w, 2);
	uint32_t first = 1, second = 2;
	void *a = packet_waiting_add(&w, &first, 100), *b = packet_waiting_add(&w, &second, 200);

	(void)state;
	assert_null(packet_waiting_overdue(&w, 100 + PACKET_WAITING_TIMEOUT_NS));
	assert_ptr_equal(packet_waiting_overdue(&w, 101 + PACKET_WAITING_TIMEOUT_NS), a);
	packet_waiting_free(&w, a);
	assert_null(packet_waiting_overdue(&w, 200 + PACKET_WAITING_TIMEOUT_NS));
	assert_ptr_equal(packet_waiting_overdue(&w, 201 + PACKET_WAITING_TIMEOUT_NS), b);
	free(mem);
}

static void
a_table_of_one_holds_one(void **state)
{
	struct packet_waiting w;
	void *mem = table_new(&w, 1);
	uint32_t first = 1, second = 2;
	void *a = packet_waiting_add(&w, &first, 0);

	(void)state;
	assert_non_null(a);
	assert_null(packet_waiting_add(&w, &second, 0));
	assert_null(packet_waiting_oldest(&w, a));
	packet_waiting_free(&w, a);
	assert_null(packet_waiting_oldest(&w, NULL));
	assert_ptr_equal(packet_waiting_add(&w, &second, 0), a);
	assert_null(packet_waiting_find(&w, &first));
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_what_a_list_does),
		cmocka_unit_test(only_what_is_older_than_the_timeout_is_overdue),
		cmocka_unit_test(a_table_of_one_holds_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
