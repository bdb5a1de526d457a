/* Between the cores: SIP finds its owner, streams find their call, and a full ring is counted, not waited for. */
#include "worker_testing.h"

static void
sip_on_any_core_reaches_one_owner(void **state)
{
	struct engine *e = engine_new(4);

	sip_frame_to(e, 0, 1, "INVITE", "1 INVITE", 0);
	sip_frame_to(e, 1, 1, "180 Ringing", "1 INVITE", 0);
	sip_frame_to(e, 2, 1, "486 Busy Here", "1 INVITE", 0);
	sip_frame_to(e, 3, 1, "ACK", "1 ACK", 0);
	worker_set_finish(e->set, e->now_ns);
	assert_int_equal(e->n_records, 1);
	assert_non_null(strstr(e->json[0], "\"messages\":4,"));
	engine_ledger(e);
	engine_free(e);
}

static void
a_full_ring_drops_and_counts(void **state)
{
	struct engine *e = engine_new(2);
	uint8_t frame[FRAME_MAX];
	char text[1500];
	uint64_t full;

	for (int i = 0; i < 20000; i++) { /* only core 0 works: core 1 never empties its ring */
		struct wire w = {1, 2, 5060, 5060, 17, 0, 0};
		struct rx_frame f = {.data = frame, .ts_ns = T0 + i, .link = PACKET_LINK_ETHERNET};
		f.len = f.wire_len = wire_frame(frame, &w, text, sip_text(text, sizeof(text), i % 900, "INVITE", "1 INVITE", 0));
		worker_step(worker_set_worker(e->set, 0), &f, 1);
		e->frames++;
	}
	full = worker_set_metrics(e->set, 0)->values[METRICS_SHARD_FULL];
	assert_true(full > 0);
	assert_int_equal(full + worker_set_metrics(e->set, 0)->values[METRICS_SIP_HANDED_OVER] +
		worker_set_metrics(e->set, 0)->values[METRICS_SIP_MESSAGES], 20000);
	engine_ledger(e);
	worker_set_finish(e->set, e->now_ns);
	char loss[64];
	snprintf(loss, sizeof(loss), "\"capture_loss\":%llu,", (unsigned long long)full);
	for (uint32_t i = 0; i < e->n_records; i++) /* no call is told as whole that may lack a message */
		assert_non_null(strstr(e->json[i], loss));
	assert_true(e->n_records > 0);
	engine_free(e);
}

static void
a_long_silent_call_is_kept_by_media_on_another_core(void **state)
{
	struct engine *e = engine_new(2);
	struct wire w = {1, 2, 4000, 5000, 17, 0, 0};
	struct worker *worker;

	for (int n = 0; n < 2; n++) { /* two Call-IDs: whichever owner, one call's media is elsewhere */
		sip_frame_to(e, 0, n, "INVITE", "1 INVITE", (uint16_t)(4000 + 2 * n));
		sip_frame_to(e, 0, n, "200 OK", "1 INVITE", (uint16_t)(5000 + 2 * n));
	}
	for (uint16_t seq = 0; seq < 750; seq++) {
		for (uint16_t n = 0; n < 2; n++) {
			w.src_port = (uint16_t)(4000 + 2 * n);
			w.dst_port = (uint16_t)(5000 + 2 * n);
			rtp_frame_to(e, n, &w, seq, 5u + n);
		}
		e->now_ns += 10 * BASE_NS_PER_SEC; /* 7 500 s in all, past call_idle_s */
	}
	for (uint32_t c = 0; c < 2; c++) {
		worker = worker_set_worker(e->set, c);
		worker_house(worker, e->now_ns + BASE_NS_PER_SEC);
	}
	uint32_t interims = e->n_records;
	assert_int_equal(interims, 2 * 8); /* one each 900 s */
	for (uint32_t i = 0; i < interims; i++)
		assert_non_null(strstr(e->json[i], "\"status\":\"interim\""));
	worker_set_finish(e->set, e->now_ns);
	assert_int_equal(e->n_records, interims + 2);
	for (uint32_t i = interims; i < interims + 2; i++)
		assert_non_null(strstr(e->json[i], "\"packets\":750,"));
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sip_on_any_core_reaches_one_owner),
		cmocka_unit_test(a_full_ring_drops_and_counts), cmocka_unit_test(a_long_silent_call_is_kept_by_media_on_another_core)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
