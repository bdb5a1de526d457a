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
		&(struct config_kinds){
			c->clickhouse.kinds, c->clickhouse.kinds_count, &kinds});
}

int
config_check_sinks(const struct config_job *job)
{
	return check_clickhouse(job);
}
