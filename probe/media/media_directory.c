/* media_directory: endpoints that SDP announced, one writer, readers on every core without locks.
 *
 * The table gives the entry; the entry is one cache line under a sequence counter (odd while it is
 * being written), and where more payload types are announced than fit there, half a line more under
 * the same counter.  The writer never changes an entry in place: it fills a free one and swaps the
 * index, so a writer that is stopped half-way stops no reader.  A reader copies the entry and takes
 * the copy only where the counter was even and the same before and after; it can meet an entry that
 * was freed and filled anew for another endpoint, so "not there" is final only where nothing was
 * published meanwhile.  All shared words are accessed with atomic loads and stores: the copy is no
 * data race. */
#include "media.h"
#include "media_host.h"
#include "media_private.h"
#include "media_table.h"

#define ENTRY_WORDS 7
#define MORE_WORDS 4
#define ALL_WORDS (ENTRY_WORDS + MORE_WORDS)
#define ENTRY_CODECS 3 /* the others stand in more */
#define RETRIES 1000 /* then it is "not there": asked again later */

struct __attribute__((packed)) entry_codec {
	uint32_t clock_hz;
	uint8_t payload_type, codec;
};

struct entry_data {
	uint64_t call;
	int64_t since_ns;
	struct base_endpoint at;
	uint8_t side, n_codecs, flags;
	uint8_t ptime_ms;
	struct entry_codec codecs[MEDIA_CODECS_MAX];
};

enum { FLAG_SRTP = 1, FLAG_T38 = 2, FLAG_GUESS = 4, FLAG_LISTEN = 8 };

union entry_words {
	struct entry_data data;
	uint64_t words[ALL_WORDS];
};

struct entry {
	_Alignas(64) uint64_t seq;
	uint64_t words[ENTRY_WORDS]; /* of union entry_words */
};
_Static_assert(sizeof(struct entry) == BASE_CACHE_LINE, "one line an entry");
_Static_assert(sizeof(union entry_words) == ALL_WORDS * 8, "fits");
_Static_assert(offsetof(struct entry_data, codecs[ENTRY_CODECS]) == ENTRY_WORDS * 8,
	"what stands in more begins with a codec");

struct entry_more {
	uint64_t words[MORE_WORDS];
};

struct media_directory {
	struct media_table table;
	struct base_hash_key key;
	struct entry *entries;
	struct entry_more *more;      /* of entry i; untouched where its codecs fit */
	uint32_t *free;               /* stack of indices, the writer's */
	uint32_t n_free, entries_max; /* one more than endpoints: the one being filled */
	uint32_t fresh;               /* entries from here on were never used, nor are they free */
	struct media_hosts hosts;
	uint32_t faxes;               /* entries with FLAG_T38: readers ask for fax only then */
	_Alignas(64) uint64_t
		version; /* publications ever: readers skip asking again where nothing came */
};

static size_t
buckets_bytes(uint32_t max)
{
	return (size_t)media_table_buckets(max) * sizeof(struct media_bucket);
}

static size_t
more_bytes(uint32_t max)
{
	return base_align_up((size_t)(max + 1) * sizeof(struct entry_more), 64);
}

size_t
media_directory_footprint(uint32_t max_endpoints)
{
	uint32_t max = max_endpoints ? max_endpoints : 1;

	return base_align_up(sizeof(struct media_directory), 64) + buckets_bytes(max) +
	       media_hosts_footprint(max) +
	       (size_t)(max + 1) * sizeof(struct entry) + more_bytes(max) +
	       base_align_up((size_t)(max + 1) * sizeof(uint32_t), 64);
}

struct media_directory *
media_directory_new(void *mem, uint32_t max_endpoints, const struct base_hash_key *key)
{
	struct media_directory *d = mem;
	uint32_t max = max_endpoints ? max_endpoints : 1;
	uint8_t *p = (uint8_t *)mem + base_align_up(sizeof(*d), 64);

	memset(d, 0, sizeof(*d));
	d->entries_max = max + 1;
	d->key = *key;
	media_table_init(&d->table, p, max);
	p += buckets_bytes(max);
	media_hosts_init(&d->hosts, p, max, key);
	p += media_hosts_footprint(max);
	d->entries = (struct entry *)p;
	p += (size_t)d->entries_max * sizeof(struct entry);
	d->more = (struct entry_more *)p;
	p += more_bytes(max);
	d->free = (uint32_t *)p;
	return d;
}

uint64_t
media_directory_version(const struct media_directory *d)
{
	return __atomic_load_n(&d->version, __ATOMIC_ACQUIRE);
}

bool
media_directory_has_fax(const struct media_directory *d)
{
	return __atomic_load_n(&d->faxes, __ATOMIC_RELAXED) != 0;
}

static uint32_t
fax_of(const struct entry *e)
{
	union entry_words u;

	memcpy(u.words, e->words, sizeof(u.words));
	return (u.data.flags & FLAG_T38) != 0;
}

static void
faxes_change(struct media_directory *d, uint32_t more, uint32_t less)
{
	/* pairs with nothing: a reader that sees it late asks at the next packet */
	__atomic_store_n(&d->faxes, d->faxes + more - less, __ATOMIC_RELAXED);
}

/* Writer: where the index of at's entry stands, or NULL.  What only the writer changes may be read
 * plainly. */
static uint32_t *
find_own(const struct media_directory *d, uint64_t hash, const struct base_endpoint *at)
{
	uint32_t bucket = (uint32_t)hash & d->table.mask, step = media_table_step(hash);

	for (uint32_t i = 0; i < d->table.probes; i++, bucket = (bucket + step) & d->table.mask) {
		struct media_bucket *b = &d->table.buckets[bucket];
		for (uint32_t bits = media_table_match(b, media_table_tag(hash)); bits;
			bits &= bits - 1) {
			union entry_words u;
			uint32_t *index = &b->index[__builtin_ctz(bits)];
			memcpy(u.words, d->entries[*index].words, ENTRY_WORDS * 8);
			if (base_endpoint_eq(&u.data.at, at))
				return index;
		}
		if (b->passed == 0)
			break;
	}
	return NULL;
}

static void
entry_write(struct media_directory *d, uint32_t index, const union entry_words *u)
{
	struct entry *e = &d->entries[index];
	struct entry_more *more = &d->more[index];
	uint64_t seq = e->seq;

	__atomic_store_n(&e->seq, seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* odd before any word; pairs with the acquire
						    fence in entry_read */
	for (uint32_t i = 0; i < ENTRY_WORDS; i++)
		__atomic_store_n(&e->words[i], u->words[i], __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < MORE_WORDS && u->data.n_codecs > ENTRY_CODECS; i++)
		__atomic_store_n(&more->words[i], u->words[ENTRY_WORDS + i], __ATOMIC_RELAXED);
	__atomic_store_n(
		&e->seq, seq + 2, __ATOMIC_RELEASE); /* pairs with the first load in entry_read */
}

static bool
entry_read(const struct media_directory *d, uint32_t index, union entry_words *u)
{
	const struct entry *e = &d->entries[index];
	const struct entry_more *more = &d->more[index];
	uint64_t seq = __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < ENTRY_WORDS; i++)
		u->words[i] = __atomic_load_n(&e->words[i], __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < MORE_WORDS && u->data.n_codecs > ENTRY_CODECS; i++)
		u->words[ENTRY_WORDS + i] = __atomic_load_n(&more->words[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(seq & 1) && __atomic_load_n(&e->seq, __ATOMIC_RELAXED) == seq;
}

static void
entry_fill(union entry_words *u, const struct base_endpoint *at, const struct media_announce *a)
{
	memset(u, 0, sizeof(*u));
	u->data.call = a->call;
	u->data.since_ns = a->since_ns;
	u->data.at = *at;
	u->data.side = a->side;
	u->data.n_codecs = a->n_codecs < MEDIA_CODECS_MAX ? a->n_codecs : MEDIA_CODECS_MAX;
	u->data.flags = (uint8_t)((a->srtp ? FLAG_SRTP : 0) | (a->t38 ? FLAG_T38 : 0) |
				  (a->guess ? FLAG_GUESS : 0) |
				  (a->listen ? FLAG_LISTEN : 0));
	u->data.ptime_ms = a->ptime_ms <= UINT8_MAX ? (uint8_t)a->ptime_ms : 0;
	for (uint8_t i = 0; i < u->data.n_codecs; i++)
		u->data.codecs[i] = (struct entry_codec){a->codecs[i].clock_hz,
			a->codecs[i].payload_type, a->codecs[i].codec};
}

/* One endpoint's entry came, changed or went.  Stored before the next entry is written (the fence
 * in entry_write): a reader that saw that one's words sees this too. */
static void
bump_version(struct media_directory *d)
{
	__atomic_store_n(&d->version, d->version + 1,
		__ATOMIC_RELEASE); /* pairs with media_directory_version */
}

static bool
is_guess(const struct entry *e)
{
	union entry_words u;

	memcpy(u.words, e->words, ENTRY_WORDS * 8);
	return u.data.flags & FLAG_GUESS;
}

/* The entry to fill next, on top of the stack. */
static uint32_t
entry_free(struct media_directory *d)
{
	if (d->n_free == 0) {
		d->entries[d->fresh].seq = 0;
		d->free[d->n_free++] = d->fresh++;
	}
	return d->free[d->n_free - 1];
}

static bool
entry_publish(struct media_directory *d, const struct base_endpoint *at,
	const struct media_announce *announce)
{
	uint64_t hash = base_hash(&d->key, at, sizeof(*at));
	uint32_t *known = find_own(d, hash, at), index = entry_free(d);
	union entry_words u;

	if (!known && d->n_free == 1 && d->fresh == d->entries_max)
		return false;
	if (known && announce->guess && !is_guess(&d->entries[*known]))
		return true;
	entry_fill(&u, at, announce);
	entry_write(d, index, &u);
	if (known) {
		faxes_change(d, 0, fax_of(&d->entries[*known]));
		d->free[d->n_free - 1] = *known;
		__atomic_store_n(known, index,
			__ATOMIC_RELEASE); /* pairs with the load of index in lookup */
	} else if (media_table_insert(&d->table, hash, index)) {
		d->n_free--;
	} else {
		return false;
	}
	faxes_change(d, announce->t38, 0);
	bump_version(d);
	return true;
}

static void
entry_withdraw(struct media_directory *d, const struct base_endpoint *at, uint64_t call)
{
	uint64_t hash = base_hash(&d->key, at, sizeof(*at));
	uint32_t *known = find_own(d, hash, at);
	union entry_words u;

	if (!known)
		return;
	uint32_t index = *known;
	memcpy(u.words, d->entries[index].words, ENTRY_WORDS * 8);
	if (u.data.call != call)
		return;
	media_table_remove(&d->table, hash, index);
	faxes_change(d, 0, fax_of(&d->entries[index]));
	d->free[d->n_free++] = index;
	bump_version(d);
}

/* ---- hosts ---- */

/* More than one call, or both sides of one: whose a stream is, it does not tell any more.  The
 * entry stays until all are gone, for on other cores there may be one call alone. */
static bool
host_is_ambiguous(struct media_directory *d, const struct base_endpoint *at)
{
	struct media_announce nobody = {.guess = true};

	return entry_publish(d, at, &nobody);
}

static bool
host_publish(struct media_directory *d, const struct base_endpoint *at,
	const struct media_announce *announce)
{
	struct media_announce known = {.call = 0};

	if (announce->again) {
		media_directory_find(d, at, &known);
		if (known.call != announce->call)
			return true;
		return known.side == announce->side ? entry_publish(d, at, announce)
						    : host_is_ambiguous(d, at);
	}
	uint32_t n = media_hosts_add(&d->hosts, &at->ip);
	if (n == 0)
		return true;
	return n == 1 ? entry_publish(d, at, announce) : host_is_ambiguous(d, at);
}

static void
host_withdraw(struct media_directory *d, const struct base_endpoint *at)
{
	struct media_announce known;

	if (media_hosts_remove(&d->hosts, &at->ip) == 0 &&
		media_directory_find(d, at, &known))
		entry_withdraw(d, at, known.call);
}

bool
media_directory_publish(struct media_directory *d, const struct base_endpoint *at,
	const struct media_announce *announce)
{
	return at->port ? entry_publish(d, at, announce) : host_publish(d, at, announce);
}

void
media_directory_withdraw(struct media_directory *d, const struct base_endpoint *at, uint64_t call)
{
	if (at->port)
		entry_withdraw(d, at, call);
	else
		host_withdraw(d, at);
}

static void
announce_of(struct media_announce *out, const struct entry_data *data)
{
	*out = (struct media_announce){
		.call = data->call,
		.since_ns = data->since_ns,
		.side = data->side,
		.n_codecs = data->n_codecs,
		.srtp = data->flags & FLAG_SRTP,
		.ptime_ms = data->ptime_ms,
		.t38 = data->flags & FLAG_T38,
		.guess = data->flags & FLAG_GUESS,
		.listen = data->flags & FLAG_LISTEN,
	};
	for (uint8_t i = 0; i < data->n_codecs; i++)
		out->codecs[i] = (struct media_codec_map){data->codecs[i].clock_hz,
			data->codecs[i].payload_type, data->codecs[i].codec};
}

/* True and the entry; false: not seen, which is final only where nothing was published meanwhile.
 */
static bool
lookup(const struct media_directory *d, uint64_t hash, const struct base_endpoint *at,
	union entry_words *u)
{
	uint32_t bucket = (uint32_t)hash & d->table.mask, step = media_table_step(hash);

	for (uint32_t i = 0; i < d->table.probes; i++, bucket = (bucket + step) & d->table.mask) {
		const struct media_bucket *b = &d->table.buckets[bucket];
		uint32_t bits = media_table_match_shared(b, media_table_tag(hash));
		for (; bits; bits &= bits - 1) {
			uint32_t index =
				__atomic_load_n(&b->index[__builtin_ctz(bits)], __ATOMIC_ACQUIRE);
			if (entry_read(d, index, u) && base_endpoint_eq(&u->data.at, at))
				return true;
		}
		if (__atomic_load_n(&b->passed, __ATOMIC_ACQUIRE) == 0)
			break;
	}
	return false;
}

bool
media_directory_find(
	const struct media_directory *d, const struct base_endpoint *at, struct media_announce *out)
{
	uint64_t hash = base_hash(&d->key, at, sizeof(*at));
	union entry_words u;

	for (uint32_t retry = 0; retry < RETRIES; retry++) {
		uint64_t version = media_directory_version(d);
		if (lookup(d, hash, at, &u)) {
			announce_of(out, &u.data);
			return true;
		}
		if (media_directory_version(d) == version)
			break;
	}
	return false;
}
