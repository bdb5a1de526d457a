/* cli_private: what the commands share.  A command is int (*)(struct cli *, argc, argv): its
 * argv[0] is its own name. */
#pragma once

#include <getopt.h>
#include <stdio.h>

#include "base.h"
#include "cli.h"
#include "cli_filter.h"
#include "config.h"
#include "metrics.h"
#include "record.h"
#include "shm.h"
#include "store.h"
#include "sys.h"
#include "worker.h"

/* ---- cli.c: the terminal, errors, commands ---- */

struct cli {
	FILE *out, *err;
	const char *command; /* for messages; NULL before it is known */
	bool out_terminal, err_terminal;
	bool utf8;           /* LC_CTYPE says that the terminal takes it */
	bool colour;
	unsigned width;      /* columns of a table on out */
	int write_errno;     /* of the first write to out that failed */
};

struct cli_command {
	const char *name, *summary, *usage;
	int (*run)(struct cli *cli, int argc, char **argv);
};
const struct cli_command *cli_command_find(const char *name);

void cli_open(struct cli *cli, FILE *out, FILE *err);
/* Says 'ringtap COMMAND: sentence' on err; returns CLI_FAILED. */
int cli_fail(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same and where the help is; returns CLI_USAGE. */
int cli_misuse(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2,
	3)));
/* A sentence on err that is no error. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Flushes out: rc, or CLI_FAILED and a sentence where a write failed (a reader that left is no
 * reason for one). */
int cli_close(const struct cli *cli, int rc);
/* SIGINT and SIGTERM set sys_signal_stop() once and do not break a write off; a second one ends the
 * program. */
void cli_signals(void);
/* realloc that does not come back without memory. */
void *cli_memory(void *old, size_t bytes);
/* Nearest of the NULL-terminated names to word, or NULL where none is near. */
const char *cli_nearest(const char *word, const char *const *names);

int cli_read(struct cli *cli, int argc, char **argv);
int cli_calls(struct cli *cli, int argc, char **argv);
int cli_show(struct cli *cli, int argc, char **argv);
int cli_stats(struct cli *cli, int argc, char **argv);
int cli_check(struct cli *cli, int argc, char **argv);
int cli_check_store(struct cli *cli, int argc, char **argv);
int cli_fields(struct cli *cli, int argc, char **argv);
int cli_gen(struct cli *cli, int argc, char **argv);
extern const char cli_read_usage[], cli_calls_usage[], cli_show_usage[], cli_stats_usage[];
extern const char cli_check_usage[], cli_check_store_usage[], cli_fields_usage[], cli_gen_usage[];

/* ---- cli_options.c ---- */

enum cli_format { CLI_TABLE, CLI_JSONL, CLI_CSV, CLI_SVG };
#define CLI_KINDS_ALL \
	(1u << RECORD_CALL | 1u << RECORD_REGISTRATION | 1u << RECORD_TRANSACTION | \
	1u << RECORD_STREAM)

/* Messages only where they are asked for. */
#define CLI_KIND_NAMES "call, registration, transaction, stream, message"

/* What several commands take.  Everything is borrowed from argv. */
struct cli_options {
	enum cli_format format;
	bool flow, limit_given, help;
	uint32_t kinds;          /* bit per enum record_kind; 0: not given */
	uint32_t limit;
	int64_t since_ns, until_ns, now_ns;
	const char *config, *store, *where;
	struct cli_filters filters;
};

/* getopt_long with sentences of our own: the option's val, -1 at the end, or '?' after the
 * sentence. */
int cli_option_next(const struct cli *cli, int argc, char **argv, const struct option *longs);
/* Takes an option that several commands share (vals below).  CLI_OK, or CLI_USAGE after the
 * sentence. */
int cli_option_common(struct cli *cli, struct cli_options *o, int val);

#define CLI_OPTION_LONG 256 /* vals from here on have no letter */
#define CLI_OPTION_FORMAT {"format", required_argument, NULL, 'f'}
#define CLI_OPTION_COLOR {"color", required_argument, NULL, 'C'}
#define CLI_USAGE_COLOR \
	"  -C, --color WHEN      auto (default: on a terminal, unless NO_COLOR is set), always,\n" \
	"                        never\n"
#define CLI_OPTION_FLOW {"flow", no_argument, NULL, 'F'}
#define CLI_OPTION_KIND {"kind", required_argument, NULL, 'k'}
#define CLI_OPTION_WHERE {"where", required_argument, NULL, 'w'}
#define CLI_OPTION_CONFIG {"config", required_argument, NULL, 'c'}
#define CLI_OPTION_STORE {"store", required_argument, NULL, 's'}
#define CLI_OPTION_SINCE {"since", required_argument, NULL, 'S'}
#define CLI_OPTION_UNTIL {"until", required_argument, NULL, 'U'}
#define CLI_OPTION_LIMIT {"limit", required_argument, NULL, 'n'}
#define CLI_OPTION_HELP {"help", no_argument, NULL, 'h'}
#define CLI_OPTION_END {NULL, 0, NULL, 0}

/* Decimal text in 0..max. */
bool cli_number(const char *text, uint64_t max, uint64_t *out);
/* An argument that is no file may be an SQL condition: it has a space, =, < or >. */
bool cli_is_condition(const char *argument);
/* The configuration: path, else CLI_CONFIG_PATH where it is there and readable, else the defaults.
 * NULL after the sentence. */
#define CLI_CONFIG_PATH "/etc/ringtap/ringtap.yaml"
struct config *cli_config(const struct cli *cli, const char *path);
/* The segments that a configuration names, at most CLI_SEGMENTS_MAX. */
#define CLI_SEGMENTS_MAX 64
unsigned cli_segments(const struct config *config, const char **paths);
/* The store of --store, else of the configuration, read-only.  NULL after the sentence. */
struct store *cli_store(const struct cli *cli, const struct cli_options *o);
/* What a query asks by --where, by the filters, and by the kinds. */
struct store_query cli_query(const struct cli_options *o);
/* Makes the filters' conditions, and leaves of o->kinds those whose fields all can be asked of
 * (store: an empty one will do).  CLI_USAGE after the sentence where none is left. */
int cli_conditions(const struct cli *cli, struct store *store, struct cli_options *o);

/* ---- cli_text.c: what a terminal may be shown ---- */

/* Appends s, at most columns wide (a cut one ends in an ellipsis); control bytes, bidirectional and
 * unassigned characters and what is not UTF-8 become a mark each.  Returns the columns taken. */
unsigned cli_text_put(const struct cli *cli, struct base_text *t, struct base_span s,
	unsigned columns);
unsigned cli_text_columns(const struct cli *cli, struct base_span s);
/* Appends s to f, whole. */
void cli_text_print(const struct cli *cli, FILE *f, struct base_span s);

/* Appends s as the text of an XML element, whole: escaped, cleaned like what a terminal gets; line
 * ends stay. */
void cli_text_xml(FILE *f, struct base_span s);

/* bytes of a formatted value, NUL included; what is longer is cut at a character */
#define CLI_CELL 128
/* Each writes a NUL-terminated text into cell and returns it; an absent value is "". */
const char *cli_cell_value(char cell[CLI_CELL], const struct record_row *row, enum record_field f);
const char *cli_cell_time(char cell[CLI_CELL], int64_t ts_ns);  /* 01:02:03.004 */
const char *cli_cell_date(char cell[CLI_CELL], int64_t ts_ns);  /* 2026-11-23 */
const char *cli_cell_fixed(char cell[CLI_CELL], double v, unsigned decimals); /* NaN: "" */
const char *cli_cell_duration(char cell[CLI_CELL], double ms);  /* 0:08.3, 12:34.5, 1:02:03 */
const char *cli_cell_count(char cell[CLI_CELL], uint64_t n);    /* 12 345 678 */
/* 10.0.0.1:5060, [::1]:5060; port 0: none */
const char *cli_cell_endpoint(char cell[CLI_CELL], const struct base_endpoint *e);
const char *cli_cell_age(char cell[CLI_CELL], int64_t age_ns);  /* 0.4 s, 12 s, 3 m, 5 h, 2 d */
/* The value's own bytes (RECORD_STR), or nothing. */
struct base_span cli_row_str(const struct record_row *row, enum record_field f);
struct base_endpoint cli_row_endpoint(const struct record_row *row, enum record_field ip,
	enum record_field port);
/* U64, F64, BOOL; NaN where absent */
double cli_row_number(const struct record_row *row, enum record_field f);

/* ---- cli_table.c ---- */

enum cli_colour {
	CLI_PLAIN,
	CLI_BOLD,
	CLI_DIM,
	CLI_GOOD,
	CLI_WARN,
	CLI_BAD,
	CLI_INFO,  /* a provisional response */
	CLI_END,   /* what ends a call */
	CLI_MEDIA,
	CLI_COLOUR_COUNT
};
/* The escape sequence, or "" where there are no colours. */
const char *cli_colour_on(const struct cli *cli, enum cli_colour colour);
const char *cli_colour_off(const struct cli *cli);

struct cli_column {
	const char *title;
	bool right;
	unsigned min;  /* columns it may shrink to where the terminal is narrow; 0: never cut */
	/* where that is not enough, columns are left out, the highest number first; 0: never */
	unsigned drop;
};

struct cli_table;
struct cli_table *cli_table_new(const struct cli *cli, const struct cli_column *columns,
	unsigned n);
void cli_table_free(struct cli_table *t);
/* The next cell of the row; the row ends with its last column. */
void cli_table_cell(struct cli_table *t, const char *text, enum cli_colour colour);
void cli_table_span(struct cli_table *t, struct base_span text, enum cli_colour colour);
/* Bytes printed as they are behind the last row: whole lines, made of cleaned text. */
void cli_table_block(struct cli_table *t, const char *bytes, size_t len);
unsigned cli_table_rows(const struct cli_table *t); /* held, not yet printed */
/* Prints what is held, the title line before the first row ever; columns never get narrower again.
 * */
void cli_table_flush(struct cli_table *t);

/* ---- cli_nested.c: streams[] and flow[] of a row, from a record or from the store ---- */

struct cli_nested {
	struct store *store; /* in memory, opened when first needed: takes JSON apart */
};
typedef void (*cli_nested_fn)(void *context, const struct record_row *row);
/* fn gets each element as a row of the list's kind, borrowed for the call. */
void cli_nested_each(struct cli_nested *n, const struct record_row *row, cli_nested_fn fn,
	void *context, enum record_field list);
void cli_nested_close(struct cli_nested *n);

/* ---- cli_lists.c: a list of a record as a table of what its elements have ---- */

void cli_list_print(const struct cli *cli, struct cli_nested *nested, const struct record_row *row,
	enum record_field list);

/* ---- cli_summary.c: one line a record ---- */

const struct cli_column *cli_summary_columns(enum record_kind kind, unsigned *n);
const char *cli_summary_title(enum record_kind kind); /* "Calls" */
/* Fills one row of a table made with the kind's columns. */
void cli_summary_row(struct cli_table *t, struct cli_nested *nested, const struct record_row *row);
int64_t cli_summary_time(const struct record_row *row);
enum cli_colour cli_summary_colour(const struct record_row *row); /* of its outcome */

/* ---- cli_kpi.c: calls --summary ---- */

struct cli_kpi;
struct cli_kpi *cli_kpi_new(struct cli *cli);
void cli_kpi_free(struct cli_kpi *k);
/* A further key of the groups: an interval, source, destination, prefix=..., a field.  CLI_USAGE
 * after the sentence. */
int cli_kpi_by(struct cli_kpi *k, const char *text);
void cli_kpi_row(struct cli_kpi *k, const struct record_row *row);
int cli_kpi_print(struct cli_kpi *k, enum cli_format format);

/* ---- cli_live.c: calls --live ---- */

/* Puts the calls in progress of the probes of these segments into store, an in-memory one.  CLI_OK,
 * or the sentence. */
int cli_live_read(struct cli *cli, struct store *store, const char *const *paths, unsigned n);

/* ---- cli_ladder.c ---- */

/* Draws flow[] to f: hosts as columns in order of appearance.  Nothing where there is no flow. */
void cli_ladder(const struct cli *cli, FILE *f, struct cli_nested *nested,
	const struct record_row *row);

/* ---- cli_page.c: all of one record ---- */

/* Parties, times, outcome, ladder, media, and whatever else has a value.  raw: message texts, or
 * NULL. */
struct cli_raw;
void cli_page(struct cli *cli, struct cli_nested *nested, const struct record_row *row,
	struct cli_raw *raw);

/* ---- cli_raw.c: the messages themselves, from a second reading of the capture files, or of the
 * store, where they were kept ---- */

struct cli_ladder;
struct cli_replay;
/* Texts of the messages with one of the NULL-terminated Call-IDs.  NULL after the sentence. */
struct cli_raw *cli_raw_read(const struct cli_replay *replay, const char *const *call_ids);
/* The same of the store. */
struct cli_raw *cli_raw_kept(
	const struct cli *cli, struct store *store, const char *const *call_ids);
void cli_raw_free(struct cli_raw *raw);
/* Gives each message of l its text.  raw may be NULL. */
void cli_raw_attach(struct cli_raw *raw, struct cli_ladder *l);
/* All texts that l has, as lines for a terminal. */
void cli_raw_print(
	const struct cli *cli, const struct cli_raw *raw, const struct cli_ladder *l);

/* ---- cli_output.c: rows as table, JSON lines or CSV ---- */

struct cli_output {
	struct cli *cli;
	enum cli_format format;
	uint32_t kinds;
	bool flow;
	bool muted;                    /* a write failed: nothing more is printed */
	/* whose table is printed as it comes; the others' at the end */
	enum record_kind stream_kind;
	struct cli_table *tables[RECORD_KIND_COUNT];
	uint64_t counts[RECORD_KIND_COUNT], held[RECORD_KIND_COUNT];
	int64_t day[RECORD_KIND_COUNT];
	uint64_t dispositions[9];
	enum record_field columns[RECORD_F_COUNT];
	unsigned n_columns;
	struct cli_nested nested;
	char *text;
	size_t text_bytes;
};

/* kinds of o must be set.  CLI_OK, or CLI_USAGE after the sentence (CSV of several kinds). */
int cli_output_open(struct cli_output *out, struct cli *cli, const struct cli_options *o);
void cli_output_row(struct cli_output *out, const struct record_row *row);
/* Prints what is held of the first table.  False: writing fails, and not because the reader left.
 * */
bool cli_output_flush(struct cli_output *out);
/* The other tables and the totals. */
void cli_output_finish(struct cli_output *out);
void cli_output_close(struct cli_output *out);

/* ---- cli_replay.c: the engine over capture files ---- */

struct cli_replay {
	struct cli *cli;
	const struct config *config;
	uint32_t cores;
	char *const *files;
	unsigned n_files;
	worker_record_fn record;
	worker_message_fn message;     /* or NULL */
	void *context;
	bool quiet;                    /* damage is not told */
	/* while it runs */
	bool stop;                     /* set by record to end early */
	bool progress_shown;
	int64_t progress_ns, began_ns;
	uint64_t frames;
	/* when it has ended */
	struct metrics_core metrics;
	bool damaged, interrupted;
};

/* The configuration for capture files: that of path, or the defaults with tables that hold large
 * captures.  NULL after the sentence. */
struct config *cli_replay_config(const struct cli *cli, const char *path);
/* CLI_FAILED after the sentence where a file is not there or may not be read. */
int cli_replay_check(const struct cli_replay *r);
/* CLI_OK; CLI_FAILED after the sentence: what was read before it stands and has been recorded. */
int cli_replay_run(struct cli_replay *r);
/* Takes the progress line off the terminal, before anything else is printed. */
void cli_replay_quiet(struct cli_replay *r);

/* ---- cli_out.c: read --out DIR ---- */

struct cli_out {
	struct cli *cli;
	const struct config *config;
	const char *dir;
	struct store *store;
	uint32_t uncommitted;
	uint64_t records;
};

/* DIR/store and DIR/billing.  CLI_OK, or CLI_FAILED after the sentence: not writable, or records of
 * an earlier replay in it. */
int cli_out_open(struct cli_out *out, const char *dir);
int cli_out_record(struct cli_out *out, const uint8_t *record, uint32_t len);
int cli_out_close(struct cli_out *out, bool failed);

#define CLI_REPLAY_PROBE BASE_SPAN("replay")

/* ---- cli_segment.c, cli_segment_print.c: stats ---- */

struct cli_segment_core {
	struct metrics_core metrics;
	uint64_t next_seq, backlog;
	int64_t heartbeat_ns;
};

/* One reading of a segment: copies, no mapping left. */
struct cli_segment {
	const char *path;
	struct sys_error problem;  /* why there is no reading, or "" */
	int64_t wall_ns, monotonic_ns; /* when it was taken */
	char probe[64], clock_source[16];
	int64_t created_ns, probe_heartbeat_ns, collector_heartbeat_ns;
	uint64_t probe_pid, probe_starts;
	uint64_t collector_pid, collector_commits, collector_records, collector_corrupt;
	uint64_t ring_bytes;
	bool running;
	bool has_health; /* its collector said how it goes */
	struct shm_health health;
	uint32_t cores;
	struct cli_segment_core *core;
};

/* False and problem set where it cannot be read.  core is kept from reading to reading (start from
 * zeroes). */
bool cli_segment_read(struct cli_segment *s, const char *path);
struct metrics_core cli_segment_sum(const struct cli_segment *s);
void cli_segment_json(FILE *f, const struct cli_segment *s);
/* before: an earlier reading for rates, or NULL. */
void cli_segment_print(struct cli *cli, const struct cli_segment *s,
	const struct cli_segment *before);
