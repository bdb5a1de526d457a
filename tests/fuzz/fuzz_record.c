/* record_row_read and every text made of a row, on hostile bytes.  Whatever is read stands within
 * the record; its texts are UTF-8, JSON closes what it opens, CSV quotes are even; and written anew
 * it gives the same JSON. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "record.h"

#define TEXT_MAX (1u << 20)

static void
check_utf8(const struct base_text *t)
{
	assert(t->len <= t->cap);
	if (!t->overflow)
		assert(base_text_utf8_prefix(base_span_of(t->p, (uint32_t)t->len)) == t->len);
}

static void
check_json(const struct base_text *t)
{
	int depth = 0;
	bool inside = false;

	check_utf8(t);
	if (t->overflow)
		return;
	for (size_t i = 0; i < t->len; i++) {
		uint8_t c = (uint8_t)t->p[i];
		assert(c >= 0x20);
		if (inside && c == '\\')
			i++;
		else if (c == '"')
			inside = !inside;
		else if (!inside)
			depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		assert(depth >= 0 && i < t->len);
	}
	assert(depth == 0 && !inside);
}

static void
check_csv(const struct base_text *t)
{
	size_t quotes = 0;

	check_utf8(t);
	if (t->overflow)
		return;
	for (size_t i = 0; i < t->len; i++)
		quotes += t->p[i] == '"';
	assert(quotes % 2 == 0 && t->len >= 2 && t->p[t->len - 1] == '\n');
}

static void
put_scalar(struct record_writer *w, enum record_field f, const struct record_value *v)
{
	switch (record_fields[f].type) {
	case RECORD_STR: record_put_str(w, f, v->text); break;
	case RECORD_TIME: record_put_time(w, f, v->time_ns); break;
	case RECORD_U64: record_put_u64(w, f, v->u64); break;
	case RECORD_F64: record_put_f64(w, f, v->f64); break;
	case RECORD_BOOL: record_put_bool(w, f, v->boolean); break;
	case RECORD_HEX32: record_put_hex32(w, f, (uint32_t)v->u64); break;
	case RECORD_IP: record_put_ip(w, f, &v->ip); break;
	default: break;
	}
}

static void
put_list(struct record_writer *w, const struct record_row *row, enum record_field f)
{
	static struct record_row nested;
	struct base_span element;
	uint32_t at = 0, n = 0;

	for (; record_row_element(row, f, &at, &element); n++) {
		assert(element.p >= row->raw.p &&
			element.p + element.len <= row->raw.p + row->raw.len);
		if (record_fields[f].type == RECORD_TEXTS) {
			record_put_str(w, f, element);
			continue;
		}
		assert(record_nested_read(&nested, record_list_kind(f),
			       element) == 0);
		uint32_t began = record_list_open(w, f);
		for (uint32_t k = 0; k < RECORD_F_COUNT; k++)
			if (nested.values[k].present)
				put_scalar(w, k, &nested.values[k]);
		record_list_close(w, began);
	}
	assert(n == row->values[f].count);
}

/* False: an absent BOOL, an empty element, cannot be told from a false or an empty one once written
 * anew. */
static bool
write_anew(const struct record_row *row, struct record_writer *w)
{
	bool same = true;

	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		const struct record_value *v = &row->values[f];
		enum record_type type = record_fields[f].type;
		if (!v->present || f == RECORD_F_SEQ)
			continue;
		if (type == RECORD_LIST || type == RECORD_TEXTS)
			put_list(w, row, f);
		else
			put_scalar(w, f, v);
		same &= type == RECORD_STR || type == RECORD_TIME || type == RECORD_U64 ||
			type == RECORD_F64 || type == RECORD_HEX32 || type == RECORD_IP ||
			(type == RECORD_BOOL && v->boolean);
	}
	record_set_seq(w->p, row->values[RECORD_F_SEQ].u64);
	return same && !w->overflow;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char json[TEXT_MAX], again[TEXT_MAX], csv[TEXT_MAX], plain[TEXT_MAX];
	static uint8_t copy[RECORD_BYTES_MAX];
	static struct record_row row, row2;
	struct base_text j = base_text_of(json, TEXT_MAX), a = base_text_of(again, TEXT_MAX),
			 c = base_text_of(csv, TEXT_MAX);

	if (size > RECORD_BYTES_MAX || record_row_read(&row, data, (uint32_t)size))
		return 0;
	record_json(&j, &row, true);
	check_json(&j);
	record_csv_row(&c, &row, NULL, 0);
	check_csv(&c);
	for (uint32_t f = 0; f < RECORD_F_COUNT; f++) {
		struct base_text p = base_text_of(plain, TEXT_MAX);
		record_plain_value(&p, &row, f);
		check_utf8(&p);
	}
	/* the same bytes as a JSON text of the store */
	row2 = row;
	row2.values[RECORD_F_WATCH] = (struct record_value){
		.text = base_span_of(data, (uint32_t)size), .present = true, .json = true};
	c.len = 0;
	record_csv_cell(&c, &row2, RECORD_F_WATCH);
	check_utf8(&c);

	struct record_writer w = record_writer_begin(copy, sizeof(copy), row.kind);
	if (write_anew(&row, &w)) {
		assert(record_row_read(&row2, copy, w.len) == 0);
		record_json(&a, &row2, true);
		assert(a.len == j.len && memcmp(again, json, j.len) == 0);
	}
	return 0;
}
