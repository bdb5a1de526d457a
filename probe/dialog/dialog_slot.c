#include "dialog_private.h"

#define SAME_KEY_MAX 256  /* dialogs with one Call-ID */
#define SAME_HOSTS_MAX 16 /* dialogs without one, between two hosts */

void
slot_table_init(struct dialog *d)
{
	for (uint32_t i = 0; i <= d->bucket_mask; i++)
		d->buckets[i] = DIALOG_NIL;
	for (uint32_t i = 0; i < LIST_COUNT; i++)
		d->lists[i] = (struct slot_list_head){DIALOG_NIL, DIALOG_NIL, 0};
	/* Slots never used are not touched: used is the mark, free_head what has come back. */
	d->free_head = DIALOG_NIL;
	d->used = 0;
	d->low_water = d->options.max_dialogs / 16;
}

static inline bool
slot_is_of(const struct dialog *d, const struct slot *s, uint64_t hash, struct base_span call_id)
{
	/* the first text, where it has one, and never another */
	chain_ref mine = s->texts >> TEXT_CALL_ID & 1 ? s->text_chain.head << CHAIN_BLOCK_BITS : 0;

	return s->hash == hash && chain_text_is(&d->pool, mine, call_id);
}

static uint32_t
slot_find_from(const struct dialog *d, uint32_t i, uint64_t hash, struct base_span call_id)
{
	while (i != DIALOG_NIL && !slot_is_of(d, &d->slots[i], hash, call_id))
		i = d->slots[i].bucket_next;
	return i;
}

uint32_t
slot_find_first(const struct dialog *d, uint64_t hash, struct base_span call_id)
{
	return slot_find_from(d, d->buckets[hash & d->bucket_mask], hash, call_id);
}

uint32_t
slot_find_next(const struct dialog *d, uint32_t index, uint64_t hash, struct base_span call_id)
{
	return slot_find_from(d, d->slots[index].bucket_next, hash, call_id);
}

static void
list_append(struct dialog *d, struct slot *s, enum slot_list list)
{
	struct slot_list_head *l = &d->lists[list];
	uint32_t i = slot_index(d, s);

	s->list = list & 7;
	s->list_next = DIALOG_NIL;
	s->list_prev = l->tail;
	if (l->tail == DIALOG_NIL)
		l->head = i;
	else
		d->slots[l->tail].list_next = i;
	l->tail = i;
	l->count++;
}

static void
list_remove(struct dialog *d, struct slot *s)
{
	struct slot_list_head *l = &d->lists[s->list];

	if (s->list_prev == DIALOG_NIL)
		l->head = s->list_next;
	else
		d->slots[s->list_prev].list_next = s->list_next;
	if (s->list_next == DIALOG_NIL)
		l->tail = s->list_prev;
	else
		d->slots[s->list_next].list_prev = s->list_prev;
	l->count--;
}

void
slot_move(struct dialog *d, struct slot *s, enum slot_list list)
{
	if (s->list == list)
		return;
	list_remove(d, s);
	list_append(d, s, list);
}

/* Room is low: what has ended is closed before its linger is over, then the oldest unanswered is
 * given up. */
static void
slot_make_room(struct dialog *d)
{
	uint32_t in_use = d->lists[LIST_EARLY].count + d->lists[LIST_ESTABLISHED].count +
			  d->lists[LIST_ENDED].count + d->lists[LIST_COLLECTING].count;
	uint32_t victim;

	if (d->options.max_dialogs - in_use > d->low_water)
		return;
	victim = d->lists[LIST_ENDED].head;
	if (victim != DIALOG_NIL) {
		dialog_close(d, &d->slots[victim], END_NONE);
		return;
	}
	victim = d->lists[LIST_EARLY].head;
	if (victim != DIALOG_NIL) {
		metrics_add(d->options.metrics, METRICS_CALLS_EVICTED, 1);
		dialog_close(d, &d->slots[victim], END_EVICTED);
	}
}

/* So many dialogs of one key are no dialogs: each message would look through them all.  Without a
 * Call-ID there is room for fewer, and in the whole table for a share of them. */
static bool
slot_is_refused(const struct dialog *d, uint64_t hash, struct base_span call_id)
{
	uint32_t max = call_id.len ? SAME_KEY_MAX : SAME_HOSTS_MAX, n = 0;
	uint32_t i = slot_find_first(d, hash, call_id);

	for (; i != DIALOG_NIL && n < max; i = slot_find_next(d, i, hash, call_id))
		n++;
	return n == max || (call_id.len == 0 && d->n_unkeyed > d->options.max_dialogs / 16);
}

struct slot *
slot_take(struct dialog *d, enum slot_kind kind, uint64_t hash, const struct dialog_message *m)
{
	uint32_t i, generation;

	if (slot_is_refused(d, hash, m->sip->call_id)) {
		metrics_add(d->options.metrics, METRICS_CALLS_REFUSED, 1);
		return NULL;
	}
	slot_make_room(d);
	i = d->free_head;
	if (i != DIALOG_NIL) {
		d->free_head = d->slots[i].bucket_next;
	} else if (d->used < d->options.max_dialogs) {
		i = d->used++;
	} else {
		metrics_add(d->options.metrics, METRICS_CALLS_REFUSED, 1);
		return NULL;
	}
	struct slot *s = &d->slots[i];
	generation = (s->generation + 1u) & 0xffffff;
	memset(s, 0, sizeof(*s));
	s->generation = (generation ? generation : 1) & 0xffffff;
	s->kind = kind & 3;
	s->hash = hash;
	s->unkeyed = m->sip->call_id.len == 0;
	d->n_unkeyed += s->unkeyed;
	s->transport = m->transport & 15;
	s->tunnel = m->tunnel & 15;
	s->vlan = m->vlan;
	s->first_ns = s->last_ns = m->ts_ns;
	s->lost_at_start = (uint32_t)d->lost_total;
	memset(&d->texts, 0, sizeof(d->texts)); /* it has none yet */
	d->texts_of = s;
	slot_text_set(d, s, TEXT_CALL_ID, m->sip->call_id);
	s->bucket_next = d->buckets[hash & d->bucket_mask];
	d->buckets[hash & d->bucket_mask] = i;
	list_append(d, s, LIST_EARLY);
	return s;
}

void
slot_give_back(struct dialog *d, struct slot *s)
{
	uint32_t i = slot_index(d, s), *link = &d->buckets[s->hash & d->bucket_mask];

	while (*link != i)
		link = &d->slots[*link].bucket_next;
	*link = s->bucket_next;
	list_remove(d, s);
	d->n_unkeyed -= s->unkeyed;
	base_wheel_cancel(d->wheel, i);
	d->texts_of = NULL;
	slot_more_give(d, s);
	streams_reset(d, s);
	slot_texts_give(d, s);
	chain_free(&d->pool, &s->flow_chain);
	s->kind = SLOT_FREE;
	s->bucket_next = d->free_head;
	d->free_head = i;
}

void
slot_arm(struct dialog *d, struct slot *s, int64_t expiry_ns)
{
	base_wheel_arm(d->wheel, slot_index(d, s), expiry_ns);
}

uint64_t
slot_handle(const struct dialog *d, const struct slot *s)
{
	return (uint64_t)d->options.core << 56 | (uint64_t)s->generation << 32 | slot_index(d, s);
}

struct slot *
slot_of_handle(struct dialog *d, uint64_t handle)
{
	uint32_t i = (uint32_t)handle;

	if (handle >> 56 != d->options.core || i >= d->used || d->slots[i].kind == SLOT_FREE ||
		d->slots[i].generation != (handle >> 32 & 0xffffff))
		return NULL;
	return &d->slots[i];
}

uint32_t
dialog_text_hash(const struct dialog *d, struct base_span text)
{
	uint32_t h;

	if (text.len == 0)
		return 0;
	h = (uint32_t)base_hash_short(&d->options.key, text.p, text.len);
	return h ? h : 1;
}

struct note *
slot_note_add(struct dialog *d, struct slot *s)
{
	return chain_item_add(&d->pool, &slot_more_for(d, s)->note_chain, sizeof(struct note));
}

struct note *
slot_note_next(
	const struct dialog *d, const struct slot *s, uint8_t kind, struct chain_cursor *at)
{
	const struct chain *chain = &slot_more_of(d, s)->note_chain;
	struct note *note;

	while ((note = chain_item_next(&d->pool, chain, sizeof(*note), at)))
		if (note->kind == kind)
			return note;
	return NULL;
}

void
slot_note_text(struct dialog *d, struct slot *s, uint8_t kind, struct base_span text)
{
	uint32_t n = 0, max = kind == NOTE_WATCH ? DIALOG_WATCHES_MAX : DIALOG_TEXTS_MAX;
	struct chain_cursor at = {0};
	struct note *note = NULL;

	while (slot_note_next(d, s, kind, &at))
		n++;
	if (n < max)
		note = slot_note_add(d, s);
	if (note)
		*note = (struct note){0, chain_text_add(&d->pool, &s->text_chain, text), kind};
}

bool
slot_set_has_more(const struct dialog *d, const struct slot *s, enum slot_set set, uint32_t value)
{
	struct chain_cursor at = {0};
	const struct note *note;

	while ((note = slot_note_next(d, s, (uint8_t)set, &at)))
		if (note->value == value)
			return true;
	return false;
}

void
slot_set_add(struct dialog *d, struct slot *s, enum slot_set set, uint32_t value)
{
	struct note *note;

	if ((value == 0 && set != SET_ATTEMPT_CSEQ) || slot_set_count(s, set) == SET_MAX ||
		slot_set_has(d, s, set, value))
		return;
	if (slot_set_count(s, set) == 0) {
		s->set_first[set] = value;
	} else {
		note = slot_note_add(d, s);
		if (note == NULL)
			return;
		*note = (struct note){value, 0, (uint8_t)set};
	}
	s->set_counts = (uint16_t)(s->set_counts + (1u << set * SET_BITS));
}
