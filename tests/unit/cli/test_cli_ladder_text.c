/* Laws of the drawing: hosts stand in order of appearance; an arrow goes from its sender's lifeline to its
 * receiver's; nothing of a message reaches the terminal uncleaned. */
#include "cli_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

static void
draw(struct terminal *t, const struct message *messages, unsigned n)
{
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	struct cli_nested nested = {NULL};
	struct record_row row;

	for (unsigned i = 0; i < n; i++)
		put_message(&w, TESTING_T0, &messages[i]);
	assert_false(w.overflow);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	cli_ladder(&t->cli, t->cli.out, &nested, &row);
	fflush(t->cli.out);
}

static void
test_two_hosts(void **state)
{
	static const struct message call[] = {
		{1, 2, 0, "INVITE", NULL, "audio 10.0.0.1:4000 PCMA sendrecv", NULL, 0},
		{1, 2, 0, "INVITE", NULL, NULL, "retransmission", 500},
		{2, 1, 200, "INVITE", "OK", NULL, NULL, 2000},
		{2, 1, 200, "INVITE", "OK", NULL, "duplicate", 1999},
	};
	struct terminal t;

	terminal_open(&t);
	t.cli.utf8 = false;
	t.cli.width = 60;
	draw(&t, call, base_count_of(call));
	assert_string_equal(t.out,
		"                           10.0.0.1:5060       10.0.0.2:5060\n"
		"                              caller              callee\n"
		"  22:13:20.000                   |--- INVITE [1] --->|\n"
		"                                 |   audio 10.0.0.1:4000 PCMA\n"
		"                                 |   sendrecv\n"
		"  22:13:20.500    +0.500         |... INVITE [1] ...>|  retransmission\n"
		"  22:13:22.000    +1.500         |<- 200 OK [1 INV~ -|\n"
		"  22:13:21.999    -0.001         |<. 200 OK [1 INV~ .|  captured again\n");
	terminal_close(&t);
}

static void
test_three_hosts(void **state)
{
	static const struct message call[] = {{1, 2, 0, "INVITE", NULL, NULL, NULL, 0},
		{2, 3, 0, "INVITE", NULL, NULL, NULL, 1},
		{3, 2, 180, "INVITE", "Ringing", NULL, NULL, 2},
		{3, 1, 0, "BYE", NULL, "audio", NULL, 3}};
	struct terminal t;

	terminal_open(&t);
	t.cli.width = 100;
	draw(&t, call, base_count_of(call));
	assert_has(t.out,
		"10.0.0.1:5060                 10.0.0.2:5060                 10.0.0.3:5060\n");
	assert_has(t.out, "\u2502\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500 INVITE [1] ");
	assert_has(t.out,
		"\u2502                             \u2502\u2500\u2500"); /* the second INVITE starts at the second host */
	assert_has(t.out,
		"                             \u2502\u2190\u2500\u2500 180 Ringing [1 INVITE] ");
	assert_has(t.out,
		"\u2502\u2190\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500"); /* over the host between */
	assert_has(t.out, " BYE [1] ");
	terminal_close(&t);
}

/* Loopback: one address, so ports tell the hosts apart. */
static void
test_one_address(void **state)
{
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	const uint8_t a[4] = {127, 0, 0, 1};
	struct base_ip ip = base_ip_v4(a);
	struct cli_nested nested = {NULL};
	struct record_row row;
	struct terminal t;

	for (unsigned i = 0; i < 2; i++) {
		uint32_t began = record_list_open(&w, RECORD_F_FLOW);
		record_put_time(&w, RECORD_F_TIME, TESTING_T0);
		record_put_cstr(&w, RECORD_F_METHOD, "OPTIONS");
		record_put_ip(&w, RECORD_F_SRC_IP, &ip);
		record_put_u64(&w, RECORD_F_SRC_PORT, 5060);
		record_put_ip(&w, RECORD_F_DST_IP, &ip);
		record_put_u64(&w, RECORD_F_DST_PORT, i ? 5060 : 5070);
		record_list_close(&w, began);
	}
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	terminal_open(&t);
	cli_ladder(&t.cli, t.cli.out, &nested, &row);
	assert_has(terminal_out(&t), "127.0.0.1:5060");
	assert_has(t.out, "127.0.0.1:5070");
	assert_has(t.out, "127.0.0.1:5060 \u2192 127.0.0.1:5060  OPTIONS []"); /* to itself */
	terminal_close(&t);
}

/* More hosts than columns: the rest is named. */
static void
test_many_hosts(void **state)
{
	struct message messages[20];
	struct terminal t;

	for (unsigned i = 0; i < base_count_of(messages); i++)
		messages[i] = (struct message){
			i + 1, i + 2, 0, "INVITE", NULL, i == 15 ? "audio" : NULL, NULL, i};
	terminal_open(&t);
	draw(&t, messages, base_count_of(messages));
	assert_int_equal(count_lines(t.out), 12 + 1 + 20 + 1); /* numbered hosts, numbers, lines, SDP */
	assert_has(t.out, "10.0.0.20:5060 \u2192 10.0.0.21:5060  INVITE [1]\n");
	terminal_close(&t);
}

static void
test_hostile(void **state)
{
	static const struct message call[] = {
		{1, 2, 0, "IN\033[1mVITE", NULL, "audio\r\n\033[2J \u202e x", NULL, 0},
		{2, 1, 200, "A METHOD FAR LONGER THAN ANY COLUMN OF ANY LADDER CAN BE",
			"A reason that goes on and on and on and on and on and on", NULL, NULL, 0},
	};
	char sdp[4000];
	struct terminal t;

	terminal_open(&t);
	draw(&t, call, base_count_of(call));
	for (const char *p = t.out; *p; p++)
		assert_true(*p == '\n' || (uint8_t)*p >= 0x20);
	assert_has_not(t.out, "\u202e");
	assert_has(t.out, "\u2026"); /* cut */
	terminal_close(&t);

	memset(sdp, 'a', sizeof(sdp));
	sdp[sizeof(sdp) - 1] = 0;
	terminal_open(&t);
	draw(&t, &(struct message){1, 2, 0, "INVITE", NULL, sdp, NULL, 0}, 1);
	assert_true(count_lines(t.out) <= 19); /* bounded */
	terminal_close(&t);
}

static void
test_none_and_truncated(void **state)
{
	struct terminal t;
	struct cli_nested nested = {NULL};
	struct record_row row;

	terminal_open(&t);
	draw(&t, NULL, 0);
	assert_string_equal(t.out, "");
	make_row(&row, record, sizeof(record), &(struct call){.n = 0});
	row.values[RECORD_F_FLOW_TRUNCATED] =
		(struct record_value){.boolean = true, .present = true};
	cli_ladder(&t.cli, t.cli.out, &nested, &row);
	assert_has(terminal_out(&t), "further messages were not kept");
	terminal_close(&t);
}

/* Where the arrows are too short for words, words stand behind the lifelines; where there is no room
 * either, beneath.  No line is wider than the terminal. */
static void
test_narrow(void **state)
{
	static const struct message call[] = {{1, 2, 0, "INVITE", NULL, "audio 10.0.0.1:4000", NULL, 0},
		{2, 3, 0, "INVITE", NULL, NULL, NULL, 1}, {3, 4, 0, "INVITE", NULL, NULL, NULL, 2},
		{4, 3, 180, "INVITE", "Ringing", NULL, NULL, 3}};
	struct terminal t;

	for (unsigned width = 40; width <= 200; width += 4) {
		terminal_open(&t);
		t.cli.utf8 = false;
		t.cli.width = width;
		draw(&t, call, base_count_of(call));
		for (const char *p = t.out; *p; p += strcspn(p, "\n") + 1)
			assert_true(strcspn(p, "\n") <= width);
		assert_int_equal(count_of(t.out, "INVITE [1]"), 3);
		assert_int_equal(count_of(t.out, "10.0.0.4:5060"), 1);
		terminal_close(&t);
	}
	terminal_open(&t);
	t.cli.utf8 = false;
	t.cli.width = 72;
	draw(&t, call, base_count_of(call));
	assert_has(t.out, "  4  10.0.0.4:5060  callee\n");
	assert_has(t.out, "|------->|        |        |  INVITE [1]\n");
	assert_has(t.out, "|        |        |<-------|  180 Ringing [1 INVITE]\n");
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_hosts),
		cmocka_unit_test(test_three_hosts), cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_many_hosts), cmocka_unit_test(test_hostile), cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_none_and_truncated)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
