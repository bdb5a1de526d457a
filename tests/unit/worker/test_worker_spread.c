/* A capture over several workers tells the same, in the same order each time. */
#include "worker_testing.h"

#include "worker_spread.h"

#define CALLS 30

static void
spread_frame(struct worker_spread *s, const uint8_t *frame, uint32_t len, int64_t ts_ns)
{
	struct rx_frame f = {.data = frame, .len = len, .wire_len = len, .ts_ns = ts_ns, .link = PACKET_LINK_ETHERNET};
	worker_spread_frames(s, &f, 1);
}

static void
spread_sip(struct worker_spread *s, int n, const char *first, const char *cseq, uint16_t media_port, int64_t ts_ns)
{
	bool response = first[0] >= '0' && first[0] <= '9';
	struct wire w = {response ? 2 : 1, response ? 1 : 2, 5060, 5060, 17, 0, 0};
	uint8_t frame[FRAME_MAX];
	char text[1500];

	spread_frame(s, frame, wire_frame(frame, &w, text, sip_text(text, sizeof(text), n, first, cseq, media_port)), ts_ns);
}

/* The frame as two IP fragments, the second one first: with one core the datagram comes with the
 * first one then, too. */
static void
spread_fragments(struct worker_spread *s, const uint8_t *frame, uint32_t len, uint16_t id, int64_t ts_ns)
{
	uint32_t cut = 34 + 64;
	uint8_t part[FRAME_MAX];

	memcpy(part, frame, 34);
	memcpy(part + 34, frame + cut, len - cut);
	base_store_be16(part + 16, (uint16_t)(20 + len - cut));
	base_store_be16(part + 18, id);
	base_store_be16(part + 20, 64 / 8);
	spread_frame(s, part, 34 + len - cut, ts_ns);
	memcpy(part, frame, cut);
	base_store_be16(part + 16, 20 + 64);
	base_store_be16(part + 18, id);
	base_store_be16(part + 20, 0x2000);
	spread_frame(s, part, cut, ts_ns);
}

/* Calls with media between many pairs of hosts, so that every core gets some; every fifth packet is
 * two fragments. */
static void
traffic(struct worker_spread *s, int64_t *now_ns)
{
	uint8_t rtp[172] = {0x80, 8}, frame[FRAME_MAX];

	for (int i = 0; i < CALLS; i++) {
		spread_sip(s, i, "INVITE", "1 INVITE", (uint16_t)(10000 + 2 * i), *now_ns);
		spread_sip(s, i, "200 OK", "1 INVITE", (uint16_t)(20000 + 2 * i), *now_ns + 1000);
		*now_ns += BASE_NS_PER_MS;
	}
	for (uint16_t seq = 0; seq < 100; seq++, *now_ns += 20 * BASE_NS_PER_MS) {
		for (int i = 0; i < CALLS; i++) {
			struct wire w = {(uint8_t)(10 + i), 2, (uint16_t)(10000 + 2 * i), (uint16_t)(20000 + 2 * i), 17, 0, 0};
			base_store_be16(rtp + 2, seq);
			base_store_be32(rtp + 8, (uint32_t)i);
			uint32_t len = wire_frame(frame, &w, rtp, sizeof(rtp));
			if (seq % 5)
				spread_frame(s, frame, len, *now_ns);
			else
				spread_fragments(s, frame, len, (uint16_t)(seq * CALLS + i), *now_ns);
		}
	}
	for (int i = 0; i < CALLS; i++)
		spread_sip(s, i, "BYE", "2 BYE", 0, *now_ns);
}

static struct engine *
run(uint32_t cores)
{
	struct engine *e = engine_new(1); /* for its configuration and its records */
	struct worker_options o = {.config = e->config, .cores = cores, .replay = true, .clock_source = "capture",
		.record = engine_record, .context = e};
	struct worker_spread *s;
	struct sys_error error;
	uint64_t frames = 0;

	assert_int_equal(worker_spread_new(&s, &o, &error), 0);
	traffic(s, &e->now_ns);
	worker_spread_finish(s, e->now_ns);
	for (uint32_t c = 0; c < cores; c++)
		frames += metrics_verdicts_total(worker_set_metrics(worker_spread_set(s), c));
	assert_int_equal(frames, CALLS * 3 + CALLS * 120);
	worker_spread_free(s);
	return e;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
any_number_of_cores_tells_the_same_and_twice_in_the_same_order(void **state)
{
	struct engine *one = run(1);

	assert_int_equal(one->n_records, CALLS);
	for (uint32_t i = 0; i < CALLS; i++)
		assert_non_null(strstr(one->json[i], "\"packets\":100,\"bytes\":16000,\"expected\":100,"));
	qsort(one->json, one->n_records, sizeof(one->json[0]), compare_text);
	for (uint32_t cores = 2; cores <= 4; cores++) {
		struct engine *many = run(cores), *again = run(cores);
		assert_int_equal(many->n_records, CALLS);
		assert_int_equal(again->n_records, CALLS);
		for (uint32_t i = 0; i < CALLS; i++)
			assert_string_equal(many->json[i], again->json[i]);
		qsort(many->json, many->n_records, sizeof(many->json[0]), compare_text);
		for (uint32_t i = 0; i < CALLS; i++)
			assert_string_equal(many->json[i], one->json[i]);
		engine_free(many);
		engine_free(again);
	}
	engine_free(one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_number_of_cores_tells_the_same_and_twice_in_the_same_order)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
