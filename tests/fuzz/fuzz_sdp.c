/* fuzz_sdp: any bytes as a session description, by all ways (sip_wide.h), and as the body of a
 * multipart message; once more with tails that are known. */
#include <assert.h>

#include "../unit/sip/sip_same.h"
#include "sip_wide.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
within(const uint8_t *data, size_t size, struct base_span s)
{
	assert(s.len == 0 || (s.p >= data && s.p + s.len <= data + size));
}

static void
ways_agree(struct base_span text)
{
	static const enum sip_way ways[] = {SIP_WAY_NARROW, SIP_WAY_WIDE};
	static struct sip_sdp wanted, got;
	struct sip_sdp_tails tails = {0};
	bool found = sip_sdp_parse_as(&wanted, text, SIP_WAY_LONG);

	for (int i = 0; i < (sip_is_wide() ? 2 : 1); i++) {
		assert(sip_sdp_parse_as(&got, text, ways[i]) == found);
		assert(!found || sdp_same(&wanted, &got));
	}
	for (int time = 0; time < 3; time++) { /* met, kept, known */
		assert(sip_sdp_parse_known(&tails, &got, text) == found);
		assert(!found || sdp_same(&wanted, &got));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_message m;
	struct sip_sdp sdp;

	if (size > 65536)
		return 0;
	ways_agree(base_span_of(data, (uint32_t)size));
	if (sip_sdp_parse(&sdp, base_span_of(data, (uint32_t)size))) {
		within(data, size, sdp.origin);
		within(data, size, sdp.session_name);
		assert(sdp.n_media <= SIP_SDP_MEDIA_MAX);
		for (uint32_t i = 0; i < sdp.n_media; i++) {
			const struct sip_sdp_media *media = &sdp.media[i];
			within(data, size, media->type);
			within(data, size, media->proto);
			assert(media->n_formats <= SIP_SDP_FORMATS_MAX &&
				media->n_candidates <= SIP_SDP_CANDIDATES_MAX);
			assert(media->port_count && media->direction <= SIP_SDP_INACTIVE);
			for (uint32_t k = 0; k < media->n_formats; k++) {
				within(data, size, media->formats[k].encoding);
				within(data, size, media->formats[k].fmtp);
				assert(media->formats[k].payload_type <= 127 ||
					media->formats[k].payload_type == 255);
			}
		}
	}
	m.content_type = BASE_SPAN("multipart/mixed;boundary=b");
	m.body = base_span_of(data, (uint32_t)size);
	within(data, size, sip_sdp_find(&m));
	return 0;
}
