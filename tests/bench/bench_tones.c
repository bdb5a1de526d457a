/* A packet of G.711 that is listened to: 20 ms through the detectors of DTMF and fax tones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "tones.h"

#define SAMPLES 160          /* of a packet */
#define CYCLE 10             /* packets from digit to digit: half of them sound */
#define SOUNDING 5
#define AMPLITUDE 7000.0     /* of each of the two tones */

static uint8_t
to_alaw(int v)
{
	int sign = v >= 0 ? 0x80 : 0, segment = 7;

	v = v < 0 ? -v - 1 : v;
	while (segment && !(v & 1 << (segment + 7)))
		segment--;
	int low = segment ? v >> (segment + 3) & 15 : v >> 4 & 15;
	return (uint8_t)((sign | segment << 4 | low) ^ 0x55);
}

/* The digit 5, then faint noise. */
static void
sound(uint8_t audio[CYCLE * SAMPLES])
{
	uint32_t random = 1;

	for (int i = 0; i < CYCLE * SAMPLES; i++) {
		double at = 2 * 3.14159265358979 * i / 8000;
		random = random * 1103515245 + 12345;
		int v = (int)(random >> 16 & 31) - 16;
		if (i < SOUNDING * SAMPLES)
			v += (int)(AMPLITUDE * sin(770 * at) + AMPLITUDE * sin(1336 * at));
		audio[i] = to_alaw(v);
	}
}

static void
found(void *context, const struct tones_found *f)
{
	*(uint64_t *)context += f->code == '5';
}

void
bench_tones(uint32_t streams, uint32_t laps)
{
	static uint8_t audio[CYCLE * SAMPLES];
	struct bench_laps seen = {.n = 0};
	struct sys_error error;
	struct tones *t;
	uint64_t digits = 0;

	if (tones_new(&t, streams, streams, &error) < 0)
		return; /* built without libspandsp: no figures */
	sound(audio);
	for (uint32_t lap = 0; lap < laps * CYCLE; lap++) {
		if (lap % CYCLE == 0)
			bench_lap_begin(&seen);
		for (uint32_t i = 0; i < streams; i++) {
			struct tones_packet p = {.stream = i, .timestamp = lap * SAMPLES, .ts_ns = BENCH_BEGAN_NS + lap * (int64_t)BENCH_STEP_NS,
				.payload = audio + lap % CYCLE * SAMPLES, .len = SAMPLES, .alaw = true};
			tones_hear(t, &p, found, &digits);
		}
		if (lap % CYCLE == CYCLE - 1)
			bench_lap_end(&seen, (uint64_t)streams * CYCLE);
	}
	bench_check("digits heard", digits, (uint64_t)streams * laps);
	bench_laps_print(&seen, "tones");
	bench_print("tones_bytes", (double)tones_footprint(streams, streams) / streams, "bytes");
	tones_free(t);
}
