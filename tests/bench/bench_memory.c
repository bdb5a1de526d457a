/* What a call in progress costs in memory: so many calls answered and never hung up, each with its five messages in flow[] and a
 * stream either way, through worker_step.  Resident pages are counted before the tables are made and when all calls stand, and
 * what an engine without calls takes is not theirs; then
 * the capture ends and every record is read: all calls, all messages, all packets must be there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "gen.h"
#include "record.h"
#include "worker.h"

#define CALL_NS 10000 /* 100 000 new calls a second on the packets' clock */
#define PACKETS 8     /* of each stream, as sent: some in a row, then some with pauses, past the first ten seconds */
#define IN_A_ROW 5
#define ROW_NS (20 * BASE_NS_PER_MS)
#define PAUSE_NS (4 * BASE_NS_PER_SEC)
#define TICKS_PER_MS 8
#define PAYLOAD_BYTES 160
#define MESSAGES 5    /* INVITE to ACK */
#define ROOM_WITHOUT 16

/* Of the process, ordinary pages and huge ones. */
static uint64_t
resident_bytes(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long kib, sum = 0;
	char line[256];

	if (!f)
		bench_die("no /proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %llu", &kib) == 1 || sscanf(line, "HugetlbPages: %llu", &kib) == 1)
			sum += kib * 1024;
	fclose(f);
	return sum;
}

static struct worker_set *
engine_new(uint32_t calls)
{
	/* the last sixteenth of the calls is kept free */
	return bench_engine_sized((struct bench_tables){calls + calls / 8, 2 * calls, 2 * calls}, 1);
}

/* What the engine takes whatever the calls: the patterns of hyperscan, tables of TCP, links, registrations.  An engine with room for
 * next to none; one before it has brought the libraries' own pages. */
static uint64_t
resident_without_calls(void)
{
	uint64_t before;

	worker_set_free(engine_new(ROOM_WITHOUT));
	before = resident_bytes();
	struct worker_set *set = engine_new(ROOM_WITHOUT);
	uint64_t resident = resident_bytes() - before;
	worker_set_free(set);
	return resident;
}

/* The engine's tables one by one: what of each has been touched, by the first word of its name. */
static void
tables_print(const struct worker_set *set, uint32_t calls)
{
	struct worker_table tables[16];
	uint32_t n = worker_set_tables(set, tables, sizeof(tables) / sizeof(tables[0]));

	for (uint32_t i = 0; i < n; i++) {
		char name[64];
		snprintf(name, sizeof(name), "memory_%.*s_bytes", (int)strcspn(tables[i].name, " "), tables[i].name);
		bench_print(name, (double)tables[i].resident / calls, "bytes");
	}
}

struct feed {
	struct worker *worker;
	uint8_t bytes[BENCH_BURST][BENCH_SIP_MAX + BENCH_UDP_HEADERS];
	struct rx_frame frames[BENCH_BURST];
	uint32_t n;
	int64_t ts_ns;
};

static void
feed_flush(struct feed *f)
{
	worker_step(f->worker, f->frames, f->n);
	worker_house(f->worker, f->ts_ns);
	f->n = 0;
}

static void
feed_add(struct feed *f, uint32_t len)
{
	f->frames[f->n] = (struct rx_frame){.data = f->bytes[f->n], .len = len, .wire_len = len, .ts_ns = f->ts_ns, .link = PACKET_LINK_ETHERNET};
	if (++f->n == BENCH_BURST)
		feed_flush(f);
}

/* One packet of each stream, age_ns after its first one. */
static void
feed_packets(struct feed *f, uint32_t streams, uint32_t packet, int64_t age_ns)
{
	int64_t began_ns = f->ts_ns;

	for (uint32_t stream = 0; stream < streams; stream++) {
		struct bench_addresses at = bench_media_of(stream / 2, stream & 1);
		uint32_t timestamp = (uint32_t)(age_ns / BASE_NS_PER_MS) * TICKS_PER_MS;
		struct bench_rtp rtp = {bench_ssrc_of(stream), timestamp, (uint16_t)packet, 8};
		f->ts_ns = began_ns + age_ns + ROW_NS * stream / streams;
		feed_add(f, bench_frame_rtp(f->bytes[f->n], &at, &rtp, PAYLOAD_BYTES));
	}
	feed_flush(f);
	f->ts_ns = began_ns;
}

void
bench_memory_of_calls(uint32_t calls)
{
	static struct feed f;

	f.ts_ns = 1700000000 * BASE_NS_PER_SEC;
	uint64_t without = resident_without_calls(), before = resident_bytes();
	struct worker_set *set = engine_new(calls);
	f.worker = worker_set_worker(set, 0);
	for (uint32_t call = 0; call < calls; call++, f.ts_ns += CALL_NS)
		for (int message = BENCH_INVITE; message <= BENCH_ACK; message++)
			feed_add(&f, bench_frame_sip(f.bytes[f.n], call, (enum bench_message)message));
	int64_t age_ns = 0;
	feed_flush(&f);
	for (uint32_t packet = 0; packet < PACKETS; packet++) {
		feed_packets(&f, 2 * calls, packet, age_ns);
		age_ns += packet + 1 < IN_A_ROW ? ROW_NS : PAUSE_NS;
	}
	f.ts_ns += age_ns;
	uint64_t resident = resident_bytes() - before;
	const struct metrics_core *m = worker_set_metrics(set, 0);
	bench_check("calls in progress", m->values[METRICS_CALLS_ACTIVE], calls);
	bench_check("streams in progress", m->values[METRICS_STREAMS_ACTIVE], 2ull * calls);
	tables_print(set, calls);
	worker_set_finish(set, f.ts_ns);
	const struct bench_told *told = bench_engine_told();
	bench_check("records of answered calls", told->calls, calls);
	bench_check("messages in records", told->messages, (uint64_t)MESSAGES * calls);
	bench_check("streams in records", told->streams, 2ull * calls);
	bench_check("packets in records", told->packets, 2ull * PACKETS * calls);
	bench_check("packets lost in records", told->lost, 0);
	bench_print("memory_call_bytes", (double)(resident - without) / calls, "bytes");
	bench_print("memory_without_calls_mib", (double)without / (1 << 20), "MiB");
	bench_print("memory_resident_mib", (double)resident / (1 << 20), "MiB");
}

/* ---- the same with calls of the generator ---- */

#define GEN_RAMP_NS (2 * BASE_NS_PER_SEC)
#define GEN_HOLD_NS (4 * BASE_NS_PER_SEC)
#define GEN_PTIME_MS 200 /* few packets: what counts here is how many calls there are */

static void
truth_read(void *context, uint8_t *record, uint32_t len)
{
	bench_told_add(context, record, len);
}

static struct gen *
traffic_new(uint32_t calls, struct bench_told *truth)
{
	struct gen_options options = gen_options_default();

	options.concurrent = calls;
	options.calls = calls;
	options.even = true;
	options.calls_per_second = (double)calls * BASE_NS_PER_SEC / GEN_RAMP_NS;
	options.duration_ns = GEN_HOLD_NS;
	options.hold = GEN_FIXED;
	options.hold_ns = GEN_HOLD_NS;
	options.ring_ns = 0;
	options.rtcp_ns = 0;
	options.ptime_ms = GEN_PTIME_MS;
	options.dtmf = 0;
	memset(options.fates, 0, sizeof(options.fates));
	options.fates[GEN_ANSWERED] = 1;
	memset(options.codecs, 0, sizeof(options.codecs));
	options.codecs[GEN_CODEC_G729] = 1;
	options.truth = truth_read;
	options.context = truth;
	const char *wrong = gen_options_check(&options);
	if (wrong)
		bench_die(wrong);
	return gen_new(bench_memory(gen_footprint(&options)), &options);
}

void
bench_memory_of_traffic(uint32_t calls)
{
	static struct feed f;
	struct bench_told truth = {0};
	struct gen *g = traffic_new(calls, &truth);
	struct gen_frame frame = {.bytes = f.bytes[0]};
	uint64_t resident = 0, without = resident_without_calls(), before;
	struct worker_set *set = NULL;

	before = resident_bytes(); /* the generator's memory, all of it, is not the engine's */
	set = engine_new(calls);
	const struct metrics_core *m = worker_set_metrics(set, 0);
	f.worker = worker_set_worker(set, 0);
	while (gen_next(g, &frame)) {
		f.ts_ns = frame.ts_ns;
		feed_add(&f, frame.len);
		frame.bytes = f.bytes[f.n];
		bool all = m->values[METRICS_CALLS_ACTIVE] == calls && m->values[METRICS_STREAMS_ACTIVE] == 2ull * calls;
		if (all && resident == 0)
			resident = resident_bytes() - before;
	}
	feed_flush(&f);
	worker_set_finish(set, f.ts_ns);
	const struct bench_told *told = bench_engine_told();
	bench_check("all calls and streams in progress at a time", resident != 0, 1);
	bench_check("calls of the truth", truth.calls, calls);
	bench_check("calls", told->calls, truth.calls);
	bench_check("messages", told->messages, truth.messages);
	bench_check("streams", told->streams, truth.streams);
	bench_check("packets", told->packets, truth.packets);
	bench_check("lost", told->lost, truth.lost);
	bench_check("what each call says, in one sum", told->sum, truth.sum);
	bench_print("traffic_call_bytes", (double)(resident - without) / calls, "bytes");
	bench_print("traffic_without_calls_mib", (double)without / (1 << 20), "MiB");
	bench_print("traffic_resident_mib", (double)resident / (1 << 20), "MiB");
	bench_print("traffic_packets", (double)told->packets, "packets");
}
