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
		cmocka_unit_test(a_pressed_worker_keeps_its_sip_and_says_what_it_gave_up)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
