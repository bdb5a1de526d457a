#include "rx_sender.h"

#include <rte_mbuf.h>
#include <stdlib.h>
#include <unistd.h>

#include "rx_port_private.h"

#define RX_SENDER_DESCRIPTORS 512
#define RX_SENDER_MTU 2048
#define RX_SENDER_TRY_NS BASE_NS_PER_SEC
#define RX_SENDER_LINK_MS 20000
#define RX_SENDER_LOOK_MS 10
/* of a peer in shared memory, to take what lies in the ring before it goes */
#define RX_SENDER_LINGER_US 300000

struct rx_sender {
	struct rx_ports *ports;
	struct rx_sender_counters counters;
	uint32_t n;
	struct rte_mbuf *burst[RX_BURST_MAX];
};

/* A NIC's link comes up by and by, and a peer in shared memory when it starts. */
static int
rx_sender_link(const struct rx_sender *s, const char *port, struct sys_error *e)
{
	for (int ms = 0; ms < RX_SENDER_LINK_MS; ms += RX_SENDER_LOOK_MS) {
		struct rte_eth_link link;
		if (rte_eth_link_get_nowait(s->ports->ports[0].id, &link) < 0 ||
			link.link_status == RTE_ETH_LINK_UP)
			return 0;
		usleep(RX_SENDER_LOOK_MS * 1000);
	}
	return sys_fail(e, -BASE_ERR_IO, "port %s: nobody at the other end: no link in %d s", port,
		RX_SENDER_LINK_MS / 1000);
}

int
rx_sender_open(struct rx_sender **out, const struct rx_sender_options *o, struct sys_error *e)
{
	const struct rx_ports_options options = {
		.program = o->program,
		.ports = &o->port,
		.n_ports = 1,
		.cores = 1,
		.rx_descriptors = RX_SENDER_DESCRIPTORS,
		.mtu = RX_SENDER_MTU,
		.eal_args = o->eal_args,
		.n_eal_args = o->n_eal_args,
	};
	struct rx_sender *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "port %s: out of memory", o->port);
	int rc = rx_ports_open(&s->ports, &options, e);
	if (rc == 0)
		rc = rx_ports_start(s->ports, e);
	if (rc == 0)
		rc = rx_sender_link(s, o->port, e);
	if (rc < 0) {
		rx_sender_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void
rx_sender_put(struct rx_sender *s, const uint8_t *frame, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(s->ports->ports[0].pool);
	char *p = m ? rte_pktmbuf_append(m, (uint16_t)len) : NULL;

	if (!p) {
		rte_pktmbuf_free(m);
		s->counters.given_up++;
		return;
	}
	memcpy(p, frame, len);
	s->burst[s->n++] = m;
	if (s->n == RX_BURST_MAX)
		rx_sender_flush(s);
}

void
rx_sender_flush(struct rx_sender *s)
{
	int64_t until_ns = 0;
	uint32_t done = 0;

	while (done < s->n) {
		done += rte_eth_tx_burst(s->ports->ports[0].id, 0, s->burst + done,
			(uint16_t)(s->n - done));
		if (done == s->n)
			break;
		int64_t now_ns = sys_clock_monotonic_ns();
		if (until_ns == 0)
			until_ns = now_ns + RX_SENDER_TRY_NS;
		if (now_ns > until_ns)
			break;
	}
	s->counters.sent += done;
	s->counters.given_up += s->n - done;
	if (done < s->n)
		rte_pktmbuf_free_bulk(s->burst + done, s->n - done);
	s->n = 0;
}

struct rx_sender_counters
rx_sender_counters(const struct rx_sender *s)
{
	return s->counters;
}

void
rx_sender_close(struct rx_sender *s)
{
	if (!s)
		return;
	if (s->n)
		rte_pktmbuf_free_bulk(s->burst, s->n);
	if (s->counters.sent)
		usleep(RX_SENDER_LINGER_US);
	rx_ports_close(s->ports);
	free(s);
}
