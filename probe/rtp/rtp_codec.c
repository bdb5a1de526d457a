#include "rtp.h"

struct codec_info {
	const char *name;
	struct base_word word; /* the same */
	uint32_t clock_hz;
};

static const struct codec_info codecs[RTP_CODEC_COUNT] = {
	[RTP_CODEC_NONE] = {"", BASE_WORD(""), 0},
#define RTP_CODEC(id, name, clock, static_pt)                                                     \
	[RTP_CODEC_##id] = {name, BASE_WORD(name), clock},
#include "rtp_codec.def"
#undef RTP_CODEC
	[RTP_CODEC_OTHER] = {"other", BASE_WORD("other"), 0},
};

#define STATIC_MAX 128
_Static_assert(RTP_CODEC_COUNT < 256, "a codec fits a byte");

static const uint8_t static_codecs[STATIC_MAX + RTP_CODEC_COUNT] = {
#define RTP_CODEC(id, name, clock, static_pt)                                                     \
	[static_pt < 0 ? STATIC_MAX + RTP_CODEC_##id : static_pt] = RTP_CODEC_##id,
#include "rtp_codec.def"
#undef RTP_CODEC
	/* whose codec has another one in rtp_codec.def, with the clocks of static_clock */
	[6] = RTP_CODEC_DVI4, [11] = RTP_CODEC_L16, [16] = RTP_CODEC_DVI4, [17] = RTP_CODEC_DVI4,
};

const char *
rtp_codec_name(enum rtp_codec codec)
{
	return (unsigned)codec < RTP_CODEC_COUNT ? codecs[codec].name : "";
}

const struct base_word *
rtp_codec_word(enum rtp_codec codec)
{
	return &codecs[(unsigned)codec < RTP_CODEC_COUNT ? codec : RTP_CODEC_NONE].word;
}

/* ---- names ---- */

/* What tells names apart, in any case: the first and the last eight bytes and the length.  Of a
 * name in rtp_codec.def it is a constant, so that the compiler makes a search tree of them. */
#define LOWER 0x2020202020202020ull
#define BYTE_OF(name, at, i)                                                                      \
	((uint64_t)(uint8_t)name[(at) + (i) < sizeof(name) ? (at) + (i) : sizeof(name) - 1]       \
		<< 8 * (i))
#define WORD_OF(name, at)                                                                         \
	(BYTE_OF(name, at, 0) | BYTE_OF(name, at, 1) | BYTE_OF(name, at, 2) |                     \
		BYTE_OF(name, at, 3) | BYTE_OF(name, at, 4) | BYTE_OF(name, at, 5) |              \
		BYTE_OF(name, at, 6) | BYTE_OF(name, at, 7))
#define KEY(first, last, len) (((first) | LOWER) + 3 * ((last) | LOWER) + (len))
#define KEY_OF(name)                                                                              \
	KEY(WORD_OF(name, 0), WORD_OF(name, sizeof(name) > 9 ? sizeof(name) - 9 : 0),             \
		sizeof(name) - 1)

static uint64_t
name_key(struct base_span s)
{
	uint64_t first, last;

	if (s.len >= 8) {
		first = base_hash_load(s.p, 8);
		last = base_hash_load(s.p + s.len - 8, 8);
	} else if (s.len >= 4) { /* two halves that may overlap */
		first = last = base_hash_load(s.p, 4) |
			       base_hash_load(s.p + s.len - 4, 4) << 8 * (s.len - 4);
	} else {
		first = s.p[0] | (uint64_t)s.p[s.len / 2] << 8 * (s.len / 2) |
			(uint64_t)s.p[s.len - 1] << 8 * (s.len - 1);
		last = first;
	}
	return KEY(first, last, s.len);
}

static unsigned
codec_by_key(uint64_t key)
{
#define RTP_CODEC(id, name, clock, static_pt)                                                     \
	if (key == KEY_OF(name))                                                                  \
		return RTP_CODEC_##id;
#include "rtp_codec.def"
#undef RTP_CODEC
	return RTP_CODEC_OTHER;
}

enum rtp_codec
rtp_codec_of(struct base_span encoding)
{
	if (encoding.len == 0)
		return RTP_CODEC_NONE;
	unsigned i = codec_by_key(name_key(encoding));
	struct base_span name = base_span_of(codecs[i].name, codecs[i].word.len);
	bool same = base_span_eq(encoding, name) || base_span_eq_nocase(encoding, name);
	return same ? (enum rtp_codec)i : RTP_CODEC_OTHER;
}

/* Of a codec with several payload types, that of this one. */
static uint32_t
static_clock(uint8_t payload_type, enum rtp_codec codec)
{
	switch (payload_type) {
	case 6: return 16000;
	case 11: return 44100;
	case 16: return 11025;
	case 17: return 22050;
	default: return codecs[codec].clock_hz;
	}
}

enum rtp_codec
rtp_codec_static(uint8_t payload_type, uint32_t *clock_hz)
{
	enum rtp_codec codec = payload_type < STATIC_MAX ? static_codecs[payload_type]
							 : RTP_CODEC_NONE;

	*clock_hz = static_clock(payload_type, codec);
	return codec;
}

uint32_t
rtp_codec_clock(enum rtp_codec codec)
{
	return (unsigned)codec < RTP_CODEC_COUNT ? codecs[codec].clock_hz : 0;
}
