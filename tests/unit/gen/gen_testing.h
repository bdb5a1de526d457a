/* gen_testing: a whole run in memory, and what came of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "gen_private.h"

#define TESTING_UNUSED __attribute__((unused))

struct run {
	struct gen_counters counters;
	uint64_t hash;           /* of all frames and times */
	uint64_t truth_hash;
	uint64_t decoded;        /* frames that packet_decode took for UDP, TCP or a fragment */
	uint64_t late;           /* frames before the one before them */
	uint32_t truths, calls;  /* records; of them calls */
	/* sums over the streams of the truth */
	uint64_t packets, expected, lost, duplicates, reordered;
	uint32_t dispositions[GEN_FATE_COUNT];
	void (*frame)(struct run *r, const struct gen_frame *f, const struct packet_view *view);
	void *context;
};

static TESTING_UNUSED uint64_t
run_fold(uint64_t hash, const void *p, size_t len)
{
	const struct base_hash_key key = {1, 2};

	return base_hash_mix(hash + 1) ^ base_hash(&key, p, len);
}

static TESTING_UNUSED void
run_streams(struct run *r, const struct record_row *row)
{
	struct base_span element;
	uint32_t at = 0;

	while (record_row_element(row, RECORD_F_STREAMS, &at, &element)) {
		struct record_row s;
		assert_int_equal(record_nested_read(&s, RECORD_STREAM, element), 0);
		r->packets += s.values[RECORD_F_PACKETS].u64;
		r->expected += s.values[RECORD_F_EXPECTED].u64;
		r->lost += s.values[RECORD_F_LOST].u64;
		r->duplicates += s.values[RECORD_F_DUPLICATES].u64;
		r->reordered += s.values[RECORD_F_REORDERED].u64;
	}
}

static TESTING_UNUSED void
run_truth(void *context, uint8_t *bytes, uint32_t len)
{
	static struct record_row row;
	struct run *r = context;

	assert_int_equal(record_row_read(&row, bytes, len), 0);
	r->truth_hash = run_fold(r->truth_hash, bytes, len);
	r->truths++;
	if (row.kind != RECORD_CALL)
		return;
	r->calls++;
	for (uint32_t i = 0; i < GEN_FATE_COUNT; i++)
		if (base_span_eq(row.values[RECORD_F_DISPOSITION].text,
			    base_span_cstr(gen_fate_name((enum gen_fate)i))))
			r->dispositions[i]++;
	run_streams(r, &row);
}

/* r->frame and r->context may be set before. */
static TESTING_UNUSED void
run_all(struct run *r, struct gen_options o)
{
	uint8_t bytes[GEN_FRAME_MAX];
	struct gen_frame f = {.bytes = bytes};
	struct packet_view view;
	int64_t last_ns = 0;

	o.truth = run_truth;
	o.context = r;
	assert_null(gen_options_check(&o));
	void *mem = aligned_alloc(64, base_align_up(gen_footprint(&o), 64));
	struct gen *g = gen_new(mem, &o);
	while (gen_next(g, &f)) {
		assert_in_range(f.len, 42, GEN_FRAME_MAX);
		r->hash = run_fold(run_fold(r->hash, f.bytes, f.len), &f.ts_ns, sizeof(f.ts_ns));
		r->late += f.ts_ns < last_ns;
		last_ns = f.ts_ns;
		enum packet_result what =
			packet_decode(&view, f.bytes, f.len, f.len, PACKET_LINK_ETHERNET);
		r->decoded += what != PACKET_DONE;
		if (r->frame)
			r->frame(r, &f, &view);
	}
	r->counters = gen_counters(g);
	free(mem);
}
