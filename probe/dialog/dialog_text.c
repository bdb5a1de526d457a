/* The texts of a dialog, each kept once: in its chain, by the number of a shared one, or as the
 * same as another one of its own. */
#include "dialog_private.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SAME_LENS 16      /* fields looked at together (texts_as_long) */
_Static_assert(TEXT_CALLER_UA < TEXT_FROM_USER + SAME_LENS, "all that may be the same");
_Static_assert(TEXT_FROM_USER + SAME_LENS <= TEXT_COUNT, "within the lengths");

static uint16_t
text_len(uint32_t len)
{
	return len < UINT16_MAX ? (uint16_t)len : UINT16_MAX;
}

static void
texts_walk(const struct dialog *d, const struct slot *s, struct slot_texts *texts)
{
	const struct chain_pool *p = &d->pool;
	struct chain_walk at = {.started = false};

	memset(texts, 0, sizeof(*texts));
	while (chain_text_walk(p, &s->text_chain, &at)) {
		chain_ref ref = at.ref;
		uint8_t id = at.head.id, bytes[sizeof(ref)];
		uint16_t number;
		if (id >= TEXT_COUNT)
			continue;
		if (!at.head.alias) {
			texts->at[id] = texts->last[id] = ref;
			texts->len[id] = text_len(at.head.len);
			continue;
		}
		struct base_span target = chain_text(p, ref, bytes, sizeof(bytes));
		if (target.len == sizeof(ref)) {
			memcpy(&texts->at[id], target.p, sizeof(ref));
		} else if (target.len == sizeof(number)) {
			memcpy(&number, target.p, sizeof(number));
			texts->at[id] = texts->last[id] = shared_text(d, number);
		} else {
			texts->at[id] = texts->last[target.p[0] % TEXT_COUNT];
		}
		texts->len[id] = 0;
		if (texts->at[id])
			texts->len[id] = text_len(chain_text_head(p, texts->at[id]).len);
	}
}

static chain_ref
text_ref(const struct dialog *d, const struct slot *s, enum slot_text which)
{
	struct slot_texts texts;

	if (!(s->texts >> which & 1))
		return 0;
	if (d->texts_of == s)
		return d->texts.at[which];
	if (which == TEXT_CALL_ID) /* the first, and never another */
		return s->text_chain.head << CHAIN_BLOCK_BITS;
	texts_walk(d, s, &texts);
	return texts.at[which];
}

void
slot_texts_find(struct dialog *d, const struct slot *s)
{
	if (d->texts_of == s)
		return;
	texts_walk(d, s, &d->texts);
	d->texts_of = s;
}

struct base_span
slot_text(const struct dialog *d, const struct slot *s, enum slot_text which, uint8_t *scratch,
	uint32_t cap)
{
	const struct base_span *known = &d->found->texts[which];

	if (found_is_of(d, s) && known->p)
		return s->texts >> which & 1
			       ? base_span_of(known->p, known->len < cap ? known->len : cap)
			       : (struct base_span){NULL, 0};
	return chain_text(&d->pool, text_ref(d, s, which), scratch, cap);
}

/* Bit i for each field i that may have the same text as another one, and has one of this length. */
static uint32_t
texts_as_long(const struct dialog *d, const struct slot *s, uint32_t len)
{
	static const uint32_t fields = (2u << TEXT_CALLER_UA) - (1u << TEXT_FROM_USER);
	const uint16_t *lens = d->texts.len + TEXT_FROM_USER;
	uint32_t bits = 0;
#ifdef __SSE2__
	__m128i want = _mm_set1_epi16((short)len), low, high;

	low = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(const void *)lens), want);
	high = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(const void *)(lens + 8)), want);
	bits = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
	for (uint32_t i = 0; i < SAME_LENS; i++)
		bits |= (uint32_t)(lens[i] == len) << i;
#endif
	return bits << TEXT_FROM_USER & fields & s->texts;
}

/* The same text may stand in several fields (To and Request-URI, both agents): kept once.  Which
 * one has it; TEXT_COUNT: none. */
static enum slot_text
slot_text_same(const struct dialog *d, const struct slot *s, struct base_span text)
{
	if (text.len < 2 || text.len > SHARED_MAX)
		return TEXT_COUNT;
	for (uint32_t bits = texts_as_long(d, s, text.len); bits; bits &= bits - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(bits);
		if (chain_text_is(&d->pool, d->texts.at[i], text))
			return (enum slot_text)i;
	}
	return TEXT_COUNT;
}

/* From now on, this one lies there; 0: there is none.  The texts of s have been found. */
static void
text_point(struct dialog *d, struct slot *s, enum slot_text which, chain_ref ref, uint32_t len)
{
	s->texts &= ~(1u << which);
	if (ref)
		s->texts |= 1u << which;
	d->texts.at[which] = ref;
	d->texts.len[which] = ref ? text_len(len) : 0;
}

/* The text at ref, which the field `by` has had, or TEXT_COUNT. */
static void
text_alias(
	struct dialog *d, struct slot *s, enum slot_text which, chain_ref ref, enum slot_text by)
{
	struct chain_head head = {sizeof(ref), (uint8_t)which, true};
	const void *target = &ref;
	uint8_t id = (uint8_t)by;

	if (ref && by < TEXT_COUNT && d->texts.last[by] == ref) {
		head.len = sizeof(id);
		target = &id;
	}
	if (ref == 0 || !chain_has_room(&d->pool, &s->text_chain, head.len)) {
		text_point(d, s, which, 0, 0);
		return;
	}
	chain_text_add_as(&d->pool, &s->text_chain, head, target);
	text_point(d, s, which, ref,
		ref == d->texts.at[by] ? d->texts.len[by] : chain_text_head(&d->pool, ref).len);
}

/* Agents and hosts: a number may stand for them. */
#define NUMBER_FIELDS \
	(1u << TEXT_FROM_HOST | 1u << TEXT_TO_HOST | 1u << TEXT_RURI_HOST | \
		1u << TEXT_CALLER_UA | 1u << TEXT_CALLEE_UA)

/* True: one does. */
static bool
text_number(struct dialog *d, struct slot *s, enum slot_text which, struct base_span text)
{
	struct chain_head head = {sizeof(uint16_t), (uint8_t)which, true};

	if (!(NUMBER_FIELDS >> which & 1) || !chain_has_room(&d->pool, &s->text_chain, head.len))
		return false;
	uint16_t number = shared_take(d, text);
	if (number == 0)
		return false;
	chain_text_add_as(&d->pool, &s->text_chain, head, &number);
	s->has_shared = true;
	d->texts.last[which] = shared_text(d, number);
	text_point(d, s, which, d->texts.last[which], text.len);
	return true;
}

void
slot_text_clear(struct dialog *d, struct slot *s, enum slot_text which)
{
	s->texts &= ~(1u << which);
}

static void
text_put(struct dialog *d, struct slot *s, enum slot_text which, struct base_span text)
{
	struct chain_head head = {text.len, (uint8_t)which, false};

	slot_texts_find(d, s);
	enum slot_text same = slot_text_same(d, s, text);
	if (same < TEXT_COUNT) {
		if (d->texts.at[same] != text_ref(d, s, which))
			text_alias(d, s, which, d->texts.at[same], same);
		return;
	}
	if (text_number(d, s, which, text))
		return;
	chain_ref ref = chain_text_add_as(&d->pool, &s->text_chain, head, text.p);
	d->texts.last[which] = ref;
	text_point(d, s, which, ref, text.len);
}

static __attribute__((noinline)) void
text_put_unfolded(struct dialog *d, struct slot *s, enum slot_text which, struct base_span text)
{
	uint8_t unfolded[2048];
	uint32_t len;

	sip_unfold(text, unfolded, sizeof(unfolded), &len);
	text_put(d, s, which, base_span_of(unfolded, len));
}

static inline bool
has_line_end(struct base_span text)
{
	return text.len && memchr(text.p, '\n', text.len);
}

void
slot_text_replace(struct dialog *d, struct slot *s, enum slot_text which, struct base_span text)
{
	if (text.len == 0)
		return;
	if (has_line_end(text))
		text_put_unfolded(d, s, which, text);
	else
		text_put(d, s, which, text);
}

void
slot_text_set(struct dialog *d, struct slot *s, enum slot_text which, struct base_span text)
{
	if (!(s->texts >> which & 1))
		slot_text_replace(d, s, which, text);
}

void
slot_to_tag_set(struct dialog *d, struct slot *s, struct base_span tag)
{
	uint8_t scratch[256];
	struct chain_cursor at = {0};

	slot_texts_find(d, s);
	struct note before = {0, text_ref(d, s, TEXT_TO_TAG), NOTE_TO_TAG}, *item;
	if (tag.len == 0 || chain_text_is(&d->pool, before.text, tag))
		return;
	if (before.text == 0 && s->more == 0) { /* the first one: no notes of others */
		slot_text_replace(d, s, TEXT_TO_TAG, tag);
		return;
	}
	before.value = dialog_text_hash(
		d, slot_text(d, s, TEXT_TO_TAG, scratch, sizeof(scratch)));
	uint32_t hash = dialog_text_hash(d, tag);
	while ((item = slot_note_next(d, s, NOTE_TO_TAG, &at)))
		if (item->value == hash)
			break;
	text_alias(d, s, TEXT_TO_TAG, item ? item->text : 0, TEXT_TO_TAG);
	slot_text_set(d, s, TEXT_TO_TAG, tag);
	if (item == NULL && before.text)
		item = slot_note_add(d, s);
	if (item)
		*item = before; /* each tag is here or in texts, never in both */
}

/* ---- of whom a first message tells ---- */

struct text_new {
	struct base_span text;
	uint8_t which;          /* enum slot_text */
};
#define PARTY_TEXTS 8

/* Texts of a dialog that has none but its Call-ID: written in one run, compared as they stand in
 * the message.  All else is as slot_text_replace has it. */
struct first_texts {
	struct chain_run run;
	const uint8_t *of[TEXT_COUNT];
};

static inline enum slot_text
first_same(const struct dialog *d, const struct slot *s, const struct first_texts *first,
	struct base_span text)
{
	if (text.len < 2 || text.len > SHARED_MAX)
		return TEXT_COUNT;
	for (uint32_t bits = texts_as_long(d, s, text.len); bits; bits &= bits - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(bits);
		if (memcmp(first->of[i], text.p, text.len) == 0)
			return (enum slot_text)i;
	}
	return TEXT_COUNT;
}

static inline void
first_put(struct dialog *d, struct slot *s, struct first_texts *first, struct text_new new)
{
	struct chain_head head = {new.text.len, new.which, true};
	struct slot_texts *texts = &d->texts;
	uint16_t number = 0;

	if (new.text.len == 0)
		return;
	enum slot_text same = first_same(d, s, first, new.text);
	uint8_t by = (uint8_t)same;
	if (same < TEXT_COUNT) {
		head.len = sizeof(by);
		chain_run_add(&first->run, head, &by);
		texts->at[new.which] = texts->at[same];
	} else if (NUMBER_FIELDS >> new.which & 1 && (number = shared_take(d, new.text))) {
		head.len = sizeof(number);
		chain_run_add(&first->run, head, &number);
		s->has_shared = true;
		texts->at[new.which] = texts->last[new.which] = shared_text(d, number);
	} else {
		head.alias = false;
		texts->at[new.which] = texts->last[new.which] =
			chain_run_add(&first->run, head, new.text.p);
	}
	first->of[new.which] = new.text.p;
	texts->len[new.which] = (uint16_t)new.text.len;
	s->texts |= 1u << new.which;
}

/* False: they are to be put one by one. */
static bool
first_texts_put(struct dialog *d, struct slot *s, const struct sip_message *sip,
	const struct text_new *texts, uint32_t n)
{
	uint32_t bytes = sip->from.value.len + sip->to.value.len + sip->ruri_text.len +
			 PARTY_TEXTS * CHAIN_HEAD_SHORT;
	struct first_texts first;

	if (d->texts_of != s || s->texts & ~(1u << TEXT_CALL_ID) ||
		has_line_end(sip->from.value) || has_line_end(sip->to.value) ||
		!chain_run_begin(&first.run, &d->pool, &s->text_chain, bytes))
		return false;
	for (uint32_t i = 0; i < n; i++)
		first_put(d, s, &first, texts[i]);
	chain_run_end(&first.run);
	return true;
}

/* A display name without the backslashes of its quoted pairs (RFC 3261 25.1). */
static struct base_span
display_unescaped(struct base_span display, uint8_t *out, uint32_t cap)
{
	uint32_t n = 0;

	if (display.len == 0 || memchr(display.p, '\\', display.len) == NULL)
		return display;
	for (uint32_t i = 0; i < display.len && n < cap; i++) {
		if (display.p[i] == '\\' && i + 1 < display.len)
			i++;
		out[n++] = display.p[i];
	}
	return base_span_of(out, n);
}

/* The names are kept, not the bits: a reload may change the lists while the call goes on. */
static void
slot_watch(struct dialog *d, struct slot *s, const struct sip_message *sip)
{
	const struct dialog_hooks *hooks = &d->options.hooks;
	struct chain_cursor at = {0};
	bool known = slot_note_next(d, s, NOTE_WATCH, &at) != NULL;
	uint64_t lists = known ? 0 : hooks->watch(hooks->context, sip);

	for (uint32_t i = 0; i < 64 && lists >> i; i++)
		if (lists >> i & 1)
			slot_note_text(d, s, NOTE_WATCH,
				base_span_cstr(hooks->watch_name(hooks->context, i)));
}

void
slot_parties_set(struct dialog *d, struct slot *s, const struct dialog_message *m)
{
	const struct sip_message *sip = m->sip;
	const struct sip_details *details = &d->details;
	uint8_t name[256];

	sip_details_parse(sip, &d->details);
	d->has_details = true;
	s->faults |= (uint16_t)(details->flags & SIP_FLAGS_INVALID);
	struct base_span display = display_unescaped(details->from.display, name, sizeof(name));
	struct text_new texts[PARTY_TEXTS] = {{sip->from.tag, TEXT_FROM_TAG},
		{details->from.uri.user, TEXT_FROM_USER}, {details->from.uri.host, TEXT_FROM_HOST},
		{display, TEXT_FROM_NAME}, {details->to.uri.user, TEXT_TO_USER},
		{details->to.uri.host, TEXT_TO_HOST}, {details->ruri.user, TEXT_RURI_USER},
		{details->ruri.host, TEXT_RURI_HOST}};
	uint32_t n = sip->method == SIP_METHOD_NONE ? PARTY_TEXTS - 2 : PARTY_TEXTS;
	if (!first_texts_put(d, s, sip, texts, n))
		for (uint32_t i = 0; i < n; i++)
			slot_text_replace(d, s, (enum slot_text)texts[i].which, texts[i].text);
	s->from_tag = d->heard.from;
	s->transport = m->transport & 15;
	s->tunnel = m->tunnel & 15;
	s->vlan = m->vlan;
	if (sip->method == SIP_METHOD_NONE)
		return;
	slot_watch(d, s, sip);
	struct base_span vector = sip_header_value(sip, SIP_HDR_P_CHARGING_VECTOR), icid;
	if (vector.len && sip_param_find(vector, BASE_SPAN("icid-value"), &icid))
		slot_text_set(d, s, TEXT_ICID, icid);
}

void
slot_texts_give(struct dialog *d, struct slot *s)
{
	uint8_t bytes[sizeof(uint16_t)];
	uint16_t number;

	if (s->has_shared) {
		const struct found *found = found_of(d, s);
		struct chain_walk at = found->numbers_rest;
		for (uint32_t i = 0; i < found->n_numbers; i++)
			shared_give(d, found->numbers[i]);
		while (chain_text_walk(&d->pool, &s->text_chain, &at))
			if (at.head.id < TEXT_COUNT && at.head.alias &&
				at.head.len == sizeof(number)) {
				memcpy(&number,
					chain_text(&d->pool, at.ref, bytes, sizeof(bytes)).p,
					sizeof(number));
				shared_give(d, number);
			}
	}
	found_forget(d, s);
	chain_free(&d->pool, &s->text_chain);
}
