/* RTCP between two ends, A (host 1) and B (host 2), as it passes the probe. */
#include "media_testing.h"

struct rtcp {
	uint8_t bytes[400];
	uint32_t len;
};

static void
put32(struct rtcp *p, uint32_t v)
{
	base_store_be32(p->bytes + p->len, v);
	p->len += 4;
}

static void
put_sr(struct rtcp *p, uint32_t ssrc, uint32_t ntp_middle, uint32_t packets)
{
	put32(p, 0x80c80006u);
	put32(p, ssrc);
	put32(p, 0xaaaa0000u | ntp_middle >> 16);
	put32(p, ntp_middle << 16);
	put32(p, 0);
	put32(p, packets);
	put32(p, 0);
}

static void
put_rr(struct rtcp *p, uint32_t ssrc, const struct rtcp_report_block *b)
{
	put32(p, 0x81c90007u);
	put32(p, ssrc);
	put32(p, b->ssrc);
	put32(p, (uint32_t)b->fraction_lost << 24 | ((uint32_t)b->cumulative_lost & 0xffffff));
	put32(p, b->highest_seq);
	put32(p, b->jitter);
	put32(p, b->lsr);
	put32(p, b->dlsr);
}

/* From host to the other one; port_step 1: on the next port, 0: multiplexed. */
static bool
send(struct rig *r, const struct rtcp *p, uint8_t from, uint16_t port_step, int64_t ts_ns)
{
	struct packet_view v = {.payload = p->bytes, .payload_len = p->len, .payload_wire_len = p->len, .transport = PACKET_UDP};
	struct media_packet packet = {.view = &v, .ts_ns = ts_ns};

	v.src = endpoint(from, (uint16_t)(port_of(from) + port_step));
	v.dst = endpoint(3 - from, (uint16_t)(port_of(3 - from) + port_step));
	return media_rtcp(r->m, &packet);
}

/* Two streams, SSRC 11 from A to B and 22 back. */
static struct rig *
two_ways(bool srtp)
{
	struct rig *r = rig_new(8);

	for (uint8_t host = 1; host <= 2; host++) {
		struct base_endpoint at = endpoint(host, port_of(host));
		struct media_announce a = {.call = 1, .side = host == 1 ? MEDIA_SIDE_CALLER : MEDIA_SIDE_CALLEE, .srtp = srtp};
		media_directory_publish(r->d, &at, &a);
	}
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 11, .payload_type = 8, .ts_ns = SEC}, 100);
	rig_run(r, (struct rtp){.src = 2, .dst = 1, .ssrc = 22, .payload_type = 8, .ts_ns = SEC + MS}, 100);
	return r;
}

static void
round_trips_are_seen_in_halves(void **state)
{
	for (uint16_t step = 0; step < 2; step++) {
		struct rig *r = two_ways(false);
		struct rtcp a = {.len = 0}, b = {.len = 0}, c = {.len = 0};
		struct rtcp_report_block about_a = {.ssrc = 11, .lsr = 0x12345678, .dlsr = 65536 / 2, .jitter = 80, .fraction_lost = 64, .cumulative_lost = -3};
		struct rtcp_report_block about_b = {.ssrc = 22, .lsr = 0x00777777, .dlsr = 65536 / 4};
		put_sr(&a, 11, 0x12345678, 77);
		assert_true(send(r, &a, 1, step, 2 * SEC));
		/* B answers half a second later; the way to it and back takes 30 ms */
		put_sr(&b, 22, 0x00777777, 88);
		put_rr(&b, 22, &about_a);
		assert_true(send(r, &b, 2, step, 2 * SEC + 530 * MS));
		put_rr(&c, 11, &about_b);
		assert_true(send(r, &c, 1, step, 2 * SEC + 530 * MS + 250 * MS + 12 * MS));
		media_collect(r->m, 1, rig_take, r);
		struct media_remote *x = &r->got[0].reports, *y = &r->got[1].reports;
		assert_true(r->got[0].rtcp_packets == 2 && r->got[1].rtcp_packets == 1);
		assert_true(x->has_receiver && fabs(x->receiver_ms - 30) < 0.01 && x->has_sender && fabs(x->sender_ms - 12) < 0.01);
		assert_true(fabs(y->receiver_ms - 12) < 0.01 && fabs(y->sender_ms - 30) < 0.01);
		assert_true(fabs(y->trip_ms_max - 42) < 0.02);
		assert_true(x->n == 1 && x->lost == -3 && x->fraction == 64 && fabs(x->jitter_ms - 10) < 1e-9);
		assert_true(x->has_sent && x->sent_packets == 77 && y->sent_packets == 88);
		/* 60 of the buffer, 20 of the packet, half of 42 */
		assert_true(fabs(r->got[0].delay_ms - 101) < 0.02);
		rig_free(r);
	}
}

static void
an_lsr_that_was_not_seen_here_gives_no_round_trip(void **state)
{
	struct rig *r = two_ways(false);
	struct rtcp a = {.len = 0}, b = {.len = 0}, c = {.len = 0};
	struct rtcp_report_block about_a = {.ssrc = 11, .lsr = 0x999, .dlsr = 1}, late = {.ssrc = 11, .lsr = 0x555, .dlsr = 0xffffffff}, none = {.ssrc = 11};

	put_sr(&a, 11, 0x555, 1);
	send(r, &a, 1, 1, 2 * SEC);
	put_rr(&b, 22, &about_a);
	put_rr(&b, 22, &late); /* claims to have held it 18 hours */
	put_rr(&b, 22, &none); /* no report seen yet */
	send(r, &b, 2, 1, 3 * SEC);
	about_a.ssrc = 4711;   /* of nobody */
	put_rr(&c, 33, &about_a);
	send(r, &c, 2, 1, 4 * SEC);
	media_collect(r->m, 1, rig_take, r);
	assert_true(!r->got[0].reports.has_receiver && r->got[0].reports.n == 3);
	rig_free(r);
}

/* A receiver without a stream of its own (RR alone), reduced size: XR without a report before it. */
static void
receivers_without_streams_are_heard(void **state)
{
	static const uint8_t xr[] = {0x80, 207, 0, 21, 0, 0, 0, 33,
		6, 0xe0, 0, 9, 0, 0, 0, 11, 0, 10, 0, 20, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 40, 0, 0, 0, 5, 1, 2, 3, 4,
		7, 0, 0, 8, 0, 0, 0, 11, 13, 26, 128, 2, 0, 200, 0x13, 0x88, 0, 80, 0, 120, 0xec, 127, 60, 16, 88, 127, 41, 127, 0x30, 0, 0, 60, 0, 80, 1, 0};
	struct rig *r = two_ways(false);
	struct rtcp p = {.len = sizeof(xr)};
	uint8_t bytes[2048];
	static struct record_row row;

	memcpy(p.bytes, xr, sizeof(xr));
	p.bytes[3] = (uint8_t)(sizeof(xr) / 4 - 1);
	assert_true(send(r, &p, 2, 1, 2 * SEC));
	media_collect(r->m, 1, rig_take, r);
	struct record_writer w = record_writer_begin(bytes, sizeof(bytes), RECORD_STREAM);
	media_summary_write(&w, &r->got[0]);
	assert_int_equal(record_row_read(&row, bytes, w.len), 0);
	assert_true(row.values[RECORD_F_XR_R_FACTOR].u64 == 88 && row.values[RECORD_F_XR_BURST_MS].u64 == 200);
	assert_true(row.values[RECORD_F_XR_MOS_LQ].f64 == 4.1 && !row.values[RECORD_F_XR_MOS_CQ].present);
	assert_true(row.values[RECORD_F_XR_SIGNAL_DBM].f64 == -20 && !row.values[RECORD_F_XR_NOISE_DBM].present);
	assert_true(row.values[RECORD_F_XR_BURST_DENSITY].f64 == 50 && row.values[RECORD_F_XR_LOST].u64 == 3);
	assert_true(row.values[RECORD_F_XR_JITTER_MS_MAX].f64 == 20 && row.values[RECORD_F_XR_JITTER_MS_MEAN].f64 == 5);
	rig_free(r);
}

static void
the_sender_names_itself_and_leaves(void **state)
{
	struct rig *r = two_ways(false);
	struct rtcp p = {.len = 0};

	put_sr(&p, 11, 1, 5);
	put32(&p, 0x81ca0003u); /* SDES: CNAME a@bc */
	put32(&p, 11);
	memcpy(p.bytes + p.len, "\1\4a@bc\0\0", 8);
	p.len += 8;
	put32(&p, 0x81cb0001u); /* BYE */
	put32(&p, 11);
	assert_true(send(r, &p, 1, 1, 2 * SEC));
	media_collect(r->m, 1, rig_take, r);
	struct media_remote *x = &r->got[0].reports;
	assert_true(x->bye && x->cname_len == 4 && memcmp(x->cname, "a@bc", 4) == 0);
	assert_true(!r->got[1].reports.bye && r->got[1].reports.cname_len == 0);
	rig_free(r);
}

/* SRTCP looks like RTCP on the outside: what it says within is not believed. */
static void
srtcp_is_counted_and_not_read(void **state)
{
	struct rig *r = two_ways(true);
	struct rtcp p = {.len = 0};
	struct rtcp_report_block b = {.ssrc = 22, .jitter = 0x5a5a5a5a, .fraction_lost = 200};

	put_rr(&p, 11, &b);
	assert_true(send(r, &p, 1, 1, 2 * SEC));
	media_collect(r->m, 1, rig_take, r);
	assert_true(r->got[0].srtp && r->got[0].rtcp_packets == 1 && r->got[1].reports.n == 0);
	rig_free(r);
}

/* ---- several cores ---- */

#define CORES 3
#define TOLD_MAX 64

struct told {
	struct media_report report;
	uint8_t bytes[400], from;
};

struct cores {
	struct rig *rigs[CORES];
	struct told told[TOLD_MAX];
	uint32_t n_told;
	uint8_t at;             /* the core that takes a packet just now */
};

static void
core_tells(void *context, const struct media_report *report)
{
	struct cores *c = context;
	struct told *t = &c->told[c->n_told++];

	assert_true(c->n_told < TOLD_MAX);
	*t = (struct told){.report = *report, .from = c->at};
	memcpy(t->bytes, report->payload, report->len);
}

/* What waits between the cores, and what that gives rise to. */
static void
cores_settle(struct cores *c)
{
	for (uint32_t i = 0; i < c->n_told; i++) {
		for (uint8_t core = 0; core < CORES; core++) {
			struct told t = c->told[i];
			t.report.payload = t.bytes;
			c->at = core;
			if (core != t.from)
				media_report_take(c->rigs[core]->m, &t.report);
		}
	}
	c->n_told = 0;
}

static void
cores_rtcp(struct cores *c, uint8_t core, const struct rtcp *p, uint8_t from, int64_t ts_ns)
{
	c->at = core;
	assert_true(send(c->rigs[core], p, from, 1, ts_ns));
	cores_settle(c);
}

/* One call with its two streams and the RTCP of either end on the cores of places; its summaries,
 * caller's first. */
static void
call_over_cores(const uint8_t places[4], struct media_summary out[2])
{
	struct cores c = {.n_told = 0};
	struct rtcp a = {.len = 0}, b = {.len = 0}, d = {.len = 0};
	struct rtcp_report_block about_a = {.ssrc = 11, .lsr = 0x12345678, .dlsr = 65536 / 2, .jitter = 80, .fraction_lost = 64, .cumulative_lost = -3};
	struct rtcp_report_block about_b = {.ssrc = 22, .lsr = 0x00777777, .dlsr = 65536 / 4};

	for (uint8_t core = 0; core < CORES; core++) {
		struct rig *r = c.rigs[core] = rig_new(8);
		r->m->options.report = core_tells;
		r->m->options.context = &c;
		r->m->options.digit = NULL;
		r->m->options.evicted = NULL;
		rig_announce(r, 1, 1, MEDIA_SIDE_CALLER);
		rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	}
	rig_run(c.rigs[places[0]], (struct rtp){.src = 1, .dst = 2, .ssrc = 11, .ts_ns = SEC}, 100);
	rig_run(c.rigs[places[1]], (struct rtp){.src = 2, .dst = 1, .ssrc = 22, .ts_ns = SEC + MS}, 100);
	put_sr(&a, 11, 0x12345678, 77);
	cores_rtcp(&c, places[2], &a, 1, 2 * SEC);
	put_sr(&b, 22, 0x00777777, 88);
	put_rr(&b, 22, &about_a);
	cores_rtcp(&c, places[3], &b, 2, 2 * SEC + 530 * MS);
	put_rr(&d, 11, &about_b);
	cores_rtcp(&c, places[2], &d, 1, 2 * SEC + 530 * MS + 250 * MS + 12 * MS);
	for (uint8_t core = 0; core < CORES; core++)
		media_collect(c.rigs[core]->m, 1, rig_take, c.rigs[core]);
	for (uint8_t core = 0; core < CORES; core++) {
		for (uint32_t i = 0; i < c.rigs[core]->n_got; i++)
			out[c.rigs[core]->got[i].ssrc == 22] = c.rigs[core]->got[i];
		rig_free(c.rigs[core]);
	}
}

static void
assert_same_record(const struct media_summary *a, const struct media_summary *b)
{
	uint8_t bytes[2][2048] = {{0}};
	struct record_writer x = record_writer_begin(bytes[0], sizeof(bytes[0]), RECORD_STREAM);
	struct record_writer y = record_writer_begin(bytes[1], sizeof(bytes[1]), RECORD_STREAM);

	media_summary_write(&x, a);
	media_summary_write(&y, b);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(bytes[0], bytes[1], x.len);
}

/* Wherever streams and RTCP land, they come to the same. */
static void
reports_find_their_streams_on_other_cores(void **state)
{
	struct media_summary want[2], got[2];

	call_over_cores((uint8_t[]){0, 0, 0, 0}, want);
	assert_true(want[0].rtcp_packets == 2 && want[1].rtcp_packets == 1 && want[0].reports.n == 1);
	assert_true(fabs(want[0].reports.receiver_ms - 30) < 0.01 && fabs(want[0].reports.sender_ms - 12) < 0.01);
	for (uint32_t i = 1; i < CORES * CORES * CORES * CORES; i++) {
		uint8_t places[4] = {(uint8_t)(i % 3), (uint8_t)(i / 3 % 3), (uint8_t)(i / 9 % 3), (uint8_t)(i / 27)};
		memset(got, 0, sizeof(got));
		call_over_cores(places, got);
		for (uint32_t side = 0; side < 2; side++)
			assert_same_record(&got[side], &want[side]);
	}
}

/* What an end with an SSRC that no stream has says is asked of every core once, and goes no further. */
static void
reports_of_nobody_end(void **state)
{
	struct cores c = {.n_told = 0};
	struct rtcp p = {.len = 0};
	struct rtcp_report_block about = {.ssrc = 4711, .lsr = 1, .dlsr = 1};

	for (uint8_t core = 0; core < CORES; core++) {
		c.rigs[core] = rig_new(8);
		c.rigs[core]->m->options.report = core_tells;
		c.rigs[core]->m->options.context = &c;
	}
	put_rr(&p, 33, &about);
	assert_false(send(c.rigs[0], &p, 1, 1, SEC)); /* no call: not even asked */
	assert_int_equal(c.n_told, 0);
	for (uint8_t core = 0; core < CORES; core++)
		rig_announce(c.rigs[core], 1, 1, MEDIA_SIDE_CALLER);
	assert_true(send(c.rigs[0], &p, 1, 1, SEC));
	assert_int_equal(c.n_told, 1);
	cores_settle(&c);
	for (uint8_t core = 0; core < CORES; core++)
		rig_free(c.rigs[core]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips_are_seen_in_halves), cmocka_unit_test(reports_find_their_streams_on_other_cores),
		cmocka_unit_test(reports_of_nobody_end),
		cmocka_unit_test(an_lsr_that_was_not_seen_here_gives_no_round_trip),
		cmocka_unit_test(receivers_without_streams_are_heard),
		cmocka_unit_test(the_sender_names_itself_and_leaves),
		cmocka_unit_test(srtcp_is_counted_and_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
