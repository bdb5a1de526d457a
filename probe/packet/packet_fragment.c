#include "packet_fragment.h"

#include "packet_waiting.h"

#define NIL UINT32_MAX
#define BLOCK_BYTES 2048u
#define PACKET_MAX 65535u
#define PACKET_BLOCKS ((PACKET_MAX + BLOCK_BYTES - 1) / BLOCK_BYTES)
#define BLOCKS_PER_SLOT 2u /* what a packet of two Ethernet fragments takes */
#define PIECES_MAX 64u

/* Hashed and compared as bytes. */
struct key {
	struct base_ip src, dst;
	uint32_t ip_id;
	/* of IPv4; IPv6 fragments of one packet may name different ones (RFC 8200 4.5) */
	uint32_t protocol;
};
_Static_assert(sizeof(struct key) == 40, "no padding");

/* One fragment received: bytes [start, end) of the packet. */
struct piece {
	uint16_t start, end;
};

struct slot {
	struct packet_waiting_entry waiting;
	struct key key;
	struct packet_view view; /* of the fragment at offset 0, else of the first that came */
	uint32_t total; /* bytes of the packet, 0: the last fragment has not come */
	uint32_t have;  /* bytes received */
	uint32_t piece_count;
	struct piece pieces[PIECES_MAX]; /* ascending, disjoint */
	/* block i holds bytes from i * BLOCK_BYTES; NIL: none yet */
	uint32_t blocks[PACKET_BLOCKS];
};

_Static_assert(offsetof(struct slot, key) == sizeof(struct packet_waiting_entry), "key behind it");

struct packet_fragments {
	struct packet_fragment_counters counters;
	struct packet_waiting slots;
	uint32_t *block_stack; /* free blocks */
	uint32_t block_free;
	uint8_t *blocks;
	uint8_t *whole; /* PACKET_MAX bytes: the reassembled payload */
};

/* Where the parts stand in the caller's memory. */
struct layout {
	size_t slots, stack, blocks, whole, end;
	uint32_t block_count;
};

static struct layout
layout_of(uint32_t max_packets)
{
	struct layout l = {.block_count = max_packets * BLOCKS_PER_SLOT + PACKET_BLOCKS};

	l.slots = base_align_up(sizeof(struct packet_fragments), BASE_CACHE_LINE);
	l.stack = l.slots + packet_waiting_footprint(max_packets, sizeof(struct slot));
	l.blocks =
		base_align_up(l.stack + (size_t)l.block_count * sizeof(uint32_t), BASE_CACHE_LINE);
	l.whole = l.blocks + (size_t)l.block_count * BLOCK_BYTES;
	l.end = base_align_up(l.whole + PACKET_MAX, BASE_CACHE_LINE);
	return l;
}

size_t
packet_fragments_footprint(uint32_t max_packets)
{
	return layout_of(max_packets ? max_packets : 1).end;
}

struct packet_fragments *
packet_fragments_new(void *mem, uint32_t max_packets, const struct base_hash_key *key)
{
	uint32_t max = max_packets ? max_packets : 1;
	struct layout l = layout_of(max);
	struct packet_fragments *f = mem;
	uint8_t *base = mem;

	*f = (struct packet_fragments){
		.block_stack = (uint32_t *)(base + l.stack),
		.block_free = l.block_count,
		.blocks = base + l.blocks,
		.whole = base + l.whole,
	};
	packet_waiting_init(
		&f->slots, base + l.slots, max, sizeof(struct slot), sizeof(struct key), key);
	for (uint32_t i = 0; i < l.block_count; i++)
		f->block_stack[i] = i;
	return f;
}

/* ---- slots ---- */

static void
slot_free(struct packet_fragments *f, struct slot *s)
{
	for (uint32_t i = 0; i < PACKET_BLOCKS; i++)
		if (s->blocks[i] != NIL)
			f->block_stack[f->block_free++] = s->blocks[i];
	packet_waiting_free(&f->slots, s);
}

/* Gives up the oldest packet, but not the one that room is made for. */
static void
evict_oldest(struct packet_fragments *f, const struct slot *not_this)
{
	f->counters.evicted++;
	slot_free(f, packet_waiting_oldest(&f->slots, not_this));
}

static struct slot *
slot_of_view(struct packet_fragments *f, const struct packet_view *view, int64_t now_ns)
{
	struct key key = {.src = view->src.ip,
		.dst = view->dst.ip,
		.ip_id = view->ip_id,
		.protocol = view->ip_id_valid ? view->ip_protocol : 0};
	struct slot *s = packet_waiting_find(&f->slots, &key);

	if (s)
		return s;
	while (!(s = packet_waiting_add(&f->slots, &key, now_ns)))
		evict_oldest(f, NULL);
	s->view = *view;
	s->total = s->have = s->piece_count = 0;
	for (uint32_t i = 0; i < PACKET_BLOCKS; i++)
		s->blocks[i] = NIL;
	return s;
}

void
packet_fragments_expire(struct packet_fragments *f, int64_t now_ns)
{
	struct slot *s;

	while ((s = packet_waiting_overdue(&f->slots, now_ns))) {
		f->counters.timed_out++;
		slot_free(f, s);
	}
}

/* ---- bytes ---- */

/* Block i of the packet, taking older packets' blocks where the pool is empty.  Never NULL: the
 * pool holds a whole packet. */
static uint8_t *
slot_block(struct packet_fragments *f, struct slot *s, uint32_t i)
{
	if (s->blocks[i] == NIL) {
		while (f->block_free == 0)
			evict_oldest(f, s);
		s->blocks[i] = f->block_stack[--f->block_free];
	}
	return f->blocks + (size_t)s->blocks[i] * BLOCK_BYTES;
}

static void
slot_write(struct packet_fragments *f, struct slot *s, const struct packet_view *view)
{
	uint32_t at = view->fragment_offset, done = 0;

	while (done < view->payload_len) {
		uint32_t in_block = (at + done) % BLOCK_BYTES, n = BLOCK_BYTES - in_block;
		if (n > view->payload_len - done)
			n = view->payload_len - done;
		memcpy(slot_block(f, s, (at + done) / BLOCK_BYTES) + in_block, view->payload + done,
			n);
		done += n;
	}
}

static bool
slot_holds(struct packet_fragments *f, struct slot *s, const struct packet_view *view)
{
	uint32_t at = view->fragment_offset, done = 0;

	while (done < view->payload_len) {
		uint32_t in_block = (at + done) % BLOCK_BYTES, n = BLOCK_BYTES - in_block;
		if (n > view->payload_len - done)
			n = view->payload_len - done;
		if (memcmp(slot_block(f, s, (at + done) / BLOCK_BYTES) + in_block,
			    view->payload + done, n) != 0)
			return false;
		done += n;
	}
	return true;
}

/* ---- pieces ---- */

enum fit { FIT_NEW, FIT_DUPLICATE, FIT_OVERLAP, FIT_TOO_MANY };

/* Where in s->pieces the fragment belongs (*place), and whether it may go there. */
static enum fit
slot_fit(
	struct packet_fragments *f, struct slot *s, const struct packet_view *view, uint32_t *place)
{
	uint32_t start = view->fragment_offset, end = start + view->payload_len, i = s->piece_count;

	while (i > 0 && s->pieces[i - 1].start >= start)
		i--;
	*place = i;
	if (i < s->piece_count && s->pieces[i].start == start && s->pieces[i].end == end) {
		bool same_end = view->fragment_more == (s->total != end);
		return same_end && slot_holds(f, s, view) ? FIT_DUPLICATE : FIT_OVERLAP;
	}
	if (i < s->piece_count && s->pieces[i].start < end)
		return FIT_OVERLAP;
	if (i > 0 && s->pieces[i - 1].end > start)
		return FIT_OVERLAP;
	/* The end of the packet: told twice differently, or behind which something stands. */
	if (s->total && (end > s->total || (!view->fragment_more && end != s->total)))
		return FIT_OVERLAP;
	if (!view->fragment_more && i < s->piece_count)
		return FIT_OVERLAP;
	return s->piece_count == PIECES_MAX ? FIT_TOO_MANY : FIT_NEW;
}

static void
slot_take(
	struct packet_fragments *f, struct slot *s, const struct packet_view *view, uint32_t place)
{
	uint32_t start = view->fragment_offset, end = start + view->payload_len;

	memmove(s->pieces + place + 1, s->pieces + place,
		(s->piece_count - place) * sizeof(s->pieces[0]));
	s->pieces[place] = (struct piece){(uint16_t)start, (uint16_t)end};
	s->piece_count++;
	s->have += view->payload_len;
	if (!view->fragment_more)
		s->total = end;
	if (start == 0)
		s->view = *view;
	slot_write(f, s, view);
}

static enum packet_result
slot_finish(struct packet_fragments *f, struct slot *s, struct packet_view *view)
{
	uint32_t len = s->total;

	for (uint32_t at = 0; at < len; at += BLOCK_BYTES) {
		uint32_t n = len - at < BLOCK_BYTES ? len - at : BLOCK_BYTES;
		memcpy(f->whole + at, slot_block(f, s, at / BLOCK_BYTES), n);
	}
	*view = s->view;
	view->reassembled = true;
	slot_free(f, s);
	f->counters.reassembled++;
	return packet_decode_ip_payload(view, f->whole, len, len);
}

enum packet_result
packet_fragment_push(struct packet_fragments *f, struct packet_view *view, int64_t now_ns)
{
	uint32_t place, len = view->payload_len;

	packet_fragments_expire(f, now_ns);
	if (view->payload_wire_len != len)
		return packet_waiting_dropped(view, &f->counters.truncated);
	if (len == 0 || (view->fragment_more && len % 8))
		return packet_waiting_dropped(view, &f->counters.malformed);
	if (view->fragment_offset > PACKET_MAX || len > PACKET_MAX - view->fragment_offset)
		return packet_waiting_dropped(view, &f->counters.too_large);
	struct slot *s = slot_of_view(f, view, now_ns);
	switch (slot_fit(f, s, view, &place)) {
	case FIT_NEW: break;
	case FIT_DUPLICATE: return packet_waiting_kept(view);
	case FIT_OVERLAP:
		slot_free(f, s);
		return packet_waiting_dropped(view, &f->counters.overlapping);
	case FIT_TOO_MANY:
		slot_free(f, s);
		return packet_waiting_dropped(view, &f->counters.too_large);
	}
	slot_take(f, s, view, place);
	if (s->total && s->have == s->total)
		return slot_finish(f, s, view);
	return packet_waiting_kept(view);
}

const struct packet_fragment_counters *
packet_fragments_counters(const struct packet_fragments *f)
{
	return &f->counters;
}
