#include "dialog_ends.h"
#include "sip_vq.h"

/* Media that stopped so long before the capture's end marks the call's end better than the
 * capture's. */
#define MEDIA_STOPPED_NS (10 * BASE_NS_PER_SEC)
/* After the answer: by then both sides should have been heard. */
#define MEDIA_DUE_NS (2 * BASE_NS_PER_SEC)

/* When, how and by whom a call ended, as far as can be told. */
struct ending {
	int64_t ts_ns; /* 0: not known */
	enum end_cause cause;
	uint8_t side;      /* enum media_side */
	const struct base_word *basis; /* of duration_ms; NULL: no answer */
};

/* In progress: what is written of it now is not the last word. */
static bool
is_open(const struct slot *s)
{
	return s->kind == SLOT_CALL && s->list != LIST_COLLECTING;
}

static const struct base_word basis_interim = BASE_WORD("interim"),
			      basis_last_rtp = BASE_WORD("last_rtp"),
			      basis_capture_end = BASE_WORD("capture_end"),
			      basis_timer = BASE_WORD("timer"), basis_bye = BASE_WORD("bye");

/* By enum end_cause, enum media_side. */
static const struct base_word end_causes[] = {BASE_WORD(""), BASE_WORD("bye"), BASE_WORD("cancel"),
	BASE_WORD("failure"), BASE_WORD("redirect"), BASE_WORD("timeout"), BASE_WORD("evicted"),
	BASE_WORD("capture_end")};
static const struct base_word ending_sides[] = {
	BASE_WORD("none"), BASE_WORD("caller"), BASE_WORD("callee")};

enum disposition {
	ANSWERED, CANCELLED, INCOMPLETE, BUSY, NO_ANSWER, REJECTED, REDIRECTED, FAILED
};
static const struct base_word dispositions[] = {BASE_WORD("answered"), BASE_WORD("cancelled"),
	BASE_WORD("incomplete"), BASE_WORD("busy"), BASE_WORD("no_answer"), BASE_WORD("rejected"),
	BASE_WORD("redirected"), BASE_WORD("failed")};

static enum disposition
disposition_of(const struct slot *s)
{
	uint16_t status = s->final.status;

	if (s->call.answer_ns || s->call.acknowledged || (status >= 200 && status < 300))
		return ANSWERED;
	if (status == 487 || (status < 200 && s->call.cancelled))
		return CANCELLED;
	switch (status) {
	case 0: return INCOMPLETE;
	case 486:
	case 600: return BUSY;
	case 408:
	case 480:
	case 504: return NO_ANSWER;
	case 401:
	case 403:
	case 407:
	case 433:
	case 603:
	case 606:
	case 607:
	case 608: return REJECTED;
	default: return status < 400 ? REDIRECTED : FAILED;
	}
}

/* ---- what all kinds share ---- */

uint32_t
slot_identity(const struct dialog *d, const struct slot *s, uint8_t bytes[SLOT_IDENTITY_MAX],
	uint32_t *call_id_len)
{
	uint8_t scratch[512];
	struct base_span call_id = slot_text(d, s, TEXT_CALL_ID, scratch, sizeof(scratch));
	uint32_t n = call_id.len < sizeof(scratch) ? call_id.len : sizeof(scratch);
	int64_t us = (s->request_ns ? s->request_ns : s->first_ns) / BASE_NS_PER_US;

	*call_id_len = n;
	if (n)
		memcpy(bytes, call_id.p, n);
	bytes[n++] = 0;
	struct base_span tag = slot_text(d, s, TEXT_FROM_TAG, scratch, 256);
	uint32_t tag_len = tag.len < 256 ? tag.len : 256;
	if (tag_len)
		memcpy(bytes + n, tag.p, tag_len);
	n += tag_len;
	memcpy(bytes + n, &us, sizeof(us));
	n += sizeof(us);
	for (int end = 0; s->unkeyed && end < 2; end++) {
		struct base_endpoint at = {0};
		flow_host(d, s, end ? s->first_dst : s->first_src, &at);
		memcpy(bytes + n, &at, sizeof(at));
		n += sizeof(at);
	}
	return n;
}

void
slot_uid(const struct dialog *d, const struct slot *s, uint64_t uid[2])
{
	uint8_t bytes[SLOT_IDENTITY_MAX];
	uint32_t call_id_len;

	record_uid(uid, bytes, slot_identity(d, s, bytes, &call_id_len));
}

/* By enum slot_text, in the order of the record's fields, and which of them each kind has. */
static const uint16_t text_fields[TEXT_COUNT] = {
	[TEXT_CALL_ID] = RECORD_F_CALL_ID,
	[TEXT_FROM_TAG] = RECORD_F_FROM_TAG,
	[TEXT_TO_TAG] = RECORD_F_TO_TAG,
	[TEXT_ICID] = RECORD_F_ICID,
	[TEXT_FROM_USER] = RECORD_F_FROM_USER,
	[TEXT_FROM_HOST] = RECORD_F_FROM_HOST,
	[TEXT_FROM_NAME] = RECORD_F_FROM_NAME,
	[TEXT_TO_USER] = RECORD_F_TO_USER,
	[TEXT_TO_HOST] = RECORD_F_TO_HOST,
	[TEXT_RURI_USER] = RECORD_F_RURI_USER,
	[TEXT_RURI_HOST] = RECORD_F_RURI_HOST,
	[TEXT_PAI] = RECORD_F_PAI,
	[TEXT_DIVERSION] = RECORD_F_DIVERSION,
	[TEXT_CALLER_UA] = RECORD_F_CALLER_UA,
	[TEXT_CALLEE_UA] = RECORD_F_CALLEE_UA,
	[TEXT_REASON] = RECORD_F_SIP_REASON,
	[TEXT_REASON_TEXT] = RECORD_F_REASON_TEXT,
	[TEXT_TRANSFER_TO] = RECORD_F_TRANSFER_TO,
	[TEXT_REPLACES] = RECORD_F_REPLACES,
	[TEXT_FORWARDED_TO] = RECORD_F_FORWARDED_TO,
	[TEXT_METHOD] = RECORD_F_METHOD,
	[TEXT_EVENT] = RECORD_F_EVENT,
};
#define TEXT_BIT(text) (1u << TEXT_##text)
#define TEXTS_OF_CALLS                                                                             \
	(TEXT_BIT(PAI) | TEXT_BIT(DIVERSION) | TEXT_BIT(REASON_TEXT) | TEXT_BIT(TRANSFER_TO) |     \
		TEXT_BIT(REPLACES) | TEXT_BIT(FORWARDED_TO))
#define TEXTS_OF_TRANSACTIONS (TEXT_BIT(METHOD) | TEXT_BIT(EVENT))
static const uint32_t texts_not_of[] = {
	[SLOT_CALL] = TEXTS_OF_TRANSACTIONS,
	[SLOT_REGISTRATION] = TEXTS_OF_TRANSACTIONS | TEXTS_OF_CALLS,
	[SLOT_TRANSACTION] = TEXTS_OF_CALLS,
};

/* They have been found. */
static void
put_texts(struct dialog *d, const struct slot *s, struct record_writer *to)
{
	struct record_writer w = *to;

	for (uint32_t bits = s->texts & ~texts_not_of[s->kind]; bits; bits &= bits - 1) {
		enum slot_text which = (enum slot_text)__builtin_ctz(bits);
		struct base_span text = d->found->texts[which];
		if (base_unlikely(text.p == NULL))
			text = slot_text(d, s, which, d->scratch, sizeof(d->scratch));
		record_put_text(&w, (enum record_field)text_fields[which], text);
	}
	*to = w;
}

static void
put_notes(struct dialog *d, const struct slot *s, struct record_writer *w, enum record_field f,
	uint8_t kind)
{
	struct chain_cursor at = {0};
	const struct note *note;

	while ((note = slot_note_next(d, s, kind, &at)))
		record_put_str(
			w, f, chain_text(&d->pool, note->text, d->scratch, sizeof(d->scratch)));
}

/* Where they are empty, as a rule, there is no block of them. */
static void
put_all_notes(struct dialog *d, const struct slot *s, struct record_writer *w)
{
	if (slot_more_of(d, s)->note_chain.head == 0)
		return;
	put_notes(d, s, w, RECORD_F_WATCH, NOTE_WATCH);
	if (s->kind != SLOT_CALL)
		return;
	put_notes(d, s, w, RECORD_F_HEADERS, NOTE_HEADER);
	put_notes(d, s, w, RECORD_F_WARNINGS, NOTE_WARNING);
}

static void
put_common(struct dialog *d, const struct slot *s, struct record_writer *to,
	const struct flow_facts *facts)
{
	const struct slot_more *more = slot_more_of(d, s);
	struct record_writer w = record_sure(to);
	uint64_t uid[2];

	slot_uid(d, s, uid);
	record_put_uid_of(&w, RECORD_F_UID, uid);
	record_put_str(&w, RECORD_F_STATUS, is_open(s) ? BASE_SPAN("interim") : BASE_SPAN("final"));
	if (s->unkeyed)
		record_put_empty(&w, RECORD_F_CALL_ID);
	flow_put_ready_ends(d, s, &w, facts, (const uint8_t[]){s->first_src, s->first_dst});
	record_put_cstr(&w, RECORD_F_TRANSPORT, packet_transport_name(s->transport));
	if (s->vlan != PACKET_VLAN_NONE)
		record_put_u64(&w, RECORD_F_VLAN, s->vlan);
	record_put_cstr(&w, RECORD_F_TUNNEL, packet_tunnel_name((enum packet_tunnel)s->tunnel));
	if (s->final.status)
		record_put_u64(&w, RECORD_F_SIP_CODE, s->final.status);
	record_put_u64(&w, RECORD_F_MESSAGES, slot_messages(d, s));
	record_put_u64(&w, RECORD_F_RETRANSMISSIONS, more->retransmissions);
	record_put_u64(&w, RECORD_F_CAPTURE_DUPLICATES, more->duplicates);
	record_put_u64(&w, RECORD_F_FORWARDED_MESSAGES, more->forwarded);
	record_put_u64(
		&w, RECORD_F_CAPTURE_LOSS, (uint32_t)(d->lost_total - s->lost_at_start));
	record_put_bool(&w, RECORD_F_TRUNCATED, s->truncated);
	for (uint32_t bits = s->faults; bits; bits &= bits - 1)
		record_put_cstr(&w, RECORD_F_FAULTS, sip_fault_name(bits & -bits));
	record_put_cstr(&w, RECORD_F_CLOCK_SOURCE, d->options.clock_source);
	record_sure_end(to, &w);
	put_texts(d, s, to);
	put_all_notes(d, s, to);
}

/* ---- calls ---- */

static struct ending
open_call_ending(const struct dialog *d, const struct slot *s)
{
	struct ending e = {0, (enum end_cause)s->end_cause, MEDIA_SIDE_UNKNOWN, NULL};
	int64_t media = streams_last_ns(d, s);

	if (is_open(s))
		return (struct ending){d->now_ns, END_NONE, MEDIA_SIDE_UNKNOWN, &basis_interim};
	if (call_answered_ns(s) == 0)
		return e;
	if (media && (e.cause != END_CAPTURE || d->now_ns - media > MEDIA_STOPPED_NS)) {
		e.ts_ns = media > s->last_ns ? media : s->last_ns;
		e.basis = &basis_last_rtp;
	} else if (e.cause == END_CAPTURE) {
		e.ts_ns = d->now_ns;
		e.basis = &basis_capture_end;
	} else {
		e.ts_ns = s->last_ns;
		e.basis = &basis_timer;
	}
	return e;
}

static struct ending
call_ending(const struct dialog *d, const struct slot *s)
{
	const struct call_state *c = &s->call;
	struct ending e = {0, call_end_cause(s), MEDIA_SIDE_CALLEE, NULL};

	switch (e.cause) {
	case END_BYE: {
		const struct bye *bye = call_bye(d, s);
		e.ts_ns = bye->ts_ns;
		e.side = c->caller_known ? bye->side : MEDIA_SIDE_UNKNOWN;
		e.basis = &basis_bye;
		return e;
	}
	case END_CANCEL:
		e.ts_ns = s->final.status >= 300 ? s->final.ts_ns : slot_more_of(d, s)->cancel_ns;
		e.side = MEDIA_SIDE_CALLER;
		return e;
	case END_REDIRECT:
	case END_FAILURE: e.ts_ns = s->final.ts_ns; return e;
	default: return open_call_ending(d, s);
	}
}

static double
ms_between(int64_t from_ns, int64_t to_ns)
{
	return from_ns && to_ns && to_ns >= from_ns ? (double)(to_ns - from_ns) / BASE_NS_PER_MS
						    : __builtin_nan("");
}

/* RFC 6076 4.3: the INVITE with credentials, not the challenged one, to the first 18x
 * response, else to the final one.  A call that its caller gave up before says nothing. */
static double
session_request_delay_ms(const struct dialog *d, const struct slot *s)
{
	int64_t begin = s->attempt_ns, progress = d->moments_ns[MOMENT_PROGRESS];

	if (progress >= begin && progress)
		return ms_between(begin, progress);
	if (s->final.status == 487 || s->final.status < 200)
		return __builtin_nan("");
	return ms_between(begin, s->final.ts_ns);
}

static inline void
put_timing(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct ending *end)
{
	const struct call_state *c = &s->call;
	const int64_t *at = d->moments_ns;
	int64_t progress = at[MOMENT_PROGRESS];
	int64_t ringing = at[MOMENT_RINGING] ? at[MOMENT_RINGING] : progress;
	int64_t answered = call_answered_ns(s);
	int64_t alerted = progress ? progress : s->final.ts_ns;

	record_put_time(w, RECORD_F_INVITE_TIME, s->request_ns);
	record_put_time(w, RECORD_F_TRYING_TIME, c->caller_known ? at[MOMENT_TRYING] : 0);
	record_put_time(w, RECORD_F_RINGING_TIME, ringing);
	record_put_time(w, RECORD_F_EARLY_MEDIA_TIME, at[MOMENT_EARLY_MEDIA]);
	record_put_time(w, RECORD_F_ANSWER_TIME, answered);
	record_put_time(w, RECORD_F_ACK_TIME, c->caller_known ? at[MOMENT_ACK] : 0);
	record_put_time(w, RECORD_F_END_TIME, is_open(s) ? 0 : end->ts_ns);
	record_put_f64(w, RECORD_F_PDD_MS, ms_between(s->request_ns, alerted));
	record_put_f64(w, RECORD_F_SRD_MS, session_request_delay_ms(d, s));
	record_put_f64(w, RECORD_F_SETUP_MS, ms_between(s->request_ns, answered));
	if (answered && end->basis) {
		record_put_f64(w, RECORD_F_DURATION_MS, ms_between(answered, end->ts_ns));
		record_put_word(w, RECORD_F_DURATION_BASIS, end->basis);
	}
}

static inline void
put_outcome(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct ending *end)
{
	const struct slot_more *more = slot_more_of(d, s);

	record_put_f64(w, RECORD_F_SDD_MS,
		ms_between(call_bye(d, s)->ts_ns, more->bye_final.ts_ns));
	if (!is_open(s) || s->call.answer_ns)
		record_put_word(w, RECORD_F_DISPOSITION, &dispositions[disposition_of(s)]);
	if (more->q850)
		record_put_u64(w, RECORD_F_Q850, more->q850);
	if (more->reason_cause)
		record_put_u64(w, RECORD_F_REASON_CAUSE, more->reason_cause);
	record_put_cstr(w, RECORD_F_REASON_SOURCE, reason_source_name(more));
	if (more->bye_final.status)
		record_put_u64(w, RECORD_F_BYE_CODE, more->bye_final.status);
	record_put_word(w, RECORD_F_ENDED_BY, &ending_sides[end->side]);
	record_put_word(w, RECORD_F_END_CAUSE, &end_causes[end->cause]);
}

static base_cold char *
digits_at(char *p, uint32_t v)
{
	struct base_text t = base_text_of(p, 10);

	base_text_u64(&t, v);
	return p + t.len;
}

_Static_assert(SIP_METHOD_COUNT * (sizeof(struct base_word) + 12) <= RECORD_SURE_BYTES / 4,
	"all methods, each with a colon, ten digits and a comma");

/* Written where it stays. */
static inline void
put_methods(struct record_writer *w, const uint32_t methods[SIP_METHOD_COUNT])
{
	static const struct base_word other = BASE_WORD("other");
	char *text = (char *)w->p + w->len + RECORD_PREFIX_BYTES, *p = text;

	for (enum sip_method m = SIP_METHOD_NONE + 1; m < SIP_METHOD_COUNT; m++) {
		if (methods[m] == 0)
			continue;
		const struct base_word *word = m == SIP_METHOD_OTHER ? &other : sip_method_word(m);
		memcpy(p, word, sizeof(*word));
		p += word->len;
		*p++ = ':';
		if (base_likely(methods[m] < 10))
			*p++ = (char)('0' + methods[m]);
		else
			p = digits_at(p, methods[m]);
		*p++ = ',';
	}
	if (p > text) /* without the last comma */
		record_put_room(w, RECORD_F_METHODS, (uint32_t)(p - text) - 1);
}

static inline void
put_counts(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct flow_facts *facts)
{
	const struct slot_more *more = slot_more_of(d, s);

	record_put_u64(w, RECORD_F_INVITES, facts->fresh[SIP_METHOD_INVITE]);
	record_put_u64(w, RECORD_F_AUTH_CHALLENGES, s->challenges);
	record_put_u64(w, RECORD_F_FORKS, slot_set_count(s, SET_FORK_TAG));
	record_put_u64(w, RECORD_F_HOPS, slot_set_count(s, SET_BRANCH));
	record_put_u64(w, RECORD_F_HOLDS, more->holds);
	record_put_u64(w, RECORD_F_UPDATES, facts->fresh[SIP_METHOD_UPDATE]);
	record_put_u64(w, RECORD_F_PRACK, facts->fresh[SIP_METHOD_PRACK]);
	record_put_cstr(w, RECORD_F_TRANSFER_RESULT, transfer_result_name(more));
	if (more->transfer_code)
		record_put_u64(w, RECORD_F_TRANSFER_CODE, more->transfer_code);
	if (s->call.session_set)
		record_put_u64(w, RECORD_F_SESSION_EXPIRES, s->call.session_expires);
	put_methods(w, facts->methods);
}

/* What a call's streams amount to, where it was answered long enough ago for both to be heard. */
static void
put_media(struct dialog *d, const struct slot *s, struct record_writer *w, int64_t end_ns)
{
	const uint8_t both = 1 << MEDIA_SIDE_CALLER | 1 << MEDIA_SIDE_CALLEE;
	chain_ref at = s->call.last_stream;
	struct media_summary stream;
	uint8_t heard = 0;

	record_put_bool(w, RECORD_F_SRTP, s->call.srtp);
	bool t38 = (s->call.t38_sides & both) == both;
	while (streams_next(d, &at, &stream))
		t38 |= stream.codec == RTP_CODEC_T38;
	record_put_bool(w, RECORD_F_T38, t38);
	if (s->call.answer_ns == 0 || end_ns - s->call.answer_ns < MEDIA_DUE_NS ||
		(s->call.media_sides & both) != both)
		return;
	at = s->call.last_stream;
	while (streams_next(d, &at, &stream))
		if (stream.last_ns >= s->call.answer_ns)
			heard |= (uint8_t)(1 << stream.sender);
	record_put_bool(w, RECORD_F_ONE_WAY, !s->one_sided && (heard == 1 << MEDIA_SIDE_CALLER ||
						     heard == 1 << MEDIA_SIDE_CALLEE));
	record_put_bool(w, RECORD_F_NO_MEDIA, heard == 0);
}

/* As a rule they are among the first ones of flow[]. */
static void
moments_find(struct dialog *d, const struct slot *s, const struct flow_facts *facts)
{
	for (enum call_moment i = 0; i < MOMENT_COUNT; i++) {
		uint32_t n = s->call.moments[i] - 1u;
		if (base_likely(n < facts->n_ready))
			d->moments_ns[i] = facts->ready[n].ts_ns;
		else
			d->moments_ns[i] = s->call.moments[i] ? call_moment_ns(d, s, i) : 0;
	}
}

static void
put_call(struct dialog *d, const struct slot *s, struct record_writer *to,
	const struct flow_facts *facts)
{
	struct ending end = call_ending(d, s);
	struct record_writer w = record_sure(to);

	moments_find(d, s, facts);
	record_put_bool(&w, RECORD_F_IDENTITY, s->call.identity);
	put_timing(d, s, &w, &end);
	put_outcome(d, s, &w, &end);
	put_counts(d, s, &w, facts);
	record_sure_end(to, &w);
	forks_put(d, s, to);
	links_put(d, s, to);
	streams_put(d, s, to);
	digits_put(d, s, to);
	put_media(d, s, to, end.ts_ns);
}

/* ---- registrations and other transactions ---- */

static void
put_series(struct dialog *d, const struct slot *s, struct record_writer *w, struct base_span aor,
	bool removes)
{
	const struct exchange_state *x = &s->exchange;
	bool holds = s->final.status >= 200 && s->final.status < 300 && x->has_granted &&
		     x->granted_expires && !removes;
	struct series series;

	if (holds)
		record_put_time(w, RECORD_F_EXPIRES_TIME,
			x->response_ns + (int64_t)x->granted_expires * BASE_NS_PER_SEC);
	bool binds = x->attempts && (x->n_contacts || removes);
	if (!binds || !series_take(d, s, aor, removes, &series))
		return;
	record_put_uid_of(w, RECORD_F_SERIES, series.uid);
	if (series.ordinal)
		record_put_u64(w, RECORD_F_SERIES_ORDINAL, series.ordinal);
}

static void
put_registration(struct dialog *d, const struct slot *s, struct record_writer *w)
{
	const struct exchange_state *x = &s->exchange;
	bool removes = x->star || (x->has_requested && x->requested_expires == 0);
	uint8_t user[256];
	struct base_text t = base_text_of((char *)d->scratch, sizeof(d->scratch));

	base_text_span(&t, slot_text(d, s, TEXT_TO_USER, user, sizeof(user)));
	if (t.len)
		base_text_char(&t, '@');
	base_text_span(&t, slot_text(d, s, TEXT_TO_HOST, user, sizeof(user)));
	record_put_str(w, RECORD_F_AOR, base_span_of(d->scratch, (uint32_t)t.len));
	put_series(d, s, w, base_span_of(d->scratch, (uint32_t)t.len), removes);
	if (x->attempts && s->attempt_src != UINT8_MAX)
		record_put_cstr(w, RECORD_F_ACTION,
			removes         ? "deregister"
			: x->n_contacts ? "register"
					: "query");
	for (uint8_t i = 0; i < x->n_contacts; i++)
		record_put_str(w, RECORD_F_CONTACTS,
			chain_text(&d->pool, x->contacts[i], d->scratch, sizeof(d->scratch)));
	if (x->has_requested)
		record_put_u64(w, RECORD_F_REQUESTED_EXPIRES, x->requested_expires);
	if (x->has_granted)
		record_put_u64(w, RECORD_F_GRANTED_EXPIRES, x->granted_expires);
	record_put_u64(w, RECORD_F_AUTH_CHALLENGES, s->challenges);
	record_put_u64(w, RECORD_F_ATTEMPTS, x->attempts);
	record_put_u64(w, RECORD_F_HOPS, slot_set_count(s, SET_BRANCH));
}

static void
put_quality(struct dialog *d, const struct slot *s, struct record_writer *w)
{
	struct base_span body =
		chain_text(&d->pool, s->exchange.quality, d->scratch, sizeof(d->scratch));
	struct sip_vq vq;

	if (!sip_vq_parse(&vq, body))
		return;
	record_put_str(w, RECORD_F_VQ_REPORT, vq.report);
	record_put_str(w, RECORD_F_VQ_CALL_ID, vq.call_id);
	record_put_str(w, RECORD_F_VQ_CODEC, vq.codec);
	record_put_f64(w, RECORD_F_VQ_LOSS, vq.loss);
	record_put_f64(w, RECORD_F_VQ_DISCARD, vq.discard);
	record_put_f64(w, RECORD_F_VQ_BURST_DENSITY, vq.burst_density);
	record_put_f64(w, RECORD_F_VQ_BURST_MS, vq.burst_ms);
	record_put_f64(w, RECORD_F_VQ_GAP_DENSITY, vq.gap_density);
	record_put_f64(w, RECORD_F_VQ_GAP_MS, vq.gap_ms);
	record_put_f64(w, RECORD_F_VQ_RTT_MS, vq.rtt_ms);
	record_put_f64(w, RECORD_F_VQ_END_SYSTEM_MS, vq.end_system_ms);
	record_put_f64(w, RECORD_F_VQ_JITTER_MS, vq.jitter_ms);
	record_put_f64(w, RECORD_F_VQ_R_LQ, vq.r_lq);
	record_put_f64(w, RECORD_F_VQ_R_CQ, vq.r_cq);
	record_put_f64(w, RECORD_F_VQ_MOS_LQ, vq.mos_lq);
	record_put_f64(w, RECORD_F_VQ_MOS_CQ, vq.mos_cq);
}

static void
put_transaction(struct dialog *d, const struct slot *s, struct record_writer *w)
{
	record_put_u64(w, RECORD_F_CSEQ, s->attempt_cseq);
	record_put_bool(w, RECORD_F_IN_DIALOG, s->exchange.in_dialog);
	if (s->exchange.quality)
		put_quality(d, s, w);
}

/* RFC 6076 4.1: of successful registrations, from the REGISTER with credentials on. */
static void
put_request_delay(const struct slot *s, struct record_writer *w)
{
	if (s->kind == SLOT_REGISTRATION && s->final.status >= 200 && s->final.status < 300)
		record_put_f64(w, RECORD_F_RRD_MS,
			ms_between(s->attempt_ns, s->exchange.response_ns));
}

/* A failure response that only a re-INVITE can have had: what else there is of the call says that
 * it stood already, and of its own INVITE nothing is known. */
static void
forget_reinvite_failure(struct dialog *d, struct slot *s)
{
	const struct call_state *c = &s->call;

	if (s->kind != SLOT_CALL || c->caller_known || s->final.status < 300 ||
		!(c->bye_seen || c->reinvited))
		return;
	s->final = (struct final){0};
	slot_text_clear(d, s, TEXT_REASON);
}

void
dialog_record_write(struct dialog *d, struct slot *s)
{
	static const enum record_kind kinds[] = {
		RECORD_NONE, RECORD_CALL, RECORD_REGISTRATION, RECORD_TRANSACTION};
	struct flow_facts facts;
	struct record_writer w = record_writer_begin(d->record, RECORD_OTHERS_MAX, kinds[s->kind]);

	found_of(d, s);
	forget_reinvite_failure(d, s);
	flow_ends_ready(d, s, &facts);
	flow_facts_of(d, s, &facts);
	put_common(d, s, &w, &facts);
	if (s->kind == SLOT_CALL) {
		put_call(d, s, &w, &facts);
	} else {
		record_put_time(&w, RECORD_F_REQUEST_TIME, s->request_ns);
		record_put_time(&w, RECORD_F_RESPONSE_TIME, s->exchange.response_ns);
		put_request_delay(s, &w);
		if (s->kind == SLOT_REGISTRATION)
			put_registration(d, s, &w);
		else
			put_transaction(d, s, &w);
	}
	roles_put(d, s, &w, facts.evidence);
	if (s->kind != SLOT_TRANSACTION)
		transactions_put(d, s, &w, &facts);
	flow_put(d, s, &w, &facts);
	if (w.overflow)
		metrics_add(d->options.metrics, METRICS_RECORDS_OVERFLOW, 1);
	d->options.hooks.record(d->options.hooks.context, d->record, w.len);
}
