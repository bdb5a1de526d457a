/* rx: where frames come from.  DPDK and libpcap live here and nowhere else.
 *
 * A struct rx_source gives bursts of borrowed frames and takes them back: one ethdev queue set of a
 * worker (rx_port.h), or a capture file (rx_file.h).  Thread: a source has one user.  Nothing here
 * allocates after it is opened. */
#pragma once

#include "base.h"
#include "metrics.h"
#include "packet.h"
#include "sys.h"

#define RX_BURST_MAX 64

struct rx_frame {
	const uint8_t *data;
	uint32_t len;       /* bytes there are */
	uint32_t wire_len;  /* bytes the frame had */
	int64_t ts_ns;      /* UTC */
	uint8_t link;       /* enum packet_link */
	uint8_t port;       /* index of the port */
	void *handle;       /* rx's own */
};

struct rx_source {
	uint32_t (*burst)(struct rx_source *source, struct rx_frame *frames, uint32_t max);
	void (*release)(struct rx_source *source, struct rx_frame *frames, uint32_t n);
	bool finished;      /* a file: nothing more comes */
	/* a port: its queue loses frames, and stays full although it is polled without a pause */
	bool pressed;
	/* a file: 0, or -BASE_ERR_x with the sentence in error_text (what was read before it
	 * stands) */
	int error;
	struct sys_error error_text;
};

/* Up to max (<= RX_BURST_MAX) frames, valid until released. 0: none now. */
static inline uint32_t
rx_burst(struct rx_source *source, struct rx_frame *frames, uint32_t max)
{
	return source->burst(source, frames, max);
}

static inline void
rx_release(struct rx_source *source, struct rx_frame *frames, uint32_t n)
{
	source->release(source, frames, n);
}

#include "rx_file.h"
#include "rx_port.h"
#include "rx_sender.h"
#include "rx_writer.h"
