#include "probe_steer.h"

int
probe_steer_open(struct steer **steer, const struct config *config, struct sys_error *e)
{
	*steer = NULL;
	(void)steer_clean();
	if (!config->steer.enabled)
		return 0;
	return steer_open(steer,
		config->steer.mode == CONFIG_STEER_MIRROR ? STEER_MIRROR : STEER_REDIRECT, e);
}

const char *
probe_steer_program(const struct steer *steer)
{
	return steer ? steer_object(steer) : "";
}

static int
probe_steer_take_port(struct steer *steer, const struct rx_port_face *face,
	enum config_steer_mode mode, struct sys_error *e)
{
	bool mirror = mode == CONFIG_STEER_MIRROR;
	const char *driver = mirror ? "net_af_packet" : "net_af_xdp";
	int rc = 0;

	if (strcmp(face->driver, driver) != 0)
		return sys_fail(e, -BASE_ERR_INVALID,
			"port %s: steer.mode %s needs %s, or an interface's name alone",
			face->given, mirror ? "mirror" : "redirect", driver);
	if (!mirror)
		return steer_take_interface(steer, face->interface, e);
	for (uint32_t i = 0; rc == 0 && i < face->n_sockets; i++)
		rc = steer_filter_socket(steer, face->sockets[i], e);
	return rc;
}

int
probe_steer_take(struct steer *steer, const struct rx_ports *ports, const struct config *config,
	struct sys_error *e)
{
	struct rx_port_face face;
	int rc = 0;

	if (!steer)
		return 0;
	for (uint32_t i = 0; rc == 0 && rx_ports_face(ports, i, &face); i++)
		rc = probe_steer_take_port(steer, &face, config->steer.mode, e);
	if (rc == 0)
		probe_steer_rules(steer, config);
	return rc;
}

void
probe_steer_rules(struct steer *steer, const struct config *config)
{
	struct steer_range ranges[CONFIG_STEER_RANGES_MAX];
	struct steer_rules rules = {.sip_ports = config->sip.ports,
		.n_sip_ports = config->sip.ports_count,
		.rtp = ranges,
		.tunnels = config->steer.tunnels};

	if (!steer)
		return;
	for (unsigned i = 0; i < config->steer.rtp_ports_count; i++)
		if (config_port_range(config->steer.rtp_ports[i], &ranges[rules.n_rtp].first,
			    &ranges[rules.n_rtp].last))
			rules.n_rtp++;
	steer_rules_set(steer, &rules);
}

void
probe_steer_metrics(const struct steer *steer, struct metrics_core *metrics)
{
	struct steer_counters counters;

	if (!steer || steer_counters(steer, &counters) < 0)
		return;
	metrics_set(metrics, METRICS_STEER_SIP, counters.sip);
	metrics_set(metrics, METRICS_STEER_RTP, counters.rtp);
	metrics_set(metrics, METRICS_STEER_FRAGMENTS, counters.fragments);
	metrics_set(metrics, METRICS_STEER_TUNNELS, counters.tunnels);
	metrics_set(metrics, METRICS_STEER_PASSED, counters.passed);
	metrics_set(metrics, METRICS_STEER_UNQUEUED, counters.unqueued);
}
