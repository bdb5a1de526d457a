#include "collector_private.h"

#include <stdlib.h>
#include <time.h>

static void
sleep_ms(uint32_t ms)
{
	struct timespec ts = {ms / 1000, (long)(ms % 1000) * BASE_NS_PER_MS};

	nanosleep(&ts, NULL);
}

static int
segments_check(struct collector *c, bool refuse, struct sys_error *e)
{
	for (unsigned i = 0; i < c->n_segments; i++) {
		struct collector_segment *s = &c->segments[i];
		bool said = s->said;
		int error = collector_segment_check(s, e);
		if (error && refuse)
			return error;
		if (error && !said)
			sys_log(SYS_LOG_WARNING, "%s", e->text);
		s->said |= error != 0;
	}
	return 0;
}

int
collector_new(struct collector **out, const struct config *config, struct sys_error *e)
{
	struct store_options options = {.dir = config->store.dir,
		.retention_days = config->store.retention_days,
		.retention_bytes = config->store.retention_bytes};
	bool own = config->collector.segments_count == 0;
	struct collector *c = calloc(1, sizeof(*c));
	int error;

	*out = NULL;
	if (c == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	c->config = config;
	c->n_segments = own ? 1 : config->collector.segments_count;
	c->segments = calloc(c->n_segments, sizeof(*c->segments));
	if (c->segments == NULL) {
		error = sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
		goto fail;
	}
	for (unsigned i = 0; i < c->n_segments; i++) {
		c->segments[i].path = own ? config->probe.segment : config->collector.segments[i];
		c->segments[i].all = c->segments;
		c->segments[i].n_all = c->n_segments;
	}
	error = store_open(&c->store, &options, e);
	if (error == 0)
		error = collector_sinks_open(c, e);
	if (error == 0)
		error = segments_check(c, true, e);
	if (error)
		goto fail;
	c->check_ns = sys_clock_monotonic_ns() + COLLECTOR_RETRY_NS;
	collector_health_tell(c);
	collector_metrics_make(c);
	*out = c;
	return 0;
fail:
	collector_free(c);
	return error;
}

void
collector_free(struct collector *c)
{
	if (c == NULL)
		return;
	if (c->in_group)
		store_rollback(c->store);
	for (unsigned i = 0; c->segments && i < c->n_segments; i++)
		collector_segment_detach(&c->segments[i]);
	collector_metrics_close(c);
	collector_sinks_close(c);
	store_close(c->store);
	free(c->segments);
	free(c);
}

unsigned
collector_attached(const struct collector *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_segments; i++)
		n += c->segments[i].attached;
	return n;
}

/* The store failed: everything not released comes again. */
static int
group_fail(struct collector *c, int error, const struct sys_error *e)
{
	if (c->in_group)
		store_rollback(c->store);
	for (unsigned i = 0; i < c->n_segments; i++)
		collector_segment_rewind(&c->segments[i]);
	if (c->store_retry_ns == 0)
		c->store_failing_ns = sys_clock_wall_ns();
	if (c->store_retry_ns == 0)
		sys_log(SYS_LOG_ERROR, "%s; the rings keep the records, trying again each second",
			e->text);
	c->store_retry_ns = sys_clock_monotonic_ns() + COLLECTOR_RETRY_NS;
	c->store_why = *e;
	c->in_group = false;
	c->pending = 0;
	return error;
}

/* What the rings hold, up to commit_records a group.  Returns how many messages were taken, or
 * negative. */
static int
group_drain(struct collector *c, struct sys_error *e)
{
	uint32_t max = c->config->collector.commit_records, before = c->pending;

	for (unsigned i = 0; i < c->n_segments && c->pending < max; i++) {
		int error = c->in_group ? 0 : store_begin(c->store, e);
		if (error)
			return group_fail(c, error, e);
		c->in_group = true;
		int taken = collector_segment_drain(&c->segments[i], c->store, max - c->pending, e);
		if (taken < 0)
			return group_fail(c, taken, e);
		if (c->pending == 0 && taken > 0)
			c->group_ns = sys_clock_monotonic_ns();
		c->pending += (uint32_t)taken;
	}
	return (int)(c->pending - before);
}

static int
group_commit(struct collector *c, struct sys_error *e)
{
	int error = c->in_group ? store_commit(c->store, e) : 0;

	c->in_group = false;
	if (error)
		return group_fail(c, error, e);
	if (c->pending && c->store_retry_ns) {
		sys_log(SYS_LOG_INFO, "the store takes records again");
		c->store_retry_ns = 0;
	}
	for (unsigned i = 0; i < c->n_segments; i++)
		collector_segment_release(&c->segments[i]);
	c->pending = 0;
	return 0;
}

/* One group: gathers until it is large or old enough; nothing for commit_ms: returns too. */
static int
group_run(struct collector *c, struct sys_error *e)
{
	uint32_t commit_ms = c->config->collector.commit_ms;
	uint32_t poll_ms = commit_ms / 20 < 1                       ? 1
			   : commit_ms / 20 > COLLECTOR_POLL_MS_MAX ? COLLECTOR_POLL_MS_MAX
								    : commit_ms / 20;
	int64_t started_ns = sys_clock_monotonic_ns();

	for (;;) {
		int taken = group_drain(c, e);
		if (taken < 0)
			return taken;
		int64_t since_ns = c->pending ? c->group_ns : started_ns;
		if (c->pending >= c->config->collector.commit_records || sys_signal_stop() ||
			sys_clock_monotonic_ns() - since_ns >= commit_ms * BASE_NS_PER_MS)
			break;
		if (taken == 0)
			sleep_ms(poll_ms);
	}
	return group_commit(c, e);
}

static bool
rings_are_crowded(const struct collector *c)
{
	for (unsigned i = 0; i < c->n_segments; i++)
		if (collector_segment_is_crowded(&c->segments[i]))
			return true;
	return false;
}

/* What is done once a second, or less. */
static void
house(struct collector *c, int64_t now_ns, struct sys_error *e)
{
	if (now_ns >= c->check_ns) {
		segments_check(c, false, e);
		collector_health_tell(c);
		collector_metrics_make(c);
		sys_notify("WATCHDOG=1");
		c->check_ns = now_ns + COLLECTOR_RETRY_NS;
	}
	if (now_ns >= c->expire_ns) {
		if (store_expire(c->store, sys_clock_wall_ns(), e))
			sys_log(SYS_LOG_ERROR, "%s", e->text);
		c->expire_ns = now_ns + COLLECTOR_EXPIRE_NS;
	}
}

int
collector_step(struct collector *c, struct sys_error *e)
{
	struct sys_error local;
	int64_t now_ns = sys_clock_monotonic_ns();

	e = e ? e : &local;
	house(c, now_ns, e);
	if (now_ns < c->store_retry_ns)
		sleep_ms(c->config->collector.commit_ms < 100 ? c->config->collector.commit_ms
							      : 100);
	else
		group_run(c, e);
	if (!rings_are_crowded(c))
		collector_sinks_step(c, false, e);
	return 0;
}

int
collector_stop(struct collector *c, struct sys_error *e)
{
	struct sys_error local;
	int taken, error = 0;

	e = e ? e : &local;
	/* A probe that goes on publishing is not waited for: a ring's worth at most, which is what
	 * was there. */
	uint64_t left = 0;
	for (unsigned i = 0; i < c->n_segments; i++)
		for (uint32_t core = 0; c->segments[i].attached && core < c->segments[i].shm.cores;
			core++)
			left += shm_backlog(&c->segments[i].shm, core) / RECORD_HEADER_BYTES + 1;
	do {
		taken = group_drain(c, e);
		error = taken < 0 ? taken : group_commit(c, e);
		left = taken > 0 && (uint64_t)taken < left ? left - (uint64_t)taken : 0;
	} while (error == 0 && taken > 0 && left > 0);
	if (error == 0)
		error = collector_sinks_step(c, true, e);
	return error;
}
