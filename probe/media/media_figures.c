#include "media_private.h"

/* ---- sequence numbers, RFC 3550 A.1 ---- */

static uint32_t
popcount(uint64_t x)
{
	uint32_t n = 0;

	for (; x; x &= x - 1)
		n++;
	return n;
}

uint64_t
media_figures_packets(const struct media_hot *h, const struct media_cold *c)
{
	return (uint64_t)c->packets_high << 32 | h->packets;
}

static uint64_t
expected_of(const struct media_hot *h, const struct media_cold *c)
{
	return (uint64_t)c->expected_prior + (h->highest - c->base + 1);
}

/* Expected and never received, while packets counts what was received and not yet put in place too.
 */
static uint64_t
lost_of(const struct media_hot *h, const struct media_cold *c, uint32_t not_yet)
{
	uint64_t unique = media_figures_packets(h, c) - c->duplicates - c->strays - not_yet,
		 expected = expected_of(h, c);

	return expected > unique ? expected - unique : 0;
}

/* A packet behind the window, where nobody remembers single numbers: if nothing is missing there,
 * it was here before. */
static bool
is_missing_before_window(const struct media_hot *h, const struct media_cold *c)
{
	uint64_t span = (uint64_t)h->highest - c->base + 1, lost = lost_of(h, c, 1);
	uint64_t holes = (span < 64 ? span : 64) - popcount(h->window);

	return lost > c->lost_prior + holes;
}

static void
late(struct media_hot *h, struct media_cold *c, uint32_t behind)
{
	uint32_t ext = h->highest - behind;
	bool before_base = ext < c->base, seen;

	if (behind < 64) {
		seen = h->window >> behind & 1;
		h->window |= 1ull << behind;
	} else {
		seen = !before_base && !is_missing_before_window(h, c);
	}
	if (seen) {
		c->duplicates++;
		return;
	}
	c->reordered++;
	if (before_base)
		c->base = ext;
}

/* Not the next MEDIA_MAX_DROPOUT numbers.  The packet is counted in h->packets already.
 * A far jump is kept aside; a second packet behind it starts a new run, and what the old run
 * expected is kept, so that a sender that starts anew has lost nothing. */
void
media_figures_seq(struct media_hot *h, struct media_cold *c, uint16_t seq)
{
	uint32_t behind = (uint16_t)((uint16_t)h->highest - seq);

	if (behind < MEDIA_MAX_MISORDER) {
		late(h, c, behind);
		return;
	}
	if (c->bad_seq != seq) {
		c->bad_seq = (uint16_t)(seq + 1);
		c->strays++;
		return;
	}
	c->lost_prior = (uint32_t)lost_of(h, c, 1);
	c->expected_prior = (uint32_t)expected_of(h, c);
	c->strays--;
	h->highest = MEDIA_SEQ_START + seq;
	c->base = h->highest - 1;
	h->window = 3;
	c->bad_seq = UINT32_MAX;
}

/* ---- payload types and their jitter ---- */

/* What the call's SDP says of a payload type, else RFC 3551. */
static struct media_codec
codec_of(const struct media *m, const struct media_cold *c, uint8_t payload_type)
{
	struct media_codec found = {payload_type, RTP_CODEC_NONE, 0};
	uint32_t clock_hz;

	for (uint32_t i = 0; i < c->n_codecs; i++)
		if (c->codecs[i].payload_type == payload_type)
			return c->codecs[i];
	found.codec = (uint8_t)rtp_codec_static(payload_type, &clock_hz);
	/* The static clocks are the first ones registered (media_new). */
	for (uint32_t i = 1; found.codec && i < m->n_clocks; i++) {
		if (m->clock_hz[i] == clock_hz) {
			found.clock = (uint8_t)i;
			break;
		}
	}
	return found;
}

/* Events and comfort noise come between the packets of a codec and do not move its jitter. */
static bool
is_aside(const struct media_codec *codec)
{
	return codec->codec == RTP_CODEC_TELEPHONE_EVENT || codec->codec == RTP_CODEC_CN ||
	       codec->codec == RTP_CODEC_TONE;
}

static struct media_jitter
jitter_of_hot(const struct media_hot *h, const struct media_cold *c, uint64_t packets)
{
	return (struct media_jitter){
		.sum = h->jitter_sum,
		.last_ns = h->flags & MEDIA_LAST_SAVED ? c->main_ns : h->last_ns,
		.value = h->jitter,
		.max = h->jitter_max,
		.timestamp = h->timestamp,
		.packets = (uint32_t)(packets - c->aside),
		.skipped = c->skipped,
		.payload_type = h->payload_type,
		.clock = h->clock,
		.flags = h->flags & MEDIA_HAVE_LAST,
	};
}

/* packets: of the stream before the one that brings the change. */
static void
jitter_to_hot(
	struct media_hot *h, struct media_cold *c, const struct media_jitter *j, uint64_t packets)
{
	h->jitter_sum = j->sum;
	h->jitter = j->value;
	h->jitter_max = j->max;
	h->timestamp = j->timestamp;
	h->payload_type = j->payload_type;
	h->clock = j->clock;
	h->flags &= MEDIA_MARKS;
	h->flags |= j->flags ? MEDIA_HAVE_LAST | MEDIA_LAST_SAVED : 0;
	c->main_ns = j->last_ns;
	c->skipped = j->skipped;
	c->aside = (uint32_t)(packets - j->packets);
}

/* An unknown dynamic payload type within a call: a later offer may have brought it. */
static void
refresh_map(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_cold *c = &m->cold[index];
	struct media_tie tie;

	if (c->state != MEDIA_TIED || m->hot[index].flags & MEDIA_MARKS || s->ts_ns < c->due_ns)
		return;
	c->due_ns = s->ts_ns + MEDIA_ASK_YOUNG_NS;
	if (media_tie_find(m, &c->src, &c->dst, &tie) && tie.call == c->call)
		media_figures_map(m, index, &tie);
}

/* Jitter follows each payload type on its own; two are remembered, the one in use and the other one
 * with most packets. */
static void
change_payload(struct media *m, uint32_t index, uint8_t payload_type)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	uint64_t before = media_figures_packets(h, c) - 1;
	struct media_jitter was = jitter_of_hot(h, c, before), now = {.payload_type = payload_type};

	if (c->other.payload_type == payload_type) {
		now = c->other;
		c->other = was;
	} else {
		now.clock = codec_of(m, c, payload_type).clock;
		if (was.payload_type != MEDIA_PT_NONE &&
			(c->other.payload_type == MEDIA_PT_NONE || was.packets >= c->other.packets))
			c->other = was;
	}
	jitter_to_hot(h, c, &now, before);
}

static void
put_aside(struct media_hot *h, struct media_cold *c, uint8_t payload_type)
{
	if ((h->flags & (MEDIA_HAVE_LAST | MEDIA_LAST_SAVED)) == MEDIA_HAVE_LAST) {
		c->main_ns = h->last_ns;
		h->flags |= MEDIA_LAST_SAVED;
	}
	c->aside++;
	c->aside_pt = payload_type;
}

/* Not simply one more packet of the payload type in use.  h->last_ns is still that of the packet
 * before. */
void
media_figures_payload(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];

	if (s->payload_type != h->payload_type) {
		struct media_codec codec = codec_of(m, c, s->payload_type);
		if (codec.codec == RTP_CODEC_NONE) {
			refresh_map(m, index, s);
			codec = codec_of(m, c, s->payload_type);
		}
		if (is_aside(&codec)) {
			put_aside(h, c, s->payload_type);
			return;
		}
		if (s->payload_type != h->payload_type)
			change_payload(m, index, s->payload_type);
	}
	if (h->clock == 0)
		return;
	if (!(h->flags & MEDIA_HAVE_LAST)) {
		c->skipped++;
		h->timestamp = s->timestamp;
	} else {
		int64_t last = h->flags & MEDIA_LAST_SAVED ? c->main_ns : h->last_ns;
		media_jitter_step(
			h, m->ticks_per_ns[h->clock], media_elapsed(last, s->ts_ns), s->timestamp);
	}
	h->flags = (h->flags & MEDIA_MARKS) | MEDIA_HAVE_LAST;
}

static uint8_t
clock_index(struct media *m, uint32_t clock_hz)
{
	for (uint32_t i = 1; i < m->n_clocks; i++)
		if (m->clock_hz[i] == clock_hz)
			return (uint8_t)i;
	if (clock_hz < 1000 || clock_hz > 1000000 || m->n_clocks == MEDIA_CLOCKS)
		return 0;
	m->clock_hz[m->n_clocks] = clock_hz;
	m->ticks_per_ns[m->n_clocks] = clock_hz / 1e9;
	return (uint8_t)m->n_clocks++;
}

/* j's payload type means something else now: jitter counts from here on. */
static void
jitter_remap(struct media_jitter *j, const struct media_codec *codec)
{
	if (is_aside(codec)) {
		*j = (struct media_jitter){.payload_type = MEDIA_PT_NONE};
	} else if (codec->clock != j->clock) {
		j->clock = codec->clock;
		j->sum = 0;
		j->value = j->max = 0;
		j->skipped = j->packets;
		j->flags = 0;
	}
}

/* The codecs of an announcement for a stream; a static payload type without rtpmap has its own
 * clock. */
void
media_figures_map(struct media *m, uint32_t index, const struct media_tie *tie)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	uint64_t packets = media_figures_packets(h, c);
	struct media_jitter now = jitter_of_hot(h, c, packets);
	struct media_codec codec;

	c->n_codecs = 0;
	for (uint32_t i = 0; i < tie->n_codecs; i++) {
		uint8_t payload_type = tie->codecs[i].payload_type;
		codec = codec_of(m, c, payload_type);
		if (tie->codecs[i].codec != RTP_CODEC_NONE)
			codec.codec = tie->codecs[i].codec;
		if (tie->codecs[i].clock_hz)
			codec.clock = clock_index(m, tie->codecs[i].clock_hz);
		c->codecs[c->n_codecs++] = codec;
	}
	if (h->payload_type != MEDIA_PT_NONE) {
		uint8_t flags = h->flags;
		codec = codec_of(m, c, h->payload_type);
		jitter_remap(&now, &codec);
		if (now.payload_type == MEDIA_PT_NONE)
			c->aside_pt = h->payload_type;
		jitter_to_hot(h, c, &now, packets);
		if (now.flags)
			h->flags = flags;
	}
	if (c->other.payload_type != MEDIA_PT_NONE) {
		codec = codec_of(m, c, c->other.payload_type);
		jitter_remap(&c->other, &codec);
	}
}

/* ---- begin and end ---- */

/* The lines of a new stream, one number before its first packet. */
void
media_figures_begin(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];

	h->window = 0;
	h->last_ns = s->ts_ns;
	h->jitter_sum = 0;
	h->jitter = h->jitter_max = 0;
	h->timestamp = 0;
	h->highest = MEDIA_SEQ_START + s->seq - 1;
	h->packets = h->bytes = h->delta_max_ns = 0;
	h->payload_type = MEDIA_PT_NONE;
	h->clock = h->flags = 0;
	c->base = MEDIA_SEQ_START + s->seq;
	c->first_ns = s->ts_ns;
	c->bad_seq = UINT32_MAX;
	c->aside_pt = MEDIA_PT_NONE;
	c->other.payload_type = MEDIA_PT_NONE;
}

static void
summary_jitter(const struct media *m, const struct media_jitter *j, struct media_summary *out)
{
	if (j->clock == 0 || j->packets <= j->skipped)
		return;
	double ms_per_tick = 1000.0 / m->clock_hz[j->clock];
	out->jitter_ms_mean = j->sum / (j->packets - j->skipped) * ms_per_tick;
	out->jitter_ms_max = (double)j->max * ms_per_tick;
}

/* Payload type, codec and jitter are those of the payload type with most packets, events and
 * comfort noise left out. */
static void
summary_payload(const struct media *m, uint32_t index, struct media_summary *out)
{
	const struct media_hot *h = &m->hot[index];
	const struct media_cold *c = &m->cold[index];
	struct media_jitter best = jitter_of_hot(h, c, out->packets);

	if (best.payload_type == MEDIA_PT_NONE ||
		(c->other.payload_type != MEDIA_PT_NONE && c->other.packets >= best.packets))
		best = c->other;
	if (best.payload_type == MEDIA_PT_NONE)
		best = (struct media_jitter){.payload_type = c->aside_pt};
	struct media_codec codec = codec_of(m, c, best.payload_type);
	out->payload_type = best.payload_type;
	out->codec = codec.codec;
	out->clock_hz = m->clock_hz[codec.clock];
	summary_jitter(m, &best, out);
}

void
media_figures_summary(const struct media *m, uint32_t index, struct media_summary *out)
{
	const struct media_hot *h = &m->hot[index];
	const struct media_cold *c = &m->cold[index];

	*out = (struct media_summary){
		.src = c->src,
		.dst = c->dst,
		.call = c->call,
		.ssrc = h->ssrc,
		.first_ns = c->first_ns,
		.last_ns = h->last_ns,
		.packets = media_figures_packets(h, c),
		.bytes = (uint64_t)c->bytes_high << 32 | h->bytes,
		.expected = expected_of(h, c),
		.lost = lost_of(h, c, 0),
		.duplicates = c->duplicates,
		.reordered = c->reordered,
		.markers = c->markers,
		.rtcp_packets = c->rtcp_packets,
		.after_bye = c->after_bye,
		.tie = c->tie,
		.jitter_ms_mean = __builtin_nan(""),
		.jitter_ms_max = __builtin_nan(""),
		.delta_ms_max = __builtin_nan(""),
		.vlan = c->vlan,
		.sender = c->sender,
		.tunnel = c->tunnel,
	};
	if (out->packets > 1)
		out->delta_ms_max = (double)c->delta_max_ns / (double)BASE_NS_PER_MS;
	summary_payload(m, index, out);
}
