/* store_private: layout of the store, shared by its files.
 *
 * One connection per day file, not ATTACH: in WAL mode a commit over attached files is not atomic
 * across them either, and a connection per day makes opening, caching and deleting a day a local
 * matter.  A commit that touches two days (around midnight, or a late record) is two commits.  A
 * crash between them is mended by redoing the whole group, which the caller must do anyway, as the
 * ring is released only after store_commit returned:
 *   - the day of a record follows from the record alone, and each day knows, committed with its
 *     rows, the last sequence that it got of each ring: what does not lie behind that is looked
 *     for before it is put, so the redo changes nothing in the day that was committed;
 *   - positions are never given twice: a new writer starts behind every row of every day, every
 *     cursor, and the floor that store_expire and store_close leave in state.db (rows may be gone
 *     by then).  A failed group's positions are not taken back: its first day may have kept some.
 *     So a cursor never stands behind a row yet to come;
 *   - a gap is found by comparing a record with the one put before it in this session (duplicates
 *     count), the session's first one with the highest sequence stored; its row goes into the same
 *     day as the record that showed it, only if that record was new.  So the redo finds the same
 *     gaps, each once.
 *
 * synchronous=FULL: in WAL mode every commit is then an fsync of the log; group commits pay for it.
 * Checkpoints are made by the writer after a commit once the log is STORE_WAL_PAGES long: an index
 * page changed by many groups is then written once.
 *
 * Keys (uid, Call-ID, numbers, times): store_keys.h.  A day of layout 2 has indexes of SQLite's
 * instead, each beginning with the column segment (position / 65536) so that what a commit changes
 * lies in the last segment's part; its planner steps through the segments (skip-scan), as the
 * statistics tell it that they are few.
 *
 * Lists (flow, streams) are kept as the record's own bytes, which is half of their JSON; a
 * condition sees JSON (store_list.c). */
#pragma once

#include <sqlite3.h>

#include "store.h"

/* 1: lists as JSON, indexes without segment, no rings; 2: SQLite's indexes.  A day keeps its own,
 * but that 1 becomes 2. */
#define STORE_LAYOUT_VERSION 3
#define STORE_SEGMENT_BITS 16           /* layout 2: rows of a segment of the indexes */
#define STORE_KEYS_COUNT 18             /* store_keys.h */
#define STORE_APPLICATION_ID 0x52544150 /* "RTAP" */
#define STORE_PAGE_BYTES 8192
#define STORE_WAL_PAGES 32768 /* 256 MiB */
#define STORE_DAYS_OPEN 4     /* connections kept between commits or queries */
#define STORE_TEXT_BYTES                                                                           \
	(1u << 20) /* every text of one record of RECORD_BYTES_MAX: JSON grows it at most sixfold  \
		    */
#define STORE_SQL_BYTES 16384 /* a statement without the user's condition */
#define STORE_PROBE_MAX 64
#define STORE_PATH_BYTES 4200
#define STORE_CHECK_BYTES                                                                          \
	(512ull << 20) /* the newest days are looked through at start up to this */
#define STORE_CONSUMERS_MAX 16
#define STORE_DAY_NS (86400 * BASE_NS_PER_SEC)
#define STORE_SESSION_MAX 256 /* rings whose sequence one session follows */

/* What a day has of one ring. */
struct store_day_ring {
	char probe[STORE_PROBE_MAX];
	uint32_t probe_len, core;
	uint64_t seq; /* of the record last put */
	uint64_t first, last, count;
	bool changed; /* since the last commit */
};

/* How the ids of one field list that a day's file was written with map to ours. */
struct store_list_map {
	int64_t list;
	bool same;   /* they are ours */
	int16_t *to; /* by id; -1: no such field any more */
	uint32_t n;
};

/* The keys of rows that are in no run yet (store_keys.h). */
struct store_key_entry {
	uint64_t hi, lo;
	int64_t position;
};
struct store_key_tail {
	struct store_key_list {
		struct store_key_entry *entries;
		uint32_t n, cap, saved; /* saved: are in the file's tail */
	} lists[STORE_KEYS_COUNT];
	uint32_t rows, rows_saved;
	int64_t first, unsaved_first;
	bool known; /* is as the file has it */
};

/* A connection to one day, for writing or for reading. */
struct store_day {
	struct store_day *next;
	int64_t day;   /* since the epoch */
	uint64_t used; /* store->clock at the last use */
	bool in_transaction;
	int wal_pages; /* in the log, after the last commit */
	sqlite3 *db;
	sqlite3_stmt *insert[RECORD_KIND_COUNT];
	sqlite3_stmt *gap;
	sqlite3_stmt *known[RECORD_KIND_COUNT]; /* is a record there already? */
	struct store_day_ring *rings;           /* writer */
	uint32_t n_rings, cap_rings;
	bool rings_read;
	int64_t list; /* writer: the number of our field list in this file */
	struct store_list_map *maps;
	uint32_t n_maps;
	struct store_key_tail keys; /* writer */
	bool keyed;    /* has the tables of store_keys.h: layout 3 */
	bool has_own;  /* reader: the columns and tables that layout 1 lacks */
	bool is_empty; /* reader: made, but no table in it yet */
	bool has[RECORD_KIND_COUNT]
		[RECORD_F_COUNT]; /* reader: columns; an older file lacks newer ones */
};

/* A day file that exists, with the highest position in it (writer; INT64_MAX where not known). */
struct store_day_file {
	int64_t day, position;
};

/* The sequence last put of one ring in this session. */
struct store_ring {
	char probe[STORE_PROBE_MAX];
	uint32_t probe_len, core;
	uint64_t seq;
};

/* The last interim record of a call whose final one has not come. */
struct store_interim {
	uint64_t hash; /* of the uid; 0: free */
	int64_t day, position;
};
struct store_interims { /* open addressing */
	struct store_interim *entries;
	uint32_t n, cap;
};

struct store {
	char *dir; /* NULL: in memory */
	bool read_only, in_transaction, failed;
	uint32_t retention_days;
	uint64_t retention_bytes;
	struct sys_mapping lock;
	bool locked;
	sqlite3 *state;   /* NULL: read-only and none there */
	sqlite3 *scratch; /* for store_nested */
	sqlite3_stmt *nested[RECORD_KIND_COUNT];
	struct store_day *writers, *readers;
	unsigned scans;               /* queries in progress: no reader is closed meanwhile */
	uint64_t clock;               /* counts uses of connections */
	struct store_day_file *files; /* by day */
	uint32_t n_files, cap_files;
	int64_t position; /* last given */
	struct store_ring *rings;
	uint32_t n_rings;
	struct {
		char name[32];
		int64_t position;
	} consumers[STORE_CONSUMERS_MAX];
	uint32_t n_consumers;
	struct store_interims interims; /* writer */
	bool interims_known;
	int64_t bad_day;       /* a day found damaged, to be set aside; -1: none */
	struct record_row row; /* the row being written or read */
	char *text;            /* STORE_TEXT_BYTES */
};

static inline bool
store_is_memory(const struct store *store)
{
	return store->dir == NULL;
}

/* ---- store_sql.c: SQLite in our words ---- */

/* The sentence 'what FILE: SQLite's words' in e; returns the code for the connection's last error.
 */
int
store_sql_fail(sqlite3 *db, struct sys_error *e, const char *what);
int
store_sql_exec(sqlite3 *db, const char *sql, struct sys_error *e);
int
store_sql_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, struct sys_error *e);
/* Runs a statement to its end and resets it; *out, where wanted, gets the first row's first column
 * (left alone where NULL). */
int
store_sql_run(sqlite3_stmt *stmt, int64_t *out, struct sys_error *e);
/* flags: of sqlite3_open_v2; a database being made gets mode 0640. */
int
store_sql_open(sqlite3 **db, const char *path, int flags, struct sys_error *e);

/* ---- store_day.c ---- */

int64_t
store_day_of(const struct record_row *row);
/* Rereads the directory into store->files; positions of days already known are kept. */
int
store_days_scan(struct store *store, struct sys_error *e);
/* The connection for a day, opened where need be; the file is made by a writer. */
int
store_day_writer(struct store *store, int64_t day, struct store_day **out, struct sys_error *e);
int
store_day_reader(struct store *store, int64_t day, struct store_day **out, struct sys_error *e);
/* DIR/ringtap-YYYY-MM-DD.db and suffix, in the caller's buffer of STORE_PATH_BYTES. */
const char *
store_day_path(const struct store *store, int64_t day, const char *suffix, struct base_text *t);
/* Closes the connections to a day. */
void
store_day_drop(struct store *store, int64_t day);
/* Bytes of a day's files. */
uint64_t
store_day_bytes(const struct store *store, int64_t day);
/* Notes that a day holds a position. */
int
store_day_note(struct store *store, int64_t day, int64_t position, struct sys_error *e);
/* Closes connections beyond keep, least used first; one in a transaction stays. */
void
store_days_trim(struct store_day **list, unsigned keep);
/* The same for readers, down to STORE_DAYS_OPEN, unless a query is in progress. */
void
store_readers_trim(struct store *store);
/* Unlinks a day's files. */
int
store_day_remove(struct store *store, int64_t day, struct sys_error *e);
/* The highest position of a day. */
int
store_day_position(struct store *store, int64_t day, int64_t *position, struct sys_error *e);

/* ---- store_ring.c: what a day has of each ring ---- */

/* The day's entry for a ring, made where there is none; NULL: e says why. */
struct store_day_ring *
store_day_ring(struct store_day *day, struct base_span probe, uint32_t core, struct sys_error *e);
/* Before the day's commit: leaves what has changed in its table. */
int
store_day_rings_save(struct store_day *day, struct sys_error *e);
/* After a rollback: what is in memory may be ahead of the table. */
void
store_day_rings_forget(struct store_day *day);
/* Fills the table of a day made without one, from its rows. */
int
store_day_rings_make(sqlite3 *db, struct sys_error *e);

/* ---- store_keys.c: of a day that is not keyed all of it does nothing ---- */

/* The row was put at position. */
int
store_keys_put(struct store_day *day, const struct record_row *row, int64_t position,
	struct sys_error *e);
/* Before the day's commit, and before the day is asked for a key within a transaction. */
int
store_keys_save(struct store_day *day, struct sys_error *e);
/* After a rollback, and at the end. */
void
store_keys_forget(struct store_day *day);
/* All of them anew from the rows, within a transaction. */
int
store_keys_make(struct store_day *day, struct sys_error *e);

/* ---- store_keyed.c: a day's tables as those that are found by key ----
 *
 * A virtual table 'keyed_' + table's name, on a connection to a keyed day, with the columns
 * position, "#superseded" and the kind's fields, lists as JSON: SQLite tells it what a condition
 * asks of the keys (=, IN, <, >, BETWEEN, GLOB and LIKE with a beginning), and it answers with the
 * rows that may fit, in order of position. */

int
store_keyed_learn(struct store_day *day, struct sys_error *e);
#define STORE_KEYED_PREFIX "keyed_"
/* Whether a statement over keyed tables (by the alias of the kind's table) finds all of its rows by
 * key; -1: it is no statement. */
int
store_keyed_serves(sqlite3 *db, const char *sql, enum record_kind kind);

/* ---- store_put.c ---- */

/* Where the day's transaction has not begun yet, begins it. */
int
store_day_begin(struct store_day *day, struct sys_error *e);
/* With what the day keeps of its rings and keys. */
int
store_day_commit(struct store_day *day, struct sys_error *e);

/* ---- store_interim.c: an interim record is superseded by the next of its call ----
 *
 * Both stay in the table, for the sinks; the earlier one gets superseded = 1, which hides it from
 * queries by time.  Table interims of a day (uid, position) holds the last ones of calls still
 * open, so that they are known again after a restart. */

/* Adds those of a day. */
int
store_interims_read(struct store *store, struct store_day *day, struct sys_error *e);
void
store_interims_forget(struct store *store);
/* store->row, a call, was put into day at position; 0: it was there already. */
int
store_interim_note(
	struct store *store, struct store_day *day, int64_t position, struct sys_error *e);

/* ---- store_aside.c: a damaged day ---- */

/* Renames the day's files to NAME.corrupt (with a number where that is taken), copies what can be
 * read of them into a new file, says so and counts it (number store.corrupt_days).  Not within a
 * transaction. */
int
store_day_set_aside(struct store *store, int64_t day, struct sys_error *e);
/* Notes what store_day_set_aside is to do once no transaction is open, where error says damage. */
int
store_day_suspect(struct store *store, int64_t day, int error);
/* Does it. */
void
store_suspects_settle(struct store *store);
/* Looks through a day's file: pages and their order, not values.  -BASE_ERR_FORMAT: damaged. */
int
store_day_check(struct store *store, int64_t day, struct sys_error *e);

/* ---- store_salvage.c: a damaged file as one that can be read ---- */

struct store_salvage {
	sqlite3 *db;
	const char *where; /* which rows of a table of records to take */
	char copy[STORE_PATH_BYTES + 16];
};
/* Opens the file, or a copy of it with the schema of fresh, a day just made. */
int
store_salvage_open(struct store_salvage *salvage, const char *path, struct store_day *fresh,
	struct sys_error *e);
void
store_salvage_close(struct store_salvage *salvage);

/* ---- store_list.c: lists as the record's bytes, and the field ids in them ---- */

/* Notes our field list in the file where it is not there yet; day->list is its number. */
int
store_list_note(struct store_day *day, struct sys_error *e);
/* Reads the field lists of a file, and teaches its connection the function store_list(value, field,
 * list): a list's bytes as JSON; what is text already stays. */
int
store_list_learn(struct store_day *day, struct sys_error *e);
void
store_list_forget(struct store_day *day);
#define STORE_LIST_FUNCTION "store_list"
/* A column's value as a condition sees it, as the result of a function or of a table's column. */
void
store_list_result(sqlite3_context *context, const struct store_day *day, enum record_field f,
	sqlite3_value *value, int64_t list);
/* A list's bytes, written with field list number list, in our ids: bytes itself, or a copy in *t.
 */
struct base_span
store_list_ours(
	const struct store_day *day, int64_t list, struct base_span bytes, struct base_text *t);

/* ---- store_sequence.c ---- */

/* The highest sequence of a ring in any day that can be read; 0: none. */
int
store_sequence_last(
	struct store *store, const struct store_ring *ring, uint64_t *last, struct sys_error *e);

/* ---- store_schema.c ---- */

/* Sets a writing connection up; makes the tables of a new day, adds the columns that an older one
 * lacks. */
int
store_schema_make(struct store *store, struct store_day *day, struct sys_error *e);
/* Appends CREATE TABLE name of a kind: the columns own, then its fields. */
int
store_schema_create(struct base_text *t, const char *name, const char *own, enum record_kind kind,
	struct sys_error *e);
/* Prepares day->insert[kind]: position, list, (layout 2) segment, then every field of the kind in
 * order. */
int
store_schema_insert(
	struct store *store, struct store_day *day, enum record_kind kind, struct sys_error *e);
/* Prepares day->known[kind]: the position of a record by uid, seq, core and probe. */
int
store_schema_known(struct store_day *day, enum record_kind kind, struct sys_error *e);
/* 0: nothing in it yet.  -BASE_ERR_VERSION: made by a newer program. */
int
store_schema_version(sqlite3 *db, int64_t *version, struct sys_error *e);
/* Fills day->has. */
void
store_schema_look(struct store_day *day);
/* Whether a day has a kind's table: an older file lacks newer ones. */
static inline bool
store_day_has(const struct store_day *day, enum record_kind kind)
{
	return day->has[kind][RECORD_F_UID];
}

/* ---- store_state.c ---- */

int
store_state_open(struct store *store, struct sys_error *e);
/* The highest number that a position may not fall to: floor and cursors. */
int
store_state_floor(struct store *store, int64_t *position, struct sys_error *e);
/* Leaves the floor and the session's sequences in state.db. */
int
store_state_save(struct store *store, struct sys_error *e);
/* The last sequence saved for a ring; 0: none. */
int
store_state_sequence(struct store *store, struct base_span probe, uint32_t core, uint64_t *seq,
	struct sys_error *e);

/* ---- store_condition.c ---- */

/* 0 where a user's condition can stand between parentheses without leaving them; else
 * -BASE_ERR_INVALID and why. */
int
store_condition_check(const char *where, struct sys_error *e);

/* ---- store_row.c: one row between record.h and SQLite ---- */

/* Binds field f of row to parameter i; texts are made in *t and must outlive the step. */
int
store_row_bind(sqlite3_stmt *stmt, int i, const struct record_row *row, enum record_field f,
	struct base_text *t);
/* Where a row's columns come from: from column first on, one per field of the kind in order; day
 * and list (store_list_ours) for lists in the record's bytes, day NULL where there are none. */
struct store_row_source {
	sqlite3_stmt *stmt;
	int first;
	enum record_kind kind;
	const struct store_day *day;
	int64_t list;
	struct base_text text; /* for lists that must be rewritten */
};
/* Reads them into *row; borrowed until the next step. */
void
store_row_read(struct store_row_source *source, struct record_row *row);
/* RFC 3339 as base_text_time prints it; 0 where it is not. */
int64_t
store_time_parse(const char *p, uint32_t len);
/* The earliest or the latest time whose text begins as this one does, as far as it looks like one.
 */
int64_t
store_time_bound(struct base_span text, bool latest);

/* The field that is a kind's first time. */
static inline enum record_field
store_first_time(enum record_kind kind)
{
	switch (kind) {
	case RECORD_CALL: return RECORD_F_INVITE_TIME;
	case RECORD_STREAM: return RECORD_F_FIRST_TIME;
	case RECORD_MESSAGE: return RECORD_F_TIME;
	default: return RECORD_F_REQUEST_TIME;
	}
}

/* ---- store_network.c ---- */

/* Teaches a connection in_network(address, network).  SQLite's code. */
int
store_network_learn(sqlite3 *db);
