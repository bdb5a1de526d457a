/* What the cores say of a call's streams: in order of first packet, whole, none lost unsaid. */
#include "dialog_testing.h"

static void
streams_stand_in_order_of_their_first_packet(void **state)
{
	static const uint32_t order[] = {3, 0, 4, 1, 2};
	struct fixture *f = fixture_new(16);
	struct media_summary got;

	answered_call(f);
	f->answer_later = true;
	say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	dialog_advance(f->dialog, T0 + 16 * BASE_NS_PER_SEC);
	struct slot *s = slot_of_handle(f->dialog, f->asked);
	for (uint32_t i = 0; i < 5; i++) {
		struct media_summary stream = {.call = f->asked, .ssrc = order[i], .first_ns = T0 + order[i] / 2, .last_ns = T0 + order[i]};
		dialog_add_stream(f->dialog, &stream);
	}
	assert_int_equal(streams_last_ns(f->dialog, s), T0 + 4);
	chain_ref at = s->call.last_stream;
	for (uint32_t i = 5; i-- > 0;) {
		assert_true(streams_next(f->dialog, &at, &got));
		assert_int_equal(got.ssrc, order[i]);
	}
	assert_false(streams_next(f->dialog, &at, &got));
	dialog_collected(f->dialog, f->asked);
	const char *p = f->json[0];
	for (uint32_t i = 0; i < 5; i++) {
		char ssrc[32];
		snprintf(ssrc, sizeof(ssrc), "\"ssrc\":\"0x%08x\"", i);
		p = strstr(p, ssrc);
		assert_non_null(p);
	}
	fixture_free(f);
}

static void
streams_beyond_the_pool_are_counted(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	f->answer_later = true;
	say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	dialog_advance(f->dialog, T0 + 16 * BASE_NS_PER_SEC);
	for (uint32_t i = 0; i < 1000; i++) {
		struct media_summary stream = {.call = f->asked, .ssrc = i, .first_ns = T0 + i};
		dialog_add_stream(f->dialog, &stream);
	}
	assert_true(f->metrics.values[METRICS_RECORDS_OVERFLOW] > 0);
	dialog_collected(f->dialog, f->asked);
	assert_int_equal(f->n_records, 1);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(streams_stand_in_order_of_their_first_packet),
		cmocka_unit_test(streams_beyond_the_pool_are_counted)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
