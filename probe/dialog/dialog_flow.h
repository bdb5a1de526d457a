/* Entries of flow[]: as they are used, and as they are kept (dialog_flow_entry.c). */
#pragma once

#include "dialog_chain.h"
#include "sip.h"

/* One message in flow[]. */
struct flow_entry {
	int64_t ts_ns;
	uint32_t cseq;
	uint32_t branch;        /* FLOW_BRANCH bits of a hash: what tells the transaction */
	uint32_t fingerprint;   /* FLOW_FINGERPRINT bits: of what makes a retransmission */
	chain_ref word, line;   /* flow_words; 0: none, or not asked for */
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
