/* A transfer within a call (RFC 3515): REFER, its response, and what the transferee's NOTIFYs tell
 * of the new call (message/sipfrag, RFC 3420). */
#include "dialog_private.h"

#define SIPFRAG_MIN 11 /* "SIP/2.0 200" */

/* The status code of a sipfrag body, or 0. */
static uint16_t
sipfrag_status(const struct sip_message *m)
{
	struct base_span body = base_span_trim(m->body);
	uint64_t status;

	if (!base_span_starts_nocase(m->content_type, BASE_SPAN("message/sipfrag")) ||
		body.len < SIPFRAG_MIN || !base_span_starts_nocase(body, BASE_SPAN("SIP/2.0 ")) ||
		!base_span_u64(base_span_of(body.p + 8, 3), &status) || status < 100 ||
		status > 699)
		return 0;
	return (uint16_t)status;
}

static void
transfer_answered(struct call_state *c, const struct sip_message *m)
{
	if (c->transfer == TRANSFER_NONE || c->transfer >= TRANSFER_SUCCEEDED || m->status < 200)
		return;
	if (m->status < 300) {
		c->transfer = TRANSFER_ACCEPTED;
		return;
	}
	c->transfer = TRANSFER_REJECTED;
	c->transfer_code = m->status;
}

static void
transfer_notified(struct call_state *c, uint16_t status)
{
	bool final = status >= 200;

	if (status == 0 || (!final && c->transfer >= TRANSFER_SUCCEEDED))
		return;
	c->transfer_code = status;
	if (final)
		c->transfer = status < 300 ? TRANSFER_SUCCEEDED : TRANSFER_FAILED;
	else
		c->transfer = TRANSFER_ACCEPTED;
}

void
transfer_receive(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;
	struct call_state *c = &s->call;

	if (sip->method == SIP_METHOD_REFER && !(e->flags & FLOW_TOLD)) {
		slot_text_replace(d, s, TEXT_TRANSFER_TO, sip_header_value(sip, SIP_HDR_REFER_TO));
		c->transfer = TRANSFER_ASKED;
		c->transfer_code = 0;
	} else if (sip->method == SIP_METHOD_NOTIFY) {
		transfer_notified(c, sipfrag_status(sip));
	} else if (sip->method == SIP_METHOD_NONE && sip->cseq_method == SIP_METHOD_REFER) {
		transfer_answered(c, sip);
	}
}

const char *
transfer_result_name(const struct slot *s)
{
	static const char *const names[] = {
		"", "asked", "accepted", "succeeded", "failed", "rejected"};

	return names[s->call.transfer];
}
