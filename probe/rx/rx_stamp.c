#include "rx_stamp.h"

/* How much of a second's drift is taken for the rate's: the rest is what the fastest frames differ
 * by. */
#define RATE_GAIN 0.25

static void
stamp_begin(struct rx_stamp *s, uint64_t tick, int64_t now_ns)
{
	*s = (struct rx_stamp){.begun = true,
		.tick = tick,
		.tick_ns = now_ns,
		.window_ns = now_ns,
		.fastest_ns = INT64_MAX,
		.last_ns = s->last_ns};
}

/* The rate from the first and the last frame of the first second. */
static void
stamp_know(struct rx_stamp *s, uint64_t tick, int64_t now_ns)
{
	double ticks = (double)(int64_t)(tick - s->tick);

	if (ticks <= 0) {
		stamp_begin(s, tick, now_ns);
		return;
	}
	s->ns_per_tick = (double)(now_ns - s->tick_ns) / ticks;
	s->tick = tick;
	s->tick_ns = now_ns;
	s->window_ns = now_ns;
	s->known = true;
}

/* A second is over: what its fastest frame took by the mapping is by how much the mapping is off,
 * unless the ring was full all the time. */
static void
stamp_correct(struct rx_stamp *s, uint64_t tick, int64_t now_ns)
{
	double elapsed_ns = (double)(int64_t)(tick - s->tick) * s->ns_per_tick;
	bool settled = s->seconds == RX_STAMP_SETTLED_SECONDS, full = s->full_seconds;
	int64_t most_ns = settled ? RX_STAMP_SLEW_NS : RX_STAMP_LEAP_NS;
	int64_t by_ns = full ? 0 : s->fastest_ns < most_ns ? s->fastest_ns : most_ns;

	s->tick_ns += (int64_t)elapsed_ns + by_ns;
	s->tick = tick;
	s->ns_per_tick *= 1 + RATE_GAIN * (double)by_ns / elapsed_ns;
	s->seconds += !settled;
	s->window_ns = now_ns;
	s->fastest_ns = INT64_MAX;
}

void
rx_stamp_learn(struct rx_stamp *s, uint64_t tick, int64_t now_ns)
{
	if (!s->begun || now_ns < s->window_ns) {
		stamp_begin(s, tick, now_ns);
		return;
	}
	if (!s->known) {
		if (now_ns - s->window_ns >= RX_STAMP_WINDOW_NS)
			stamp_know(s, tick, now_ns);
		return;
	}
	double ticks = (double)(int64_t)(tick - s->tick);
	int64_t latency_ns = now_ns - s->tick_ns - (int64_t)(ticks * s->ns_per_tick);
	if (latency_ns < s->fastest_ns)
		s->fastest_ns = latency_ns;
	if (now_ns - s->window_ns < RX_STAMP_WINDOW_NS)
		return;
	s->full_seconds = s->fastest_ns > RX_STAMP_LEAP_NS ? s->full_seconds + 1 : 0;
	if (ticks <= 0 || s->fastest_ns < -RX_STAMP_LEAP_NS ||
		s->full_seconds > RX_STAMP_FULL_SECONDS)
		stamp_begin(s, tick, now_ns);
	else
		stamp_correct(s, tick, now_ns);
}
