/* collector: from the shared-memory rings into the store, and the sinks fed from it.  No DPDK.
 *
 * collector_step: for each attached segment and core: peek records, put them into the store, commit
 * (group commit by time and count), then release the rings' cursors; then step the sinks.  Segments
 * that do not exist yet, or whose probe was replaced, are tried again every second: a collector
 * that starts before, after or between probes finds its place.  kill -9 at any moment loses and
 * doubles nothing: the cursor moves after the commit, and the store knows each (probe, core, seq).
 *
 * A segment whose file was replaced (a probe with another layout) is drained before the new file is
 * taken.  A second collector on a segment is refused: the lock is on the byte of the segment's file
 * where shm_header.collector_pid lies.
 *
 * A full disk: the commit fails, is said once, tried again each second, the ring keeps what there
 * is; the same for each sink alone. While a ring is more than a quarter full the sinks wait: the
 * ring is what can overflow.  A record that cannot be read is counted
 * (shm_header.collector_corrupt), said and left out: its sequence number is then a declared gap.
 * Metrics (collector_metrics.c): /metrics and /healthz are made once a second by the collector's
 * own thread and served by http's, so that neither waits for the other.
 * Thread: one. */
#pragma once

#include "base.h"
#include "config.h"
#include "sys.h"

struct collector;

/* config is borrowed until collector_free. -BASE_ERR_EXISTS: another collector has a segment, the
 * store or the billing directory. */
int
collector_new(struct collector **c, const struct config *config, struct sys_error *e);
/* One round; waits up to commit_ms where there is nothing.  0, or negative for what cannot be
 * mended by waiting. */
int
collector_step(struct collector *c, struct sys_error *e);
/* Takes what is left, commits, closes the billing file. */
int
collector_stop(struct collector *c, struct sys_error *e);
/* How many segments are attached. */
unsigned
collector_attached(const struct collector *c);
/* Lets go of everything; NULL is allowed. */
void
collector_free(struct collector *c);
