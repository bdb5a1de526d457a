#include "dialog_private.h"

static uint32_t
block_of(chain_ref ref)
{
	return ref >> CHAIN_BLOCK_BITS;
}

static uint32_t
offset_of(chain_ref ref)
{
	return ref & (CHAIN_BLOCK - 1);
}

/* Free bytes of the last block. */
static uint32_t
room_of(const struct chain *c)
{
	return c->head ? CHAIN_BLOCK - 1 - offset_of(c->last) : 0;
}

size_t
chain_pool_footprint(uint32_t max)
{
	return base_align_up((size_t)max * (sizeof(struct chain_block) + sizeof(uint32_t)),
		BASE_CACHE_LINE);
}

void
chain_pool_init(struct chain_pool *p, void *mem, uint32_t max)
{
	/* Block 0 stays unused, so that no text has the reference 0.  Blocks never used are not
	 * touched: fresh is the mark. */
	p->blocks = mem;
	p->next = (uint32_t *)(void *)(p->blocks + max);
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
	p->next[block_of(c->last)] = p->free_head;
	p->free_head = c->head;
	chain_init(c);
}

void
chain_text_free(struct chain_pool *p, chain_ref ref)
{
	struct chain c = {block_of(ref), ref};

	while (c.head && p->next[block_of(c.last)])
		c.last = p->next[block_of(c.last)] << CHAIN_BLOCK_BITS;
	chain_free(p, &c);
}

/* One more block, its first bytes for the caller: NULL where there is none. */
static uint8_t *
chain_grow(struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	uint32_t b = p->free_head;

	if (b)
		p->free_head = p->next[b];
	else if (p->used < p->max)
		b = p->used++;
	else
		return NULL;
	p->next[b] = 0;
	if (c->head == 0)
		c->head = b;
	else
		p->next[block_of(c->last)] = b;
	c->last = (b << CHAIN_BLOCK_BITS) + bytes - 1;
	return p->blocks[b].bytes;
}

/* bytes at one place. */
static uint8_t *
chain_take(struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	if (bytes > room_of(c))
		return chain_grow(p, c, bytes);
	uint8_t *at = p->blocks[block_of(c->last)].bytes + offset_of(c->last) + 1;
	c->last += bytes;
	return at;
}

void *
chain_item_add(struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	uint8_t *at = chain_take(p, c, bytes);

	return at ? memset(at, 0, bytes) : NULL;
}

void *
chain_item_next(
	const struct chain_pool *p, const struct chain *c, uint32_t bytes, struct chain_cursor *at)
{
	if (!at->started)
		*at = (struct chain_cursor){c->head, 0, true};
	if (at->block == 0)
		return NULL;
	if (at->offset + bytes > CHAIN_BLOCK) {
		at->block = p->next[at->block];
		at->offset = 0;
	}
	if (at->block == 0 ||
		(at->block == block_of(c->last) && at->offset + bytes > offset_of(c->last) + 1))
		return NULL;
	void *item = p->blocks[at->block].bytes + at->offset;
	at->offset += bytes;
	return item;
}

chain_ref
chain_text_add(struct chain_pool *p, struct chain *c, struct base_span s)
{
	uint16_t len = s.len > UINT16_MAX ? UINT16_MAX : (uint16_t)s.len, kept = 0;
	uint8_t *prefix = NULL;

	if (len == 0)
		return 0;
	if (room_of(c) >= sizeof(len) + 1)
		prefix = chain_take(p, c, sizeof(len));
	else
		prefix = chain_grow(p, c, sizeof(len));
	if (prefix == NULL)
		return 0;
	chain_ref ref = c->last - 1;
	while (kept < len) {
		uint32_t left = len - kept, room = room_of(c) ? room_of(c) : CHAIN_BLOCK;
		uint32_t n = left < room ? left : room;
		uint8_t *at = chain_take(p, c, n);
		if (at == NULL)
			break; /* the pool is empty: the text is cut */
		memcpy(at, s.p + kept, n);
		kept = (uint16_t)(kept + n);
	}
	memcpy(prefix, &kept, sizeof(kept));
	return ref;
}

struct base_span
chain_text(const struct chain_pool *p, chain_ref ref, uint8_t *scratch, uint32_t cap)
{
	uint32_t block = block_of(ref), offset = offset_of(ref), have = 0;
	uint16_t len;

	if (ref == 0)
		return (struct base_span){NULL, 0};
	memcpy(&len, p->blocks[block].bytes + offset, sizeof(len));
	offset += sizeof(len);
	if (offset + len <= CHAIN_BLOCK)
		return base_span_of(p->blocks[block].bytes + offset, len);
	while (have < len && have < cap && block) {
		uint32_t n = CHAIN_BLOCK - offset;
		n = n < len - have ? n : len - have;
		n = n < cap - have ? n : cap - have;
		memcpy(scratch + have, p->blocks[block].bytes + offset, n);
		have += n;
		offset = 0;
		block = p->next[block];
	}
	return base_span_of(scratch, have);
}
