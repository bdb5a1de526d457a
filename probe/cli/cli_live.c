#include <stdlib.h>
#include <time.h>

#include "cli_private.h"
#include "shm.h"

/* calls --live: asks the probe of a segment for its calls in progress and reads them where they
 * pass by, in its rings, on the way to the collector.
 *
 * The probe answers shm_header.live_request with an interim record of every call.  Those are
 * ordinary records of the rings; this reader only looks on, from the head at the time of asking.
 * It is not the consumer whose cursor holds the bytes: a message copied is whole only if the
 * producer cannot have come round to it meanwhile. */

#define LIVE_POLL_NS (20 * BASE_NS_PER_MS)
#define LIVE_QUIET_NS (700 * BASE_NS_PER_MS) /* nothing more came: that was all */
#define LIVE_FIRST_NS (2 * BASE_NS_PER_SEC)  /* the probe looks each 100 ms, the calls take turns  \
					      */
#define LIVE_MAX_NS (15 * BASE_NS_PER_SEC)
#define LIVE_STALE_NS (5 * BASE_NS_PER_SEC)

struct live {
	struct cli *cli;
	struct store *store;
	struct shm shm;
	const char *path;
	uint64_t cursors[SHM_CORES_MAX], seen[SHM_CORES_MAX];
	uint8_t *record; /* RECORD_BYTES_MAX */
	uint64_t missed;
	int64_t last_ns; /* when the last one came */
};

/* Copies the message, and says whether it was whole: nothing may be written over it as long as the
 * collector has not released it, nor as long as what is ahead of the head, by up to two messages
 * that are just being written, does not come round to it. */
static bool
live_copy(struct live *l, uint32_t core, const struct base_ring_message *m, uint64_t at)
{
	const struct base_ring *ring = shm_ring(&l->shm, core);

	if (m->len > RECORD_BYTES_MAX)
		return false;
	memcpy(l->record, m->p, m->len);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return base_ring_tail(ring) <= at ||
	       base_ring_head(ring) + 2 * (RECORD_BYTES_MAX + 64) < at + l->shm.ring_bytes;
}

static int
live_record(struct live *l, uint32_t core, uint32_t len)
{
	struct record_row row;
	struct sys_error e = {""};

	if (record_row_read(&row, l->record, len) != 0 || row.kind != RECORD_CALL ||
		!base_span_eq(cli_row_str(&row, RECORD_F_STATUS), BASE_SPAN("interim")))
		return CLI_OK;
	l->seen[core]++;
	l->last_ns = sys_clock_monotonic_ns();
	if (store_put(l->store, base_span_cstr(l->shm.header->probe), core, l->record, len, &e))
		return cli_fail(l->cli, "%s", e.text);
	return CLI_OK;
}

static int
live_drain(struct live *l, uint32_t core)
{
	struct base_ring_message m;
	uint64_t at = l->cursors[core];
	int rc = CLI_OK;

	while (rc == CLI_OK &&
		shm_next(&l->shm, core, &l->cursors[core], &m) == BASE_RING_MESSAGE) {
		if (live_copy(l, core, &m, at))
			rc = live_record(l, core, m.len);
		else
			l->cursors[core] = base_ring_head(shm_ring(&l->shm, core)), l->missed++;
		at = l->cursors[core];
	}
	return rc;
}

/* Each core has told as many calls as it has. */
static bool
live_complete(const struct live *l)
{
	for (uint32_t core = 0; core < l->shm.cores; core++) {
		const struct metrics_core *m = &shm_core(&l->shm, core)->metrics;
		if (l->seen[core] <
			__atomic_load_n(&m->values[METRICS_CALLS_ACTIVE], __ATOMIC_RELAXED))
			return false;
	}
	return true;
}

static int
live_collect(struct live *l)
{
	const struct timespec pause = {0, LIVE_POLL_NS};
	int64_t began_ns = sys_clock_monotonic_ns();
	int rc = CLI_OK;

	l->last_ns = began_ns;
	for (uint32_t core = 0; core < l->shm.cores; core++)
		l->cursors[core] = base_ring_head(shm_ring(&l->shm, core));
	__atomic_fetch_add(&l->shm.header->live_request, 1, __ATOMIC_RELEASE);
	while (rc == CLI_OK && !live_complete(l) && !sys_signal_stop()) {
		int64_t now_ns = sys_clock_monotonic_ns();
		if (now_ns - began_ns > LIVE_MAX_NS ||
			(now_ns - began_ns > LIVE_FIRST_NS && now_ns - l->last_ns > LIVE_QUIET_NS))
			break;
		nanosleep(&pause, NULL);
		for (uint32_t core = 0; rc == CLI_OK && core < l->shm.cores; core++)
			rc = live_drain(l, core);
	}
	if (l->missed)
		cli_say(l->cli, "the probe was faster than this reader: some calls are missing");
	return rc;
}

static int
live_check(const struct live *l)
{
	const struct shm_header *h = l->shm.header;
	int64_t seen_ns = __atomic_load_n(&h->probe_heartbeat_ns, __ATOMIC_RELAXED);

	if (__atomic_load_n(&h->probe_state, __ATOMIC_RELAXED) != SHM_STATE_RUNNING ||
		seen_ns < sys_clock_wall_ns() - LIVE_STALE_NS)
		return cli_fail(l->cli, "%s: its probe is not running", l->path);
	return CLI_OK;
}

static int
live_segment(struct live *l)
{
	struct sys_error e = {""};
	struct sys_mapping m;

	if (sys_mapping_open(&m, l->path, true, &e) != 0)
		return cli_fail(l->cli, "%s", e.text);
	int error = shm_attach(&l->shm, m.p, m.bytes);
	int rc = error ? cli_fail(l->cli, "%s: is no segment of this version: %s", l->path,
				 base_error_text(error))
		       : live_check(l);
	memset(l->seen, 0, sizeof(l->seen));
	if (rc == CLI_OK)
		rc = live_collect(l);
	sys_mapping_close(&m);
	return rc;
}

int
cli_live_read(struct cli *cli, struct store *store, const char *const *paths, unsigned n)
{
	struct live l = {.cli = cli, .store = store};
	struct sys_error e = {""};
	int rc = CLI_OK;

	if (store_begin(store, &e) != 0)
		return cli_fail(cli, "%s", e.text);
	cli_signals();
	l.record = cli_memory(NULL, RECORD_BYTES_MAX);
	for (unsigned i = 0; i < n && rc == CLI_OK; i++) {
		l.path = paths[i];
		rc = live_segment(&l);
	}
	free(l.record);
	if (store_commit(store, &e) != 0)
		rc = cli_fail(cli, "%s", e.text);
	return rc;
}
