/* sinks: what leaves for other systems: a table of sinks that the collector opens and steps alike.
 *
 * A sink reads the store from its own durable cursor, so one that is down delays only itself.  To
 * add one: a const struct sinks_kind of its own, a line in sinks_kinds (sinks.c).
 *
 * billing: files DIR/ringtap-<probe, or all>-<file sequence, 10 digits>-<UTC first time>.EXTENSION
 * (csv, jsonl, cdr), written under a temporary name (ringtap-<file sequence>.part), fsynced,
 * renamed, directory fsynced; then one line is appended durably to DIR/manifest.jsonl:
 *
 *   file, file_sequence, format
 *   schema                      name of the file that describes the columns
 *   compression                 none, gzip or zstd
 *   records
 *   bytes, sha256               of the file as it lies there
 *   content_bytes,
 *   content_sha256              of what is in it, header line included
 *   first_billing_seq,
 *   last_billing_seq            of column billing_seq, the first one of each record
 *   from_position, to_position  of the store: the records with from < position <= to
 *   first_time, last_time       earliest beginning and latest end of a record
 *   closed_time                 when this line was made
 *   lost                        sequence numbers that never came, of all kinds of record
 *   capture_loss                the highest capture_loss of a record in the file
 *   sequences[]                 per probe core: probe, core, records, first_seq, last_seq, lost
 *
 * File sequence and billing_seq never reset: they stand in the manifest's last line, and beside the
 * cursor in the store for the case that the manifest is taken away.  Only what is in the manifest
 * is delivered.  Rotation: rotate_s after the file's first record was taken (also when no more
 * come), with the record that reaches rotate_bytes or rotate_records, and at stop.
 *
 * A crash at any point leaves no record out and none twice.  Until its name is final a file may be
 * made anew with other boundaries; before the rename its last position is made durable (the store's
 * number billing.intent), so from there on it is made anew under the same name with the same bytes.
 *
 * handed_over in the directory holds the file sequence up to which files are handed over: the
 * collector writes it after each success of the command billing.hook, which gets the files one by
 * one in order, at least once each; where there is none, who fetches the files writes it.  Only
 * files up to it are ever deleted (billing.retention_days, retention_bytes).
 *
 * schema-<hash>.json: name, type, unit and meaning of each column, and its mask.
 *
 * ts32298: a file of 3GPP TS 32.297 (release 12) with IMS records of TS 32.298 in BER; its header
 * has the times of its records, and of the losses declared the number up to 126.
 *
 * CSV has one header line, so csv takes exactly one kind; several kinds need jsonl.  Interim
 * records are billed as they are (column status).  Thread: one.
 *
 * What goes over a network (clickhouse, kafka, hep) has a thread and a reader's handle of the store
 * of its own (sinks_feed.h), so that a far end that is slow, hangs or is gone delays neither the
 * rings nor the store nor another sink: its step only tells the thread how far the store is and
 * writes the cursor that the thread asks for.  Delivered at least once, in batches that are the
 * same when they are tried again; each far end's own means make it once:
 *
 * clickhouse (libcurl): INSERT ... FORMAT TabSeparated over HTTP, one per kind of record and batch.
 * The cursor moves after HTTP 200 for all of them.  The tables' engine is ReplacingMergeTree with
 * the key (record_time, probe, core, seq, uid), so a batch that came twice is once under FINAL; on
 * servers from 22.2 on an insert_deduplication_token (hash of its bytes) makes it once at all, in
 * the materialized views too.
 *
 * kafka (librdkafka): one topic, key uid, value record_json's object with "schema":RECORD_VERSION
 * before it.  The producer is idempotent and gives no message up; the cursor moves after the
 * delivery reports of the whole batch.  After kill -9 the batch under way is looked for in the
 * topic (sinks_kafka_scan.h) before the rest of it is sent; header 'seq' (PROBE/CORE/SEQ) and the
 * key tell which records are there.
 *
 * hep (Homer): HEPv3 over UDP or TCP: of each SIP message that is kept (messages.keep) its bytes
 * (type 1), of each other record a log (type 100) with its JSON, of each of its streams an RTP
 * report (type 34), under the Call-ID as correlation.  Over TCP the cursor moves once the peer's
 * kernel has acknowledged the batch; over UDP once it is sent. */
#pragma once

#include "base.h"
#include "config.h"
#include "record.h"
#include "store.h"
#include "sys.h"

/* How a sink with a far end goes. */
struct sinks_status {
	int64_t lag;
	uint64_t records, batches, retries; /* since its start */
	bool failing;
	int64_t failing_ns; /* wall clock, since when */
	struct sys_error why;
};

/* One sort of sink as the collector drives it, in the collector's thread: a step does a bounded
 * piece of work and waits for nobody (what talks to a network polls, or has a thread). */
struct sinks_kind {
	const char *name; /* in the log, in the metrics, and of the cursor in the store */
	bool (*is_wanted)(const struct config *config);
	/* store and config are borrowed until close. */
	int (*open)(
		void **sink, struct store *store, const struct config *config, struct sys_error *e);
	/* Takes on what is new in the store; now_ns: wall clock; stop: finish what is begun, no
	 * step follows.  A failure is said once and the step tried again each second. */
	int (*step)(void *sink, int64_t now_ns, bool stop, struct sys_error *e);
	/* How many records wait: positions behind the store's last that are not handed over. */
	int64_t (*lag)(const void *sink);
	/* How it goes, for metrics and health; NULL: only the lag is known. */
	void (*status)(const void *sink, struct sinks_status *status);
	void (*close)(void *sink); /* NULL is allowed */
};
extern const struct sinks_kind *const sinks_kinds[];
extern const uint32_t sinks_kinds_count;
#define SINKS_KINDS_MAX 8

extern const struct sinks_kind sinks_billing_kind;
extern const struct sinks_kind sinks_clickhouse_kind;
extern const struct sinks_kind sinks_kafka_kind;
extern const struct sinks_kind sinks_hep_kind;

/* The bits of a configured list of kinds; names that are none are left out. */
uint32_t
sinks_kinds_of(char *const *names, unsigned n);

struct sinks_billing;

struct sinks_billing_options {
	const char *dir;
	enum config_billing_format format;
	const char *const *columns; /* NULL: all but flow */
	uint32_t n_columns;
	uint32_t kinds; /* bit per enum record_kind; 0: calls */
	uint32_t rotate_s;
	uint64_t rotate_bytes;
	uint32_t rotate_records;
	enum config_compression compression;
	const char *node_address; /* of ts32298 files; NULL or "": 0.0.0.0 */
	const char *const *masks; /* as billing.mask has them */
	uint32_t n_masks;
	const char *mask_key_file;
	const char *const *hook; /* argument templates */
	uint32_t n_hook, hook_timeout_s, hook_retry_s;
	uint32_t retention_days;  /* 0: for ever */
	uint64_t retention_bytes; /* 0: no bound */
};

/* What the configuration says; borrows from it. */
int
sinks_billing_options_of(
	struct sinks_billing_options *options, const struct config *config, struct sys_error *e);

/* -BASE_ERR_INVALID: csv with several kinds, an unknown column, or one that none of the kinds has;
 * -BASE_ERR_EXISTS: another process writes there; -BASE_ERR_FORMAT: the manifest's last line is not
 * one of ours. */
int
sinks_billing_open(struct sinks_billing **b, struct store *store,
	const struct sinks_billing_options *options, struct sys_error *e);
/* Takes what is new in the store into files (a bounded number of records a step, all of them with
 * stop); rotates what is due. stop: close the open file too. now_ns: wall clock.  After a failure
 * the open file is given up; the next step makes it anew. */
int
sinks_billing_step(struct sinks_billing *b, int64_t now_ns, bool stop, struct sys_error *e);
/* How many records wait (not yet in a file of the manifest); of those not read yet other kinds
 * count too. */
int64_t
sinks_billing_lag(const struct sinks_billing *b);
/* batches: files; retries: of the command; failing: the command does. */
void
sinks_billing_status(const struct sinks_billing *b, struct sinks_status *status);
/* Gives up the open file (its records come again); NULL is allowed. */
void
sinks_billing_close(struct sinks_billing *b);

/* what: a file, or a line of the manifest; text: how it is. */
typedef void (*sinks_check_fn)(void *context, const char *what, bool bad, const char *text);
/* The manifest's lines each on the one before, and its files against them.  Returns how much is
 * bad; changes nothing. */
int
sinks_billing_check(const char *dir, sinks_check_fn fn, void *context, struct sys_error *e);
