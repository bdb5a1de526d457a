/* tones: what is dialled and whistled in the speech band of G.711 (libspandsp lives here and
 * nowhere else).
 *
 * A fixed number of detectors, each lent to one stream from its first packet until tones_end: DTMF
 * (Q.23, Q.24), the calling tone of fax (CNG), its answer (CED) and V.21 preamble.  Streams are
 * numbers below max_streams; whose they are is the caller's business.
 *
 * Time is that of the stream: sample k of a packet was sent k/8 ms after the packet's time.  Gaps
 * are known by the RTP timestamp: a short one (two packets lost) is passed over, so that a digit
 * stays one digit; a longer one is silence.  Packets that come late are left out.  A digit's begin
 * and end are those of the detector's blocks, 12.75 ms each.
 *
 * Memory: all of it taken by tones_new. Thread: one user.  Built without the library, tones_new
 * refuses. */
#pragma once

#include "base.h"
#include "sys.h"

/* Beside the digits 0..9 * # A..D */
#define TONES_CNG 'c'
#define TONES_CED 'e'
#define TONES_V21 'v'

struct tones;

struct tones_found {
	int64_t start_ns;
	uint32_t length_ms; /* of a digit; 0: the others are told when they are known */
	uint8_t code;
};
typedef void (*tones_fn)(void *context, const struct tones_found *found);

struct tones_packet {
	uint32_t stream;
	uint32_t timestamp;
	int64_t ts_ns;
	const uint8_t *payload;
	uint32_t len;       /* bytes: one sample each */
	bool alaw;          /* else mu-law */
};

/* What tones_hear did with a packet. */
enum tones_result {
	TONES_HEARD,
	TONES_REFUSED,      /* no detector free: the first time for this stream */
	TONES_UNHEARD       /* and later */
};

/* Bytes that tones_new takes, the library's own among them; 0 without the library. */
size_t tones_footprint(uint32_t detectors, uint32_t max_streams);
int tones_new(struct tones **t, uint32_t detectors, uint32_t max_streams, struct sys_error *e);
void tones_free(struct tones *t);
/* fn: called with what ends or becomes known in this packet. */
enum tones_result tones_hear(
	struct tones *t, const struct tones_packet *packet, tones_fn fn, void *context);
/* The stream is over: what it was in the middle of is told, its detector is free again. */
void tones_end(struct tones *t, uint32_t stream, tones_fn fn, void *context);
