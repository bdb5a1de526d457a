#include "gen_private.h"

void
gen_tally_begin(struct gen_tally *t, uint32_t ssrc)
{
	*t = (struct gen_tally){.ssrc = ssrc};
}

uint32_t
gen_tally_expected(const struct gen_tally *t)
{
	bool runs = t->unique && t->lowest != GEN_NONE;

	return t->expected_before + (runs ? t->highest - t->lowest + 1 : 0);
}

void
gen_tally_restart(struct gen_tally *t)
{
	t->expected_before = gen_tally_expected(t);
	t->lowest = t->highest = GEN_NONE;
}

/* RFC 3550 A.1, A.3 over numbers that never wrap. */
static void
sequence(struct gen_tally *t, const struct gen_rtp *rtp)
{
	bool begins = t->unique == 0 || t->lowest == GEN_NONE;

	if (!rtp->first) {
		t->duplicates++;
		return;
	}
	t->unique++;
	if (begins) {
		t->lowest = t->highest = rtp->seq;
		return;
	}
	if (rtp->seq < t->highest)
		t->reordered++;
	if (rtp->seq < t->lowest)
		t->lowest = rtp->seq;
	if (rtp->seq > t->highest)
		t->highest = rtp->seq;
}

/* RFC 3550 A.8, over the packets of the codec. */
static void
jitter(struct gen_tally *t, const struct gen_rtp *rtp, int64_t ts_ns, uint32_t clock_hz)
{
	if (t->codec_seen) {
		double ms = (double)(ts_ns - t->codec_ns) / 1e6;
		double d = ms - (double)(int32_t)(rtp->ts - t->codec_ts) * 1000.0 / clock_hz;
		t->jitter += ((d < 0 ? -d : d) - t->jitter) / 16;
		t->jitter_sum += t->jitter;
		t->jitter_packets++;
		if (t->jitter > t->jitter_max)
			t->jitter_max = t->jitter;
	}
	t->codec_seen = true;
	t->codec_ns = ts_ns;
	t->codec_ts = rtp->ts;
}

void
gen_tally_packet(struct gen_tally *t, const struct gen_rtp *rtp, int64_t ts_ns, uint32_t clock_hz)
{
	if (t->packets == 0)
		t->first_ns = ts_ns;
	else if (ts_ns - t->last_ns > t->delta_max_ns)
		t->delta_max_ns = ts_ns - t->last_ns;
	t->last_ns = ts_ns;
	t->packets++;
	t->markers += rtp->marker;
	sequence(t, rtp);
	if (clock_hz)
		jitter(t, rtp, ts_ns, clock_hz);
}
