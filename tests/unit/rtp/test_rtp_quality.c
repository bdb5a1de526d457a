/* The E-model against what ITU-T published: G.107 table 2, annex B; G.113 appendix I. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rtp_quality.h"

static void
near(double got, double want, double within)
{
	if (fabs(got - want) > within)
		fail_msg("%.6f, not %.6f", got, want);
}

static struct rtp_quality
quality(enum rtp_codec codec, double loss_percent, double burst_ratio, double delay_ms)
{
	struct rtp_quality_input in = {codec, true, loss_percent, burst_ratio, delay_ms};
	struct rtp_quality q;

	assert_true(rtp_quality_of(&q, &in));
	return q;
}

/* Ro and Is from the defaults of G.107 table 2 by its formulae (7-2 to 7-16). */
static double
default_ro_minus_is(void)
{
	double slr = 8, rlr = 2, stmr = 15, ds = 3, dr = 3, telr = 65, nc = -70, nfor = -64, p = 35;
	double olr = slr + rlr, lstr = stmr + dr;
	double nos = p - slr - ds - 100 + 0.004 * pow(p - olr - ds - 14, 2);
	double pre = p + 10 * log10(1 + pow(10, (10 - lstr) / 10));
	double nor = rlr - 121 + pre + 0.008 * pow(pre - 35, 2);
	double no = 10 * log10(pow(10, nc / 10) + pow(10, nos / 10) + pow(10, nor / 10) + pow(10, (nfor + rlr) / 10));
	double ro = 15 - 1.5 * (slr + no);
	double xolr = olr + 0.2 * (64 + no - rlr);
	double iolr = 20 * (pow(1 + pow(xolr / 8, 8), 1.0 / 8) - xolr / 8);
	double stmro = -10 * log10(pow(10, -stmr / 10) + pow(10, -telr / 10));
	double ist = 12 * pow(1 + pow((stmro - 13) / 6, 8), 1.0 / 8) - 28 * pow(1 + pow((stmro + 1) / 19.4, 35), 1.0 / 35) -
		     13 * pow(1 + pow((stmro - 3) / 33, 13), 1.0 / 13) + 29;
	double q = 37, g = 1.07 + 0.258 * q + 0.0602 * q * q;
	double iq = 15 * log10(1 + pow(10, (ro - 100) / 15 + 46 / 8.4 - g / 9) + pow(10, 46.0 / 30 - g / 40));

	return ro - iolr - ist - iq;
}

static void
the_default_connection_is_93_2(void **state)
{
	struct rtp_quality q = quality(RTP_CODEC_PCMA, 0, 1, 0);

	near(q.r, 93.2, 0.05); /* G.107 table 2 */
	near(q.r, default_ro_minus_is() - rtp_quality_id(0), 1e-4);
	near(rtp_quality_mos(93.2), 4.41, 0.005);
	near(rtp_quality_mos(93.2), 4.4093, 1e-4);
	assert_false(q.wideband || q.is_estimate);
}

/* G.107 annex B; limits of G.109 table 1 (user satisfaction). */
static void
mos_follows_annex_b(void **state)
{
#define P(r, mos) near(rtp_quality_mos(r), mos, 0.005)
	P(-5, 1);
	P(0, 1);
	P(3, 1);
	P(50, 2.58);
	P(60, 3.10);
	P(70, 3.60);
	P(80, 4.024); /* table B.1 prints 4.03: its own polynomial gives this */
	P(90, 4.34);
	P(100, 4.5);
	P(120, 4.5);
#undef P
	for (double r = 6.5; r < 100; r += 0.1)
		assert_true(rtp_quality_mos(r + 0.1) >= rtp_quality_mos(r));
}

/* Ie + (95 - Ie) Ppl / (Ppl + Bpl), by hand from G.113 appendix I's pairs. */
static void
ie_eff_follows_g113(void **state)
{
#define P(codec, plc, loss, want) do { \
		struct rtp_quality_input in = {codec, plc, loss, 1, 0}; \
		struct rtp_quality q; \
		assert_true(rtp_quality_of(&q, &in)); \
		near(93.2062 - q.r, want, 0.005); \
	} while (0)
	P(RTP_CODEC_PCMU, true, 1, 3.64);  /* 95 / 26.1 */
	P(RTP_CODEC_PCMU, true, 5, 15.78); /* 475 / 30.1 */
	P(RTP_CODEC_PCMA, false, 1, 17.92);
	P(RTP_CODEC_PCMA, false, 5, 51.08);
	P(RTP_CODEC_G729, true, 0, 11);
	P(RTP_CODEC_G729, true, 1, 15.20);
	P(RTP_CODEC_G729, true, 3, 22.45);
	P(RTP_CODEC_G723, true, 0, 15);
	P(RTP_CODEC_G723, true, 2, 23.84);
	P(RTP_CODEC_GSM_EFR, true, 2, 20);
	P(RTP_CODEC_GSM, true, 2, 23.33);
	P(RTP_CODEC_ILBC, true, 2, 15.94);
	P(RTP_CODEC_AMR, true, 5, 35);
	P(RTP_CODEC_G726_32, true, 0, 7);
	P(RTP_CODEC_G726_16, true, 0, 50);
#undef P
}

static void
bursts_weigh_more_within_the_permitted_range(void **state)
{
	near(rtp_quality_ie_eff(11, 19, 5, 2), 11 + 84 * 5 / (2.5 + 19), 1e-9);
	near(rtp_quality_ie_eff(11, 19, 5, 6), rtp_quality_ie_eff(11, 19, 5, 2), 1e-9);  /* > 2 only below 2 % */
	near(rtp_quality_ie_eff(11, 19, 1, 6), 11 + 84 / (1.0 / 6 + 19), 1e-9);
	near(rtp_quality_ie_eff(11, 19, 1, 60), rtp_quality_ie_eff(11, 19, 1, 8), 1e-9);
	near(rtp_quality_ie_eff(11, 19, 5, 0.5), rtp_quality_ie_eff(11, 19, 5, 1), 1e-9);
	near(rtp_quality_ie_eff(0, 4.3, 5, NAN), rtp_quality_ie_eff(0, 4.3, 5, 1), 1e-9);
	assert_true(quality(RTP_CODEC_PCMA, 10, 2, 0).mos < quality(RTP_CODEC_PCMA, 10, 1, 0).mos);
}

/* The curve of G.107 with echo loss 65 dB; its straight lines (Cole, Rosenbluth 2001) lie within 1 of it up to 300 ms. */
static void
delay_impairs_as_published(void **state)
{
	for (double d = 0; d <= 300; d += 10)
		near(rtp_quality_id(d), 0.024 * d + (d > 177.3 ? 0.11 * (d - 177.3) : 0), 1);
	for (double d = 10; d < 1000; d++)
		assert_true(rtp_quality_id(d + 1) >= rtp_quality_id(d) - 1e-9);
	near(rtp_quality_id(-10), rtp_quality_id(0), 1e-9);
}

static void
wideband_has_a_scale_of_its_own(void **state)
{
	struct rtp_quality q = quality(RTP_CODEC_G722, 0, 1, 0);

	assert_true(q.wideband && q.is_estimate);
	near(q.r, 116, 1e-9); /* 129 - Ie,wb 13 */
	near(q.mos, rtp_quality_mos(116 / 1.29), 1e-9);
	near(quality(RTP_CODEC_AMR_WB, 4.3, 1, 0).r, 129 - 13 - 41, 1e-5);
	near(quality(RTP_CODEC_OPUS, 0, 1, 0).r, 128, 1e-9);
	near(quality(RTP_CODEC_G722, 2, 5, 0).r, quality(RTP_CODEC_G722, 2, 1, 0).r, 1e-9);
}

static void
no_figures_no_opinion(void **state)
{
	static const enum rtp_codec none[] = {RTP_CODEC_NONE, RTP_CODEC_OTHER, RTP_CODEC_TELEPHONE_EVENT, RTP_CODEC_H264, RTP_CODEC_CN, RTP_CODEC_COUNT};
	struct rtp_quality q;

	for (unsigned i = 0; i < base_count_of(none); i++) {
		struct rtp_quality_input in = {none[i], true, 0, 1, 0};
		assert_false(rtp_quality_of(&q, &in) || rtp_quality_has(none[i]));
	}
	near(rtp_quality_codec_delay_ms(RTP_CODEC_G729), 5, 1e-9);
	near(rtp_quality_codec_delay_ms(RTP_CODEC_H264), 0, 1e-9);
}

static void
the_scale_ends_at_0_and_mos_at_1(void **state)
{
	struct rtp_quality q = quality(RTP_CODEC_G726_16, 100, 1, 5000);

	near(q.r, 0, 1e-9);
	near(q.mos, 1, 1e-9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_connection_is_93_2),
		cmocka_unit_test(mos_follows_annex_b),
		cmocka_unit_test(ie_eff_follows_g113),
		cmocka_unit_test(bursts_weigh_more_within_the_permitted_range),
		cmocka_unit_test(delay_impairs_as_published),
		cmocka_unit_test(wideband_has_a_scale_of_its_own),
		cmocka_unit_test(no_figures_no_opinion),
		cmocka_unit_test(the_scale_ends_at_0_and_mos_at_1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
