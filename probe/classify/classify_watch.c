#include "classify_private.h"

#define VALUE_MAX 2048 /* bytes of a header value that are searched */

/* One question: core NULL asks in plain C. */
struct watch_query {
	const struct classify_watches *w;
	struct classify_core *core;
	const struct sip_message *m;
	uint64_t lists; /* the answer */
};

static void
query_number(struct watch_query *q, struct base_span user)
{
	uint8_t number[CLASSIFY_NUMBER_MAX];
	uint32_t len = q->w->numbers.n ? classify_number_normalize(user, number) : 0;

	for (uint32_t n = 1; n <= len; n++)
		if (classify_set_has_length(&q->w->numbers, n))
			q->lists |= classify_set_find(&q->w->numbers, base_span_of(number, n));
}

/* The host, then each of its parent domains. */
static void
query_host(struct watch_query *q, struct base_span name)
{
	uint8_t host[CLASSIFY_HOST_MAX];
	uint32_t len = q->w->domains.n ? classify_host_normalize(name, host) : 0;

	for (uint32_t i = 0; i < len; i++)
		if ((i == 0 || host[i - 1] == '.') &&
			classify_set_has_length(&q->w->domains, len - i))
			q->lists |=
				classify_set_find(&q->w->domains, base_span_of(host + i, len - i));
}

static void
query_uri(struct watch_query *q, const struct sip_uri *uri)
{
	query_number(q, uri->user);
	query_host(q, uri->host);
}

/* P-Asserted-Identity: up to two values, in one header or two (RFC 3325 9.1). */
static void
query_asserted(struct watch_query *q)
{
	const struct sip_header *h = sip_header_find(q->m, SIP_HDR_P_ASSERTED_IDENTITY);

	for (; h; h = sip_header_next(q->m, h)) {
		struct base_span rest = h->value, element;
		struct sip_name_addr who;
		while (sip_value_next(&rest, &element))
			if (sip_name_addr_parse(element, &who))
				query_uri(q, &who.uri);
	}
}

static bool
text_contains(struct base_span text, const struct classify_literal *literal)
{
	struct base_span want = base_span_of(literal->text, literal->len);

	for (uint32_t i = 0; i + want.len <= text.len; i++)
		if (base_span_eq_nocase(base_span_of(text.p + i, want.len), want))
			return true;
	return false;
}

static uint64_t
query_text_plain(const struct classify_watches *w, struct base_span text)
{
	uint64_t lists = 0;

	for (uint32_t i = 0; i < w->n_literals; i++)
		if (!(lists >> w->literals[i].list & 1) && text_contains(text, &w->literals[i]))
			lists |= 1ull << w->literals[i].list;
	return lists;
}

/* A header's value, on behalf of the lists that look at this header. */
static void
query_value(struct watch_query *q, struct base_span value, uint64_t lists)
{
	uint8_t unfolded[VALUE_MAX];
	uint64_t found;

	if (value.len && (memchr(value.p, '\n', value.len) || memchr(value.p, '\r', value.len))) {
		uint32_t len = 0;
		sip_unfold(value, unfolded, sizeof(unfolded), &len);
		value = base_span_of(unfolded, len);
	}
	if (value.len > VALUE_MAX)
		value.len = VALUE_MAX;
	if (value.len == 0)
		return;
	if (!q->core || !classify_scan_run(q->w->scan, q->core, value, &found))
		found = query_text_plain(q->w, value);
	q->lists |= found & lists;
}

static void
query_known_header(struct watch_query *q, enum sip_header_id id, uint64_t lists)
{
	for (const struct sip_header *h = sip_header_find(q->m, id); h;
		h = sip_header_next(q->m, h))
		query_value(q, h->value, lists);
}

static void
query_header(struct watch_query *q, const struct classify_watch_header *header)
{
	if (header->id != SIP_HDR_OTHER) {
		query_known_header(q, (enum sip_header_id)header->id, header->lists);
		return;
	}
	for (uint32_t i = 0; i < q->m->n_headers; i++)
		if (base_span_eq_nocase(q->m->headers[i].name, base_span_cstr(header->name)))
			query_value(q, q->m->headers[i].value, header->lists);
}

static uint64_t
query_run(struct watch_query *q)
{
	if (q->w->numbers.n || q->w->domains.n) {
		struct sip_details details;
		sip_details_parse(q->m, &details);
		query_uri(q, &details.from.uri);
		query_uri(q, &details.to.uri);
		query_uri(q, &details.ruri);
		query_asserted(q);
	}
	if (q->w->user_agents) {
		query_known_header(q, SIP_HDR_USER_AGENT, q->w->user_agents);
		query_known_header(q, SIP_HDR_SERVER, q->w->user_agents);
	}
	for (uint32_t i = 0; i < q->w->n_headers; i++)
		query_header(q, &q->w->headers[i]);
	return q->lists;
}

uint64_t
classify_watch(const struct classify *c, struct classify_core *core, const struct sip_message *m)
{
	struct watch_query q = {&c->watches, core, m, 0};

	return c->watches.n ? query_run(&q) : 0;
}

uint64_t
classify_watch_plain(const struct classify *c, const struct sip_message *m)
{
	struct watch_query q = {&c->watches, NULL, m, 0};

	return c->watches.n ? query_run(&q) : 0;
}

const char *
classify_watch_name(const struct classify *c, uint32_t list)
{
	return list < c->watches.n ? c->watches.names[list] : "";
}
