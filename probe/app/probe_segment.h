/* probe_segment: the shared-memory segment that ringtap-probe writes, and the record sequence that
 * outlives it.
 *
 * One probe a segment: an exclusive lock on the byte of the file where shm_header.probe_pid stands
 * is held for as long as the probe runs (the collector's is the one of collector_pid).  A segment
 * of the same layout and name is continued, rings and sequences as they are.  One of another layout
 * is unlinked and made anew, its sequences taken over; a collector that still has the old one
 * drains it.
 *
 * Where there is no segment (after a reboot, /dev/shm is empty) the sequences start from
 * <state_dir>/<name>.seq:
 *
 *     ringtap-seq 1
 *     core 0 next 1049088
 *
 * next is a promise: no record with that number or a higher one has been published.  While the
 * probe runs it lies up to PROBE_SEQUENCE_RESERVE ahead, and is moved on when half of that is used
 * up; so a segment lost in a crash costs a gap of at most the reserve and never a number twice.  On
 * a clean stop it is exact.
 *
 * Thread: the control core. */
#pragma once

#include "config.h"
#include "shm.h"
#include "sys.h"

#define PROBE_SEQUENCE_RESERVE (1u << 20)

struct probe_segment {
	struct shm shm;
	struct sys_mapping mapping;
	char *state_path;
	uint64_t promised[SHM_CORES_MAX];
	/* next of each core at the start; of cores that this configuration lacks, for good */
	uint64_t found[SHM_CORES_MAX];
	bool warned; /* the state file could not be written; said once */
};

/* Makes or takes the segment of config, owned by the user that the probe becomes.  0, or negative
 * with the sentence. */
int probe_segment_open(struct probe_segment *s, const struct config *config, struct sys_error *e);
/* This process writes it from now on: counters at zero, state RUNNING. */
void probe_segment_begin(struct probe_segment *s, const char *clock_source);
/* Moves the promise of the state file on where needed. */
void probe_segment_promise(struct probe_segment *s);
/* After the last record: state STOPPED, exact sequences in the state file. */
void probe_segment_finish(struct probe_segment *s);
void probe_segment_close(struct probe_segment *s);
