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
transfer_answered(struct dialog *d, struct slot *s, const struct sip_message *m)
{
	uint8_t known = slot_more_of(d, s)->transfer;

	if (known == TRANSFER_NONE || known >= TRANSFER_SUCCEEDED || m->status < 200)
		return;
	struct slot_more *more = slot_more_for(d, s);
	if (m->status < 300) {
		more->transfer = TRANSFER_ACCEPTED;
		return;
	}
	more->transfer = TRANSFER_REJECTED;
	more->transfer_code = m->status;
}

static void
transfer_notified(struct dialog *d, struct slot *s, uint16_t status)
{
	bool final = status >= 200;

	if (status == 0 || (!final && slot_more_of(d, s)->transfer >= TRANSFER_SUCCEEDED))
		return;
	struct slot_more *more = slot_more_for(d, s);
	more->transfer_code = status;
	if (final)
		more->transfer = status < 300 ? TRANSFER_SUCCEEDED : TRANSFER_FAILED;
	else
		more->transfer = TRANSFER_ACCEPTED;
}

void
transfer_receive(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;

	if (sip->method == SIP_METHOD_REFER && !(e->flags & FLOW_TOLD)) {
		slot_text_replace(d, s, TEXT_TRANSFER_TO, sip_header_value(sip, SIP_HDR_REFER_TO));
		slot_more_for(d, s)->transfer = TRANSFER_ASKED;
		slot_more_for(d, s)->transfer_code = 0;
	} else if (sip->method == SIP_METHOD_NOTIFY) {
		transfer_notified(d, s, sipfrag_status(sip));
	} else if (sip->method == SIP_METHOD_NONE && sip->cseq_method == SIP_METHOD_REFER) {
		transfer_answered(d, s, sip);
	}
}

const char *
transfer_result_name(const struct slot_more *more)
{
	static const char *const names[] = {
		"", "asked", "accepted", "succeeded", "failed", "rejected"};

	return names[more->transfer];
}
