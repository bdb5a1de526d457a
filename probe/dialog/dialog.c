#include "dialog_private.h"

#define ENDING_MAX 32 /* at once */

/* ---- memory ---- */

struct parts {
	size_t slots, mores, buckets, blocks, links, series, shared, wheel, total;
	uint32_t bucket_count, block_count;
};

/* Blocks a dialog: a call of seven messages with SDP takes some ten. */
#define BLOCKS_PER_DIALOG 16

static struct parts
dialog_parts(const struct dialog_options *o)
{
	struct parts p = {0};
	size_t at = base_align_up(sizeof(struct dialog), BASE_CACHE_LINE);

	p.bucket_count = base_power_of_two_at_least(o->max_dialogs);
	p.block_count = o->max_dialogs * BLOCKS_PER_DIALOG + 128;
	if (p.block_count > CHAIN_BLOCKS_MAX)
		p.block_count = CHAIN_BLOCKS_MAX;
	/* What is touched as dialogs come, each from its beginning on, and last what may never be:
	 * pages of 2 MiB are taken whole. */
	p.buckets = at;
	at += base_align_up((size_t)p.bucket_count * sizeof(uint32_t), BASE_CACHE_LINE);
	p.links = at;
	at += base_align_up(link_footprint(o->max_links), BASE_CACHE_LINE);
	p.shared = at;
	at += shared_footprint(o->max_dialogs);
	p.wheel = at;
	at += base_align_up(base_wheel_footprint(o->max_dialogs), BASE_CACHE_LINE);
	p.slots = at;
	at += base_align_up((size_t)o->max_dialogs * sizeof(struct slot), BASE_CACHE_LINE);
	p.blocks = at;
	at += chain_pool_footprint(p.block_count);
	p.mores = at;
	at += base_align_up((size_t)o->max_dialogs * sizeof(struct slot_more), BASE_CACHE_LINE);
	p.series = at;
	p.total = at + base_align_up(series_footprint(o->max_series), BASE_CACHE_LINE);
	return p;
}

size_t
dialog_footprint(const struct dialog_options *options)
{
	return dialog_parts(options).total;
}

struct dialog *
dialog_new(void *mem, const struct dialog_options *options)
{
	struct parts p = dialog_parts(options);
	struct dialog *d = mem;
	uint8_t *base = mem;

	memset(d, 0, sizeof(*d));
	d->options = *options;
	d->slots = (struct slot *)(void *)(base + p.slots);
	d->mores.blocks = (struct slot_more *)(void *)(base + p.mores);
	d->buckets = (uint32_t *)(void *)(base + p.buckets);
	d->bucket_mask = p.bucket_count - 1;
	chain_pool_init(&d->pool, base + p.blocks, p.block_count);
	d->wheel = base_wheel_new(base + p.wheel, options->max_dialogs, DIALOG_TICK_NS);
	d->peek_at = DIALOG_NIL;
	d->found = d->founds;
	slot_table_init(d);
	link_table_init(d, base + p.links);
	shared_table_init(d, base + p.shared);
	series_table_init(d, base + p.series);
	metrics_set(options->metrics, METRICS_CALLS_MAX, options->max_dialogs);
	return d;
}

/* ---- which dialog is meant ---- */

typedef enum slot_match (*match_fn)(
	const struct dialog *d, const struct slot *s, const struct sip_message *m);

static struct slot *
dialog_find(struct dialog *d, uint64_t hash, const struct sip_message *m, enum slot_kind kind,
	match_fn match)
{
	uint32_t i = slot_find_first(d, hash, m->call_id);
	struct slot *loose = NULL;

	for (; i != DIALOG_NIL; i = slot_find_next(d, i, hash, m->call_id)) {
		struct slot *s = &d->slots[i];
		if (s->kind != kind || s->list == LIST_COLLECTING)
			continue;
		enum slot_match fit = match(d, s, m);
		if (fit == MATCH_SURE)
			return s;
		if (fit == MATCH_LOOSE && loose == NULL)
			loose = s;
	}
	return loose;
}

/* Methods that only a call has: with one of them a Call-ID not seen before is a call that began
 * before the capture. */
static bool
method_is_of_call(uint8_t method)
{
	return method == SIP_METHOD_INVITE || method == SIP_METHOD_ACK ||
	       method == SIP_METHOD_BYE || method == SIP_METHOD_CANCEL ||
	       method == SIP_METHOD_PRACK;
}

static enum record_kind
receive_call(struct dialog *d, uint64_t hash, const struct dialog_message *m)
{
	struct slot *s = slot_take(d, SLOT_CALL, hash, m);

	if (s == NULL)
		return RECORD_NONE;
	metrics_add(d->options.metrics, METRICS_CALLS, 1);
	slot_parties_set(d, s, m);
	call_receive(d, s, m);
	return RECORD_CALL;
}

/* m belongs to no call in the table. */
static enum record_kind
receive_apart(struct dialog *d, uint64_t hash, const struct dialog_message *m, uint8_t method)
{
	struct slot *s;

	if (method_is_of_call(method))
		return receive_call(d, hash, m);
	if (method == SIP_METHOD_REGISTER) {
		s = dialog_find(d, hash, m->sip, SLOT_REGISTRATION, registration_matches);
		if (s == NULL)
			s = slot_take(d, SLOT_REGISTRATION, hash, m);
		if (s)
			registration_receive(d, s, m);
		return s ? RECORD_REGISTRATION : RECORD_NONE;
	}
	s = dialog_find(d, hash, m->sip, SLOT_TRANSACTION, transaction_matches);
	if (s == NULL)
		s = slot_take(d, SLOT_TRANSACTION, hash, m);
	if (s)
		transaction_receive(d, s, m);
	return s ? RECORD_TRANSACTION : RECORD_NONE;
}

enum record_kind
dialog_receive(struct dialog *d, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	uint8_t method = sip->method != SIP_METHOD_NONE ? sip->method : sip->cseq_method;
	uint8_t hosts[DIALOG_KEY_BYTES];
	struct base_span key = dialog_key_of(m, hosts);
	uint64_t hash = base_hash_short(&d->options.key, key.p, key.len);
	struct slot *s = NULL;
	enum record_kind kind = RECORD_CALL;
	bool left_out = false;

	if (m->ts_ns > d->now_ns)
		d->now_ns = m->ts_ns;
	d->has_details = false;
	d->heard.from = dialog_text_hash(d, sip->from.tag);
	d->heard.to = dialog_text_hash(d, sip->to.tag);
	d->heard.branch = dialog_text_hash(d, sip->via.branch);
	if (base_unlikely(sip->call_id.len == 0)) {
		s = unkeyed_find(d, hash, m, &left_out);
		metrics_add(d->options.metrics, METRICS_SIP_NO_CALL_ID, 1);
		metrics_add(d->options.metrics, METRICS_SIP_LEFT_OUT, left_out);
	} else if (method != SIP_METHOD_REGISTER) {
		s = dialog_find(d, hash, sip, SLOT_CALL, call_matches);
	}
	if (base_likely(s != NULL))
		call_receive(d, s, m);
	else
		kind = left_out ? RECORD_NONE : receive_apart(d, hash, m, method);
	metrics_set(d->options.metrics, METRICS_CALLS_ACTIVE,
		d->lists[LIST_EARLY].count + d->lists[LIST_ESTABLISHED].count);
	return kind;
}

/* ---- endings ---- */

void
dialog_close(struct dialog *d, struct slot *s, enum end_cause cause)
{
	if (s->list == LIST_COLLECTING)
		return;
	s->end_cause = cause & 7;
	if (s->kind != SLOT_CALL) {
		dialog_record_write(d, s);
		slot_give_back(d, s);
		return;
	}
	uint64_t call = slot_handle(d, s);
	media_endpoints_withdraw(d, s);
	streams_reset(d, s);
	slot_move(d, s, LIST_COLLECTING);
	d->options.hooks.collect(d->options.hooks.context, call);
	s = slot_of_handle(d, call);
	if (s) /* some core has not answered yet */
		slot_arm(d, s, d->now_ns + DIALOG_COLLECT_NS);
}

void
dialog_collected(struct dialog *d, uint64_t call)
{
	struct slot *s = slot_of_handle(d, call);

	if (s == NULL || s->list != LIST_COLLECTING)
		return;
	dialog_record_write(d, s);
	slot_give_back(d, s);
}

static void
slot_expired(struct dialog *d, struct slot *s)
{
	if (s->kind == SLOT_CALL)
		call_expired(d, s);
	else
		dialog_close(d, s, s->final.status ? END_NONE : END_TIMEOUT);
}

/* What ends was last touched long ago: what the one in so many steps will look at is fetched
 * meanwhile, first its slot, then where its chains go on, then their blocks and who stands before
 * it in its bucket; then its texts are found, and with them its endpoints; and its streams. */
#define AHEAD_SLOT 7
#define AHEAD_NEXT 5
#define AHEAD_BLOCKS 4
#define AHEAD_FOUND 2
#define AHEAD_ENDPOINTS 1

static void
streams_fetch(const struct dialog *d, const struct slot *s, uint32_t nth)
{
	const struct dialog_hooks *hooks = &d->options.hooks;

	if (hooks->fetch_streams && s->kind == SLOT_CALL && s->list != LIST_ESTABLISHED)
		hooks->fetch_streams(hooks->context, slot_handle(d, s), nth);
}

static void
blocks_fetch(const struct dialog *d, const struct slot *s)
{
	uint32_t first = d->buckets[s->hash & d->bucket_mask];

	chain_prefetch(&d->pool, &s->text_chain);
	chain_prefetch(&d->pool, &s->flow_chain);
	base_prefetch_lines(slot_more_of(d, s), sizeof(struct slot_more));
	if (first != DIALOG_NIL)
		base_prefetch(&d->slots[first].bucket_next);
}

static inline void
ending_prefetch(struct dialog *d, const uint32_t *ids, uint32_t at, uint32_t n)
{
	const struct slot *s;

	if (at + AHEAD_SLOT < n)
		base_prefetch_lines(&d->slots[ids[at + AHEAD_SLOT]], sizeof(*s));
	if (at + AHEAD_NEXT < n) {
		s = &d->slots[ids[at + AHEAD_NEXT]];
		base_prefetch(&d->buckets[s->hash & d->bucket_mask]);
		chain_prefetch_next(&d->pool, &s->text_chain);
		chain_prefetch_next(&d->pool, &s->flow_chain);
		streams_fetch(d, s, 0);
	}
	if (at + AHEAD_BLOCKS < n) {
		blocks_fetch(d, &d->slots[ids[at + AHEAD_BLOCKS]]);
		streams_fetch(d, &d->slots[ids[at + AHEAD_BLOCKS]], 1);
	}
	if (at + AHEAD_FOUND < n) {
		media_endpoints_fetch(d, &d->slots[ids[at + AHEAD_FOUND]], false);
		streams_fetch(d, &d->slots[ids[at + AHEAD_FOUND]], 2);
	}
	if (at + AHEAD_ENDPOINTS < n)
		media_endpoints_fetch(d, &d->slots[ids[at + AHEAD_ENDPOINTS]], true);
}

/* One after another. */
static void
slots_end(struct dialog *d, const uint32_t *ids, uint32_t n,
	void (*end)(struct dialog *d, struct slot *s))
{
	for (uint32_t i = 0; i < n && i < AHEAD_SLOT; i++)
		base_prefetch_lines(&d->slots[ids[i]], sizeof(struct slot));
	for (uint32_t i = 0; i < n; i++) {
		ending_prefetch(d, ids, i, n);
		if (d->slots[ids[i]].kind != SLOT_FREE)
			end(d, &d->slots[ids[i]]);
	}
}

void
dialog_advance(struct dialog *d, int64_t now_ns)
{
	uint32_t ids[ENDING_MAX], n;

	if (now_ns > d->now_ns)
		d->now_ns = now_ns;
	do {
		n = base_wheel_advance(d->wheel, d->now_ns, ids, ENDING_MAX);
		slots_end(d, ids, n, slot_expired);
	} while (n == ENDING_MAX);
	peek_some(d);
}

void
dialog_note_loss(struct dialog *d, uint64_t lost_total)
{
	d->lost_total = lost_total;
}

/* Oldest first, over the lists: each is in the order in which its dialogs came to stand in it. */
static uint32_t
oldest_open(const struct dialog *d, uint32_t ids[ENDING_MAX])
{
	uint32_t at[LIST_COLLECTING], n = 0;

	for (enum slot_list l = LIST_EARLY; l < LIST_COLLECTING; l++)
		at[l] = d->lists[l].head;
	for (; n < ENDING_MAX; n++) {
		uint32_t *oldest = NULL;
		for (enum slot_list l = LIST_EARLY; l < LIST_COLLECTING; l++)
			if (at[l] != DIALOG_NIL &&
				(oldest == NULL ||
					d->slots[at[l]].first_ns < d->slots[*oldest].first_ns))
				oldest = &at[l];
		if (oldest == NULL)
			break;
		ids[n] = *oldest;
		*oldest = d->slots[*oldest].list_next;
	}
	return n;
}

static void
slot_finished(struct dialog *d, struct slot *s)
{
	dialog_close(d, s, END_CAPTURE);
}

void
dialog_finish(struct dialog *d, int64_t now_ns)
{
	uint32_t ids[ENDING_MAX], n;

	dialog_advance(d, now_ns);
	while ((n = oldest_open(d, ids)))
		slots_end(d, ids, n, slot_finished);
	metrics_set(d->options.metrics, METRICS_CALLS_ACTIVE, 0);
}
