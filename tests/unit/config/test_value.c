#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

#include "config_private.h"

/* tables.calls and the like, loaded alone. */
static uint64_t
ring_bytes_of(const char *value)
{
	char text[128];
	struct config *c;

	snprintf(text, sizeof(text), "probe:\n  ring_bytes: %s\n", value);
	c = testing_load(text);
	uint64_t v = c->probe.ring_bytes;
	config_free(c);
	return v;
}

static void
sizes_take_powers_of_1024(void **state)
{
	assert_int_equal(ring_bytes_of("65536"), 65536);
	assert_int_equal(ring_bytes_of("64K"), 65536);
	assert_int_equal(ring_bytes_of("64k"), 65536);
	assert_int_equal(ring_bytes_of("2M"), 2 << 20);
	assert_int_equal(ring_bytes_of("\"16G\""), 16ull << 30);
}

static void
sizes_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *value, *reason;
	} rows[] = {{"1T", "'1T' is not a whole number with or without K, M or G"},
		{"K", "'K' is not a whole number with or without K, M or G"},
		{"1.5M", "'1.5M' is not a whole number with or without K, M or G"},
		{"64KB", "'64KB' is not a whole number with or without K, M or G"},
		{"\"\"", "'' is not a whole number with or without K, M or G"},
		{"32K", "32K is out of range 65536..17179869184"},
		{"17179869184G", "17179869184G is out of range 65536..17179869184"},
		{"18446744073709551616", "18446744073709551616 is out of range 65536..17179869184"},
		{"99999999999999999999999",
			"99999999999999999999999 is out of range 65536..17179869184"},
		{"65537", "65537 is not a power of two"}};
	char text[128], want[256];

	for (size_t i = 0; i < base_count_of(rows); i++) {
		snprintf(text, sizeof(text), "probe:\n  ring_bytes: %s\n", rows[i].value);
		snprintf(want, sizeof(want), ":2: probe.ring_bytes: %s", rows[i].reason);
		testing_refused(text, want);
	}
}

static void
numbers_keep_their_range(void **state)
{
	testing_refused("sip:\n  ports:\n    - 5060\n    - 70000\n",
		":4: sip.ports[1]: 70000 is out of range 1..65535");
	testing_refused("sip:\n  ports: [0]\n", ":2: sip.ports[0]: 0 is out of range 1..65535");
	testing_refused("probe:\n  cores: 65\n", ":2: probe.cores: 65 is out of range 1..64");
	testing_refused("probe:\n  cores: -1\n", ":2: probe.cores: '-1' is not a whole number");
	testing_refused("probe:\n  cores: 0x10\n", ":2: probe.cores: '0x10' is not a whole number");
	testing_refused("probe:\n  cores: 4K\n", ":2: probe.cores: '4K' is not a whole number");
	testing_refused("probe:\n  cores:\n", ":2: probe.cores: '' is not a whole number");
}

static void
words_are_exact(void **state)
{
	testing_refused(
		"probe:\n  promiscuous: 1\n", ":2: probe.promiscuous: '1' is none of false, true");
	testing_refused("probe:\n  log_level: loud\n",
		":2: probe.log_level: 'loud' is none of error, warning, info, debug");
	testing_refused(
		"billing:\n  format: xml\n", ":2: billing.format: 'xml' is none of csv, jsonl, ts32298");
	testing_refused("watch:\n  - name: a\n    kind: people\n",
		":3: watch[0].kind: 'people' is none of number, domain, user_agent, header");
}

static void
texts_keep_their_length(void **state)
{
	testing_refused("store:\n  dir: \"\"\n", ":2: store.dir: must not be empty");
	testing_refused("probe:\n  user: abcdefghijklmnopqrstuvwxyz0123456\n",
		":2: probe.user: is longer than 32 bytes");
	testing_refused("sip:\n  extra_headers: [a, \"\"]\n",
		":2: sip.extra_headers[1]: must not be empty");
}

/* Every number's bounds themselves are taken, their neighbours outside refused. */
static void
every_bound_is_where_the_table_says(void **state)
{
	for (uint32_t s = 0; s < CONFIG_SECTION_COUNT; s++) {
		for (uint32_t r = 0; r < config_sections[s].n_rows; r++) {
			const struct config_row *row = &config_sections[s].rows[r];
			uint64_t out = 0;
			char text[32];
			if (row->list ||
				(row->type != CONFIG_TYPE_NUMBER && row->type != CONFIG_TYPE_BYTES))
				continue;
			snprintf(text, sizeof(text), "%llu", (unsigned long long)row->max);
			assert_int_equal(config_value_read(row, text, &out, NULL), 0);
			assert_int_equal(out, row->max);
			snprintf(text, sizeof(text), "%llu", (unsigned long long)row->max + 1);
			assert_true(config_value_read(row, text, &out, NULL) < 0);
			snprintf(text, sizeof(text), "%llu", (unsigned long long)row->min);
			assert_int_equal(config_value_read(row, text, &out, NULL), 0);
			snprintf(text, sizeof(text), "%llu", (unsigned long long)row->min - 1);
			assert_true(config_value_read(row, text, &out, NULL) < 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_take_powers_of_1024),
		cmocka_unit_test(sizes_that_are_none_are_refused),
		cmocka_unit_test(numbers_keep_their_range),
		cmocka_unit_test(words_are_exact),
		cmocka_unit_test(texts_keep_their_length),
		cmocka_unit_test(every_bound_is_where_the_table_says),
	};
	return cmocka_run_group_tests(tests, NULL, testing_teardown);
}
