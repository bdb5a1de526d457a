/* fuzz_vq: any bytes as a voice quality report. */
#include <assert.h>

#include "sip_vq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
within(const uint8_t *data, size_t size, struct base_span s)
{
	assert(s.len == 0 || (s.p >= data && s.p + s.len <= data + size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_vq vq;

	if (size > 65536 || !sip_vq_parse(&vq, base_span_of(data, (uint32_t)size)))
		return 0;
	assert(vq.report.len >= 2);
	within(data, size, vq.report);
	within(data, size, vq.call_id);
	within(data, size, vq.codec);
	return 0;
}
