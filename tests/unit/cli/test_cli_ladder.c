/* Laws of the model: messages keep their order and media stands among them by its time; a stream
 * over which messages came has a beginning and an end; legs are merged by time; a host is an
 * address, and what only sends the first request is the caller. */
#include "ladder_testing.h"

static uint8_t record[RECORD_BYTES_MAX];

static void
test_media_among_messages(void **state)
{
	static const struct {
		enum ladder_item_kind kind;
		const char *label;
		int from, to;
	} want[] = {
		{LADDER_MESSAGE, "INVITE [1]", 0, 1},
		{LADDER_MESSAGE, "180 Ringing [1 INVITE]", 1, 0},
		{LADDER_MESSAGE, "200 OK [1 INVITE]", 1, 0},
		{LADDER_MEDIA_BEGIN, "RTP PCMA", 1, 0},
		{LADDER_MESSAGE, "ACK [1]", 0, 1},
		{LADDER_MEDIA, "RTP PCMA", 0, 1},
		{LADDER_MESSAGE, "BYE [1]", 0, 1},
		{LADDER_MEDIA_END, "RTP PCMA ends", 1, 0},
	};
	struct terminal t;
	struct cli_ladder l;
	char cell[CLI_CELL];

	terminal_open(&t);
	cli_ladder_open(&l, &t.cli);
	ladder_add(&l, record, make_media_call(record, sizeof(record), TESTING_T0));
	cli_ladder_arrange(&l);
	assert_int_equal(l.n, base_count_of(want));
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(l.items[i].kind, want[i].kind);
		assert_string_equal(l.items[i].label, want[i].label);
		assert_int_equal(l.items[i].from, want[i].from);
		assert_int_equal(l.items[i].to, want[i].to);
	}
	assert_null(l.items[3].detail); /* the figures stand where the stream ends */
	assert_string_equal(l.items[7].detail, "8.5 s, 98 packets, loss 2.00 %, jitter 1.3 ms");
	assert_string_equal(l.items[5].detail, "5.0 s, 98 packets, loss 2.00 %, jitter 1.3 ms");
	assert_string_equal(cli_ladder_host_name(&l.hosts[0], cell), "10.0.0.1:5060");
	assert_string_equal(l.hosts[0].role, "caller");
	assert_string_equal(l.hosts[1].role, "callee");
	cli_ladder_close(&l);
	terminal_close(&t);
}

static void
test_legs(void **state)
{
	struct terminal t;
	struct cli_ladder l;

	terminal_open(&t);
	cli_ladder_open(&l, &t.cli);
	ladder_add(&l, record,
		make_media_call(record, sizeof(record), TESTING_T0 + 500 * BASE_NS_PER_MS));
	ladder_add(&l, record, make_media_call(record, sizeof(record), TESTING_T0));
	cli_ladder_arrange(&l);
	assert_int_equal(l.legs, 2);
	assert_int_equal(l.items[0].leg, 1); /* the second leg began earlier */
	assert_int_equal(l.items[1].leg, 0);
	for (size_t i = 1; i < l.n; i++)
		assert_true(l.items[i].order_ns >= l.items[i - 1].order_ns);
	cli_ladder_draw(&l, t.cli.out);
	assert_has(terminal_out(&t), "22:13:20.000           B ");
	assert_has(t.out, "22:13:20.500    +0.500 A ");
	cli_ladder_close(&l);
	terminal_close(&t);
}

/* On loopback the ports are the hosts, and media belongs to who announced it. */
static void
test_loopback(void **state)
{
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	const uint8_t a[4] = {127, 0, 0, 1};
	struct base_ip ip = base_ip_v4(a);
	static const unsigned ports[][2] = {{5060, 5070}, {5070, 5060}, {6000, 7000}};
	struct terminal t;
	struct cli_ladder l;

	for (unsigned i = 0; i < 3; i++) {
		uint32_t row = record_list_open(&w, i < 2 ? RECORD_F_FLOW : RECORD_F_STREAMS);
		record_put_ip(&w, RECORD_F_SRC_IP, &ip);
		record_put_u64(&w, RECORD_F_SRC_PORT, ports[i][0]);
		record_put_ip(&w, RECORD_F_DST_IP, &ip);
		record_put_u64(&w, RECORD_F_DST_PORT, ports[i][1]);
		record_put_time(&w, i < 2 ? RECORD_F_TIME : RECORD_F_FIRST_TIME, TESTING_T0 + i);
		if (i < 2)
			record_put_cstr(&w, RECORD_F_SDP,
				i ? "audio 127.0.0.1:7000 PCMA" : "audio 127.0.0.1:6000 PCMA");
		record_list_close(&w, row);
	}
	terminal_open(&t);
	cli_ladder_open(&l, &t.cli);
	ladder_add(&l, record, w.len);
	cli_ladder_arrange(&l);
	assert_int_equal(l.n_hosts, 2);
	assert_int_equal(l.items[2].from, 0);
	assert_int_equal(l.items[2].to, 1);
	cli_ladder_close(&l);
	terminal_close(&t);
}

/* A response of the callee 2 with a To tag; forwarded: seen nearer to its sender before. */
static void
put_answer(struct record_writer *w, unsigned code, const char *tag, int64_t after_ms, bool forwarded)
{
	uint32_t row = record_list_open(w, RECORD_F_FLOW);

	record_put_time(w, RECORD_F_TIME, TESTING_T0 + after_ms * BASE_NS_PER_MS);
	record_put_u64(w, RECORD_F_CSEQ, 1);
	record_put_cstr(w, RECORD_F_CSEQ_METHOD, "INVITE");
	put_endpoints(w, 2, 1, 5060);
	record_put_u64(w, RECORD_F_SIP_CODE, code);
	record_put_cstr(w, RECORD_F_TO_TAG, tag);
	record_put_bool(w, RECORD_F_FORWARDED, forwarded);
	record_list_close(w, row);
}

static void
begin_fork(struct record_writer *w)
{
	*w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	record_put_cstr(w, RECORD_F_CALL_ID, "fork@test");
	put_message(w, TESTING_T0, &(struct message){1, 2, 0, "INVITE", NULL, NULL, NULL, 0});
}

static void
notes_are(const struct record_writer *w, const char *const *want, size_t n)
{
	struct terminal t;
	struct cli_ladder l;

	assert_false(w->overflow);
	terminal_open(&t);
	cli_ladder_open(&l, &t.cli);
	ladder_add(&l, record, w->len);
	cli_ladder_arrange(&l);
	assert_int_equal(l.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(l.items[i].note, want[i]);
	cli_ladder_close(&l);
	terminal_close(&t);
}

/* Early dialogs get letters in the order of their first response; one dialog alone needs none, and
 * a 100 or a failure makes none. */
static void
test_dialogs(void **state)
{
	struct record_writer w;

	begin_fork(&w);
	put_answer(&w, 100, "b1", 10, false);
	put_answer(&w, 180, "b1", 20, false);
	put_answer(&w, 183, "b2", 30, false);
	put_answer(&w, 180, "b1", 40, false);
	put_answer(&w, 200, "b2", 50, false);
	put_answer(&w, 486, "b3", 60, false);
	notes_are(&w, (const char *const[]){"", "", "dialog a", "dialog b", "dialog a", "dialog b", ""}, 7);
	begin_fork(&w);
	put_answer(&w, 180, "b1", 20, false);
	put_answer(&w, 200, "b1", 50, false);
	notes_are(&w, (const char *const[]){"", "", ""}, 3);
	/* more than there are letters: the rest have none */
	begin_fork(&w);
	const char *many[1 + LADDER_DIALOGS + 1] = {""};
	static char notes[LADDER_DIALOGS][16];
	for (int i = 0; i <= LADDER_DIALOGS; i++) {
		char tag[16];
		snprintf(tag, sizeof(tag), "t%d", i);
		put_answer(&w, 180, tag, 10 + i, false);
		if (i < LADDER_DIALOGS)
			snprintf(notes[i], sizeof(notes[i]), "dialog %c", 'a' + i);
		many[1 + i] = i < LADDER_DIALOGS ? notes[i] : "";
	}
	notes_are(&w, many, base_count_of(many));
}

static void
test_hops(void **state)
{
	struct record_writer w;

	begin_fork(&w);
	put_answer(&w, 180, "b1", 20, false);
	put_answer(&w, 180, "b1", 21, true);
	put_message(&w, TESTING_T0, &(struct message){1, 2, 0, "ACK", NULL, NULL, "duplicate", 30});
	put_message(&w, TESTING_T0, &(struct message){1, 2, 0, "ACK", NULL, NULL, "retransmission", 40});
	notes_are(&w, (const char *const[]){"", "", "next hop", "captured again", "retransmission"}, 5);
}

static void
put_role(struct record_writer *w, unsigned who, const char *role)
{
	uint32_t row = record_list_open(w, RECORD_F_ROLES);
	const uint8_t a[4] = {10, 0, 0, (uint8_t)who};
	struct base_ip ip = base_ip_v4(a);

	record_put_ip(w, RECORD_F_IP, &ip);
	record_put_u64(w, RECORD_F_PORT, 5060);
	record_put_cstr(w, RECORD_F_ROLE, role);
	record_list_close(w, row);
}

/* What roles[] knows goes before what the first request tells, but that somebody is a user agent
 * says less than caller and callee. */
static void
test_roles(void **state)
{
	struct record_writer w;
	struct terminal t;
	struct cli_ladder l;

	begin_fork(&w);
	put_message(&w, TESTING_T0, &(struct message){2, 3, 0, "INVITE", NULL, NULL, NULL, 5});
	put_message(&w, TESTING_T0, &(struct message){3, 4, 0, "INVITE", NULL, NULL, NULL, 9});
	put_role(&w, 1, "ua");
	put_role(&w, 2, "proxy");
	put_role(&w, 4, "b2bua");
	assert_false(w.overflow);
	terminal_open(&t);
	cli_ladder_open(&l, &t.cli);
	ladder_add(&l, record, w.len);
	cli_ladder_arrange(&l);
	assert_int_equal(l.n_hosts, 4);
	assert_string_equal(l.hosts[0].role, "caller");
	assert_string_equal(l.hosts[1].role, "proxy");
	assert_string_equal(l.hosts[2].role, "between");
	assert_string_equal(l.hosts[3].role, "b2bua");
	cli_ladder_draw(&l, t.cli.out);
	assert_has(terminal_out(&t), "proxy");
	cli_ladder_close(&l);
	terminal_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_media_among_messages),
		cmocka_unit_test(test_legs), cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_dialogs), cmocka_unit_test(test_hops), cmocka_unit_test(test_roles)};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
