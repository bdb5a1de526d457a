#include "media_private.h"

/* Sequence numbers (RFC 3550 A.1), and the bursts and gaps of what is missing (RFC 3611 4.7.2).
 *
 * A number is missing for good when it leaves the window of 64: late is not lost.  A packet that
 * came too late for the jitter buffer is a hole of the window too, noted as received beside it
 * (media_rare.late): so losses and discards reach the burst count in one order, each once. */

#define GMIN 16 /* packets received in a row that end a burst */

static uint32_t
popcount(uint64_t x)
{
	uint32_t n = 0;

	for (; x; x &= x - 1)
		n++;
	return n;
}

/* Bit i: number highest - i came, but too late. */
static uint64_t
late_of(const struct media *m, uint32_t index)
{
	const struct media_rare *rare = media_rare_of(m, index);

	if (rare == NULL || rare->late == 0)
		return 0;
	uint32_t moved = m->hot[index].highest - rare->late_at;
	return moved < 64 ? rare->late << moved : 0;
}

static uint32_t
holes_of(const struct media *m, uint32_t index)
{
	return popcount(~(m->hot[index].window | late_of(m, index)));
}

uint64_t
media_loss_expected(const struct media *m, uint32_t index)
{
	return media_more_of(m, index)->expected_prior +
	       (uint32_t)(m->hot[index].highest - m->cold[index].base + 1);
}

uint64_t
media_loss_packets(const struct media *m, uint32_t index)
{
	const struct media_more *more = media_more_of(m, index);

	return media_loss_expected(m, index) - more->lost_gone - holes_of(m, index) +
	       more->duplicates + more->strays;
}

/* ---- bursts ---- */

/* One loss between two runs of GMIN is the gap's. */
static void
burst_close(struct media_burst *b)
{
	if (b->cluster > 1) {
		b->bursts++;
		b->burst_packets += b->last - b->first + 1;
		b->burst_lost += b->cluster;
	}
	b->cluster = 0;
}

/* n numbers in a row from ext on are missing. */
static void
burst_add(struct media_burst *b, uint32_t ext, uint32_t n)
{
	if (b->cluster == 0 || ext != b->last + 1)
		b->runs++;
	if (b->cluster == 0 || ext - b->last > GMIN) {
		burst_close(b);
		b->first = ext;
	}
	b->last = ext + n - 1;
	b->cluster += n;
}

/* The holes among the oldest n of the window, oldest first; returns how many of them are lost. */
static uint32_t
burst_window(const struct media *m, uint32_t index, struct media_burst *b, uint32_t n)
{
	const struct media_hot *h = &m->hot[index];
	uint64_t holes = ~h->window, late;
	uint32_t lost = 0;

	if (n < 64)
		holes &= ~(~0ull >> n);
	if (holes == 0)
		return 0;
	late = late_of(m, index);
	while (holes) {
		uint32_t bit = 63 - (uint32_t)__builtin_clzll(holes);
		burst_add(b, h->highest - bit, 1);
		lost += !(late >> bit & 1);
		holes &= ~(1ull << bit);
	}
	return lost;
}

/* The window moves on by n: what leaves it missing is lost. */
static void
leave(struct media *m, uint32_t index, uint32_t n)
{
	struct media_more *more = media_more_for(m, index);

	more->lost_gone += burst_window(m, index, &more->burst, n < 64 ? n : 64);
	if (n > 64) {
		more->lost_gone += n - 64;
		burst_add(&more->burst, m->hot[index].highest + 1, n - 64);
	}
}

void
media_loss_totals(const struct media *m, uint32_t index, struct media_totals *out)
{
	const struct media_more *more = media_more_of(m, index);

	out->burst = more->burst;
	out->expected = media_loss_expected(m, index);
	out->lost = more->lost_gone + burst_window(m, index, &out->burst, 64);
	out->discarded = more->discarded;
	burst_close(&out->burst);
}

/* ---- sequence numbers ---- */

/* ext, behind the first number of this run, came: what lies between is expected now. */
static void
base_down(struct media *m, uint32_t index, uint32_t ext)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];

	for (uint32_t missing = c->base - 1; missing != ext; missing--) {
		uint32_t behind = h->highest - missing;
		if (behind < 64)
			h->window &= ~(1ull << behind);
		else
			media_more_for(m, index)->lost_gone++;
	}
	c->base = ext;
}

/* Behind the highest number.  Behind the window nobody remembers single ones: if nothing was lost
 * of this run, it was here before.  True: received again. */
static bool
behind_highest(struct media *m, uint32_t index, uint32_t behind)
{
	struct media_hot *h = &m->hot[index];
	struct media_more *more = media_more_for(m, index);
	uint32_t ext = h->highest - behind;
	bool before_base = (int32_t)(ext - m->cold[index].base) < 0, seen;

	m->cold[index].mixed = true;
	if (before_base)
		seen = false;
	else if (behind < 64)
		seen = (h->window | late_of(m, index)) >> behind & 1;
	else
		seen = more->lost_gone == more->lost_old;
	if (seen) {
		more->duplicates++;
		return true;
	}
	more->reordered++;
	if (before_base)
		base_down(m, index, ext);
	else if (behind < 64)
		h->window |= 1ull << behind;
	else
		more->lost_gone--;
	return false;
}

/* Two packets in sequence far from the rest: the sender began anew and has lost nothing. */
static void
restart(struct media *m, uint32_t index, uint16_t seq)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	struct media_more *more = media_more_for(m, index);
	struct media_rare *rare = media_rare_of(m, index);

	leave(m, index, 64);
	burst_close(&more->burst);
	if (rare)
		rare->late = 0;
	more->expected_prior = media_loss_expected(m, index);
	more->lost_old = more->lost_gone;
	more->strays--;
	h->highest = MEDIA_SEQ_START + seq;
	c->base = h->highest - 1;
	h->window = ~0ull;
	more->bad_seq = UINT32_MAX;
}

bool
media_loss_seq(struct media *m, uint32_t index, uint16_t seq)
{
	struct media_hot *h = &m->hot[index];
	uint16_t ahead = (uint16_t)(seq - (uint16_t)h->highest), behind = (uint16_t)-ahead;

	if (ahead && ahead < MEDIA_MAX_DROPOUT) {
		leave(m, index, ahead);
		h->highest += ahead;
		h->window = (ahead < 64 ? h->window << ahead : 0) | 1;
		return false;
	}
	if (behind < MEDIA_MAX_MISORDER)
		return behind_highest(m, index, behind);
	struct media_more *more = media_more_for(m, index);
	if (more->bad_seq == seq) {
		restart(m, index, seq);
		return false;
	}
	more->bad_seq = (uint16_t)(seq + 1);
	more->strays++;
	return true;
}

bool
media_loss_late(struct media *m, uint32_t index, uint16_t seq)
{
	struct media_hot *h = &m->hot[index];
	uint32_t behind = (uint16_t)((uint16_t)h->highest - seq);
	struct media_rare *rare = media_rare_for(m, index);

	if (behind >= MEDIA_MAX_MISORDER)
		return false;
	media_more_for(m, index)->discarded++;
	if (behind >= 64 || rare == NULL)
		return true;
	rare->late = late_of(m, index) | 1ull << behind;
	rare->late_at = h->highest;
	h->window &= ~(1ull << behind);
	return true;
}

/* Extended numbers have 32 bits: a run that has become very long is folded into what it
 * expected. */
void
media_loss_fold(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];
	uint32_t to = m->hot[index].highest - 2 * MEDIA_MAX_MISORDER;

	if (m->hot[index].highest - c->base < MEDIA_FOLD)
		return;
	media_more_for(m, index)->expected_prior += (uint32_t)(to - c->base);
	c->base = to;
}
