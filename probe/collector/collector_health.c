#include "collector_private.h"

#include <stdio.h>

_Static_assert(SINKS_KINDS_MAX <= SHM_SINKS_MAX, "each sink has its place");

void
collector_sink_status(const struct collector_sink *s, struct sinks_status *status)
{
	*status = (struct sinks_status){.lag = 0};
	if (s->kind->status)
		s->kind->status(s->sink, status);
	status->lag = s->kind->lag(s->sink);
	if (s->retry_ns == 0)
		return;
	status->failing = true;
	status->why = s->why;
	status->failing_ns = s->failing_ns;
}

static void
sink_tell(struct shm_sink *to, const struct collector_sink *s)
{
	struct sinks_status status;

	collector_sink_status(s, &status);
	snprintf(to->name, sizeof(to->name), "%s", s->kind->name);
	to->lag = status.lag > 0 ? (uint64_t)status.lag : 0;
	to->records = status.records;
	to->retries = status.retries;
	to->failing_ns = status.failing ? status.failing_ns : 0;
	snprintf(to->why, sizeof(to->why), "%.*s", SHM_WHY_BYTES - 1,
		status.failing ? status.why.text : "");
}

uint64_t
collector_corrupt_days(const struct collector *c)
{
	struct store_number days = {"store.corrupt_days", 0};
	struct sys_error e;

	return store_numbers_get(c->store, &days, 1, &e) == 0 ? (uint64_t)days.value : 0;
}

void
collector_health_tell(struct collector *c)
{
	struct shm_health health;

	memset(&health, 0, sizeof(health));
	health.position = (uint64_t)store_position_last(c->store);
	health.corrupt_days = collector_corrupt_days(c);
	if (c->store_retry_ns) {
		health.store_failing_ns = c->store_failing_ns;
		snprintf(health.store_why, sizeof(health.store_why), "%.*s", SHM_WHY_BYTES - 1,
			c->store_why.text);
	}
	for (uint32_t i = 0; i < c->n_sinks; i++)
		sink_tell(&health.sinks[health.sinks_count++], &c->sinks[i]);
	for (unsigned i = 0; i < c->n_segments; i++)
		if (c->segments[i].attached)
			shm_health_set(&c->segments[i].shm, &health);
}
