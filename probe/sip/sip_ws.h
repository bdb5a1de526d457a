/* sip_ws: SIP messages out of a WebSocket stream (RFC 7118 over RFC 6455).
 *
 * Knows: the HTTP handshake that agrees on the subprotocol sip, frames of either direction (a
 * client's are masked), a message in several frames, control frames between them.  Does not know:
 * compressed frames (RFC 7692), which are passed over as garbage; TLS, so wss is not seen.  Keeps
 * nothing: bytes of a message that is not whole yet stay with the caller. */
#pragma once

#include "sip_frame.h"

#define SIP_WS_MAX 65536 /* a message longer than that is garbage */

/* Bytes at the begin of a connection or behind a gap. */
enum sip_ws_begin {
	SIP_WS_NO,        /* another protocol */
	SIP_WS_MAYBE,     /* a handshake that is not whole yet */
	SIP_WS_HANDSHAKE, /* request or response that agrees on sip: *skip bytes, then frames */
	SIP_WS_FRAME,     /* a frame with a SIP message: the handshake was not seen */
};
enum sip_ws_begin sip_ws_begins(const uint8_t *p, uint32_t len, uint32_t *skip);

/* As sip_frame_next.  The message is gathered in scratch, SIP_WS_MAX bytes, unless it lies whole
 * and unmasked at p; KEEPALIVE: a control frame, or a message of line ends. */
enum sip_frame_result sip_ws_next(const uint8_t *p, uint32_t len, bool resync, uint8_t *scratch,
	struct sip_frame *frame);
