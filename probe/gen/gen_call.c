#include "gen_private.h"

#define T1_NS (500 * BASE_NS_PER_MS) /* RFC 3261 17.1.1.1 */
#define MEDIA_FIRST_NS (150 * BASE_NS_PER_MS)
#define MIRROR_NS (20 * BASE_NS_PER_US)

/* ---- scripts ---- */

/* How long before a step. */
enum wait {
	WAIT_NONE,
	WAIT_NET,    /* a server thinks */
	WAIT_ALERT,  /* the callee is looked for */
	WAIT_RING,
	WAIT_AGAIN,  /* 0.5 s, 1 s, 2 s, ...: RFC 3261 timer A */
	WAIT_DIGITS, /* parts of the conversation */
	WAIT_HOLD,
	WAIT_RESUME,
	WAIT_END
};

struct step {
	uint8_t message, wait; /* GEN_M_COUNT: the end */
	uint32_t need, unless; /* flags of the call */
};

#define END {GEN_M_COUNT, WAIT_NONE, 0, 0}
#define SETUP                                                                                      \
	{GEN_M_INVITE, WAIT_NONE, 0, 0}, {GEN_M_CHALLENGE, WAIT_NET, GEN_CALL_AUTH, 0},            \
		{GEN_M_ACK_NOK, WAIT_NET, GEN_CALL_AUTH, 0},                                       \
		{GEN_M_INVITE, WAIT_NET, GEN_CALL_AUTH, 0}, {GEN_M_TRYING, WAIT_NET, 0, 0}
#define ALERT                                                                                      \
	{GEN_M_PROGRESS, WAIT_ALERT, GEN_CALL_EARLY, 0},                                           \
		{GEN_M_RINGING, WAIT_ALERT, 0, GEN_CALL_EARLY}
#define REFUSAL(wait) {GEN_M_NOK, wait, 0, 0}, {GEN_M_ACK_NOK, WAIT_NET, 0, 0}, END

static const struct step answered[] = {SETUP, ALERT, {GEN_M_OK, WAIT_RING, 0, 0},
	{GEN_M_ACK, WAIT_NET, 0, 0}, {GEN_M_INFO, WAIT_DIGITS, GEN_CALL_INFO, 0},
	{GEN_M_INFO_OK, WAIT_NET, GEN_CALL_INFO, 0}, {GEN_M_HOLD, WAIT_HOLD, GEN_CALL_HOLDS, 0},
	{GEN_M_HOLD_OK, WAIT_NET, GEN_CALL_HOLDS, 0}, {GEN_M_ACK, WAIT_NET, GEN_CALL_HOLDS, 0},
	{GEN_M_RESUME, WAIT_RESUME, GEN_CALL_HOLDS, 0},
	{GEN_M_RESUME_OK, WAIT_NET, GEN_CALL_HOLDS, 0}, {GEN_M_ACK, WAIT_NET, GEN_CALL_HOLDS, 0},
	{GEN_M_BYE, WAIT_END, 0, 0}, {GEN_M_BYE_OK, WAIT_NET, 0, 0}, END};
static const struct step refused[] = {SETUP, REFUSAL(WAIT_ALERT)};
static const struct step unanswered[] = {SETUP, ALERT, REFUSAL(WAIT_RING)};
static const struct step cancelled[] = {SETUP, ALERT, {GEN_M_CANCEL, WAIT_RING, 0, 0},
	{GEN_M_CANCEL_OK, WAIT_NET, 0, 0}, REFUSAL(WAIT_NET)};
static const struct step silent[] = {{GEN_M_INVITE, WAIT_NONE, 0, 0},
	{GEN_M_INVITE_AGAIN, WAIT_AGAIN, 0, 0}, {GEN_M_INVITE_AGAIN, WAIT_AGAIN, 0, 0},
	{GEN_M_INVITE_AGAIN, WAIT_AGAIN, 0, 0}, {GEN_M_INVITE_AGAIN, WAIT_AGAIN, 0, 0},
	{GEN_M_INVITE_AGAIN, WAIT_AGAIN, 0, 0}, {GEN_M_INVITE_AGAIN, WAIT_AGAIN, 0, 0}, END};
static const struct step registration[] = {{GEN_M_REGISTER, WAIT_NONE, 0, 0},
	{GEN_M_REGISTER_AUTH, WAIT_NET, GEN_CALL_AUTH, 0},
	{GEN_M_REGISTER, WAIT_NET, GEN_CALL_AUTH, 0}, {GEN_M_REGISTER_OK, WAIT_NET, 0, 0}, END};

static const struct step *
script_of(const struct gen_call *c)
{
	static const struct step *const scripts[GEN_FATE_COUNT] = {answered, refused, unanswered,
		cancelled, refused, refused, refused, silent};

	return c->flags & GEN_CALL_REGISTRATION ? registration : scripts[c->fate];
}

/* The responses that a fate comes in; twice the same where there is one. */
static const uint16_t codes[GEN_FATE_COUNT][4] = {{200, 200, 200, 200}, {486, 486, 486, 600},
	{480, 480, 408, 480}, {487, 487, 487, 487}, {403, 403, 603, 403}, {302, 302, 301, 302},
	{404, 503, 500, 488}, {0, 0, 0, 0}};

/* ---- where ---- */

static struct base_endpoint
endpoint(bool v6, const uint8_t v4[4], uint16_t port)
{
	struct base_endpoint at = {base_ip_v4(v4), port};

	if (v6)
		at.ip = (struct base_ip){{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, v4[1], 0, 0, 0, 0, 0, 0,
			v4[2], v4[3]}};
	return at;
}

struct base_endpoint
gen_signalling_at(const struct gen *g, const struct gen_call *c, bool callee)
{
	uint8_t v4[4] = {10, callee ? 2 : 1, 0, (uint8_t)(1 + c->line % (callee ? 10 : 250))};
	bool tcp = c->flags & GEN_CALL_TCP && !callee;

	return endpoint(c->flags & GEN_CALL_V6, v4,
		tcp ? (uint16_t)(10000 + c->serial % 50000) : 5060);
}

struct base_endpoint
gen_media_at(const struct gen *g, const struct gen_call *c, bool callee, bool announced)
{
	uint32_t host = 1 + c->line % g->hosts;
	uint16_t port = (uint16_t)(10000 + 2 * (c->line / g->hosts % GEN_MEDIA_PORTS));
	uint8_t v4[4] = {10, callee ? 32 : 16, (uint8_t)(host >> 8), (uint8_t)host};

	if (c->flags & GEN_CALL_NAT && !callee) {
		v4[0] = announced ? 192 : 100;
		v4[1] = announced ? 168 : 64;
		if (!announced)
			port ^= 0x2000; /* the translator's */
	}
	return endpoint(c->flags & GEN_CALL_V6, v4, port);
}

/* ---- saying ---- */

static struct gen_path
path_of(const struct gen *g, const struct gen_call *c, enum gen_message_id id)
{
	bool from_callee = gen_message_from_callee(c, id);

	return (struct gen_path){gen_signalling_at(g, c, from_callee),
		gen_signalling_at(g, c, !from_callee)};
}

/* The message is pending. */
static void
say(struct gen *g, const struct gen_call *c, const struct gen_said *said)
{
	struct gen_pending *m = &g->pending;
	bool tcp = (c->flags & GEN_CALL_TCP) != 0;
	uint32_t head = tcp ? 0 : 8;
	struct base_text t = base_text_of((char *)m->bytes + head, GEN_TEXT_MAX);

	gen_message_text(g, c, &t, said);
	m->path = path_of(g, c, said->message);
	m->ts_ns = g->now_ns;
	m->len = head + (uint32_t)t.len;
	m->sent = 0;
	m->ip_id = said->ip_id;
	m->tcp = tcp;
	m->tcp_seq = said->tcp_seq;
	m->tcp_ack = said->tcp_ack;
	m->tcp_flags = 0x18; /* PSH, ACK */
	m->v6 = (c->flags & GEN_CALL_V6) != 0;
	g->counters.sip_messages++;
}

static void
count_copy(struct gen_call *c, bool mirror)
{
	bool tcp = (c->flags & GEN_CALL_TCP) != 0;

	if (tcp)
		return; /* the same bytes of a stream again: no message */
	c->messages++;
	if (mirror)
		c->duplicates++;
	else
		c->retransmissions++;
}

void
gen_call_again(struct gen *g, uint32_t call, const struct gen_said *said)
{
	struct gen_call *c = &g->calls[call];
	struct gen_said again = *said;

	if (!said->copy)
		again.ip_id = ++g->ip_id;
	say(g, c, &again);
	count_copy(c, said->copy);
}

static void
say_again_later(struct gen *g, uint32_t call, const struct gen_said *said, int64_t at_ns)
{
	struct gen_held *h = gen_held_new(g, call, GEN_HELD_SIP);

	if (!h)
		return;
	h->said = *said;
	gen_held_put(g, h, at_ns);
}

static void
say_first(struct gen *g, uint32_t call, enum gen_message_id id)
{
	struct gen_call *c = &g->calls[call];
	const struct gen_message_info *info = &gen_messages[id];
	uint32_t asker = info->flags & GEN_ENDER && c->flags & GEN_CALL_CALLEE_ENDS;
	uint32_t side = gen_message_from_callee(c, id);
	bool tcp = (c->flags & GEN_CALL_TCP) != 0;

	if (info->flags & GEN_BEGINS)
		c->cseq[asker]++;
	struct gen_said said = {.cseq = c->cseq[asker], .message = (uint8_t)id,
		.ip_id = ++g->ip_id, .tcp_seq = 1000 + c->tcp_sent[side],
		.tcp_ack = 1000 + c->tcp_sent[!side]};
	say(g, c, &said);
	if (tcp) {
		c->tcp_sent[side] += g->pending.len;
		g->ip_id = (uint16_t)(g->ip_id + 8);
	}
	c->messages++;
	if (!tcp && !(info->flags & GEN_PROVISIONAL) && gen_draw_share(g, g->options.sip_repeat))
		say_again_later(g, call, &said, g->now_ns + T1_NS);
	said.copy = true;
	if (gen_draw_share(g, g->options.mirror))
		say_again_later(g, call, &said, g->now_ns + MIRROR_NS);
}

/* ---- what it means ---- */

static void
once(int64_t *at_ns, int64_t now_ns)
{
	if (*at_ns == 0)
		*at_ns = now_ns;
}

static void
note_response(struct gen_call *c, enum gen_message_id id, int64_t now_ns)
{
	switch (id) {
	case GEN_M_TRYING: once(&c->trying_ns, now_ns); break;
	case GEN_M_RINGING:
		once(&c->ringing_ns, now_ns);
		once(&c->progress_ns, now_ns);
		break;
	case GEN_M_PROGRESS:
		once(&c->progress_ns, now_ns);
		if (gen_message_has_sdp(c, id, c->cseq[0]))
			once(&c->early_ns, now_ns);
		break;
	case GEN_M_CHALLENGE:
	case GEN_M_REGISTER_AUTH:
		c->challenges++;
		c->flags |= GEN_CALL_AUTHORIZED;
		break;
	case GEN_M_OK: once(&c->answer_ns, now_ns); /* fall through */
	case GEN_M_REGISTER_OK: c->final_ns = now_ns; break;
	case GEN_M_NOK: c->final_ns = c->end_ns = now_ns; break;
	default: break;
	}
}

static void
note(struct gen_call *c, enum gen_message_id id, int64_t now_ns)
{
	const struct gen_message_info *info = &gen_messages[id];
	bool invite = strcmp(info->method, "INVITE") == 0;

	if (info->status) {
		note_response(c, id, now_ns);
		return;
	}
	if (id == GEN_M_INVITE || id == GEN_M_REGISTER)
		once(&c->invite_ns, now_ns);
	if (id == GEN_M_ACK)
		once(&c->ack_ns, now_ns);
	if (id == GEN_M_BYE)
		once(&c->end_ns, now_ns);
	c->invites = (uint16_t)(c->invites + (invite && info->flags & GEN_BEGINS));
	c->holds = (uint8_t)(c->holds + (id == GEN_M_HOLD));
	c->retransmissions = (uint16_t)(c->retransmissions + (id == GEN_M_INVITE_AGAIN));
}

/* ---- its media ---- */

static bool
sends(const struct gen *g, const struct gen_call *c, bool callee)
{
	if (g->options.no_rtp || c->flags & GEN_CALL_NO_MEDIA)
		return false;
	return !(c->flags & GEN_CALL_ONE_WAY) || (c->hash & 1) == callee;
}

static void
media_start(struct gen *g, uint32_t call, bool callee, int64_t at_ns)
{
	if (sends(g, &g->calls[call], callee))
		gen_stream_start(g, 2 * call + callee, at_ns);
}

static void
media_stop(struct gen *g, uint32_t call)
{
	int64_t at_ns = g->now_ns;

	if (g->calls[call].flags & GEN_CALL_MEDIA_AFTER)
		at_ns += T1_NS + gen_draw_below(g, 1500000000);
	gen_stream_stop(g, 2 * call, at_ns);
	gen_stream_stop(g, 2 * call + 1, at_ns);
}

static void
media_hold(struct gen *g, uint32_t call, bool still)
{
	gen_stream_hold(g, 2 * call, still);
	gen_stream_hold(g, 2 * call + 1, still);
}

static void
media_follow(struct gen *g, uint32_t call, enum gen_message_id id)
{
	bool late = (g->calls[call].flags & GEN_CALL_LATE_OFFER) != 0;

	switch (id) {
	case GEN_M_PROGRESS:
	case GEN_M_OK:
		if (!late)
			media_start(g, call, true, g->now_ns);
		break;
	case GEN_M_ACK:
		media_start(g, call, false, g->now_ns);
		media_start(g, call, true, g->now_ns);
		break;
	case GEN_M_HOLD_OK: media_hold(g, call, true); break;
	case GEN_M_RESUME_OK: media_hold(g, call, false); break;
	case GEN_M_BYE:
	case GEN_M_CANCEL:
	case GEN_M_NOK: media_stop(g, call); break;
	default: break;
	}
}

/* ---- from step to step ---- */

static int64_t
part_of_talk(const struct gen_call *c, double part)
{
	return c->answer_ns + (int64_t)(part * (double)c->hold_ns);
}

static int64_t
step_time(struct gen *g, const struct gen_call *c, const struct step *s)
{
	int64_t soon = g->now_ns + 10 * BASE_NS_PER_MS + gen_draw_below(g, 30000000), at_ns = soon;

	switch (s->wait) {
	case WAIT_ALERT: return soon + 200 * BASE_NS_PER_MS + gen_draw_below(g, 1000000000);
	case WAIT_RING: return soon + gen_draw_ns(g, GEN_UNIFORM, g->options.ring_ns);
	case WAIT_AGAIN: return g->now_ns + (T1_NS << (c->step - 1));
	case WAIT_DIGITS: at_ns = part_of_talk(c, 0.1); break;
	case WAIT_HOLD: at_ns = part_of_talk(c, 0.4); break;
	case WAIT_RESUME: at_ns = part_of_talk(c, 0.6); break;
	case WAIT_END: at_ns = c->hang_ns; break;
	default: break;
	}
	return at_ns > soon ? at_ns : soon;
}

/* The next step that this call takes; NULL at the end of its script. */
static const struct step *
next_step(struct gen_call *c)
{
	const struct step *script = script_of(c);

	while (script[++c->step].message != GEN_M_COUNT) {
		const struct step *s = &script[c->step];
		if ((c->flags & s->need) == s->need && !(c->flags & s->unless))
			return s;
	}
	return NULL;
}

static void
go_on(struct gen *g, uint32_t call)
{
	struct gen_call *c = &g->calls[call];
	const struct step *s = next_step(c);

	if (!s) {
		gen_call_release(g, call);
		return;
	}
	int64_t at_ns = step_time(g, c, s), first_ns = at_ns - MEDIA_FIRST_NS;
	if (s->message == GEN_M_OK && c->flags & GEN_CALL_MEDIA_FIRST)
		media_start(g, call, true, first_ns > g->now_ns ? first_ns : g->now_ns);
	gen_agenda_put(&g->agenda, gen_event_of_call(call), at_ns);
}

/* Not seen.  Its sender says it again after T1, a provisional response not at all. */
static bool
is_lost(struct gen *g, const struct gen_call *c, enum gen_message_id id)
{
	return !(c->flags & GEN_CALL_TCP) && id != GEN_M_INVITE_AGAIN &&
		gen_draw_share(g, g->options.sip_loss);
}

void
gen_call_step(struct gen *g, uint32_t call)
{
	struct gen_call *c = &g->calls[call];
	enum gen_message_id id = (enum gen_message_id)script_of(c)[c->step].message;
	const struct gen_message_info *info = &gen_messages[id];

	if (is_lost(g, c, id)) {
		if (info->flags & GEN_PROVISIONAL)
			go_on(g, call);
		else
			gen_agenda_put(&g->agenda, gen_event_of_call(call), g->now_ns + T1_NS);
		return;
	}
	say_first(g, call, id);
	note(c, id, g->now_ns);
	if (id == GEN_M_OK)
		c->hang_ns = g->now_ns + c->hold_ns;
	media_follow(g, call, id);
	if (id == GEN_M_INFO)
		gen_digit_seen(g, call, c->infos++, GEN_INFO_MS);
	if (id == GEN_M_INFO_OK && c->infos < c->n_digits)
		c->step = (uint8_t)(c->step - 2);
	go_on(g, call);
}

/* ---- begin ---- */

static uint32_t
draw_flags(struct gen *g)
{
	const struct gen_options *o = &g->options;
	const struct {
		double share;
		uint32_t flag;
	} draws[] = {{o->auth, GEN_CALL_AUTH}, {o->ipv6, GEN_CALL_V6}, {o->tcp, GEN_CALL_TCP},
		{o->large, GEN_CALL_LARGE}, {o->callee_ends, GEN_CALL_CALLEE_ENDS},
		{o->holds, GEN_CALL_HOLDS}, {o->info, GEN_CALL_INFO}, {o->dtmf, GEN_CALL_DTMF},
		{o->tones, GEN_CALL_TONES},
		{o->delayed_offer, GEN_CALL_LATE_OFFER}, {o->early_media, GEN_CALL_EARLY},
		{o->nat, GEN_CALL_NAT}, {o->one_way, GEN_CALL_ONE_WAY},
		{o->no_media, GEN_CALL_NO_MEDIA}, {o->media_first, GEN_CALL_MEDIA_FIRST},
		{o->media_after, GEN_CALL_MEDIA_AFTER}, {o->seq_restart, GEN_CALL_RESTART},
		{o->ssrc_change, GEN_CALL_CHANGE}};
	uint32_t flags = 0;

	for (uint32_t i = 0; i < base_count_of(draws); i++)
		if (gen_draw_share(g, draws[i].share))
			flags |= draws[i].flag;
	if (flags & GEN_CALL_INFO)
		flags &= ~GEN_CALL_DTMF;
	if (flags & (GEN_CALL_INFO | GEN_CALL_DTMF))
		flags &= ~GEN_CALL_TONES;
	return flags;
}

static uint8_t
draw_prefix(struct gen *g, const struct gen_prefix *prefixes, uint32_t n)
{
	double weights[GEN_PREFIXES_MAX];

	for (uint32_t i = 0; i < n; i++)
		weights[i] = prefixes[i].weight;
	return (uint8_t)gen_draw_weighted(g, weights, n);
}

/* A place for a new call: that of the call that ended last, or that ended first. */
static uint32_t
take_place(struct gen *g, bool reuse)
{
	uint32_t n = g->options.concurrent, last = (g->idle_first + g->n_idle - 1) % n, call;

	if (reuse && g->calls[g->idle[last]].serial) {
		call = g->idle[last];
	} else {
		call = g->idle[g->idle_first];
		g->idle_first = (g->idle_first + 1) % n;
	}
	g->n_idle--;
	return call;
}

static void
place_new(struct gen *g, uint32_t call, bool reuse)
{
	struct gen_call *c = &g->calls[call], was = *c;

	reuse = reuse && was.serial;
	memset(c, 0, sizeof(*c));
	c->serial = ++g->serial;
	c->hash = gen_draw(g);
	c->line = reuse ? was.line : (uint32_t)g->lines++;
	c->ssrc_key = (uint32_t)c->hash;
	if (reuse && gen_draw_share(g, g->options.ssrc_reuse))
		c->ssrc_key = was.ssrc_key;
	c->flags = draw_flags(g);
	/* Whoever takes over addresses is of the same family. */
	if (reuse)
		c->flags = (c->flags & ~(uint32_t)GEN_CALL_V6) | (was.flags & GEN_CALL_V6);
}

bool
gen_call_begin(struct gen *g, int64_t at_ns)
{
	const struct gen_options *o = &g->options;

	if (g->n_idle == 0)
		return false;
	bool reuse = gen_draw_share(g, o->port_reuse);
	uint32_t call = take_place(g, reuse);
	place_new(g, call, reuse);
	struct gen_call *c = &g->calls[call];
	if (gen_draw_share(g, o->registrations)) {
		c->flags |= GEN_CALL_REGISTRATION;
		g->counters.registrations++;
	} else {
		g->counters.calls++;
	}
	c->fate = (uint8_t)gen_draw_weighted(g, o->fates, GEN_FATE_COUNT);
	c->code = codes[c->fate][c->hash >> 8 & 3];
	c->codec = (uint8_t)gen_draw_weighted(g, o->codecs, GEN_CODEC_COUNT);
	c->from = draw_prefix(g, o->from, o->n_from);
	c->to = draw_prefix(g, o->to, o->n_to);
	c->hold_ns = gen_draw_ns(g, o->hold, o->hold_ns);
	if (c->codec != GEN_CODEC_PCMA && c->codec != GEN_CODEC_PCMU)
		c->flags &= ~(uint32_t)GEN_CALL_TONES;
	if (c->flags & (GEN_CALL_DTMF | GEN_CALL_INFO | GEN_CALL_TONES) && o->digits)
		c->n_digits = (uint8_t)(1 + gen_draw_below(g, o->digits));
	else
		c->flags &= ~(uint32_t)(GEN_CALL_DTMF | GEN_CALL_INFO | GEN_CALL_TONES);
	if (g->digits)
		memset(&g->digits[call * GEN_DIGITS_MAX], 0,
			GEN_DIGITS_MAX * sizeof(*g->digits));
	gen_stream_init(g, call, false);
	gen_stream_init(g, call, true);
	c->refs = 1;
	if (++g->counters.active > g->counters.active_max)
		g->counters.active_max = g->counters.active;
	gen_agenda_put(&g->agenda, gen_event_of_call(call), at_ns);
	return true;
}
