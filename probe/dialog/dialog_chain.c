#include "dialog_private.h"

#define REF_OFFSET_BITS 7
_Static_assert(CHAIN_PAYLOAD <= 1 << REF_OFFSET_BITS, "an offset fits its bits");

void
chain_pool_init(struct chain_pool *p, void *mem, uint32_t max)
{
	/* Block 0 stays unused, so that no text has the reference 0.  Blocks never used are not
	 * touched: fresh is the mark. */
	p->blocks = mem;
	p->max = max;
	p->free_head = 0;
	p->used = 1;
}

void
chain_init(struct chain *c)
{
	*c = (struct chain){0};
}

void
chain_free(struct chain_pool *p, struct chain *c)
{
	if (c->head == 0)
		return;
	p->blocks[c->tail].next = p->free_head;
	p->free_head = c->head;
	chain_init(c);
}

void
chain_text_free(struct chain_pool *p, chain_ref ref)
{
	struct chain c = {ref >> REF_OFFSET_BITS, ref >> REF_OFFSET_BITS, 0};

	while (c.tail && p->blocks[c.tail].next)
		c.tail = p->blocks[c.tail].next;
	chain_free(p, &c);
}

static bool
chain_grow(struct chain_pool *p, struct chain *c)
{
	uint32_t b = p->free_head;

	if (b)
		p->free_head = p->blocks[b].next;
	else if (p->used < p->max)
		b = p->used++;
	else
		return false;
	p->blocks[b].next = 0;
	if (c->tail == 0)
		c->head = b;
	else
		p->blocks[c->tail].next = b;
	c->tail = b;
	c->used = 0;
	return true;
}

void *
chain_item_add(struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	if ((c->tail == 0 || c->used + bytes > CHAIN_PAYLOAD) && !chain_grow(p, c))
		return NULL;
	uint8_t *at = p->blocks[c->tail].bytes + c->used;
	c->used = (uint8_t)(c->used + bytes);
	memset(at, 0, bytes);
	return at;
}

void *
chain_item_next(
	const struct chain_pool *p, const struct chain *c, uint32_t bytes, struct chain_cursor *at)
{
	if (!at->started)
		*at = (struct chain_cursor){c->head, 0, true};
	if (at->block == 0)
		return NULL;
	if (at->offset + bytes > CHAIN_PAYLOAD) {
		at->block = p->blocks[at->block].next;
		at->offset = 0;
	}
	if (at->block == 0 || (at->block == c->tail && at->offset + bytes > c->used))
		return NULL;
	void *item = p->blocks[at->block].bytes + at->offset;
	at->offset += bytes;
	return item;
}

chain_ref
chain_text_add(struct chain_pool *p, struct chain *c, struct base_span s)
{
	uint16_t len = s.len > UINT16_MAX ? UINT16_MAX : (uint16_t)s.len;

	if (len == 0)
		return 0;
	if ((c->tail == 0 || c->used + 3 > CHAIN_PAYLOAD) && !chain_grow(p, c))
		return 0;
	chain_ref ref = c->tail << REF_OFFSET_BITS | c->used;
	uint8_t *prefix = p->blocks[c->tail].bytes + c->used;
	uint16_t kept = 0;
	c->used = (uint8_t)(c->used + 2);
	while (kept < len) {
		if (c->used == CHAIN_PAYLOAD && !chain_grow(p, c))
			break; /* the pool is empty: the text is cut */
		uint32_t room = CHAIN_PAYLOAD - c->used,
			 n = len - kept < (int)room ? (uint32_t)(len - kept) : room;
		memcpy(p->blocks[c->tail].bytes + c->used, s.p + kept, n);
		c->used = (uint8_t)(c->used + n);
		kept = (uint16_t)(kept + n);
	}
	memcpy(prefix, &kept, sizeof(kept));
	return ref;
}

struct base_span
chain_text(const struct chain_pool *p, chain_ref ref, uint8_t *scratch, uint32_t cap)
{
	uint32_t block = ref >> REF_OFFSET_BITS, offset = ref & ((1u << REF_OFFSET_BITS) - 1),
		 have = 0;
	uint16_t len;

	if (ref == 0)
		return (struct base_span){NULL, 0};
	memcpy(&len, p->blocks[block].bytes + offset, sizeof(len));
	offset += 2;
	if (offset + len <= CHAIN_PAYLOAD)
		return base_span_of(p->blocks[block].bytes + offset, len);
	while (have < len && have < cap && block) {
		uint32_t n = CHAIN_PAYLOAD - offset;
		n = n < len - have ? n : len - have;
		n = n < cap - have ? n : cap - have;
		memcpy(scratch + have, p->blocks[block].bytes + offset, n);
		have += n;
		offset = 0;
		block = p->blocks[block].next;
	}
	return base_span_of(scratch, have);
}
