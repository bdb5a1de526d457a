/* udptl_parse on any bytes: what it takes fits in them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "udptl.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct udptl_packet packet;
	uint8_t *copy = malloc(size ? size : 1); /* exact: a byte too far is seen */

	if (size)
		memcpy(copy, data, size);
	if (size <= 65536 && udptl_parse(&packet, copy, (uint32_t)size)) {
		assert(packet.primary_len && packet.primary_len + 3u < size);
		assert(packet.repeats <= UDPTL_REPEATS_MAX && packet.value < 16);
	}
	free(copy);
	return 0;
}
