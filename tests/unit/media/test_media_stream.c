#include "media_testing.h"

static void
a_stream_without_sdp_needs_two_packets_in_sequence(void **state)
{
	struct rig *r = rig_new(16);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 9, .ts_ns = SEC};
#define P(s, begun, why) (p.seq = (s), p.ts_ns += 20 * MS, assert_int_equal(rig_packet(r, p) != MEDIA_NONE, begun))
	P(5, false, "first");
	P(5, false, "again");
	P(8, false, "a gap");
	P(9, true, "in sequence");
	P(10, true, "known now");
#undef P
	media_finish(r->m, rig_take, r);
	assert_int_equal(r->n_got, 1);
	assert_int_equal(r->got[0].packets, 5); /* the candidate's count too */
	assert_int_equal(r->got[0].first_ns, SEC + 20 * MS);
	assert_int_equal(r->got[0].expected, 6);
	assert_int_equal(r->got[0].lost, 2);
	assert_int_equal(r->got[0].duplicates, 1);
	assert_int_equal(r->got[0].call, 0);
	rig_free(r);
}

/* Nobody waits: a stream of a call does not look for itself among those who do. */
static void
places_of_candidates_are_counted(void **state)
{
	struct rig *r = rig_new(1024);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 9, .seq = 5, .ts_ns = SEC};

	for (; p.ssrc < 12; p.ssrc++)
		rig_packet(r, p), rig_packet(r, p);
	assert_int_equal(r->m->candidates_held, 3);
	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	for (p.ssrc = 9, p.seq = 6; p.ssrc < 13; p.ssrc++)
		assert_int_not_equal(rig_packet(r, p), MEDIA_NONE);
	assert_int_equal(r->m->candidates_held, 0);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(r->got[i].packets, r->got[i].ssrc < 12 ? 3 : 1);
	rig_free(r);
}

static void
streams_in_probation_are_no_record(void **state)
{
	for (uint32_t n = 1; n < 8; n++) {
		struct rig *r = rig_new(16);
		rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 9, .ts_ns = SEC}, n);
		media_finish(r->m, rig_take, r);
		assert_int_equal(r->n_got, n >= MEDIA_PROBATION_PACKETS);
		assert_int_equal(r->metrics.values[METRICS_STREAMS], n >= 2);
		assert_int_equal(r->metrics.values[METRICS_STREAMS_UNTIED], n >= 2);
		rig_free(r);
	}
}

static void
random_udp_with_version_2_gives_no_stream(void **state)
{
	struct rig *r = rig_new(1000);
	uint64_t seed = 1;

	for (uint32_t i = 0; i < 1000000; i++) {
		struct test_packet t;
		uint64_t a = test_random(&seed), b = test_random(&seed);
		test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2, .ts_ns = SEC + i * 1000});
		memcpy(t.bytes, &a, 8);
		memcpy(t.bytes + 8, &b, 4);
		t.bytes[0] = (uint8_t)(0x80 | (t.bytes[0] & 0x3f));
		media_prepare(r->m, &t.packet, 1);
		media_find(r->m, &t.packet, 1);
		assert_int_equal(t.packet.stream, MEDIA_NONE);
		media_begin(r->m, &t.packet);
	}
	assert_int_equal(r->metrics.values[METRICS_STREAMS], 0);
	rig_free(r);
}

static void
begin_takes_no_what_is_not_rtp(void **state)
{
	struct rig *r = rig_new(16);
	struct test_packet t;

	rig_announce(r, 2, 5, MEDIA_SIDE_CALLEE);
	test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2});
	t.bytes[0] = 0x90; /* an extension that is not there */
	media_prepare(r->m, &t.packet, 1);
	assert_false(media_begin(r->m, &t.packet));
	t.bytes[0] = 0x00;
	media_prepare(r->m, &t.packet, 1);
	assert_false(media_begin(r->m, &t.packet));
	rig_free(r);
}

static void
the_receivers_announcement_comes_before_the_senders(void **state)
{
	struct rig *r = rig_new(16);

	rig_announce(r, 2, 20, MEDIA_SIDE_CALLEE);
	rig_announce(r, 1, 10, MEDIA_SIDE_CALLER);
	rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC});
	rig_packet(r, (struct rtp){.src = 1, .dst = 3, .ssrc = 2, .ts_ns = SEC + 1}); /* NAT: 3 is unknown */
	rig_packet(r, (struct rtp){.src = 4, .dst = 1, .ssrc = 3, .ts_ns = SEC + 2});
	media_finish(r->m, rig_take, r);
	assert_int_equal(r->n_got, 3);
	assert_int_equal(r->got[0].call, 20);
	assert_int_equal(r->got[0].sender, MEDIA_SIDE_CALLER);
	assert_int_equal(r->got[1].call, 10);
	assert_int_equal(r->got[1].sender, MEDIA_SIDE_CALLER);
	assert_int_equal(r->got[2].call, 10);
	assert_int_equal(r->got[2].sender, MEDIA_SIDE_CALLEE);
	rig_free(r);
}

/* SDP appears delay after the stream: tied within the period of the questions, with every packet. */
static void
sdp_after_the_stream_ties_it_within_a_second(void **state)
{
	for (int64_t delay = 0; delay < 6 * SEC; delay += 330 * MS) {
		struct rig *r = rig_new(16);
		struct rtp p = {.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC};
		int64_t tied_at = 0, sdp_at = SEC + delay;
		bool announced = false;
		for (uint32_t i = 0; i < 500; i++, p.seq++, p.timestamp += 160, p.ts_ns += 20 * MS) {
			rig_packet(r, p);
			media_advance(r->m, p.ts_ns, rig_take, r);
			if (!announced && p.ts_ns >= sdp_at)
				rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE), announced = true;
			r->n_got = 0;
			media_peek(r->m, 7, rig_take, r);
			if (r->n_got && !tied_at)
				tied_at = p.ts_ns;
		}
		assert_in_range(tied_at - sdp_at, 0, (uint64_t)(delay < 1900 * MS ? 220 * MS : 2020 * MS));
		r->n_got = 0;
		media_collect(r->m, 7, rig_take, r);
		assert_int_equal(r->n_got, 1);
		assert_int_equal(r->got[0].packets, 500);
		assert_int_equal(r->metrics.values[METRICS_STREAMS_UNTIED], 0);
		rig_free(r);
	}
}

/* The packet before the SDP was only a candidate: it counts. */
static void
a_candidates_packets_count_when_its_call_appears(void **state)
{
	struct rig *r = rig_new(16);

	rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 3, .ts_ns = SEC});
	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 6, .ts_ns = SEC + 60 * MS});
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->got[0].packets, 2);
	assert_int_equal(r->got[0].expected, 4);
	assert_int_equal(r->got[0].first_ns, SEC);
	rig_free(r);
}

static void
an_address_taken_by_another_call_leaves_tied_streams_alone(void **state)
{
	struct rig *r = rig_new(16);

	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 5);
	rig_announce(r, 2, 8, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 5, .ts_ns = 2 * SEC}, 5);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->got[0].packets, 10);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 10, .ts_ns = 3 * SEC}, 3);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 1);
	media_collect(r->m, 8, rig_take, r);
	assert_int_equal(r->n_got, 2);
	assert_int_equal(r->got[1].packets, 3);
	rig_free(r);
}

static void
changing_ssrc_at_an_announced_address_is_bounded(void **state)
{
	struct rig *r = rig_new(1000);

	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < 5000; i++)
		rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = i, .ts_ns = SEC + i});
	assert_int_equal(r->metrics.values[METRICS_STREAMS], MEDIA_CALL_STREAMS_MAX);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, MEDIA_CALL_STREAMS_MAX);
	assert_int_equal(r->metrics.values[METRICS_STREAMS_ACTIVE], 0);
	rig_free(r);
}

static void
full_gives_up_idle_untied_streams_first_and_never_tied_ones(void **state)
{
	struct rig *r = rig_new(8);
	const uint64_t *v = r->metrics.values;

	assert_int_equal(v[METRICS_STREAMS_MAX], 8);
	rig_announce(r, 200, 1, MEDIA_SIDE_CALLEE);
	for (uint8_t i = 0; i < 4; i++)
		rig_packet(r, (struct rtp){.src = i, .dst = 200, .ssrc = i, .ts_ns = SEC});
	for (uint8_t i = 0; i < 4; i++)
		rig_run(r, (struct rtp){.src = i, .dst = 100, .ssrc = i, .ts_ns = SEC + i * MS}, 2);
	assert_int_equal(v[METRICS_STREAMS_ACTIVE], 8);
	/* an untied one while all the others are at work: refused */
	rig_run(r, (struct rtp){.src = 9, .dst = 100, .ssrc = 9, .ts_ns = SEC + 100 * MS}, 2);
	assert_int_equal(v[METRICS_STREAMS_REFUSED], 1);
	assert_int_equal(v[METRICS_STREAMS_EVICTED], 0);
	/* two seconds later it takes the place of the one that is silent longest */
	rig_run(r, (struct rtp){.src = 1, .dst = 100, .ssrc = 1, .seq = 2, .ts_ns = 3 * SEC}, 5);
	rig_run(r, (struct rtp){.src = 9, .dst = 100, .ssrc = 9, .ts_ns = 3 * SEC}, 5);
	assert_int_equal(v[METRICS_STREAMS_EVICTED], 1);
	/* streams of a call take what is left */
	for (uint8_t i = 4; i < 12; i++)
		rig_packet(r, (struct rtp){.src = i, .dst = 200, .ssrc = i, .ts_ns = 3 * SEC + i});
	assert_int_equal(v[METRICS_STREAMS_EVICTED], 5);
	assert_int_equal(v[METRICS_STREAMS_REFUSED], 5);
	media_finish(r->m, rig_take, r);
	assert_int_equal(r->n_got, 8);
	for (uint8_t i = 0; i < 8; i++)
		assert_int_equal(r->got[i].call, 1);
	assert_int_equal(v[METRICS_STREAMS_ACTIVE], 0);
	rig_free(r);
}

/* Begin and end at random beside a naive count; what is there is found, and memory comes back. */
static void
streams_come_and_go_beside_a_list(void **state)
{
	enum { CALLS = 40 };
	struct rig *r = rig_new(64);
	uint64_t seed = 8, packets[CALLS] = {0};
	uint16_t seq[CALLS] = {0};

	for (uint8_t i = 0; i < CALLS; i++)
		rig_announce(r, i, i + 1, MEDIA_SIDE_CALLEE);
	for (uint32_t round = 0; round < 20000; round++) {
		uint8_t i = (uint8_t)(test_random(&seed) % CALLS);
		if (test_random(&seed) % 10) {
			rig_packet(r, (struct rtp){.src = 250, .dst = i, .ssrc = i, .seq = seq[i]++, .ts_ns = SEC + round});
			packets[i]++;
			continue;
		}
		r->n_got = 0;
		media_collect(r->m, i + 1u, rig_take, r);
		assert_int_equal(r->n_got, packets[i] != 0);
		assert_true(!packets[i] || r->got[0].packets == packets[i]);
		packets[i] = 0;
	}
	rig_free(r);
}

static bool
rtcp(struct rig *r, uint8_t src, uint8_t dst, uint16_t port_plus, uint32_t ssrc)
{
	uint8_t bytes[32] = {0x80, RTCP_RR, 0, 1};
	struct test_packet t;

	test_packet_make(&t, &(struct rtp){.src = src, .dst = dst, .ts_ns = SEC});
	base_store_be32(bytes + 4, ssrc);
	t.view.payload = bytes;
	t.view.payload_len = t.view.payload_wire_len = 8;
	t.view.src.port = (uint16_t)(t.view.src.port + port_plus);
	t.view.dst.port = (uint16_t)(t.view.dst.port + port_plus);
	return media_rtcp(r->m, &t.packet);
}

static void
rtcp_belongs_to_the_stream_of_its_ports_or_those_below(void **state)
{
	struct rig *r = rig_new(16);

	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 5, .ts_ns = SEC});
	assert_true(rtcp(r, 1, 2, 1, 5));
	assert_true(rtcp(r, 1, 2, 0, 5));  /* rtcp-mux */
	assert_true(rtcp(r, 1, 2, 1, 6));  /* another source at an announced address: known, not counted */
	assert_true(rtcp(r, 2, 1, 1, 6));
	assert_false(rtcp(r, 1, 3, 1, 5));
	assert_false(rtcp(r, 1, 3, 0, 5));
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->got[0].rtcp_packets, 2);
	rig_free(r);
}

static void
packets_after_the_bye_are_counted_and_stay(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 5);
	media_ended(r->m, 7, SEC + 110 * MS); /* after the sixth packet */
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 5, .timestamp = 800, .ts_ns = SEC + 100 * MS}, 4);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 2, .ts_ns = SEC + 200 * MS}, 2); /* begun after it */
	media_ended(r->m, 7, 0); /* not over, after all */
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 9, .timestamp = 1440, .ts_ns = SEC + 180 * MS}, 4);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 2);
	assert_int_equal(r->got[0].packets, 13);
	assert_int_equal(r->got[0].after_bye, 3);
	assert_int_equal(r->got[1].after_bye, 2);
	assert_true(r->got[0].jitter_ms_max < 0.001); /* the mark does not disturb the figures */
	assert_true(r->got[1].interval_ms == 20);     /* begun after it: looked at all the same */
	rig_free(r);
}

static void
the_other_end_announced_later_makes_the_tie_whole(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 5);
	media_peek(r->m, 7, rig_take, r);
	rig_announce(r, 1, 8, MEDIA_SIDE_CALLER); /* another call's: says nothing */
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 5, .timestamp = 800, .ts_ns = SEC + 100 * MS}, 5);
	media_peek(r->m, 7, rig_take, r);
	rig_announce(r, 1, 7, MEDIA_SIDE_CALLER);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 10, .timestamp = 1600, .ts_ns = SEC + 200 * MS}, 5);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 3);
	assert_int_equal(r->got[0].tie, MEDIA_TIED_DST);
	assert_int_equal(r->got[1].tie, MEDIA_TIED_DST);
	assert_int_equal(r->got[2].tie, MEDIA_TIED_BOTH);
	assert_true(r->got[2].packets == 15 && r->got[2].jitter_ms_max < 0.001);
	rig_free(r);
}

static void
a_call_that_takes_both_addresses_after_the_bye_has_its_packets_at_once(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce(r, 1, 7, MEDIA_SIDE_CALLER);
	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 5);
	media_ended(r->m, 7, SEC + 90 * MS);
	rig_announce_at(r, SEC + 150 * MS, 1, 8, MEDIA_SIDE_CALLER);
	rig_announce_at(r, SEC + 150 * MS, 2, 8, MEDIA_SIDE_CALLEE);
	/* three of the old call, then the new one's, in one burst, though the sequence goes on */
	struct test_packet packets[10];
	for (uint16_t i = 0; i < 10; i++)
		test_packet_make(&packets[i], &(struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = (uint16_t)(5 + i),
			.timestamp = 160u * i, .ts_ns = SEC + (100 + 20 * i) * MS});
	rig_burst(r, packets, 10);
	media_collect(r->m, 7, rig_take, r);
	media_collect(r->m, 8, rig_take, r);
	assert_int_equal(r->n_got, 2);
	assert_int_equal(r->got[0].packets, 8);
	assert_int_equal(r->got[0].after_bye, 3);
	assert_int_equal(r->got[1].packets, 7);
	assert_int_equal(r->got[1].lost, 0);
	assert_int_equal(r->got[1].after_bye, 0);
	assert_int_equal(r->metrics.values[METRICS_STREAMS_ACTIVE], 0);
	rig_free(r);
}

static void
one_address_taken_leaves_what_follows_smoothly(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce(r, 1, 7, MEDIA_SIDE_CALLER);
	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 2, .dst = 1, .ssrc = 1, .ts_ns = SEC}, 5);
	media_ended(r->m, 7, SEC + 90 * MS);
	rig_announce_at(r, SEC + 95 * MS, 1, 8, MEDIA_SIDE_CALLER);
	rig_run(r, (struct rtp){.src = 2, .dst = 1, .ssrc = 1, .seq = 5, .timestamp = 800, .ts_ns = SEC + 100 * MS}, 3);
	/* a leap of the sequence: another sender's */
	rig_run(r, (struct rtp){.src = 2, .dst = 1, .ssrc = 1, .seq = 5000, .ts_ns = SEC + 160 * MS}, 4);
	media_collect(r->m, 7, rig_take, r);
	media_collect(r->m, 8, rig_take, r);
	assert_int_equal(r->n_got, 2);
	assert_int_equal(r->got[0].packets, 8);
	assert_int_equal(r->got[1].packets, 4);
	rig_free(r);
}

static void
an_open_call_keeps_its_stream_whoever_announces_its_addresses(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 5);
	rig_announce_at(r, SEC + 50 * MS, 2, 8, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = 900, .ts_ns = 5 * SEC}, 5);
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->got[0].packets, 10);
	rig_free(r);
}

static void
of_two_calls_that_announce_an_end_each_the_newer_has_both_directions(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce_at(r, 1, 1, 7, MEDIA_SIDE_CALLER);
	rig_announce_at(r, 2, 2, 8, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC}, 2);
	rig_run(r, (struct rtp){.src = 2, .dst = 1, .ssrc = 2, .ts_ns = SEC}, 2);
	media_collect(r->m, 8, rig_take, r);
	assert_int_equal(r->n_got, 2);
	assert_int_equal(r->got[0].sender, MEDIA_SIDE_CALLER);
	assert_int_equal(r->got[1].sender, MEDIA_SIDE_CALLEE);
	assert_int_equal(r->got[0].tie, MEDIA_TIED_DST);
	assert_int_equal(r->got[1].tie, MEDIA_TIED_SRC);
	rig_free(r);
}

static void
timestamps_that_leap_are_no_second_packet(void **state)
{
	struct rig *r = rig_new(8);

	for (uint16_t i = 0; i < 50; i++)
		assert_int_equal(rig_packet(r, (struct rtp){.src = 1, .dst = 3, .ssrc = 1, .seq = i,
			.timestamp = 0x10000000u * i, .ts_ns = SEC + i}), MEDIA_NONE);
	rig_free(r);
}

static void
an_evicted_stream_past_probation_is_told_of(void **state)
{
	struct rig *r = rig_new(2);

	rig_run(r, (struct rtp){.src = 1, .dst = 3, .ssrc = 1, .ts_ns = SEC}, 50);
	rig_run(r, (struct rtp){.src = 2, .dst = 3, .ssrc = 2, .ts_ns = SEC}, 3);
	rig_run(r, (struct rtp){.src = 4, .dst = 3, .ssrc = 4, .ts_ns = 9 * SEC}, 3);
	assert_int_equal(r->metrics.values[METRICS_STREAMS_EVICTED], 1);
	rig_run(r, (struct rtp){.src = 5, .dst = 3, .ssrc = 5, .ts_ns = 19 * SEC}, 3);
	assert_int_equal(r->metrics.values[METRICS_STREAMS_EVICTED], 2);
	assert_int_equal(r->n_evicted, 1); /* the other one was in probation */
	assert_int_equal(r->evicted.packets, 50);
	rig_free(r);
}

static void
rtcp_anywhere_at_the_calls_endpoints_is_the_senders(void **state)
{
	struct rig *r = rig_new(8);

	rig_announce(r, 1, 7, MEDIA_SIDE_CALLER);
	rig_announce(r, 2, 7, MEDIA_SIDE_CALLEE);
	rig_announce(r, 9, 7, MEDIA_SIDE_CALLEE); /* a=rtcp */
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 5, .ts_ns = SEC}, 3);
	assert_true(rtcp(r, 1, 9, 0, 5));
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->got[0].rtcp_packets, 1);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_without_sdp_needs_two_packets_in_sequence),
		cmocka_unit_test(places_of_candidates_are_counted),
		cmocka_unit_test(streams_in_probation_are_no_record),
		cmocka_unit_test(random_udp_with_version_2_gives_no_stream),
		cmocka_unit_test(begin_takes_no_what_is_not_rtp),
		cmocka_unit_test(the_receivers_announcement_comes_before_the_senders),
		cmocka_unit_test(sdp_after_the_stream_ties_it_within_a_second),
		cmocka_unit_test(a_candidates_packets_count_when_its_call_appears),
		cmocka_unit_test(an_address_taken_by_another_call_leaves_tied_streams_alone),
		cmocka_unit_test(changing_ssrc_at_an_announced_address_is_bounded),
		cmocka_unit_test(full_gives_up_idle_untied_streams_first_and_never_tied_ones),
		cmocka_unit_test(streams_come_and_go_beside_a_list),
		cmocka_unit_test(rtcp_belongs_to_the_stream_of_its_ports_or_those_below),
		cmocka_unit_test(packets_after_the_bye_are_counted_and_stay),
		cmocka_unit_test(the_other_end_announced_later_makes_the_tie_whole),
		cmocka_unit_test(a_call_that_takes_both_addresses_after_the_bye_has_its_packets_at_once),
		cmocka_unit_test(one_address_taken_leaves_what_follows_smoothly),
		cmocka_unit_test(an_open_call_keeps_its_stream_whoever_announces_its_addresses),
		cmocka_unit_test(of_two_calls_that_announce_an_end_each_the_newer_has_both_directions),
		cmocka_unit_test(timestamps_that_leap_are_no_second_packet),
		cmocka_unit_test(an_evicted_stream_past_probation_is_told_of),
		cmocka_unit_test(rtcp_anywhere_at_the_calls_endpoints_is_the_senders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
