#include "sip_vq.h"

/* NAME=number within a line of LocalMetrics. */
static const struct number {
	const char *line, *name;
	size_t offset;
} numbers[] = {
#define NUMBER(line, name, member) {line, name, offsetof(struct sip_vq, member)}
	NUMBER("PacketLoss", "NLR", loss),
	NUMBER("PacketLoss", "JDR", discard),
	NUMBER("BurstGapLoss", "BLD", burst_density),
	NUMBER("BurstGapLoss", "BD", burst_ms),
	NUMBER("BurstGapLoss", "GLD", gap_density),
	NUMBER("BurstGapLoss", "GD", gap_ms),
	NUMBER("Delay", "RTD", rtt_ms),
	NUMBER("Delay", "ESD", end_system_ms),
	NUMBER("Delay", "IAJ", jitter_ms),
	NUMBER("QualityEst", "RLQ", r_lq),
	NUMBER("QualityEst", "RCQ", r_cq),
	NUMBER("QualityEst", "MOSLQ", mos_lq),
	NUMBER("QualityEst", "MOSCQ", mos_cq),
#undef NUMBER
};

bool
sip_vq_is(struct base_span content_type)
{
	return base_span_starts_nocase(content_type, BASE_SPAN("application/vq-rtcpxr"));
}

/* Up to the first of stop, which is taken too; all of *rest where there is none. */
static struct base_span
take_until(struct base_span *rest, char stop)
{
	const uint8_t *end = memchr(rest->p, stop, rest->len);
	uint32_t n = end ? (uint32_t)(end - rest->p) : rest->len;
	struct base_span taken = base_span_of(rest->p, n);

	n += end != NULL;
	*rest = base_span_of(rest->p + n, rest->len - n);
	return taken;
}

/* [-]digits[.digits], and nothing behind it. */
static double
number_of(struct base_span s)
{
	bool negative = s.len && s.p[0] == '-', fraction = false, any = false;
	double value = 0, unit = 1;

	for (uint32_t i = negative; i < s.len && i < 20; i++) {
		if (s.p[i] == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return __builtin_nan("");
		value = value * 10 + (s.p[i] - '0');
		unit *= fraction ? 10 : 1;
		any = true;
	}
	if (!any || s.len > 20)
		return __builtin_nan("");
	return (negative ? -value : value) / unit;
}

static struct base_span
unquoted(struct base_span s)
{
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"')
		return base_span_of(s.p + 1, s.len - 2);
	return s;
}

static void
take_pair(struct sip_vq *vq, struct base_span line, struct base_span pair)
{
	struct base_span name = take_until(&pair, '=');

	if (base_span_eq_nocase(line, BASE_SPAN("SessionDesc")) &&
		base_span_eq_nocase(name, BASE_SPAN("PD")))
		vq->codec = unquoted(pair);
	for (uint32_t i = 0; i < base_count_of(numbers); i++) {
		double value = number_of(pair);
		if (!base_span_eq_nocase(line, base_span_cstr(numbers[i].line)) ||
			!base_span_eq_nocase(name, base_span_cstr(numbers[i].name)))
			continue;
		memcpy((uint8_t *)vq + numbers[i].offset, &value, sizeof(value));
	}
}

bool
sip_vq_parse(struct sip_vq *vq, struct base_span body)
{
	double none = __builtin_nan("");
	bool local = true;

	*vq = (struct sip_vq){.loss = none};
	for (uint32_t i = 0; i < base_count_of(numbers); i++)
		memcpy((uint8_t *)vq + numbers[i].offset, &none, sizeof(none));
	while (body.len) {
		struct base_span line = base_span_trim(take_until(&body, '\n'));
		struct base_span name = base_span_trim(take_until(&line, ':'));
		line = base_span_trim(line);
		if (vq->report.len == 0 && !base_span_starts_nocase(name, BASE_SPAN("VQ")))
			return false;
		if (vq->report.len == 0)
			vq->report = name;
		else if (base_span_eq_nocase(name, BASE_SPAN("CallID")))
			vq->call_id = line;
		else if (base_span_eq_nocase(name, BASE_SPAN("RemoteMetrics")))
			local = false;
		while (local && line.len)
			take_pair(vq, name, take_until(&line, ' '));
	}
	return vq->report.len != 0;
}
