/* Law: the figures are those of RFC 6076 sections 4.3 to 4.8, computed by hand here. */
#include "cli_testing.h"

#include <math.h>

#include "cli_rfc6076.h"

static uint8_t record[RECORD_BYTES_MAX];

struct sample {
	unsigned code;                              /* 0: none */
	double srd_ms, pdd_ms, sdd_ms, duration_ms; /* 0: none */
	unsigned bye_code;
	const char *status;
	bool no_invite;
};

static bool
add(struct rfc6076 *m, const struct sample *s)
{
	struct record_writer w = record_writer_begin(record, sizeof(record), RECORD_CALL);
	struct record_row row;

	record_put_cstr(&w, RECORD_F_STATUS, s->status ? s->status : "final");
	if (!s->no_invite)
		record_put_time(&w, RECORD_F_INVITE_TIME, TESTING_T0);
	if (s->code)
		record_put_u64(&w, RECORD_F_SIP_CODE, s->code);
	if (s->bye_code)
		record_put_u64(&w, RECORD_F_BYE_CODE, s->bye_code);
	const struct {
		enum record_field f;
		double v;
	} values[] = {{RECORD_F_SRD_MS, s->srd_ms}, {RECORD_F_PDD_MS, s->pdd_ms},
		{RECORD_F_SDD_MS, s->sdd_ms}, {RECORD_F_DURATION_MS, s->duration_ms}};
	for (unsigned i = 0; i < base_count_of(values); i++)
		if (values[i].v > 0)
			record_put_f64(&w, values[i].f, values[i].v);
	assert_int_equal(record_row_read(&row, record, w.len), 0);
	return rfc6076_add(m, &row);
}

static void
check(struct rfc6076 *m, enum rfc6076_figure f, double want)
{
	double got = rfc6076_figure(m, f);

	if (isnan(want) ? !isnan(got) : !(fabs(got - want) < 1e-6))
		fail_msg("%s: %f, not %f", rfc6076_infos[f].key, got, want);
}

/* 12 attempts: 4 answered, 2 redirected, 480, 486, 600, 603; 503; one without response. */
static void
test_by_hand(void **state)
{
	static const struct sample samples[] = {
		{200, 100, 400, 20, 10000, 200, NULL, false},
		{200, 300, 600, 40, 20000, 200, NULL, false},
		{200, 500, 800, 90, 30000, 481, NULL, false}, /* a BYE that failed: no SDD */
		{202, 100, 1000, 0, 0, 0, NULL, false},
		{302, 50, 0, 0, 0, 0, NULL, false},
		{301, 150, 0, 0, 0, 0, NULL, false},
		{480, 1000, 1200, 0, 0, 0, NULL, false},
		{486, 200, 0, 0, 0, 0, NULL, false},
		{600, 200, 0, 0, 0, 0, NULL, false},
		{603, 400, 0, 0, 0, 0, NULL, false},
		{503, 0, 0, 0, 0, 0, NULL, false},
		{0, 0, 0, 0, 0, 0, NULL, false},
	};
	struct rfc6076 m = {0};

	for (unsigned i = 0; i < base_count_of(samples); i++)
		assert_true(add(&m, &samples[i]));
	check(&m, RFC6076_ATTEMPTS, 12);
	check(&m, RFC6076_ANSWERED, 4);
	check(&m, RFC6076_ASR, 100 * 4.0 / 12);
	check(&m, RFC6076_SER, 100 * 4.0 / (12 - 2));
	check(&m, RFC6076_SEER, 100 * (4.0 + 4) / (12 - 2));
	check(&m, RFC6076_ISA, 100 * 1.0 / 12);
	check(&m, RFC6076_SRD_GOOD, (100 + 300 + 500 + 100) / 4.0);
	check(&m, RFC6076_SRD_BAD, (50 + 150 + 1000 + 200 + 200 + 400) / 6.0);
	check(&m, RFC6076_SDD, (20 + 40) / 2.0);
	check(&m, RFC6076_PDD_50, 800);  /* of 400 600 800 1000 1200 the third */
	check(&m, RFC6076_PDD_95, 1200); /* rank 4.75: the fifth */
	check(&m, RFC6076_ACD, 20);
	rfc6076_free(&m);
}

/* Each final response by what it counts for. */
static void
test_every_code(void **state)
{
	for (unsigned code = 200; code < 700; code++) {
		struct rfc6076 m = {0};
		bool answered = code < 300, redirect = code >= 300 && code < 400;
		bool busy = code == 480 || code == 486 || code == 600 || code == 603;
		bool bad = code == 408 || code == 500 || code == 503 || code == 504;
		assert_true(add(&m, &(struct sample){.code = code}));
		check(&m, RFC6076_SER, redirect ? NAN : answered ? 100 : 0);
		check(&m, RFC6076_SEER, redirect ? NAN : answered || busy ? 100 : 0);
		check(&m, RFC6076_ISA, bad ? 100 : 0);
		check(&m, RFC6076_ASR, answered ? 100 : 0);
		rfc6076_free(&m);
	}
}

/* What has not ended, or begun before the capture, is no attempt; of nothing there is no figure. */
static void
test_none(void **state)
{
	struct rfc6076 m = {0};

	assert_false(add(&m, &(struct sample){.code = 200, .status = "interim"}));
	assert_false(add(&m, &(struct sample){.code = 200, .no_invite = true}));
	check(&m, RFC6076_ATTEMPTS, 0);
	for (unsigned f = RFC6076_ASR; f < RFC6076_FIGURES; f++)
		check(&m, (enum rfc6076_figure)f, NAN);
}

/* Percentiles of 1..1000 in a shuffled order: nearest rank. */
static void
test_percentiles(void **state)
{
	struct rfc6076 m = {0};

	for (unsigned i = 0; i < 1000; i++)
		add(&m, &(struct sample){.code = 200, .pdd_ms = 1 + i * 367 % 1000});
	check(&m, RFC6076_PDD_50, 500);
	check(&m, RFC6076_PDD_95, 950);
	rfc6076_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_every_code), cmocka_unit_test(test_none),
		cmocka_unit_test(test_percentiles)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
