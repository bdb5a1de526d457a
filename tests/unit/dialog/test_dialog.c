/* Life of a dialog: timers from the given clock, collecting streams from other cores, the end of the capture. */
#include "dialog_testing.h"

static void
an_ended_call_lingers_for_late_messages(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	dialog_advance(f->dialog, T0 + 14 * BASE_NS_PER_SEC);
	say(f, 14500, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	dialog_advance(f->dialog, T0 + 19 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records, 0);
	dialog_advance(f->dialog, T0 + 20 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"retransmissions\":1");
	fixture_free(f);
}

static void
no_final_response_times_out(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	dialog_advance(f->dialog, T0 + 299 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records, 0);
	dialog_advance(f->dialog, T0 + 301 * BASE_NS_PER_SEC);
	has(f, 0, "\"end_cause\":\"timeout\"");
	has(f, 0, "\"disposition\":\"incomplete\"");
	fixture_free(f);
}

static void
a_silent_established_call_lives_as_long_as_its_media(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	f->peek_answer_ns = T0 + 7000 * BASE_NS_PER_SEC;
	dialog_advance(f->dialog, T0 + 7300 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_peeked, 1);
	assert_int_equal(f->n_records, 0);
	f->stream = (struct media_summary){.packets = 9, .first_ns = T0 + 1, .last_ns = T0 + 7000 * BASE_NS_PER_SEC};
	dialog_advance(f->dialog, T0 + 15000 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"duration_ms\":6997000.000,\"duration_basis\":\"last_rtp\"");
	has(f, 0, "\"end_cause\":\"timeout\"");
	fixture_free(f);
}

static void
streams_of_other_cores_are_waited_for(void **state)
{
	struct fixture *f = fixture_new(16);

	f->answer_later = true;
	answered_call(f);
	say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	dialog_advance(f->dialog, T0 + 16 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_collected, 1);
	assert_int_equal(f->n_records, 0);
	struct media_summary stream = {.call = f->asked, .packets = 77, .ssrc = 5};
	dialog_add_stream(f->dialog, &stream);
	dialog_collected(f->dialog, f->asked);
	assert_int_equal(f->n_records, 1);
	has(f, 0, "\"packets\":77");
	fixture_free(f);
}

static void
a_core_that_does_not_answer_is_not_waited_for_long(void **state)
{
	struct fixture *f = fixture_new(16);

	f->answer_later = true;
	answered_call(f);
	say(f, 10000, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	dialog_advance(f->dialog, T0 + 16 * BASE_NS_PER_SEC);
	dialog_advance(f->dialog, T0 + 19 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records, 1);
	fixture_free(f);
}

static void
the_end_of_the_capture_closes_oldest_first_and_says_so(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	f->call_id = "c2";
	say(f, 100, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	finish(f, 60000);
	assert_int_equal(f->n_records, 2);
	has(f, 0, "\"call_id\":\"c1\"");
	has(f, 0, "\"duration_ms\":57000.000,\"duration_basis\":\"capture_end\"");
	has(f, 1, "\"end_cause\":\"capture_end\"");
	fixture_free(f);
}

/* More than end at once, in three states and of two kinds. */
static void
all_that_is_open_at_the_end_is_written_oldest_first(void **state)
{
	struct fixture *f = fixture_new(64);
	char call_id[16];
	enum { N = 60 };

	for (uint32_t i = 0; i < N; i++) {
		snprintf(call_id, sizeof(call_id), "call-%u", i);
		f->call_id = call_id;
		if (i % 4 == 3) {
			say(f, 10 * i, ALICE, BOB, "MESSAGE", "1 MESSAGE", "a1", "", NULL);
			continue;
		}
		say(f, 10 * i, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
		if (i % 4)
			say(f, 10 * i + 1, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", NULL);
		if (i % 4 == 2)
			say(f, 10 * i + 2, ALICE, BOB, "BYE", "2 BYE", "a1", "b1", NULL);
	}
	finish(f, 1000);
	assert_int_equal(f->n_records, N);
	for (uint32_t i = 0; i < N; i++) {
		snprintf(call_id, sizeof(call_id), "\"call-%u\"", i);
		has(f, i, call_id);
	}
	for (uint32_t nth = 0; nth < base_count_of(f->n_fetched); nth++)
		assert_in_range(f->n_fetched[nth], 1, N);
	fixture_free(f);
}

static void
loss_of_the_probe_is_told_over_the_dialogs_life(void **state)
{
	struct fixture *f = fixture_new(16);

	dialog_note_loss(f->dialog, 1000);
	answered_call(f);
	dialog_note_loss(f->dialog, 1007);
	finish(f, 60000);
	has(f, 0, "\"capture_loss\":7");
	fixture_free(f);
}

static void
a_replay_gives_the_same_bytes(void **state)
{
	struct fixture *a = fixture_new(16), *b = fixture_new(16);

	answered_call(a), finish(a, 5000);
	answered_call(b), finish(b, 5000);
	assert_string_equal(a->json[0], b->json[0]);
	fixture_free(a);
	fixture_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(an_ended_call_lingers_for_late_messages),
		cmocka_unit_test(no_final_response_times_out), cmocka_unit_test(a_silent_established_call_lives_as_long_as_its_media),
		cmocka_unit_test(streams_of_other_cores_are_waited_for),
		cmocka_unit_test(a_core_that_does_not_answer_is_not_waited_for_long),
		cmocka_unit_test(the_end_of_the_capture_closes_oldest_first_and_says_so), cmocka_unit_test(all_that_is_open_at_the_end_is_written_oldest_first),
		cmocka_unit_test(loss_of_the_probe_is_told_over_the_dialogs_life), cmocka_unit_test(a_replay_gives_the_same_bytes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
