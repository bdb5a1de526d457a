#include "media_private.h"

/* Jitter of a dynamic payload type of which no SDP has told the clock yet, by every clock that it
 * may have: RFC 3550 A.8 cannot be computed afterwards.  When the SDP comes, the one that was right
 * is the stream's, as if it had been known from the first packet on.  What else needs the clock
 * (the jitter buffer, skew, silence) begins then.  Nobody guesses longer than MEDIA_GUESS_NS. */

#define MEDIA_GUESS_NS (30 * BASE_NS_PER_SEC)

static const uint32_t clocks[MEDIA_GUESSES] = {
	8000, 16000, 48000, 90000, 24000, 32000, 12000, 44100};

static void
step(struct media_guess *g, const struct media_sample *s)
{
	double elapsed_s = (double)media_elapsed(g->last_ns, s->ts_ns) / 1e9;
	double ticks = (double)(int32_t)(s->timestamp - g->timestamp);

	for (uint32_t i = 0; i < MEDIA_GUESSES; i++) {
		double d = elapsed_s * clocks[i] - ticks;
		double jitter = (double)g->jitter[i];
		jitter += (__builtin_fabs(d) - jitter) * 0.0625;
		g->jitter[i] = (float)jitter;
		g->sum[i] += jitter;
		g->max[i] = g->jitter[i] > g->max[i] ? g->jitter[i] : g->max[i];
	}
}

void
media_guess_packet(struct media *m, uint32_t index, const struct media_sample *s, bool begins)
{
	struct media_guess *g = begins ? media_guess_for(m, index) : media_guess_of(m, index);

	if (g == NULL)
		return;
	if (begins) {
		*g = (struct media_guess){.since_ns = s->ts_ns};
	} else if (media_elapsed(g->since_ns, s->ts_ns) > MEDIA_GUESS_NS) {
		media_guess_give(m, index);
		return;
	} else {
		step(g, s);
	}
	g->last_ns = s->ts_ns;
	g->timestamp = s->timestamp;
}

bool
media_guess_right(struct media *m, uint32_t index, struct media_jitter *j)
{
	const struct media_guess *g = media_guess_of(m, index);
	uint32_t hz = m->clock_hz[j->clock], i = 0;

	while (i < MEDIA_GUESSES && clocks[i] != hz)
		i++;
	if (g == NULL || i == MEDIA_GUESSES)
		return false;
	j->value = g->jitter[i];
	j->sum = g->sum[i];
	j->max = g->max[i];
	j->last_ns = g->last_ns;
	j->timestamp = g->timestamp;
	j->skipped = 1; /* the first one moved nothing */
	j->flags = MEDIA_HAVE_LAST;
	return true;
}
