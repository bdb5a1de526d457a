/* The texts of a dialog that is being closed or written, found in one pass through their chain: its
 * record, the endpoints it withdraws and the shared texts it gives back are all read from here. */
#include "dialog_private.h"

/* Of a text at ref that is not in place; p is NULL where there is no room for a copy of it. */
static struct base_span
text_at(const struct dialog *d, struct found *f, chain_ref ref)
{
	uint32_t room = (uint32_t)sizeof(f->copies) - f->n_copies;
	uint8_t *copy = f->copies + f->n_copies;
	struct base_span text = chain_text(&d->pool, ref, copy, room);

	if (text.p != copy)
		return text;
	if (text.len == room) /* cut, or as good as */
		return (struct base_span){NULL, room};
	f->n_copies += text.len;
	return text;
}

static void
number_found(struct found *f, chain_ref ref, uint16_t number)
{
	if (f->n_numbers < FOUND_NUMBERS)
		f->numbers[f->n_numbers++] = number;
	else if (f->numbers_rest.next == 0)
		f->numbers_rest.next = ref;
}

static void
endpoint_found(struct found *f, chain_ref ref, struct base_span bytes)
{
	if (f->n_endpoints < FOUND_ENDPOINTS && f->endpoints_rest.next == 0)
		f->n_endpoints += endpoint_read(bytes, &f->endpoints[f->n_endpoints]);
	else if (f->endpoints_rest.next == 0)
		f->endpoints_rest.next = ref;
}

static void
flow_found(struct found *f, chain_ref ref, struct base_span bytes)
{
	if (f->n_flow < FOUND_FLOW)
		f->flow[f->n_flow++] = bytes;
	else if (f->flow_rest.next == 0)
		f->flow_rest.next = ref;
}

static inline void
text_found(struct found *f, uint8_t id, struct base_span text)
{
	f->texts[id] = text;
	f->last[id] = text;
}

/* Another text stands for it: that of a number, at a reference, or the last of another field. */
static inline void
alias_found(const struct dialog *d, struct found *f, chain_ref ref, const struct chain_place *at)
{
	uint8_t id = at->head.id;
	uint16_t number;
	chain_ref target;

	if (at->head.len == sizeof(target)) {
		memcpy(&target, at->bytes, sizeof(target));
		f->texts[id] = text_at(d, f, target);
	} else if (at->head.len == sizeof(number)) {
		memcpy(&number, at->bytes, sizeof(number));
		number_found(f, ref, number);
		text_found(f, id, text_at(d, f, shared_text(d, number)));
	} else {
		f->texts[id] = f->last[at->bytes[0] % TEXT_COUNT];
	}
}

static inline void
place_found(const struct dialog *d, struct found *f, uint32_t at, const struct chain_place *place)
{
	struct base_span bytes = base_span_of(place->bytes, place->head.len);
	uint8_t id = place->head.id;

	if (id < TEXT_COUNT && place->head.alias)
		alias_found(d, f, chain_flat_ref(&f->flat, at), place);
	else if (id < TEXT_COUNT)
		text_found(f, id, bytes);
	else if (id == TEXT_FLOW_WORD || id == TEXT_FLOW_LINE)
		flow_found(f, chain_flat_ref(&f->flat, at), bytes);
	else if (id == TEXT_ENDPOINT)
		endpoint_found(f, chain_flat_ref(&f->flat, at), bytes);
}

/* More than are looked at together: each is looked for alone. */
static void
rest_found(const struct dialog *d, const struct slot *s, struct found *f, chain_ref from)
{
	struct chain_walk at = {.started = true, .next = from};

	while (chain_text_walk(&d->pool, &s->text_chain, &at)) {
		uint8_t id = at.head.id;
		if (id < TEXT_COUNT)
			f->texts[id] = f->last[id] = (struct base_span){NULL, at.head.len};
	}
	if (f->flow_rest.next == 0)
		f->flow_rest.next = from;
	if (f->endpoints_rest.next == 0)
		f->endpoints_rest.next = from;
	if (f->numbers_rest.next == 0)
		f->numbers_rest.next = from;
}

static void
found_fill(const struct dialog *d, const struct slot *s, struct found *f)
{
	const struct chain_walk none = {.started = true};
	struct chain_place place;
	uint32_t at = 0;

	f->n_endpoints = f->n_numbers = f->n_flow = f->n_copies = 0;
	f->endpoints_rest = f->numbers_rest = f->flow_rest = none;
	chain_flatten(&d->pool, &s->text_chain, &f->flat);
	for (uint32_t begin = 0; chain_flat_text(&f->flat, &at, &place); begin = at)
		place_found(d, f, begin, &place);
	chain_ref rest = at < f->flat.len ? chain_flat_ref(&f->flat, at) : f->flat.rest;
	if (rest)
		rest_found(d, s, f, rest);
	f->of = s;
	f->end = s->text_chain.last;
}

/* Those of s, or of somebody else. */
static struct found *
found_place(struct dialog *d, const struct slot *s)
{
	for (uint32_t i = 0; i < FOUND_DIALOGS; i++)
		if (d->founds[i].of == s)
			return &d->founds[i];
	return &d->founds[d->founds_next++ % FOUND_DIALOGS];
}

const struct found *
found_ahead(struct dialog *d, const struct slot *s)
{
	struct found *f = found_place(d, s);

	if (f->of != s || f->end != s->text_chain.last)
		found_fill(d, s, f);
	return f;
}

const struct found *
found_of(struct dialog *d, const struct slot *s)
{
	if (!found_is_of(d, s))
		d->found = found_ahead(d, s);
	return d->found;
}

void
found_forget(struct dialog *d, const struct slot *s)
{
	for (uint32_t i = 0; i < FOUND_DIALOGS; i++)
		if (d->founds[i].of == s)
			d->founds[i].of = NULL;
}
