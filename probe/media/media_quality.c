#include "media_private.h"
#include "rtp_quality.h"

/* The simulated jitter buffer, the chunks of ten seconds, and what they sounded like.
 *
 * transit of a hot line is how much longer the packet was under way than the quickest of the chunk
 * before and of this one so far, in ticks of its clock.  A fixed buffer plays each packet
 * jitter_buffer_ms after the quickest would have been played: who is later is discarded.  At the
 * end of a chunk the floor moves to the quickest of that chunk: that follows the sender's clock,
 * and says by how much it is off. */

#define RUN_OF_LATE 64          /* discarded in a row: the receiver would have begun anew */
#define JUMP_S 5                /* a jump of the timestamps, not of the network */
#define ADAPTIVE_JITTERS 4      /* an adaptive buffer holds so many times the jitter */
#define INTERVAL_LOOKS 32       /* packets at the start that tell the interval */
#define CHUNK_PACKETS_MIN 20    /* fewer give no opinion */
#define CHUNK_EXPECTED ((1u << 24) - 1)
#define CHUNKS_SUMMED 180        /* half an hour: that many are added up anew */
#define STREAM_NS_MIN BASE_NS_PER_SEC
#define VIDEO_CLOCK 90000

void
media_quality_init(struct media *m)
{
	const struct media_options *o = &m->options;

	for (uint32_t i = 0; i < MEDIA_CLOCKS; i++)
		m->late_ticks[i] = __builtin_inff();
	for (uint32_t i = 1; i < m->n_clocks; i++)
		media_quality_clock(m, i);
	if (m->options.jitter_max_ms < o->jitter_buffer_ms)
		m->options.jitter_max_ms = o->jitter_buffer_ms;
}

/* No buffer discards what is late of a video: its frames come in trains. */
void
media_quality_clock(struct media *m, uint32_t clock)
{
	uint32_t ms = m->options.jitter_buffer_ms;

	if (ms && m->clock_hz[clock] < VIDEO_CLOCK)
		m->late_ticks[clock] = (float)ms * (float)m->clock_hz[clock] / 1000;
}

/* ---- the jitter buffer ---- */

static void
floor_moves(struct media_hot *h, struct media_cold *c, float by)
{
	c->floor_moved += by;
	h->transit_min = 0;
}

/* A new talkspurt, or a receiver that gave up waiting: the delay of now is the normal one. */
static float
anchor(struct media_hot *h, struct media_cold *c)
{
	c->flags |= MEDIA_ANCHORED;
	h->transit_min = 0;
	return 0;
}

static bool
begins_talkspurt(const struct media *m, uint32_t index, const struct media_sample *s)
{
	return s->marker && s->seq == (uint16_t)m->hot[index].highest &&
	       media_quality_markers(m, index) < media_loss_packets(m, index) / 4;
}

/* The packet came too late to be played.  False: and so many before it that all is new. */
static bool
discard(struct media *m, uint32_t index, const struct media_sample *s)
{
	uint32_t ext = m->hot[index].highest - (uint16_t)((uint16_t)m->hot[index].highest - s->seq);

	if (!media_loss_late(m, index, s->seq))
		return true;
	struct media_rare *rare = media_rare_of(m, index);
	if (rare == NULL)
		return true;
	rare->late_run = ext == rare->late_last + 1 ? rare->late_run + 1 : 1;
	rare->late_last = ext;
	return rare->late_run < RUN_OF_LATE;
}

/* transit lies below the floor or above what the buffer holds; returns what it is to be. */
float
media_quality_transit(struct media *m, uint32_t index, const struct media_sample *s,
	struct media_arrival a)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	float second = (float)m->clock_hz[h->clock], most;

	if (a.again)
		return a.transit;
	if (!(a.transit >= 0)) {
		if (!(a.transit > -JUMP_S * second))
			c->flags |= MEDIA_ANCHORED;
		floor_moves(h, c, a.transit);
		return 0;
	}
	if (a.transit > JUMP_S * second || begins_talkspurt(m, index, s))
		return anchor(h, c);
	most = (float)m->options.jitter_max_ms * second / 1000;
	if (m->options.jitter_adaptive && a.transit <= most &&
		a.transit <= ADAPTIVE_JITTERS * h->jitter)
		return a.transit;
	return discard(m, index, s) ? a.transit : anchor(h, c);
}

/* ---- opinions ---- */

static enum rtp_codec
codec_in_use(const struct media *m, uint32_t index)
{
	return (enum rtp_codec)media_figures_codec(m, index, m->cold[index].payload_type).codec;
}

double
media_quality_delay_ms(const struct media *m, uint32_t index, enum rtp_codec codec)
{
	const struct media_reports *r = media_reports_of(m, index);
	double ms = m->options.jitter_buffer_ms + media_quality_interval_ms(m, index) +
		    rtp_quality_codec_delay_ms(codec);

	return r ? ms + (r->receiver_us + r->sender_us) / 2e3 : ms;
}

/* The interval of the packets as sent, ms; 0: not known. */
double
media_quality_interval_ms(const struct media *m, uint32_t index)
{
	const struct media_cold *c = &m->cold[index];
	uint32_t hz = m->clock_hz[m->hot[index].clock];

	return hz && hz < VIDEO_CLOCK ? c->interval * 1e3 / hz : 0;
}

bool
media_quality_judge(const struct media *m, const struct media_judged *what, struct rtp_quality *out)
{
	uint64_t missing = what->missing < what->expected ? what->missing : what->expected;
	double share = (double)missing / (double)what->expected;
	struct rtp_quality_input in = {
		.codec = what->codec,
		.g711_plc = !m->options.g711_bare,
		.loss_percent = 100 * share,
		.burst_ratio = 1,
		.delay_ms = media_quality_delay_ms(m, what->index, what->codec),
	};

	if (what->runs)
		in.burst_ratio = (double)missing / what->runs * (1 - share);
	return rtp_quality_of(out, &in);
}

/* The sum of so many chunks of one opinion, as it comes about. */
static float
mos_sum_of(uint32_t n, float mos)
{
	float sum = 0;

	for (; n; n--)
		sum += mos;
	return sum;
}

static struct media_chunks
chunks_of(const struct media *m, uint32_t index)
{
	const struct media_cold *c = &m->cold[index];
	const struct media_more *more = media_more_of(m, index);

	if (c->opinions == MEDIA_OPINIONS_NONE)
		return (struct media_chunks){0};
	if (c->opinions == MEDIA_OPINIONS_EVEN)
		return (struct media_chunks){
			c->chunk, 0, mos_sum_of(c->chunk, c->mos_min), c->mos_min};
	return (struct media_chunks){more->chunks, more->chunk_worst, more->mos_sum, c->mos_min};
}

static uint32_t
chunk_of(const struct media *m, uint32_t index)
{
	const struct media_cold *c = &m->cold[index];

	return base_unlikely(c->more)
		       ? (uint32_t)media_more_of(m, index)->chunk_high << 16 | c->chunk
		       : c->chunk;
}

/* When the chunk in progress began. */
static int64_t
chunk_ns(const struct media *m, uint32_t index)
{
	uint64_t apart = chunk_of(m, index) * (uint64_t)MEDIA_CHUNK_NS;

	return (int64_t)((uint64_t)m->cold[index].first_ns + apart);
}

static void
chunk_next(struct media *m, uint32_t index, uint32_t by)
{
	uint32_t chunk = (chunk_of(m, index) + by) & MEDIA_CHUNK_MAX;

	m->cold[index].chunk = chunk & UINT16_MAX;
	if (chunk > UINT16_MAX || m->cold[index].more)
		media_more_for(m, index)->chunk_high = (uint8_t)(chunk >> 16);
}

/* Those before the chunk that begins now.  Most streams sound the same in each of them: then what
 * they amount to follows from how many there were. */
static void
chunks_keep(struct media *m, uint32_t index, const struct media_chunks *chunks)
{
	struct media_cold *c = &m->cold[index];
	bool even = chunks->n == chunk_of(m, index) && chunks->n <= CHUNKS_SUMMED &&
		    mos_sum_of(chunks->n, chunks->mos_min) == chunks->mos_sum;

	c->opinions = MEDIA_OPINIONS_NONE;
	c->mos_min = chunks->mos_min;
	if (chunks->n == 0)
		return;
	c->opinions = even && chunks->worst == 0 ? MEDIA_OPINIONS_EVEN : MEDIA_OPINIONS_APART;
	if (c->opinions == MEDIA_OPINIONS_EVEN)
		return;
	struct media_more *more = media_more_for(m, index);
	more->chunks = chunks->n;
	more->chunk_worst = chunks->worst;
	more->mos_sum = chunks->mos_sum;
}

/* Adds the chunk in progress to the sum of chunks, where it gives an opinion. */
void
media_quality_chunk(const struct media *m, uint32_t index, struct media_chunks *chunks)
{
	const struct media_cold *c = &m->cold[index];
	struct media_totals t;
	struct rtp_quality q;

	media_loss_totals(m, index, &t);
	const struct media_more *more = media_more_of(m, index);
	int64_t missing = (int64_t)(t.lost + t.discarded) - (int64_t)more->chunk_missing;
	struct media_judged what = {
		.index = index,
		.codec = codec_in_use(m, index),
		.expected = ((uint32_t)t.expected - c->chunk_expected) & CHUNK_EXPECTED,
		.missing = missing > 0 ? (uint64_t)missing : 0, /* late ones came since */
		.runs = t.burst.runs > more->chunk_runs ? t.burst.runs - more->chunk_runs : 0,
	};
	if (what.expected < CHUNK_PACKETS_MIN ||
		(uint32_t)m->lost_total != c->capture_loss + more->chunk_loss ||
		!media_quality_judge(m, &what, &q))
		return;
	if (chunks->n == 0 || (float)q.mos < chunks->mos_min) {
		chunks->mos_min = (float)q.mos;
		chunks->worst = chunk_of(m, index);
	}
	chunks->n++;
	chunks->mos_sum += (float)q.mos;
}

/* ---- looks ---- */

/* How far the floor of this chunk lies from that of the chunk before: the sender's clock. */
static void
skew_step(struct media_hot *h, struct media_cold *c, int64_t span_ns)
{
	bool known = c->flags & MEDIA_HAVE_FLOOR && !(c->flags & MEDIA_ANCHORED);

	if (known) {
		c->skew_ticks += c->floor_moved + h->transit_min;
		c->skew_s += (float)span_ns / 1e9f;
	}
	c->flags &= (uint8_t)~MEDIA_ANCHORED;
	c->flags |= MEDIA_HAVE_FLOOR;
	c->floor_moved = 0;
	h->transit -= h->transit_min;
	h->transit_min = __builtin_inff();
}

static void
chunk_end(struct media *m, uint32_t index, int64_t now_ns)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	int64_t span_ns = media_elapsed(chunk_ns(m, index), now_ns);
	uint32_t capture_loss = (uint32_t)m->lost_total - c->capture_loss;
	struct media_totals t;

	struct media_chunks chunks = chunks_of(m, index);
	media_quality_chunk(m, index, &chunks);
	skew_step(h, c, span_ns);
	media_jitter_sum_set(c, media_jitter_sum(c) + (double)h->jitter_sum);
	h->jitter_sum = 0;
	media_loss_fold(m, index);
	media_loss_totals(m, index, &t);
	c->chunk_expected = (uint32_t)t.expected & CHUNK_EXPECTED;
	chunk_next(m, index, (uint32_t)(span_ns / MEDIA_CHUNK_NS));
	chunks_keep(m, index, &chunks);
	if (c->more || t.burst.runs || capture_loss) {
		struct media_more *more = media_more_for(m, index);
		more->chunk_missing = (uint32_t)(t.lost + t.discarded);
		more->chunk_runs = t.burst.runs;
		more->chunk_loss = capture_loss;
	}
}

/* Most of the looks agree on the interval (Boyer-Moore): a first packet says little. */
static void
interval_vote(const struct media *m, uint32_t index, uint32_t interval)
{
	struct media_cold *c = &m->cold[index];

	if (interval == 0 || interval > UINT16_MAX || interval > m->clock_hz[m->hot[index].clock])
		return;
	if (c->interval == interval) {
		c->interval_votes += c->interval_votes < UINT8_MAX;
	} else if (c->interval_votes == 0) {
		c->interval = (uint16_t)interval;
		c->interval_votes = 1;
	} else {
		c->interval_votes--;
	}
}

void
media_quality_look(struct media *m, uint32_t index, const struct media_sample *s, uint32_t interval)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];

	/* from the number before to this one, neither out of its turn */
	if (!s->marker && (h->window & 3) == 3 && s->seq == (uint16_t)h->highest && !c->mixed)
		interval_vote(m, index, interval);
	if (s->seq == (uint16_t)h->highest)
		c->mixed = false;
	c->looks += c->looks < INTERVAL_LOOKS;
	if (media_elapsed(chunk_ns(m, index), s->ts_ns) >= MEDIA_CHUNK_NS)
		chunk_end(m, index, s->ts_ns);
	h->look_at = media_look_of(s->ts_ns);
	if (c->looks == INTERVAL_LOOKS)
		h->look_at = media_look_of(chunk_ns(m, index) + MEDIA_CHUNK_NS);
	media_tie_better(m, index);
}

uint64_t
media_quality_markers(const struct media *m, uint32_t index)
{
	return (uint64_t)media_more_of(m, index)->markers_high << 8 | m->cold[index].markers;
}

/* The marker of a talkspurt after silence: the timestamp went on while nothing was sent. */
void
media_quality_marker(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	uint32_t step = s->timestamp - h->timestamp, hz = m->clock_hz[h->clock];

	if (++c->markers == 0)
		media_more_for(m, index)->markers_high++;
	if (s->payload_type != c->payload_type || !(c->flags & MEDIA_HAVE_LAST) ||
		hz >= VIDEO_CLOCK || c->interval == 0 ||
		(h->window & 3) != 3 || step > INT32_MAX || step <= 2u * c->interval)
		return;
	struct media_rare *rare = media_rare_for(m, index);
	if (rare == NULL)
		return;
	rare->silences++;
	rare->silence_ms += (uint64_t)(step - c->interval) * 1000 / hz;
}

/* ---- for the record ---- */

static enum media_mos_reason
reason_of(const struct media *m, uint32_t index, const struct media_summary *s)
{
	if (s->clock_hz == VIDEO_CLOCK)
		return MEDIA_MOS_VIDEO;
	if (!rtp_quality_has((enum rtp_codec)s->codec))
		return MEDIA_MOS_CODEC;
	if (s->capture_loss)
		return MEDIA_MOS_CAPTURE_LOSS;
	if (s->expected < CHUNK_PACKETS_MIN ||
		media_elapsed(s->first_ns, s->last_ns) < STREAM_NS_MIN)
		return MEDIA_MOS_SHORT;
	return MEDIA_MOS_GIVEN;
}

static void
summary_bursts(const struct media *m, uint32_t index, const struct media_totals *t,
	struct media_summary *out)
{
	const struct media_burst *b = &t->burst;
	double missing = (double)(t->lost + t->discarded), nan = __builtin_nan("");
	double interval = media_quality_interval_ms(m, index);
	double in_gaps = (double)t->expected - b->burst_packets;

	out->bursts = b->bursts;
	out->burst_density = b->bursts ? 100.0 * b->burst_lost / b->burst_packets : 0;
	out->gap_density = in_gaps > 0 ? 100 * (missing - b->burst_lost) / in_gaps : nan;
	if (interval > 0) {
		out->burst_ms = b->bursts ? b->burst_packets * interval / b->bursts : 0;
		out->gap_ms = in_gaps * interval / (b->bursts + 1.0);
	}
	if (b->runs && t->expected)
		out->burst_ratio = missing / b->runs * (1 - missing / (double)t->expected);
}

static void
summary_chunks(const struct media *m, uint32_t index, struct media_summary *out)
{
	struct media_chunks chunks = chunks_of(m, index);

	media_quality_chunk(m, index, &chunks);
	if (chunks.n == 0)
		return;
	out->mos_chunks = chunks.n;
	out->mos_min = (double)chunks.mos_min;
	out->mos_mean = (double)chunks.mos_sum / chunks.n;
	out->worst_ns = out->first_ns + chunks.worst * MEDIA_CHUNK_NS;
}

/* Codec, clock, times and counts of out are there. */
void
media_quality_summary(const struct media *m, uint32_t index, struct media_summary *out)
{
	const struct media_cold *c = &m->cold[index];
	double nan = __builtin_nan("");
	struct media_totals t;
	struct rtp_quality q;

	media_loss_totals(m, index, &t);
	out->discarded = t.discarded;
	out->capture_loss = (uint32_t)m->lost_total - c->capture_loss;
	out->burst_density = out->gap_density = nan;
	out->burst_ms = out->gap_ms = out->burst_ratio = nan;
	out->r = out->mos = out->mos_min = out->mos_mean = out->delay_ms = nan;
	out->skew_ppm = nan;
	out->interval_ms = media_quality_interval_ms(m, index);
	if (c->skew_s > 0 && out->clock_hz)
		out->skew_ppm = -1e6 * (double)c->skew_ticks / out->clock_hz / (double)c->skew_s;
	if (out->capture_loss == 0)
		summary_bursts(m, index, &t, out);
	out->mos_reason = reason_of(m, index, out);
	struct media_judged what = {index, (enum rtp_codec)out->codec, t.expected,
		t.lost + t.discarded, t.burst.runs};
	if (out->mos_reason != MEDIA_MOS_GIVEN || !media_quality_judge(m, &what, &q))
		return;
	out->r = q.r;
	out->mos = q.mos;
	out->wideband = q.wideband;
	out->estimate = q.is_estimate;
	out->delay_ms = media_quality_delay_ms(m, index, what.codec);
	summary_chunks(m, index, out);
}
