/* sip_frame: SIP messages out of a byte stream (RFC 3261 18.3): reframing by Content-Length,
 * keep-alives (RFC 5626 3.5.1). */
#pragma once

#include "sip.h"

enum sip_frame_result {
	SIP_FRAME_MESSAGE,   /* frame->p, len: one whole message */
	SIP_FRAME_NEED_MORE, /* consume frame->skip, then wait */
	SIP_FRAME_KEEPALIVE, /* CR LF (CR LF): frame->skip bytes */
	SIP_FRAME_GARBAGE,   /* frame->skip bytes are no SIP; a start line may follow */
};
struct sip_frame {
	const uint8_t *p;
	uint32_t len;  /* of the message */
	uint32_t skip; /* bytes to consume in all, message included */
};

#define SIP_FRAME_MAX 131072 /* a message longer than that is garbage */

/* Looks at the bytes in order of a stream. resync: bytes were lost before p, look for the next
 * start line. */
enum sip_frame_result sip_frame_next(const uint8_t *p, uint32_t len, bool resync,
	struct sip_frame *frame);
