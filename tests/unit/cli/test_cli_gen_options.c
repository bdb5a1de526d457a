/* Laws: each option of ringtap gen takes what its help says into the option it means, and names what
 * it does not take. */
#include "cli_testing.h"

#include "cli_gen.h"

static int
take(struct gen_options *o, const char *name, const char *value, const char *err_has)
{
	struct option longs[CLI_GEN_OPTIONS];
	struct terminal t;
	int i = 0, rc;

	terminal_open(&t);
	t.cli.command = "gen";
	cli_gen_option_names(longs);
	while (strcmp(longs[i].name, name) != 0)
		assert_true(++i < CLI_GEN_OPTIONS);
	rc = cli_gen_option_take(&t.cli, o, longs[i].val, value);
	fflush(t.cli.err);
	assert_has(t.err, err_has);
	assert_int_equal(rc == CLI_OK, t.err_len == 0);
	terminal_close(&t);
	return rc;
}

static void
good(void **state)
{
	struct gen_options o = gen_options_default();

	assert_int_equal(take(&o, "loss", "5%", ""), CLI_OK);
	assert_true(o.loss == 0.05);
	assert_int_equal(take(&o, "loss", "0.25", ""), CLI_OK);
	assert_true(o.loss == 0.25);
	assert_int_equal(take(&o, "hold", "1.5m", ""), CLI_OK);
	assert_true(o.hold_ns == 90 * BASE_NS_PER_SEC);
	assert_int_equal(take(&o, "jitter", "250us", ""), CLI_OK);
	assert_true(o.jitter_ns == 250000);
	assert_int_equal(take(&o, "rtcp", "0", ""), CLI_OK);
	assert_true(o.rtcp_ns == 0);
	assert_int_equal(take(&o, "burst", "1%,0.3,90%,0", ""), CLI_OK);
	assert_true(o.burst_p == 0.01 && o.burst_r == 0.3 && o.burst_loss == 0.9);
	assert_int_equal(take(&o, "fates", "busy=2,no_answer", ""), CLI_OK);
	assert_true(o.fates[GEN_BUSY] == 2 && o.fates[GEN_NO_ANSWER] == 1 && o.fates[0] == 0);
	assert_int_equal(take(&o, "codecs", "g729=3,AMR-WB", ""), CLI_OK);
	assert_true(o.codecs[GEN_CODEC_G729] == 3 && o.codecs[GEN_CODEC_AMR_WB] == 1);
	assert_true(o.codecs[GEN_CODEC_PCMA] == 0);
	assert_int_equal(take(&o, "from", "+4989=2,0900", ""), CLI_OK);
	assert_true(o.n_from == 2 && o.from[0].weight == 2);
	assert_string_equal(o.from[1].text, "0900");
	assert_int_equal(take(&o, "vlan", "0", ""), CLI_OK);
	assert_int_equal(o.vlan, 0);
	assert_int_equal(take(&o, "tunnel", "gtpu", ""), CLI_OK);
	assert_int_equal(o.tunnel, PACKET_TUNNEL_GTPU);
	assert_int_equal(take(&o, "hold-spread", "uniform", ""), CLI_OK);
	assert_int_equal(o.hold, GEN_UNIFORM);
	assert_int_equal(take(&o, "skew", "-30.5", ""), CLI_OK);
	assert_true(o.skew_ppm == -30.5);
	assert_int_equal(take(&o, "keep", NULL, ""), CLI_OK);
	assert_true(o.keep);
}

static void
wrong(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {{"loss", "5"}, {"loss", "-1%"}, {"loss", "x"}, {"loss", ""}, {"loss", "101%"},
		{"loss", "nan"}, {"hold", "5 parsecs"}, {"hold", "-1s"}, {"hold", ""},
		{"calls", "-1"}, {"calls", "1e3"}, {"cps", "0"}, {"cps", "inf"}, {"skew", "-inf"}, {"fates", "busy=inf"}, {"burst", "1%"},
		{"burst", "1%,2%,3%,4%,5%"}, {"fates", ""}, {"fates", "late"}, {"fates", "busy=x"},
		{"fates", "busy=-1"}, {"codecs", "mp3"}, {"from", "+49x"}, {"from", ""},
		{"from", "12345678901234567"}, {"vlan", "4095"}, {"tunnel", "none"},
		{"jitter-spread", "gauss"}, {"skew", "much"}};
	struct gen_options o = gen_options_default();

	for (size_t i = 0; i < base_count_of(rows); i++)
		assert_int_equal(take(&o, rows[i].name, rows[i].value, rows[i].name), CLI_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(wrong)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
