/* worker_spread: a capture file over N workers, each on a thread of its own.
 *
 * One thread reads and puts IP fragments together; it deals datagrams that cannot be signalling by
 * address pair (both directions of a stream meet on one core), and all else to core 0, from where
 * SIP goes to its owners in the order of the capture.  Work is done in batches with the workers in
 * step: SIP of the batch, then media, then timers, and after each what the cores have told each
 * other.  So the clocks of the workers
 * never part, an SDP is known to every core before the media behind it, and a replay twice gives
 * the same records in the same order: those of a batch are handed on by the reading thread, core by
 * core.
 *
 * Thread: the reading thread owns the spread. */
#pragma once

#include "worker.h"

struct worker_spread;

/* Makes the set too: options.record is called on the reading thread, within worker_spread_frames
 * and worker_spread_finish. */
int worker_spread_new(struct worker_spread **spread, const struct worker_options *options,
	struct sys_error *e);
/* Takes frames; they may be released when it returns. */
void worker_spread_frames(struct worker_spread *s, const struct rx_frame *frames, uint32_t n);
/* The capture ends; records what is open. */
void worker_spread_finish(struct worker_spread *s, int64_t now_ns);
struct worker_set *worker_spread_set(struct worker_spread *s);
void worker_spread_free(struct worker_spread *s);
