#include "sip_wide.h"

/* Headers that may stand once in a message (RFC 3261 7.3.1, table 2, and the RFCs of the later
 * ones). */
#define ONCE(id) (1ull << SIP_HDR_##id)
_Static_assert(SIP_HDR_COUNT <= 64, "a bit each");

/* CSeq = 1*DIGIT LWS Method; the number is below 2**31 (RFC 3261 8.1.1.5). */
static uint32_t
cseq_decode(struct sip_message *m)
{
	struct base_span value = sip_header_value(m, SIP_HDR_CSEQ);
	uint32_t empty = m->first[SIP_HDR_CSEQ] == SIP_NO_HEADER ? 0 : SIP_FLAG_BAD_HEADER;
	uint32_t mismatch = empty && m->method != SIP_METHOD_NONE ? SIP_FLAG_CSEQ_MISMATCH : 0;

	m->cseq = 0;
	m->cseq_method = SIP_METHOD_NONE;
	m->cseq_method_text = (struct base_span){0};
	if (value.len == 0)
		return empty | mismatch;

	const uint8_t *end = sip_span_end(value), *p = value.p, *digits_end;
	uint64_t v = 0;
	bool ok;

	for (; p < end && sip_is_digit(*p) && v <= UINT32_MAX; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	digits_end = sip_skip_digits(p, end);
	m->cseq = v <= UINT32_MAX ? (uint32_t)v : 0;
	ok = digits_end != value.p && v <= INT32_MAX;
	p = sip_skip_space(digits_end, end);
	ok &= p != digits_end;
	m->cseq_method_text = sip_between(p, end);
	if (m->method != SIP_METHOD_NONE && base_span_eq(m->cseq_method_text, m->method_text)) {
		m->cseq_method = m->method;
		return ok ? 0 : SIP_FLAG_BAD_HEADER;
	}
	m->cseq_method = (uint8_t)sip_method_of(m->cseq_method_text);
	ok = ok && p != end && sip_skip_class(p, end, SIP_CHAR_TOKEN) == end;
	return (ok ? 0 : SIP_FLAG_BAD_HEADER) | mismatch;
}

/* A CSeq of the usual form, up to 7 digits, a space and the method of the request or, in a
 * response, any that is known, with room behind it.  False: take the long way, which gives the
 * same. */
static inline bool
cseq_take(struct sip_message *m, struct base_span value)
{
	const uint8_t *p = value.p;
	uint32_t n = sip_digits8(p), len = value.len - n - 1, method, v = 0;

	if (base_unlikely(n - 1 > 6 || p[n] != ' ' || len - 3 > 5))
		return false;
	for (uint32_t i = 0; i < n; i++)
		v = v * 10 + (uint32_t)(p[i] - '0');
	p += n + 1;
	if (m->method == SIP_METHOD_NONE)
		method = sip_method_usual(p, len);
	else if (len == m->method_text.len && sip_same_short(p, m->method_text.p, len))
		method = m->method;
	else
		return false;
	if (method == SIP_METHOD_OTHER)
		return false;
	m->cseq = v;
	m->cseq_method = (uint8_t)method;
	m->cseq_method_text = base_span_of(p, len);
	return true;
}

/* The known headers that stand more than once, of those that may not, with values that differ. */
static bool SIP_SLOW_CODE
is_repeated(const struct sip_message *m)
{
	uint64_t once = ONCE(FROM) | ONCE(TO) | ONCE(CALL_ID) | ONCE(CSEQ) | ONCE(CONTENT_LENGTH) |
			ONCE(CONTENT_TYPE) | ONCE(MAX_FORWARDS) | ONCE(EXPIRES) |
			ONCE(MIN_EXPIRES) | ONCE(SESSION_EXPIRES) | ONCE(MIN_SE) | ONCE(RSEQ) |
			ONCE(RACK) | ONCE(EVENT) | ONCE(SUBSCRIPTION_STATE) | ONCE(REFER_TO) |
			ONCE(REFERRED_BY) | ONCE(REPLACES) | ONCE(P_CHARGING_VECTOR) |
			ONCE(SESSION_ID) | ONCE(DATE) | ONCE(SUBJECT) | ONCE(RETRY_AFTER) |
			ONCE(USER_AGENT) | ONCE(SERVER);

	for (uint32_t i = 0; i < m->n_headers; i++) {
		const struct sip_header *h = &m->headers[i];
		if (h->id == SIP_HDR_OTHER || h->next == SIP_NO_HEADER || !(once >> h->id & 1))
			continue;
		if (!base_span_eq(h->value, m->headers[h->next].value))
			return true;
	}
	return false;
}

/* Expected in every message (RFC 3261 8.1.1); Max-Forwards is left out, RFC 2543 had it optional.
 * No index of a header has the upper bit that SIP_NO_HEADER has. */
static bool
has_mandatory(const struct sip_message *m)
{
	return !((m->first[SIP_HDR_VIA] | m->first[SIP_HDR_FROM] | m->first[SIP_HDR_TO] |
			 m->first[SIP_HDR_CALL_ID] | m->first[SIP_HDR_CSEQ]) &
		 0x80);
}
_Static_assert(SIP_NO_HEADER & 0x80 && SIP_HEADERS_MAX <= 0x80, "told by the upper bit");

/* The tag of a From or To value of the usual form, [display] <URI> [;tag=value ...], with room
 * behind it.  False: take the long way, which gives the same. */
SIP_TWIN bool
tag_take(struct base_span value, struct base_span *tag, bool wide)
{
	const uint8_t *p = value.p, *end = p + value.len, *q;

	if (*p == '"') {
		q = sip_find_twin(p + 1, end, '"', '\\', wide);
		if (base_unlikely(!q || *q == '\\'))
			return false;
		p = q + 1 + (q[1] == ' ');
	} else {
		while (*p != '<' && p < end && (sip_is(*p, SIP_CHAR_TOKEN) || *p == ' '))
			p++;
	}
	if (base_unlikely(*p != '<'))
		return false;
	q = sip_find_twin(p + 1, end, '>', '>', wide);
	if (base_unlikely(!q))
		return false;
	p = ++q;
	if (p != end) {
		if (base_unlikely(memcmp(p, ";tag=", 5) != 0))
			return false;
		p += 5;
		q = sip_skip_twin(p, SIP_CHAR_VALUE, wide);
		if (base_unlikely(q == p || (q != end && *q != ';')))
			return false;
	}
	*tag = sip_between(p, q);
	return true;
}

/* Behind the host at p, or p where there is none. */
SIP_TWIN const uint8_t *
host_skip(const uint8_t *p, bool wide)
{
	const uint8_t *q = p;

	if (*q != '[')
		return sip_skip_twin(p, SIP_CHAR_HOST, wide);
	for (q++; sip_is(*q, SIP_CHAR_HEX) || *q == ':' || *q == '.'; q++)
		;
	return *q == ']' && q - p > 1 ? q + 1 : p;
}

/* The branch of ;name[=value] parameters without quotes and white space, the last one. */
static bool
branch_of_params(const uint8_t *p, const uint8_t *end, struct base_span *branch)
{
	struct base_span name;
	const uint8_t *q;

	while (p < end) {
		if (*p != ';')
			return false;
		q = sip_skip_class(p + 1, end, SIP_CHAR_TOKEN);
		name = sip_between(p + 1, q);
		p = q;
		if (p < end && *p == '=')
			q = sip_skip_class(++p, end, SIP_CHAR_VALUE);
		if (name.len == 0 || (q == p && p[-1] == '='))
			return false;
		if (name.len == 6 && base_span_eq_nocase(name, BASE_SPAN("branch")))
			*branch = sip_between(p, q);
		p = q;
	}
	return true;
}

/* The branch of a Via value of the usual form, one element SIP/2.0/token host[:port];params without
 * a quote, with room behind it.  False: take the long way, which gives the same. */
SIP_TWIN bool
branch_take(struct base_span value, struct base_span *branch, bool wide)
{
	const uint8_t *p = value.p, *end = p + value.len, *q;

	if (base_unlikely(memcmp(p, "SIP/2.0/", 8) != 0))
		return false;
	p += 8;
	q = memcmp(p, "UDP ", 4) == 0 ? p + 3 : sip_skip_twin(p, SIP_CHAR_TOKEN, wide);
	if (base_unlikely(*q != ' ' || q == p))
		return false;
	p = q + 1;
	q = host_skip(p, wide);
	if (base_unlikely(q == p))
		return false;
	if (*q == ':')
		q += 1 + sip_digits8(q + 1);
	if (base_unlikely(q >= end))
		return false;
	*branch = base_span_of(q, 0);
	if (base_likely(memcmp(q, ";branch=", 8) == 0)) {
		p = q + 8;
		q = sip_skip_twin(p, SIP_CHAR_VALUE, wide);
		if (base_unlikely(q == p))
			return false;
		*branch = sip_between(p, q);
		if (base_likely(end - q == 6 && memcmp(q, ";rport", 6) == 0))
			return true;
	}
	return branch_of_params(q, end, branch);
}

/* The value of a header that is there. */
static inline struct base_span
value_of(const struct sip_message *m, enum sip_header_id id)
{
	return m->headers[m->first[id]].value;
}

/* Tags, branch and CSeq by the short way, of a message that has the headers: those of enum
 * sip_taken that were found so. */
#define TAKEN_ALL (SIP_TAKEN_FROM | SIP_TAKEN_TO | SIP_TAKEN_VIA | SIP_TAKEN_CSEQ)
SIP_TWIN uint32_t
usual_take(struct sip_message *m, bool wide)
{
	struct base_span from = value_of(m, SIP_HDR_FROM), to = value_of(m, SIP_HDR_TO),
			 via = value_of(m, SIP_HDR_VIA), cseq = value_of(m, SIP_HDR_CSEQ);
	const uint8_t *room = m->start + m->len - SIP_ROOM; /* behind it there is less */
	uint32_t taken = 0;

	m->from.value = from;
	m->to.value = to;
	m->via.value = via;
	if (base_likely(from.p + from.len <= room) && tag_take(from, &m->from.tag, wide))
		taken |= SIP_TAKEN_FROM;
	if (base_likely(to.p + to.len <= room) && tag_take(to, &m->to.tag, wide))
		taken |= SIP_TAKEN_TO;
	if (base_likely(via.p + via.len <= room) && branch_take(via, &m->via.branch, wide))
		taken |= SIP_TAKEN_VIA;
	if (base_likely(cseq.p + cseq.len <= room) && cseq_take(m, cseq))
		taken |= SIP_TAKEN_CSEQ;
	return taken;
}

/* The long way for what is not taken. */
static uint32_t SIP_SLOW_CODE
others_take(struct sip_message *m, uint32_t taken)
{
	struct sip_name_addr party;
	struct sip_via hop;

	if (!(taken & SIP_TAKEN_FROM)) {
		m->from.value = sip_header_value(m, SIP_HDR_FROM);
		sip_name_addr_check(m->from.value, &party);
		m->from.tag = party.tag;
	}
	if (!(taken & SIP_TAKEN_TO)) {
		m->to.value = sip_header_value(m, SIP_HDR_TO);
		sip_name_addr_check(m->to.value, &party);
		m->to.tag = party.tag;
	}
	if (!(taken & SIP_TAKEN_VIA)) {
		m->via.value = sip_header_value(m, SIP_HDR_VIA);
		sip_via_parse(m->via.value, &hop);
		m->via.branch = hop.branch;
	}
	return taken & SIP_TAKEN_CSEQ ? 0 : cseq_decode(m);
}

SIP_TWIN void
decode(struct sip_message *m, enum sip_way way)
{
	bool whole = has_mandatory(m);
	uint32_t taken = 0;

	if (way != SIP_WAY_LONG && base_likely(whole && m->len >= SIP_ROOM))
		taken = usual_take(m, way == SIP_WAY_WIDE);
	if (base_unlikely(taken != TAKEN_ALL))
		m->flags |= others_take(m, taken) | (whole ? 0 : SIP_FLAG_MISSING_HEADER);
	m->call_id = sip_header_value(m, SIP_HDR_CALL_ID);
	m->content_type = sip_header_value(m, SIP_HDR_CONTENT_TYPE);
	if (base_unlikely(m->flags & SIP_FLAG_REPEATED_HEADER) && !is_repeated(m))
		m->flags &= ~(uint32_t)SIP_FLAG_REPEATED_HEADER;
}

void SIP_WIDE_CODE
sip_decode_wide(struct sip_message *m)
{
	decode(m, SIP_WAY_WIDE);
}

void SIP_NARROW_CODE
sip_decode_narrow(struct sip_message *m)
{
	decode(m, SIP_WAY_NARROW);
}

void SIP_SLOW_CODE
sip_decode_long(struct sip_message *m)
{
	decode(m, SIP_WAY_LONG);
}
