#include "record.h"

#include "record_private.h"

/* Each key as it stands in an object, the comma before it; in 32 bytes, so that it is copied by a
 * fixed length. */
struct json_key {
	char text[31];
	uint8_t len;
};

static const struct json_key json_keys[RECORD_F_COUNT] = {
#define RECORD_FIELD(id, key, type, kinds, unit, meaning)                                          \
	{",\"" key "\":", sizeof(",\"" key "\":") - 1},
#include "record.def"
#undef RECORD_FIELD
};
#define RECORD_FIELD(id, key, type, kinds, unit, meaning)                                          \
	_Static_assert(sizeof(",\"" key "\":") <= 31, key);
#include "record.def"
#undef RECORD_FIELD

/* first: without the comma. */
static inline void
json_key(struct base_text *t, enum record_field f, bool first)
{
	const struct json_key *key = &json_keys[f];

	if (base_likely(t->cap - t->len >= sizeof(key->text) && !first)) {
		memcpy(t->p + t->len, key->text, sizeof(key->text));
		t->len += key->len;
		return;
	}
	base_text_bytes(t, key->text + first, key->len - (size_t)first);
}

void
record_scalar_text(struct base_text *t, enum record_type type, const struct record_value *v)
{
	switch (type) {
	case RECORD_TIME: base_text_time(t, v->time_ns); break;
	case RECORD_U64: base_text_u64(t, v->u64); break;
	case RECORD_F64:
		if (v->f64 > -1e9 && v->f64 < 1e9) {
			base_text_fixed(t, v->f64, 3);
		} else if (v->f64 > -RECORD_F64_LIMIT && v->f64 < RECORD_F64_LIMIT) {
			base_text_i64(t, (int64_t)v->f64);
			base_text_str(t, ".000");
		} else {
			base_text_str(t, "null");
		}
		break;
	case RECORD_BOOL: base_text_str(t, v->boolean ? "true" : "false"); break;
	case RECORD_HEX32:
		base_text_bytes(t, "0x", 2);
		base_text_hex(t, (uint32_t)v->u64, 8);
		break;
	case RECORD_IP: base_text_ip(t, &v->ip); break;
	default: break;
	}
}

static void
json_scalar(struct base_text *t, enum record_type type, const struct record_value *v)
{
	bool quoted = type == RECORD_TIME || type == RECORD_HEX32 || type == RECORD_IP;

	if (type == RECORD_STR) {
		base_text_json(t, v->text);
		return;
	}
	if (quoted)
		base_text_char(t, '"');
	record_scalar_text(t, type, v);
	if (quoted)
		base_text_char(t, '"');
}

/* The fields of a nested row whatever their order. */
static void
json_nested_sorted(struct base_text *t, enum record_kind kind, struct base_span element)
{
	struct record_row row;
	bool first = true;

	if (record_nested_read(&row, kind, element))
		return;
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!row.values[f].present)
			continue;
		json_key(t, f, first);
		json_scalar(t, record_fields[f].type, &row.values[f]);
		first = false;
	}
}

/* A nested row as an object.  Most come in record.def order and are written as they are read. */
static void
json_nested(struct base_text *t, enum record_kind kind, struct base_span element)
{
	struct record_walk walk = {.bytes = element};
	struct record_value v;
	enum record_field f;
	int last = -1;
	bool first = true, sorted = true;

	base_text_char(t, '{');
	size_t start = t->len;
	while (sorted && record_walk_next(&walk, kind, &f, &v)) {
		sorted = (int)f > last;
		last = (int)f;
		if (!sorted || !v.present)
			continue;
		json_key(t, f, first);
		json_scalar(t, record_fields[f].type, &v);
		first = false;
	}
	if (walk.bad || !sorted) {
		t->len = start;
		json_nested_sorted(t, kind, element);
	}
	base_text_char(t, '}');
}

void
record_json_list(struct base_text *t, const struct record_row *row, enum record_field f)
{
	const struct record_value *v = &row->values[f];
	struct base_span element;
	uint32_t at = 0;
	bool more = false;

	if (v->present && v->json) {
		base_text_span(t, v->text);
		return;
	}
	base_text_char(t, '[');
	while (record_row_element(row, f, &at, &element)) {
		if (more)
			base_text_char(t, ',');
		more = true;
		if (record_fields[f].type == RECORD_LIST)
			json_nested(t, record_list_kind(f), element);
		else
			base_text_json(t, element);
	}
	base_text_char(t, ']');
}

void
record_json_value(struct base_text *t, const struct record_row *row, enum record_field f)
{
	enum record_type type = record_fields[f].type;

	if (!row->values[f].present)
		base_text_str(t, "null");
	else if (type == RECORD_LIST || type == RECORD_TEXTS)
		record_json_list(t, row, f);
	else
		json_scalar(t, type, &row->values[f]);
}

void
record_json(struct base_text *t, const struct record_row *row, bool with_flow)
{
	base_text_str(t, "{\"kind\":\"");
	base_text_str(t, record_kind_name(row->kind));
	base_text_char(t, '"');
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!row->values[f].present || !record_field_in(f, row->kind) ||
			(record_field_is_detail(f) && !with_flow))
			continue;
		json_key(t, f, false);
		record_json_value(t, row, f);
	}
	base_text_char(t, '}');
}
