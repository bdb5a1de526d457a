#include "rx_port_private.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_mbuf_dyn.h>
#include <stdlib.h>

#define RX_PORT_TX_DESCRIPTORS 64
#define RX_PORT_VLAN_SPARE 8      /* two tags that drivers do not count */
#define RX_PORT_KERNEL_FRAME 2048 /* net_af_packet's framesz unless given */
#define RX_PORT_RSS_KEY_MAX 64

/* What DPDK said of it, for the end of a sentence. */
static const char *
rx_port_said(const struct rx_ports *ports, int rc)
{
	return ports->log.said[0] ? ports->log.said : rte_strerror(rc < 0 ? -rc : rte_errno);
}

/* Debian's package of a driver: net_af_packet is in librte-net-af-packet23. */
static void
rx_port_package(const char *driver, char *text, size_t cap)
{
	snprintf(text, cap, "librte-%s%d", driver, 23);
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = '-';
}

static int
rx_port_attach_failed(
	const struct rx_ports *ports, const struct rx_port *port, int rc, struct sys_error *e)
{
	char package[RX_PORT_DEVICE_MAX + 16];

	if (!strstr(ports->log.said, "failed to parse device"))
		return sys_fail(e, -BASE_ERR_IO, "port %s: DPDK cannot open it%s%s: %s",
			port->given, port->name.args[0] ? " with " : "", port->name.args,
			rx_port_said(ports, rc));
	rx_port_package(port->name.driver, package, sizeof(package));
	return sys_fail(e, -BASE_ERR_NOT_FOUND,
		"port %s: DPDK has no driver %s here: install it (Debian: %s), or correct the"
		" name",
		port->given, port->name.driver, package);
}

int
rx_port_attach(struct rx_ports *ports, struct rx_port *port, struct sys_error *e)
{
	const struct rx_port_name *name = &port->name;

	ports->log.said[0] = '\0';
	if (name->kind == RX_PORT_VDEV &&
		rte_eth_dev_get_port_by_name(name->device, &port->id) != 0) {
		int rc = rx_port_name_check(name, port->given, e);
		if (rc < 0)
			return rc;
		rc = rte_eal_hotplug_add("vdev", name->device, name->args);
		if (rc < 0)
			return rx_port_attach_failed(ports, port, rc, e);
		port->attached = true;
	}
	if (rte_eth_dev_get_port_by_name(name->device, &port->id) != 0)
		return sys_fail(e, -BASE_ERR_NOT_FOUND,
			name->kind == RX_PORT_PCI
				? "port %s: DPDK sees no such NIC: is the address right (lspci "
				  "-D), is it bound to vfio-pci"
				  " (dpdk-devbind.py -s), and is its driver installed (Debian: "
				  "dpdk-dev)?"
				: "port %s: the driver made no port",
			port->given);
	port->open = true;
	return rx_port_kernel_claim(ports, port, e);
}

/* Bytes of a frame beyond its MTU. */
static uint32_t
rx_port_overhead(const struct rte_eth_dev_info *info)
{
	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu &&
		info->max_rx_pktlen - info->max_mtu < 256)
		return info->max_rx_pktlen - info->max_mtu;
	return RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
}

/* The smaller of what is wanted and the profile's bound. */
static uint32_t
rx_port_bound(uint32_t wanted, uint32_t bound)
{
	return bound && bound < wanted ? bound : wanted;
}

static void
rx_port_say_clipped(const struct rx_port *port, const char *what, uint32_t wanted, uint32_t given)
{
	if (wanted != given)
		sys_log(SYS_LOG_INFO,
			"port %s: %s: %u wanted, %u as the port and profile %s have it",
			port->given, what, wanted, given, port->profile->name);
}

static void
rx_port_say_plan(const struct rx_port *port, const struct rx_ports_options *options)
{
	rx_port_say_clipped(port, "queues", options->cores, port->n_queues);
	rx_port_say_clipped(port, "descriptors", options->rx_descriptors, port->descriptors);
	rx_port_say_clipped(port, "MTU", options->mtu, port->mtu);
	for (uint32_t i = 0; i < port->profile->n_limits; i++)
		sys_log(SYS_LOG_DEBUG, "port %s: profile %s: %s", port->given, port->profile->name,
			port->profile->limits[i]);
}

int
rx_port_plan(struct rx_ports *ports, struct rx_port *port, const struct rx_ports_options *options,
	struct sys_error *e)
{
	struct rte_eth_dev_info info;
	uint16_t tx = RX_PORT_TX_DESCRIPTORS;

	int rc = rte_eth_dev_info_get(port->id, &info);
	if (rc < 0)
		return sys_fail(
			e, -BASE_ERR_IO, "port %s: %s", port->given, rx_port_said(ports, rc));
	const struct rx_port_profile *profile = rx_port_profile_of(options, info.driver_name);
	port->profile = profile;
	uint32_t descriptors = rx_port_bound(options->rx_descriptors, profile->rx_descriptors);
	uint16_t rx = descriptors > UINT16_MAX ? UINT16_MAX : (uint16_t)descriptors;
	uint32_t overhead = rx_port_overhead(&info);
	uint32_t mtu = rx_port_bound(rx_port_bound(options->mtu, profile->mtu), info.max_mtu);
	uint32_t queues = rx_port_bound(options->cores, profile->queues);
	if (info.max_rx_pktlen > overhead && mtu > info.max_rx_pktlen - overhead)
		mtu = info.max_rx_pktlen - overhead;
	if (mtu < info.min_mtu)
		mtu = info.min_mtu;
	port->mtu = (uint16_t)mtu;
	port->n_queues =
		(uint16_t)(queues < info.max_rx_queues ? queues : info.max_rx_queues);
	if (port->n_queues == 0)
		return sys_fail(
			e, -BASE_ERR_UNSUPPORTED, "port %s: it has no receive queue", port->given);
	if (rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx) < 0)
		rx = 512;
	port->descriptors = rx;
	rx_port_say_plan(port, options);
	return 0;
}

uint32_t
rx_port_frame_bytes(const struct rx_port *port)
{
	uint32_t bytes = port->mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + RX_PORT_VLAN_SPARE;
	uint32_t frame = 0;

	if (strcmp(port->name.driver, "net_af_packet") == 0)
		frame = rx_port_args_number(port->name.args, "framesz", RX_PORT_KERNEL_FRAME);
	return frame > bytes ? frame : bytes;
}

/* The key that gives both directions of a flow the same hash (Woo, Park 2012). */
static void
rx_port_conf_rss(struct rte_eth_conf *conf, const struct rte_eth_dev_info *info,
	const struct rx_port_profile *profile, uint8_t *key)
{
	static const struct {
		uint32_t bit;
		uint64_t hash;
	} fields[] = {
		{RX_RSS_IP, RTE_ETH_RSS_IP},
		{RX_RSS_UDP, RTE_ETH_RSS_UDP},
		{RX_RSS_TCP, RTE_ETH_RSS_TCP},
		{RX_RSS_SCTP, RTE_ETH_RSS_SCTP},
	};
	struct rte_eth_rss_conf *rss = &conf->rx_adv_conf.rss_conf;
	uint8_t len = info->hash_key_size && info->hash_key_size <= RX_PORT_RSS_KEY_MAX
			      ? info->hash_key_size
			      : 40;

	for (uint8_t i = 0; i < len; i++)
		key[i] = i % 2 ? 0x5a : 0x6d;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	rss->rss_key = profile->rss_key_of_driver ? NULL : key;
	rss->rss_key_len = profile->rss_key_of_driver ? 0 : len;
	for (size_t i = 0; i < base_count_of(fields); i++)
		if (profile->rss & fields[i].bit)
			rss->rss_hf |= fields[i].hash & info->flow_type_rss_offloads;
	if (profile->rss_inner && (info->flow_type_rss_offloads & RTE_ETH_RSS_LEVEL_MASK))
		rss->rss_hf |= RTE_ETH_RSS_LEVEL_INNERMOST;
}

/* The driver's timestamps, where the profile wants them and it has them. */
static void
rx_port_conf_stamps(
	struct rx_port *port, struct rte_eth_conf *conf, const struct rte_eth_dev_info *info)
{
	uint64_t offered = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	enum rx_timestamps wanted = port->profile->timestamps;

	if (wanted == RX_TIMESTAMPS_HOST || (wanted == RX_TIMESTAMPS_NIC && !offered))
		return;
	if (rte_mbuf_dyn_rx_timestamp_register(&port->stamp_at, &port->stamp_mark) < 0) {
		port->stamp_mark = 0;
		sys_log(SYS_LOG_WARNING,
			"port %s: no room for timestamps in buffers: the host's clock",
			port->given);
		return;
	}
	conf->rxmode.offloads |= offered;
	sys_log(SYS_LOG_INFO, "port %s: times of frames by the driver's stamps", port->given);
}

static int
rx_port_set(struct rx_ports *ports, struct rx_port *port, const struct rte_eth_dev_info *info,
	uint32_t buffer_bytes)
{
	uint8_t key[RX_PORT_RSS_KEY_MAX];
	struct rte_eth_conf conf = {.rxmode.mtu = port->mtu};
	uint16_t n_tx = port->n_queues < info->max_tx_queues ? port->n_queues : info->max_tx_queues;

	if (!port->profile->no_scatter &&
		buffer_bytes < (uint32_t)port->mtu + rx_port_overhead(info))
		conf.rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	if (port->n_queues > 1 && info->flow_type_rss_offloads && port->profile->rss)
		rx_port_conf_rss(&conf, info, port->profile, key);
	rx_port_conf_stamps(port, &conf, info);
	int rc = rte_eth_dev_configure(port->id, port->n_queues, n_tx, &conf);
	if (rc < 0 && conf.rx_adv_conf.rss_conf.rss_key) {
		/* A NIC that takes no key of ours: its own then, and the hand-over evens it out. */
		conf.rx_adv_conf.rss_conf.rss_key = NULL;
		conf.rx_adv_conf.rss_conf.rss_key_len = 0;
		rc = rte_eth_dev_configure(port->id, port->n_queues, n_tx, &conf);
		sys_log(SYS_LOG_WARNING,
			"port %s: takes no symmetric RSS key: both ways of a flow may land on "
			"different"
			" cores",
			port->given);
	}
	int socket = rte_eth_dev_socket_id(port->id);
	unsigned numa = socket < 0 ? (unsigned)SOCKET_ID_ANY : (unsigned)socket;
	for (uint16_t q = 0; rc >= 0 && q < port->n_queues; q++)
		rc = rte_eth_rx_queue_setup(
			port->id, q, port->descriptors, numa, NULL, port->pool);
	for (uint16_t q = 0; rc >= 0 && q < n_tx; q++) {
		uint16_t rx = port->descriptors, tx = RX_PORT_TX_DESCRIPTORS;
		(void)rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);
		rc = rte_eth_tx_queue_setup(port->id, q, tx, numa, NULL);
	}
	return rc;
}

int
rx_port_configure(struct rx_ports *ports, struct rx_port *port,
	const struct rx_ports_options *options, struct sys_error *e)
{
	struct rte_eth_dev_info info;

	ports->log.said[0] = '\0';
	int rc = rte_eth_dev_info_get(port->id, &info);
	if (rc >= 0)
		rc = rx_port_set(ports, port, &info,
			rte_pktmbuf_data_room_size(port->pool) - RTE_PKTMBUF_HEADROOM);
	if (rc < 0)
		return sys_fail(e, -BASE_ERR_IO,
			"port %s: cannot be set up with %u queues of %u descriptors, MTU %u: %s",
			port->given, port->n_queues, port->descriptors, port->mtu,
			rx_port_said(ports, rc));
	sys_log(SYS_LOG_INFO, "port %s: %s, driver %s, %u queues of %u descriptors, MTU %u",
		port->given, port->name.device, info.driver_name ? info.driver_name : "?",
		port->n_queues, port->descriptors, port->mtu);
	return 0;
}
