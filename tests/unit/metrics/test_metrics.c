/* Laws of metrics: every counter and verdict has its own place and its own name; the page is
 * Prometheus text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics.h"

static char text[65536];

/* A block whose values are all different. */
static struct metrics_core
block(uint64_t base)
{
	struct metrics_core m = {0};

	for (int i = 0; i < METRICS_COUNT; i++)
		metrics_set(&m, i, base + (uint64_t)i);
	for (int v = 0; v < PACKET_VERDICT_COUNT; v++)
		m.verdicts[v] = base * 1000 + (uint64_t)v;
	return m;
}

static void
names_are_unique_plain_names(void **state)
{
	for (int i = 0; i < METRICS_COUNT; i++) {
		assert_true(strlen(metrics_infos[i].meaning) > 0);
		assert_null(strpbrk(metrics_infos[i].meaning, "\\\n"));
		for (const char *c = metrics_infos[i].key; *c; c++)
			assert_true((*c >= 'a' && *c <= 'z') || *c == '_');
		for (int k = 0; k < i; k++)
			assert_string_not_equal(metrics_infos[i].key, metrics_infos[k].key);
		assert_string_not_equal(metrics_infos[i].key, "verdicts");
	}
	assert_string_equal(metrics_infos[METRICS_FRAMES].key, "frames");
	assert_true(metrics_infos[METRICS_CALLS_ACTIVE].gauge);
	assert_false(metrics_infos[METRICS_CALLS].gauge);
}

static void
counting(void **state)
{
	struct metrics_core m = {0};

	metrics_add(&m, METRICS_FRAMES, 3);
	metrics_add(&m, METRICS_FRAMES, 4);
	metrics_set(&m, METRICS_CALLS_ACTIVE, 9);
	metrics_set(&m, METRICS_CALLS_ACTIVE, 2);
	assert_int_equal(m.values[METRICS_FRAMES], 7);
	assert_int_equal(m.values[METRICS_CALLS_ACTIVE], 2);
	assert_int_equal(metrics_verdicts_total(&m), 0);
}

/* Law 1: the sum of verdicts equals the frames. */
static void
every_verdict_counts_once(void **state)
{
	struct metrics_core m = {0};

	for (int v = 0; v < PACKET_VERDICT_COUNT; v++) {
		for (int n = 0; n <= v; n++) {
			metrics_add(&m, METRICS_FRAMES, 1);
			metrics_verdict(&m, v);
		}
		assert_int_equal(metrics_verdicts_total(&m), m.values[METRICS_FRAMES]);
	}
}

static void
sums(void **state)
{
	struct metrics_core a = block(5), b = block(700), sum = {0};

	metrics_sum(&sum, &a);
	metrics_sum(&sum, &b);
	for (int i = 0; i < METRICS_COUNT; i++)
		assert_int_equal(sum.values[i], a.values[i] + b.values[i]);
	assert_int_equal(metrics_verdicts_total(&sum),
		metrics_verdicts_total(&a) + metrics_verdicts_total(&b));
}

static const char *
page(const struct metrics_exposition *e)
{
	struct base_text t = base_text_of(text, sizeof(text));

	metrics_prometheus_cores(&t, e);
	assert_false(t.overflow);
	return base_text_cstr(&t);
}

static void
one_block(void **state)
{
	struct metrics_core m = block(1000);
	struct base_text t = base_text_of(text, sizeof(text));

	metrics_prometheus(&t, &m, BASE_SPAN("edge1"), 3, true);
	base_text_cstr(&t);
	static const char first[] = "# HELP ringtap_frames_total frames received\n"
				    "# TYPE ringtap_frames_total counter\n"
				    "ringtap_frames_total{probe=\"edge1\",core=\"3\"} 1000\n";
	assert_memory_equal(text, first, sizeof(first) - 1);
	assert_non_null(strstr(text, "# TYPE ringtap_calls_active gauge\n"));
	assert_non_null(strstr(
		text, "ringtap_verdicts_total{probe=\"edge1\",core=\"3\",verdict=\"sip\"} 1000000\n"));
	t.len = 0;
	metrics_prometheus(&t, &m, BASE_SPAN("edge1"), 3, false);
	assert_null(strchr(base_text_cstr(&t), '#'));
}

/* The format wants each name's samples in one group, HELP and TYPE once before them. */
static void
several_blocks_are_grouped_by_name(void **state)
{
	struct metrics_core m[3] = {block(1), block(2), block(3)};
	const struct metrics_core *cores[] = {&m[0], &m[1], &m[2]};
	struct metrics_exposition e = {BASE_SPAN("p"), cores, 3, 0, true};
	uint32_t types = 0, samples = 0;

	page(&e);
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		types += strncmp(p, "# TYPE ", 7) == 0;
		samples += *p != '#';
	}
	assert_int_equal(types, METRICS_COUNT + 1);
	assert_int_equal(samples, 3 * (METRICS_COUNT + PACKET_VERDICT_COUNT));
	assert_non_null(strstr(text, "ringtap_frames_total{probe=\"p\",core=\"0\"} 1\n"
				     "ringtap_frames_total{probe=\"p\",core=\"1\"} 2\n"
				     "ringtap_frames_total{probe=\"p\",core=\"2\"} 3\n"
				     "# HELP ringtap_frame_bytes_total "));
}

static void
labels_are_escaped(void **state)
{
	struct metrics_core m = block(0);
	const struct metrics_core *core = &m;
	struct metrics_exposition e = {BASE_SPAN("a\"b\\c\nd\xff\xc3\xa9"), &core, 1, 0, false};

	assert_non_null(strstr(
		page(&e), "ringtap_frames_total{probe=\"a\\\"b\\\\c\\nd?\xc3\xa9\",core=\"0\"} 0\n"));
}

static void
a_short_buffer_says_overflow(void **state)
{
	struct metrics_core m = block(1);
	struct base_text t = base_text_of(text, 1000);

	text[1000] = '~';
	metrics_prometheus(&t, &m, BASE_SPAN("p"), 0, true);
	assert_true(t.overflow);
	assert_int_equal(text[1000], '~');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_plain_names),
		cmocka_unit_test(counting),
		cmocka_unit_test(every_verdict_counts_once),
		cmocka_unit_test(sums),
		cmocka_unit_test(one_block),
		cmocka_unit_test(several_blocks_are_grouped_by_name),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(a_short_buffer_says_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
