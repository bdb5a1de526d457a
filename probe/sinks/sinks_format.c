#include "sinks_private.h"

static void
csv_begin(struct sinks_billing *b)
{
	base_text_str(&b->text, "billing_seq,");
	record_csv_header(
		&b->text, (enum record_kind)__builtin_ctz(b->kinds), b->fields, b->n_fields);
}

static void
csv_row(struct sinks_billing *b, int64_t billing_seq, const struct record_row *row)
{
	base_text_i64(&b->text, billing_seq);
	base_text_char(&b->text, ',');
	record_csv_row(&b->text, row, b->fields, b->n_fields);
}

static void
jsonl_begin(struct sinks_billing *b)
{
}

static void
jsonl_row(struct sinks_billing *b, int64_t billing_seq, const struct record_row *row)
{
	struct base_text *t = &b->text;

	base_text_str(t, "{\"billing_seq\":");
	base_text_i64(t, billing_seq);
	base_text_str(t, ",\"kind\":\"");
	base_text_str(t, record_kind_name(row->kind));
	base_text_char(t, '"');
	for (uint32_t i = 0; i < b->n_fields; i++) {
		if (!row->values[b->fields[i]].present)
			continue;
		base_text_str(t, ",\"");
		base_text_str(t, record_fields[b->fields[i]].key);
		base_text_str(t, "\":");
		record_json_value(t, row, b->fields[i]);
	}
	base_text_str(t, "}\n");
}

const struct sinks_format sinks_formats[] = {
	[CONFIG_BILLING_CSV] = {"csv", "csv", true, csv_begin, csv_row, NULL, false},
	[CONFIG_BILLING_JSONL] = {"jsonl", "jsonl", false, jsonl_begin, jsonl_row, NULL, false},
	[CONFIG_BILLING_TS32298] = {"ts32298", "cdr", true, sinks_ts32297_begin,
		sinks_ts32297_row, sinks_ts32297_finish, true},
};
