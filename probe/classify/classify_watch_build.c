#include "classify_private.h"

#include <stdlib.h>

/* How much room the entries of all lists need. */
struct build_sizes {
	uint32_t numbers, domains, literals;
	size_t number_bytes, domain_bytes, literal_bytes;
};

static int
build_fail(struct sys_error *e, const struct classify_watch_list *list, const char *entry,
	const char *why)
{
	return sys_fail(
		e, -BASE_ERR_INVALID, "watch list '%s': entry '%.80s' %s", list->name, entry, why);
}

static int
build_no_memory(struct sys_error *e)
{
	return sys_fail(e, -BASE_ERR_NO_MEMORY, "watch lists: out of memory");
}

static void
sizes_add(struct build_sizes *sizes, const struct classify_watch_list *list)
{
	for (uint32_t i = 0; i < list->n_entries; i++) {
		size_t len = strlen(list->entries[i]);
		if (list->kind == CLASSIFY_WATCH_NUMBER)
			sizes->numbers++, sizes->number_bytes += len;
		else if (list->kind == CLASSIFY_WATCH_DOMAIN)
			sizes->domains++, sizes->domain_bytes += len;
		else
			sizes->literals++, sizes->literal_bytes += len;
	}
}

static int
add_number(struct classify_watches *w, const char *entry, uint32_t list)
{
	uint8_t number[CLASSIFY_NUMBER_MAX];
	uint32_t len = classify_number_normalize(base_span_cstr(entry), number);

	if (len == 0 || len == CLASSIFY_NUMBER_MAX)
		return -1;
	classify_set_add(&w->numbers, base_span_of(number, len), list);
	return 0;
}

/* example.com; *.example.com and .example.com mean the same. */
static int
add_domain(struct classify_watches *w, const char *entry, uint32_t list)
{
	uint8_t host[CLASSIFY_HOST_MAX];
	struct base_span domain = base_span_cstr(entry);

	if (domain.len >= 2 && domain.p[0] == '*' && domain.p[1] == '.')
		domain = base_span_of(domain.p + 1, domain.len - 1);
	if (domain.len && domain.p[0] == '.')
		domain = base_span_of(domain.p + 1, domain.len - 1);
	uint32_t len = classify_host_normalize(domain, host);
	if (len == 0)
		return -1;
	classify_set_add(&w->domains, base_span_of(host, len), list);
	return 0;
}

/* literal_bytes has room for all; *used moves on. */
static int
add_literal(struct classify_watches *w, const char *entry, uint32_t list, size_t *used)
{
	uint32_t len = (uint32_t)strlen(entry);
	char *text = w->literal_bytes + *used;

	if (len == 0)
		return -1;
	for (uint32_t i = 0; i < len; i++)
		text[i] = (char)base_lower((uint8_t)entry[i]);
	w->literals[w->n_literals++] = (struct classify_literal){text, len, list};
	*used += len;
	return 0;
}

static int
add_list(struct classify_watches *w, const struct classify_watch_list *list, size_t *used,
	struct sys_error *e)
{
	uint32_t number = w->n;
	int bad = 0;

	for (uint32_t i = 0; i < list->n_entries; i++) {
		const char *entry = list->entries[i];
		if (list->kind == CLASSIFY_WATCH_NUMBER)
			bad = add_number(w, entry, number);
		else if (list->kind == CLASSIFY_WATCH_DOMAIN)
			bad = add_domain(w, entry, number);
		else
			bad = add_literal(w, entry, number, used);
		if (bad)
			return build_fail(e, list, entry, "is empty or too long");
	}
	return 0;
}

/* Which lists look at which header. */
static int
add_header(struct classify_watches *w, const struct classify_watch_list *list, struct sys_error *e)
{
	uint64_t bit = 1ull << w->n;

	if (list->kind == CLASSIFY_WATCH_USER_AGENT)
		w->user_agents |= bit;
	if (list->kind != CLASSIFY_WATCH_HEADER)
		return 0;
	if (!list->header || !*list->header)
		return sys_fail(
			e, -BASE_ERR_INVALID, "watch list '%s': names no header", list->name);
	for (uint32_t i = 0; i < w->n_headers; i++) {
		if (!base_span_eq_nocase(
			    base_span_cstr(w->headers[i].name), base_span_cstr(list->header)))
			continue;
		w->headers[i].lists |= bit;
		return 0;
	}
	struct classify_watch_header *header = &w->headers[w->n_headers];
	header->name = strdup(list->header);
	if (!header->name)
		return build_no_memory(e);
	header->id = (uint8_t)sip_header_id_of(base_span_cstr(header->name));
	header->lists = bit;
	w->n_headers++;
	return 0;
}

static int
watches_room(struct classify_watches *w, const struct build_sizes *sizes)
{
	if (classify_set_new(&w->numbers, sizes->numbers, sizes->number_bytes) < 0 ||
		classify_set_new(&w->domains, sizes->domains, sizes->domain_bytes) < 0)
		return -1;
	w->literals = calloc((size_t)sizes->literals + 1, sizeof(*w->literals));
	w->literal_bytes = malloc(sizes->literal_bytes + 1);
	return w->literals && w->literal_bytes ? 0 : -1;
}

int
classify_watches_new(
	struct classify_watches *w, const struct classify_options *options, struct sys_error *e)
{
	struct build_sizes sizes = {0};
	size_t used = 0;
	int result;

	*w = (struct classify_watches){0};
	if (options->n_watch > CLASSIFY_WATCH_MAX)
		return sys_fail(e, -BASE_ERR_INVALID, "%u watch lists: at most %d",
			options->n_watch, CLASSIFY_WATCH_MAX);
	for (uint32_t i = 0; i < options->n_watch; i++)
		sizes_add(&sizes, &options->watch[i]);
	if (watches_room(w, &sizes) < 0)
		return build_no_memory(e);
	for (; w->n < options->n_watch; w->n++) {
		const struct classify_watch_list *list = &options->watch[w->n];
		if ((result = add_header(w, list, e)) < 0 ||
			(result = add_list(w, list, &used, e)) < 0)
			return result;
		w->names[w->n] = strdup(list->name);
		if (!w->names[w->n])
			return build_no_memory(e);
	}
	return classify_scan_literals_new(&w->scan, w->literals, w->n_literals, e);
}

void
classify_watches_free(struct classify_watches *w)
{
	classify_scan_free(w->scan);
	classify_set_free(&w->numbers);
	classify_set_free(&w->domains);
	for (uint32_t i = 0; i < w->n; i++)
		free(w->names[i]);
	for (uint32_t i = 0; i < w->n_headers; i++)
		free(w->headers[i].name);
	free(w->literals);
	free(w->literal_bytes);
}
