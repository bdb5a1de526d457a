#include "rtp_quality.h"

#include <math.h>

/* With the default values of G.107 table 2: Ro (7-2), Is (7-8), and RLR 2, TELR 65, WEPL 110,
 * mT 100 ms, sT 1. */
#define RO 94.768822
#define IS 1.413568
#define TELR 65.0
#define WEPL 110.0
#define R_WIDEBAND 129.0 /* G.107.1: Ro - Is at the defaults */
#define DELAY_SEEN_MS 100.0

struct codec_quality {
	float ie, bpl;
	float delay_ms;
	bool known, wideband, is_estimate;
};

#define NARROW(ie, bpl, delay) {ie, bpl, delay, true, false, false}
#define NARROW_ESTIMATE(ie, bpl, delay) {ie, bpl, delay, true, false, true}
#define WIDE_ESTIMATE(ie, bpl, delay) {ie, bpl, delay, true, true, true}
/* ADPCM: Ie of G.113 table I.1; it gives no Bpl: that of G.711 without concealment. */
#define G726(ie) NARROW_ESTIMATE(ie, 4.3f, 0)

/* Ie: G.113 appendix I table I.1; Bpl: table I.2.  Wideband: appendix IV. */
static const struct codec_quality codecs[RTP_CODEC_COUNT] = {
	[RTP_CODEC_PCMU] = NARROW(0, 25.1f, 0), /* with concealment; without: BPL_G711_BARE */
	[RTP_CODEC_PCMA] = NARROW(0, 25.1f, 0),
	[RTP_CODEC_G729] = NARROW(11, 19, 5),   /* G.729A with VAD: RTP does not tell which annex */
	[RTP_CODEC_G723] = NARROW(15, 16.1f, 7.5f), /* 6.3 kbit/s with VAD */
	[RTP_CODEC_GSM_EFR] = NARROW(5, 10, 0),
	[RTP_CODEC_AMR] = NARROW_ESTIMATE(5, 10, 5), /* GSM-EFR: its mode of 12.2 kbit/s */
	[RTP_CODEC_GSM] = NARROW_ESTIMATE(20, 43, 0), /* Bpl of published tests, not of G.113 */
	[RTP_CODEC_ILBC] = NARROW_ESTIMATE(11, 32, 5), /* both of published tests */
	[RTP_CODEC_G726_16] = G726(50),
	[RTP_CODEC_G726_24] = G726(25),
	[RTP_CODEC_G726_32] = G726(7),
	[RTP_CODEC_G726_40] = G726(2),
	[RTP_CODEC_AAL2_G726_16] = G726(50),
	[RTP_CODEC_AAL2_G726_24] = G726(25),
	[RTP_CODEC_AAL2_G726_32] = G726(7),
	[RTP_CODEC_AAL2_G726_40] = G726(2),
	/* 12.65 kbit/s: the mode of nearly all calls; RTP may carry others */
	[RTP_CODEC_AMR_WB] = WIDE_ESTIMATE(13, 4.3f, 6),
	/* 64 kbit/s; Bpl as AMR-WB, for want of a figure */
	[RTP_CODEC_G722] = WIDE_ESTIMATE(13, 4.3f, 1.6f),
	/* ITU-T has no figures in wideband: as AMR-WB at 23.05 kbit/s */
	[RTP_CODEC_OPUS] = WIDE_ESTIMATE(1, 4.6f, 6.5f),
};

#define BPL_G711_BARE 4.3

static const struct codec_quality *
codec_quality_of(enum rtp_codec codec)
{
	const struct codec_quality *q = (unsigned)codec < RTP_CODEC_COUNT ? &codecs[codec] : NULL;

	return q && q->known ? q : NULL;
}

bool
rtp_quality_has(enum rtp_codec codec)
{
	return codec_quality_of(codec) != NULL;
}

double
rtp_quality_codec_delay_ms(enum rtp_codec codec)
{
	const struct codec_quality *q = codec_quality_of(codec);

	return q ? (double)q->delay_ms : 0;
}

double
rtp_quality_mos(double r)
{
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return mos > 1 ? mos : 1; /* the polynomial dips below 1 where R < 6.5 */
}

double
rtp_quality_ie_eff(double ie, double bpl, double loss_percent, double burst_ratio)
{
	double most = loss_percent < 2 ? 8 : 2, ratio = burst_ratio;

	if (!(ratio > 1))
		ratio = 1;
	if (ratio > most)
		ratio = most;
	return ie + (95 - ie) * loss_percent / (loss_percent / ratio + bpl);
}

/* Too long a way, echo or none: (7-27), (7-28). */
static double
absolute_delay(double ta_ms)
{
	if (ta_ms <= DELAY_SEEN_MS)
		return 0;
	double x = log10(ta_ms / DELAY_SEEN_MS) / log10(2.0);
	return 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
}

double
rtp_quality_id(double delay_ms)
{
	double t = delay_ms > 0 ? delay_ms : 0;
	double terv = TELR - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-0.3 * t * t);
	double re = 80 + 2.5 * (terv - 14);
	double talker = ((RO - re) / 2 + sqrt((RO - re) * (RO - re) / 4 + 100) - 1) * (1 - exp(-t));
	double rle = 10.5 * (WEPL + 7) * pow(2 * t + 1, -0.25);
	double listener = (RO - rle) / 2 + sqrt((RO - rle) * (RO - rle) / 4 + 169);

	return talker + listener + absolute_delay(t);
}

bool
rtp_quality_of(struct rtp_quality *out, const struct rtp_quality_input *in)
{
	const struct codec_quality *q = codec_quality_of(in->codec);
	bool g711 = in->codec == RTP_CODEC_PCMU || in->codec == RTP_CODEC_PCMA;

	if (q == NULL)
		return false;
	double bpl = g711 && !in->g711_plc ? BPL_G711_BARE : (double)q->bpl;
	double burst_ratio = q->wideband ? 1 : in->burst_ratio;
	double ie = rtp_quality_ie_eff((double)q->ie, bpl, in->loss_percent, burst_ratio);
	if (q->wideband)
		out->r = R_WIDEBAND - absolute_delay(in->delay_ms) - ie;
	else
		out->r = RO - IS - rtp_quality_id(in->delay_ms) - ie;
	if (out->r < 0)
		out->r = 0;
	out->mos = rtp_quality_mos(q->wideband ? out->r / 1.29 : out->r);
	out->wideband = q->wideband;
	out->is_estimate = q->is_estimate;
	return true;
}
