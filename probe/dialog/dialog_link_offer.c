/* What a leg could have in common with another: headers that name or carry an identifier over, and
 * where there is none the numbers, into an address and soon out of it. */
#include "dialog_private.h"

#define NUMBER_DIGITS 8 /* what two spellings of one number share at its end */

/* ---- values ---- */

static bool
is_separator(uint8_t c)
{
	return c == '+' || c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

/* NUMBER_DIGITS bytes from the last on; false where one is no digit. */
static inline bool
digits_take(const uint8_t *p, uint8_t *out)
{
	const uint64_t zeros = 0x3030303030303030ull, high = 0xf0f0f0f0f0f0f0f0ull;
	uint64_t word, above; /* of '9', bytes come to be no digits' */

	memcpy(&word, p, sizeof(word));
	above = word + 0x0606060606060606ull;
	if ((word & high) != zeros || (above & high) != zeros)
		return false;
	word = __builtin_bswap64(word);
	memcpy(out, &word, sizeof(word));
	return true;
}
_Static_assert(NUMBER_DIGITS == sizeof(uint64_t), "a word");

/* The last digits of a number, from behind; a name in lower case. */
static uint32_t
number_hash(const struct dialog *d, struct base_span user)
{
	uint8_t out[64];
	uint32_t n = 0;

	if (user.len >= NUMBER_DIGITS && digits_take(user.p + user.len - NUMBER_DIGITS, out))
		return dialog_text_hash(d, base_span_of(out, NUMBER_DIGITS));
	for (uint32_t i = user.len; i && n < NUMBER_DIGITS; i--) {
		uint8_t c = user.p[i - 1];
		if (c >= '0' && c <= '9')
			out[n++] = c;
		else if (!is_separator(c)) {
			n = 0;
			break;
		}
	}
	for (uint32_t i = 0; n == 0 && i < user.len && i < sizeof(out); i++)
		out[i] = base_lower(user.p[i]);
	if (n == 0)
		n = user.len < sizeof(out) ? user.len : sizeof(out);
	return dialog_text_hash(d, base_span_of(out, n));
}

static struct base_span
before_semicolon(struct base_span value)
{
	const uint8_t *end = value.len ? memchr(value.p, ';', value.len) : NULL;

	return base_span_trim(end ? base_span_of(value.p, (uint32_t)(end - value.p)) : value);
}

/* A header of a URI (RFC 3261 19.1.1), unescaped; empty where it is not there or too long. */
static struct base_span
uri_header(struct base_span headers, struct base_span name, uint8_t *out, uint32_t cap)
{
	if (headers.len == 0)
		return headers;
	const uint8_t *p = headers.p, *end = headers.p + headers.len;
	uint32_t n = 0;

	while (p < end) {
		const uint8_t *next = memchr(p, '&', (size_t)(end - p));
		struct base_span one = base_span_of(p, (uint32_t)((next ? next : end) - p));
		p = next ? next + 1 : end;
		if (!base_span_starts_nocase(one, name) || one.len <= name.len ||
			one.p[name.len] != '=')
			continue;
		for (uint32_t i = name.len + 1; i < one.len; i++) {
			uint8_t c = one.p[i];
			if (n == cap)
				return (struct base_span){NULL, 0};
			if (c == '%' && i + 2 < one.len) {
				c = (uint8_t)(base_hex_digit(one.p[i + 1]) << 4 |
					base_hex_digit(one.p[i + 2]));
				i += 2;
			}
			out[n++] = c;
		}
		break;
	}
	return base_span_of(out, n);
}

/* ---- offers ---- */

static uint64_t
key_of(const struct dialog *d, struct base_span value, uint64_t kind)
{
	return base_hash_mix(base_hash_short(&d->options.key, value.p, value.len) + kind);
}

static void
offer_call_id(struct dialog *d, struct dialog_link *l, struct base_span call_id, uint8_t reason)
{
	if (call_id.len == 0)
		return;
	l->reason = reason & 63;
	l->side = LINK_ASK;
	link_offer(d, l, base_hash_short(&d->options.key, call_id.p, call_id.len));
}

static void
offer_value(struct dialog *d, struct dialog_link *l, struct base_span value, uint8_t reason)
{
	if (value.len == 0)
		return;
	l->reason = reason & 63;
	l->side = LINK_ANY;
	link_offer(d, l, key_of(d, value, reason));
}

/* The number called, at the address where the one leg ends and the other begins; 0: none. */
static uint64_t
number_key(const struct dialog *d, const struct base_ip *at, uint32_t called)
{
	return called ? key_of(d, base_span_of(at, sizeof(*at)), (uint64_t)called << 8 | 0xff) : 0;
}

static void
offer_number(struct dialog *d, struct dialog_link *l, enum link_side side, uint64_t key)
{
	if (key == 0)
		return;
	l->side = side & 3;
	link_offer(d, l, key);
}

/* RFC 7989: the local UUID goes over to the next leg; the nil UUID names nobody. */
static struct base_span
session_id(const struct sip_message *m)
{
	struct base_span value = before_semicolon(sip_header_value(m, SIP_HDR_SESSION_ID));

	for (uint32_t i = 0; i < value.len; i++)
		if (value.p[i] != '0')
			return value;
	return (struct base_span){NULL, 0};
}

/* others: the message has headers whose names the parser has no number for. */
static const struct sip_header *
link_header_of(const struct dialog *d, uint32_t i, const struct sip_message *m, bool others)
{
	enum sip_header_id id = d->links.header_ids[i];

	if (id != SIP_HDR_OTHER)
		return sip_header_find(m, id);
	return others ? sip_header_named(m, d->options.link_headers[i]) : NULL;
}

static bool
has_other_headers(const struct sip_message *m)
{
	for (uint32_t i = 0; i < m->n_headers; i++)
		if (m->headers[i].id == SIP_HDR_OTHER)
			return true;
	return false;
}

static void
offer_headers(struct dialog *d, struct dialog_link *l, const struct sip_message *m)
{
	struct base_span vector = sip_header_value(m, SIP_HDR_P_CHARGING_VECTOR), icid;
	bool others = d->options.n_link_headers && has_other_headers(m);

	for (uint32_t i = 0; i < d->options.n_link_headers; i++) {
		const struct sip_header *h = link_header_of(d, i, m, others);
		if (h == NULL)
			continue;
		struct base_span value = before_semicolon(h->value);
		offer_call_id(d, l, value, (uint8_t)(LINK_HEADER + i));
		offer_value(d, l, value, (uint8_t)(LINK_HEADER + i));
	}
	offer_call_id(
		d, l, before_semicolon(sip_header_value(m, SIP_HDR_REPLACES)), LINK_REPLACES);
	offer_value(d, l, session_id(m), LINK_SESSION_ID);
	if (vector.len && sip_param_find(vector, BASE_SPAN("icid-value"), &icid))
		offer_value(d, l, icid, LINK_ICID);
}

/* Who was called before the call was forwarded: the first of Diversion, else History-Info. */
static struct base_span
diverted_from(const struct sip_message *m)
{
	struct base_span value = sip_header_value(m, SIP_HDR_DIVERSION), element;
	struct sip_name_addr at;

	if (value.len == 0)
		value = sip_header_value(m, SIP_HDR_HISTORY_INFO);
	if (!sip_value_next(&value, &element) || !sip_name_addr_parse(element, &at))
		return (struct base_span){NULL, 0};
	return at.uri.user;
}

/* The number called, at both addresses. */
struct numbers {
	bool apart;             /* else all on one host: addresses tell nothing */
	bool begins_here;
	uint32_t called;        /* hash; 0: none */
	uint64_t in, out;       /* keys */
};

/* What stands under the keys is fetched. */
static struct numbers
numbers_of(const struct dialog *d, const struct dialog_message *m, bool begins_here)
{
	struct numbers n = {
		.apart = !base_ip_eq(&m->src.ip, &m->dst.ip), .begins_here = begins_here};
	struct sip_uri ruri;

	if (!n.apart)
		return n;
	if (!d->has_details)
		sip_uri_parse_in(m->sip, m->sip->ruri_text, &ruri);
	n.called = number_hash(d, d->has_details ? d->details.ruri.user : ruri.user);
	n.in = number_key(d, &m->dst.ip, n.called);
	n.out = begins_here ? number_key(d, &m->src.ip, n.called) : 0;
	link_fetch(d, n.in);
	link_fetch(d, n.out);
	return n;
}

static void
offer_numbers(struct dialog *d, struct dialog_link *l, const struct dialog_message *m,
	const struct numbers *n)
{
	if (!n->apart)
		return;
	l->reason = LINK_NUMBERS;
	offer_number(d, l, LINK_IN, n->in);
	if (!n->begins_here)
		return;
	offer_number(d, l, LINK_OUT, n->out);
	uint32_t diverted = number_hash(d, diverted_from(m->sip));
	l->reason = LINK_DIVERSION;
	if (diverted != n->called)
		offer_number(d, l, LINK_OUT, number_key(d, &m->src.ip, diverted));
}

/* The transferee will call whom Refer-To names: with Replaces the leg that it takes over is named,
 * else it is known by the number. */
static void
offer_refer(struct dialog *d, struct dialog_link *l, const struct dialog_message *m)
{
	struct base_span value = sip_header_value(m->sip, SIP_HDR_REFER_TO), replaces;
	struct sip_name_addr to;
	uint8_t scratch[256];

	if (value.len == 0 || !sip_name_addr_parse(value, &to))
		return;
	replaces = uri_header(
		to.uri.headers, BASE_SPAN("Replaces"), scratch, sizeof(scratch));
	offer_call_id(d, l, before_semicolon(replaces), LINK_REFER_REPLACES);
	l->reason = LINK_REFER;
	offer_number(d, l, LINK_IN, number_key(d, &m->dst.ip, number_hash(d, to.uri.user)));
}

static __attribute__((noinline)) void
refer_offer(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	struct dialog_link l;

	link_of_slot(d, s, &l);
	l.ts_ns = m->ts_ns;
	offer_refer(d, &l, m);
}

static __attribute__((noinline)) void
invite_offer(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	uint8_t scratch[256];
	struct dialog_link l;

	/* a further Via is a proxy's */
	const struct numbers numbers = numbers_of(d, m, e->vias <= 1);
	link_of_slot(d, s, &l);
	link_answer(d, s, &l);
	l.ts_ns = m->ts_ns;
	if (!(e->flags & FLOW_TOLD)) {
		link_siblings(d, s, &l);
		offer_headers(d, &l, m->sip);
	}
	/* the dialog may have been told it by this message */
	struct base_span user = d->has_details ? d->details.from.uri.user : BASE_SPAN("");
	if (user.len == 0)
		user = slot_text(d, s, TEXT_FROM_USER, scratch, sizeof(scratch));
	l.calling = number_hash(d, user);
	offer_numbers(d, &l, m, &numbers);
}

void
link_receive(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;

	if (sip->method == SIP_METHOD_INVITE && sip->to.tag.len == 0)
		invite_offer(d, s, m, e);
	else if (sip->method == SIP_METHOD_REFER && !(e->flags & FLOW_TOLD))
		refer_offer(d, s, m);
}
