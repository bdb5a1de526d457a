#include "gen_private.h"

#include <math.h>

#define CALM 16            /* Gmin of RFC 3611: heard in a row, they end a burst */
#define BUFFER_MS 60       /* of the jitter buffer that discards, as the engine's default */
#define LEAST_NS (10 * BASE_NS_PER_SEC)

void
gen_tally_begin(struct gen_tally *t, uint32_t ssrc)
{
	*t = (struct gen_tally){.ssrc = ssrc, .holes.next = GEN_NONE};
}

/* ---- bursts ---- */

/* A lonely hole is none. */
static void
burst_end(struct gen_holes *h)
{
	if (h->inside > 1) {
		h->bursts++;
		h->burst_length += h->length;
		h->burst_holes += h->inside;
	}
	h->length = h->inside = 0;
}

static void
judge(struct gen_holes *h, bool heard)
{
	h->judged = true;
	if (heard) {
		h->calm++;
		return;
	}
	h->holes++;
	h->runs += h->length == 0 || h->calm > 0;
	if (h->length && h->calm >= CALM)
		burst_end(h);
	h->length += h->length ? h->calm + 1 : 1;
	h->inside++;
	h->calm = 0;
}

static void
judge_up_to(struct gen_holes *h, uint32_t end)
{
	while ((int32_t)(end - h->next) > 0) {
		uint64_t *word = &h->heard[h->next / 64 % (GEN_WINDOW / 64)];
		uint64_t bit = 1ull << h->next % 64;
		judge(h, *word & bit);
		*word &= ~bit;
		h->next++;
	}
}

static void
hear(struct gen_holes *h, uint32_t seq, bool in_time)
{
	if (h->next == GEN_NONE || (seq < h->next && !h->judged))
		h->next = seq;
	if (seq < h->next)
		return;
	if (seq - h->next >= GEN_WINDOW)
		judge_up_to(h, seq - GEN_WINDOW + 1);
	if (in_time)
		h->heard[seq / 64 % (GEN_WINDOW / 64)] |= 1ull << seq % 64;
}

struct gen_holes
gen_tally_holes(const struct gen_tally *t)
{
	struct gen_holes h = t->holes;

	if (h.next != GEN_NONE)
		judge_up_to(&h, t->highest + 1);
	burst_end(&h);
	return h;
}

/* ---- numbers ---- */

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
	t->holes = gen_tally_holes(t);
	t->holes.next = GEN_NONE;
	t->holes.calm = 0;
	t->holes.judged = false;
	t->lowest = t->highest = GEN_NONE;
	t->anchored = false;
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
		t->transit += d;
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

/* A receiver plays what comes BUFFER_MS after the quickest of these ten seconds and the ten before,
 * until the first of a talkspurt comes later than that. */
static bool
is_late(struct gen_tally *t, const struct gen_rtp *rtp, int64_t ts_ns)
{
	double least;

	if (!t->anchored) {
		t->least = t->least_before = t->transit;
		t->least_ns = t->least_ns ? t->least_ns : ts_ns;
		t->anchored = true;
	}
	if (ts_ns - t->least_ns >= LEAST_NS) {
		t->least_ns += (ts_ns - t->least_ns) / LEAST_NS * LEAST_NS;
		t->least_before = t->least;
		t->least = HUGE_VAL;
	}
	least = t->least < t->least_before ? t->least : t->least_before;
	bool late = t->transit > least + BUFFER_MS;
	if (late && rtp->marker && rtp->seq == t->highest) {
		t->least_before = t->least = t->transit;
		late = false;
	}
	if (t->transit < t->least)
		t->least = t->transit;
	return late;
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
	if (!rtp->first)
		return;
	bool late = clock_hz && is_late(t, rtp, ts_ns);
	t->discarded += late;
	hear(&t->holes, rtp->seq, !late);
}
