#include "sinks_private.h"

#include <unistd.h>

#define SCHEMA_VERSION 1
#define SCHEMA_HASH_BYTES 6

static void
put_key(struct base_text *t, const char *key)
{
	base_text_str(t, ",\"");
	base_text_str(t, key);
	base_text_str(t, "\":");
}

static void
put_text(struct base_text *t, const char *key, const char *text)
{
	put_key(t, key);
	base_text_json(t, base_span_cstr(text));
}

/* JSON's own type, and what its text is. */
static void
put_type(struct base_text *t, enum record_type type)
{
	static const struct {
		const char *type, *format;
	} types[] = {
		[RECORD_STR] = {"string", NULL},
		[RECORD_TIME] = {"string", "date-time"},
		[RECORD_U64] = {"integer", NULL},
		[RECORD_F64] = {"number", NULL},
		[RECORD_BOOL] = {"boolean", NULL},
		[RECORD_HEX32] = {"string", "hex32"},
		[RECORD_IP] = {"string", "ip"},
		[RECORD_LIST] = {"array", NULL},
		[RECORD_TEXTS] = {"array", "strings"},
	};

	put_text(t, "type", types[type].type);
	if (types[type].format)
		put_text(t, "format", types[type].format);
}

static void
put_mask(struct base_text *t, const struct config_mask *mask)
{
	static const char *const names[] = {[CONFIG_MASK_NONE] = "",
		[CONFIG_MASK_DROP] = "drop",
		[CONFIG_MASK_HASH] = "hash",
		[CONFIG_MASK_KEEP_FIRST] = "keep_first",
		[CONFIG_MASK_KEEP_LAST] = "keep_last"};

	if (mask->rule == CONFIG_MASK_NONE)
		return;
	put_text(t, "mask", names[mask->rule]);
	if (mask->rule == CONFIG_MASK_KEEP_FIRST || mask->rule == CONFIG_MASK_KEEP_LAST) {
		put_key(t, "mask_keep");
		base_text_u64(t, mask->n);
	}
}

static void
put_column(struct base_text *t, const struct sinks_billing *b, enum record_field f)
{
	const struct record_field_info *info = &record_fields[f];

	base_text_str(t, "{\"name\":");
	base_text_json(t, base_span_cstr(info->key));
	put_type(t, info->type);
	if (info->unit[0])
		put_text(t, "unit", info->unit);
	if (info->type == RECORD_LIST)
		put_text(t, "items", record_kind_name(record_list_kind(f)));
	put_mask(t, &b->masks[f]);
	put_text(t, "meaning", info->meaning);
	base_text_char(t, '}');
}

/* The columns of the rows in lists of a kind, where there is such a list. */
static void
put_items(struct base_text *t, const struct sinks_billing *b, enum record_kind kind)
{
	bool more = false;

	base_text_json(t, base_span_cstr(record_kind_name(kind)));
	base_text_str(t, ":[");
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(t, more ? "," : "");
		put_column(t, b, f);
		more = true;
	}
	base_text_char(t, ']');
}

void
sinks_schema_text(struct base_text *t, const struct sinks_billing *b)
{
	bool more = false;

	base_text_str(t, "{\"schema\":");
	base_text_u64(t, SCHEMA_VERSION);
	put_key(t, "record_version");
	base_text_u64(t, RECORD_VERSION);
	put_text(t, "format", b->format->name);
	put_key(t, "kinds");
	for (int k = RECORD_CALL; k <= RECORD_STREAM; k++) {
		if (!(b->kinds >> k & 1))
			continue;
		base_text_char(t, more ? ',' : '[');
		base_text_json(t, base_span_cstr(record_kind_name(k)));
		more = true;
	}
	base_text_str(t, "],\"columns\":[{\"name\":\"billing_seq\",\"type\":\"integer\","
			 "\"meaning\":\"number of the record in all files, from 1, no gap\"}");
	for (uint32_t i = 0; i < b->n_fields; i++) {
		base_text_char(t, ',');
		put_column(t, b, b->fields[i]);
	}
	base_text_str(t, "],\"items\":{");
	more = false;
	for (uint32_t i = 0; i < b->n_fields; i++) {
		if (record_fields[b->fields[i]].type != RECORD_LIST)
			continue;
		base_text_str(t, more ? "," : "");
		put_items(t, b, record_list_kind(b->fields[i]));
		more = true;
	}
	base_text_str(t, "}}\n");
}

int
sinks_schema_write(struct sinks_billing *b, struct sys_error *e)
{
	struct base_text t = base_text_of(b->text.p, b->text.cap); /* empty between files */
	struct base_text name = base_text_of(b->schema, sizeof(b->schema));
	char path[SINKS_PATH_BYTES];
	struct base_text full = base_text_of(path, sizeof(path));
	struct sha256_ctx sha256;
	uint8_t digest[SCHEMA_HASH_BYTES];

	if (b->format->fixed) /* its schema is the standard's */
		return 0;
	sinks_schema_text(&t, b);
	sha256_init(&sha256);
	sha256_update(&sha256, t.len, (const uint8_t *)t.p);
	sha256_digest(&sha256, sizeof(digest), digest);
	base_text_str(&name, "schema-");
	for (size_t i = 0; i < sizeof(digest); i++)
		base_text_hex(&name, digest[i], 2);
	base_text_str(&name, ".json");
	base_text_str(&full, b->dir);
	base_text_char(&full, '/');
	base_text_str(&full, base_text_cstr(&name));
	return access(base_text_cstr(&full), F_OK) == 0
		       ? 0
		       : sys_file_replace(path, t.p, t.len, 0640, e);
}
