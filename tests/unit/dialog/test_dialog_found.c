/* One pass through the texts of a dialog finds what is found of each alone, whatever there is of them. */
#include "dialog_testing.h"

#define LONG_TEXT (CHAIN_FLAT_BLOCKS * CHAIN_BLOCK / 2 + 100) /* two of them are not looked at together */

static void
each_is_as_when_looked_for_alone(struct dialog *d, struct slot *s)
{
	uint8_t scratch[4096];
	struct base_span alone[TEXT_COUNT];
	static uint8_t copies[TEXT_COUNT][4096];

	found_forget(d, s);
	d->texts_of = NULL;
	for (enum slot_text i = 0; i < TEXT_COUNT; i++) {
		struct base_span text = slot_text(d, s, i, scratch, sizeof(scratch));
		if (text.len)
			memcpy(copies[i], text.p, text.len);
		alone[i] = base_span_of(copies[i], text.len);
	}
	found_of(d, s);
	assert_true(found_is_of(d, s));
	for (enum slot_text i = 0; i < TEXT_COUNT; i++)
		assert_true(base_span_eq(slot_text(d, s, i, scratch, sizeof(scratch)), alone[i]));
}

static void
texts_short_long_shared_and_pointing_at_others(void **state)
{
	struct fixture *f = fixture_new(64);
	struct dialog *d = f->dialog;
	static uint8_t text[LONG_TEXT];
	uint32_t random = 7;

	shared_take(d, BASE_SPAN("Trunk Gateway 7.2"));
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	struct slot *s = &d->slots[0];
	for (uint32_t i = 0; i < 500; i++) {
		random = random * 1103515245 + 12345;
		enum slot_text which = TEXT_FROM_TAG + (random >> 16) % (TEXT_COUNT - TEXT_FROM_TAG);
		uint32_t len = i % 50 == 0 ? LONG_TEXT : 1 + (random >> 8) % 90;
		memset(text, 'a' + (int)(random >> 24) % 3, len);
		switch (random >> 20 & 3) {
		case 0: slot_text_replace(d, s, TEXT_CALLER_UA, BASE_SPAN("Trunk Gateway 7.2")); break;
		case 1: slot_text_clear(d, s, which); break;
		default: slot_text_replace(d, s, which, base_span_of(text, len));
		}
		each_is_as_when_looked_for_alone(d, s);
	}
	assert_true(d->found->n_numbers > 0);
	fixture_free(f);
}

static void
what_is_added_later_is_found_too(void **state)
{
	struct fixture *f = fixture_new(64);
	struct dialog *d = f->dialog;
	uint8_t scratch[64];

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	found_of(d, &d->slots[0]);
	assert_int_equal(slot_text(d, &d->slots[0], TEXT_TO_TAG, scratch, sizeof(scratch)).len, 0);
	say(f, 10, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	assert_false(found_is_of(d, &d->slots[0]));
	assert_true(base_span_eq(slot_text(d, &d->slots[0], TEXT_TO_TAG, scratch, sizeof(scratch)), BASE_SPAN("b1")));
	finish(f, 1000);
	assert_null(d->found->of); /* its slot may be another's */
	fixture_free(f);
}

/* More than there is room for, twice, and one of them changes meanwhile. */
static void
found_ahead_each_has_its_own(void **state)
{
	struct fixture *f = fixture_new(64);
	struct dialog *d = f->dialog;
	uint8_t scratch[64];
	char call_id[16];

	for (uint32_t i = 0; i < 2 * FOUND_DIALOGS; i++) {
		snprintf(call_id, sizeof(call_id), "call-%u", i);
		f->call_id = call_id;
		say(f, i, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	}
	for (uint32_t i = 0; i < 4 * FOUND_DIALOGS; i++) {
		const struct slot *s = &d->slots[i % (2 * FOUND_DIALOGS)];
		assert_ptr_equal(found_ahead(d, s)->of, s);
		if (i == FOUND_DIALOGS)
			slot_text_replace(d, &d->slots[i], TEXT_REASON, BASE_SPAN("late"));
		assert_ptr_equal(found_of(d, s)->of, s);
		snprintf(call_id, sizeof(call_id), "call-%u", i % (2 * FOUND_DIALOGS));
		assert_true(base_span_eq(d->found->texts[TEXT_CALL_ID], base_span_cstr(call_id)));
		assert_true(base_span_eq(slot_text(d, s, TEXT_REASON, scratch, sizeof(scratch)),
			i % (2 * FOUND_DIALOGS) == FOUND_DIALOGS ? BASE_SPAN("late") : BASE_SPAN("")));
	}
	finish(f, 100000);
	for (uint32_t i = 0; i < FOUND_DIALOGS; i++)
		assert_null(d->founds[i].of);
	fixture_free(f);
}

static void
every_endpoint_is_withdrawn_once(void **state)
{
	for (uint32_t n = 1; n < 3 * FOUND_ENDPOINTS; n++) {
		struct fixture *f = fixture_new(64);
		for (uint32_t i = 0; i < n; i++) {
			char sdp[256], cseq[16];
			snprintf(sdp, sizeof(sdp), "v=0\r\no=a 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP 8\r\n", 4000 + 2 * i);
			snprintf(cseq, sizeof(cseq), "%u INVITE", i + 1);
			say(f, 10 * i, ALICE, BOB, "INVITE", cseq, "a1", i ? "b1" : "", sdp);
		}
		uint32_t published = f->n_published;
		finish(f, 100000);
		assert_int_equal(f->n_withdrawn, published);
		assert_true(published >= n);
		fixture_free(f);
	}
}

static void
every_shared_text_is_given_back_once(void **state)
{
	struct fixture *f = fixture_new(64);
	struct dialog *d = f->dialog;
	uint32_t users = 0;

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	for (uint32_t i = 0; i < 3 * FOUND_NUMBERS; i++) {
		char agent[32];
		snprintf(agent, sizeof(agent), "agent %u", i);
		shared_take(d, base_span_cstr(agent));
		slot_text_replace(d, &d->slots[0], TEXT_CALLER_UA, base_span_cstr(agent));
	}
	for (uint32_t i = 1; i <= d->shared.fresh; i++)
		users += d->shared.entries[i].users;
	assert_true(users >= 3 * FOUND_NUMBERS);
	finish(f, 100000);
	for (uint32_t i = 1; i <= d->shared.fresh; i++)
		assert_int_equal(d->shared.entries[i].users, 0);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts_short_long_shared_and_pointing_at_others), cmocka_unit_test(what_is_added_later_is_found_too),
		cmocka_unit_test(found_ahead_each_has_its_own), cmocka_unit_test(every_endpoint_is_withdrawn_once), cmocka_unit_test(every_shared_text_is_given_back_once)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
