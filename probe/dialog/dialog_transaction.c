/* transactions[]: nothing is kept of a transaction but its number in the messages of flow[]; all
 * else follows from them when the record is written. */
#include "dialog_ends.h"

#define TIMEOUT_NS (32 * BASE_NS_PER_SEC) /* timers B and F: 64 x T1 (RFC 3261 17.1) */

static void
take_request(struct transaction *t, const struct flow_entry *e, int64_t ts_ns)
{
	bool repeat = flow_is_repeat(e);

	if (e->method == SIP_METHOD_ACK && (t->method != SIP_METHOD_NONE || repeat)) {
		/* of a failure: the last message of the INVITE's transaction */
		t->ack_ns = t->ack_ns || t->method == SIP_METHOD_ACK ? t->ack_ns : ts_ns;
		return;
	}
	if (t->method == SIP_METHOD_ACK) /* the ACK overtook its INVITE */
		t->ack_ns = t->request_ns, t->request_ns = 0;
	if (t->request_ns)
		return;
	t->request_ns = ts_ns;
	t->method = e->method;
	t->src = e->src;
	t->dst = e->dst;
}

static void
take_response(struct transaction *t, const struct flow_entry *e, int64_t ts_ns)
{
	if (t->method == SIP_METHOD_NONE) {
		t->method = e->cseq_method;
		t->src = e->dst;
		t->dst = e->src;
	}
	if (t->first_response_ns == 0)
		t->first_response_ns = ts_ns;
	bool success = e->status < 300;
	/* A 2xx counts before any other final response of a forking proxy. */
	if (e->status < 200 || (t->code && (!success || t->code < 300)))
		return;
	t->final_ns = ts_ns;
	t->code = e->status;
}

void
transaction_take(struct transactions *all, const struct flow_entry *e)
{
	struct transaction *t = &all->t[e->transaction];

	if (!(all->seen >> e->transaction & 1)) {
		all->seen |= 1ull << e->transaction;
		*t = (struct transaction){
			.word = e->word,
			.cseq = e->cseq,
			.vias = e->vias,
			.from_caller = ((e->flags & FLOW_FROM_CALLER) != 0) == (e->status == 0),
		};
	}
	if (e->flags & FLOW_RETRANSMISSION)
		t->retransmissions++;
	if (e->status == 0)
		take_request(t, e, e->ts_ns);
	else if (!flow_is_repeat(e))
		take_response(t, e, e->ts_ns);
}

/* Is b the request of a on the next hop? */
static bool
is_next_hop(const struct transaction *a, const struct transaction *b)
{
	return a->method == b->method && a->cseq == b->cseq && a->from_caller == b->from_caller &&
	       (b->vias > a->vias || (b->vias == a->vias && a->dst == b->src && a->src != b->dst));
}

static void
hops_count(struct transactions *all)
{
	struct transaction *t = all->t;

	for (uint32_t i = 0; i < all->n; i++)
		for (uint32_t k = 0; k < all->n; k++) {
			bool both = all->seen >> i & all->seen >> k & 1;
			if (k == i || !both || !is_next_hop(&t[k], &t[i]))
				continue;
			uint8_t by = t[i].vias > t[k].vias ? t[i].vias - t[k].vias : 1;
			t[i].hop = by > t[i].hop ? by : t[i].hop;
		}
}

void
transactions_end(const struct dialog *d, const struct slot *s, struct transactions *all)
{
	if (slot_more_of(d, s)->forwarded)
		hops_count(all);
}

enum outcome {
	OUTCOME_UNKNOWN, OUTCOME_ACK, OUTCOME_TIMEOUT, OUTCOME_UNANSWERED, OUTCOME_CHALLENGED,
	OUTCOME_CANCELLED, OUTCOME_COMPLETED, OUTCOME_REDIRECTED, OUTCOME_FAILED
};
static const struct base_word outcome_names[] = {BASE_WORD(""), BASE_WORD("ack"),
	BASE_WORD("timeout"), BASE_WORD("unanswered"), BASE_WORD("challenged"),
	BASE_WORD("cancelled"), BASE_WORD("completed"), BASE_WORD("redirected"),
	BASE_WORD("failed")};

static enum outcome
outcome_of(const struct dialog *d, const struct slot *s, const struct transaction *t)
{
	if (s->unkeyed && t->cseq == 0) /* nothing tells which response is its own */
		return OUTCOME_UNKNOWN;
	if (t->method == SIP_METHOD_ACK)
		return OUTCOME_ACK;
	switch (t->code) {
	case 0:
		if (t->request_ns && d->now_ns - t->request_ns >= TIMEOUT_NS)
			return OUTCOME_TIMEOUT;
		return OUTCOME_UNANSWERED;
	case 401:
	case 407: return OUTCOME_CHALLENGED;
	case 408: return OUTCOME_TIMEOUT;
	case 487: return OUTCOME_CANCELLED;
	default: break;
	}
	if (t->code < 300)
		return OUTCOME_COMPLETED;
	return t->code < 400 ? OUTCOME_REDIRECTED : OUTCOME_FAILED;
}

/* The token of a method that ringtap does not know, as the first message of transaction number has
 * it. */
static struct base_span
method_of(const struct dialog *d, const struct slot *s, uint32_t number, uint8_t *scratch)
{
	struct flow_cursor at = {.texts = true};
	const struct flow_entry *e;

	while ((e = flow_next(d, s, &at)) && e->transaction != number)
		;
	return e ? flow_words(d, e->word, scratch).word : (struct base_span){NULL, 0};
}

/* In record.def's order. */
static void
put_one(const struct dialog *d, const struct slot *s, struct record_writer *to,
	const struct flow_facts *facts, uint32_t number)
{
	const struct transaction *t = &facts->transactions.t[number];
	static const struct base_word sides[] = {BASE_WORD("callee"), BASE_WORD("caller")};
	struct base_span method, branch = {NULL, 0};
	uint8_t scratch[2][FLOW_WORDS_MAX];

	if (d->options.keep_branches)
		branch = flow_words(d, t->word, scratch[1]).branch;
	struct record_writer w = record_row_open(to, RECORD_F_TRANSACTIONS);
	if (t->method == SIP_METHOD_OTHER) {
		method = method_of(d, s, number, scratch[0]);
		record_put_str(&w, RECORD_F_METHOD, method);
	} else {
		record_put_word(
			&w, RECORD_F_METHOD, sip_method_word((enum sip_method)t->method));
	}
	record_put_u64(&w, RECORD_F_CSEQ, t->cseq);
	record_put_str(&w, RECORD_F_BRANCH, branch);
	record_put_u64(&w, RECORD_F_TRANSACTION, number);
	flow_put_ready_ends(d, s, &w, facts, (const uint8_t[]){t->src, t->dst});
	record_put_time(&w, RECORD_F_REQUEST_TIME, t->request_ns);
	record_put_time(&w, RECORD_F_FIRST_RESPONSE_TIME, t->first_response_ns);
	record_put_time(&w, RECORD_F_RESPONSE_TIME, t->final_ns);
	record_put_time(&w, RECORD_F_ACK_TIME, t->ack_ns);
	record_put_word(&w, RECORD_F_OUTCOME, &outcome_names[outcome_of(d, s, t)]);
	if (t->code)
		record_put_u64(&w, RECORD_F_SIP_CODE, t->code);
	if (t->retransmissions)
		record_put_u64(&w, RECORD_F_RETRANSMISSIONS, t->retransmissions);
	if (t->hop)
		record_put_u64(&w, RECORD_F_HOP, t->hop);
	record_put_word(&w, RECORD_F_SENDER, &sides[t->from_caller]);
	record_row_close(to, &w);
}

void
transactions_put(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct flow_facts *facts)
{
	for (uint64_t seen = facts->transactions.seen; seen; seen &= seen - 1)
		put_one(d, s, w, facts, (uint32_t)__builtin_ctzll(seen));
}
