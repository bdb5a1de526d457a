/* media: RTP streams on one core, and the directory that ties them to calls.  Pure over the
 * caller's memory.
 *
 * Knows: (source, destination, SSRC) of streams, their RFC 3550 figures, the call that SDP
 * announced an endpoint for. Does not know: SIP, other cores' streams, clocks (time is an
 * argument).
 *
 * Table: cache-line buckets of tags and indices; the state that every packet touches is one 64-byte
 * line, everything else is cold. The worker's step goes in bursts so that the misses overlap:
 *     media_packet_take (plain frames) or media_prepare: hash, prefetch bucket,
 *     media_find: tags, prefetch state; then is it that stream?
 *     media_update: RFC 3550 for those that hit,
 *     and for the few that miss and look like RTP: media_begin.
 *
 * A stream begins at once where the directory knows its destination (or source) address; else it is
 * a candidate, in a small table of its own, until a second packet of the same SSRC follows in
 * sequence (random UDP does not), and then is a stream that no call owns yet: tied when its SDP
 * appears (asked again within a second).  A stream that stays without call becomes a stream record
 * after MEDIA_PROBATION_PACKETS packets. Streams tied to a call stay until the call is collected;
 * the others until idle.  Full: the idle and untied go first, counted.
 *
 * A stream of which neither end was announced is tied by its host where NAT is seen (SDP names
 * another address than signalling comes from): after a second, where exactly one call stands behind
 * it, announced the payload type and has no other stream that way.
 *
 * The receiver's announcement says whose a stream is, or the sender's; where they name two calls,
 * the newer one.  A call that is over keeps its streams for the time that it lingers, and packets
 * are counted as late (after_bye); a packet that comes after another call has announced the
 * same addresses begins a stream of that call, even with the same SSRC (RFC 3550 section 8: nobody
 * promises that it differs).
 *
 * Thread: a struct media has one user, its worker.  A directory has one writer, the core that owns
 * the dialogs, and any number of readers without locks (sequence counter per entry). */
#pragma once

#include "base.h"
#include "media_packet.h"
#include "metrics.h"
#include "packet.h"
#include "record.h"
#include "rtp.h"

#define MEDIA_PROBATION_PACKETS 5
#define MEDIA_NONE UINT32_MAX
#define MEDIA_CODECS_MAX 8
#define MEDIA_CNAME_MAX 64 /* bytes kept */

/* How a stream came to its call: SDP announced both its ends, its destination alone (the source is
 * behind NAT), its source alone; or the call was guessed (media_announce). */
enum media_tied {
	MEDIA_TIED_NOT, MEDIA_TIED_BOTH, MEDIA_TIED_DST, MEDIA_TIED_SRC, MEDIA_TIED_GUESS
};
enum media_side { MEDIA_SIDE_UNKNOWN, MEDIA_SIDE_CALLER, MEDIA_SIDE_CALLEE };

/* ---- directory ---- */

struct media_codec_map {
	uint32_t clock_hz;
	uint8_t payload_type, codec; /* enum rtp_codec */
};

/* What an SDP says of one media endpoint (the address at which side receives). */
struct media_announce {
	uint64_t call;               /* handle of the owner's call, not 0 */
	int64_t since_ns;
	uint8_t side;                /* enum media_side: whose endpoint it is */
	uint8_t n_codecs;
	bool srtp, t38;
	bool listen;                 /* the call's audio is asked for: media_options.audio */
	/* Not what SDP says but where NAT may have put it: yields to what SDP says. */
	bool guess;
	bool again;                  /* of a host: not this call's first announcement of it */
	uint16_t ptime_ms;           /* a=ptime; 0: none */
	struct media_codec_map codecs[MEDIA_CODECS_MAX];
};

struct media_directory;
size_t media_directory_footprint(uint32_t max_endpoints);
struct media_directory *media_directory_new(void *mem, uint32_t max_endpoints,
	const struct base_hash_key *key);
/* Writer.  The endpoint's entry becomes this call's (the newest announcement counts, a guess only
 * where there is no other).  Port 0 is a host: media of the call come from there, on ports that
 * nobody announced, as its signalling does; readers see it as long as no other call stands behind
 * that host, and only one side of this one.  False: full. */
bool media_directory_publish(struct media_directory *d, const struct base_endpoint *at,
	const struct media_announce *announce);
/* Where its entry is said to stand, or would be, is fetched into the cache; again, some time later:
 * the entry itself. */
void media_directory_fetch(
	const struct media_directory *d, const struct base_endpoint *at, bool again);
/* Writer.  Takes the entry away where it is still this call's. */
void media_directory_withdraw(struct media_directory *d, const struct base_endpoint *at,
	uint64_t call);
/* Any thread. True and a whole copy of the entry. */
bool media_directory_find(const struct media_directory *d, const struct base_endpoint *at,
	struct media_announce *out);

/* ---- streams ---- */

/* What was dialled in the middle of a call, or signs of fax. */
enum media_digit_source { MEDIA_DIGIT_RFC4733, MEDIA_DIGIT_INFO, MEDIA_DIGIT_INBAND };
#define MEDIA_DIGIT_FLASH '!'
#define MEDIA_DIGIT_CNG 'c' /* calling fax, 1100 Hz */
#define MEDIA_DIGIT_CED 'e' /* answering fax, 2100 Hz (ANS) */
#define MEDIA_DIGIT_V21 'v' /* its preamble */
struct media_digit {
	uint64_t call;
	int64_t start_ns;
	uint32_t length_ms;    /* 0: not known */
	uint8_t digit;         /* 0..9 * # A..D, or of the above */
	uint8_t source, sender; /* enum media_digit_source, media_side */
};

/* A packet of G.711 of a call that is listened to; or its stream's end: no payload. */
struct media_audio {
	uint64_t call;
	int64_t ts_ns;
	const uint8_t *payload; /* borrowed for the call */
	uint32_t len;
	uint32_t stream;        /* below max_streams, this stream's until its end */
	uint32_t timestamp;
	uint8_t sender;         /* enum media_side */
	bool alaw;              /* else mu-law */
	bool events;            /* the stream sends telephone events */
};

/* An RTCP packet that says something of streams which the core that met it does not have: the two
 * ways of a flow, and a port and the next one, may land on different cores.  len 0: half a round
 * trip, found where the receiver's report was, for the stream that its sender sends. */
struct media_report {
	int64_t ts_ns;
	uint64_t call;          /* whose endpoint it is; 0: nobody's, or not asked */
	uint64_t taken;         /* bit i: whom its i-th block is about was found already */
	struct base_endpoint src, dst;
	uint32_t ssrc;          /* of its sender */
	uint32_t half_us, len;
	bool sender_taken;      /* so was the sender's own stream */
	bool cipher;            /* SRTCP: to be counted, not to be read */
	bool travelled;         /* from another core: it goes no further */
	const uint8_t *payload; /* borrowed for the call */
};

struct media;
struct media_summary;

struct media_options {
	uint32_t max_streams;
	bool zeroed;                 /* the memory given reads as zero: it is not looked through */
	struct base_hash_key key;
	/* of all cores, asked in order; borrowed for good */
	struct media_directory *const *directories;
	uint32_t n_directories;
	int64_t idle_ns;             /* untied stream */
	/* Takes the summary of a stream past probation that is evicted; NULL: nobody. */
	void (*evicted)(void *context, const struct media_summary *summary);
	/* The jitter buffer that is simulated: how long it holds a packet that came as quickly as
	 * any (0: it discards nothing), and whether it grows with the jitter, and up to where. */
	uint32_t jitter_buffer_ms, jitter_max_ms;
	bool jitter_adaptive;
	bool g711_bare;              /* receivers of G.711 conceal no losses */
	/* A digit of a tied stream is over; NULL: nobody.  No media_* call is allowed in it. */
	void (*digit)(void *context, const struct media_digit *digit);
	/* Audio of the calls that are listened to; NULL: of none.  No media_* call either. */
	void (*audio)(void *context, const struct media_audio *audio);
	/* An RTCP packet of a call concerns streams of other cores: each of them is to be given it
	 * (media_report_take).  NULL: there are no others.  No media_* call either. */
	void (*report)(void *context, const struct media_report *report);
	void *context;               /* of these */
	struct metrics_core *metrics; /* STREAMS*, written here; borrowed for good */
};

size_t media_footprint(const struct media_options *options);
struct media *media_new(void *mem, const struct media_options *options);

/* What media_packet_take needs; it stays as it is. */
const struct media_front *media_front(const struct media *m);
/* Those that have a view; plain ones are prepared. */
void media_prepare(struct media *m, struct media_packet *packets, uint32_t n);
void media_find(struct media *m, struct media_packet *packets, uint32_t n);
/* For each with stream != MEDIA_NONE; becomes MEDIA_NONE where the packet is that stream's no
 * longer.  Returns how many have none: the misses.  Between media_find and media_update of a burst
 * nothing else may be called: media_begin, media_collect and media_advance may end streams whose
 * index the burst still holds.  So: all hits of a burst, then the misses. */
uint32_t media_update(struct media *m, struct media_packet *packets, uint32_t n);
/* The packet missed and is an RTP candidate.  Repeats the lookup (an earlier packet of the burst
 * may have begun the stream).  True: it belongs to a stream or candidate now. False: it is no RTP,
 * or there is no room for it (METRICS_STREAMS_REFUSED). */
bool media_begin(struct media *m, struct media_packet *packet);
/* The packet missed and may be T.38: where SDP announced udptl at one of its ends, it is a stream
 * like any other, of codec T38.  True: it is. */
bool media_fax(struct media *m, struct media_packet *packet);
/* RTCP: counted to the stream of the sender (same SSRC and addresses, port - 1 or same). True where
 * one was found, or an endpoint in the directory fits. */
bool media_rtcp(struct media *m, const struct media_packet *packet);
/* The same on another core: what options.report was given there. */
void media_report_take(struct media *m, const struct media_report *report);

/* The frames that the probe lost so far: streams that live through a rise give no opinion. */
void media_note_loss(struct media *m, uint64_t lost_total);

/* Why a stream has no MOS. */
enum media_mos_reason {
	MEDIA_MOS_GIVEN,
	MEDIA_MOS_CODEC,        /* unknown, or ITU-T has no figures for it */
	MEDIA_MOS_VIDEO,
	MEDIA_MOS_SHORT,        /* less than a second, or 20 packets */
	MEDIA_MOS_CAPTURE_LOSS, /* the probe lost frames while it ran */
};

/* What RTCP says of a stream: its receiver (reports, half a round trip) and its sender. */
struct media_remote {
	bool has_receiver, has_sender, has_sent, has_voip, has_summary, bye;
	double receiver_ms, sender_ms;       /* round trip from the probe to there */
	double trip_ms_mean, trip_ms_max;    /* sum of the halves known */
	uint32_t n;                          /* reports */
	int32_t lost;                        /* cumulative; negative: duplicates */
	uint8_t fraction, fraction_max;      /* 1/256 */
	double jitter_ms, jitter_ms_max, ms_per_tick;
	uint32_t sent_packets;
	struct rtcp_xr_voip voip;
	struct rtcp_xr_summary summary;
	uint8_t cname_len;
	uint8_t cname[MEDIA_CNAME_MAX];
};

/* What a stream was, for the record. */
struct media_summary {
	struct base_endpoint src, dst;
	uint64_t call;               /* 0: none */
	uint32_t ssrc, clock_hz;
	int64_t first_ns, last_ns;
	uint64_t packets, bytes, expected, lost, duplicates, reordered, markers, rtcp_packets;
	uint64_t after_bye;          /* packets after media_ended */
	uint64_t redundant;          /* T.38: packets that carried earlier ones again, or parity */
	/* NaN where there is no basis (clock unknown, one packet) */
	double jitter_ms_mean, jitter_ms_max, delta_ms_max;
	uint64_t discarded, capture_loss, silence_ms;
	uint32_t bursts, events, noise, silences, payload_changes, mos_chunks;
	uint32_t previous_ssrc;      /* 0: none */
	/* NaN where there is no basis; percent, ms, ratio */
	double burst_density, gap_density, burst_ms, gap_ms, burst_ratio;
	double skew_ppm;             /* of the sender's clock: positive where it is fast */
	double interval_ms;          /* between packets as sent; 0: not known */
	double r, mos, mos_min, mos_mean, delay_ms;
	int64_t worst_ns;            /* begin of the worst chunk; 0: none */
	uint8_t mos_reason;          /* enum media_mos_reason */
	bool wideband, estimate, srtp;
	uint8_t dscp, ttl;
	uint8_t ptime_ms;            /* announced; 0: not */
	/* the payload type with most packets but one, or 255 */
	uint8_t other_payload_type, other_codec;
	struct media_remote reports;
	uint16_t vlan;
	uint8_t payload_type, codec, sender, tunnel; /* enum rtp_codec, media_side, packet_tunnel */
	uint8_t tie;                 /* enum media_tied */
	bool so_far;                 /* media_peek: the stream goes on */
};
typedef void (*media_summary_fn)(void *context, const struct media_summary *summary);

/* Ends every stream of call on this core and gives their summaries, in order of their first packet.
 * */
void media_collect(struct media *m, uint64_t call, media_summary_fn fn, void *context);
/* What that will look at is fetched into the cache: nth 0, where they stand, and then the first and
 * the second of them, each some time after the one before. */
void media_collect_fetch(const struct media *m, uint64_t call, uint32_t nth);
/* Looks at them without ending them. */
void media_peek(struct media *m, uint64_t call, media_summary_fn fn, void *context);
/* The call is over since end_ns, though not collected yet; 0: it is not, after all. */
void media_ended(struct media *m, uint64_t call, int64_t end_ns);
/* Time passes: ties streams whose SDP has appeared; ends idle untied ones, giving those past
 * probation. */
void media_advance(struct media *m, int64_t now_ns, media_summary_fn fn, void *context);
/* Ends all streams left, giving those past probation (or tied), in order of first packet. */
void media_finish(struct media *m, media_summary_fn fn, void *context);

/* The fields of a stream into a record: nested in streams[] or a record of its own. */
void media_summary_write(struct record_writer *w, const struct media_summary *summary);
