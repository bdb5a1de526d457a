#include "sip_wide.h"

/* Length and first letter tell the registered methods apart; as in sip_header.c. */
#define SLOT(len, first) (((len)*4u + (uint32_t)(first)*3u) & 31u)

/* clang-format off */
static const uint8_t slots[32] = {
#define AT(len, first, name) [SLOT(len, first)] = SIP_METHOD_##name,
	AT(6, 'I', INVITE)
	AT(3, 'A', ACK)
	AT(3, 'B', BYE)
	AT(6, 'C', CANCEL)
	AT(8, 'R', REGISTER)
	AT(7, 'O', OPTIONS)
	AT(5, 'P', PRACK)
	AT(6, 'U', UPDATE)
	AT(4, 'I', INFO)
	AT(5, 'R', REFER)
	AT(6, 'N', NOTIFY)
	AT(9, 'S', SUBSCRIBE)
	AT(7, 'P', PUBLISH)
	AT(7, 'M', MESSAGE)
#undef AT
};
/* clang-format on */

static const struct base_word names[SIP_METHOD_COUNT] = {
#define SIP_METHOD(name) [SIP_METHOD_##name] = BASE_WORD(#name),
#include "sip_method.def"
#undef SIP_METHOD
};

/* Methods are case-sensitive (RFC 3261 7.1). */
enum sip_method
sip_method_of(struct base_span token)
{
	if (token.len < 3 || token.len > sizeof(names[0].text))
		return SIP_METHOD_OTHER;
	uint32_t method = slots[SLOT(token.len, token.p[0])];
	if (!method || names[method].len != token.len ||
		memcmp(names[method].text, token.p, token.len) != 0)
		return SIP_METHOD_OTHER;
	return method;
}

enum sip_method
sip_method_usual(const uint8_t *p, uint32_t len)
{
	uint32_t method = slots[SLOT(len, p[0])];

	if (names[method].len != len || !sip_same_short(names[method].text, p, len))
		return SIP_METHOD_OTHER;
	return method;
}

const struct base_word *
sip_method_word(enum sip_method method)
{
	return &names[(unsigned)method < SIP_METHOD_COUNT ? method : SIP_METHOD_NONE];
}

struct base_span
sip_method_name(enum sip_method method)
{
	const struct base_word *word = sip_method_word(method);

	return base_span_of(word->text, word->len);
}
