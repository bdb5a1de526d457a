#include "media_private.h"

/* Packet time that one question to the directory may take, and how many may be saved up: this
 * bounds the work of media_advance. */
#define ASK_COST_NS 4000
#define ASK_BURST 256

/* ---- memory ---- */

struct layout {
	size_t hot, cold, buckets, candidates, calls, mores, wides, rares, reports, guesses, events;
	size_t codecs, total;
	uint32_t max, n_candidates, n_calls, n_rares, n_reports, n_guesses;
};

static struct layout
layout_of(const struct media_options *options)
{
	struct layout l = {.max = options->max_streams ? options->max_streams : 1};

	l.n_candidates = base_power_of_two_at_least(l.max / 8);
	if (l.n_candidates < 256)
		l.n_candidates = 256;
	l.n_calls = l.max / 2 + 1;
	/* What every stream touches, then what may never be: pages of 2 MiB are taken whole. */
	l.calls = base_align_up(sizeof(struct media), 64);
	l.buckets = base_align_up(l.calls + (size_t)l.n_calls * sizeof(uint32_t), 64);
	l.hot = l.buckets + (size_t)media_table_buckets(l.max) * sizeof(struct media_bucket);
	l.cold = l.hot + (size_t)l.max * sizeof(struct media_hot);
	l.codecs = base_align_up(l.cold + (size_t)l.max * sizeof(struct media_cold), 64);
	l.candidates = l.codecs + media_sets_footprint(l.max);
	l.n_rares = l.max / 4 + 2;
	l.n_reports = l.max / 2 + 2;
	l.mores = l.candidates + (size_t)l.n_candidates * sizeof(struct media_candidate);
	l.wides = base_align_up(l.mores + (size_t)l.max * sizeof(struct media_more), 64);
	l.rares = base_align_up(l.wides + (size_t)l.max * sizeof(struct media_ends), 64);
	l.reports = base_align_up(
		l.rares + (size_t)l.n_rares * sizeof(struct media_rare), 64);
	l.n_guesses = l.max / 128 + 16;
	l.guesses = base_align_up(
		l.reports + (size_t)l.n_reports * sizeof(struct media_reports), 64);
	l.events = base_align_up(
		l.guesses + (size_t)l.n_guesses * sizeof(struct media_guess), 64);
	l.total = l.events +
		  base_align_up(media_events_max(l.max) * sizeof(struct media_event), 64);
	return l;
}

size_t
media_footprint(const struct media_options *options)
{
	return layout_of(options).total;
}

/* Those of RFC 3551 first (media_figures.c relies on finding them), then the usual ones. */
static void
clocks_init(struct media *m)
{
	static const uint32_t usual[] = {8000, 90000, 16000, 48000, 11025, 22050, 44100, 24000,
		32000, 12000, 1000, 72000, 96000};

	m->n_clocks = 1;
	for (uint32_t i = 0; i < base_count_of(usual); i++) {
		m->clock_hz[m->n_clocks] = usual[i];
		m->ticks_per_ns[m->n_clocks++] = usual[i] / 1e9;
	}
}

struct media *
media_new(void *mem, const struct media_options *options)
{
	struct layout l = layout_of(options);
	struct media *m = mem;
	uint8_t *p = mem;

	memset(m, 0, sizeof(*m));
	m->options = *options;
	m->options.max_streams = l.max;
	m->hot = (struct media_hot *)(p + l.hot);
	m->cold = (struct media_cold *)(p + l.cold);
	m->candidates = (struct media_candidate *)(p + l.candidates);
	m->calls = (uint32_t *)(void *)(p + l.calls);
	m->candidate_mask = l.n_candidates - 1;
	m->n_calls = l.n_calls;
	m->free = MEDIA_NONE;
	m->young = m->old = (struct media_list){MEDIA_NONE, MEDIA_NONE};
	media_table_init(&m->front.table, p + l.buckets, l.max);
	if (!options->zeroed)
		base_zero(m->candidates, (size_t)l.n_candidates * sizeof(struct media_candidate));
	memset(m->calls, 0xff, (size_t)l.n_calls * sizeof(uint32_t));
	for (uint64_t i = 0; i < base_count_of(m->front.secret); i++)
		m->front.secret[i] = base_hash(&options->key, &i, sizeof(i)) | 1;
	media_pool_init(&m->mores, p + l.mores, sizeof(struct media_more), l.max);
	media_pool_init(&m->wides, p + l.wides, sizeof(struct media_ends), l.max);
	media_pool_init(&m->rares, p + l.rares, sizeof(struct media_rare), l.n_rares);
	media_pool_init(&m->reports, p + l.reports, sizeof(struct media_reports), l.n_reports);
	media_pool_init(&m->guesses, p + l.guesses, sizeof(struct media_guess), l.n_guesses);
	clocks_init(m);
	media_quality_init(m);
	media_events_init(m, p + l.events);
	media_sets_init(&m->codecs, p + l.codecs, l.max, &options->key);
	if (options->metrics) {
		metrics_set(options->metrics, METRICS_STREAMS_MAX, l.max);
		metrics_set(options->metrics, METRICS_STREAMS_ACTIVE, 0);
	}
	return m;
}

/* ---- lists ---- */

/* The first of those that are in one bucket with call. */
static uint32_t *
bucket_of(const struct media *m, uint64_t call)
{
	return &m->calls[(base_hash_mix(call) >> 32) * m->n_calls >> 32];
}

static struct media_list *
untied_list(struct media *m, const struct media_cold *c)
{
	return c->state == MEDIA_YOUNG ? &m->young : &m->old;
}

void
media_list_push(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];

	c->next = MEDIA_NONE;
	if (c->state == MEDIA_TIED) {
		uint32_t *end = bucket_of(m, c->call);
		while (*end != MEDIA_NONE)
			end = &m->cold[*end].next;
		*end = index;
		return;
	}
	struct media_list *l = untied_list(m, c);
	c->by_state.prev = l->tail;
	if (l->tail == MEDIA_NONE)
		l->head = index;
	else
		m->cold[l->tail].next = index;
	l->tail = index;
}

void
media_list_remove(struct media *m, uint32_t index)
{
	const struct media_cold *c = &m->cold[index];
	uint32_t next = c->next;

	if (c->state == MEDIA_TIED) {
		uint32_t *at = bucket_of(m, c->call);
		while (*at != index)
			at = &m->cold[*at].next;
		*at = next;
		return;
	}
	struct media_list *l = untied_list(m, c);
	uint32_t prev = c->by_state.prev;
	if (prev == MEDIA_NONE)
		l->head = next;
	else
		m->cold[prev].next = next;
	if (next == MEDIA_NONE)
		l->tail = prev;
	else
		m->cold[next].by_state.prev = prev;
}

/* Order of first packets; addresses decide where two began at once, so that a replay is the same on
 * any number of cores. */
static bool
is_before(const struct media *m, uint32_t a, uint32_t b)
{
	const struct media_cold *x = &m->cold[a], *y = &m->cold[b];

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns;
	struct media_ends xe = media_ends_of(m, a), ye = media_ends_of(m, b);
	int order = memcmp(&xe, &ye, sizeof(xe));
	return order ? order < 0 : m->hot[a].ssrc < m->hot[b].ssrc;
}

/* The first max streams of call, in order of first packet, to indices (or NULL: only counts). */
uint32_t
media_call_streams(const struct media *m, uint64_t call, uint32_t *indices, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t at = *bucket_of(m, call); at != MEDIA_NONE && n < max;
		at = m->cold[at].next) {
		if (m->cold[at].call != call)
			continue;
		uint32_t place = n++;
		for (; indices && place > 0 && is_before(m, at, indices[place - 1]); place--)
			indices[place] = indices[place - 1];
		if (indices)
			indices[place] = at;
	}
	return n;
}

uint32_t
media_call_stream(const struct media *m, uint64_t call, uint32_t ssrc)
{
	for (uint32_t at = *bucket_of(m, call); at != MEDIA_NONE; at = m->cold[at].next)
		if (m->cold[at].call == call && m->hot[at].ssrc == ssrc)
			return at;
	return MEDIA_NONE;
}

/* ---- what the worker asks for ---- */

void
media_note_loss(struct media *m, uint64_t lost_total)
{
	m->lost_total = lost_total;
}

void
media_peek(struct media *m, uint64_t call, media_summary_fn fn, void *context)
{
	uint32_t indices[MEDIA_CALL_STREAMS_MAX],
		n = media_call_streams(m, call, indices, MEDIA_CALL_STREAMS_MAX);

	for (uint32_t i = 0; i < n; i++) {
		struct media_summary summary;
		media_figures_summary(m, indices[i], &summary);
		summary.so_far = true;
		fn(context, &summary);
	}
}

void
media_collect(struct media *m, uint64_t call, media_summary_fn fn, void *context)
{
	uint32_t indices[MEDIA_CALL_STREAMS_MAX],
		n = media_call_streams(m, call, indices, MEDIA_CALL_STREAMS_MAX);

	for (uint32_t i = 0; i < n; i++)
		media_stream_end(m, indices[i], fn, context);
}

void
media_collect_fetch(const struct media *m, uint64_t call, uint32_t nth)
{
	uint32_t at = MEDIA_NONE;

	if (nth == 0)
		base_prefetch(bucket_of(m, call));
	else
		at = *bucket_of(m, call);
	for (; nth > 1 && at != MEDIA_NONE; nth--)
		at = m->cold[at].next;
	if (at == MEDIA_NONE)
		return;
	base_prefetch_lines(&m->cold[at], sizeof(m->cold[at]));
	base_prefetch(&m->hot[at]);
}

/* The untied stream at the head of a list is due: it ends, is tied, or goes to the end of a list.
 */
static void
serve(struct media *m, uint32_t index, media_summary_fn fn, void *context)
{
	struct media_cold *c = &m->cold[index];
	int64_t now = m->advanced_ns;

	if (media_elapsed(m->hot[index].last_ns, now) >= m->options.idle_ns) {
		media_stream_end(m, index, fn, context);
		return;
	}
	if (media_tie_try(m, index))
		return;
	media_list_remove(m, index);
	c->state = media_elapsed(c->first_ns, now) < MEDIA_ASK_OLD_NS ? MEDIA_YOUNG : MEDIA_OLD;
	media_due_set(
		c, now + (c->state == MEDIA_YOUNG ? MEDIA_ASK_YOUNG_NS : MEDIA_ASK_OLD_NS));
	media_list_push(m, index);
}

static void
serve_list(struct media *m, struct media_list *l, media_summary_fn fn, void *context)
{
	while (l->head != MEDIA_NONE && media_due_ns(&m->cold[l->head]) <= m->advanced_ns &&
		m->allowance_ns >= ASK_COST_NS) {
		m->allowance_ns -= ASK_COST_NS;
		serve(m, l->head, fn, context);
	}
}

void
media_advance(struct media *m, int64_t now_ns, media_summary_fn fn, void *context)
{
	int64_t passed = media_elapsed(m->advanced_ns, now_ns);

	if (passed <= 0)
		return;
	m->advanced_ns = now_ns;
	m->allowance_ns += passed < ASK_BURST * ASK_COST_NS ? passed : ASK_BURST * ASK_COST_NS;
	if (m->allowance_ns > ASK_BURST * ASK_COST_NS)
		m->allowance_ns = ASK_BURST * ASK_COST_NS;
	serve_list(m, &m->young, fn, context);
	serve_list(m, &m->old, fn, context);
}

/* ---- the end ---- */

static uint32_t
merge(struct media *m, uint32_t a, uint32_t b)
{
	uint32_t head = MEDIA_NONE, *at = &head;

	while (a != MEDIA_NONE && b != MEDIA_NONE) {
		uint32_t *from = is_before(m, b, a) ? &b : &a;
		*at = *from;
		at = &m->cold[*from].next;
		*from = *at;
	}
	*at = a != MEDIA_NONE ? a : b;
	return head;
}

/* Bottom-up merge sort of all streams through cold.next: bin i holds 2^i of them. */
static uint32_t
sort_all(struct media *m)
{
	uint32_t bins[33], sorted = MEDIA_NONE;

	for (uint32_t i = 0; i < base_count_of(bins); i++)
		bins[i] = MEDIA_NONE;
	for (uint32_t index = 0; index < m->fresh; index++) {
		uint32_t run = index, bin = 0;
		if (m->cold[index].state == MEDIA_FREE)
			continue;
		m->cold[index].next = MEDIA_NONE;
		for (; bins[bin] != MEDIA_NONE; bin++) {
			run = merge(m, bins[bin], run);
			bins[bin] = MEDIA_NONE;
		}
		bins[bin] = run;
	}
	for (uint32_t i = 0; i < base_count_of(bins); i++)
		sorted = merge(m, bins[i], sorted);
	return sorted;
}

void
media_finish(struct media *m, media_summary_fn fn, void *context)
{
	uint32_t sorted = sort_all(m);

	/* The lists are gone: the stream to end next is made the only one of its own. */
	while (sorted != MEDIA_NONE) {
		uint32_t index = sorted;
		struct media_cold *c = &m->cold[index];
		sorted = c->next;
		c->next = MEDIA_NONE;
		if (c->state == MEDIA_TIED) {
			*bucket_of(m, c->call) = index;
		} else {
			*untied_list(m, c) = (struct media_list){index, index};
			c->by_state.prev = MEDIA_NONE;
		}
		media_stream_end(m, index, fn, context);
	}
}
