/* probe_run: the polled loop of a worker core, and the control loop beside it.
 *
 * A worker core: burst, step, release, house-keeping; it enters the kernel for nothing, and tells
 * the segment how its cycles went.  The control core sleeps; ten times a second it looks at
 * signals and at whether somebody wants to see the calls in progress, once a second it writes
 * heartbeats, the NIC's counters (into core 0's block: those few values are its own, the rest are
 * worker 0's), and the state file. */
#pragma once

#include "probe_profile.h"
#include "probe_segment.h"
#include "probe_steer.h"
#include "rx.h"
#include "worker.h"

struct probe;

struct probe_core {
	_Alignas(64) struct probe *probe;
	struct rx_source *source;
	struct worker *worker;
	struct shm_core *shm;
};

/* Configurations stay until the end: the engine may borrow from each that it was given. */
struct probe_config {
	struct config *config;
	struct probe_config *older;
};

struct probe {
	const char *config_path;
	struct probe_config *config;     /* the one in force, first */
	struct rx_ports *ports;
	struct probe_profiles profiles;
	struct steer *steer;             /* NULL: every frame of the ports is ours */
	struct probe_segment segment;
	struct worker_set *workers;
	uint32_t cores;
	/* workers stand still; records may wait for the collector */
	bool finishing;
	int64_t finish_deadline_ns;
	uint64_t live_answered;          /* shm_header.live_request, as last seen */
	/* stored relaxed by the control core, loaded relaxed by all */
	_Alignas(64) uint32_t stop;
	struct probe_core core[SHM_CORES_MAX];
};

/* A worker_record_fn: publishes; context is the struct probe. */
bool probe_record(void *context, uint32_t core, uint8_t *record, uint32_t len);
bool probe_keep(void *context, uint32_t core, uint8_t *record, uint32_t len, struct base_span text);

/* Runs fn of rx_ports_launch. */
int probe_core_run(void *context, uint32_t core);

/* Until a signal says stop. */
void probe_control_run(struct probe *p);

/* Workers stopped and joined: the open calls are recorded, counters and the segment brought to
 * their end. */
void probe_finish(struct probe *p);
