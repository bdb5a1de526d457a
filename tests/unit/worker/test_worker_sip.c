/* SIP out of TCP streams: segments of any size give the same call as datagrams; bytes behind a lost segment are found again. */
#include "worker_testing.h"

static uint32_t
call_text(char *out, size_t cap)
{
	uint32_t len = sip_text(out, cap, 1, "INVITE", "1 INVITE", 4000);

	len += sip_text(out + len, cap - len, 1, "ACK", "1 ACK", 0);
	return len + sip_text(out + len, cap - len, 1, "BYE", "2 BYE", 0);
}

static void
segment(struct engine *e, const char *text, uint32_t at, uint32_t len)
{
	struct wire w = {1, 2, 40000, 5060, 6, 0, 1000 + at};
	uint8_t frame[FRAME_MAX];

	engine_frame(e, 0, frame, wire_frame(frame, &w, text + at, len));
}

static void
segments_of_any_size_give_the_same_call(void **state)
{
	char text[4000], *first = NULL;
	uint32_t len = call_text(text, sizeof(text));

	for (uint32_t size = 1; size < 1200; size += size < 64 ? 1 : 97) {
		struct engine *e = engine_new(1);
		for (uint32_t at = 0; at < len; at += size)
			segment(e, text, at, len - at < size ? len - at : size);
		worker_set_finish(e->set, e->now_ns);
		engine_ledger(e);
		assert_int_equal(e->n_records, 1);
		assert_non_null(strstr(e->json[0], "\"messages\":3,"));
		if (first == NULL)
			first = strdup(e->json[0]);
		assert_string_equal(e->json[0], first);
		engine_free(e);
	}
	free(first);
}

static void
segments_out_of_order_and_again_give_the_same_call(void **state)
{
	struct engine *e = engine_new(1);
	char text[4000];
	uint32_t len = call_text(text, sizeof(text));

	segment(e, text, 0, 100);
	segment(e, text, 300, 100);
	segment(e, text, 0, 200);
	segment(e, text, 400, len - 400);
	segment(e, text, 100, 250);
	worker_set_finish(e->set, e->now_ns);
	assert_int_equal(e->n_records, 1);
	assert_non_null(strstr(e->json[0], "\"messages\":3,"));
	assert_non_null(strstr(e->json[0], "\"retransmissions\":0,"));
	engine_free(e);
}

static void
a_lost_segment_costs_its_message_only(void **state)
{
	struct engine *e = engine_new(1);
	char text[4000];
	uint32_t len = call_text(text, sizeof(text)), bye = (uint32_t)(strstr(text, "BYE ") - text);

	segment(e, text, 0, bye - 30); /* the ACK's end is never seen */
	segment(e, text, bye, len - bye);
	e->now_ns += 3 * BASE_NS_PER_SEC;
	worker_house(worker_set_worker(e->set, 0), e->now_ns);
	worker_set_finish(e->set, e->now_ns);
	assert_int_equal(e->n_records, 1);
	assert_non_null(strstr(e->json[0], "\"end_cause\":\"bye\""));
	assert_int_equal(worker_set_metrics(e->set, 0)->values[METRICS_TCP_GAPS], 1);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(segments_of_any_size_give_the_same_call),
		cmocka_unit_test(segments_out_of_order_and_again_give_the_same_call),
		cmocka_unit_test(a_lost_segment_costs_its_message_only)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
