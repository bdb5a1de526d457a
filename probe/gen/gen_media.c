#include "gen_private.h"

#define PT_EVENT 101
#define EVENT_PACKETS_MIN 5  /* 100 ms of a tone */
#define TONE_PACKETS_MAX 12  /* a digit as sound, and a pause */
#define EVENT_ENDS 3         /* RFC 4733 2.5.1.4: the end is said three times */
#define SPARED 8             /* packets around a new sequence that no fault meets */
#define RTCP_LATER_NS (200 * BASE_NS_PER_US)
#define NTP_1970 2208988800u /* seconds from 1900 */
#define RTCP_SR_BYTES 28
#define RTCP_BLOCK_BYTES 24

static const struct gen_codec_info *
codec_of(const struct gen *g, uint32_t stream)
{
	return &g->codecs[g->calls[stream / 2].codec];
}

/* ---- begin and end ---- */

static uint32_t
ssrc_of(const struct gen_call *c, bool callee, uint32_t change)
{
	return (uint32_t)base_hash_mix(((uint64_t)change << 33 | callee) + 2ull * c->ssrc_key) | 1;
}

void
gen_stream_init(struct gen *g, uint32_t call, bool callee)
{
	struct gen_stream *s = &g->streams[2 * call + callee];

	memset(s, 0, sizeof(*s));
	s->past = GEN_NONE;
	s->flags = callee ? GEN_STREAM_CALLEE : 0;
}

void
gen_stream_start(struct gen *g, uint32_t stream, int64_t at_ns)
{
	struct gen_stream *s = &g->streams[stream];
	struct gen_call *c = &g->calls[stream / 2];
	bool callee = s->flags & GEN_STREAM_CALLEE;

	if (s->flags & (GEN_STREAM_RUNS | GEN_STREAM_SENT | GEN_STREAM_STOPS))
		return;
	uint64_t draw = gen_draw(g);
	gen_tally_begin(&s->tally, ssrc_of(c, callee, 0));
	s->path.src = gen_media_at(g, c, callee, false);
	s->path.dst = gen_media_at(g, c, !callee, false);
	s->seq = 0x10000u + (uint16_t)draw;
	s->ts = (uint32_t)(draw >> 32);
	s->due_ns = at_ns + gen_draw_below(g, (uint32_t)codec_of(g, stream)->packet_ns);
	s->stop_ns = INT64_MAX;
	s->rtcp_due_ns = s->due_ns + g->options.rtcp_ns / 2 + (int64_t)(draw >> 40);
	if (c->flags & (GEN_CALL_CHANGE | GEN_CALL_RESTART))
		s->change_ns = s->due_ns + (int64_t)((0.3 + 0.4 * gen_draw_unit(g)) *
			(double)c->hold_ns);
	s->until_digit = (uint16_t)(10 + gen_draw_below(g, 40));
	s->flags |= GEN_STREAM_RUNS | GEN_STREAM_MARK | GEN_STREAM_SENT;
	c->refs++;
	gen_agenda_put(&g->agenda, gen_event_of_stream(g, stream), s->due_ns);
}

void
gen_stream_stop(struct gen *g, uint32_t stream, int64_t at_ns)
{
	struct gen_stream *s = &g->streams[stream];

	s->flags |= GEN_STREAM_STOPS;
	s->stop_ns = at_ns;
}

/* From packet to packet by the sender's clock. */
static int64_t
step_ns(const struct gen *g, const struct gen_codec_info *codec)
{
	return codec->packet_ns + (int64_t)((double)codec->packet_ns * g->options.skew_ppm * 1e-6);
}

/* On hold the sender's clock runs on. */
void
gen_stream_hold(struct gen *g, uint32_t stream, bool still)
{
	struct gen_stream *s = &g->streams[stream];
	const struct gen_codec_info *codec = codec_of(g, stream);

	if (still) {
		s->flags |= GEN_STREAM_STILL;
		return;
	}
	bool slept = s->flags & GEN_STREAM_STILL && s->flags & GEN_STREAM_SENT &&
		!(s->flags & GEN_STREAM_RUNS);
	s->flags &= (uint8_t)~GEN_STREAM_STILL;
	if (!slept)
		return;
	while (s->due_ns < g->now_ns) {
		s->due_ns += step_ns(g, codec);
		s->ts += codec->step;
	}
	s->flags |= GEN_STREAM_RUNS | GEN_STREAM_MARK;
	g->calls[stream / 2].refs++;
	gen_agenda_put(&g->agenda, gen_event_of_stream(g, stream), s->due_ns);
}

/* ---- what goes out ---- */

void
gen_stream_rtp(struct gen *g, uint32_t stream, const struct gen_rtp *rtp, struct gen_frame *f)
{
	struct gen_stream *s = &g->streams[stream];
	struct gen_call *c = &g->calls[stream / 2];
	const struct gen_codec_info *codec = codec_of(g, stream);
	bool event = rtp->payload_type == PT_EVENT;
	uint32_t len = event ? sizeof(rtp->event) : codec->bytes;
	uint8_t *p = gen_payload(g, f->bytes, c->flags & GEN_CALL_V6);

	p[0] = 0x80;
	p[1] = (uint8_t)(rtp->payload_type | rtp->marker << 7);
	base_store_be16(p + 2, (uint16_t)rtp->seq);
	base_store_be32(p + 4, rtp->ts);
	base_store_be32(p + 8, s->tally.ssrc);
	if (event)
		memcpy(p + 12, rtp->event, sizeof(rtp->event));
	else if (rtp->tone)
		gen_tone_put(p + 12, len, rtp, codec->codec == RTP_CODEC_PCMA);
	else
		memset(p + 12, 0xd5, len); /* silence in A-law */
	gen_frame_udp(g, f, &s->path, 12 + len);
	gen_tally_packet(&s->tally, rtp, g->now_ns, event ? 0 : codec->clock_hz);
	s->tally.bytes += len;
	s->tally.after_end += c->end_ns && g->now_ns > c->end_ns;
	if (event)
		gen_digit_seen(g, stream / 2, rtp->digit, base_load_be16(rtp->event + 2));
	if (rtp->tone)
		gen_digit_seen(g, stream / 2, rtp->digit, (uint16_t)(rtp->tone_at + len));
	g->counters.rtp_packets++;
}

static uint32_t
ntp_middle(int64_t ts_ns)
{
	uint64_t seconds = (uint64_t)(ts_ns / BASE_NS_PER_SEC);
	uint64_t fraction = ((uint64_t)(ts_ns % BASE_NS_PER_SEC) << 32) / 1000000000u;

	return (uint32_t)(seconds + NTP_1970) << 16 | (uint32_t)(fraction >> 16);
}

void
gen_digit_seen(struct gen *g, uint32_t call, uint32_t i, uint16_t ticks)
{
	struct gen_digit *d = g->digits ? &g->digits[call * GEN_DIGITS_MAX + i] : NULL;

	if (!d || i >= GEN_DIGITS_MAX)
		return;
	if (d->at_ns == 0)
		d->at_ns = g->now_ns;
	if (ticks > d->ticks)
		d->ticks = ticks;
}

/* The probe stands half-way: to this side and back it is half the round trip, less where the
 * delay said was none. */
static void
hear_trip(struct gen *g, uint32_t stream, int64_t dlsr_ns)
{
	struct gen_stream *s = &g->streams[stream];
	struct gen_heard *of = &g->streams[stream ^ 1].tally.heard, *own = &s->tally.heard;

	if (s->peer_report_ntp == 0 || s->peer_report_ssrc != g->streams[stream ^ 1].tally.ssrc)
		return;
	of->receiver = own->sender = true;
	of->receiver_ms = own->sender_ms = (double)(g->now_ns - s->peer_report_ns - dlsr_ns) / 1e6;
	if (!of->sender)
		return;
	of->trips++;
	of->trips_ms += of->receiver_ms + of->sender_ms;
}

/* What this side says of what it gets (RFC 3550 6.4.1). */
static void
put_report_block(struct gen *g, uint32_t stream, uint8_t *p)
{
	struct gen_stream *s = &g->streams[stream], *peer = &g->streams[stream ^ 1];
	const struct gen_tally *t = &peer->tally;
	uint32_t expected = gen_tally_expected(t), lost = expected - t->unique, fraction = 0;
	uint32_t now_expected = expected - s->report_expected;
	uint32_t now_received = t->unique - s->report_received;

	if (now_expected > now_received)
		fraction = ((now_expected - now_received) << 8) / now_expected;
	s->report_expected = expected;
	s->report_received = t->unique;
	base_store_be32(p, t->ssrc);
	base_store_be32(p + 4, fraction << 24 | (lost & 0xffffff));
	base_store_be32(p + 8, t->highest - 0x10000);
	base_store_be32(p + 12, (uint32_t)(t->jitter * codec_of(g, stream)->clock_hz / 1000));
	base_store_be32(p + 16, s->peer_report_ntp);
	int64_t dlsr_ns = g->now_ns - s->peer_report_ns - g->options.rtt_ns / 2;
	if (s->peer_report_ntp == 0 || dlsr_ns < 0)
		dlsr_ns = 0;
	base_store_be32(p + 20, (uint32_t)((uint64_t)dlsr_ns * 65536 / 1000000000u));
	peer->tally.heard.reports++;
	peer->tally.heard.lost = (int32_t)lost;
	hear_trip(g, stream, dlsr_ns);
}

/* Sender report, CNAME, and at the end BYE: a compound. */
void
gen_stream_rtcp(struct gen *g, uint32_t stream, bool last, struct gen_frame *f)
{
	struct gen_stream *s = &g->streams[stream], *peer = &g->streams[stream ^ 1];
	const struct gen_call *c = &g->calls[stream / 2];
	bool block = peer->tally.unique && peer->tally.highest != GEN_NONE;
	struct gen_path path = s->path;
	uint8_t *p = gen_payload(g, f->bytes, c->flags & GEN_CALL_V6), *begin = p;
	uint32_t ntp = ntp_middle(g->now_ns);

	memset(p, 0, RTCP_SR_BYTES + RTCP_BLOCK_BYTES + 24);
	p[0] = (uint8_t)(0x80 | block);
	p[1] = 200;
	base_store_be16(p + 2, (uint16_t)((RTCP_SR_BYTES + block * RTCP_BLOCK_BYTES) / 4 - 1));
	base_store_be32(p + 4, s->tally.ssrc);
	base_store_be32(p + 8, (uint32_t)(g->now_ns / BASE_NS_PER_SEC) + NTP_1970);
	base_store_be32(p + 12, ntp << 16);
	base_store_be32(p + 16, s->ts);
	base_store_be32(p + 20, s->tally.packets);
	base_store_be32(p + 24, (uint32_t)s->tally.bytes);
	p += RTCP_SR_BYTES;
	if (block) {
		put_report_block(g, stream, p);
		p += RTCP_BLOCK_BYTES;
	}
	const uint8_t sdes[4] = {0x81, 202, 0, 3}, bye[4] = {0x81, 203, 0, 1};
	memcpy(p, sdes, 4);
	base_store_be32(p + 4, s->tally.ssrc);
	memcpy(p + 8, "\1\5g@gen\0", 8);
	p += 16;
	if (last) {
		memcpy(p, bye, 4);
		base_store_be32(p + 4, s->tally.ssrc);
		p += 8;
	}
	peer->peer_report_ntp = ntp;
	peer->peer_report_ns = g->now_ns;
	peer->peer_report_ssrc = s->tally.ssrc;
	s->tally.heard.sent_packets = s->tally.packets;
	s->tally.heard.sent_reports++;
	s->tally.heard.bye |= last;
	path.src.port++;
	path.dst.port++;
	gen_frame_udp(g, f, &path, (uint32_t)(p - begin));
	s->tally.rtcp_packets++;
}

/* ---- what befalls a packet ---- */

/* Gilbert, Elliott: a chain of two states, a chance of loss in each. */
static bool
is_lost(struct gen *g, struct gen_stream *s)
{
	const struct gen_options *o = &g->options;
	bool bad = s->flags & GEN_STREAM_BAD;

	if (o->burst_p > 0) {
		if (gen_draw_share(g, bad ? o->burst_r : o->burst_p))
			s->flags ^= GEN_STREAM_BAD;
		bad = s->flags & GEN_STREAM_BAD;
		if (gen_draw_share(g, bad ? o->burst_loss : o->burst_good_loss))
			return true;
	}
	return gen_draw_share(g, o->loss);
}

static void
send_later(struct gen *g, uint32_t stream, const struct gen_rtp *rtp, int64_t at_ns)
{
	struct gen_held *h = gen_held_new(g, stream, GEN_HELD_RTP);

	if (!h)
		return;
	h->rtp = *rtp;
	g->streams[stream].held++;
	gen_held_put(g, h, at_ns);
}

/* When a packet of now comes, if not now; 0: now.  A packet with no room to wait in comes now. */
static int64_t
delayed_until(struct gen *g, uint32_t stream)
{
	const struct gen_options *o = &g->options;
	const struct gen_codec_info *codec = codec_of(g, stream);
	int64_t delay_ns = 0;

	if (g->held_free == GEN_NONE)
		return 0;
	if (o->jitter_mixes)
		delay_ns = gen_draw_ns(g, o->jitter_kind, o->jitter_ns);
	if (gen_draw_share(g, o->reorder))
		delay_ns += codec->packet_ns / 2 +
			codec->packet_ns * gen_draw_below(g, o->reorder_packets);
	return delay_ns ? g->now_ns + delay_ns : 0;
}

/* The packet meets its fate: true where a frame was made of it now. */
static bool
packet_send(struct gen *g, uint32_t stream, struct gen_rtp *rtp, struct gen_frame *f)
{
	struct gen_stream *s = &g->streams[stream];
	bool spared = s->spared > 0;

	if (spared)
		s->spared--;
	else if (is_lost(g, s))
		return false;
	int64_t later_ns = spared ? 0 : delayed_until(g, stream);
	int64_t sent_ns = later_ns ? later_ns : g->now_ns;
	rtp->first = true;
	if (later_ns)
		send_later(g, stream, rtp, later_ns);
	struct gen_rtp copy = *rtp;
	copy.first = false;
	if (!spared && gen_draw_share(g, g->options.duplicate))
		send_later(g, stream, &copy, sent_ns + 1 + gen_draw_below(g, 50000000));
	if (later_ns)
		return false;
	gen_stream_rtp(g, stream, rtp, f);
	return true;
}

/* ---- the next packet ---- */

/* An event instead of sound: three packets more say its end. */
static bool
take_event(struct gen *g, uint32_t stream, struct gen_rtp *rtp)
{
	struct gen_stream *s = &g->streams[stream];
	const struct gen_call *c = &g->calls[stream / 2];
	uint32_t step = codec_of(g, stream)->step;

	if (!(c->flags & GEN_CALL_DTMF) || s->flags & GEN_STREAM_CALLEE)
		return false;
	if (s->digit_packets == 0) {
		if (s->digit == c->n_digits || s->until_digit-- > 0)
			return false;
		s->digit_packets = (uint8_t)(EVENT_PACKETS_MIN + gen_draw_below(g, 6));
		s->digit_packet = 0;
		s->event_ts = s->ts;
	}
	uint32_t i = s->digit_packet++, sounding = s->digit_packets;
	uint32_t duration = step * (i < sounding ? i + 1 : sounding);
	rtp->payload_type = PT_EVENT;
	rtp->ts = s->event_ts;
	rtp->marker = i == 0;
	rtp->digit = s->digit;
	rtp->event[0] = gen_digit_event(c, s->digit);
	rtp->event[1] = i < sounding ? 10 : 0x80 | 10;
	base_store_be16(rtp->event + 2, (uint16_t)duration);
	if (s->digit_packet == sounding + EVENT_ENDS) {
		s->digit_packets = 0;
		s->digit++;
		s->until_digit = (uint16_t)(10 + gen_draw_below(g, 20));
	}
	return true;
}

/* Tones in the sound. */
static void
take_tone(struct gen *g, uint32_t stream, struct gen_rtp *rtp)
{
	struct gen_stream *s = &g->streams[stream];
	const struct gen_call *c = &g->calls[stream / 2];

	bool ends = c->hang_ns - g->now_ns < TONE_PACKETS_MAX * codec_of(g, stream)->packet_ns;

	if (!(c->flags & GEN_CALL_TONES) || s->flags & GEN_STREAM_CALLEE)
		return;
	if (s->digit_packets == 0) {
		/* A tone that is cut off may or may not be a digit. */
		if (s->digit == c->n_digits || ends || s->until_digit-- > 0)
			return;
		s->digit_packets = (uint8_t)(EVENT_PACKETS_MIN + gen_draw_below(g, 6));
		s->digit_packet = 0;
	}
	rtp->tone = (uint8_t)(1 + gen_digit_event(c, s->digit));
	rtp->digit = s->digit;
	rtp->tone_at = (uint16_t)(s->digit_packet++ * codec_of(g, stream)->step);
	if (s->digit_packet < s->digit_packets)
		return;
	s->digit_packets = 0;
	s->digit++;
	s->until_digit = (uint16_t)(10 + gen_draw_below(g, 20));
}

/* A new SSRC, or the same one with its sequence from elsewhere: once, when nothing of the old one
 * is on its way. */
static void
change(struct gen *g, uint32_t stream)
{
	struct gen_stream *s = &g->streams[stream];
	const struct gen_call *c = &g->calls[stream / 2];
	uint32_t past = g->past_free;

	if (s->held || s->digit_packets)
		return;
	s->change_ns = 0;
	/* One or two packets of a new sequence are none to a receiver. */
	if (c->hang_ns - s->due_ns < SPARED * codec_of(g, stream)->packet_ns)
		return;
	s->spared = SPARED;
	s->flags |= GEN_STREAM_MARK;
	if (c->flags & GEN_CALL_RESTART) {
		/* further than any gap, in both directions */
		s->seq = (s->seq & ~0xffffu) + 0x20000u +
			(uint16_t)(s->seq + 10000 + gen_draw_below(g, 40000));
		s->ts = (uint32_t)gen_draw(g);
		gen_tally_restart(&s->tally);
		return;
	}
	if (past == GEN_NONE) {
		g->counters.not_held++;
		return;
	}
	g->past_free = g->past[past].next;
	g->past[past] = (struct gen_past){s->tally, s->past};
	s->past = past;
	gen_tally_begin(&s->tally, ssrc_of(c, s->flags & GEN_STREAM_CALLEE, 1));
	s->seq = 0x10000u + (uint16_t)gen_draw(g);
	s->ts = (uint32_t)gen_draw(g);
	s->report_expected = s->report_received = 0;
	g->streams[stream ^ 1].report_expected = g->streams[stream ^ 1].report_received = 0;
}

static void
rtcp_follow(struct gen *g, uint32_t stream, bool last)
{
	struct gen_stream *s = &g->streams[stream];
	bool due = last || g->now_ns >= s->rtcp_due_ns;

	if (g->options.rtcp_ns == 0 || !due || s->tally.packets == 0)
		return;
	s->rtcp_due_ns = g->now_ns + g->options.rtcp_ns;
	struct gen_held *h = gen_held_new(g, stream, GEN_HELD_RTCP);
	if (!h)
		return;
	h->last = last;
	gen_held_put(g, h, g->now_ns + RTCP_LATER_NS);
}

/* In order, a packet is late by its jitter and by those before it. */
static void
schedule(struct gen *g, uint32_t stream)
{
	const struct gen_options *o = &g->options;
	struct gen_stream *s = &g->streams[stream];
	const struct gen_codec_info *codec = codec_of(g, stream);
	int64_t at_ns;

	s->due_ns += step_ns(g, codec);
	at_ns = s->due_ns;
	if (o->jitter_ns && !o->jitter_mixes)
		at_ns += gen_draw_ns(g, o->jitter_kind, o->jitter_ns);
	if (at_ns <= g->now_ns)
		at_ns = g->now_ns + BASE_NS_PER_US;
	gen_agenda_put(&g->agenda, gen_event_of_stream(g, stream), at_ns);
}

bool
gen_stream_step(struct gen *g, uint32_t stream, struct gen_frame *f)
{
	struct gen_stream *s = &g->streams[stream];
	const struct gen_codec_info *codec = codec_of(g, stream);
	bool stops = s->due_ns >= s->stop_ns;

	if (stops || s->flags & GEN_STREAM_STILL) {
		s->flags &= (uint8_t)~GEN_STREAM_RUNS;
		if (stops)
			rtcp_follow(g, stream, true);
		gen_call_release(g, stream / 2);
		return false;
	}
	if (s->change_ns && s->due_ns >= s->change_ns && g->calls[stream / 2].hang_ns)
		change(g, stream);
	/* What follows may make the call's last event and end it: nothing of it does, for the
	 * stream has its own until it stops. */
	struct gen_rtp rtp = {.seq = s->seq, .ts = s->ts, .payload_type = codec->payload_type,
		.marker = (s->flags & GEN_STREAM_MARK) != 0};
	if (!take_event(g, stream, &rtp)) {
		take_tone(g, stream, &rtp);
		s->flags &= (uint8_t)~GEN_STREAM_MARK;
	}
	s->seq++;
	s->ts += codec->step;
	bool made = packet_send(g, stream, &rtp, f);
	rtcp_follow(g, stream, false);
	schedule(g, stream);
	return made;
}
