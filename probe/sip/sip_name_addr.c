#include "sip_private.h"

/* *(token LWS): a display name that needs no quotes. */
static bool
display_ok(struct base_span s)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (!sip_is(s.p[i], SIP_CHAR_TOKEN) && !base_is_space(s.p[i]))
			return false;
	return true;
}

/* The '<' of a value without a quoted display name, or NULL where it is an addr-spec: then a '<'
 * stands in a parameter. */
static const uint8_t *
bracket_find(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *open = *p == '<' ? p : sip_find(p, end, '<'), *semi, *colon;

	if (!open || open == p)
		return open;
	semi = sip_find(p, open, ';');
	colon = semi ? sip_find(p, semi, ':') : NULL;
	return colon ? NULL : open;
}

/* addr-spec *( SEMI param ): a '?' in the URI is not allowed (RFC 3261 20.10), every parameter is
 * the header's. */
static uint32_t
addr_spec_split(struct base_span value, struct sip_name_addr *out)
{
	const uint8_t *end = sip_span_end(value), *semi = sip_find(value.p, end, ';');
	struct base_span uri = sip_between(value.p, semi ? semi : end);
	uint32_t flags = 0;

	if (semi) {
		out->params = sip_between(semi + 1, end);
		flags |= out->params.len ? 0 : SIP_FLAG_BAD_HEADER;
	}
	uri = base_span_trim(uri);
	if (!sip_uri_parse(uri, &out->uri) || out->uri.headers.len)
		flags |= SIP_FLAG_BAD_URI;
	return flags;
}

/* What follows '<': URI '>' *( SEMI param ) */
static uint32_t
bracketed_parse(const uint8_t *p, const uint8_t *end, struct sip_name_addr *out)
{
	const uint8_t *close = sip_find(p, end, '>');
	struct base_span text = sip_between(p, close ? close : end), uri = base_span_trim(text);
	uint32_t flags = close ? 0 : SIP_FLAG_BAD_HEADER;

	if (!sip_uri_parse(uri, &out->uri) || uri.len != text.len)
		flags |= SIP_FLAG_BAD_URI;
	if (!close)
		return flags;
	p = sip_skip_space(close + 1, end);
	if (p == end)
		return flags;
	if (*p != ';')
		return flags | SIP_FLAG_BAD_HEADER;
	out->params = sip_between(p + 1, end);
	return flags | (out->params.len ? 0 : SIP_FLAG_BAD_HEADER);
}

static uint32_t
name_addr_split(struct base_span value, struct sip_name_addr *out)
{
	const uint8_t *end = sip_span_end(value), *p = value.p, *open;
	uint32_t flags = 0;

	if (*p == '"') {
		const uint8_t *quote = sip_quote_end(p + 1, end);
		open = quote ? sip_skip_space(quote + 1, end) : NULL;
		if (!open || open == end || *open != '<') {
			flags = SIP_FLAG_BAD_HEADER;
			open = sip_find(quote ? quote : p, end, '<');
		}
		if (!quote)
			quote = open ? open : end;
		out->display = sip_between(p + 1, quote);
		if (flags)
			out->display = base_span_trim(out->display);
		if (open)
			return flags | bracketed_parse(open + 1, end, out);
		sip_uri_parse((struct base_span){0}, &out->uri);
		return flags | SIP_FLAG_BAD_URI;
	}
	open = bracket_find(p, end);
	if (!open)
		return addr_spec_split(value, out);
	out->display = base_span_trim(sip_between(p, open));
	if (!display_ok(out->display))
		flags = SIP_FLAG_BAD_HEADER;
	return flags | bracketed_parse(open + 1, end, out);
}

uint32_t
sip_name_addr_params(struct sip_name_addr *out)
{
	struct base_span rest = out->params;
	struct sip_param param;
	uint32_t flags = 0;

	while (sip_param_next(&rest, &param)) {
		if (!param.ok)
			flags |= SIP_FLAG_BAD_HEADER;
		if (param.name.len == 3 && !out->tag.p &&
			base_span_eq_nocase(param.name, BASE_SPAN("tag")))
			out->tag = param.value;
	}
	return flags;
}

uint32_t
sip_name_addr_check(struct base_span value, struct sip_name_addr *out)
{
	uint32_t flags;

	out->display = out->params = out->tag = (struct base_span){0};
	value = base_span_trim(value);
	if (value.len == 0) {
		sip_uri_parse(value, &out->uri);
		return SIP_FLAG_BAD_HEADER;
	}
	flags = name_addr_split(value, out);
	return flags | sip_name_addr_params(out);
}

bool
sip_name_addr_parse(struct base_span value, struct sip_name_addr *out)
{
	return sip_name_addr_check(value, out) == 0;
}
