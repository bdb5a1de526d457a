/* sip_same: whether two parses of the same bytes say the same. */
#pragma once

#include "sip.h"

static inline bool
span_same(struct base_span a, struct base_span b)
{
	return a.len == b.len && (a.len == 0 || a.p == b.p);
}

static inline bool
headers_same(const struct sip_message *a, const struct sip_message *b)
{
	if (a->n_headers != b->n_headers || memcmp(a->first, b->first, sizeof(a->first)) != 0)
		return false;
	for (uint32_t i = 0; i < a->n_headers; i++) {
		const struct sip_header *x = &a->headers[i], *y = &b->headers[i];
		if (!span_same(x->name, y->name) || !span_same(x->value, y->value) ||
			x->id != y->id || x->next != y->next)
			return false;
	}
	return true;
}

static inline bool
sip_same(const struct sip_message *a, const struct sip_message *b)
{
	return a->start == b->start && a->len == b->len && a->flags == b->flags &&
	       a->method == b->method && a->cseq_method == b->cseq_method &&
	       a->status == b->status && a->cseq == b->cseq &&
	       span_same(a->start_line, b->start_line) &&
	       span_same(a->method_text, b->method_text) && span_same(a->ruri_text, b->ruri_text) &&
	       span_same(a->reason, b->reason) &&
	       span_same(a->cseq_method_text, b->cseq_method_text) &&
	       span_same(a->call_id, b->call_id) && span_same(a->from.value, b->from.value) &&
	       span_same(a->from.tag, b->from.tag) && span_same(a->to.value, b->to.value) &&
	       span_same(a->to.tag, b->to.tag) && span_same(a->via.value, b->via.value) &&
	       span_same(a->via.branch, b->via.branch) &&
	       span_same(a->content_type, b->content_type) && span_same(a->body, b->body) &&
	       headers_same(a, b);
}
