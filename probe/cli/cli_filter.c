#include "cli_filter.h"

#include <ctype.h>
#include <stdlib.h>

#include "cli_private.h"

#define FILTER_SQL_BYTES 32768
#define FILTER_FIELDS 4
#define FILTER_VALUE_MAX 1024 /* bytes of a filter's value */

/* How a value is compared with a field. */
enum compare {
	COMPARE_GLOB,   /* a text; * and ? are wild */
	COMPARE_NAME,   /* a text, whichever case */
	COMPARE_PART,   /* in a text, whichever case; or with * and ? all of it */
	COMPARE_RANGE,  /* N or N-M */
	COMPARE_STATUS, /* N, N-M or Nxx */
	COMPARE_NETWORK,
	COMPARE_SSRC,
	COMPARE_CSEQ,
};

/* In which rows the fields are looked for. */
enum { IN_RECORD = 1, IN_FLOW = 2, IN_STREAMS = 4, ANYWHERE = 7 };

static const struct filter {
	const char *name;
	enum compare compare;
	unsigned where;
	const char *keys[FILTER_FIELDS]; /* record.def */
	uint32_t most;                   /* of a COMPARE_RANGE */
} filters[CLI_FILTER_COUNT] = {
	[CLI_FILTER_ADDRESS] = {"address", COMPARE_NETWORK, ANYWHERE, {"src_ip", "dst_ip"}},
	[CLI_FILTER_PORT] = {"port", COMPARE_RANGE, ANYWHERE, {"src_port", "dst_port"},
		UINT16_MAX},
	[CLI_FILTER_CALL_ID] = {"call-id", COMPARE_GLOB, IN_RECORD, {"call_id"}},
	[CLI_FILTER_BRANCH] = {"branch", COMPARE_GLOB, IN_FLOW, {"branch"}},
	[CLI_FILTER_CSEQ] = {"cseq", COMPARE_CSEQ, IN_FLOW, {"cseq"}},
	[CLI_FILTER_METHOD] = {"method", COMPARE_NAME, IN_RECORD | IN_FLOW, {"method"}},
	[CLI_FILTER_STATUS] = {"status", COMPARE_STATUS, IN_RECORD | IN_FLOW, {"sip_code"}},
	[CLI_FILTER_FROM] = {"from", COMPARE_GLOB, IN_RECORD, {"from_user"}},
	[CLI_FILTER_TO] = {"to", COMPARE_GLOB, IN_RECORD, {"to_user"}},
	[CLI_FILTER_USER] = {"user", COMPARE_GLOB, IN_RECORD,
		{"from_user", "to_user", "ruri_user"}},
	[CLI_FILTER_UA] = {"ua", COMPARE_PART, IN_RECORD, {"caller_ua", "callee_ua"}},
	[CLI_FILTER_PT] = {"pt", COMPARE_RANGE, IN_RECORD | IN_STREAMS, {"payload_type"}, 127},
	[CLI_FILTER_SSRC] = {"ssrc", COMPARE_SSRC, IN_RECORD | IN_STREAMS, {"ssrc"}},
	[CLI_FILTER_CODEC] = {"codec", COMPARE_NAME, IN_RECORD | IN_STREAMS, {"codec"}},
};

void
cli_filter_quote(struct base_text *t, struct base_span s)
{
	base_text_char(t, '\'');
	for (uint32_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\'')
			base_text_char(t, '\'');
		base_text_char(t, (char)s.p[i]);
	}
	base_text_char(t, '\'');
}

/* ---- values: checked when the option is taken, so that they can be relied on after ---- */

static bool
take_range(struct base_span v, uint64_t *low, uint64_t *high)
{
	const uint8_t *dash = v.len ? memchr(v.p, '-', v.len) : NULL;
	uint32_t len = dash ? (uint32_t)(dash - v.p) : v.len;

	if (!base_span_u64(base_span_of(v.p, len), low))
		return false;
	*high = *low;
	return !dash ||
	       (base_span_u64(base_span_of(dash + 1, v.len - len - 1), high) && *low <= *high);
}

static bool
take_status(struct base_span v, uint64_t *low, uint64_t *high)
{
	if (v.len == 3 && v.p[0] >= '1' && v.p[0] <= '6' && base_lower(v.p[1]) == 'x' &&
		base_lower(v.p[2]) == 'x') {
		*low = (uint64_t)(v.p[0] - '0') * 100;
		*high = *low + 99;
		return true;
	}
	return take_range(v, low, high) && *low >= 100 && *high <= 699;
}

/* 0x1a2b3c4d, or decimal. */
static bool
take_ssrc(struct base_span v, uint64_t *ssrc)
{
	if (v.len < 3 || v.p[0] != '0' || base_lower(v.p[1]) != 'x')
		return base_span_u64(v, ssrc) && *ssrc <= UINT32_MAX;
	*ssrc = 0;
	for (uint32_t i = 2; i < v.len; i++) {
		uint8_t c = base_lower(v.p[i]);
		if (!isxdigit(c) || v.len > 10)
			return false;
		*ssrc = *ssrc << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

/* "2", "INVITE" or "2 INVITE": what is not there is empty. */
static bool
take_cseq(struct base_span v, struct base_span *number, struct base_span *method)
{
	uint64_t n;
	uint32_t digits = 0;

	while (digits < v.len && v.p[digits] >= '0' && v.p[digits] <= '9')
		digits++;
	*number = base_span_of(v.p, digits);
	*method = base_span_trim(base_span_of(v.p + digits, v.len - digits));
	bool apart = digits == 0 || digits == v.len || v.p[digits] == ' ';
	return apart && (digits == 0 || (base_span_u64(*number, &n) && n <= UINT32_MAX));
}

static bool
value_is_good(const struct filter *f, struct base_span v)
{
	struct base_span number, method;
	uint64_t low, high;

	switch (f->compare) {
	case COMPARE_RANGE: return take_range(v, &low, &high) && high <= f->most;
	case COMPARE_STATUS: return take_status(v, &low, &high);
	case COMPARE_SSRC: return take_ssrc(v, &low);
	case COMPARE_NETWORK: return store_network_is(v);
	case COMPARE_CSEQ: return take_cseq(v, &number, &method);
	default: return true;
	}
}

/* A NUL-terminated text, in buffer or constant. */
static const char *
value_words(const struct filter *f, char *buffer, size_t bytes)
{
	static const char *const words[] = {
		[COMPARE_STATUS] = "a status: 486, 5xx or 400-499",
		[COMPARE_SSRC] = "an SSRC: 0x1a2b3c4d, or decimal",
		[COMPARE_NETWORK] = "an address, or a network as 10.0.0.0/8",
		[COMPARE_CSEQ] = "a CSeq: a number, a method, or '2 INVITE'",
	};

	if (f->compare != COMPARE_RANGE)
		return words[f->compare];
	snprintf(buffer, bytes, "a number of 0 to %u, or a range as %s", f->most,
		f->most == UINT16_MAX ? "5060-5090" : "96-127");
	return buffer;
}

bool
cli_filter_next(const char **list, struct base_span *v)
{
	if (!*list)
		return false;
	size_t len = strcspn(*list, ",");
	*v = base_span_trim(base_span_of(*list, (uint32_t)len));
	*list = (*list)[len] ? *list + len + 1 : NULL;
	return true;
}

int
cli_filter_take(const struct cli *cli, struct cli_filters *filters_out, int val, const char *text)
{
	const struct filter *f = &filters[val - CLI_FILTER_VAL];
	const char *list = text;
	struct base_span v;
	char words[80];

	if (strlen(text) > FILTER_VALUE_MAX)
		return cli_misuse(cli, "--%s is too long", f->name);
	while (cli_filter_next(&list, &v)) {
		if (v.len == 0)
			return cli_misuse(cli, "--%s: an empty value", f->name);
		if (!value_is_good(f, v))
			return cli_misuse(cli, "--%s '%.*s' is not %s", f->name, (int)v.len,
				(const char *)v.p, value_words(f, words, sizeof(words)));
	}
	filters_out->values[val - CLI_FILTER_VAL] = text;
	return CLI_OK;
}

bool
cli_filters_any(const struct cli_filters *f)
{
	for (unsigned i = 0; i < CLI_FILTER_COUNT; i++)
		if (f->values[i])
			return true;
	return false;
}

/* ---- SQL ---- */

/* An expression: a column of the record, or a key of a list's element e. */
struct place {
	const char *key;
	bool nested;
};

static void
put_place(struct base_text *t, const struct place *p)
{
	base_text_str(t, p->nested ? "json_extract(e.value,'$." : "\"");
	base_text_str(t, p->key);
	base_text_str(t, p->nested ? "')" : "\"");
}

static void
put_range(struct base_text *t, const struct place *p, uint64_t low, uint64_t high)
{
	put_place(t, p);
	base_text_str(t, " BETWEEN ");
	base_text_u64(t, low);
	base_text_str(t, " AND ");
	base_text_u64(t, high);
}

static bool
has_wild(struct base_span v)
{
	return memchr(v.p, '*', v.len) || memchr(v.p, '?', v.len);
}

/* GLOB takes [ too, which is no wildcard of ours: it is in IPv6 Call-IDs. */
static void
put_pattern(struct base_text *t, struct base_span v)
{
	char text[3 * FILTER_VALUE_MAX + 8];
	struct base_text pattern = base_text_of(text, sizeof(text));

	for (uint32_t i = 0; i < v.len; i++)
		if (v.p[i] == '[')
			base_text_str(&pattern, "[[]");
		else
			base_text_char(&pattern, (char)v.p[i]);
	cli_filter_quote(t, base_span_of(text, (uint32_t)pattern.len));
}

static void
put_text(struct base_text *t, const struct place *p, struct base_span v, enum compare compare)
{
	bool fold = compare != COMPARE_GLOB, wild = has_wild(v);

	if (compare == COMPARE_PART && !wild) {
		base_text_str(t, "instr(lower(");
		put_place(t, p);
		base_text_str(t, "),lower(");
		cli_filter_quote(t, v);
		base_text_str(t, "))>0");
		return;
	}
	base_text_str(t, fold ? "lower(" : "");
	put_place(t, p);
	base_text_str(t, fold ? ")" : "");
	base_text_str(t, wild ? " GLOB " : "=");
	base_text_str(t, fold ? "lower(" : "");
	if (wild)
		put_pattern(t, v);
	else
		cli_filter_quote(t, v);
	base_text_str(t, fold ? ")" : "");
}

static void
put_cseq(struct base_text *t, const struct place *p, struct base_span v)
{
	const struct place method_place = {"cseq_method", p->nested};
	struct base_span number, method;

	(void)take_cseq(v, &number, &method);
	base_text_str(t, "(1");
	if (number.len) {
		base_text_str(t, " AND ");
		put_place(t, p);
		base_text_char(t, '=');
		base_text_span(t, number);
	}
	if (method.len) {
		base_text_str(t, " AND ");
		put_text(t, &method_place, method, COMPARE_NAME);
	}
	base_text_char(t, ')');
}

static void
put_compare(struct base_text *t, const struct filter *f, const struct place *p, struct base_span v)
{
	uint64_t low = 0, high = 0;

	switch (f->compare) {
	case COMPARE_RANGE:
		(void)take_range(v, &low, &high);
		put_range(t, p, low, high);
		break;
	case COMPARE_STATUS:
		(void)take_status(v, &low, &high);
		put_range(t, p, low, high);
		break;
	case COMPARE_SSRC:
		(void)take_ssrc(v, &low);
		put_place(t, p);
		base_text_str(t, "='0x");
		base_text_hex(t, low, 8);
		base_text_char(t, '\'');
		break;
	case COMPARE_NETWORK:
		base_text_str(t, "in_network(");
		put_place(t, p);
		base_text_char(t, ',');
		cli_filter_quote(t, v);
		base_text_char(t, ')');
		break;
	case COMPARE_CSEQ: put_cseq(t, p, v); break;
	default: put_text(t, p, v, f->compare); break;
	}
}

/* The filter for the fields that rows of kind have, any value, joined by OR; false where there is
 * no such field. */
static bool
put_row(struct base_text *t, enum cli_filter_id id, const char *list, enum record_kind kind,
	bool nested)
{
	const struct filter *f = &filters[id];
	const char *between = "";
	struct base_span v;

	while (cli_filter_next(&list, &v))
		for (unsigned i = 0; i < FILTER_FIELDS && f->keys[i]; i++) {
			int field = record_field_of(base_span_cstr(f->keys[i]));
			struct place p = {f->keys[i], nested};
			if (field < 0 || !record_field_in((enum record_field)field, kind))
				continue;
			base_text_str(t, between);
			put_compare(t, f, &p, v);
			between = " OR ";
		}
	return between[0] != 0;
}

/* The same for the elements of a list; where that has none of the fields, *t is as before. */
static bool
put_list(struct base_text *t, enum cli_filter_id id, const char *list, enum record_field field)
{
	size_t before = t->len;

	base_text_str(t, "EXISTS(SELECT 1 FROM json_each(\"");
	base_text_str(t, record_fields[field].key);
	base_text_str(t, "\") AS e WHERE ");
	if (put_row(t, id, list, field == RECORD_F_FLOW ? RECORD_FLOW : RECORD_STREAM, true)) {
		base_text_char(t, ')');
		return true;
	}
	t->len = before;
	return false;
}

/* A long call's flow lacks messages, the count of its requests by method does not. */
static void
put_methods(struct base_text *t, const char *list)
{
	struct base_span v;

	while (cli_filter_next(&list, &v)) {
		base_text_str(t, " OR instr(','||methods,upper(");
		cli_filter_quote(t, v);
		base_text_str(t, ")||':')>0");
	}
}

/* One filter for one kind of record.  False: the kind has nothing to ask. */
static bool
put_filter(struct base_text *t, enum cli_filter_id id, const char *list, enum record_kind kind)
{
	unsigned where = filters[id].where;
	size_t before = t->len;
	bool any = false;

	base_text_char(t, '(');
	if (where & IN_RECORD)
		any = put_row(t, id, list, kind, false);
	static const struct {
		unsigned where;
		enum record_field field;
	} lists[] = {{IN_FLOW, RECORD_F_FLOW}, {IN_STREAMS, RECORD_F_STREAMS}};
	for (unsigned i = 0; i < base_count_of(lists); i++) {
		size_t at = t->len;
		if (!(where & lists[i].where) || !record_field_in(lists[i].field, kind))
			continue;
		base_text_str(t, any ? " OR " : "");
		if (put_list(t, id, list, lists[i].field))
			any = true;
		else
			t->len = at;
	}
	if (any && id == CLI_FILTER_METHOD && record_field_in(RECORD_F_METHODS, kind))
		put_methods(t, list);
	base_text_char(t, ')');
	if (!any)
		t->len = before;
	return any;
}

/* All filters for one kind, joined by AND.  NULL: the kind cannot pass. */
static char *
make_where(const struct cli_filters *f, enum record_kind kind, bool *overflow)
{
	char *sql = cli_memory(NULL, FILTER_SQL_BYTES);
	struct base_text t = base_text_of(sql, FILTER_SQL_BYTES - 1);
	bool passes = true;

	for (unsigned i = 0; i < CLI_FILTER_COUNT; i++) {
		if (!f->values[i])
			continue;
		base_text_str(&t, t.len ? " AND " : "");
		passes &= put_filter(&t, (enum cli_filter_id)i, f->values[i], kind);
	}
	base_text_cstr(&t);
	*overflow |= t.overflow;
	if (passes && !t.overflow)
		return sql;
	free(sql);
	return NULL;
}

int
cli_filters_make(const struct cli *cli, struct cli_filters *f, uint32_t *kinds)
{
	bool overflow = false;
	uint32_t good = 0;

	if (!cli_filters_any(f))
		return CLI_OK;
	for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++)
		if (*kinds >> kind & 1) {
			f->where[kind] = make_where(f, (enum record_kind)kind, &overflow);
			good |= f->where[kind] ? 1u << kind : 0;
		}
	if (overflow)
		return cli_misuse(cli, "the filters are too long");
	if (!good)
		return cli_misuse(cli, "no kind of record that is asked for has all of what these "
				       "filters ask");
	*kinds = good;
	return CLI_OK;
}

void
cli_filters_free(struct cli_filters *f)
{
	for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++)
		free(f->where[kind]);
}
