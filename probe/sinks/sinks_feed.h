/* sinks_feed: the store's records in batches to a far end that may be slow, hang or be gone.
 *
 * Two threads.  The collector's calls sinks_feed_step, which waits for nothing but the disk: it
 * tells the feed how far the store is committed, and writes what the feed asks for (only the
 * writer's handle may).  The feed's own thread has a reader's handle of the store, which never
 * blocks the writer, and does everything that may take long: collects a batch, delivers it, tries
 * again with growing pauses.  They share a few numbers under one mutex that nobody holds while
 * reading, writing or sending.
 *
 * A batch is the records of positions after < position <= to.  Its end is durable (the store's
 * number NAME.intent, and when in NAME.intent_ns) before its first byte leaves, so that a batch
 * tried again, also by another process after kill -9, has the same records and the same bytes.  The
 * cursor moves after the far end has acknowledged all of it.  Rows beyond what the collector has
 * committed are not looked at, so the order of positions holds on the reader's handle too. */
#pragma once

#include "sinks.h"

struct sinks_feed;

struct sinks_batch {
	int64_t after, to; /* positions: after < position <= to */
	uint32_t records;
	int64_t begun_ns; /* wall clock: another process may have begun it then; 0: none has */
};

enum sinks_taken {
	SINKS_TAKEN,
	SINKS_FULL,    /* no room: it begins the next batch */
	SINKS_LEFT_OUT /* cannot be told at all */
};

/* The far end, called in the feed's thread but for wake. */
struct sinks_far {
	void (*begin)(void *far);
	enum sinks_taken (*add)(void *far, const struct record_row *row, int64_t position);
	/* 0: the far end has all of the batch; else the sentence in e, and it is called again with
	 * the same batch.  Returns soon once *stop is set. */
	int (*deliver)(
		void *far, const struct sinks_batch *batch, const bool *stop, struct sys_error *e);
	/* From the collector's thread: *stop was set, deliver should notice. May be NULL. */
	void (*wake)(void *far);
};

struct sinks_feed_options {
	const char *name; /* of the cursor, in the log; static */
	const char *store_dir;
	uint32_t kinds;         /* bit per enum record_kind */
	uint32_t batch_records; /* a batch is sent with so many records */
	uint32_t flush_ms;      /* or when its first one has waited so long */
	uint32_t retry_ms_max;  /* longest pause between two tries */
	const struct sinks_far *far;
	void *context;   /* of far; stays the caller's */
	bool threadless; /* tests: sinks_feed_round is called by hand */
};

int
sinks_feed_open(struct sinks_feed **feed, struct store *store,
	const struct sinks_feed_options *options, struct sys_error *e);
/* In the collector's thread.  stop: waits until all is delivered, the far end does not take it, or
 * SINKS_FEED_STOP_MS have passed; what is left comes with the next start. */
#define SINKS_FEED_STOP_MS 10000
int
sinks_feed_step(struct sinks_feed *feed, int64_t now_ns, bool stop, struct sys_error *e);
void
sinks_feed_status(const struct sinks_feed *feed, struct sinks_status *status);
/* Ends the thread; NULL is allowed. */
void
sinks_feed_close(struct sinks_feed *feed);

/* One turn of the feed's thread; returns how many ms it may sleep unless it is told something. */
int
sinks_feed_round(struct sinks_feed *feed);

/* The first line of a file, without its end, for free(). */
int
sinks_secret_read(char **secret, const char *path, struct sys_error *e);
