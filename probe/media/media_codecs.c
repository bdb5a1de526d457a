/* What payload types mean.  Streams and endpoints of a trunk say the same: a set stands once,
 * counted, for all of them.  Where all sets are taken, a stream keeps its own (media_more). */
#include "media_private.h"

/* ---- sets ---- */

static uint16_t
sets_max(uint32_t max_users)
{
	return (uint16_t)(max_users < MEDIA_SETS_MAX ? max_users : MEDIA_SETS_MAX);
}

size_t
media_sets_footprint(uint32_t max_users)
{
	return base_align_up(
		((size_t)sets_max(max_users) + 1) * sizeof(struct media_set), BASE_CACHE_LINE);
}

void
media_sets_init(
	struct media_sets *s, void *mem, uint32_t max_users, const struct base_hash_key *key)
{
	*s = (struct media_sets){.sets = mem, .key = *key, .max = sets_max(max_users)};
}

static uint16_t *
bucket_of(struct media_sets *s, const uint64_t words[MEDIA_SET_WORDS])
{
	uint64_t hash = base_hash_short(&s->key, words, MEDIA_SET_WORDS * sizeof(words[0]));

	return &s->buckets[hash % MEDIA_SETS_BUCKETS];
}

static uint16_t
set_new(struct media_sets *s, const uint64_t words[MEDIA_SET_WORDS])
{
	uint16_t set = s->free;

	if (set)
		s->free = s->sets[set].next;
	else if (s->fresh < s->max)
		set = ++s->fresh;
	else
		return 0;
	/* who used it before has said so (media_directory.c); pairs with the fence in entry_read */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (uint32_t i = 0; i < MEDIA_SET_WORDS; i++)
		__atomic_store_n(&s->sets[set].words[i], words[i], __ATOMIC_RELAXED);
	s->sets[set].users = 0;
	return set;
}

uint16_t
media_sets_take(struct media_sets *s, const uint64_t words[MEDIA_SET_WORDS])
{
	uint16_t *bucket = bucket_of(s, words), set = *bucket;

	while (set && memcmp(s->sets[set].words, words, sizeof(s->sets[set].words)) != 0)
		set = s->sets[set].next;
	if (set == 0) {
		set = set_new(s, words);
		if (set == 0)
			return 0;
		s->sets[set].next = *bucket;
		*bucket = set;
	}
	s->sets[set].users++;
	return set;
}

void
media_sets_give(struct media_sets *s, uint16_t set)
{
	uint16_t *at;

	if (set == 0 || set == MEDIA_SET_OWN || --s->sets[set].users)
		return;
	at = bucket_of(s, s->sets[set].words);
	while (*at != set)
		at = &s->sets[*at].next;
	*at = s->sets[set].next;
	s->sets[set].next = s->free;
	s->free = set;
}

/* ---- of a stream ---- */

static uint16_t
set_of(const struct media_cold *c)
{
	return c->state == MEDIA_TIED ? c->by_state.tied.codecs : 0;
}

const struct media_codecs *
media_codecs_of(const struct media *m, uint32_t index)
{
	static const struct media_codecs none;
	uint16_t set = set_of(&m->cold[index]);

	if (set == MEDIA_SET_OWN)
		return &media_more_of(m, index)->codecs;
	return set ? (const struct media_codecs *)(const void *)m->codecs.sets[set].words : &none;
}

void
media_codecs_give(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];

	media_sets_give(&m->codecs, set_of(c));
	if (c->state == MEDIA_TIED)
		c->by_state.tied.codecs = 0;
}

/* Of a tied one.  codecs: zero behind the last one. */
void
media_codecs_set(struct media *m, uint32_t index, const struct media_codecs *codecs)
{
	uint64_t words[MEDIA_SET_WORDS] = {0};
	uint16_t set;

	memcpy(words, codecs, sizeof(*codecs));
	set = codecs->n ? media_sets_take(&m->codecs, words) : 0;
	media_codecs_give(m, index);
	if (codecs->n && set == 0) {
		media_more_for(m, index)->codecs = *codecs;
		set = MEDIA_SET_OWN;
	}
	m->cold[index].by_state.tied.codecs = set;
}
