/* rx_port: what its files share: names of ports, arguments for the EAL, and the layout of an open
 * set of ports. */
#pragma once

#include <net/if.h>
#include <rte_ethdev.h>
#include <stdio.h>

#include "rx.h"
#include "rx_stamp.h"

#define RX_PORT_DEVICE_MAX 64
#define RX_PORT_ARGS_MAX 512
#define RX_EAL_ARGS_MAX 160
#define RX_EAL_SAID_MAX 200
#define RX_EAL_CPUS_MAX 1024

/* ---- names: rx_port_name.c ---- */

enum rx_port_kind { RX_PORT_PCI, RX_PORT_VDEV };

struct rx_port_name {
	enum rx_port_kind kind;
	char device[RX_PORT_DEVICE_MAX]; /* of the ethdev: 0000:3b:00.0, net_af_packet0 */
	char driver[RX_PORT_DEVICE_MAX]; /* VDEV: the device without its number */
	char args[RX_PORT_ARGS_MAX];     /* behind the first comma, "" */
	char interface[IF_NAMESIZE];     /* of the kernel, from iface=; "" */
};

struct rx_port_defaults {
	uint32_t index;          /* of the port, for a device number that no other port has */
	uint32_t cores, rx_descriptors;
	const char *xdp_program; /* for net_af_xdp; "" or NULL: none */
};

/* Reads a port as it is given in the configuration.  A bare interface name becomes net_af_packet
 * with arguments of its MTU, and a net_af_packet without qpairs gets one queue a core (the kernel
 * deals flows to them).  0, or negative with the sentence. */
int rx_port_name_parse(
	struct rx_port_name *name, const char *given, const struct rx_port_defaults *defaults,
	struct sys_error *e);
/* The value of key in devargs (key=value,...) as a number, or otherwise. */
uint32_t rx_port_args_number(const char *args, const char *key, uint32_t otherwise);
/* Refuses what DPDK would refuse without saying why: no such interface, no permission to capture on
 * it. */
int rx_port_name_check(const struct rx_port_name *name, const char *given, struct sys_error *e);

/* The profile for a driver, never NULL. */
const struct rx_port_profile *rx_port_profile_of(const struct rx_ports_options *options,
	const char *driver);
/* Arguments of the profile that name has not. */
void rx_port_profile_args(struct rx_port_name *name, const struct rx_port_profile *profile);

/* ---- the EAL: rx_port_eal.c ---- */

struct rx_eal_machine {
	const uint32_t *cpus;    /* that this process may run on */
	uint32_t n_cpus;
	uint64_t free_hugepage_bytes;
	uint32_t pid;
	uint64_t huge_bytes, no_huge_bytes; /* that the ports take, with hugepages or without */
};

struct rx_eal_args {
	char *argv[RX_EAL_ARGS_MAX + 1];
	uint32_t n;
	bool no_huge;            /* added for want of hugepages */
	bool overflow;
};

/* The command line for rte_eal_init: what options and machine call for, except where the operator's
 * own EAL options say it. */
void rx_eal_args_make(struct rx_eal_args *args, const struct rx_ports_options *options,
	const struct rx_port_name *names, const struct rx_eal_machine *machine);
void rx_eal_args_free(struct rx_eal_args *args);

/* DPDK's log lines go through sys_log.  The first one of warning or worse since said was emptied is
 * kept for the sentence of an error: what follows it only says that it failed. */
struct rx_eal_log {
	FILE *stream;
	bool quiet;              /* keep only; print at level debug */
	char said[RX_EAL_SAID_MAX];
};

/* Stable: those marked come first.  n: at most RX_EAL_CPUS_MAX. */
void rx_eal_cpus_first(uint32_t *cpus, uint32_t n, const bool *first);
/* CPUs of a list of the kernel's ("2-7,10"), at most max of them; 0 where it is none. */
uint32_t rx_eal_cpus_of(const char *list, uint32_t *cpus, uint32_t max);
/* The CPUs that the kernel keeps free (isolcpus) go behind the first of cpus, which is the control
 * core's: workers take those before any other.  Only where the process may run on all the others
 * and none of them: otherwise somebody chose its CPUs.  Returns how many there are then. */
uint32_t rx_eal_cpus_isolate(uint32_t *cpus, uint32_t n, const uint32_t *isolated,
	uint32_t n_isolated, uint32_t online);

/* What the buffers take.  Without hugepages none lies across the end of a page that can hold it. */
struct rx_eal_memory {
	uint64_t huge_bytes, no_huge_bytes;
};
struct rx_eal_memory rx_eal_memory_of(uint32_t buffers, uint32_t bytes);

/* Once a process.  0, or negative with the sentence. */
int rx_eal_start(struct rx_eal_log *log, const struct rx_ports_options *options,
	const struct rx_port_name *names, struct rx_eal_memory memory, struct sys_error *e);
void rx_eal_stop(struct rx_eal_log *log);

/* ---- the open set ---- */

/* Where a queue's frames come from; the one worker's that polls it. */
struct rx_queue {
	_Alignas(BASE_CACHE_LINE) uint16_t port_id;
	uint16_t queue_id;
	uint8_t index;           /* of the port in the configuration */
	uint32_t room;           /* descriptors */
	uint64_t run;            /* frames since the last burst that was not full */
	/* The port has lost frames lately.  Stored relaxed by rx_ports_counters, and only where it
	 * changes; loaded relaxed by rx_port_burst. */
	uint32_t losing;
	/* Where an mbuf has its timestamp, and the mark of those that have one; 0: none has. */
	int stamp_at;
	uint64_t stamp_mark;
	struct rx_stamp stamp;
};

/* n of max frames came.  More in a row than the queue holds: it fills faster than it is emptied. */
static inline bool
rx_queue_pressed(struct rx_queue *queue, uint32_t n, uint32_t max)
{
	queue->run = n == max ? queue->run + n : 0;
	return queue->run > queue->room && __atomic_load_n(&queue->losing, __ATOMIC_RELAXED);
}

/* One worker's queues, on cache lines of its own. */
struct rx_port_source {
	_Alignas(64) struct rx_source source;
	uint32_t n_queues, next;
	struct rx_queue *queues;
};

/* rx_port_burst.c */
uint32_t rx_port_burst(struct rx_source *source, struct rx_frame *frames, uint32_t max);
void rx_port_release(struct rx_source *source, struct rx_frame *frames, uint32_t n);

struct rx_port {
	struct rx_port_name name;
	const char *given;
	uint16_t id, n_queues, descriptors, mtu;
	const struct rx_port_profile *profile;
	struct rte_mempool *pool; /* of the port's NUMA node, one of rx_ports.pools */
	bool attached;           /* by us: to be removed */
	bool open, started;
	int stamp_at;            /* as of struct rx_queue */
	uint64_t stamp_mark;
	/* What the kernel drops before a net_af_packet socket, which the driver does not tell
	 * (rx_port_kernel.c). */
	int *kernel_fds;
	uint32_t n_kernel_fds;
	uint64_t kernel_drops;
	struct rte_eth_stats base;
	/* frames lost so far, and when the last were seen to go (rx_port_losing) */
	uint64_t lost;
	int64_t lost_ns;
	enum { RX_LINK_NOT_SEEN, RX_LINK_DOWN, RX_LINK_UP } link; /* as the log has it */
};

/* Losses of the port so far, at now_ns: it loses for RX_LOSING_NS from when they grew. */
#define RX_LOSING_NS (10 * BASE_NS_PER_SEC)
bool rx_port_losing(struct rx_port *port, uint64_t lost, int64_t now_ns);

struct rx_launch {
	int (*fn)(void *context, uint32_t core);
	void *context;
	uint32_t core;
	unsigned lcore;
};

struct rx_ports {
	struct rx_port *ports;
	uint32_t n_ports, cores;
	struct rx_port_source *sources;
	struct rx_queue *queues; /* of all sources */
	struct rx_launch *launches;
	bool launched, eal;
	struct rte_mempool *pools[RTE_MAX_NUMA_NODES + 1]; /* by node; last: of no node */
	struct rx_eal_log log;
};

/* rx_port_setup.c: attaches (unless the EAL's own options have), and configures with queues on the
 * pool. */
int rx_port_attach(struct rx_ports *ports, struct rx_port *port, struct sys_error *e);
/* Queues, descriptors and MTU that the port will have. */
int rx_port_plan(struct rx_ports *ports, struct rx_port *port,
	const struct rx_ports_options *options, struct sys_error *e);
int rx_port_configure(struct rx_ports *ports, struct rx_port *port,
	const struct rx_ports_options *options, struct sys_error *e);
/* Bytes of one frame that the port may deliver. */
uint32_t rx_port_frame_bytes(const struct rx_port *port);

/* rx_port_kernel.c: takes the packet sockets of this process that appeared since the ports before
 * it. */
int rx_port_kernel_claim(struct rx_ports *ports, struct rx_port *port, struct sys_error *e);
/* Adds what the kernel dropped since the last call to port->kernel_drops. */
void rx_port_kernel_read(struct rx_port *port);
