#include "sip_wide.h"

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

/* The classes again, as sip_others_wide asks for them: bit h of byte l is set where the character
 * 16 * h + l is of the class.  A test holds them against sip_chars. */
#define ALNUM(c)                                                                                   \
	(((c) >= '0' && (c) <= '9') || ((c) >= 'A' && (c) <= 'Z') || ((c) >= 'a' && (c) <= 'z'))
#define HOST(c) (ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '_')
#define TOKEN(c)                                                                                   \
	(HOST(c) || (c) == '+' || (c) == '!' || (c) == '~' || (c) == '*' || (c) == '\'' ||         \
		(c) == '%' || (c) == '`')
/* visible, and no ',', ';', '"', '<' or '>' */
#define VALUE(c)                                                                                   \
	((c) > ' ' && (c) < 0x7f && (c) != ',' && (c) != ';' && (c) != '"' && (c) != '<' &&        \
		(c) != '>')
#define LOW(is, l)                                                                                 \
	(is(l) | is(16 + (l)) << 1 | is(32 + (l)) << 2 | is(48 + (l)) << 3 | is(64 + (l)) << 4 |   \
		is(80 + (l)) << 5 | is(96 + (l)) << 6 | is(112 + (l)) << 7)
#define LOWS(is)                                                                                   \
	{{LOW(is, 0), LOW(is, 1), LOW(is, 2), LOW(is, 3), LOW(is, 4), LOW(is, 5), LOW(is, 6),      \
		LOW(is, 7), LOW(is, 8), LOW(is, 9), LOW(is, 10), LOW(is, 11), LOW(is, 12),         \
		LOW(is, 13), LOW(is, 14), LOW(is, 15)}}
const struct sip_table sip_lows[SIP_LOW_COUNT] = {LOWS(TOKEN), LOWS(HOST), LOWS(VALUE)};
const struct sip_table sip_bits = {{1, 2, 4, 8, 16, 32, 64, 128}};

#define EACH(c) ((c)*0x01010101u)
#define EIGHT(c)                                                                                   \
	EACH(c), EACH((c) + 1), EACH((c) + 2), EACH((c) + 3), EACH((c) + 4), EACH((c) + 5),        \
		EACH((c) + 6), EACH((c) + 7)
const uint32_t sip_eaches[128] = {EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40),
	EIGHT(48), EIGHT(56), EIGHT(64), EIGHT(72), EIGHT(80), EIGHT(88), EIGHT(96), EIGHT(104),
	EIGHT(112), EIGHT(120)};
