#include "sinks_private.h"

#include <stdlib.h>

static int
column_add(struct sinks_billing *b, enum record_field f, struct sys_error *e)
{
	for (uint32_t i = 0; i < b->n_fields; i++)
		if (b->fields[i] == f)
			return sys_fail(e, -BASE_ERR_INVALID, "billing.columns: %s stands twice",
				record_fields[f].key);
	b->fields[b->n_fields++] = f;
	return 0;
}

static int
columns_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e)
{
	int error = 0;

	for (int f = 0; f < RECORD_F_COUNT && (options->columns == NULL || options->n_columns == 0);
		f++)
		if (!record_field_is_detail(f) && (record_fields[f].kinds & b->kinds))
			b->fields[b->n_fields++] = f;
	for (uint32_t i = 0; options->columns && i < options->n_columns && error == 0; i++) {
		int f = record_field_of(base_span_cstr(options->columns[i]));
		if (f < 0)
			return sys_fail(e, -BASE_ERR_INVALID,
				"billing.columns: no record has a field '%s'", options->columns[i]);
		if (!(record_fields[f].kinds & b->kinds))
			return sys_fail(e, -BASE_ERR_INVALID,
				"billing.columns: none of billing.kinds has '%s'",
				options->columns[i]);
		error = column_add(b, f, e);
	}
	return error;
}

int
sinks_options_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e)
{
	const uint32_t all = 1u << RECORD_CALL | 1u << RECORD_REGISTRATION |
			     1u << RECORD_TRANSACTION | 1u << RECORD_MESSAGE | 1u << RECORD_STREAM;

	b->format = &sinks_formats[options->format];
	b->kinds = options->kinds ? options->kinds : 1u << RECORD_CALL;
	b->rotate_s = options->rotate_s;
	b->rotate_bytes = options->rotate_bytes ? options->rotate_bytes : UINT64_MAX;
	b->rotate_records = options->rotate_records ? options->rotate_records : UINT32_MAX;
	if (b->kinds & ~all)
		return sys_fail(e, -BASE_ERR_INVALID, "billing.kinds: no such kind of record");
	if (b->format->one_kind && __builtin_popcount(b->kinds) != 1)
		return sys_fail(e, -BASE_ERR_INVALID,
			"billing.kinds: %s takes one kind of record; for several set "
			"billing.format: jsonl",
			b->format->name);
	if (b->format->fixed &&
		(b->kinds != 1u << RECORD_CALL || options->n_columns || options->compression))
		return sys_fail(e, -BASE_ERR_INVALID,
			"billing.format: %s takes calls alone, and neither billing.columns nor "
			"billing.compression",
			b->format->name);
	b->node = base_ip_v4((const uint8_t[4]){0, 0, 0, 0});
	if (options->node_address && options->node_address[0] &&
		!base_ip_parse(base_span_cstr(options->node_address), &b->node))
		return sys_fail(e, -BASE_ERR_INVALID, "billing.node_address: '%s' is no address",
			options->node_address);
	if (strlen(options->dir) > SINKS_PATH_BYTES - 200)
		return sys_fail(e, -BASE_ERR_INVALID, "billing.dir: too long");
	b->dir = strdup(options->dir);
	if (b->dir == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	b->retention_days = options->retention_days;
	b->retention_bytes = options->retention_bytes;
	int error = columns_take(b, options, e);
	if (error == 0)
		error = sinks_compress_new(&b->compress, options->compression, e);
	if (error == 0)
		error = sinks_mask_take(b, options, e);
	return error ? error : sinks_hook_take(b, options, e);
}
