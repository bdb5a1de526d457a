/* worker: the one room that sees the whole data plane.
 *
 * A worker_set is the engine of one process: N workers with their tables, the rings between them,
 * the media directory and the classifier, all memory taken at worker_set_new and sized from the
 * configuration.  A worker is one core's share; its step reads like the line of DESIGN section 1:
 *
 *     rx frame -> packet view -> media table, or classify kind -> sip message -> owner core ->
 *     dialog -> record
 *
 * Live (app: ringtap-probe) and capture files (cli: ringtap read) run the same engine; time is that
 * of the frames, and where none come, of the caller.  worker_hot.c is the step; worker_house.c what
 * happens every few milliseconds; worker.c init.
 *
 * Thread: a worker has one user.  worker_set_* are for the control thread; while workers run only
 * worker_set_reload and worker_set_metrics may be called. */
#pragma once

#include "base.h"
#include "config.h"
#include "metrics.h"
#include "rx.h"
#include "sys.h"

#define WORKER_HOUSE_NS (10 * BASE_NS_PER_MS) /* timers are looked at as often */

struct worker;
struct worker_set;

/* Takes a finished record (record.h bytes, writable for the sequence).  Called on the worker's
 * thread.  False: dropped, counted. */
typedef bool (*worker_record_fn)(void *context, uint32_t core, uint8_t *record, uint32_t len);

/* A SIP message as its dialog gets it, put together from fragments or segments; borrowed for the
 * call.  branch: of the top Via. */
struct worker_message {
	int64_t ts_ns;
	struct base_endpoint src, dst;
	struct base_span text, call_id, branch;
};
/* Sees every message before its dialog does, on the worker's thread. */
typedef void (*worker_message_fn)(void *context, const struct worker_message *message);

/* Takes a SIP message to be kept: a record of kind message, of which text, the last field's bytes,
 * is not yet behind the len bytes at record.  On the worker's thread.  False: left out, counted. */
typedef bool (*worker_keep_fn)(void *context, uint32_t core, uint8_t *record, uint32_t len,
	struct base_span text);

struct worker_options {
	const struct config *config;
	uint32_t cores;
	/* capture file: fixed hash key, so that a replay twice gives the same bytes */
	bool replay;
	bool plain_start;            /* classify_options' */
	const char *clock_source;    /* "capture", "nic", "host", "mixed" */
	worker_record_fn record;
	worker_message_fn message;   /* or NULL */
	worker_keep_fn keep;         /* for messages.keep; NULL: none are kept */
	void *context;
	struct metrics_core *const *metrics; /* one per core (in the segment), or NULL: own ones */
};

int worker_set_new(struct worker_set **set, const struct worker_options *options,
	struct sys_error *e);
void worker_set_free(struct worker_set *set);
struct worker *worker_set_worker(struct worker_set *set, uint32_t core);
const struct metrics_core *worker_set_metrics(const struct worker_set *set, uint32_t core);
/* Bytes that worker_set_new will take, by table, for check-config: prints lines to f where not
 * NULL, returns the sum. */
uint64_t worker_set_memory(const struct config *config, uint32_t cores, FILE *f);
/* The tables that were taken: bytes of each, and of its pages that were touched (if only read).
 * Returns how many. */
struct worker_table {
	const char *name;
	uint64_t bytes, resident;
};
uint32_t worker_set_tables(const struct worker_set *set, struct worker_table *out, uint32_t max);
/* New port and watch lists (SIGHUP): compiled here, taken up by each worker at its next
 * house-keeping. */
int worker_set_reload(struct worker_set *set, const struct config *config, struct sys_error *e);

/* One burst, at most RX_BURST_MAX frames: all of the data plane.  The frames may be released when
 * it returns. */
void worker_step(struct worker *w, const struct rx_frame *frames, uint32_t n);
/* Overload: while pressed is true, the step gives RTP and RTCP up unread (verdict shed, part of
 * capture_loss), so that SIP does not share their fate.  By whoever polls, before the step. */
void worker_press(struct worker *w, bool pressed);
/* Rings of other cores and timers, up to now_ns.  Call after each burst, and when there are no
 * frames. */
void worker_house(struct worker *w, int64_t now_ns);
/* The frames that a worker lost before they reached it (NIC, descriptors): for capture_loss. */
void worker_note_loss(struct worker *w, uint64_t lost_total);

/* An interim record of every call in progress, within the next seconds.  Any thread. */
void worker_peek_calls(struct worker *w);

/* After all workers have stopped, on one thread: open calls, registrations, transactions and
 * streams are recorded as cut by the end of the capture, core by core. */
void worker_set_finish(struct worker_set *set, int64_t now_ns);
