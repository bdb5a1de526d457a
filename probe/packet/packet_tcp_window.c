/* packet_tcp_window: the bytes of one flow: trimmed, put at their offsets, joined. */
#include "packet_tcp_private.h"

/* A segment farther behind than this is no retransmission: no sender has so much in flight to
 * us. */
#define BEHIND_MAX (1 << 20)

/* Offsets are from base, below the window. */

static uint32_t
flow_extent(const struct packet_tcp_flow *f)
{
	return (f->island_count ? f->islands[f->island_count - 1].end : f->next) - f->base;
}

static void
flow_write(struct packet_tcp *t, struct packet_tcp_flow *f, const struct packet_tcp_segment *seg)
{
	uint32_t offset = seg->seq - f->base;
	uint8_t *slab = packet_tcp_flow_slab(t, f);

	if (t->window - f->start < offset + seg->len) {
		memmove(slab, slab + f->start, flow_extent(f));
		f->start = 0;
	}
	if (seg->len)
		memcpy(slab + f->start + offset, seg->p, seg->len);
}

static void
islands_remove(struct packet_tcp_flow *f, uint32_t at, uint32_t n)
{
	memmove(f->islands + at, f->islands + at + n,
		(f->island_count - at - n) * sizeof(f->islands[0]));
	f->island_count -= (uint8_t)n;
}

/* Adds the early bytes of seg, joined with the islands that they touch.  False, and nothing
 * changed, where there are too many. */
static bool
islands_add(struct packet_tcp_flow *f, const struct packet_tcp_segment *seg)
{
	uint32_t start = seg->seq - f->base, end = start + seg->len, i = 0, j;

	while (i < f->island_count && f->islands[i].end - f->base < start)
		i++;
	for (j = i; j < f->island_count && f->islands[j].start - f->base <= end; j++) {
		if (f->islands[j].start - f->base < start)
			start = f->islands[j].start - f->base;
		if (f->islands[j].end - f->base > end)
			end = f->islands[j].end - f->base;
	}
	if (i == j) {
		if (f->island_count == PACKET_TCP_ISLANDS_MAX)
			return false;
		memmove(f->islands + i + 1, f->islands + i,
			(f->island_count - i) * sizeof(f->islands[0]));
		f->island_count++;
	} else {
		islands_remove(f, i, j - i - 1);
	}
	f->islands[i] = (struct packet_tcp_island){f->base + start, f->base + end};
	return true;
}

/* Moves next over the islands that are in order now. */
static void
islands_join(struct packet_tcp_flow *f)
{
	while (f->island_count && f->islands[0].start - f->base <= f->next - f->base) {
		if (f->islands[0].end - f->base > f->next - f->base)
			f->next = f->islands[0].end;
		islands_remove(f, 0, 1);
	}
}

/* Gives up what is not yet consumed and goes on at seq, at or behind next and before any
 * island's end. */
static void
flow_jump(struct packet_tcp *t, struct packet_tcp_flow *f, uint32_t seq)
{
	f->start = f->island_count ? f->start + (seq - f->base) : 0;
	f->base = f->next = seq;
	f->gap = true;
	f->lost = false;
	t->counters.gaps++;
	islands_join(f);
}

void
packet_tcp_flow_skip_gap(struct packet_tcp *t, struct packet_tcp_flow *f)
{
	flow_jump(t, f, f->island_count ? f->islands[0].start : f->fin);
	f->wait_at = f->next; /* what stands behind the next gap has waited as long */
}

/* ---- segments ---- */

/* A segment that cannot belong to the window.  When it continues the last such one the
 * connection is where they say. */
static bool
flow_resync(struct packet_tcp *t, struct packet_tcp_flow *f, const struct packet_tcp_segment *seg)
{
	bool again = f->stray && f->stray_end == seg->seq;

	f->stray = true;
	f->stray_end = seg->seq + seg->wire;
	if (!again)
		return false;
	t->counters.gaps++;
	packet_tcp_flow_begin(t, f, seg->seq, true);
	return true;
}

/* Cuts off what lies before next.  False where nothing is left. */
static bool
segment_trim(struct packet_tcp *t, const struct packet_tcp_flow *f, struct packet_tcp_segment *seg)
{
	int32_t ahead = (int32_t)(seg->seq - f->next);

	if (ahead >= 0)
		return seg->wire != 0;
	uint32_t old = (uint32_t)-ahead, there = old < seg->len ? old : seg->len;
	t->counters.retransmitted_bytes += there;
	if (old >= seg->wire)
		return false;
	*seg = (struct packet_tcp_segment){
		seg->p + there, f->next, seg->len - there, seg->wire - old};
	return true;
}

bool
packet_tcp_flow_overflows(const struct packet_tcp *t, const struct packet_tcp_flow *f,
	const struct packet_tcp_segment *seg)
{
	uint32_t ahead = seg->seq - f->base;

	return ahead > t->window || seg->len > t->window - ahead;
}

/* Makes the window reach seg's end.  False where seg has to go. */
static bool
flow_make_room(struct packet_tcp *t, struct packet_tcp_flow *f, struct packet_tcp_segment *seg)
{
	if (!packet_tcp_flow_overflows(t, f, seg))
		return true;
	if (f->island_count)
		return false;
	flow_jump(t, f, seg->seq);
	if (seg->len > t->window)
		seg->len = t->window;
	return true;
}

static bool
flow_take_early(
	struct packet_tcp *t, struct packet_tcp_flow *f, const struct packet_tcp_segment *seg)
{
	if (seg->len == 0)
		return true;
	/* The write comes first because it may move what stands in the slab, islands as they
	 * were. */
	flow_write(t, f, seg);
	if (!islands_add(f, seg))
		return false;
	t->counters.out_of_order++;
	return true;
}

bool
packet_tcp_flow_take(struct packet_tcp *t, struct packet_tcp_flow *f, struct packet_tcp_segment seg)
{
	int32_t ahead = (int32_t)(seg.seq - f->next);

	if (ahead > (int32_t)t->window || ahead < -BEHIND_MAX) {
		if (!flow_resync(t, f, &seg))
			return false;
	}
	f->stray = false;
	if (!segment_trim(t, f, &seg))
		return true;
	if (f->closed)
		return false;
	if (f->fin_seen && (int32_t)(seg.seq + seg.wire - f->fin) > 0)
		f->fin_seen = false; /* bytes behind it: that was no FIN of this connection */
	if (f->lost && seg.seq == f->lost_end && !f->island_count)
		flow_jump(t, f, seg.seq);
	if (!flow_make_room(t, f, &seg))
		return false;
	if (seg.seq != f->next)
		return flow_take_early(t, f, &seg);
	flow_write(t, f, &seg);
	f->next += seg.len;
	islands_join(f);
	f->lost = seg.wire > seg.len && f->next == seg.seq + seg.len;
	f->lost_end = seg.seq + seg.wire;
	return true;
}
