/* Calls whose messages have no Call-ID: broken clients, and captures whose snap length cuts every
 * message before it.  Such a call is told as RFC 2543 and then an engineer would, by its two hosts,
 * one of its sockets, and From and To where they stand there.  What could belong to two calls
 * belongs to none: different calls are never merged.  Only an INVITE begins one, and there is room
 * for few of them, so that who sends no Call-ID takes no room from those who do. */
#include "dialog_private.h"

#define REPEAT_NS (32 * BASE_NS_PER_SEC) /* Timer B: by then an INVITE is sent again no more */

struct base_span
dialog_key_of(const struct dialog_message *m, uint8_t hosts[DIALOG_KEY_BYTES])
{
	const struct base_ip *a = &m->src.ip, *b = &m->dst.ip;

	if (base_likely(m->sip->call_id.len != 0))
		return m->sip->call_id;
	if (memcmp(a, b, sizeof(*a)) > 0) {
		a = &m->dst.ip;
		b = &m->src.ip;
	}
	memcpy(hosts, a, sizeof(*a));
	memcpy(hosts + sizeof(*a), b, sizeof(*b));
	return base_span_of(hosts, DIALOG_KEY_BYTES);
}

static bool
is_end(const struct dialog *d, const struct slot *s, uint8_t index, const struct base_endpoint *at)
{
	struct base_endpoint end;

	return flow_host(d, s, index, &end) && base_endpoint_eq(&end, at);
}

bool
unkeyed_by_caller(const struct dialog *d, const struct slot *s, const struct dialog_message *m)
{
	bool request = m->sip->method != SIP_METHOD_NONE;
	const struct base_endpoint *client = request ? &m->src : &m->dst,
				   *server = request ? &m->dst : &m->src;

	return slot_messages(d, s) == 0 || is_end(d, s, s->first_dst, server) ||
	       is_end(d, s, s->first_src, client);
}

/* ---- does a message belong to slot s? ---- */

static bool
text_is(const struct dialog *d, const struct slot *s, enum slot_text which, struct base_span text)
{
	uint8_t scratch[256];

	return base_span_eq(slot_text(d, s, which, scratch, sizeof(scratch)), text);
}

/* One of From and To, of which the one's user is the caller and the other's the callee. */
static bool
party_fits(const struct dialog *d, const struct slot *s, struct base_span value)
{
	struct sip_name_addr party;

	if (value.len == 0 || !(s->texts & (1u << TEXT_FROM_USER | 1u << TEXT_TO_USER)) ||
		!sip_name_addr_parse(value, &party))
		return true;
	return text_is(d, s, TEXT_FROM_USER, party.uri.user) ||
	       text_is(d, s, TEXT_TO_USER, party.uri.user);
}

/* An INVITE begins a call unless it is the one that began s, sent again, or the next attempt where
 * that one was challenged. */
static enum slot_match
invite_matches(const struct dialog *d, const struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct sip_uri ruri;

	sip_uri_parse(sip->ruri_text, &ruri);
	if (!is_end(d, s, s->first_src, &m->src) || !is_end(d, s, s->first_dst, &m->dst) ||
		s->call.bye_seen || s->from_tag != d->heard.from ||
		!text_is(d, s, TEXT_RURI_USER, ruri.user) ||
		!text_is(d, s, TEXT_RURI_HOST, ruri.host))
		return MATCH_NONE;
	if (sip->cseq != s->attempt_cseq)
		return call_is_challenge(s->final.status) ? MATCH_SURE : MATCH_NONE;
	return m->ts_ns - s->attempt_ns <= REPEAT_NS &&
			       s->attempt_branch == d->heard.branch
		       ? MATCH_SURE
		       : MATCH_NONE;
}

static enum slot_match
unkeyed_matches(const struct dialog *d, const struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;

	if (sip->method == SIP_METHOD_INVITE && sip->to.tag.len == 0)
		return invite_matches(d, s, m);
	if (!is_end(d, s, s->first_src, &m->src) && !is_end(d, s, s->first_src, &m->dst) &&
		!is_end(d, s, s->first_dst, &m->src) && !is_end(d, s, s->first_dst, &m->dst))
		return MATCH_NONE;
	if (!m->truncated &&
		(!party_fits(d, s, sip->from.value) || !party_fits(d, s, sip->to.value)))
		return MATCH_NONE;
	return call_matches(d, s, sip);
}

struct slot *
unkeyed_find(struct dialog *d, uint64_t hash, const struct dialog_message *m, bool *left_out)
{
	const struct base_span none = {NULL, 0};
	uint32_t i = slot_find_first(d, hash, none), n_loose = 0;
	bool begins = m->sip->method == SIP_METHOD_INVITE && m->sip->to.tag.len == 0;
	struct slot *loose = NULL;

	*left_out = false;
	for (; i != DIALOG_NIL; i = slot_find_next(d, i, hash, none)) {
		struct slot *s = &d->slots[i];
		if (s->kind != SLOT_CALL || s->list == LIST_COLLECTING)
			continue;
		enum slot_match fit = unkeyed_matches(d, s, m);
		if (fit == MATCH_SURE)
			return s;
		n_loose += fit == MATCH_LOOSE;
		loose = fit == MATCH_LOOSE ? s : loose;
	}
	*left_out = n_loose > 1 || (n_loose == 0 && !begins &&
					   (m->sip->n_headers == 0 || m->truncated));
	return n_loose == 1 ? loose : NULL;
}
