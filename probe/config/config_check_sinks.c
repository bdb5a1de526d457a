#include "config_private.h"

static bool
char_is_identifier(uint8_t c)
{
	return config_char_is_alnum(c) || c == '_';
}

/* What stands in a URL as it is and begins no query. */
static bool
char_is_url(uint8_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("?#\"<>\\", c);
}

static int
check_clickhouse(const struct config_job *job)
{
	const struct config *c = job->config;
	struct config_place url = config_place_of("clickhouse", "url", -1, -1);
	struct config_place database = config_place_of("clickhouse", "database", -1, -1);
	struct config_place prefix = config_place_of("clickhouse", "table_prefix", -1, -1);
	uint32_t kinds;

	if (*c->clickhouse.url && ((strncmp(c->clickhouse.url, "http://", 7) != 0 &&
					   strncmp(c->clickhouse.url, "https://", 8) != 0) ||
					  !config_text_is_all(c->clickhouse.url, char_is_url)))
		return config_refuse(job, &url,
			"'%.64s' is no http://HOST:PORT or https://HOST:PORT", c->clickhouse.url);
	if (!config_text_is_all(c->clickhouse.database, char_is_identifier))
		return config_refuse(job, &database, "'%s' may have letters, digits and '_' only",
			c->clickhouse.database);
	if (!config_text_is_all(c->clickhouse.table_prefix, char_is_identifier))
		return config_refuse(job, &prefix, "'%s' may have letters, digits and '_' only",
			c->clickhouse.table_prefix);
	return config_check_kinds(job, "clickhouse",
		&(struct config_kinds){c->clickhouse.kinds, c->clickhouse.kinds_count, &kinds});
}

static int
check_metrics(const struct config_job *job)
{
	const char *listen = job->config->metrics.listen;
	struct config_place place = config_place_of("metrics", "listen", -1, -1);
	struct base_endpoint endpoint;

	if (*listen && !base_endpoint_parse(base_span_cstr(listen), &endpoint))
		return config_refuse(job, &place,
			"'%s' is no ADDRESS:PORT, as 127.0.0.1:9464 or [::1]:9464", listen);
	return 0;
}

/* Topics of Kafka: letters, digits, '.', '_' and '-'. */
static bool
char_is_topic(uint8_t c)
{
	return char_is_identifier(c) || c == '.' || c == '-';
}

static int
check_kafka(const struct config_job *job)
{
	const struct config *c = job->config;
	struct config_place topic = config_place_of("kafka", "topic", -1, -1);
	uint32_t kinds;

	if (!config_text_is_all(c->kafka.topic, char_is_topic))
		return config_refuse(job, &topic,
			"'%.64s' may have letters, digits, '.', '_' and '-' only", c->kafka.topic);
	for (unsigned i = 0; i < c->kafka.properties_count; i++) {
		struct config_place place = config_place_of("kafka", "properties", -1, (int)i);
		const char *equals = strchr(c->kafka.properties[i], '=');
		if (equals == NULL || equals == c->kafka.properties[i])
			return config_refuse(
				job, &place, "'%.64s' is no NAME=VALUE", c->kafka.properties[i]);
	}
	return config_check_kinds(
		job, "kafka", &(struct config_kinds){c->kafka.kinds, c->kafka.kinds_count, &kinds});
}

/* udp://HOST:PORT or tcp://HOST:PORT. */
static bool
url_is_hep(const char *url)
{
	const char *host = url + 6, *colon = strrchr(url, ':');
	uint64_t port;

	if ((strncmp(url, "udp://", 6) != 0 && strncmp(url, "tcp://", 6) != 0) || colon <= host)
		return false;
	if (!config_text_is_all(url, char_is_url) || strchr(host, '/'))
		return false;
	bool v6 = memchr(host, ':', (size_t)(colon - host)) != NULL;
	return (!v6 || (host[0] == '[' && colon[-1] == ']')) &&
	       base_span_u64(base_span_cstr(colon + 1), &port) && port > 0 && port <= UINT16_MAX;
}

static int
check_hep(const struct config_job *job)
{
	const struct config *c = job->config;
	struct config_place url = config_place_of("hep", "url", -1, -1);
	uint32_t kinds;

	if (*c->hep.url && !url_is_hep(c->hep.url))
		return config_refuse(
			job, &url, "'%.64s' is no udp://HOST:PORT or tcp://HOST:PORT", c->hep.url);
	return config_check_kinds(
		job, "hep", &(struct config_kinds){c->hep.kinds, c->hep.kinds_count, &kinds});
}

static int
check_billing(const struct config_job *job)
{
	const struct config *c = job->config;
	bool seen[RECORD_F_COUNT] = {false}, messages = false;
	struct config_place key = config_place_of("billing", "mask_key_file", -1, -1),
			    node = config_place_of("billing", "node_address", -1, -1),
			    mask = config_place_of("billing", "mask", -1, -1);
	struct base_ip ip;

	if (*c->billing.node_address &&
		!base_ip_parse(base_span_cstr(c->billing.node_address), &ip))
		return config_refuse(
			job, &node, "'%s' is no IP address", c->billing.node_address);

	for (unsigned i = 0; i < c->billing.mask_count; i++) {
		struct config_place place = config_place_of("billing", "mask", -1, (int)i);
		struct sys_error why = {""};
		struct config_mask rule;
		int field = config_mask_parse(c->billing.mask[i], &rule, &why);
		if (field < 0)
			return config_refuse(job, &place, "%s", why.text);
		if (seen[field])
			return config_refuse(
				job, &place, "'%s' stands there twice", record_fields[field].key);
		seen[field] = true;
		if (rule.rule == CONFIG_MASK_HASH && !*c->billing.mask_key_file)
			return config_refuse(job, &key, "is needed to hash '%s'",
				record_fields[field].key);
	}
	for (unsigned i = 0; i < c->billing.kinds_count; i++)
		messages |= record_kind_of(base_span_cstr(c->billing.kinds[i])) == RECORD_MESSAGE;
	if (messages && c->billing.mask_count && !seen[RECORD_F_TEXT])
		return config_refuse(job, &mask,
			"a message's text has all that is masked: 'text' needs a rule too");
	return 0;
}

int
config_check_sinks(const struct config_job *job)
{
	static int (*const checks[])(const struct config_job *) = {
		check_billing, check_clickhouse, check_kafka, check_hep, check_metrics};
	int result = 0;

	for (size_t i = 0; i < base_count_of(checks) && result == 0; i++)
		result = checks[i](job);
	return result;
}
