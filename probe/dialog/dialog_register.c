#include "dialog_private.h"
#include "sip_vq.h"

#define QUALITY_BYTES_MAX 4096 /* of a report that is kept: dialog.scratch */

/* An attempt that follows one without an answer so soon had one. */
#define AT_ONCE_NS BASE_NS_PER_SEC

/* ---- what registrations and other transactions share ---- */

static bool
has_credentials(const struct sip_message *m)
{
	return sip_header_find(m, SIP_HDR_AUTHORIZATION) ||
	       sip_header_find(m, SIP_HDR_PROXY_AUTHORIZATION);
}

/* The first request of an exchange or of its current attempt. */
static void
request_begin(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	if (s->attempt_cseq != m->sip->cseq) {
		s->final = (struct final){0};
		s->exchange.response_ns = 0;
	}
	s->attempt_cseq = m->sip->cseq;
	s->attempt_branch = d->heard.branch;
	s->attempt_src = e->src;
	s->attempt_ns = m->ts_ns;
	s->first_src = e->src;
	s->first_dst = e->dst;
	s->exchange.attempts++;
	if (s->request_ns == 0)
		s->request_ns = m->ts_ns;
	s->exchange.credentials = has_credentials(m->sip);
	slot_parties_set(d, s, m);
	slot_text_set(d, s, TEXT_CALLER_UA, sip_header_value(m->sip, SIP_HDR_USER_AGENT));
}

/* Begun by a response: the request was before the capture, or comes late. */
static void
response_begin(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	s->attempt_cseq = m->sip->cseq;
	s->attempt_src = UINT8_MAX;
	slot_parties_set(d, s, m);
}

static void
callee_agent_set(struct dialog *d, struct slot *s, const struct sip_message *m)
{
	struct base_span agent = sip_header_value(m, SIP_HDR_SERVER);

	slot_text_set(
		d, s, TEXT_CALLEE_UA, agent.len ? agent : sip_header_value(m, SIP_HDR_USER_AGENT));
}

static void
exchange_arm(struct dialog *d, struct slot *s)
{
	const struct dialog_options *o = &d->options;
	uint16_t status = s->final.status;
	bool asked = status == 401 || status == 407 || status == 423;
	bool done = status >= 200 && !asked;

	if (done)
		slot_move(d, s, LIST_ENDED);
	slot_arm(d, s,
		s->last_ns + (done                                  ? o->linger_ns
				     : asked                        ? o->setup_ns
				     : s->kind == SLOT_REGISTRATION ? o->registration_ns
								    : o->transaction_ns));
}

/* ---- REGISTER ---- */

/* An expires parameter or header value in seconds (RFC 3261 10.2.1.1). */
static bool
expires_of(struct base_span text, uint32_t *seconds)
{
	uint64_t v;

	if (!base_span_u64(base_span_trim(text), &v) || v > UINT32_MAX)
		return false;
	*seconds = (uint32_t)v;
	return true;
}

/* A Contact's URI up to its parameters: what tells one binding from another here. */
static struct base_span
contact_key(const struct sip_name_addr *contact)
{
	struct base_span text = contact->uri.text;
	const uint8_t *semicolon = text.len ? memchr(text.p, ';', text.len) : NULL;

	return semicolon ? base_span_of(text.p, (uint32_t)(semicolon - text.p)) : text;
}

struct contact_cursor {
	const struct sip_header *header;
	struct base_span rest;
};

/* The next Contact of a message, over all its Contact headers. */
static bool
contact_next(const struct sip_message *m, struct contact_cursor *at, struct sip_name_addr *contact)
{
	struct base_span element;

	while (at->header) {
		while (sip_value_next(&at->rest, &element))
			if (sip_name_addr_parse(element, contact))
				return true;
		at->header = sip_header_next(m, at->header);
		if (at->header)
			at->rest = at->header->value;
	}
	return false;
}

static struct contact_cursor
contact_first(const struct sip_message *m)
{
	const struct sip_header *h = sip_header_find(m, SIP_HDR_CONTACT);
	return (struct contact_cursor){h, h ? h->value : (struct base_span){NULL, 0}};
}

static void
register_request(struct dialog *d, struct slot *s, const struct sip_message *m)
{
	struct exchange_state *x = &s->exchange;
	struct contact_cursor at = contact_first(m);
	struct sip_name_addr contact;
	struct base_span expires;

	x->n_contacts = 0;
	x->has_requested = false;
	x->star = base_span_eq(sip_header_value(m, SIP_HDR_CONTACT), BASE_SPAN("*"));
	while (!x->star && contact_next(m, &at, &contact)) {
		if (x->n_contacts < DIALOG_TEXTS_MAX)
			x->contacts[x->n_contacts++] =
				chain_text_add(&d->pool, &s->text_chain, contact.uri.text);
		if (sip_param_find(contact.params, BASE_SPAN("expires"), &expires))
			x->has_requested = expires_of(expires, &x->requested_expires);
	}
	if (x->star)
		x->contacts[x->n_contacts++] =
			chain_text_add(&d->pool, &s->text_chain, BASE_SPAN("*"));
	if (!x->has_requested)
		x->has_requested =
			expires_of(sip_header_value(m, SIP_HDR_EXPIRES), &x->requested_expires);
}

static bool
contact_is_ours(const struct dialog *d, const struct slot *s, const struct sip_name_addr *contact)
{
	uint8_t scratch[512];
	struct base_span key = contact_key(contact);

	for (uint8_t i = 0; i < s->exchange.n_contacts; i++) {
		struct sip_name_addr own = {
			.uri.text = chain_text(
				&d->pool, s->exchange.contacts[i], scratch, sizeof(scratch))};
		if (base_span_eq(contact_key(&own), key))
			return true;
	}
	return false;
}

/* The time granted: of our own Contact, else of the first one that has any, else of Expires (RFC
 * 3261 10.2.4). */
static void
register_granted(struct dialog *d, struct slot *s, const struct sip_message *m)
{
	struct exchange_state *x = &s->exchange;
	struct contact_cursor at = contact_first(m);
	struct sip_name_addr contact;
	struct base_span expires;

	x->has_granted = false;
	while (contact_next(m, &at, &contact)) {
		bool ours = contact_is_ours(d, s, &contact);
		if (!sip_param_find(contact.params, BASE_SPAN("expires"), &expires) ||
			(x->has_granted && !ours))
			continue;
		x->has_granted = expires_of(expires, &x->granted_expires) || x->has_granted;
		if (ours)
			break;
	}
	if (!x->has_granted)
		x->has_granted =
			expires_of(sip_header_value(m, SIP_HDR_EXPIRES), &x->granted_expires);
}

/* Does another attempt go on with the exchange?  Where the last one was challenged or told a longer
 * interval; and where its answer was not seen, but this one shows that there was one: it comes at
 * once, or with credentials that the last one lacked. */
static bool
register_continues(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	uint16_t status = s->final.status;

	if (status == 423)
		return true;
	if (status < 200)
		return m->method == SIP_METHOD_NONE ||
		       (has_credentials(m) && !s->exchange.credentials) ||
		       d->now_ns - s->attempt_ns < AT_ONCE_NS;
	return (status == 401 || status == 407) &&
	       (m->method == SIP_METHOD_NONE || has_credentials(m));
}

/* A request of an earlier attempt, sent again when the next one is under way. */
static bool
register_is_old(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	struct flow_cursor at = {.left = 0};
	const struct flow_entry *e;

	if (m->cseq >= s->attempt_cseq || d->heard.from != s->from_tag)
		return false;
	while ((e = flow_next(d, s, &at)))
		if (e->status == 0 && e->cseq == m->cseq)
			return true;
	return false;
}

static bool
register_is_current(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	return m->cseq == s->attempt_cseq && d->heard.from == s->from_tag;
}

/* A REGISTER that is neither the current attempt nor goes on with it begins another exchange; so
 * does a response to one that was not seen. */
enum slot_match
registration_matches(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	if (m->method == SIP_METHOD_NONE && m->cseq <= s->attempt_cseq)
		return MATCH_SURE;
	return register_is_old(d, s, m) || register_is_current(d, s, m) ||
			       register_continues(d, s, m)
		       ? MATCH_SURE
		       : MATCH_NONE;
}

/* The response to an attempt that was not seen, or comes late. */
static void
register_assume(struct slot *s, uint32_t cseq)
{
	s->challenges++;
	s->final = (struct final){0};
	s->exchange.response_ns = 0;
	s->exchange.has_requested = false;
	s->attempt_cseq = cseq;
	s->attempt_branch = 0;
	s->attempt_src = UINT8_MAX;
	s->attempt_ns = 0;
}

static void
register_response(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;

	callee_agent_set(d, s, sip);
	if (sip->cseq != s->attempt_cseq || sip->status < 200 || !slot_final_take(d, s, m))
		return;
	s->exchange.response_ns = m->ts_ns;
	slot_text_replace(d, s, TEXT_TO_TAG, sip->to.tag);
	if (sip->status < 300)
		register_granted(d, s, sip);
}

void
registration_receive(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	bool request = sip->method != SIP_METHOD_NONE;
	bool known = slot_messages(d, s) != 0, old = known && register_is_old(d, s, sip),
	     next = request && known && !old && !register_is_current(d, s, sip);

	struct flow_entry *e = flow_add(d, s, m, request);
	if (!known && !request)
		response_begin(d, s, m);
	else if (!request && sip->cseq > s->attempt_cseq)
		register_assume(s, sip->cseq);
	s->challenges = (uint8_t)(s->challenges + next);
	if (request && !old &&
		(next || s->exchange.attempts == 0 || s->attempt_src == UINT8_MAX)) {
		request_begin(d, s, m, e);
		register_request(d, s, sip);
	}
	if (request && s->exchange.attempts == 1)
		slot_set_add(d, s, SET_BRANCH, d->heard.branch);
	if (!request && !flow_is_repeat(e))
		register_response(d, s, m);
	exchange_arm(d, s);
}

/* ---- other transactions ---- */

/* A request's own method counts, even where its CSeq names another (RFC 4475 3.1.2.17). */
static uint8_t
transaction_method(const struct sip_message *m)
{
	return m->method != SIP_METHOD_NONE ? m->method : m->cseq_method;
}

enum slot_match
transaction_matches(const struct dialog *d, const struct slot *s, const struct sip_message *m)
{
	return s->exchange.method == transaction_method(m) && s->attempt_cseq == m->cseq &&
			       s->from_tag == d->heard.from
		       ? MATCH_SURE
		       : MATCH_NONE;
}

void
transaction_receive(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	bool request = sip->method != SIP_METHOD_NONE;

	struct flow_entry *e = flow_add(d, s, m, request);
	bool first = slot_messages(d, s) == 1;
	if (first) {
		s->exchange.method = transaction_method(sip);
		slot_text_set(
			d, s, TEXT_METHOD, request ? sip->method_text : sip->cseq_method_text);
	}
	if (first && !request)
		response_begin(d, s, m);
	if (request && s->exchange.attempts == 0) {
		request_begin(d, s, m, e);
		s->exchange.in_dialog = sip->to.tag.len != 0;
		slot_text_set(d, s, TEXT_EVENT, sip_header_value(sip, SIP_HDR_EVENT));
		if (sip_vq_is(sip->content_type) && sip->body.len <= QUALITY_BYTES_MAX)
			s->exchange.quality = chain_text_add(&d->pool, &s->text_chain, sip->body);
	}
	if (!request && sip->status >= 200 && !flow_is_repeat(e)) {
		callee_agent_set(d, s, sip);
		if (slot_final_take(d, s, m)) {
			s->exchange.response_ns = m->ts_ns;
			slot_text_replace(d, s, TEXT_TO_TAG, sip->to.tag);
		}
	}
	exchange_arm(d, s);
}
