#include "worker_private.h"

/* A reload: the control thread has made a classifier and scratch for this worker; they are
 * exchanged as a pair. */
static void
house_classifier(struct worker *w)
{
	/* pairs with worker_set_reload */
	struct worker_classifier *next = __atomic_load_n(&w->next, __ATOMIC_ACQUIRE);

	if (base_likely(next == w->taken))
		return;
	struct worker_classifier old = w->now_in_force;
	w->now_in_force = *next;
	*next = old;                                         /* the control thread frees it */
	__atomic_store_n(&w->taken, next, __ATOMIC_RELEASE); /* pairs with worker_set_reload */
}

/* pairs with worker_peek_calls */
static void
house_peek(struct worker *w)
{
	uint32_t asked = __atomic_load_n(&w->peeks_asked, __ATOMIC_RELAXED);

	if (base_likely(asked == w->peeks_done))
		return;
	w->peeks_done = asked;
	dialog_peek_all(w->dialog);
}

void
worker_peek_calls(struct worker *w)
{
	__atomic_add_fetch(&w->peeks_asked, 1, __ATOMIC_RELAXED);
}

static void
house_counters(struct worker *w)
{
	const struct packet_fragment_counters *f = packet_fragments_counters(w->fragments);
	const struct packet_sctp_counters *p = packet_sctp_counters(w->sctp);
	const struct packet_tcp_counters *t = packet_tcp_counters(w->tcp);

	metrics_set(w->metrics, METRICS_FRAGMENTS_REASSEMBLED, f->reassembled);
	metrics_set(w->metrics, METRICS_FRAGMENTS_LOST,
		f->timed_out + f->overlapping + f->evicted + f->too_large);
	metrics_set(w->metrics, METRICS_SCTP_REASSEMBLED, p->reassembled);
	metrics_set(w->metrics, METRICS_SCTP_PIECES_LOST,
		p->timed_out + p->evicted + p->too_large + p->malformed + p->truncated);
	metrics_set(w->metrics, METRICS_TCP_GAPS, t->gaps);
}

/* Frames lost before the workers, what the workers could not hand to each other, and what they gave
 * up unread: a dialog on this core may lack any of them. */
static uint64_t
house_lost(const struct worker *w)
{
	uint64_t lost = __atomic_load_n(&w->lost_total, __ATOMIC_RELAXED);

	for (uint32_t core = 0; core < w->set->options.cores; core++) {
		const struct metrics_core *m = w->set->workers[core]->metrics;
		lost += __atomic_load_n(&m->values[METRICS_SHARD_FULL], __ATOMIC_RELAXED);
		lost += __atomic_load_n(&m->verdicts[PACKET_VERDICT_SHED], __ATOMIC_RELAXED);
	}
	return lost;
}

void
worker_house(struct worker *w, int64_t now_ns)
{
	if (now_ns > w->now_ns)
		w->now_ns = now_ns;
	if (!w->alone)
		shard_receive(w->shard, w->core, WORKER_SHARD_MESSAGES, worker_shard_message, w);
	if (w->now_ns - w->house_ns < WORKER_HOUSE_NS)
		return;
	w->house_ns = w->now_ns;
	house_classifier(w);
	house_peek(w);
	uint64_t lost = house_lost(w);
	dialog_note_loss(w->dialog, lost);
	media_note_loss(w->media, lost);
	packet_fragments_expire(w->fragments, w->now_ns);
	packet_sctp_expire(w->sctp, w->now_ns);
	worker_sip_gaps(w, w->now_ns);
	media_advance(w->media, w->now_ns, worker_stream_record, w);
	dialog_advance(w->dialog, w->now_ns);
	house_counters(w);
}

void
worker_note_loss(struct worker *w, uint64_t lost_total)
{
	/* pairs with worker_house */
	__atomic_store_n(&w->lost_total, lost_total, __ATOMIC_RELAXED);
}

/* What still waits between the cores. */
static void
finish_rings(struct worker_set *set)
{
	uint32_t taken = 1;

	while (taken) {
		taken = 0;
		for (uint32_t core = 0; core < set->options.cores; core++) {
			struct worker *w = set->workers[core];
			taken += shard_receive(
				w->shard, core, WORKER_SHARD_MESSAGES, worker_shard_message, w);
		}
	}
}

void
worker_set_finish(struct worker_set *set, int64_t now_ns)
{
	for (uint32_t core = 0; core < set->options.cores; core++)
		worker_sip_gaps(set->workers[core], INT64_MAX);
	if (set->options.cores > 1)
		finish_rings(set);
	set->finishing = true;
	for (uint32_t core = 0; core < set->options.cores; core++) {
		struct worker *w = set->workers[core];
		int64_t end_ns = now_ns > w->now_ns ? now_ns : w->now_ns;
		/* the last chance to be tied */
		media_advance(w->media, end_ns, worker_stream_record, w);
	}
	for (uint32_t core = 0; core < set->options.cores; core++) {
		struct worker *w = set->workers[core];
		dialog_note_loss(w->dialog, house_lost(w));
		dialog_finish(w->dialog, now_ns > w->now_ns ? now_ns : w->now_ns);
	}
	for (uint32_t core = 0; core < set->options.cores; core++) {
		media_finish(set->workers[core]->media, worker_stream_record, set->workers[core]);
		house_counters(set->workers[core]);
	}
}
