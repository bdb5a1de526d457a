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

static inline struct chain_block *
block_at(const struct chain_pool *p, uint32_t b)
{
	return &p->lines[b + b / CHAIN_GROUP + 1];
}

static inline uint32_t *
next_of(const struct chain_pool *p, uint32_t b)
{
	uint8_t *line = p->lines[b / CHAIN_GROUP * (CHAIN_GROUP + 1)].bytes;

	return (uint32_t *)(void *)line + b % CHAIN_GROUP;
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
	size_t groups = ((size_t)max + CHAIN_GROUP - 1) / CHAIN_GROUP;

	return groups * (CHAIN_GROUP + 1) * sizeof(struct chain_block);
}

void
chain_pool_init(struct chain_pool *p, void *mem, uint32_t max)
{
	/* Block 0 stays unused, so that no text has the reference 0.  Blocks never used are not
	 * touched: fresh is the mark. */
	p->lines = mem;
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
	*next_of(p, block_of(c->last)) = p->free_head;
	p->free_head = c->head;
	chain_init(c);
}

void
chain_text_free(struct chain_pool *p, chain_ref ref)
{
	struct chain c = {block_of(ref), ref};

	while (c.head && *next_of(p, block_of(c.last)))
		c.last = *next_of(p, block_of(c.last)) << CHAIN_BLOCK_BITS;
	chain_free(p, &c);
}

/* One more block, its first bytes for the caller: NULL where there is none. */
static uint8_t *
chain_grow(struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	uint32_t b = p->free_head;

	if (b)
		p->free_head = *next_of(p, b);
	else if (p->used < p->max)
		b = p->used++;
	else
		return NULL;
	*next_of(p, b) = 0;
	if (c->head == 0)
		c->head = b;
	else
		*next_of(p, block_of(c->last)) = b;
	c->last = (b << CHAIN_BLOCK_BITS) + bytes - 1;
	return block_at(p, b)->bytes;
}

/* bytes at one place. */
static uint8_t *
chain_take(struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	if (bytes > room_of(c))
		return chain_grow(p, c, bytes);
	uint8_t *at = block_at(p, block_of(c->last))->bytes + offset_of(c->last) + 1;
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
		at->block = *next_of(p, at->block);
		at->offset = 0;
	}
	if (at->block == 0 ||
		(at->block == block_of(c->last) && at->offset + bytes > offset_of(c->last) + 1))
		return NULL;
	void *item = block_at(p, at->block)->bytes + at->offset;
	at->offset += bytes;
	return item;
}

void *
chain_items_next(const struct chain_pool *p, const struct chain *c, uint32_t bytes, uint32_t *block,
	uint32_t *n)
{
	uint32_t b = *block ? *next_of(p, *block) : c->head;

	if (b == 0)
		return NULL;
	*block = b;
	*n = (b == block_of(c->last) ? offset_of(c->last) + 1 : CHAIN_BLOCK) / bytes;
	return block_at(p, b)->bytes;
}

void
chain_prefetch_next(const struct chain_pool *p, const struct chain *c)
{
	base_prefetch(next_of(p, c->head));
}

void
chain_prefetch(const struct chain_pool *p, const struct chain *c)
{
	for (uint32_t b = c->head; b; b = *next_of(p, b))
		base_prefetch(block_at(p, b));
}

/* ---- texts: head, bytes ---- */

#define HEAD_SHORT CHAIN_HEAD_SHORT
#define HEAD_LONG CHAIN_HEAD_LONG
#define LEN_BITS CHAIN_LEN_BITS
#define LEN_SHORT_MAX ((1u << LEN_BITS) - 1)
#define LEN_MAX ((1u << (LEN_BITS + 8)) - 1)

/* The place n bytes on in the same chain; 0: behind its last block. */
static inline chain_ref
place_behind(const struct chain_pool *p, chain_ref at, uint32_t n)
{
	uint32_t block = block_of(at), offset = offset_of(at) + n;

	if (base_likely(offset < CHAIN_BLOCK))
		return at + n;
	for (; block && offset >= CHAIN_BLOCK; offset -= CHAIN_BLOCK)
		block = *next_of(p, block);
	return block ? block << CHAIN_BLOCK_BITS | offset : 0;
}

/* n bytes from a place on, to or from a chain. */
static void
bytes_get(const struct chain_pool *p, chain_ref at, void *out, uint32_t n)
{
	uint8_t *to = out;

	while (n && at) {
		if (offset_of(at) == 0 && n >= CHAIN_BLOCK) { /* a copy of a fixed length */
			memcpy(to, block_at(p, block_of(at))->bytes, CHAIN_BLOCK);
			to += CHAIN_BLOCK;
			n -= CHAIN_BLOCK;
			at = *next_of(p, block_of(at)) << CHAIN_BLOCK_BITS;
			continue;
		}
		uint32_t room = CHAIN_BLOCK - offset_of(at), part = n < room ? n : room;
		memcpy(to, block_at(p, block_of(at))->bytes + offset_of(at), part);
		to += part;
		n -= part;
		at = place_behind(p, at, part);
	}
}

static uint32_t
head_bytes(uint8_t head[HEAD_LONG], struct chain_head h, bool is_long)
{
	uint32_t low = h.id | (uint32_t)h.alias << 5 | (uint32_t)is_long << 6 |
		       (h.len & LEN_SHORT_MAX) << 7;

	head[0] = (uint8_t)low;
	head[1] = (uint8_t)(low >> 8);
	head[2] = (uint8_t)(h.len >> LEN_BITS);
	return is_long ? HEAD_LONG : HEAD_SHORT;
}

static inline struct chain_head
head_read(const struct chain_pool *p, chain_ref ref, uint32_t *bytes)
{
	const uint8_t *head = block_at(p, block_of(ref))->bytes + offset_of(ref);
	uint8_t copy[HEAD_LONG];

	if (base_unlikely(CHAIN_BLOCK - offset_of(ref) < HEAD_LONG)) {
		memset(copy, 0, sizeof(copy));
		bytes_get(p, ref, copy, HEAD_LONG);
		head = copy;
	}
	return chain_head_of(head, bytes);
}

struct chain_head
chain_text_head(const struct chain_pool *p, chain_ref ref)
{
	uint32_t bytes;

	return head_read(p, ref, &bytes);
}

/* Appends; returns how many bytes there was room for. */
static uint32_t
bytes_put(struct chain_pool *p, struct chain *c, const void *bytes, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		uint32_t room = room_of(c) ? room_of(c) : CHAIN_BLOCK;
		uint32_t part = n - done < room ? n - done : room;
		uint8_t *at = chain_take(p, c, part);
		if (at == NULL)
			break;
		memcpy(at, (const uint8_t *)bytes + done, part);
		done += part;
	}
	return done;
}

/* A text that may be long, have its head in two blocks, or meet the end of the pool. */
static __attribute__((noinline)) chain_ref
text_add_anyhow(
	struct chain_pool *p, struct chain *c, struct chain_head h, const void *bytes)
{
	uint8_t head[HEAD_LONG];
	uint32_t more = p->free_head || p->used < p->max ? CHAIN_BLOCK : 0;

	h.len = h.len < LEN_MAX ? h.len : LEN_MAX;
	uint32_t head_len = head_bytes(head, h, h.len > LEN_SHORT_MAX);
	if (h.len == 0 || room_of(c) + more < head_len + 1)
		return 0;
	/* byte by byte, so that its place is known and may lie in two blocks */
	bytes_put(p, c, head, 1);
	chain_ref ref = c->last;
	bytes_put(p, c, head + 1, head_len - 1);
	uint32_t kept = bytes_put(p, c, bytes, h.len);
	if (kept == h.len)
		return ref;
	/* the pool is empty: the text is cut */
	h.len = kept;
	head_bytes(head, h, head_len == HEAD_LONG);
	for (uint32_t i = 0; i < head_len; i++) {
		chain_ref at = place_behind(p, ref, i);
		block_at(p, block_of(at))->bytes[offset_of(at)] = head[i];
	}
	return ref;
}

/* A text that fits the block that at lies in, and its head. */
static inline void
text_write(uint8_t *at, struct chain_head h, const void *bytes)
{
	uint8_t head[HEAD_LONG];

	head_bytes(head, h, false);
	memcpy(at, head, HEAD_SHORT);
	base_copy(at + HEAD_SHORT, bytes, h.len);
}

/* In one more block: whole, or the rest of it, its head in the last one. */
static __attribute__((noinline)) chain_ref
text_add_across(
	struct chain_pool *p, struct chain *c, struct chain_head h, const void *bytes)
{
	uint32_t room = room_of(c);
	chain_ref ref = c->last + 1;
	uint8_t head[HEAD_LONG], *at, *rest;

	if (h.len - 1 >= LEN_SHORT_MAX || HEAD_SHORT + h.len > room + CHAIN_BLOCK)
		return text_add_anyhow(p, c, h, bytes);
	if (room == 0 && (at = chain_grow(p, c, HEAD_SHORT + h.len))) {
		text_write(at, h, bytes);
		return block_of(c->last) << CHAIN_BLOCK_BITS;
	}
	if (room < HEAD_SHORT)
		return text_add_anyhow(p, c, h, bytes);
	room -= HEAD_SHORT;
	rest = chain_grow(p, c, h.len - room);
	if (rest == NULL)
		return text_add_anyhow(p, c, h, bytes);
	head_bytes(head, h, false);
	at = block_at(p, block_of(ref))->bytes + offset_of(ref);
	memcpy(at, head, HEAD_SHORT);
	base_copy(at + HEAD_SHORT, bytes, room);
	base_copy(rest, (const uint8_t *)bytes + room, h.len - room);
	return ref;
}

/* As a rule a text fits its block, or begins there and goes on in one more. */
chain_ref
chain_text_add_as(struct chain_pool *p, struct chain *c, struct chain_head h, const void *bytes)
{
	uint32_t need = HEAD_SHORT + h.len;
	chain_ref ref = c->last + 1;

	if (h.len - 1 >= LEN_SHORT_MAX || need > room_of(c))
		return text_add_across(p, c, h, bytes);
	c->last += need;
	text_write(block_at(p, block_of(ref))->bytes + offset_of(ref), h, bytes);
	return ref;
}

/* ---- several at once ---- */

static bool
has_blocks(const struct chain_pool *p, uint32_t n)
{
	uint32_t left = p->max - p->used;

	for (uint32_t b = p->free_head; b && left < n; b = *next_of(p, b))
		left++;
	return left >= n;
}

bool
chain_run_begin(struct chain_run *run, struct chain_pool *p, struct chain *c, uint32_t bytes)
{
	uint32_t room = room_of(c), blocks = bytes / CHAIN_BLOCK + 1 + CHAIN_RUN_OTHERS;

	if (bytes > CHAIN_RUN_BYTES || !has_blocks(p, blocks))
		return false;
	run->pool = p;
	run->chain = c;
	run->edge = room ? CHAIN_BLOCK : 0;
	run->at = room ? CHAIN_BLOCK - room : 0;
	if (room)
		memcpy(run->bytes, block_at(p, block_of(c->last)), CHAIN_BLOCK);
	return true;
}

/* The block is whole: one more. */
static __attribute__((noinline)) void
run_next(struct chain_run *run)
{
	struct chain_pool *p = run->pool;

	if (run->edge)
		memcpy(block_at(p, block_of(run->chain->last)),
			run->bytes + run->edge - CHAIN_BLOCK, CHAIN_BLOCK);
	chain_grow(p, run->chain, 1);
	run->edge += CHAIN_BLOCK;
}

chain_ref
chain_run_add(struct chain_run *run, struct chain_head h, const void *bytes)
{
	if (h.len > LEN_SHORT_MAX || run->at + HEAD_SHORT + h.len > sizeof(run->bytes))
		return 0;
	while (base_unlikely(run->at >= run->edge))
		run_next(run);
	chain_ref ref = block_of(run->chain->last) << CHAIN_BLOCK_BITS | run->at % CHAIN_BLOCK;
	text_write(run->bytes + run->at, h, bytes);
	run->at += HEAD_SHORT + h.len;
	return ref;
}

void
chain_run_end(struct chain_run *run)
{
	struct chain *c = run->chain;

	while (run->at > run->edge)
		run_next(run);
	if (run->edge == 0)
		return; /* none was added to an empty one */
	memcpy(block_at(run->pool, block_of(c->last)), run->bytes + run->edge - CHAIN_BLOCK,
		CHAIN_BLOCK);
	c->last = block_of(c->last) << CHAIN_BLOCK_BITS | (run->at - 1) % CHAIN_BLOCK;
}

bool
chain_has_room(const struct chain_pool *p, const struct chain *c, uint32_t bytes)
{
	uint32_t n = bytes + (bytes > LEN_SHORT_MAX ? HEAD_LONG : HEAD_SHORT), room = room_of(c);
	uint32_t left = p->max - p->used, b = p->free_head;

	if (n <= room + ((left || b) ? CHAIN_BLOCK : 0))
		return bytes <= LEN_MAX;
	for (; room < n && left; left--)
		room += CHAIN_BLOCK;
	for (; room < n && b; b = *next_of(p, b))
		room += CHAIN_BLOCK;
	return room >= n && bytes <= LEN_MAX;
}

chain_ref
chain_text_add(struct chain_pool *p, struct chain *c, struct base_span s)
{
	return chain_text_add_as(p, c, (struct chain_head){s.len, CHAIN_ID_NONE, false}, s.p);
}

/* The place of a text that begins at ref, if one does. */
static inline chain_ref
text_at(const struct chain *c, chain_ref ref)
{
	bool behind = block_of(ref) == block_of(c->last) && offset_of(ref) > offset_of(c->last);

	return behind ? 0 : ref;
}

bool
chain_text_walk(const struct chain_pool *p, const struct chain *c, struct chain_walk *w)
{
	uint32_t head_len;

	w->ref = w->started ? text_at(c, w->next) : c->head << CHAIN_BLOCK_BITS;
	w->started = true;
	if (w->ref == 0)
		return false;
	w->head = head_read(p, w->ref, &head_len);
	w->next = place_behind(p, w->ref, head_len + w->head.len);
	return true;
}

void
chain_flatten(const struct chain_pool *p, const struct chain *c, struct chain_flat *out)
{
	uint32_t b = c->head, n = 0;

	for (; b && n < CHAIN_FLAT_BLOCKS; b = *next_of(p, b)) {
		memcpy(out->bytes + n * CHAIN_BLOCK, block_at(p, b), CHAIN_BLOCK);
		out->blocks[n++] = b;
	}
	out->rest = b << CHAIN_BLOCK_BITS;
	out->len = n * CHAIN_BLOCK - (b ? 0 : room_of(c));
}

/* Of a text that may be long, or have its head or itself in two blocks. */
static __attribute__((noinline)) struct base_span
text_anyhow(const struct chain_pool *p, chain_ref ref, uint8_t *scratch, uint32_t cap)
{
	uint32_t head_len;
	struct chain_head h = head_read(p, ref, &head_len);
	chain_ref at = place_behind(p, ref, head_len);

	if (at && offset_of(at) + h.len <= CHAIN_BLOCK)
		return base_span_of(block_at(p, block_of(at))->bytes + offset_of(at), h.len);
	uint32_t n = h.len < cap ? h.len : cap;
	bytes_get(p, at, scratch, n);
	return base_span_of(scratch, n);
}

struct base_span
chain_text(const struct chain_pool *p, chain_ref ref, uint8_t *scratch, uint32_t cap)
{
	uint32_t offset = offset_of(ref);

	if (ref == 0)
		return (struct base_span){NULL, 0};
	const uint8_t *head = block_at(p, block_of(ref))->bytes + offset;
	if (offset + HEAD_SHORT < CHAIN_BLOCK) {
		uint32_t low = head[0] | (uint32_t)head[1] << 8;
		if (!(low >> 6 & 1) && offset + HEAD_SHORT + (low >> 7) <= CHAIN_BLOCK)
			return base_span_of(head + HEAD_SHORT, low >> 7);
	}
	return text_anyhow(p, ref, scratch, cap);
}

/* Of a text that may be long, or have its head or itself in two blocks. */
static __attribute__((noinline)) bool
text_is_anyhow(const struct chain_pool *p, chain_ref ref, struct base_span s)
{
	uint32_t head_len, n = s.len;
	struct chain_head h = head_read(p, ref, &head_len);
	chain_ref at = place_behind(p, ref, head_len);

	if (h.len != n)
		return false;
	while (n && at) {
		uint32_t room = CHAIN_BLOCK - offset_of(at), part = n < room ? n : room;
		const uint8_t *mine = block_at(p, block_of(at))->bytes + offset_of(at);
		if (memcmp(mine, s.p + (s.len - n), part) != 0)
			return false;
		n -= part;
		at = place_behind(p, at, part);
	}
	return n == 0;
}

bool
chain_text_is(const struct chain_pool *p, chain_ref ref, struct base_span s)
{
	uint32_t offset = offset_of(ref);

	if (ref == 0 || s.len == 0)
		return ref == 0 && s.len == 0;
	const uint8_t *head = block_at(p, block_of(ref))->bytes + offset;
	if (offset + HEAD_SHORT < CHAIN_BLOCK) {
		uint32_t low = head[0] | (uint32_t)head[1] << 8;
		if (!(low >> 6 & 1) && offset + HEAD_SHORT + (low >> 7) <= CHAIN_BLOCK)
			return low >> 7 == s.len && memcmp(head + HEAD_SHORT, s.p, s.len) == 0;
	}
	return text_is_anyhow(p, ref, s);
}
