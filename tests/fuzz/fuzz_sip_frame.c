/* fuzz_sip_frame: any bytes as a stream, in pieces whose size the first byte gives; the framer
 * always gets on and agrees with the parser about every message. */
#include <assert.h>
#include <stdlib.h>

#include "sip.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
message_check(const struct sip_frame *frame)
{
	struct sip_message m;
	int32_t n = sip_parse(&m, frame->p, frame->len, false);

	assert(frame->len && frame->len <= SIP_FRAME_MAX && frame->len <= frame->skip);
	assert(n == SIP_MALFORMED || n == (int32_t)frame->len ||
		(m.flags & SIP_FLAG_TOO_MANY_HEADERS));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t step, have = 0, at = 0, len;
	bool resync;

	if (size < 2 || size > 200000)
		return 0;
	step = 1 + (data[0] & 127) * 7;
	resync = data[0] & 128;
	data++;
	len = (uint32_t)size - 1;
	if (len / step > 2000)
		step = len / 2000;
	for (;;) {
		struct sip_frame frame;
		uint8_t *copy = malloc(have - at ? have - at : 1);
		memcpy(copy, data + at, have - at);
		enum sip_frame_result result = sip_frame_next(copy, have - at, resync, &frame);
		assert(frame.skip <= have - at);
		if (result == SIP_FRAME_MESSAGE) {
			assert(frame.p >= copy && frame.p + frame.len <= copy + frame.skip);
			message_check(&frame);
		}
		free(copy);
		at += frame.skip;
		if (result == SIP_FRAME_NEED_MORE && have == len)
			return 0;
		assert(result == SIP_FRAME_NEED_MORE || frame.skip);
		if (result == SIP_FRAME_NEED_MORE)
			have = len - have < step ? len : have + step;
	}
}
