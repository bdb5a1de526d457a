/* rx_port: frames of DPDK ethdev ports, the EAL, and the polled cores.
 *
 * Ports by name: PCI address (0000:3b:00.0), or a virtual device with its arguments:
 * net_af_packet0,iface=eth1 net_af_xdp0,iface=eth1  net_memif0,role=client,...
 * net_vhost0,iface=PATH  net_pcap0,...   A bare interface name (eth1) means net_af_packet on it.
 * Each worker gets one queue of each port that has as many; a port with fewer queues is dealt to
 * workers in turn.  RSS: what the NIC offers of IP and UDP/TCP, with a symmetric key where the NIC
 * takes one, unless the driver's profile says otherwise. */
#pragma once

#include "rx.h"

struct rx_ports;

enum { RX_RSS_IP = 1, RX_RSS_UDP = 2, RX_RSS_TCP = 4, RX_RSS_SCTP = 8 };

/* Whose clock tells when a frame was received: the NIC's where its driver offers that (rx_stamp.h);
 * the driver's, which marks frames without being asked; the host's, once a burst. */
enum rx_timestamps { RX_TIMESTAMPS_NIC, RX_TIMESTAMPS_DRIVER, RX_TIMESTAMPS_HOST };

/* How ports of a driver are set up.  Without one: all of RSS, of the inner header where the NIC
 * offers that, a symmetric key, scatter. */
struct rx_port_profile {
	const char *name;
	const char *const *drivers;   /* as DPDK names them */
	uint32_t n_drivers;
	bool for_all;                 /* whatever the driver */
	const char *devargs;          /* keys that the port does not give; "" */
	uint32_t rss;                 /* RX_RSS_ bits */
	bool rss_inner, rss_key_of_driver, no_scatter;
	enum rx_timestamps timestamps;
	uint32_t queues, rx_descriptors, mtu; /* at most; 0: no bound */
	const char *const *limits;    /* sentences for the log */
	uint32_t n_limits;
};

struct rx_ports_options {
	const char *program;          /* argv[0] for the EAL */
	const char *const *ports;
	uint32_t n_ports;
	uint32_t cores;               /* workers */
	uint32_t rx_descriptors, mbufs, mtu;
	bool promiscuous;
	/* an object file for net_af_xdp's xdp_prog=, where the port names none; a bare interface
	 * then means net_af_xdp.  "" or NULL: none */
	const char *xdp_program;
	const char *const *eal_args;  /* behind '--' on the command line */
	uint32_t n_eal_args;
	const struct rx_port_profile *profiles; /* kept until rx_ports_close */
	uint32_t n_profiles;
};

/* EAL and ports up, not started.  Without hugepages it goes on with --no-huge and a warning.  0 or
 * negative with the sentence. */
int rx_ports_open(struct rx_ports **ports, const struct rx_ports_options *options,
	struct sys_error *e);
/* Starts the ports. */
int rx_ports_start(struct rx_ports *ports, struct sys_error *e);
/* The source of one worker: all its queues, polled in turn. */
struct rx_source *rx_ports_source(struct rx_ports *ports, uint32_t core);
/* Runs fn(context, core) on each worker's lcore; with one core only: on a thread of its own as
 * well.  Returns at once. */
int rx_ports_launch(struct rx_ports *ports, int (*fn)(void *context, uint32_t core), void *context,
	struct sys_error *e);
/* Port i as it was opened: what steering needs to know.  False: no such port. */
struct rx_port_face {
	const char *given, *driver, *interface; /* interface: of the kernel, "" */
	const int *sockets;      /* net_af_packet: of its queues */
	uint32_t n_sockets;
};
bool rx_ports_face(const struct rx_ports *ports, uint32_t i, struct rx_port_face *face);
/* Waits for all. */
void rx_ports_join(struct rx_ports *ports);
/* Counters of NIC and driver, summed over ports: what METRICS_NIC_* are set to.  Looks after the
 * links as well, and logs where one came or went. */
struct rx_ports_counters {
	uint64_t received, bytes, missed, errors, no_mbuf;
};
void rx_ports_counters(struct rx_ports *ports, struct rx_ports_counters *counters);
/* "nic" where all ports have timestamps of their own, "host" where none has, else "mixed". */
const char *rx_ports_clock_source(const struct rx_ports *ports);
void rx_ports_close(struct rx_ports *ports);
