/* media_private: the layout behind media.h.
 *
 *   media_hot.c     prepare, find, update: the burst, and what a packet does to its one hot line
 *   media_figures.c what is rare: sequence jumps, late packets, new payload types; summaries
 *   media_stream.c  begin, candidates, ties, eviction, end
 *   media.c         memory, lists, collect, peek, advance, finish
 *
 * Hot and cold of stream i are hot[i] and cold[i].  A packet in sequence of the stream's payload
 * type touches hot[i] alone. */
#pragma once

#include "media.h"
#include "media_table.h"

#define MEDIA_PT_NONE 0xff
#define MEDIA_CLOCKS 256
/* Of one call on one core; more stay untied: no sender fills the table by changing its SSRC. */
#define MEDIA_CALL_STREAMS_MAX 64
#define MEDIA_CANDIDATE_PACKETS 4
#define MEDIA_MAX_DROPOUT 3000 /* RFC 3550 A.1 */
#define MEDIA_MAX_MISORDER 100
/* Extended sequence numbers begin in cycle 1: the base may move below the first packet. */
#define MEDIA_SEQ_START 0x10000u
#define MEDIA_ASK_YOUNG_NS (200 * BASE_NS_PER_MS)
#define MEDIA_ASK_OLD_NS (2 * BASE_NS_PER_SEC)

/* What one RTP packet says, apart from its addresses. */
struct media_sample {
	int64_t ts_ns;
	uint32_t timestamp, bytes; /* bytes of payload */
	uint16_t seq;
	uint8_t payload_type;
	bool marker;
};

/* flags of a hot line: of the jitter of payload_type */
#define MEDIA_HAVE_LAST 1  /* timestamp and arrival of its last packet are known */
#define MEDIA_LAST_SAVED 2 /* that arrival stands in cold.main_ns, for other packets came since */
/* of the stream: each takes its packets off the short path */
#define MEDIA_ENDED 4      /* its call is over since cold.due_ns */
#define MEDIA_LEFT 8       /* out of the table: its packets are another stream's now */
#define MEDIA_MARKS (MEDIA_ENDED | MEDIA_LEFT)

struct media_hot {
	_Alignas(64) uint32_t ssrc;
	/* Bits 16..47 of the hash; tag and bucket stand for the others: two streams of one SSRC on
	 * one core are taken for one with odds of 2^-64 a pair, and no sender knows the key. */
	uint32_t check;
	uint64_t window;        /* bit i: extended sequence number highest - i was received */
	int64_t last_ns;
	double jitter_sum;      /* of jitter after each packet, clock ticks */
	float jitter;           /* RFC 3550 A.8, clock ticks */
	float jitter_max;
	uint32_t timestamp;     /* of the last packet of payload_type */
	uint32_t highest;       /* extended sequence number */
	uint32_t packets, bytes; /* low halves: cold.packets_high, bytes_high */
	uint32_t delta_max_ns;  /* saturates: cold.delta_max_ns is whole */
	uint8_t payload_type;   /* the one that jitter follows, or MEDIA_PT_NONE */
	uint8_t clock;          /* index in media.clock_hz; 0: unknown */
	uint8_t flags;
};
_Static_assert(sizeof(struct media_hot) == BASE_CACHE_LINE, "one line a stream");

/* Jitter of one payload type while another one is in the hot line. */
struct media_jitter {
	double sum;
	int64_t last_ns;
	float value, max;
	uint32_t timestamp, packets, skipped;
	uint8_t payload_type, clock, flags;
};

struct media_codec {
	uint8_t payload_type, codec, clock;
};

enum media_state { MEDIA_FREE, MEDIA_YOUNG, MEDIA_OLD, MEDIA_TIED };

struct media_cold {
	struct base_endpoint src, dst;
	uint32_t base;             /* lowest extended sequence number of this run */
	uint64_t call;
	int64_t first_ns;
	/* next question to the directory; tied: not before; MEDIA_ENDED: when */
	int64_t due_ns;
	int64_t main_ns;
	int64_t delta_max_ns;
	uint64_t asked;            /* versions of the directories when last asked */
	struct media_jitter other;
	uint32_t expected_prior, lost_prior; /* runs before the last restart */
	uint32_t duplicates, reordered;
	uint32_t strays;           /* far off and not followed: neither expected nor lost */
	uint32_t bad_seq;          /* RFC 3550 A.1; > 0xffff: none */
	uint32_t aside;            /* packets that are not of the hot payload type */
	uint32_t skipped;          /* packets of the hot payload type that moved no jitter */
	uint32_t markers, rtcp_packets;
	uint32_t after_bye;
	uint32_t prev, next;       /* in the list of its state, or of its call */
	uint16_t packets_high, bytes_high;
	uint16_t vlan;
	uint8_t tunnel, sender, state, tie;
	uint8_t aside_pt;          /* last payload type of an event or comfort noise */
	uint8_t n_codecs;
	struct media_codec codecs[MEDIA_CODECS_MAX];
};

struct media_candidate {
	_Alignas(64) uint64_t hash; /* 0: none */
	uint32_t n;
	struct media_sample samples[MEDIA_CANDIDATE_PACKETS];
};
_Static_assert(sizeof(struct media_candidate) == 2 * BASE_CACHE_LINE, "two lines");

struct media_list {
	uint32_t head, tail; /* MEDIA_NONE: empty */
};

struct media {
	struct media_hot *hot;
	struct media_cold *cold;
	struct media_table table;
	double ticks_per_ns[MEDIA_CLOCKS];
	uint64_t secret[7];
	struct media_candidate *candidates;
	struct media_list *calls;
	struct media_options options;
	uint32_t candidate_mask, calls_mask;
	uint32_t active;
	uint32_t fresh;               /* indices from here on were never used */
	uint32_t free;                /* head of those used before, by cold.next */
	uint32_t n_clocks;
	struct media_list young, old; /* untied, in order of due_ns */
	int64_t advanced_ns, allowance_ns;
	uint32_t clock_hz[MEDIA_CLOCKS];
};

/* A call that the directory gives for a pair of addresses. */
struct media_tie {
	uint64_t call;
	int64_t since_ns;          /* newest announcement */
	uint8_t sender, n_codecs;
	uint8_t how;               /* enum media_tied */
	struct media_codec_map codecs[MEDIA_CODECS_MAX];
};

uint64_t media_directory_version(const struct media_directory *d);

/* media_hot.c */
uint64_t media_hash(const struct media *m, const struct base_endpoint *src,
	const struct base_endpoint *dst, uint32_t ssrc);
uint32_t media_lookup(const struct media *m, uint64_t hash, uint32_t ssrc);
void media_account(struct media *m, uint32_t index, const struct media_sample *s);
bool media_sample_of(struct media_sample *s, const struct packet_view *view, int64_t ts_ns);

/* media_figures.c */
void media_figures_begin(struct media *m, uint32_t index, const struct media_sample *s);
void media_figures_seq(struct media_hot *h, struct media_cold *c, uint16_t seq);
void media_figures_payload(struct media *m, uint32_t index, const struct media_sample *s);
void media_figures_map(struct media *m, uint32_t index, const struct media_tie *tie);
uint64_t media_figures_packets(const struct media_hot *h, const struct media_cold *c);
void media_figures_summary(const struct media *m, uint32_t index, struct media_summary *out);

/* media_stream.c */
bool media_tie_find(const struct media *m, const struct base_endpoint *from,
	const struct base_endpoint *to, struct media_tie *tie);
bool media_tie_try(struct media *m, uint32_t index);
/* Is a packet of a stream whose call is over that stream's?  Counts it.  False: the stream has left
 * the table. */
bool media_stays(struct media *m, uint32_t index, const struct media_sample *s);
void media_stream_end(struct media *m, uint32_t index, media_summary_fn fn, void *context);

/* media.c */
void media_list_push(struct media *m, struct media_list *l, uint32_t index);
void media_list_remove(struct media *m, struct media_list *l, uint32_t index);
struct media_list *media_list_of(struct media *m, uint32_t index);
uint32_t media_call_streams(const struct media *m, uint64_t call, uint32_t *indices, uint32_t max);

/* to - from, whatever a capture file claims its times are. */
static inline int64_t
media_elapsed(int64_t from, int64_t to)
{
	return (int64_t)((uint64_t)to - (uint64_t)from);
}

/* The jitter of a hot line moves by one packet: RFC 3550 A.8 in clock ticks. */
static inline void
media_jitter_step(struct media_hot *h, double ticks_per_ns, int64_t elapsed_ns, uint32_t timestamp)
{
	double d = (double)elapsed_ns * ticks_per_ns - (double)(int32_t)(timestamp - h->timestamp);
	double jitter = (double)h->jitter + (__builtin_fabs(d) - (double)h->jitter) * 0.0625;

	h->jitter = (float)jitter;
	h->jitter_sum += jitter;
	h->jitter_max = h->jitter > h->jitter_max ? h->jitter : h->jitter_max;
	h->timestamp = timestamp;
}
