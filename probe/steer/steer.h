/* steer: which frames of an interface reach the probe, where the host keeps the interface.  libbpf
 * lives here and nowhere else.
 *
 * One decision (steer_decide.h) runs in the kernel in one of two programs of ours:
 *
 *   redirect   bpf/steer_xdp.bpf.c, an XDP program: what is ours goes to the AF_XDP socket of its
 *              queue (DPDK's net_af_xdp, map xsks_map) and no further, the rest to the host.
 *   mirror     bpf/steer_socket.bpf.c, a filter on packet sockets (DPDK's net_af_packet): what is
 *              ours reaches the probe and the host, the rest only the host.  AF_XDP cannot copy.
 *
 * Ours: SIP ports (UDP, TCP, SCTP), UDP with both ports in the RTP ranges, the tunnels that can
 * carry them, and later fragments of packets between two addresses that were seen to fragment or to
 * speak SIP (only a first fragment has ports).  Ports and ranges stand in a map shared with the
 * programs by mmap: steer_rules_set stores bytes, calls nothing of the kernel, and so works after
 * privileges are dropped.
 *
 * Life of the XDP program: DPDK loads the object (steer_object) and attaches it by netlink, where
 * it would outlive us.  steer_take_interface puts a bpf_link in its place, which dies with the
 * process, however that ends.  steer_clean takes away what a process left that was killed between
 * the two.
 *
 * Memory: steer_open allocates, steer_close frees.  Thread: one.  Cold. */
#pragma once

#include "base.h"
#include "sys.h"

struct steer;

enum steer_mode { STEER_REDIRECT, STEER_MIRROR };

struct steer_range {
	uint16_t first, last;
};

struct steer_rules {
	const uint16_t *sip_ports;
	const struct steer_range *rtp;
	uint32_t n_sip_ports, n_rtp;
	bool tunnels;
};

/* Frames by reason, of all interfaces. */
struct steer_counters {
	uint64_t passed, sip, rtp, fragments, tunnels;
	uint64_t unqueued;  /* ours, but no socket on their queue: gone to the host */
};

/* Detaches programs of ours that a dead probe left on interfaces.  Returns how many. */
uint32_t steer_clean(void);

/* 0, or negative with the sentence: no permission, or built without libbpf. */
int steer_open(struct steer **steer, enum steer_mode mode, struct sys_error *e);
/* redirect: a path of the object for net_af_xdp's xdp_prog=, good until steer_close. */
const char *steer_object(const struct steer *steer);
/* redirect: takes over the program that DPDK attached to interface. */
int steer_take_interface(struct steer *steer, const char *interface, struct sys_error *e);
/* mirror: puts the filter on a packet socket. */
int steer_filter_socket(struct steer *steer, int fd, struct sys_error *e);
/* For all that was taken so far; until the first call everything passes to the host. */
void steer_rules_set(struct steer *steer, const struct steer_rules *rules);
/* 0, or negative: the counters cannot be read (privileges dropped on a kernel before 5.19). */
int steer_counters(const struct steer *steer, struct steer_counters *counters);
/* Detaches.  NULL: nothing. */
void steer_close(struct steer *steer);
