/* Laws: SDP that comes late changes no jitter; nobody guesses for ever. */
#include "media_testing.h"

static void
announce_96(struct rig *r, uint32_t clock_hz)
{
	struct media_announce a = {.call = 7, .side = MEDIA_SIDE_CALLEE, .n_codecs = 1, .codecs = {{clock_hz, 96, RTP_CODEC_OTHER}}};
	struct base_endpoint at = endpoint(2, port_of(2));

	assert_true(media_directory_publish(r->d, &at, &a));
}

/* n packets of 96 with jitter, SDP before number sdp; the summary. */
static struct media_summary
run(uint32_t clock_hz, uint32_t n, uint32_t sdp, uint32_t step_ms)
{
	struct rig *r = rig_new(8);
	uint64_t random = 5;

	for (uint32_t i = 0; i < n; i++) {
		int64_t ts_ns = SEC + i * step_ms * MS + (int64_t)(test_random(&random) % 7000000);
		if (i == sdp)
			announce_96(r, clock_hz);
		media_advance(r->m, ts_ns, NULL, NULL);
		rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 5, .seq = (uint16_t)i, .timestamp = i * step_ms * (clock_hz / 100) / 10,
			.payload_type = 96, .ts_ns = ts_ns});
	}
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 1);
	struct media_summary got = r->got[0];
	assert_int_equal(r->m->guesses.fresh, sdp > 0);
	assert_int_equal(r->m->guesses.free, sdp > 0); /* and given back */
	rig_free(r);
	return got;
}

static void
sdp_that_comes_late_changes_no_jitter(void **state)
{
	static const uint32_t clocks[] = {8000, 16000, 48000, 90000, 24000, 32000, 12000};

	for (size_t i = 0; i < base_count_of(clocks); i++) {
		struct media_summary known = run(clocks[i], 400, 0, 20);
		assert_true(known.jitter_ms_mean > 1);
		for (uint32_t sdp = 2; sdp < 190; sdp += 47) {
			struct media_summary late = run(clocks[i], 400, sdp, 20);
			assert_int_equal(late.clock_hz, clocks[i]);
			assert_true(fabs(late.jitter_ms_mean - known.jitter_ms_mean) < 1e-4);
			assert_true(fabs(late.jitter_ms_max - known.jitter_ms_max) < 1e-4);
		}
	}
}

/* A clock that nobody guessed, and SDP after half a minute: jitter counts from there. */
static void
else_it_counts_from_there(void **state)
{
	struct media_summary odd = run(11000, 400, 100, 20), late = run(8000, 200, 150, 250);

	assert_true(odd.clock_hz == 11000 && odd.jitter_ms_mean > 1);
	assert_true(late.clock_hz == 8000 && late.jitter_ms_mean > 1);
}

/* Known to the call from a later offer, though the stream goes on without a change. */
static void
a_later_offer_tells_of_the_payload_type_in_use(void **state)
{
	struct rig *r = rig_new(8);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 5, .payload_type = 96, .ts_ns = SEC};
	struct media_announce a = {.call = 7, .side = MEDIA_SIDE_CALLEE};
	struct base_endpoint at = endpoint(2, port_of(2));

	media_directory_publish(r->d, &at, &a);
	rig_run(r, p, 50);
	announce_96(r, 8000);
	p.seq = 50;
	p.timestamp = 50 * 160;
	p.ts_ns += SEC;
	rig_run(r, p, 50);
	media_collect(r->m, 7, rig_take, r);
	assert_true(r->got[0].clock_hz == 8000 && r->got[0].jitter_ms_max < 0.001);
	assert_true(r->got[0].payload_changes == 0 && r->got[0].interval_ms == 20);
	rig_free(r);
}

/* More of them than there are blocks: they go without. */
static void
many_without_sdp_do_not_disturb(void **state)
{
	struct rig *r = rig_new(200);

	for (uint32_t ssrc = 1; ssrc <= 100; ssrc++)
		rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = ssrc, .payload_type = 100, .ts_ns = SEC}, 20);
	media_finish(r->m, rig_take, r);
	assert_int_equal(r->n_got, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(r->got[i].packets == 20 && isnan(r->got[i].jitter_ms_mean));
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sdp_that_comes_late_changes_no_jitter),
		cmocka_unit_test(else_it_counts_from_there),
		cmocka_unit_test(a_later_offer_tells_of_the_payload_type_in_use),
		cmocka_unit_test(many_without_sdp_do_not_disturb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
