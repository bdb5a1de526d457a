#include "dialog_private.h"

#define PEEK_SLOTS 256 /* looked at in one dialog_advance, for dialog_peek_all */

/* The answer may not have been seen, only its ACK. */
static int64_t
established_ns(const struct dialog *d, const struct slot *s)
{
	return s->call.answer_ns ? s->call.answer_ns : call_moment_ns(d, s, MOMENT_ACK);
}

static int64_t
interim_due_ns(const struct dialog *d, const struct slot *s)
{
	int64_t interval = d->options.interim_ns;

	if (interval == 0)
		return INT64_MAX;
	return established_ns(d, s) + ((int64_t)s->call.interims + 1) * interval;
}

void
peek_arm(struct dialog *d, struct slot *s, int64_t idle_from_ns)
{
	int64_t idle = idle_from_ns + d->options.call_idle_ns, due = interim_due_ns(d, s);

	slot_arm(d, s, idle < due ? idle : due);
}

/* A core that does not answer is not waited for. */
static void
peek_begin(struct dialog *d, struct slot *s, enum peek why)
{
	streams_reset(d, s);
	s->peeking = (uint8_t)why;
	if (s->list == LIST_ESTABLISHED)
		slot_arm(d, s, d->now_ns + DIALOG_COLLECT_NS);
	d->options.hooks.peek(d->options.hooks.context, slot_handle(d, s));
}

void
peek_expired(struct dialog *d, struct slot *s)
{
	if (s->peeking) {
		dialog_peeked(d, slot_handle(d, s));
		return;
	}
	if (d->now_ns < interim_due_ns(d, s)) {
		peek_begin(d, s, PEEK_IDLE);
		return;
	}
	/* A clock that leaps over intervals owes one record, not one for each. */
	s->call.interims = (uint32_t)((d->now_ns - established_ns(d, s)) / d->options.interim_ns);
	peek_begin(d, s, PEEK_RECORD);
}

void
dialog_peeked(struct dialog *d, uint64_t call)
{
	struct slot *s = slot_of_handle(d, call);

	if (s == NULL || s->peeking == PEEK_NONE)
		return;
	bool open = s->list == LIST_ESTABLISHED || s->list == LIST_EARLY;
	int64_t media = streams_last_ns(d, s), last = media > s->last_ns ? media : s->last_ns;
	bool silent = s->list == LIST_ESTABLISHED && last + d->options.call_idle_ns <= d->now_ns;
	/* Where the clock leapt over the call's end, the final record is what there is to say. */
	if (open && s->peeking == PEEK_RECORD && !silent) {
		dialog_record_write(d, s);
		metrics_add(d->options.metrics, METRICS_RECORDS_INTERIM, 1);
	}
	streams_reset(d, s);
	if (s->list != LIST_ESTABLISHED)
		return;
	if (silent)
		dialog_close(d, s, END_TIMEOUT);
	else
		peek_arm(d, s, last);
}

void
dialog_peek_all(struct dialog *d)
{
	d->peek_at = 0;
}

void
peek_some(struct dialog *d)
{
	for (uint32_t i = 0; i < PEEK_SLOTS && d->peek_at != DIALOG_NIL; i++) {
		struct slot *s = &d->slots[d->peek_at];
		if (d->peek_at >= d->used) {
			d->peek_at = DIALOG_NIL;
			return;
		}
		d->peek_at++;
		if (s->kind == SLOT_CALL && (s->list == LIST_EARLY || s->list == LIST_ESTABLISHED))
			peek_begin(d, s, PEEK_RECORD);
	}
}
