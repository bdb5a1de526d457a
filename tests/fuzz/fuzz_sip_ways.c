/* fuzz_sip_ways: the three ways of a parse (sip_wide.h), of its details too, say the same of any
 * bytes. */
#include <assert.h>

#include "../unit/sip/sip_same.h"
#include "sip_wide.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum sip_way ways[] = {SIP_WAY_NARROW, SIP_WAY_WIDE};

static void
details_agree(const struct sip_message *m)
{
	struct sip_details wanted, got;

	assert(parts_same(m));
	sip_details_parse_as(m, &wanted, SIP_WAY_LONG);
	for (int i = 0; i < (sip_is_wide() ? 2 : 1); i++) {
		sip_details_parse_as(m, &got, ways[i]);
		assert(details_same(&wanted, &got));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_message wanted, got;

	if (size > 65536)
		return 0;
	for (int datagram = 0; datagram < 2; datagram++) {
		int32_t n = sip_parse_as(&wanted, data, (uint32_t)size, datagram, SIP_WAY_LONG);
		for (int i = 0; i < (sip_is_wide() ? 2 : 1); i++) {
			assert(sip_parse_as(&got, data, (uint32_t)size, datagram, ways[i]) == n);
			assert(n <= 0 || sip_same(&wanted, &got));
		}
		if (n > 0)
			details_agree(&wanted);
	}
	return 0;
}
