#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

static void
defaults_are_those_of_the_header(void **state)
{
	struct config *c;
	struct sys_error e;
	char segment[128];

	assert_int_equal(config_defaults(&c, &e), 0);
	assert_string_equal(c->path, "");
	assert_true(strlen(c->probe.name) > 0);
	snprintf(segment, sizeof(segment), "/dev/shm/ringtap-%s", c->probe.name);
	assert_string_equal(c->probe.segment, segment);
	assert_int_equal(c->probe.ports_count, 0);
	assert_int_equal(c->probe.cores, 1);
	assert_string_equal(c->probe.user, "");
	assert_string_equal(c->probe.state_dir, "/var/lib/ringtap");
	assert_int_equal(c->probe.ring_bytes, 64 << 20);
	assert_int_equal(c->probe.rx_descriptors, 4096);
	assert_int_equal(c->probe.mbufs, 65536);
	assert_int_equal(c->probe.mtu, 9000);
	assert_true(c->probe.promiscuous);
	assert_int_equal(c->probe.log_level, CONFIG_LOG_INFO);
	assert_int_equal(c->sip.ports_count, 1);
	assert_int_equal(c->sip.ports[0], 5060);
	assert_true(c->sip.any_port);
	assert_int_equal(c->sip.extra_headers_count, 0);
	assert_int_equal(c->tables.calls, 100000);
	assert_int_equal(c->tables.streams, 200000);
	assert_int_equal(c->tables.endpoints, 400000);
	assert_int_equal(c->tables.flow_entries, 256);
	assert_int_equal(c->tables.fragments, 256);
	assert_int_equal(c->tables.tcp_flows, 1024);
	assert_int_equal(c->tables.tcp_buffer_bytes, 131072);
	assert_int_equal(c->timers.setup_s, 300);
	assert_int_equal(c->timers.linger_s, 5);
	assert_int_equal(c->timers.call_idle_s, 7200);
	assert_int_equal(c->timers.transaction_s, 32);
	assert_int_equal(c->timers.registration_s, 32);
	assert_int_equal(c->timers.stream_idle_s, 30);
	assert_int_equal(c->watch_count, 0);
	assert_int_equal(c->collector.segments_count, 1);
	assert_string_equal(c->collector.segments[0], segment);
	assert_int_equal(c->collector.commit_ms, 200);
	assert_int_equal(c->collector.commit_records, 20000);
	assert_string_equal(c->store.dir, "/var/lib/ringtap/store");
	assert_int_equal(c->store.retention_days, 31);
	assert_true(c->billing.enabled);
	assert_string_equal(c->billing.dir, "/var/lib/ringtap/billing");
	assert_int_equal(c->billing.format, CONFIG_BILLING_CSV);
	assert_int_equal(c->billing.columns_count, 0);
	assert_int_equal(c->billing.kinds_count, 1);
	assert_string_equal(c->billing.kinds[0], "call");
	assert_int_equal(c->billing.compression, CONFIG_COMPRESSION_NONE);
	assert_int_equal(c->billing.hook_count, 0);
	assert_int_equal(c->billing.rotate_s, 300);
	assert_int_equal(c->billing.rotate_bytes, 64 << 20);
	assert_int_equal(c->billing.rotate_records, 100000);
	config_free(c);
	config_free(NULL);
}

static void
an_empty_file_gives_the_defaults(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# nothing\n", "---\n", "---\n# x\n...\n",
		"probe:\nsip:\n# ports: [1]\n", "sip:\n  ports:\n", "watch:\n"};

	for (size_t i = 0; i < base_count_of(texts); i++) {
		struct config *c = testing_load(texts[i]);
		assert_int_equal(c->sip.ports_count, 1);
		assert_int_equal(c->tables.calls, 100000);
		assert_int_equal(c->watch_count, 0);
		config_free(c);
	}
}

static void
what_stands_in_the_file_counts(void **state)
{
	struct config *c = testing_load(
		"probe:\n  name: edge-1\n  ports: [\"net_af_packet0,iface=eth1\", 0000:01:00.0]\n"
		"  cores: 4\n  user: ringtap\n  group: ringtap\n  ring_bytes: 1G\n  promiscuous: "
		"false\n  log_level: debug\n"
		"sip:\n  ports: [5060, 5080]\n  any_port: false\n  extra_headers: [X-Id, "
		"P-Access-Network-Info]\n"
		"tables:\n  calls: 1000\n  streams: 77\n"
		"collector:\n  segments: [/dev/shm/a, /dev/shm/b]\n"
		"billing:\n  format: jsonl\n  kinds: [call, stream]\n  columns: [uid, call_id, "
		"pdd_ms]\n");

	assert_string_equal(c->probe.name, "edge-1");
	assert_string_equal(c->probe.segment, "/dev/shm/ringtap-edge-1");
	assert_int_equal(c->probe.ports_count, 2);
	assert_string_equal(c->probe.ports[0], "net_af_packet0,iface=eth1");
	assert_string_equal(c->probe.ports[1], "0000:01:00.0");
	assert_int_equal(c->probe.cores, 4);
	assert_int_equal(c->probe.ring_bytes, 1u << 30);
	assert_false(c->probe.promiscuous);
	assert_int_equal(c->probe.log_level, CONFIG_LOG_DEBUG);
	assert_int_equal(c->sip.ports_count, 2);
	assert_int_equal(c->sip.ports[1], 5080);
	assert_false(c->sip.any_port);
	assert_string_equal(c->sip.extra_headers[1], "P-Access-Network-Info");
	assert_int_equal(c->tables.streams, 77);
	assert_int_equal(c->tables.endpoints, 4000);
	assert_int_equal(c->collector.segments_count, 2);
	assert_string_equal(c->collector.segments[1], "/dev/shm/b");
	assert_int_equal(c->billing.format, CONFIG_BILLING_JSONL);
	assert_int_equal(c->billing.columns_count, 3);
	assert_int_equal(c->billing.kinds_count, 2);
	config_free(c);
}

static void
an_empty_list_is_not_an_absent_one(void **state)
{
	struct config *c = testing_load("sip:\n  ports: []\n");

	assert_int_equal(c->sip.ports_count, 0);
	config_free(c);
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	struct config *c = NULL;
	struct sys_error e;

	assert_int_equal(config_load(&c, "/nonexistent/c.yaml", &e), -BASE_ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "/nonexistent/c.yaml"));
	assert_true(config_load(&c, "/", &e) < 0);
	assert_null(c);
}

static void
a_file_larger_than_any_configuration_is_refused(void **state)
{
	size_t len = (1u << 20) + 1;
	char *text = malloc(len);
	struct config *c = NULL;
	struct sys_error e;

	memset(text, '#', len);
	assert_int_equal(config_load(&c, testing_file("c.yaml", text, len), &e), -BASE_ERR_INVALID);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_header),
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(what_stands_in_the_file_counts),
		cmocka_unit_test(an_empty_list_is_not_an_absent_one),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(a_file_larger_than_any_configuration_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, testing_teardown);
}
