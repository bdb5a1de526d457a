#include "sip_wide.h"

static bool
call_id_ok(struct base_span s)
{
	uint8_t bad = s.len == 0;

	for (uint32_t i = 0; i < s.len; i++)
		bad |= s.p[i] <= 0x20;
	return !bad;
}

/* Request-URI: no headers in it (RFC 3261 19.1.1, table 1). */
static uint32_t
ruri_check(const struct sip_message *m, struct sip_uri *ruri)
{
	uint32_t flags = sip_uri_parse(m->ruri_text, ruri) ? 0 : SIP_FLAG_BAD_URI;

	if (m->method == SIP_METHOD_NONE)
		return 0;
	if (ruri->headers.len)
		flags |= SIP_FLAG_BAD_START_LINE;
	if (ruri->kind == SIP_URI_OTHER)
		flags |= SIP_FLAG_UNKNOWN_SCHEME;
	return flags;
}

/* From and To: all empty where the header is absent. */
static uint32_t
address_decode(const struct sip_message *m, enum sip_header_id id, struct sip_name_addr *out)
{
	uint32_t flags = sip_name_addr_check(sip_header_value(m, id), out);

	return sip_header_find(m, id) ? flags : 0;
}

static uint32_t
contacts_check(const struct sip_message *m)
{
	const struct sip_header *h;
	uint32_t flags = 0;

	for (h = sip_header_find(m, SIP_HDR_CONTACT); h; h = sip_header_next(m, h))
		if (!sip_contact_ok(h->value))
			flags |= SIP_FLAG_BAD_CONTACT;
	return flags;
}

/* Other headers whose form is checked but that are decoded on demand. */
static uint32_t
extras_check(const struct sip_message *m)
{
	const struct sip_header *h;
	uint32_t flags = 0;

	for (h = sip_header_find(m, SIP_HDR_WARNING); h; h = sip_header_next(m, h))
		if (!sip_warning_ok(h->value))
			flags |= SIP_FLAG_BAD_WARNING;
	h = sip_header_find(m, SIP_HDR_DATE);
	if (h && !sip_date_ok(h->value))
		flags |= SIP_FLAG_BAD_DATE;
	return flags;
}

void
sip_details_parse_as(const struct sip_message *m, struct sip_details *out, enum sip_way way)
{
	uint32_t taken = way == SIP_WAY_LONG ? 0 : sip_details_take(m, out, way);
	uint32_t flags = m->flags;

	if (!(taken & SIP_TAKEN_RURI))
		flags |= ruri_check(m, &out->ruri);
	if (!(taken & SIP_TAKEN_FROM))
		flags |= address_decode(m, SIP_HDR_FROM, &out->from);
	if (!(taken & SIP_TAKEN_TO))
		flags |= address_decode(m, SIP_HDR_TO, &out->to);
	if (!(taken & SIP_TAKEN_VIA) && !sip_via_parse(m->via.value, &out->via) &&
		sip_header_find(m, SIP_HDR_VIA))
		flags |= SIP_FLAG_BAD_HEADER;
	if (!(taken & SIP_TAKEN_CALL_ID) && sip_header_find(m, SIP_HDR_CALL_ID) &&
		!call_id_ok(m->call_id))
		flags |= SIP_FLAG_BAD_HEADER;
	if (!(taken & SIP_TAKEN_CONTACT))
		flags |= contacts_check(m);
	out->flags = flags | extras_check(m);
}

void
sip_details_parse(const struct sip_message *m, struct sip_details *out)
{
	sip_details_parse_as(m, out, sip_way_here());
}
