#include "config_private.h"

#include <stdlib.h>

#define TEXT_ELEMENT_MAX 4095 /* bytes of a TEXT in a list */

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const billing_formats[] = {"csv", "jsonl", "ts32298", NULL};
static const char *const compressions[] = {"none", "gzip", "zstd", NULL};
static const char *const watch_kinds[] = {"number", "domain", "user_agent", "header", NULL};
static const char *const steer_modes[] = {"redirect", "mirror", NULL};
static const char *const rss_fields[] = {"ip", "udp", "tcp", "sctp", NULL};
static const char *const rss_keys[] = {"symmetric", "driver", NULL};
static const char *const messages_keeps[] = {"none", "calls", "all", NULL};
static const char *const stamp_clocks[] = {"nic", "driver", "host", NULL};
static const char *const booleans[] = {"false", "true", NULL};

/* The words of a type that has words, in the order of their values. */
static const char *const *
value_words(uint8_t type)
{
	static const char *const *const words[CONFIG_TYPE_COUNT] = {[CONFIG_TYPE_BOOL] = booleans,
		[CONFIG_TYPE_LOG_LEVEL] = log_levels,
		[CONFIG_TYPE_BILLING_FORMAT] = billing_formats,
		[CONFIG_TYPE_COMPRESSION] = compressions,
		[CONFIG_TYPE_WATCH_KIND] = watch_kinds,
		[CONFIG_TYPE_STEER_MODE] = steer_modes,
		[CONFIG_TYPE_RSS_FIELD] = rss_fields,
		[CONFIG_TYPE_RSS_KEY] = rss_keys,
		[CONFIG_TYPE_MESSAGES_KEEP] = messages_keeps,
		[CONFIG_TYPE_TIMESTAMPS] = stamp_clocks};

	return words[type];
}

static void
value_bounds(const struct config_row *row, uint64_t *min, uint64_t *max)
{
	*min = row->min, *max = row->max;
	if (row->type == CONFIG_TYPE_PORT)
		*min = 1, *max = 65535;
	else if (row->list)
		*min = 1, *max = TEXT_ELEMENT_MAX;
}

static void
value_store(const struct config_row *row, void *out, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (row->width) {
	case 1: memcpy(out, &v8, 1); break;
	case 2: memcpy(out, &v16, 2); break;
	case 4: memcpy(out, &v32, 4); break;
	default: memcpy(out, &v, 8);
	}
}

static uint64_t
value_fetch(const struct config_row *row, const void *value)
{
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (row->width) {
	case 1: memcpy(&v8, value, 1); return v8;
	case 2: memcpy(&v16, value, 2); return v16;
	case 4: memcpy(&v32, value, 4); return v32;
	default: memcpy(&v64, value, 8); return v64;
	}
}

static int
value_read_text(const struct config_row *row, const char *text, void *out, struct sys_error *reason)
{
	size_t len = strlen(text);
	uint64_t min, max;

	value_bounds(row, &min, &max);
	if (len < min)
		return sys_fail(reason, -BASE_ERR_INVALID, "must not be empty");
	if (len > max)
		return sys_fail(reason, -BASE_ERR_INVALID, "is longer than %llu bytes",
			(unsigned long long)max);
	char *copy = strdup(text);
	if (!copy)
		return sys_fail(reason, -BASE_ERR_NO_MEMORY, "out of memory");
	memcpy(out, &copy, sizeof(copy));
	return 0;
}

static int
value_read_word(const struct config_row *row, const char *text, void *out, struct sys_error *reason)
{
	const char *const *words = value_words(row->type);
	char list[128];
	struct base_text t = base_text_of(list, sizeof(list));

	for (unsigned i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			value_store(row, out, i);
			return 0;
		}
		base_text_str(&t, i ? ", " : "");
		base_text_str(&t, words[i]);
	}
	return sys_fail(
		reason, -BASE_ERR_INVALID, "'%.64s' is none of %s", text, base_text_cstr(&t));
}

/* K, M or G behind the digits of a number of bytes: cut off, and how far to shift. */
static unsigned
value_cut_suffix(struct base_span *s)
{
	static const struct {
		char suffix;
		uint8_t shift;
	} suffixes[] = {{'k', 10}, {'m', 20}, {'g', 30}};

	for (size_t i = 0; s->len && i < base_count_of(suffixes); i++) {
		if (base_lower(s->p[s->len - 1]) != suffixes[i].suffix)
			continue;
		s->len--;
		return suffixes[i].shift;
	}
	return 0;
}

static int
value_read_number(
	const struct config_row *row, const char *text, void *out, struct sys_error *reason)
{
	struct base_span digits = base_span_cstr(text);
	unsigned shift = row->type == CONFIG_TYPE_BYTES ? value_cut_suffix(&digits) : 0;
	uint64_t v, min, max;

	value_bounds(row, &min, &max);
	for (uint32_t i = 0; i < digits.len; i++)
		if ((uint8_t)(digits.p[i] - '0') > 9)
			digits.len = 0;
	if (digits.len == 0)
		return sys_fail(reason, -BASE_ERR_INVALID, "'%.64s' is not a whole number%s", text,
			row->type == CONFIG_TYPE_BYTES ? " with or without K, M or G" : "");
	if (!base_span_u64(digits, &v) || v > UINT64_MAX >> shift || v << shift < min ||
		v << shift > max)
		return sys_fail(reason, -BASE_ERR_INVALID, "%.64s is out of range %llu..%llu", text,
			(unsigned long long)min, (unsigned long long)max);
	value_store(row, out, v << shift);
	return 0;
}

int
config_value_read(
	const struct config_row *row, const char *text, void *out, struct sys_error *reason)
{
	if (row->type == CONFIG_TYPE_TEXT)
		return value_read_text(row, text, out, reason);
	if (value_words(row->type))
		return value_read_word(row, text, out, reason);
	return value_read_number(row, text, out, reason);
}

/* config_yaml lets no control character in, so a quoted text needs no other escapes. */
static void
value_print_text(const char *text, FILE *f)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void
value_print_bytes(uint64_t v, FILE *f)
{
	static const char suffixes[] = {0, 'K', 'M', 'G'};
	unsigned i = 0;

	for (; i < 3 && v && v % 1024 == 0; i++)
		v /= 1024;
	fprintf(f, "%llu", (unsigned long long)v);
	if (suffixes[i])
		fputc(suffixes[i], f);
}

void
config_value_print(const struct config_row *row, const void *value, FILE *f)
{
	const char *text;

	if (row->type == CONFIG_TYPE_TEXT) {
		memcpy(&text, value, sizeof(text));
		value_print_text(text, f);
	} else if (value_words(row->type)) {
		fputs(value_words(row->type)[value_fetch(row, value)], f);
	} else if (row->type == CONFIG_TYPE_BYTES) {
		value_print_bytes(value_fetch(row, value), f);
	} else {
		fprintf(f, "%llu", (unsigned long long)value_fetch(row, value));
	}
}

static void
value_print_bounds(const struct config_row *row, FILE *f)
{
	uint64_t min, max;

	value_bounds(row, &min, &max);
	if (row->type == CONFIG_TYPE_TEXT) {
		fprintf(f, "text, %llu to %llu bytes", (unsigned long long)min,
			(unsigned long long)max);
	} else if (row->type == CONFIG_TYPE_BYTES) {
		value_print_bytes(min, f);
		fputs("..", f);
		value_print_bytes(max, f);
	} else {
		fprintf(f, "%llu..%llu", (unsigned long long)min, (unsigned long long)max);
	}
}

void
config_value_range(const struct config_row *row, FILE *f)
{
	const char *const *words = value_words(row->type);

	if (row->list)
		fprintf(f, "up to %llu of: ", (unsigned long long)row->max);
	if (!words) {
		value_print_bounds(row, f);
		return;
	}
	for (unsigned i = 0; words[i]; i++)
		fprintf(f, "%s%s", i ? ", " : "", words[i]);
}
