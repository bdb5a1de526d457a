/* dialog: SIP messages of one core become calls, registrations and transactions.  Pure over the
 * caller's memory.
 *
 * Knows: Call-ID and tags, transactions by CSeq and Via branch, retransmissions, forks, who ended
 * what, SDP endpoints. Does not know: packets, sockets, other cores, clocks (time is an argument),
 * where records go (hooks).
 *
 * One table of slots for the three kinds, found by the keyed hash of the Call-ID; what has no fixed
 * size (texts, flow[], endpoints) lies in chains of 128-byte blocks from one pool.  Bounded: when
 * slots run low, first finished dialogs are closed early, then the oldest unanswered calls are
 * evicted; established calls stay and new ones are refused.  All counted.
 *
 * A dialog ends by its own messages, by timer, by eviction or by the end of the capture.  A call
 * that ends is collected first: its streams are asked for (hooks->collect), on every core; the
 * owner answers with dialog_add_stream for each and dialog_collected once per call, then the record
 * is written.  A long call is peeked in the same way, without ending anything: an interim record
 * every interim_ns from its answer on.
 *
 * Memory: dialog_footprint bytes, cache-line aligned; nothing is allocated later.  Thread: one
 * user, the owning worker. */
#pragma once

#include "base.h"
#include "media.h"
#include "metrics.h"
#include "packet.h"
#include "record.h"
#include "sip.h"

struct dialog;

/* What the owner of the table does for it; all on the owner's thread, during a dialog_* call. */
struct dialog_hooks {
	void *context;
	/* An SDP announced (or a closing call gives up) a media endpoint. */
	void (*publish)(
		void *context, const struct base_endpoint *at,
		const struct media_announce *announce);
	void (*withdraw)(void *context, const struct base_endpoint *at, uint64_t call);
	/* The call is over, and lingers; end_ns 0: it is not, after all. */
	void (*ended)(void *context, uint64_t call, int64_t end_ns);
	/* The call ends: give its streams (dialog_add_stream), then dialog_collected. Either during
	 * this call or later. */
	void (*collect)(void *context, uint64_t call);
	/* A call in progress: give its streams so far (dialog_add_stream of media_peek's), then
	 * dialog_peeked.  Either during this call or later. */
	void (*peek)(void *context, uint64_t call);
	/* A finished record (record.h). */
	void (*record)(void *context, uint8_t *record, uint32_t len);
	/* Watch lists matching the first request: a bit each; and their names. */
	uint64_t (*watch)(void *context, const struct sip_message *m);
	const char *(*watch_name)(void *context, uint32_t list);
};

struct dialog_options {
	uint32_t max_dialogs;
	uint32_t flow_entries;          /* bound of flow[] per dialog */
	uint32_t core;
	struct base_hash_key key;       /* of the table */
	bool keep_branches;             /* the texts of Via branches: some 40 bytes a transaction */
	int64_t setup_ns, linger_ns, call_idle_ns, transaction_ns, registration_ns;
	int64_t interim_ns;             /* between records of an established call; 0: none */
	struct base_span extra_headers[16]; /* names; borrowed for good */
	uint32_t n_extra_headers;
	const char *clock_source;       /* borrowed for good */
	struct metrics_core *metrics;   /* CALLS*, FLOW_TRUNCATED, RECORDS_OVERFLOW: written here */
	struct dialog_hooks hooks;
};

size_t dialog_footprint(const struct dialog_options *options);
struct dialog *dialog_new(void *mem, const struct dialog_options *options);

/* A SIP message and where it was seen. */
struct dialog_message {
	const struct sip_message *sip;
	int64_t ts_ns;
	struct base_endpoint src, dst;
	uint32_t ip_id;      /* 0: none */
	uint16_t vlan;
	uint8_t transport;   /* enum packet_transport */
	uint8_t tunnel;      /* enum packet_tunnel */
	bool truncated;      /* cut by the snap length */
};

void dialog_receive(struct dialog *d, const struct dialog_message *m);
/* Timers up to now_ns. */
void dialog_advance(struct dialog *d, int64_t now_ns);
/* Frames lost by the probe so far, all told: the difference over a dialog's life is its
 * capture_loss. */
void dialog_note_loss(struct dialog *d, uint64_t lost_total);

void dialog_add_stream(struct dialog *d, const struct media_summary *summary);
void dialog_collected(struct dialog *d, uint64_t call);
void dialog_peeked(struct dialog *d, uint64_t call);
/* An interim record of every call in progress, some at each dialog_advance; asked for again before
 * the last is written, it begins anew. */
void dialog_peek_all(struct dialog *d);

/* The capture ends at now_ns: every dialog left is closed, oldest first. */
void dialog_finish(struct dialog *d, int64_t now_ns);
