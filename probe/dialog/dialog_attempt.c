/* Attempts of a call: the first INVITE and those that follow its challenges, and the final response
 * of each. */
#include "dialog_private.h"

bool
slot_final_take(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	struct base_endpoint source;
	uint8_t fit = FIT_CSEQ;

	if (s->attempt_branch && d->heard.branch == s->attempt_branch)
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
	s->attempt_branch = d->heard.branch;
	s->attempt_src = e->src;
	s->attempt_vias = e->vias & FLOW_VIAS_MAX;
	if (s->final.status >= 300)
		s->final = (struct final){0};
}

void
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
	if (!known && slot_set_count(s, SET_ATTEMPT_CSEQ) && call_is_challenge(s->final.status))
		s->challenges++;
	if (!known) {
		s->final = (struct final){0};
		slot_text_clear(d, s, TEXT_REASON);
		slot_set_add(d, s, SET_ATTEMPT_CSEQ, m->sip->cseq);
	}
	slot_set_add(d, s, SET_CALLER_TAG, d->heard.from);
	s->attempt_cseq = m->sip->cseq;
	s->attempt_branch = d->heard.branch;
	s->attempt_src = e->src;
	s->attempt_vias = e->vias & FLOW_VIAS_MAX;
	s->attempt_ns = m->ts_ns;
}

bool
attempt_is_begun_by(const struct dialog *d, const struct slot *s, const struct sip_message *sip)
{
	const struct call_state *c = &s->call;

	if (c->reinvited || c->acknowledged)
		return false;
	if (slot_set_count(s, SET_ATTEMPT_CSEQ) == 0)
		return s->request_ns == 0;
	return c->answer_ns == 0 && sip->cseq > s->attempt_cseq &&
		call_is_caller_tag(d, s, d->heard.from);
}

void
attempt_assume(struct dialog *d, struct slot *s, uint32_t cseq)
{
	if (slot_set_count(s, SET_ATTEMPT_CSEQ) == SET_MAX)
		return;
	s->challenges = (uint8_t)(s->challenges + call_is_challenge(s->final.status));
	s->final = (struct final){0};
	slot_set_add(d, s, SET_ATTEMPT_CSEQ, cseq);
	s->attempt_cseq = cseq;
	s->attempt_branch = 0;
	s->attempt_ns = 0;
	s->attempt_src = UINT8_MAX;
}
