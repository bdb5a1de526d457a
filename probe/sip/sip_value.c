#include "sip_private.h"

const uint8_t *
sip_quote_end(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++) {
		if (*p == '"')
			return p;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* The first c of [p, end) outside quotes, or end.  An open quote goes to the end. */
static const uint8_t *
unquoted_find(const uint8_t *p, const uint8_t *end, uint8_t c)
{
	for (; p < end && *p != c; p++) {
		if (*p == '"') {
			p = sip_quote_end(p + 1, end);
			if (!p)
				return end;
		}
	}
	return p;
}

/* The comma that ends the element at p, or end.  An open quote or bracket goes to the end. */
static const uint8_t *
element_end(const uint8_t *p, const uint8_t *end)
{
	for (; p < end && *p != ','; p++) {
		if (*p == '"')
			p = sip_quote_end(p + 1, end);
		else if (*p == '<')
			p = sip_find(p, end, '>');
		if (!p)
			return end;
	}
	return p;
}

/* Empty elements are passed over. */
bool
sip_value_next(struct base_span *rest, struct base_span *element)
{
	while (rest->len) {
		const uint8_t *end = sip_span_end(*rest), *comma = element_end(rest->p, end);

		*element = base_span_trim(sip_between(rest->p, comma));
		*rest = comma < end ? sip_between(comma + 1, end) : base_span_of(end, 0);
		if (element->len)
			return true;
	}
	return false;
}

/* generic-param = token [ EQUAL gen-value ] (RFC 3261 25.1) */
bool
sip_param_next(struct base_span *rest, struct sip_param *param)
{
	if (rest->len == 0)
		return false;

	const uint8_t *end = sip_span_end(*rest), *p = sip_skip_space(rest->p, end), *q;

	q = sip_skip_class(p, end, SIP_CHAR_TOKEN);
	param->name = sip_between(p, q);
	param->value = base_span_of(q, 0);
	param->ok = q != p;
	p = sip_skip_space(q, end);
	if (p < end && *p == '=') {
		p = sip_skip_space(p + 1, end);
		if (p < end && *p == '"') {
			q = sip_quote_end(p + 1, end);
			param->ok = param->ok && q;
			param->value = sip_between(p + 1, q ? q : end);
			p = q ? q + 1 : end;
		} else {
			q = sip_skip_class(p, end, SIP_CHAR_VALUE);
			param->ok = param->ok && q != p;
			param->value = sip_between(p, q);
			p = q;
		}
		p = sip_skip_space(p, end);
	}
	if (p < end && *p != ';') {
		param->ok = false;
		p = unquoted_find(p, end, ';');
	}
	if (p < end && ++p == end)
		param->ok = false;
	*rest = sip_between(p, end);
	return true;
}

bool
sip_param_find(struct base_span params, struct base_span name, struct base_span *value)
{
	struct sip_param param;

	while (sip_param_next(&params, &param)) {
		if (!base_span_eq_nocase(param.name, name))
			continue;
		*value = param.value;
		return true;
	}
	return false;
}

/* LWS = [*WSP CRLF] 1*WSP: a fold is read as one SP (RFC 3261 7.3.1). */
bool
sip_unfold(struct base_span value, uint8_t *out, uint32_t cap, uint32_t *len)
{
	uint32_t n = 0, i = 0, blanks_from = 0; /* out[blanks_from..n) is white space */

	while (i < value.len) {
		uint8_t c = value.p[i++];
		bool fold = c == '\n' || (c == '\r' && i < value.len && value.p[i] == '\n');
		if (fold) {
			while (i < value.len && base_is_space(value.p[i]))
				i++;
			n = blanks_from;
			c = ' ';
		}
		if (n == cap) {
			*len = n;
			return false;
		}
		out[n++] = c;
		blanks_from = sip_is_blank(c) && !fold ? blanks_from : n;
	}
	*len = n;
	return true;
}

bool
sip_length_parse(struct base_span value, uint32_t *length)
{
	uint32_t v = 0, digit;

	for (uint32_t i = 0; i < value.len; i++) {
		digit = (uint32_t)value.p[i] - '0';
		if (digit > 9 || v > INT32_MAX / 10)
			return false;
		v = v * 10 + digit;
	}
	if (value.len == 0 || v > INT32_MAX)
		return false;
	*length = v;
	return true;
}
