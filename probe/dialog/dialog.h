/* dialog: SIP messages of one core become calls, registrations and transactions.  Pure over the
 * caller's memory.
 *
 * Knows: Call-ID and tags, transactions by CSeq and Via branch, retransmissions, forks, who ended
 * what, SDP endpoints. Does not know: packets, sockets, other cores, clocks (time is an argument),
 * where records go (hooks).
 *
 * One table of slots for the three kinds, found by the keyed hash of the Call-ID (of the two hosts
 * where messages have none); what has no fixed
 * size (texts, flow[], endpoints) lies in chains of 64-byte blocks from one pool.  Bounded: when
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

#define DIALOG_LINK_HEADERS_MAX 8

struct dialog;

/* What a leg of a call could have in common with another leg, which may be on another core: goes to
 * the core that keeps its key; where two with the same key meet, each goes to the other's core. */
struct dialog_link {
	uint64_t key;
	uint64_t call;           /* whose word it is: a handle */
	uint64_t to;             /* the call to be told, or 0: the key's keeper */
	int64_t ts_ns;
	uint64_t uid[2];         /* of its record: where to is set, or identity_len 0 */
	struct base_endpoint src, dst; /* of its first INVITE */
	uint32_t calling;        /* hash of the caller's number */
	uint8_t reason : 6, side : 2;
	uint8_t call_id_len;     /* 0: too long to travel */
	uint8_t identity_len;    /* what uid is the hash of: few are ever told */
	uint8_t identity[93];    /* begins with the Call-ID */
};

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
	/* A word about a leg, for dialog_link on core `to >> 56`, or where to is 0 on core `key mod
	 * cores`.  NULL: one core has them all. */
	void (*link)(void *context, const struct dialog_link *link);
	/* An endpoint is about to be published or withdrawn: it may be looked for meanwhile.
	 * again: it has been asked for before.  NULL: there is nothing to gain. */
	void (*fetch)(void *context, const struct base_endpoint *at, bool again);
	/* Its streams are about to be asked for: nth 0, where they stand, and then the first and
	 * the second of them, each some time after the one before.  NULL: nothing to gain. */
	void (*fetch_streams)(void *context, uint64_t call, uint32_t nth);
};

#define DIALOG_LISTEN_MAX 16

struct dialog_options {
	uint32_t max_dialogs;
	uint32_t flow_entries;          /* bound of flow[] per dialog */
	uint32_t max_series;            /* registrations that may be refreshed, remembered */
	uint32_t max_links;             /* words about legs kept on this core */
	uint32_t core;
	struct base_hash_key key;       /* of the table */
	bool zeroed;                    /* the memory given reads as zero: nobody looks */
	bool keep_branches;             /* the texts of Via branches: some 40 bytes a transaction */
	int64_t setup_ns, linger_ns, call_idle_ns, transaction_ns, registration_ns;
	int64_t interim_ns;             /* between records of an established call; 0: none */
	struct base_span extra_headers[16]; /* names; borrowed for good */
	uint32_t n_extra_headers;
	/* headers that carry the Call-ID of another leg, or the same value on both; borrowed */
	struct base_span link_headers[DIALOG_LINK_HEADERS_MAX];
	uint32_t n_link_headers;
	/* Calls whose audio is asked for (media_announce.listen): all, those on any watch list, or
	 * on one of these; borrowed for good. */
	bool listen_all, listen_watched;
	struct base_span listen_lists[DIALOG_LISTEN_MAX];
	uint32_t n_listen_lists;
	bool mask_digits;               /* dtmf[] tells that digits were dialled, not which */
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

/* What tells m's dialog from others, and the core that owns it: its Call-ID, or where it has none
 * its two hosts, which then stand in hosts. */
#define DIALOG_KEY_BYTES 32
struct base_span dialog_key_of(const struct dialog_message *m, uint8_t hosts[DIALOG_KEY_BYTES]);

/* Returns the kind of the record that m goes into; RECORD_NONE: into none. */
enum record_kind dialog_receive(struct dialog *d, const struct dialog_message *m);
/* A word about a leg, from this or another core. */
void dialog_link(struct dialog *d, const struct dialog_link *link);
/* Timers up to now_ns. */
void dialog_advance(struct dialog *d, int64_t now_ns);
/* Frames lost by the probe so far, all told: the difference over a dialog's life is its
 * capture_loss. */
void dialog_note_loss(struct dialog *d, uint64_t lost_total);

void dialog_add_stream(struct dialog *d, const struct media_summary *summary);
void dialog_add_digit(struct dialog *d, const struct media_digit *digit);
void dialog_collected(struct dialog *d, uint64_t call);
void dialog_peeked(struct dialog *d, uint64_t call);
/* An interim record of every call in progress, some at each dialog_advance; asked for again before
 * the last is written, it begins anew. */
void dialog_peek_all(struct dialog *d);

/* The capture ends at now_ns: every dialog left is closed, oldest first. */
void dialog_finish(struct dialog *d, int64_t now_ns);
