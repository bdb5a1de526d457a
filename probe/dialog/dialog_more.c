/* What a dialog has besides its setup: blocks from one array, handed out by index.  And what needs
 * one only where flow[] has no room: how many messages there were, and when those came whose times
 * a call's record says. */
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

uint32_t
slot_messages(const struct dialog *d, const struct slot *s)
{
	return s->flow_count + slot_more_of(d, s)->left_out;
}

void
call_moment_set(struct dialog *d, struct slot *s, enum call_moment which, int64_t ts_ns)
{
	uint8_t *moment = &s->call.moments[which];

	if (*moment || ts_ns == 0)
		return;
	*moment = d->entry.kept && s->flow_count < MOMENT_APART ? (uint8_t)s->flow_count
								 : MOMENT_APART;
	if (*moment == MOMENT_APART)
		slot_more_for(d, s)->moments_ns[which] = ts_ns;
}

int64_t
call_moment_ns(const struct dialog *d, const struct slot *s, enum call_moment which)
{
	uint8_t moment = s->call.moments[which];
	struct flow_cursor at = {.left = 0};
	const struct flow_entry *e = NULL;

	if (moment == MOMENT_APART)
		return slot_more_of(d, s)->moments_ns[which];
	for (; moment; moment--)
		e = flow_next(d, s, &at);
	return e ? e->ts_ns : 0;
}
