/* sip_sdp_private: what the long and the short way of sip_sdp_parse share.  The long way
 * (sip_sdp.c) reads any line, the short way (sip_sdp_take.c) lines of the usual form, and says of
 * them what the long way would. */
#pragma once

#include "sip_private.h"

/* What may stand for the session and for a media. */
struct sdp_common {
	struct base_ip ip;
	bool ip_valid, crypto, rtcp_mux;
	uint8_t direction;
};

struct sdp_reader {
	struct sip_sdp *sdp;
	const uint8_t *start, *limit; /* of the text */
	/* the current one; NULL in the session part and where there is no room */
	struct sip_sdp_media *media;
	struct sdp_common session, current;
	bool in_media;
	bool connected; /* the current level has its own c= */
	bool known;     /* the first line was one of SDP */
	struct sip_sdp_tails *tails; /* or NULL */
	const uint8_t *tail;         /* looked for there, or NULL */
	uint32_t tail_hash;
};

/* Ends the current media and begins another: false where there is no room for it. */
bool
sdp_media_begin(struct sdp_reader *r, struct base_span type);

/* The current media's format of that payload type, or NULL. */
struct sip_sdp_format *
sdp_format_of(struct sdp_reader *r, uint32_t payload_type);

/* Reads lines at p as long as they are of the usual form: the first that is not, or the end. */
const uint8_t *
sdp_lines_take(struct sdp_reader *r, const uint8_t *p, enum sip_way way);

/* The first media has begun, its type and port are read: is what stands from p on to the text's end
 * known?  Then all is said of it. */
bool
sdp_tail_take(struct sdp_reader *r, const uint8_t *p);

/* A tail that was looked for has been read, and its media not ended yet. */
void
sdp_tail_keep(struct sdp_reader *r);
