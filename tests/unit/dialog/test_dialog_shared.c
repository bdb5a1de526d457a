/* Texts that many dialogs have: taken in when met again, gone with the last user, and never a loss. */
#include "dialog_testing.h"

#define CALLS 40

static void
calls_of_one_agent(struct fixture *f, int from, int to, const char *extra)
{
	static char id[32];

	f->call_id = id;
	f->extra = extra;
	for (int n = from; n < to; n++) {
		snprintf(id, sizeof(id), "call-%d", n);
		say(f, n, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	}
	f->extra = NULL;
}

static uint32_t
users_of_all(const struct fixture *f)
{
	uint32_t users = 0;

	for (uint32_t n = 1; n <= f->dialog->shared.fresh; n++)
		users += f->dialog->shared.entries[n].users;
	return users;
}

static void
a_text_is_taken_in_when_it_is_met_again_and_leaves_with_its_last_user(void **state)
{
	struct fixture *f = fixture_new(64);
	struct base_span text = BASE_SPAN("Trunk Gateway 7.2");
	uint8_t scratch[64];

	assert_int_equal(shared_take(f->dialog, text), 0);
	uint16_t number = shared_take(f->dialog, text);
	assert_int_not_equal(number, 0);
	assert_int_equal(shared_take(f->dialog, text), number);
	assert_true(base_span_eq(text,
		chain_text(&f->dialog->pool, shared_text(f->dialog, number), scratch, sizeof(scratch))));
	shared_give(f->dialog, number);
	shared_give(f->dialog, number);
	assert_int_equal(users_of_all(f), 0);
	assert_int_not_equal(f->dialog->pool.free_head, 0); /* its block is back */
	assert_int_equal(shared_take(f->dialog, BASE_SPAN("abc")), 0); /* too short to gain by it */
	assert_int_equal(shared_take(f->dialog, BASE_SPAN("abc")), 0);
	fixture_free(f);
}

static void
records_say_the_same_shared_or_not(void **state)
{
	struct fixture *f = fixture_new(64);

	calls_of_one_agent(f, 0, CALLS, "User-Agent: Trunk Gateway 7.2\r\n");
	assert_true(users_of_all(f) >= CALLS - 1); /* the host of From at least too */
	finish(f, 1000);
	assert_int_equal(f->n_records, CALLS);
	for (uint32_t i = 0; i < CALLS; i++) {
		has(f, i, "\"caller_ua\":\"Trunk Gateway 7.2\"");
		assert_non_null(strstr(f->json[i], "\"from_host\":\""));
		assert_non_null(strstr(f->json[i], "\"ruri_host\":\""));
	}
	assert_int_equal(users_of_all(f), 0);
	fixture_free(f);
}

static void
texts_that_never_come_again_do_not_fill_the_table(void **state)
{
	struct fixture *f = fixture_new(64);
	char text[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "agent %08d", i);
		uint16_t number = shared_take(f->dialog, base_span_cstr(text));
		if (number)
			shared_give(f->dialog, number);
	}
	assert_true(f->dialog->shared.fresh < 8); /* two texts of one mark are odd luck */
	fixture_free(f);
}

static void
a_full_table_leaves_texts_to_their_dialogs(void **state)
{
	struct fixture *f = fixture_new(16);
	char text[32];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "agent %08d", i);
		shared_take(f->dialog, base_span_cstr(text));
		shared_take(f->dialog, base_span_cstr(text));
	}
	assert_int_equal(f->dialog->shared.fresh, 16);
	calls_of_one_agent(f, 0, 10, "User-Agent: Trunk Gateway 7.2\r\n");
	finish(f, 1000);
	for (uint32_t i = 0; i < 10; i++)
		has(f, i, "\"caller_ua\":\"Trunk Gateway 7.2\"");
	fixture_free(f);
}

/* However little of the pool is left when a call comes: what it has taken it gives back. */
static void
an_empty_pool_leaves_no_text_with_users(void **state)
{
	for (uint32_t left = 0; left < 24; left++) {
		struct fixture *f = fixture_new(16);
		struct chain_pool *p = &f->dialog->pool;
		struct chain all = {0};

		calls_of_one_agent(f, 0, 4, "User-Agent: Trunk Gateway 7.2\r\n");
		while (p->max - p->used > left)
			assert_non_null(chain_item_add(p, &all, CHAIN_BLOCK));
		calls_of_one_agent(f, 4, 10, "User-Agent: Trunk Gateway 7.2\r\n");
		finish(f, 1000);
		assert_int_equal(f->n_records, 10);
		assert_int_equal(users_of_all(f), 0);
		has(f, 3, "\"caller_ua\":\"Trunk Gateway 7.2\"");
		fixture_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_taken_in_when_it_is_met_again_and_leaves_with_its_last_user),
		cmocka_unit_test(records_say_the_same_shared_or_not),
		cmocka_unit_test(texts_that_never_come_again_do_not_fill_the_table),
		cmocka_unit_test(a_full_table_leaves_texts_to_their_dialogs),
		cmocka_unit_test(an_empty_pool_leaves_no_text_with_users)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
