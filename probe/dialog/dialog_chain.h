/* dialog_chain: texts and items of one size in 64-byte blocks of a pool, appended, and freed
 * together.
 * Knows: blocks, what stands behind what.   Does not know: dialogs, what the texts mean.
 * Memory: caller gives chain_pool_footprint(max) bytes, cache-line aligned.
 * Thread: one, the owning worker.  Empty pool: a text is cut, an item is refused. */
#pragma once

#include "base.h"

#define CHAIN_BLOCK 64
#define CHAIN_BLOCK_BITS 6 /* of a chain_ref: offset in the block */
#define CHAIN_BLOCKS_MAX (1u << (32 - CHAIN_BLOCK_BITS))

struct chain_block {
	_Alignas(BASE_CACHE_LINE) uint8_t bytes[CHAIN_BLOCK];
};
_Static_assert(sizeof(struct chain_block) == BASE_CACHE_LINE, "one line");

/* So many blocks have a line before them: of each the next one of its chain, or free; 0: none. */
#define CHAIN_GROUP ((uint32_t)(CHAIN_BLOCK / sizeof(uint32_t)))

struct chain_pool {
	struct chain_block *lines;
	uint32_t max, free_head, used;
};

/* Items of one size or texts, appended in order.  All zero: empty. */
struct chain {
	uint32_t head;       /* block; 0: empty */
	uint32_t last;       /* byte, as a chain_ref */
};

/* A text in a chain: block << 6 | offset of its head; 0: none (block 0 is never handed
 * out). */
typedef uint32_t chain_ref;

size_t chain_pool_footprint(uint32_t max);
void chain_pool_init(struct chain_pool *p, void *mem, uint32_t max);
void chain_init(struct chain *c);
void chain_free(struct chain_pool *p, struct chain *c);
/* All blocks of a text that has its chain to itself. */
void chain_text_free(struct chain_pool *p, chain_ref ref);
/* An item of bytes <= CHAIN_BLOCK at one place, zeroed; NULL: pool empty. */
void *chain_item_add(struct chain_pool *p, struct chain *c, uint32_t bytes);
/* Items of equal size in order: start with *at = {0}. NULL at the end. */
struct chain_cursor {
	uint32_t block, offset;
	bool started;
};
void *chain_item_next(const struct chain_pool *p, const struct chain *c, uint32_t bytes,
	struct chain_cursor *at);
/* Those of the block after *block (0: of the first), and how many.  NULL: there is no more. */
void *chain_items_next(const struct chain_pool *p, const struct chain *c, uint32_t bytes,
	uint32_t *block, uint32_t *n);
/* Is there room for a text of so many bytes?  Where not, it is cut. */
bool chain_has_room(const struct chain_pool *p, const struct chain *c, uint32_t bytes);
/* Text over as many blocks as it needs; 0 where s is empty or the pool is. */
chain_ref chain_text_add(struct chain_pool *p, struct chain *c, struct base_span s);
/* What a text is: a number below CHAIN_ID_NONE, and whether it says no more than which other one is
 * meant: the last one before it of another number (a byte), a shared one (two), or a reference. */
struct chain_head {
	uint32_t len;
	uint8_t id;
	bool alias;
};
#define CHAIN_ID_NONE 31
/* Before a text.  id : 5, alias : 1, long : 1, length : 9; a long one's length goes on in one more
 * byte. */
#define CHAIN_HEAD_SHORT 2
#define CHAIN_HEAD_LONG 3
#define CHAIN_LEN_BITS 9
static inline struct chain_head
chain_head_of(const uint8_t head[CHAIN_HEAD_LONG], uint32_t *bytes)
{
	uint32_t low = head[0] | (uint32_t)head[1] << 8;
	bool is_long = low >> 6 & 1;

	*bytes = is_long ? CHAIN_HEAD_LONG : CHAIN_HEAD_SHORT;
	return (struct chain_head){.id = low & CHAIN_ID_NONE,
		.alias = low >> 5 & 1,
		.len = low >> 7 |
		       (base_unlikely(is_long) ? (uint32_t)head[2] << CHAIN_LEN_BITS : 0)};
}
chain_ref chain_text_add_as(
	struct chain_pool *p, struct chain *c, struct chain_head head, const void *bytes);
/* Several texts, one behind the other, written in whole blocks: begun, added, ended.  Meanwhile
 * nothing else is added to the chain, and CHAIN_RUN_OTHERS blocks at most are taken for others.
 * bytes: of all, with their heads; false: there is no room. */
#define CHAIN_RUN_BYTES 512
#define CHAIN_RUN_OTHERS 16
struct chain_run {
	struct chain_pool *pool;
	struct chain *chain;
	uint32_t at, edge;       /* where the next one begins, and the block ends */
	uint8_t bytes[CHAIN_BLOCK + CHAIN_RUN_BYTES]; /* from the block on that was the last */
};
bool chain_run_begin(
	struct chain_run *run, struct chain_pool *p, struct chain *c, uint32_t bytes);
chain_ref chain_run_add(struct chain_run *run, struct chain_head head, const void *bytes);
void chain_run_end(struct chain_run *run);
struct chain_head chain_text_head(const struct chain_pool *p, chain_ref ref);
/* Every text of a chain in order: start with {0}; false at the end. */
struct chain_walk {
	chain_ref ref, next;
	struct chain_head head; /* of ref */
	bool started;
};
bool chain_text_walk(const struct chain_pool *p, const struct chain *c, struct chain_walk *w);
/* The texts of a chain's first blocks, copied: one behind the other. */
#define CHAIN_FLAT_BLOCKS 32u
struct chain_flat {
	uint32_t len;
	chain_ref rest;          /* behind them; 0: they are all */
	uint32_t blocks[CHAIN_FLAT_BLOCKS]; /* where they stand */
	uint8_t bytes[CHAIN_FLAT_BLOCKS * CHAIN_BLOCK + CHAIN_HEAD_LONG];
};
void chain_flatten(const struct chain_pool *p, const struct chain *c, struct chain_flat *out);
/* The text that begins at byte *at, which then is where the one behind it does.  False: there is
 * none, or it is not whole. */
struct chain_place {
	const uint8_t *bytes;
	struct chain_head head;
};
static inline bool
chain_flat_text(const struct chain_flat *f, uint32_t *at, struct chain_place *out)
{
	uint32_t bytes;

	out->head = chain_head_of(f->bytes + *at, &bytes);
	out->bytes = f->bytes + *at + bytes;
	bytes += *at + out->head.len;
	if (bytes > f->len)
		return false;
	*at = bytes;
	return true;
}
static inline chain_ref
chain_flat_ref(const struct chain_flat *f, uint32_t at)
{
	return f->blocks[at / CHAIN_BLOCK] << CHAIN_BLOCK_BITS | at % CHAIN_BLOCK;
}
/* The text, in place where it lies in one block, else gathered in scratch (cut at cap). */
struct base_span chain_text(const struct chain_pool *p, chain_ref ref, uint8_t *scratch,
	uint32_t cap);
/* Is it this one? */
bool chain_text_is(const struct chain_pool *p, chain_ref ref, struct base_span s);
/* Fetches where a chain goes on from its first block, then, some time later, all of its blocks. */
void chain_prefetch_next(const struct chain_pool *p, const struct chain *c);
void chain_prefetch(const struct chain_pool *p, const struct chain *c);
