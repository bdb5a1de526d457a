/* shm: the segment that a probe writes and a collector reads.  Pure: works on mapped bytes; sys
 * maps the file.
 *
 * One segment per probe, a file of fixed size on tmpfs or hugetlbfs.  Fixed-width, little-endian,
 * position independent:
 *
 *   0      struct shm_header                    magic stored last by the probe that makes it
 *   4096   struct shm_core[cores]               metrics block, sequence and heartbeat of each
 *   worker
 *   ...    base_ring[cores]                     each ring at header.ring_offset + core *
 *   header.ring_stride
 *
 * Writers: the header's identity part: the probe's control core at creation; header.probe_*: the
 * probe's control core; header.collector_*: the collector; header.live_request: readers, by atomic
 * addition; shm_core: its worker; ring head: its worker; ring tail (the cursor): the collector,
 * after the store has committed.  A record's ring
 * message has kind = enum record_kind and its bytes are the record (record.h).
 *
 * The sequence: shm_core.next_seq is what the next record gets; a record dropped for a full ring
 * takes its number with it, so a gap in the sequence is a declared loss.  A restarted probe that
 * finds its segment whole continues rings and sequences; one that finds none starts from the
 * sequence that its state file promises (see app). */
#pragma once

#include "base.h"
#include "metrics.h"

#define SHM_MAGIC 0x3147455350415452ull /* "RTAPSEG1" */
#define SHM_LAYOUT_VERSION 2 /* 1: no health of the collector */
#define SHM_CORES_MAX 64
#define SHM_CORES_OFFSET 4096
/* carries records up to half of it; RECORD_BYTES_MAX wants 256 KiB */
#define SHM_RING_BYTES_MIN 1024
#define SHM_RING_BYTES_MAX (1ull << 36)
#define SHM_NAME_MAX 64
#define SHM_SINKS_MAX 8
#define SHM_WHY_BYTES 192

/* What the collector says of itself once a second: who is behind, and why.  Texts are
 * NUL-terminated; a time of 0: does not fail. */
struct shm_health {
	uint64_t version; /* odd while it is written */
	uint64_t position; /* of the last record in the store */
	uint64_t corrupt_days; /* set aside as damaged, since ever */
	int64_t store_failing_ns; /* wall clock, since when the store takes nothing */
	uint64_t sinks_count;
	char store_why[SHM_WHY_BYTES];
	struct shm_sink {
		char name[16];
		uint64_t lag; /* records in the store that it has not handed over */
		uint64_t records, retries; /* handed over, tries that failed, since its start */
		int64_t failing_ns;
		char why[SHM_WHY_BYTES];
	} sinks[SHM_SINKS_MAX];
};

struct shm_header {
	uint64_t magic;            /* stored last, with release */
	uint32_t layout_version, header_bytes;
	uint32_t record_version, metrics_count, verdict_count, cores;
	uint64_t segment_bytes, ring_offset, ring_stride, ring_bytes;
	char probe[SHM_NAME_MAX];  /* NUL-terminated */
	int64_t created_ns;
	/* the probe's control core */
	_Alignas(64) uint64_t probe_pid;
	int64_t probe_heartbeat_ns;  /* wall clock, once a second */
	uint64_t probe_starts;       /* how many probes have used this segment */
	uint32_t probe_state;        /* enum shm_state */
	char clock_source[12];
	/* the collector */
	/* 0: none; taken by compare-and-swap together with a lock on the file */
	_Alignas(64) uint64_t collector_pid;
	int64_t collector_heartbeat_ns;
	uint64_t collector_commits, collector_records, collector_corrupt;
	/* whoever wants to see the calls in progress adds 1 atomically; the probe's control core
	 * looks at it, and has an interim record of each published */
	_Alignas(64) uint64_t live_request;
	_Alignas(64) struct shm_health health; /* the collector; by shm_health_* */
};
enum shm_state { SHM_STATE_STOPPED, SHM_STATE_RUNNING };

struct shm_core {
	_Alignas(64) uint64_t next_seq;
	int64_t heartbeat_ns;     /* the worker's clock (packet time in a replay) */
	_Alignas(64) struct metrics_core metrics;
};

struct shm_layout {
	uint32_t cores;
	uint64_t ring_bytes;      /* per core, a power of two */
};

/* A mapped segment, as one process sees it; sizes are its own checked copies. */
struct shm {
	struct shm_header *header;
	uint32_t cores;
	uint64_t ring_bytes;
	uint8_t *base;
	uint64_t bytes;
};

/* Bytes of a segment, 0 where the layout cannot be: cores 1..SHM_CORES_MAX, ring_bytes a power of
 * two within its limits. */
uint64_t shm_segment_bytes(const struct shm_layout *layout);
/* Makes a new segment in memory of at least shm_segment_bytes, aligned to a cache line; sequences
 * start at 1.  probe is cut at SHM_NAME_MAX - 1 bytes.  0, or -BASE_ERR_INVALID. */
int shm_create(struct shm *s, void *mem, uint64_t bytes, const struct shm_layout *layout,
	struct base_span probe, int64_t now_ns);
/* Takes an existing one, checking everything: -BASE_ERR_FORMAT (no magic yet or damaged),
 * -BASE_ERR_VERSION, or 0.  Writes nothing to mem, which may be mapped read-only, and may be done
 * while others use the segment. */
int shm_attach(struct shm *s, void *mem, uint64_t bytes);
/* True where layout and probe name equal: a restarted probe may go on with it. */
bool shm_matches(const struct shm *s, const struct shm_layout *layout, struct base_span probe);

/* core < s->cores. */
struct shm_core *shm_core(const struct shm *s, uint32_t core);
struct base_ring *shm_ring(const struct shm *s, uint32_t core);

/* ---- probe: one worker ---- */

/* Publishes a record (record.h bytes): gives it the next sequence, copies it into the ring.  False
 * where the ring is full (or the record too large for it, or the ring damaged): the sequence is
 * used up all the same and the caller counts it. The sequence moves before the record is seen: a
 * worker killed between the two leaves a gap, never one number twice. */
bool shm_publish(const struct shm *s, uint32_t core, uint8_t *record, uint32_t len);
/* The same for what may be left out: the other half of the ring is for the records of shm_publish
 * alone.  Where the ring would be more than half full: false, and no sequence is used.  The record
 * is len bytes at record and then tail's, put together in the ring. */
bool shm_offer(const struct shm *s, uint32_t core, uint8_t *record, uint32_t len,
	struct base_span tail);

/* ---- collector ---- */

/* Reads on from *cursor (start: shm_cursor).  Corrupt bytes: *cursor is moved to the ring's head,
 * returns BASE_RING_CORRUPT. */
enum base_ring_result shm_next(const struct shm *s, uint32_t core, uint64_t *cursor,
	struct base_ring_message *message);
uint64_t shm_cursor(const struct shm *s, uint32_t core);
/* After the commit: everything before cursor may be overwritten.  A cursor that was never published
 * is ignored. */
void shm_release(const struct shm *s, uint32_t core, uint64_t cursor);
/* The collector says how it goes (version is set here); a reader's copy, false where none was said
 * or it is being written all the time. */
void shm_health_set(const struct shm *s, const struct shm_health *health);
bool shm_health_get(const struct shm *s, struct shm_health *health);
/* Bytes waiting in a core's ring. */
uint64_t shm_backlog(const struct shm *s, uint32_t core);
