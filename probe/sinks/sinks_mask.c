#include "sinks_private.h"

#include <stdlib.h>

#include "sinks_feed.h"

#define KEY_BYTES_MIN 16 /* numbers are few: with a key that can be guessed they can be, too */
#define HASH_BYTES 16    /* of the HMAC, in hexadecimal */
#define MASK_TEXT_BYTES                                                                            \
	(2u << 20) /* a record of 64 KiB whose shortest texts all become hashes is < 1 MiB */

int
sinks_mask_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e)
{
	bool hashes = false;
	char *key = NULL;
	int error = 0;

	for (uint32_t i = 0; i < options->n_masks; i++) {
		struct sys_error why = {""};
		struct config_mask mask;
		int field = config_mask_parse(options->masks[i], &mask, &why);
		if (field < 0)
			return sys_fail(e, field, "billing.mask: %s", why.text);
		b->masks[field] = mask;
		hashes |= mask.rule == CONFIG_MASK_HASH;
	}
	b->n_masks = options->n_masks;
	if (b->n_masks == 0)
		return 0;
	b->mask_text = base_text_of(malloc(MASK_TEXT_BYTES), MASK_TEXT_BYTES);
	if (b->mask_text.p == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	if (!hashes)
		return 0;
	if (options->mask_key_file == NULL || !options->mask_key_file[0])
		return sys_fail(e, -BASE_ERR_INVALID, "billing.mask_key_file: is needed to hash");
	error = sinks_secret_read(&key, options->mask_key_file, e);
	if (error == 0 && strlen(key) < KEY_BYTES_MIN)
		error = sys_fail(e, -BASE_ERR_INVALID, "%s: the key is shorter than %d characters",
			options->mask_key_file, KEY_BYTES_MIN);
	if (error == 0)
		hmac_sha256_set_key(&b->mask_key, strlen(key), (const uint8_t *)key);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	return error;
}

static void
text_hash(const struct sinks_billing *b, struct base_span s, struct base_text *out)
{
	struct hmac_sha256_ctx hmac = b->mask_key;
	uint8_t digest[HASH_BYTES];

	hmac_sha256_update(&hmac, s.len, (const uint8_t *)s.p);
	hmac_sha256_digest(&hmac, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		base_text_hex(out, digest[i], 2);
}

/* Of UTF-8, or what is to be it: a byte that begins a character. */
static bool
is_first(char c)
{
	return ((uint8_t)c & 0xc0) != 0x80;
}

/* s with an asterisk for each character but the first or last n. */
static void
text_keep(struct base_span s, uint32_t n, bool last, struct base_text *out)
{
	const char *p = (const char *)s.p;
	uint32_t characters = 0, at = 0;

	for (uint32_t i = 0; i < s.len; i++)
		characters += is_first(p[i]);
	uint32_t from = last ? (characters > n ? characters - n : 0) : 0;
	uint32_t to = last ? characters : n;
	for (uint32_t i = 0; i < s.len; i++) {
		at += is_first(p[i]);
		bool kept = at == 0 ? false : at - 1 >= from && at - 1 < to;
		if (kept)
			base_text_char(out, p[i]);
		else if (is_first(p[i]))
			base_text_char(out, '*');
	}
}

/* The first n bits of an address of 4 or 16 bytes. */
static void
address_keep(struct base_span address, uint32_t n, struct base_text *out)
{
	for (uint32_t i = 0; i < address.len; i++) {
		uint32_t bits = n > i * 8 ? n - i * 8 : 0;
		uint8_t mask = bits >= 8 ? 0xff : (uint8_t)(0xff00u >> bits);
		base_text_char(out, (char)((uint8_t)address.p[i] & mask));
	}
}

/* A record_edit_fn. */
static bool
bytes_mask(void *context, enum record_field f, struct base_span bytes, struct base_text *out)
{
	const struct sinks_billing *b = context;
	const struct config_mask *mask = &b->masks[f];

	switch (mask->rule) {
	case CONFIG_MASK_DROP: return false;
	case CONFIG_MASK_HASH: text_hash(b, bytes, out); return true;
	case CONFIG_MASK_KEEP_LAST: text_keep(bytes, mask->n, true, out); return true;
	case CONFIG_MASK_KEEP_FIRST:
		if (record_fields[f].type == RECORD_IP)
			address_keep(bytes, mask->n, out);
		else
			text_keep(bytes, mask->n, false, out);
		return true;
	default: base_text_span(out, bytes); return true;
	}
}

static void
address_mask(const struct config_mask *mask, struct base_ip *ip)
{
	char bytes[16];
	uint32_t from = base_ip_is_v4(ip) ? 12 : 0;
	struct base_text out = base_text_of(bytes, sizeof(bytes));

	address_keep(base_span_of(ip->b + from, 16 - from), mask->n, &out);
	memcpy(ip->b + from, bytes, 16 - from);
}

static bool
list_has_masks(const struct sinks_billing *b, enum record_kind kind)
{
	for (int f = 0; f < RECORD_F_COUNT; f++)
		if (b->masks[f].rule && record_field_in(f, kind))
			return true;
	return false;
}

static void
value_mask(struct sinks_billing *b, enum record_field f, struct record_value *v)
{
	const struct config_mask *mask = &b->masks[f];
	size_t start = b->mask_text.len;
	bool list = record_fields[f].type == RECORD_LIST;

	if (mask->rule == CONFIG_MASK_DROP) {
		v->present = false;
		return;
	}
	if (mask->rule && record_fields[f].type == RECORD_IP) {
		address_mask(mask, &v->ip);
		return;
	}
	if (list ? !list_has_masks(b, record_list_kind(f)) : !mask->rule)
		return;
	/* JSON from a day of the store's first layout is not taken apart: rather nothing. */
	if (list && v->json) {
		v->present = false;
		return;
	}
	if (list)
		record_list_edit(&b->mask_text, v->text, bytes_mask, b);
	else
		bytes_mask(b, f, v->text, &b->mask_text);
	v->present = !b->mask_text.overflow;
	v->text = base_span_of(b->mask_text.p + start, (uint32_t)(b->mask_text.len - start));
}

const struct record_row *
sinks_mask_row(struct sinks_billing *b, const struct record_row *row)
{
	b->mask_row = *row;
	b->mask_row.raw = base_span_of(NULL, 0); /* it would tell what is masked */
	b->mask_text.len = 0;
	b->mask_text.overflow = false;
	for (int f = 0; f < RECORD_F_COUNT; f++)
		if (b->mask_row.values[f].present)
			value_mask(b, f, &b->mask_row.values[f]);
	return &b->mask_row;
}
