#include "rx_port_private.h"

const struct rx_port_profile *
rx_port_profile_of(const struct rx_ports_options *options, const char *driver)
{
	static const struct rx_port_profile none = {
		.name = "none",
		.devargs = "",
		.rss = RX_RSS_IP | RX_RSS_UDP | RX_RSS_TCP | RX_RSS_SCTP,
		.rss_inner = true,
	};

	for (uint32_t i = 0; i < options->n_profiles; i++) {
		const struct rx_port_profile *profile = &options->profiles[i];
		if (profile->for_all)
			return profile;
		for (uint32_t k = 0; driver && k < profile->n_drivers; k++)
			if (strcmp(profile->drivers[k], driver) == 0)
				return profile;
	}
	return &none;
}

/* KEY of KEY=VALUE stands in args. */
static bool
rx_port_args_have(const char *args, const char *key, size_t key_len)
{
	for (const char *p = args; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, key, key_len) == 0 &&
			(p[key_len] == '=' || p[key_len] == ',' || p[key_len] == '\0'))
			return true;
	return false;
}

void
rx_port_profile_args(struct rx_port_name *name, const struct rx_port_profile *profile)
{
	size_t len = strlen(name->args);

	for (const char *p = profile->devargs; *p;) {
		size_t arg_len = strcspn(p, ","), key_len = strcspn(p, "=,");
		if (arg_len && !rx_port_args_have(name->args, p, key_len) &&
			len + arg_len + 2 <= sizeof(name->args)) {
			if (len)
				name->args[len++] = ',';
			memcpy(name->args + len, p, arg_len);
			len += arg_len;
			name->args[len] = '\0';
		}
		p += arg_len;
		p += *p == ',';
	}
}
