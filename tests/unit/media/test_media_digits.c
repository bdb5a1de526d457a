/* Telephone events: one digit from however many packets, whichever of them are lost, late or doubled. */
#include "media_testing.h"

#define PT 101
#define CALLER 1
#define CALLEE 2

struct sender {
	struct rig *r;
	uint16_t seq;
	int64_t ts_ns;
};

static uint32_t
event_packet(struct sender *s, uint32_t timestamp, uint8_t event, uint16_t duration, bool end, bool marker)
{
	struct test_packet t;
	uint8_t bytes[16];

	test_packet_make(&t, &(struct rtp){.src = CALLER, .dst = CALLEE, .ssrc = 1, .timestamp = timestamp, .seq = s->seq++,
		.payload_type = PT, .marker = marker, .ts_ns = s->ts_ns});
	memcpy(bytes, t.bytes, 12);
	bytes[12] = event;
	bytes[13] = (uint8_t)(10 | end << 7);
	base_store_be16(bytes + 14, duration);
	t.view.payload = bytes;
	t.view.payload_len = t.view.payload_wire_len = 16;
	s->ts_ns += 20 * MS;
	rig_burst(s->r, &t, 1);
	return t.packet.stream;
}

static struct sender
sender_new(void)
{
	struct sender s = {rig_new(64), 10, SEC};

	rig_announce(s.r, CALLER, 7, MEDIA_SIDE_CALLER);
	rig_announce(s.r, CALLEE, 7, MEDIA_SIDE_CALLEE);
	return s;
}

/* A digit held for 100 ms; skip: bits of packets that are lost (5 of the event, 3 of its end). */
static void
press(struct sender *s, uint32_t timestamp, uint8_t event, uint32_t skip)
{
	for (uint32_t i = 0; i < 8; i++) {
		if (skip >> i & 1) {
			s->seq++;
			s->ts_ns += 20 * MS;
			continue;
		}
		event_packet(s, timestamp, event, (uint16_t)(160 * (i < 5 ? i + 1 : 5)), i >= 5, i == 0);
	}
}

static void
one_press_is_one_digit(void **state)
{
	struct sender s = sender_new();
	int64_t began = s.ts_ns;

	press(&s, 8000, 5, 0);
	assert_int_equal(s.r->n_digits, 1);
	assert_int_equal(s.r->digits[0].digit, '5');
	assert_int_equal(s.r->digits[0].length_ms, 100);
	assert_int_equal(s.r->digits[0].start_ns, began);
	assert_int_equal(s.r->digits[0].sender, MEDIA_SIDE_CALLER);
	assert_int_equal(s.r->digits[0].call, 7);
	press(&s, 16000, 5, 0); /* the same key again */
	press(&s, 24000, 11, 0);
	assert_int_equal(s.r->n_digits, 3);
	assert_int_equal(s.r->digits[2].digit, '#');
	rig_free(s.r);
}

static void
whatever_packets_are_lost_it_is_one_digit_at_most(void **state)
{
	for (uint32_t skip = 0; skip < 256; skip++) {
		struct sender s = sender_new();
		press(&s, 8000, 1, skip);
		press(&s, 16000, 2, 0);
		media_collect(s.r->m, 7, rig_take, s.r);
		assert_int_equal(s.r->n_digits, skip == 255 ? 1 : 2);
		assert_int_equal(s.r->digits[0].digit, skip == 255 ? '2' : '1');
		rig_free(s.r);
	}
}

static void
late_and_doubled_packets_are_no_new_digit(void **state)
{
	struct sender s = sender_new();

	press(&s, 8000, 1, 0);
	press(&s, 16000, 2, 0);
	s.seq = 15; /* of the first digit's end */
	event_packet(&s, 8000, 1, 800, true, false);
	s.seq = 23;
	event_packet(&s, 16000, 2, 800, true, false);
	event_packet(&s, 16000, 2, 160, false, true);
	assert_int_equal(s.r->n_digits, 2);
	rig_free(s.r);
}

static void
an_event_beyond_16_bits_of_duration_goes_on_in_segments(void **state)
{
	struct sender s = sender_new();

	for (uint32_t segment = 0; segment < 3; segment++)
		for (uint32_t ticks = 8000; ticks <= 0xffff; ticks += 8000)
			event_packet(&s, 1000 + segment * 0xffff, 9, (uint16_t)ticks, false, segment == 0 && ticks == 8000);
	event_packet(&s, 1000 + 3 * 0xffff, 9, 4000, true, false);
	assert_int_equal(s.r->n_digits, 1);
	assert_int_equal(s.r->digits[0].length_ms, (3ull * 0xffff + 4000) / 8);
	rig_free(s.r);
}

static void
a_digit_without_its_end_is_told_when_the_stream_ends(void **state)
{
	struct sender s = sender_new();

	press(&s, 8000, 12, 0xe0);
	assert_int_equal(s.r->n_digits, 0);
	media_collect(s.r->m, 7, rig_take, s.r);
	assert_int_equal(s.r->n_digits, 1);
	assert_int_equal(s.r->digits[0].digit, 'A');
	assert_int_equal(s.r->digits[0].length_ms, 100);
	rig_free(s.r);
}

static void
fax_tones_and_flash_have_their_signs_and_other_events_none(void **state)
{
	static const struct { uint8_t event, digit; } cases[] = {
		{10, '*'}, {16, '!'}, {32, 'e'}, {36, 'c'}, {54, 'v'}, {70, 0}, {255, 0}};
	for (size_t i = 0; i < base_count_of(cases); i++) {
		struct sender s = sender_new();
		press(&s, 8000, cases[i].event, 0);
		assert_int_equal(s.r->n_digits, cases[i].digit != 0);
		assert_true(s.r->n_digits == 0 || s.r->digits[0].digit == cases[i].digit);
		rig_free(s.r);
	}
}

static void
packets_cut_short_are_no_digit(void **state)
{
	struct sender s = sender_new();

	for (uint32_t i = 0; i < 4; i++)
		rig_packet(s.r, (struct rtp){.src = CALLER, .dst = CALLEE, .ssrc = 1, .seq = (uint16_t)i, .payload_type = PT,
			.ts_ns = SEC + i, .payload_len = 4});
	media_collect(s.r->m, 7, rig_take, s.r);
	assert_int_equal(s.r->n_digits, 0);
	rig_free(s.r);
}

static void
more_streams_than_there_is_room_for_lose_no_digit_that_is_over(void **state)
{
	struct rig *r = rig_new(256);
	uint32_t told = 0;

	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t ssrc = 1; ssrc <= 128; ssrc++) {
			struct test_packet t;
			uint8_t bytes[16] = {0};
			rig_announce(r, (uint8_t)ssrc, 1000 + ssrc, MEDIA_SIDE_CALLER);
			test_packet_make(&t, &(struct rtp){.src = 200, .dst = (uint8_t)ssrc, .ssrc = ssrc, .timestamp = 8000 * (round + 1),
				.seq = (uint16_t)round, .payload_type = PT, .ts_ns = SEC * (round + 1)});
			memcpy(bytes, t.bytes, 12);
			bytes[12] = 3, bytes[13] = 0x80, bytes[15] = 160;
			t.view.payload = bytes;
			t.view.payload_len = t.view.payload_wire_len = 16;
			rig_burst(r, &t, 1);
			told++;
			assert_int_equal(r->n_digits, told);
		}
	}
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_press_is_one_digit),
		cmocka_unit_test(whatever_packets_are_lost_it_is_one_digit_at_most),
		cmocka_unit_test(late_and_doubled_packets_are_no_new_digit),
		cmocka_unit_test(an_event_beyond_16_bits_of_duration_goes_on_in_segments),
		cmocka_unit_test(a_digit_without_its_end_is_told_when_the_stream_ends),
		cmocka_unit_test(fax_tones_and_flash_have_their_signs_and_other_events_none),
		cmocka_unit_test(packets_cut_short_are_no_digit),
		cmocka_unit_test(more_streams_than_there_is_room_for_lose_no_digit_that_is_over)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
