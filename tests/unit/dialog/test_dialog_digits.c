/* dtmf[]: digits of RTP and INFO in order of time, bounded, masked where the configuration says so. */
#include "dialog_testing.h"

static void
info(struct fixture *f, int64_t ms, const char *cseq)
{
	char extra[64];

	snprintf(extra, sizeof(extra), "Content-Type: application/dtmf-relay\r\n");
	f->extra = extra;
	say(f, ms, ALICE, BOB, "INFO", cseq, "a1", "b1", NULL);
	f->extra = NULL;
}

static struct media_digit
digit(struct fixture *f, int64_t ms, char key)
{
	return (struct media_digit){.call = slot_handle(f->dialog, &f->dialog->slots[0]), .start_ns = T0 + ms * BASE_NS_PER_MS,
		.length_ms = 100, .digit = (uint8_t)key, .sender = MEDIA_SIDE_CALLEE};
}

static void
digits_stand_in_order_of_time(void **state)
{
	struct fixture *f = fixture_new(16);
	struct media_digit d;

	answered_call(f);
	info(f, 3500, "2 INFO"); /* without a body: none */
	d = digit(f, 5000, '5'), dialog_add_digit(f->dialog, &d);
	d = digit(f, 4000, '*'), dialog_add_digit(f->dialog, &d);
	d = digit(f, 4500, 'c'), dialog_add_digit(f->dialog, &d);
	d.call += 1ull << 32, dialog_add_digit(f->dialog, &d); /* a call that is gone */
	finish(f, 9000);
	has(f, 0, "\"dtmf\":[{\"sender\":\"callee\",\"time\":\"2023-11-14T22:13:24.000000Z\",\"digit\":\"*\",\"length_ms\":100,"
		"\"source\":\"rfc4733\"},{\"sender\":\"callee\",\"time\":\"2023-11-14T22:13:25.000000Z\",\"digit\":\"5\",");
	has(f, 0, "\"fax\":\"cng\"");
	assert_int_equal(f->metrics.values[METRICS_DIGITS], 2);
	fixture_free(f);
}

static void
masked_digits_are_told_and_not_which(void **state)
{
	struct fixture *f = fixture_new(16);
	struct media_digit d;

	f->options.mask_digits = true;
	f->dialog = dialog_new(f->mem, &f->options);
	answered_call(f);
	d = digit(f, 5000, '5'), dialog_add_digit(f->dialog, &d);
	finish(f, 9000);
	has(f, 0, "\"digit\":\"*\"");
	has_not(f, 0, "\"digit\":\"5\"");
	fixture_free(f);
}

static void
digits_are_bounded_and_those_left_out_counted(void **state)
{
	struct fixture *f = fixture_new(16);

	answered_call(f);
	for (int i = 0; i < DIALOG_DIGITS_MAX + 7; i++) {
		struct media_digit d = digit(f, 4000 + i, '1');
		dialog_add_digit(f->dialog, &d);
	}
	finish(f, 9000);
	assert_int_equal(f->metrics.values[METRICS_DIGITS_LEFT_OUT], 7);
	uint32_t n = 0;
	for (const char *p = f->json[0]; (p = strstr(p, "\"digit\":")); p++)
		n++;
	assert_int_equal(n, DIALOG_DIGITS_MAX);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(digits_stand_in_order_of_time),
		cmocka_unit_test(masked_digits_are_told_and_not_which), cmocka_unit_test(digits_are_bounded_and_those_left_out_counted)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
