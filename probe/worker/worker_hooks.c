#include "worker_private.h"

static void
hook_publish(void *context, const struct base_endpoint *at, const struct media_announce *announce)
{
	struct worker *w = context;
	media_directory_publish(w->directory, at, announce);
}

static void
hook_withdraw(void *context, const struct base_endpoint *at, uint64_t call)
{
	struct worker *w = context;
	media_directory_withdraw(w->directory, at, call);
}

static void
hook_fetch(void *context, const struct base_endpoint *at, bool again)
{
	struct worker *w = context;
	media_directory_fetch(w->directory, at, again);
}

static void
hook_fetch_streams(void *context, uint64_t call, uint32_t nth)
{
	struct worker *w = context;
	media_collect_fetch(w->media, call, nth);
}

static uint64_t
hook_watch(void *context, const struct sip_message *m)
{
	struct worker *w = context;
	return classify_watch(w->now_in_force.classify, w->now_in_force.core, m);
}

static const char *
hook_watch_name(void *context, uint32_t list)
{
	struct worker *w = context;
	return classify_watch_name(w->now_in_force.classify, list);
}

static void
hook_record(void *context, uint8_t *record, uint32_t len)
{
	struct worker *w = context;
	bool kept = w->set->options.record(w->set->options.context, w->core, record, len);
	metrics_add(w->metrics, kept ? METRICS_RECORDS : METRICS_RECORDS_DROPPED, 1);
}

/* ---- legs of one call, each on the core of its Call-ID ---- */

static void
hook_link(void *context, const struct dialog_link *link)
{
	struct worker *w = context;
	uint32_t core = w->core;

	if (!w->alone)
		core = (uint32_t)(link->to ? link->to >> 56
					   : link->key % w->set->options.cores);
	if (core == w->core) {
		dialog_link(w->dialog, link);
		return;
	}
	void *p = shard_reserve(w->shard, w->core, core, sizeof(*link), SHARD_LINK);
	if (p == NULL) {
		metrics_add(w->metrics, METRICS_LINKS_LOST, 1);
		return;
	}
	memcpy(p, link, sizeof(*link));
	shard_send(w->shard, w->core, core, sizeof(*link));
}

/* ---- a call's streams, on whichever core they are ---- */

static void
stream_to_dialog(void *context, const struct media_summary *summary)
{
	struct worker *w = context;
	dialog_add_stream(w->dialog, summary);
}

/* Asks every other core; returns how many will answer. */
static uint8_t
worker_ask_others(struct worker *w, uint64_t call, bool peek)
{
	struct worker_ask ask = {.call = call, .peek = peek};
	uint8_t asked = 0;

	for (uint32_t core = 0; core < w->set->options.cores; core++) {
		if (core == w->core)
			continue;
		void *p = shard_reserve(w->shard, w->core, core, sizeof(ask), SHARD_COLLECT);
		if (p == NULL) {
			metrics_add(w->metrics, METRICS_SHARD_FULL, 1);
			continue;
		}
		memcpy(p, &ask, sizeof(ask));
		shard_send(w->shard, w->core, core, sizeof(ask));
		asked++;
	}
	return asked;
}

/* Gives the dialog the call's streams: those of this core at once, those of others when they
 * answer.  True: none is awaited. */
static bool
streams_gather(struct worker *w, uint64_t call, bool peek)
{
	void (*gather)(struct media *, uint64_t, media_summary_fn, void *) =
		peek ? media_peek : media_collect;
	uint32_t slot = (uint32_t)call;
	uint8_t asked;

	if (w->set->finishing) {
		for (uint32_t core = 0; core < w->set->options.cores; core++)
			gather(w->set->workers[core]->media, call, stream_to_dialog, w);
		return true;
	}
	gather(w->media, call, stream_to_dialog, w);
	asked = w->alone ? 0 : worker_ask_others(w, call, peek);
	if (asked == 0)
		return true;
	w->awaited[slot] = asked | (peek ? AWAITED_PEEK : 0);
	w->awaited_call[slot] = call;
	return false;
}

static void
hook_collect(void *context, uint64_t call)
{
	struct worker *w = context;

	if (streams_gather(w, call, false))
		dialog_collected(w->dialog, call);
}

static void
hook_peek(void *context, uint64_t call)
{
	struct worker *w = context;

	if (streams_gather(w, call, true))
		dialog_peeked(w->dialog, call);
}

static void
hook_ended(void *context, uint64_t call, int64_t end_ns)
{
	struct worker *w = context;
	struct worker_ended ended = {call, end_ns};

	media_ended(w->media, call, end_ns);
	for (uint32_t core = 0; core < w->set->options.cores; core++) {
		if (core == w->core || w->set->finishing)
			continue;
		void *p = shard_reserve(w->shard, w->core, core, sizeof(ended), SHARD_ENDED);
		if (p == NULL) {
			metrics_add(w->metrics, METRICS_SHARD_FULL, 1);
			continue;
		}
		memcpy(p, &ended, sizeof(ended));
		shard_send(w->shard, w->core, core, sizeof(ended));
	}
}

/* ---- messages from other cores ---- */

struct summary_sender {
	struct worker *w;
	uint32_t to;
};

static void
stream_to_owner(void *context, const struct media_summary *summary)
{
	struct summary_sender *s = context;
	void *p = shard_reserve(s->w->shard, s->w->core, s->to, sizeof(*summary), SHARD_SUMMARY);

	if (p == NULL) {
		metrics_add(s->w->metrics, METRICS_SHARD_FULL, 1);
		return;
	}
	memcpy(p, summary, sizeof(*summary));
	shard_send(s->w->shard, s->w->core, s->to, sizeof(*summary));
}

/* Another core asks for the streams of its call, or what they are so far.  An answer that
 * finds no room is missed by nobody for long: the owner waits DIALOG_COLLECT_NS and writes the
 * record without. */
static void
worker_asked(struct worker *w, uint32_t from, struct worker_ask ask)
{
	struct summary_sender sender = {w, from};

	if (ask.peek)
		media_peek(w->media, ask.call, stream_to_owner, &sender);
	else
		media_collect(w->media, ask.call, stream_to_owner, &sender);
	void *p = shard_reserve(w->shard, w->core, from, sizeof(ask), SHARD_COLLECTED);
	if (p == NULL) {
		metrics_add(w->metrics, METRICS_SHARD_FULL, 1);
		return;
	}
	memcpy(p, &ask, sizeof(ask));
	shard_send(w->shard, w->core, from, sizeof(ask));
}

static void
worker_answered(struct worker *w, const struct worker_ask *answer)
{
	uint32_t slot = (uint32_t)answer->call;
	uint8_t mark = answer->peek ? AWAITED_PEEK : 0;

	/* late: meanwhile the call, or another one in its place, asked for something else */
	if (w->awaited_call[slot] != answer->call || (w->awaited[slot] & AWAITED_PEEK) != mark ||
		w->awaited[slot] == mark)
		return;
	if (--w->awaited[slot] != mark)
		return;
	if (answer->peek)
		dialog_peeked(w->dialog, answer->call);
	else
		dialog_collected(w->dialog, answer->call);
}

static void
worker_reported(struct worker *w, const uint8_t *p, uint32_t len)
{
	struct media_report report;

	memcpy(&report, p, sizeof(report));
	report.payload = p + sizeof(report);
	report.len = len - (uint32_t)sizeof(report);
	media_report_take(w->media, &report);
}

void
worker_shard_message(
	void *worker, uint32_t from, enum shard_kind kind, const uint8_t *p, uint32_t len)
{
	struct worker *w = worker;
	struct media_summary summary;
	struct dialog_link link;
	struct media_digit digit;
	struct worker_ended ended;
	struct worker_ask ask;

	switch (kind) {
	case SHARD_SIP: worker_sip_handed_over(w, p, len); break;
	case SHARD_SUMMARY:
		memcpy(&summary, p, sizeof(summary));
		dialog_add_stream(w->dialog, &summary);
		break;
	case SHARD_LINK:
		memcpy(&link, p, sizeof(link));
		dialog_link(w->dialog, &link);
		break;
	case SHARD_COLLECT:
		memcpy(&ask, p, sizeof(ask));
		worker_asked(w, from, ask);
		break;
	case SHARD_COLLECTED:
		memcpy(&ask, p, sizeof(ask));
		worker_answered(w, &ask);
		break;
	case SHARD_ENDED:
		memcpy(&ended, p, sizeof(ended));
		media_ended(w->media, ended.call, ended.end_ns);
		break;
	case SHARD_REPORT: worker_reported(w, p, len); break;
	case SHARD_DIGIT:
		memcpy(&digit, p, sizeof(digit));
		dialog_add_digit(w->dialog, &digit);
		break;
	}
}

/* To the core that owns the call. */
void
worker_digit(void *worker, const struct media_digit *digit)
{
	struct worker *w = worker;
	uint32_t owner = (uint32_t)(digit->call >> 56);

	if (owner == w->core || w->set->finishing) {
		dialog_add_digit(w->set->workers[owner]->dialog, digit);
		return;
	}
	void *p = shard_reserve(w->shard, w->core, owner, sizeof(*digit), SHARD_DIGIT);
	if (p == NULL) {
		metrics_add(w->metrics, METRICS_SHARD_FULL, 1);
		return;
	}
	memcpy(p, digit, sizeof(*digit));
	shard_send(w->shard, w->core, owner, sizeof(*digit));
}

/* To all other cores: which of them has the streams, only they know. */
void
worker_report(void *worker, const struct media_report *report)
{
	struct worker *w = worker;
	uint32_t bytes = report->len < WORKER_REPORT_BYTES ? report->len : WORKER_REPORT_BYTES;
	uint32_t len = (uint32_t)sizeof(*report) + bytes;

	metrics_add(w->metrics, METRICS_RTCP_HANDED_OVER, 1);
	for (uint32_t core = 0; core < w->set->options.cores; core++) {
		if (core == w->core)
			continue;
		uint8_t *p = shard_reserve(w->shard, w->core, core, len, SHARD_REPORT);
		if (p == NULL) {
			metrics_add(w->metrics, METRICS_RTCP_NOT_HANDED_OVER, 1);
			continue;
		}
		memcpy(p, report, sizeof(*report));
		if (bytes)
			memcpy(p + sizeof(*report), report->payload, bytes);
		shard_send(w->shard, w->core, core, len);
	}
}

/* ---- streams without a call ---- */

void
worker_stream_record(void *worker, const struct media_summary *summary)
{
	struct worker *w = worker;
	struct record_writer out =
		record_writer_begin(w->stream_record, sizeof(w->stream_record), RECORD_STREAM);
	uint8_t identity[2 * sizeof(struct base_endpoint) + sizeof(uint32_t) + sizeof(int64_t)],
		*at = identity;
	int64_t us = summary->first_ns / BASE_NS_PER_US;

	memcpy(at, &summary->src, sizeof(summary->src)), at += sizeof(summary->src);
	memcpy(at, &summary->dst, sizeof(summary->dst)), at += sizeof(summary->dst);
	memcpy(at, &summary->ssrc, sizeof(summary->ssrc)), at += sizeof(summary->ssrc);
	memcpy(at, &us, sizeof(us));
	record_put_uid(&out, identity, sizeof(identity));
	record_put_cstr(&out, RECORD_F_STATUS, "final");
	record_put_cstr(&out, RECORD_F_CLOCK_SOURCE, w->set->options.clock_source);
	media_summary_write(&out, summary);
	hook_record(w, w->stream_record, out.len);
}

struct dialog_hooks
worker_dialog_hooks(struct worker *w)
{
	return (struct dialog_hooks){w, hook_publish, hook_withdraw, hook_ended, hook_collect,
		hook_peek, hook_record, hook_watch, hook_watch_name, hook_link, hook_fetch,
		hook_fetch_streams};
}
