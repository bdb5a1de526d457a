#include "record.h"

static const struct {
	const char *sql, *manual;
} type_names[] = {
	[RECORD_STR] = {"TEXT", "text"},
	[RECORD_TIME] = {"TEXT", "time"},
	[RECORD_U64] = {"INTEGER", "integer"},
	[RECORD_F64] = {"REAL", "number"},
	[RECORD_BOOL] = {"INTEGER", "boolean"},
	[RECORD_HEX32] = {"TEXT", "hexadecimal"},
	[RECORD_IP] = {"TEXT", "address"},
	[RECORD_LIST] = {"TEXT", "list of objects"},
	[RECORD_TEXTS] = {"TEXT", "list of texts"},
};

void
record_sql_create(struct base_text *t, enum record_kind kind)
{
	const char *separator = " (\n";

	base_text_str(t, "CREATE TABLE IF NOT EXISTS ");
	base_text_str(t, record_kind_table(kind));
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(t, separator);
		base_text_str(t, "\t\"");
		base_text_str(t, record_fields[f].key);
		base_text_str(t, "\" ");
		base_text_str(t, type_names[record_fields[f].type].sql);
		separator = ",\n";
	}
	base_text_str(t, "\n);\n");
}

void
record_manual(struct base_text *t, enum record_kind kind)
{
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		const struct record_field_info *info = &record_fields[f];
		if (!record_field_in(f, kind))
			continue;
		base_text_str(t, "| `");
		base_text_str(t, info->key);
		base_text_str(t, "` | ");
		base_text_str(t, type_names[info->type].manual);
		base_text_str(t, " | ");
		base_text_str(t, info->unit);
		base_text_str(t, " | ");
		base_text_str(t, info->meaning);
		base_text_str(t, " |\n");
	}
}
