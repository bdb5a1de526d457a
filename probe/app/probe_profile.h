/* probe_profile: the profiles of drivers, from files to what rx takes. */
#pragma once

#include "config.h"
#include "rx.h"

#define PROBE_PROFILES_MAX 64

struct probe_profiles {
	struct config *files[PROBE_PROFILES_MAX];
	struct rx_port_profile profiles[PROBE_PROFILES_MAX];
	uint32_t n;
};

/* Those that probe.profile calls for; borrowed by rx until the ports are closed.  0, or negative
 * with the sentence: no such profile, or a mistake in a file. */
int probe_profiles_load(struct probe_profiles *profiles, const char *wanted, struct sys_error *e);
void probe_profiles_free(struct probe_profiles *profiles);
