#include "media_testing.h"

/* What is given back is handed out again, zeroed; an empty pool is said and counted, and no stream has another one's block. */
static void
blocks_come_back_and_run_out(void **state)
{
	struct rig *r = rig_new(16);
	uint32_t n = 0;

	for (uint32_t i = 0; i < 16; i++) {
		memset(&r->m->cold[i], 0, sizeof(r->m->cold[i]));
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

/* Each stream may have such a block: there is always one. */
static void
what_counts_losses_never_runs_out(void **state)
{
	struct rig *r = rig_new(16);

	for (uint32_t i = 0; i < 16; i++) {
		memset(&r->m->cold[i], 0, sizeof(r->m->cold[i]));
		assert_int_equal(media_more_of(r->m, i)->bad_seq, UINT32_MAX);
		media_more_for(r->m, i)->lost_gone = 1000 + i;
	}
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(media_more_of(r->m, i)->lost_gone, 1000 + i);
	media_blocks_give(r->m, 7);
	assert_int_equal(media_more_of(r->m, 7)->lost_gone, 0);
	assert_int_equal(media_more_for(r->m, 7)->lost_gone, 0);
	rig_free(r);
}

static void
ends_are_as_they_were_given(void **state)
{
	struct rig *r = rig_new(4);
	struct base_ip six = {{0x20, 1, 0xd, 0xb8, [15] = 7}}, four = base_ip_v4((uint8_t[]){192, 0, 2, 1});
	const struct media_ends cases[] = {
		{{four, 65535}, {four, 1}}, {{six, 5004}, {four, 5006}}, {{four, 1}, {six, 2}}, {{six, 3}, {six, 4}}};

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 4; i++) {
			struct packet_view view = {.src = cases[i].src, .dst = cases[i].dst};
			memset(&r->m->cold[i], 0, sizeof(r->m->cold[i]));
			media_ends_set(r->m, i, &view);
		}
		for (uint32_t i = 0; i < 4; i++) {
			struct media_ends ends = media_ends_of(r->m, i);
			assert_memory_equal(&ends, &cases[i], sizeof(ends));
			media_blocks_give(r->m, i);
		}
	}
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
		for (uint32_t nth = 0; nth < 3; nth++) { /* there is one, and of nobody none */
			media_collect_fetch(r->m, call, nth);
			media_collect_fetch(r->m, ~(uint64_t)call, nth);
		}
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
		cmocka_unit_test(what_counts_losses_never_runs_out),
		cmocka_unit_test(ends_are_as_they_were_given),
		cmocka_unit_test(a_stream_that_ends_gives_its_blocks_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
