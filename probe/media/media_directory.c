/* media_directory: endpoints that SDP announced, one writer, readers on every core without locks.
 *
 * The table gives the entry; the entry is half a cache line under a sequence counter (odd while it
 * is being written).  Under the same counter stand the set of its codecs, which many entries share,
 * and the address where it is not of IPv4.  The writer never changes an entry in place: it fills a
 * free one and swaps the index, so a writer that is stopped half-way stops no reader.  A reader
 * copies the entry and takes the copy only where the counter was even and the same before and
 * after; it can meet an entry that was freed and filled anew for another endpoint, so "not there"
 * is final only where nothing was published meanwhile.  An entry that is freed is emptied before it
 * gives back its set, and after the version says that something changed.  All shared words are
 * accessed with atomic loads and stores: the copy is no data race. */
#include "media.h"
#include "media_host.h"
#include "media_private.h"
#include "media_table.h"

#define ENTRY_WORDS 3
#define NONE UINT32_MAX
#define RETRIES 1000 /* then it is "not there": asked again later */

struct entry_data {
	uint64_t call;
	int64_t since_ns;
	uint8_t ip[4];
	uint16_t port;
	uint16_t codecs;             /* set, MEDIA_SET_OWN, or 0 */
};
struct entry_marks {
	uint8_t side : 2, n_codecs : 6;
	uint8_t flags;
	uint8_t ptime_ms;
	uint8_t unused;
};

enum { FLAG_SRTP = 1, FLAG_T38 = 2, FLAG_GUESS = 4, FLAG_LISTEN = 8, FLAG_WIDE = 16 };

struct entry {
	_Alignas(32) uint32_t seq;
	uint32_t marks;              /* struct entry_marks */
	uint64_t words[ENTRY_WORDS]; /* struct entry_data */
};
_Static_assert(sizeof(struct entry) * 2 == BASE_CACHE_LINE, "two in a line");
_Static_assert(sizeof(struct entry_data) == ENTRY_WORDS * 8, "fits");
_Static_assert(sizeof(struct entry_marks) == sizeof(uint32_t), "fits");

struct __attribute__((packed)) entry_codec {
	uint32_t clock_hz;
	uint8_t payload_type, codec;
};
_Static_assert(MEDIA_CODECS_MAX * sizeof(struct entry_codec) == MEDIA_SET_WORDS * 8, "fits");

/* A copy of all that an entry says. */
struct entry_copy {
	struct entry_data data;
	struct entry_marks marks;
	struct base_ip ip;
	uint64_t codecs[MEDIA_SET_WORDS];
};

struct media_directory {
	struct media_table table;
	struct base_hash_key key;
	struct entry *entries;
	uint64_t (*wide)[2];          /* address of entry i with FLAG_WIDE */
	uint64_t (*own)[MEDIA_SET_WORDS]; /* codecs of entry i with MEDIA_SET_OWN */
	struct media_sets codecs;
	uint32_t used, entries_max;   /* one more than endpoints: the one being filled */
	uint32_t free;                /* the last that came back, by since_ns; NONE */
	uint32_t fresh;               /* entries from here on were never used, nor are they free */
	struct media_hosts hosts;
	uint32_t faxes;               /* entries with FLAG_T38: readers ask for fax only then */
	_Alignas(64) uint64_t
		version; /* publications ever: readers skip asking again where nothing came */
};

/* No packet waits for the directory as it does for the table of streams: so it may be fuller, up
 * to five keys on six places. */
static uint32_t
table_keys(uint32_t max)
{
	return max - max / 5 * 2;
}

static size_t
buckets_bytes(uint32_t max)
{
	return (size_t)media_table_buckets(table_keys(max)) * sizeof(struct media_bucket);
}

size_t
media_directory_footprint(uint32_t max_endpoints)
{
	size_t max = max_endpoints ? max_endpoints : 1, entries = max + 1;
	size_t each = sizeof(struct entry) + (2 + MEDIA_SET_WORDS) * sizeof(uint64_t);

	return base_align_up(sizeof(struct media_directory), 64) + buckets_bytes((uint32_t)max) +
	       media_hosts_footprint((uint32_t)max) +
	       base_align_up(entries * each, 64) + media_sets_footprint((uint32_t)max);
}

struct media_directory *
media_directory_new(void *mem, uint32_t max_endpoints, const struct base_hash_key *key)
{
	struct media_directory *d = mem;
	uint32_t max = max_endpoints ? max_endpoints : 1;
	uint8_t *p = (uint8_t *)mem + base_align_up(sizeof(*d), 64);

	memset(d, 0, sizeof(*d));
	d->entries_max = max + 1;
	d->free = NONE;
	d->key = *key;
	/* What every endpoint touches, then what few do: pages of 2 MiB are taken whole. */
	media_table_init(&d->table, p, table_keys(max));
	p += buckets_bytes(max);
	d->entries = (struct entry *)p;
	p += base_align_up((size_t)d->entries_max * sizeof(struct entry), 64);
	media_sets_init(&d->codecs, p, max, key);
	p += media_sets_footprint(max);
	media_hosts_init(&d->hosts, p, max, key);
	p += media_hosts_footprint(max);
	d->wide = (void *)p;
	d->own = (void *)(d->wide + d->entries_max);
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

/* Writer's: what only it changes may be read plainly. */
static struct entry_data
own_data(const struct media_directory *d, uint32_t index)
{
	struct entry_data data;

	memcpy(&data, d->entries[index].words, sizeof(data));
	return data;
}

static struct entry_marks
own_marks(const struct media_directory *d, uint32_t index)
{
	struct entry_marks marks;

	memcpy(&marks, &d->entries[index].marks, sizeof(marks));
	return marks;
}

static uint32_t
fax_of(const struct media_directory *d, uint32_t index)
{
	return (own_marks(d, index).flags & FLAG_T38) != 0;
}

static bool
is_of(const struct media_directory *d, uint32_t index, const struct base_endpoint *at)
{
	struct entry_data data = own_data(d, index);

	if (data.port != at->port)
		return false;
	if (own_marks(d, index).flags & FLAG_WIDE)
		return memcmp(d->wide[index], at->ip.b, sizeof(at->ip.b)) == 0;
	return base_ip_is_v4(&at->ip) && memcmp(data.ip, at->ip.b + 12, sizeof(data.ip)) == 0;
}

static void
faxes_change(struct media_directory *d, uint32_t more, uint32_t less)
{
	/* pairs with nothing: a reader that sees it late asks at the next packet */
	__atomic_store_n(&d->faxes, d->faxes + more - less, __ATOMIC_RELAXED);
}

/* Writer: where the index of at's entry stands, or NULL. */
static uint32_t *
find_own(const struct media_directory *d, uint64_t hash, const struct base_endpoint *at)
{
	struct media_bucket *b = media_table_home(&d->table, hash);

	for (uint32_t i = 0; i < d->table.probes; i++, b = media_table_next(&d->table, b)) {
		for (uint32_t bits = media_table_match(b, media_table_tag(hash)); bits;
			bits &= bits - 1) {
			uint32_t *index = &b->index[__builtin_ctz(bits)];
			if (is_of(d, *index, at))
				return index;
		}
		if (b->passed == 0)
			break;
	}
	return NULL;
}

static void
entry_write(struct media_directory *d, uint32_t index, const struct entry_copy *copy)
{
	struct entry *e = &d->entries[index];
	uint64_t words[ENTRY_WORDS], ip[2];
	uint32_t seq = e->seq, marks;

	memcpy(words, &copy->data, sizeof(words));
	memcpy(&marks, &copy->marks, sizeof(marks));
	memcpy(ip, &copy->ip, sizeof(ip));
	__atomic_store_n(&e->seq, seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* odd before any word; pairs with the acquire
						    fence in entry_read */
	__atomic_store_n(&e->marks, marks, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < ENTRY_WORDS; i++)
		__atomic_store_n(&e->words[i], words[i], __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < 2 && copy->marks.flags & FLAG_WIDE; i++)
		__atomic_store_n(&d->wide[index][i], ip[i], __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < MEDIA_SET_WORDS && copy->data.codecs == MEDIA_SET_OWN; i++)
		__atomic_store_n(&d->own[index][i], copy->codecs[i], __ATOMIC_RELAXED);
	__atomic_store_n(
		&e->seq, seq + 2, __ATOMIC_RELEASE); /* pairs with the first load in entry_read */
}

/* Another core's set number may be anything while its entry is being written. */
static const uint64_t *
codecs_at(const struct media_directory *d, uint32_t index, uint16_t set)
{
	if (set == MEDIA_SET_OWN)
		return d->own[index];
	return set && set <= d->codecs.max ? d->codecs.sets[set].words : NULL;
}

static bool
entry_read(const struct media_directory *d, uint32_t index, struct entry_copy *copy)
{
	const struct entry *e = &d->entries[index];
	uint32_t seq = __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE), marks;
	uint64_t words[ENTRY_WORDS], ip[2];

	marks = __atomic_load_n(&e->marks, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < ENTRY_WORDS; i++)
		words[i] = __atomic_load_n(&e->words[i], __ATOMIC_RELAXED);
	memcpy(&copy->data, words, sizeof(words));
	memcpy(&copy->marks, &marks, sizeof(marks));
	for (uint32_t i = 0; i < 2 && copy->marks.flags & FLAG_WIDE; i++)
		ip[i] = __atomic_load_n(&d->wide[index][i], __ATOMIC_RELAXED);
	const uint64_t *codecs = codecs_at(d, index, copy->data.codecs);
	for (uint32_t i = 0; i < MEDIA_SET_WORDS && codecs; i++)
		copy->codecs[i] = __atomic_load_n(&codecs[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (seq & 1 || __atomic_load_n(&e->seq, __ATOMIC_RELAXED) != seq)
		return false;
	if (copy->marks.flags & FLAG_WIDE)
		memcpy(&copy->ip, ip, sizeof(ip));
	else
		copy->ip = base_ip_v4(copy->data.ip);
	return true;
}

static void
copy_fill(struct media_directory *d, struct entry_copy *copy, const struct base_endpoint *at,
	const struct media_announce *a)
{
	struct entry_codec codecs[MEDIA_CODECS_MAX];
	uint8_t n = a->n_codecs < MEDIA_CODECS_MAX ? a->n_codecs : MEDIA_CODECS_MAX;
	bool wide = !base_ip_is_v4(&at->ip);

	memset(copy, 0, sizeof(*copy));
	copy->data.call = a->call;
	copy->data.since_ns = a->since_ns;
	copy->data.port = at->port;
	copy->ip = at->ip;
	if (!wide)
		memcpy(copy->data.ip, at->ip.b + 12, sizeof(copy->data.ip));
	copy->marks.side = a->side & 3;
	copy->marks.n_codecs = n & 63;
	copy->marks.flags = (uint8_t)((a->srtp ? FLAG_SRTP : 0) | (a->t38 ? FLAG_T38 : 0) |
				      (a->guess ? FLAG_GUESS : 0) | (a->listen ? FLAG_LISTEN : 0) |
				      (wide ? FLAG_WIDE : 0));
	copy->marks.ptime_ms = a->ptime_ms <= UINT8_MAX ? (uint8_t)a->ptime_ms : 0;
	memset(codecs, 0, sizeof(codecs));
	for (uint8_t i = 0; i < n; i++)
		codecs[i] = (struct entry_codec){a->codecs[i].clock_hz,
			a->codecs[i].payload_type, a->codecs[i].codec};
	memcpy(copy->codecs, codecs, sizeof(codecs));
	if (n)
		copy->data.codecs = media_sets_take(&d->codecs, copy->codecs);
	if (n && copy->data.codecs == 0)
		copy->data.codecs = MEDIA_SET_OWN;
}

/* One endpoint's entry came, changed or went.  Stored before the next entry is written (the fence
 * in entry_write): a reader that saw that one's words sees this too. */
static void
bump_version(struct media_directory *d)
{
	__atomic_store_n(&d->version, d->version + 1,
		__ATOMIC_RELEASE); /* pairs with media_directory_version */
}

/* The entry is free from now on: of nobody's address, and it says which one was freed before it. */
static void
entry_free(struct media_directory *d, uint32_t index)
{
	struct entry_copy empty = {.data.since_ns = d->free};
	uint16_t set = own_data(d, index).codecs;

	entry_write(d, index, &empty);
	d->free = index;
	media_sets_give(&d->codecs, set);
}

/* The same of one that was there: whoever reads it yet finds it changed, and the version too. */
static void
entry_retire(struct media_directory *d, uint32_t index)
{
	faxes_change(d, 0, fax_of(d, index));
	bump_version(d);
	entry_free(d, index);
}

/* The entry to fill next: there is always one more than endpoints. */
static uint32_t
entry_take(struct media_directory *d)
{
	uint32_t index = d->free;

	if (index != NONE) {
		d->free = (uint32_t)own_data(d, index).since_ns;
	} else {
		index = d->fresh++;
		d->entries[index].seq = 0;
	}
	return index;
}

static bool
entry_publish(struct media_directory *d, const struct base_endpoint *at,
	const struct media_announce *announce)
{
	uint64_t hash = base_hash_short(&d->key, at, sizeof(*at));
	uint32_t *known = find_own(d, hash, at);
	struct entry_copy copy;

	if (!known && d->used + 1 == d->entries_max)
		return false;
	if (known && announce->guess && !(own_marks(d, *known).flags & FLAG_GUESS))
		return true;
	uint32_t index = entry_take(d);
	copy_fill(d, &copy, at, announce);
	entry_write(d, index, &copy);
	if (known) {
		uint32_t old = *known;
		__atomic_store_n(known, index,
			__ATOMIC_RELEASE); /* pairs with the load of index in lookup */
		entry_retire(d, old);
	} else if (media_table_insert(&d->table, hash, index)) {
		d->used++;
	} else {
		entry_free(d, index);
		return false;
	}
	faxes_change(d, announce->t38, 0);
	bump_version(d);
	return true;
}

void
media_directory_fetch(const struct media_directory *d, const struct base_endpoint *at, bool again)
{
	uint64_t hash = base_hash_short(&d->key, at, sizeof(*at));
	const struct media_bucket *home = media_table_home(&d->table, hash);
	uint32_t bits = again ? media_table_match(home, media_table_tag(hash)) : 0;

	if (bits)
		base_prefetch(&d->entries[home->index[__builtin_ctz(bits)]]);
	else
		base_prefetch(home);
}

static void
entry_withdraw(struct media_directory *d, const struct base_endpoint *at, uint64_t call)
{
	uint64_t hash = base_hash_short(&d->key, at, sizeof(*at));
	uint32_t *known = find_own(d, hash, at);

	if (!known || own_data(d, *known).call != call)
		return;
	uint32_t index = *known;
	media_table_remove(&d->table, hash, index);
	d->used--;
	entry_retire(d, index);
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
announce_of(struct media_announce *out, const struct entry_copy *copy)
{
	const struct entry_data *data = &copy->data;
	const struct entry_marks *marks = &copy->marks;
	struct entry_codec codecs[MEDIA_CODECS_MAX];

	*out = (struct media_announce){
		.call = data->call,
		.since_ns = data->since_ns,
		.side = marks->side,
		.n_codecs = marks->n_codecs,
		.srtp = marks->flags & FLAG_SRTP,
		.ptime_ms = marks->ptime_ms,
		.t38 = marks->flags & FLAG_T38,
		.guess = marks->flags & FLAG_GUESS,
		.listen = marks->flags & FLAG_LISTEN,
	};
	memcpy(codecs, copy->codecs, sizeof(codecs));
	for (uint8_t i = 0; i < marks->n_codecs; i++)
		out->codecs[i] = (struct media_codec_map){
			codecs[i].clock_hz, codecs[i].payload_type, codecs[i].codec};
}

/* True and the entry; false: not seen, which is final only where nothing was published meanwhile.
 */
static bool
lookup(const struct media_directory *d, uint64_t hash, const struct base_endpoint *at,
	struct entry_copy *copy)
{
	const struct media_bucket *b = media_table_home(&d->table, hash);

	for (uint32_t i = 0; i < d->table.probes; i++, b = media_table_next(&d->table, b)) {
		uint32_t bits = media_table_match_shared(b, media_table_tag(hash));
		for (; bits; bits &= bits - 1) {
			uint32_t index =
				__atomic_load_n(&b->index[__builtin_ctz(bits)], __ATOMIC_ACQUIRE);
			if (entry_read(d, index, copy) && copy->data.port == at->port &&
				base_ip_eq(&copy->ip, &at->ip))
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
	uint64_t hash = base_hash_short(&d->key, at, sizeof(*at));
	struct entry_copy copy;

	for (uint32_t retry = 0; retry < RETRIES; retry++) {
		uint64_t version = media_directory_version(d);
		if (lookup(d, hash, at, &copy)) {
			announce_of(out, &copy);
			return true;
		}
		if (media_directory_version(d) == version)
			break;
	}
	return false;
}
