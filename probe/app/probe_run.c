#include "probe_run.h"

#include <stdlib.h>
#include <time.h>

#define CONTROL_PERIOD_NS (100 * BASE_NS_PER_MS)
#define LIVE_PERIOD_NS (400 * BASE_NS_PER_MS)
#define IDLE_POLLS_BEFORE_PAUSE 64
#define WORKER_SILENT_NS (5 * BASE_NS_PER_SEC)
/* At a stop with many open calls the rings fill faster than a collector commits; so long it is
 * waited for. */
#define FINISH_WAIT_NS (20 * BASE_NS_PER_SEC)
#define COLLECTOR_ALIVE_NS (5 * BASE_NS_PER_SEC)

static void
probe_sleep(int64_t ns)
{
	struct timespec pause = {ns / BASE_NS_PER_SEC, ns % BASE_NS_PER_SEC};

	nanosleep(&pause, NULL);
}

/* ---- a worker core ---- */

static inline uint64_t
probe_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
	return (uint64_t)sys_clock_monotonic_ns();
#endif
}

static inline void
probe_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

int
probe_core_run(void *context, uint32_t core)
{
	struct probe *p = context;
	struct probe_core *c = &p->core[core];
	struct metrics_core *metrics = &c->shm->metrics;
	struct rx_frame frames[RX_BURST_MAX];
	uint32_t idle = 0;
	uint64_t then = probe_cycles();

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		uint32_t n = rx_burst(c->source, frames, RX_BURST_MAX);
		int64_t now_ns = n ? frames[n - 1].ts_ns : sys_clock_wall_ns();

		if (n) {
			worker_press(c->worker, c->source->pressed);
			worker_step(c->worker, frames, n);
			rx_release(c->source, frames, n);
		}
		worker_house(c->worker, now_ns);
		__atomic_store_n(&c->shm->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
		idle = n ? 0 : idle + 1;
		if (idle > IDLE_POLLS_BEFORE_PAUSE)
			probe_pause();
		uint64_t now = probe_cycles();
		metrics_add(metrics, n ? METRICS_BUSY_CYCLES : METRICS_IDLE_CYCLES, now - then);
		then = now;
	}
	return 0;
}

static bool
probe_collector_is_alive(const struct shm *s)
{
	int64_t seen_ns = __atomic_load_n(&s->header->collector_heartbeat_ns, __ATOMIC_RELAXED);

	return seen_ns > sys_clock_wall_ns() - COLLECTOR_ALIVE_NS;
}

bool
probe_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	struct probe *p = context;
	const struct shm *s = &p->segment.shm;

	while (base_unlikely(p->finishing) &&
		shm_backlog(s, core) + 2ull * RECORD_BYTES_MAX > s->ring_bytes &&
		sys_clock_monotonic_ns() < p->finish_deadline_ns && probe_collector_is_alive(s))
		probe_sleep(BASE_NS_PER_MS);
	return shm_publish(s, core, record, len);
}

bool
probe_keep(void *context, uint32_t core, uint8_t *record, uint32_t len, struct base_span text)
{
	struct probe *p = context;

	return shm_offer(&p->segment.shm, core, record, len, text);
}

/* ---- the control core ---- */

static void
probe_counters(struct probe *p)
{
	struct rx_ports_counters counters;
	struct metrics_core *metrics = &p->core[0].shm->metrics;

	rx_ports_counters(p->ports, &counters);
	metrics_set(metrics, METRICS_NIC_MISSED, counters.missed);
	metrics_set(metrics, METRICS_NIC_ERRORS, counters.errors);
	metrics_set(metrics, METRICS_NIC_NO_MBUF, counters.no_mbuf);
	probe_steer_metrics(p->steer, metrics);
	uint64_t lost = counters.missed + counters.no_mbuf +
			metrics->values[METRICS_STEER_UNQUEUED];
	for (uint32_t core = 0; core < p->cores; core++)
		worker_note_loss(p->core[core].worker, lost);
}

/* All workers have polled lately: what a watchdog wants to know. */
static bool
probe_workers_are_alive(const struct probe *p, int64_t now_ns)
{
	for (uint32_t core = 0; core < p->cores; core++)
		if (__atomic_load_n(&p->core[core].shm->heartbeat_ns, __ATOMIC_RELAXED) <
			now_ns - WORKER_SILENT_NS)
			return false;
	return true;
}

static void
probe_reload(struct probe *p)
{
	struct sys_error e = {""};
	struct probe_config *next = calloc(1, sizeof(*next));

	sys_notify("RELOADING=1");
	if (!next)
		sys_fail(&e, -BASE_ERR_NO_MEMORY, "out of memory");
	else if (config_load(&next->config, p->config_path, &e) == 0 &&
		 worker_set_reload(p->workers, next->config, &e) == 0) {
		next->older = p->config;
		p->config = next;
		probe_steer_rules(p->steer, next->config);
		sys_log(SYS_LOG_INFO,
			"reloaded %s: SIP ports, watch lists and what is steered; other keys count "
			"from the next start",
			p->config_path);
		sys_notify("READY=1");
		return;
	}
	sys_log(SYS_LOG_ERROR, "reload: %s; the old configuration stays", e.text);
	if (next && next->config)
		config_free(next->config);
	free(next);
	sys_notify("READY=1");
}

static void
probe_control_second(struct probe *p, int64_t now_ns)
{
	__atomic_store_n(&p->segment.shm.header->probe_heartbeat_ns, now_ns, __ATOMIC_RELAXED);
	probe_counters(p);
	if (probe_workers_are_alive(p, now_ns))
		sys_notify("WATCHDOG=1");
}

/* Somebody wants to see the calls in progress: at most each LIVE_PERIOD_NS, however many ask. */
static void
probe_control_live(struct probe *p)
{
	uint64_t request =
		__atomic_load_n(&p->segment.shm.header->live_request, __ATOMIC_ACQUIRE);

	if (request == p->live_answered)
		return;
	p->live_answered = request;
	for (uint32_t core = 0; core < p->cores; core++)
		worker_peek_calls(p->core[core].worker);
}

void
probe_control_run(struct probe *p)
{
	int64_t second_ns = sys_clock_monotonic_ns(), live_ns = second_ns;

	p->live_answered = __atomic_load_n(
		&p->segment.shm.header->live_request, __ATOMIC_ACQUIRE); /* of the run before */
	while (!sys_signal_stop()) {
		probe_sleep(CONTROL_PERIOD_NS);
		probe_segment_promise(&p->segment);
		if (sys_clock_monotonic_ns() >= second_ns) {
			second_ns += BASE_NS_PER_SEC;
			probe_control_second(p, sys_clock_wall_ns());
		}
		if (sys_clock_monotonic_ns() >= live_ns) {
			live_ns = sys_clock_monotonic_ns() + LIVE_PERIOD_NS;
			probe_control_live(p);
		}
		if (sys_signal_take_reload())
			probe_reload(p);
	}
	sys_notify("STOPPING=1");
}

/* One line: the ledger of this run. */
static void
probe_summary(const struct probe *p)
{
	struct metrics_core sum = {0};

	for (uint32_t core = 0; core < p->cores; core++)
		metrics_sum(&sum, &p->core[core].shm->metrics);
	const uint64_t *v = sum.values;
	sys_log(SYS_LOG_INFO,
		"stopped: %llu frames (%llu SIP, %llu RTP, %llu in all verdicts), %llu missed by "
		"the NIC,"
		" %llu in error, %llu without buffer; %llu calls, %llu streams, %llu records, %llu "
		"dropped",
		(unsigned long long)v[METRICS_FRAMES],
		(unsigned long long)sum.verdicts[PACKET_VERDICT_SIP],
		(unsigned long long)sum.verdicts[PACKET_VERDICT_RTP],
		(unsigned long long)metrics_verdicts_total(&sum),
		(unsigned long long)v[METRICS_NIC_MISSED],
		(unsigned long long)v[METRICS_NIC_ERRORS],
		(unsigned long long)v[METRICS_NIC_NO_MBUF], (unsigned long long)v[METRICS_CALLS],
		(unsigned long long)v[METRICS_STREAMS], (unsigned long long)v[METRICS_RECORDS],
		(unsigned long long)v[METRICS_RECORDS_DROPPED]);
}

void
probe_finish(struct probe *p)
{
	probe_counters(p);
	p->finishing = true;
	p->finish_deadline_ns = sys_clock_monotonic_ns() + FINISH_WAIT_NS;
	worker_set_finish(p->workers, sys_clock_wall_ns());
	probe_segment_finish(&p->segment);
	probe_summary(p);
}
