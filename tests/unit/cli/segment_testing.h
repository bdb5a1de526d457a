/* segment_testing: a probe's segment in a file, with a ledger that balances. */
#pragma once

#include "cli_testing.h"
#include "packet.h"
#include "shm.h"

struct segment {
	char dir[256], path[300];
	struct sys_mapping mapping;
	struct shm shm;
};

static TESTING_UNUSED void
segment_open(struct segment *s, uint32_t cores)
{
	const struct shm_layout layout = {cores, 1 << 16};
	struct sys_error e = {""};
	int64_t now_ns = sys_clock_wall_ns();

	directory_new(s->dir);
	snprintf(s->path, sizeof(s->path), "%s/segment", s->dir);
	if (sys_mapping_create(&s->mapping, s->path, shm_segment_bytes(&layout), (gid_t)-1, &e) !=
		0)
		fail_msg("%s", e.text);
	assert_int_equal(shm_create(&s->shm, s->mapping.p, s->mapping.bytes, &layout,
				 BASE_SPAN("edge1"), now_ns),
		0);
	struct shm_header *h = s->shm.header;
	h->probe_pid = 4711;
	h->probe_starts = 2;
	h->probe_state = SHM_STATE_RUNNING;
	h->probe_heartbeat_ns = now_ns;
	memcpy(h->clock_source, "host", 5);
	for (uint32_t i = 0; i < cores; i++) {
		struct shm_core *core = shm_core(&s->shm, i);
		core->heartbeat_ns = now_ns;
		core->metrics.values[METRICS_FRAMES] = 1000 * (i + 1);
		core->metrics.verdicts[PACKET_VERDICT_RTP] = 900 * (i + 1);
		core->metrics.verdicts[PACKET_VERDICT_SIP] = 100 * (i + 1);
		core->metrics.values[METRICS_CALLS_MAX] = 100;
		core->metrics.values[METRICS_CALLS_ACTIVE] = 95;
		core->metrics.values[METRICS_BUSY_CYCLES] = 250;
		core->metrics.values[METRICS_IDLE_CYCLES] = 750;
	}
}

static TESTING_UNUSED void
segment_close(struct segment *s)
{
	sys_mapping_close(&s->mapping);
	directory_remove(s->dir);
}
