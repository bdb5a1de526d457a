/* Early and confirmed dialogs of a forked call, each by its To tag. */
#include "dialog_testing.h"

static void
forked(struct fixture *f)
{
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	say(f, 10, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 20, BOB, ALICE, "183 Session Progress", "1 INVITE", "a1", "b2", NULL);
	say(f, 30, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL); /* and back: no third */
}

static void
early_ones_stay_early(void **state)
{
	struct fixture *f = fixture_new(16);

	forked(f);
	finish(f, 1000);
	has(f, 0, "\"dialogs\":[{\"to_tag\":\"b1\",\"state\":\"early\",\"sip_code\":180,");
	has(f, 0, "{\"to_tag\":\"b2\",\"state\":\"early\",\"sip_code\":183,");
	has_not(f, 0, "\"answer_time\"");
	fixture_free(f);
}

static void
the_answered_one_is_confirmed_and_the_other_over(void **state)
{
	struct fixture *f = fixture_new(16);

	forked(f);
	say(f, 40, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b2", NULL);
	finish(f, 1000);
	has(f, 0, "{\"to_tag\":\"b1\",\"state\":\"terminated\",\"sip_code\":180,");
	has(f, 0, "{\"to_tag\":\"b2\",\"answer_time\":\"2023-11-14T22:13:20.040000Z\",\"state\":\"confirmed\",\"sip_code\":200,");
	fixture_free(f);
}

static void
of_two_answers_each_ends_by_its_own_bye(void **state)
{
	struct fixture *f = fixture_new(16);

	forked(f);
	say(f, 40, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b2", NULL);
	say(f, 50, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", NULL);
	say(f, 60, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	finish(f, 1000);
	has(f, 0, "\"end_time\":\"2023-11-14T22:13:20.060000Z\",\"state\":\"terminated\"");
	has(f, 0, "\"state\":\"confirmed\"");
	fixture_free(f);
}

static void
a_failure_ends_the_early_ones(void **state)
{
	struct fixture *f = fixture_new(16);

	forked(f);
	say(f, 40, BOB, ALICE, "486 Busy Here", "1 INVITE", "a1", "b1", NULL);
	finish(f, 1000);
	has(f, 0, "{\"to_tag\":\"b1\",\"state\":\"terminated\",\"sip_code\":486,");
	has(f, 0, "{\"to_tag\":\"b2\",\"state\":\"terminated\",\"sip_code\":183,");
	fixture_free(f);
}

static void
a_call_with_one_dialog_has_no_list(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	finish(f, 5000);
	has_not(f, 0, "\"dialogs\"");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(early_ones_stay_early),
		cmocka_unit_test(the_answered_one_is_confirmed_and_the_other_over),
		cmocka_unit_test(of_two_answers_each_ends_by_its_own_bye), cmocka_unit_test(a_failure_ends_the_early_ones),
		cmocka_unit_test(a_call_with_one_dialog_has_no_list)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
