/* The live engine: DPDK's net_pcap hands out the frames of a capture for ever (infinite_rx), a queue for each worker, and the loop of
 * ringtap-probe takes them.
 *
 * Four figures in one run, each in frames of a second of the workers' CPU time: the driver alone; the driver and our receiving with
 * sequence number, timestamp and time of each frame set forward lap by lap (the capture's own repeat, which would be one
 * duplicate after the other); the bare step of bench_bare.h behind that, the least that an engine could be; and the engine in its place.  One stream in sixteen skips a number every 32 laps.  At the end the
 * capture is finished and the records must say it all: calls, streams, packets, losses.
 * Several workers run the bare step and the engine together and alone in turns, so that what they lose to each other is told by one run, whose machine is the same for both.
 * Time is the packets': 20 ms a lap, so that a stream has its 50 packets a second whatever the speed. */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bench_bare.h"
#include "rx.h"
#include "worker.h"

#define CORES_MAX 16
#define SPARE_BUFFERS 16384
#define LOOKS 64          /* bursts between looks at the clock */
#define WARM_LAPS 40      /* a stream's first packets are looked at more closely */
#define LOSS_STREAMS 16   /* one in so many loses a packet ... */
#define LOSS_LAPS 32      /* ... in so many laps */
#define AHEAD_LAPS 250    /* so far at most is one worker ahead of another: their packets have one clock */
#define TURNS 20          /* of several workers, together and each alone */
#define RTP_SEQ (BENCH_UDP_HEADERS + 2)
#define RTP_TIMESTAMP (BENCH_UDP_HEADERS + 4)

#define LIVE_ALL UINT32_MAX

enum live_what { LIVE_DRIVER, LIVE_RECEIVE, LIVE_BARE, LIVE_ENGINE };

struct live_core {
	_Alignas(64) struct rx_source *source;
	struct worker *worker;
	struct bare bare;
	uint64_t bare_hits, bare_polled;
	uint32_t at, n;           /* slot of the next frame, slots */
	uint64_t lap, began_lap;  /* of the next frame; when the engine began */
	uint64_t turn_lap;        /* when it last set out */
	uint32_t began_at;
	uint64_t frames, polls, cpu_ns, wall_ns;
};

struct live {
	struct live_core core[CORES_MAX];
	uint16_t port;
	uint32_t cores, streams, ms, turn_ms;
	uint32_t who;             /* one core, or LIVE_ALL */
	enum live_what what;
	bool warm;                /* so many laps in place of ms */
	struct rx_ports *ports;
	struct worker_set *set;
	char files[CORES_MAX][512];
};

/* ---- a worker ---- */

static inline uint64_t
losses_until(uint32_t slot, uint64_t lap)
{
	return slot % LOSS_STREAMS == 5 ? lap / LOSS_LAPS : 0;
}

/* The frames of a burst as they would be in this lap. */
static inline void
live_forward(struct live_core *c, struct rx_frame *frames, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)frames[i].data; /* a copy of the driver's, ours until released */
		uint32_t number = (uint32_t)(c->lap + losses_until(c->at, c->lap));
		uint16_t seq = __builtin_bswap16((uint16_t)number);
		uint32_t timestamp = __builtin_bswap32(number * 160);
		memcpy(p + RTP_SEQ, &seq, sizeof(seq));
		memcpy(p + RTP_TIMESTAMP, &timestamp, sizeof(timestamp));
		frames[i].ts_ns = BENCH_BEGAN_NS + (int64_t)c->lap * BENCH_STEP_NS;
		if (++c->at == c->n)
			c->at = 0, c->lap++;
	}
}

static uint32_t
poll_driver(const struct live *l, struct live_core *c, uint16_t queue)
{
	struct rte_mbuf *mbufs[RX_BURST_MAX];
	uint32_t n = rte_eth_rx_burst(l->port, queue, mbufs, RX_BURST_MAX);

	rte_pktmbuf_free_bulk(mbufs, n);
	c->at += n;
	c->lap += c->at / c->n;
	c->at %= c->n;
	return n;
}

static uint32_t
poll_receive(struct live_core *c)
{
	struct rx_frame frames[RX_BURST_MAX];
	uint32_t n = rx_burst(c->source, frames, RX_BURST_MAX);

	live_forward(c, frames, n);
	rx_release(c->source, frames, n);
	return n;
}

static const uint8_t *
frame_at(const void *frames, uint32_t i)
{
	return ((const struct rx_frame *)frames)[i].data;
}

static uint32_t
poll_bare(struct live_core *c)
{
	struct rx_frame frames[RX_BURST_MAX];
	uint32_t n = rx_burst(c->source, frames, RX_BURST_MAX);

	if (n == 0)
		return 0;
	live_forward(c, frames, n);
	c->bare_hits += bare_burst(&c->bare, &(struct bare_frames){frames, frame_at, n, n, frames[0].len}, frames[0].ts_ns);
	c->bare_polled += n;
	rx_release(c->source, frames, n);
	return n;
}

/* probe_core_run, of app, with time going by laps. */
static uint32_t
poll_engine(struct live_core *c)
{
	struct rx_frame frames[RX_BURST_MAX];
	uint32_t n = rx_burst(c->source, frames, RX_BURST_MAX);

	if (n == 0)
		return 0;
	live_forward(c, frames, n);
	worker_press(c->worker, c->source->pressed);
	worker_step(c->worker, frames, n);
	rx_release(c->source, frames, n);
	worker_house(c->worker, frames[n - 1].ts_ns);
	return n;
}

static inline uint32_t
poll(const struct live *l, struct live_core *c, uint16_t queue)
{
	switch (l->what) {
	case LIVE_DRIVER: return poll_driver(l, c, queue);
	case LIVE_RECEIVE: return poll_receive(c);
	case LIVE_BARE: return poll_bare(c);
	default: return poll_engine(c);
	}
}

static bool
live_goes_on(const struct live *l, const struct live_core *c, uint64_t began_ns)
{
	if (l->warm)
		return c->lap < c->began_lap + WARM_LAPS;
	if (l->who != LIVE_ALL && c->lap > c->turn_lap + AHEAD_LAPS)
		return false;
	return bench_ns() - began_ns < l->turn_ms * 1000000ull;
}

/* Sleeps, which costs no CPU time, until the others have come up. */
static void
live_wait(const struct live *l, const struct live_core *c, uint64_t began_ns)
{
	for (uint32_t core = 0; core < l->cores && !l->warm && l->who == LIVE_ALL;) {
		if (c->lap > __atomic_load_n(&l->core[core].lap, __ATOMIC_RELAXED) + AHEAD_LAPS && live_goes_on(l, c, began_ns))
			nanosleep(&(struct timespec){0, 100000}, NULL);
		else
			core++;
	}
}

static int
live_core_run(void *context, uint32_t core)
{
	struct live *l = context;
	struct live_core *c = &l->core[core];
	uint64_t began_ns = bench_ns(), began_cpu_ns = bench_cpu_ns();

	c->frames = 0;
	c->turn_lap = c->lap;
	if (l->who != LIVE_ALL && l->who != core)
		return 0;
	do {
		for (int i = 0; i < LOOKS; i++)
			c->frames += poll(l, c, (uint16_t)core);
		if (l->what == LIVE_ENGINE)
			live_wait(l, c, began_ns);
	} while (live_goes_on(l, c, began_ns));
	c->cpu_ns = bench_cpu_ns() - began_cpu_ns;
	c->wall_ns = bench_ns() - began_ns;
	return 0;
}

/* ---- the ports ---- */

static void
put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static void
capture_write(const char *path, const struct bench_frames *frames)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		bench_die("no file for the frames");
	put32(f, 0xa1b2c3d4);
	put32(f, 4u << 16 | 2);
	put32(f, 0), put32(f, 0), put32(f, 65535), put32(f, 1);
	for (uint32_t i = 0; i < frames->n; i++) {
		put32(f, 1700000000), put32(f, 0), put32(f, frames->len), put32(f, frames->len);
		fwrite(bench_frames_slot(frames, i), 1, frames->len, f);
	}
	if (fclose(f))
		bench_die("the frames cannot be written");
}

static void
live_captures(struct live *l, const char *parent)
{
	for (uint32_t core = 0; core < l->cores; core++) {
		struct bench_frames frames = bench_frames_new(l->streams, core, l->cores);
		snprintf(l->files[core], sizeof(l->files[core]), "%s/bench-%d-%u.pcap", parent, (int)getpid(), core);
		bench_frames_shuffle(&frames);
		bench_frames_advance(&frames);
		capture_write(l->files[core], &frames);
		l->core[core].bare = bare_new(l->streams);
		for (uint32_t i = 0; i < l->streams; i++)
			bare_add(&l->core[core].bare, bench_frames_slot(&frames, i), frames.len);
		bench_frames_free(&frames);
		l->core[core].n = l->streams;
	}
}

static void
live_open(struct live *l)
{
	char name[CORES_MAX * 600] = "net_pcap0,infinite_rx=1";
	struct sys_error e;

	for (uint32_t core = 0; core < l->cores; core++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), ",rx_pcap=%s", l->files[core]);
	const char *port = name;
	struct rx_ports_options options = {.program = "bench", .ports = &port, .n_ports = 1, .cores = l->cores, .rx_descriptors = 512,
		.mtu = 1500, .mbufs = l->cores * (l->streams + SPARE_BUFFERS)};
	if (rx_ports_open(&l->ports, &options, &e) < 0 || rx_ports_start(l->ports, &e) < 0)
		bench_die(e.text);
	for (uint32_t core = 0; core < l->cores; core++) {
		unlink(l->files[core]);
		l->core[core].source = rx_ports_source(l->ports, core);
	}
	if (rte_eth_dev_get_port_by_name("net_pcap0", &l->port) != 0)
		bench_die("no port net_pcap0");
}

/* ---- the figures ---- */

static void
live_run(struct live *l, enum live_what what, bool warm)
{
	struct sys_error e;

	l->what = what;
	l->warm = warm;
	if (rx_ports_launch(l->ports, live_core_run, l, &e) < 0)
		bench_die(e.text);
	rx_ports_join(l->ports);
}

/* Millions of frames in a second of CPU time, summed over the workers. */
static double
live_rate(const struct live *l)
{
	double sum = 0;

	for (uint32_t core = 0; core < l->cores; core++)
		if (l->core[core].frames)
			sum += 1e3 * (double)l->core[core].frames / (double)l->core[core].cpu_ns;
	return sum;
}

/* The share of the time for which the workers had their cores. */
static double
live_share(const struct live *l)
{
	double cpu = 0, wall = 0;

	for (uint32_t core = 0; core < l->cores; core++)
		cpu += (double)l->core[core].cpu_ns, wall += (double)l->core[core].wall_ns;
	return 100 * cpu / wall;
}

/* Every slot has had a packet in each lap since the engine began. */
static struct bench_told
live_truth(const struct live *l)
{
	struct bench_told truth = {.calls = l->cores * l->streams / 2, .streams = l->cores * l->streams};

	for (uint32_t core = 0; core < l->cores; core++) {
		const struct live_core *c = &l->core[core];
		for (uint32_t slot = 0; slot < c->n; slot++) {
			uint64_t first = c->began_lap + (slot < c->began_at), last = c->lap - (slot >= c->at);
			truth.packets += last - first + 1;
			truth.lost += losses_until(slot, last) - losses_until(slot, first);
		}
	}
	return truth;
}

static void
live_check(const struct live *l)
{
	struct bench_told truth = live_truth(l);
	uint64_t frames = 0, verdicts = 0, rtp = 0, sip = 3ull * l->cores * l->streams / 2;

	for (uint32_t core = 0; core < l->cores; core++) {
		const struct metrics_core *m = worker_set_metrics(l->set, core);
		frames += m->values[METRICS_FRAMES];
		verdicts += metrics_verdicts_total(m);
		rtp += m->verdicts[PACKET_VERDICT_RTP];
	}
	bench_check("frames of the engine", frames, truth.packets + sip);
	bench_check("verdicts of the engine", verdicts, frames);
	bench_check("RTP packets of the engine", rtp, truth.packets);
	worker_set_finish(l->set, BENCH_BEGAN_NS + (int64_t)(l->core[0].lap + 1) * BENCH_STEP_NS);
	bench_engine_check(&truth);
}

static uint64_t
live_scans(const struct live *l)
{
	uint64_t scans = 0;

	for (uint32_t core = 0; core < l->cores; core++)
		scans += worker_set_metrics(l->set, core)->values[METRICS_HYPERSCAN_SCANS];
	return scans;
}

/* Every frame was one of its streams. */
static void
live_bare_end(struct live *l)
{
	for (uint32_t core = 0; core < l->cores; core++) {
		struct live_core *c = &l->core[core];
		bench_check("packets of the bare step", c->bare_hits, c->bare_polled);
		bare_free(&c->bare);
	}
}

/* What was had of the workers: frames, the rates of each turn, and how many times one alone all together were in it. */
struct live_turns {
	double all[TURNS], alone[TURNS], gain[TURNS], share;
	uint32_t n;
	uint64_t frames;
};

static double
live_turn(struct live *l, struct live_turns *t, enum live_what what, uint32_t who)
{
	l->who = who;
	live_run(l, what, false);
	l->who = LIVE_ALL;
	for (uint32_t core = 0; core < l->cores; core++)
		t->frames += l->core[core].frames;
	return live_rate(l);
}

/* In ms altogether, and so much again for each alone; one worker: one turn of the whole time. */
static void
live_turns_run(struct live *l, struct live_turns *t, enum live_what what)
{
	uint32_t turns = l->cores > 1 ? TURNS : 1;

	l->turn_ms = l->ms / turns;
	for (; t->n < turns; t->n++) {
		t->all[t->n] = live_turn(l, t, what, LIVE_ALL);
		t->share += live_share(l) / turns;
		for (uint32_t core = 0; core < l->cores && l->cores > 1; core++)
			t->alone[t->n] += live_turn(l, t, what, core) / l->cores;
		t->gain[t->n] = t->all[t->n] / t->alone[t->n];
	}
	l->turn_ms = l->ms;
}

/* Calls for the engine, and all workers at one lap. */
static void
live_engine_begin(struct live *l)
{
	uint64_t lap = 0;

	l->set = bench_engine_new(l->cores * l->streams / 2, l->cores);
	bench_engine_calls(l->set, l->cores * l->streams / 2, BENCH_BEGAN_NS + (int64_t)l->core[0].lap * BENCH_STEP_NS);
	for (uint32_t core = 0; core < l->cores; core++)
		lap = l->core[core].lap > lap ? l->core[core].lap : lap;
	for (uint32_t core = 0; core < l->cores; core++) {
		struct live_core *c = &l->core[core];
		c->worker = worker_set_worker(l->set, core);
		c->lap = c->began_lap = lap; /* one clock for all */
		c->began_at = c->at;
	}
	live_run(l, LIVE_ENGINE, true);
}

static void
live_engine(struct live *l)
{
	struct live_turns t = {.n = 0};

	live_engine_begin(l);
	uint64_t scans = live_scans(l);
	live_turns_run(l, &t, LIVE_ENGINE);
	bench_print("live_engine_mpps", bench_median(t.all, t.n), "Mpps");
	if (l->cores > 1) {
		bench_print("live_alone_mpps", bench_median(t.alone, t.n), "Mpps");
		bench_print("live_gain", bench_median(t.gain, t.n), "times");
	}
	bench_print("live_cpu_percent", t.share, "%");
	bench_print("live_scans_percent", 100.0 * (double)(live_scans(l) - scans) / (double)t.frames, "%");
	live_check(l);
}

/* What two workers gain with it is what the machine's caches and memory leave to two. */
static void
live_bare(struct live *l)
{
	struct live_turns t = {.n = 0};

	live_turns_run(l, &t, LIVE_BARE);
	bench_print("live_bare_mpps", bench_median(t.all, t.n), "Mpps");
	if (l->cores > 1)
		bench_print("live_bare_gain", bench_median(t.gain, t.n), "times");
	live_bare_end(l);
}

void
bench_live(uint32_t streams, uint32_t cores, uint32_t ms, const char *parent)
{
	static struct live l;

	if (cores == 0 || cores > CORES_MAX || streams < 2)
		bench_die("live: 1 to 16 cores, two streams or more");
	l.cores = cores;
	l.streams = streams & ~1u;
	l.ms = l.turn_ms = ms;
	l.who = LIVE_ALL;
	live_captures(&l, parent);
	live_open(&l);
	live_run(&l, LIVE_DRIVER, false);
	bench_print("live_driver_mpps", live_rate(&l), "Mpps");
	live_run(&l, LIVE_RECEIVE, false);
	bench_print("live_receive_mpps", live_rate(&l), "Mpps");
	live_bare(&l);
	live_engine(&l);
	rx_ports_close(l.ports);
}
