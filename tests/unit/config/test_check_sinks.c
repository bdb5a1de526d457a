/* Laws: what a sink could not work with is refused with file, line and key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

static void
billing(void **state)
{
	testing_refused("billing:\n  mask: [\"uid=drop\", \"pai=shout\"]\n",
		":2: billing.mask[1]: 'shout' is none of drop, hash, keep_first:N, keep_last:N");
	testing_refused("billing:\n  mask: [\"pai=drop\", \"pai=keep_last:2\"]\n",
		":2: billing.mask[1]: 'pai' stands there twice");
	testing_refused("billing:\n  mask: [\"pai=hash\"]\n",
		":1: billing.mask_key_file: is needed to hash 'pai'");
	testing_refused("billing:\n  node_address: here\n",
		":2: billing.node_address: 'here' is no IP address");
	testing_refused("billing:\n  compression: lzma\n",
		":2: billing.compression: 'lzma' is none of none, gzip, zstd");
	config_free(testing_load(
		"billing: {mask: [\"pai=hash\"], mask_key_file: /k, compression: zstd}\n"));
	testing_refused("billing:\n  kinds: [message]\n  mask: [\"src_ip=drop\"]\n",
		":3: billing.mask: a message's text has all that is masked: 'text' needs a rule "
		"too");
	config_free(testing_load(
		"billing: {kinds: [message], mask: [\"src_ip=drop\", \"text=drop\"]}\n"));
}

static void
clickhouse(void **state)
{
	testing_refused("clickhouse:\n  url: ch:8123\n",
		":2: clickhouse.url: 'ch:8123' is no http://HOST:PORT or https://HOST:PORT");
	testing_refused("clickhouse:\n  url: \"http://ch:8123/?x=1\"\n",
		":2: clickhouse.url: 'http://ch:8123/?x=1' is no http://HOST:PORT or "
		"https://HOST:PORT");
	testing_refused("clickhouse:\n  database: a`b\n",
		":2: clickhouse.database: 'a`b' may have letters, digits and '_' only");
	testing_refused("clickhouse:\n\n  table_prefix: a.b\n",
		":3: clickhouse.table_prefix: 'a.b' may have letters, digits and '_' only");
	testing_refused("clickhouse:\n  kinds: [cdr]\n",
		":2: clickhouse.kinds[0]: 'cdr' is none of call, registration, transaction, "
		"stream, message");
	config_free(testing_load("clickhouse: {url: \"https://ch:8443\"}\n"));
}

static void
metrics(void **state)
{
	testing_refused("metrics:\n  listen: localhost:9464\n",
		":2: metrics.listen: 'localhost:9464' is no ADDRESS:PORT, as 127.0.0.1:9464 or "
		"[::1]:9464");
	testing_refused("metrics:\n  listen: 127.0.0.1\n",
		":2: metrics.listen: '127.0.0.1' is no ADDRESS:PORT, as 127.0.0.1:9464 or "
		"[::1]:9464");
	config_free(testing_load("metrics: {listen: \"[::1]:9464\"}\n"));
	config_free(testing_load("metrics: {listen: \"\"}\n"));
}

static void
kafka(void **state)
{
	testing_refused("kafka:\n  topic: a/b\n",
		":2: kafka.topic: 'a/b' may have letters, digits, '.', '_' and '-' only");
	testing_refused("kafka:\n  properties: [a=b, \"=c\"]\n",
		":2: kafka.properties[1]: '=c' is no NAME=VALUE");
	testing_refused("kafka:\n  kinds: []\n", ":2: kafka.kinds: must not be empty");
	config_free(testing_load("kafka: {brokers: \"k1:9092,k2:9092\", properties: [a=]}\n"));
}

static void
hep(void **state)
{
	static const char *const wrong[] = {"homer:9060", "udp://homer", "udp://:9060",
		"http://homer:9060", "udp://homer:0", "tcp://homer:9060/x", "udp://::1:9060",
		"tcp://homer:65536"};
	char text[128], want[160];

	for (size_t i = 0; i < base_count_of(wrong); i++) {
		snprintf(text, sizeof(text), "hep:\n  url: \"%s\"\n", wrong[i]);
		snprintf(want, sizeof(want),
			":2: hep.url: '%s' is no udp://HOST:PORT or tcp://HOST:PORT", wrong[i]);
		testing_refused(text, want);
	}
	config_free(testing_load("hep: {url: \"udp://[2001:db8::1]:9060\"}\n"));
	config_free(testing_load("hep: {url: \"tcp://homer.example.net:9060\"}\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(billing), cmocka_unit_test(clickhouse),
		cmocka_unit_test(metrics),
		cmocka_unit_test(kafka),
		cmocka_unit_test(hep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
