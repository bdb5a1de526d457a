#include "media_testing.h"

static struct media_codecs
set_of(uint32_t number)
{
	return (struct media_codecs){2,
		{{96, RTP_CODEC_PCMA, (uint8_t)number}, {(uint8_t)(number >> 8), (uint8_t)(number >> 16), 1}}};
}

/* Streams that say the same share a set; each reads what it was given; sets come back. */
static void
streams_share_what_they_have_in_common(void **state)
{
	struct rig *r = rig_new(64);

	for (uint32_t i = 0; i < 64; i++)
		r->m->cold[i] = (struct media_cold){.state = MEDIA_TIED};
	for (uint32_t round = 0; round < 1000; round++)
		for (uint32_t i = 0; i < 64; i++) {
			struct media_codecs codecs = set_of(round + i % 3);
			media_codecs_set(r->m, i, &codecs);
			assert_memory_equal(media_codecs_of(r->m, i), &codecs, sizeof(codecs));
		}
	assert_true(r->m->codecs.fresh <= 6);
	for (uint32_t i = 0; i < 64; i++) {
		media_codecs_give(r->m, i);
		assert_int_equal(media_codecs_of(r->m, i)->n, 0);
	}
	for (uint32_t i = 0; i < MEDIA_SETS_BUCKETS; i++)
		assert_int_equal(r->m->codecs.buckets[i], 0);
	rig_free(r);
}

/* More of them than there are sets: then each keeps its own. */
static void
where_all_sets_are_taken_a_stream_keeps_its_own(void **state)
{
	const uint32_t n = MEDIA_SETS_MAX + 100;
	struct rig *r = rig_new(n);

	for (uint32_t i = 0; i < n; i++) {
		struct media_codecs codecs = set_of(i);
		r->m->cold[i] = (struct media_cold){.state = MEDIA_TIED};
		media_codecs_set(r->m, i, &codecs);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct media_codecs codecs = set_of(i);
		assert_memory_equal(media_codecs_of(r->m, i), &codecs, sizeof(codecs));
		assert_int_equal(r->m->cold[i].by_state.tied.codecs == MEDIA_SET_OWN, i >= MEDIA_SETS_MAX);
	}
	media_codecs_give(r->m, 5);
	struct media_codecs codecs = set_of(n);
	media_codecs_set(r->m, n - 1, &codecs);
	assert_int_not_equal(r->m->cold[n - 1].by_state.tied.codecs, MEDIA_SET_OWN);
	assert_memory_equal(media_codecs_of(r->m, n - 1), &codecs, sizeof(codecs));
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_share_what_they_have_in_common),
		cmocka_unit_test(where_all_sets_are_taken_a_stream_keeps_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
