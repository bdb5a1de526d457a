/* rx_sender: frames out of a DPDK port, for ringtap gen.  The probe itself sends nothing.
 *
 * One port by name as in rx_port.h, its first transmit queue, bursts of RX_BURST_MAX.  What a port
 * does not take at once is offered again for a second, then given up and counted.  Thread: one
 * user. */
#pragma once

#include "rx.h"

struct rx_sender;

struct rx_sender_options {
	const char *program;          /* argv[0] for the EAL */
	const char *port;
	const char *const *eal_args;
	uint32_t n_eal_args;
};

struct rx_sender_counters {
	uint64_t sent, given_up;
};

/* EAL and port up and started, its link up within 20 s.  0, or negative with the sentence
 * (UNSUPPORTED in a build without DPDK). */
int rx_sender_open(struct rx_sender **sender, const struct rx_sender_options *options,
	struct sys_error *e);
/* Copies the frame; it goes out with a full burst or at the next flush. */
void rx_sender_put(struct rx_sender *sender, const uint8_t *frame, uint32_t len);
void rx_sender_flush(struct rx_sender *sender);
struct rx_sender_counters rx_sender_counters(const struct rx_sender *sender);
void rx_sender_close(struct rx_sender *sender);
