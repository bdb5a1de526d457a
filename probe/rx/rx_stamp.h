/* rx_stamp: the time stamps of one receive queue's NIC, told in UTC by the host's clock.
 *
 * A NIC counts ticks of a clock of its own: nanoseconds of the PTP epoch, cycles of 156 MHz, since
 * it was powered.  Neither rate nor epoch is asked of the driver (few tell); both are learned from
 * the frames.  A frame is seen by the host some time after its stamp, never before: over a second
 * the frame that came through fastest says where the clocks stand to each other, and how that moves
 * from second to second says their rates.  What remains is the smallest latency of the path, some
 * microseconds, the same for all frames.
 * Until the first second is over, for frames without a stamp, and where the clocks went apart
 * (either was set) until they are learned anew, the host's time is given.
 * Knows: ticks and times.  Does not know: DPDK.  Thread: the queue's worker; no lock, no call. */
#pragma once

#include "base.h"

#define RX_STAMP_WINDOW_NS BASE_NS_PER_SEC
/* A stamp that says more than this before the host's time was not read off the same clock. */
#define RX_STAMP_LATE_MAX_NS BASE_NS_PER_SEC
/* The clocks went apart: from one second to the next they never do by more, drifting.  A frame seen
 * before its stamp proves it at once; latencies that long may be a full ring as well, for a
 * while. */
#define RX_STAMP_LEAP_NS (BASE_NS_PER_SEC / 1000)
#define RX_STAMP_FULL_SECONDS 10
/* Once the rate has settled a second of slow frames moves the mapping by no more. */
#define RX_STAMP_SETTLED_SECONDS 8
#define RX_STAMP_SLEW_NS 20000

struct rx_stamp {
	bool begun, known;
	uint8_t seconds, full_seconds; /* since known, up to settled; of late all too slow */
	uint64_t tick;       /* a tick and its UTC */
	int64_t tick_ns;
	double ns_per_tick;
	int64_t window_ns;   /* host's time when this second began */
	int64_t fastest_ns;  /* smallest latency in it, by the mapping so far */
	int64_t last_ns;     /* time of the frame before: a queue delivers in order */
};

/* A frame stamped tick came at now_ns by the host's clock; one of each burst, the last, will do. */
void rx_stamp_learn(struct rx_stamp *s, uint64_t tick, int64_t now_ns);

/* When the frame stamped tick, seen at now_ns, was received: UTC, never after now_ns nor before the
 * frame before. */
static inline int64_t
rx_stamp_ns(struct rx_stamp *s, uint64_t tick, int64_t now_ns)
{
	int64_t ns = now_ns;

	if (s->known) {
		ns = s->tick_ns + (int64_t)((double)(int64_t)(tick - s->tick) * s->ns_per_tick);
		if (ns > now_ns || ns < now_ns - RX_STAMP_LATE_MAX_NS)
			ns = now_ns;
	}
	if (ns < s->last_ns && s->last_ns <= now_ns)
		ns = s->last_ns;
	s->last_ns = ns;
	return ns;
}
