/* Housekeeping: the clock closes what is over; loss told by the control thread reaches the records; the end records the rest. */
#include "worker_testing.h"

static void
house_closes_calls_by_the_clock(void **state)
{
	struct engine *e = engine_new(1);

	sip_frame_to(e, 0, 1, "INVITE", "1 INVITE", 0);
	sip_frame_to(e, 0, 1, "486 Busy Here", "1 INVITE", 0);
	worker_house(worker_set_worker(e->set, 0), T0 + 4 * BASE_NS_PER_SEC);
	assert_int_equal(e->n_records, 0);
	worker_house(worker_set_worker(e->set, 0), T0 + 6 * BASE_NS_PER_SEC);
	assert_int_equal(e->n_records, 1);
	assert_non_null(strstr(e->json[0], "\"disposition\":\"busy\""));
	engine_free(e);
}

static void
loss_before_the_worker_is_in_the_record(void **state)
{
	struct engine *e = engine_new(1);

	worker_house(worker_set_worker(e->set, 0), T0);
	sip_frame_to(e, 0, 1, "INVITE", "1 INVITE", 0);
	worker_note_loss(worker_set_worker(e->set, 0), 17);
	e->now_ns += BASE_NS_PER_SEC;
	sip_frame_to(e, 0, 1, "486 Busy Here", "1 INVITE", 0);
	worker_set_finish(e->set, e->now_ns);
	assert_non_null(strstr(e->json[0], "\"capture_loss\":17"));
	engine_free(e);
}

static void
the_end_records_streams_without_a_call(void **state)
{
	struct engine *e = engine_new(1);
	struct wire w = {7, 8, 4000, 5000, 17, 0, 0};

	for (uint16_t seq = 65530; seq != 20; seq++)
		rtp_frame_to(e, 0, &w, seq, 99), e->now_ns += 20 * BASE_NS_PER_MS;
	worker_set_finish(e->set, e->now_ns);
	assert_int_equal(e->n_records, 1);
	assert_non_null(strstr(e->json[0], "\"kind\":\"stream\""));
	assert_non_null(strstr(e->json[0], "\"packets\":26,"));
	assert_non_null(strstr(e->json[0], "\"lost\":0,"));
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(house_closes_calls_by_the_clock),
		cmocka_unit_test(loss_before_the_worker_is_in_the_record), cmocka_unit_test(the_end_records_streams_without_a_call)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
