#include "dialog_private.h"

static bool
is_caller_tag(const struct dialog *d, const struct slot *s, uint32_t tag)
{
	return tag && (tag == s->from_tag || slot_set_has(d, s, SET_CALLER_TAG, tag));
}

static bool
is_challenge(uint16_t status)
{
	return status == 401 || status == 407 || status == 422;
}

/* Does a message with the same Call-ID belong to this call?  By tags; a new INVITE without To tag
 * and with another From tag only where it repeats an attempt that was challenged (some clients
 * change their tag with the credentials). */
bool
call_matches(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	uint32_t from = dialog_text_hash(d, m->from.tag), to = dialog_text_hash(d, m->to.tag);

	if (s->from_tag == 0)
		return true; /* RFC 2543 clients have no tags */
	if (is_caller_tag(d, s, from) || is_caller_tag(d, s, to))
		return true;
	if (m->cseq_method == SIP_METHOD_INVITE && to == 0)
		return is_challenge(s->final.status) && m->cseq != s->attempt_cseq;
	return slot_set_has(d, s, SET_FORK_TAG, from) ||
	       (to && slot_set_has(d, s, SET_FORK_TAG, to)) || from == 0;
}

/* ---- attempts and their final responses ---- */

bool
slot_final_take(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct base_endpoint source;
	uint8_t fit = FIT_CSEQ;

	if (s->attempt_branch && dialog_text_hash(d, sip->via.branch) == s->attempt_branch)
		fit = FIT_BRANCH;
	else if (flow_host(d, s, s->attempt_src, &source) && base_ip_eq(&source.ip, &m->dst.ip))
		fit = FIT_ADDRESS;
	struct final now = {m->ts_ns, sip->status, fit, flow_vias(sip)};
	const struct final *had = &s->final;
	bool success = sip->status < 300, had_success = had->status >= 200 && had->status < 300;
	bool nearer = now.vias < had->vias, as_near = now.vias == had->vias;
	/* A proxy sends every 2xx on, but what else one of its legs was told need not be what the
	 * caller was (RFC 3261 16.7). */
	if (!success && (had_success || (fit == FIT_CSEQ && s->attempt_src != UINT8_MAX &&
						now.vias >= s->attempt_vias)))
		return false;
	if (success == had_success && had->status && !nearer && !(as_near && fit > had->fit))
		return false;
	s->final = now;
	slot_text_replace(d, s, TEXT_REASON, sip->reason);
	return true;
}

/* The same request seen at another hop: the one nearer to the caller counts, in whichever order
 * they were captured. */
static void
attempt_hop(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	if (e->vias == 0 || e->vias >= s->attempt_vias)
		return;
	if (s->first_src == s->attempt_src) {
		s->first_src = e->src;
		s->first_dst = e->dst;
	}
	s->attempt_branch = dialog_text_hash(d, m->sip->via.branch);
	s->attempt_src = e->src;
	s->attempt_vias = e->vias;
	if (s->final.status >= 300)
		s->final = (struct final){0};
}

static void
attempt_begin(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	bool known = slot_set_has(d, s, SET_ATTEMPT_CSEQ, m->sip->cseq);

	if (known && s->attempt_cseq == m->sip->cseq && s->attempt_src != UINT8_MAX) {
		attempt_hop(d, s, m, e);
		return;
	}
	if (known && s->attempt_cseq != m->sip->cseq)
		return; /* an old attempt sent again */
	if (!known && s->set_n[SET_ATTEMPT_CSEQ] && is_challenge(s->final.status))
		s->challenges++;
	if (!known) {
		s->final = (struct final){0};
		s->texts[TEXT_REASON] = 0;
		slot_set_add(d, s, SET_ATTEMPT_CSEQ, m->sip->cseq);
	}
	slot_set_add(d, s, SET_CALLER_TAG, dialog_text_hash(d, m->sip->from.tag));
	s->attempt_cseq = m->sip->cseq;
	s->attempt_branch = dialog_text_hash(d, m->sip->via.branch);
	s->attempt_src = e->src;
	s->attempt_vias = e->vias;
	s->attempt_ns = m->ts_ns;
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
		s->call.session_set = 1;
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
	if (s->set_n[SET_ATTEMPT_CSEQ] <= 1)
		slot_set_add(d, s, SET_BRANCH, dialog_text_hash(d, sip->via.branch));
}

const struct bye *
call_bye(const struct slot *s)
{
	const struct call_state *c = &s->call;

	return c->bye_own.ts_ns     ? &c->bye_own
	       : c->bye_after.ts_ns ? &c->bye_after
				    : &c->bye_first;
}

/* The final response to the BYE that counts, a 2xx before any other. */
static void
bye_answered(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct final *f = &s->call.bye_final;
	uint32_t branch = call_bye(s)->branch;
	bool better = f->status == 0 || (f->status >= 300 && sip->status < 300);

	if (sip->status >= 200 && better && branch &&
		branch == dialog_text_hash(d, sip->via.branch))
		*f = (struct final){m->ts_ns, sip->status, FIT_BRANCH, 0};
}

/* Takes the place of none, or of one that only its response told of. */
static void
bye_put(struct bye *place, const struct bye *bye)
{
	if (place->ts_ns == 0 || (place->by_answer && !bye->by_answer))
		*place = *bye;
}

/* A BYE of another dialog than the one that failed: the failure was a leg's. */
static void
failure_forget(struct dialog *d, struct slot *s, struct base_span callee_tag)
{
	uint8_t scratch[256];

	if (s->final.status < 300 || callee_tag.len == 0 ||
		base_span_eq(callee_tag, slot_text(d, s, TEXT_TO_TAG, scratch, sizeof(scratch))))
		return;
	s->final = (struct final){0};
	s->texts[TEXT_REASON] = 0;
	s->call.cancel_ns = 0;
	slot_text_replace(d, s, TEXT_TO_TAG, callee_tag);
}

static bool
bye_is_known(const struct slot *s, uint32_t branch)
{
	const struct call_state *c = &s->call;

	return branch && (branch == c->bye_first.branch || branch == c->bye_after.branch ||
				 branch == c->bye_own.branch);
}

/* A BYE, or a response to one that was not seen: who sent it stands in From. */
static void
bye_take(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;
	uint32_t from = dialog_text_hash(d, sip->from.tag), to = dialog_text_hash(d, sip->to.tag);
	uint8_t side = MEDIA_SIDE_UNKNOWN;

	if (from == s->from_tag || is_caller_tag(d, s, from))
		side = MEDIA_SIDE_CALLER;
	else if (is_caller_tag(d, s, to) || slot_set_has(d, s, SET_FORK_TAG, from))
		side = MEDIA_SIDE_CALLEE;
	struct bye bye = {m->ts_ns, dialog_text_hash(d, sip->via.branch), side, sip->status != 0};
	uint32_t callee = side == MEDIA_SIDE_CALLER ? to : from;
	if (callee != c->answer_tag && c->answer_tag && c->acknowledged &&
		slot_set_has(d, s, SET_FORK_TAG, callee))
		return; /* another fork's answer is given up */
	failure_forget(d, s, side == MEDIA_SIDE_CALLER ? sip->to.tag : sip->from.tag);
	uint32_t before = call_bye(s)->branch;
	bool after = c->answer_ns && m->ts_ns >= c->answer_ns;
	bye_put(&c->bye_first, &bye);
	if (after)
		bye_put(&c->bye_after, &bye);
	if (after && c->answer_tag && (from == c->answer_tag || to == c->answer_tag))
		bye_put(&c->bye_own, &bye);
	if (call_bye(s)->branch != before)
		c->bye_final = (struct final){0};
	reason_take(d, s, sip, REASON_BYE);
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
	uint32_t to = dialog_text_hash(d, sip->to.tag);
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
	if (c->ack_ns == 0)
		c->ack_ns = m->ts_ns;
}

/* Of the first INVITE, by the caller: a proxy cancels its legs too. */
static void
cancel_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	bool ours = s->attempt_src == UINT8_MAX || e->src == s->attempt_src ||
		    dialog_text_hash(d, m->sip->via.branch) == s->attempt_branch;

	if (!(e->flags & FLOW_FROM_CALLER) || m->sip->to.tag.len)
		return;
	s->call.caller_known = true;
	if (!ours)
		return;
	if (s->call.cancel_ns == 0)
		s->call.cancel_ns = m->ts_ns;
	reason_take(d, s, m->sip, REASON_CANCEL);
}

static void
invite_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	struct call_state *c = &s->call;

	c->invites = (uint16_t)(c->invites + !(e->flags & FLOW_TOLD));
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
	struct call_state *c = &s->call;
	bool new_request = !(e->flags & FLOW_TOLD);

	switch (sip->method) {
	case SIP_METHOD_INVITE: invite_take(d, s, m, e); break;
	case SIP_METHOD_ACK: ack_take(d, s, m, e); break;
	case SIP_METHOD_CANCEL: cancel_take(d, s, m, e); break;
	case SIP_METHOD_BYE: bye_take(d, s, m); break;
	case SIP_METHOD_UPDATE: c->updates = (uint16_t)(c->updates + new_request); break;
	case SIP_METHOD_PRACK: c->prack = (uint16_t)(c->prack + new_request); break;
	default: break;
	}
}

/* ---- responses ---- */

static void
provisional_take(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	struct call_state *c = &s->call;
	uint16_t status = m->sip->status;

	if (status == 100 && c->trying_ns == 0)
		c->trying_ns = m->ts_ns;
	if (status >= 180 && status <= 189 && c->progress_ns == 0)
		c->progress_ns = m->ts_ns;
	if (status == 180 && c->ringing_ns == 0)
		c->ringing_ns = m->ts_ns;
	if (status >= 180 && status <= 189 && c->early_media_ns == 0 && sip_sdp_find(m->sip).len)
		c->early_media_ns = m->ts_ns;
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
		c->answer_tag = dialog_text_hash(d, sip->to.tag);
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

/* A response that overtook its INVITE, or whose INVITE was never seen: the first one of a call that
 * began before the capture, or a later attempt's, for before the answer there are no re-INVITEs. */
static bool
response_begins_attempt(const struct dialog *d, const struct slot *s, const struct sip_message *sip)
{
	const struct call_state *c = &s->call;

	if (c->reinvited || c->acknowledged)
		return false;
	if (s->set_n[SET_ATTEMPT_CSEQ] == 0)
		return s->request_ns == 0;
	return c->answer_ns == 0 && sip->cseq > s->attempt_cseq &&
		is_caller_tag(d, s, dialog_text_hash(d, sip->from.tag));
}

/* Its CSeq stands for the attempt until the INVITE is seen. */
static void
attempt_assume(struct dialog *d, struct slot *s, uint32_t cseq)
{
	if (s->set_n[SET_ATTEMPT_CSEQ] == SET_MAX)
		return;
	s->challenges = (uint8_t)(s->challenges + is_challenge(s->final.status));
	s->final = (struct final){0};
	slot_set_add(d, s, SET_ATTEMPT_CSEQ, cseq);
	s->attempt_cseq = cseq;
	s->attempt_branch = 0;
	s->attempt_ns = 0;
	s->attempt_src = UINT8_MAX;
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
			if (sip->status >= 200 && !is_challenge(sip->status) &&
				!bye_is_known(s, dialog_text_hash(d, sip->via.branch)))
				bye_take(d, s, m);
			bye_answered(d, s, m);
			reason_take(d, s, sip, REASON_BYE_RESPONSE);
		}
		return;
	}
	if (e->flags & FLOW_FROM_CALLER)
		return; /* to a re-INVITE of the callee, who counts a CSeq of his own */
	if (response_begins_attempt(d, s, sip))
		attempt_assume(d, s, sip->cseq);
	if (!slot_set_has(d, s, SET_ATTEMPT_CSEQ, sip->cseq))
		return;
	/* A re-INVITE has no ringing, and its 100 has the To tag. */
	c->caller_known |= sip->status == 100 ? sip->to.tag.len == 0 : sip->status < 200;
	if (sip->status > 100 && sip->status < 300)
		slot_set_add(d, s, SET_FORK_TAG, dialog_text_hash(d, sip->to.tag));
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

	if (c->bye_first.ts_ns)
		return END_BYE;
	if (c->answer_ns || c->acknowledged)
		return END_NONE;
	if (c->cancel_ns || status == 487)
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

	bool over = cause != END_NONE && !waiting && !is_challenge(s->final.status);

	if (over != (bool)s->told_over) {
		s->told_over = over;
		o->hooks.ended(o->hooks.context, slot_handle(d, s), over ? s->last_ns : 0);
	}
	if (cause != END_NONE && !waiting) {
		slot_move(d, s, LIST_ENDED);
		slot_arm(d, s,
			s->last_ns + (is_challenge(s->final.status) ? o->setup_ns : o->linger_ns));
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
static bool
sent_by_uac(const struct dialog *d, const struct slot *s, const struct sip_message *sip)
{
	struct sip_name_addr from;
	uint8_t scratch[256];

	if (s->from_tag || sip->from.tag.len)
		return is_caller_tag(d, s, dialog_text_hash(d, sip->from.tag));
	sip_name_addr_parse(sip->from.value, &from);
	return base_span_eq(
		from.uri.user, slot_text(d, s, TEXT_FROM_USER, scratch, sizeof(scratch)));
}

void
call_receive(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	bool by_uac = sent_by_uac(d, s, sip);
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
