#include "dialog_private.h"

bool
call_is_caller_tag(const struct dialog *d, const struct slot *s, uint32_t tag)
{
	return tag && (tag == s->from_tag || slot_set_has(d, s, SET_CALLER_TAG, tag));
}

/* By tags; a new INVITE without To tag and with another From tag only where it repeats an attempt
 * that was challenged (some clients change their tag with the credentials). */
static __attribute__((noinline)) enum slot_match
matches_otherwise(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	uint32_t from = d->heard.from, to = d->heard.to;
	bool again = call_is_challenge(s->final.status) && m->cseq != s->attempt_cseq;

	if (s->from_tag == 0)
		return MATCH_LOOSE; /* RFC 2543 clients have no tags */
	if (call_is_caller_tag(d, s, from) || call_is_caller_tag(d, s, to))
		return MATCH_SURE;
	if (m->cseq_method == SIP_METHOD_INVITE && to == 0)
		return again ? MATCH_LOOSE : MATCH_NONE;
	if (slot_set_has(d, s, SET_FORK_TAG, from) || (to && slot_set_has(d, s, SET_FORK_TAG, to)))
		return MATCH_SURE;
	return from == 0 ? MATCH_LOOSE : MATCH_NONE;
}

/* As a rule one of its tags is the first caller's. */
enum slot_match
call_matches(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	if (base_likely(s->from_tag &&
			(d->heard.from == s->from_tag || d->heard.to == s->from_tag)))
		return MATCH_SURE;
	return matches_otherwise(d, s, m);
}

/* ---- what stands in headers ---- */

static void
warnings_take(struct dialog *d, struct slot *s, const struct sip_message *m)
{
	for (const struct sip_header *h = sip_header_find(m, SIP_HDR_WARNING); h;
		h = sip_header_next(m, h))
		slot_note_text(d, s, NOTE_WARNING, h->value);
}

static void
extra_headers_take(struct dialog *d, struct slot *s, const struct sip_message *m)
{
	char line[1024];

	for (uint32_t i = 0; i < d->options.n_extra_headers; i++) {
		const struct sip_header *h = sip_header_named(m, d->options.extra_headers[i]);
		if (h == NULL)
			continue;
		struct base_text t = base_text_of(line, sizeof(line));
		base_text_span(&t, d->options.extra_headers[i]);
		base_text_str(&t, ": ");
		base_text_span(&t, h->value);
		slot_note_text(d, s, NOTE_HEADER, base_span_of(line, (uint32_t)t.len));
	}
}

static void
session_expires_take(struct slot *s, const struct sip_message *m)
{
	struct base_span v = sip_header_value(m, SIP_HDR_SESSION_EXPIRES);
	uint32_t digits = 0;
	uint64_t seconds;

	while (digits < v.len && v.p[digits] >= '0' && v.p[digits] <= '9')
		digits++;
	if (base_span_u64(base_span_of(v.p, digits), &seconds) && seconds <= UINT32_MAX) {
		s->call.session_expires = (uint32_t)seconds;
		s->call.session_set = true;
	}
}

static struct base_span
first_element(struct base_span value)
{
	struct base_span element = {NULL, 0};
	return sip_value_next(&value, &element) ? element : value;
}

/* ---- requests ---- */

static void
initial_invite(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;

	if (!c->initial_seen) {
		c->initial_seen = true;
		if (slot_messages(d, s) > 1) /* else they have just been set from this one */
			slot_parties_set(d, s, m);
		s->first_src = e->src;
		s->first_dst = e->dst;
		c->identity = sip_header_find(sip, SIP_HDR_IDENTITY) != NULL;
		slot_text_set(d, s, TEXT_PAI, sip_header_value(sip, SIP_HDR_P_ASSERTED_IDENTITY));
		extra_headers_take(d, s, sip);
	}
	slot_text_set(d, s, TEXT_DIVERSION, sip_header_value(sip, SIP_HDR_DIVERSION));
	slot_text_set(d, s, TEXT_REPLACES, sip_header_value(sip, SIP_HDR_REPLACES));
	if (e->src == s->first_src)
		slot_text_set(d, s, TEXT_CALLER_UA, sip_header_value(sip, SIP_HDR_USER_AGENT));
	attempt_begin(d, s, m, e);
	if (slot_set_count(s, SET_ATTEMPT_CSEQ) <= 1)
		slot_set_add(d, s, SET_BRANCH, d->heard.branch);
}

/* The ACK of a 2xx is a transaction of its own; that of another final response is part of the
 * INVITE's (RFC 3261 17.1.1.3).  So an ACK on a branch of its own tells of an answer that was not
 * seen. */
static void
ack_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;
	uint32_t to = d->heard.to;
	bool by_caller = e->flags & FLOW_FROM_CALLER,
	     cookie = base_span_starts_nocase(sip->via.branch, BASE_SPAN("z9hG4bK"));

	if (!by_caller || !slot_set_has(d, s, SET_ATTEMPT_CSEQ, sip->cseq) ||
		(cookie && flow_has_invite(d, s, e, true)) ||
		(c->answer_tag && to && to != c->answer_tag))
		return;
	if (c->answer_ns == 0 &&
		(s->final.status >= 300 || !cookie || !flow_has_invite(d, s, e, false)))
		return;
	c->acknowledged = true;
	call_moment_set(d, s, MOMENT_ACK, m->ts_ns);
}

/* Of the first INVITE, by the caller: a proxy cancels its legs too. */
static void
cancel_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	bool ours = s->attempt_src == UINT8_MAX || e->src == s->attempt_src ||
		    d->heard.branch == s->attempt_branch;

	if (!(e->flags & FLOW_FROM_CALLER) || m->sip->to.tag.len)
		return;
	s->call.caller_known = true;
	if (!ours)
		return;
	struct slot_more *more = slot_more_for(d, s);
	if (more->cancel_ns == 0)
		more->cancel_ns = m->ts_ns;
	s->call.cancelled = more->cancel_ns != 0;
	reason_take(d, s, m->sip, REASON_CANCEL);
}

static void
invite_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	struct call_state *c = &s->call;

	if (m->sip->to.tag.len) {
		c->reinvited = true;
		return;
	}
	c->caller_known = true;
	if (s->request_ns == 0)
		s->request_ns = m->ts_ns;
	initial_invite(d, s, m, e);
}

static void
call_request(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;

	switch (sip->method) {
	case SIP_METHOD_INVITE: invite_take(d, s, m, e); break;
	case SIP_METHOD_ACK: ack_take(d, s, m, e); break;
	case SIP_METHOD_CANCEL: cancel_take(d, s, m, e); break;
	case SIP_METHOD_BYE: bye_take(d, s, m, e); break;
	default: break;
	}
}

/* ---- responses ---- */

static void
provisional_take(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	uint16_t status = m->sip->status;
	bool progress = status >= 180 && status <= 189;

	if (status == 100)
		call_moment_set(d, s, MOMENT_TRYING, m->ts_ns);
	if (progress)
		call_moment_set(d, s, MOMENT_PROGRESS, m->ts_ns);
	if (status == 180)
		call_moment_set(d, s, MOMENT_RINGING, m->ts_ns);
	if (progress && s->call.moments[MOMENT_EARLY_MEDIA] == 0 && sip_sdp_find(m->sip).len)
		call_moment_set(d, s, MOMENT_EARLY_MEDIA, m->ts_ns);
	if (status > 100 && s->call.answer_ns == 0)
		slot_to_tag_set(d, s, m->sip->to.tag);
}

static void
final_take(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;

	if (sip->status < 300 && c->answer_ns == 0) {
		c->answer_ns = m->ts_ns;
		c->answer_tag = d->heard.to;
		slot_to_tag_set(d, s, sip->to.tag);
	}
	if (sip->cseq != s->attempt_cseq)
		return;
	bool best = slot_final_take(d, s, m);
	if (best && sip->status >= 300) {
		reason_take(d, s, sip, REASON_FINAL);
		if (c->answer_ns == 0)
			slot_to_tag_set(d, s, sip->to.tag);
	}
	if (best && sip->status >= 300 && sip->status < 400)
		slot_text_replace(d, s, TEXT_FORWARDED_TO,
			first_element(sip_header_value(sip, SIP_HDR_CONTACT)));
}

static void
call_response(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;

	warnings_take(d, s, sip);
	if (sip->cseq_method != SIP_METHOD_INVITE) {
		if (sip->cseq_method == SIP_METHOD_BYE) {
			if (sip->status >= 200 && !call_is_challenge(sip->status) &&
				!bye_is_known(d, s, d->heard.branch))
				bye_take(d, s, m, e);
			bye_answered(d, s, m);
			reason_take(d, s, sip, REASON_BYE_RESPONSE);
		}
		return;
	}
	if (e->flags & FLOW_FROM_CALLER)
		return; /* to a re-INVITE of the callee, who counts a CSeq of his own */
	if (attempt_is_begun_by(d, s, sip))
		attempt_assume(d, s, sip->cseq);
	if (!slot_set_has(d, s, SET_ATTEMPT_CSEQ, sip->cseq))
		return;
	/* A re-INVITE has no ringing, and its 100 has the To tag. */
	c->caller_known |= sip->status == 100 ? sip->to.tag.len == 0 : sip->status < 200;
	if (sip->status > 100 && sip->status < 300)
		slot_set_add(d, s, SET_FORK_TAG, d->heard.to);
	struct base_span agent = sip_header_value(sip, SIP_HDR_SERVER);
	if (agent.len == 0)
		agent = sip_header_value(sip, SIP_HDR_USER_AGENT);
	if (sip->status > 100)
		slot_text_set(d, s, TEXT_CALLEE_UA, agent);
	session_expires_take(s, sip);
	if (sip->status < 200) {
		reason_take(d, s, sip, REASON_PROVISIONAL);
		provisional_take(d, s, m);
	} else {
		final_take(d, s, m);
	}
}

/* ---- life ---- */

int64_t
call_answered_ns(const struct slot *s)
{
	return s->call.caller_known ? s->call.answer_ns : 0;
}

/* What the call's own messages say of its end; END_NONE while it is open. */
enum end_cause
call_end_cause(const struct slot *s)
{
	const struct call_state *c = &s->call;
	uint16_t status = s->final.status;

	if (c->bye_seen)
		return END_BYE;
	if (c->answer_ns || c->acknowledged)
		return END_NONE;
	if (c->cancelled || status == 487)
		return END_CANCEL;
	if (status >= 300)
		return status < 400 ? END_REDIRECT : END_FAILURE;
	return END_NONE;
}

static void
call_arm(struct dialog *d, struct slot *s)
{
	const struct dialog_options *o = &d->options;
	enum end_cause cause = call_end_cause(s);
	bool waiting = cause == END_CANCEL && s->final.status < 200;

	bool over = cause != END_NONE && !waiting && !call_is_challenge(s->final.status);

	if (over != s->call.told_over) {
		s->call.told_over = over;
		o->hooks.ended(o->hooks.context, slot_handle(d, s), over ? s->last_ns : 0);
	}
	if (cause != END_NONE && !waiting) {
		slot_move(d, s, LIST_ENDED);
		slot_arm(d, s, s->last_ns + (call_is_challenge(s->final.status) ? o->setup_ns
										: o->linger_ns));
	} else if (s->call.answer_ns || s->call.acknowledged) {
		slot_move(d, s, LIST_ESTABLISHED);
		peek_arm(d, s, s->last_ns);
	} else {
		slot_move(d, s, LIST_EARLY);
		slot_arm(d, s, s->last_ns + (waiting ? o->transaction_ns : o->setup_ns));
	}
}

/* Is the caller the UAC of this transaction?  By its tag; RFC 2543 clients have none: by the From
 * user. */
static __attribute__((noinline)) bool
sent_by_other(const struct dialog *d, const struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct sip_name_addr from;
	uint8_t scratch[256];

	if (s->unkeyed && sip->from.tag.len == 0)
		return unkeyed_by_caller(d, s, m);
	if (s->from_tag || sip->from.tag.len)
		return call_is_caller_tag(d, s, d->heard.from);
	sip_name_addr_parse(sip->from.value, &from);
	return base_span_eq(
		from.uri.user, slot_text(d, s, TEXT_FROM_USER, scratch, sizeof(scratch)));
}

static inline bool
sent_by_uac(const struct dialog *d, const struct slot *s, const struct dialog_message *m)
{
	bool by_first = s->from_tag && d->heard.from == s->from_tag;

	return base_likely(by_first) || sent_by_other(d, s, m);
}

void
call_receive(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	bool by_uac = sent_by_uac(d, s, m);
	struct flow_entry *e = flow_add(d, s, m, sip->method != SIP_METHOD_NONE ? by_uac : !by_uac);

	if (flow_is_repeat(e)) {
		call_arm(d, s);
		return;
	}
	if (sip->method != SIP_METHOD_NONE)
		call_request(d, s, m, e);
	else
		call_response(d, s, m, e);
	transfer_receive(d, s, m, e);
	link_receive(d, s, m, e);
	media_receive(d, s, m, e);
	if (sip->method == SIP_METHOD_INFO && !(e->flags & FLOW_TOLD))
		digits_info(d, s, m, by_uac ? MEDIA_SIDE_CALLER : MEDIA_SIDE_CALLEE);
	call_arm(d, s);
}

void
call_expired(struct dialog *d, struct slot *s)
{
	if (s->list == LIST_COLLECTING)
		dialog_collected(d, slot_handle(d, s));
	else if (s->list == LIST_ESTABLISHED)
		peek_expired(d, s);
	else if (s->list == LIST_ENDED)
		dialog_close(d, s, END_NONE);
	else
		dialog_close(d, s, END_TIMEOUT);
}
