/* What few dialogs have: there when it is asked for, zeroed, for each dialog there may be. */
#include "dialog_testing.h"

static void
every_dialog_may_have_one(void **state)
{
	struct fixture *f = fixture_new(16);
	struct dialog *d = f->dialog;

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 16; i++) {
			assert_int_equal(slot_more_of(d, &d->slots[i])->n_digits, 0);
			assert_int_equal(slot_more_for(d, &d->slots[i])->n_digits, 0);
			slot_more_for(d, &d->slots[i])->n_digits = (uint16_t)(100 + i);
		}
		for (uint32_t i = 0; i < 16; i++)
			assert_int_equal(slot_more_of(d, &d->slots[i])->n_digits, 100 + i);
		for (uint32_t i = 16; i-- > 0;)
			slot_more_give(d, &d->slots[i]);
	}
	assert_int_equal(d->mores.fresh, 16);
	fixture_free(f);
}

static void
a_method_is_counted_beyond_a_byte(void **state)
{
	struct fixture *f = fixture_new(16);
	char cseq[16];

	answered_call(f);
	for (int i = 0; i < 300; i++) {
		snprintf(cseq, sizeof(cseq), "%d INFO", 10 + i);
		say(f, 10000 + i * 100, ALICE, BOB, "INFO", cseq, "a1", "b1", NULL);
	}
	say(f, 90000, ALICE, BOB, "BYE", "1000 BYE", "a1", "b1", NULL);
	dialog_finish(f->dialog, T0 + 100 * BASE_NS_PER_SEC);
	has(f, 0, "INFO:300");
	fixture_free(f);
}

/* Times and counts of a call do not depend on how many of its messages flow[] has room for. */
static void
what_a_call_says_needs_no_room_in_flow(void **state)
{
	static const uint32_t rooms[] = {16, 0, 1, 2, 3, 4, 5, 6};
	static const char *const said[] = {"\"trying_time\":\"2023-11-14T22:13:20.020000Z\"", "\"ringing_time\":\"2023-11-14T22:13:20.700000Z\"",
		"\"early_media_time\":\"2023-11-14T22:13:20.500000Z\"", "\"answer_time\":\"2023-11-14T22:13:23.000000Z\"",
		"\"ack_time\":\"2023-11-14T22:13:23.050000Z\"", "\"pdd_ms\":500", "\"messages\":8"};

	for (uint32_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		struct fixture *f = fixture_new(16);
		f->dialog->options.flow_entries = rooms[i];
		say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
		say(f, 20, BOB, ALICE, "100 Trying", "1 INVITE", "a1", "", NULL);
		say(f, 500, BOB, ALICE, "183 Session Progress", "1 INVITE", "a1", "b1", SDP_BOB);
		say(f, 700, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
		say(f, 900, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
		say(f, 3000, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
		say(f, 3050, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL);
		say(f, 9000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
		dialog_finish(f->dialog, T0 + 100 * BASE_NS_PER_SEC);
		for (uint32_t k = 0; k < sizeof(said) / sizeof(said[0]); k++)
			has(f, 0, said[k]);
		assert_int_equal(f->metrics.values[METRICS_FLOW_TRUNCATED], rooms[i] < 8 ? 8 - rooms[i] : 0);
		fixture_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_dialog_may_have_one), cmocka_unit_test(a_method_is_counted_beyond_a_byte),
		cmocka_unit_test(what_a_call_says_needs_no_room_in_flow)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
