#include "media_private.h"

/* ---- payload types and their jitter ---- */

/* What the call's SDP says of a payload type, else RFC 3551. */
static struct media_codec
codec_of(const struct media *m, const struct media_codecs *known, uint8_t payload_type)
{
	struct media_codec found = {payload_type, RTP_CODEC_NONE, 0};
	uint32_t clock_hz;

	for (uint32_t i = 0; i < known->n; i++)
		if (known->codecs[i].payload_type == payload_type)
			return known->codecs[i];
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

struct media_codec
media_figures_codec(const struct media *m, uint32_t index, uint8_t payload_type)
{
	return codec_of(m, media_codecs_of(m, index), payload_type);
}

/* Events and comfort noise come between the packets of a codec and do not move its jitter. */
static bool
is_aside(const struct media_codec *codec)
{
	return codec->codec == RTP_CODEC_TELEPHONE_EVENT || codec->codec == RTP_CODEC_CN ||
	       codec->codec == RTP_CODEC_TONE;
}

static struct media_jitter
jitter_of_hot(const struct media *m, uint32_t index, uint64_t packets)
{
	const struct media_hot *h = &m->hot[index];
	const struct media_cold *c = &m->cold[index];
	const struct media_more *more = media_more_of(m, index);
	const struct media_rare *rare = media_rare_of(m, index);

	return (struct media_jitter){
		.sum = media_jitter_sum(c) + (double)h->jitter_sum,
		.last_ns = c->flags & MEDIA_LAST_SAVED ? rare->main_ns : h->last_ns,
		.value = h->jitter,
		.max = h->jitter_max,
		.timestamp = h->timestamp,
		.packets = (uint32_t)(packets - more->aside),
		.skipped = more->skipped + c->skipped,
		.payload_type = c->payload_type,
		.clock = h->clock,
		.flags = c->flags & MEDIA_HAVE_LAST,
	};
}

/* Jitter flags of a stream, and what they mean for the next packet. */
static void
set_flags(struct media *m, uint32_t index, uint8_t flags)
{
	struct media_cold *c = &m->cold[index];

	c->flags = (c->flags & (uint8_t)~(MEDIA_HAVE_LAST | MEDIA_LAST_SAVED)) | flags;
	media_figures_marked(m, index);
}

void
media_figures_marked(struct media *m, uint32_t index)
{
	const struct media_cold *c = &m->cold[index];
	bool plain = (c->flags & (MEDIA_HAVE_LAST | MEDIA_LAST_SAVED | MEDIA_MARKS)) ==
		     MEDIA_HAVE_LAST && c->payload_type < 0x80;

	m->hot[index].steady = plain && m->hot[index].clock ? c->payload_type : MEDIA_STEADY_NONE;
}

/* packets: of the stream before the one that brings the change.  The arrival of the last packet of
 * j is kept where there is room. */
static void
jitter_to_hot(struct media *m, uint32_t index, const struct media_jitter *j, uint64_t packets)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	struct media_rare *rare = j->flags ? media_rare_for(m, index) : NULL;

	media_jitter_sum_set(c, j->sum);
	h->jitter_sum = 0;
	h->jitter = j->value;
	h->jitter_max = j->max;
	h->timestamp = j->timestamp;
	h->clock = j->clock;
	h->transit = 0;
	h->transit_min = __builtin_inff();
	c->flags |= MEDIA_ANCHORED;
	c->payload_type = j->payload_type;
	c->skipped = j->skipped != 0;
	if (c->more || j->skipped > 1 || (uint32_t)packets != j->packets) {
		struct media_more *more = media_more_for(m, index);
		more->skipped = j->skipped - c->skipped;
		more->aside = (uint32_t)(packets - j->packets);
	}
	if (rare)
		rare->main_ns = j->last_ns;
	set_flags(m, index, rare ? MEDIA_HAVE_LAST | MEDIA_LAST_SAVED : 0);
}

/* An unknown dynamic payload type within a call: a later offer may have brought it. */
static void
refresh_map(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_cold *c = &m->cold[index];
	struct media_tie tie;

	if (c->state != MEDIA_TIED || c->flags & (MEDIA_ENDED | MEDIA_LEFT) ||
		s->ts_ns < media_due_ns(c))
		return;
	media_due_set(c, s->ts_ns + MEDIA_ASK_YOUNG_NS);
	struct media_ends ends = media_ends_of(m, index);
	if (media_tie_find(m, &ends.src, &ends.dst, &tie) && tie.call == c->call)
		media_figures_map(m, index, &tie);
}

/* Jitter follows each payload type on its own; two are remembered, the one in use and the other one
 * with most packets. */
static void
change_payload(struct media *m, uint32_t index, uint8_t payload_type)
{
	uint64_t before = media_loss_packets(m, index) - 1;
	struct media_jitter was = jitter_of_hot(m, index, before),
			    now = {.payload_type = payload_type};
	bool first = was.payload_type == MEDIA_PT_NONE;
	struct media_rare *rare = first ? media_rare_of(m, index) : media_rare_for(m, index);

	now.clock = media_figures_codec(m, index, payload_type).clock;
	if (rare && rare->other.payload_type == payload_type) {
		now = rare->other;
		rare->other = was;
	} else if (rare && !first &&
		   (rare->other.payload_type == MEDIA_PT_NONE ||
			   was.packets >= rare->other.packets)) {
		rare->other = was;
	}
	if (rare && !first)
		rare->payload_changes++;
	jitter_to_hot(m, index, &now, before);
}

/* h->last_ns is still that of the packet before. */
static void
put_aside(struct media *m, uint32_t index, const struct media_codec *codec)
{
	struct media_cold *c = &m->cold[index];
	struct media_more *more = media_more_for(m, index);
	struct media_rare *rare = media_rare_for(m, index);

	more->aside++;
	more->aside_pt = codec->payload_type;
	if (rare == NULL)
		return;
	if (codec->codec == RTP_CODEC_CN)
		rare->noise++;
	else
		rare->events++;
	if ((c->flags & (MEDIA_HAVE_LAST | MEDIA_LAST_SAVED)) == MEDIA_HAVE_LAST) {
		rare->main_ns = m->hot[index].last_ns;
		set_flags(m, index, MEDIA_HAVE_LAST | MEDIA_LAST_SAVED);
	}
}

/* Not simply one more packet of the payload type in use.  h->last_ns is still that of the packet
 * before. */
void
media_figures_payload(struct media *m, uint32_t index, const struct media_sample *s, bool again)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];
	bool begins = false;

	if (s->payload_type != c->payload_type) {
		struct media_codec codec = media_figures_codec(m, index, s->payload_type);
		if (codec.codec == RTP_CODEC_NONE) {
			refresh_map(m, index, s);
			codec = media_figures_codec(m, index, s->payload_type);
		}
		if (is_aside(&codec)) {
			put_aside(m, index, &codec);
			return;
		}
		begins = s->payload_type != c->payload_type;
		if (begins)
			change_payload(m, index, s->payload_type);
	} else if (h->clock == 0 && s->payload_type != MEDIA_PT_T38) {
		refresh_map(m, index, s);
	}
	if (h->clock == 0) {
		if (s->payload_type != MEDIA_PT_T38)
			media_guess_packet(m, index, s, begins);
		return;
	}
	if (!(c->flags & MEDIA_HAVE_LAST)) {
		if (c->skipped)
			media_more_for(m, index)->skipped++;
		c->skipped = 1;
		h->timestamp = s->timestamp;
		h->transit_min = 0;
	} else {
		int64_t last = c->flags & MEDIA_LAST_SAVED ? media_rare_of(m, index)->main_ns
							   : h->last_ns;
		float transit = media_jitter_step(
			h, m->ticks_per_ns[h->clock], media_elapsed(last, s->ts_ns), s->timestamp);
		media_transit_step(m, index, s, (struct media_arrival){transit, again});
	}
	set_flags(m, index, MEDIA_HAVE_LAST);
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
	media_quality_clock(m, m->n_clocks);
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

/* The clock of the payload type in use is known now. */
static void
guess_ends(struct media *m, uint32_t index, struct media_jitter *j)
{
	media_guess_right(m, index, j);
	media_guess_give(m, index);
}

/* The payload type in use means something else now? */
static void
remap_hot(struct media *m, uint32_t index, uint64_t packets)
{
	struct media_cold *c = &m->cold[index];
	struct media_codec codec = media_figures_codec(m, index, c->payload_type);

	if (!is_aside(&codec) && codec.clock == m->hot[index].clock)
		return;
	struct media_jitter now = jitter_of_hot(m, index, packets);
	bool guessed = now.clock == 0;
	jitter_remap(&now, &codec);
	if (guessed)
		guess_ends(m, index, &now);
	if (now.payload_type == MEDIA_PT_NONE)
		media_more_for(m, index)->aside_pt = c->payload_type;
	jitter_to_hot(m, index, &now, packets);
}

/* The codecs of an announcement for a stream; a static payload type without rtpmap has its own
 * clock. */
void
media_figures_map(struct media *m, uint32_t index, const struct media_tie *tie)
{
	struct media_cold *c = &m->cold[index];
	struct media_rare *rare = media_rare_of(m, index);
	uint64_t packets = media_loss_packets(m, index);
	struct media_codecs codecs = {0};
	struct media_codec codec;

	if (tie->srtp)
		c->flags |= MEDIA_SRTP;
	if (tie->listen)
		media_listen_begin(m, index);
	if (tie->ptime_ms && tie->ptime_ms <= UINT8_MAX)
		c->by_state.tied.ptime_ms = (uint8_t)tie->ptime_ms;
	for (uint32_t i = 0; i < tie->n_codecs; i++) {
		codec = codec_of(m, &codecs, tie->codecs[i].payload_type);
		if (tie->codecs[i].codec != RTP_CODEC_NONE)
			codec.codec = tie->codecs[i].codec;
		if (tie->codecs[i].clock_hz)
			codec.clock = clock_index(m, tie->codecs[i].clock_hz);
		codecs.codecs[codecs.n++] = codec;
	}
	media_codecs_set(m, index, &codecs);
	if (c->payload_type != MEDIA_PT_NONE)
		remap_hot(m, index, packets);
	if (rare && rare->other.payload_type != MEDIA_PT_NONE) {
		codec = media_figures_codec(m, index, rare->other.payload_type);
		jitter_remap(&rare->other, &codec);
	}
}

/* ---- begin and end ---- */

/* The lines of a new stream, one number before its first packet. */
void
media_figures_begin(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_hot *h = &m->hot[index];
	struct media_cold *c = &m->cold[index];

	h->window = ~0ull;
	h->last_ns = s->ts_ns;
	h->jitter_sum = h->jitter = h->jitter_max = h->transit = 0;
	h->transit_min = __builtin_inff();
	h->timestamp = 0;
	h->highest = MEDIA_SEQ_START + s->seq - 1;
	h->bytes = h->delta_max_ns = 0;
	h->look_at = media_look_of(s->ts_ns);
	h->steady = MEDIA_STEADY_NONE;
	h->clock = 0;
	c->base = MEDIA_SEQ_START + s->seq;
	c->first_ns = s->ts_ns;
	c->payload_type = MEDIA_PT_NONE;
	c->capture_loss = (uint32_t)m->lost_total;
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
	const struct media_rare *rare = media_rare_of(m, index);
	struct media_jitter best = jitter_of_hot(m, index, out->packets),
			    other = {.payload_type = MEDIA_PT_NONE};

	if (rare && rare->other.payload_type != MEDIA_PT_NONE)
		other = rare->other;
	if (best.payload_type == MEDIA_PT_NONE ||
		(other.payload_type != MEDIA_PT_NONE && other.packets >= best.packets)) {
		struct media_jitter kept = best;
		best = other;
		other = kept;
	}
	if (best.payload_type == MEDIA_PT_NONE)
		best = (struct media_jitter){.payload_type = media_more_of(m, index)->aside_pt};
	struct media_codec codec = media_figures_codec(m, index, best.payload_type);
	out->payload_type = best.payload_type;
	out->codec = codec.codec;
	out->clock_hz = m->clock_hz[codec.clock];
	out->other_payload_type = other.payload_type;
	out->other_codec = other.payload_type != MEDIA_PT_NONE
				   ? media_figures_codec(m, index, other.payload_type).codec
				   : RTP_CODEC_NONE;
	summary_jitter(m, &best, out);
}

static void
summary_rare(const struct media *m, uint32_t index, struct media_summary *out)
{
	const struct media_rare *rare = media_rare_of(m, index);

	if (rare == NULL)
		return;
	out->events = rare->events;
	out->noise = rare->noise;
	out->silences = rare->silences;
	out->silence_ms = rare->silence_ms;
	out->payload_changes = rare->payload_changes;
	out->previous_ssrc = rare->previous_ssrc;
}

void
media_figures_summary(const struct media *m, uint32_t index, struct media_summary *out)
{
	const struct media_hot *h = &m->hot[index];
	const struct media_cold *c = &m->cold[index];
	const struct media_more *more = media_more_of(m, index);
	struct media_ends ends = media_ends_of(m, index);
	bool tied = c->state == MEDIA_TIED;
	struct media_totals t;

	media_loss_totals(m, index, &t);
	*out = (struct media_summary){
		.src = ends.src,
		.dst = ends.dst,
		.call = c->call,
		.ssrc = h->ssrc,
		.first_ns = c->first_ns,
		.last_ns = h->last_ns,
		.packets = media_loss_packets(m, index),
		.bytes = (uint64_t)more->bytes_higher << 40 | (uint64_t)c->bytes_high << 32 |
			 h->bytes,
		.expected = t.expected,
		.lost = t.lost,
		.duplicates = more->duplicates,
		.reordered = more->reordered,
		.markers = media_quality_markers(m, index),
		.rtcp_packets = more->rtcp_packets,
		.after_bye = more->after_bye,
		.redundant = more->redundant,
		.tie = tied ? c->by_state.tied.tie : MEDIA_TIED_NOT,
		.jitter_ms_mean = __builtin_nan(""),
		.jitter_ms_max = __builtin_nan(""),
		.delta_ms_max = __builtin_nan(""),
		.vlan = c->vlan == MEDIA_VLAN_NONE ? PACKET_VLAN_NONE : c->vlan,
		.sender = c->sender,
		.tunnel = c->tunnel,
		.dscp = c->dscp,
		.ttl = c->ttl,
		.ptime_ms = tied ? c->by_state.tied.ptime_ms : 0,
		.srtp = c->flags & MEDIA_SRTP,
	};
	if (out->packets > 1)
		out->delta_ms_max = (double)(more->delta_max_ns ? more->delta_max_ns
								: h->delta_max_ns) /
				    (double)BASE_NS_PER_MS;
	summary_payload(m, index, out);
	summary_rare(m, index, out);
	media_quality_summary(m, index, out);
	media_reports_summary(m, index, out);
}
