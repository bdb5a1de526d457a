#include "sip_private.h"

#define EVERYWHERE                                                                                 \
	(SIP_CHAR_TOKEN | SIP_CHAR_USER | SIP_CHAR_HOST | SIP_CHAR_PARAM | SIP_CHAR_HEADER |       \
		SIP_CHAR_SCHEME | SIP_CHAR_VALUE)
#define MARK (SIP_CHAR_TOKEN | SIP_CHAR_USER | SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE)

/* RFC 3261 25.1.  Whether two hexadecimal digits follow '%' is for the reader of the part. */
const uint8_t sip_chars[256] = {
	['0' ... '9'] = EVERYWHERE | SIP_CHAR_HEX,
	['A' ... 'F'] = EVERYWHERE | SIP_CHAR_HEX,
	['G' ... 'Z'] = EVERYWHERE,
	['a' ... 'f'] = EVERYWHERE | SIP_CHAR_HEX,
	['g' ... 'z'] = EVERYWHERE,
	['-'] = EVERYWHERE,
	['.'] = EVERYWHERE,
	['+'] = MARK | SIP_CHAR_SCHEME,
	['_'] = MARK | SIP_CHAR_HOST,
	['!'] = MARK,
	['~'] = MARK,
	['*'] = MARK,
	['\''] = MARK,
	['%'] = MARK,
	['('] = MARK & ~SIP_CHAR_TOKEN,
	[')'] = MARK & ~SIP_CHAR_TOKEN,
	['`'] = SIP_CHAR_TOKEN | SIP_CHAR_VALUE,
	['&'] = SIP_CHAR_USER | SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	['$'] = SIP_CHAR_USER | SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	['='] = SIP_CHAR_USER | SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	['/'] = SIP_CHAR_USER | SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	[';'] = SIP_CHAR_USER | SIP_CHAR_PARAM,
	[','] = SIP_CHAR_USER,
	['?'] = SIP_CHAR_USER | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	[':'] = SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	['['] = SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	[']'] = SIP_CHAR_PARAM | SIP_CHAR_HEADER | SIP_CHAR_VALUE,
	['#'] = SIP_CHAR_VALUE,
	['@'] = SIP_CHAR_VALUE,
	['\\'] = SIP_CHAR_VALUE,
	['^'] = SIP_CHAR_VALUE,
	['{'] = SIP_CHAR_VALUE,
	['|'] = SIP_CHAR_VALUE,
	['}'] = SIP_CHAR_VALUE,
};
