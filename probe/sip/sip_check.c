#include "sip_private.h"

/* Elements of one header that are looked at: what no sender has reason to exceed must not cost
 * more. */
#define ELEMENTS_CHECKED 32

const char *
sip_fault_name(enum sip_flag flag)
{
	switch (flag) {
	case SIP_FLAG_BAD_START_LINE: return "start_line";
	case SIP_FLAG_BAD_VERSION: return "version";
	case SIP_FLAG_MISSING_HEADER: return "missing_header";
	case SIP_FLAG_BAD_HEADER: return "bad_header";
	case SIP_FLAG_REPEATED_HEADER: return "repeated_header";
	case SIP_FLAG_BAD_LENGTH: return "length";
	case SIP_FLAG_CSEQ_MISMATCH: return "cseq_mismatch";
	case SIP_FLAG_TRUNCATED: return "cut";
	case SIP_FLAG_BAD_URI: return "uri";
	case SIP_FLAG_BAD_DATE: return "date";
	case SIP_FLAG_BAD_WARNING: return "warning";
	case SIP_FLAG_BAD_CONTACT: return "contact";
	default: return "";
	}
}

/* s has the form of pattern: A a letter, 0 a digit, anything else itself. */
static bool
has_form(struct base_span s, const char *pattern)
{
	for (uint32_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		bool fits;
		switch (pattern[i]) {
		case 'A': fits = (uint8_t)((c | 0x20) - 'a') < 26; break;
		case '0': fits = sip_is_digit(c); break;
		default: fits = c == (uint8_t)pattern[i]; break;
		}
		if (!fits)
			return false;
	}
	return pattern[s.len] == '\0';
}

/* SIP-date is rfc1123-date, in GMT and nothing else (RFC 3261 20.17). */
bool
sip_date_ok(struct base_span value)
{
	return value.len == 29 &&
	       has_form(base_span_of(value.p, 26), "AAA, 00 AAA 0000 00:00:00 ") &&
	       memcmp(value.p + 26, "GMT", 3) == 0;
}

/* warning-value = 3DIGIT SP warn-agent SP quoted-string */
static bool
warning_value_ok(struct base_span s)
{
	const uint8_t *end = sip_span_end(s), *agent, *p;

	if (s.len < 8 || !has_form(base_span_of(s.p, 3), "000") || !sip_is_blank(s.p[3]))
		return false;
	agent = sip_skip_space(s.p + 4, end);
	for (p = agent; p < end && !base_is_space(*p) && *p != '"'; p++)
		;
	if (p == agent || p == end || !base_is_space(*p))
		return false;
	p = sip_skip_space(p, end);
	return p < end && *p == '"' && sip_quote_end(p + 1, end) == end - 1;
}

bool
sip_warning_ok(struct base_span value)
{
	struct base_span rest = value, element;
	bool ok = value.len != 0;

	for (int i = 0; i < ELEMENTS_CHECKED && sip_value_next(&rest, &element); i++)
		ok &= warning_value_ok(element);
	return ok;
}

/* STAR or a list of name-addr / addr-spec (RFC 3261 20.10). */
bool
sip_contact_ok(struct base_span value)
{
	struct base_span rest = value, element;
	struct sip_name_addr contact;
	bool ok = value.len != 0;

	if (value.len == 1 && value.p[0] == '*')
		return true;
	if (value.len && !sip_find(value.p, sip_span_end(value), ','))
		return sip_name_addr_check(value, &contact) == 0;
	for (int i = 0; i < ELEMENTS_CHECKED && sip_value_next(&rest, &element); i++)
		ok &= sip_name_addr_check(element, &contact) == 0;
	return ok;
}
