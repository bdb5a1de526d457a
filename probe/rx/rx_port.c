#include "rx_port_private.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <stdlib.h>
#include <unistd.h>

#define RX_JOIN_LOOK_US 1000
#define RX_POOL_CACHE 256
#define RX_POOL_PER_CORE 2048 /* bursts under way and the caches of a pool */
/* bytes of an element beside its data: mbuf, header, padding */
#define RX_POOL_ELEMENT 256
#define RX_BUFFER_MIN 2048

/* ---- open ---- */

/* net_af_packet copies out of the kernel's ring: its descriptors take no buffers. */
static bool
rx_port_copies(const struct rx_port *port)
{
	return strcmp(port->name.driver, "net_af_packet") == 0;
}

static bool
rx_ports_all_copy(const struct rx_ports *ports)
{
	for (uint32_t i = 0; i < ports->n_ports; i++)
		if (!rx_port_copies(&ports->ports[i]))
			return false;
	return true;
}

/* The place of a port's pool: its NUMA node, or the one for no node. */
static uint32_t
rx_port_node(const struct rx_port *port)
{
	int socket = rte_eth_dev_socket_id(port->id);

	return socket >= 0 && socket < RTE_MAX_NUMA_NODES ? (uint32_t)socket : RTE_MAX_NUMA_NODES;
}

/* Buffers for the whole probe: the configured number, more where the descriptors alone would take
 * them, and no more than it can use where ports copy (a small pool stays in the cache). */
static uint32_t
rx_ports_buffers(const struct rx_ports *ports, const struct rx_ports_options *options)
{
	uint32_t need = options->cores * RX_POOL_PER_CORE;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		if (!rx_port_copies(&ports->ports[i]))
			need += (uint32_t)ports->ports[i].n_queues * ports->ports[i].descriptors;
	if (rx_ports_all_copy(ports) || need > options->mbufs)
		return need;
	return options->mbufs;
}

static uint32_t
rx_ports_room(const struct rx_ports *ports)
{
	uint32_t room = RX_BUFFER_MIN;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		if (rx_port_frame_bytes(&ports->ports[i]) > room)
			room = rx_port_frame_bytes(&ports->ports[i]);
	room = (uint32_t)base_align_up(room + RTE_PKTMBUF_HEADROOM, BASE_CACHE_LINE);
	return room < UINT16_MAX ? room : UINT16_MAX & ~(BASE_CACHE_LINE - 1);
}

/* Before the ports are known to DPDK: what the pool will take at most. */
static struct rx_eal_memory
rx_ports_memory(struct rx_ports *ports, const struct rx_ports_options *options)
{
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		ports->ports[i].mtu = (uint16_t)options->mtu;
		ports->ports[i].n_queues = (uint16_t)options->cores;
		ports->ports[i].descriptors = (uint16_t)options->rx_descriptors;
		if (rx_port_copies(&ports->ports[i]))
			ports->ports[i].mtu = RX_BUFFER_MIN;
	}
	return rx_eal_memory_of(
		rx_ports_buffers(ports, options), rx_ports_room(ports) + RX_POOL_ELEMENT);
}

/* What two ports would both take, each frame twice; "" where there is no such thing.  net_af_xdp
 * may come with other queues of one interface. */
static const char *
rx_port_shared(const struct rx_port_name *a, const struct rx_port_name *b)
{
	if (strcmp(a->device, b->device) == 0)
		return a->device;
	return strcmp(a->driver, b->driver) == 0 && strcmp(a->driver, "net_af_packet") == 0 &&
			       strcmp(a->interface, b->interface) == 0
		       ? a->interface
		       : "";
}

static int
rx_ports_names(struct rx_ports *ports, const struct rx_ports_options *options, struct sys_error *e)
{
	struct rx_port_defaults defaults = {
		.cores = options->cores, .rx_descriptors = options->rx_descriptors,
		.xdp_program = options->xdp_program};

	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct rx_port *port = &ports->ports[i];
		port->given = options->ports[i];
		defaults.index = i;
		int rc = rx_port_name_parse(&port->name, port->given, &defaults, e);
		if (rc < 0)
			return rc;
		/* A PCI port's driver is known only once it is probed: arguments for it come of a
		 * profile that is for all. */
		rx_port_profile_args(
			&port->name, rx_port_profile_of(options, port->name.driver));
		for (uint32_t k = 0; k < i; k++) {
			const char *shared = rx_port_shared(&port->name, &ports->ports[k].name);
			if (shared[0])
				return sys_fail(e, -BASE_ERR_EXISTS, "port %s: %s is there twice",
					port->given, shared);
		}
	}
	return 0;
}

static int
rx_ports_eal(struct rx_ports *ports, const struct rx_ports_options *options, struct sys_error *e)
{
	struct rx_port_name *names = calloc(ports->n_ports, sizeof(*names));

	if (!names)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "ports: out of memory");
	for (uint32_t i = 0; i < ports->n_ports; i++)
		names[i] = ports->ports[i].name;
	int rc = rx_eal_start(&ports->log, options, names, rx_ports_memory(ports, options), e);
	free(names);
	ports->eal = rc == 0;
	return rc;
}

static int
rx_ports_pool(struct rx_ports *ports, uint32_t node, const struct rx_ports_options *options,
	struct sys_error *e)
{
	uint32_t buffers = rx_ports_buffers(ports, options), room = rx_ports_room(ports);
	char name[32];

	snprintf(name, sizeof(name), "ringtap_rx%u", node);
	ports->pools[node] = rte_pktmbuf_pool_create(name, buffers, RX_POOL_CACHE, 0,
		(uint16_t)room, node == RTE_MAX_NUMA_NODES ? SOCKET_ID_ANY : (int)node);
	if (!ports->pools[node])
		return sys_fail(e, -BASE_ERR_NO_MEMORY,
			"buffers: no memory for %u of %u bytes (%llu MiB): %s; reserve more"
			" hugepages, or lower probe.mbufs or probe.mtu",
			buffers, room, (unsigned long long)buffers * (room + RX_POOL_ELEMENT) >> 20,
			rte_strerror(rte_errno));
	sys_log(SYS_LOG_INFO, "buffers: %u of %u bytes, %llu MiB", buffers, room,
		(unsigned long long)buffers * (room + RX_POOL_ELEMENT) >> 20);
	return 0;
}

/* A pool on each node that has ports: each of the whole size, for all traffic may come there. */
static int
rx_ports_pools(struct rx_ports *ports, const struct rx_ports_options *options, struct sys_error *e)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < ports->n_ports; i++) {
		uint32_t node = rx_port_node(&ports->ports[i]);
		if (!ports->pools[node])
			rc = rx_ports_pool(ports, node, options, e);
		ports->ports[i].pool = ports->pools[node];
	}
	return rc;
}

/* Queue q of a port goes to worker q where each gets one, else to the next worker in turn. */
static int
rx_ports_deal(struct rx_ports *ports, struct sys_error *e)
{
	uint32_t turn = 0;

	ports->sources = aligned_alloc(BASE_CACHE_LINE, ports->cores * sizeof(*ports->sources));
	size_t queues = (size_t)ports->cores * ports->n_ports;
	ports->queues = aligned_alloc(BASE_CACHE_LINE, queues * sizeof(*ports->queues));
	ports->launches = calloc(ports->cores, sizeof(*ports->launches));
	if (!ports->sources || !ports->queues || !ports->launches)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "ports: out of memory");
	memset(ports->sources, 0, ports->cores * sizeof(*ports->sources));
	for (uint32_t core = 0; core < ports->cores; core++) {
		ports->sources[core].source.burst = rx_port_burst;
		ports->sources[core].source.release = rx_port_release;
		ports->sources[core].queues = ports->queues + (size_t)core * ports->n_ports;
	}
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		const struct rx_port *port = &ports->ports[i];
		for (uint16_t q = 0; q < port->n_queues; q++) {
			uint32_t core = port->n_queues == ports->cores ? q : turn++ % ports->cores;
			struct rx_port_source *s = &ports->sources[core];
			s->queues[s->n_queues++] = (struct rx_queue){.port_id = port->id,
				.queue_id = q, .index = (uint8_t)i, .room = port->descriptors,
				.stamp_at = port->stamp_at, .stamp_mark = port->stamp_mark};
		}
	}
	return 0;
}

static int
rx_ports_begin(struct rx_ports *ports, const struct rx_ports_options *options, struct sys_error *e)
{
	int rc = rx_ports_names(ports, options, e);

	if (rc == 0)
		rc = rx_ports_eal(ports, options, e);
	for (uint32_t i = 0; rc == 0 && i < ports->n_ports; i++) {
		rc = rx_port_attach(ports, &ports->ports[i], e);
		if (rc == 0)
			rc = rx_port_plan(ports, &ports->ports[i], options, e);
	}
	if (rc == 0)
		rc = rx_ports_pools(ports, options, e);
	for (uint32_t i = 0; rc == 0 && i < ports->n_ports; i++)
		rc = rx_port_configure(ports, &ports->ports[i], options, e);
	if (rc == 0)
		rc = rx_ports_deal(ports, e);
	return rc;
}

int
rx_ports_open(struct rx_ports **out, const struct rx_ports_options *options, struct sys_error *e)
{
	*out = NULL;
	if (options->n_ports == 0)
		return sys_fail(e, -BASE_ERR_INVALID,
			"no port to capture on: set probe.ports or give --port");
	if (options->n_ports > UINT8_MAX || options->n_ports > RTE_MAX_ETHPORTS)
		return sys_fail(e, -BASE_ERR_INVALID, "%u ports: at most %d", options->n_ports,
			RTE_MAX_ETHPORTS);
	if (options->cores == 0 || options->cores >= RTE_MAX_LCORE)
		return sys_fail(e, -BASE_ERR_INVALID, "%u worker cores: 1 to %d", options->cores,
			RTE_MAX_LCORE - 1);
	struct rx_ports *ports = calloc(1, sizeof(*ports));
	if (ports)
		ports->ports = calloc(options->n_ports, sizeof(*ports->ports));
	if (!ports || !ports->ports) {
		free(ports);
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "ports: out of memory");
	}
	ports->n_ports = options->n_ports;
	ports->cores = options->cores;
	int rc = rx_ports_begin(ports, options, e);
	if (rc < 0) {
		rx_ports_close(ports);
		return rc;
	}
	/* Not every port can: a mirror on net_memif delivers all there is anyway. */
	for (uint32_t i = 0; options->promiscuous && i < ports->n_ports; i++)
		if (rte_eth_promiscuous_enable(ports->ports[i].id) < 0)
			sys_log(SYS_LOG_INFO, "port %s: no promiscuous mode",
				ports->ports[i].given);
	*out = ports;
	return 0;
}

int
rx_ports_start(struct rx_ports *ports, struct sys_error *e)
{
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct rx_port *port = &ports->ports[i];
		ports->log.said[0] = '\0';
		int rc = rte_eth_dev_start(port->id);
		if (rc < 0)
			return sys_fail(e, -BASE_ERR_IO, "port %s: does not start: %s", port->given,
				ports->log.said[0] ? ports->log.said : rte_strerror(-rc));
		port->started = true;
		rx_port_kernel_read(port);
		port->kernel_drops = 0;
		if (rte_eth_stats_get(port->id, &port->base) < 0)
			memset(&port->base, 0, sizeof(port->base));
	}
	ports->log.quiet = false;
	return 0;
}

struct rx_source *
rx_ports_source(struct rx_ports *ports, uint32_t core)
{
	return core < ports->cores ? &ports->sources[core].source : NULL;
}

bool
rx_ports_face(const struct rx_ports *ports, uint32_t i, struct rx_port_face *face)
{
	if (i >= ports->n_ports)
		return false;
	const struct rx_port *port = &ports->ports[i];
	*face = (struct rx_port_face){.given = port->given,
		.driver = port->name.driver,
		.interface = port->name.interface,
		.sockets = port->kernel_fds,
		.n_sockets = port->n_kernel_fds};
	return true;
}

/* ---- polled cores ---- */

static int
rx_launch_run(void *arg)
{
	const struct rx_launch *launch = arg;

	return launch->fn(launch->context, launch->core);
}

int
rx_ports_launch(struct rx_ports *ports, int (*fn)(void *context, uint32_t core), void *context,
	struct sys_error *e)
{
	uint32_t core = 0;
	unsigned lcore;

	if (rte_lcore_count() - 1 < ports->cores)
		return sys_fail(e, -BASE_ERR_INVALID,
			"EAL options: %u lcores, %u are needed (one to control, %u workers)",
			rte_lcore_count(), ports->cores + 1, ports->cores);
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (core == ports->cores)
			break;
		struct rx_launch *launch = &ports->launches[core];
		*launch = (struct rx_launch){fn, context, core, lcore};
		int rc = rte_eal_remote_launch(rx_launch_run, launch, lcore);
		if (rc < 0)
			return sys_fail(e, -BASE_ERR_IO, "worker %u: lcore %u does not start: %s",
				core, lcore, rte_strerror(-rc));
		ports->launched = true;
		core++;
	}
	return 0;
}

/* DPDK's own waiting takes a whole CPU. */
static void
rx_lcore_join(unsigned lcore)
{
	while (rte_eal_get_lcore_state(lcore) != WAIT)
		usleep(RX_JOIN_LOOK_US);
	(void)rte_eal_wait_lcore(lcore);
}

void
rx_ports_join(struct rx_ports *ports)
{
	for (uint32_t core = 0; ports->launched && core < ports->cores; core++)
		if (ports->launches[core].fn)
			rx_lcore_join(ports->launches[core].lcore);
	ports->launched = false;
}

/* ---- counters, close ---- */

static uint64_t
rx_ports_since(uint64_t now, uint64_t base)
{
	return now > base ? now - base : 0;
}

bool
rx_port_losing(struct rx_port *port, uint64_t lost, int64_t now_ns)
{
	if (lost > port->lost)
		port->lost_ns = now_ns;
	port->lost = lost;
	return port->lost_ns && now_ns - port->lost_ns < RX_LOSING_NS;
}

/* Tells the workers whose queues of this port they are. */
static void
rx_port_tell(struct rx_ports *ports, uint32_t index, uint32_t losing)
{
	for (uint32_t core = 0; core < ports->cores; core++) {
		struct rx_port_source *s = &ports->sources[core];
		for (uint32_t q = 0; q < s->n_queues; q++)
			if (s->queues[q].index == index && s->queues[q].losing != losing)
				__atomic_store_n(&s->queues[q].losing, losing, __ATOMIC_RELAXED);
	}
}

/* Says where a link came or went: else a cable that is out looks like a quiet night. */
static void
rx_port_look(struct rx_port *port)
{
	struct rte_eth_link link = {0};

	if (!port->started || rte_eth_link_get_nowait(port->id, &link) < 0 ||
		port->link == (link.link_status ? RX_LINK_UP : RX_LINK_DOWN))
		return;
	port->link = link.link_status ? RX_LINK_UP : RX_LINK_DOWN;
	if (link.link_status && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		sys_log(SYS_LOG_INFO, "port %s: the link is up, %u Mbit/s", port->given,
			link.link_speed);
	else if (link.link_status)
		sys_log(SYS_LOG_INFO, "port %s: the link is up", port->given);
	else
		sys_log(SYS_LOG_WARNING, "port %s: the link is down", port->given);
}

void
rx_ports_counters(struct rx_ports *ports, struct rx_ports_counters *counters)
{
	int64_t now_ns = sys_clock_monotonic_ns();

	*counters = (struct rx_ports_counters){0};
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct rx_port *port = &ports->ports[i];
		struct rte_eth_stats now = {0};
		rx_port_look(port);
		rx_port_kernel_read(port);
		counters->missed += port->kernel_drops;
		if (!port->started || rte_eth_stats_get(port->id, &now) < 0)
			now = port->base;
		uint64_t lost = port->kernel_drops +
				rx_ports_since(now.imissed, port->base.imissed) +
				rx_ports_since(now.rx_nombuf, port->base.rx_nombuf);
		rx_port_tell(ports, i, rx_port_losing(port, lost, now_ns));
		counters->received += rx_ports_since(now.ipackets, port->base.ipackets);
		counters->bytes += rx_ports_since(now.ibytes, port->base.ibytes);
		counters->missed += rx_ports_since(now.imissed, port->base.imissed);
		counters->errors += rx_ports_since(now.ierrors, port->base.ierrors);
		counters->no_mbuf += rx_ports_since(now.rx_nombuf, port->base.rx_nombuf);
	}
}

const char *
rx_ports_clock_source(const struct rx_ports *ports)
{
	uint32_t stamped = 0;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		stamped += ports->ports[i].stamp_mark != 0;
	return stamped == 0 ? "host" : stamped == ports->n_ports ? "nic" : "mixed";
}

void
rx_ports_close(struct rx_ports *ports)
{
	if (!ports)
		return;
	rx_ports_join(ports);
	ports->log.quiet = true;
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct rx_port *port = &ports->ports[i];
		/* The driver closes the sockets: their numbers may mean something else from here
		 * on. */
		free(port->kernel_fds);
		if (port->started)
			(void)rte_eth_dev_stop(port->id);
		if (port->open)
			(void)rte_eth_dev_close(port->id);
		if (port->attached)
			(void)rte_eal_hotplug_remove("vdev", port->name.device);
	}
	for (uint32_t node = 0; node <= RTE_MAX_NUMA_NODES; node++)
		rte_mempool_free(ports->pools[node]);
	if (ports->eal) {
		(void)rte_eal_cleanup();
		rx_eal_stop(&ports->log);
	}
	free(ports->sources);
	free(ports->queues);
	free(ports->launches);
	free(ports->ports);
	free(ports);
}
