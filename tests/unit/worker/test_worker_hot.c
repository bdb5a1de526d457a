/* The step: every frame ends in exactly one verdict, whatever it is. */
#include "worker_testing.h"

static uint32_t seed = 12345;

static uint32_t
next_random(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static uint64_t
verdicts(const struct engine *e, enum packet_verdict v)
{
	return worker_set_metrics(e->set, 0)->verdicts[v];
}

static void
random_and_mutated_frames_keep_the_ledger_exact(void **state)
{
	struct engine *e = engine_new(1);
	uint8_t good[FRAME_MAX], frame[FRAME_MAX];
	char text[1500];
	struct wire w = {1, 2, 5060, 5060, 17, 0, 0};
	uint32_t sip = sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000), good_len = wire_frame(good, &w, text, sip);

	for (int i = 0; i < 20000; i++) {
		uint32_t len = next_random() % good_len;
		memcpy(frame, good, good_len);
		if (i & 1)
			for (uint32_t k = 0; k < len; k++)
				frame[k] = (uint8_t)next_random();
		for (int k = 0; k < 4; k++)
			frame[next_random() % good_len] = (uint8_t)next_random();
		e->now_ns += BASE_NS_PER_US;
		engine_frame(e, 0, frame, i % 3 ? good_len : len);
		for (uint32_t r = 0; e->n_records > RECORDS_MAX / 2 && r < e->n_records; r++)
			free(e->json[r]), e->n_records = r + 1 == e->n_records ? 0 : e->n_records;
	}
	engine_ledger(e);
	assert_true(verdicts(e, PACKET_VERDICT_SIP) > 0);
	assert_true(verdicts(e, PACKET_VERDICT_MALFORMED) + verdicts(e, PACKET_VERDICT_TRUNCATED) > 0);
	engine_free(e);
}

static void
each_kind_of_payload_has_its_verdict(void **state)
{
	static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	static const struct {
		const char *payload;
		uint32_t len;
		uint16_t port;
		enum packet_verdict verdict;
	} rows[] = {{"\r\n\r\n", 4, 5060, PACKET_VERDICT_KEEPALIVE}, {"hello, world", 12, 4711, PACKET_VERDICT_IGNORED},
		{(const char *)stun, 20, 3478, PACKET_VERDICT_STUN}, {"", 0, 4711, PACKET_VERDICT_IGNORED}};
	struct engine *e = engine_new(1);
	uint8_t frame[FRAME_MAX];

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct wire w = {1, 2, rows[i].port, rows[i].port, 17, 0, 0};
		uint64_t before = verdicts(e, rows[i].verdict);
		engine_frame(e, 0, frame, wire_frame(frame, &w, rows[i].payload, rows[i].len));
		assert_int_equal(verdicts(e, rows[i].verdict), before + 1);
	}
	engine_ledger(e);
	engine_free(e);
}

static void
a_burst_counts_like_its_frames_one_by_one(void **state)
{
	struct engine *e = engine_new(1);
	static uint8_t bytes[RX_BURST_MAX][FRAME_MAX];
	struct rx_frame frames[RX_BURST_MAX];
	struct wire w = {1, 2, 4000, 5000, 17, 0, 0};
	uint8_t rtp[172] = {0x80, 8};

	sip_frame_to(e, 0, 1, "INVITE", "1 INVITE", 4000);
	sip_frame_to(e, 0, 1, "200 OK", "1 INVITE", 5000);
	for (uint32_t i = 0; i < RX_BURST_MAX; i++) {
		base_store_be16(rtp + 2, (uint16_t)i);
		frames[i] = (struct rx_frame){.data = bytes[i], .ts_ns = T0 + i, .link = PACKET_LINK_ETHERNET};
		frames[i].len = frames[i].wire_len = wire_frame(bytes[i], &w, rtp, sizeof(rtp));
	}
	worker_step(worker_set_worker(e->set, 0), frames, RX_BURST_MAX);
	e->frames += RX_BURST_MAX;
	assert_int_equal(verdicts(e, PACKET_VERDICT_RTP), RX_BURST_MAX);
	engine_ledger(e);
	worker_set_finish(e->set, e->now_ns);
	assert_non_null(strstr(e->json[0], "\"packets\":64,"));
	assert_non_null(strstr(e->json[0], "\"sender\":\"caller\""));
	engine_free(e);
}

/* Frame i of a mixture: SIP, media of three streams (one tagged, one nobody announced), an event, RTCP, half a packet, rubbish. */
static uint32_t
mixed_frame(uint8_t *frame, uint32_t i)
{
	static const char *const first[] = {"INVITE", "180 Ringing", "200 OK", "ACK"};
	static const char *const cseq[] = {"1 INVITE", "1 INVITE", "1 INVITE", "1 ACK"};
	struct wire w = {1, 2, 4000, 5000, 17, 0, 0};
	uint8_t rtp[172] = {0x80, 8};
	uint32_t seq = i / 7, len;
	char text[1500];

	base_store_be16(rtp + 2, (uint16_t)seq);
	base_store_be32(rtp + 4, seq * 160);
	rtp[11] = (uint8_t)(i % 7);
	if (i % 40 == 0 && i / 40 < 4) {
		bool response = first[i / 40][0] <= '9';
		struct wire sip = {response ? 2 : 1, response ? 1 : 2, 5060, 5060, 17, 0, 0};
		len = sip_text(text, sizeof(text), 1, first[i / 40], cseq[i / 40], response ? 5000 : 4000);
		return wire_frame(frame, &sip, text, len);
	}
	switch (i % 7) {
	case 0: return wire_frame(frame, &w, rtp, sizeof(rtp));
	case 1:
		len = wire_frame(frame, &(struct wire){2, 1, 5000, 4000, 17, 0, 0}, rtp, sizeof(rtp));
		memmove(frame + 16, frame + 12, len - 12);
		memcpy(frame + 12, (uint8_t[]){0x81, 0, 0, 9}, 4);
		return len + 4;
	case 2: return wire_frame(frame, &(struct wire){3, 4, 6000, 7000, 17, 0, 0}, rtp, sizeof(rtp));
	case 3: rtp[1] = 101, rtp[11] = 0; return wire_frame(frame, &w, rtp, 16);
	case 4: memcpy(rtp, (uint8_t[]){0x81, 200, 0, 6}, 4); return wire_frame(frame, &w, rtp, 28);
	case 5: len = wire_frame(frame, &w, rtp, sizeof(rtp)); frame[20] = i & 8 ? 0x20 : 0; frame[21] = 10; return len;
	default: return i & 8 ? 20 : wire_frame(frame, &(struct wire){9, 9, 9, 9, 17, 0, 0}, "\x80 rubbish", 9);
	}
}

static void
a_mixture_in_bursts_is_what_it_is_frame_by_frame(void **state)
{
	enum { FRAMES = 700 };
	static uint8_t bytes[FRAMES][FRAME_MAX];
	static struct rx_frame frames[FRAMES];
	struct engine *one = engine_new(1);

	for (uint32_t i = 0; i < FRAMES; i++) {
		frames[i] = (struct rx_frame){.data = bytes[i], .ts_ns = T0 + i * 3 * BASE_NS_PER_MS, .link = PACKET_LINK_ETHERNET};
		frames[i].len = frames[i].wire_len = mixed_frame(bytes[i], i);
		worker_step(worker_set_worker(one->set, 0), &frames[i], 1);
	}
	worker_set_finish(one->set, T0 + BASE_NS_PER_SEC * 10);
	for (uint32_t burst = 2; burst <= RX_BURST_MAX; burst *= 2) {
		struct engine *e = engine_new(1);
		for (uint32_t i = 0; i < FRAMES; i += burst)
			worker_step(worker_set_worker(e->set, 0), frames + i, FRAMES - i < burst ? FRAMES - i : burst);
		worker_set_finish(e->set, T0 + BASE_NS_PER_SEC * 10);
		for (int v = 0; v < PACKET_VERDICT_COUNT; v++)
			assert_int_equal(verdicts(e, v), verdicts(one, v));
		assert_int_equal(e->n_records, one->n_records);
		for (uint32_t r = 0; r < e->n_records; r++)
			assert_string_equal(e->json[r], one->json[r]);
		engine_free(e);
	}
	assert_in_range(verdicts(one, PACKET_VERDICT_RTP), 300, 500);
	assert_int_equal(verdicts(one, PACKET_VERDICT_SIP), 4);
	assert_int_equal(one->n_records, 2);
	assert_non_null(strstr(one->json[0], "\"vlan\":9"));
	engine_free(one);
}

static void
a_pressed_worker_keeps_its_sip_and_says_what_it_gave_up(void **state)
{
	struct engine *e = engine_new(1);
	struct worker *worker = worker_set_worker(e->set, 0);
	struct wire w = {1, 2, 4000, 5000, 17, 0, 0};

	sip_frame_to(e, 0, 1, "INVITE", "1 INVITE", 4000);
	sip_frame_to(e, 0, 1, "200 OK", "1 INVITE", 5000);
	sip_frame_to(e, 0, 1, "ACK", "1 ACK", 0);
	for (uint16_t seq = 1; seq <= 100; seq++) {
		e->now_ns += 20 * BASE_NS_PER_MS;
		worker_press(worker, seq > 40 && seq <= 70);
		rtp_frame_to(e, 0, &w, seq, 7);
	}
	worker_press(worker, true);
	e->now_ns += 20 * BASE_NS_PER_MS;
	sip_frame_to(e, 0, 1, "BYE", "2 BYE", 0);
	sip_frame_to(e, 0, 1, "200 OK", "2 BYE", 0);
	assert_int_equal(verdicts(e, PACKET_VERDICT_SHED), 30);
	assert_int_equal(verdicts(e, PACKET_VERDICT_RTP), 70);
	assert_int_equal(verdicts(e, PACKET_VERDICT_SIP), 5);
	engine_ledger(e);
	worker_set_finish(e->set, e->now_ns);
	assert_non_null(strstr(e->json[0], "\"disposition\":\"answered\""));
	assert_non_null(strstr(e->json[0], "\"ended_by\":\"caller\""));
	assert_non_null(strstr(e->json[0], "\"capture_loss\":30"));
	assert_non_null(strstr(e->json[0], "\"mos_reason\":\"capture_loss\""));
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_and_mutated_frames_keep_the_ledger_exact),
		cmocka_unit_test(each_kind_of_payload_has_its_verdict), cmocka_unit_test(a_burst_counts_like_its_frames_one_by_one),
		cmocka_unit_test(a_mixture_in_bursts_is_what_it_is_frame_by_frame),
		cmocka_unit_test(a_pressed_worker_keeps_its_sip_and_says_what_it_gave_up)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
