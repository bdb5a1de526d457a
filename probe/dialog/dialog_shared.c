/* Texts that many dialogs have: agents and hosts of a carrier are few.  Such a text stands once in
 * the pool, and in the chain of each dialog that has it its number does.  A text is taken in when
 * it is met the second time, so that texts that never come again, of whoever wants to fill the
 * table, find it closed; it leaves with its last user.  A full table is no loss: the text stands in
 * the dialog's own chain. */
#include "dialog_private.h"

#define SHARED_ALL_MAX 4095
#define SHARED_LEN_MIN 4 /* else its number takes as much */

struct parts {
	size_t entries, buckets, met, total;
	uint32_t max, buckets_count;
};

static struct parts
parts_of(uint32_t max_dialogs)
{
	struct parts p = {.max = max_dialogs < SHARED_ALL_MAX ? max_dialogs : SHARED_ALL_MAX};

	p.buckets_count = base_power_of_two_at_least(p.max + 1);
	p.buckets = (p.max + 1) * sizeof(struct shared_text);
	p.met = p.buckets + p.buckets_count * sizeof(uint16_t);
	p.total = base_align_up(p.met + p.buckets_count * sizeof(uint16_t), BASE_CACHE_LINE);
	return p;
}

size_t
shared_footprint(uint32_t max_dialogs)
{
	return parts_of(max_dialogs).total;
}

void
shared_table_init(struct dialog *d, void *mem)
{
	struct parts p = parts_of(d->options.max_dialogs);

	d->shared.entries = mem;
	d->shared.buckets = (uint16_t *)(void *)((uint8_t *)mem + p.buckets);
	d->shared.met = (uint16_t *)(void *)((uint8_t *)mem + p.met);
	d->shared.mask = p.buckets_count - 1;
	d->shared.max = (uint16_t)p.max;
	memset(d->shared.buckets, 0, p.total - p.buckets);
}

chain_ref
shared_text(const struct dialog *d, uint16_t number)
{
	return d->shared.entries[number].text;
}

static uint16_t
entry_new(struct dialog *d, uint32_t hash, struct base_span text)
{
	uint16_t number = d->shared.free, *bucket = &d->shared.buckets[hash & d->shared.mask];
	struct chain own = {0};

	if (number == 0 && d->shared.fresh == d->shared.max)
		return 0;
	if (!chain_has_room(&d->pool, &own, text.len))
		return 0;
	if (number)
		d->shared.free = d->shared.entries[number].next;
	else
		number = ++d->shared.fresh;
	d->shared.entries[number] = (struct shared_text){
		hash, 0, chain_text_add(&d->pool, &own, text), *bucket};
	*bucket = number;
	return number;
}

/* Met before?  Other texts may have been, in the same place: then it is taken in later. */
static bool
was_met(struct dialog *d, uint32_t hash)
{
	uint16_t *met = &d->shared.met[hash & d->shared.mask], mark = (uint16_t)(hash >> 16 | 1);
	bool was = *met == mark;

	*met = mark;
	return was;
}

uint16_t
shared_take(struct dialog *d, struct base_span text)
{
	uint32_t hash = (uint32_t)base_hash_short(&d->options.key, text.p, text.len);
	uint16_t number = d->shared.buckets[hash & d->shared.mask];

	if (text.len < SHARED_LEN_MIN || text.len > SHARED_MAX)
		return 0;
	for (; number; number = d->shared.entries[number].next) {
		const struct shared_text *e = &d->shared.entries[number];
		if (e->hash == hash && chain_text_is(&d->pool, e->text, text))
			break;
	}
	if (number == 0 && was_met(d, hash))
		number = entry_new(d, hash, text);
	d->shared.entries[number].users++; /* 0: of nobody */
	return number;
}

void
shared_give(struct dialog *d, uint16_t number)
{
	struct shared_text *e = &d->shared.entries[number];
	uint16_t *link = &d->shared.buckets[e->hash & d->shared.mask];

	if (--e->users)
		return;
	while (*link != number)
		link = &d->shared.entries[*link].next;
	*link = e->next;
	chain_text_free(&d->pool, e->text);
	e->next = d->shared.free;
	d->shared.free = number;
}
