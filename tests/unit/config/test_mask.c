/* Law: a mask that does not fit its field's type is refused with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config.h"

#define NUMBER(n) CONFIG_MASK_KEEP_LAST, n, ""

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int field; /* negative: refused */
		enum config_mask_rule rule;
		uint32_t n;
		const char *says;
	} table[] = {
		{"from_user=keep_last:3", RECORD_F_FROM_USER, NUMBER(3)},
		{"from_user=keep_last:0", RECORD_F_FROM_USER, NUMBER(0)},
		{"to_user=keep_first:6", RECORD_F_TO_USER, CONFIG_MASK_KEEP_FIRST, 6, ""},
		{"src_ip=keep_first:24", RECORD_F_SRC_IP, CONFIG_MASK_KEEP_FIRST, 24, ""},
		{"pai=hash", RECORD_F_PAI, CONFIG_MASK_HASH, 0, ""},
		{"headers=drop", RECORD_F_HEADERS, CONFIG_MASK_DROP, 0, ""},
		{"flow=drop", RECORD_F_FLOW, CONFIG_MASK_DROP, 0, ""},
		{"headers=hash", -1, CONFIG_MASK_NONE, 0, "'headers' can be masked by drop only"},
		{"src_ip=hash", -1, CONFIG_MASK_NONE, 0, "drop or keep_first:BITS"},
		{"src_ip=keep_last:8", -1, CONFIG_MASK_NONE, 0, "drop or keep_first:BITS"},
		{"from_user", -1, CONFIG_MASK_NONE, 0, "'from_user' is no FIELD=RULE"},
		{"caller=hash", -1, CONFIG_MASK_NONE, 0, "is no FIELD=RULE"},
		{"=hash", -1, CONFIG_MASK_NONE, 0, "is no FIELD=RULE"},
		{"from_user=", -1, CONFIG_MASK_NONE, 0, "'' is none of drop, hash"},
		{"from_user=keep_last:", -1, CONFIG_MASK_NONE, 0, "is none of drop, hash"},
		{"from_user=keep_last:-1", -1, CONFIG_MASK_NONE, 0, "is none of drop, hash"},
		{"from_user=keep_last:65536", -1, CONFIG_MASK_NONE, 0, "is none of drop, hash"},
		{"from_user=hashed", -1, CONFIG_MASK_NONE, 0, "is none of drop, hash"},
	};

	for (size_t i = 0; i < base_count_of(table); i++) {
		struct sys_error e = {""};
		struct config_mask mask;
		int field = config_mask_parse(table[i].text, &mask, &e);
		if (table[i].field < 0) {
			assert_true(field < 0);
			if (strstr(e.text, table[i].says) == NULL)
				fail_msg("%s: %s", table[i].text, e.text);
			continue;
		}
		assert_int_equal(field, table[i].field);
		assert_int_equal(mask.rule, table[i].rule);
		assert_int_equal(mask.n, table[i].n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
