/* fuzz_sip_ws: any bytes as a WebSocket stream, whole and in pieces: nothing is read outside them, each call goes on or waits, a
 * message is one of bounded length, and what comes out of a stream does not depend on how it was cut. */
#include <stdlib.h>

#include "sip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool law)
{
	if (!law)
		abort();
}

/* The messages of the stream, as one hash; *garbage: some bytes were none. */
static uint64_t
run(const uint8_t *data, uint32_t size, uint32_t step, bool *garbage)
{
	static uint8_t scratch[SIP_WS_MAX];
	uint64_t hash = 0;
	uint32_t at = 0, end = 0;
	bool resync = false;

	*garbage = false;
	while (end < size) {
		end = size - end > step ? end + step : size;
		enum sip_frame_result r = SIP_FRAME_KEEPALIVE;
		uint8_t *exact = malloc(end - at ? end - at : 1); /* an end that the sanitizer sees */
		uint32_t from = at;
		memcpy(exact, data + at, end - at);
		while (at < end && r != SIP_FRAME_NEED_MORE) {
			struct sip_frame f;
			r = sip_ws_next(exact + (at - from), end - at, resync, scratch, &f);
			require(f.skip <= end - at && (r == SIP_FRAME_NEED_MORE ? f.skip == 0 : f.skip > 0));
			require(r != SIP_FRAME_MESSAGE || (f.len && f.len <= SIP_WS_MAX && f.len < f.skip));
			if (r == SIP_FRAME_MESSAGE)
				hash = base_hash_mix(hash ^ base_hash(&BASE_HASH_KEY_REPLAY, f.p, f.len));
			resync = r == SIP_FRAME_NEED_MORE ? resync : r == SIP_FRAME_GARBAGE;
			*garbage |= resync;
			at += f.skip;
		}
		free(exact);
	}
	return hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool garbage, cut_garbage;
	uint32_t skip;

	if (size < 1 || size > 8192)
		return 0;
	uint8_t step = data[0];
	data++, size--;
	enum sip_ws_begin begin = sip_ws_begins(data, (uint32_t)size, &skip);
	require(skip <= size && (skip != 0) == (begin == SIP_WS_HANDSHAKE));
	uint64_t whole = run(data + skip, (uint32_t)(size - skip), UINT32_MAX, &garbage);
	uint64_t cut = run(data + skip, (uint32_t)(size - skip), step ? step : 1, &cut_garbage);
	require(garbage || cut_garbage || whole == cut);
	return 0;
}
