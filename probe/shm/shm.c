#include "shm.h"

#include "record.h"

_Static_assert(offsetof(struct shm_header, magic) == 0, "documented layout");
_Static_assert(offsetof(struct shm_header, layout_version) == 8, "documented layout");
_Static_assert(offsetof(struct shm_header, record_version) == 16, "documented layout");
_Static_assert(offsetof(struct shm_header, cores) == 28, "documented layout");
_Static_assert(offsetof(struct shm_header, segment_bytes) == 32, "documented layout");
_Static_assert(offsetof(struct shm_header, ring_bytes) == 56, "documented layout");
_Static_assert(offsetof(struct shm_header, probe) == 64, "documented layout");
_Static_assert(offsetof(struct shm_header, created_ns) == 128, "documented layout");
_Static_assert(offsetof(struct shm_header, probe_pid) == 192, "documented layout");
_Static_assert(offsetof(struct shm_header, clock_source) == 220, "documented layout");
_Static_assert(offsetof(struct shm_header, collector_pid) == 256, "documented layout");
_Static_assert(offsetof(struct shm_header, live_request) == 320, "documented layout");
_Static_assert(offsetof(struct shm_header, health) == 384, "documented layout");
_Static_assert(sizeof(struct shm_sink) == 240, "documented layout");
_Static_assert(sizeof(struct shm_health) == 2152, "documented layout");
_Static_assert(sizeof(struct shm_header) == 2560, "documented layout");
_Static_assert(sizeof(struct shm_header) <= SHM_CORES_OFFSET, "documented layout");
_Static_assert(offsetof(struct shm_core, heartbeat_ns) == 8, "documented layout");
_Static_assert(offsetof(struct shm_core, metrics) == 64, "documented layout");
_Static_assert(sizeof(struct shm_core) % BASE_CACHE_LINE == 0, "one writer a cache line");
_Static_assert(sizeof(struct base_ring) == 192, "documented layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the segment is little-endian");

#define PAGE 4096
#define RECORD_KIND_AT 9 /* record.h: { u64 seq, u8 version, u8 kind, ... } */

/* Where the parts stand.  No product here overflows: every factor is bounded by shm.h. */
struct parts {
	uint64_t ring_offset, ring_stride, bytes;
};

static bool
parts_of(struct parts *p, uint32_t cores, uint64_t ring_bytes)
{
	if (cores == 0 || cores > SHM_CORES_MAX || (ring_bytes & (ring_bytes - 1)) ||
		ring_bytes < SHM_RING_BYTES_MIN || ring_bytes > SHM_RING_BYTES_MAX)
		return false;
	p->ring_offset = base_align_up(SHM_CORES_OFFSET + cores * sizeof(struct shm_core), PAGE);
	p->ring_stride = base_align_up(base_ring_footprint(ring_bytes), PAGE);
	p->bytes = p->ring_offset + cores * p->ring_stride;
	return true;
}

uint64_t
shm_segment_bytes(const struct shm_layout *layout)
{
	struct parts p;

	return parts_of(&p, layout->cores, layout->ring_bytes) ? p.bytes : 0;
}

static inline struct base_ring *
ring_at(const struct shm *s, uint32_t core)
{
	uint64_t cores_end =
		base_align_up(SHM_CORES_OFFSET + s->cores * sizeof(struct shm_core), PAGE);
	uint64_t stride = base_align_up(sizeof(struct base_ring) + s->ring_bytes, PAGE);

	return (struct base_ring *)(s->base + cores_end + core * stride);
}

struct base_ring *
shm_ring(const struct shm *s, uint32_t core)
{
	return ring_at(s, core);
}

struct shm_core *
shm_core(const struct shm *s, uint32_t core)
{
	return (struct shm_core *)(s->base + SHM_CORES_OFFSET) + core;
}

/* The part of a probe's name that the header keeps. */
static struct base_span
name_kept(struct base_span name)
{
	if (name.len > SHM_NAME_MAX - 1)
		name.len = SHM_NAME_MAX - 1;
	return name;
}

int
shm_create(struct shm *s, void *mem, uint64_t bytes, const struct shm_layout *layout,
	struct base_span probe, int64_t now_ns)
{
	struct shm_header *h = mem;
	struct parts parts;

	probe = name_kept(probe);
	if (!parts_of(&parts, layout->cores, layout->ring_bytes) || bytes < parts.bytes ||
		(uintptr_t)mem % BASE_CACHE_LINE || (probe.len && memchr(probe.p, 0, probe.len)))
		return -BASE_ERR_INVALID;

	__atomic_store_n(&h->magic, 0, __ATOMIC_RELEASE);
	memset(&h->layout_version, 0, sizeof(*h) - sizeof(h->magic));
	h->layout_version = SHM_LAYOUT_VERSION;
	h->header_bytes = sizeof(*h);
	h->record_version = RECORD_VERSION;
	h->metrics_count = METRICS_COUNT;
	h->verdict_count = PACKET_VERDICT_COUNT;
	h->cores = layout->cores;
	h->segment_bytes = parts.bytes;
	h->ring_offset = parts.ring_offset;
	h->ring_stride = parts.ring_stride;
	h->ring_bytes = layout->ring_bytes;
	if (probe.len)
		memcpy(h->probe, probe.p, probe.len);
	h->created_ns = now_ns;
	*s = (struct shm){h, layout->cores, layout->ring_bytes, mem, parts.bytes};
	for (uint32_t core = 0; core < layout->cores; core++) {
		memset(shm_core(s, core), 0, sizeof(struct shm_core));
		shm_core(s, core)->next_seq = 1; /* 0 in a record: not from a ring */
		base_ring_new(shm_ring(s, core), layout->ring_bytes);
	}
	__atomic_store_n(&h->magic, SHM_MAGIC, __ATOMIC_RELEASE); /* pairs with shm_attach */
	return 0;
}

/* What a reader may believe of a ring: its cursors, which others may be moving. */
static bool
ring_is_sound(const struct base_ring *r, uint64_t ring_bytes)
{
	if (r->size != ring_bytes)
		return false;
	/* head is loaded after tail: if both move in between, their distance may seem too large,
	 * once. */
	for (int attempt = 0; attempt < 8; attempt++) {
		uint64_t tail = base_ring_tail(r), head = base_ring_head(r);
		if ((head | tail) & 7)
			return false;
		if (head - tail <= ring_bytes)
			return true;
	}
	return false;
}

int
shm_attach(struct shm *s, void *mem, uint64_t bytes)
{
	struct shm_header *live = mem, h;
	struct parts parts;

	if (bytes < SHM_CORES_OFFSET || (uintptr_t)mem % BASE_CACHE_LINE)
		return -BASE_ERR_FORMAT;
	/* pairs with shm_create */
	if (__atomic_load_n(&live->magic, __ATOMIC_ACQUIRE) != SHM_MAGIC)
		return -BASE_ERR_FORMAT;
	memcpy(&h, live, sizeof(h)); /* each number is read once */
	if (h.layout_version != SHM_LAYOUT_VERSION || h.header_bytes != sizeof(h) ||
		h.record_version != RECORD_VERSION || h.metrics_count != METRICS_COUNT ||
		h.verdict_count != PACKET_VERDICT_COUNT)
		return -BASE_ERR_VERSION;
	if (!parts_of(&parts, h.cores, h.ring_bytes) || h.segment_bytes != parts.bytes ||
		bytes < parts.bytes || h.ring_offset != parts.ring_offset ||
		h.ring_stride != parts.ring_stride || !memchr(h.probe, 0, sizeof(h.probe)))
		return -BASE_ERR_FORMAT;

	struct shm found = {live, h.cores, h.ring_bytes, mem, parts.bytes};
	for (uint32_t core = 0; core < found.cores; core++)
		if (!ring_is_sound(shm_ring(&found, core), found.ring_bytes))
			return -BASE_ERR_FORMAT;
	*s = found;
	return 0;
}

bool
shm_matches(const struct shm *s, const struct shm_layout *layout, struct base_span probe)
{
	const char *name = s->header->probe, *end = memchr(name, 0, SHM_NAME_MAX);
	uint32_t len = end ? (uint32_t)(end - name) : SHM_NAME_MAX;

	return s->cores == layout->cores && s->ring_bytes == layout->ring_bytes &&
	       base_span_eq(name_kept(probe), base_span_of(name, len));
}

/* A record in two parts. */
static inline bool
publish_parts(
	const struct shm *s, uint32_t core, uint8_t *record, uint32_t len, struct base_span tail)
{
	struct shm_core *c = shm_core(s, core);
	struct base_ring *r = ring_at(s, core);
	uint64_t seq = c->next_seq;
	uint32_t whole = len + tail.len;

	/* Before the record: killed in between, a number is skipped and never given twice. */
	__atomic_store_n(&c->next_seq, seq + 1, __ATOMIC_RELEASE);
	/* The collector's process maps the ring too: its numbers are checked before bytes are
	 * stored by them. */
	if (len < RECORD_HEADER_BYTES || whole > s->ring_bytes / 2 || r->size != s->ring_bytes ||
		(r->head & 7))
		return false;
	record_set_seq(record, seq);
	uint8_t *room = base_ring_reserve(r, whole, record[RECORD_KIND_AT]);
	if (!room)
		return false;
	memcpy(room, record, len);
	if (tail.len)
		memcpy(room + len, tail.p, tail.len);
	base_ring_publish(r, whole);
	return true;
}

bool
shm_publish(const struct shm *s, uint32_t core, uint8_t *record, uint32_t len)
{
	return publish_parts(s, core, record, len, base_span_of("", 0));
}

bool
shm_offer(const struct shm *s, uint32_t core, uint8_t *record, uint32_t len, struct base_span tail)
{
	uint64_t whole = (uint64_t)len + tail.len;
	uint64_t used = shm_backlog(s, core) + base_align_up(BASE_RING_HEADER + whole, 8);

	/* Up to half: what then wants a filler before the end still fits. */
	if (whole > RECORD_BYTES_MAX || used > s->ring_bytes / 2)
		return false;
	return publish_parts(s, core, record, len, tail);
}

enum base_ring_result
shm_next(const struct shm *s, uint32_t core, uint64_t *cursor, struct base_ring_message *message)
{
	const struct base_ring *r = ring_at(s, core);
	enum base_ring_result result = base_ring_peek(r, s->ring_bytes, *cursor, message);

	if (result == BASE_RING_MESSAGE)
		*cursor = message->next;
	else if (result == BASE_RING_CORRUPT)
		*cursor = base_ring_head(r);
	return result;
}

uint64_t
shm_cursor(const struct shm *s, uint32_t core)
{
	return base_ring_tail(ring_at(s, core));
}

void
shm_release(const struct shm *s, uint32_t core, uint64_t cursor)
{
	struct base_ring *r = ring_at(s, core);
	uint64_t tail = base_ring_tail(r);

	if (cursor - tail <= base_ring_head(r) - tail)
		base_ring_release(r, cursor);
}

/* Words of the health but for its version, each copied whole. */
#define HEALTH_WORDS (sizeof(struct shm_health) / sizeof(uint64_t))
#define HEALTH_TRIES 1000

void
shm_health_set(const struct shm *s, const struct shm_health *health)
{
	uint64_t *to = (uint64_t *)&s->header->health;
	uint64_t version = __atomic_load_n(to, __ATOMIC_RELAXED) | 1, word;

	__atomic_store_n(to, version, __ATOMIC_RELAXED);
	__atomic_thread_fence(
		__ATOMIC_RELEASE); /* pairs with the acquire fence of shm_health_get */
	for (size_t i = 1; i < HEALTH_WORDS; i++) {
		memcpy(&word, (const uint8_t *)health + i * sizeof(word), sizeof(word));
		__atomic_store_n(to + i, word, __ATOMIC_RELAXED);
	}
	__atomic_store_n(to, version + 1, __ATOMIC_RELEASE);
}

bool
shm_health_get(const struct shm *s, struct shm_health *health)
{
	const uint64_t *from = (const uint64_t *)&s->header->health;

	for (int try = 0; try < HEALTH_TRIES; try++) {
		uint64_t version = __atomic_load_n(from, __ATOMIC_ACQUIRE), word;
		if (version == 0)
			return false;
		if (version & 1)
			continue;
		for (size_t i = 1; i < HEALTH_WORDS; i++) {
			word = __atomic_load_n(from + i, __ATOMIC_RELAXED);
			memcpy((uint8_t *)health + i * sizeof(word), &word, sizeof(word));
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(from, __ATOMIC_RELAXED) != version)
			continue;
		/* Another process wrote it: bounded before it is read. */
		health->version = version;
		if (health->sinks_count > SHM_SINKS_MAX)
			health->sinks_count = SHM_SINKS_MAX;
		health->store_why[SHM_WHY_BYTES - 1] = 0;
		for (int i = 0; i < SHM_SINKS_MAX; i++) {
			health->sinks[i].name[sizeof(health->sinks[i].name) - 1] = 0;
			health->sinks[i].why[SHM_WHY_BYTES - 1] = 0;
		}
		return true;
	}
	return false;
}

uint64_t
shm_backlog(const struct shm *s, uint32_t core)
{
	const struct base_ring *r = ring_at(s, core);
	uint64_t tail = base_ring_tail(r), waiting = base_ring_head(r) - tail;

	return waiting < s->ring_bytes ? waiting : s->ring_bytes;
}
