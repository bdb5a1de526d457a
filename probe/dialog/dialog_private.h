/* dialog, inside: slots, chains and what the files of this room share.
 *
 *   dialog.c             new, receive (which dialog is meant), timers, finish
 *   dialog_slot.c        slots: find, take, give back, order of age, eviction
 *   dialog_text.c        its texts, and the parties of its first message
 *   dialog_shared.c      texts that many dialogs have
 *   dialog_found.c       all texts of a dialog that ends, in one pass
 *   dialog_more.c        what a dialog has besides, in a block on demand
 *   dialog_chain.c       64-byte blocks: texts, flow entries, endpoints, streams
 *   dialog_flow.c        one message into flow[]: hosts, retransmission or mirror duplicate
 *   dialog_flow_entry.c  flow[] as it is kept: a message against those before it
 *   dialog_flow_put.c    flow[] into a record
 *   dialog_line.c        the line of an SDP in flow[]
 *   dialog_transaction.c transactions[]: what follows from flow[]
 *   dialog_forks.c       dialogs[]: early and confirmed, where a call has several
 *   dialog_link.c        linked[]: legs with other Call-IDs, through the keeper of what they share
 *   dialog_link_offer.c  what of a message could be shared with another leg
 *   dialog_series.c      a registration and its refreshes
 *   dialog_role.c        roles[]: what each address is
 *   dialog_call.c        what an INVITE dialog's messages mean
 *   dialog_attempt.c     attempts of its first INVITE and their final responses
 *   dialog_bye.c         which BYE ended it
 *   dialog_unkeyed.c     calls without a Call-ID
 *   dialog_reason.c      why a call ended, by its Reason headers
 *   dialog_transfer.c    REFER and what became of it
 *   dialog_register.c    registrations and other transactions
 *   dialog_media.c       SDP: endpoints, holds
 *   dialog_streams.c     what the cores say of a call's streams, until it is written
 *   dialog_digits.c      digits of RTP and INFO: dtmf[]
 *   dialog_peek.c        calls in progress: interim records, silence
 *   dialog_record.c      the record of a dialog */
#pragma once

#include "dialog.h"
#include "dialog_chain.h"
#include "dialog_flow.h"

#define DIALOG_NIL UINT32_MAX
#define DIALOG_TICK_NS (10 * BASE_NS_PER_MS)
#define DIALOG_TEXTS_MAX 4
#define DIALOG_DIGITS_MAX 200 /* in dtmf[] */
#define DIALOG_WATCHES_MAX 8
/* after that a core that has not answered is not waited for */
#define DIALOG_COLLECT_NS (2 * BASE_NS_PER_SEC)

/* ---- slots ---- */

enum slot_kind { SLOT_FREE, SLOT_CALL, SLOT_REGISTRATION, SLOT_TRANSACTION };
enum slot_list { LIST_EARLY, LIST_ESTABLISHED, LIST_ENDED, LIST_COLLECTING, LIST_COUNT };

/* Another leg of the call. */
struct link_item {
	uint64_t uid[2];
	chain_ref call_id;
	uint8_t reason;         /* enum link_reason */
	uint8_t between;        /* hosts[]: ends one leg and begins the other; HOST_NONE */
};
#define LINKS_MAX 16

/* Small sets of a dialog.  As a rule each has one member, which stands in the slot; others are
 * notes. */
enum slot_set { SET_ATTEMPT_CSEQ, SET_CALLER_TAG, SET_FORK_TAG, SET_BRANCH, SET_COUNT };
#define SET_MAX 8
#define SET_BITS 4 /* of a count */

/* What few dialogs have: members of sets after the first, To tags before the one in texts, names of
 * watch lists that matched, Warning and extra headers, hosts beyond those in the slot. */
enum note_kind {
	NOTE_SETS, NOTE_TO_TAG = SET_COUNT, NOTE_WATCH, NOTE_WARNING, NOTE_HEADER, NOTE_HOST
};
struct note {
	uint32_t value;          /* member of a set; hash of a tag; index of a host */
	chain_ref text;
	uint8_t kind;            /* enum note_kind; below NOTE_TO_TAG: enum slot_set */
};

/* The texts kept of a dialog, each once. */
enum slot_text {
	TEXT_CALL_ID, TEXT_FROM_TAG, TEXT_TO_TAG, TEXT_ICID,
	TEXT_FROM_USER, TEXT_FROM_HOST, TEXT_FROM_NAME, TEXT_TO_USER, TEXT_TO_HOST,
	TEXT_RURI_USER, TEXT_RURI_HOST, TEXT_PAI, TEXT_DIVERSION, TEXT_CALLER_UA, TEXT_CALLEE_UA,
	TEXT_REASON, TEXT_REASON_TEXT, TEXT_TRANSFER_TO, TEXT_REPLACES, TEXT_FORWARDED_TO,
	TEXT_METHOD, TEXT_EVENT,
	TEXT_COUNT
};
/* No texts of the dialog: a published endpoint, what entries of flow[] have, in their order. */
#define TEXT_ENDPOINT (CHAIN_ID_NONE - 1)
#define TEXT_FLOW_LINE (CHAIN_ID_NONE - 2)
#define TEXT_FLOW_WORD (CHAIN_ID_NONE - 3)
_Static_assert(TEXT_COUNT <= TEXT_FLOW_WORD, "an id fits its bits");

/* Where texts are, as far as slot.texts says that they are; and the last in the chain of each. */
struct slot_texts {
	chain_ref at[TEXT_COUNT], last[TEXT_COUNT];
	uint16_t len[TEXT_COUNT]; /* of at[]; UINT16_MAX: as long, or longer */
};

/* The texts of one dialog, published endpoints and numbers of shared texts among them, as they
 * stood when its chain ended at end.  What has no room is found from rest on. */
#define FOUND_ENDPOINTS 8
#define FOUND_NUMBERS 16
#define FOUND_COPIES 1024
#define FOUND_FLOW 32 /* so that a number of one is no chain_ref */
#define FOUND_DIALOGS 4 /* with those that expire next */
struct found {
	const struct slot *of;
	chain_ref end;
	uint32_t n_endpoints, n_numbers, n_flow, n_copies;
	struct chain_walk endpoints_rest, numbers_rest, flow_rest;
	/* of those that slot.texts tells of; p NULL: is to be looked for alone */
	struct base_span texts[TEXT_COUNT], last[TEXT_COUNT];
	struct base_endpoint endpoints[FOUND_ENDPOINTS];
	uint16_t numbers[FOUND_NUMBERS];
	struct base_span flow[FOUND_FLOW]; /* TEXT_FLOW_x: their bytes in flat */
	struct chain_flat flat;
	uint8_t copies[FOUND_COPIES]; /* of texts that stand elsewhere, in two blocks */
};

/* hosts[] in the slot: IPv4 and port, or the chain_ref of a text of struct base_endpoint. */
union host_short {
	struct {
		uint8_t ip[4], port[2];
	} v4;
	uint8_t ref[sizeof(chain_ref)];
};

/* How well a final response fits the attempt's first request: same branch, same address, or just
 * its CSeq. */
enum final_fit { FIT_NONE, FIT_CSEQ, FIT_ADDRESS, FIT_BRANCH };

struct __attribute__((packed, aligned(4))) final {
	int64_t ts_ns;
	uint16_t status;
	uint8_t fit;            /* enum final_fit */
	uint8_t vias;           /* Via elements: the fewer, the nearer to the caller */
};

/* A BYE: when, in which transaction, and from which side. */
struct bye {
	int64_t ts_ns;
	uint32_t branch;        /* hash */
	uint8_t side;           /* enum media_side */
	bool by_answer;         /* not seen itself: its response was */
};

/* Whose Reason header tells why the call ended: a later one of these wins. */
enum reason_source {
	REASON_NONE, REASON_BYE_RESPONSE, REASON_PROVISIONAL, REASON_FINAL, REASON_CANCEL,
	REASON_BYE
};

enum transfer {
	TRANSFER_NONE, TRANSFER_ASKED, TRANSFER_ACCEPTED, TRANSFER_SUCCEEDED, TRANSFER_FAILED,
	TRANSFER_REJECTED
};

/* Messages of a call whose time its record says. */
enum call_moment {
	MOMENT_TRYING, MOMENT_RINGING, MOMENT_PROGRESS, MOMENT_EARLY_MEDIA, MOMENT_ACK,
	MOMENT_COUNT
};
#define MOMENT_APART UINT8_MAX

struct __attribute__((packed, aligned(4))) call_state {
	int64_t answer_ns;
	uint32_t answer_tag;    /* hash */
	uint32_t session_expires;
	uint32_t interims;      /* intervals since the answer that have been recorded */
	bool initial_seen : 1;  /* an INVITE without To tag */
	/* a message that only the first INVITE's transaction has: its From is the caller, its 2xx
	 * the answer */
	bool caller_known : 1;
	bool acknowledged : 1;  /* the ACK of a 2xx was seen: answered */
	bool reinvited : 1;     /* an INVITE with To tag was seen */
	bool cancelled : 1;     /* slot_more.cancel_ns is set */
	bool bye_seen : 1;      /* slot_more.bye_first is */
	bool identity : 1;
	bool session_set : 1;
	uint8_t media_sides : 3; /* bit i: enum media_side i has announced audio that it sends */
	uint8_t t38_sides : 3;   /* the same of T.38 */
	uint8_t told_over : 1;   /* hooks.ended */
	uint8_t srtp : 1;
	/* which one of flow[] it is, from 1 on; 0: none; MOMENT_APART: slot_more.moments_ns */
	uint8_t moments[MOMENT_COUNT];
	uint16_t stream_count;
	chain_ref last_stream;   /* each with the one before */
};

/* What a dialog that was set up without surprises and goes on has not: one block of them where
 * there is the first of these, as many blocks as dialogs, so that none is ever refused. */
struct slot_more {
	/* BYEs: of the answered fork; any after the answer; any at all */
	struct bye bye_own, bye_after, bye_first;
	struct final bye_final; /* to the BYE that counts */
	int64_t cancel_ns;
	int64_t moments_ns[MOMENT_COUNT]; /* of those that flow[] has no room for */
	uint32_t left_out;       /* messages that it has none for */
	uint32_t retransmissions, duplicates, forwarded;
	struct chain link_chain; /* struct link_item */
	struct chain note_chain; /* struct note */
	chain_ref last_digit;    /* in text_chain, each with the one before */
	uint16_t n_digits;
	uint16_t reason_cause, transfer_code; /* 0: none */
	uint16_t methods[SIP_METHOD_COUNT];   /* of requests that flow[] has no room for */
	uint16_t holds;
	uint8_t q850;            /* 0: none */
	uint8_t reason_source;   /* enum reason_source */
	uint8_t transfer;        /* enum transfer */
	uint8_t fax;             /* FAX_x */
};

/* REGISTER exchange or another transaction */
struct __attribute__((packed, aligned(4))) exchange_state {
	int64_t response_ns;
	uint32_t requested_expires, granted_expires;
	union {
		chain_ref contacts[DIALOG_TEXTS_MAX]; /* of a registration */
		/* of another one: body of a voice quality report (RFC 6035) */
		chain_ref quality;
	};
	uint8_t n_contacts, attempts;
	uint8_t method;
	bool has_requested : 1, has_granted : 1, star : 1, in_dialog : 1;
	bool credentials : 1;    /* the current attempt carried some */
};

#define SLOT_ENDPOINT_MARKS 5

struct slot {
	uint64_t hash;           /* of the Call-ID */
	uint32_t bucket_next;
	uint32_t list_prev, list_next;
	uint32_t generation : 24; /* never 0 */
	uint32_t kind : 2, list : 3; /* enum slot_kind, slot_list */
	uint32_t end_cause : 3;  /* enum end_cause, when it is being closed */
	int64_t first_ns, last_ns; /* of messages */
	int64_t request_ns;      /* first INVITE or other request; 0: none seen */
	int64_t attempt_ns;      /* first request of the current attempt; 0: not seen */
	struct final final;      /* of the current attempt */
	uint32_t from_tag;       /* hash */
	uint32_t attempt_cseq, attempt_branch;
	/* CSeq of the INVITEs; From tags of the attempts; tags of those who responded; top Via
	 * branches of the first attempt: hops */
	uint32_t set_first[SET_COUNT];
	uint16_t set_counts;     /* slot_set_count */
	uint8_t transport : 4, tunnel : 4;
	uint8_t first_src : 4, first_dst : 4; /* hosts[] */
	uint8_t n_hosts : 4;
	bool has_shared : 1;     /* some texts are shared ones */
	bool unkeyed : 1;        /* no Call-ID: told by its hosts */
	uint8_t peeking : 2;     /* enum peek: its streams have been asked for */
	uint8_t challenges;
	uint8_t n_transactions;
	uint8_t attempt_src;     /* hosts[] index of the current attempt's first request */
	uint8_t attempt_vias : 6; /* Via elements of it: one at the hop nearest to the caller */
	uint8_t hosts_wide : 2;  /* bit i: hosts[i] is a text */
	bool one_sided : 1;      /* some SDP was not sendrecv */
	bool truncated : 1;
	bool flow_truncated : 1;
	/* not 0: some were published; a bit that each of them sets, others too (endpoint_mark) */
	uint8_t endpoints : SLOT_ENDPOINT_MARKS;
	uint16_t vlan;
	uint16_t flow_count;     /* of its messages, those in flow[]: slot_messages */
	uint16_t faults;         /* enum sip_flag of its messages, of SIP_FLAGS_INVALID */
	uint32_t flow_cseq;      /* what the CSeqs of flow[] are apart from (struct flow_kept) */
	uint32_t more;           /* block, or 0 */
	uint32_t lost_at_start;  /* by the probe, low half */
	uint32_t texts;          /* bit i: enum slot_text i is in text_chain, the last of that id */
	union host_short hosts[DIALOG_HOSTS_SLOT]; /* the others are notes */
	struct chain text_chain, flow_chain;
	union {
		struct call_state call;
		struct exchange_state exchange;
	};
};
_Static_assert(sizeof(struct slot) == 192, "three lines, as probe/README.md has it");
_Static_assert(FLOW_VIAS_MAX < 1 << 6 && LIST_COUNT <= 1 << 3, "they fit their bits");

/* Why the streams of a call in progress are asked for. */
enum peek { PEEK_NONE, PEEK_IDLE, PEEK_RECORD };

enum end_cause {
	END_NONE, END_BYE, END_CANCEL, END_FAILURE, END_REDIRECT, END_TIMEOUT, END_EVICTED,
	END_CAPTURE
};
_Static_assert(END_CAPTURE < 1 << 3, "fits its bits");

struct slot_list_head {
	uint32_t head, tail, count;
};

/* What stands behind the port in the line of an SDP in flow[], of a tail that is known. */
struct line_tail {
	uint32_t stamp;          /* sip_sdp_tail.stamp */
	uint8_t codecs[SIP_SDP_TAIL_FORMATS]; /* enum rtp_codec */
	uint8_t len, bytes[51];
};

struct shared_text {
	uint32_t hash, users;
	chain_ref text;
	uint16_t next;           /* of its bucket, or free; 0: none */
};

struct dialog {
	struct dialog_options options;
	struct slot *slots;
	struct {
		struct slot_more *blocks; /* from 1 on */
		uint32_t fresh, free;     /* free: by the first word of a block */
	} mores;
	uint32_t *buckets;
	uint32_t bucket_mask, free_head, used;
	uint32_t low_water;      /* free slots below which ended dialogs are closed early */
	uint32_t n_unkeyed;      /* of the slots */
	struct slot_list_head lists[LIST_COUNT];
	struct chain_pool pool;
	struct {
		struct shared_text *entries; /* from 1 on */
		uint16_t *buckets;
		uint16_t *met;       /* marks of texts met once */
		uint32_t mask;
		uint16_t max, fresh, free;
	} shared;
	struct series_entry *series;
	uint32_t n_series_sets;
	struct {
		struct link_bucket *buckets;
		struct dialog_link *entries;
		uint32_t n_buckets;
		uint8_t header_ids[DIALOG_LINK_HEADERS_MAX]; /* of options.link_headers */
		int64_t asked_ns; /* the last leg that named another's Call-ID */
	} links;
	struct base_wheel *wheel;
	int64_t now_ns;
	uint32_t peek_at;        /* the next slot of dialog_peek_all; DIALOG_NIL: none */
	uint64_t lost_total;
	struct {                 /* hashes of the texts of the message being received */
		uint32_t from, to, branch; /* tags, top Via */
	} heard;
	struct sip_sdp sdp;      /* of it, too */
	struct sip_sdp_tails tails; /* of all that have been read */
	struct line_tail line_tails[SIP_SDP_TAILS]; /* what follows from them */
	struct flow_entry entry; /* of it, too */
	struct sip_details details; /* and these, where it has been asked for them */
	bool has_details;
	/* where the texts of one dialog are, that of the message or record at hand */
	const struct slot *texts_of;
	struct slot_texts texts;
	const struct found *found; /* of the one at hand */
	struct found founds[FOUND_DIALOGS];
	uint32_t founds_next;
	int64_t moments_ns[MOMENT_COUNT]; /* of the call whose record is at hand */
	uint8_t scratch[4096];
	uint8_t record[RECORD_BYTES_MAX];
};
/* So much of a record's fields of fixed lengths are put without looking, and a row: its texts and
 * lists end before. */
#define RECORD_SURE_BYTES 2048
#define RECORD_OTHERS_MAX (RECORD_BYTES_MAX - RECORD_SURE_BYTES - RECORD_ROW_MAX)

/* dialog_slot.c */
void slot_table_init(struct dialog *d);
uint32_t slot_find_first(const struct dialog *d, uint64_t hash, struct base_span call_id);
uint32_t slot_find_next(const struct dialog *d, uint32_t index, uint64_t hash,
	struct base_span call_id);
/* A new slot of kind for message m, or NULL: refused, counted. */
struct slot *slot_take(struct dialog *d, enum slot_kind kind, uint64_t hash,
	const struct dialog_message *m);
void slot_give_back(struct dialog *d, struct slot *s);
void slot_move(struct dialog *d, struct slot *s, enum slot_list list);
void slot_arm(struct dialog *d, struct slot *s, int64_t expiry_ns);
static inline uint32_t
slot_index(const struct dialog *d, const struct slot *s)
{
	return (uint32_t)(s - d->slots);
}
uint64_t slot_handle(const struct dialog *d, const struct slot *s);
struct slot *slot_of_handle(struct dialog *d, uint64_t handle); /* NULL: gone */

/* dialog_text.c */
/* Text of a slot, kept once: set where it has none yet. */
void slot_text_set(struct dialog *d, struct slot *s, enum slot_text which, struct base_span text);
void slot_text_replace(struct dialog *d, struct slot *s, enum slot_text which,
	struct base_span text);
void slot_text_clear(struct dialog *d, struct slot *s, enum slot_text which);
struct base_span slot_text(const struct dialog *d, const struct slot *s, enum slot_text which,
	uint8_t *scratch, uint32_t cap);
/* Where all of them are, so that each is not looked for alone. */
void slot_texts_find(struct dialog *d, const struct slot *s);
/* Parties of the first request (or response). */
void slot_parties_set(struct dialog *d, struct slot *s, const struct dialog_message *m);
/* The To tag that counts from now on; those before it are kept too. */
void slot_to_tag_set(struct dialog *d, struct slot *s, struct base_span tag);
/* Its chain goes: so do its numbers of shared texts. */
void slot_texts_give(struct dialog *d, struct slot *s);

/* dialog_shared.c */
#define SHARED_MAX 256 /* longer texts are not looked for */
size_t shared_footprint(uint32_t max_dialogs);
void shared_table_init(struct dialog *d, void *mem);
/* The number of a text, with one user more; 0: it is not shared, by now or ever. */
uint16_t shared_take(struct dialog *d, struct base_span text);
void shared_give(struct dialog *d, uint16_t number);
chain_ref shared_text(const struct dialog *d, uint16_t number);

/* dialog_more.c */
/* Where there is none: one of zeros. */
const struct slot_more *slot_more_of(const struct dialog *d, const struct slot *s);
struct slot_more *slot_more_for(struct dialog *d, struct slot *s); /* never NULL */
void slot_more_give(struct dialog *d, struct slot *s);
uint32_t slot_messages(const struct dialog *d, const struct slot *s);
/* The message at hand, which flow_add has taken, is the first such one of the call. */
void call_moment_set(struct dialog *d, struct slot *s, enum call_moment which, int64_t ts_ns);
/* 0: there was none. */
int64_t call_moment_ns(const struct dialog *d, const struct slot *s, enum call_moment which);

/* dialog_found.c */
static inline bool
found_is_of(const struct dialog *d, const struct slot *s)
{
	return d->found->of == s && d->found->end == s->text_chain.last;
}
/* Of s as it is now; valid until a text is added to it. */
const struct found *found_of(struct dialog *d, const struct slot *s);
/* The same, of one that is not at hand yet. */
const struct found *found_ahead(struct dialog *d, const struct slot *s);
/* Its chain goes. */
void found_forget(struct dialog *d, const struct slot *s);
/* never 0 but for the empty text */
uint32_t dialog_text_hash(const struct dialog *d, struct base_span text);

/* Adds to a set: nothing where it is there already or the set is full; nor the hash 0 of no text
 * (a CSeq of 0 is one). */
void slot_set_add(struct dialog *d, struct slot *s, enum slot_set set, uint32_t value);
static inline uint32_t
slot_set_count(const struct slot *s, enum slot_set set)
{
	return s->set_counts >> set * SET_BITS & ((1u << SET_BITS) - 1);
}
bool slot_set_has_more( /* after the first */
	const struct dialog *d, const struct slot *s, enum slot_set set, uint32_t value);
static inline bool
slot_set_has(const struct dialog *d, const struct slot *s, enum slot_set set, uint32_t value)
{
	uint32_t n = slot_set_count(s, set);

	return n && (s->set_first[set] == value || (n > 1 && slot_set_has_more(d, s, set, value)));
}

/* The next of a kind after *at (start with {0}), in the order in which they came, or NULL. */
struct note *slot_note_next(
	const struct dialog *d, const struct slot *s, uint8_t kind, struct chain_cursor *at);
struct note *slot_note_add(struct dialog *d, struct slot *s); /* zeroed; NULL: no room */
/* Nothing where the slot has as many of the kind as it keeps. */
void slot_note_text(struct dialog *d, struct slot *s, uint8_t kind, struct base_span text);

/* dialog_call.c, dialog_register.c: a message that belongs to slot s */
void call_receive(struct dialog *d, struct slot *s, const struct dialog_message *m);
void call_expired(struct dialog *d, struct slot *s);
/* When it was answered; 0: it was not, or what the capture holds may be of a re-INVITE. */
int64_t call_answered_ns(const struct slot *s);
/* Does a message with the same Call-ID belong to slot s?  LOOSE: where no other one matches. */
enum slot_match { MATCH_NONE, MATCH_LOOSE, MATCH_SURE };
enum slot_match call_matches(const struct dialog *d, const struct slot *s,
	const struct sip_message *m);
enum end_cause call_end_cause(const struct slot *s);
enum slot_match registration_matches(const struct dialog *d, const struct slot *s,
	const struct sip_message *m);
void registration_receive(struct dialog *d, struct slot *s, const struct dialog_message *m);
void transaction_receive(struct dialog *d, struct slot *s, const struct dialog_message *m);
enum slot_match transaction_matches(const struct dialog *d, const struct slot *s,
	const struct sip_message *m);
/* dialog_unkeyed.c */
/* The call that m, which has no Call-ID, belongs to, or NULL.  *left_out: it could belong to
 * several, or says too little to begin a record. */
struct slot *unkeyed_find(struct dialog *d, uint64_t hash, const struct dialog_message *m,
	bool *left_out);
/* Is the caller the UAC of m's transaction?  By the addresses, for a message without tags. */
bool unkeyed_by_caller(const struct dialog *d, const struct slot *s,
	const struct dialog_message *m);

bool call_is_caller_tag(const struct dialog *d, const struct slot *s, uint32_t tag);
/* A final response that asks for another attempt. */
static inline bool
call_is_challenge(uint16_t status)
{
	return status == 401 || status == 407 || status == 422;
}

/* dialog_attempt.c */
/* Fit of final response m to the current attempt of s; keeps it where it is the best so far. True:
 * kept. */
bool slot_final_take(struct dialog *d, struct slot *s, const struct dialog_message *m);
/* An INVITE without To tag: another attempt, the same one at another hop, or an old one again. */
void attempt_begin(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e);
/* A response that overtook its INVITE, or whose INVITE was never seen: the first one of a call that
 * began before the capture, or a later attempt's, for before the answer there are no re-INVITEs. */
bool attempt_is_begun_by(const struct dialog *d, const struct slot *s,
	const struct sip_message *sip);
/* Its CSeq stands for the attempt until the INVITE is seen. */
void attempt_assume(struct dialog *d, struct slot *s, uint32_t cseq);

/* dialog_forks.c */
void forks_put(const struct dialog *d, const struct slot *s, struct record_writer *w);
/* dialog_link.c */
enum link_reason {
	LINK_NONE, LINK_REPLACES, LINK_REFER_REPLACES, LINK_REFER, LINK_SESSION_ID, LINK_ICID,
	LINK_DIVERSION, LINK_NUMBERS, LINK_CALL_ID,
	LINK_HEADER             /* and on: options.link_headers */
};
/* ASK names another leg's Call-ID; ANY has a value that another has too; IN goes to an address, OUT
 * comes from it. */
enum link_side { LINK_ANY, LINK_ASK, LINK_IN, LINK_OUT };
size_t link_footprint(uint32_t max_links);
void link_table_init(struct dialog *d, void *mem);
/* All of l that does not depend on a key. */
void link_of_slot(const struct dialog *d, const struct slot *s, struct dialog_link *l);
void link_offer(struct dialog *d, struct dialog_link *l, uint64_t key);
/* Soon something will be offered under that key: where it stands is fetched. */
void link_fetch(const struct dialog *d, uint64_t key);
/* A call begins: legs that have named its Call-ID before. */
void link_answer(struct dialog *d, const struct slot *s, const struct dialog_link *named);
/* A call begins: legs that have its Call-ID, with tags of their own, on this core. */
void link_siblings(struct dialog *d, const struct slot *s, const struct dialog_link *l);
void links_put(const struct dialog *d, const struct slot *s, struct record_writer *w);
/* A bit for each of hosts[] where a leg ends and a linked one begins. */
uint32_t links_between(const struct dialog *d, const struct slot *s);
/* dialog_link_offer.c */
void link_receive(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e);
/* dialog_series.c */
struct series {
	uint64_t uid[2];
	uint32_t ordinal;       /* 0: failed, no part of the count */
};
size_t series_footprint(uint32_t max_series);
void series_table_init(struct dialog *d, void *mem);
/* The series of a registration whose record is being written, once each.  False: of none. */
bool series_take(struct dialog *d, const struct slot *s, struct base_span aor, bool removes,
	struct series *out);
/* dialog_record.c: what the record's uid is the hash of: how many bytes, the first of them the
 * Call-ID.  Deterministic: the same Call-ID, From tag and first time give the same uid on every
 * probe and in every replay. */
#define SLOT_IDENTITY_MAX 1024
uint32_t slot_identity(const struct dialog *d, const struct slot *s,
	uint8_t bytes[SLOT_IDENTITY_MAX], uint32_t *call_id_len);
/* its two halves */
void slot_uid(const struct dialog *d, const struct slot *s, uint64_t uid[2]);
/* dialog_role.c */
/* What an entry says of its source: bits. */
uint32_t role_evidence(const struct flow_entry *e);
void roles_put(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const uint32_t evidence[HOST_NONE + 1]);

/* dialog_bye.c */
/* The BYE that ended the call: of the answered fork, else any after the answer, else any at all. */
const struct bye *call_bye(const struct dialog *d, const struct slot *s);
/* A BYE, or a response to one that was not seen: who sent it stands in From. */
void bye_take(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e);
bool bye_is_known(const struct dialog *d, const struct slot *s, uint32_t branch);
/* The final response to the BYE that counts, a 2xx before any other. */
void bye_answered(struct dialog *d, struct slot *s, const struct dialog_message *m);

/* dialog_reason.c */
void reason_take(struct dialog *d, struct slot *s, const struct sip_message *m,
	enum reason_source source);
const char *reason_source_name(const struct slot_more *more);
/* dialog_transfer.c: a message within a call, its first time in flow[] */
void transfer_receive(struct dialog *d, struct slot *s, const struct dialog_message *m,
	const struct flow_entry *e);
const char *transfer_result_name(const struct slot_more *more);

/* dialog_media.c */
/* A published endpoint as it lies in text_chain; false: it was cut. */
bool endpoint_read(struct base_span bytes, struct base_endpoint *out);
void media_receive(struct dialog *d, struct slot *s, const struct dialog_message *m,
	struct flow_entry *entry);
/* All that were published.  They are fetched some time before, twice: again is the second time. */
void media_endpoints_fetch(struct dialog *d, const struct slot *s, bool again);
void media_endpoints_withdraw(struct dialog *d, struct slot *s);

/* dialog_streams.c */
/* The next stream of s, in no order: start with *at = s->call.last_stream; false at the end. */
bool streams_next(const struct dialog *d, chain_ref *at, struct media_summary *out);
void streams_reset(struct dialog *d, struct slot *s);
int64_t streams_last_ns(const struct dialog *d, const struct slot *s);
/* Into streams[], in order of their first packet, whichever cores they came from. */
void streams_put(struct dialog *d, const struct slot *s, struct record_writer *w);

/* dialog_digits.c */
#define FAX_CNG 1
#define FAX_CED 2
#define FAX_V21 4
/* An INFO that is not a repeat. */
void digits_info(struct dialog *d, struct slot *s, const struct dialog_message *m, uint8_t sender);
void digits_put(struct dialog *d, const struct slot *s, struct record_writer *w);

/* dialog_peek.c */
/* An established call's timer: for its next interim record, or where it falls silent. */
void peek_arm(struct dialog *d, struct slot *s, int64_t idle_from_ns);
void peek_expired(struct dialog *d, struct slot *s);
/* The next calls of dialog_peek_all. */
void peek_some(struct dialog *d);

/* dialog.c: ends a dialog: collects a call's streams first, writes the record of others at once. */
void dialog_close(struct dialog *d, struct slot *s, enum end_cause cause);
/* dialog_record.c */
void dialog_record_write(struct dialog *d, struct slot *s);
