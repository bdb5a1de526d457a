#include "worker_spread.h"

#include <pthread.h>
#include <stdlib.h>

#include "worker_private.h"

#define SPREAD_FRAMES 4096      /* of a batch */
#define SPREAD_BYTES (8u << 20) /* of a batch; one frame may be as large */
#define SPREAD_WHOLE (1u << 17) /* and what fragments were put together to */
/* of these, what may go through the rings between cores */
#define SPREAD_SIP_BYTES (WORKER_SHARD_RING_BYTES / 4)

/* Of packet time: an endpoint announced anew within a batch would take the media of its last call.
 * */
#define SPREAD_NS WORKER_HOUSE_NS

enum phase { PHASE_SIP, PHASE_HAND_OVER, PHASE_MEDIA, PHASE_HOUSE, PHASE_STOP };

/* The frames of a batch for one core, by index into the batch. */
struct share {
	uint16_t frames[SPREAD_FRAMES];
	uint32_t n;
};

/* Records that a worker has written since the reading thread looked. */
struct outbox {
	uint8_t *p;
	size_t len, cap;
	uint64_t dropped;
};

struct spread_thread {
	struct worker_spread *spread;
	uint32_t core;
	pthread_t id;
};

struct worker_spread {
	struct worker_options options;
	struct worker_set *set;
	struct spread_thread threads[CONFIG_CORES_MAX];
	uint32_t n_threads;
	pthread_barrier_t begin, end; /* of a phase */
	/* written between the barriers by the reading thread alone */
	enum phase phase;
	int64_t now_ns;
	struct rx_frame batch[SPREAD_FRAMES];
	/* of a datagram put together from fragments, among the bytes; else NULL */
	struct packet_view *whole[SPREAD_FRAMES];
	uint32_t n;
	uint8_t *bytes;
	size_t used, sip_bytes;
	struct share sip, media[CONFIG_CORES_MAX];
	struct outbox outboxes[CONFIG_CORES_MAX];
};

/* ---- records: kept by the worker, handed on by the reading thread ---- */

static bool
outbox_put(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	struct worker_spread *s = context;
	struct outbox *o = &s->outboxes[core];

	if (o->cap - o->len < len + sizeof(len)) {
		size_t cap = (o->cap + len) * 2 + 65536;
		uint8_t *p = realloc(o->p, cap);
		if (p == NULL)
			return false;
		o->p = p;
		o->cap = cap;
	}
	memcpy(o->p + o->len, &len, sizeof(len));
	memcpy(o->p + o->len + sizeof(len), record, len);
	o->len += sizeof(len) + len;
	return true;
}

static void
outbox_empty(struct worker_spread *s, uint32_t core)
{
	struct outbox *o = &s->outboxes[core];
	uint32_t len;

	for (size_t at = 0; at < o->len; at += sizeof(len) + len) {
		memcpy(&len, o->p + at, sizeof(len));
		s->options.record(s->options.context, core, o->p + at + sizeof(len), len);
	}
	o->len = 0;
}

/* ---- the workers ---- */

static void
share_step(struct worker_spread *s, struct worker *w, const struct share *share)
{
	struct rx_frame frames[RX_BURST_MAX];
	uint32_t n = 0;

	for (uint32_t at = 0; at < share->n; at++) {
		uint32_t index = share->frames[at];
		bool whole = s->whole[index] != NULL;
		if (n == RX_BURST_MAX || (whole && n)) {
			worker_step(w, frames, n);
			n = 0;
		}
		if (whole)
			worker_whole(w, s->whole[index], &s->batch[index]);
		else
			frames[n++] = s->batch[index];
	}
	if (n)
		worker_step(w, frames, n);
}

static void
phase_run(struct worker_spread *s, uint32_t core)
{
	struct worker *w = worker_set_worker(s->set, core);

	switch (s->phase) {
	case PHASE_SIP:
		if (core == 0)
			share_step(s, w, &s->sip);
		break;
	case PHASE_HAND_OVER:
		while (shard_receive(
			w->shard, core, WORKER_SHARD_MESSAGES, worker_shard_message, w))
			;
		break;
	case PHASE_MEDIA: share_step(s, w, &s->media[core]); break;
	case PHASE_HOUSE: worker_house(w, s->now_ns); break;
	case PHASE_STOP: break;
	}
}

static void *
thread_main(void *context)
{
	struct spread_thread *t = context;
	struct worker_spread *s = t->spread;

	for (;;) {
		pthread_barrier_wait(&s->begin);
		if (s->phase == PHASE_STOP)
			return NULL;
		phase_run(s, t->core);
		pthread_barrier_wait(&s->end);
	}
}

/* The reading thread is worker 0. */
static void
phase_all(struct worker_spread *s, enum phase phase)
{
	s->phase = phase;
	pthread_barrier_wait(&s->begin);
	if (phase == PHASE_STOP)
		return;
	phase_run(s, 0);
	pthread_barrier_wait(&s->end);
}

/* What the cores have told each other, and what that made them tell: round by round, so that each
 * gets the same in the same round whoever is faster. */
static void
settle(struct worker_spread *s)
{
	struct worker *w = worker_set_worker(s->set, 0);

	while (!w->alone && shard_hold(w->shard))
		phase_all(s, PHASE_HAND_OVER);
}

static void
batch_run(struct worker_spread *s)
{
	static const enum phase phases[] = {PHASE_SIP, PHASE_MEDIA, PHASE_HOUSE};

	if (s->n == 0)
		return;
	for (uint32_t i = 0; i < base_count_of(phases); i++) {
		phase_all(s, phases[i]);
		settle(s);
	}
	for (uint32_t core = 0; core < s->options.cores; core++) {
		outbox_empty(s, core);
		s->media[core].n = 0;
	}
	s->sip.n = 0;
	s->n = 0;
	s->used = s->sip_bytes = 0;
}

/* The timers first: what expired in the quiet time is not there any more for the next frame. */
static void
quiet_end(struct worker_spread *s, int64_t now_ns)
{
	batch_run(s);
	s->now_ns = now_ns;
	phase_all(s, PHASE_HOUSE);
	settle(s);
	for (uint32_t core = 0; core < s->options.cores; core++)
		outbox_empty(s, core);
}

/* ---- dealing ---- */

static uint32_t
core_of_pair(const struct worker_spread *s, const struct packet_view *view)
{
	bool order = memcmp(&view->src.ip, &view->dst.ip, sizeof(view->src.ip)) < 0;
	struct base_ip pair[2] = {
		order ? view->src.ip : view->dst.ip, order ? view->dst.ip : view->src.ip};

	return (uint32_t)(base_hash(&s->set->key, pair, sizeof(pair)) % s->options.cores);
}

/* Text, or line ends that may stand before it.  What begins so and is none (UDPTL of a high number)
 * takes its turn with the signalling. */
static bool
may_be_signalling(const struct packet_view *view)
{
	uint8_t first = view->payload_len ? view->payload[0] : 0;

	return view->transport != PACKET_UDP || first >> 6 == 1 || first == '\r' || first == '\n';
}

/* The fragment's packet is whole: its view and bytes among those of the batch. */
static struct packet_view *
keep_whole(struct worker_spread *s, const struct packet_view *view)
{
	struct packet_view *kept;
	uint32_t len = view->payload_len, padding = -len & 3; /* of SCTP, before the rest */

	len += view->sctp_rest ? padding + view->sctp_rest : 0;
	s->used = base_align_up(s->used, _Alignof(struct packet_view));
	kept = (struct packet_view *)(s->bytes + s->used);
	*kept = *view;
	kept->payload = (uint8_t *)(kept + 1);
	memcpy(kept + 1, view->payload, len);
	s->used += sizeof(*kept) + len;
	return kept;
}

/* The reading thread is worker 0, whose table of fragments serves them all. */
static void
deal(struct worker_spread *s, uint32_t index)
{
	const struct rx_frame *f = &s->batch[index];
	struct worker *first = worker_set_worker(s->set, 0);
	struct packet_view view;
	enum packet_result result =
		packet_decode(&view, f->data, f->len, f->wire_len, (enum packet_link)f->link);
	struct share *share = &s->sip;

	s->whole[index] = NULL;
	if (result == PACKET_IS_FRAGMENT) {
		if (worker_defragment(first, &view, f->ts_ns) != PACKET_IS_DATAGRAM) {
			worker_ends(first, (enum packet_verdict)view.verdict, f->wire_len);
			return;
		}
		s->whole[index] = keep_whole(s, &view);
		result = PACKET_IS_DATAGRAM;
	}
	if (result == PACKET_IS_DATAGRAM && !may_be_signalling(&view))
		share = &s->media[core_of_pair(s, &view)];
	else
		s->sip_bytes += sizeof(struct worker_handover) +
				(s->whole[index] ? view.payload_len : f->len);
	share->frames[share->n++] = (uint16_t)index;
}

static bool
batch_is_full(const struct worker_spread *s, const struct rx_frame *next)
{
	return s->n == SPREAD_FRAMES || s->used + next->len > SPREAD_BYTES ||
	       s->sip_bytes > SPREAD_SIP_BYTES ||
	       (s->n && next->ts_ns - s->batch[0].ts_ns > SPREAD_NS);
}

void
worker_spread_frames(struct worker_spread *s, const struct rx_frame *frames, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (batch_is_full(s, &frames[i]))
			batch_run(s);
		if (frames[i].ts_ns - s->now_ns > WORKER_HOUSE_NS)
			quiet_end(s, frames[i].ts_ns);
		struct rx_frame *f = &s->batch[s->n];
		*f = frames[i];
		if (f->len > SPREAD_BYTES)
			f->len = SPREAD_BYTES;
		f->data = s->bytes + s->used;
		memcpy(s->bytes + s->used, frames[i].data, f->len);
		s->used += f->len;
		if (f->ts_ns > s->now_ns)
			s->now_ns = f->ts_ns;
		deal(s, s->n++);
	}
}

/* ---- life ---- */

void
worker_spread_finish(struct worker_spread *s, int64_t now_ns)
{
	batch_run(s);
	if (s->options.cores > 1)
		shard_let_go(worker_set_worker(s->set, 0)->shard);
	worker_set_finish(s->set, now_ns);
	for (uint32_t core = 0; core < s->options.cores; core++)
		outbox_empty(s, core);
}

struct worker_set *
worker_spread_set(struct worker_spread *s)
{
	return s->set;
}

int
worker_spread_new(
	struct worker_spread **out, const struct worker_options *options, struct sys_error *e)
{
	struct worker_spread *s = calloc(1, sizeof(*s));
	struct worker_options own = *options;
	int rc;

	if (s == NULL || (s->bytes = malloc(SPREAD_BYTES + SPREAD_WHOLE)) == NULL) {
		free(s);
		return sys_fail(e, -BASE_ERR_NO_MEMORY,
			"no memory to spread the capture over %u cores", options->cores);
	}
	s->options = *options;
	own.record = outbox_put;
	own.context = s;
	rc = worker_set_new(&s->set, &own, e);
	if (rc < 0) {
		free(s->bytes);
		free(s);
		return rc;
	}
	pthread_barrier_init(&s->begin, NULL, options->cores);
	pthread_barrier_init(&s->end, NULL, options->cores);
	for (uint32_t core = 1; core < options->cores; core++) {
		struct spread_thread *t = &s->threads[core];
		*t = (struct spread_thread){.spread = s, .core = core};
		if (pthread_create(&t->id, NULL, thread_main, t) != 0) {
			/* Those that run wait at a barrier that will never be full: there is no way
			 * back but the end of the process. */
			return sys_fail(e, -BASE_ERR_NO_MEMORY, "cannot start thread %u of %u",
				core, options->cores);
		}
		s->n_threads++;
	}
	settle(s); /* from here on nothing is received out of its round */
	*out = s;
	return 0;
}

void
worker_spread_free(struct worker_spread *s)
{
	if (s == NULL)
		return;
	phase_all(s, PHASE_STOP);
	for (uint32_t core = 1; core <= s->n_threads; core++)
		pthread_join(s->threads[core].id, NULL);
	pthread_barrier_destroy(&s->begin);
	pthread_barrier_destroy(&s->end);
	for (uint32_t core = 0; core < s->options.cores; core++)
		free(s->outboxes[core].p);
	worker_set_free(s->set);
	free(s->bytes);
	free(s);
}
