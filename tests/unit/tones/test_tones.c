/* Laws: every DTMF digit sent is told once, with its begin and length to two blocks of the
 * detector, in either companding, in noise and over a lost packet; CNG, CED and V.21 flags are told
 * as what they are; noise and a single tone are not; a detector serves one stream at a time. */
#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tones.h"

#define MS 8 /* samples */
#define BLOCKS_NS (26 * BASE_NS_PER_MS)

struct line {
	struct tones *t;
	struct tones_found found[64];
	uint32_t n, at, seed, stream;
	double phase[2];
	int noise;          /* amplitude */
	bool alaw;
	uint32_t lose;      /* packet to leave out; 0: none */
};

static const int64_t began_ns = 1000 * BASE_NS_PER_SEC;

static void
keep(void *context, const struct tones_found *found)
{
	struct line *l = context;
	assert_true(l->n < base_count_of(l->found));
	l->found[l->n++] = *found;
}

/* G.711 by its definition: the nearest of 256 values, found by segment. */
static uint8_t
to_mulaw(int v)
{
	int sign = v < 0 ? 0x80 : 0, segment = 7;

	v = (v < 0 ? -v : v) + 132;
	v = v > 32767 ? 32767 : v;
	while (segment && !(v & 1 << (segment + 7)))
		segment--;
	return (uint8_t)~(sign | segment << 4 | (v >> (segment + 3) & 15));
}

static uint8_t
to_alaw(int v)
{
	int sign = v >= 0 ? 0x80 : 0, segment = 7;

	v = v < 0 ? -v - 1 : v;
	v = v > 32767 ? 32767 : v;
	while (segment && !(v & 1 << (segment + 7)))
		segment--;
	int low = segment ? v >> (segment + 3) & 15 : v >> 4 & 15;
	return (uint8_t)((sign | segment << 4 | low) ^ 0x55);
}

static int
noise(struct line *l)
{
	l->seed = l->seed * 1664525 + 1013904223;
	return l->noise ? (int)(l->seed >> 16) % (2 * l->noise) - l->noise : 0;
}

/* ms of two sines in packets of 20 ms; ms is a multiple of 20. */
static enum tones_result
send(struct line *l, uint32_t ms, double hz1, double hz2)
{
	enum tones_result result = TONES_HEARD;
	uint8_t payload[160];

	for (uint32_t done = 0; done < ms; done += 20) {
		for (int i = 0; i < 160; i++) {
			double v = 0;
			const double hz[2] = {hz1, hz2};
			for (int k = 0; k < 2; k++) {
				l->phase[k] += 2 * M_PI * hz[k] / 8000;
				v += hz[k] != 0 ? 6000 * sin(l->phase[k]) : 0;
			}
			payload[i] = (l->alaw ? to_alaw : to_mulaw)((int)v + noise(l));
		}
		struct tones_packet p = {.stream = l->stream, .timestamp = l->at - 4000,
			.ts_ns = began_ns + (int64_t)l->at * BASE_NS_PER_MS / MS,
			.payload = payload, .len = 160, .alaw = l->alaw};
		l->at += 160;
		if (l->lose == 0 || l->at / 160 != l->lose)
			result = tones_hear(l->t, &p, keep, l);
	}
	return result;
}

static enum tones_result
key(struct line *l, char digit, uint32_t ms)
{
	static const double rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
	static const char keys[] = "123A456B789C*0#D";
	size_t i = (size_t)(strchr(keys, digit) - keys);

	return send(l, ms, rows[i / 4], columns[i % 4]);
}

static void
begin(struct line *l, uint32_t detectors)
{
	struct sys_error e;
	assert_int_equal(tones_new(&l->t, detectors, 8, &e), 0);
}

static void
each_digit_once(void **state)
{
	static const char keys[] = "0123456789*#ABCD11";

	for (int variant = 0; variant < 4; variant++) {
		struct line l = {.alaw = variant & 1, .noise = variant & 2 ? 600 : 0, .seed = 7};
		begin(&l, 1);
		send(&l, 200, 0, 0);
		for (const char *k = keys; *k; k++)
			key(&l, *k, 100), send(&l, 100, 0, 0);
		assert_int_equal(l.n, sizeof(keys) - 1);
		for (uint32_t i = 0; i < l.n; i++) {
			int64_t off = l.found[i].start_ns - began_ns -
				      (200 + 200 * (int64_t)i) * BASE_NS_PER_MS;
			assert_int_equal(l.found[i].code, keys[i]);
			assert_in_range(l.found[i].length_ms, 74, 126);
			assert_in_range(off + BLOCKS_NS, 0, 2 * BLOCKS_NS);
		}
		tones_free(l.t);
	}
}

/* Whichever of the ten packets of a key of 200 ms is lost: one digit. */
static void
one_lost_packet(void **state)
{
	for (uint32_t lose = 5; lose <= 17; lose++) {
		struct line l = {.lose = lose};
		begin(&l, 1);
		send(&l, 100, 0, 0);
		key(&l, '5', 200);
		send(&l, 200, 0, 0);
		assert_int_equal(l.n, 1);
		assert_int_equal(l.found[0].code, '5');
		assert_in_range(l.found[0].length_ms, 150, 230);
		tones_free(l.t);
	}
}

/* Audio that stops for a second between: two digits, the second at its time. */
static void
silence_is_not_sent(void **state)
{
	struct line l = {0};

	begin(&l, 1);
	key(&l, '7', 100);
	l.at += 1000 * MS;
	key(&l, '7', 100);
	tones_end(l.t, 0, keep, &l);
	assert_int_equal(l.n, 2);
	assert_in_range(l.found[0].length_ms, 74, 126);
	assert_in_range(l.found[1].start_ns - began_ns + BLOCKS_NS, 1100 * BASE_NS_PER_MS,
		1100 * BASE_NS_PER_MS + 2 * BLOCKS_NS);
	tones_free(l.t);
}

static void
fax(void **state)
{
	struct line l = {0};

	begin(&l, 1);
	send(&l, 100, 0, 0);
	send(&l, 500, 1100, 0);
	send(&l, 1000, 0, 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.found[0].code, TONES_CNG);
	send(&l, 3000, 2100, 0);
	send(&l, 100, 0, 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.found[1].code, TONES_CED);
	tones_free(l.t);
}

/* V.21 channel 2: 300 bit/s, 1650 Hz is a one, 1850 Hz a zero; flags 01111110. */
static void
v21_preamble(void **state)
{
	struct line l = {0};
	double phase = 0;
	uint8_t payload[160];

	begin(&l, 1);
	send(&l, 100, 0, 0);
	for (uint32_t packet = 0; packet < 50; packet++) {
		for (uint32_t i = 0; i < 160; i++) {
			uint32_t bit = (packet * 160 + i) * 300 / 8000 % 8;
			phase += 2 * M_PI * (bit == 0 || bit == 7 ? 1850 : 1650) / 8000;
			payload[i] = to_mulaw((int)(8000 * sin(phase)));
		}
		struct tones_packet p = {.timestamp = l.at - 4000, .ts_ns = began_ns,
			.payload = payload, .len = 160};
		l.at += 160;
		tones_hear(l.t, &p, keep, &l);
	}
	assert_true(l.n >= 1);
	assert_int_equal(l.found[0].code, TONES_V21);
	tones_free(l.t);
}

static void
what_is_no_digit(void **state)
{
	struct line l = {.noise = 8000, .seed = 3};

	begin(&l, 1);
	send(&l, 5000, 0, 0);
	l.noise = 0;
	send(&l, 1000, 697, 0);
	send(&l, 1000, 425, 0);
	send(&l, 1000, 350, 440);
	tones_end(l.t, 0, keep, &l);
	assert_int_equal(l.n, 0);
	tones_free(l.t);
}

static void
one_detector_one_stream(void **state)
{
	struct line a = {.stream = 1}, b = {.stream = 2}, far = {.stream = 8};

	begin(&a, 1);
	b.t = far.t = a.t;
	assert_int_equal(key(&a, '1', 100), TONES_HEARD);
	assert_int_equal(key(&b, '2', 20), TONES_REFUSED);
	assert_int_equal(key(&b, '2', 20), TONES_UNHEARD);
	assert_int_equal(key(&far, '2', 20), TONES_UNHEARD);
	tones_end(a.t, 1, keep, &a); /* in the middle of it */
	assert_int_equal(a.n, 1);
	assert_int_equal(a.found[0].code, '1');
	assert_int_equal(key(&b, '3', 100), TONES_HEARD);
	tones_end(a.t, 2, keep, &b);
	tones_end(a.t, 2, keep, &b);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.found[0].code, '3');
	tones_free(a.t);
}

/* Packets twice, late, of any length: nothing more and nothing twice. */
static void
repeated_packets(void **state)
{
	struct line l = {0};

	begin(&l, 1);
	key(&l, '9', 100);
	l.at -= 160;
	key(&l, '1', 20);
	l.at -= 1600;
	key(&l, '1', 100);
	l.at += 800;
	send(&l, 100, 0, 0);
	struct tones_packet empty = {.timestamp = l.at, .payload = (const uint8_t *)""};
	tones_hear(l.t, &empty, keep, &l);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.found[0].code, '9');
	tones_free(l.t);
}

/* What tones_new takes of the heap is what the footprint says, but for the heap's own. */
static void
the_footprint_is_what_is_taken(void **state)
{
	struct tones *small, *large;
	struct sys_error e;

	size_t before = mallinfo2().uordblks;
	if (tones_new(&small, 10, 100, &e) < 0)
		skip();
	size_t with_small = mallinfo2().uordblks;
	assert_int_equal(tones_new(&large, 110, 1100, &e), 0);
	size_t large_bytes = mallinfo2().uordblks - with_small, small_bytes = with_small - before;
	double said = (double)(tones_footprint(110, 1100) - tones_footprint(10, 100));
	double taken = (double)(large_bytes - small_bytes);
	if (before) /* else the heap does not count: under a sanitizer */
		assert_true(fabs(taken - said) < 0.03 * said);
	assert_int_equal(tones_footprint(0, 100), 0);
	tones_free(small);
	tones_free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_footprint_is_what_is_taken),
		cmocka_unit_test(each_digit_once),
		cmocka_unit_test(one_lost_packet),
		cmocka_unit_test(silence_is_not_sent),
		cmocka_unit_test(fax),
		cmocka_unit_test(v21_preamble),
		cmocka_unit_test(what_is_no_digit),
		cmocka_unit_test(one_detector_one_stream),
		cmocka_unit_test(repeated_packets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
