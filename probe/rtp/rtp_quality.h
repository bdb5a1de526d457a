/* rtp_quality: what a listener would have said of a stream, by the E-model (ITU-T G.107, wideband
 * G.107.1).  Pure: numbers in, numbers out.
 *
 * R is the transmission rating with every parameter at its default (G.107 table 2) but the ones a
 * probe can measure: delay, loss, burstiness of loss, codec.
 *     narrowband  R = Ro - Is - Id(delay) - Ie,eff            93.2 at best, 0..100
 *     wideband    R = 129 - Idd(delay) - Ie,wb,eff            129 at best, MOS at R / 1.29
 *     Ie,eff = Ie + (95 - Ie) * Ppl / (Ppl / BurstR + Bpl)    BurstR 1 in wideband (G.107.1)
 * Delay: T = Ta = Tr / 2, talker echo loss and the rest at the defaults.  BurstR is taken within
 * what G.107 allows: 1..8, above 2 only where less than 2 % are lost.
 *
 * Ie and Bpl come from G.113 (rtp_quality.c names the table of each); is_estimate says that G.113
 * has no complete pair for the codec (or none for the mode in use) and the row's comment says what
 * was taken instead. */
#pragma once

#include "rtp.h"

struct rtp_quality_input {
	enum rtp_codec codec;
	/* the receiver conceals lost packets of G.711 (G.711 appendix I) */
	bool g711_plc;
	double loss_percent;       /* lost in the network and discarded for being late, 0..100 */
	double burst_ratio;        /* G.107: mean run of losses, against that of random loss */
	double delay_ms;           /* mouth to ear, one way */
};

struct rtp_quality {
	double r, mos;             /* MOS-CQE, 1..4.5 */
	bool wideband;             /* G.107.1: a scale of its own, r up to 129 */
	bool is_estimate;
};

/* False: there is no Ie and Bpl for the codec. */
bool rtp_quality_of(struct rtp_quality *out, const struct rtp_quality_input *in);
/* Is there? */
bool rtp_quality_has(enum rtp_codec codec);
/* What coder and decoder hold back beside the packet itself (look-ahead), ms. */
double rtp_quality_codec_delay_ms(enum rtp_codec codec);
/* G.107 annex B: MOS of an R of 0..100. */
double rtp_quality_mos(double r);
/* G.107 (7-29): Ie and Ie,eff on one scale of 0..95. */
double rtp_quality_ie_eff(double ie, double bpl, double loss_percent, double burst_ratio);
/* Id of G.107 7.4 with T = Ta = delay_ms, Tr = 2 * delay_ms. */
double rtp_quality_id(double delay_ms);
