/* sip_same: whether two parses of the same bytes say the same: of a message,
 * its details, SDP. */
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

static inline bool
sdp_media_same(const struct sip_sdp_media *a, const struct sip_sdp_media *b)
{
	if (a->n_formats != b->n_formats || a->n_candidates != b->n_candidates)
		return false;
	for (uint32_t i = 0; i < a->n_formats; i++) {
		const struct sip_sdp_format *x = &a->formats[i], *y = &b->formats[i];
		if (!span_same(x->encoding, y->encoding) || !span_same(x->fmtp, y->fmtp) ||
			x->clock_rate != y->clock_rate || x->payload_type != y->payload_type ||
			x->channels != y->channels)
			return false;
	}
	for (uint32_t i = 0; i < a->n_candidates; i++)
		if (!base_ip_eq(&a->candidates[i].ip, &b->candidates[i].ip) ||
			a->candidates[i].port != b->candidates[i].port)
			return false;
	return span_same(a->type, b->type) && span_same(a->proto, b->proto) &&
	       base_ip_eq(&a->ip, &b->ip) && a->ip_valid == b->ip_valid && a->crypto == b->crypto &&
	       a->rtcp_mux == b->rtcp_mux && a->port == b->port && a->port_count == b->port_count &&
	       a->rtcp_port == b->rtcp_port && base_ip_eq(&a->rtcp_ip, &b->rtcp_ip) &&
	       a->direction == b->direction && a->ptime_ms == b->ptime_ms;
}

static inline bool
sdp_same(const struct sip_sdp *a, const struct sip_sdp *b)
{
	if (a->n_media != b->n_media || a->truncated != b->truncated)
		return false;
	for (uint32_t i = 0; i < a->n_media; i++)
		if (!sdp_media_same(&a->media[i], &b->media[i]))
			return false;
	return span_same(a->origin, b->origin) && span_same(a->session_name, b->session_name);
}

static inline bool
uri_same(const struct sip_uri *a, const struct sip_uri *b)
{
	return span_same(a->text, b->text) && span_same(a->scheme, b->scheme) &&
	       span_same(a->user, b->user) && span_same(a->user_params, b->user_params) &&
	       span_same(a->host, b->host) && span_same(a->params, b->params) &&
	       span_same(a->headers, b->headers) && a->port == b->port && a->kind == b->kind;
}

static inline bool
name_addr_same(const struct sip_name_addr *a, const struct sip_name_addr *b)
{
	return span_same(a->display, b->display) && uri_same(&a->uri, &b->uri) &&
	       span_same(a->params, b->params) && span_same(a->tag, b->tag);
}

static inline bool
via_same(const struct sip_via *a, const struct sip_via *b)
{
	return span_same(a->transport, b->transport) && span_same(a->host, b->host) &&
	       span_same(a->branch, b->branch) && span_same(a->received, b->received) &&
	       span_same(a->params, b->params) && a->port == b->port && a->rport == b->rport;
}

static inline bool
details_same(const struct sip_details *a, const struct sip_details *b)
{
	return a->flags == b->flags && uri_same(&a->ruri, &b->ruri) &&
	       name_addr_same(&a->from, &b->from) && name_addr_same(&a->to, &b->to) &&
	       via_same(&a->via, &b->via);
}

/* What is taken for <URI> alone is one element, read so. */
static inline bool
bare_uri_same(const struct sip_message *m, struct base_span value)
{
	struct base_span element;
	struct sip_name_addr a;
	struct sip_authority b;

	if (!sip_bare_uri_in(m, value, &b))
		return true;
	return sip_value_next(&value, &element) && value.len == 0 &&
	       sip_name_addr_parse(element, &a) && a.display.len == 0 && a.params.len == 0 &&
	       span_same(a.uri.user, b.user) && span_same(a.uri.host, b.host) &&
	       a.uri.port == b.port;
}

/* The URIs of a message and the name-addrs of its headers, read as parts of it
 * and alone. */
static inline bool
parts_same(const struct sip_message *m)
{
	struct base_span rest, element;
	struct sip_name_addr a, b;

	if (sip_uri_parse(m->ruri_text, &a.uri) != sip_uri_parse_in(m, m->ruri_text, &b.uri) ||
		!uri_same(&a.uri, &b.uri))
		return false;
	for (uint32_t i = 0; i < m->n_headers; i++) {
		if (!bare_uri_same(m, m->headers[i].value))
			return false;
		for (rest = m->headers[i].value; sip_value_next(&rest, &element);)
			if (sip_name_addr_parse(element, &a) !=
					sip_name_addr_parse_in(m, element, &b) ||
				!name_addr_same(&a, &b))
				return false;
	}
	return true;
}
