#include "packet_tcp.h"

#include "packet_tcp_private.h"

#define GAP_NS (2 * BASE_NS_PER_SEC)

struct layout {
	size_t flows, buckets, slabs, end;
	uint32_t bucket_count;
};

static struct layout
layout_of(uint32_t max_flows, uint32_t buffer_bytes)
{
	struct layout l = {.bucket_count = base_power_of_two_at_least(max_flows)};

	l.flows = base_align_up(sizeof(struct packet_tcp), BASE_CACHE_LINE);
	l.buckets = base_align_up(
		l.flows + (size_t)max_flows * sizeof(struct packet_tcp_flow), BASE_CACHE_LINE);
	l.slabs = base_align_up(
		l.buckets + (size_t)l.bucket_count * sizeof(uint32_t), BASE_CACHE_LINE);
	l.end = base_align_up(l.slabs + (size_t)max_flows * buffer_bytes, BASE_CACHE_LINE);
	return l;
}

size_t
packet_tcp_footprint(uint32_t max_flows, uint32_t buffer_bytes)
{
	return layout_of(max_flows ? max_flows : 1, buffer_bytes).end;
}

struct packet_tcp *
packet_tcp_new(
	void *mem, uint32_t max_flows, uint32_t buffer_bytes, const struct base_hash_key *key)
{
	uint32_t max = max_flows ? max_flows : 1;
	struct layout l = layout_of(max, buffer_bytes);
	struct packet_tcp *t = mem;
	uint8_t *base = mem;

	*t = (struct packet_tcp){
		.key = *key,
		.buckets = (uint32_t *)(base + l.buckets),
		.bucket_mask = l.bucket_count - 1,
		.max = max,
		.window = buffer_bytes,
		.lists = {{PACKET_TCP_NIL, PACKET_TCP_NIL}, {PACKET_TCP_NIL, PACKET_TCP_NIL}},
		.flows = (struct packet_tcp_flow *)(base + l.flows),
		.slabs = base + l.slabs,
	};
	for (uint32_t i = 0; i < l.bucket_count; i++)
		t->buckets[i] = PACKET_TCP_NIL;
	for (uint32_t i = 0; i < max; i++)
		t->flows[i] =
			(struct packet_tcp_flow){.chain = i + 1 < max ? i + 1 : PACKET_TCP_NIL};
	return t;
}

/* ---- lists ---- */

/* Puts flow id behind the flow after, or first where after is PACKET_TCP_NIL. */
static void
list_insert(struct packet_tcp *t, enum packet_tcp_list_name name, uint32_t id, uint32_t after)
{
	struct packet_tcp_list *l = &t->lists[name];
	uint32_t next = after == PACKET_TCP_NIL ? l->head : t->flows[after].links[name].next;

	t->flows[id].links[name] = (struct packet_tcp_link){after, next};
	*(after == PACKET_TCP_NIL ? &l->head : &t->flows[after].links[name].next) = id;
	*(next == PACKET_TCP_NIL ? &l->tail : &t->flows[next].links[name].prev) = id;
}

static void
list_remove(struct packet_tcp *t, enum packet_tcp_list_name name, uint32_t id)
{
	struct packet_tcp_list *l = &t->lists[name];
	struct packet_tcp_link k = t->flows[id].links[name];

	*(k.prev == PACKET_TCP_NIL ? &l->head : &t->flows[k.prev].links[name].next) = k.next;
	*(k.next == PACKET_TCP_NIL ? &l->tail : &t->flows[k.next].links[name].prev) = k.prev;
}

static void
list_move_last(struct packet_tcp *t, enum packet_tcp_list_name name, uint32_t id)
{
	list_remove(t, name, id);
	list_insert(t, name, id, t->lists[name].tail);
}

/* ---- flows ---- */

static uint32_t
bucket_of(const struct packet_tcp *t, const struct packet_tcp_key *key)
{
	return (uint32_t)base_hash(&t->key, key, sizeof(*key)) & t->bucket_mask;
}

static uint32_t
flow_find(const struct packet_tcp *t, const struct packet_tcp_key *key, uint32_t bucket)
{
	uint32_t id = t->buckets[bucket];

	while (id != PACKET_TCP_NIL && memcmp(&t->flows[id].key, key, sizeof(*key)) != 0)
		id = t->flows[id].chain;
	return id;
}

static void
flow_free(struct packet_tcp *t, struct packet_tcp_flow *f)
{
	uint32_t id = packet_tcp_flow_id(t, f), *link = &t->buckets[f->bucket];

	while (*link != id)
		link = &t->flows[*link].chain;
	*link = f->chain;
	list_remove(t, PACKET_TCP_LIST_USE, id);
	if (f->waiting)
		list_remove(t, PACKET_TCP_LIST_WAIT, id);
	f->used = f->waiting = false;
	f->chain = t->free_flow;
	t->free_flow = id;
}

void
packet_tcp_flow_begin(
	struct packet_tcp *t, struct packet_tcp_flow *f, uint32_t seq, bool mid_connection)
{
	if (f->waiting)
		list_remove(t, PACKET_TCP_LIST_WAIT, packet_tcp_flow_id(t, f));
	f->base = f->next = f->first = seq;
	f->start = 0;
	f->island_count = 0;
	f->fin_seen = f->closed = f->lost = f->stray = f->waiting = false;
	f->note = mid_connection ? f->note : 0;
	f->gap = mid_connection;
	f->fresh = true;
	t->counters.flows++;
}

static struct packet_tcp_flow *
flow_new(struct packet_tcp *t, const struct packet_tcp_key *key, uint32_t bucket)
{
	if (t->free_flow == PACKET_TCP_NIL) {
		struct packet_tcp_flow *victim = &t->flows[t->lists[PACKET_TCP_LIST_USE].head];
		t->counters.evicted += !victim->closed;
		flow_free(t, victim);
	}
	uint32_t id = t->free_flow;
	struct packet_tcp_flow *f = &t->flows[id];

	t->free_flow = f->chain;
	f->key = *key;
	f->used = true;
	f->note = 0;
	f->bucket = bucket;
	f->chain = t->buckets[bucket];
	t->buckets[bucket] = id;
	list_insert(t, PACKET_TCP_LIST_USE, id, t->lists[PACKET_TCP_LIST_USE].tail);
	return f;
}

/* Keeps the flow in the list of those that wait for a gap to be filled; the wait begins anew
 * whenever next moves. */
static void
flow_wait(struct packet_tcp *t, struct packet_tcp_flow *f, int64_t now_ns)
{
	bool wait = !f->closed && (f->island_count || (f->fin_seen && f->next != f->fin));

	if (f->waiting && wait && f->wait_at == f->next)
		return;
	if (f->waiting)
		list_remove(t, PACKET_TCP_LIST_WAIT, packet_tcp_flow_id(t, f));
	if (wait) {
		list_insert(t, PACKET_TCP_LIST_WAIT, packet_tcp_flow_id(t, f),
			t->lists[PACKET_TCP_LIST_WAIT].tail);
		f->wait_at = f->next;
		f->wait_since_ns = now_ns;
	}
	f->waiting = wait;
}

/* Nobody will fill the first gap: the snap length made it, or it has been waited for long
 * enough. */
static bool
flow_gap_is_final(const struct packet_tcp_flow *f, int64_t now_ns)
{
	if (f->lost && f->island_count && f->islands[0].start - f->base <= f->lost_end - f->base)
		return true;
	if (f->lost && f->fin_seen && f->fin == f->lost_end && !f->island_count)
		return true;
	return f->waiting && f->wait_since_ns <= now_ns - GAP_NS;
}

static void
flow_close(struct packet_tcp *t, struct packet_tcp_flow *f)
{
	f->closed = true;
	f->island_count = 0;
	list_remove(t, PACKET_TCP_LIST_USE, packet_tcp_flow_id(t, f));
	list_insert(t, PACKET_TCP_LIST_USE, packet_tcp_flow_id(t, f), PACKET_TCP_NIL);
}

/* After every change: skips a gap that is final, closes, keeps the wait.  delivered: the owner
 * has seen all that is in order; else no gap is skipped now, since that gives up the bytes
 * before it. */
static void
flow_settle(struct packet_tcp *t, struct packet_tcp_flow *f, int64_t now_ns, bool delivered)
{
	if (delivered && !f->closed && flow_gap_is_final(f, now_ns))
		packet_tcp_flow_skip_gap(t, f);
	if (!f->closed && f->fin_seen && f->next == f->fin)
		flow_close(t, f);
	flow_wait(t, f, now_ns);
}

static void
flow_stream(struct packet_tcp *t, struct packet_tcp_flow *f, struct packet_tcp_stream *stream)
{
	*stream = (struct packet_tcp_stream){
		.flow = packet_tcp_flow_id(t, f),
		.p = packet_tcp_flow_slab(t, f) + f->start,
		.len = f->next - f->base,
		.src = f->key.src,
		.dst = f->key.dst,
		.vlan = f->vlan,
		.tunnel = f->tunnel,
		.gap = f->gap,
		.fresh = f->fresh,
		.note = f->note,
		.closed = f->closed,
	};
	f->fresh = false;
}

/* The flow that view belongs to, begun or restarted where that is called for; NULL: none. */
static struct packet_tcp_flow *
flow_of_view(struct packet_tcp *t, const struct packet_view *view, bool follow)
{
	struct packet_tcp_key key = {view->src, view->dst};
	uint32_t bucket = bucket_of(t, &key), id = flow_find(t, &key, bucket);
	bool syn = view->tcp_flags & PACKET_TCP_SYN;
	struct packet_tcp_flow *f;

	if (id == PACKET_TCP_NIL) {
		if (!follow || (!syn && view->payload_len == 0) ||
			(view->tcp_flags & PACKET_TCP_RST))
			return NULL;
		f = flow_new(t, &key, bucket);
		packet_tcp_flow_begin(t, f, view->tcp_seq + syn, !syn);
		f->vlan = view->vlan;
		f->tunnel = view->tunnel;
		return f;
	}
	f = &t->flows[id];
	if (syn && f->first != view->tcp_seq + 1)
		packet_tcp_flow_begin(t, f, view->tcp_seq + 1, false);
	f->vlan = view->vlan;
	f->tunnel = view->tunnel;
	if (!f->closed)
		list_move_last(t, PACKET_TCP_LIST_USE, id);
	return f;
}

/* RST: believed within the window only (RFC 5961 in spirit: the probe does not see what the
 * receiver accepts). */
static bool
flow_reset(struct packet_tcp *t, struct packet_tcp_flow *f, uint32_t seq)
{
	int32_t ahead = (int32_t)(seq - f->next);

	if (f->closed || ahead > (int32_t)t->window || ahead < -(int32_t)t->window)
		return false;
	flow_close(t, f);
	return true;
}

static void
flow_note_fin(struct packet_tcp *t, struct packet_tcp_flow *f, uint32_t fin)
{
	if (f->closed || fin - f->next > t->window)
		return;
	if (f->island_count && (int32_t)(f->islands[f->island_count - 1].end - fin) > 0)
		return;
	f->fin = fin;
	f->fin_seen = true;
}

bool
packet_tcp_is_followed(const struct packet_tcp *t, const struct packet_view *view)
{
	struct packet_tcp_key key = {view->src, view->dst};

	return flow_find(t, &key, bucket_of(t, &key)) != PACKET_TCP_NIL;
}

bool
packet_tcp_push(struct packet_tcp *t, const struct packet_view *view, int64_t now_ns, bool follow,
	struct packet_tcp_stream *stream)
{
	if (view->transport != PACKET_TCP)
		return false;
	struct packet_tcp_flow *f = flow_of_view(t, view, follow);
	if (!f)
		return false;
	uint32_t seq = view->tcp_seq + !!(view->tcp_flags & PACKET_TCP_SYN); /* SYN takes one */
	struct packet_tcp_segment seg = {
		view->payload, seq, view->payload_len, view->payload_wire_len};
	uint32_t next = f->next;
	bool was_closed = f->closed;

	if (view->tcp_flags & PACKET_TCP_RST) {
		flow_reset(t, f, seg.seq);
	} else {
		if (f->island_count && seg.seq - f->next <= t->window &&
			packet_tcp_flow_overflows(t, f, &seg))
			packet_tcp_flow_skip_gap(t, f);
		if (seg.wire && !packet_tcp_flow_take(t, f, seg))
			t->counters.dropped++;
		if (view->tcp_flags & PACKET_TCP_FIN)
			flow_note_fin(t, f, seg.seq + seg.wire);
	}
	flow_settle(t, f, now_ns, f->next == next);
	if (f->next == next && f->closed == was_closed)
		return false;
	flow_stream(t, f, stream);
	return true;
}

bool
packet_tcp_poll(struct packet_tcp *t, int64_t now_ns, struct packet_tcp_stream *stream)
{
	uint32_t id = t->lists[PACKET_TCP_LIST_WAIT].head;

	if (id == PACKET_TCP_NIL || !flow_gap_is_final(&t->flows[id], now_ns))
		return false;
	flow_settle(t, &t->flows[id], now_ns, true);
	flow_stream(t, &t->flows[id], stream);
	return true;
}

void
packet_tcp_consume(struct packet_tcp *t, uint32_t flow, uint32_t n)
{
	if (flow >= t->max || !t->flows[flow].used)
		return;
	struct packet_tcp_flow *f = &t->flows[flow];
	uint32_t len = f->next - f->base;

	if (n > len)
		n = len;
	if (n)
		f->gap = false;
	f->base += n;
	f->start = f->base == f->next && !f->island_count ? 0 : f->start + n;
}

void
packet_tcp_note(struct packet_tcp *t, uint32_t flow, uint8_t note)
{
	if (flow < t->max && t->flows[flow].used)
		t->flows[flow].note = note;
}

void
packet_tcp_forget(struct packet_tcp *t, uint32_t flow)
{
	if (flow < t->max && t->flows[flow].used)
		flow_free(t, &t->flows[flow]);
}

const struct packet_tcp_counters *
packet_tcp_counters(const struct packet_tcp *t)
{
	return &t->counters;
}
