/* Which BYE ended a call. */
#include "dialog_testing.h"

static void
the_response_to_a_bye_that_was_not_seen_ends_the_call(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	say(f, 5000, ALICE, BOB, "200 OK", "7 BYE", "b1", "a1", NULL);
	finish(f, 60000);
	has(f, 0, "\"duration_ms\":2000.000,\"duration_basis\":\"bye\"");
	has(f, 0, "\"ended_by\":\"callee\"");
	fixture_free(f);
}

static void
a_second_answer_given_up_does_not_end_the_call(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	say(f, 3020, BOB, ALICE, "200 OK", "1 INVITE", "a1", "c1", SDP_BOB);
	say(f, 3040, ALICE, BOB, "BYE", "2 BYE", "a1", "c1", NULL);
	say(f, 9000, ALICE, BOB, "BYE", "3 BYE", "a1", "b1", NULL);
	finish(f, 60000);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"duration_ms\":6000.000");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_response_to_a_bye_that_was_not_seen_ends_the_call),
		cmocka_unit_test(a_second_answer_given_up_does_not_end_the_call)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
