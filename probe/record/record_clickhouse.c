#include "record.h"

#include "record_private.h"

/* What each type is there.  18.16 has no DateTime64: a time is microseconds in KEY_us, and KEY is
 * an alias in seconds for people. */
static const char *const types[] = {
	[RECORD_STR] = "String",
	[RECORD_TIME] = "Nullable(Int64)",
	[RECORD_U64] = "Nullable(UInt64)",
	[RECORD_F64] = "Nullable(Float64)",
	[RECORD_BOOL] = "Nullable(UInt8)",
	[RECORD_HEX32] = "Nullable(UInt32)",
	[RECORD_IP] = "String",
	[RECORD_LIST] = "String",
	[RECORD_TEXTS] = "String",
};

/* Part of the sorting key, which takes no NULL. */
static bool
is_key(enum record_field f)
{
	return f == RECORD_F_SEQ || f == RECORD_F_CORE;
}

static void
column_name(struct base_text *t, enum record_field f)
{
	base_text_char(t, '`');
	base_text_str(t, record_fields[f].key);
	if (record_fields[f].type == RECORD_TIME)
		base_text_str(t, "_us");
	base_text_char(t, '`');
}

void
record_clickhouse_names(struct base_text *t, enum record_kind kind)
{
	const char *separator = "";

	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(t, separator);
		column_name(t, f);
		separator = ",";
	}
}

void
record_clickhouse_columns(struct base_text *t, enum record_kind kind)
{
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_char(t, '\t');
		column_name(t, f);
		base_text_char(t, ' ');
		base_text_str(t, is_key(f) ? "UInt64" : types[record_fields[f].type]);
		base_text_str(t, ",\n");
		if (record_fields[f].type != RECORD_TIME)
			continue;
		base_text_str(t, "\t`");
		base_text_str(t, record_fields[f].key);
		base_text_str(t, "` Nullable(DateTime('UTC')) ALIAS toDateTime(intDiv(");
		column_name(t, f);
		base_text_str(t, ", 1000000), 'UTC'),\n");
	}
	base_text_str(t, "\t`record_time` DateTime('UTC') MATERIALIZED "
			 "toDateTime(intDiv(coalesce(");
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind) || record_fields[f].type != RECORD_TIME)
			continue;
		column_name(t, f);
		base_text_str(t, ", ");
	}
	base_text_str(t, "toInt64(0)), 1000000), 'UTC')\n");
}

/* TabSeparated: backslash and what ends a value or a row are escaped; the rest are bytes. */
static void
text_escaped(struct base_text *t, struct base_span s)
{
	static const char letters[] = "0.......btn.fr";
	uint32_t from = 0;

	for (uint32_t i = 0; i < s.len; i++) {
		char letter = s.p[i] < sizeof(letters) - 1 ? letters[s.p[i]] : '.';
		if (s.p[i] == '\\')
			letter = '\\';
		if (letter == '.')
			continue;
		base_text_bytes(t, s.p + from, i - from);
		base_text_char(t, '\\');
		base_text_char(t, letter);
		from = i + 1;
	}
	base_text_bytes(t, s.p + from, s.len - from);
}

static void
value_put(struct base_text *t, const struct record_row *row, enum record_field f)
{
	const struct record_value *v = &row->values[f];
	size_t from = t->len;

	switch (record_fields[f].type) {
	case RECORD_STR:
		if (v->present)
			text_escaped(t, v->text);
		return;
	case RECORD_IP:
		if (v->present)
			base_text_ip(t, &v->ip);
		return;
	case RECORD_LIST:
	case RECORD_TEXTS:
		if (!v->present)
			return;
		if (v->json) {
			text_escaped(t, v->text);
			return;
		}
		/* Made behind the room that the escaped form needs at most, then moved. */
		size_t room = (t->cap - t->len) / 3 * 2;
		struct base_text json = base_text_of(t->p + t->len + room, t->cap - t->len - room);
		record_json_list(&json, row, f);
		t->overflow |= json.overflow;
		if (!json.overflow && 2 * json.len <= room)
			text_escaped(t, base_span_of(json.p, (uint32_t)json.len));
		else
			t->overflow = true;
		return;
	default: break;
	}
	if (!v->present)
		base_text_str(t, is_key(f) ? "0" : "\\N");
	else if (record_fields[f].type == RECORD_TIME)
		base_text_i64(t, v->time_ns / BASE_NS_PER_US);
	else if (record_fields[f].type == RECORD_HEX32)
		base_text_u64(t, (uint32_t)v->u64);
	else if (record_fields[f].type == RECORD_BOOL)
		base_text_char(t, v->boolean ? '1' : '0');
	else
		record_scalar_text(t, record_fields[f].type, v);
	/* What has no value as a number is none. */
	if (t->len - from == 4 && memcmp(t->p + from, "null", 4) == 0) {
		t->len = from;
		base_text_str(t, "\\N");
	}
}

void
record_clickhouse_row(struct base_text *t, const struct record_row *row)
{
	bool first = true;

	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, row->kind))
			continue;
		if (!first)
			base_text_char(t, '\t');
		first = false;
		value_put(t, row, f);
	}
	base_text_char(t, '\n');
}
