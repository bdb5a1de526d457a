#include "sip_wide.h"

/* A port of usual form at p, behind a colon: what stands behind it, or NULL. */
static inline const uint8_t *
port_take(const uint8_t *p, uint16_t *port)
{
	uint32_t n = sip_digits8(p), v = n - 1 < 5 ? sip_number8(p + n, n) : UINT32_MAX;

	*port = (uint16_t)v;
	return v <= UINT16_MAX ? p + n : NULL;
}

/* The parameters at p, a ';', are name[=value], one behind another up to end,
 * and of the simplest characters. */
SIP_TWIN bool
uri_params_are_usual(const uint8_t *p, const uint8_t *end, bool wide)
{
	const uint8_t *q;

	if (end - p == 11 && memcmp(p, ";user=phone", 11) == 0)
		return true;
	for (;; p = q) {
		q = sip_skip_twin(p + 1, SIP_CHAR_HOST, wide);
		if (q == p + 1 && *p == ';')
			return false;
		if (q == end || (*q != ';' && *q != '='))
			return q == end;
	}
}

/* [user@]host[:port] at p, without password and escapes: what stands behind it, or NULL. */
SIP_TWIN const uint8_t *
authority_take(const uint8_t *p, struct sip_authority *out, bool wide)
{
	const uint8_t *q = sip_skip_twin(p + (*p == '+'), SIP_CHAR_HOST, wide);

	*out = (struct sip_authority){.port = 0};
	if (*q == '@' && q != p) {
		out->user = sip_between(p, q);
		p = q + 1;
		q = sip_skip_twin(p, SIP_CHAR_HOST, wide);
	}
	if (q == p || *p == '+')
		return NULL;
	out->host = sip_between(p, q);
	return *q == ':' ? port_take(q + 1, &out->port) : q;
}

/* sip:authority[;parameters], without headers. */
SIP_TWIN bool
uri_take(struct base_span text, struct sip_uri *uri, bool wide)
{
	const uint8_t *p = text.p, *end = sip_span_end(text), *q;
	struct sip_authority at;

	if (memcmp(p, "sip:", 4) != 0 || (*end > ' ' && *end != '>'))
		return false;
	q = authority_take(p + 4, &at, wide);
	if (!q)
		return false;
	*uri = (struct sip_uri){.text = text,
		.scheme = sip_between(p, p + 3),
		.user = at.user,
		.host = at.host,
		.port = at.port,
		.kind = SIP_URI_SIP};
	if (q >= end)
		return q == end;
	uri->params = sip_between(q + 1, end);
	return *q == ';' && uri_params_are_usual(q, end, wide);
}

static bool SIP_WIDE_PART
uri_take_wide(struct base_span text, struct sip_uri *uri)
{
	return uri_take(text, uri, true);
}

static bool SIP_NARROW_CODE
uri_take_narrow(struct base_span text, struct sip_uri *uri)
{
	return uri_take(text, uri, false);
}

SIP_TWIN bool
uri_take_by(struct base_span text, struct sip_uri *uri, bool wide)
{
	return wide ? uri_take_wide(text, uri) : uri_take_narrow(text, uri);
}

/* The '<' behind the display name of a value, which is set; or NULL. */
SIP_TWIN const uint8_t *
display_take(struct base_span value, struct base_span *display, bool wide)
{
	const uint8_t *p = value.p, *end = sip_span_end(value), *q;

	if (*p == '"') {
		q = sip_find_twin(p + 1, end, '"', '\\', wide);
		if (!q || *q == '\\')
			return NULL;
		*display = sip_between(p + 1, q);
		q += 1 + (q[1] == ' ');
	} else {
		for (q = p; q < end && (sip_is(*q, SIP_CHAR_TOKEN) || *q == ' '); q++)
			;
		*display = base_span_trim(sip_between(p, q));
	}
	return q < end && *q == '<' ? q : NULL;
}

/* [display] <URI> [;parameters] */
SIP_TWIN bool
name_addr_take(struct base_span value, struct sip_name_addr *out, bool wide)
{
	const uint8_t *end = sip_span_end(value), *p = display_take(value, &out->display, wide), *q;

	q = p ? sip_find_twin(p, end, '>', '>', wide) : NULL;
	out->params = out->tag = (struct base_span){0};
	if (!q || !uri_take_by(sip_between(p + 1, q), &out->uri, wide))
		return false;
	p = q + 1;
	if (p == end)
		return true;
	out->params = sip_between(p + 1, end);
	if (memcmp(p, ";tag=", 5) == 0) {
		q = sip_skip_twin(p + 5, SIP_CHAR_VALUE, wide);
		out->tag = sip_between(p + 5, q);
		if (q == end && q != p + 5)
			return true;
		out->tag = (struct base_span){0};
	}
	return *p == ';' && out->params.len && sip_name_addr_params(out) == 0;
}

static bool SIP_WIDE_PART
name_addr_take_wide(struct base_span value, struct sip_name_addr *out)
{
	return name_addr_take(value, out, true);
}

static bool SIP_NARROW_CODE
name_addr_take_narrow(struct base_span value, struct sip_name_addr *out)
{
	return name_addr_take(value, out, false);
}

SIP_TWIN bool
name_addr_take_by(struct base_span value, struct sip_name_addr *out, bool wide)
{
	return wide ? name_addr_take_wide(value, out) : name_addr_take_narrow(value, out);
}

/* The one element SIP/2.0/transport host[:port][;parameters] */
SIP_TWIN bool
via_take(struct base_span value, struct sip_via *out, bool wide)
{
	const uint8_t *p = value.p, *end = sip_span_end(value), *q;

	if (memcmp(p, "SIP/2.0/", 8) != 0)
		return false;
	*out = (struct sip_via){0};
	q = sip_skip_twin(p + 8, SIP_CHAR_TOKEN, wide);
	out->transport = sip_between(p + 8, q);
	if (out->transport.len == 0 || *q != ' ')
		return false;
	p = q + 1;
	q = sip_skip_twin(p, SIP_CHAR_HOST, wide);
	out->host = sip_between(p, q);
	if (out->host.len == 0)
		return false;
	if (*q == ':') {
		q = port_take(q + 1, &out->port);
		if (!q)
			return false;
	}
	if (q >= end)
		return q == end;
	if (*q != ';')
		return false;
	out->params = sip_between(q + 1, end);
	if (memcmp(q, ";branch=", 8) == 0) {
		p = sip_skip_twin(q + 8, SIP_CHAR_VALUE, wide);
		out->branch = sip_between(q + 8, p);
		if (p != q + 8 && end - p == 6 && memcmp(p, ";rport", 6) == 0)
			return true;
		out->branch = (struct base_span){0};
	}
	return out->params.len && !sip_find(q, end, ',') && sip_via_params(out);
}

/* No white space and no control character within; 64 bytes behind it may be
 * read. */
SIP_TWIN bool
is_word(struct base_span value, bool wide)
{
	const uint8_t *p = value.p, *end = sip_span_end(value);

	for (; end - p > 64; p += 64)
		if (sip_up_to_twin(p, ' ', wide))
			return false;
	return !(sip_up_to_twin(p, ' ', wide) << (64 - (end - p)));
}

/* <sip:authority[;parameters]> */
SIP_TWIN bool
bare_uri_take(const struct sip_message *m, struct base_span value, struct sip_authority *out,
	bool wide)
{
	const uint8_t *p = value.p, *last = sip_span_end(value), *q;

	if (!sip_has_room(m, value, SIP_ROOM) || memcmp(p, "<sip:", 5) != 0 || *--last != '>')
		return false;
	q = authority_take(p + 5, out, wide);
	return q == last || (q && *q == ';' && uri_params_are_usual(q, last, wide));
}

static bool SIP_WIDE_CODE
bare_uri_take_wide(
	const struct sip_message *m, struct base_span value, struct sip_authority *out)
{
	return bare_uri_take(m, value, out, true);
}

static bool SIP_NARROW_CODE
bare_uri_take_narrow(
	const struct sip_message *m, struct base_span value, struct sip_authority *out)
{
	return bare_uri_take(m, value, out, false);
}

bool
sip_bare_uri_in(const struct sip_message *m, struct base_span value, struct sip_authority *out)
{
	return sip_is_wide() ? bare_uri_take_wide(m, value, out)
			     : bare_uri_take_narrow(m, value, out);
}

/* The only Contact, of one element. */
SIP_TWIN bool
contact_take(const struct sip_message *m, bool wide)
{
	const struct sip_header *h = sip_header_find(m, SIP_HDR_CONTACT);
	struct sip_name_addr contact;
	struct sip_authority at;

	if (!h)
		return true;
	if (h->next != SIP_NO_HEADER || !sip_has_room(m, h->value, SIP_ROOM))
		return false;
	if (wide ? bare_uri_take_wide(m, h->value, &at)
		 : bare_uri_take_narrow(m, h->value, &at))
		return true;
	if (!name_addr_take_by(h->value, &contact, wide))
		return false;
	return !contact.params.len || !sip_find(contact.params.p, sip_span_end(h->value), ',');
}

SIP_TWIN uint32_t
details_take(const struct sip_message *m, struct sip_details *out, bool wide)
{
	uint32_t taken = 0;

	if (sip_has_room(m, m->ruri_text, SIP_ROOM) &&
		uri_take_by(m->ruri_text, &out->ruri, wide))
		taken |= SIP_TAKEN_RURI;
	if (sip_has_room(m, m->from.value, SIP_ROOM) &&
		name_addr_take_by(m->from.value, &out->from, wide))
		taken |= SIP_TAKEN_FROM;
	if (sip_has_room(m, m->to.value, SIP_ROOM) &&
		name_addr_take_by(m->to.value, &out->to, wide))
		taken |= SIP_TAKEN_TO;
	if (sip_has_room(m, m->via.value, SIP_ROOM) && via_take(m->via.value, &out->via, wide))
		taken |= SIP_TAKEN_VIA;
	if (sip_has_room(m, m->call_id, 64) && is_word(m->call_id, wide))
		taken |= SIP_TAKEN_CALL_ID;
	return contact_take(m, wide) ? taken | SIP_TAKEN_CONTACT : taken;
}

static uint32_t SIP_WIDE_CODE
details_take_wide(const struct sip_message *m, struct sip_details *out)
{
	return details_take(m, out, true);
}

static uint32_t SIP_NARROW_CODE
details_take_narrow(const struct sip_message *m, struct sip_details *out)
{
	return details_take(m, out, false);
}

uint32_t
sip_details_take(const struct sip_message *m, struct sip_details *out, enum sip_way way)
{
	return way == SIP_WAY_WIDE ? details_take_wide(m, out) : details_take_narrow(m, out);
}

bool
sip_uri_parse_in(const struct sip_message *m, struct base_span text, struct sip_uri *uri)
{
	bool taken = sip_has_room(m, text, SIP_ROOM) && uri_take_by(text, uri, sip_is_wide());

	return taken || sip_uri_parse(text, uri);
}

/* No run of characters goes on over the end of a value: behind a header's
 * stands white space, behind an element a comma. */
static bool
ends_here(struct base_span value)
{
	uint8_t c = *sip_span_end(value);

	return c <= ' ' || c == ',';
}

bool
sip_name_addr_parse_in(
	const struct sip_message *m, struct base_span value, struct sip_name_addr *out)
{
	value = sip_trim(value);
	bool taken = sip_has_room(m, value, SIP_ROOM) && ends_here(value) &&
		     name_addr_take_by(value, out, sip_is_wide());

	return taken || sip_name_addr_parse(value, out);
}
