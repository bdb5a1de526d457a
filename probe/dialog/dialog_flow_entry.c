/* flow[] as it is kept: entries of 21 bytes, three in a block, apart from a base that is set anew
 * where one is too far from it; and a message against all those before it. */
#include "dialog_private.h"

/* A copy of a frame comes so soon after it, with the same IPv4 identification ... */
#define DUPLICATE_WINDOW_NS (2 * BASE_NS_PER_SEC)
/* ... or, where there is none (0, IPv6, TCP), sooner than SIP sends again: T1 is 500 ms */
#define DUPLICATE_SOON_NS (50 * BASE_NS_PER_MS)
/* A new base is so much below the CSeq it is for: those that were overtaken find room, too. */
#define CSEQ_BELOW 16
#define CSEQ_APART_MAX UINT8_MAX
#define WHEN_BITS 40
_Static_assert(FLOW_TIME_MAX < 1ll << (WHEN_BITS - 1), "fits");

bool
flow_is_repeat(const struct flow_entry *e)
{
	return (e->flags & (FLOW_RETRANSMISSION | FLOW_DUPLICATE)) != 0;
}

/* ---- one after another ---- */

/* Those of the next block, how many; NULL at the end. */
static inline struct flow_kept *
kept_block(const struct dialog *d, const struct slot *s, struct flow_at *at, uint32_t *n)
{
	if (at->block == 0) {
		at->base_ns = s->first_ns;
		at->base_cseq = s->flow_cseq;
	}
	return chain_items_next(
		&d->pool, &s->flow_chain, sizeof(struct flow_kept), &at->block, n);
}

static base_cold void
base_take(struct flow_at *at, const struct flow_kept *kept)
{
	struct flow_base base;

	memcpy(&base, kept, sizeof(base));
	at->base_ns = base.ts_ns;
	at->base_cseq = base.cseq;
}

/* The next one, as it lies there; a base is taken on the way. */
static inline struct flow_kept *
kept_next(const struct dialog *d, const struct slot *s, struct flow_cursor *at)
{
	for (;;) {
		if (at->left == 0)
			at->next = kept_block(d, s, &at->at, &at->left);
		if (at->next == NULL)
			return NULL;
		struct flow_kept *kept = at->next++;
		at->left--;
		if (base_likely(flow_get(kept->what, FLOW_F_KIND) != FLOW_BASE))
			return kept;
		base_take(&at->at, kept);
	}
}

static inline int64_t
kept_ns(const struct flow_at *at, const struct flow_kept *kept)
{
	int64_t apart = (int64_t)(kept->when << (64 - WHEN_BITS)) >> (64 - WHEN_BITS);

	return (int64_t)((uint64_t)at->base_ns + (uint64_t)apart);
}

static inline bool
is_request(uint64_t what)
{
	return flow_get(what, FLOW_F_KIND) < FLOW_METHODS;
}

/* The next text of an entry: its number among those found, or where it is. */
static chain_ref
text_next(const struct dialog *d, const struct slot *s, struct flow_cursor *at, uint8_t id)
{
	if (!at->text.started && found_is_of(d, s)) {
		if (at->n_texts < d->found->n_flow)
			return ++at->n_texts;
		at->text = d->found->flow_rest;
	}
	while (chain_text_walk(&d->pool, &s->text_chain, &at->text))
		if (at->text.head.id == id)
			return at->text.ref;
	return 0;
}

static inline bool
entry_read(const struct dialog *d, const struct slot *s, struct flow_cursor *at,
	struct flow_entry *e)
{
	struct flow_kept *kept = kept_next(d, s, at);

	if (kept == NULL)
		return false;
	uint64_t what = kept->what;
	uint16_t kind = (uint16_t)flow_get(what, FLOW_F_KIND);
	*e = (struct flow_entry){
		.ts_ns = kept_ns(&at->at, kept),
		.cseq = at->at.base_cseq + flow_get(what, FLOW_F_CSEQ),
		.branch = (uint32_t)(kept->when >> WHEN_BITS),
		.fingerprint = flow_get(what, FLOW_F_FINGERPRINT),
		.status = is_request(what) ? 0 : kind,
		.ip_id = kept->ip_id,
		.tag = kept->tag,
		.method = is_request(what) ? (uint8_t)kind : SIP_METHOD_NONE,
		.cseq_method = (uint8_t)flow_get(what, FLOW_F_CSEQ_METHOD),
		.src = kept->src,
		.dst = kept->dst,
		.vias = (uint8_t)flow_get(what, FLOW_F_VIAS),
		.transaction = (uint8_t)flow_get(what, FLOW_F_TRANSACTION),
		.flags = (uint8_t)flow_get(what, FLOW_F_FLAGS),
		.kept = kept,
	};
	if (at->texts && flow_get(what, FLOW_F_HAS_WORD))
		e->word = text_next(d, s, at, TEXT_FLOW_WORD);
	if (at->texts && flow_get(what, FLOW_F_HAS_LINE))
		e->line = text_next(d, s, at, TEXT_FLOW_LINE);
	return true;
}

const struct flow_entry *
flow_next(const struct dialog *d, const struct slot *s, struct flow_cursor *at)
{
	return entry_read(d, s, at, &at->entry) ? &at->entry : NULL;
}

bool
flow_has_invite(
	const struct dialog *d, const struct slot *s, const struct flow_entry *e, bool same_branch)
{
	struct flow_cursor at = {.left = 0};
	const struct flow_kept *old;

	while ((old = kept_next(d, s, &at)))
		if (flow_get(old->what, FLOW_F_KIND) == SIP_METHOD_INVITE &&
			at.at.base_cseq + flow_get(old->what, FLOW_F_CSEQ) == e->cseq &&
			(same_branch ? old->when >> WHEN_BITS == e->branch : old->src == e->src))
			return true;
	return false;
}

/* ---- a new entry against those before it ---- */

#define KIND_BITS (flow_bits(~0ull, FLOW_F_KIND) | flow_bits(~0ull, FLOW_F_CSEQ_METHOD))
#define REPEAT_BITS (KIND_BITS | flow_bits(~0ull, FLOW_F_FINGERPRINT))
#define SIDE_BIT flow_bits(FLOW_FROM_CALLER, FLOW_F_FLAGS)
#define TOLD_BITS (flow_bits(~0ull, FLOW_F_KIND) | SIDE_BIT)

/* Of which method a transaction of this branch and CSeq is, and whose.  The ACK of a failure
 * belongs to its INVITE's; that of a 2xx has a branch of its own (RFC 3261 17.1.1.3, 13.2.2.4). */
static inline uint32_t
transaction_of(uint64_t what)
{
	bool request = is_request(what);
	uint32_t method = flow_get(what, request ? FLOW_F_KIND : FLOW_F_CSEQ_METHOD);

	return (method == SIP_METHOD_ACK ? SIP_METHOD_INVITE : method) << 1 |
	       (((what & SIDE_BIT) != 0) == request);
}

struct hop {
	uint8_t vias, src, dst;
};

/* Is b what a became behind a proxy?  A request has one more Via on each hop, a response one less;
 * who forwards without saying so is known by its address. */
static bool
is_further(struct hop a, struct hop b, bool request)
{
	if (a.vias != b.vias)
		return (a.vias < b.vias) == request;
	return a.dst == b.src && a.src != b.dst;
}

/* A frame captured twice carries the same IPv4 identification, a retransmission a new one.  An
 * identification of 0 says nothing: then time tells. */
static base_cold uint8_t
repeat_of(const struct flow_at *at, const struct flow_kept *old, const struct flow_entry *e)
{
	int64_t before = kept_ns(at, old), now = e->ts_ns;
	int64_t apart = now > before ? now - before : before - now;
	bool identified = e->ip_id && old->ip_id;
	bool duplicate = identified ? e->ip_id == old->ip_id && apart < DUPLICATE_WINDOW_NS
				    : apart < DUPLICATE_SOON_NS;

	return duplicate ? FLOW_DUPLICATE : FLOW_RETRANSMISSION;
}

/* Returns its flags. */
static uint8_t
forwarded_mark(struct dialog *d, struct slot *s, uint8_t flags)
{
	if (!(flags & (FLOW_HOP | FLOW_RETRANSMISSION | FLOW_DUPLICATE)))
		slot_more_for(d, s)->forwarded++;
	return flags | FLOW_HOP;
}

/* One that was sent on from hop to hop, seen at two of them. */
static base_cold void
hops_compare(struct dialog *d, struct slot *s, struct flow_kept *old, struct flow_entry *e)
{
	struct hop a = {(uint8_t)flow_get(old->what, FLOW_F_VIAS), old->src, old->dst};
	struct hop b = {e->vias, e->src, e->dst};
	bool request = e->status == 0;

	if (is_further(a, b, request))
		e->flags = forwarded_mark(d, s, e->flags);
	else if (is_further(b, a, request))
		old->what |= flow_bits(
			forwarded_mark(d, s, (uint8_t)flow_get(old->what, FLOW_F_FLAGS)),
			FLOW_F_FLAGS);
}

/* As it is kept, but for what is apart from a base or comes later. */
static inline struct flow_kept
kept_of(const struct flow_entry *e)
{
	return (struct flow_kept){
		.when = (uint64_t)e->branch << WHEN_BITS,
		.what = flow_bits(e->status ? e->status : e->method, FLOW_F_KIND) |
			flow_bits(e->cseq_method, FLOW_F_CSEQ_METHOD) |
			flow_bits(e->fingerprint, FLOW_F_FINGERPRINT) |
			flow_bits(e->flags & FLOW_FROM_CALLER, FLOW_F_FLAGS) |
			flow_bits(e->vias, FLOW_F_VIAS),
		.ip_id = e->ip_id,
		.tag = e->tag,
		.src = e->src & HOST_NONE,
		.dst = e->dst & HOST_NONE,
	};
}

struct flow_pair {
	struct flow_kept *old;
	const struct flow_kept *now;
	const struct flow_at *at; /* where old is */
};

/* Two with the same CSeq.  A fingerprint is short: a repeat must have all else that says what a
 * message is in common, too.  (Whose tag is kept depends on who is taken for the caller.) */
static inline void
pair_compare(struct dialog *d, struct slot *s, const struct flow_pair *pair, struct flow_entry *e)
{
	struct flow_kept *old = pair->old;
	const struct flow_kept *now = pair->now;
	uint64_t differs = old->what ^ now->what;
	bool same_tag = old->tag == now->tag;

	if (e->status == 0 && !(differs & TOLD_BITS))
		e->flags |= FLOW_TOLD;
	if ((old->when ^ now->when) >> WHEN_BITS) {
		if (!(differs & (KIND_BITS | SIDE_BIT)) && same_tag)
			hops_compare(d, s, old, e);
		return;
	}
	if (transaction_of(old->what) == transaction_of(now->what))
		e->transaction = (uint8_t)flow_get(old->what, FLOW_F_TRANSACTION);
	if (!(differs & REPEAT_BITS) && old->src == now->src && old->dst == now->dst &&
		(same_tag || differs & SIDE_BIT))
		e->flags |= repeat_of(pair->at, old, e);
}

void
flow_compare(struct dialog *d, struct slot *s, struct flow_entry *e, struct flow_end *end)
{
	struct flow_at *at = &end->at;
	struct flow_pair pair = {NULL, &end->now, at};
	uint32_t n;

	at->block = 0;
	end->now = kept_of(e);
	e->transaction = TRANSACTION_NONE;
	while ((pair.old = kept_block(d, s, at, &n)))
		for (; n; n--, pair.old++)
			if (base_unlikely(flow_get(pair.old->what, FLOW_F_KIND) == FLOW_BASE))
				base_take(at, pair.old);
			else if (at->base_cseq + flow_get(pair.old->what, FLOW_F_CSEQ) == e->cseq)
				pair_compare(d, s, &pair, e);
	if (e->flags & FLOW_DUPLICATE)
		e->flags &= (uint8_t)~FLOW_RETRANSMISSION;
	if (e->transaction == TRANSACTION_NONE && s->n_transactions < TRANSACTION_NONE)
		e->transaction = s->n_transactions++;
}

/* ---- one more ---- */

/* Modulo 2^64, as kept_ns adds it again. */
static inline uint64_t
apart_of(const struct flow_entry *e, const struct flow_at *at)
{
	return (uint64_t)e->ts_ns - (uint64_t)at->base_ns;
}

static inline bool
is_near(const struct flow_entry *e, const struct flow_at *at)
{
	return apart_of(e, at) + FLOW_TIME_MAX <= 2 * (uint64_t)FLOW_TIME_MAX &&
	       e->cseq - at->base_cseq <= CSEQ_APART_MAX;
}

/* False: no room. */
static base_cold bool
base_keep(struct dialog *d, struct slot *s, const struct flow_entry *e, struct flow_at *at)
{
	struct flow_base *base = chain_item_add(&d->pool, &s->flow_chain, sizeof(*base));

	if (base == NULL)
		return false;
	at->base_ns = base->ts_ns = e->ts_ns;
	at->base_cseq = base->cseq = e->cseq - CSEQ_BELOW;
	base->what = flow_bits(FLOW_BASE, FLOW_F_KIND);
	return true;
}

bool
flow_keep(struct dialog *d, struct slot *s, struct flow_entry *e, struct flow_end *end)
{
	struct flow_at *at = &end->at;
	struct flow_kept *kept;

	if (s->flow_chain.head == 0)
		at->base_cseq = s->flow_cseq = e->cseq - CSEQ_BELOW;
	if (base_unlikely(!is_near(e, at)) && !base_keep(d, s, e, at))
		return false;
	e->kept = kept = chain_item_add(&d->pool, &s->flow_chain, sizeof(*kept));
	if (kept == NULL)
		return false;
	*kept = end->now;
	kept->when |= apart_of(e, at) & ((1ull << WHEN_BITS) - 1);
	kept->what |= flow_bits(e->cseq - at->base_cseq, FLOW_F_CSEQ) |
		      flow_bits(e->transaction, FLOW_F_TRANSACTION);
	return true;
}

/* ---- what follows from all of them ---- */

static inline void
request_take(struct flow_facts *facts, const struct flow_entry *e)
{
	if (e->status || e->flags & FLOW_TOLD)
		return;
	facts->methods[e->method]++;
	facts->fresh[e->method] += !flow_is_repeat(e);
}

static inline void
fact_take(struct flow_facts *facts, const struct flow_entry *e)
{
	request_take(facts, e);
	if (!flow_is_repeat(e))
		facts->evidence[e->src] |= role_evidence(e);
	if (e->transaction < facts->transactions.n)
		transaction_take(&facts->transactions, e);
}

void
flow_facts_of(const struct dialog *d, const struct slot *s, struct flow_facts *facts)
{
	const struct slot_more *more = slot_more_of(d, s);
	struct transactions *all = &facts->transactions;
	struct flow_entry *e = facts->ready;
	struct flow_cursor at;

	memset(&at, 0, offsetof(struct flow_cursor, entry));
	at.texts = true;
	facts->n_ready = 0;
	all->seen = 0;
	all->n = s->n_transactions < TRANSACTIONS_MAX ? s->n_transactions : TRANSACTIONS_MAX;
	memset(facts->evidence, 0, sizeof(facts->evidence));
	for (uint32_t m = 0; m < SIP_METHOD_COUNT; m++)
		facts->methods[m] = facts->fresh[m] = more->methods[m];
	while (entry_read(d, s, &at, e)) {
		fact_take(facts, e);
		if (e == &at.entry)
			continue;
		facts->n_ready++;
		if (++e == facts->ready + FLOW_READY) {
			facts->rest = at;
			e = &at.entry;
		}
	}
	transactions_end(d, s, all);
}
