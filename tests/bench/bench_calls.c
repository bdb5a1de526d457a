/* Parse, dialog and record: calls of seven messages with distinct Call-IDs through worker_step, so many in progress at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "record.h"
#include "worker.h"

#define BATCH 1000
#define SLOT (BENCH_SIP_MAX + BENCH_UDP_HEADERS)
#define CALL_NS 50000 /* 20 000 new calls a second on the packets' clock */

static uint64_t answered, records;

static bool
record_counted(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	records++;
	answered += len > 200;
	return true;
}

static struct worker_set *
engine_new(uint32_t in_progress)
{
	struct config *config;
	struct worker_set *set;
	struct sys_error e;

	if (config_defaults(&config, &e) < 0)
		bench_die(e.text);
	/* Those in progress, those that linger, and some air. */
	config->tables.calls = in_progress + 100000 + 50000;
	config->tables.streams = 1000;
	config->tables.endpoints = 4 * config->tables.calls;
	struct worker_options options = {.config = config, .cores = 1, .replay = true, .clock_source = "bench", .record = record_counted};
	if (worker_set_new(&set, &options, &e) < 0)
		bench_die(e.text);
	return set;
}

struct batch {
	uint8_t *bytes;
	struct rx_frame *frames;
	uint32_t n;
};

static void
batch_add(struct batch *b, uint32_t call, enum bench_message message, int64_t ts_ns)
{
	uint8_t *p = b->bytes + (size_t)b->n * SLOT;
	uint32_t len = bench_frame_sip(p, call, message);

	b->frames[b->n++] = (struct rx_frame){.data = p, .len = len, .wire_len = len, .ts_ns = ts_ns, .link = PACKET_LINK_ETHERNET};
}

/* BATCH calls begin (from first on), and as many of those before them end. */
static void
batch_make(struct batch *b, uint32_t first, uint32_t in_progress, int64_t ts_ns)
{
	b->n = 0;
	for (uint32_t call = first; call < first + BATCH; call++, ts_ns += CALL_NS) {
		for (int message = BENCH_INVITE; message <= BENCH_ACK; message++)
			batch_add(b, call, (enum bench_message)message, ts_ns);
		for (int message = BENCH_BYE; message <= BENCH_BYE_OK && call >= in_progress; message++)
			batch_add(b, call - in_progress, (enum bench_message)message, ts_ns);
	}
}

static void
batch_run(const struct batch *b, struct worker *w)
{
	for (uint32_t i = 0; i < b->n; i += BENCH_BURST) {
		uint32_t n = b->n - i < BENCH_BURST ? b->n - i : BENCH_BURST;
		worker_step(w, b->frames + i, n);
		worker_house(w, b->frames[i + n - 1].ts_ns);
	}
}

void
bench_calls(uint32_t in_progress, uint32_t laps)
{
	struct worker_set *set = engine_new(in_progress);
	struct worker *w = worker_set_worker(set, 0);
	struct batch b = {bench_memory((size_t)7 * BATCH * SLOT), bench_memory(7 * BATCH * sizeof(struct rx_frame)), 0};
	struct bench_laps per_call = {.n = 0};
	/* Measured from where calls end and records come: in progress and lingering are full. */
	uint32_t warm = (in_progress + 110000) / BATCH * BATCH, all = warm + 5 * laps * BATCH, call = 0;
	int64_t ts_ns = 1700000000 * BASE_NS_PER_SEC;

	for (; call < warm; call += BATCH, ts_ns += (int64_t)BATCH * CALL_NS) {
		batch_make(&b, call, in_progress, ts_ns);
		batch_run(&b, w);
	}
	uint64_t before = records;
	for (; call < all; call += BATCH, ts_ns += (int64_t)BATCH * CALL_NS) {
		batch_make(&b, call, in_progress, ts_ns);
		bench_lap_begin(&per_call);
		batch_run(&b, w);
		bench_lap_end(&per_call, BATCH);
	}
	const struct metrics_core *m = worker_set_metrics(set, 0);
	bench_check("a record for each call that ended", records > before, 1);
	bench_check("calls in progress and lingering", m->values[METRICS_CALLS] - records >= in_progress, 1);
	worker_set_finish(set, ts_ns);
	bench_check("calls", m->values[METRICS_CALLS], all);
	bench_check("records", records, all);
	bench_check("records with a call in them", answered, all);
	bench_check("messages", m->values[METRICS_SIP_MESSAGES], 7ull * all - 2ull * in_progress);
	bench_laps_print(&per_call, "call");
}
