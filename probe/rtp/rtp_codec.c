#include "rtp.h"

struct codec_info {
	const char *name;
	uint32_t clock_hz;
	int16_t static_pt;
	uint8_t len; /* of name */
};

static const struct codec_info codecs[RTP_CODEC_COUNT] = {
	[RTP_CODEC_NONE] = {"", 0, -1, 0},
#define RTP_CODEC(id, name, clock, static_pt)                                                     \
	[RTP_CODEC_##id] = {name, clock, static_pt, sizeof(name) - 1},
#include "rtp_codec.def"
#undef RTP_CODEC
	[RTP_CODEC_OTHER] = {"other", 0, -1, 5},
};

/* Static payload types whose codec has another one in rtp_codec.def. */
static const struct {
	uint8_t payload_type, codec;
	uint32_t clock_hz;
} more_static[] = {
	{6, RTP_CODEC_DVI4, 16000},
	{11, RTP_CODEC_L16, 44100},
	{16, RTP_CODEC_DVI4, 11025},
	{17, RTP_CODEC_DVI4, 22050},
};

const char *
rtp_codec_name(enum rtp_codec codec)
{
	return (unsigned)codec < RTP_CODEC_COUNT ? codecs[codec].name : "";
}

enum rtp_codec
rtp_codec_of(struct base_span encoding)
{
	if (encoding.len == 0)
		return RTP_CODEC_NONE;
	for (unsigned i = RTP_CODEC_NONE + 1; i < RTP_CODEC_OTHER; i++)
		if (codecs[i].len == encoding.len &&
			base_span_eq_nocase(encoding, base_span_of(codecs[i].name, encoding.len)))
			return (enum rtp_codec)i;
	return RTP_CODEC_OTHER;
}

enum rtp_codec
rtp_codec_static(uint8_t payload_type, uint32_t *clock_hz)
{
	for (unsigned i = RTP_CODEC_NONE + 1; i < RTP_CODEC_OTHER; i++) {
		if (codecs[i].static_pt == payload_type) {
			*clock_hz = codecs[i].clock_hz;
			return (enum rtp_codec)i;
		}
	}
	for (unsigned i = 0; i < base_count_of(more_static); i++) {
		if (more_static[i].payload_type == payload_type) {
			*clock_hz = more_static[i].clock_hz;
			return (enum rtp_codec)more_static[i].codec;
		}
	}
	*clock_hz = 0;
	return RTP_CODEC_NONE;
}

uint32_t
rtp_codec_clock(enum rtp_codec codec)
{
	return (unsigned)codec < RTP_CODEC_COUNT ? codecs[codec].clock_hz : 0;
}
