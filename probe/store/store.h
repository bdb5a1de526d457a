/* store: durable records in SQLite (which lives here and nowhere else).
 *
 * A directory with one database per UTC day of the record's end (ringtap-YYYY-MM-DD.db, WAL), so
 * that retention is deleting files, and state.db: who has consumed what.  Tables (calls,
 * registrations, transactions, streams) are expanded from record.def, with position INTEGER PRIMARY
 * KEY before the fields; any SQLite reads them.  flow[] and streams[] lie there as the record's own
 * bytes; to a condition given to store_query they are JSON, for json_each.  Rows are found by uid,
 * Call-ID, From and To user (AOR) and first time without walking through a day, by means of our
 * own (store_keys.h): another program's SQLite walks.
 * Table gaps: sequence numbers that never came, each gap beside the record that showed it.
 *
 * The day: a call's end_time, else its invite_time; a registration's or transaction's
 * response_time, else request_time; a stream's last_time, else first_time.  A record with no time
 * at all lies in 1970-01-01.
 *
 * Idempotent: (probe, core, seq, uid) is there once where seq is not 0, however often it is put.
 * uid is part of it so that a probe whose sequence started anew (segment and state file lost) does
 * not have its records taken for old ones.  One writer per directory (a lock); any
 * number of readers, which never block it.
 *
 * A call in progress leaves interim records of its uid.  All of them stay for the sinks; a query by
 * time shows the final one, or the last interim one where there is no final one yet.
 *
 * A damaged day (found when it is opened, read or written; the newest ones are looked through at
 * each start) is set aside as NAME.corrupt, what can be read of it is kept, records go on.
 *
 * Order: every record gets a store position, an int64 that only grows over all days and kinds,
 * given by store_put; sinks read by position from their own cursor (store_cursor_get/set),
 * at-least-once across crashes of theirs, exactly-once with the position. Positions are seen in
 * order on the writer's handle; on another one a commit that touches two days is not seen as one.
 *
 * Thread: one per handle.  Cold: may allocate. */
#pragma once

#include "base.h"
#include "record.h"
#include "sys.h"

struct store;

struct store_options {
	const char *dir; /* NULL: in memory, for read */
	bool read_only;
	uint32_t retention_days;  /* 0: for ever */
	uint64_t retention_bytes; /* of all days together; 0: no bound */
};

/* -BASE_ERR_EXISTS: another writer has the directory. -BASE_ERR_NOT_FOUND: read_only and no such
 * directory. */
int
store_open(struct store **store, const struct store_options *options, struct sys_error *e);
/* Rolls back what is not committed.  NULL is allowed. */
void
store_close(struct store *store);

/* ---- writer ---- */

int
store_begin(struct store *store, struct sys_error *e);
/* Puts a record (record.h bytes; seq in its header) of a probe's core.  A record already there is
 * left alone (0).  The record's probe and core fields are set from the arguments. -BASE_ERR_FORMAT,
 * -BASE_ERR_VERSION: not a record, the transaction goes on without it; any other error: the
 * transaction is lost, store_rollback. */
int
store_put(struct store *store, struct base_span probe, uint32_t core, const uint8_t *record,
	uint32_t len, struct sys_error *e);
/* Durable after this returns 0.  After a failure (store_rollback is implied) put everything since
 * store_begin again: records of a day that had been committed before the one that failed are there
 * already, and stay there once. */
int
store_commit(struct store *store, struct sys_error *e);
void
store_rollback(struct store *store);
/* Deletes days older than the retention (now: wall clock), and the oldest ones while all together
 * are larger than it; a day that a consumer known to this
 * handle (it asked for its cursor) has not taken whole stays until it has. */
int
store_expire(struct store *store, int64_t now_ns, struct sys_error *e);

/* A consumer's own durable cursor and small state: positions up to it are handed over.  0 where
 * there is none yet.  A cursor beyond the last position (the store was lost, the consumer was not)
 * moves the next position behind it. */
int
store_cursor_get(struct store *store, const char *consumer, int64_t *position, struct sys_error *e);
int
store_cursor_set(struct store *store, const char *consumer, int64_t position, struct sys_error *e);
/* Small numbers that a consumer keeps; all of them change durably and at once.  They hold back no
 * day. */
#define STORE_NUMBERS_MAX 16 /* in one call */
struct store_number {
	const char *name;
	int64_t value;
};
int
store_numbers_get(
	struct store *store, struct store_number *numbers, uint32_t n, struct sys_error *e);
int
store_numbers_set(
	struct store *store, const struct store_number *numbers, uint32_t n, struct sys_error *e);

/* The position of the last record put; 0: none. Writer only. */
int64_t
store_position_last(const struct store *store);

/* The first and last sequence stored for a probe's core, and how many are between; for declaring
 * losses. */
struct store_sequence {
	uint64_t first, last, count;
};
int
store_sequence_get(struct store *store, struct base_span probe, uint32_t core,
	struct store_sequence *s, struct sys_error *e);

/* Sequence numbers first..last of a probe's core never came; position: of the record that showed
 * it. */
struct store_gap {
	struct base_span probe;
	uint32_t core;
	uint64_t first, last;
	int64_t position;
};
typedef int (*store_gap_fn)(void *context, const struct store_gap *gap);
struct store_range {
	int64_t after, to; /* after < position <= to */
};
/* The gaps of a range of positions, by day, then position.  Nonzero from fn stops and is returned.
 */
int
store_gaps(struct store *store, struct store_range range, store_gap_fn fn, void *context,
	struct sys_error *e);

/* Days that are damaged are set aside and salvaged (at opening only the newest are), keys that do
 * not fit their rows made anew. */
int
store_repair(struct store *store, struct sys_error *e);

/* ---- reader ---- */

/* what: a file or a consumer; text: how it is. */
typedef void (*store_check_fn)(void *context, const char *what, bool bad, const char *text);
/* Looks through every day (pages, their order, keys against rows), who has taken how much, and what
 * was set aside.  Returns how much is bad; changes nothing, a writer may be at work. */
int
store_check(struct store *store, store_check_fn fn, void *context, struct sys_error *e);

/* Called with each row, borrowed for the call; a list is the record's bytes, or finished JSON in a
 * day of the first layout (record.h reads both).  position: see above.  Nonzero stops. */
typedef int (*store_row_fn)(void *context, const struct record_row *row, int64_t position);

struct store_query {
	uint32_t kinds;             /* bit per enum record_kind; 0: calls */
	const char *where;          /* SQL condition on the fields, or NULL */
	/* further conditions, of each kind its own (by enum record_kind; NULL: none), or NULL */
	const char *const *where_of;
	int64_t since_ns, until_ns; /* since <= first time < until (invite_time, request_time,
				       first_time); 0: open */
	bool by_position; /* for sinks: rows with position > after_position, in its order; else
			     order by time */
	int64_t after_position; /* a value above 0 implies by_position */
	uint32_t limit; /* 0: none; the last ones by time (by position: the first ones) are taken */
};
/* In a condition in_network(address, '10.0.0.0/8') says whether an address lies in a network.
 * 0, what the function returned, or negative: a wrong condition is -BASE_ERR_INVALID with SQLite's
 * words in e. */
int
store_query(struct store *store, const struct store_query *query, store_row_fn fn, void *context,
	struct sys_error *e);
/* Whether in_network takes text as a network: an address, or one with a prefix length. */
bool
store_network_is(struct base_span text);
/* In-memory store: forgets all rows (read works through a capture in portions). */
int
store_clear(struct store *store, struct sys_error *e);
/* Rows of a LIST field as JSON (e.g. flow[]) taken apart with json_each: fn gets a row of kind FLOW
 * or STREAM per element. */
int
store_nested(struct store *store, struct base_span json, enum record_kind kind, store_row_fn fn,
	void *context, struct sys_error *e);
