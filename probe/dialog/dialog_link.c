/* Legs of one call, each with a Call-ID of its own, are linked and never merged.  A leg says what
 * it could have in common with another (struct dialog_link) to the core that keeps that key; there
 * it meets the other one, in either order, and both are told. */
#include "dialog_private.h"

#define LINK_WAYS 4
#define LINK_WINDOW_NS (60 * BASE_NS_PER_SEC) /* between two legs that name each other */
#define LINK_NUMBERS_NS (3 * BASE_NS_PER_SEC) /* that have but the numbers in common */
#define LINK_REFER_NS (32 * BASE_NS_PER_SEC)  /* REFER to the INVITE that it causes */
#define LINK_EARLY_NS (10 * BASE_NS_PER_MS)   /* captured the wrong way round */

/* What is looked at stands in one line; the entries are apart. */
struct link_bucket {
	uint64_t keys[LINK_WAYS];
	int64_t ts_ns[LINK_WAYS];
};
_Static_assert(sizeof(struct link_bucket) == BASE_CACHE_LINE, "one line");

static uint32_t
bucket_count(uint32_t max_links)
{
	return max_links ? base_power_of_two_at_least((max_links + LINK_WAYS - 1) / LINK_WAYS) : 0;
}

size_t
link_footprint(uint32_t max_links)
{
	return (size_t)bucket_count(max_links) *
	       (sizeof(struct link_bucket) + LINK_WAYS * sizeof(struct dialog_link));
}

void
link_table_init(struct dialog *d, void *mem)
{
	uint32_t n = bucket_count(d->options.max_links);

	d->links.buckets = mem;
	d->links.entries = (struct dialog_link *)(void *)((uint8_t *)mem +
							   (size_t)n * sizeof(struct link_bucket));
	d->links.n_buckets = n;
	for (uint32_t i = 0; i < d->options.n_link_headers; i++)
		d->links.header_ids[i] = (uint8_t)sip_header_id_of(d->options.link_headers[i]);
	if (!d->options.zeroed)
		base_zero(mem, (size_t)n * sizeof(struct link_bucket));
}

static void
link_send(struct dialog *d, const struct dialog_link *l)
{
	if (d->options.hooks.link)
		d->options.hooks.link(d->options.hooks.context, l);
	else
		dialog_link(d, l);
}

void
link_offer(struct dialog *d, struct dialog_link *l, uint64_t key)
{
	l->key = key ? key : 1;
	l->to = 0;
	link_send(d, l);
}

/* Tells leg `to` of leg l. */
static void
link_tell(struct dialog *d, const struct dialog_link *l, uint64_t to, uint8_t reason)
{
	struct dialog_link told = *l;

	told.to = to;
	told.reason = reason & 63;
	if (told.identity_len)
		record_uid(told.uid, told.identity, told.identity_len);
	link_send(d, &told);
}

static void
link_both(struct dialog *d, const struct dialog_link *a, const struct dialog_link *b,
	uint8_t reason)
{
	link_tell(d, a, b->call, reason);
	link_tell(d, b, a->call, reason);
}

/* ---- what two words with the same key amount to ---- */

static bool
is_within(int64_t first_ns, int64_t then_ns, int64_t window_ns)
{
	return then_ns >= first_ns - LINK_EARLY_NS && then_ns <= first_ns + window_ns;
}

/* Into an address and out of it: an INVITE and the one that it causes. */
static uint8_t
reason_in_out(const struct dialog_link *in, const struct dialog_link *out)
{
	if (in->reason == LINK_REFER)
		return is_within(in->ts_ns, out->ts_ns, LINK_REFER_NS) ? LINK_REFER : LINK_NONE;
	if (in->calling != out->calling || !is_within(in->ts_ns, out->ts_ns, LINK_NUMBERS_NS))
		return LINK_NONE;
	return out->reason;
}

static uint8_t
reason_of(const struct dialog_link *a, const struct dialog_link *b)
{
	int64_t apart = a->ts_ns > b->ts_ns ? a->ts_ns - b->ts_ns : b->ts_ns - a->ts_ns;

	if (a->call == b->call)
		return LINK_NONE;
	if (a->side == LINK_IN && b->side == LINK_OUT)
		return reason_in_out(a, b);
	if (a->side == LINK_OUT && b->side == LINK_IN)
		return reason_in_out(b, a);
	bool both = a->side == LINK_ANY && b->side == LINK_ANY && a->reason == b->reason;
	return both && apart <= LINK_WINDOW_NS ? a->reason : LINK_NONE;
}

/* ---- the table of one core ---- */

static struct link_bucket *
bucket_of(const struct dialog *d, uint64_t key, struct dialog_link **entries)
{
	uint32_t i;

	if (d->links.n_buckets == 0)
		return NULL;
	i = (uint32_t)(base_hash_mix(key) >> 32) & (d->links.n_buckets - 1);
	*entries = &d->links.entries[(size_t)i * LINK_WAYS];
	return &d->links.buckets[i];
}

void
link_fetch(const struct dialog *d, uint64_t key)
{
	struct dialog_link *entries;

	base_prefetch(bucket_of(d, key, &entries));
}

/* The place of l: its own from before, an empty one, or the oldest. */
static uint32_t
place_for(const struct link_bucket *b, const struct dialog_link *entries,
	const struct dialog_link *l)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < LINK_WAYS; i++) {
		if (b->keys[i] == l->key && entries[i].call == l->call &&
			entries[i].side == l->side && entries[i].reason == l->reason)
			return i;
		if (b->keys[i] == 0 ? b->keys[best] != 0
				    : b->keys[best] && b->ts_ns[i] < b->ts_ns[best])
			best = i;
	}
	return best;
}

static void
link_keep(struct dialog *d, struct link_bucket *b, struct dialog_link *entries,
	const struct dialog_link *l)
{
	uint32_t i = place_for(b, entries, l);
	bool given_up = b->keys[i] && entries[i].call != l->call &&
			l->ts_ns - b->ts_ns[i] < LINK_NUMBERS_NS;
	metrics_add(d->options.metrics, METRICS_LINKS_LOST, given_up);
	b->keys[i] = l->key;
	b->ts_ns[i] = l->ts_ns;
	entries[i] = *l;
}

static void
link_meet(struct dialog *d, const struct link_bucket *b, const struct dialog_link *entries,
	const struct dialog_link *l)
{
	for (uint32_t i = 0; i < LINK_WAYS; i++) {
		uint8_t reason = b->keys[i] == l->key ? reason_of(&entries[i], l) : LINK_NONE;
		if (reason != LINK_NONE)
			link_both(d, &entries[i], l, reason);
	}
}

/* ---- a leg that names another's Call-ID: its key is that Call-ID's hash ---- */

void
link_of_slot(const struct dialog *d, const struct slot *s, struct dialog_link *l)
{
	uint8_t identity[SLOT_IDENTITY_MAX];
	uint32_t call_id_len, len = slot_identity(d, s, identity, &call_id_len);

	memset(l, 0, sizeof(*l));
	l->call = slot_handle(d, s);
	l->ts_ns = s->request_ns ? s->request_ns : s->first_ns;
	flow_host(d, s, s->first_src, &l->src);
	flow_host(d, s, s->first_dst, &l->dst);
	if (call_id_len <= sizeof(l->identity))
		l->call_id_len = (uint8_t)call_id_len;
	if (len <= sizeof(l->identity))
		l->identity_len = (uint8_t)len;
	else
		record_uid(l->uid, identity, len);
	memcpy(l->identity, identity, l->identity_len ? l->identity_len : l->call_id_len);
}

static void
link_ask(struct dialog *d, const struct dialog_link *l)
{
	uint32_t i = d->buckets[l->key & d->bucket_mask];
	struct dialog_link named;

	for (; i != DIALOG_NIL; i = d->slots[i].bucket_next) {
		const struct slot *s = &d->slots[i];
		if (s->hash != l->key || s->kind != SLOT_CALL || slot_handle(d, s) == l->call)
			continue;
		link_of_slot(d, s, &named);
		link_both(d, &named, l, l->reason);
	}
	d->links.asked_ns = l->ts_ns > d->links.asked_ns ? l->ts_ns : d->links.asked_ns;
}

void
link_answer(struct dialog *d, const struct slot *s, const struct dialog_link *named)
{
	struct dialog_link *entries;
	const struct link_bucket *b;

	if (d->links.asked_ns == 0 || named->ts_ns > d->links.asked_ns + LINK_WINDOW_NS)
		return;
	b = bucket_of(d, s->hash, &entries);
	for (uint32_t i = 0; b && i < LINK_WAYS; i++)
		if (b->keys[i] == s->hash && entries[i].side == LINK_ASK &&
			entries[i].call != named->call &&
			is_within(entries[i].ts_ns, named->ts_ns, LINK_WINDOW_NS))
			link_both(d, named, &entries[i], entries[i].reason);
}

/* A B2BUA may keep the Call-ID; a client that uses its own again calls from where it did before. */
void
link_siblings(struct dialog *d, const struct slot *s, const struct dialog_link *l)
{
	uint8_t scratch[512];
	struct base_span call_id = base_span_of(l->identity, l->call_id_len);
	struct dialog_link other;

	if (call_id.len == 0)
		call_id = slot_text(d, s, TEXT_CALL_ID, scratch, sizeof(scratch));
	if (call_id.len == 0)
		return;
	uint32_t i = slot_find_first(d, s->hash, call_id);
	for (; i != DIALOG_NIL; i = slot_find_next(d, i, s->hash, call_id)) {
		const struct slot *o = &d->slots[i];
		if (o == s || o->kind != SLOT_CALL || o->call.initial_seen == false)
			continue;
		link_of_slot(d, o, &other);
		if (base_ip_eq(&other.src.ip, &l->src.ip) ||
			!is_within(other.ts_ns, l->ts_ns, LINK_NUMBERS_NS))
			continue;
		link_both(d, &other, l, LINK_CALL_ID);
	}
}

/* ---- what a leg is told ---- */

static double
confidence_of(uint8_t reason)
{
	switch (reason) {
	case LINK_REPLACES:
	case LINK_REFER_REPLACES: return 1;
	case LINK_ICID: return 0.9;
	case LINK_REFER: return 0.8;
	case LINK_DIVERSION:
	case LINK_NUMBERS: return 0.6;
	default: return 0.95; /* Session-ID and the configured headers */
	}
}

static const char *
reason_name(const struct dialog *d, uint8_t reason, char *text, size_t cap)
{
	static const char *const names[] = {"", "replaces", "refer", "refer", "session-id", "icid",
		"diversion", "numbers", "call-id"};
	struct base_text t = base_text_of(text, cap);

	if (reason < LINK_HEADER)
		return names[reason];
	base_text_span(&t, d->options.link_headers[reason - LINK_HEADER]);
	base_text_cstr(&t);
	for (size_t i = 0; i < t.len; i++)
		text[i] = (char)base_lower((uint8_t)text[i]);
	return text;
}

/* The host of s where one leg ends and the other begins, or HOST_NONE.  After a transfer that is a
 * user agent and says nothing. */
static uint8_t
host_between(const struct dialog *d, const struct slot *s, const struct dialog_link *other)
{
	struct base_endpoint at;
	bool transfer = other->reason == LINK_REPLACES || other->reason == LINK_REFER ||
			other->reason == LINK_REFER_REPLACES;

	for (uint8_t i = 0; !transfer && flow_host(d, s, i, &at); i++)
		if (base_ip_eq(&at.ip, i == s->first_src ? &other->dst.ip : &other->src.ip))
			return i;
	return HOST_NONE;
}

static void
link_take(struct dialog *d, struct slot *s, const struct dialog_link *l)
{
	struct chain_cursor at = {0};
	struct link_item *item;
	uint32_t n = 0;

	const struct chain *chain = &slot_more_of(d, s)->link_chain;
	while ((item = chain_item_next(&d->pool, chain, sizeof(*item), &at))) {
		n++;
		if (memcmp(item->uid, l->uid, sizeof(item->uid)) != 0)
			continue;
		if (item->between == HOST_NONE)
			item->between = host_between(d, s, l);
		if (confidence_of(l->reason) > confidence_of(item->reason) ||
			(confidence_of(l->reason) == confidence_of(item->reason) &&
				l->reason < item->reason))
			item->reason = l->reason;
		return;
	}
	if (n < LINKS_MAX)
		item = chain_item_add(
			&d->pool, &slot_more_for(d, s)->link_chain, sizeof(*item));
	if (item == NULL) {
		metrics_add(d->options.metrics, METRICS_LINKS_LOST, 1);
		return;
	}
	memcpy(item->uid, l->uid, sizeof(item->uid));
	item->reason = l->reason;
	item->between = host_between(d, s, l);
	item->call_id = chain_text_add(
		&d->pool, &s->text_chain, base_span_of(l->identity, l->call_id_len));
}

void
dialog_link(struct dialog *d, const struct dialog_link *l)
{
	if (l->to) {
		struct slot *s = slot_of_handle(d, l->to);
		if (s && s->kind == SLOT_CALL)
			link_take(d, s, l);
		return;
	}
	struct dialog_link *entries = NULL;
	struct link_bucket *b = bucket_of(d, l->key, &entries);
	if (l->side == LINK_ASK)
		link_ask(d, l);
	else if (b)
		link_meet(d, b, entries, l);
	if (b)
		link_keep(d, b, entries, l);
}

/* ---- into the record ---- */

void
links_put(const struct dialog *d, const struct slot *s, struct record_writer *w)
{
	const struct link_item *items[LINKS_MAX], *item;
	struct chain_cursor at = {0};
	uint8_t scratch[256];
	char name[64];
	uint32_t n = 0;

	const struct chain *chain = &slot_more_of(d, s)->link_chain;
	if (chain->head == 0)
		return;
	/* By uid: the cores may have told in any order. */
	while (n < LINKS_MAX && (item = chain_item_next(&d->pool, chain, sizeof(*item), &at))) {
		uint32_t i = n++;
		for (; i && memcmp(items[i - 1]->uid, item->uid, sizeof(item->uid)) > 0; i--)
			items[i] = items[i - 1];
		items[i] = item;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = record_list_open(w, RECORD_F_LINKED);
		record_put_uid_of(w, RECORD_F_UID, items[i]->uid);
		record_put_str(w, RECORD_F_CALL_ID,
			chain_text(&d->pool, items[i]->call_id, scratch, sizeof(scratch)));
		record_put_cstr(w, RECORD_F_REASON,
			reason_name(d, items[i]->reason, name, sizeof(name)));
		record_put_f64(w, RECORD_F_CONFIDENCE, confidence_of(items[i]->reason));
		record_list_close(w, row);
	}
}

uint32_t
links_between(const struct dialog *d, const struct slot *s)
{
	const struct chain *chain = &slot_more_of(d, s)->link_chain;
	struct chain_cursor at = {0};
	const struct link_item *item;
	uint32_t hosts = 0;

	if (chain->head == 0)
		return 0;
	while ((item = chain_item_next(&d->pool, chain, sizeof(*item), &at)))
		hosts |= 1u << item->between;
	return hosts & ((1u << HOST_NONE) - 1);
}
