/* fuzz_sip: any bytes as a datagram and as a stream; every span lies within them, flags and index
 * agree. */
#include <assert.h>
#include <stdlib.h>

#include "sip.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
within(const struct sip_message *m, struct base_span s)
{
	assert(s.len == 0 || (s.p >= m->start && s.p + s.len <= m->start + m->len));
}

static void
uri_check(const struct sip_message *m, const struct sip_uri *u)
{
	within(m, u->text);
	within(m, u->scheme);
	within(m, u->user);
	within(m, u->user_params);
	within(m, u->host);
	within(m, u->params);
	within(m, u->headers);
}

static void
name_addr_check(const struct sip_message *m, const struct sip_name_addr *n)
{
	within(m, n->display);
	within(m, n->params);
	within(m, n->tag);
	uri_check(m, &n->uri);
}

static void
index_check(const struct sip_message *m)
{
	for (uint32_t i = 0; i < m->n_headers; i++) {
		const struct sip_header *h = &m->headers[i];
		struct base_span rest = h->value, element;
		struct sip_name_addr address;
		uint8_t flat[64];
		uint32_t len;

		within(m, h->name);
		within(m, h->value);
		assert(h->name.len && h->id == sip_header_id_of(h->name));
		assert(h->id == SIP_HDR_OTHER || m->first[h->id] <= i);
		assert(h->next == SIP_NO_HEADER ||
			(h->next > i && m->headers[h->next].id == h->id));
		assert(sip_header_named(m, h->name));
		while (sip_value_next(&rest, &element)) {
			within(m, element);
			assert(element.len);
		}
		sip_name_addr_parse(h->value, &address);
		name_addr_check(m, &address);
		sip_unfold(h->value, flat, sizeof(flat), &len);
		assert(len <= sizeof(flat));
	}
}

/* The short way to tags and branch finds what the long way finds. */
static void
details_check(const struct sip_message *m)
{
	struct sip_details d;

	sip_details_parse(m, &d);
	within(m, d.via.transport);
	within(m, d.via.host);
	within(m, d.via.branch);
	within(m, d.via.received);
	uri_check(m, &d.ruri);
	name_addr_check(m, &d.from);
	name_addr_check(m, &d.to);
	assert((d.flags & m->flags) == m->flags);
	assert(base_span_eq(m->from.tag, d.from.tag) && base_span_eq(m->to.tag, d.to.tag));
	assert(base_span_eq(m->via.branch, d.via.branch));
}

static void
message_check(const struct sip_message *m, const uint8_t *data, size_t size)
{
	assert(m->start == data && m->len <= size && m->n_headers &&
		m->n_headers <= SIP_HEADERS_MAX);
	assert(m->method == SIP_METHOD_NONE || m->status == 0);
	assert(m->status == 0 || (m->status >= 100 && m->status <= 999));
	within(m, m->start_line);
	within(m, m->method_text);
	within(m, m->ruri_text);
	within(m, m->reason);
	within(m, m->cseq_method_text);
	within(m, m->call_id);
	within(m, m->body);
	details_check(m);
	index_check(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_message m, stream;
	struct sip_sdp sdp;
	int32_t n, k;

	if (size > 65536)
		return 0;
	sip_looks_like(data, (uint32_t)size);
	n = sip_parse(&m, data, (uint32_t)size, true);
	k = sip_parse(&stream, data, (uint32_t)size, false);
	assert(n == SIP_MALFORMED || n > 0);
	if (n > 0) {
		message_check(&m, data, size);
		struct base_span body = sip_sdp_find(&m);
		within(&m, body);
		sip_sdp_parse(&sdp, body);
	}
	if (k <= 0)
		return 0;
	message_check(&stream, data, size);
	assert(n > 0 && stream.n_headers == m.n_headers && base_span_eq(stream.call_id, m.call_id));
	/* Whole, it comes out the same without what follows; one byte less, and it is not whole. */
	uint8_t *copy = malloc((size_t)k);
	memcpy(copy, data, (size_t)k);
	assert(sip_parse(&m, copy, (uint32_t)k, false) == k && m.flags == stream.flags);
	free(copy);
	copy = malloc((size_t)k - 1);
	memcpy(copy, data, (size_t)k - 1);
	assert(sip_parse(&m, copy, (uint32_t)k - 1, false) == SIP_PARTIAL);
	free(copy);
	return 0;
}
