#include "gen_private.h"

/* ---- a stream ---- */

/* Of what was lost or came too late; G.107's BurstR: mean run against that of random loss. */
static void
put_bursts(struct record_writer *w, const struct gen_tally *t, int64_t packet_ns)
{
	struct gen_holes h = gen_tally_holes(t);
	double numbers = gen_tally_expected(t), between = numbers - h.burst_length;
	double ms = (double)packet_ns / 1e6;

	record_put_u64(w, RECORD_F_DISCARDED, t->discarded);
	record_put_u64(w, RECORD_F_BURSTS, h.bursts);
	record_put_f64(w, RECORD_F_BURST_DENSITY,
		h.bursts ? 100.0 * h.burst_holes / h.burst_length : 0);
	if (between > 0)
		record_put_f64(
			w, RECORD_F_GAP_DENSITY, 100.0 * (h.holes - h.burst_holes) / between);
	record_put_f64(w, RECORD_F_BURST_MS, h.bursts ? h.burst_length * ms / h.bursts : 0);
	record_put_f64(w, RECORD_F_GAP_MS, between * ms / (h.bursts + 1.0));
	if (h.runs)
		record_put_f64(w, RECORD_F_BURST_RATIO,
			(double)h.holes / h.runs * (1 - h.holes / numbers));
}

static void
put_heard(struct record_writer *w, const struct gen_heard *h)
{
	double both_ms = (h->receiver ? h->receiver_ms : 0) + (h->sender ? h->sender_ms : 0);

	if (h->receiver || h->sender)
		record_put_f64(w, RECORD_F_RTT_MS, h->trips ? h->trips_ms / h->trips : both_ms);
	if (h->receiver)
		record_put_f64(w, RECORD_F_RTT_RECEIVER_MS, h->receiver_ms);
	if (h->sender)
		record_put_f64(w, RECORD_F_RTT_SENDER_MS, h->sender_ms);
	record_put_u64(w, RECORD_F_REMOTE_REPORTS, h->reports);
	if (h->reports)
		record_put_f64(w, RECORD_F_REMOTE_LOST, h->lost);
	if (h->sent_reports) {
		record_put_u64(w, RECORD_F_SENT_PACKETS, h->sent_packets);
		record_put_cstr(w, RECORD_F_CNAME, "g@gen");
	}
	if (h->bye)
		record_put_bool(w, RECORD_F_RTCP_BYE, true);
}

static void
put_stream(struct gen *g, struct record_writer *w, uint32_t stream, const struct gen_tally *t)
{
	const struct gen_stream *s = &g->streams[stream];
	const struct gen_codec_info *codec = &g->codecs[g->calls[stream / 2].codec];
	uint32_t expected = gen_tally_expected(t);

	if (t->packets == 0)
		return;
	uint32_t row = record_list_open(w, RECORD_F_STREAMS);
	record_put_ip(w, RECORD_F_SRC_IP, &s->path.src.ip);
	record_put_u64(w, RECORD_F_SRC_PORT, s->path.src.port);
	record_put_ip(w, RECORD_F_DST_IP, &s->path.dst.ip);
	record_put_u64(w, RECORD_F_DST_PORT, s->path.dst.port);
	record_put_cstr(w, RECORD_F_SENDER, s->flags & GEN_STREAM_CALLEE ? "callee" : "caller");
	record_put_hex32(w, RECORD_F_SSRC, t->ssrc);
	if (t->codec_seen) {
		record_put_u64(w, RECORD_F_PAYLOAD_TYPE, codec->payload_type);
		record_put_cstr(w, RECORD_F_CODEC, rtp_codec_name((enum rtp_codec)codec->codec));
		record_put_u64(w, RECORD_F_CLOCK_RATE, codec->clock_hz);
	}
	record_put_time(w, RECORD_F_FIRST_TIME, t->first_ns);
	record_put_time(w, RECORD_F_LAST_TIME, t->last_ns);
	record_put_u64(w, RECORD_F_PACKETS, t->packets);
	record_put_u64(w, RECORD_F_BYTES, t->bytes);
	record_put_u64(w, RECORD_F_EXPECTED, expected);
	record_put_u64(w, RECORD_F_LOST, expected - t->unique);
	record_put_u64(w, RECORD_F_DUPLICATES, t->duplicates);
	record_put_u64(w, RECORD_F_REORDERED, t->reordered);
	if (t->jitter_packets) {
		record_put_f64(w, RECORD_F_JITTER_MS_MEAN, t->jitter_sum / t->jitter_packets);
		record_put_f64(w, RECORD_F_JITTER_MS_MAX, t->jitter_max);
	}
	if (t->packets > 1)
		record_put_f64(w, RECORD_F_DELTA_MS_MAX, (double)t->delta_max_ns / 1e6);
	record_put_u64(w, RECORD_F_MARKERS, t->markers);
	record_put_u64(w, RECORD_F_RTCP_PACKETS, t->rtcp_packets);
	record_put_u64(w, RECORD_F_AFTER_BYE, t->after_end);
	record_put_f64(w, RECORD_F_PTIME_MS, (double)codec->packet_ns / 1e6);
	put_bursts(w, t, codec->packet_ns);
	put_heard(w, &t->heard);
	record_put_f64(w, RECORD_F_CLOCK_SKEW_PPM, -g->options.skew_ppm);
	record_list_close(w, row);
}

/* Of digits by telephone events, by INFO, or as sound. */
static void
put_digits(const struct gen *g, struct record_writer *w, uint32_t call)
{
	const struct gen_call *c = &g->calls[call];
	bool info = c->flags & GEN_CALL_INFO;
	const char *source = info ? "info" : c->flags & GEN_CALL_TONES ? "inband" : "rfc4733";

	for (uint32_t i = 0; g->digits && i < c->n_digits; i++) {
		const struct gen_digit *d = &g->digits[call * GEN_DIGITS_MAX + i];
		char digit = gen_digit(c, i);
		if (d->at_ns == 0)
			continue;
		uint32_t row = record_list_open(w, RECORD_F_DTMF);
		record_put_cstr(w, RECORD_F_SENDER, "caller");
		record_put_time(w, RECORD_F_TIME, d->at_ns);
		record_put_str(w, RECORD_F_DIGIT, base_span_of(&digit, 1));
		record_put_u64(w, RECORD_F_LENGTH_MS,
			info ? d->ticks : d->ticks * 1000u / g->codecs[c->codec].clock_hz);
		record_put_cstr(w, RECORD_F_SOURCE, source);
		record_list_close(w, row);
	}
}

static void
put_streams(struct gen *g, struct record_writer *w, uint32_t call)
{
	for (uint32_t stream = 2 * call; stream < 2 * call + 2; stream++) {
		const struct gen_stream *s = &g->streams[stream];
		for (uint32_t past = s->past; past != GEN_NONE; past = g->past[past].next)
			put_stream(g, w, stream, &g->past[past].tally);
		put_stream(g, w, stream, &s->tally);
	}
}

/* ---- parties ---- */

static void
put_text(struct record_writer *w, enum record_field f, const struct base_text *t)
{
	record_put_str(w, f, base_span_of(t->p, (uint32_t)t->len));
}

static void
put_parties(const struct gen *g, const struct gen_call *c, struct record_writer *w)
{
	bool own = (c->flags & GEN_CALL_REGISTRATION) != 0;
	struct base_endpoint src = gen_signalling_at(g, c, false);
	struct base_endpoint dst = gen_signalling_at(g, c, true);
	char bytes[128];
	struct base_text t = base_text_of(bytes, sizeof(bytes));

	gen_put_call_id(c, &t);
	put_text(w, RECORD_F_CALL_ID, &t);
	t.len = 0;
	gen_put_tag(c, &t, false);
	put_text(w, RECORD_F_FROM_TAG, &t);
	t.len = 0;
	gen_put_number(g, c, &t, false);
	put_text(w, RECORD_F_FROM_USER, &t);
	t.len = 0;
	gen_put_number(g, c, &t, !own);
	put_text(w, RECORD_F_TO_USER, &t);
	record_put_ip(w, RECORD_F_SRC_IP, &src.ip);
	record_put_u64(w, RECORD_F_SRC_PORT, src.port);
	record_put_ip(w, RECORD_F_DST_IP, &dst.ip);
	record_put_u64(w, RECORD_F_DST_PORT, dst.port);
	record_put_cstr(w, RECORD_F_TRANSPORT, c->flags & GEN_CALL_TCP ? "tcp" : "udp");
	if (g->options.vlan != PACKET_VLAN_NONE)
		record_put_u64(w, RECORD_F_VLAN, g->options.vlan);
	record_put_cstr(w, RECORD_F_TUNNEL, packet_tunnel_name(g->options.tunnel));
}

/* ---- times and outcome ---- */

static void
put_ms(struct record_writer *w, enum record_field f, int64_t from_ns, int64_t to_ns)
{
	if (from_ns && to_ns)
		record_put_f64(w, f, (double)(to_ns - from_ns) / 1e6);
}

static void
put_times(const struct gen_call *c, struct record_writer *w)
{
	int64_t ringing_ns = c->ringing_ns ? c->ringing_ns : c->progress_ns;

	record_put_time(w, RECORD_F_INVITE_TIME, c->invite_ns);
	record_put_time(w, RECORD_F_TRYING_TIME, c->trying_ns);
	record_put_time(w, RECORD_F_RINGING_TIME, ringing_ns);
	record_put_time(w, RECORD_F_EARLY_MEDIA_TIME, c->early_ns);
	record_put_time(w, RECORD_F_ANSWER_TIME, c->answer_ns);
	record_put_time(w, RECORD_F_ACK_TIME, c->ack_ns);
	record_put_time(w, RECORD_F_END_TIME, c->end_ns);
	put_ms(w, RECORD_F_PDD_MS, c->invite_ns, c->progress_ns ? c->progress_ns : c->final_ns);
	put_ms(w, RECORD_F_SETUP_MS, c->invite_ns, c->answer_ns);
	put_ms(w, RECORD_F_DURATION_MS, c->answer_ns, c->end_ns);
}

static const char *
end_cause_of(const struct gen_call *c)
{
	switch (c->fate) {
	case GEN_ANSWERED: return "bye";
	case GEN_CANCELLED: return "cancel";
	case GEN_REDIRECTED: return "redirect";
	case GEN_SILENT: return "";
	default: return "failure";
	}
}

/* Who ended it: a callee who refuses does, too. */
static const char *
ended_by(const struct gen_call *c)
{
	bool callee = c->fate == GEN_ANSWERED ? (c->flags & GEN_CALL_CALLEE_ENDS) != 0
					      : c->fate != GEN_CANCELLED;

	if (c->fate == GEN_SILENT)
		return "none";
	return callee ? "callee" : "caller";
}

/* Sounded since the answer; earlier SSRCs were replaced later. */
static bool
is_heard(const struct gen *g, const struct gen_call *c, uint32_t stream)
{
	const struct gen_tally *t = &g->streams[stream].tally;

	return t->packets && t->last_ns >= c->answer_ns;
}

static void
put_silence(const struct gen *g, uint32_t call, struct record_writer *w)
{
	const struct gen_call *c = &g->calls[call];
	uint32_t heard = is_heard(g, c, 2 * call) + is_heard(g, c, 2 * call + 1);

	if (c->answer_ns == 0)
		return;
	record_put_bool(w, RECORD_F_ONE_WAY, heard == 1);
	record_put_bool(w, RECORD_F_NO_MEDIA, heard == 0);
}

static void
put_call(struct gen *g, uint32_t call, struct record_writer *w)
{
	const struct gen_call *c = &g->calls[call];

	put_times(c, w);
	record_put_cstr(w, RECORD_F_DISPOSITION,
		c->fate == GEN_SILENT ? "incomplete" : gen_fate_name((enum gen_fate)c->fate));
	record_put_cstr(w, RECORD_F_ENDED_BY, ended_by(c));
	record_put_cstr(w, RECORD_F_END_CAUSE, end_cause_of(c));
	record_put_u64(w, RECORD_F_INVITES, c->invites);
	record_put_u64(w, RECORD_F_HOLDS, c->holds);
	put_silence(g, call, w);
	put_streams(g, w, call);
	put_digits(g, w, call);
}

void
gen_truth_tell(struct gen *g, uint32_t call)
{
	const struct gen_call *c = &g->calls[call];
	bool registers = (c->flags & GEN_CALL_REGISTRATION) != 0;
	uint16_t code = registers ? 200 : c->code;

	if (!g->options.truth)
		return;
	struct record_writer w = record_writer_begin(g->record, sizeof(g->record),
		registers ? RECORD_REGISTRATION : RECORD_CALL);
	put_parties(g, c, &w);
	if (code) {
		record_put_u64(&w, RECORD_F_SIP_CODE, code);
		record_put_cstr(&w, RECORD_F_SIP_REASON, gen_reason(code));
	}
	record_put_u64(&w, RECORD_F_MESSAGES, c->messages);
	record_put_u64(&w, RECORD_F_RETRANSMISSIONS, c->retransmissions);
	record_put_u64(&w, RECORD_F_CAPTURE_DUPLICATES, c->duplicates);
	record_put_u64(&w, RECORD_F_AUTH_CHALLENGES, c->challenges);
	if (registers) {
		record_put_time(&w, RECORD_F_REQUEST_TIME, c->invite_ns);
		record_put_time(&w, RECORD_F_RESPONSE_TIME, c->final_ns);
		record_put_cstr(&w, RECORD_F_ACTION, "register");
		record_put_u64(&w, RECORD_F_ATTEMPTS, c->cseq[0]);
		record_put_u64(&w, RECORD_F_REQUESTED_EXPIRES, 3600);
		record_put_u64(&w, RECORD_F_GRANTED_EXPIRES, 3600);
	} else {
		put_call(g, call, &w);
	}
	g->options.truth(g->options.context, g->record, w.len);
}
