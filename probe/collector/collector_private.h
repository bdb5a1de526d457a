/* collector_private: what the files of this room share. */
#pragma once

#include <sys/stat.h>

#include "collector.h"
#include "collector_tally.h"
#include "http.h"
#include "metrics.h"
#include "record.h"
#include "shm.h"
#include "sinks.h"
#include "store.h"

#define COLLECTOR_RETRY_NS BASE_NS_PER_SEC
#define COLLECTOR_EXPIRE_NS (3600 * BASE_NS_PER_SEC)
#define COLLECTOR_POLL_MS_MAX 10
#define COLLECTOR_LOCK_OFFSET ((off_t)offsetof(struct shm_header, collector_pid))

/* One probe's segment.  Everything but path counts only while attached. */
struct collector_segment {
	const char *path; /* borrowed from the configuration */
	const struct collector_segment *all; /* the collector's segments, this one too */
	unsigned n_all;
	bool attached;
	bool replaced; /* another file has the path: drain, then take that */
	bool said;     /* why it is not attached, or that its file is gone */
	uint64_t said_what; /* the sentence's hash: another reason is said too */
	struct sys_mapping mapping;
	struct shm shm;
	dev_t device;
	ino_t inode;
	uint64_t probe_starts;
	char probe[SHM_NAME_MAX];
	uint64_t cursors[SHM_CORES_MAX]; /* behind the last record put, not yet released */
	uint64_t corrupt;                /* in the group in progress */
	struct collector_tally tally;
	uint64_t records;
};

/* One sink at work. */
struct collector_sink {
	const struct sinks_kind *kind;
	void *sink;
	int64_t retry_ns;     /* monotonic; 0: works */
	int64_t failing_ns;   /* wall clock: since when it does not */
	struct sys_error why;
};

struct collector {
	const struct config *config;
	struct store *store;
	struct collector_sink sinks[SINKS_KINDS_MAX];
	uint32_t n_sinks;
	struct collector_segment *segments;
	unsigned n_segments;
	uint32_t pending; /* records put since store_begin */
	bool in_group;
	int64_t group_ns;            /* monotonic, when its first record was put */
	int64_t check_ns, expire_ns; /* monotonic, when next */
	int64_t store_retry_ns;      /* monotonic; 0: works */
	struct sys_error store_why;  /* that it does not */
	int64_t store_failing_ns;    /* wall clock, since when */
	struct http *http;           /* NULL: no metrics over HTTP */
	int64_t metrics_ns;          /* monotonic, when to try again to listen; 0: not yet tried */
	char *page;
	size_t page_bytes;
};

/* Once a second: attaches what can be, notices what was replaced, gives the heartbeat.
 * -BASE_ERR_EXISTS: another collector has it. */
int
collector_segment_check(struct collector_segment *s, struct sys_error *e);
/* Up to max records of all cores into the store; returns how many messages were taken, or negative
 * where the store failed. */
int
collector_segment_drain(
	struct collector_segment *s, struct store *store, uint32_t max, struct sys_error *e);
/* After the commit, or to read everything unreleased again. */
void
collector_segment_release(struct collector_segment *s);
void
collector_segment_rewind(struct collector_segment *s);
void
collector_segment_detach(struct collector_segment *s);
bool
collector_segment_is_crowded(const struct collector_segment *s);

/* ---- collector_sink.c ---- */

/* Opens the sinks that the configuration wants. */
int
collector_sinks_open(struct collector *c, struct sys_error *e);
/* A step of each; one that failed waits a second, the others do not wait for it.  Returns the first
 * failure. */
int
collector_sinks_step(struct collector *c, bool stop, struct sys_error *e);
void
collector_sinks_close(struct collector *c);

/* ---- collector_health.c ---- */

/* Once a second: into each attached segment, for ringtap stats. */
void
collector_health_tell(struct collector *c);
void
collector_sink_status(const struct collector_sink *s, struct sinks_status *status);
/* How many days the store has set aside. */
uint64_t
collector_corrupt_days(const struct collector *c);

/* ---- collector_metrics.c ---- */

/* Listens where the configuration says; what fails is said and tried again later: metrics are no
 * reason not to collect. */
void
collector_metrics_open(struct collector *c);
/* Once a second: the pages anew. */
void
collector_metrics_make(struct collector *c);
void
collector_metrics_close(struct collector *c);
