#include "dialog_private.h"

/* A copy of a frame comes so soon after it, with the same IPv4 identification ... */
#define DUPLICATE_WINDOW_NS (2 * BASE_NS_PER_SEC)
/* ... or, where there is none (0, IPv6, TCP), sooner than SIP sends again: T1 is 500 ms */
#define DUPLICATE_SOON_NS (50 * BASE_NS_PER_MS)

bool
flow_is_repeat(const struct flow_entry *e)
{
	return (e->flags & (FLOW_RETRANSMISSION | FLOW_DUPLICATE)) != 0;
}

static int64_t
unit_ns(uint32_t unit)
{
	static const int64_t ns[] = {1, BASE_NS_PER_US, BASE_NS_PER_MS, BASE_NS_PER_SEC};

	return ns[unit];
}

/* In units since the epoch, downwards. */
static int64_t
floor_to(int64_t ts_ns, int64_t unit)
{
	return unit == 1 ? ts_ns : ts_ns / unit - (ts_ns % unit < 0);
}

int64_t
flow_time(const struct slot *s, const struct flow_entry *e)
{
	int64_t unit = unit_ns(e->unit);

	return (floor_to(s->first_ns, unit) + e->time) * unit;
}

static void
time_set(const struct slot *s, struct flow_entry *e, int64_t ts_ns)
{
	int64_t apart = 0;
	uint32_t unit = 0;

	for (; unit < 4; unit++)
		if (!__builtin_sub_overflow(floor_to(ts_ns, unit_ns(unit)),
			    floor_to(s->first_ns, unit_ns(unit)), &apart) &&
			apart <= FLOW_TIME_MAX && apart >= -FLOW_TIME_MAX)
			break;
	e->time = apart & ((1ll << 46) - 1);
	e->unit = unit & 3;
}

static chain_ref
host_ref(const struct dialog *d, const struct slot *s, uint8_t index)
{
	struct chain_cursor at = {0};
	const struct note *note;

	if (index < DIALOG_HOSTS_SLOT) {
		chain_ref ref;
		memcpy(&ref, s->hosts[index].ref, sizeof(ref));
		return ref;
	}
	while ((note = slot_note_next(d, s, NOTE_HOST, &at)))
		if (note->value == index)
			return note->text;
	return 0;
}

static bool
host_keep(struct dialog *d, struct slot *s, const struct base_endpoint *at)
{
	union host_short *place = &s->hosts[s->n_hosts % DIALOG_HOSTS_SLOT];

	if (s->n_hosts < DIALOG_HOSTS_SLOT && base_ip_is_v4(&at->ip)) {
		memcpy(place->v4.ip, at->ip.b + 12, sizeof(place->v4.ip));
		base_store_be16(place->v4.port, at->port);
		return true;
	}
	chain_ref ref = chain_text_add(&d->pool, &s->text_chain, base_span_of(at, sizeof(*at)));
	struct note *note = NULL;

	if (ref && s->n_hosts < DIALOG_HOSTS_SLOT) {
		s->hosts_wide |= (1 << s->n_hosts) & 3;
		memcpy(place->ref, &ref, sizeof(ref));
	} else if (ref) {
		note = slot_note_add(d, s);
	}
	if (note)
		*note = (struct note){s->n_hosts, ref, NOTE_HOST};
	return ref && (note || s->n_hosts < DIALOG_HOSTS_SLOT);
}

const struct base_endpoint *
flow_host(const struct dialog *d, const struct slot *s, uint8_t index, struct base_endpoint *out)
{
	uint8_t scratch[sizeof(*out)];

	if (index >= s->n_hosts)
		return NULL;
	if (index < DIALOG_HOSTS_SLOT && !(s->hosts_wide >> index & 1)) {
		const union host_short *at = &s->hosts[index];
		*out = (struct base_endpoint){
			base_ip_v4(at->v4.ip), base_load_be16(at->v4.port)};
		return out;
	}
	struct base_span t = chain_text(&d->pool, host_ref(d, s, index), scratch, sizeof(scratch));
	if (t.len != sizeof(*out))
		return NULL;
	memcpy(out, t.p, sizeof(*out));
	return out;
}

static bool
host_is(const struct dialog *d, const struct slot *s, uint8_t index, const struct base_endpoint *at)
{
	const union host_short *place = &s->hosts[index % DIALOG_HOSTS_SLOT];
	struct base_endpoint known;

	if (index < DIALOG_HOSTS_SLOT && !(s->hosts_wide >> index & 1))
		return base_load_be16(place->v4.port) == at->port &&
		       memcmp(place->v4.ip, at->ip.b + 12, sizeof(place->v4.ip)) == 0 &&
		       base_ip_is_v4(&at->ip);
	return flow_host(d, s, index, &known) && base_endpoint_eq(&known, at);
}

static uint8_t
flow_host_index(struct dialog *d, struct slot *s, const struct base_endpoint *at)
{
	for (uint8_t i = 0; i < s->n_hosts; i++)
		if (host_is(d, s, i, at))
			return i;
	if (s->n_hosts == DIALOG_HOSTS_MAX)
		return HOST_NONE;
	return host_keep(d, s, at) ? s->n_hosts++ : HOST_NONE;
}

/* What tells the transaction: the top Via's branch (RFC 3261 17.1.3).  An RFC 2543 client has none,
 * or one that is not unique: then with the whole of sent-by; CSeq and method tell the rest. */
static uint32_t
flow_branch(const struct dialog *d, const struct sip_message *sip)
{
	uint32_t branch = d->heard.branch;
	struct sip_via via;

	if (base_span_starts_nocase(sip->via.branch, BASE_SPAN("z9hG4bK")))
		return branch;
	sip_via_parse(sip->via.value, &via);
	return (branch ^ dialog_text_hash(d, via.host) ^ via.port) | 1;
}

uint8_t
flow_vias(const struct sip_message *sip)
{
	const struct sip_header *h = sip_header_find(sip, SIP_HDR_VIA);
	uint32_t n = 0;

	for (; h && n < UINT8_MAX; h = sip_header_next(sip, h)) {
		const uint8_t *p = h->value.p, *end = p + h->value.len;
		for (n++; (p = memchr(p, ',', (size_t)(end - p))) && n < UINT8_MAX; p++)
			n++;
	}
	return (uint8_t)n;
}

/* What two messages must share to be the same one sent again: sockets, start line, CSeq, top
 * branch, To tag, RSeq, and in a NOTIFY its Event.  (The Call-ID is the dialog's.) */
static uint32_t
flow_fingerprint(const struct dialog *d, const struct dialog_message *m, uint32_t branch)
{
	const struct sip_message *sip = m->sip;
	const struct base_span none = {NULL, 0};
	const struct base_endpoint ends[] = {m->src, m->dst};
	struct base_span parts[] = {base_span_of(ends, sizeof(ends)),
		base_span_trim(sip->start_line),
		sip->cseq_method == SIP_METHOD_OTHER ? sip->cseq_method_text : none,
		sip_header_value(sip, SIP_HDR_RSEQ),
		sip->method == SIP_METHOD_NOTIFY ? sip_header_value(sip, SIP_HDR_EVENT) : none};
	uint64_t h = base_hash_mix((uint64_t)d->heard.to << 32 | branch) ^ sip->cseq ^
		     (uint64_t)m->transport << 32 ^ (uint64_t)sip->cseq_method << 40;

	for (uint32_t i = 0; i < base_count_of(parts); i++)
		if (parts[i].len)
			h = base_hash_mix(h + i) ^
			    base_hash_short(&d->options.key, parts[i].p, parts[i].len);
	return (uint32_t)(h ^ h >> 32);
}

bool
flow_has_invite(
	const struct dialog *d, const struct slot *s, const struct flow_entry *e, bool same_branch)
{
	struct chain_cursor at = {0};
	const struct flow_entry *old;

	while ((old = chain_item_next(&d->pool, &s->flow_chain, sizeof(*old), &at)))
		if (old->method == SIP_METHOD_INVITE && old->cseq == e->cseq &&
			(same_branch ? old->branch == e->branch : old->src == e->src))
			return true;
	return false;
}

/* Does one of a header's URIs name the address that the message comes from? */
static bool
names_source(const struct dialog_message *m, enum sip_header_id id)
{
	const struct sip_header *h = sip_header_find(m->sip, id);
	struct base_span rest, element;
	struct sip_name_addr at;
	struct base_ip ip;

	for (; h; h = sip_header_next(m->sip, h))
		for (rest = h->value; sip_value_next(&rest, &element);)
			if (sip_name_addr_parse(element, &at) &&
				base_ip_parse(at.uri.host, &ip) && base_ip_eq(&ip, &m->src.ip) &&
				(at.uri.port ? at.uri.port : 5060) == m->src.port)
				return true;
	return false;
}

/* ---- a new entry against those before it ---- */

static bool
is_request_of_caller(const struct flow_entry *e)
{
	return ((e->flags & FLOW_FROM_CALLER) != 0) == (e->status == 0);
}

/* The ACK of a failure belongs to its INVITE's transaction; that of a 2xx has a branch of its own
 * (RFC 3261 17.1.1.3, 13.2.2.4). */
static uint8_t
transaction_method(const struct flow_entry *e)
{
	uint8_t method = e->status ? e->cseq_method : e->method;

	return method == SIP_METHOD_ACK ? SIP_METHOD_INVITE : method;
}

static bool
is_same_transaction(const struct flow_entry *a, const struct flow_entry *b)
{
	return a->branch == b->branch && a->cseq == b->cseq &&
	       transaction_method(a) == transaction_method(b) &&
	       is_request_of_caller(a) == is_request_of_caller(b);
}

/* The same request or response, whichever hop. */
static bool
is_same_message(const struct flow_entry *a, const struct flow_entry *b)
{
	return a->status == b->status && a->method == b->method && a->cseq == b->cseq &&
	       a->cseq_method == b->cseq_method && a->tag == b->tag &&
	       !((a->flags ^ b->flags) & FLOW_FROM_CALLER);
}

/* Is b what a became behind a proxy?  A request has one more Via on each hop, a response one less;
 * who forwards without saying so is known by its address. */
static bool
is_further(const struct flow_entry *a, const struct flow_entry *b)
{
	if (a->vias != b->vias)
		return (a->vias < b->vias) == (a->status == 0);
	return a->dst == b->src && a->src != b->dst;
}

/* A frame captured twice carries the same IPv4 identification, a retransmission a new one.  An
 * identification of 0 says nothing: then time tells. */
static uint8_t
flow_repeat(const struct slot *s, const struct flow_entry *old, const struct flow_entry *e)
{
	int64_t before = flow_time(s, old), now = flow_time(s, e);
	int64_t apart = now > before ? now - before : before - now;
	bool identified = e->ip_id && old->ip_id;
	bool duplicate = identified ? e->ip_id == old->ip_id && apart < DUPLICATE_WINDOW_NS
				    : apart < DUPLICATE_SOON_NS;

	return duplicate ? FLOW_DUPLICATE : FLOW_RETRANSMISSION;
}

static void
forwarded_mark(struct dialog *d, struct slot *s, struct flow_entry *further)
{
	if (!(further->flags & (FLOW_HOP | FLOW_RETRANSMISSION | FLOW_DUPLICATE)))
		slot_more_for(d, s)->forwarded++;
	further->flags |= FLOW_HOP;
}

/* Compares with all before it: sets what e repeats, and its transaction. */
static void
flow_compare(struct dialog *d, struct slot *s, struct flow_entry *e)
{
	struct chain_cursor at = {0};
	struct flow_entry *old;

	e->transaction = TRANSACTION_NONE;
	while ((old = chain_item_next(&d->pool, &s->flow_chain, sizeof(*old), &at))) {
		if (old->cseq != e->cseq)
			continue;
		if (old->status == 0 && e->status == 0 && old->method == e->method &&
			!((old->flags ^ e->flags) & FLOW_FROM_CALLER))
			e->flags |= FLOW_TOLD;
		if (is_same_transaction(old, e))
			e->transaction = old->transaction;
		if (old->fingerprint == e->fingerprint)
			e->flags |= flow_repeat(s, old, e);
		else if (old->branch == e->branch || !is_same_message(old, e))
			continue;
		else if (is_further(old, e))
			forwarded_mark(d, s, e);
		else if (is_further(e, old))
			forwarded_mark(d, s, old);
	}
	if (e->flags & FLOW_DUPLICATE)
		e->flags &= (uint8_t)~FLOW_RETRANSMISSION;
	if (e->transaction == TRANSACTION_NONE && s->n_transactions < TRANSACTION_NONE)
		e->transaction = s->n_transactions++;
}

/* ---- into flow[] ---- */

static struct base_span
cut(struct base_span s, uint32_t most)
{
	return base_span_of(s.p, s.len < most ? s.len : most);
}

/* A line each: none of them has a line end.  An SDP's alone is marked. */
static chain_ref
words_keep(struct dialog *d, struct slot *s, const struct flow_words *words)
{
	struct chain_head head = {words->sdp.len, CHAIN_ID_NONE, true};
	char text[FLOW_WORDS_MAX];
	struct base_text t = base_text_of(text, sizeof(text));

	if (words->word.len == 0 && words->branch.len == 0)
		return chain_text_add_as(&d->pool, &s->text_chain, head, words->sdp.p);
	base_text_span(&t, cut(words->word, 512));
	if (words->branch.len || words->sdp.len) {
		base_text_char(&t, '\n');
		base_text_span(&t, cut(words->branch, 512));
	}
	if (words->sdp.len) {
		base_text_char(&t, '\n');
		base_text_span(&t, words->sdp);
	}
	return chain_text_add(&d->pool, &s->text_chain, base_span_of(text, (uint32_t)t.len));
}

void
flow_sdp_set(struct dialog *d, struct slot *s, struct flow_entry *e, struct base_span line)
{
	uint8_t scratch[FLOW_WORDS_MAX];
	struct flow_words words = flow_words(d, e, scratch);

	if (e->flags & FLOW_USUAL)
		words.word.len = 0;
	words.sdp = line;
	e->text = words_keep(d, s, &words);
}

/* Reason phrase or unknown method, and where kept the branch that begins a transaction. */
static chain_ref
word_keep(struct dialog *d, struct slot *s, const struct sip_message *sip, struct flow_entry *e,
	bool begins)
{
	struct flow_words words = {0};

	if (sip->status && !flow_is_repeat(e)) {
		words.word = sip->reason;
		if (base_span_eq(words.word, base_span_cstr(sip_phrase(sip->status)))) {
			e->flags |= FLOW_USUAL;
			words.word.len = 0;
		}
	}
	else if (sip->method == SIP_METHOD_OTHER)
		words.word = sip->method_text;
	if (begins && d->options.keep_branches)
		words.branch = sip->via.branch;
	return words.word.len || words.branch.len ? words_keep(d, s, &words) : 0;
}

static struct flow_entry
flow_entry_of(struct dialog *d, struct slot *s, const struct dialog_message *m, bool from_caller)
{
	const struct sip_message *sip = m->sip;
	uint8_t vias = flow_vias(sip);
	struct flow_entry e;

	memset(&e, 0, sizeof(e));
	time_set(s, &e, m->ts_ns);
	e.branch = flow_branch(d, sip);
	e.fingerprint = flow_fingerprint(d, m, e.branch);
	e.cseq = sip->cseq;
	e.status = sip->status & 1023;
	e.method = sip->method & 15;
	e.cseq_method = sip->cseq_method & 15;
	e.ip_id = (uint16_t)(m->ip_id ^ m->ip_id >> 16);
	/* the callee's: what tells the dialogs of a forked call apart */
	e.tag = (uint16_t)(from_caller == (sip->status == 0) ? d->heard.to : d->heard.from);
	e.vias = (vias < FLOW_VIAS_MAX ? vias : FLOW_VIAS_MAX) & FLOW_VIAS_MAX;
	e.flags = from_caller ? FLOW_FROM_CALLER : 0;
	if (names_source(m, SIP_HDR_RECORD_ROUTE))
		e.flags |= FLOW_RECORD_ROUTE;
	e.src = flow_host_index(d, s, &m->src) & HOST_NONE;
	e.dst = flow_host_index(d, s, &m->dst) & HOST_NONE;
	return e;
}

static bool
shows_contact(const struct flow_entry *e)
{
	bool establishes = e->status == 0 ? e->method == SIP_METHOD_INVITE
					  : e->status >= 200 && e->status < 300 &&
						    e->cseq_method == SIP_METHOD_INVITE;

	return establishes && !flow_is_repeat(e);
}

struct flow_entry *
flow_add(struct dialog *d, struct slot *s, const struct dialog_message *m, bool from_caller)
{
	const struct sip_message *sip = m->sip;
	struct flow_entry e = flow_entry_of(d, s, m, from_caller), *kept = NULL;
	uint8_t transactions = s->n_transactions;

	flow_compare(d, s, &e);
	if (s->messages++ == 0) {
		/* a response goes back the way its request came */
		s->first_src = sip->status ? e.dst & 15 : e.src & 15;
		s->first_dst = sip->status ? e.src & 15 : e.dst & 15;
	}
	if (e.flags & FLOW_RETRANSMISSION)
		slot_more_for(d, s)->retransmissions++;
	if (e.flags & FLOW_DUPLICATE)
		slot_more_for(d, s)->duplicates++;
	s->truncated |= m->truncated;
	s->faults |= (uint16_t)(sip->flags & SIP_FLAGS_INVALID);
	if (m->ts_ns > s->last_ns)
		s->last_ns = m->ts_ns;
	if (s->flow_count < d->options.flow_entries)
		kept = chain_item_add(&d->pool, &s->flow_chain, sizeof(*kept));
	if (kept == NULL) {
		s->flow_truncated = true;
		if (sip->status == 0 && !(e.flags & FLOW_TOLD))
			slot_more_for(d, s)->methods[sip->method]++;
		metrics_add(d->options.metrics, METRICS_FLOW_TRUNCATED, 1);
		d->left_out = e;
		return &d->left_out;
	}
	s->flow_count++;
	if (shows_contact(&e) && names_source(m, SIP_HDR_CONTACT))
		e.flags |= FLOW_CONTACT_IS_SOURCE;
	e.text = word_keep(d, s, sip, &e, s->n_transactions != transactions);
	*kept = e;
	return kept;
}
