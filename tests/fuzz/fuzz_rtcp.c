/* rtcp_next over any compound; what looks like RTCP can be walked to its end. */
#include <assert.h>

#include "rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len = size < 4096 ? (uint32_t)size : 4096;
	struct base_span rest = base_span_of(data, len);
	struct rtcp_packet packet;
	uint32_t walked = 0;
	bool bad;

	while (rtcp_next(&rest, &packet, &bad)) {
		struct base_span blocks = rtcp_xr_blocks(&packet), name = rtcp_sdes_cname(&packet, packet.sender_ssrc);
		struct rtcp_xr_block block;
		struct rtcp_xr_delay delay;
		while (rtcp_xr_next(&blocks, &block))
			while (rtcp_xr_delay_next(&block.delays, &delay))
				;
		assert(name.len == 0 || name.p + name.len <= packet.body.p + packet.body.len);
		assert(packet.type >= 192 && packet.type <= 223 && packet.n_blocks <= 31);
		assert(packet.body.p == data + walked && packet.body.len >= 4);
		walked += packet.body.len;
		for (uint32_t i = 0; i < packet.n_blocks; i++)
			assert(packet.blocks[i].cumulative_lost >= -0x800000 && packet.blocks[i].cumulative_lost <= 0x7fffff);
	}
	assert(walked + rest.len == len);
	assert(bad || rest.len == 0);
	if (!bad && len >= 8)
		assert(rtcp_looks_like(data, len, len));
	rtcp_looks_like(data, len, len + 40);
	return 0;
}
