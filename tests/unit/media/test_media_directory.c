#include "media_testing.h"

#include <pthread.h>

static const struct base_hash_key key = {1, 2};

static struct media_announce
announce(uint64_t call)
{
	struct media_announce a = {.call = call, .since_ns = (int64_t)call * 3, .side = MEDIA_SIDE_CALLEE, .n_codecs = MEDIA_CODECS_MAX,
		.srtp = call & 1, .t38 = call & 2};
	for (uint32_t i = 0; i < MEDIA_CODECS_MAX; i++)
		a.codecs[i] = (struct media_codec_map){(uint32_t)call + i, (uint8_t)(call + i), (uint8_t)(call * 5 + i)};
	return a;
}

/* All of a says the same call: no half of another writing. */
static bool
is_whole(const struct media_announce *a)
{
	struct media_announce want = announce(a->call);
	return a->since_ns == want.since_ns && a->side == want.side && a->n_codecs == want.n_codecs && a->srtp == want.srtp &&
		a->t38 == want.t38 && memcmp(a->codecs, want.codecs, sizeof(want.codecs)) == 0;
}

static void
newest_announcement_counts_and_only_its_call_withdraws(void **state)
{
	void *mem = aligned_alloc(64, media_directory_footprint(4));
	struct media_directory *d = media_directory_new(mem, 4, &key);
	struct base_endpoint at = endpoint(1, 5004), other = endpoint(1, 5006);
	struct media_announce a = announce(7), b = announce(8), out;

	assert_false(media_directory_find(d, &at, &out));
	assert_true(media_directory_publish(d, &at, &a));
	assert_true(media_directory_find(d, &at, &out));
	assert_true(out.call == 7 && is_whole(&out));
	assert_false(media_directory_find(d, &other, &out));
	assert_true(media_directory_publish(d, &at, &b));
	media_directory_withdraw(d, &at, 7);
	assert_true(media_directory_find(d, &at, &out));
	assert_true(out.call == 8 && is_whole(&out));
	media_directory_withdraw(d, &at, 8);
	assert_false(media_directory_find(d, &at, &out));
	media_directory_withdraw(d, &at, 8);
	free(mem);
}

static void
full_refuses_new_endpoints_and_still_renews_known_ones(void **state)
{
	void *mem = aligned_alloc(64, media_directory_footprint(3));
	struct media_directory *d = media_directory_new(mem, 3, &key);
	struct base_endpoint at[4];
	struct media_announce a = announce(1), b = announce(2), out;

	for (uint8_t i = 0; i < 4; i++) {
		at[i] = endpoint(i, 4000);
		assert_int_equal(media_directory_publish(d, &at[i], &a), i < 3);
	}
	assert_true(media_directory_publish(d, &at[2], &b));
	media_directory_withdraw(d, &at[0], 1);
	assert_true(media_directory_publish(d, &at[3], &b));
	assert_false(media_directory_find(d, &at[0], &out));
	assert_true(media_directory_find(d, &at[3], &out) && out.call == 2);
	free(mem);
}

static void
too_many_codecs_are_cut(void **state)
{
	void *mem = aligned_alloc(64, media_directory_footprint(1));
	struct media_directory *d = media_directory_new(mem, 1, &key);
	struct base_endpoint at = endpoint(9, 9);
	struct media_announce a = announce(1), out;

	a.n_codecs = 200;
	assert_true(media_directory_publish(d, &at, &a));
	assert_true(media_directory_find(d, &at, &out));
	assert_int_equal(out.n_codecs, MEDIA_CODECS_MAX);
	free(mem);
}

static void
directory_agrees_with_a_list_over_churn(void **state)
{
	enum { MAX = 300, KEYS = 400 };
	void *mem = aligned_alloc(64, media_directory_footprint(MAX));
	struct media_directory *d = media_directory_new(mem, MAX, &key);
	uint64_t call[KEYS] = {0}, seed = 4;
	uint32_t inside = 0;
	struct media_announce a;

	for (uint32_t round = 0; round < 30000; round++) {
		uint32_t k = (uint32_t)(test_random(&seed) % KEYS);
		struct base_endpoint at = endpoint((uint8_t)(k & 3), (uint16_t)(k + 1));
		if (test_random(&seed) & 1) {
			a = announce(round + 1);
			assert_int_equal(media_directory_publish(d, &at, &a), call[k] || inside < MAX);
			if (call[k] || inside < MAX)
				inside += !call[k], call[k] = round + 1;
		} else {
			media_directory_withdraw(d, &at, call[k]);
			inside -= call[k] != 0, call[k] = 0;
		}
		if (round % 16)
			continue;
		k = (uint32_t)(test_random(&seed) % KEYS);
		at = endpoint((uint8_t)(k & 3), (uint16_t)(k + 1));
		assert_int_equal(media_directory_find(d, &at, &a), call[k] != 0);
		assert_true(!call[k] || (a.call == call[k] && is_whole(&a)));
	}
	free(mem);
}

#define STEADY 64
struct shared {
	struct media_directory *d;
	bool stop;
	uint64_t seen, torn, missed;
};

static void *
reader(void *context)
{
	struct shared *s = context;
	uint32_t k = 0;
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		struct base_endpoint at = endpoint(1, (uint16_t)(k++ % (2 * STEADY)));
		struct media_announce a;
		bool found = media_directory_find(s->d, &at, &a);
		s->missed += !found && at.port < STEADY;
		s->torn += found && !is_whole(&a);
		s->seen += found;
	}
	return NULL;
}

/* The first STEADY endpoints always stand, renewed all the time; the others come and go. */
static void
readers_beside_the_writer_see_whole_entries_and_miss_none_that_stays(void **state)
{
	void *mem = aligned_alloc(64, media_directory_footprint(2 * STEADY));
	struct shared s = {.d = media_directory_new(mem, 2 * STEADY, &key)};
	pthread_t thread;
	uint64_t seed = 9;

	for (uint16_t i = 0; i < STEADY; i++) {
		struct base_endpoint at = endpoint(1, i);
		struct media_announce a = announce(i + 1);
		assert_true(media_directory_publish(s.d, &at, &a));
	}
	assert_int_equal(pthread_create(&thread, NULL, reader, &s), 0);
	for (uint64_t i = 1; i < 200000; i++) {
		struct base_endpoint at = endpoint(1, (uint16_t)(test_random(&seed) % (2 * STEADY)));
		struct media_announce a = announce(i), old;
		bool there = media_directory_find(s.d, &at, &old);
		if (there && at.port >= STEADY)
			media_directory_withdraw(s.d, &at, old.call);
		else
			assert_true(media_directory_publish(s.d, &at, &a));
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(s.torn, 0);
	assert_int_equal(s.missed, 0);
	free(mem);
}

static void
a_guess_yields_to_what_sdp_says(void **state)
{
	void *mem = aligned_alloc(64, media_directory_footprint(8));
	struct media_directory *d = media_directory_new(mem, 8, &key);
	struct base_endpoint at = endpoint(1, 4000);
	struct media_announce guess = {.call = 5, .since_ns = 9, .guess = true}, said = {.call = 6, .since_ns = 1}, got;

	assert_true(media_directory_publish(d, &at, &guess));
	assert_true(media_directory_find(d, &at, &got));
	assert_true(got.guess && got.call == 5);
	assert_true(media_directory_publish(d, &at, &said));
	assert_true(media_directory_publish(d, &at, &guess));
	assert_true(media_directory_find(d, &at, &got));
	assert_true(!got.guess && got.call == 6);
	media_directory_withdraw(d, &at, 5);
	assert_true(media_directory_find(d, &at, &got));
	free(mem);
}

/* Addresses of both kinds, some of them alike but for the kind; more codecs than there are sets. */
static void
every_endpoint_has_its_own_announcement(void **state)
{
	const uint32_t n = MEDIA_SETS_MAX + 1000;
	void *mem = aligned_alloc(64, media_directory_footprint(n));
	struct media_directory *d = media_directory_new(mem, n, &key);

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < n; i++) {
			struct base_endpoint at = {base_ip_v4((uint8_t[]){10, 0, (uint8_t)(i >> 9), (uint8_t)(i >> 1)}), 4000};
			at.ip.b[0] = i & 1; /* ::ffff:a.b.c.d, or an address of IPv6 with the same end */
			struct media_announce a = announce(i + 1);
			assert_true(media_directory_publish(d, &at, &a));
		}
		for (uint32_t i = 0; i < n; i++) {
			struct base_endpoint at = {base_ip_v4((uint8_t[]){10, 0, (uint8_t)(i >> 9), (uint8_t)(i >> 1)}), 4000};
			struct media_announce out;
			at.ip.b[0] = i & 1;
			assert_true(media_directory_find(d, &at, &out));
			assert_true(out.call == i + 1 && is_whole(&out));
			if (round == 1)
				media_directory_withdraw(d, &at, i + 1);
		}
	}
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_endpoint_has_its_own_announcement), cmocka_unit_test(newest_announcement_counts_and_only_its_call_withdraws),
		cmocka_unit_test(full_refuses_new_endpoints_and_still_renews_known_ones),
		cmocka_unit_test(too_many_codecs_are_cut),
		cmocka_unit_test(a_guess_yields_to_what_sdp_says),
		cmocka_unit_test(directory_agrees_with_a_list_over_churn),
		cmocka_unit_test(readers_beside_the_writer_see_whole_entries_and_miss_none_that_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
