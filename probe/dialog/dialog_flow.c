#include "dialog_private.h"

#define DUPLICATE_WINDOW_NS (2 * BASE_NS_PER_SEC)

bool
flow_is_repeat(const struct flow_entry *e)
{
	return (e->flags & (FLOW_RETRANSMISSION | FLOW_DUPLICATE)) != 0;
}

const struct base_endpoint *
flow_host(const struct dialog *d, const struct slot *s, uint8_t index, struct base_endpoint *out)
{
	uint8_t scratch[sizeof(*out)];

	if (index >= s->n_hosts)
		return NULL;
	struct base_span t = chain_text(&d->pool, s->hosts[index], scratch, sizeof(scratch));
	if (t.len != sizeof(*out))
		return NULL;
	memcpy(out, t.p, sizeof(*out));
	return out;
}

static uint8_t
flow_host_index(struct dialog *d, struct slot *s, const struct base_endpoint *at)
{
	struct base_endpoint known;

	for (uint8_t i = 0; i < s->n_hosts; i++)
		if (flow_host(d, s, i, &known) && base_endpoint_eq(&known, at))
			return i;
	if (s->n_hosts == DIALOG_HOSTS_MAX)
		return UINT8_MAX;
	s->hosts[s->n_hosts] =
		chain_text_add(&d->pool, &s->text_chain, base_span_of(at, sizeof(*at)));
	return s->hosts[s->n_hosts] ? s->n_hosts++ : UINT8_MAX;
}

/* What two messages must share to be the same one sent again: sockets, start line, CSeq, top
 * branch, To tag, RSeq, and in a NOTIFY its Event.  (The Call-ID is the dialog's.) */
static uint32_t
flow_fingerprint(const struct dialog *d, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct base_span parts[] = {base_span_of(&m->src, sizeof(m->src)),
		base_span_of(&m->dst, sizeof(m->dst)), base_span_trim(sip->start_line),
		sip->via.branch, sip->to.tag, sip->cseq_method_text,
		sip_header_value(sip, SIP_HDR_RSEQ),
		sip->method == SIP_METHOD_NOTIFY ? sip_header_value(sip, SIP_HDR_EVENT)
						 : (struct base_span){NULL, 0}};
	uint64_t h = sip->cseq ^ (uint64_t)m->transport << 32;

	for (uint32_t i = 0; i < base_count_of(parts); i++)
		h = base_hash_mix(h + i) ^ base_hash(&d->options.key, parts[i].p, parts[i].len);
	return (uint32_t)(h ^ h >> 32);
}

/* Compares a new entry with all before it: a frame captured twice carries the same IPv4
 * identification, a retransmission a new one.  An identification of 0 says nothing. */
static uint8_t
flow_compare(
	const struct dialog *d, const struct slot *s, const struct flow_entry *e, uint8_t transport)
{
	struct chain_cursor at = {0};
	const struct flow_entry *old;
	uint8_t flags = 0;

	while ((old = chain_item_next(&d->pool, &s->flow_chain, sizeof(*old), &at))) {
		if (old->status == 0 && e->status == 0 && old->method == e->method &&
			old->cseq == e->cseq && !((old->flags ^ e->flags) & FLOW_FROM_CALLER))
			flags |= FLOW_TOLD;
		if (old->fingerprint != e->fingerprint)
			continue;
		int64_t apart = e->ts_ns - old->ts_ns;
		if (e->ip_id && old->ip_id == e->ip_id && apart < DUPLICATE_WINDOW_NS &&
			apart > -DUPLICATE_WINDOW_NS)
			flags |= FLOW_DUPLICATE;
		else if (transport == PACKET_UDP)
			flags |= FLOW_RETRANSMISSION;
	}
	if (flags & FLOW_DUPLICATE)
		flags &= (uint8_t)~FLOW_RETRANSMISSION;
	return flags;
}

struct flow_entry *
flow_add(struct dialog *d, struct slot *s, const struct dialog_message *m, bool from_caller)
{
	static const struct flow_entry empty;
	const struct sip_message *sip = m->sip;
	struct flow_entry e = empty, *kept = NULL;

	e.ts_ns = m->ts_ns;
	e.fingerprint = flow_fingerprint(d, m);
	e.cseq = sip->cseq;
	e.status = sip->status;
	e.method = sip->method;
	e.cseq_method = sip->cseq_method;
	e.ip_id = (uint16_t)(m->ip_id ^ m->ip_id >> 16);
	e.flags = from_caller ? FLOW_FROM_CALLER : 0;
	e.src = flow_host_index(d, s, &m->src);
	e.dst = flow_host_index(d, s, &m->dst);
	e.flags |= flow_compare(d, s, &e, m->transport);
	s->messages++;
	s->retransmissions += (e.flags & FLOW_RETRANSMISSION) != 0;
	s->duplicates += (e.flags & FLOW_DUPLICATE) != 0;
	s->truncated |= m->truncated;
	if (m->ts_ns > s->last_ns)
		s->last_ns = m->ts_ns;
	if (sip->status == 0 && !(e.flags & FLOW_TOLD))
		s->methods[sip->method]++;
	if (s->flow_count < d->options.flow_entries)
		kept = chain_item_add(&d->pool, &s->flow_chain, sizeof(*kept));
	if (kept == NULL) {
		s->flow_truncated = true;
		metrics_add(d->options.metrics, METRICS_FLOW_TRUNCATED, 1);
		d->left_out = e;
		return &d->left_out;
	}
	s->flow_count++;
	e.word = 0;
	if (sip->status && !flow_is_repeat(&e))
		e.word = chain_text_add(&d->pool, &s->text_chain, sip->reason);
	else if (sip->method == SIP_METHOD_OTHER)
		e.word = chain_text_add(&d->pool, &s->text_chain, sip->method_text);
	*kept = e;
	return kept;
}
