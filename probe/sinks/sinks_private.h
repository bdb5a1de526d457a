/* sinks_private: what the files of this room share. */
#pragma once

#include <nettle/sha2.h>

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
	uint64_t bytes, records;
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

struct sinks_billing {
	struct store *store;
	struct sys_mapping lock;
	bool locked;
	char *dir;
	enum config_billing_format format;
	uint32_t kinds, rotate_s, rotate_records;
	uint64_t rotate_bytes;
	enum record_field fields[RECORD_F_COUNT];
	uint32_t n_fields;

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
