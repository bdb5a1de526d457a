#include "packet_sctp.h"

#include "packet_waiting.h"

#define PIECE_BYTES 2048u
#define RUN_MAX 64u /* pieces of a message */

/* Hashed and compared as bytes. */
struct key {
	struct base_endpoint src, dst;
	uint32_t message; /* stream and message of I-DATA; 0 of DATA, whose TSNs tell */
	uint32_t number;  /* TSN or FSN */
};
_Static_assert(sizeof(struct key) == 44, "no padding");

struct piece {
	struct packet_waiting_entry waiting;
	struct key key;
	struct packet_view view;
	uint32_t len;
	uint8_t bytes[PIECE_BYTES];
};
_Static_assert(offsetof(struct piece, key) == sizeof(struct packet_waiting_entry), "key behind it");

struct packet_sctp {
	struct packet_sctp_counters counters;
	struct packet_waiting pieces;
	uint8_t whole[RUN_MAX * PIECE_BYTES];
};

/* The table of pieces stands behind the struct. */
static const size_t pieces_at =
	(sizeof(struct packet_sctp) + BASE_CACHE_LINE - 1) / BASE_CACHE_LINE * BASE_CACHE_LINE;

size_t
packet_sctp_footprint(uint32_t max_pieces)
{
	uint32_t max = max_pieces ? max_pieces : 1;

	return pieces_at + packet_waiting_footprint(max, sizeof(struct piece));
}

struct packet_sctp *
packet_sctp_new(void *mem, uint32_t max_pieces, const struct base_hash_key *key)
{
	struct packet_sctp *s = mem;

	memset(&s->counters, 0, sizeof(s->counters));
	packet_waiting_init(&s->pieces, (uint8_t *)mem + pieces_at, max_pieces ? max_pieces : 1,
		sizeof(struct piece), sizeof(struct key), key);
	return s;
}

/* ---- pieces ---- */

static struct piece *
piece_new(struct packet_sctp *s, const struct key *key, const struct packet_view *view,
	int64_t now_ns)
{
	struct piece *p = packet_waiting_add(&s->pieces, key, now_ns);

	if (!p) {
		s->counters.evicted++;
		packet_waiting_free(&s->pieces, packet_waiting_oldest(&s->pieces, NULL));
		p = packet_waiting_add(&s->pieces, key, now_ns);
	}
	p->view = *view;
	p->len = view->payload_len;
	memcpy(p->bytes, view->payload, p->len);
	return p;
}

void
packet_sctp_expire(struct packet_sctp *s, int64_t now_ns)
{
	struct piece *p;

	while ((p = packet_waiting_overdue(&s->pieces, now_ns))) {
		s->counters.timed_out++;
		packet_waiting_free(&s->pieces, p);
	}
}

/* ---- messages ---- */

/* The piece whose number is by ahead of p's in the same message, or NULL. */
static struct piece *
neighbour(struct packet_sctp *s, const struct piece *p, uint32_t by, uint8_t never)
{
	struct key key = p->key;

	key.number += by;
	struct piece *found = packet_waiting_find(&s->pieces, &key);
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
		packet_waiting_free(&s->pieces, p);
	}
	s->counters.reassembled++;
	view->payload = s->whole;
	view->payload_len = view->payload_wire_len = len;
	view->sctp_rest = 0;
	view->sctp_piece = 0;
	view->reassembled = true;
	return PACKET_IS_DATAGRAM;
}

enum packet_result
packet_sctp_push(struct packet_sctp *s, struct packet_view *view, int64_t now_ns)
{
	struct key key = {view->src, view->dst, view->fragment_offset, view->tcp_seq};
	uint32_t len = view->payload_len, n;

	packet_sctp_expire(s, now_ns);
	if (view->payload_wire_len != len)
		return packet_waiting_dropped(view, &s->counters.truncated);
	if (len == 0)
		return packet_waiting_dropped(view, &s->counters.malformed);
	if (len > PIECE_BYTES)
		return packet_waiting_dropped(view, &s->counters.too_large);
	struct piece *p = packet_waiting_find(&s->pieces, &key);
	if (p && (p->len != len || p->view.sctp_piece != view->sctp_piece ||
			 memcmp(p->bytes, view->payload, len) != 0))
		return packet_waiting_dropped(view, &s->counters.malformed);
	if (p)
		return packet_waiting_kept(view);
	p = run_find(s, piece_new(s, &key, view, now_ns), &n);
	if (p && n > RUN_MAX) /* the rest goes by age */
		return packet_waiting_dropped(view, &s->counters.too_large);
	return p ? run_gather(s, p, n, view) : packet_waiting_kept(view);
}

const struct packet_sctp_counters *
packet_sctp_counters(const struct packet_sctp *s)
{
	return &s->counters;
}
