/* ladder_testing: a ladder of a call with media of our choice. */
#pragma once

#include "cli_testing.h"

#include "cli_ladder.h"

struct stream_time {
	unsigned src, dst;
	int64_t first_ms, last_ms;
};

static TESTING_UNUSED void
put_stream_at(struct record_writer *w, const struct stream_time *s)
{
	uint32_t row = record_list_open(w, RECORD_F_STREAMS);

	put_endpoints(w, s->src, s->dst, 4000);
	record_put_cstr(w, RECORD_F_CODEC, "PCMA");
	record_put_time(w, RECORD_F_FIRST_TIME, TESTING_T0 + s->first_ms * BASE_NS_PER_MS);
	record_put_time(w, RECORD_F_LAST_TIME, TESTING_T0 + s->last_ms * BASE_NS_PER_MS);
	record_put_u64(w, RECORD_F_PACKETS, 98);
	record_put_u64(w, RECORD_F_EXPECTED, 100);
	record_put_u64(w, RECORD_F_LOST, 2);
	record_put_f64(w, RECORD_F_JITTER_MS_MEAN, 1.25);
	record_list_close(w, row);
}

/* INVITE, 180, 200, ACK at 0, 1, 2, 3 s; a stream each way, one of them over the BYE's time; BYE at
 * 10 s. */
static TESTING_UNUSED uint32_t
make_media_call(uint8_t *p, uint32_t cap, int64_t from_ns)
{
	static const struct message messages[] = {
		{1, 2, 0, "INVITE", NULL, "audio 10.0.0.1:4000 PCMA sendrecv", NULL, 0},
		{2, 1, 180, "INVITE", "Ringing", NULL, NULL, 1000},
		{2, 1, 200, "INVITE", "OK", "audio 10.0.0.2:4000 PCMA sendrecv", NULL, 2000},
		{1, 2, 0, "ACK", NULL, NULL, NULL, 3000}, {1, 2, 0, "BYE", NULL, NULL, NULL, 10000}};
	struct record_writer w = record_writer_begin(p, cap, RECORD_CALL);

	record_put_cstr(&w, RECORD_F_CALL_ID, "media@test");
	for (unsigned i = 0; i < base_count_of(messages); i++)
		put_message(&w, from_ns, &messages[i]);
	put_stream_at(&w, &(struct stream_time){1, 2, 4000, 9000});
	put_stream_at(&w, &(struct stream_time){2, 1, 2500, 11000});
	assert_false(w.overflow);
	return w.len;
}

static TESTING_UNUSED void
ladder_add(struct cli_ladder *l, const uint8_t *p, uint32_t len)
{
	struct cli_nested nested = {NULL};
	struct record_row row;

	assert_int_equal(record_row_read(&row, p, len), 0);
	cli_ladder_add(l, &nested, &row);
	cli_nested_close(&nested);
}
