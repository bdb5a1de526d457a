/* sinks_private: what the files of this room share. */
#pragma once

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <sys/types.h>

#include "sinks.h"

#define SINKS_TEXT_BYTES                                                                           \
	(4u << 20) /* one record at its longest (store: < 1 MiB, quotes doubled), and what waits   \
		      for a write */
#define SINKS_WRITE_BYTES (256u << 10)
#define SINKS_STEP_RECORDS 10000
#define SINKS_PATH_BYTES 4200
#define SINKS_SHA256_HEX (2 * SHA256_DIGEST_SIZE + 1)

/* What a file holds of one probe core. */
struct sinks_ring {
	char probe[64];
	uint32_t probe_len, core;
	uint64_t records, first_seq, last_seq, lost;
};

/* A file being written.  fd -1: none. */
struct sinks_file {
	int fd;
	uint64_t bytes, records;          /* content, also what is not yet written */
	struct sha256_ctx content_sha256;
	uint64_t written;                 /* as it is delivered */
	struct sha256_ctx sha256;
	int64_t opened_ns, first_ns, last_ns;
	uint64_t capture_loss;
	int64_t to_position;
	struct sinks_ring *rings;
	uint32_t n_rings, cap_rings;
};

/* What the manifest, or the store, says is delivered. */
struct sinks_delivered {
	int64_t position, file_sequence, billing_seq; /* of the last file */
};

struct sinks_billing;
struct sinks_compress;

/* One format of files. */
struct sinks_format {
	const char *name, *extension;
	bool one_kind; /* csv: a file's rows have the same columns */
	/* Texts go to b->text. */
	void (*begin)(struct sinks_billing *b);
	void (*row)(struct sinks_billing *b, int64_t billing_seq, const struct record_row *row);
	/* All is written: what is known only now; NULL: nothing. */
	int (*finish)(struct sinks_billing *b, struct sys_error *e);
	bool fixed; /* neither columns nor compression can be chosen */
};

/* Files handed over by a command.  At rest pid is 0. */
struct sinks_hook {
	char **argv; /* templates, NULL behind the last one; NULL: there is none */
	uint32_t timeout_s, retry_s;
	pid_t pid;
	bool timed_out;
	int64_t started_ns, retry_ns; /* wall clock */
	uint32_t failures;            /* of this file, in a row */
	int64_t failing_ns;
	uint64_t retries;
	off_t offset;     /* of the manifest's line to look at next */
	int64_t sequence; /* of the file under way, or done and not yet noted */
	bool done;
	char name[256];
	struct sys_error why;
};

struct sinks_billing {
	struct store *store;
	struct sys_mapping lock;
	bool locked;
	char *dir;
	const struct sinks_format *format;
	uint32_t kinds, rotate_s, rotate_records;
	uint64_t rotate_bytes;
	enum record_field fields[RECORD_F_COUNT];
	uint32_t n_fields;
	struct sinks_compress *compress; /* NULL: as it is */
	struct config_mask masks[RECORD_F_COUNT];
	uint32_t n_masks;
	struct hmac_sha256_ctx mask_key;
	struct base_text mask_text;   /* values of the row under way */
	struct record_row mask_row;
	char schema[64];              /* name of the schema file */
	struct sinks_hook hook;
	uint32_t retention_days;
	uint64_t retention_bytes;
	int64_t retention_ns;         /* when next */
	bool retention_said;
	int64_t handed;               /* file sequence up to which files are handed over */
	uint64_t done_records, done_files;
	struct base_ip node; /* of ts32298 files */
	bool stop;           /* of the step in progress */

	struct sinks_delivered delivered;
	int64_t intent;            /* a file up to this position may have its final name already */
	int64_t scanned;           /* the store was read up to here */
	int64_t now_ns, cursor_ns; /* of this step; of the cursor's last move */
	struct sinks_file file;
	struct base_text text; /* of the file, not yet written */
	struct sys_error *e;   /* of the step in progress */
	int error;
};

/* ---- sinks_options.c ---- */

int
sinks_options_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e);

/* ---- sinks_file.c: the open file ---- */

int
sinks_file_open(struct sinks_billing *b, struct sys_error *e);
int
sinks_file_add(struct sinks_billing *b, const struct record_row *row, int64_t position,
	struct sys_error *e);
/* Sequence numbers that never came. */
uint64_t
sinks_file_lost(const struct sinks_file *file);
/* The file's bytes are durable under the temporary name. */
int
sinks_file_flush(struct sinks_billing *b, struct sys_error *e);
/* Gives it its final name, durably; name gets it without the directory. */
int
sinks_file_rename(struct sinks_billing *b, char name[SINKS_PATH_BYTES], struct sys_error *e);
/* Forgets the file; its temporary name stays and is overwritten. */
void
sinks_file_reset(struct sinks_file *file);
/* The probe core's entry, made where there is none; NULL: out of memory. */
struct sinks_ring *
sinks_file_ring(struct sinks_file *file, struct base_span probe, uint32_t core);

/* ---- sinks_manifest.c ---- */

/* Cuts a torn last line off and reads the last whole one; *delivered stays where there is none. */
int
sinks_manifest_read(const char *dir, struct sinks_delivered *delivered, struct sys_error *e);
/* Appends the line of b's file durably; a failure leaves the manifest as it was. */
int
sinks_manifest_append(struct sinks_billing *b, const char *name, struct sys_error *e);
void
sinks_manifest_path(const char *dir, char path[SINKS_PATH_BYTES]);
/* The number behind key, given as "\"key\":", in a line of ours. */
bool
sinks_manifest_number(const char *line, const char *key, int64_t *out);

/* ---- sinks_format.c ---- */

extern const struct sinks_format sinks_formats[]; /* by enum config_billing_format */

/* ---- sinks_ts32297.c: files of TS 32.297 with records of TS 32.298 ---- */

void
sinks_ts32297_begin(struct sinks_billing *b);
void
sinks_ts32297_row(struct sinks_billing *b, int64_t billing_seq, const struct record_row *row);
int
sinks_ts32297_finish(struct sinks_billing *b, struct sys_error *e);

/* ---- sinks_compress.c ---- */

/* "", ".gz", ".zst" */
const char *
sinks_compress_extension(const struct sinks_compress *c);
const char *
sinks_compress_name(const struct sinks_compress *c);
/* *c stays NULL for none.  -BASE_ERR_UNSUPPORTED: not in this build. */
int
sinks_compress_new(
	struct sinks_compress **c, enum config_compression compression, struct sys_error *e);
void
sinks_compress_free(struct sinks_compress *c);
/* A new file begins. */
void
sinks_compress_begin(struct sinks_compress *c);
/* The same input gives the same output.  end: the file ends with this.  out: nonzero stops and is
 * returned; what the library refuses is
 * -BASE_ERR_IO. */
typedef int (*sinks_out_fn)(void *context, const void *p, size_t n);
int
sinks_compress_put(struct sinks_compress *c, struct base_text *in, bool end, sinks_out_fn out,
	void *context);

/* ---- sinks_mask.c ---- */

int
sinks_mask_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e);
/* row, or b's own copy of it with masked values, valid until the next call. */
const struct record_row *
sinks_mask_row(struct sinks_billing *b, const struct record_row *row);

/* ---- sinks_schema.c ---- */

/* The description of b's columns, as JSON. */
void
sinks_schema_text(struct base_text *t, const struct sinks_billing *b);
/* Writes it to the directory, once, and notes its name. */
int
sinks_schema_write(struct sinks_billing *b, struct sys_error *e);

/* ---- sinks_hook.c ---- */

int
sinks_hook_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e);
/* Looks after the command under way, or starts the next one.  stop: goes on until all is handed
 * over, a command failed, or SINKS_HOOK_STOP_NS have gone. */
#define SINKS_HOOK_STOP_NS (10 * BASE_NS_PER_SEC)
void
sinks_hook_step(struct sinks_billing *b, bool stop);
void
sinks_hook_close(struct sinks_billing *b);
/* Reads handed_over into b->handed; 0 where there is none. */
int
sinks_handed_read(struct sinks_billing *b, struct sys_error *e);

/* ---- sinks_retention.c ---- */

/* Deletes what may go, now and then. */
void
sinks_retention_step(struct sinks_billing *b);
