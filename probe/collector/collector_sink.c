#include "collector_private.h"

int
collector_sinks_open(struct collector *c, struct sys_error *e)
{
	int error = 0;

	for (uint32_t i = 0; i < sinks_kinds_count && error == 0; i++) {
		struct collector_sink *s = &c->sinks[c->n_sinks];
		if (!sinks_kinds[i]->is_wanted(c->config))
			continue;
		*s = (struct collector_sink){.kind = sinks_kinds[i]};
		error = s->kind->open(&s->sink, c->store, c->config, e);
		c->n_sinks += error == 0;
	}
	return error;
}

static int
sink_step(struct collector_sink *s, bool stop, struct sys_error *e)
{
	int error = s->kind->step(s->sink, sys_clock_wall_ns(), stop, e);

	if (error && s->retry_ns == 0)
		s->failing_ns = sys_clock_wall_ns();
	if (error)
		s->why = *e;
	if (error && s->retry_ns == 0)
		sys_log(SYS_LOG_ERROR, "%s; %s waits, trying again each second", e->text,
			s->kind->name);
	if (error == 0 && s->retry_ns)
		sys_log(SYS_LOG_INFO, "%s goes on, %lld records wait", s->kind->name,
			(long long)s->kind->lag(s->sink));
	s->retry_ns = error ? sys_clock_monotonic_ns() + COLLECTOR_RETRY_NS : 0;
	return error;
}

int
collector_sinks_step(struct collector *c, bool stop, struct sys_error *e)
{
	struct sys_error other;
	int first = 0;

	for (uint32_t i = 0; i < c->n_sinks; i++) {
		struct collector_sink *s = &c->sinks[i];
		if (!stop && sys_clock_monotonic_ns() < s->retry_ns)
			continue;
		int error = sink_step(s, stop, first ? &other : e);
		first = first ? first : error;
	}
	return first;
}

void
collector_sinks_close(struct collector *c)
{
	while (c->n_sinks) {
		struct collector_sink *s = &c->sinks[--c->n_sinks];
		s->kind->close(s->sink);
	}
}
