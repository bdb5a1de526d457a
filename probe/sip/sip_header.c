#include "sip_private.h"

/* Three properties of a name tell all known ones apart: length, first and middle letter.
 * -Woverride-init says where a new name meets an old one; then choose other factors. */
#define SLOT(len, first, middle)                                                                   \
	(((len)*19u + (uint32_t)(first)*6u + (uint32_t)(middle)*47u) & 127u)

/* clang-format off */
static const uint8_t slots[128] = {
#define AT(len, first, middle, id) [SLOT(len, first, middle)] = SIP_HDR_##id + 1,
	AT(3, 'v', 'i', VIA)
	AT(4, 'f', 'o', FROM)
	AT(2, 't', 'o', TO)
	AT(7, 'c', 'l', CALL_ID)
	AT(4, 'c', 'e', CSEQ)
	AT(7, 'c', 't', CONTACT)
	AT(14, 'c', '-', CONTENT_LENGTH)
	AT(12, 'c', 't', CONTENT_TYPE)
	AT(16, 'c', 'e', CONTENT_ENCODING)
	AT(12, 'm', 'r', MAX_FORWARDS)
	AT(5, 'r', 'u', ROUTE)
	AT(12, 'r', '-', RECORD_ROUTE)
	AT(10, 'u', 'a', USER_AGENT)
	AT(6, 's', 'v', SERVER)
	AT(7, 'e', 'i', EXPIRES)
	AT(11, 'm', 'x', MIN_EXPIRES)
	AT(15, 's', '-', SESSION_EXPIRES)
	AT(6, 'm', '-', MIN_SE)
	AT(13, 'a', 'i', AUTHORIZATION)
	AT(19, 'p', 'h', PROXY_AUTHORIZATION)
	AT(16, 'w', 'e', WWW_AUTHENTICATE)
	AT(18, 'p', 'h', PROXY_AUTHENTICATE)
	AT(9, 's', 'o', SUPPORTED)
	AT(7, 'r', 'u', REQUIRE)
	AT(4, 'r', 'e', RSEQ)
	AT(4, 'r', 'c', RACK)
	AT(6, 'r', 's', REASON)
	AT(7, 'w', 'n', WARNING)
	AT(5, 'e', 'e', EVENT)
	AT(18, 's', 'i', SUBSCRIPTION_STATE)
	AT(8, 'r', 'r', REFER_TO)
	AT(11, 'r', 'r', REFERRED_BY)
	AT(8, 'r', 'a', REPLACES)
	AT(9, 'd', 'r', DIVERSION)
	AT(12, 'h', 'y', HISTORY_INFO)
	AT(19, 'p', 'd', P_ASSERTED_IDENTITY)
	AT(20, 'p', 'd', P_PREFERRED_IDENTITY)
	AT(15, 'r', 'p', REMOTE_PARTY_ID)
	AT(17, 'p', 'n', P_CHARGING_VECTOR)
	AT(8, 'i', 't', IDENTITY)
	AT(10, 's', 'o', SESSION_ID)
	AT(4, 'd', 't', DATE)
	AT(7, 's', 'j', SUBJECT)
	AT(5, 'a', 'l', ALLOW)
	AT(12, 'a', 'e', ALLOW_EVENTS)
	AT(11, 'r', '-', RETRY_AFTER)
#undef AT
};
/* clang-format on */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* [0], where there is no compact form */
static const uint8_t compacts[128] = {
#define SIP_HEADER(id, name, compact) [compact] = compact ? SIP_HDR_##id + 1 : 0,
#include "sip_header.def"
#undef SIP_HEADER
};
#pragma GCC diagnostic pop

/* Names are filled up, so that comparing may load words. */
static const struct {
	char text[28];
	uint32_t len;
} names[SIP_HDR_COUNT] = {
#define SIP_HEADER(id, name, compact) [SIP_HDR_##id] = {name, sizeof(name) - 1},
#include "sip_header.def"
#undef SIP_HEADER
};

static inline uint64_t
load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
load32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* Differing bits of text against a known name of letters and '-': bit 5 may differ where the name
 * has a letter (bit 6). */
static inline uint64_t
differs(uint64_t text, uint64_t name)
{
	return (text ^ name) & ~((name & 0x4040404040404040u) >> 1);
}

/* n bytes, 2 <= n <= 24, are the known name but for case. */
static inline bool
is_name(const uint8_t *p, const char *name, uint32_t n)
{
	if (n >= 8) {
		uint64_t d = differs(load64(p), load64(name)) |
			     differs(load64(p + n - 8), load64(name + n - 8));
		if (n > 16)
			d |= differs(load64(p + 8), load64(name + 8));
		return d == 0;
	}
	if (n >= 4)
		return (differs(load32(p), load32(name)) |
			       differs(load32(p + n - 4), load32(name + n - 4))) == 0;
	uint32_t d = 0;
	for (uint32_t i = 0; i < n; i++)
		d |= (uint32_t)differs(p[i], (uint8_t)name[i]);
	return d == 0;
}

enum sip_header_id
sip_header_id_of(struct base_span name)
{
	uint32_t n = name.len;

	if (n == 1) {
		uint8_t c = base_lower(name.p[0]);
		uint32_t id = c < 128 ? compacts[c] : 0;
		return id ? id - 1 : SIP_HDR_OTHER;
	}
	if (n < 2 || n > 24)
		return SIP_HDR_OTHER;
	uint32_t id = slots[SLOT(n, name.p[0] | 0x20, name.p[n / 2] | 0x20)];
	if (!id || names[id - 1].len != n || !is_name(name.p, names[id - 1].text, n))
		return SIP_HDR_OTHER;
	return id - 1;
}

const char *
sip_header_name(enum sip_header_id id)
{
	return (unsigned)id < SIP_HDR_OTHER ? names[id].text : "";
}

const struct sip_header *
sip_header_find(const struct sip_message *m, enum sip_header_id id)
{
	if ((unsigned)id >= SIP_HDR_OTHER || m->first[id] == SIP_NO_HEADER)
		return NULL;
	return &m->headers[m->first[id]];
}

const struct sip_header *
sip_header_next(const struct sip_message *m, const struct sip_header *h)
{
	return h->next == SIP_NO_HEADER ? NULL : &m->headers[h->next];
}

struct base_span
sip_header_value(const struct sip_message *m, enum sip_header_id id)
{
	const struct sip_header *h = sip_header_find(m, id);
	return h ? h->value : (struct base_span){0};
}

const struct sip_header *
sip_header_named(const struct sip_message *m, struct base_span name)
{
	enum sip_header_id id = sip_header_id_of(name);

	if (id != SIP_HDR_OTHER)
		return sip_header_find(m, id);
	for (uint32_t i = 0; i < m->n_headers; i++)
		if (m->headers[i].id == SIP_HDR_OTHER &&
			base_span_eq_nocase(m->headers[i].name, name))
			return &m->headers[i];
	return NULL;
}
