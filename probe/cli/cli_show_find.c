#include <stdlib.h>

#include "cli_show.h"

/* Lower-case hexadecimal digits, enough of them to stand for a uid. */
static bool
is_uid(const char *id)
{
	size_t len = strlen(id);

	return len >= SHOW_PREFIX && len < SHOW_UID && strspn(id, "0123456789abcdef") == len;
}

bool
cli_show_wanted(const struct show *s, const struct record_row *row)
{
	struct base_span call_id = cli_row_str(row, RECORD_F_CALL_ID);
	struct base_span uid = cli_row_str(row, RECORD_F_UID);

	if (!s->id)
		return row->kind == RECORD_CALL;
	struct base_span id = base_span_cstr(s->id);
	if (base_span_eq(id, call_id) || base_span_eq(id, uid))
		return true;
	return is_uid(s->id) && uid.len > id.len && memcmp(uid.p, id.p, id.len) == 0;
}

static int
note_match(void *context, const struct record_row *row, int64_t position)
{
	struct show *s = context;
	struct base_span uid = cli_row_str(row, RECORD_F_UID);
	bool final = !base_span_eq(cli_row_str(row, RECORD_F_STATUS), BASE_SPAN("interim"));
	struct base_span call_id = cli_row_str(row, RECORD_F_CALL_ID);
	struct show_match m = {.kind = row->kind, .position = position, .final = final};

	memcpy(m.uid, uid.p ? uid.p : (const uint8_t *)"",
		uid.len < SHOW_UID ? uid.len : SHOW_UID - 1);
	s->by_call_id |=
		s->id && base_span_eq(cli_row_str(row, RECORD_F_CALL_ID), base_span_cstr(s->id));
	for (unsigned i = 0; i < s->n; i++) {
		struct show_match *known = &s->matches[i];
		if (known->kind != m.kind || strcmp(known->uid, m.uid) != 0 ||
			(known->final && final))
			continue;
		if (final || !known->final)
			known->position = position, known->final = final;
		return 0;
	}
	if (s->n == SHOW_MAX) {
		s->more = true;
		return 0;
	}
	m.call_id = cli_memory(NULL, call_id.len + 1);
	memcpy(m.call_id, call_id.p ? call_id.p : (const uint8_t *)"", call_id.len);
	m.call_id[call_id.len] = 0;
	s->matches[s->n++] = m;
	return 0;
}

struct store_query
cli_show_query(const struct show *s)
{
	return (struct store_query){.kinds = s->id ? CLI_KINDS_ALL : 1u << RECORD_CALL,
		.where = s->where[0] ? s->where : NULL};
}

int
cli_show_find(struct show *s)
{
	struct base_text t = base_text_of(s->where, sizeof(s->where) - 1);
	struct sys_error e = {""};

	if (s->id) {
		base_text_str(&t, "call_id = ");
		cli_filter_quote(&t, base_span_cstr(s->id));
		if (is_uid(s->id)) {
			base_text_str(&t, " OR uid GLOB '");
			base_text_str(&t, s->id);
			base_text_str(&t, "*'");
		}
		base_text_cstr(&t);
		if (t.overflow)
			return cli_misuse(s->cli, "that is too long for a Call-ID");
	}
	struct store_query query = cli_show_query(s);
	if (store_query(s->store, &query, note_match, s, &e) < 0)
		return cli_fail(s->cli, "%s", e.text);
	if (s->n == 0 && s->id)
		return cli_fail(s->cli, "nothing has the uid or Call-ID '%s'", s->id);
	return s->n ? CLI_OK : cli_fail(s->cli, "there is no call");
}

bool
cli_show_is_match(const struct show *s, const struct record_row *row, int64_t position)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->matches[i].position == position && s->matches[i].kind == row->kind)
			return true;
	return false;
}

/* ---- legs ---- */

#define ROUNDS 8 /* from leg to leg to leg */

/* What linked[] names and is no match yet. */
struct named {
	struct show *show;
	char uids[SHOW_MAX][SHOW_UID];
	unsigned n;
};

static void
take_link(void *context, const struct record_row *row)
{
	struct named *named = context;
	const struct show *s = named->show;
	struct base_span uid = cli_row_str(row, RECORD_F_UID);

	if (uid.len == 0 || uid.len >= SHOW_UID || named->n == SHOW_MAX)
		return;
	for (unsigned i = 0; i < s->n; i++)
		if (base_span_eq(uid, base_span_cstr(s->matches[i].uid)))
			return;
	for (unsigned i = 0; i < named->n; i++)
		if (base_span_eq(uid, base_span_cstr(named->uids[i])))
			return;
	memcpy(named->uids[named->n], uid.p, uid.len);
	named->uids[named->n++][uid.len] = 0;
}

static int
take_links(void *context, const struct record_row *row, int64_t position)
{
	struct named *named = context;

	if (cli_show_is_match(named->show, row, position))
		cli_nested_each(&named->show->nested, row, take_link, named, RECORD_F_LINKED);
	return 0;
}

/* "uid IN ('...', ...)"; step: bytes from one to the next. */
static void
where_uids(struct show *s, const char *first, size_t step, unsigned n)
{
	struct base_text t = base_text_of(s->where, sizeof(s->where) - 1);

	base_text_str(&t, "uid IN (");
	for (unsigned i = 0; i < n; i++) {
		base_text_str(&t, i ? "," : "");
		cli_filter_quote(&t, base_span_cstr(first + i * step));
	}
	base_text_char(&t, ')');
	base_text_cstr(&t);
}

int
cli_show_link(struct show *s)
{
	struct sys_error e = {""};

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct named named = {.show = s};
		struct store_query query = cli_show_query(s);
		unsigned before = s->n;
		if (store_query(s->store, &query, take_links, &named, &e) < 0)
			return cli_fail(s->cli, "%s", e.text);
		if (named.n) {
			where_uids(s, named.uids[0], sizeof(named.uids[0]), named.n);
			query = cli_show_query(s);
			if (store_query(s->store, &query, note_match, s, &e) < 0)
				return cli_fail(s->cli, "%s", e.text);
		}
		where_uids(s, s->matches[0].uid, sizeof(s->matches[0]), s->n);
		if (s->n == before)
			break;
	}
	return CLI_OK;
}
