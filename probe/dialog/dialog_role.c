/* roles[]: what each address of a dialog is, told from what it was seen to do; each with the
 * evidence.  An address may be several things (a proxy that is the registrar too). */
#include "dialog_ends.h"

enum evidence {
	SENT_VIA = 1,           /* a request with a Via of its own above another's */
	SENT_RECORD_ROUTE = 2,  /* its own address in Record-Route */
	SENT_407 = 4,           /* only proxies do */
	SENT_REGISTERED = 8,    /* answered a REGISTER itself */
	SENT_3XX = 16,          /* redirected itself */
	SENT_CONTACT = 32,      /* its Contact is its address */
	SENT_REQUEST = 64,      /* a request with no other Via */
	SENT_ANSWER = 128,      /* 18x or 2xx of its own */
	SENT_LEG = 256          /* ends one leg of the call and begins another */
};

enum { FORWARDS = SENT_VIA | SENT_RECORD_ROUTE,
	PROXY = FORWARDS | SENT_407,
	REGISTRAR = SENT_REGISTERED,
	REDIRECT = SENT_3XX,
	B2BUA = SENT_LEG,
	UA = SENT_CONTACT | SENT_REQUEST | SENT_ANSWER };

static const struct role {
	struct base_word name;
	uint32_t evidence;
} roles[] = {{BASE_WORD("proxy"), PROXY}, {BASE_WORD("registrar"), REGISTRAR},
	{BASE_WORD("redirect"), REDIRECT}, {BASE_WORD("b2bua"), B2BUA}, {BASE_WORD("ua"), UA}};

static const struct base_word evidence_names[] = {BASE_WORD("via"), BASE_WORD("record-route"),
	BASE_WORD("407"), BASE_WORD("register"), BASE_WORD("3xx"), BASE_WORD("contact"),
	BASE_WORD("request"), BASE_WORD("answer"), BASE_WORD("leg")};
#define EVIDENCE_BYTES 128 /* of them all */

/* Of a response that nobody forwarded to who sends it here. */
static uint32_t
evidence_of_response(const struct flow_entry *e)
{
	uint32_t class = e->status / 100;

	if (e->status == 407)
		return SENT_407;
	if (e->cseq_method == SIP_METHOD_REGISTER)
		return class == 2 || e->status == 401 || e->status == 423 ? SENT_REGISTERED : 0;
	if (class == 3)
		return SENT_3XX;
	return e->status > 100 && class <= 2 ? SENT_ANSWER : 0;
}

uint32_t
role_evidence(const struct flow_entry *e)
{
	uint32_t found = (e->flags & FLOW_CONTACT_IS_SOURCE ? SENT_CONTACT : 0) |
			 (e->flags & FLOW_RECORD_ROUTE ? SENT_RECORD_ROUTE : 0);

	if (e->flags & FLOW_HOP) /* the word of another one */
		return found | (e->status == 0 && e->vias > 1 ? SENT_VIA : 0);
	if (e->status)
		return found | evidence_of_response(e);
	if (e->vias > 1)
		return found | SENT_VIA;
	return found | (e->vias == 1 && e->method != SIP_METHOD_ACK ? SENT_REQUEST : 0);
}

/* What speaks against each other: only proxies challenge with 407, but no proxy answers with its
 * own Contact; and who forwards, or stands between two legs, relays what a user agent said. */
static uint32_t
weighed(uint32_t evidence)
{
	if (evidence & SENT_CONTACT && !(evidence & FORWARDS))
		evidence &= ~(uint32_t)SENT_407;
	if (evidence & (PROXY | B2BUA))
		evidence &= ~(uint32_t)UA;
	return evidence;
}

/* Some, written where it stays. */
static inline void
put_evidence(struct record_writer *w, uint32_t evidence)
{
	char *text = (char *)w->p + w->len + RECORD_PREFIX_BYTES;
	struct base_text t = base_text_of(text, EVIDENCE_BYTES);

	for (; evidence; evidence &= evidence - 1) {
		base_text_word(&t, &evidence_names[__builtin_ctz(evidence)]);
		base_text_char(&t, ',');
	}
	record_put_room(w, RECORD_F_EVIDENCE, (uint32_t)t.len - 1); /* without the last comma */
}

static void
put_host(const struct dialog *d, const struct slot *s, struct record_writer *to, uint8_t host,
	uint32_t evidence)
{
	static const enum record_field fields[] = {RECORD_F_IP, RECORD_F_PORT};
	struct base_endpoint at;
	bool known = base_likely(flow_host_is_short(s, host)) || flow_host(d, s, host, &at);

	evidence = known ? weighed(evidence) : 0;
	for (uint32_t i = 0; i < base_count_of(roles); i++) {
		if (!(evidence & roles[i].evidence))
			continue;
		struct record_writer w = record_row_open(to, RECORD_F_ROLES);
		flow_put_host(d, s, &w, host, fields);
		record_put_word(&w, RECORD_F_ROLE, &roles[i].name);
		put_evidence(&w, evidence & roles[i].evidence);
		record_row_close(to, &w);
	}
}

void
roles_put(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const uint32_t evidence[HOST_NONE + 1])
{
	uint32_t between = links_between(d, s);

	for (uint8_t host = 0; host < s->n_hosts; host++)
		put_host(d, s, w, host,
			evidence[host] | (between >> host & 1 ? SENT_LEG : 0));
}
