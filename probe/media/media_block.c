#include "media_private.h"

/* What few streams need: blocks of one size each, handed out by reference (index + 1, 0: none).  An
 * empty pool is no error: the stream goes without, counted. */

void
media_pool_init(struct media_pool *p, void *mem, uint32_t bytes, uint32_t max)
{
	*p = (struct media_pool){.blocks = mem, .bytes = bytes, .max = max};
}

static void *
block(const struct media_pool *p, uint32_t ref)
{
	return ref ? p->blocks + (size_t)(ref - 1) * p->bytes : NULL;
}

/* A freed block's first word says which one was freed before it. */
static uint32_t
take(struct media_pool *p)
{
	uint32_t ref = p->free;

	if (ref)
		memcpy(&p->free, block(p, ref), sizeof(p->free));
	else if (p->fresh < p->max)
		ref = ++p->fresh;
	if (ref)
		memset(block(p, ref), 0, p->bytes);
	return ref;
}

static void
give(struct media_pool *p, uint32_t ref)
{
	if (ref == 0)
		return;
	memcpy(block(p, ref), &p->free, sizeof(p->free));
	p->free = ref;
}

static void *
block_for(struct media *m, struct media_pool *p, uint32_t *ref)
{
	if (*ref == 0)
		*ref = take(p);
	if (*ref == 0 && m->options.metrics)
		metrics_add(m->options.metrics, METRICS_STREAM_BLOCKS_REFUSED, 1);
	return block(p, *ref);
}

struct media_rare *
media_rare_of(const struct media *m, uint32_t index)
{
	return block(&m->rares, m->cold[index].rare);
}

struct media_rare *
media_rare_for(struct media *m, uint32_t index)
{
	bool is_new = m->cold[index].rare == 0;
	struct media_rare *rare = block_for(m, &m->rares, &m->cold[index].rare);

	if (is_new && rare)
		rare->other.payload_type = MEDIA_PT_NONE;
	return rare;
}

struct media_reports *
media_reports_of(const struct media *m, uint32_t index)
{
	return block(&m->reports, m->cold[index].reports);
}

struct media_reports *
media_reports_for(struct media *m, uint32_t index)
{
	return block_for(m, &m->reports, &m->cold[index].reports);
}

void
media_blocks_give(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];

	give(&m->rares, c->rare);
	give(&m->reports, c->reports);
	c->rare = c->reports = 0;
}
