/* rtp: RTP and RTCP headers (RFC 3550), telephone events (RFC 4733), codec names (RFC 3551).  Pure:
 * bytes in, structs out. */
#pragma once

#include "base.h"

/* Encoding names ringtap knows (rtp_codec.def): RTP_CODEC_NONE where there is no name,
 * RTP_CODEC_OTHER for any other name. */
enum rtp_codec {
	RTP_CODEC_NONE,
#define RTP_CODEC(id, name, clock, static_pt) RTP_CODEC_##id,
#include "rtp_codec.def"
#undef RTP_CODEC
	RTP_CODEC_OTHER,
	RTP_CODEC_COUNT
};

/* "PCMA", ...; "" for NONE; "other". */
const char *rtp_codec_name(enum rtp_codec codec);
const struct base_word *rtp_codec_word(enum rtp_codec codec);
enum rtp_codec rtp_codec_of(struct base_span encoding); /* any case; OTHER where unknown */
/* Of a static payload type (RFC 3551 tables 4 and 5): codec and clock in Hz; RTP_CODEC_NONE and 0
 * for dynamic ones. */
enum rtp_codec rtp_codec_static(uint8_t payload_type, uint32_t *clock_hz);
/* The clock in Hz that the encoding usually has; 0 for NONE and OTHER. */
uint32_t rtp_codec_clock(enum rtp_codec codec);

struct rtp_header {
	uint32_t ssrc, timestamp;
	uint16_t seq;
	uint8_t payload_type;
	uint8_t csrc_count;
	bool marker;
	uint16_t payload_offset; /* header, CSRCs and extension */
	uint32_t payload_len;    /* without padding */
};

/* True where p[0..len) can be RTP: version 2, lengths that add up, payload type not 72..76 (RTCP,
 * RFC 5761).  wire_len: bytes the packet had before a snap length cut it (payload_len counts
 * those). */
bool rtp_parse(struct rtp_header *h, const uint8_t *p, uint32_t len, uint32_t wire_len);

enum rtcp_type {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_RTPFB = 205,
	RTCP_PSFB = 206,
	RTCP_XR = 207
};

struct rtcp_report_block {
	uint32_t ssrc;
	int32_t cumulative_lost; /* signed 24 bits */
	uint32_t highest_seq, jitter, lsr, dlsr;
	uint8_t fraction_lost;
};

/* One packet of a compound. */
struct rtcp_packet {
	uint8_t type, count;     /* PT; RC, SC or subtype */
	uint32_t sender_ssrc;
	uint64_t ntp;            /* SR: 32.32 fixed point since 1900 */
	uint32_t rtp_timestamp, sender_packets, sender_octets;
	struct base_span body;   /* whole packet, header included */
	uint8_t n_blocks;
	struct rtcp_report_block blocks[31];
};
/* The next packet of the compound in *rest: true, or false at the end or where it lies (then *bad).
 * */
bool rtcp_next(struct base_span *rest, struct rtcp_packet *packet, bool *bad);
/* True where p[0..len) can be RTCP: version 2, types 192..223, lengths that add up over the
 * compound (a snap-cut tail is taken). */
bool rtcp_looks_like(const uint8_t *p, uint32_t len, uint32_t wire_len);

struct rtp_event {
	uint8_t event, volume; /* 0..15: 0-9 * # A-D; volume in -dBm0 */
	bool end;
	uint16_t duration;     /* timestamp units */
};
bool rtp_event_parse(struct rtp_event *e, const uint8_t *payload, uint32_t len);

/* ---- RTCP: SDES and XR (RFC 3611) ---- */

/* The CNAME that an SDES gives for ssrc; empty: none (it is not trusted to be text). */
struct base_span rtcp_sdes_cname(const struct rtcp_packet *packet, uint32_t ssrc);

enum rtcp_xr_type {
	RTCP_XR_REFERENCE_TIME = 4, /* 4.4: ntp */
	RTCP_XR_DLRR = 5,           /* 4.5: delays */
	RTCP_XR_SUMMARY = 6,        /* 4.6: summary */
	RTCP_XR_VOIP = 7            /* 4.7: voip */
};

/* Statistics summary; the receiver said which of these it filled in. */
struct rtcp_xr_summary {
	bool has_lost, has_duplicates, has_jitter;
	uint16_t begin_seq, end_seq;
	uint32_t lost, duplicates;
	uint32_t jitter_min, jitter_max, jitter_mean, jitter_deviation; /* timestamp units */
};

/* As on the wire: rates and densities in 1/256; ms; 127 (levels, R, MOS): not available. */
struct rtcp_xr_voip {
	uint8_t loss_rate, discard_rate, burst_density, gap_density;
	uint16_t burst_ms, gap_ms, rtt_ms, end_system_ms;
	int8_t signal_dbm, noise_dbm;
	uint8_t rerl_db, gmin, r_factor, ext_r_factor, mos_lq, mos_cq; /* MOS times 10 */
	uint16_t buffer_nominal_ms, buffer_max_ms, buffer_abs_max_ms;
};

/* One block of an XR packet; those of other types have only type and ssrc. */
struct rtcp_xr_block {
	uint8_t type, specific;
	uint32_t ssrc;              /* whom it is about; 0 for DLRR and reference time */
	uint64_t ntp;
	struct base_span delays;    /* 12 bytes each: rtcp_xr_delay */
	struct rtcp_xr_summary summary;
	struct rtcp_xr_voip voip;
};
/* rest: what rtcp_xr_blocks gave.  The next block: true, or false at the end or where a length
 * lies (the blocks before it stand). */
struct base_span rtcp_xr_blocks(const struct rtcp_packet *packet);
bool rtcp_xr_next(struct base_span *rest, struct rtcp_xr_block *block);

struct rtcp_xr_delay {
	uint32_t ssrc, lrr, dlrr;
};
/* Takes one from delays; false: none left. */
bool rtcp_xr_delay_next(struct base_span *delays, struct rtcp_xr_delay *delay);
