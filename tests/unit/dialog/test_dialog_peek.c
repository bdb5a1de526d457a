/* Calls in progress: interim records at their times, by the same uid, whatever the other cores answer. */
#include "dialog_testing.h"

#define S BASE_NS_PER_SEC

static struct fixture *
fixture_interim(int64_t interval_s)
{
	struct fixture *f = fixture_new(16);
	struct dialog_options options = f->options;

	options.interim_ns = interval_s * S;
	f->options = options;
	f->dialog = dialog_new(f->mem, &f->options);
	return f;
}

static void
advance(struct fixture *f, int64_t from_s, int64_t to_s)
{
	for (int64_t t = from_s; t <= to_s; t++)
		dialog_advance(f->dialog, T0 + t * S);
}

static void
a_long_call_is_recorded_every_interval_from_its_answer_on(void **state)
{
	struct fixture *f = fixture_interim(900);

	answered_call(f);
	f->peek_answer_ns = T0 + 902 * S;
	advance(f, 4, 902);
	assert_int_equal(f->n_records, 0);
	advance(f, 903, 1802);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"status\":\"interim\"");
	has(f, 0, "\"disposition\":\"answered\"");
	has(f, 0, "\"duration_ms\":900000.000,\"duration_basis\":\"interim\"");
	has(f, 0, "\"packets\":7");
	has_not(f, 0, "\"end_time\"");
	has_not(f, 0, "\"end_cause\"");
	assert_int_equal(f->metrics.values[METRICS_RECORDS_INTERIM], 1);
	advance(f, 1803, 2000);
	assert_int_equal(f->n_records, 2);
	say(f, 2001000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	f->stream = (struct media_summary){.packets = 99, .first_ns = T0 + 1, .last_ns = T0 + 2000 * S};
	advance(f, 2002, 2010);
	assert_int_equal(f->n_records, 3);
	has(f, 2, "\"status\":\"final\"");
	has(f, 2, "\"duration_ms\":1998000.000,\"duration_basis\":\"bye\"");
	has(f, 2, "\"packets\":99");
	has_not(f, 2, "\"packets\":7,");
	assert_memory_equal(f->json[0], f->json[2], sizeof("{\"kind\":\"call\",\"uid\":\"") + 31);
	fixture_free(f);
}

static void
messages_do_not_put_the_next_interim_off(void **state)
{
	struct fixture *f = fixture_interim(900);

	answered_call(f);
	for (int64_t t = 100; t < 1000; t += 100) {
		char cseq[32];
		snprintf(cseq, sizeof(cseq), "%d UPDATE", (int)t);
		say(f, t * 1000, ALICE, BOB, "UPDATE", cseq, "a1", "b1", NULL);
		dialog_advance(f->dialog, T0 + t * S);
	}
	advance(f, 901, 905);
	assert_int_equal(f->n_records, 1);
	fixture_free(f);
}

static void
a_clock_that_leaps_owes_one_record(void **state)
{
	struct fixture *f = fixture_interim(10);

	answered_call(f);
	dialog_advance(f->dialog, T0 + 1000 * S);
	assert_int_equal(f->n_records, 1);
	dialog_advance(f->dialog, T0 + 1012 * S);
	assert_int_equal(f->n_records, 2);
	fixture_free(f);
}

static void
interims_do_not_keep_a_silent_call_alive(void **state)
{
	struct fixture *f = fixture_interim(900);

	answered_call(f);
	f->peek_answer_ns = T0 + 1000 * S;
	advance(f, 4, 8199);
	assert_int_equal(f->n_records, 9);
	advance(f, 8200, 8201);
	assert_int_equal(f->n_records, 10);
	has(f, 9, "\"end_cause\":\"timeout\"");
	fixture_free(f);
}

static void
without_an_interval_there_are_none(void **state)
{
	struct fixture *f = fixture_interim(0);

	answered_call(f);
	advance(f, 4, 7000);
	assert_int_equal(f->n_records, 0);
	fixture_free(f);
}

static void
a_core_that_does_not_answer_delays_no_interim_for_long(void **state)
{
	struct fixture *f = fixture_interim(900);

	answered_call(f);
	f->answer_later = true;
	advance(f, 4, 904);
	assert_int_equal(f->n_records, 0);
	advance(f, 905, 906);
	assert_int_equal(f->n_records, 1);
	advance(f, 907, 1806);
	assert_int_equal(f->n_records, 2);
	fixture_free(f);
}

static void
what_was_told_of_a_peek_is_not_in_the_final_record(void **state)
{
	struct fixture *f = fixture_interim(900);

	answered_call(f);
	f->answer_later = true;
	advance(f, 4, 903);
	struct media_summary s = {.call = f->asked, .packets = 11, .so_far = true};
	dialog_add_stream(f->dialog, &s);
	say(f, 903100, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	advance(f, 904, 909);
	assert_int_equal(f->n_collected, 1);
	dialog_add_stream(f->dialog, &s); /* an answer that was under way */
	dialog_peeked(f->dialog, f->asked);
	assert_int_equal(f->n_records, 0);
	s.so_far = false;
	s.packets = 22;
	dialog_add_stream(f->dialog, &s);
	dialog_collected(f->dialog, f->asked);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"status\":\"final\"");
	has(f, 0, "\"packets\":22");
	has_not(f, 0, "\"packets\":11");
	fixture_free(f);
}

static void
all_calls_in_progress_can_be_asked_for(void **state)
{
	struct fixture *f = fixture_interim(0);

	answered_call(f);
	f->call_id = "c2";
	say(f, 4000, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	f->call_id = "c3";
	answered_call(f);
	say(f, 5000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	f->call_id = "c4";
	say(f, 5000, ALICE, BOB, "OPTIONS", "2 OPTIONS", "a1", "", NULL);
	dialog_advance(f->dialog, T0 + 6 * S);
	assert_int_equal(f->n_records, 0);
	dialog_peek_all(f->dialog);
	dialog_advance(f->dialog, T0 + 7 * S);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"call_id\":\"c1\"");
	has(f, 1, "\"call_id\":\"c2\"");
	has(f, 1, "\"status\":\"interim\"");
	has_not(f, 1, "\"disposition\"");
	dialog_advance(f->dialog, T0 + 8 * S);
	assert_int_equal(f->n_records, 2);
	fixture_free(f);
}

static void
a_clock_that_leaps_over_the_end_owes_no_interim(void **state)
{
	struct fixture *f = fixture_interim(900);

	answered_call(f);
	dialog_advance(f->dialog, T0 + 400000 * S);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"status\":\"final\"");
	has(f, 0, "\"end_cause\":\"timeout\"");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_long_call_is_recorded_every_interval_from_its_answer_on),
		cmocka_unit_test(messages_do_not_put_the_next_interim_off), cmocka_unit_test(a_clock_that_leaps_owes_one_record),
		cmocka_unit_test(interims_do_not_keep_a_silent_call_alive), cmocka_unit_test(without_an_interval_there_are_none),
		cmocka_unit_test(a_core_that_does_not_answer_delays_no_interim_for_long),
		cmocka_unit_test(what_was_told_of_a_peek_is_not_in_the_final_record),
		cmocka_unit_test(all_calls_in_progress_can_be_asked_for),
		cmocka_unit_test(a_clock_that_leaps_over_the_end_owes_no_interim)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
