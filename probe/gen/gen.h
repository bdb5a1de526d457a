/* gen: call traffic made up as frames in order of time, and the truth about it as records.
 *
 * Knows: what a carrier's link looks like (calls of every fate, registrations, codecs, DTMF, RTCP,
 * encapsulations) and what goes wrong on it (loss single and in bursts, jitter, reordering,
 * duplicates, clock skew, SSRC changes, restarts, NAT, ports used again, lost and repeated
 * signalling, fragments).  Does not know: files, ports, clocks, how the probe judges: the truth is
 * counted from what was sent, packet by packet, by the definitions of RFC 3550 and of record.def,
 * with no code in common with the rooms it is to test.
 *
 * Draws come from one generator seeded by options.seed: the same options give the same bytes.
 *
 * Memory: the caller gives gen_footprint(options) bytes, cache-line aligned; nothing is allocated
 * later, and what finds no room (a call beyond options.concurrent, a packet beyond the delayed
 * ones) is left out and counted, never half done.  Thread: one user.  Time: nanoseconds since the
 * epoch; frames come in order, several of one instant in the order in which they were sent. */
#pragma once

#include "base.h"
#include "packet.h"
#include "record.h"
#include "rtp.h"

#define GEN_FRAME_MAX 2048 /* no frame is longer */
#define GEN_PREFIXES_MAX 16
#define GEN_DIGITS_MAX 16

/* How calls end.  SILENT: nobody responds at all. */
enum gen_fate {
	GEN_ANSWERED,
	GEN_BUSY,
	GEN_NO_ANSWER,
	GEN_CANCELLED,
	GEN_REJECTED,
	GEN_REDIRECTED,
	GEN_FAILED,
	GEN_SILENT,
	GEN_FATE_COUNT
};
/* "answered", ...: as disposition has them; "silent". */
const char *gen_fate_name(enum gen_fate fate);

/* What gen can speak (gen_codec.def). */
enum gen_codec {
#define GEN_CODEC(codec, payload_type, frame_ms, frame_bytes) GEN_CODEC_##codec,
#include "gen_codec.def"
#undef GEN_CODEC
	GEN_CODEC_COUNT
};
const char *gen_codec_name(enum gen_codec codec); /* "PCMA" */

enum gen_spread { GEN_FIXED, GEN_UNIFORM, GEN_EXPONENTIAL, GEN_NORMAL, GEN_SPREAD_COUNT };

/* Numbers that begin so; digits are added until there are twelve. */
struct gen_prefix {
	char text[16]; /* digits, perhaps a '+' */
	double weight;
};

/* Shares are 0..1, weights any.  gen_options_default fills in what a quiet trunk has. */
struct gen_options {
	uint64_t seed;
	int64_t begin_ns;
	/* load */
	double calls_per_second;
	int64_t duration_ns;         /* no call begins later; those under way run to their end */
	uint64_t calls;              /* no more than so many; 0: no limit */
	uint32_t concurrent;         /* no more than so many at a time; sets the memory */
	int64_t ramp_ns;             /* keep: the first ones begin within it */
	bool keep;                   /* concurrent calls all the time, each followed by another */
	bool even;                   /* begin at even distances, not at random ones */
	enum gen_spread hold;
	int64_t hold_ns, ring_ns;    /* answer to hang-up; ringing: means */
	/* calls */
	double fates[GEN_FATE_COUNT]; /* weights */
	double registrations, auth, callee_ends, holds, info, delayed_offer, early_media;
	double ipv6, tcp, large;
	uint32_t n_from, n_to;
	struct gen_prefix from[GEN_PREFIXES_MAX], to[GEN_PREFIXES_MAX];
	/* media */
	double codecs[GEN_CODEC_COUNT]; /* weights */
	uint32_t ptime_ms;           /* 0: 20, or one frame of the codec */
	double dtmf;                 /* share of answered calls with digits by RFC 4733 */
	double tones;                /* as tones in the sound; G.711 alone has some */
	uint32_t digits;             /* at most, in a call */
	int64_t rtcp_ns;             /* between sender reports; 0: none */
	int64_t rtt_ns;
	bool no_rtp;
	/* link */
	uint16_t vlan, inner_vlan;   /* PACKET_VLAN_NONE: none */
	enum packet_tunnel tunnel;
	uint32_t mtu;                /* longer IP packets come in fragments */
	/* faults of media: a share of packets, */
	double loss, duplicate, reorder;
	uint32_t reorder_packets;    /* late by at most so many */
	/* bursts (Gilbert, Elliott): chances of going bad and good again; loss in both */
	double burst_p, burst_r, burst_loss, burst_good_loss;
	enum gen_spread jitter_kind;
	int64_t jitter_ns;           /* mean delay */
	bool jitter_mixes;           /* packets may overtake each other */
	double skew_ppm;             /* the sender's clock is slow by it */
	/* or a share of calls */
	double ssrc_change, seq_restart, nat, one_way, no_media;
	double media_first, media_after;
	double port_reuse, ssrc_reuse; /* by the next call; of those: with the same SSRC */
	/* faults of signalling: a share of messages */
	double sip_loss, sip_repeat, mirror;
	/* Gets the truth of each call and registration when all its frames have been given: a whole
	 * record, which it may change; seq is 0. */
	void (*truth)(void *context, uint8_t *bytes, uint32_t len);
	void *context;
};

struct gen_options gen_options_default(void);
/* NULL, or what is wrong with them: a sentence. */
const char *gen_options_check(const struct gen_options *options);

struct gen;
size_t gen_footprint(const struct gen_options *options);
struct gen *gen_new(void *mem, const struct gen_options *options);

struct gen_frame {
	uint8_t *bytes; /* the caller's, GEN_FRAME_MAX */
	uint32_t len;
	int64_t ts_ns;
};
/* The next frame into frame->bytes.  False: there are no more. */
bool gen_next(struct gen *g, struct gen_frame *frame);

struct gen_counters {
	uint64_t calls, registrations, frames, sip_messages, rtp_packets;
	uint64_t ended;     /* calls and registrations whose truth was given */
	uint64_t refused;   /* calls that did not begin: concurrent is reached */
	uint64_t not_held;  /* delays and copies left out for want of room */
	uint32_t active, active_max;
};
struct gen_counters gen_counters(const struct gen *g);
