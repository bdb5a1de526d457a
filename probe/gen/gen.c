#include "gen_private.h"

#include <math.h>

#define HELD_MIN 256
#define CPS_MAX 1e7
#define PTIME_MAX 200 /* ms: 1600 bytes of G.711, for GEN_FRAME_MAX */
#define PAST_MIN 64

/* ---- names ---- */

const char *
gen_fate_name(enum gen_fate fate)
{
	static const char *const names[GEN_FATE_COUNT] = {"answered", "busy", "no_answer",
		"cancelled", "rejected", "redirected", "failed", "silent"};

	return (unsigned)fate < GEN_FATE_COUNT ? names[fate] : "";
}

static const struct {
	uint8_t codec, payload_type, frame_ms, frame_bytes;
} codecs[GEN_CODEC_COUNT] = {
#define GEN_CODEC(codec, payload_type, frame_ms, frame_bytes)                                      \
	{RTP_CODEC_##codec, payload_type, frame_ms, frame_bytes},
#include "gen_codec.def"
#undef GEN_CODEC
};

const char *
gen_codec_name(enum gen_codec codec)
{
	return (unsigned)codec < GEN_CODEC_COUNT ? rtp_codec_name(codecs[codec].codec) : "";
}

/* ---- draws ---- */

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014). */
uint64_t
gen_draw(struct gen *g)
{
	uint64_t z = g->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

double
gen_draw_unit(struct gen *g)
{
	return (double)(gen_draw(g) >> 11) * 0x1p-53;
}

bool
gen_draw_share(struct gen *g, double share)
{
	return share > 0 && gen_draw_unit(g) < share;
}

uint32_t
gen_draw_below(struct gen *g, uint32_t n)
{
	return (uint32_t)((gen_draw(g) >> 32) * n >> 32);
}

/* NORMAL: standard deviation half the mean, cut at 0: twelve uniform draws make it. */
int64_t
gen_draw_ns(struct gen *g, enum gen_spread spread, int64_t mean_ns)
{
	double sum = -6;

	switch (spread) {
	case GEN_UNIFORM: return (int64_t)(2.0 * gen_draw_unit(g) * (double)mean_ns);
	case GEN_EXPONENTIAL: return (int64_t)(-log(1.0 - gen_draw_unit(g)) * (double)mean_ns);
	case GEN_NORMAL:
		for (uint32_t i = 0; i < 12; i++)
			sum += gen_draw_unit(g);
		sum = (1 + sum / 2) * (double)mean_ns;
		return sum > 0 ? (int64_t)sum : 0;
	default: return mean_ns;
	}
}

uint32_t
gen_draw_weighted(struct gen *g, const double *weights, uint32_t n)
{
	double all = 0, at;
	uint32_t i = 0;

	for (uint32_t k = 0; k < n; k++)
		all += weights[k];
	at = gen_draw_unit(g) * all;
	while (i + 1 < n && (at >= weights[i] || weights[i] <= 0))
		at -= weights[i++];
	return i;
}

/* ---- options ---- */

struct gen_options
gen_options_default(void)
{
	struct gen_options o = {
		.seed = 1,
		.begin_ns = 1700000000 * BASE_NS_PER_SEC,
		.calls_per_second = 10,
		.duration_ns = 10 * BASE_NS_PER_SEC,
		.concurrent = 1000,
		.ramp_ns = BASE_NS_PER_SEC,
		.hold = GEN_FIXED,
		.hold_ns = 5 * BASE_NS_PER_SEC,
		.ring_ns = 2 * BASE_NS_PER_SEC,
		.n_from = 1,
		.n_to = 1,
		.from = {{"+4989", 1}},
		.to = {{"+4930", 1}},
		.digits = 4,
		.rtcp_ns = 5 * BASE_NS_PER_SEC,
		.rtt_ns = 40 * BASE_NS_PER_MS,
		.vlan = PACKET_VLAN_NONE,
		.inner_vlan = PACKET_VLAN_NONE,
		.mtu = 1500,
		.reorder_packets = 3,
		.burst_loss = 1,
		.jitter_kind = GEN_NORMAL,
	};

	o.fates[GEN_ANSWERED] = 1;
	o.codecs[GEN_CODEC_PCMA] = 1;
	return o;
}

static bool
shares_hold(const struct gen_options *o)
{
	const double shares[] = {o->registrations, o->auth, o->callee_ends, o->holds, o->info,
		o->delayed_offer, o->early_media, o->ipv6, o->tcp, o->large, o->dtmf, o->tones,
		o->loss, o->duplicate, o->reorder, o->burst_p, o->burst_r, o->burst_loss,
		o->burst_good_loss, o->ssrc_change, o->seq_restart, o->nat, o->one_way,
		o->no_media, o->media_first, o->media_after, o->port_reuse, o->ssrc_reuse,
		o->sip_loss, o->sip_repeat, o->mirror};

	for (uint32_t i = 0; i < base_count_of(shares); i++)
		if (!(shares[i] >= 0 && shares[i] <= 1))
			return false;
	return true;
}

static double
sum_of(const double *weights, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += weights[i] >= 0 ? weights[i] : NAN;
	return sum;
}

const char *
gen_options_check(const struct gen_options *o)
{
	if (!shares_hold(o))
		return "a share is not in 0..1";
	if (!(sum_of(o->fates, GEN_FATE_COUNT) > 0) || !(sum_of(o->codecs, GEN_CODEC_COUNT) > 0))
		return "weights are negative, or all 0";
	if (!o->keep && !(o->calls_per_second > 0 && o->calls_per_second <= CPS_MAX))
		return "calls per second are not above 0, up to 10000000";
	if (o->sip_loss > 0.9)
		return "no more than 0.9 of the messages can be lost";
	if (o->concurrent == 0 || o->concurrent > 1u << 24)
		return "concurrent calls are not in 1..16777216";
	if (o->duration_ns == 0)
		return "no call begins in a duration of 0";
	if (o->duration_ns < 0 || o->hold_ns < 0 || o->ring_ns < 0 || o->ramp_ns < 0)
		return "a time is negative";
	if (o->mtu < 576 || o->mtu > 1600)
		return "the MTU is not in 576..1600";
	if (o->ptime_ms > PTIME_MAX)
		return "a packet has at most 200 ms";
	if (o->n_from == 0 || o->n_to == 0 || o->n_from > GEN_PREFIXES_MAX ||
		o->n_to > GEN_PREFIXES_MAX)
		return "there are 1 to 16 number prefixes";
	if (o->reorder_packets == 0 || o->reorder_packets > 50)
		return "packets are late by 1 to 50";
	if (o->jitter_ns < 0 || o->jitter_ns > BASE_NS_PER_SEC)
		return "jitter is not in 0..1 s";
	if (o->digits > GEN_DIGITS_MAX)
		return "a call has at most 16 digits";
	if (o->skew_ppm < -10000 || o->skew_ppm > 10000)
		return "the skew is not in -10000..10000 ppm";
	return NULL;
}

/* ---- memory ---- */

/* Packets on their way: what jitter that mixes, reordering, copies and RTCP take at once. */
static uint32_t
held_of(const struct gen_options *o)
{
	double per_stream = 0.05, packet_ns = 20e6;

	if (o->jitter_mixes)
		per_stream += 1 + 4 * (double)o->jitter_ns / packet_ns;
	per_stream += o->reorder * (double)o->reorder_packets + o->duplicate * 2;
	double all = 2 * per_stream * o->concurrent +
		(o->sip_repeat + o->mirror) * o->concurrent + HELD_MIN;
	return all > 1u << 27 ? 1u << 27 : (uint32_t)all;
}

static uint32_t
past_of(const struct gen_options *o)
{
	return (uint32_t)(2 * o->ssrc_change * o->concurrent) + PAST_MIN;
}

static struct gen_agenda_options
agenda_of(const struct gen_options *o)
{
	double up = o->concurrent, most = o->calls_per_second * 1e-9 *
		(double)(o->hold_ns + o->ring_ns + BASE_NS_PER_SEC);

	if (!o->keep && most < up)
		up = most;
	return (struct gen_agenda_options){1 + 3 * o->concurrent + held_of(o),
		(o->no_rtp ? 1 : 100) * up + 10 * o->calls_per_second, o->begin_ns};
}

static size_t
digits_of(const struct gen_options *o)
{
	bool any = o->truth && o->digits && (o->dtmf > 0 || o->info > 0 || o->tones > 0);

	return any ? (size_t)o->concurrent * GEN_DIGITS_MAX * sizeof(struct gen_digit) : 0;
}

static size_t
part(size_t bytes)
{
	return base_align_up(bytes, BASE_CACHE_LINE);
}

size_t
gen_footprint(const struct gen_options *o)
{
	struct gen_agenda_options agenda = agenda_of(o);

	return part(sizeof(struct gen)) + part(o->concurrent * sizeof(struct gen_call)) +
		part(2ull * o->concurrent * sizeof(struct gen_stream)) + part(digits_of(o)) +
		part(held_of(o) * sizeof(struct gen_held)) +
		part(past_of(o) * sizeof(struct gen_past)) +
		part(o->concurrent * sizeof(uint32_t)) + gen_agenda_footprint(&agenda);
}

static void
codecs_init(struct gen *g)
{
	for (uint32_t i = 0; i < GEN_CODEC_COUNT; i++) {
		struct gen_codec_info *c = &g->codecs[i];
		uint32_t ptime = g->options.ptime_ms ? g->options.ptime_ms : 20;
		uint32_t frames = ptime / codecs[i].frame_ms;
		if (frames == 0)
			frames = 1;
		c->codec = codecs[i].codec;
		c->payload_type = codecs[i].payload_type;
		c->clock_hz = rtp_codec_clock((enum rtp_codec)c->codec);
		c->bytes = frames * codecs[i].frame_bytes;
		c->step = frames * codecs[i].frame_ms * (c->clock_hz / 1000);
		c->packet_ns = frames * codecs[i].frame_ms * BASE_NS_PER_MS;
	}
}

static void
lists_init(struct gen *g)
{
	g->held_free = g->past_free = GEN_NONE;
	for (uint32_t i = g->n_held; i--; g->held_free = i)
		g->held[i].next = g->held_free;
	for (uint32_t i = g->n_past; i--; g->past_free = i)
		g->past[i].next = g->past_free;
	for (uint32_t i = 0; i < g->options.concurrent; i++) {
		g->calls[i].serial = 0;
		g->idle[i] = i;
	}
	g->n_idle = g->options.concurrent;
}

struct gen *
gen_new(void *mem, const struct gen_options *o)
{
	struct gen_agenda_options agenda = agenda_of(o);
	uint8_t *p = mem;
	struct gen *g = mem;

	memset(g, 0, offsetof(struct gen, pending));
	g->options = *o;
	g->pending.len = 0;
	g->n_held = held_of(o);
	g->n_past = past_of(o);
	p += part(sizeof(*g));
	g->calls = (struct gen_call *)p;
	p += part(o->concurrent * sizeof(*g->calls));
	g->streams = (struct gen_stream *)p;
	p += part(2ull * o->concurrent * sizeof(*g->streams));
	g->digits = digits_of(o) ? (struct gen_digit *)p : NULL;
	p += part(digits_of(o));
	g->held = (struct gen_held *)p;
	p += part(g->n_held * sizeof(*g->held));
	g->past = (struct gen_past *)p;
	p += part(g->n_past * sizeof(*g->past));
	g->idle = (uint32_t *)p;
	p += part(o->concurrent * sizeof(*g->idle));
	gen_agenda_init(&g->agenda, p, &agenda);
	gen_link_init(&g->link, o);
	codecs_init(g);
	lists_init(g);
	g->random = base_hash_mix(o->seed + 1);
	g->hosts = 2 + o->concurrent / (GEN_MEDIA_PORTS / 2);
	g->now_ns = o->begin_ns;
	g->stop_ns = o->begin_ns + o->duration_ns;
	gen_agenda_put(&g->agenda, 0, o->begin_ns);
	return g;
}

/* ---- on their way ---- */

struct gen_held *
gen_held_new(struct gen *g, uint32_t owner, enum gen_held_kind kind)
{
	uint32_t i = g->held_free;

	if (i == GEN_NONE) {
		g->counters.not_held++;
		return NULL;
	}
	g->held_free = g->held[i].next;
	g->held[i] = (struct gen_held){.owner = owner, .kind = (uint8_t)kind};
	g->calls[kind == GEN_HELD_SIP ? owner : owner / 2].refs++;
	return &g->held[i];
}

void
gen_held_put(struct gen *g, struct gen_held *h, int64_t at_ns)
{
	gen_agenda_put(&g->agenda, 1 + 3 * g->options.concurrent + (uint32_t)(h - g->held), at_ns);
}

/* Its frames have been given. */
static void
call_over(struct gen *g, uint32_t call)
{
	uint32_t n = g->options.concurrent;

	gen_truth_tell(g, call);
	for (uint32_t side = 0; side < 2; side++) {
		uint32_t past = g->streams[2 * call + side].past;
		while (past != GEN_NONE) {
			uint32_t next = g->past[past].next;
			g->past[past].next = g->past_free;
			g->past_free = past;
			past = next;
		}
		g->streams[2 * call + side].past = GEN_NONE;
	}
	g->idle[(g->idle_first + g->n_idle++) % n] = call;
	g->counters.ended++;
	g->counters.active--;
	if (g->options.keep && g->now_ns < g->stop_ns &&
		!(g->options.calls && g->serial >= g->options.calls))
		gen_call_begin(g, g->now_ns + 1 + gen_draw_below(g, 20000000));
}

void
gen_call_release(struct gen *g, uint32_t call)
{
	if (--g->calls[call].refs == 0)
		call_over(g, call);
}

static void
held_step(struct gen *g, uint32_t i, struct gen_frame *f)
{
	struct gen_held h = g->held[i];
	uint32_t call = h.kind == GEN_HELD_SIP ? h.owner : h.owner / 2;

	g->held[i].next = g->held_free;
	g->held_free = i;
	if (h.kind == GEN_HELD_SIP) {
		gen_call_again(g, call, &h.said);
	} else if (h.kind == GEN_HELD_RTCP) {
		gen_stream_rtcp(g, h.owner, h.last, f);
	} else {
		g->streams[h.owner].held--;
		gen_stream_rtp(g, h.owner, &h.rtp, f);
	}
	gen_call_release(g, call);
}

/* ---- the loop ---- */

static void
next_call(struct gen *g)
{
	const struct gen_options *o = &g->options;
	int64_t mean_ns = o->keep ? o->ramp_ns / o->concurrent
				  : (int64_t)(1e9 / o->calls_per_second);
	bool even = o->even || o->keep;
	int64_t at_ns;

	if (!gen_call_begin(g, g->now_ns))
		g->counters.refused++;
	if ((o->calls && g->serial >= o->calls) || (o->keep && ++g->started == o->concurrent))
		return;
	at_ns = g->now_ns + gen_draw_ns(g, even ? GEN_FIXED : GEN_EXPONENTIAL, mean_ns);
	if (at_ns < g->stop_ns)
		gen_agenda_put(&g->agenda, 0, at_ns);
}

/* True where it made a frame. */
static bool
step(struct gen *g, uint32_t event, struct gen_frame *f)
{
	uint32_t calls = g->options.concurrent;

	f->len = 0;
	if (event == 0)
		next_call(g);
	else if (event <= calls)
		gen_call_step(g, event - 1);
	else if (event <= 3 * calls)
		return gen_stream_step(g, event - 1 - calls, f);
	else
		held_step(g, event - 1 - 3 * calls, f);
	return f->len != 0;
}

/* The stream that is due after this event: a miss less to wait for. */
static void
next_prefetch(struct gen *g)
{
	uint32_t event = g->agenda.current, calls = g->options.concurrent;

	for (uint32_t i = 0; i < 3 && event != GEN_NONE; i++)
		event = g->agenda.next[event];
	if (event == GEN_NONE || event <= calls || event > 3 * calls)
		return;
	uint32_t stream = event - 1 - calls;
	const uint8_t *p = (const uint8_t *)&g->streams[stream];
	for (uint32_t at = 0; at < sizeof(struct gen_stream); at += BASE_CACHE_LINE)
		base_prefetch_write(p + at);
	base_prefetch_write(&g->calls[stream / 2]);
}

bool
gen_next(struct gen *g, struct gen_frame *f)
{
	for (;;) {
		if (gen_frame_pending(g, f))
			break;
		uint32_t event = gen_agenda_take(&g->agenda, &g->now_ns);
		if (event == GEN_NONE)
			return false;
		next_prefetch(g);
		if (step(g, event, f))
			break;
	}
	g->counters.frames++;
	return true;
}

struct gen_counters
gen_counters(const struct gen *g)
{
	return g->counters;
}
