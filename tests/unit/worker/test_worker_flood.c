/* A flood of INVITEs, each with a Call-ID of its own and an SDP, beside established calls with media: none of those is lost or
 * wrong, memory stays what it is, and what is given up is counted and adds up. */
#include "worker_testing.h"

#ifdef __SANITIZE_ADDRESS__
#define FLOOD 60000
#else
#define FLOOD 1000000
#endif
#define ESTABLISHED 10000
#define ROUNDS 50                  /* of media, a packet of each stream, during the flood */
#define ROUND_NS (20 * BASE_NS_PER_MS)

static struct {
	uint64_t records, answered, evicted, other, packets, streams, lost, messages;
} told;

static bool
flood_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	static struct record_row row, stream;
	struct base_span element;
	uint32_t at = 0;

	assert_int_equal(record_row_read(&row, record, len), 0);
	assert_int_equal(row.kind, RECORD_CALL);
	told.records++;
	if (!row.values[RECORD_F_ANSWER_TIME].present) {
		bool evicted = base_span_eq(row.values[RECORD_F_END_CAUSE].text, BASE_SPAN("evicted"));
		told.evicted += evicted;
		told.other += !evicted;
		return true;
	}
	told.answered++;
	told.messages += row.values[RECORD_F_FLOW].count;
	assert_true(base_span_eq(row.values[RECORD_F_ENDED_BY].text, BASE_SPAN("caller")));
	assert_int_equal(row.values[RECORD_F_STREAMS].count, 2);
	while (record_row_element(&row, RECORD_F_STREAMS, &at, &element)) {
		assert_int_equal(record_nested_read(&stream, RECORD_STREAM, element), 0);
		assert_int_equal(stream.values[RECORD_F_PACKETS].u64, ROUNDS);
		told.packets += stream.values[RECORD_F_PACKETS].u64;
		told.lost += stream.values[RECORD_F_LOST].u64;
		told.streams++;
	}
	return true;
}

static uint64_t
resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %llu", &pages), 1);
	fclose(f);
	return pages * 4096;
}

static struct engine *
flood_engine(void)
{
	struct engine *e = calloc(1, sizeof(*e));
	struct sys_error error;

	assert_int_equal(config_defaults(&e->config, &error), 0);
	e->config->tables.calls = 2 * ESTABLISHED;
	e->config->tables.streams = 4 * ESTABLISHED;
	e->config->tables.endpoints = 8 * ESTABLISHED;
	e->cores = 1;
	e->now_ns = T0;
	struct worker_options o = {.config = e->config, .cores = 1, .replay = true, .clock_source = "capture", .record = flood_record};
	assert_int_equal(worker_set_new(&e->set, &o, &error), 0);
	return e;
}

static void
step(struct engine *e, const uint8_t *frame, uint32_t len)
{
	struct rx_frame f = {.data = frame, .len = len, .wire_len = len, .ts_ns = e->now_ns, .link = PACKET_LINK_ETHERNET};

	worker_step(worker_set_worker(e->set, 0), &f, 1);
	if (++e->frames % 32 == 0)
		worker_house(worker_set_worker(e->set, 0), e->now_ns);
}

static void
say_established(struct engine *e, const char *first, const char *cseq, bool sdp)
{
	bool response = first[0] >= '0' && first[0] <= '9';
	struct wire w = {response ? 2 : 1, response ? 1 : 2, 5060, 5060, 17, 0, 0};
	uint8_t frame[FRAME_MAX];
	char text[1500];

	for (int i = 0; i < ESTABLISHED; i++) {
		uint16_t port = (uint16_t)((response ? 40000 : 10000) + 2 * i);
		uint32_t len = sip_text(text, sizeof(text), i, first, cseq, sdp ? port : 0);
		step(e, frame, wire_frame(frame, &w, text, len));
	}
}

/* The next packet of every stream: ports of the callee are 40000 on, of the caller 10000 on. */
static void
media_round(struct engine *e, uint16_t seq)
{
	uint8_t rtp[172] = {0x80, 8}, frame[FRAME_MAX];

	base_store_be16(rtp + 2, seq);
	base_store_be32(rtp + 4, seq * 160u);
	for (uint32_t i = 0; i < 2 * ESTABLISHED; i++) {
		bool back = i & 1;
		uint16_t caller = (uint16_t)(10000 + 2 * (i / 2)), callee = (uint16_t)(40000 + 2 * (i / 2));
		struct wire w = {back ? 2 : 1, back ? 1 : 2, back ? callee : caller, back ? caller : callee, 17, 0, 0};
		base_store_be32(rtp + 8, i + 1);
		step(e, frame, wire_frame(frame, &w, rtp, sizeof(rtp)));
	}
}

static void
flood(struct engine *e, uint32_t first, uint32_t n)
{
	struct wire w = {9, 2, 5060, 5060, 17, 0, 0};
	uint8_t frame[FRAME_MAX];
	char text[1500], sdp[256];

	for (uint32_t i = first; i < first + n; i++, e->now_ns += ROUND_NS / (FLOOD / ROUNDS)) {
		int len = snprintf(sdp, sizeof(sdp), "v=0\r\no=- 1 1 IN IP4 10.1.0.9\r\ns=-\r\nc=IN IP4 10.%u.%u.9\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8\r\n",
			1 + i / 200 % 200, i % 200);
		len = snprintf(text, sizeof(text),
			"INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK%u\r\nFrom: <sip:flood%u@x>;tag=f%u\r\nTo: <sip:b@x>\r\n"
			"Call-ID: %u@flood\r\nCSeq: 1 INVITE\r\nUser-Agent: flood %u\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
			i, i, i, i, i, len, sdp);
		step(e, frame, wire_frame(frame, &w, text, (uint32_t)len));
	}
}

static void
established_calls_live_through_a_flood(void **state)
{
	struct engine *e = flood_engine();
	const struct metrics_core *m = worker_set_metrics(e->set, 0);
	uint64_t resident = 0;

	say_established(e, "INVITE", "1 INVITE", true);
	say_established(e, "200 OK", "1 INVITE", true);
	say_established(e, "ACK", "1 ACK", false);
	assert_int_equal(m->values[METRICS_CALLS_ACTIVE], ESTABLISHED);
	for (uint16_t round = 0; round < ROUNDS; round++) {
		media_round(e, round);
		flood(e, round * (FLOOD / ROUNDS), FLOOD / ROUNDS);
		if (round == ROUNDS / 5)
			resident = resident_bytes();
	}
#ifndef __SANITIZE_ADDRESS__
	assert_true(resident_bytes() < resident + (256 << 10));
#endif
	assert_int_equal(m->values[METRICS_STREAMS_ACTIVE], 2 * ESTABLISHED);
	uint64_t given_up = m->values[METRICS_CALLS_EVICTED] + m->values[METRICS_CALLS_REFUSED];
	assert_true(given_up >= FLOOD - ESTABLISHED);
	e->now_ns += ROUND_NS;
	say_established(e, "BYE", "2 BYE", false);
	worker_set_finish(e->set, e->now_ns);
	engine_ledger(e);
	assert_int_equal(m->values[METRICS_CALLS] + m->values[METRICS_CALLS_REFUSED], ESTABLISHED + FLOOD);
	assert_int_equal(told.records, m->values[METRICS_CALLS]);
	assert_int_equal(told.answered, ESTABLISHED);
	assert_int_equal(told.messages, 4 * ESTABLISHED);
	assert_int_equal(told.streams, 2 * ESTABLISHED);
	assert_int_equal(told.packets, 2ull * ROUNDS * ESTABLISHED);
	assert_int_equal(told.lost, 0);
	assert_int_equal(told.evicted, m->values[METRICS_CALLS_EVICTED]);
	assert_int_equal(told.answered + told.evicted + told.other, told.records);
	assert_int_equal(m->values[METRICS_STREAMS_EVICTED] + m->values[METRICS_STREAMS_REFUSED] + m->values[METRICS_RECORDS_OVERFLOW] +
			m->values[METRICS_FLOW_TRUNCATED], 0);
	print_message("%u INVITEs beside %u calls: %llu evicted, %llu refused, %llu open at the end; %llu MiB resident\n", FLOOD, ESTABLISHED,
		(unsigned long long)m->values[METRICS_CALLS_EVICTED], (unsigned long long)m->values[METRICS_CALLS_REFUSED],
		(unsigned long long)told.other, (unsigned long long)resident >> 20);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(established_calls_live_through_a_flood)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
