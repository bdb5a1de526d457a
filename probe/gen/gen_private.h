/* gen_private: the layout behind gen.h.
 *
 *   gen.c          options, memory, the loop: what is due next
 *   gen_agenda.c   what is due when: a calendar of the near future, a timer wheel for the rest
 *   gen_call.c     calls and registrations: scripts, step by step
 *   gen_message.c  the text of their messages
 *   gen_media.c    RTP and RTCP of one direction, and what befalls it
 *   gen_tally.c    what was sent of a stream, counted as it goes out
 *   gen_tone.c     digits as sound
 *   gen_frame.c    IP, UDP, TCP, fragments
 *   gen_link.c     what stands before IP: VLAN, MPLS, PPPoE, tunnels
 *   gen_truth.c    records
 *
 * Everything that happens has a number: 0 the next call, then one for each call's next message,
 * two for each call's streams, and one for each packet or message on its way (a copy, or delayed).
 */
#pragma once

#include "gen.h"

#define GEN_NONE UINT32_MAX
#define GEN_TEXT_MAX 8192
#define GEN_PREFIX_MAX 128 /* bytes before IP */
#define GEN_MEDIA_PORTS 20000 /* of a host: even ones, from 10 000 on */

/* ---- gen_agenda.c ---- */

struct gen_agenda {
	struct base_wheel *wheel;  /* what is beyond reach */
	int64_t *at_ns;            /* of each event */
	uint32_t *next;
	uint32_t *buckets;         /* heads of unsorted lists; each of 2^shift ns */
	uint32_t mask, shift;
	int64_t begin_ns, tick_ns, wheel_ns;
	uint64_t position;         /* of the bucket that current is or was */
	uint32_t current;          /* sorted list */
	uint32_t near, far;
};

struct gen_agenda_options {
	uint32_t events;
	double events_per_second;
	int64_t begin_ns;
};

size_t gen_agenda_footprint(const struct gen_agenda_options *o);
void gen_agenda_init(struct gen_agenda *a, void *mem, const struct gen_agenda_options *o);
/* id is not in it; at_ns is not before what was taken last. */
void gen_agenda_put(struct gen_agenda *a, uint32_t id, int64_t at_ns);
/* The next in time, those of one instant by number; GEN_NONE: nothing left. */
uint32_t gen_agenda_take(struct gen_agenda *a, int64_t *at_ns);

/* ---- frames ---- */

struct gen_link {
	uint8_t bytes[2][GEN_PREFIX_MAX]; /* IPv4, IPv6 */
	uint32_t len;
	/* offsets of what depends on the length of what follows; 0: not there */
	uint32_t ip_at, udp_at, gtp_at, pppoe_at;
};

void gen_link_init(struct gen_link *l, const struct gen_options *o);
/* The bytes before an IP packet of len bytes. */
void gen_link_put(const struct gen_link *l, uint8_t *frame, bool v6, uint32_t len);
void gen_put_ipv4(uint8_t *p, uint32_t len, uint8_t protocol);
void gen_ipv4_checksum(uint8_t *p);

struct gen_path {
	struct base_endpoint src, dst;
};

/* A payload on its way, perhaps in several frames. */
struct gen_pending {
	struct gen_path path;
	int64_t ts_ns;
	uint32_t len, sent;  /* of bytes[], transport header included; TCP: of payload */
	uint32_t tcp_seq, tcp_ack, ip_id;
	uint8_t tcp_flags;
	bool tcp, v6;
	uint8_t bytes[GEN_TEXT_MAX + 64];
};

/* An RTP or RTCP payload of len bytes stands at gen_payload(): the frame around it. */
uint8_t *gen_payload(const struct gen *g, uint8_t *frame, bool v6);
void gen_frame_udp(struct gen *g, struct gen_frame *f, const struct gen_path *path, uint32_t len);
/* The next frame of what is pending: false where nothing is. */
bool gen_frame_pending(struct gen *g, struct gen_frame *f);

/* ---- what is under way ---- */

enum gen_message_id {
#define GEN_MESSAGE(id, method, status, flags) GEN_M_##id,
#include "gen_message.def"
#undef GEN_MESSAGE
	GEN_M_COUNT
};

enum gen_message_flag {
	GEN_BEGINS = 1,        /* a new request of its sender: the CSeq grows */
	GEN_TAGGED = 2,        /* has a To tag */
	GEN_PROVISIONAL = 4,   /* nobody sends it again */
	GEN_OFFERS = 8,
	GEN_ANSWERS = 16,
	GEN_STILL = 32,        /* its SDP puts media on hold */
	GEN_DEMANDS = 64,      /* credentials */
	GEN_ENDER = 128,       /* of the one who hangs up, not of the caller */
	GEN_OWN_BRANCH = 256,
	GEN_DIGIT = 512
};

struct gen_message_info {
	const char *method;
	uint16_t status, flags;
};
extern const struct gen_message_info gen_messages[GEN_M_COUNT];

enum gen_call_flag {
	GEN_CALL_AUTH = 1,
	GEN_CALL_V6 = 2,
	GEN_CALL_TCP = 4,
	GEN_CALL_LARGE = 8,
	GEN_CALL_CALLEE_ENDS = 16,
	GEN_CALL_HOLDS = 32,
	GEN_CALL_INFO = 64,
	GEN_CALL_LATE_OFFER = 128,
	GEN_CALL_EARLY = 256,
	GEN_CALL_NAT = 512,
	GEN_CALL_ONE_WAY = 1024,
	GEN_CALL_NO_MEDIA = 2048,
	GEN_CALL_MEDIA_FIRST = 4096,
	GEN_CALL_MEDIA_AFTER = 8192,
	GEN_CALL_RESTART = 16384,
	GEN_CALL_CHANGE = 32768,
	GEN_CALL_REGISTRATION = 65536,
	GEN_CALL_CONNECTED = 1 << 17,  /* TCP */
	GEN_CALL_AUTHORIZED = 1 << 18, /* challenged: requests have credentials from here on */
	GEN_CALL_DTMF = 1 << 19,
	GEN_CALL_TONES = 1 << 20
};

/* One digit as it was seen. */
struct gen_digit {
	int64_t at_ns;         /* 0: never */
	uint16_t ticks;        /* longest duration that was told; of INFO: ms */
};

/* One call or registration, from its first message until all its frames are given. */
struct gen_call {
	uint64_t serial, hash;
	/* as seen; 0: never */
	int64_t invite_ns, trying_ns, ringing_ns, progress_ns, early_ns, answer_ns, ack_ns;
	int64_t final_ns, end_ns;   /* end: BYE or refusal */
	int64_t hold_ns, hang_ns;
	uint32_t flags, line;
	uint32_t cseq[2];           /* of requests of caller and callee */
	uint32_t tcp_sent[2];
	uint32_t ssrc_key;
	uint16_t refs;              /* events that know it */
	uint16_t code, messages, retransmissions, duplicates, invites;
	uint8_t fate, step, codec, challenges, holds, infos, from, to;
	uint8_t n_digits;           /* planned; the digits are hash's */
};

#define GEN_WINDOW 256 /* no packet comes after so many later ones */

/* What became of the numbers of a stream, each judged when it can come no more: RFC 3611 4.7.2 over
 * what was lost or came too late. */
struct gen_holes {
	uint64_t heard[GEN_WINDOW / 64]; /* by number: came in time */
	uint32_t next;              /* the first that is not judged; GEN_NONE: none yet */
	uint32_t calm;              /* heard in a row since the last hole */
	uint32_t length, inside;    /* of the burst that may be: from hole to hole; holes of it */
	uint32_t holes, runs;       /* runs: of holes in a row */
	uint32_t bursts, burst_length, burst_holes; /* sums */
	bool judged;
};

/* What was said of a stream by RTCP that passed. */
struct gen_heard {
	double receiver_ms, sender_ms, trips_ms; /* trips: their sum, when both were known */
	uint32_t reports, trips, sent_packets, sent_reports;
	int32_t lost;
	bool receiver, sender, bye;
};

/* What was sent of one SSRC: RFC 3550 by the letter, nothing clever. */
struct gen_tally {
	struct gen_holes holes;
	struct gen_heard heard;
	/* how late beyond the first one, ms: now; the least of these ten seconds, and before */
	double transit, least, least_before;
	int64_t least_ns;           /* begin of these ten seconds */
	uint32_t discarded;
	bool anchored;              /* these are known, since the sequence began */
	int64_t first_ns, last_ns, codec_ns, delta_max_ns;
	double jitter, jitter_sum, jitter_max;
	uint64_t bytes;
	uint32_t ssrc;
	uint32_t packets, unique, duplicates, reordered, markers, rtcp_packets, after_end;
	uint32_t lowest, highest;   /* of this run */
	uint32_t expected_before;   /* of earlier runs */
	uint32_t jitter_packets, codec_ts;
	bool codec_seen;
};

struct gen_past {
	struct gen_tally tally;
	uint32_t next;
};

enum gen_stream_flag {
	GEN_STREAM_RUNS = 1,   /* has an event */
	GEN_STREAM_STOPS = 2,  /* at its next one */
	GEN_STREAM_STILL = 4,  /* on hold */
	GEN_STREAM_BAD = 8,    /* in a burst of loss */
	GEN_STREAM_CALLEE = 16,
	GEN_STREAM_MARK = 32,  /* the next packet has the marker bit */
	GEN_STREAM_SENT = 64
};

struct gen_stream {
	struct gen_path path;
	struct gen_tally tally;
	int64_t due_ns;        /* the next packet, were there no jitter */
	int64_t stop_ns;       /* packets due later are not sent */
	int64_t change_ns;     /* SSRC or sequence; 0: no more */
	int64_t rtcp_due_ns, peer_report_ns;
	uint32_t peer_report_ssrc;
	uint32_t seq;          /* grows beyond 16 bits */
	uint32_t ts, event_ts;
	uint32_t held;         /* packets on their way */
	uint32_t past;         /* earlier SSRCs */
	uint32_t peer_report_ntp;
	uint32_t report_expected, report_received;
	uint16_t until_digit;  /* packets before the next digit */
	uint8_t digit, digit_packet, digit_packets; /* number of the digit, place in it */
	uint8_t flags, spared; /* packets that no fault meets */
};

enum gen_held_kind { GEN_HELD_RTP, GEN_HELD_RTCP, GEN_HELD_SIP };

struct gen_rtp {
	uint32_t seq, ts;
	uint8_t payload_type, kind;
	bool marker, first;    /* first: not a copy */
	uint8_t digit, event[4];
	uint8_t tone;          /* 1 + event whose tones it has; 0: none */
	uint16_t tone_at;      /* samples of them before it */
};

struct gen_said {
	uint32_t cseq, ip_id, tcp_seq, tcp_ack;
	uint8_t message;
	bool copy;             /* the same frames again, not the message sent again */
};

struct gen_held {
	uint32_t owner;        /* stream, or call */
	uint32_t next;         /* in the list of the free */
	uint8_t kind;
	union {
		struct gen_rtp rtp;
		struct gen_said said;
		bool last;         /* RTCP: with BYE */
	};
};

struct gen_codec_info {
	uint8_t codec;         /* enum rtp_codec */
	uint8_t payload_type;
	uint32_t clock_hz;
	uint32_t step;         /* ticks in a packet */
	uint32_t bytes;        /* payload of a packet */
	int64_t packet_ns;
};

struct gen {
	struct gen_options options;
	struct gen_agenda agenda;
	struct gen_link link;
	struct gen_codec_info codecs[GEN_CODEC_COUNT];
	struct gen_counters counters;
	uint64_t random;
	int64_t now_ns, stop_ns;
	uint64_t serial, lines;
	uint32_t hosts;        /* with media, on either side */
	uint32_t started;      /* keep: calls of the ramp */
	uint16_t ip_id;
	struct gen_call *calls;
	struct gen_stream *streams;
	struct gen_digit *digits;  /* GEN_DIGITS_MAX of each call; NULL: nobody asks */
	struct gen_held *held;
	struct gen_past *past;
	uint32_t n_held, held_free, n_past, past_free;
	uint32_t *idle;        /* calls not in use: a ring, the oldest first */
	uint32_t idle_first, n_idle;
	struct gen_pending pending;
	uint8_t record[RECORD_BYTES_MAX];
};

/* ---- gen.c ---- */

uint64_t gen_draw(struct gen *g);
double gen_draw_unit(struct gen *g); /* 0 <= x < 1 */
bool gen_draw_share(struct gen *g, double share);
uint32_t gen_draw_below(struct gen *g, uint32_t n);
/* Of a mean. */
int64_t gen_draw_ns(struct gen *g, enum gen_spread spread, int64_t mean_ns);
uint32_t gen_draw_weighted(struct gen *g, const double *weights, uint32_t n);

static inline uint32_t
gen_event_of_call(uint32_t call)
{
	return 1 + call;
}

static inline uint32_t
gen_event_of_stream(const struct gen *g, uint32_t stream)
{
	return 1 + g->options.concurrent + stream;
}

/* An empty place for something on its way; NULL: none, counted.  gen_held_put sends it. */
struct gen_held *gen_held_new(struct gen *g, uint32_t owner, enum gen_held_kind kind);
void gen_held_put(struct gen *g, struct gen_held *h, int64_t at_ns);
/* An event of the call is over; the last one ends it. */
void gen_call_release(struct gen *g, uint32_t call);

/* ---- gen_call.c ---- */

/* False: there is no room. */
bool gen_call_begin(struct gen *g, int64_t at_ns);
void gen_call_step(struct gen *g, uint32_t call);
void gen_call_again(struct gen *g, uint32_t call, const struct gen_said *said);
struct base_endpoint gen_signalling_at(const struct gen *g, const struct gen_call *c, bool callee);
/* Where side's media arrives: as its SDP says, or as it really is. */
struct base_endpoint gen_media_at(const struct gen *g, const struct gen_call *c, bool callee,
	bool announced);

/* ---- gen_message.c ---- */

void gen_message_text(const struct gen *g, const struct gen_call *c, struct base_text *t,
	const struct gen_said *said);
bool gen_message_has_sdp(const struct gen_call *c, enum gen_message_id id, uint32_t cseq);
const char *gen_reason(uint16_t code);
void gen_put_call_id(const struct gen_call *c, struct base_text *t);
void gen_put_tag(const struct gen_call *c, struct base_text *t, bool callee);
void gen_put_number(const struct gen *g, const struct gen_call *c, struct base_text *t,
	bool callee);
static inline bool
gen_message_from_callee(const struct gen_call *c, enum gen_message_id id)
{
	bool by_callee = gen_messages[id].flags & GEN_ENDER && c->flags & GEN_CALL_CALLEE_ENDS;
	return (gen_messages[id].status != 0) != by_callee;
}
#define GEN_INFO_MS 160 /* a digit by INFO says so */
/* Digit i of the call: as an event of RFC 4733 3.2, as text. */
uint8_t gen_digit_event(const struct gen_call *c, uint32_t i);
char gen_digit(const struct gen_call *c, uint32_t i);

/* A message or packet of digit i was seen now, that gives it so long. */
void gen_digit_seen(struct gen *g, uint32_t call, uint32_t i, uint16_t ticks);

/* ---- gen_media.c ---- */

void gen_stream_init(struct gen *g, uint32_t call, bool callee);
void gen_stream_start(struct gen *g, uint32_t stream, int64_t at_ns);
/* Packets due after at_ns are not sent. */
void gen_stream_stop(struct gen *g, uint32_t stream, int64_t at_ns);
void gen_stream_hold(struct gen *g, uint32_t stream, bool still);
/* Its event: true where it made a frame. */
bool gen_stream_step(struct gen *g, uint32_t stream, struct gen_frame *f);
void gen_stream_rtp(struct gen *g, uint32_t stream, const struct gen_rtp *rtp,
	struct gen_frame *f);
void gen_stream_rtcp(struct gen *g, uint32_t stream, bool last, struct gen_frame *f);

/* ---- gen_tone.c ---- */

/* len samples of G.711. */
void gen_tone_put(uint8_t *p, uint32_t len, const struct gen_rtp *rtp, bool alaw);

/* ---- gen_tally.c ---- */

void gen_tally_begin(struct gen_tally *t, uint32_t ssrc);
/* A packet went out.  step: its ticks move the codec's jitter; clock 0: they do not (an event). */
void gen_tally_packet(struct gen_tally *t, const struct gen_rtp *rtp, int64_t ts_ns,
	uint32_t clock_hz);
/* The sequence begins anew. */
void gen_tally_restart(struct gen_tally *t);
uint32_t gen_tally_expected(const struct gen_tally *t);
/* As if the stream ended now. */
struct gen_holes gen_tally_holes(const struct gen_tally *t);

/* ---- gen_truth.c ---- */

void gen_truth_tell(struct gen *g, uint32_t call);
