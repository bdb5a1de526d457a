#include "sip_private.h"

/* Multipart within multipart: one level (RFC 2046 5.1 sets no bound, SIP senders use at most one).
 */
#define NESTING 1

/* type "/" subtype of a Content-Type, without parameters. */
static struct base_span
media_type(struct base_span content_type, struct base_span *params)
{
	*params = (struct base_span){0};
	if (content_type.len == 0)
		return content_type;

	const uint8_t *end = sip_span_end(content_type), *semi = sip_find(content_type.p, end, ';');

	if (semi)
		*params = sip_between(semi + 1, end);
	return base_span_trim(sip_between(content_type.p, semi ? semi : end));
}

/* Behind a boundary stand white space, a line end, "--" or nothing: else it is the begin of a
 * longer one. */
static bool
is_delimiter(const uint8_t *p, const uint8_t *end, struct base_span boundary)
{
	if (p[0] != '-' || p[1] != '-' || memcmp(p + 2, boundary.p, boundary.len) != 0)
		return false;
	p += 2 + boundary.len;
	return p == end || base_is_space(*p) || (end - p >= 2 && p[0] == '-' && p[1] == '-');
}

/* The line "--" boundary at or behind p: its begin, and *after behind it; or NULL. */
static const uint8_t *
delimiter_find(
	const uint8_t *p, const uint8_t *end, struct base_span boundary, const uint8_t **after)
{
	while (p && end - p >= 2 + (ptrdiff_t)boundary.len) {
		if (is_delimiter(p, end, boundary)) {
			*after = p + 2 + boundary.len;
			return p;
		}
		p = sip_find(p, end, '\n');
		p = p ? p + 1 : NULL;
	}
	return NULL;
}

/* A part: header lines, empty line, content.  *content_type is empty where none is given. */
static struct base_span
part_split(struct base_span part, struct base_span *content_type)
{
	struct sip_lines lines = {.p = part.p, .end = sip_span_end(part), .cut_is_end = true};
	struct base_span name, value;
	struct sip_line line;

	*content_type = (struct base_span){0};
	while (sip_line_take(&lines, &line) == SIP_LINE)
		if (sip_line_split(&line, lines.end, &name, &value) &&
			sip_header_id_of(name) == SIP_HDR_CONTENT_TYPE)
			*content_type = value;
	return sip_between(lines.p, lines.end);
}

/* Takes the next part off [*p, end): false behind the last. */
static bool
part_next(const uint8_t **p, const uint8_t *end, struct base_span boundary, struct base_span *part)
{
	const uint8_t *start, *close, *after = NULL;

	if (!delimiter_find(*p, end, boundary, &start))
		return false;
	if (end - start >= 2 && start[0] == '-' && start[1] == '-')
		return false;
	start = sip_find(start, end, '\n');
	if (!start)
		return false;
	start++;
	close = delimiter_find(start, end, boundary, &after);
	*p = close ? close : end;
	/* The line end before a delimiter belongs to the delimiter. */
	close = *p;
	if (after && close > start && close[-1] == '\n')
		close--;
	if (after && close > start && close[-1] == '\r')
		close--;
	*part = sip_between(start, close);
	return true;
}

static struct base_span
find_in(struct base_span content_type, struct base_span body, int nesting)
{
	struct base_span params, boundary, part, part_type, found = {0}, type;

	if (body.len == 0 || base_span_eq(content_type, BASE_SPAN("application/sdp")))
		return body;
	type = media_type(content_type, &params);
	if (base_span_eq_nocase(type, BASE_SPAN("application/sdp")))
		return body;
	if (nesting > NESTING || !base_span_starts_nocase(type, BASE_SPAN("multipart/")) ||
		!sip_param_find(params, BASE_SPAN("boundary"), &boundary) || boundary.len == 0)
		return found;

	const uint8_t *p = body.p, *end = sip_span_end(body);
	while (!found.len && part_next(&p, end, boundary, &part)) {
		struct base_span content = part_split(part, &part_type);
		found = find_in(part_type, content, nesting + 1);
	}
	return found;
}

struct base_span
sip_sdp_find(const struct sip_message *m)
{
	return find_in(m->content_type, m->body, 0);
}
