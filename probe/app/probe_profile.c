#include "probe_profile.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <unistd.h>

/* Where they are installed, and where the source has them for a build that is not installed. */
static const char *const probe_profile_dirs[] = {RINGTAP_PROFILES, RINGTAP_PROFILES_SOURCE};

static int
probe_profile_add(struct probe_profiles *set, const char *path, bool for_all, struct sys_error *e)
{
	struct config *c;

	if (set->n == PROBE_PROFILES_MAX)
		return sys_fail(e, -BASE_ERR_INVALID, "%s: more than %d profiles", path,
			PROBE_PROFILES_MAX);
	int rc = config_profile_load(&c, path, e);
	if (rc < 0)
		return rc;
	static const enum rx_timestamps timestamps[] = {[CONFIG_TIMESTAMPS_NIC] = RX_TIMESTAMPS_NIC,
		[CONFIG_TIMESTAMPS_DRIVER] = RX_TIMESTAMPS_DRIVER,
		[CONFIG_TIMESTAMPS_HOST] = RX_TIMESTAMPS_HOST};
	const char *slash = strrchr(c->path, '/');
	struct rx_port_profile *profile = &set->profiles[set->n];
	*profile = (struct rx_port_profile){
		.name = slash ? slash + 1 : c->path,
		.drivers = (const char *const *)c->profile.drivers,
		.n_drivers = c->profile.drivers_count,
		.for_all = for_all,
		.devargs = c->profile.devargs,
		.rss_inner = c->profile.rss_inner,
		.rss_key_of_driver = c->profile.rss_key == CONFIG_RSS_KEY_DRIVER,
		.no_scatter = !c->profile.scatter,
		.queues = c->profile.queues,
		.rx_descriptors = c->profile.rx_descriptors,
		.mtu = c->profile.mtu,
		.timestamps = timestamps[c->profile.timestamps],
		.limits = (const char *const *)c->profile.limits,
		.n_limits = c->profile.limits_count,
	};
	static const uint32_t bits[] = {[CONFIG_RSS_IP] = RX_RSS_IP,
		[CONFIG_RSS_UDP] = RX_RSS_UDP,
		[CONFIG_RSS_TCP] = RX_RSS_TCP,
		[CONFIG_RSS_SCTP] = RX_RSS_SCTP};
	for (unsigned i = 0; i < c->profile.rss_count; i++)
		profile->rss |= bits[c->profile.rss[i]];
	set->files[set->n++] = c;
	return 0;
}

/* Every profile of the first directory that has any. */
static int
probe_profiles_all(struct probe_profiles *set, struct sys_error *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && set->n == 0 && i < base_count_of(probe_profile_dirs); i++) {
		char pattern[PATH_MAX];
		glob_t found;
		snprintf(pattern, sizeof(pattern), "%s/*.yaml", probe_profile_dirs[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; rc == 0 && k < found.gl_pathc; k++)
			rc = probe_profile_add(set, found.gl_pathv[k], false, e);
		globfree(&found);
	}
	return rc;
}

int
probe_profiles_load(struct probe_profiles *set, const char *wanted, struct sys_error *e)
{
	*set = (struct probe_profiles){.n = 0};
	if (strcmp(wanted, "none") == 0)
		return 0;
	if (strcmp(wanted, "auto") == 0)
		return probe_profiles_all(set, e);
	if (strchr(wanted, '/'))
		return probe_profile_add(set, wanted, true, e);
	for (size_t i = 0; i < base_count_of(probe_profile_dirs); i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "%s/%s.yaml", probe_profile_dirs[i], wanted);
		if (access(path, F_OK) == 0)
			return probe_profile_add(set, path, true, e);
	}
	return sys_fail(e, -BASE_ERR_NOT_FOUND, "probe.profile: no %s.yaml in %s", wanted,
		RINGTAP_PROFILES);
}

void
probe_profiles_free(struct probe_profiles *set)
{
	for (uint32_t i = 0; i < set->n; i++)
		config_free(set->files[i]);
	set->n = 0;
}
