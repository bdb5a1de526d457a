/* Laws: listening changes no figure of a stream; each packet of G.711 is handed out once, with the
 * bytes that are there; the stream's end is told once; nothing of streams nobody asked for, of SRTP
 * and of other codecs. */
#include "media_testing.h"

#define CALLER 1
#define CALLEE 2

struct ear {
	struct rig *r;
	struct media_audio last;
	uint8_t bytes[160];
	uint32_t packets, ends;
};

static void
hear(void *context, const struct media_audio *audio)
{
	struct ear *ear = (struct ear *)context;

	ear->last = *audio;
	if (audio->payload == NULL) {
		ear->ends++;
		return;
	}
	assert_true(audio->len > 0 && audio->len <= sizeof(ear->bytes));
	memcpy(ear->bytes, audio->payload, audio->len);
	ear->packets++;
}

static void
announce(struct rig *r, bool listen, bool srtp)
{
	struct media_announce a = {.call = 7, .side = MEDIA_SIDE_CALLEE, .n_codecs = 3,
		.listen = listen, .srtp = srtp,
		.codecs = {{8000, 0, RTP_CODEC_PCMU}, {8000, 101, RTP_CODEC_TELEPHONE_EVENT},
			{8000, 18, RTP_CODEC_G729}}};
	struct base_endpoint at = endpoint(CALLEE, port_of(CALLEE));
	assert_true(media_directory_publish(r->d, &at, &a));
}

static struct ear *
ear_new(bool listen, bool srtp)
{
	struct ear *ear = calloc(1, sizeof(*ear));

	ear->r = rig_new(64);
	ear->r->m->options.audio = hear;
	ear->r->m->options.digit = NULL;
	ear->r->m->options.evicted = NULL;
	ear->r->m->options.context = ear;
	announce(ear->r, listen, srtp);
	return ear;
}

static void
ear_free(struct ear *ear)
{
	rig_free(ear->r);
	free(ear);
}

/* A packet with there of its 160 bytes of payload. */
static void
packet(struct ear *ear, struct rtp rtp, uint32_t there)
{
	struct test_packet t;
	uint8_t bytes[172];

	rtp.src = CALLER;
	rtp.dst = CALLEE;
	rtp.ssrc = 9;
	rtp.payload_len = 160;
	test_packet_make(&t, &rtp);
	memcpy(bytes, t.bytes, 12);
	memset(bytes + 12, (uint8_t)rtp.seq, 160);
	t.view.payload = bytes;
	t.view.payload_len = (uint16_t)(12 + there);
	rig_burst(ear->r, &t, 1);
}

/* 40 seconds with losses, swaps, doubles, jitter, pauses and events. */
static uint32_t
talk(struct ear *ear, uint64_t seed)
{
	uint32_t sent = 0;

	for (uint16_t i = 0; i < 2000; i++) {
		uint64_t dice = test_random(&seed);
		int64_t late = (int64_t)(dice >> 8 & 15) * MS;
		struct rtp rtp = {.seq = i, .timestamp = i * 160u + (i / 300) * 8000u,
			.ts_ns = SEC + i * 20 * MS + late + (i / 300) * SEC,
			.marker = i % 300 == 0};
		if (dice % 50 == 0 && i > 5)
			continue;
		if (dice % 50 == 1 && i > 5)
			rtp.seq--;
		if (dice % 50 == 2)
			rtp.payload_type = 101;
		packet(ear, rtp, 160);
		sent += rtp.payload_type == 0;
	}
	return sent;
}

static void
the_figures_are_the_same(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct ear *with = ear_new(true, false), *without = ear_new(false, false);
		struct media_summary a, b;
		uint32_t sent = talk(with, seed);
		talk(without, seed);
		assert_int_equal(with->packets, sent);
		assert_int_equal(without->packets, 0);
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		media_figures_summary(with->r->m, 0, &a);
		media_figures_summary(without->r->m, 0, &b);
		assert_true(b.mos_chunks > 1);
		assert_memory_equal(&a, &b, sizeof(a));
		ear_free(with);
		ear_free(without);
	}
}

static void
ignore(void *context, const struct media_summary *summary)
{
}

static void
what_is_handed_out(void **state)
{
	struct ear *ear = ear_new(true, false);

	packet(ear, (struct rtp){.seq = 1, .timestamp = 160, .ts_ns = SEC}, 160);
	packet(ear, (struct rtp){.seq = 2, .timestamp = 320, .ts_ns = 2 * SEC}, 160);
	assert_int_equal(ear->packets, 2);
	assert_int_equal(ear->last.len, 160);
	assert_int_equal(ear->bytes[159], 2);
	assert_int_equal(ear->last.timestamp, 320);
	assert_int_equal(ear->last.ts_ns, 2 * SEC);
	assert_int_equal(ear->last.call, 7);
	assert_int_equal(ear->last.sender, MEDIA_SIDE_CALLER);
	assert_false(ear->last.alaw);
	packet(ear, (struct rtp){.seq = 3, .timestamp = 480, .ts_ns = 2 * SEC}, 8); /* snap length */
	assert_int_equal(ear->last.len, 8);
	packet(ear, (struct rtp){.seq = 4, .timestamp = 640, .ts_ns = 2 * SEC}, 0);
	packet(ear, (struct rtp){.seq = 5, .payload_type = 18, .timestamp = 640, .ts_ns = 2 * SEC}, 20);
	assert_int_equal(ear->packets, 3);
	packet(ear, (struct rtp){.seq = 6, .payload_type = 8, .timestamp = 640, .ts_ns = 2 * SEC}, 160);
	assert_true(ear->last.alaw);
	assert_int_equal(ear->ends, 0);
	media_ended(ear->r->m, 7, 3 * SEC); /* late packets still */
	packet(ear, (struct rtp){.seq = 7, .payload_type = 8, .timestamp = 800, .ts_ns = 4 * SEC}, 160);
	assert_int_equal(ear->packets, 5);
	media_collect(ear->r->m, 7, ignore, NULL);
	assert_int_equal(ear->ends, 1);
	ear_free(ear);
}

static void
what_is_not(void **state)
{
	struct ear *srtp = ear_new(true, true), *unasked = ear_new(false, false);

	talk(srtp, 1);
	talk(unasked, 1);
	media_collect(unasked->r->m, 7, ignore, NULL);
	assert_int_equal(srtp->packets + unasked->packets + unasked->ends, 0);
	ear_free(srtp);
	ear_free(unasked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_figures_are_the_same),
		cmocka_unit_test(what_is_handed_out),
		cmocka_unit_test(what_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
