/* The texts of a dialog that is being closed or written, found in one pass through their chain: its
 * record, the endpoints it withdraws and the shared texts it gives back are all read from here. */
#include "dialog_private.h"

#define PLACES 48 /* looked at together: as a rule all that a call has */

/* Of a text at ref, which lies in two blocks or elsewhere; p is NULL where there is no room for a
 * copy of it. */
static struct base_span
text_at(const struct dialog *d, struct found *f, chain_ref ref)
{
	uint32_t room = (uint32_t)sizeof(f->bytes) - f->n_bytes;
	struct base_span text = chain_text(&d->pool, ref, f->bytes + f->n_bytes, room);

	if (text.p != f->bytes + f->n_bytes)
		return text;
	uint32_t len = chain_text_head(&d->pool, ref).len;
	if (len > room)
		return (struct base_span){NULL, len};
	f->n_bytes += len;
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
	if (f->n_endpoints < FOUND_ENDPOINTS && bytes.p && f->endpoints_rest.next == 0)
		f->n_endpoints += endpoint_read(bytes, &f->endpoints[f->n_endpoints]);
	else if (f->endpoints_rest.next == 0)
		f->endpoints_rest.next = ref;
}

static void
flow_found(struct found *f, chain_ref ref)
{
	if (f->n_flow < FOUND_FLOW)
		f->flow[f->n_flow++] = ref;
	else if (f->flow_rest.next == 0)
		f->flow_rest.next = ref;
}

/* Another text stands for it: that of a number, at a reference, or the last of another field. */
static void
alias_found(const struct dialog *d, struct found *f, const struct chain_place *at,
	struct base_span bytes)
{
	uint8_t id = at->head.id;
	uint16_t number;
	chain_ref ref;

	if (bytes.len == sizeof(ref)) {
		memcpy(&ref, bytes.p, sizeof(ref));
		f->texts[id] = text_at(d, f, ref);
	} else if (bytes.len == sizeof(number)) {
		memcpy(&number, bytes.p, sizeof(number));
		number_found(f, at->ref, number);
		f->texts[id] = f->last[id] = text_at(d, f, shared_text(d, number));
	} else {
		f->texts[id] = f->last[bytes.p[0] % TEXT_COUNT];
	}
}

static void
place_found(const struct dialog *d, struct found *f, const struct chain_place *at)
{
	struct base_span bytes = base_span_of(at->bytes, at->head.len);
	uint8_t id = at->head.id, few[sizeof(chain_ref)];

	if (id == CHAIN_ID_NONE)
		return;
	if (id == TEXT_FLOW_WORD || id == TEXT_FLOW_LINE) {
		flow_found(f, at->ref);
		return;
	}
	if (id < TEXT_COUNT && at->head.alias) {
		if (bytes.p == NULL)
			bytes = chain_text(&d->pool, at->ref, few, sizeof(few));
		alias_found(d, f, at, bytes);
		return;
	}
	if (bytes.p == NULL)
		bytes = text_at(d, f, at->ref);
	if (id < TEXT_COUNT)
		f->texts[id] = f->last[id] = bytes;
	else
		endpoint_found(f, at->ref, bytes);
}

static void
found_fill(const struct dialog *d, const struct slot *s, struct found *f)
{
	struct chain_place places[PLACES];
	chain_ref from = 0;
	uint32_t n;

	memset(f, 0, offsetof(struct found, endpoints));
	f->endpoints_rest.started = f->numbers_rest.started = f->flow_rest.started = true;
	do {
		n = chain_text_places(&d->pool, &s->text_chain, from, places, PLACES);
		for (uint32_t i = 0; i < n; i++)
			place_found(d, f, &places[i]);
		from = n ? places[n - 1].next : 0;
	} while (from && n == PLACES);
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
