/* replay: sends the frames of a capture file through a DPDK virtual device, in order, none lost: the device's ring full means wait.
 *
 *     replay VDEV FPS FILE...        replay net_memif0,role=server,socket=/tmp/m.sock,socket-abstract=no 20000 calls.pcap
 *     replay VDEV FPS -              file names come on standard input, one a line; after each the frames so far are printed
 *
 * FPS 0: as fast as the other side takes them.  Waits up to 20 s for the other side, prints how many frames it sent. */
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rx.h"

#define LINK_WAIT_MS 20000
#define BUFFERS 4096
#define BUFFER_BYTES 9216

static int
replay_fail(const char *what)
{
	fprintf(stderr, "replay: %s\n", what);
	return 1;
}

static int
replay_port_open(uint16_t port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};

	if (rte_eth_dev_configure(port, 1, 1, &conf) < 0 || rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL, pool) < 0 ||
			rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL) < 0 || rte_eth_dev_start(port) < 0)
		return replay_fail("the port cannot be set up");
	for (int ms = 0; ms < LINK_WAIT_MS; ms += 10) {
		struct rte_eth_link link;
		if (rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_UP)
			return 0;
		usleep(10000);
	}
	return replay_fail("nobody on the other side");
}

static int
replay_send(uint16_t port, struct rte_mempool *pool, const struct rx_frame *frame)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char *p = m ? rte_pktmbuf_append(m, (uint16_t)frame->len) : NULL;

	if (!p || frame->len > BUFFER_BYTES)
		return replay_fail("no buffer for a frame");
	memcpy(p, frame->data, frame->len);
	while (rte_eth_tx_burst(port, 0, &m, 1) == 0)
		usleep(20);
	return 0;
}

static int
replay_file(uint16_t port, struct rte_mempool *pool, const char *path, long frames_per_second, unsigned long *sent)
{
	struct rx_frame frames[RX_BURST_MAX];
	struct sys_error e;
	struct rx_source *source = rx_file_open(path, &e);
	int rc = 0;

	if (!source)
		return replay_fail(e.text);
	while (rc == 0 && !source->finished) {
		uint32_t n = rx_burst(source, frames, 16);
		for (uint32_t i = 0; rc == 0 && i < n; i++)
			rc = replay_send(port, pool, &frames[i]);
		*sent += n;
		rx_release(source, frames, n);
		if (frames_per_second)
			usleep((useconds_t)(n * 1000000ul / (unsigned long)frames_per_second));
	}
	rx_file_close(source);
	return rc;
}

static int
replay_named(uint16_t port, struct rte_mempool *pool, long frames_per_second, unsigned long *sent)
{
	char path[1024];
	int rc = 0;

	while (rc == 0 && fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		rc = replay_file(port, pool, path, frames_per_second, sent);
		printf("%lu frames so far\n", *sent);
		fflush(stdout);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	char vdev[512], prefix[64];
	unsigned long sent = 0;
	uint16_t port = 0;

	if (argc < 4 || strtol(argv[2], NULL, 10) < 0)
		return replay_fail("usage: replay VDEV FPS FILE...");
	snprintf(vdev, sizeof(vdev), "--vdev=%s", argv[1]);
	snprintf(prefix, sizeof(prefix), "--file-prefix=replay-%d", (int)getpid());
	char *eal[] = {argv[0], "--no-huge", "-m", "128", "--no-shconf", "--no-pci", "--no-telemetry", "--log-level=error", prefix,
		vdev, "--lcores", "0@0", NULL};
	if (rte_eal_init((int)base_count_of(eal) - 1, eal) < 0)
		return replay_fail("the EAL does not start");
	(void)rmdir(rte_eal_get_runtime_dir());
	struct rte_mempool *pool = rte_pktmbuf_pool_create("replay", BUFFERS, 0, 0, BUFFER_BYTES + RTE_PKTMBUF_HEADROOM,
		SOCKET_ID_ANY);
	if (!pool)
		return replay_fail("no memory for buffers");
	int rc = replay_port_open(port, pool);
	if (rc == 0 && strcmp(argv[3], "-") == 0)
		rc = replay_named(port, pool, strtol(argv[2], NULL, 10), &sent);
	for (int i = 3; rc == 0 && i < argc && strcmp(argv[3], "-") != 0; i++)
		rc = replay_file(port, pool, argv[i], strtol(argv[2], NULL, 10), &sent);
	/* What lies in the ring is the other side's to take. */
	usleep(500000);
	printf("%lu frames sent\n", sent);
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	rte_eal_cleanup();
	return rc;
}
