/* sip_sdp: session descriptions (RFC 8866) of offers and answers, zero copy.  Also finds them in
 * multipart bodies (RFC 2046). */
#pragma once

#include "sip.h"

#define SIP_SDP_MEDIA_MAX 8
#define SIP_SDP_FORMATS_MAX 24
#define SIP_SDP_CANDIDATES_MAX 8

enum sip_sdp_direction { SIP_SDP_SENDRECV, SIP_SDP_SENDONLY, SIP_SDP_RECVONLY, SIP_SDP_INACTIVE };

struct sip_sdp_format {
	/* of rtpmap; empty where there is none (static payload type, t38) */
	struct base_span encoding;
	struct base_span fmtp;
	uint32_t clock_rate;       /* Hz, 0 where unknown */
	uint8_t payload_type;      /* 0..127; 255: the format is not a number */
	uint8_t channels;          /* 0: not given */
};

struct sip_sdp_media {
	struct base_span type;     /* audio, video, image, application ... */
	struct base_span proto;    /* RTP/AVP, RTP/SAVP, udptl ... */
	/* of the media's c= or else the session's; valid with ip_valid */
	struct base_ip ip;
	bool ip_valid;             /* false: absent or a host name */
	bool crypto;               /* a=crypto or a=fingerprint */
	bool rtcp_mux;
	uint16_t port;             /* 0: refused */
	uint16_t port_count;       /* of m= port/count, 1 by default */
	uint16_t rtcp_port;        /* a=rtcp, else 0: port + 1 (or port with rtcp_mux) */
	struct base_ip rtcp_ip;    /* of a=rtcp with an address, else ip */
	/* enum sip_sdp_direction: the media's, else the session's, else sendrecv */
	uint8_t direction;
	uint16_t ptime_ms;         /* 0: not given */
	uint8_t n_formats, n_candidates;
	struct sip_sdp_format formats[SIP_SDP_FORMATS_MAX];
	/* a=candidate of component 1, UDP, with an address */
	struct base_endpoint candidates[SIP_SDP_CANDIDATES_MAX];
};

struct sip_sdp {
	struct base_span origin;       /* o= line's value: who, id, version */
	struct base_span session_name;
	uint8_t n_media;
	bool truncated;                /* more media or formats than there is room for */
	uint8_t tail;                  /* of sip_sdp_tails, from 1 on; 0: it is not known */
	struct sip_sdp_media media[SIP_SDP_MEDIA_MAX];
};

/* What stands behind the port of an SDP's only media, as the devices of a kind all say it: read
 * once, and known by its bytes.  Zeroed at first; what has been met twice takes a place. */
#define SIP_SDP_TAILS 64
#define SIP_SDP_TAIL_MAX 256    /* bytes: longer ones are not kept */
#define SIP_SDP_TAIL_FORMATS 8  /* nor those with more formats */
struct sip_sdp_tail {
	uint32_t stamp;         /* another one each time that the place is taken; 0: free */
	uint32_t hash, len;
	uint16_t ptime_ms, proto_at, proto_len;
	uint8_t direction, n_formats;
	bool crypto, rtcp_mux;
	struct {
		/* places in text; len 0: empty */
		uint16_t encoding_at, encoding_len, fmtp_at, fmtp_len;
		uint32_t clock_rate;
		uint8_t payload_type, channels;
	} formats[SIP_SDP_TAIL_FORMATS];
	uint8_t text[SIP_SDP_TAIL_MAX];
};
struct sip_sdp_tails {
	uint32_t stamps;
	uint32_t met[SIP_SDP_TAILS]; /* hash of all of the last one that found no place */
	struct sip_sdp_tail of[SIP_SDP_TAILS];
};

/* The SDP part of a message's body: the body itself with Content-Type application/sdp, or a part of
 * a multipart; empty if none. */
struct base_span sip_sdp_find(const struct sip_message *m);
/* True and *sdp where text starts with v= (or m=, o=) lines that can be read; unknown lines are
 * skipped. */
bool sip_sdp_parse(struct sip_sdp *sdp, struct base_span text);
/* Says the same, sooner where the tail is known. */
bool sip_sdp_parse_known(struct sip_sdp_tails *tails, struct sip_sdp *sdp, struct base_span text);
