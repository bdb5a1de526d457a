#include "media_private.h"

#define CANDIDATE_IDLE_NS (10 * BASE_NS_PER_SEC)
#define CANDIDATE_HOLD_NS (100 * BASE_NS_PER_MS) /* keeps its place: a packet interval, amply */
/* The address of a call that is over, taken by another one: a stream that was silent that long, or
 * whose sequence number leaps so far, begins anew. */
#define REUSE_GAP_NS (400 * BASE_NS_PER_MS)
#define REUSE_SEQ 64
/* From one packet to the next, at the fastest of clocks: the time of CANDIDATE_IDLE_NS. */
#define CANDIDATE_TICKS (10 * 96000u)
/* Untied that long, a stream may be tied by its host; it began at most so long before the SDP. */
#define HOST_AFTER_NS BASE_NS_PER_SEC
#define HOST_BEFORE_NS (2 * BASE_NS_PER_SEC)
#define EVICT_LOOK 16 /* streams considered for eviction, from the head of a list */
#define EVICT_IDLE_NS BASE_NS_PER_SEC /* silent that long, untied gives way to untied */

/* ---- ties ---- */

/* Of several cores' entries the newest counts, and any before a guess. */
static bool
ask(const struct media *m, const struct base_endpoint *at, struct media_announce *a)
{
	struct media_announce one;
	bool found = false;

	for (uint32_t i = 0; i < m->options.n_directories; i++) {
		if (!media_directory_find(m->options.directories[i], at, &one) || !one.call)
			continue;
		if (!found || (one.guess == a->guess ? one.since_ns > a->since_ns : a->guess))
			*a = one;
		found = true;
	}
	return found;
}

static uint8_t
other_side(uint8_t side)
{
	switch (side) {
	case MEDIA_SIDE_CALLER: return MEDIA_SIDE_CALLEE;
	case MEDIA_SIDE_CALLEE: return MEDIA_SIDE_CALLER;
	default: return MEDIA_SIDE_UNKNOWN;
	}
}

static void
add_codecs(struct media_tie *tie, const struct media_announce *a)
{
	for (uint32_t i = 0; i < a->n_codecs && tie->n_codecs < MEDIA_CODECS_MAX; i++) {
		bool known = false;
		for (uint32_t k = 0; k < tie->n_codecs; k++)
			known |= tie->codecs[k].payload_type == a->codecs[i].payload_type;
		if (!known)
			tie->codecs[tie->n_codecs++] = a->codecs[i];
	}
}

/* Which of two announcements that name different calls is to be followed? */
static bool
is_newer(const struct media_announce *a, const struct media_announce *b)
{
	return a->guess == b->guess ? a->since_ns > b->since_ns : b->guess;
}

/* Payload types mean what the receiver announced, and what it left out, what the sender did. */
bool
media_tie_find(const struct media *m, const struct base_endpoint *from,
	const struct base_endpoint *to, struct media_tie *tie)
{
	struct media_announce dst, src;
	bool at_dst = ask(m, to, &dst), at_src = ask(m, from, &src);

	if (!at_dst && !at_src)
		return false;
	if (at_dst && at_src && dst.call != src.call) {
		at_dst = !is_newer(&src, &dst);
		at_src = !at_dst;
	}
	*tie = (struct media_tie){.call = at_dst ? dst.call : src.call};
	tie->sender = at_dst ? other_side(dst.side) : src.side;
	tie->how = at_dst ? MEDIA_TIED_DST : MEDIA_TIED_SRC;
	if (at_dst && at_src)
		tie->how = MEDIA_TIED_BOTH;
	if ((!at_dst || dst.guess) && (!at_src || src.guess))
		tie->how = MEDIA_TIED_GUESS;
	tie->t38 = (at_dst && dst.t38) || (at_src && src.t38);
	tie->listen = (at_dst && dst.listen) || (at_src && src.listen);
	if (at_dst) {
		tie->srtp = dst.srtp;
		tie->ptime_ms = dst.ptime_ms;
		add_codecs(tie, &dst);
		tie->since_ns = dst.since_ns;
	}
	if (at_src) {
		add_codecs(tie, &src);
		tie->since_ns = src.since_ns > tie->since_ns ? src.since_ns : tie->since_ns;
	}
	return true;
}

/* The one call of all cores that stands behind at's host, or false. */
static bool
ask_host(const struct media *m, const struct base_endpoint *at, struct media_announce *a)
{
	struct base_endpoint host = {at->ip, 0};
	struct media_announce one;
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->options.n_directories; i++) {
		if (!media_directory_find(m->options.directories[i], &host, &one))
			continue;
		if (n++ || one.call == 0)
			return false;
		*a = one;
	}
	return n == 1;
}

/* Both hosts where both are known: of one call, one side each. */
static bool
host_find(const struct media *m, const struct media_ends *ends, struct media_tie *tie)
{
	struct media_announce src = {.call = 0}, dst = {.call = 0};
	bool at_src = ask_host(m, &ends->src, &src), at_dst = ask_host(m, &ends->dst, &dst);

	if (at_src && at_dst && (src.call != dst.call || src.side == dst.side))
		return false;
	if (!at_src && !at_dst)
		return false;
	*tie = (struct media_tie){.call = at_src ? src.call : dst.call, .how = MEDIA_TIED_GUESS};
	tie->sender = at_src ? src.side : other_side(dst.side);
	tie->srtp = at_dst ? dst.srtp : src.srtp;
	tie->listen = (at_dst && dst.listen) || (at_src && src.listen);
	tie->since_ns = at_src ? src.since_ns : dst.since_ns;
	if (at_dst)
		add_codecs(tie, &dst);
	if (at_src)
		add_codecs(tie, &src);
	return true;
}

/* It was sent when the call was there, with what the call announced, and is not beside another
 * stream of the same side. */
static bool
host_fits(const struct media *m, uint32_t index, const struct media_tie *tie)
{
	const struct media_cold *c = &m->cold[index];
	uint32_t indices[MEDIA_CALL_STREAMS_MAX];
	uint32_t n = media_call_streams(m, tie->call, indices, MEDIA_CALL_STREAMS_MAX);
	bool known = false;

	for (uint32_t i = 0; i < tie->n_codecs; i++)
		known |= tie->codecs[i].payload_type == c->payload_type;
	for (uint32_t i = 0; i < n; i++)
		known &= m->cold[indices[i]].sender != tie->sender ||
			 m->hot[indices[i]].last_ns < c->first_ns;
	return known && n < MEDIA_CALL_STREAMS_MAX &&
	       media_elapsed(c->first_ns, tie->since_ns) < HOST_BEFORE_NS;
}

static uint16_t
versions(const struct media *m)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->options.n_directories; i++)
		sum += media_directory_version(m->options.directories[i]);
	return (uint16_t)sum;
}

/* The same, where that call has room for one more stream. */
bool
media_tie_room(const struct media *m, const struct base_endpoint *from,
	const struct base_endpoint *to, struct media_tie *tie)
{
	return media_tie_find(m, from, to, tie) &&
	       media_call_streams(m, tie->call, NULL, MEDIA_CALL_STREAMS_MAX) <
		       MEDIA_CALL_STREAMS_MAX;
}

static void
mark_ended(struct media *m, uint32_t index, int64_t end_ns)
{
	struct media_cold *c = &m->cold[index];

	c->flags &= (uint8_t)~MEDIA_ENDED;
	c->flags |= end_ns ? MEDIA_ENDED : 0;
	media_due_set(c, end_ns ? end_ns : c->first_ns);
	media_figures_marked(m, index);
}

/* A call that is over for its other streams is over for a new one. */
static void
inherit_end(struct media *m, uint32_t index)
{
	uint32_t other;

	if (media_call_streams(m, m->cold[index].call, &other, 1) &&
		m->cold[other].flags & MEDIA_ENDED)
		mark_ended(m, index, media_due_ns(&m->cold[other]));
}

/* Of the call's streams between the same addresses the one heard last: its sender has another SSRC
 * now. */
static void
succeed(struct media *m, uint32_t index)
{
	uint32_t indices[MEDIA_CALL_STREAMS_MAX], before = MEDIA_NONE;
	const struct media_cold *c = &m->cold[index];
	struct media_ends ends = media_ends_of(m, index);
	uint32_t n = media_call_streams(m, c->call, indices, MEDIA_CALL_STREAMS_MAX);

	for (uint32_t i = 0; i < n; i++) {
		const struct media_cold *o = &m->cold[indices[i]];
		struct media_ends theirs = media_ends_of(m, indices[i]);
		if (indices[i] == index || o->first_ns > c->first_ns ||
			memcmp(&theirs, &ends, sizeof(ends)) != 0)
			continue;
		if (before == MEDIA_NONE || m->hot[indices[i]].last_ns > m->hot[before].last_ns)
			before = indices[i];
	}
	struct media_rare *rare = before != MEDIA_NONE ? media_rare_for(m, index) : NULL;
	if (rare)
		rare->previous_ssrc = m->hot[before].ssrc;
}

/* Ties a stream that is in no list. */
static void
apply(struct media *m, uint32_t index, const struct media_tie *tie)
{
	struct media_cold *c = &m->cold[index];

	c->call = tie->call;
	c->sender = tie->sender;
	c->state = MEDIA_TIED;
	c->by_state = (union media_by_state){.tied = {.tie = tie->how}};
	media_due_set(c, c->first_ns);
	inherit_end(m, index);
	media_list_push(m, index);
	media_figures_map(m, index, tie);
	succeed(m, index);
}

static bool
host_try(const struct media *m, uint32_t index, struct media_tie *tie)
{
	const struct media_ends ends = media_ends_of(m, index);

	return media_elapsed(m->cold[index].first_ns, m->hot[index].last_ns) >= HOST_AFTER_NS &&
	       host_find(m, &ends, tie) && host_fits(m, index, tie);
}

/* An untied stream asks again; nothing was published since: no need. */
bool
media_tie_try(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];
	struct media_ends ends = media_ends_of(m, index);
	uint16_t now = versions(m);
	struct media_tie tie;
	bool found = c->asked != now && media_tie_room(m, &ends.src, &ends.dst, &tie);

	c->asked = now;
	if (!found && !host_try(m, index, &tie))
		return false;
	media_list_remove(m, index);
	apply(m, index, &tie);
	return true;
}

void
media_tie_better(struct media *m, uint32_t index)
{
	struct media_cold *c = &m->cold[index];
	struct media_ends ends = media_ends_of(m, index);
	uint16_t now = versions(m);
	struct media_tie tie;

	if (c->state != MEDIA_TIED || c->by_state.tied.tie == MEDIA_TIED_BOTH || c->asked == now ||
		c->flags & (MEDIA_ENDED | MEDIA_LEFT))
		return;
	c->asked = now;
	if (!media_tie_find(m, &ends.src, &ends.dst, &tie) || tie.call != c->call ||
		tie.how != MEDIA_TIED_BOTH)
		return;
	c->by_state.tied.tie = tie.how;
	c->sender = tie.sender;
	media_figures_map(m, index, &tie);
}

/* ---- a call that is over ---- */

void
media_ended(struct media *m, uint64_t call, int64_t end_ns)
{
	uint32_t indices[MEDIA_CALL_STREAMS_MAX],
		n = media_call_streams(m, call, indices, MEDIA_CALL_STREAMS_MAX);

	for (uint32_t i = 0; i < n; i++)
		mark_ended(m, indices[i], end_ns);
}

/* The packet does not simply follow the one before. */
static bool
is_break(const struct media_hot *h, const struct media_sample *s)
{
	uint16_t ahead = (uint16_t)(s->seq - (uint16_t)h->highest);

	return media_elapsed(h->last_ns, s->ts_ns) > REUSE_GAP_NS ||
	       (uint16_t)(ahead + REUSE_SEQ) > 2 * REUSE_SEQ;
}

/* Another call has announced the stream's addresses since this one ended.  One of them alone may be
 * a coincidence: what follows smoothly is the old call's still. */
static bool
is_of_next_call(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_cold *c = &m->cold[index];
	struct media_tie tie;
	uint16_t now = versions(m);

	if (c->asked == now)
		return false;
	struct media_ends ends = media_ends_of(m, index);
	if (!media_tie_find(m, &ends.src, &ends.dst, &tie) || tie.call == c->call ||
		tie.since_ns <= media_due_ns(c)) {
		c->asked = now;
		return false;
	}
	/* Signalling may be ahead of its time by a batch. */
	return s->ts_ns >= tie.since_ns &&
	       (tie.how == MEDIA_TIED_BOTH || is_break(&m->hot[index], s));
}

static uint64_t
hash_of(const struct media *m, uint32_t index)
{
	struct media_ends ends = media_ends_of(m, index);

	return media_hash(m, &ends.src, &ends.dst, m->hot[index].ssrc);
}

bool
media_stays(struct media *m, uint32_t index, const struct media_sample *s)
{
	struct media_cold *c = &m->cold[index];

	if (c->flags & MEDIA_LEFT)
		return false;
	if (!(c->flags & MEDIA_ENDED))
		return true;
	if (is_of_next_call(m, index, s)) {
		media_table_remove(&m->front.table, hash_of(m, index), index);
		c->flags |= MEDIA_LEFT;
		return false;
	}
	if (s->ts_ns > media_due_ns(c))
		media_more_for(m, index)->after_bye++;
	return true;
}

/* ---- room ---- */

static void
count(struct media *m, enum metrics_id id)
{
	if (m->options.metrics)
		metrics_add(m->options.metrics, id, 1);
}

static void
show_active(struct media *m)
{
	if (m->options.metrics)
		metrics_set(m->options.metrics, METRICS_STREAMS_ACTIVE, m->active);
}

void
media_stream_end(struct media *m, uint32_t index, media_summary_fn fn, void *context)
{
	struct media_cold *c = &m->cold[index];
	uint64_t hash = hash_of(m, index);
	bool tied = c->state == MEDIA_TIED;

	media_listen_end(m, index);
	media_digits_end(m, index);
	if (!tied)
		count(m, METRICS_STREAMS_UNTIED);
	if (fn && (tied || media_loss_packets(m, index) >= MEDIA_PROBATION_PACKETS)) {
		struct media_summary summary;
		media_figures_summary(m, index, &summary);
		fn(context, &summary);
	}
	media_blocks_give(m, index);
	if (!(c->flags & MEDIA_LEFT))
		media_table_remove(&m->front.table, hash, index);
	media_list_remove(m, index);
	c->state = MEDIA_FREE;
	c->next = m->free;
	m->free = index;
	m->active--;
	show_active(m);
}

/* The stream of a list's first few that was silent longest. */
static uint32_t
most_idle(const struct media *m, const struct media_list *l)
{
	uint32_t best = l->head, at = l->head;

	for (uint32_t i = 0; i < EVICT_LOOK && at != MEDIA_NONE; i++, at = m->cold[at].next)
		if (m->hot[at].last_ns < m->hot[best].last_ns)
			best = at;
	return best;
}

static bool
evict(struct media *m, bool for_call, int64_t now_ns)
{
	uint32_t victim = most_idle(m, &m->old);

	if (victim == MEDIA_NONE)
		victim = most_idle(m, &m->young);
	if (victim == MEDIA_NONE)
		return false;
	if (!for_call && media_elapsed(m->hot[victim].last_ns, now_ns) < EVICT_IDLE_NS)
		return false;
	media_stream_end(m, victim, m->options.evicted, m->options.context);
	count(m, METRICS_STREAMS_EVICTED);
	return true;
}

static uint32_t
take_index(struct media *m)
{
	uint32_t index = m->free;

	if (index != MEDIA_NONE)
		m->free = m->cold[index].next;
	else
		index = m->fresh++;
	return index;
}

static uint32_t
refuse(struct media *m)
{
	count(m, METRICS_STREAMS_REFUSED);
	return MEDIA_NONE;
}

uint32_t
media_stream_new(struct media *m, const struct media_packet *packet,
	const struct media_sample *first, const struct media_tie *tie)
{
	const struct packet_view *v = packet->view;

	if (m->active == m->options.max_streams && !evict(m, tie != NULL, packet->ts_ns))
		return refuse(m);
	uint32_t index = take_index(m);
	if (!media_table_insert(&m->front.table, packet->hash, index)) {
		m->cold[index].next = m->free;
		m->free = index;
		return refuse(m);
	}
	struct media_cold *c = &m->cold[index];
	memset(c, 0, sizeof(*c));
	media_ends_set(m, index, v);
	c->vlan = v->vlan & MEDIA_VLAN_NONE;
	c->tunnel = v->tunnel;
	c->dscp = v->dscp;
	c->ttl = v->ttl;
	m->hot[index].ssrc =
		first->payload_type == MEDIA_PT_T38 ? 0 : base_load_be32(v->payload + 8);
	m->hot[index].check = (uint32_t)(packet->hash >> 16);
	media_figures_begin(m, index, first);
	if (tie) {
		apply(m, index, tie);
	} else {
		c->state = MEDIA_YOUNG;
		media_due_set(c, packet->ts_ns + MEDIA_ASK_YOUNG_NS);
		media_list_push(m, index);
	}
	m->active++;
	count(m, METRICS_STREAMS);
	show_active(m);
	return index;
}

/* ---- candidates ---- */

static int64_t
candidate_last_ns(const struct media_candidate *c)
{
	return c->n ? c->samples[c->n - 1].ts_ns : INT64_MIN;
}

/* The candidate of this hash, or a place for it, emptied: the older one of two, unless that is
 * still awaiting its second packet (else a million streams that are there at the start would drive
 * each other out for ever).  NULL: no place now. */
static struct media_candidate *
candidate_of(struct media *m, uint64_t hash, int64_t now_ns)
{
	struct media_candidate *pair = &m->candidates[(hash >> 8) & m->candidate_mask & ~1u];
	struct media_candidate *c =
		&pair[candidate_last_ns(&pair[1]) < candidate_last_ns(&pair[0])];

	for (uint32_t i = 0; i < 2; i++)
		if (pair[i].hash == hash)
			c = &pair[i];
	int64_t age_ns = media_elapsed(candidate_last_ns(c), now_ns);
	if (c->n && c->hash != hash && age_ns >= 0 && age_ns < CANDIDATE_HOLD_NS)
		return NULL;
	if (c->hash != hash || age_ns > CANDIDATE_IDLE_NS)
		c->n = 0;
	m->candidates_held += c->hash == 0;
	c->hash = hash;
	return c;
}

/* The candidate of this hash, or NULL: a stream that needs no second packet takes no place. */
static struct media_candidate *
candidate_known(struct media *m, uint64_t hash, int64_t now_ns)
{
	struct media_candidate *pair = &m->candidates[(hash >> 8) & m->candidate_mask & ~1u];

	if (m->candidates_held == 0) /* two lines that nobody has written to */
		return NULL;
	return pair[0].hash == hash || pair[1].hash == hash ? candidate_of(m, hash, now_ns) : NULL;
}

static bool
is_in_sequence(const struct media_candidate *c, const struct media_sample *s)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (s->seq == (uint16_t)(c->samples[i].seq + 1) &&
			s->payload_type == c->samples[i].payload_type &&
			s->timestamp - c->samples[i].timestamp < CANDIDATE_TICKS)
			return true;
	return false;
}

static void
candidate_keep(struct media_candidate *c, const struct media_sample *s)
{
	if (c->n == MEDIA_CANDIDATE_PACKETS) {
		memmove(&c->samples[0], &c->samples[1], sizeof(c->samples) - sizeof(c->samples[0]));
		c->n--;
	}
	c->samples[c->n++] = *s;
}

/* A packet that starts no stream waits for the next one. */
static bool
wait_for_second(struct media *m, struct media_candidate *c, const struct media_sample *s)
{
	if (c)
		candidate_keep(c, s);
	else
		refuse(m);
	return c != NULL;
}

bool
media_begin(struct media *m, struct media_packet *packet)
{
	const struct packet_view *v = packet->view;
	struct media_sample s;
	struct media_tie tie;

	if (packet->hash == 0)
		return false;
	packet->stream = media_lookup(m, packet->hash, base_load_be32(v->payload + 8));
	if (packet->stream != MEDIA_NONE)
		media_update(m, packet, 1);
	if (packet->stream != MEDIA_NONE)
		return true;
	if (!media_sample_of(&s, packet))
		return false;
	bool for_call = media_tie_room(m, &v->src, &v->dst, &tie);
	struct media_candidate *c = for_call ? candidate_known(m, packet->hash, packet->ts_ns)
					     : candidate_of(m, packet->hash, packet->ts_ns);
	if (!for_call && !(c && is_in_sequence(c, &s)))
		return wait_for_second(m, c, &s);
	const struct media_sample *first = c && c->n ? &c->samples[0] : &s;
	uint32_t index = media_stream_new(m, packet, first, for_call ? &tie : NULL);
	if (index == MEDIA_NONE)
		return false;
	for (uint32_t i = 0; c && i < c->n; i++)
		media_account(m, index, &c->samples[i], NULL);
	if (c) {
		c->hash = c->n = 0;
		m->candidates_held--;
	}
	media_account(m, index, &s, packet);
	packet->stream = index;
	return true;
}

/* ---- RTCP ---- */

/* The call whose endpoint it is: at its ports, or at those below. */
static void
rtcp_call(const struct media *m, struct media_report *report)
{
	struct base_endpoint src = report->src, dst = report->dst;
	struct media_tie tie;

	src.port--;
	dst.port--;
	if (!media_tie_find(m, &report->src, &report->dst, &tie) &&
		!media_tie_find(m, &src, &dst, &tie))
		return;
	report->call = tie.call;
	report->cipher = tie.srtp;
}

/* Of the same ports (RFC 5761), or of the even ports below (RFC 3550 section 11). */
uint32_t
media_rtcp_stream(const struct media *m, const struct base_endpoint *src,
	const struct base_endpoint *dst, uint32_t ssrc)
{
	struct base_endpoint from = *src, to = *dst;

	for (uint32_t i = 0; i < 2; i++) {
		uint32_t index = media_lookup(m, media_hash(m, &from, &to, ssrc), ssrc);
		if (index != MEDIA_NONE)
			return index;
		from.port--;
		to.port--;
	}
	return MEDIA_NONE;
}

/* The stream of the packet's sender; on any other port (a=rtcp, NAT) that of its SSRC in the call
 * whose endpoint it is. */
static uint32_t
rtcp_sender(const struct media *m, const struct media_report *report)
{
	uint32_t index = media_rtcp_stream(m, &report->src, &report->dst, report->ssrc);

	if (index == MEDIA_NONE && report->call)
		index = media_call_stream(m, report->call, report->ssrc);
	return index;
}

bool
media_rtcp(struct media *m, const struct media_packet *packet)
{
	const struct packet_view *v = packet->view;

	if (!rtcp_looks_like(v->payload, v->payload_len, v->payload_wire_len))
		return false;
	struct media_report report = {.ts_ns = packet->ts_ns,
		.src = v->src,
		.dst = v->dst,
		.ssrc = base_load_be32(v->payload + 4),
		.len = v->payload_len,
		.payload = v->payload};
	uint32_t from = rtcp_sender(m, &report);
	if (from == MEDIA_NONE)
		rtcp_call(m, &report);
	else if (m->cold[from].state == MEDIA_TIED)
		report.call = m->cold[from].call;
	if (from == MEDIA_NONE)
		from = rtcp_sender(m, &report);
	media_reports_receive(m, &report, from);
	return from != MEDIA_NONE || report.call;
}

void
media_report_take(struct media *m, const struct media_report *report)
{
	struct media_report own = *report;

	own.travelled = true;
	media_reports_receive(
		m, &own, own.sender_taken ? MEDIA_NONE : rtcp_sender(m, &own));
}
