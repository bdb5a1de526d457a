/* The hot path of live capture: no call in here enters the kernel except what a driver itself does.
 * */
#include "rx_port_private.h"

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

static inline void
rx_port_frame(struct rx_frame *frame, struct rte_mbuf *m, int64_t now_ns, uint8_t port)
{
	/* A chain that does not fit one buffer is a frame cut to its first segment. */
	if (base_unlikely(m->nb_segs > 1))
		(void)rte_pktmbuf_linearize(m);
	frame->data = rte_pktmbuf_mtod(m, const uint8_t *);
	frame->len = m->data_len;
	frame->wire_len = m->pkt_len;
	frame->ts_ns = now_ns;
	frame->link = PACKET_LINK_ETHERNET;
	frame->port = port;
	frame->handle = m;
}

/* The times of n frames by their stamps, all having now_ns. */
static void
rx_port_stamp(struct rx_queue *queue, struct rx_frame *frames, uint32_t n, int64_t now_ns)
{
	const struct rte_mbuf *last = frames[n - 1].handle;

	if (last->ol_flags & queue->stamp_mark)
		rx_stamp_learn(&queue->stamp,
			*RTE_MBUF_DYNFIELD(last, queue->stamp_at, const rte_mbuf_timestamp_t *),
			now_ns);
	for (uint32_t i = 0; i < n; i++) {
		const struct rte_mbuf *m = frames[i].handle;
		if (m->ol_flags & queue->stamp_mark)
			frames[i].ts_ns = rx_stamp_ns(&queue->stamp,
				*RTE_MBUF_DYNFIELD(
					m, queue->stamp_at, const rte_mbuf_timestamp_t *),
				now_ns);
	}
}

uint32_t
rx_port_burst(struct rx_source *source, struct rx_frame *frames, uint32_t max)
{
	struct rx_port_source *s = base_container_of(source, struct rx_port_source, source);
	struct rte_mbuf *mbufs[RX_BURST_MAX];
	uint32_t n = 0;
	struct rx_queue *queue = NULL;

	if (max > RX_BURST_MAX)
		max = RX_BURST_MAX;
	for (uint32_t tries = s->n_queues; tries && n == 0; tries--) {
		queue = &s->queues[s->next];
		s->next = s->next + 1 < s->n_queues ? s->next + 1 : 0;
		n = rte_eth_rx_burst(queue->port_id, queue->queue_id, mbufs, (uint16_t)max);
		source->pressed = rx_queue_pressed(queue, n, max);
	}
	if (n == 0)
		return 0;
	int64_t now_ns = sys_clock_wall_ns();
	for (uint32_t i = 0; i < n; i++)
		rx_port_frame(&frames[i], mbufs[i], now_ns, queue->index);
	if (queue->stamp_mark)
		rx_port_stamp(queue, frames, n, now_ns);
	return n;
}

/* Not 0: is no whole buffer of its own that nobody else holds, or of another pool. */
static inline uint64_t
rx_port_oddity(const struct rte_mbuf *m, const struct rte_mempool *pool)
{
	uint32_t holders; /* refcnt, nb_segs */

	_Static_assert(offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, refcnt) + 2,
		"one after the other");
	memcpy(&holders, &m->refcnt, sizeof(holders));
	return (holders ^ 0x00010001u) | ((uintptr_t)m->pool ^ (uintptr_t)pool) |
	       (m->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL));
}

/* As a driver gives them they go back to their pool together, without a look at their second
 * lines. */
static void
rx_port_give(const struct rx_frame *frames, uint32_t n)
{
	struct rte_mbuf *mbufs[RX_BURST_MAX], *first = frames[0].handle;
	struct rte_mempool *pool = first->pool;
	uint64_t odd = 0;

	for (uint32_t i = 0; i < n; i++) {
		mbufs[i] = frames[i].handle;
		odd |= rx_port_oddity(mbufs[i], pool);
	}
	if (base_likely(odd == 0))
		rte_mempool_put_bulk(pool, (void *const *)mbufs, n);
	else
		rte_pktmbuf_free_bulk(mbufs, n);
}

void
rx_port_release(struct rx_source *source, struct rx_frame *frames, uint32_t n)
{
	for (; n > RX_BURST_MAX; frames += RX_BURST_MAX, n -= RX_BURST_MAX)
		rx_port_give(frames, RX_BURST_MAX);
	if (n)
		rx_port_give(frames, n);
}
