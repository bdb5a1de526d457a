#include "record.h"

#include "record_private.h"

struct record_head {
	uint64_t seq;
	uint8_t version, kind;
	uint16_t zero16;
	uint32_t zero32;
};
_Static_assert(sizeof(struct record_head) == RECORD_HEADER_BYTES, "documented layout");

struct prefix {
	uint16_t field, len;
};
_Static_assert(sizeof(struct prefix) == RECORD_PREFIX_BYTES, "documented layout");

/* One { field, len, bytes } of p[*at..len): false at the end or, with *bad set, where it does not
 * fit. */
static bool
field_next(struct base_span s, uint32_t *at, struct prefix *prefix, bool *bad)
{
	if (*at >= s.len)
		return false;
	*bad = s.len - *at < sizeof(*prefix);
	if (*bad)
		return false;
	memcpy(prefix, s.p + *at, sizeof(*prefix));
	*bad = prefix->len > s.len - *at - sizeof(*prefix);
	*at += sizeof(*prefix) + (*bad ? 0 : prefix->len);
	return !*bad;
}

/* len is the type's own length: true, and the value.  False: not a value of this type. */
static bool
scalar_read(struct record_value *v, enum record_type type, const uint8_t *p, uint32_t len)
{
	switch (type) {
	case RECORD_TIME:
		if (len != sizeof(v->time_ns))
			return false;
		memcpy(&v->time_ns, p, sizeof(v->time_ns));
		v->present = v->time_ns != 0;
		return true;
	case RECORD_U64:
		if (len > sizeof(v->u64))
			return false;
		v->u64 = 0;
		memcpy(&v->u64, p, len);
		break;
	case RECORD_F64:
		if (len != sizeof(v->f64))
			return false;
		memcpy(&v->f64, p, sizeof(v->f64));
		v->present = v->f64 > -RECORD_F64_LIMIT && v->f64 < RECORD_F64_LIMIT;
		return true;
	case RECORD_BOOL:
		if (len != 1 || p[0] > 1)
			return false;
		v->boolean = p[0];
		break;
	case RECORD_HEX32:
		if (len != sizeof(uint32_t))
			return false;
		v->u64 = 0;
		memcpy(&v->u64, p, sizeof(uint32_t));
		break;
	case RECORD_IP:
		if (len != 4 && len != sizeof(v->ip))
			return false;
		if (len == 4)
			v->ip = base_ip_v4(p);
		else
			memcpy(&v->ip, p, sizeof(v->ip));
		break;
	default: return false;
	}
	v->present = true;
	return true;
}

/* A nested row is well-formed: what record_nested_read will say of it, without the values. */
static bool
nested_is_good(enum record_kind kind, struct base_span bytes)
{
	const uint8_t *p = bytes.p, *end = p + bytes.len;
	struct prefix prefix;

	for (; p != end; p += prefix.len) {
		if ((size_t)(end - p) < sizeof(prefix))
			return false;
		memcpy(&prefix, p, sizeof(prefix));
		p += sizeof(prefix);
		if (prefix.len > end - p)
			return false;
		if (prefix.field >= RECORD_F_COUNT || !record_field_in(prefix.field, kind))
			continue;
		const struct record_field_info *f = &record_fields[prefix.field];
		uint32_t more = (uint32_t)prefix.len - f->len_min;
		if (more > f->len_more && f->len_more != RECORD_LEN_ANY)
			return false;
		if ((f->type == RECORD_BOOL && p[0] > 1) ||
			(f->type == RECORD_IP && prefix.len != 4 && prefix.len != 16))
			return false;
	}
	return true;
}

/* One field's bytes into its value. */
static int
value_read(struct record_value *v, enum record_field f, const uint8_t *p, uint32_t len)
{
	enum record_type type = record_fields[f].type;

	if (type == RECORD_STR) {
		v->text = base_span_of(p, len);
		v->present = true; /* though empty: it was said to be */
		return 0;
	}
	if (type != RECORD_LIST && type != RECORD_TEXTS)
		return scalar_read(v, type, p, len) ? 0 : -BASE_ERR_FORMAT;
	/* Nested rows have no lists of their own (record.def), so this goes one level deep. */
	if (type == RECORD_LIST &&
		!nested_is_good(record_list_kind(f), base_span_of(p, len)))
		return -BASE_ERR_FORMAT;
	if (!v->present)
		v->text.p = p - RECORD_PREFIX_BYTES;
	v->text.len = (uint32_t)(p + len - v->text.p);
	v->present = true;
	v->count++;
	return 0;
}

/* The fields of a row of a kind. */
static int
fields_read(struct record_row *row, enum record_kind kind, struct base_span bytes)
{
	struct prefix prefix;
	uint32_t at = 0;
	bool bad = false;

	while (field_next(bytes, &at, &prefix, &bad)) {
		if (prefix.field >= RECORD_F_COUNT || !record_field_in(prefix.field, kind))
			continue;
		struct record_value *v = &row->values[prefix.field];
		if (value_read(v, prefix.field, bytes.p + at - prefix.len, prefix.len))
			return -BASE_ERR_FORMAT;
	}
	return bad ? -BASE_ERR_FORMAT : 0;
}

int
record_row_read(struct record_row *row, const uint8_t *p, uint32_t len)
{
	struct record_head head;

	memset(row, 0, sizeof(*row));
	if (len < RECORD_HEADER_BYTES || len > RECORD_BYTES_MAX)
		return -BASE_ERR_FORMAT;
	memcpy(&head, p, sizeof(head));
	if (head.version != RECORD_VERSION)
		return -BASE_ERR_VERSION;
	if (head.kind < RECORD_CALL || head.kind > RECORD_STREAM)
		return -BASE_ERR_FORMAT;
	row->kind = head.kind;
	row->raw = base_span_of(p, len);
	int error = fields_read(
		row, row->kind, base_span_of(p + RECORD_HEADER_BYTES, len - RECORD_HEADER_BYTES));
	row->values[RECORD_F_SEQ].u64 = head.seq;
	row->values[RECORD_F_SEQ].present = head.seq != 0;
	return error;
}

bool
record_row_element(
	const struct record_row *row, enum record_field f, uint32_t *at, struct base_span *element)
{
	const struct record_value *v = &row->values[f];
	struct prefix prefix;
	bool bad;

	if (!v->present || v->json ||
		(record_fields[f].type != RECORD_LIST && record_fields[f].type != RECORD_TEXTS))
		return false;
	while (field_next(v->text, at, &prefix, &bad)) {
		if (prefix.field != f)
			continue;
		*element = base_span_of(v->text.p + *at - prefix.len, prefix.len);
		return true;
	}
	return false;
}

int
record_nested_read(struct record_row *row, enum record_kind kind, struct base_span element)
{
	memset(row, 0, sizeof(*row));
	if (!record_kind_is_nested(kind))
		return -BASE_ERR_FORMAT;
	row->kind = kind;
	row->raw = element;
	return fields_read(row, kind, element);
}

bool
record_walk_next(struct record_walk *walk, enum record_kind kind, enum record_field *f,
	struct record_value *v)
{
	struct prefix prefix;

	while (field_next(walk->bytes, &walk->at, &prefix, &walk->bad)) {
		if (prefix.field >= RECORD_F_COUNT || !record_field_in(prefix.field, kind))
			continue;
		*f = prefix.field;
		v->present = false;
		walk->bad =
			value_read(v, *f, walk->bytes.p + walk->at - prefix.len, prefix.len) != 0;
		return !walk->bad;
	}
	return false;
}

/* Room for a prefix; prefix_close fills it. */
static size_t
prefix_open(struct base_text *out)
{
	const struct prefix none = {0, 0};
	size_t start = out->len;

	base_text_bytes(out, &none, sizeof(none));
	return start;
}

/* keep: what was written since belongs to the field; else, or where it is too long, it goes. */
static void
prefix_close(struct base_text *out, size_t start, uint16_t field, bool keep)
{
	size_t len = out->len - start - sizeof(struct prefix);

	if (out->overflow || !keep || len > UINT16_MAX) {
		out->len = start;
		return;
	}
	const struct prefix prefix = {field, (uint16_t)len};
	memcpy(out->p + start, &prefix, sizeof(prefix));
}

void
record_list_edit(
	struct base_text *out, struct base_span list, record_edit_fn edit, void *context)
{
	struct prefix row, field;
	uint32_t at = 0;
	bool bad;

	while (!out->overflow && field_next(list, &at, &row, &bad)) {
		struct base_span element = base_span_of(list.p + at - row.len, row.len);
		size_t row_start = prefix_open(out);
		for (uint32_t i = 0; !out->overflow && field_next(element, &i, &field, &bad);) {
			size_t start = prefix_open(out);
			bool keep = field.field < RECORD_F_COUNT &&
				    edit(context, field.field,
					    base_span_of(element.p + i - field.len, field.len),
					    out);
			prefix_close(out, start, field.field, keep);
		}
		prefix_close(out, row_start, row.field, true);
	}
}
