#include "sip_private.h"

/* Each '%' is followed by two hexadecimal digits. */
static bool
escapes_ok(struct base_span s)
{
	const uint8_t *end = sip_span_end(s), *p = s.p;

	while ((p = sip_find(p, end, '%'))) {
		if (end - p < 3 || !sip_is(p[1], SIP_CHAR_HEX) || !sip_is(p[2], SIP_CHAR_HEX))
			return false;
		p += 3;
	}
	return true;
}

static bool
span_is(struct base_span s, enum sip_char class)
{
	uint8_t all = (uint8_t) class;

	for (uint32_t i = (uint32_t)(sip_skip_host(s.p, sip_span_end(s)) - s.p); i < s.len; i++)
		all &= sip_chars[s.p[i]];
	return all && escapes_ok(s);
}

/* Each of the parameters has a name. */
static bool
uri_params_ok(struct base_span s)
{
	const uint8_t *p = s.p, *end = sip_span_end(s), *q;
	bool ok = end != p, name = true, escapes = false;

	for (;;) {
		q = sip_skip_host(p, end);
		for (; q < end && sip_is(*q, SIP_CHAR_PARAM) && *q != ';' && *q != '='; q++)
			escapes |= *q == '%';
		ok &= q != p || !name;
		if (q == end)
			return ok && (!escapes || escapes_ok(s));
		if (*q != ';' && *q != '=')
			return false;
		name = *q == ';';
		p = q + 1;
	}
}

/* user [":" password]; the user's own parameters are cut off it. */
static bool
userinfo_parse(struct base_span info, struct sip_uri *uri)
{
	const uint8_t *end = sip_span_end(info), *colon = sip_find(info.p, end, ':'), *semi;
	bool ok = true;

	if (colon) {
		ok = span_is(sip_between(colon + 1, end), SIP_CHAR_USER);
		end = colon;
	}
	uri->user = sip_between(info.p, end);
	ok = ok && uri->user.len && span_is(uri->user, SIP_CHAR_USER);
	semi = sip_find(info.p, end, ';');
	if (semi) {
		uri->user = sip_between(info.p, semi);
		uri->user_params = sip_between(semi + 1, end);
	}
	return ok;
}

/* Takes the host off *p.  An IPv6 reference is taken by its characters: the ABNF of RFC 3261 allows
 * a third colon before an embedded IPv4 address, and receivers should forgive it (RFC 5118 4.10).
 */
static bool
host_take(const uint8_t **p, const uint8_t *end, struct base_span *host)
{
	const uint8_t *start = *p, *q = start;

	if (q < end && *q == '[') {
		for (q++; q < end && (sip_is(*q, SIP_CHAR_HEX) || *q == ':' || *q == '.'); q++)
			;
		bool ok = q < end && *q == ']' && q - start > 2;
		q += q < end && *q == ']';
		*host = sip_between(start, q);
		*p = q;
		return ok;
	}
	q = sip_skip_host(q, end);
	*host = sip_between(start, q);
	*p = q;
	return q != start;
}

/* 1*DIGIT up to 65535. */
static bool
port_take(const uint8_t **p, const uint8_t *end, uint16_t *port)
{
	const uint8_t *q = *p;
	uint32_t v = 0;

	for (; q < end && sip_is_digit(*q); q++)
		v = v > UINT16_MAX ? v : v * 10 + (uint32_t)(*q - '0');
	bool ok = q != *p && v <= UINT16_MAX;
	*p = q;
	*port = ok ? (uint16_t)v : 0;
	return ok;
}

/* The '@' behind the user, or NULL: the last before host, parameters and headers. */
static const uint8_t *
at_find(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = sip_find(p, end, '@');

	for (p = at; p && p < end && *p != ';' && *p != '?'; p++)
		if (*p == '@')
			at = p;
	return at;
}

/* Takes [ userinfo "@" ] off *p. */
static bool
user_take(const uint8_t **p, const uint8_t *end, struct sip_uri *uri)
{
	const uint8_t *start = *p, *q = start, *at;
	bool ok;

	/* The usual user is of host's characters and '+' and has neither password nor parameters.
	 */
	q += q < end && *q == '+';
	q = sip_skip_host(q, end);
	if (q == end)
		return true;
	if (*q == '@' && q != start && !sip_find(q + 1, end, '@')) {
		uri->user = sip_between(start, q);
		*p = q + 1;
		return true;
	}
	at = at_find(start, end);
	if (!at)
		return true;
	ok = userinfo_parse(sip_between(start, at), uri);
	*p = at + 1;
	return ok;
}

/* [ userinfo "@" ] hostport uri-parameters [ headers ] */
static bool
sip_body_parse(const uint8_t *p, const uint8_t *end, struct sip_uri *uri)
{
	bool ok = user_take(&p, end, uri);
	const uint8_t *q;

	ok &= host_take(&p, end, &uri->host);
	if (p < end && *p == ':') {
		p++;
		ok &= port_take(&p, end, &uri->port);
	}
	if (p < end && *p != ';' && *p != '?') {
		ok = false;
		while (p < end && *p != ';' && *p != '?')
			p++;
	}
	if (p < end && *p == ';') {
		q = sip_find(p, end, '?');
		uri->params = sip_between(p + 1, q ? q : end);
		ok &= uri_params_ok(uri->params);
		p = q ? q : end;
	}
	if (p < end) {
		uri->headers = sip_between(p + 1, end);
		ok &= uri->headers.len && span_is(uri->headers, SIP_CHAR_HEADER);
	}
	return ok;
}

/* telephone-subscriber (RFC 3966 3): digits, hexadecimal ones of local numbers, '*', '#' and visual
 * separators. */
static bool
tel_parse(const uint8_t *p, const uint8_t *end, struct sip_uri *uri)
{
	const uint8_t *semi = sip_find(p, end, ';'), *number_end = semi ? semi : end;
	bool ok = number_end != p;

	uri->user = sip_between(p, number_end);
	for (; p < number_end; p++)
		ok &= sip_is(*p, SIP_CHAR_HEX) || *p == '+' || *p == '*' || *p == '#' ||
		      *p == '-' || *p == '.' || *p == '(' || *p == ')' || *p == '%';
	if (semi) {
		uri->params = sip_between(semi + 1, end);
		ok &= uri_params_ok(uri->params);
	}
	return ok;
}

/* A URI of another scheme: visible characters, none that delimit URIs. */
static bool
opaque_ok(const uint8_t *p, const uint8_t *end)
{
	bool ok = p != end;

	for (; p < end; p++)
		ok &= *p > 0x20 && *p < 0x7f && *p != '<' && *p != '>' && *p != '"';
	return ok;
}

static enum sip_uri_kind
kind_of(struct base_span scheme)
{
	if (scheme.len == 3 && base_span_eq_nocase(scheme, BASE_SPAN("sip")))
		return SIP_URI_SIP;
	if (scheme.len == 4 && base_span_eq_nocase(scheme, BASE_SPAN("sips")))
		return SIP_URI_SIPS;
	if (scheme.len == 3 && base_span_eq_nocase(scheme, BASE_SPAN("tel")))
		return SIP_URI_TEL;
	return SIP_URI_OTHER;
}

bool
sip_uri_parse(struct base_span text, struct sip_uri *uri)
{
	memset(uri, 0, sizeof(*uri));
	uri->text = text;
	if (text.len == 0)
		return false;

	const uint8_t *end = sip_span_end(text), *colon;

	if (base_likely(text.len > 4 && memcmp(text.p, "sip:", 4) == 0)) {
		uri->scheme = sip_between(text.p, text.p + 3);
		uri->kind = SIP_URI_SIP;
		return sip_body_parse(text.p + 4, end, uri);
	}
	colon = sip_skip_class(text.p, end, SIP_CHAR_SCHEME);
	if (colon == end || *colon != ':' || colon == text.p) {
		sip_body_parse(text.p, end, uri);
		return false;
	}
	uri->scheme = sip_between(text.p, colon);
	uri->kind = (uint8_t)kind_of(uri->scheme);
	switch (uri->kind) {
	case SIP_URI_TEL: return tel_parse(colon + 1, end, uri);
	case SIP_URI_OTHER: return opaque_ok(colon + 1, end) && !sip_is_digit(text.p[0]);
	default: return sip_body_parse(colon + 1, end, uri);
	}
}

/* sent-by = host [ COLON port ], white space allowed around the colon */
static bool
sent_by_parse(const uint8_t **p, const uint8_t *end, struct sip_via *out)
{
	bool ok = host_take(p, end, &out->host);

	*p = sip_skip_space(*p, end);
	if (*p < end && **p == ':') {
		*p = sip_skip_space(*p + 1, end);
		ok &= port_take(p, end, &out->port);
		*p = sip_skip_space(*p, end);
	}
	return ok;
}

bool
sip_via_params(struct sip_via *out)
{
	struct base_span rest = out->params;
	struct sip_param param;
	uint32_t v;
	bool ok = true;

	while (sip_param_next(&rest, &param)) {
		ok &= param.ok;
		if (param.name.len == 6 && base_span_eq_nocase(param.name, BASE_SPAN("branch")))
			out->branch = param.value;
		else if (param.name.len == 8 &&
			 base_span_eq_nocase(param.name, BASE_SPAN("received")))
			out->received = param.value;
		else if (param.name.len == 5 &&
			 base_span_eq_nocase(param.name, BASE_SPAN("rport")) &&
			 sip_length_parse(param.value, &v) && v <= UINT16_MAX)
			out->rport = (uint16_t)v;
	}
	return ok;
}

/* "/" token, white space around both: false where it is not there. */
static bool
slash_token_take(const uint8_t **p, const uint8_t *end, struct base_span *token)
{
	const uint8_t *q = sip_skip_space(*p, end), *start;

	if (q == end || *q != '/')
		return false;
	start = sip_skip_space(q + 1, end);
	q = sip_skip_class(start, end, SIP_CHAR_TOKEN);
	*token = sip_between(start, q);
	*p = q;
	return q != start;
}

/* Takes sent-protocol = protocol-name SLASH protocol-version SLASH transport off *p. */
static bool
sent_protocol_take(const uint8_t **p, const uint8_t *end, struct base_span *transport)
{
	struct base_span version;
	const uint8_t *start = *p;

	if (base_likely(end - start > 8 && memcmp(start, "SIP/2.0/", 8) == 0 &&
			sip_is(start[8], SIP_CHAR_TOKEN))) {
		*p = sip_skip_class(start + 8, end, SIP_CHAR_TOKEN);
		*transport = sip_between(start + 8, *p);
		return true;
	}
	*p = sip_skip_class(start, end, SIP_CHAR_TOKEN);
	return *p != start && slash_token_take(p, end, &version) &&
	       slash_token_take(p, end, transport);
}

/* The first element of a Via value: sent-protocol LWS sent-by *( SEMI via-params ) */
bool
sip_via_parse(struct base_span value, struct sip_via *out)
{
	const uint8_t *p, *end, *q;
	bool ok = true;

	memset(out, 0, sizeof(*out));
	if (value.len && sip_find(value.p, sip_span_end(value), ',')) {
		struct base_span rest = value;
		if (!sip_value_next(&rest, &value))
			return false;
	}
	value = base_span_trim(value);
	if (value.len == 0)
		return false;
	p = value.p;
	end = sip_span_end(value);
	if (!sent_protocol_take(&p, end, &out->transport))
		return false;
	q = sip_skip_space(p, end);
	ok &= q != p;
	p = q;
	ok &= sent_by_parse(&p, end, out);
	if (p == end)
		return ok;
	if (*p != ';')
		return false;
	out->params = sip_between(p + 1, end);
	return sip_via_params(out) && out->params.len && ok;
}
