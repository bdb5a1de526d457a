/* flow[] of a dialog: entries as they are used and as they are kept (dialog_flow_entry.c), the
 * hosts that they name by number, and what follows from them when the record is written. */
#pragma once

#include "dialog_chain.h"
#include "sip.h"

struct dialog;
struct dialog_message;
struct record_writer;
struct slot;

/* One message in flow[]. */
struct flow_entry {
	int64_t ts_ns;
	uint32_t cseq;
	uint32_t branch;        /* FLOW_BRANCH bits of a hash: what tells the transaction */
	uint32_t fingerprint;   /* FLOW_FINGERPRINT bits: of what makes a retransmission */
	/* flow_words: numbers from 1 on of texts that have been found, or where they are; 0: none,
	 * or not asked for */
	chain_ref word, line;
	uint16_t status, ip_id;
	uint16_t tag;           /* of the callee, the low half of its hash; 0: none */
	uint8_t method, cseq_method;
	uint8_t src, dst;       /* hosts[]; HOST_NONE */
	uint8_t vias;           /* how many, FLOW_VIAS_MAX at most: its hop */
	uint8_t transaction;    /* in transactions[]; TRANSACTION_NONE */
	uint8_t flags;          /* FLOW_x */
	struct flow_kept *kept; /* NULL: left out of flow[] */
};
#define FLOW_VIAS_MAX 63
#define FLOW_BRANCH ((1u << 24) - 1)
#define FLOW_FINGERPRINT ((1u << 18) - 1)

/* As it is kept, three in a block.  Time and CSeq are apart from those of the last flow_base before
 * it, or where there is none, from the dialog's. */
struct __attribute__((packed)) flow_kept {
	uint64_t when;          /* time : 40, signed, then branch : 24 */
	uint64_t what;          /* flow_field */
	uint16_t ip_id, tag;
	uint8_t src : 4, dst : 4;
};
/* First bit and bits of what; kind: status, below FLOW_METHODS method, or FLOW_BASE: a flow_base;
 * has_x: the next of TEXT_FLOW_x in text_chain is its own. */
enum flow_field {
	FLOW_F_CSEQ = 0 << 8 | 8,
	FLOW_F_KIND = 8 << 8 | 10,
	FLOW_F_CSEQ_METHOD = 18 << 8 | 4,
	FLOW_F_FINGERPRINT = 22 << 8 | 18,
	FLOW_F_FLAGS = 40 << 8 | 8,
	FLOW_F_TRANSACTION = 48 << 8 | 8,
	FLOW_F_VIAS = 56 << 8 | 6,
	FLOW_F_HAS_WORD = 62 << 8 | 1,
	FLOW_F_HAS_LINE = 63 << 8 | 1,
};
static inline uint64_t
flow_bits(uint64_t value, enum flow_field field)
{
	return (value & ((1ull << (field & 255)) - 1)) << (field >> 8);
}
static inline uint32_t
flow_get(uint64_t what, enum flow_field field)
{
	return (uint32_t)(what >> (field >> 8) & ((1ull << (field & 255)) - 1));
}
#define FLOW_TIME_MAX ((1ll << 39) - 1) /* ns: nine minutes */
#define FLOW_METHODS 16
#define FLOW_BASE 1023
/* What the next entries are apart from. */
struct __attribute__((packed)) flow_base {
	int64_t ts_ns;
	uint64_t what;          /* its kind */
	uint32_t cseq;
	uint8_t unused;
};
_Static_assert(SIP_METHOD_COUNT <= FLOW_METHODS, "a method is no status");
_Static_assert(sizeof(struct flow_base) == sizeof(struct flow_kept), "one in place of the other");
_Static_assert(CHAIN_BLOCK / sizeof(struct flow_kept) == 3, "three in a block");
#define HOST_NONE 15
#define TRANSACTION_NONE UINT8_MAX
#define FLOW_RETRANSMISSION 1
#define FLOW_DUPLICATE 2
#define FLOW_FROM_CALLER 4
/* the same request was seen before, elsewhere or again: its meaning has been counted */
#define FLOW_TOLD 8
/* the same message as another one, seen further on its way: a proxy forwarded it */
#define FLOW_HOP 16
/* the sender's own address stands in Record-Route, in Contact */
#define FLOW_RECORD_ROUTE 32
#define FLOW_CONTACT_IS_SOURCE 64
#define FLOW_USUAL 128 /* its reason phrase is that of the RFCs, and not kept */

#define DIALOG_HOSTS_MAX 12
_Static_assert(DIALOG_HOSTS_MAX <= HOST_NONE, "an index fits its bits");
#define DIALOG_HOSTS_SLOT 2 /* of these stand in the slot */

/* dialog_flow.c */
/* Takes a message into flow[] and counts it.  Returns its entry, until the next message comes. */
struct flow_entry *flow_add(struct dialog *d, struct slot *s, const struct dialog_message *m,
	bool from_caller);
/* The line of its SDP (line_keep), once. */
void flow_line_set(struct dialog *d, struct slot *s, struct flow_entry *e, struct base_span line);
/* Via headers and what stands behind commas in them: one more on each hop. */
uint8_t flow_vias(const struct sip_message *sip);
const struct base_endpoint *flow_host(const struct dialog *d, const struct slot *s, uint8_t index,
	struct base_endpoint *out);

/* dialog_flow_entry.c */
bool flow_is_repeat(const struct flow_entry *e);
/* A block of flow[], and what its entries are apart from. */
struct flow_at {
	uint32_t block;
	uint32_t base_cseq;
	int64_t base_ns;
};
/* The next entry, in the order in which they came: start with {0}, or {.texts = true} where word
 * and line are wanted; NULL at the end. */
struct flow_cursor {
	struct flow_at at;
	uint32_t left;          /* items of the block */
	bool texts;
	struct flow_kept *next;
	uint32_t n_texts;       /* of those in found */
	struct chain_walk text;
	struct flow_entry entry;
};
const struct flow_entry *flow_next(
	const struct dialog *d, const struct slot *s, struct flow_cursor *at);
/* Is there an INVITE with the CSeq of e in flow[], of its transaction or else from its host? */
bool flow_has_invite(const struct dialog *d, const struct slot *s, const struct flow_entry *e,
	bool same_branch);
/* Compares with all before it: sets what e repeats, and its transaction.  Then end stands behind
 * the last one. */
struct flow_end {
	struct flow_at at;
	struct flow_kept now;   /* as e will be kept, but for what comes later */
};
void flow_compare(struct dialog *d, struct slot *s, struct flow_entry *e, struct flow_end *end);
/* Behind the last one.  False: no room. */
bool flow_keep(struct dialog *d, struct slot *s, struct flow_entry *e, struct flow_end *end);

/* dialog_flow_put.c */
#define LINE_BYTES_MAX 640
#define LINE_TEXT_BYTES 256
#define FLOW_WORD_MAX 512
#define FLOW_WORDS_MAX (2 * FLOW_WORD_MAX + 1)
/* What flow_entry.word is of: both may lie in scratch, of FLOW_WORDS_MAX bytes. */
struct flow_words {
	struct base_span word;   /* reason phrase, or method token that ringtap does not know */
	struct base_span branch; /* of the top Via, where it begins a transaction */
};
struct flow_words flow_words(const struct dialog *d, chain_ref word, uint8_t *scratch);
struct base_span flow_tag_text(const struct dialog *d, const struct slot *s, uint16_t tag,
	uint8_t *scratch, uint32_t cap);

/* dialog_line.c */
struct sdp_codecs {              /* enum rtp_codec, of media and formats of an SDP */
	uint8_t of[SIP_SDP_MEDIA_MAX][SIP_SDP_FORMATS_MAX];
};
void line_codecs(const struct sip_sdp *sdp, struct sdp_codecs *out);
/* Both, with what is known of the tail of d->sdp. */
uint32_t line_take(struct dialog *d, struct sdp_codecs *codecs, uint8_t bytes[LINE_BYTES_MAX]);
/* All that is said of an SDP in flow[], in few bytes: how many. */
uint32_t line_keep(const struct sip_sdp *sdp, const struct sdp_codecs *codecs,
	uint8_t bytes[LINE_BYTES_MAX]);
struct base_span line_text(struct base_span bytes, char text[LINE_TEXT_BYTES]);

/* dialog_transaction.c: what follows from flow[] when the record is written */
struct transaction {
	int64_t request_ns, first_response_ns, final_ns, ack_ns;
	chain_ref word;           /* of the first one, where branches are kept */
	uint32_t cseq, retransmissions;
	uint16_t code;            /* final response, 0: none */
	uint8_t method;           /* enum sip_method */
	uint8_t src, dst;         /* hosts[], of the request */
	uint8_t vias, hop;
	bool from_caller;
};
#define TRANSACTIONS_MAX 64
struct transactions {
	struct transaction t[TRANSACTIONS_MAX];
	uint64_t seen;            /* a bit each; else all its messages were left out of flow[] */
	uint32_t n;
};
void transaction_take(struct transactions *all, const struct flow_entry *e);
/* Once all have been taken. */
void transactions_end(const struct dialog *d, const struct slot *s, struct transactions *all);
/* Two hosts as source and destination, as they stand in a row; len 0: not so short. */
#define FLOW_ENDS_BYTES 32
struct flow_ends {
	uint8_t bytes[FLOW_ENDS_BYTES];
	uint32_t len;
};
_Static_assert(DIALOG_HOSTS_SLOT == 2, "each has one other");
#define FLOW_READY 16
/* What follows from flow[], in one pass. */
struct flow_facts {
	/* requests of each method, each once however often it was seen; and of those that were no
	 * repeats.  Counters tell of those that flow[] had no room for */
	uint32_t methods[SIP_METHOD_COUNT], fresh[SIP_METHOD_COUNT];
	uint32_t evidence[HOST_NONE + 1]; /* role_evidence: of each of hosts[] */
	struct transactions transactions;
	struct flow_ends ends[DIALOG_HOSTS_SLOT]; /* of each of them to the other one */
	struct flow_entry ready[FLOW_READY]; /* the first ones; where all are taken, rest goes on */
	uint32_t n_ready;
	struct flow_cursor rest;
};
/* dialog_flow_entry.c: all but ends, which come before. */
void flow_facts_of(const struct dialog *d, const struct slot *s, struct flow_facts *facts);
void flow_ends_ready(const struct dialog *d, const struct slot *s, struct flow_facts *facts);
void transactions_put(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct flow_facts *facts);
void flow_put(struct dialog *d, const struct slot *s, struct record_writer *w,
	struct flow_facts *facts);
