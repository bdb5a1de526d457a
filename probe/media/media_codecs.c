/* What payload types mean to a stream.  Streams of a trunk say the same: a set stands once,
 * counted, for all of them.  Where all sets are taken, a stream keeps its own (media_more). */
#include "media_private.h"

static uint16_t
sets_max(uint32_t max_streams)
{
	return (uint16_t)(max_streams < MEDIA_SETS_MAX ? max_streams : MEDIA_SETS_MAX);
}

size_t
media_codecs_footprint(uint32_t max_streams)
{
	return ((size_t)sets_max(max_streams) + 1) * sizeof(struct media_codec_set);
}

void
media_codecs_init(struct media *m, void *mem)
{
	m->codecs.sets = mem;
	m->codecs.max = sets_max(m->options.max_streams);
}

const struct media_codecs *
media_codecs_of(const struct media *m, uint32_t index)
{
	static const struct media_codecs none;
	uint16_t set = m->cold[index].codecs;

	if (set == MEDIA_SET_OWN)
		return &media_more_of(m, index)->codecs;
	return set ? &m->codecs.sets[set].codecs : &none;
}

static uint16_t *
bucket_of(struct media *m, const struct media_codecs *codecs)
{
	uint64_t hash = base_hash(&m->options.key, codecs, sizeof(*codecs));

	return &m->codecs.buckets[hash % MEDIA_SETS_BUCKETS];
}

/* 0: all are taken. */
static uint16_t
set_take(struct media *m, const struct media_codecs *codecs)
{
	uint16_t *bucket = bucket_of(m, codecs), set = *bucket;
	struct media_codec_set *sets = m->codecs.sets;

	while (set && memcmp(&sets[set].codecs, codecs, sizeof(*codecs)) != 0)
		set = sets[set].next;
	if (set) {
		sets[set].streams++;
		return set;
	}
	set = m->codecs.free;
	if (set)
		m->codecs.free = sets[set].next;
	else if (m->codecs.fresh < m->codecs.max)
		set = ++m->codecs.fresh;
	else
		return 0;
	sets[set] = (struct media_codec_set){*codecs, 1, *bucket};
	*bucket = set;
	return set;
}

void
media_codecs_give(struct media *m, uint32_t index)
{
	uint16_t set = m->cold[index].codecs, *at;
	struct media_codec_set *sets = m->codecs.sets;

	m->cold[index].codecs = 0;
	if (set == 0 || set == MEDIA_SET_OWN || --sets[set].streams)
		return;
	at = bucket_of(m, &sets[set].codecs);
	while (*at != set)
		at = &sets[*at].next;
	*at = sets[set].next;
	sets[set].next = m->codecs.free;
	m->codecs.free = set;
}

/* codecs: zero behind the last one. */
void
media_codecs_set(struct media *m, uint32_t index, const struct media_codecs *codecs)
{
	uint16_t set = codecs->n ? set_take(m, codecs) : 0;

	media_codecs_give(m, index);
	if (codecs->n && set == 0) {
		media_more_for(m, index)->codecs = *codecs;
		set = MEDIA_SET_OWN;
	}
	m->cold[index].codecs = set;
}
