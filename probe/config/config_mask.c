#include "config.h"

/* "keep_last:3" and the like: N of the rule with that name. */
static bool
rule_number(struct base_span text, const char *name, uint32_t *n)
{
	uint32_t len = (uint32_t)strlen(name);
	uint64_t v;

	if (text.len <= len || memcmp(text.p, name, len) != 0 ||
		!base_span_u64(base_span_of(text.p + len, text.len - len), &v) || v > UINT16_MAX)
		return false;
	*n = (uint32_t)v;
	return true;
}

static bool
rule_parse(struct base_span text, struct config_mask *mask)
{
	*mask = (struct config_mask){CONFIG_MASK_NONE, 0};
	if (base_span_eq(text, BASE_SPAN("drop")))
		mask->rule = CONFIG_MASK_DROP;
	else if (base_span_eq(text, BASE_SPAN("hash")))
		mask->rule = CONFIG_MASK_HASH;
	else if (rule_number(text, "keep_first:", &mask->n))
		mask->rule = CONFIG_MASK_KEEP_FIRST;
	else if (rule_number(text, "keep_last:", &mask->n))
		mask->rule = CONFIG_MASK_KEEP_LAST;
	return mask->rule != CONFIG_MASK_NONE;
}

int
config_mask_parse(const char *text, struct config_mask *mask, struct sys_error *e)
{
	const char *equals = strchr(text, '=');
	int field = equals ? record_field_of(base_span_of(text, (uint32_t)(equals - text))) : -1;

	if (field < 0)
		return sys_fail(e, -BASE_ERR_INVALID, "'%.64s' is no FIELD=RULE", text);
	if (!rule_parse(base_span_cstr(equals + 1), mask))
		return sys_fail(e, -BASE_ERR_INVALID,
			"'%.64s' is none of drop, hash, keep_first:N, keep_last:N", equals + 1);
	bool fits = record_fields[field].type == RECORD_STR || mask->rule == CONFIG_MASK_DROP ||
		    (record_fields[field].type == RECORD_IP &&
			    mask->rule == CONFIG_MASK_KEEP_FIRST);
	if (!fits)
		return sys_fail(e, -BASE_ERR_INVALID, "'%s' can be masked by %s only",
			record_fields[field].key,
			record_fields[field].type == RECORD_IP ? "drop or keep_first:BITS"
							       : "drop");
	return field;
}
