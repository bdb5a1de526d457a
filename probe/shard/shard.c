#include "shard.h"

/* What core to keeps of its receiving; on its own line, for core to alone writes it. */
struct receiver {
	_Alignas(64) uint32_t next_from; /* whose turn is first */
};

struct shard {
	struct base_hash_key key;
	uint64_t ring_bytes;
	uint32_t cores;
	uint8_t *rings; /* from * cores + to */
	/* of each ring: heads at shard_hold, or UINT64_MAX; written while all cores stand still */
	uint64_t *limits;
	size_t ring_stride;
	struct receiver receivers[];
};

static size_t
ring_stride(uint64_t ring_bytes)
{
	return base_align_up(base_ring_footprint(ring_bytes), BASE_CACHE_LINE);
}

static size_t
header_bytes(uint32_t cores)
{
	return base_align_up(
		sizeof(struct shard) + cores * sizeof(struct receiver), BASE_CACHE_LINE);
}

static size_t
limits_bytes(uint32_t cores)
{
	return base_align_up((size_t)cores * cores * sizeof(uint64_t), BASE_CACHE_LINE);
}

size_t
shard_footprint(uint32_t cores, uint64_t ring_bytes)
{
	return header_bytes(cores) + limits_bytes(cores) +
	       (size_t)cores * cores * ring_stride(ring_bytes);
}

static struct base_ring *
ring_of(const struct shard *s, uint32_t from, uint32_t to)
{
	return (struct base_ring *)(s->rings + ((size_t)from * s->cores + to) * s->ring_stride);
}

struct shard *
shard_new(void *mem, uint32_t cores, uint64_t ring_bytes, const struct base_hash_key *key)
{
	struct shard *s = mem;

	s->key = *key;
	s->ring_bytes = ring_bytes;
	s->cores = cores;
	s->limits = (uint64_t *)((uint8_t *)mem + header_bytes(cores));
	s->rings = (uint8_t *)mem + header_bytes(cores) + limits_bytes(cores);
	s->ring_stride = ring_stride(ring_bytes);
	for (uint32_t from = 0; from < cores; from++) {
		s->receivers[from].next_from = 0;
		for (uint32_t to = 0; to < cores; to++)
			base_ring_new(ring_of(s, from, to), ring_bytes);
	}
	shard_let_go(s);
	return s;
}

uint64_t
shard_hold(struct shard *s)
{
	uint64_t waiting = 0;

	for (uint32_t from = 0; from < s->cores; from++) {
		for (uint32_t to = 0; to < s->cores; to++) {
			const struct base_ring *r = ring_of(s, from, to);
			s->limits[from * s->cores + to] = base_ring_head(r);
			waiting += base_ring_head(r) - base_ring_tail(r);
		}
	}
	return waiting;
}

void
shard_let_go(struct shard *s)
{
	for (uint32_t i = 0; i < s->cores * s->cores; i++)
		s->limits[i] = UINT64_MAX;
}

uint32_t
shard_owner(const struct shard *s, struct base_span call_id)
{
	return (uint32_t)(base_hash(&s->key, call_id.p, call_id.len) % s->cores);
}

void *
shard_reserve(struct shard *s, uint32_t from, uint32_t to, uint32_t len, enum shard_kind kind)
{
	return base_ring_reserve(ring_of(s, from, to), len, kind);
}

void
shard_send(struct shard *s, uint32_t from, uint32_t to, uint32_t len)
{
	base_ring_publish(ring_of(s, from, to), len);
}

/* What waits on one ring, released when all of it was looked at. */
static uint32_t
drain(struct shard *s, uint32_t from, uint32_t to, uint32_t max, shard_message_fn fn, void *context)
{
	struct base_ring *r = ring_of(s, from, to);
	uint64_t cursor = base_ring_tail(r), limit = s->limits[from * s->cores + to];
	struct base_ring_message message;
	enum base_ring_result result = BASE_RING_EMPTY;
	uint32_t n = 0;

	while (n < max && (result = base_ring_peek(r, s->ring_bytes, cursor, &message)) ==
				  BASE_RING_MESSAGE) {
		if (message.next > limit)
			break;
		fn(context, from, (enum shard_kind)message.kind, message.p, message.len);
		cursor = message.next;
		n++;
	}
	if (result == BASE_RING_CORRUPT)
		cursor = base_ring_head(r);
	if (cursor != base_ring_tail(r))
		base_ring_release(r, cursor);
	return n;
}

uint32_t
shard_receive(struct shard *s, uint32_t to, uint32_t max, shard_message_fn fn, void *context)
{
	uint32_t n = 0, from = s->receivers[to].next_from;

	for (uint32_t i = 0; i < s->cores && n < max; i++) {
		n += drain(s, from, to, max - n, fn, context);
		from = from + 1 == s->cores ? 0 : from + 1;
	}
	s->receivers[to].next_from = from;
	return n;
}
