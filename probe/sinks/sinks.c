#include "sinks.h"

const struct sinks_kind *const sinks_kinds[] = {
	&sinks_billing_kind,
	&sinks_clickhouse_kind,
	&sinks_kafka_kind,
	&sinks_hep_kind,
};
const uint32_t sinks_kinds_count = base_count_of(sinks_kinds);
_Static_assert(base_count_of(sinks_kinds) <= SINKS_KINDS_MAX, "the collector has room");

uint32_t
sinks_kinds_of(char *const *names, unsigned n)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < n; i++) {
		enum record_kind kind = record_kind_of(base_span_cstr(names[i]));
		bits |= kind == RECORD_NONE ? 0 : 1u << kind;
	}
	return bits;
}

/* ---- what this build lacks ---- */

#if !defined(RINGTAP_CURL) || !defined(RINGTAP_KAFKA)
static int
lacking_step(void *sink, int64_t now_ns, bool stop, struct sys_error *e)
{
	return 0;
}

static int64_t
lacking_lag(const void *sink)
{
	return 0;
}

static void
lacking_close(void *sink)
{
}
#endif

#ifndef RINGTAP_CURL
static bool
clickhouse_is_wanted(const struct config *config)
{
	return config->clickhouse.url && config->clickhouse.url[0];
}

static int
clickhouse_open(void **sink, struct store *store, const struct config *config, struct sys_error *e)
{
	return sys_fail(e, -BASE_ERR_UNSUPPORTED,
		"clickhouse.url: this ringtap was built without libcurl");
}

const struct sinks_kind sinks_clickhouse_kind = {"clickhouse", clickhouse_is_wanted,
	clickhouse_open, lacking_step, lacking_lag, NULL, lacking_close};
#endif

#ifndef RINGTAP_KAFKA
static bool
kafka_is_wanted(const struct config *config)
{
	return config->kafka.brokers && config->kafka.brokers[0];
}

static int
kafka_open(void **sink, struct store *store, const struct config *config, struct sys_error *e)
{
	return sys_fail(e, -BASE_ERR_UNSUPPORTED,
		"kafka.brokers: this ringtap was built without librdkafka");
}

const struct sinks_kind sinks_kafka_kind = {
	"kafka", kafka_is_wanted, kafka_open, lacking_step, lacking_lag, NULL, lacking_close};
#endif
