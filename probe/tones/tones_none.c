/* Built without libspandsp. */
#include "tones.h"

size_t
tones_footprint(uint32_t detectors, uint32_t max_streams)
{
	return 0;
}

int
tones_new(struct tones **t, uint32_t detectors, uint32_t max_streams, struct sys_error *e)
{
	*t = NULL;
	return sys_fail(e, -BASE_ERR_UNSUPPORTED,
		"tones.detectors: this program was built without libspandsp");
}

void
tones_free(struct tones *t)
{
}

enum tones_result
tones_hear(struct tones *t, const struct tones_packet *packet, tones_fn fn, void *context)
{
	return TONES_UNHEARD;
}

void
tones_end(struct tones *t, uint32_t stream, tones_fn fn, void *context)
{
}
