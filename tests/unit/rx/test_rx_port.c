/* Ports that need neither root nor hugepages: net_null gives frames of 64 bytes without end.  One EAL a process, so one test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "rx_port_private.h"

#include <rte_mbuf.h>

#define BURSTS 2000

struct polled {
	struct rx_ports *ports;
	uint64_t frames[2], port_frames[2][2];
	bool sound[2];
};

static int
poll_core(void *context, uint32_t core)
{
	struct polled *p = context;
	struct rx_source *source = rx_ports_source(p->ports, core);
	struct rx_frame frames[RX_BURST_MAX];
	int64_t then_ns = 0;

	p->sound[core] = true;
	for (uint32_t i = 0; i < BURSTS; i++) {
		uint32_t n = rx_burst(source, frames, RX_BURST_MAX);
		for (uint32_t k = 0; k < n; k++) {
			p->sound[core] &= frames[k].len == 64 && frames[k].wire_len == 64 && frames[k].port < 2 &&
				frames[k].link == PACKET_LINK_ETHERNET && frames[k].ts_ns >= then_ns;
			then_ns = frames[k].ts_ns;
			p->port_frames[core][frames[k].port % 2]++;
		}
		p->frames[core] += n;
		rx_release(source, frames, n);
	}
	return 0;
}

/* A burst goes back to its pool whole, also where somebody else holds one of it, or one is a chain. */
static void
buffers_go_back(struct rx_source *source)
{
	struct rx_frame frames[RX_BURST_MAX];

	for (int odd = 0; odd < 3; odd++) {
		uint32_t n = rx_burst(source, frames, RX_BURST_MAX);
		assert_int_equal(n, RX_BURST_MAX);
		struct rte_mbuf *m = frames[7].handle;
		struct rte_mempool *pool = m->pool;
		uint32_t there = rte_mempool_avail_count(pool);
		if (odd == 1)
			rte_mbuf_refcnt_update(m, 1);
		if (odd == 2)
			assert_int_equal(rte_pktmbuf_chain(m, rte_pktmbuf_alloc(pool)), 0);
		rx_release(source, frames, n);
		assert_int_equal(rte_mempool_avail_count(pool), there + n - (odd == 1));
		if (odd == 1)
			rte_pktmbuf_free(m);
		assert_int_equal(rte_mempool_avail_count(pool), there + n);
	}
}

static void
options_that_cannot_be_are_refused_before_the_eal(void **state)
{
	static const char *const twice[] = {"net_null0", "net_null0,size=70"};
	static const char *const same[] = {"lo", "net_af_packet9,iface=lo"};
	static const char *const unknown[] = {"nosuchinterface0"};
	struct rx_ports_options options = {.program = "test", .ports = twice, .cores = 1, .mbufs = 4096, .mtu = 1500};
	struct rx_ports *ports;
	struct sys_error e;

	assert_true(rx_ports_open(&ports, &options, &e) < 0);
	assert_non_null(strstr(e.text, "no port to capture on"));
	options.n_ports = 2;
	assert_int_equal(rx_ports_open(&ports, &options, &e), -BASE_ERR_EXISTS);
	assert_non_null(strstr(e.text, "is there twice"));
	options.ports = same;
	assert_int_equal(rx_ports_open(&ports, &options, &e), -BASE_ERR_EXISTS);
	assert_non_null(strstr(e.text, "lo is there twice"));
	options.n_ports = 1;
	options.ports = unknown;
	assert_int_equal(rx_ports_open(&ports, &options, &e), -BASE_ERR_NOT_FOUND);
	assert_null(ports);
	options.cores = 0;
	assert_true(rx_ports_open(&ports, &options, &e) < 0);
	options.cores = 100000;
	assert_true(rx_ports_open(&ports, &options, &e) < 0);
}

static void
ports_are_dealt_polled_and_counted(void **state)
{
	static const char *const names[] = {"net_null0", "net_null1"};
	static const char *const eal[] = {"--no-huge", "-m", "64", "--no-shconf"};
	struct rx_ports_options options = {.program = "test", .ports = names, .n_ports = 2, .cores = 2, .rx_descriptors = 512,
		.mbufs = 8192, .mtu = 1500, .promiscuous = true, .eal_args = eal, .n_eal_args = 4};
	struct rx_ports_counters counters;
	struct polled polled = {0};
	struct sys_error e = {""};

	int rc = rx_ports_open(&polled.ports, &options, &e);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.text);
	assert_int_equal(rc, 0);
	assert_int_equal(rx_ports_start(polled.ports, &e), 0);
	assert_string_equal(rx_ports_clock_source(polled.ports), "host");
	assert_null(rx_ports_source(polled.ports, 2));
	assert_int_equal(rx_ports_launch(polled.ports, poll_core, &polled, &e), 0);
	rx_ports_join(polled.ports);
	rx_ports_counters(polled.ports, &counters);
	buffers_go_back(rx_ports_source(polled.ports, 0));
	/* Each worker had a queue of each port, and no buffer was lost: it would have run dry. */
	for (int core = 0; core < 2; core++) {
		assert_true(polled.sound[core]);
		assert_true(polled.frames[core] >= (uint64_t)BURSTS * 32);
		assert_true(polled.port_frames[core][0] > 0 && polled.port_frames[core][1] > 0);
	}
	assert_true(counters.received == polled.frames[0] + polled.frames[1]);
	assert_int_equal(counters.missed + counters.no_mbuf, 0);
	rx_ports_close(polled.ports);
	rx_ports_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_cannot_be_are_refused_before_the_eal),
		cmocka_unit_test(ports_are_dealt_polled_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
