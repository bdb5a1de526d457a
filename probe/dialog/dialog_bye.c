/* The BYEs of a call: which one ended it, from which side, and how it was answered. */
#include "dialog_private.h"

const struct bye *
call_bye(const struct dialog *d, const struct slot *s)
{
	const struct slot_more *more = slot_more_of(d, s);

	return more->bye_own.ts_ns     ? &more->bye_own
	       : more->bye_after.ts_ns ? &more->bye_after
				       : &more->bye_first;
}

void
bye_answered(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	const struct final *had = &slot_more_of(d, s)->bye_final;
	uint32_t branch = call_bye(d, s)->branch;
	bool better = had->status == 0 || (had->status >= 300 && sip->status < 300);

	if (sip->status >= 200 && better && branch &&
		branch == d->heard.branch)
		slot_more_for(d, s)->bye_final =
			(struct final){m->ts_ns, sip->status, FIT_BRANCH, 0};
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
	slot_text_clear(d, s, TEXT_REASON);
	s->call.cancelled = false;
	slot_more_for(d, s)->cancel_ns = 0;
	slot_text_replace(d, s, TEXT_TO_TAG, callee_tag);
}

bool
bye_is_known(const struct dialog *d, const struct slot *s, uint32_t branch)
{
	const struct slot_more *more = slot_more_of(d, s);

	return branch && (branch == more->bye_first.branch || branch == more->bye_after.branch ||
				 branch == more->bye_own.branch);
}

void
bye_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;
	uint32_t from = d->heard.from, to = d->heard.to;
	uint8_t side = MEDIA_SIDE_UNKNOWN;

	bool by_uac = ((e->flags & FLOW_FROM_CALLER) != 0) == (sip->status == 0);
	if (from == 0 && s->from_tag == 0)
		side = by_uac ? MEDIA_SIDE_CALLER : MEDIA_SIDE_CALLEE;
	else if (call_is_caller_tag(d, s, from))
		side = MEDIA_SIDE_CALLER;
	else if (call_is_caller_tag(d, s, to) || slot_set_has(d, s, SET_FORK_TAG, from))
		side = MEDIA_SIDE_CALLEE;
	struct bye bye = {m->ts_ns, d->heard.branch, side, sip->status != 0};
	uint32_t callee = side == MEDIA_SIDE_CALLER ? to : from;
	if (callee != c->answer_tag && c->answer_tag && c->acknowledged &&
		slot_set_has(d, s, SET_FORK_TAG, callee))
		return; /* another fork's answer is given up */
	failure_forget(d, s, side == MEDIA_SIDE_CALLER ? sip->to.tag : sip->from.tag);
	struct slot_more *more = slot_more_for(d, s);
	uint32_t before = call_bye(d, s)->branch;
	bool after = c->answer_ns && m->ts_ns >= c->answer_ns;
	bye_put(&more->bye_first, &bye);
	c->bye_seen = more->bye_first.ts_ns != 0;
	if (after)
		bye_put(&more->bye_after, &bye);
	if (after && c->answer_tag && (from == c->answer_tag || to == c->answer_tag))
		bye_put(&more->bye_own, &bye);
	if (call_bye(d, s)->branch != before)
		more->bye_final = (struct final){0};
	reason_take(d, s, sip, REASON_BYE);
}
