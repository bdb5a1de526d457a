/* probe_steer: steering between its rooms: config says what, rx has the ports, steer does it. */
#pragma once

#include "config.h"
#include "metrics.h"
#include "rx.h"
#include "steer.h"

/* Before the ports are opened: takes away what a dead probe left, and opens steering where it is
 * enabled.  0, or negative with the sentence. */
int probe_steer_open(struct steer **steer, const struct config *config, struct sys_error *e);
/* For rx_ports_options.xdp_program. */
const char *probe_steer_program(const struct steer *steer);
/* Ports open, privileges still there. */
int probe_steer_take(struct steer *steer, const struct rx_ports *ports,
	const struct config *config, struct sys_error *e);
/* Another configuration is in force. */
void probe_steer_rules(struct steer *steer, const struct config *config);
void probe_steer_metrics(const struct steer *steer, struct metrics_core *metrics);
