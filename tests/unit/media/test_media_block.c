#include "media_testing.h"

/* What is given back is handed out again, zeroed; an empty pool is said and counted, and no stream has another one's block. */
static void
blocks_come_back_and_run_out(void **state)
{
	struct rig *r = rig_new(16);
	uint32_t n = 0;

	for (uint32_t i = 0; i < 16; i++) {
		r->m->cold[i].rare = r->m->cold[i].reports = 0;
		struct media_rare *rare = media_rare_for(r->m, i);
		if (rare == NULL)
			continue;
		n++;
		assert_true(rare->events == 0 && rare->other.payload_type == MEDIA_PT_NONE);
		rare->events = 1000 + i;
	}
	assert_int_equal(n, 16 / 4 + 2);
	assert_int_equal(r->metrics.values[METRICS_STREAM_BLOCKS_REFUSED], 16 - n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(media_rare_of(r->m, i)->events, 1000 + i);
	media_blocks_give(r->m, 2);
	media_blocks_give(r->m, 1);
	assert_null(media_rare_of(r->m, 1));
	for (uint32_t i = 10; i < 12; i++)
		assert_true(media_rare_for(r->m, i)->events == 0);
	assert_null(media_rare_for(r->m, 13));
	rig_free(r);
}

static void
a_stream_that_ends_gives_its_blocks_back(void **state)
{
	struct rig *r = rig_new(8);
	struct rtp p = {.src = 1, .dst = 2, .payload_type = 101, .ts_ns = SEC};

	for (uint32_t call = 1; call < 100; call++) {
		rig_announce(r, 2, call, MEDIA_SIDE_CALLEE);
		p.ssrc = call;
		rig_run(r, p, 5);
		media_collect(r->m, call, rig_take, r);
	}
	assert_int_equal(r->got[98].events, 5);
	assert_int_equal(r->metrics.values[METRICS_STREAM_BLOCKS_REFUSED], 0);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_come_back_and_run_out),
		cmocka_unit_test(a_stream_that_ends_gives_its_blocks_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
