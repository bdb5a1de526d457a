#include "dialog_private.h"

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

/* Of one that is a text. */
static __attribute__((noinline)) const struct base_endpoint *
host_of_text(const struct dialog *d, const struct slot *s, uint8_t index, struct base_endpoint *out)
{
	uint8_t scratch[sizeof(*out)];

	if (index >= s->n_hosts)
		return NULL;
	struct base_span t = chain_text(&d->pool, host_ref(d, s, index), scratch, sizeof(scratch));
	if (t.len != sizeof(*out))
		return NULL;
	memcpy(out, t.p, sizeof(*out));
	return out;
}

const struct base_endpoint *
flow_host(const struct dialog *d, const struct slot *s, uint8_t index, struct base_endpoint *out)
{
	const union host_short *at = &s->hosts[index % DIALOG_HOSTS_SLOT];

	if (index >= s->n_hosts || index >= DIALOG_HOSTS_SLOT || s->hosts_wide >> index & 1)
		return host_of_text(d, s, index, out);
	*out = (struct base_endpoint){base_ip_v4(at->v4.ip), base_load_be16(at->v4.port)};
	return out;
}

static bool
host_is(const struct dialog *d, const struct slot *s, uint8_t index, const struct base_endpoint *at)
{
	struct base_endpoint known;

	return flow_host(d, s, index, &known) && base_endpoint_eq(&known, at);
}

/* IPv4 and port as they stand in the slot, and of an endpoint as they would. */
static inline uint64_t
host_bits(const union host_short *host)
{
	return base_hash_load(host->v4.ip, 4) << 16 | base_load_be16(host->v4.port);
}

static inline uint64_t
endpoint_bits(const struct base_endpoint *at)
{
	return base_hash_load(at->ip.b + 12, 4) << 16 | at->port;
}

static __attribute__((noinline)) uint8_t
host_index_of(struct dialog *d, struct slot *s, const struct base_endpoint *at)
{
	for (uint8_t i = 0; i < s->n_hosts; i++)
		if (host_is(d, s, i, at))
			return i;
	if (s->n_hosts == DIALOG_HOSTS_MAX)
		return HOST_NONE;
	return host_keep(d, s, at) ? s->n_hosts++ : HOST_NONE;
}

/* As a rule they are the two that stand in the slot. */
static inline void
hosts_take(struct dialog *d, struct slot *s, const struct dialog_message *m, struct flow_entry *e)
{
	uint64_t one = host_bits(&s->hosts[0]), other = host_bits(&s->hosts[1]);
	uint64_t src = endpoint_bits(&m->src), dst = endpoint_bits(&m->dst);
	bool forth = src == one;

	if (base_likely(((src ^ one) | (dst ^ other)) == 0 || ((src ^ other) | (dst ^ one)) == 0) &&
		s->n_hosts >= DIALOG_HOSTS_SLOT && s->hosts_wide == 0 &&
		base_ip_is_v4(&m->src.ip) && base_ip_is_v4(&m->dst.ip)) {
		e->src = !forth;
		e->dst = forth;
		return;
	}
	e->src = host_index_of(d, s, &m->src);
	e->dst = host_index_of(d, s, &m->dst);
}

static base_cold uint32_t
branch_of_sent_by(const struct dialog *d, const struct sip_message *sip)
{
	struct sip_via via;

	sip_via_parse(sip->via.value, &via);
	return (d->heard.branch ^ dialog_text_hash(d, via.host) ^ via.port) | 1;
}

/* What tells the transaction: the top Via's branch (RFC 3261 17.1.3).  An RFC 2543 client has none,
 * or one that is not unique: then with the whole of sent-by; CSeq and method tell the rest. */
static inline uint32_t
flow_branch(const struct dialog *d, const struct sip_message *sip)
{
	return base_likely(base_span_starts_nocase(sip->via.branch, BASE_SPAN("z9hG4bK")))
		       ? d->heard.branch
		       : branch_of_sent_by(d, sip);
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

static inline uint64_t
hash_more(const struct dialog *d, uint64_t hash, struct base_span part)
{
	return part.len ? base_hash_mix(hash) ^
				  base_hash_short(&d->options.key, part.p, part.len)
			: hash + 1;
}

static base_cold uint64_t
hash_rare(const struct dialog *d, uint64_t h, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;

	h = hash_more(d, h, sip_header_value(sip, SIP_HDR_RSEQ));
	if (sip->method == SIP_METHOD_OTHER)
		h = hash_more(d, h, sip->method_text);
	if (sip->cseq_method == SIP_METHOD_OTHER)
		h = hash_more(d, h, sip->cseq_method_text);
	if (sip->method == SIP_METHOD_NOTIFY)
		h = hash_more(d, h, sip_header_value(sip, SIP_HDR_EVENT));
	return h;
}

static base_cold uint64_t
hash_sockets(const struct dialog *d, uint64_t h, const struct dialog_message *m)
{
	return hash_more(d, hash_more(d, h, base_span_of(&m->src, sizeof(m->src))),
		base_span_of(&m->dst, sizeof(m->dst)));
}

/* What two messages must share to be the same one sent again, besides what their entries tell:
 * Request-URI or reason, a method that has no number, RSeq, in a NOTIFY its Event, and the sockets
 * where hosts[] has no room for them.  (The Call-ID is the dialog's.) */
static inline uint32_t
flow_fingerprint(const struct dialog *d, const struct dialog_message *m, const struct flow_entry *e)
{
	const struct sip_message *sip = m->sip;
	uint64_t h = (uint64_t)d->heard.to << 32 ^ e->branch ^ (uint64_t)sip->cseq << 8 ^
		     (uint64_t)m->transport << 56;

	if (!(e->flags & FLOW_USUAL))
		h = hash_more(d, h, sip->status ? sip->reason : sip->ruri_text);
	if (base_unlikely(sip->first[SIP_HDR_RSEQ] != SIP_NO_HEADER ||
			  sip->method == SIP_METHOD_OTHER || sip->method == SIP_METHOD_NOTIFY ||
			  sip->cseq_method == SIP_METHOD_OTHER))
		h = hash_rare(d, h, m);
	if (base_unlikely(e->src == HOST_NONE || e->dst == HOST_NONE))
		h = hash_sockets(d, h, m);
	h = base_hash_mix(h);
	return (uint32_t)(h ^ h >> 32) & FLOW_FINGERPRINT;
}

static bool
host_is_source(const struct dialog_message *m, struct base_span host, uint16_t port)
{
	struct base_ip ip;

	return (port ? port : 5060) == m->src.port && base_ip_parse(host, &ip) &&
	       base_ip_eq(&ip, &m->src.ip);
}

static __attribute__((noinline)) bool
value_names_source(const struct dialog_message *m, struct base_span value)
{
	struct base_span element;
	struct sip_name_addr at;

	while (sip_value_next(&value, &element))
		if (sip_name_addr_parse_in(m->sip, element, &at) &&
			host_is_source(m, at.uri.host, at.uri.port))
			return true;
	return false;
}

static bool
header_names_source(const struct dialog_message *m, const struct sip_header *h)
{
	struct sip_authority at;

	for (; h; h = sip_header_next(m->sip, h))
		if (sip_bare_uri_in(m->sip, h->value, &at) ? host_is_source(m, at.host, at.port)
							    : value_names_source(m, h->value))
			return true;
	return false;
}

/* Does one of a header's URIs name the address that the message comes from? */
static inline bool
names_source(const struct dialog_message *m, enum sip_header_id id)
{
	const struct sip_header *h = sip_header_find(m->sip, id);

	return h && header_names_source(m, h);
}

/* ---- into flow[] ---- */

static struct base_span
cut(struct base_span s, uint32_t most)
{
	return base_span_of(s.p, s.len < most ? s.len : most);
}

void
flow_line_set(struct dialog *d, struct slot *s, struct flow_entry *e, struct base_span line)
{
	struct chain_head head = {line.len, TEXT_FLOW_LINE, false};

	if (e->kept && !flow_get(e->kept->what, FLOW_F_HAS_LINE) &&
		chain_text_add_as(&d->pool, &s->text_chain, head, line.p))
		e->kept->what |= flow_bits(1, FLOW_F_HAS_LINE);
}

/* Reason phrase or unknown method, and where kept the branch that begins a transaction: a line
 * each, for neither has a line end. */
static __attribute__((noinline)) chain_ref
words_keep(struct dialog *d, struct slot *s, struct base_span word, struct base_span branch)
{
	char text[2 * FLOW_WORD_MAX + 1];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_span(&t, cut(word, FLOW_WORD_MAX));
	if (branch.len) {
		base_text_char(&t, '\n');
		base_text_span(&t, cut(branch, FLOW_WORD_MAX));
	}
	struct chain_head head = {(uint32_t)t.len, TEXT_FLOW_WORD, false};
	return chain_text_add_as(&d->pool, &s->text_chain, head, text);
}

/* As a rule there are none. */
static inline chain_ref
word_keep(struct dialog *d, struct slot *s, const struct sip_message *sip, struct flow_entry *e,
	bool begins)
{
	struct base_span word = {NULL, 0}, branch = {NULL, 0};

	if (flow_is_repeat(e))
		e->flags &= (uint8_t)~FLOW_USUAL;
	else if (sip->status && !(e->flags & FLOW_USUAL))
		word = sip->reason;
	if (sip->method == SIP_METHOD_OTHER)
		word = sip->method_text;
	if (begins && d->options.keep_branches)
		branch = sip->via.branch;
	return word.len || branch.len ? words_keep(d, s, word, branch) : 0;
}

static void
entry_of(struct dialog *d, struct slot *s, const struct dialog_message *m, bool from_caller)
{
	const struct sip_message *sip = m->sip;
	uint8_t vias = flow_vias(sip);
	uint32_t branch = flow_branch(d, sip);
	bool usual = sip->status && base_span_eq(sip->reason, sip_phrase(sip->status));

	d->entry = (struct flow_entry){
		.ts_ns = m->ts_ns,
		.branch = branch & FLOW_BRANCH,
		.cseq = sip->cseq,
		.status = sip->status,
		.method = sip->method,
		.cseq_method = sip->cseq_method,
		.ip_id = (uint16_t)(m->ip_id ^ m->ip_id >> 16),
		/* the callee's: what tells the dialogs of a forked call apart */
		.tag = (uint16_t)(from_caller == (sip->status == 0) ? d->heard.to : d->heard.from),
		.vias = vias < FLOW_VIAS_MAX ? vias : FLOW_VIAS_MAX,
		.flags = (from_caller ? FLOW_FROM_CALLER : 0) | (usual ? FLOW_USUAL : 0),
	};
	hosts_take(d, s, m, &d->entry);
	d->entry.fingerprint = flow_fingerprint(d, m, &d->entry);
	if (names_source(m, SIP_HDR_RECORD_ROUTE))
		d->entry.flags |= FLOW_RECORD_ROUTE;
}

static bool
shows_contact(const struct flow_entry *e)
{
	bool establishes = e->status == 0 ? e->method == SIP_METHOD_INVITE
					  : e->status >= 200 && e->status < 300 &&
						    e->cseq_method == SIP_METHOD_INVITE;

	return establishes && !flow_is_repeat(e);
}

static base_cold void
repeat_count(struct dialog *d, struct slot *s, const struct flow_entry *e)
{
	if (e->flags & FLOW_RETRANSMISSION)
		slot_more_for(d, s)->retransmissions++;
	if (e->flags & FLOW_DUPLICATE)
		slot_more_for(d, s)->duplicates++;
}

static void
flow_count(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e)
{
	if (slot_messages(d, s) == 0) {
		/* a response goes back the way its request came */
		s->first_src = (e->status ? e->dst : e->src) & 15;
		s->first_dst = (e->status ? e->src : e->dst) & 15;
	}
	if (base_unlikely(flow_is_repeat(e)))
		repeat_count(d, s, e);
	if (base_unlikely(m->truncated))
		s->truncated = true;
	s->faults |= (uint16_t)(m->sip->flags & SIP_FLAGS_INVALID);
	if (m->ts_ns > s->last_ns)
		s->last_ns = m->ts_ns;
}

static base_cold struct flow_entry *
flow_leave_out(struct dialog *d, struct slot *s, struct flow_entry *e)
{
	s->flow_truncated = true;
	slot_more_for(d, s)->left_out++;
	if (e->status == 0 && !(e->flags & FLOW_TOLD))
		slot_more_for(d, s)->methods[e->method]++;
	metrics_add(d->options.metrics, METRICS_FLOW_TRUNCATED, 1);
	return e;
}

struct flow_entry *
flow_add(struct dialog *d, struct slot *s, const struct dialog_message *m, bool from_caller)
{
	const struct sip_message *sip = m->sip;
	struct flow_entry *e = &d->entry;
	struct flow_end end;
	uint8_t transactions = s->n_transactions;

	entry_of(d, s, m, from_caller);
	flow_compare(d, s, e, &end);
	flow_count(d, s, m, e);
	if (base_unlikely(s->flow_count >= d->options.flow_entries || !flow_keep(d, s, e, &end)))
		return flow_leave_out(d, s, e);
	s->flow_count++;
	if (shows_contact(e) && names_source(m, SIP_HDR_CONTACT))
		e->flags |= FLOW_CONTACT_IS_SOURCE;
	if (word_keep(d, s, sip, e, s->n_transactions != transactions))
		e->kept->what |= flow_bits(1, FLOW_F_HAS_WORD);
	e->kept->what |= flow_bits(e->flags, FLOW_F_FLAGS);
	return e;
}
