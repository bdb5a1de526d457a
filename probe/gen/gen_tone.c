#include "gen_private.h"

#include <math.h>

#define AMPLITUDE 7000.0 /* of each of the two tones: -10 dBm0 */

/* ITU-T Q.23: a row and a column of the keys. */
static void
frequencies(uint8_t event, double *low, double *high)
{
	static const double rows[4] = {697, 770, 852, 941}, columns[4] = {1209, 1336, 1477, 1633};
	/* of RFC 4733's events: 0 to 9, star, pound, A to D */
	static const uint8_t keys[16] = {
		13, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 14, 3, 7, 11, 15};

	*low = rows[keys[event & 15] / 4];
	*high = columns[keys[event & 15] % 4];
}

/* G.711: sign, the segment of the highest bit, four bits behind it. */
static uint8_t
alaw_of(int v)
{
	int sign = v >= 0 ? 0x80 : 0, segment = 7;

	v = v < 0 ? -v - 1 : v;
	while (segment && !(v & 1 << (segment + 7)))
		segment--;
	int rest = segment ? v >> (segment + 3) : v >> 4;
	return (uint8_t)((sign | segment << 4 | (rest & 15)) ^ 0x55);
}

static uint8_t
mulaw_of(int v)
{
	int sign = v < 0 ? 0x80 : 0, segment = 7;

	v = (v < 0 ? -v : v) + 132;
	while (segment && !(v & 1 << (segment + 7)))
		segment--;
	return (uint8_t)~(sign | segment << 4 | (v >> (segment + 3) & 15));
}

void
gen_tone_put(uint8_t *p, uint32_t len, const struct gen_rtp *rtp, bool alaw)
{
	double low, high;

	frequencies((uint8_t)(rtp->tone - 1), &low, &high);
	for (uint32_t i = 0; i < len; i++) {
		double at = 2 * M_PI * (rtp->tone_at + i) / 8000;
		int v = (int)(AMPLITUDE * (sin(low * at) + sin(high * at)));
		p[i] = alaw ? alaw_of(v) : mulaw_of(v);
	}
}
