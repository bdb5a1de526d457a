#include "cli_rfc6076.h"

#include <math.h>
#include <stdlib.h>

#include "cli_private.h"

const struct rfc6076_info rfc6076_infos[RFC6076_FIGURES] = {
	[RFC6076_ATTEMPTS] = {"attempts", "ATTEMPTS", 0, 0},
	[RFC6076_ANSWERED] = {"answered", "ANSWERED", 0, 7},
	[RFC6076_ASR] = {"asr_percent", "ASR %", 1, 0},
	[RFC6076_SER] = {"ser_percent", "SER %", 1, 0},
	[RFC6076_SEER] = {"seer_percent", "SEER %", 1, 0},
	[RFC6076_ISA] = {"isa_percent", "ISA %", 1, 0},
	[RFC6076_SRD_GOOD] = {"srd_successful_ms", "SRD ms", 0, 4},
	[RFC6076_SRD_BAD] = {"srd_failed_ms", "FAILED", 0, 6},
	[RFC6076_SDD] = {"sdd_ms", "SDD ms", 0, 5},
	[RFC6076_PDD_50] = {"pdd_p50_ms", "PDD ms", 0, 0},
	[RFC6076_PDD_95] = {"pdd_p95_ms", "95 %", 0, 3},
	[RFC6076_ACD] = {"acd_s", "ACD s", 1, 0},
	[RFC6076_MOS] = {"mos_mean", "MOS", 2, 2},
};

/* ---- taking calls ---- */

static void
add_pdd(struct rfc6076 *m, double pdd_ms)
{
	if (isnan(pdd_ms))
		return;
	if (m->pdd_n == m->pdd_max) {
		m->pdd_max = m->pdd_max ? m->pdd_max * 2 : 64;
		m->pdd_ms = cli_memory(m->pdd_ms, m->pdd_max * sizeof(*m->pdd_ms));
	}
	m->pdd_ms[m->pdd_n++] = (float)pdd_ms;
	m->sorted = false;
}

static void
add_to(double *sum, uint64_t *n, double v)
{
	if (isnan(v))
		return;
	*sum += v;
	++*n;
}

static bool
is_one_of(unsigned code, const unsigned *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (codes[i] == code)
			return true;
	return false;
}

static void
add_response(struct rfc6076 *m, unsigned code)
{
	static const unsigned effective[] = {480, 486, 600, 603};
	static const unsigned ineffective[] = {408, 500, 503, 504};
	bool answered = code >= 200 && code < 300;

	m->answered += answered;
	m->redirected += code >= 300 && code < 400;
	m->effective += answered || is_one_of(code, effective, base_count_of(effective));
	m->ineffective += is_one_of(code, ineffective, base_count_of(ineffective));
}

bool
rfc6076_add(struct rfc6076 *m, const struct record_row *row)
{
	double code = cli_row_number(row, RECORD_F_SIP_CODE);
	double bye_code = cli_row_number(row, RECORD_F_BYE_CODE);

	if (row->kind != RECORD_CALL || !row->values[RECORD_F_INVITE_TIME].present ||
		base_span_eq(cli_row_str(row, RECORD_F_STATUS), BASE_SPAN("interim")))
		return false;
	bool answered = code >= 200 && code < 300;
	m->attempts++;
	if (!isnan(code))
		add_response(m, (unsigned)code);
	if (answered)
		add_to(&m->srd_good_ms, &m->srd_good_n, cli_row_number(row, RECORD_F_SRD_MS));
	else
		add_to(&m->srd_bad_ms, &m->srd_bad_n, cli_row_number(row, RECORD_F_SRD_MS));
	if (bye_code >= 200 && bye_code < 300)
		add_to(&m->sdd_ms, &m->sdd_n, cli_row_number(row, RECORD_F_SDD_MS));
	if (answered)
		add_to(&m->duration_ms, &m->duration_n, cli_row_number(row, RECORD_F_DURATION_MS));
	int mos = record_field_of(BASE_SPAN("mos"));
	if (mos >= 0 && record_field_in((enum record_field)mos, RECORD_CALL))
		add_to(&m->mos, &m->mos_n, cli_row_number(row, (enum record_field)mos));
	add_pdd(m, cli_row_number(row, RECORD_F_PDD_MS));
	return true;
}

void
rfc6076_free(struct rfc6076 *m)
{
	free(m->pdd_ms);
	m->pdd_ms = NULL;
}

/* ---- figures ---- */

static int
compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that so many percent of all do not exceed. */
static double
percentile(struct rfc6076 *m, unsigned percent)
{
	if (m->pdd_n == 0)
		return NAN;
	if (!m->sorted)
		qsort(m->pdd_ms, m->pdd_n, sizeof(*m->pdd_ms), compare);
	m->sorted = true;
	uint64_t rank = (m->pdd_n * percent + 99) / 100;
	return m->pdd_ms[rank ? rank - 1 : 0];
}

static double
ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

double
rfc6076_figure(struct rfc6076 *m, enum rfc6076_figure f)
{
	double attempts = (double)m->attempts, not_redirected = attempts - (double)m->redirected;

	switch (f) {
	case RFC6076_ATTEMPTS: return attempts;
	case RFC6076_ANSWERED: return (double)m->answered;
	case RFC6076_ASR: return ratio(100 * (double)m->answered, attempts);
	case RFC6076_SER: return ratio(100 * (double)m->answered, not_redirected);
	case RFC6076_SEER: return ratio(100 * (double)m->effective, not_redirected);
	case RFC6076_ISA: return ratio(100 * (double)m->ineffective, attempts);
	case RFC6076_SRD_GOOD: return ratio(m->srd_good_ms, (double)m->srd_good_n);
	case RFC6076_SRD_BAD: return ratio(m->srd_bad_ms, (double)m->srd_bad_n);
	case RFC6076_SDD: return ratio(m->sdd_ms, (double)m->sdd_n);
	case RFC6076_PDD_50: return percentile(m, 50);
	case RFC6076_PDD_95: return percentile(m, 95);
	case RFC6076_ACD: return ratio(m->duration_ms / 1e3, (double)m->duration_n);
	case RFC6076_MOS: return ratio(m->mos, (double)m->mos_n);
	default: return NAN;
	}
}
