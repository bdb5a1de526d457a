/* What a dialog has besides its setup: blocks from one array, handed out by index. */
#include "dialog_private.h"

const struct slot_more *
slot_more_of(const struct dialog *d, const struct slot *s)
{
	static const struct slot_more none;

	return s->more ? &d->mores.blocks[s->more - 1] : &none;
}

struct slot_more *
slot_more_for(struct dialog *d, struct slot *s)
{
	struct slot_more *more;

	if (s->more)
		return &d->mores.blocks[s->more - 1];
	s->more = d->mores.free;
	if (s->more)
		memcpy(&d->mores.free, &d->mores.blocks[s->more - 1], sizeof(d->mores.free));
	else
		s->more = ++d->mores.fresh; /* as many as slots */
	more = &d->mores.blocks[s->more - 1];
	memset(more, 0, sizeof(*more));
	return more;
}

void
slot_more_give(struct dialog *d, struct slot *s)
{
	struct slot_more *more;

	if (s->more == 0)
		return;
	more = slot_more_for(d, s);
	chain_free(&d->pool, &more->link_chain);
	chain_free(&d->pool, &more->note_chain);
	memcpy(more, &d->mores.free, sizeof(d->mores.free));
	d->mores.free = s->more;
	s->more = 0;
}
