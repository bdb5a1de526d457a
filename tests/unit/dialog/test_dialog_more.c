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

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_dialog_may_have_one), cmocka_unit_test(a_method_is_counted_beyond_a_byte)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
