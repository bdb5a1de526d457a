#include "packet_sctp.h"

#define NIL UINT32_MAX
#define PIECE_BYTES 2048u
#define RUN_MAX 64u /* pieces of a message */
#define TIMEOUT_NS (30 * BASE_NS_PER_SEC)

/* Hashed and compared as bytes. */
struct key {
	struct base_endpoint src, dst;
	uint32_t message; /* stream and message of I-DATA; 0 of DATA, whose TSNs tell */
	uint32_t number;  /* TSN or FSN */
};
_Static_assert(sizeof(struct key) == 44, "no padding");

struct piece {
	struct key key;
	struct packet_view view;
	int64_t born_ns;
	uint32_t chain;        /* next piece of the bucket, or of the free list */
	uint32_t newer, older; /* by age */
	uint32_t bucket;
	uint32_t len;
	uint8_t bytes[PIECE_BYTES];
};

struct packet_sctp {
	struct packet_sctp_counters counters;
	struct base_hash_key key;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t free_piece;
	uint32_t oldest, newest;
	struct piece *pieces;
	uint8_t whole[RUN_MAX * PIECE_BYTES];
};

/* Where the parts stand in the caller's memory. */
struct layout {
	size_t buckets, pieces, end;
	uint32_t bucket_count;
};

static struct layout
layout_of(uint32_t max)
{
	struct layout l = {.bucket_count = base_power_of_two_at_least(max)};

	l.buckets = base_align_up(sizeof(struct packet_sctp), BASE_CACHE_LINE);
	l.pieces = base_align_up(
		l.buckets + (size_t)l.bucket_count * sizeof(uint32_t), BASE_CACHE_LINE);
	l.end = base_align_up(l.pieces + (size_t)max * sizeof(struct piece), BASE_CACHE_LINE);
	return l;
}

size_t
packet_sctp_footprint(uint32_t max_pieces)
{
	return layout_of(max_pieces ? max_pieces : 1).end;
}

struct packet_sctp *
packet_sctp_new(void *mem, uint32_t max_pieces, const struct base_hash_key *key)
{
	uint32_t max = max_pieces ? max_pieces : 1;
	struct layout l = layout_of(max);
	struct packet_sctp *s = mem;
	uint8_t *base = mem;

	memset(&s->counters, 0, sizeof(s->counters));
	s->key = *key;
	s->buckets = (uint32_t *)(void *)(base + l.buckets);
	s->bucket_mask = l.bucket_count - 1;
	s->free_piece = 0;
	s->oldest = s->newest = NIL;
	s->pieces = (struct piece *)(void *)(base + l.pieces);
	for (uint32_t i = 0; i < l.bucket_count; i++)
		s->buckets[i] = NIL;
	for (uint32_t i = 0; i < max; i++)
		s->pieces[i].chain = i + 1 < max ? i + 1 : NIL;
	return s;
}

/* ---- pieces ---- */

static void
piece_free(struct packet_sctp *s, struct piece *p)
{
	uint32_t id = (uint32_t)(p - s->pieces), *link = &s->buckets[p->bucket];

	while (*link != id)
		link = &s->pieces[*link].chain;
	*link = p->chain;
	*(p->older == NIL ? &s->oldest : &s->pieces[p->older].newer) = p->newer;
	*(p->newer == NIL ? &s->newest : &s->pieces[p->newer].older) = p->older;
	p->chain = s->free_piece;
	s->free_piece = id;
}

static uint32_t
bucket_of(const struct packet_sctp *s, const struct key *key)
{
	return (uint32_t)base_hash(&s->key, key, sizeof(*key)) & s->bucket_mask;
}

static struct piece *
piece_find(struct packet_sctp *s, const struct key *key)
{
	uint32_t id = s->buckets[bucket_of(s, key)];

	while (id != NIL && memcmp(&s->pieces[id].key, key, sizeof(*key)) != 0)
		id = s->pieces[id].chain;
	return id == NIL ? NULL : &s->pieces[id];
}

static struct piece *
piece_new(struct packet_sctp *s, const struct key *key, const struct packet_view *view,
	int64_t now_ns)
{
	if (s->free_piece == NIL) {
		s->counters.evicted++;
		piece_free(s, &s->pieces[s->oldest]);
	}
	uint32_t id = s->free_piece, bucket = bucket_of(s, key);
	struct piece *p = &s->pieces[id];

	s->free_piece = p->chain;
	p->key = *key;
	p->view = *view;
	p->born_ns = now_ns;
	p->len = view->payload_len;
	memcpy(p->bytes, view->payload, p->len);
	p->bucket = bucket;
	p->chain = s->buckets[bucket];
	s->buckets[bucket] = id;
	p->older = s->newest;
	p->newer = NIL;
	*(s->newest == NIL ? &s->oldest : &s->pieces[s->newest].newer) = id;
	s->newest = id;
	return p;
}

void
packet_sctp_expire(struct packet_sctp *s, int64_t now_ns)
{
	while (s->oldest != NIL && s->pieces[s->oldest].born_ns < now_ns - TIMEOUT_NS) {
		s->counters.timed_out++;
		piece_free(s, &s->pieces[s->oldest]);
	}
}

/* ---- messages ---- */

/* The piece whose number is by ahead of p's in the same message, or NULL. */
static struct piece *
neighbour(struct packet_sctp *s, const struct piece *p, uint32_t by, uint8_t never)
{
	struct key key = p->key;

	key.number += by;
	struct piece *found = piece_find(s, &key);
	return found && !(found->view.sctp_piece & never) ? found : NULL;
}

/* The message that p is part of: its first piece and how many, or NULL while one is missing. */
static struct piece *
run_find(struct packet_sctp *s, struct piece *p, uint32_t *n)
{
	struct piece *last = p;

	*n = 1;
	while (p && !(p->view.sctp_piece & PACKET_SCTP_BEGIN) && *n <= RUN_MAX) {
		p = neighbour(s, p, UINT32_MAX, PACKET_SCTP_END);
		++*n;
	}
	while (p && last && !(last->view.sctp_piece & PACKET_SCTP_END) && *n <= RUN_MAX) {
		last = neighbour(s, last, 1, PACKET_SCTP_BEGIN);
		++*n;
	}
	return last ? p : NULL;
}

static enum packet_result
run_gather(struct packet_sctp *s, struct piece *first, uint32_t n, struct packet_view *view)
{
	uint32_t len = 0;

	*view = first->view;
	for (struct piece *p = first, *next; n; n--, p = next) {
		next = n > 1 ? neighbour(s, p, 1, PACKET_SCTP_BEGIN) : NULL;
		memcpy(s->whole + len, p->bytes, p->len);
		len += p->len;
		piece_free(s, p);
	}
	s->counters.reassembled++;
	view->payload = s->whole;
	view->payload_len = view->payload_wire_len = len;
	view->sctp_rest = 0;
	view->sctp_piece = 0;
	view->reassembled = true;
	return PACKET_IS_DATAGRAM;
}

static enum packet_result
verdict(struct packet_view *view, enum packet_verdict verdict)
{
	view->verdict = (uint8_t)verdict;
	return PACKET_DONE;
}

static enum packet_result
drop(struct packet_view *view, uint64_t *counter)
{
	++*counter;
	return verdict(view, PACKET_VERDICT_FRAGMENT_DROPPED);
}

enum packet_result
packet_sctp_push(struct packet_sctp *s, struct packet_view *view, int64_t now_ns)
{
	struct key key = {view->src, view->dst, view->fragment_offset, view->tcp_seq};
	uint32_t len = view->payload_len, n;

	packet_sctp_expire(s, now_ns);
	if (view->payload_wire_len != len)
		return drop(view, &s->counters.truncated);
	if (len == 0)
		return drop(view, &s->counters.malformed);
	if (len > PIECE_BYTES)
		return drop(view, &s->counters.too_large);
	struct piece *p = piece_find(s, &key);
	if (p && (p->len != len || p->view.sctp_piece != view->sctp_piece ||
			 memcmp(p->bytes, view->payload, len) != 0))
		return drop(view, &s->counters.malformed);
	if (p)
		return verdict(view, PACKET_VERDICT_FRAGMENT);
	p = run_find(s, piece_new(s, &key, view, now_ns), &n);
	if (p && n > RUN_MAX)
		return drop(view, &s->counters.too_large); /* the rest goes by age */
	return p ? run_gather(s, p, n, view) : verdict(view, PACKET_VERDICT_FRAGMENT);
}

const struct packet_sctp_counters *
packet_sctp_counters(const struct packet_sctp *s)
{
	return &s->counters;
}
