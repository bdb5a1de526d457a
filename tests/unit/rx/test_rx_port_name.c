#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rx_port_private.h"

static void
ports_are_read_as_people_name_them(void **state)
{
	static const struct {
		const char *given;
		uint32_t cores;
		enum rx_port_kind kind;
		const char *device, *driver, *args, *interface;
	} rows[] = {
		{"0000:3b:00.0", 1, RX_PORT_PCI, "0000:3b:00.0", "", "", ""},
		{"0000:3B:00.1,dv_flow_en=0", 4, RX_PORT_PCI, "0000:3B:00.1", "", "dv_flow_en=0", ""},
		{"net_af_packet0,iface=eth1", 1, RX_PORT_VDEV, "net_af_packet0", "net_af_packet", "iface=eth1", "eth1"},
		{"net_af_packet0,iface=eth1", 4, RX_PORT_VDEV, "net_af_packet0", "net_af_packet", "iface=eth1,qpairs=4", "eth1"},
		{"net_af_packet7,iface=eth1,qpairs=2", 4, RX_PORT_VDEV, "net_af_packet7", "net_af_packet",
			"iface=eth1,qpairs=2", "eth1"},
		{"net_af_xdp0,start_queue=1,iface=eth2", 4, RX_PORT_VDEV, "net_af_xdp0", "net_af_xdp", "start_queue=1,iface=eth2",
			"eth2"},
		{"net_memif0,role=client,socket=/run/m.sock", 2, RX_PORT_VDEV, "net_memif0", "net_memif",
			"role=client,socket=/run/m.sock", ""},
		{"net_vhost0,iface=/run/ringtap/a-long-name.sock,client=1", 1, RX_PORT_VDEV, "net_vhost0", "net_vhost",
			"iface=/run/ringtap/a-long-name.sock,client=1", ""},
		{"net_pcap0,rx_pcap=x.pcap,xiface=lo", 2, RX_PORT_VDEV, "net_pcap0", "net_pcap", "rx_pcap=x.pcap,xiface=lo", ""},
		{"net_null0", 2, RX_PORT_VDEV, "net_null0", "net_null", "", ""},
		{"net_null", 2, RX_PORT_VDEV, "net_null", "net_null", "", ""},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct rx_port_defaults defaults = {3, rows[i].cores, 4096};
		struct rx_port_name name;
		assert_int_equal(rx_port_name_parse(&name, rows[i].given, &defaults, NULL), 0);
		assert_int_equal(name.kind, rows[i].kind);
		assert_string_equal(name.device, rows[i].device);
		assert_string_equal(name.driver, rows[i].driver);
		assert_string_equal(name.args, rows[i].args);
		assert_string_equal(name.interface, rows[i].interface);
	}
}

static void
a_bare_interface_is_a_packet_socket(void **state)
{
	struct rx_port_defaults defaults = {3, 2, 5000};
	struct rx_port_name name;

	if (if_nametoindex("lo") == 0)
		skip();
	assert_int_equal(rx_port_name_parse(&name, "lo", &defaults, NULL), 0);
	assert_string_equal(name.device, "net_af_packet3");
	assert_string_equal(name.interface, "lo");
	assert_int_equal(rx_port_args_number(name.args, "qpairs", 0), 2);
	uint32_t frame = rx_port_args_number(name.args, "framesz", 0), block = rx_port_args_number(name.args, "blocksz", 0);
	assert_true(frame >= 2048 && block % frame == 0 && block % 4096 == 0);
	assert_true((uint64_t)frame * rx_port_args_number(name.args, "framecnt", 0) <= 32u << 20);
}

/* lo has one receive queue; what the operator says of queues and program stands. */
static void
steered_ports_are_af_xdp_with_the_program(void **state)
{
	static const struct {
		const char *given, *device, *args;
	} rows[] = {
		{"lo", "net_af_xdp3", "iface=lo,queue_count=1,xdp_prog=/p"},
		{"net_af_xdp0,iface=lo", "net_af_xdp0", "iface=lo,queue_count=1,xdp_prog=/p"},
		{"net_af_xdp0,iface=lo,queue_count=2,xdp_prog=/own", "net_af_xdp0", "iface=lo,queue_count=2,xdp_prog=/own"},
		{"net_null0", "net_null0", ""},
	};

	if (if_nametoindex("lo") == 0)
		skip();
	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct rx_port_defaults defaults = {3, 4, 4096, "/p"};
		struct rx_port_name name;
		assert_int_equal(rx_port_name_parse(&name, rows[i].given, &defaults, NULL), 0);
		assert_string_equal(name.device, rows[i].device);
		assert_string_equal(name.args, rows[i].args);
	}
}

static void
names_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *given, *sentence;
	} rows[] = {
		{"", "empty"},
		{"nosuchinterface0", "port nosuchinterface0: no network interface"},
		{"eth99999", "no network interface"},
		{"0000:3b:00", "no network interface"},
		{"net_af_packet0,iface=an_interface_name_that_is_long", "at most 15 characters"},
		{"net_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too long"},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct rx_port_defaults defaults = {0, 1, 4096};
		struct rx_port_name name;
		struct sys_error e;
		assert_true(rx_port_name_parse(&name, rows[i].given, &defaults, &e) < 0);
		assert_non_null(strstr(e.text, rows[i].sentence));
	}
}

static void
an_interface_that_is_not_there_is_named(void **state)
{
	struct rx_port_name name = {.kind = RX_PORT_VDEV, .interface = "nosuch0"};
	struct sys_error e;

	assert_int_equal(rx_port_name_check(&name, "net_af_xdp0,iface=nosuch0", &e), -BASE_ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "no network interface nosuch0"));
	name.interface[0] = '\0';
	assert_int_equal(rx_port_name_check(&name, "net_null0", &e), 0);
}

static void
numbers_are_found_in_arguments(void **state)
{
	assert_int_equal(rx_port_args_number("a=1,bb=22,b=333", "b", 0), 333);
	assert_int_equal(rx_port_args_number("a=1,bb=22,b=333", "bb", 0), 22);
	assert_int_equal(rx_port_args_number("a=1", "c", 9), 9);
	assert_int_equal(rx_port_args_number("a=", "a", 9), 9);
	assert_int_equal(rx_port_args_number("a=x1", "a", 9), 9);
	assert_int_equal(rx_port_args_number("a=99999999999", "a", 9), 9);
	assert_int_equal(rx_port_args_number("", "a", 9), 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_read_as_people_name_them),
		cmocka_unit_test(a_bare_interface_is_a_packet_socket),
		cmocka_unit_test(steered_ports_are_af_xdp_with_the_program),
		cmocka_unit_test(names_that_cannot_be_are_refused),
		cmocka_unit_test(an_interface_that_is_not_there_is_named),
		cmocka_unit_test(numbers_are_found_in_arguments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
