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

const struct media_more *
media_more_of(const struct media *m, uint32_t index)
{
	static const struct media_more none = {.bad_seq = UINT32_MAX, .aside_pt = MEDIA_PT_NONE};
	const struct media_more *more = block(&m->mores, m->cold[index].more);

	return more ? more : &none;
}

struct media_more *
media_more_for(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];
	struct media_more *more = block(&m->mores, c->more);

	if (more)
		return more;
	c->more = take(&m->mores); /* as many as streams */
	more = block(&m->mores, c->more);
	more->bad_seq = UINT32_MAX;
	more->aside_pt = MEDIA_PT_NONE;
	return more;
}

struct media_rare *
media_rare_of(const struct media *m, uint32_t index)
{
	return block(&m->rares, media_more_of(m, index)->rare);
}

struct media_rare *
media_rare_for(struct media *m, uint32_t index)
{
	struct media_more *more = media_more_for(m, index);
	bool is_new = more->rare == 0;
	struct media_rare *rare = block_for(m, &m->rares, &more->rare);

	if (is_new && rare)
		rare->other.payload_type = MEDIA_PT_NONE;
	return rare;
}

struct media_reports *
media_reports_of(const struct media *m, uint32_t index)
{
	return block(&m->reports, media_more_of(m, index)->reports);
}

struct media_reports *
media_reports_for(struct media *m, uint32_t index)
{
	return block_for(m, &m->reports, &media_more_for(m, index)->reports);
}

struct media_guess *
media_guess_of(const struct media *m, uint32_t index)
{
	const struct media_rare *rare = media_rare_of(m, index);

	return rare ? block(&m->guesses, rare->guess) : NULL;
}

struct media_guess *
media_guess_for(struct media *m, uint32_t index)
{
	struct media_rare *rare = media_rare_for(m, index);

	return rare ? block_for(m, &m->guesses, &rare->guess) : NULL;
}

void
media_guess_give(struct media *m, uint32_t index)
{
	struct media_rare *rare = media_rare_of(m, index);

	if (rare == NULL)
		return;
	give(&m->guesses, rare->guess);
	rare->guess = 0;
}

void
media_blocks_give(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];
	const struct media_more *more = media_more_of(m, index);

	media_codecs_give(m, index);
	media_guess_give(m, index);
	give(&m->rares, more->rare);
	give(&m->reports, more->reports);
	give(&m->mores, c->more);
	c->more = 0;
	if (c->wide)
		give(&m->wides, c->ends.wide);
	c->wide = 0;
}

/* ---- both ends ---- */

void
media_ends_set(struct media *m, uint32_t index, const struct packet_view *view)
{
	union media_ends_short *ends = &m->cold[index].ends;

	m->cold[index].wide = !(base_ip_is_v4(&view->src.ip) && base_ip_is_v4(&view->dst.ip));
	if (m->cold[index].wide) {
		ends->wide = take(&m->wides); /* as many as streams */
		memcpy(block(&m->wides, ends->wide), &(struct media_ends){view->src, view->dst},
			sizeof(struct media_ends));
		return;
	}
	memcpy(ends->v4.src, view->src.ip.b + 12, sizeof(ends->v4.src));
	memcpy(ends->v4.dst, view->dst.ip.b + 12, sizeof(ends->v4.dst));
	ends->v4.src_port = view->src.port;
	ends->v4.dst_port = view->dst.port;
}

struct media_ends
media_ends_of(const struct media *m, uint32_t index)
{
	const union media_ends_short *ends = &m->cold[index].ends;
	struct media_ends out;

	if (m->cold[index].wide)
		memcpy(&out, block(&m->wides, ends->wide), sizeof(out));
	else
		out = (struct media_ends){{base_ip_v4(ends->v4.src), ends->v4.src_port},
			{base_ip_v4(ends->v4.dst), ends->v4.dst_port}};
	return out;
}
