#include "sip_private.h"

/* Headers that may stand once in a message (RFC 3261 7.3.1, table 2, and the RFCs of the later
 * ones). */
#define ONCE(id) (1ull << SIP_HDR_##id)
_Static_assert(SIP_HDR_COUNT <= 64, "a bit each");

/* CSeq = 1*DIGIT LWS Method; the number is below 2**31 (RFC 3261 8.1.1.5). */
static bool
cseq_parse(struct sip_message *m, struct base_span value)
{
	m->cseq = 0;
	m->cseq_method = SIP_METHOD_NONE;
	m->cseq_method_text = (struct base_span){0};
	if (value.len == 0)
		return false;

	const uint8_t *end = sip_span_end(value), *digits_end = sip_skip_digits(value.p, end), *p;
	uint64_t v = 0;
	bool ok;

	for (p = value.p; p < digits_end && v <= UINT32_MAX; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	m->cseq = v <= UINT32_MAX ? (uint32_t)v : 0;
	ok = digits_end != value.p && v <= INT32_MAX;
	p = sip_skip_space(digits_end, end);
	ok &= p != digits_end;
	m->cseq_method_text = sip_between(p, end);
	if (base_span_eq(m->cseq_method_text, m->method_text))
		m->cseq_method = m->method;
	else
		m->cseq_method = (uint8_t)sip_method_of(m->cseq_method_text);
	return ok && p != end && sip_skip_class(p, end, SIP_CHAR_TOKEN) == end;
}

static bool
call_id_ok(struct base_span s)
{
	uint8_t bad = s.len == 0;

	for (uint32_t i = 0; i < s.len; i++)
		bad |= s.p[i] <= 0x20;
	return !bad;
}

/* The known headers that stand more than once, of those that may not, with values that differ. */
static bool
is_repeated(const struct sip_message *m, uint64_t once)
{
	for (uint32_t i = 0; i < m->n_headers; i++) {
		const struct sip_header *h = &m->headers[i];
		if (h->id == SIP_HDR_OTHER || h->next == SIP_NO_HEADER || !(once >> h->id & 1))
			continue;
		if (!base_span_eq(h->value, m->headers[h->next].value))
			return true;
	}
	return false;
}

/* Request-URI: no headers in it (RFC 3261 19.1.1, table 1). */
static uint32_t
ruri_check(struct sip_message *m)
{
	uint32_t flags = sip_uri_parse(m->ruri_text, &m->ruri) ? 0 : SIP_FLAG_BAD_URI;

	if (m->method == SIP_METHOD_NONE)
		return 0;
	if (m->ruri.headers.len)
		flags |= SIP_FLAG_BAD_START_LINE;
	if (m->ruri.kind == SIP_URI_OTHER)
		flags |= SIP_FLAG_UNKNOWN_SCHEME;
	return flags;
}

/* From and To: all empty where the header is absent. */
static uint32_t
address_decode(const struct sip_message *m, enum sip_header_id id, struct sip_name_addr *out)
{
	const struct sip_header *h = sip_header_find(m, id);
	uint32_t flags = sip_name_addr_check(h ? h->value : (struct base_span){0}, out);

	return h ? flags : 0;
}

/* Headers whose form is checked but that are decoded on demand. */
static uint32_t
extras_check(const struct sip_message *m)
{
	const struct sip_header *h;
	uint32_t flags = 0;

	for (h = sip_header_find(m, SIP_HDR_CONTACT); h; h = sip_header_next(m, h))
		if (!sip_contact_ok(h->value))
			flags |= SIP_FLAG_BAD_CONTACT;
	for (h = sip_header_find(m, SIP_HDR_WARNING); h; h = sip_header_next(m, h))
		if (!sip_warning_ok(h->value))
			flags |= SIP_FLAG_BAD_WARNING;
	h = sip_header_find(m, SIP_HDR_DATE);
	if (h && !sip_date_ok(h->value))
		flags |= SIP_FLAG_BAD_DATE;
	return flags;
}

/* Expected in every message (RFC 3261 8.1.1); Max-Forwards is left out, RFC 2543 had it optional.
 */
static bool
has_mandatory(const struct sip_message *m)
{
	return m->first[SIP_HDR_VIA] != SIP_NO_HEADER && m->first[SIP_HDR_FROM] != SIP_NO_HEADER &&
	       m->first[SIP_HDR_TO] != SIP_NO_HEADER &&
	       m->first[SIP_HDR_CALL_ID] != SIP_NO_HEADER &&
	       m->first[SIP_HDR_CSEQ] != SIP_NO_HEADER;
}

void
sip_decode(struct sip_message *m)
{
	const struct base_span none = {0};
	const struct sip_header *h;
	uint32_t flags = has_mandatory(m) ? 0 : SIP_FLAG_MISSING_HEADER;

	flags |= ruri_check(m);
	flags |= address_decode(m, SIP_HDR_FROM, &m->from);
	flags |= address_decode(m, SIP_HDR_TO, &m->to);
	h = sip_header_find(m, SIP_HDR_VIA);
	if (!sip_via_parse(h ? h->value : none, &m->via) && h)
		flags |= SIP_FLAG_BAD_HEADER;
	h = sip_header_find(m, SIP_HDR_CSEQ);
	if (!cseq_parse(m, h ? h->value : none) && h)
		flags |= SIP_FLAG_BAD_HEADER;
	if (h && m->method != SIP_METHOD_NONE && !base_span_eq(m->cseq_method_text, m->method_text))
		flags |= SIP_FLAG_CSEQ_MISMATCH;
	h = sip_header_find(m, SIP_HDR_CALL_ID);
	m->call_id = h ? h->value : none;
	if (h && !call_id_ok(h->value))
		flags |= SIP_FLAG_BAD_HEADER;
	m->content_type = sip_header_value(m, SIP_HDR_CONTENT_TYPE);
	flags |= extras_check(m);
	m->flags |= flags;
	if (m->flags & SIP_FLAG_REPEATED_HEADER) {
		uint64_t once = ONCE(FROM) | ONCE(TO) | ONCE(CALL_ID) | ONCE(CSEQ) |
				ONCE(CONTENT_LENGTH) | ONCE(CONTENT_TYPE) | ONCE(MAX_FORWARDS) |
				ONCE(EXPIRES) | ONCE(MIN_EXPIRES) | ONCE(SESSION_EXPIRES) |
				ONCE(MIN_SE) | ONCE(RSEQ) | ONCE(RACK) | ONCE(EVENT) |
				ONCE(SUBSCRIPTION_STATE) | ONCE(REFER_TO) | ONCE(REFERRED_BY) |
				ONCE(REPLACES) | ONCE(P_CHARGING_VECTOR) | ONCE(SESSION_ID) |
				ONCE(DATE) | ONCE(SUBJECT) | ONCE(RETRY_AFTER) | ONCE(USER_AGENT) |
				ONCE(SERVER);
		if (!is_repeated(m, once))
			m->flags &= ~(uint32_t)SIP_FLAG_REPEATED_HEADER;
	}
}
