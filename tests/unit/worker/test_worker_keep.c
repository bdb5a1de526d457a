/* A kept message is its bytes, where its dialog took it: of calls, or of all; cut where it is long, without the digits where they
 * are masked, and no more a second than configured.  What is not kept is counted. */
#include "worker_testing.h"

struct kept {
	uint32_t n;
	bool refuse;
	char text[4000], json[4000];
	uint64_t length;
	bool truncated;
};

static bool
take(void *context, uint32_t core, uint8_t *record, uint32_t len, struct base_span text)
{
	static struct record_row row;
	static uint8_t bytes[RECORD_BYTES_MAX];
	struct kept *kept = context;
	struct base_text json = base_text_of(kept->json, sizeof(kept->json));

	if (kept->refuse)
		return false;
	memcpy(bytes, record, len);
	memcpy(bytes + len, text.p, text.len);
	assert_int_equal(record_row_read(&row, bytes, len + text.len), 0);
	assert_int_equal(row.kind, RECORD_MESSAGE);
	assert_int_equal(row.values[RECORD_F_TEXT].text.len, text.len);
	record_json(&json, &row, true);
	base_text_cstr(&json);
	snprintf(kept->text, sizeof(kept->text), "%.*s", (int)text.len, (const char *)text.p);
	kept->length = row.values[RECORD_F_LENGTH].u64;
	kept->truncated = row.values[RECORD_F_TRUNCATED].present && row.values[RECORD_F_TRUNCATED].boolean;
	kept->n++;
	return true;
}

static bool
ignore(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	return true;
}

/* An engine that keeps messages as the configuration of another one says. */
static struct worker_set *
keeper(struct engine *e, struct kept *kept)
{
	struct sys_error error;
	struct worker_set *set;
	struct worker_options o = {.config = e->config, .cores = 1, .replay = true, .clock_source = "host",
		.record = ignore, .keep = take, .context = kept};

	*kept = (struct kept){.n = 0};
	assert_int_equal(worker_set_new(&set, &o, &error), 0);
	worker_set_free(e->set);
	e->set = set;
	return set;
}

static void
send_text(struct engine *e, const char *text, uint32_t len)
{
	struct wire w = {1, 2, 5060, 5070, 17, 0, 0};
	uint8_t frame[FRAME_MAX];

	engine_frame(e, 0, frame, wire_frame(frame, &w, text, len));
}

static uint64_t
counted(struct engine *e, int metric)
{
	return worker_set_metrics(e->set, 0)->values[metric];
}

static void
bytes_and_where_they_were_seen(void **state)
{
	struct engine *e = engine_new(1);
	struct kept kept;
	char text[1500];
	uint32_t len = sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000);

	e->config->messages.keep = CONFIG_KEEP_ALL;
	keeper(e, &kept);
	send_text(e, text, len);
	assert_int_equal(kept.n, 1);
	assert_string_equal(kept.text, text);
	assert_int_equal(kept.length, len);
	assert_false(kept.truncated);
	assert_non_null(strstr(kept.json, "\"status\":\"final\",\"call_id\":\"call-1\",\"method\":\"INVITE\",\"cseq\":1,"
		"\"cseq_method\":\"INVITE\",\"src_ip\":\"10.0.0.1\",\"src_port\":5060,\"dst_ip\":\"10.0.0.2\",\"dst_port\":5070,"
		"\"transport\":\"udp\",\"time\":\"2023-11-14T22:13:20.000000Z\",\"clock_source\":\"host\","));
	send_text(e, text, sip_text(text, sizeof(text), 1, "200 OK", "1 INVITE", 4000));
	assert_int_equal(kept.n, 2);
	assert_non_null(strstr(kept.json, "\"cseq\":1,\"cseq_method\":\"INVITE\","));
	assert_non_null(strstr(kept.json, "\"sip_code\":200,"));
	assert_null(strstr(kept.json, "\"method\":"));
	assert_int_equal(counted(e, METRICS_MESSAGES_KEPT), 2);
	assert_int_equal(counted(e, METRICS_MESSAGES_CUT) + counted(e, METRICS_MESSAGES_LEFT_OUT), 0);
	engine_free(e);
}

static void
which_are_kept(void **state)
{
	for (int keep = CONFIG_KEEP_NONE; keep <= CONFIG_KEEP_ALL; keep++) {
		struct engine *e = engine_new(1);
		struct kept kept;
		char text[1500];
		e->config->messages.keep = (enum config_messages_keep)keep;
		keeper(e, &kept);
		send_text(e, text, sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000));
		send_text(e, text, sip_text(text, sizeof(text), 1, "INFO", "2 INFO", 0));
		send_text(e, text, sip_text(text, sizeof(text), 2, "REGISTER", "1 REGISTER", 0));
		send_text(e, text, sip_text(text, sizeof(text), 3, "OPTIONS", "1 OPTIONS", 0));
		assert_int_equal(kept.n, keep == CONFIG_KEEP_NONE ? 0 : keep == CONFIG_KEEP_CALLS ? 2 : 4);
		assert_int_equal(counted(e, METRICS_MESSAGES_LEFT_OUT), 0);
		engine_free(e);
	}
}

static void
long_ones_are_cut(void **state)
{
	struct engine *e = engine_new(1);
	struct kept kept;
	char text[1500];
	uint32_t len = sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000);

	e->config->messages.keep = CONFIG_KEEP_ALL;
	e->config->messages.max_bytes = len - 1;
	keeper(e, &kept);
	send_text(e, text, len);
	assert_int_equal(strlen(kept.text), len - 1);
	assert_memory_equal(kept.text, text, len - 1);
	assert_int_equal(kept.length, len);
	assert_true(kept.truncated);
	assert_int_equal(counted(e, METRICS_MESSAGES_CUT), 1);
	engine_free(e);
}

static void
masked_digits_are_not_kept(void **state)
{
	static const char info[] = "INFO sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKi\r\nFrom: <sip:a1@x>;tag=f1\r\n"
		"To: <sip:b1@x>;tag=t1\r\nCall-ID: call-1\r\nCSeq: 2 INFO\r\nContent-Type: application/dtmf-relay\r\n"
		"Content-Length: 10\r\n\r\nSignal=7\r\n";

	for (int mask = 0; mask < 2; mask++) {
		struct engine *e = engine_new(1);
		struct kept kept;
		char text[1500];
		e->config->messages.keep = CONFIG_KEEP_ALL;
		e->config->dtmf.mask = mask;
		keeper(e, &kept);
		send_text(e, text, sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000));
		assert_non_null(strstr(kept.text, "m=audio")); /* other bodies stay */
		send_text(e, info, sizeof(info) - 1);
		assert_int_equal(kept.n, 2);
		assert_non_null(strstr(kept.text, "dtmf-relay"));
		assert_int_equal(strstr(kept.text, "Signal") == NULL, mask);
		assert_int_equal(kept.truncated, mask);
		engine_free(e);
	}
}

static void
no_more_a_second(void **state)
{
	struct engine *e = engine_new(1);
	struct kept kept;
	char text[1500];
	uint32_t len = sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000), first;

	e->config->messages.keep = CONFIG_KEEP_ALL;
	e->config->messages.rate_bytes = 10 * len;
	keeper(e, &kept);
	for (int i = 0; i < 20; i++)
		send_text(e, text, len);
	first = kept.n;
	assert_in_range(first, 3, 10); /* a second's worth at once, what stands beside the bytes counts */
	assert_int_equal(counted(e, METRICS_MESSAGES_LEFT_OUT), 20 - first);
	for (int second = 0; second < 3; second++) {
		e->now_ns += BASE_NS_PER_SEC;
		for (int i = 0; i < 20; i++)
			send_text(e, text, len);
		assert_in_range(kept.n, (second + 2) * first - 1, (second + 2) * first + 1);
	}
	/* A clock that goes back does not stop it. */
	uint32_t before = kept.n;
	e->now_ns -= 3600 * BASE_NS_PER_SEC;
	send_text(e, text, len);
	assert_int_equal(kept.n, before + 1);
	assert_int_equal(counted(e, METRICS_MESSAGES_KEPT), kept.n);
	engine_free(e);
}

static void
refused_ones_are_counted(void **state)
{
	struct engine *e = engine_new(1);
	struct kept kept;
	char text[1500];

	e->config->messages.keep = CONFIG_KEEP_ALL;
	keeper(e, &kept);
	kept.refuse = true;
	send_text(e, text, sip_text(text, sizeof(text), 1, "INVITE", "1 INVITE", 4000));
	assert_int_equal(counted(e, METRICS_MESSAGES_LEFT_OUT), 1);
	assert_int_equal(counted(e, METRICS_MESSAGES_KEPT), 0);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_and_where_they_were_seen),
		cmocka_unit_test(which_are_kept),
		cmocka_unit_test(long_ones_are_cut),
		cmocka_unit_test(masked_digits_are_not_kept),
		cmocka_unit_test(no_more_a_second),
		cmocka_unit_test(refused_ones_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
