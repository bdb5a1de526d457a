/* Why a call ended, as its Reason headers say (RFC 3326): one message's word counts, that of the
 * message that ended it. */
#include "dialog_private.h"

static bool
cause_of(struct base_span params, uint64_t max, uint64_t *cause)
{
	struct base_span value;

	return sip_param_find(params, BASE_SPAN("cause"), &value) &&
	       base_span_u64(value, cause) && *cause && *cause <= max;
}

/* One reason-value: protocol *( ";" reason-params ). */
static void
reason_value(struct dialog *d, struct slot *s, struct base_span one)
{
	const uint8_t *semicolon = memchr(one.p, ';', one.len);
	struct base_span params, text;
	uint64_t cause;

	if (semicolon == NULL)
		return;
	semicolon++;
	params = base_span_of(semicolon, (uint32_t)(one.p + one.len - semicolon));
	if (base_span_starts_nocase(one, BASE_SPAN("Q.850")) && cause_of(params, 127, &cause))
		slot_more_for(d, s)->q850 = (uint8_t)cause;
	else if (base_span_starts_nocase(one, BASE_SPAN("SIP")) && cause_of(params, 699, &cause))
		slot_more_for(d, s)->reason_cause = (uint16_t)cause;
	if (sip_param_find(params, BASE_SPAN("text"), &text))
		slot_text_set(d, s, TEXT_REASON_TEXT, text);
}

void
reason_take(struct dialog *d, struct slot *s, const struct sip_message *m,
	enum reason_source source)
{
	const struct sip_header *h = sip_header_find(m, SIP_HDR_REASON);
	uint8_t known = slot_more_of(d, s)->reason_source;

	/* A final response may be that of a later attempt: the last one counts. */
	if (h == NULL || source < known || (source == known && source != REASON_FINAL))
		return;
	struct slot_more *more = slot_more_for(d, s);
	more->reason_source = (uint8_t)source;
	more->q850 = 0;
	more->reason_cause = 0;
	slot_text_clear(d, s, TEXT_REASON_TEXT);
	for (; h; h = sip_header_next(m, h)) {
		struct base_span rest = h->value, one;
		while (sip_value_next(&rest, &one))
			reason_value(d, s, one);
	}
}

const char *
reason_source_name(const struct slot_more *more)
{
	static const char *const names[] = {
		"", "bye_response", "provisional", "final", "cancel", "bye"};

	return names[more->reason_source];
}
