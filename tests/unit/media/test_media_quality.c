#include "media_testing.h"

#define N 3000

/* Packets 20 ms apart of PCMA, each delayed by delay_ms[i]; in order of arrival where they overtake each other. */
struct arrival {
	int64_t ts_ns;
	uint32_t i;
};

static int
by_time(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->i < y->i ? -1 : 1;
}

static struct media_summary
play(struct rig *r, const double *delay_ms, uint32_t n)
{
	static struct arrival list[N];
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 1, .payload_type = 8, .payload_len = 160};

	for (uint32_t i = 0; i < n; i++)
		list[i] = (struct arrival){SEC + i * 20 * MS + (int64_t)(delay_ms[i] * MS), i};
	qsort(list, n, sizeof(list[0]), by_time);
	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t k = 0; k < n; k++) {
		p.seq = (uint16_t)list[k].i;
		p.timestamp = list[k].i * 160;
		p.ts_ns = list[k].ts_ns;
		rig_packet(r, p);
	}
	media_collect(r->m, 1, rig_take, r);
	return r->got[r->n_got - 1];
}

static struct media_summary
play_once(const double *delay_ms, uint32_t n)
{
	struct rig *r = rig_new(4);
	struct media_summary s = play(r, delay_ms, n);

	rig_free(r);
	return s;
}

/* Within a chunk, behind a quickest packet: who is more than 60 ms slower than it is discarded. */
static void
the_fixed_buffer_discards_who_is_later_than_it_holds(void **state)
{
	double delay[450];
	uint64_t seed = 5;

	for (uint32_t round = 0; round < 50; round++) {
		uint32_t want = 0, most = 40 + round;
		for (uint32_t i = 0; i < 450; i++) {
			delay[i] = 10 + (double)(test_random(&seed) % (most * 1000)) / 1000;
			delay[0] = 10;
			want += delay[i] - 10 > 60.001;
			delay[i] += delay[i] > 69.999 && delay[i] <= 70.001 ? 1 : 0;
		}
		assert_int_equal(play_once(delay, 450).discarded, want);
	}
}

static void
discards_are_not_lost_and_weigh_as_losses(void **state)
{
	double delay[450] = {0};

	for (uint32_t i = 100; i < 110; i++)
		delay[i] = 100; /* the train of a short stall: those behind have waited less */
	struct media_summary s = play_once(delay, 450);
	assert_true(s.lost == 0 && s.packets == 450 && s.discarded == 10);
	assert_true(s.bursts == 1 && s.burst_ms == 200 && s.burst_density == 100);
	assert_true(s.mos < 4.3);
	memset(delay, 0, sizeof(delay));
	assert_true(play_once(delay, 450).mos > 4.3);
}

/* A sender's clock that runs off by 500 ppm drifts 30 ms a minute: that alone discards nothing, and is told. */
static void
skew_is_followed_and_told(void **state)
{
	static double delay[N];
	uint64_t seed = 9;

	for (int ppm = -500; ppm <= 500; ppm += 250) {
		for (uint32_t i = 0; i < N; i++)
			delay[i] = 100 - ppm * (double)i * 20e-6 + (double)(test_random(&seed) % 3000) / 1000;
		struct media_summary s = play_once(delay, N);
		assert_int_equal(s.discarded, 0);
		assert_true(fabs(s.skew_ppm - ppm) < 10);
	}
	assert_true(isnan(play_once(delay, 900).skew_ppm)); /* 18 s: nothing to compare */
}

static void
a_way_that_becomes_longer_for_good_is_learnt(void **state)
{
	static double delay[N];

	for (uint32_t i = 0; i < N; i++)
		delay[i] = i < 300 ? 0 : 150;
	assert_int_equal(play_once(delay, N).discarded, 64);
	for (uint32_t i = 0; i < N; i++)
		delay[i] = i < 300 ? 150 : 0; /* becomes shorter: the seven still on the old way are overtaken */
	assert_int_equal(play_once(delay, N).discarded, 7);
}

static void
an_adaptive_buffer_grows_with_the_jitter(void **state)
{
	static double delay[N];
	uint64_t seed = 3;
	struct rig *fixed = rig_new(4), *adaptive = rig_new(4);

	adaptive->m->options.jitter_adaptive = true;
	adaptive->m->options.jitter_max_ms = 300;
	for (uint32_t i = 0; i < N; i++)
		delay[i] = (double)(test_random(&seed) % 100000) / 1000;
	uint64_t discarded = play(fixed, delay, N).discarded;
	assert_true(discarded > N / 4);
	assert_true(play(adaptive, delay, N).discarded < discarded / 10);
	rig_free(fixed);
	rig_free(adaptive);
}

static struct media_summary
with_losses(uint32_t from, uint32_t to, uint32_t every)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 1, .payload_type = 8, .ts_ns = SEC, .payload_len = 160};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < 2600; i++, p.seq++, p.timestamp += 160, p.ts_ns += 20 * MS)
		if (!(i >= from && i < to && i % every == 0))
			rig_packet(r, p);
	media_collect(r->m, 1, rig_take, r);
	struct media_summary s = r->got[0];
	rig_free(r);
	return s;
}

/* 52 s: five whole chunks, one of two seconds.  Of the third chunk a fifth is lost. */
static void
the_worst_chunk_is_found_and_named(void **state)
{
	struct media_summary clean = with_losses(0, 0, 1), s = with_losses(1001, 1499, 5);
	struct rtp_quality_input in = {RTP_CODEC_PCMA, true, 0, 1, 80};
	struct rtp_quality q;

	assert_true(rtp_quality_of(&q, &in));
	assert_true(clean.mos_chunks == 6 && fabs(clean.mos_min - q.mos) < 1e-5 && fabs(clean.mos_mean - q.mos) < 1e-5);
	assert_true(fabs(clean.mos - q.mos) < 1e-9 && fabs(clean.r - q.r) < 1e-9);
	assert_true(clean.delay_ms == 80 && clean.interval_ms == 20); /* 60 of the buffer, 20 of the packet */
	in.loss_percent = 20;
	assert_true(rtp_quality_of(&q, &in));
	assert_int_equal(s.mos_chunks, 6);
	assert_true(fabs(s.mos_min - q.mos) < 0.02);
	assert_true(s.worst_ns == s.first_ns + 20 * SEC);
	assert_true(fabs(s.mos_mean - (5 * clean.mos + s.mos_min) / 6) < 1e-3);
	assert_true(s.mos < clean.mos && s.mos > s.mos_min);
}

static struct media_summary
of_codec(enum rtp_codec codec, uint32_t clock_hz, uint32_t n, uint64_t lost_by_probe)
{
	struct rig *r = rig_new(4);
	struct base_endpoint at = endpoint(2, port_of(2));
	struct media_announce a = {.call = 1, .side = MEDIA_SIDE_CALLEE, .n_codecs = 1, .codecs = {{clock_hz, 97, (uint8_t)codec}}, .srtp = true, .ptime_ms = 30};
	struct rtp p = {.src = 1, .dst = 2, .payload_type = 97, .ts_ns = SEC};

	media_directory_publish(r->d, &at, &a);
	media_note_loss(r->m, 5);
	rig_run(r, p, n / 2);
	media_note_loss(r->m, 5 + lost_by_probe);
	p.seq = (uint16_t)(n / 2), p.timestamp = p.seq * 160u, p.ts_ns += n / 2 * 20 * MS;
	rig_run(r, p, n / 2);
	media_collect(r->m, 1, rig_take, r);
	struct media_summary s = r->got[0];
	rig_free(r);
	return s;
}

static void
no_basis_no_figure_but_a_reason(void **state)
{
#define P(codec, clock, n, lost, reason) do { \
		struct media_summary s = of_codec(codec, clock, n, lost); \
		assert_int_equal(s.mos_reason, reason); \
		assert_int_equal(isnan(s.mos) || isnan(s.r), reason != MEDIA_MOS_GIVEN); \
		assert_int_equal(s.mos_chunks != 0, reason == MEDIA_MOS_GIVEN); \
		assert_int_equal(s.capture_loss, lost); \
		assert_true(s.srtp && s.ptime_ms == 30); \
	} while (0)
	P(RTP_CODEC_G729, 8000, 200, 0, MEDIA_MOS_GIVEN);
	P(RTP_CODEC_G722, 8000, 200, 0, MEDIA_MOS_GIVEN);
	P(RTP_CODEC_SPEEX, 8000, 200, 0, MEDIA_MOS_CODEC);
	P(RTP_CODEC_H264, 90000, 200, 0, MEDIA_MOS_VIDEO);
	P(RTP_CODEC_G729, 8000, 18, 0, MEDIA_MOS_SHORT);
	P(RTP_CODEC_G729, 8000, 40, 0, MEDIA_MOS_SHORT); /* 0.8 s */
	P(RTP_CODEC_G729, 8000, 200, 3, MEDIA_MOS_CAPTURE_LOSS);
#undef P
	assert_true(isnan(of_codec(RTP_CODEC_G729, 8000, 200, 3).burst_density));
}

/* Packets of one video frame share a timestamp: no interval, no buffer that discards the tail of a key frame. */
static void
video_comes_in_trains(void **state)
{
	struct rig *r = rig_new(4);
	struct base_endpoint at = endpoint(2, port_of(2));
	struct media_announce a = {.call = 1, .side = MEDIA_SIDE_CALLEE, .n_codecs = 1, .codecs = {{90000, 97, RTP_CODEC_VP8}}};
	struct rtp p = {.src = 1, .dst = 2, .payload_type = 97, .ts_ns = SEC};

	media_directory_publish(r->d, &at, &a);
	for (uint32_t frame = 0; frame < 300; frame++) {
		uint32_t packets = frame % 30 ? 3 : 40;
		for (uint32_t i = 0; i < packets; i++, p.seq++) {
			p.ts_ns = SEC + frame * 40 * MS + i * 3 * MS;
			p.timestamp = frame * 3600;
			p.marker = i == packets - 1;
			rig_packet(r, p);
		}
	}
	media_collect(r->m, 1, rig_take, r);
	struct media_summary *s = &r->got[0];
	assert_true(s->lost == 0 && s->discarded == 0 && s->silences == 0 && s->markers == 300 && s->interval_ms == 0);
	assert_int_equal(s->mos_reason, MEDIA_MOS_VIDEO);
	rig_free(r);
}

/* Silence suppression: the timestamp leaps, the number does not, a marker says so; comfort noise and events are counted apart. */
static void
silence_noise_and_events_are_told_apart(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .payload_type = 8, .ts_ns = SEC};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t spurt = 0; spurt < 4; spurt++) {
		for (uint32_t i = 0; i < 100; i++, p.seq++, p.timestamp += 160, p.ts_ns += 20 * MS) {
			p.marker = i == 0;
			p.payload_type = 8;
			rig_packet(r, p);
		}
		p.marker = false;
		p.payload_type = 13;
		rig_packet(r, p);
		p.seq++, p.timestamp += 8000, p.ts_ns += SEC; /* one second of silence */
	}
	p.payload_type = 101;
	rig_run(r, p, 9);
	media_collect(r->m, 1, rig_take, r);
	struct media_summary *s = &r->got[0];
	assert_true(s->noise == 4 && s->events == 9 && s->silences == 3 && s->silence_ms == 3 * 1000);
	assert_true(s->discarded == 0 && s->payload_changes == 0 && s->interval_ms == 20 && s->lost == 0);
	rig_free(r);
}

static void
a_change_of_codec_and_of_ssrc_is_told(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 7, .payload_type = 8, .ts_ns = SEC};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	rig_run(r, p, 100);
	p.seq = 100, p.timestamp = 16000, p.ts_ns += 2 * SEC, p.payload_type = 0;
	rig_run(r, p, 50);
	p.ssrc = 9, p.ts_ns += SEC;
	rig_run(r, p, 50);
	media_collect(r->m, 1, rig_take, r);
	assert_int_equal(r->n_got, 2);
	assert_true(r->got[0].payload_changes == 1 && r->got[0].payload_type == 8 && r->got[0].other_payload_type == 0);
	assert_true(r->got[0].other_codec == RTP_CODEC_PCMU && r->got[0].previous_ssrc == 0);
	assert_true(r->got[1].ssrc == 9 && r->got[1].previous_ssrc == 7 && r->got[1].other_codec == RTP_CODEC_NONE);
	rig_free(r);
}

/* Both counters go on in the block of what few streams need: where they leave what the stream itself holds is no step to be seen. */
static void
a_stream_of_terabytes_and_months_is_told_whole(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .payload_type = 8, .payload_len = 160, .ts_ns = SEC};
	uint64_t before = (255ull << 32) + UINT32_MAX - 1000;

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	rig_run(r, p, 10);
	struct media_cold *c = &r->m->cold[0];
	r->m->hot[0].bytes = UINT32_MAX - 1000, c->bytes_high = 255; /* so much has it had, a month ago and before */
	c->first_ns -= (int64_t)UINT16_MAX * MEDIA_CHUNK_NS, c->chunk = UINT16_MAX;
	p.seq = 10, p.timestamp = 1600, p.ts_ns += 200 * MS;
	rig_run(r, p, 1190);
	p.seq = 1250, p.timestamp = 1250 * 160, p.ts_ns = SEC + 1250 * 20 * MS; /* 50 are lost in the third chunk from there */
	rig_run(r, p, 750);
	assert_int_equal(media_more_of(r->m, 0)->bytes_higher, 1);
	assert_int_equal(media_more_of(r->m, 0)->chunk_high, 1);
	media_collect(r->m, 1, rig_take, r);
	struct media_summary *s = &r->got[0];
	assert_true(s->packets == 1950 && s->lost == 50 && s->discarded == 0);
	assert_int_equal(s->bytes, before + 1940 * 160);
	assert_int_equal(s->mos_chunks, 4); /* none of the 65535 without a packet */
	assert_int_equal(s->worst_ns, 21 * SEC);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fixed_buffer_discards_who_is_later_than_it_holds),
		cmocka_unit_test(discards_are_not_lost_and_weigh_as_losses),
		cmocka_unit_test(skew_is_followed_and_told),
		cmocka_unit_test(a_way_that_becomes_longer_for_good_is_learnt),
		cmocka_unit_test(an_adaptive_buffer_grows_with_the_jitter),
		cmocka_unit_test(the_worst_chunk_is_found_and_named),
		cmocka_unit_test(no_basis_no_figure_but_a_reason),
		cmocka_unit_test(video_comes_in_trains),
		cmocka_unit_test(silence_noise_and_events_are_told_apart),
		cmocka_unit_test(a_change_of_codec_and_of_ssrc_is_told),
		cmocka_unit_test(a_stream_of_terabytes_and_months_is_told_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
