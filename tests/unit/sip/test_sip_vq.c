#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip_vq.h"

static const char report[] =
	"VQSessionReport: CallTerm\r\nCallID: 6dg37f1890463@10.1.1.1\r\nLocalID: Alice <sip:alice@example.org>\r\n"
	"LocalMetrics:\r\nTimestamps:START=2004-10-10T18:23:43Z STOP=2004-10-01T18:26:02Z\r\n"
	"SessionDesc:PT=18 PD=\"G729\" SR=8000 FD=20 PLC=3 SSUP=on\r\nJitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120\r\n"
	"PacketLoss:NLR=5.0 JDR=2.0\r\nBurstGapLoss:BLD=0 BD=0 GLD=2.5 GD=500 GMIN=16\r\nDelay:RTD=200 ESD=140 IAJ=2\r\n"
	"Signal:SL=-18 NL=-50 RERL=55\r\nQualityEst:RLQ=90 RCQ=85 EXTRI=90 MOSLQ=4.2 MOSCQ=4.1 QoEEstAlg=P.564\r\n"
	"RemoteMetrics:\r\nPacketLoss:NLR=77 JDR=66\r\nQualityEst:MOSLQ=1.0\r\n";

static void
local_metrics_are_read_and_remote_ones_left(void **state)
{
	struct sip_vq vq;

	assert_true(sip_vq_parse(&vq, base_span_cstr(report)));
	assert_true(base_span_eq(vq.report, BASE_SPAN("VQSessionReport")) && base_span_eq(vq.call_id, BASE_SPAN("6dg37f1890463@10.1.1.1")));
	assert_true(base_span_eq(vq.codec, BASE_SPAN("G729")));
	assert_true(vq.loss == 5 && vq.discard == 2 && vq.burst_density == 0 && vq.gap_density == 2.5 && vq.gap_ms == 500);
	assert_true(vq.rtt_ms == 200 && vq.end_system_ms == 140 && vq.jitter_ms == 2 && vq.r_lq == 90 && vq.r_cq == 85);
	assert_true(vq.mos_lq == 4.2 && vq.mos_cq == 4.1);
}

static void
what_is_no_number_is_absent(void **state)
{
	struct sip_vq vq;

#define P(value, want) do { \
		assert_true(sip_vq_parse(&vq, BASE_SPAN("VQAlertReport: Type=NLR\nPacketLoss: NLR=" value "\n"))); \
		assert_true(isnan((double)(want)) ? isnan(vq.loss) : vq.loss == (double)(want)); \
		assert_true(isnan(vq.mos_lq)); \
	} while (0)
	P("5", 5);
	P("-0.25", -0.25);
	P("", NAN);
	P("-", NAN);
	P(".", NAN);
	P("5%", NAN);
	P("1.2.3", NAN);
	P("123456789012345678901", NAN);
#undef P
	assert_false(sip_vq_parse(&vq, BASE_SPAN("")));
	assert_false(sip_vq_parse(&vq, BASE_SPAN("v=0\r\n")));
	assert_true(sip_vq_is(BASE_SPAN("Application/VQ-RTCPXR;x=y")) && !sip_vq_is(BASE_SPAN("application/sdp")));
}

static void
cut_at_any_byte_nothing_is_read_outside(void **state)
{
	for (uint32_t n = 0; n < sizeof(report); n++) {
		char *copy = malloc(n ? n : 1);
		struct sip_vq vq;
		memcpy(copy, report, n);
		sip_vq_parse(&vq, base_span_of(copy, n));
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_metrics_are_read_and_remote_ones_left),
		cmocka_unit_test(what_is_no_number_is_absent),
		cmocka_unit_test(cut_at_any_byte_nothing_is_read_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
