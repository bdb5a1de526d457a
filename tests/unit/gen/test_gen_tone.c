/* Law: each key's sound has the two frequencies of ITU-T Q.23 and no other of them, in either companding, whichever packet it is. */
#include "gen_testing.h"

#include <math.h>

#define SAMPLES 1600

static int
from_alaw(uint8_t a)
{
	int v = a ^ 0x55, segment = v >> 4 & 7, rest = (v & 15) << 4 | 8;

	rest = segment ? (rest + 256) << (segment - 1) : rest;
	return v & 0x80 ? rest : -rest;
}

static int
from_mulaw(uint8_t u)
{
	int v = (uint8_t)~u, rest = (((v & 15) << 3) + 132) << (v >> 4 & 7);

	return v & 0x80 ? 132 - rest : rest - 132;
}

/* Share of the power that a frequency has. */
static double
share(const double *x, double hz)
{
	double re = 0, im = 0, all = 0;

	for (int i = 0; i < SAMPLES; i++) {
		re += x[i] * cos(2 * M_PI * hz * i / 8000);
		im += x[i] * sin(2 * M_PI * hz * i / 8000);
		all += x[i] * x[i];
	}
	return 2 * (re * re + im * im) / SAMPLES / all;
}

static void
keys_have_their_frequencies(void **state)
{
	static const double hz[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
	static const char events[] = "0123456789*#ABCD", keys[] = "123A456B789C*0#D";
	uint8_t packet[160];
	double x[SAMPLES];

	for (uint8_t event = 0; event < 32; event++) {
		bool alaw = event & 16;
		uint32_t key = (uint32_t)(strchr(keys, events[event & 15]) - keys);
		for (uint32_t i = 0; i < SAMPLES; i++) {
			struct gen_rtp rtp = {.tone = (uint8_t)(1 + (event & 15)), .tone_at = (uint16_t)(i / 160 * 160)};
			if (i % 160 == 0)
				gen_tone_put(packet, sizeof(packet), &rtp, alaw);
			x[i] = alaw ? from_alaw(packet[i % 160]) : from_mulaw(packet[i % 160]);
		}
		for (uint32_t f = 0; f < 8; f++) {
			bool is = f == key / 4 || f == 4 + key % 4;
			assert_true(is ? share(x, hz[f]) > 0.48 : share(x, hz[f]) < 0.01);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keys_have_their_frequencies)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
