/* media_private: the layout behind media.h.
 *
 *   media_hot.c     prepare, find, update: the burst, and what a packet does to its one hot line
 *   media_loss.c    sequence jumps, late packets, bursts and gaps
 *   media_figures.c payload types and their jitter; summaries
 *   media_guess.c   jitter of a payload type whose clock is not known yet
 *   media_quality.c jitter buffer, chunks of ten seconds, MOS
 *   media_reports.c RTCP
 *   media_block.c   blocks for what few streams need; both ends of a stream
 *   media_codecs.c  what payload types mean: sets that streams share
 *   media_stream.c  begin, candidates, ties, eviction, end
 *   media_fax.c     T.38
 *   media_digits.c  telephone events: one digit from many packets
 *   media_listen.c  streams whose audio somebody listens to
 *   media.c         memory, lists, collect, peek, advance, finish
 *
 * Hot and cold of stream i are hot[i] and cold[i].  A packet in sequence of the stream's payload
 * type touches hot[i] alone, but once in ten seconds (media_quality_look). */
#pragma once

#include "media.h"
#include "rtp_quality.h"

#define MEDIA_PT_NONE 0xff
#define MEDIA_PT_T38 0xfe /* UDPTL has none */
#define MEDIA_STEADY_NONE 0xc0 /* no second byte of RTP: media_may_be_rtp */
#define MEDIA_CLOCKS 256
/* Of one call on one core; more stay untied: no sender fills the table by changing its SSRC. */
#define MEDIA_CALL_STREAMS_MAX 64
#define MEDIA_CANDIDATE_PACKETS 4
#define MEDIA_MAX_DROPOUT 3000 /* RFC 3550 A.1 */
#define MEDIA_MAX_MISORDER 100
/* Extended sequence numbers begin in cycle 1: the base may move below the first packet. */
#define MEDIA_SEQ_START 0x10000u
#define MEDIA_FOLD (1u << 30) /* numbers of a run, at the end of a chunk */
#define MEDIA_CHUNK_NS (10 * BASE_NS_PER_SEC)
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

/* flags of a stream: of the jitter of its payload type */
#define MEDIA_HAVE_LAST 1  /* timestamp and arrival of its last packet are known */
#define MEDIA_LAST_SAVED 2 /* that arrival stands in rare.main_ns, for other packets came since */
/* of the stream: each takes its packets off the short path */
#define MEDIA_ENDED 4      /* its call is over since media_due_ns */
#define MEDIA_LEFT 8       /* out of the table: its packets are another stream's now */
#define MEDIA_LISTEN 128   /* its audio goes to options.audio */
#define MEDIA_MARKS (MEDIA_ENDED | MEDIA_LEFT | MEDIA_LISTEN)
/* of the jitter buffer's floor */
#define MEDIA_ANCHORED 16   /* set anew within this chunk: says nothing of the clock */
#define MEDIA_HAVE_FLOOR 32 /* a chunk before this one had one */
#define MEDIA_SRTP 64

struct media_hot {
	_Alignas(64) uint32_t ssrc;
	/* Bits 16..47 of the hash; tag and bucket stand for the others: two streams of one SSRC on
	 * one core are taken for one with odds of 2^-64 a pair, and no sender knows the key. */
	uint32_t check;
	/* Bit i: extended sequence number highest - i was received in time, or lies before the
	 * first. */
	uint64_t window;
	int64_t last_ns;
	float jitter_sum;       /* of jitter after each packet of this chunk, clock ticks */
	float jitter;           /* RFC 3550 A.8, clock ticks */
	float jitter_max;
	float transit;          /* above the quickest packet's, clock ticks: media_quality.c */
	float transit_min;      /* of this chunk */
	uint32_t timestamp;     /* of the last packet of cold.payload_type */
	uint32_t highest;       /* extended sequence number */
	uint32_t bytes;         /* low half: cold.bytes_high */
	uint32_t delta_max_ns;  /* saturates: then media_more.delta_max_ns is whole */
	uint16_t look_at;       /* media_look_of the end of the chunk */
	/* cold.payload_type where its next packet needs nothing of cold, else MEDIA_STEADY_NONE */
	uint8_t steady;
	uint8_t clock;          /* index in media.clock_hz; 0: unknown */
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

/* Losses and discards: RFC 3611 4.7.2, and the runs that G.107's BurstR counts. */
struct media_burst {
	uint32_t last;             /* extended sequence number of the last one */
	uint32_t first, cluster;   /* of those with less than Gmin between them, so far */
	uint32_t runs;             /* of consecutive ones */
	uint32_t bursts, burst_packets, burst_lost;
};

struct media_totals {
	uint64_t expected, lost, discarded;
	struct media_burst burst;
};

struct media_chunks {
	uint32_t n, worst;         /* worst: the number of one */
	float mos_sum, mos_min;
};

struct media_codec {
	uint8_t payload_type, codec, clock;
};
struct media_codecs {
	uint8_t n;
	struct media_codec codecs[MEDIA_CODECS_MAX];
};

/* What payload types mean to some, kept once for all of them (media_codecs.c).  The words of a set
 * in use stay as they are; others may read them beside the writer, by atomic loads, if they look
 * afterwards whether it was in use all the time. */
#define MEDIA_SET_WORDS 6
struct media_set {
	uint64_t words[MEDIA_SET_WORDS];
	uint32_t users;
	uint16_t next;             /* of its bucket, or free; 0: none */
};
#define MEDIA_SETS_MAX 16383
#define MEDIA_SETS_BUCKETS 1024
#define MEDIA_SET_OWN UINT16_MAX /* all sets are taken: somewhere of one's own */
struct media_sets {
	struct media_set *sets;    /* from 1 on */
	struct base_hash_key key;
	uint16_t buckets[MEDIA_SETS_BUCKETS];
	uint16_t max, fresh, free;
};
_Static_assert(sizeof(struct media_codecs) <= MEDIA_SET_WORDS * 8, "fits");

/* What a stream has whose packets did not all come in line: one block of them where there is the
 * first of these, as many blocks as streams, so that none is ever refused. */
struct media_more {
	int64_t delta_max_ns;      /* where hot.delta_max_ns does not hold it */
	uint64_t expected_prior;   /* runs before the last restart */
	struct media_burst burst;  /* up to the window */
	uint32_t lost_gone;        /* left the window and never came */
	uint32_t lost_old;         /* of these, before the last restart */
	uint32_t discarded;
	/* where this chunk began; loss: of the probe, above cold.capture_loss */
	uint32_t chunk_missing, chunk_runs, chunk_loss;
	uint32_t duplicates, reordered;
	uint32_t strays;           /* far off and not followed: neither expected nor lost */
	uint32_t bad_seq;          /* RFC 3550 A.1; > 0xffff: none */
	uint32_t aside;            /* packets that are not of payload_type */
	uint32_t skipped;          /* packets of payload_type that moved no jitter, but one */
	uint32_t rtcp_packets;
	uint32_t after_bye;
	uint32_t redundant;        /* T.38 */
	/* with MEDIA_OPINIONS_APART: how many chunks gave one, the number of the worst one */
	uint32_t chunks, chunk_worst;
	float mos_sum;
	uint32_t event;            /* 1 + index of its media_event; 0: none */
	uint32_t rare, reports;    /* blocks */
	uint32_t markers_high;
	uint8_t chunk_high, bytes_higher;
	uint8_t aside_pt;          /* last payload type of an event or comfort noise */
	struct media_codecs codecs; /* MEDIA_SET_OWN */
};

/* Both ends of a stream: IPv4 stands in cold, others in a block. */
struct media_ends {
	struct base_endpoint src, dst;
};
union media_ends_short {
	struct {
		uint8_t src[4], dst[4];
		uint16_t src_port, dst_port;
	} v4;
	uint32_t wide;             /* block, where MEDIA_WIDE */
};

/* What few streams have: another payload type, late packets, events, silence. */
struct media_rare {
	struct media_jitter other;
	int64_t main_ns;           /* arrival of the last packet of the main payload type */
	uint64_t late;             /* bit i: number late_at - i came too late to be played */
	uint64_t silence_ms;
	uint32_t late_at, late_last, late_run;
	uint32_t events, noise, silences, payload_changes, previous_ssrc;
	uint32_t guess;            /* block */
};

#define MEDIA_GUESSES 8
struct media_guess {
	int64_t since_ns, last_ns; /* first packet of the payload type, and last */
	double sum[MEDIA_GUESSES];
	float jitter[MEDIA_GUESSES], max[MEDIA_GUESSES];
	uint32_t timestamp;        /* of the last */
};

struct media_stamp {
	int64_t ts_ns;             /* when it passed here */
	uint32_t ntp_middle;       /* middle 32 bits: what LSR repeats */
};

/* RTCP about a stream: from its sender, and from its receiver. */
struct media_reports {
	struct media_stamp stamps[2]; /* last sender reports */
	uint64_t trip_us_sum;
	uint32_t receiver_us, sender_us; /* half paths */
	uint32_t trip_us_max, trips;
	uint32_t reports, jitter, jitter_max, sent_packets;
	int32_t lost;
	uint8_t fraction, fraction_max;
	bool has_receiver, has_sender, has_sent, has_voip, has_summary, bye;
	struct rtcp_xr_summary summary;
	struct rtcp_xr_voip voip;
	uint8_t cname_len;
	uint8_t cname[MEDIA_CNAME_MAX];
};

struct media_pool {
	uint8_t *blocks;
	uint32_t bytes, max;
	uint32_t fresh, free;      /* blocks ever used; last one given back */
};

enum media_state { MEDIA_FREE, MEDIA_YOUNG, MEDIA_OLD, MEDIA_TIED };

/* By state: its place in one of the lists, or what the call's announcement says. */
union media_by_state {
	uint32_t prev;             /* untied */
	struct {
		uint16_t codecs;   /* set; 0: none */
		uint8_t ptime_ms;  /* announced; 0: not */
		uint8_t tie;       /* enum media_tied */
	} tied;
};

/* What is known of the chunks before this one: none gave an opinion; each gave that of mos_min; the
 * rest of it stands in media_more. */
enum media_opinions { MEDIA_OPINIONS_NONE, MEDIA_OPINIONS_EVEN, MEDIA_OPINIONS_APART };

/* Bits stand together that make up words. */
struct media_cold {
	union media_ends_short ends;
	uint32_t more;             /* block, or 0 */
	uint64_t call;
	int64_t first_ns;
	int64_t due : 48;          /* media_due_ns */
	uint64_t asked : 16;       /* versions of the directories when last asked, low bits */
	uint64_t jitter_sum : 48;  /* media_jitter_sum: chunks before this one */
	/* the number of this chunk: first_ns and so many times ten seconds; low half, as of
	 * bytes_high and markers: the others stand in media_more */
	uint64_t chunk : 16;
	uint64_t chunk_expected : 24; /* where this one began, low bits */
	uint64_t bytes_high : 8;
	uint64_t markers : 8;
	uint64_t vlan : 13;        /* MEDIA_VLAN_NONE */
	uint64_t opinions : 2;     /* enum media_opinions */
	uint64_t mixed : 1;        /* since the last look a packet came out of its turn, or again */
	uint64_t dscp : 6;         /* of the first packet, as is ttl */
	uint64_t skipped : 1, wide : 1; /* skipped: one packet, see media_more */
	float mos_min;             /* of the chunks */
	uint32_t capture_loss;     /* the probe's loss when the stream began, low half */
	float floor_moved;         /* down, in this chunk, ticks */
	float skew_ticks, skew_s;  /* how far it moved in all, in how long */
	uint32_t next;             /* in the list of its state, or of its call's bucket */
	union media_by_state by_state;
	uint32_t base;             /* lowest extended sequence number of this run */
	uint16_t interval;         /* of timestamps of neighbours, ticks */
	uint8_t payload_type;      /* the one that jitter follows, or MEDIA_PT_NONE */
	uint8_t flags;
	uint8_t interval_votes;
	uint8_t tunnel : 4, sender : 2, state : 2;
	uint8_t looks : 6;
	uint8_t ttl;
};
_Static_assert(sizeof(struct media_cold) == 96, "as probe/README.md has it");
#define MEDIA_VLAN_NONE 0x1fff
#define MEDIA_CHUNK_MAX ((1u << 24) - 1) /* five years */

struct media_candidate {
	_Alignas(64) uint64_t hash; /* 0: none */
	uint32_t n;
	struct media_sample samples[MEDIA_CANDIDATE_PACKETS];
};
_Static_assert(sizeof(struct media_candidate) == 2 * BASE_CACHE_LINE, "two lines");

struct media_list {
	uint32_t head, tail; /* MEDIA_NONE: empty */
};

/* The last telephone event of a stream that has sent one (RFC 4733), so that its packets, the three
 * of its end too, are one digit.  Streams that never do have none; when all are taken, the one not
 * used for longest goes. */
struct media_event {
	int64_t start_ns;
	uint32_t stream, timestamp;
	uint32_t before;            /* ticks of the segments before this one (RFC 4733 2.5.1.3) */
	uint32_t prev, next;        /* by use */
	uint16_t duration;
	uint8_t event;
	bool told;
};
_Static_assert(sizeof(struct media_event) == 32, "two a line");

struct media {
	struct media_hot *hot;
	struct media_cold *cold;
	struct media_front front;
	double ticks_per_ns[MEDIA_CLOCKS];
	float late_ticks[MEDIA_CLOCKS]; /* what the jitter buffer holds */
	uint64_t lost_total;          /* frames that the probe lost */
	struct media_candidate *candidates;
	uint32_t *calls;              /* buckets: the first of the streams of some calls */
	struct media_pool mores, wides, rares, reports, guesses;
	struct media_sets codecs;
	struct media_event *events;
	uint32_t events_max, events_used, events_free; /* free: by next */
	struct media_list events_order;                /* least lately used first */
	struct media_options options;
	uint32_t candidate_mask, n_calls;
	uint32_t candidates_held;     /* those with a hash */
	uint32_t active;
	uint32_t fresh;               /* indices from here on were never used */
	uint32_t free;                /* head of those used before, by cold.next */
	uint32_t n_clocks;
	struct media_list young, old; /* untied, in order of media_due_ns */
	int64_t advanced_ns, allowance_ns;
	uint32_t clock_hz[MEDIA_CLOCKS];
};

/* A call that the directory gives for a pair of addresses. */
struct media_tie {
	uint64_t call;
	int64_t since_ns;          /* newest announcement */
	uint8_t sender, n_codecs;
	uint8_t how;               /* enum media_tied */
	bool srtp;
	uint16_t ptime_ms;
	struct media_codec_map codecs[MEDIA_CODECS_MAX];
	bool t38;                  /* announced at one of its ends */
	bool listen;
};

uint64_t media_directory_version(const struct media_directory *d);

/* media_hot.c */
uint64_t media_hash(const struct media *m, const struct base_endpoint *src,
	const struct base_endpoint *dst, uint32_t ssrc);
uint32_t media_lookup(const struct media *m, uint64_t hash, uint32_t ssrc);
/* packet: NULL where the packet itself is gone */
void media_account(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet);
bool media_sample_of(struct media_sample *s, const struct media_packet *packet);

/* media_loss.c */
/* The packet is not the next in line.  True: its number was here before, or is far off. */
bool media_loss_seq(struct media *m, uint32_t index, uint16_t seq);
/* A packet that is counted came too late to be played.  False: it is too far behind to tell. */
bool media_loss_late(struct media *m, uint32_t index, uint16_t seq);
uint64_t media_loss_packets(const struct media *m, uint32_t index);
uint64_t media_loss_expected(const struct media *m, uint32_t index);
/* With what is missing in the window. */
void media_loss_totals(const struct media *m, uint32_t index, struct media_totals *out);
void media_loss_fold(struct media *m, uint32_t index);

/* media_figures.c */
void media_figures_begin(struct media *m, uint32_t index, const struct media_sample *s);
void media_figures_payload(
	struct media *m, uint32_t index, const struct media_sample *s, bool again);
/* Its marks have changed. */
void media_figures_marked(struct media *m, uint32_t index);
void media_figures_map(struct media *m, uint32_t index, const struct media_tie *tie);
struct media_codec media_figures_codec(
	const struct media *m, uint32_t index, uint8_t payload_type);
void media_figures_summary(const struct media *m, uint32_t index, struct media_summary *out);

/* media_guess.c */
/* A packet of the payload type in use, whose clock is not known.  begins: its first one. */
void media_guess_packet(struct media *m, uint32_t index, const struct media_sample *s, bool begins);
/* It is j->clock: the other figures of j.  False: nobody guessed that. */
bool media_guess_right(struct media *m, uint32_t index, struct media_jitter *j);

/* media_quality.c */
struct media_arrival {
	float transit;
	bool again;
};
struct media_judged {
	uint32_t index;
	enum rtp_codec codec;
	uint64_t expected, missing;
	uint32_t runs;
};
void media_quality_init(struct media *m);
void media_quality_clock(struct media *m, uint32_t clock); /* a new one */
float media_quality_transit(struct media *m, uint32_t index, const struct media_sample *s,
	struct media_arrival a);
void media_quality_look(
	struct media *m, uint32_t index, const struct media_sample *s, uint32_t interval);
void media_quality_marker(struct media *m, uint32_t index, const struct media_sample *s);
uint64_t media_quality_markers(const struct media *m, uint32_t index);
double media_quality_interval_ms(const struct media *m, uint32_t index);
double media_quality_delay_ms(const struct media *m, uint32_t index, enum rtp_codec codec);
bool media_quality_judge(
	const struct media *m, const struct media_judged *what, struct rtp_quality *out);
void media_quality_chunk(const struct media *m, uint32_t index, struct media_chunks *chunks);
void media_quality_summary(const struct media *m, uint32_t index, struct media_summary *out);

/* media_reports.c */
/* from: stream of its sender, or MEDIA_NONE. */
void media_reports_receive(struct media *m, const struct media_report *report, uint32_t from);
void media_reports_summary(const struct media *m, uint32_t index, struct media_summary *out);

/* media_block.c */
void media_pool_init(struct media_pool *p, void *mem, uint32_t bytes, uint32_t max);
/* Where there is none: one of zeros.  media_more_for: never NULL. */
const struct media_more *media_more_of(const struct media *m, uint32_t index);
struct media_more *media_more_for(struct media *m, uint32_t index);
void media_ends_set(struct media *m, uint32_t index, const struct packet_view *view);
struct media_ends media_ends_of(const struct media *m, uint32_t index);
/* x_of: NULL where there is none, x_for: where the pool is empty */
struct media_rare *media_rare_of(const struct media *m, uint32_t index);
struct media_rare *media_rare_for(struct media *m, uint32_t index);
struct media_reports *media_reports_of(const struct media *m, uint32_t index);
struct media_reports *media_reports_for(struct media *m, uint32_t index);
struct media_guess *media_guess_of(const struct media *m, uint32_t index);
struct media_guess *media_guess_for(struct media *m, uint32_t index);
void media_guess_give(struct media *m, uint32_t index);
void media_blocks_give(struct media *m, uint32_t index);

/* media_codecs.c */
size_t media_sets_footprint(uint32_t max_users);
void media_sets_init(struct media_sets *s, void *mem, uint32_t max_users,
	const struct base_hash_key *key);
/* The set of these words, with one user more; 0: all are taken. */
uint16_t media_sets_take(struct media_sets *s, const uint64_t words[MEDIA_SET_WORDS]);
void media_sets_give(struct media_sets *s, uint16_t set);
const struct media_codecs *media_codecs_of(const struct media *m, uint32_t index);
void media_codecs_set(struct media *m, uint32_t index, const struct media_codecs *codecs);
void media_codecs_give(struct media *m, uint32_t index);

/* media_listen.c */
/* A packet of a stream with marks.  True: it is one like any other but for these. */
bool media_listened(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet);
void media_listen_begin(struct media *m, uint32_t index);
void media_listen_end(struct media *m, uint32_t index);

/* media_digits.c */
uint32_t media_events_max(uint32_t max_streams);
void media_events_init(struct media *m, void *mem);
/* A packet that was not simply one more of the payload type in use. */
void media_digits_packet(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet);
/* The stream ends: so does what it was sending. */
void media_digits_end(struct media *m, uint32_t index);

/* media_stream.c */
bool media_tie_find(const struct media *m, const struct base_endpoint *from,
	const struct base_endpoint *to, struct media_tie *tie);
/* A new stream in the table and in a list, without packets yet; MEDIA_NONE: no room, counted.  tie:
 * NULL without a call. */
uint32_t media_stream_new(struct media *m, const struct media_packet *packet,
	const struct media_sample *first, const struct media_tie *tie);
bool media_tie_room(const struct media *m, const struct base_endpoint *from,
	const struct base_endpoint *to, struct media_tie *tie);
bool media_directory_has_fax(const struct media_directory *d);
bool media_tie_try(struct media *m, uint32_t index);
/* Of a stream of a call of which one end was known: is the other one now? */
void media_tie_better(struct media *m, uint32_t index);
/* Is a packet of a stream whose call is over that stream's?  Counts it.  False: the stream has left
 * the table. */
bool media_stays(struct media *m, uint32_t index, const struct media_sample *s);
/* The stream whose RTCP between these would be: of the same ports, or of those below. */
uint32_t media_rtcp_stream(const struct media *m, const struct base_endpoint *src,
	const struct base_endpoint *dst, uint32_t ssrc);
void media_stream_end(struct media *m, uint32_t index, media_summary_fn fn, void *context);

/* media.c */
/* To the end of the list of its state, and out of it. */
void media_list_push(struct media *m, uint32_t index);
void media_list_remove(struct media *m, uint32_t index);
/* The stream of call with this SSRC, or MEDIA_NONE. */
uint32_t media_call_stream(const struct media *m, uint64_t call, uint32_t ssrc);
uint32_t media_call_streams(const struct media *m, uint64_t call, uint32_t *indices, uint32_t max);

/* to - from, whatever a capture file claims its times are. */
static inline int64_t
media_elapsed(int64_t from, int64_t to)
{
	return (int64_t)((uint64_t)to - (uint64_t)from);
}

/* Untied: its next question to the directory; tied: not before; MEDIA_ENDED: the end of its call.
 * Of 64 ns, the next one up: times of packets, of a us, compare with it as with the time itself. */
#define MEDIA_DUE_BITS 6
static inline int64_t
media_due_ns(const struct media_cold *c)
{
	return (int64_t)((uint64_t)c->first_ns + ((uint64_t)(int64_t)c->due << MEDIA_DUE_BITS));
}
static inline void
media_due_set(struct media_cold *c, int64_t ns)
{
	int64_t apart = media_elapsed(c->first_ns, ns), most = ((int64_t)1 << 47) - 1;
	int64_t due = (apart >> MEDIA_DUE_BITS) + ((apart & ((1 << MEDIA_DUE_BITS) - 1)) != 0);

	c->due = (due > most ? most : due < -most ? -most : due) & (((int64_t)1 << 48) - 1);
}

/* Without the low 16 bits of a double: to one of 10^10. */
static inline double
media_jitter_sum(const struct media_cold *c)
{
	uint64_t bits = (uint64_t)c->jitter_sum << 16;
	double sum;

	memcpy(&sum, &bits, sizeof(sum));
	return sum;
}
static inline void
media_jitter_sum_set(struct media_cold *c, double sum)
{
	uint64_t bits;

	memcpy(&bits, &sum, sizeof(bits));
	bits += (uint64_t)1 << 15; /* to the nearest; sums are finite */
	c->jitter_sum = bits >> 16 & (((uint64_t)1 << 48) - 1);
}

/* Time in units of 17 ms, modulo 18 minutes. */
static inline uint16_t
media_look_of(int64_t ts_ns)
{
	return (uint16_t)((uint64_t)ts_ns >> 24);
}

/* What one packet makes of a hot line's jitter (RFC 3550 A.8) and transit, in clock ticks. */
struct media_jitter_moved {
	float jitter, transit;
};
static inline struct media_jitter_moved
media_jitter_of(const struct media_hot *h, double ticks_per_ns, int64_t elapsed_ns,
	uint32_t timestamp)
{
	double d = (double)elapsed_ns * ticks_per_ns - (double)(int32_t)(timestamp - h->timestamp);
	double jitter = (double)h->jitter + (__builtin_fabs(d) - (double)h->jitter) * 0.0625;

	return (struct media_jitter_moved){(float)jitter, h->transit + (float)d};
}

static inline void
media_jitter_take(struct media_hot *h, float jitter, uint32_t timestamp)
{
	h->jitter = jitter;
	h->jitter_sum += jitter;
	h->jitter_max = jitter > h->jitter_max ? jitter : h->jitter_max;
	h->timestamp = timestamp;
}

/* Returns its transit. */
static inline float
media_jitter_step(struct media_hot *h, double ticks_per_ns, int64_t elapsed_ns, uint32_t timestamp)
{
	struct media_jitter_moved moved = media_jitter_of(h, ticks_per_ns, elapsed_ns, timestamp);

	media_jitter_take(h, moved.jitter, timestamp);
	return moved.transit;
}

/* Not above the jitter buffer's bound, and not below the quickest packet's. */
static inline bool
media_transit_is_usual(const struct media *m, const struct media_hot *h, float transit)
{
	uint32_t bits, late;

	/* As integers, floats from 0 up keep their order, and negative ones are above them all. */
	memcpy(&bits, &transit, sizeof(bits));
	memcpy(&late, &m->late_ticks[h->clock], sizeof(late));
	return bits <= late;
}

static inline void
media_transit_step(struct media *m, uint32_t index, const struct media_sample *s,
	struct media_arrival a)
{
	struct media_hot *h = &m->hot[index];
	float transit = a.transit;

	if (base_unlikely(!media_transit_is_usual(m, h, transit)))
		transit = media_quality_transit(m, index, s, a);
	h->transit = transit;
	h->transit_min = transit < h->transit_min ? transit : h->transit_min;
}
