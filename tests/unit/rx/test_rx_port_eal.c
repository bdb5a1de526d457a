#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rx_port_private.h"

#define MIB (1ull << 20)

struct row {
	uint32_t cores, n_cpus;
	uint64_t free_mib;
	const char *port;
	const char *eal_args[6];
	const char *line; /* joined by spaces, without the program */
};

static void
check(const struct row *row)
{
	static const uint32_t cpus[] = {2, 3, 5, 7};
	const struct rx_eal_machine machine = {cpus, row->n_cpus, row->free_mib * MIB, 42, 100 * MIB, 100 * MIB};
	struct rx_ports_options options = {.program = "ringtap-probe", .ports = &row->port, .n_ports = 1, .cores = row->cores,
		.eal_args = row->eal_args};
	struct rx_port_defaults defaults = {.cores = 1, .rx_descriptors = 512};
	struct rx_port_name name;
	struct rx_eal_args args;
	char line[2048] = "";

	while (row->eal_args[options.n_eal_args])
		options.n_eal_args++;
	assert_int_equal(rx_port_name_parse(&name, row->port, &defaults, NULL), 0);
	rx_eal_args_make(&args, &options, &name, &machine);
	assert_false(args.overflow);
	assert_string_equal(args.argv[0], "ringtap-probe");
	assert_null(args.argv[args.n]);
	for (uint32_t i = 1; i < args.n; i++) {
		size_t len = strlen(line);
		snprintf(line + len, sizeof(line) - len, "%s%s", len ? " " : "", args.argv[i]);
	}
	assert_string_equal(line, row->line);
	rx_eal_args_free(&args);
}

static void
the_command_line_is_made_of_options_and_machine(void **state)
{
	static const struct row rows[] = {
		{1, 4, 500, "net_null0", {NULL},
			"--lcores 0@2,1@3 --in-memory --single-file-segments --file-prefix ringtap-42 --no-pci --log-level=warning --no-telemetry"},
		/* no hugepages */
		{1, 4, 0, "net_null0", {NULL},
			"--lcores 0@2,1@3 --no-huge --no-shconf -m 101 --file-prefix ringtap-42 --no-pci --log-level=warning"
			" --no-telemetry"},
		{1, 4, 99, "net_null0", {NULL},
			"--lcores 0@2,1@3 --no-huge --no-shconf -m 101 --file-prefix ringtap-42 --no-pci --log-level=warning"
			" --no-telemetry"},
		/* more lcores than CPUs */
		{3, 2, 500, "net_null0", {NULL},
			"--lcores 0@2,1@3,2@2,3@3 --in-memory --single-file-segments --file-prefix ringtap-42 --no-pci --log-level=warning --no-telemetry"},
		/* a NIC is allowed by name, and no other */
		{1, 4, 500, "0000:3b:00.0,a=1", {NULL},
			"--lcores 0@2,1@3 --in-memory --single-file-segments --file-prefix ringtap-42 -a 0000:3b:00.0,a=1 --log-level=warning --no-telemetry"},
		/* what the operator settles stays */
		{1, 4, 500, "net_null0", {"--lcores", "0@0,1@1", "--log-level=debug", "--telemetry", NULL},
			"--in-memory --single-file-segments --file-prefix ringtap-42 --no-pci --lcores 0@0,1@1 --log-level=debug --telemetry"},
		{1, 4, 500, "net_null0", {"-l0-1", "--no-huge", "--file-prefix=mine", "--no-pci", NULL},
			"--log-level=warning --no-telemetry -l0-1 --no-huge --file-prefix=mine --no-pci"},
		{1, 4, 0, "net_null0", {"-m", "512", "-a", "0000:00:01.0", NULL},
			"--lcores 0@2,1@3 --no-huge --no-shconf --file-prefix ringtap-42 --log-level=warning --no-telemetry"
			" -m 512 -a 0000:00:01.0"},
	};

	for (size_t i = 0; i < base_count_of(rows); i++)
		check(&rows[i]);
}

static void
too_many_arguments_are_counted_not_written(void **state)
{
	const char *many[RX_EAL_ARGS_MAX];
	const uint32_t cpu = 0;
	const struct rx_eal_machine machine = {&cpu, 1, 0, 1, 1, 1};
	const struct rx_ports_options options = {.program = "p", .cores = 1, .eal_args = many, .n_eal_args = RX_EAL_ARGS_MAX};
	struct rx_eal_args args;

	for (uint32_t i = 0; i < RX_EAL_ARGS_MAX; i++)
		many[i] = "x";
	rx_eal_args_make(&args, &options, NULL, &machine);
	assert_true(args.overflow);
	assert_int_equal(args.n, RX_EAL_ARGS_MAX);
	assert_null(args.argv[RX_EAL_ARGS_MAX]);
	rx_eal_args_free(&args);
}

static void
buffers_without_hugepages_stay_within_their_pages(void **state)
{
	static const struct {
		uint32_t bytes;
		uint64_t huge, no_huge;
	} rows[] = {
		{2432, 2432, 4096},
		{2048, 2048, 2048},
		{1500, 1500, 2048},
		{4096, 4096, 4096},
		{9472, 9472, 9472},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct rx_eal_memory memory = rx_eal_memory_of(1u << 20, rows[i].bytes);
		assert_int_equal(memory.huge_bytes, rows[i].huge << 20);
		assert_int_equal(memory.no_huge_bytes, rows[i].no_huge << 20);
	}
}

static void
cpus_of_a_node_come_first_in_their_order(void **state)
{
	static const bool first[] = {false, true, false, true, true};
	uint32_t cpus[] = {0, 1, 2, 3, 4};
	static const uint32_t wanted[] = {1, 3, 4, 0, 2};

	rx_eal_cpus_first(cpus, 5, first);
	assert_memory_equal(cpus, wanted, sizeof(wanted));
	rx_eal_cpus_first(cpus, 0, first);
	assert_memory_equal(cpus, wanted, sizeof(wanted));
}

static void
lists_of_cpus_are_read_as_the_kernel_writes_them(void **state)
{
	static const struct {
		const char *list;
		uint32_t n, first, last;
	} rows[] = {{"", 0, 0, 0}, {"\n", 0, 0, 0}, {"3\n", 1, 3, 3}, {"2-7\n", 6, 2, 7}, {"1,4-5\n", 3, 1, 5}, {"0-9", 8, 0, 7},
		{"x", 0, 0, 0}, {"99999999999", 0, 0, 0}, {"4-2", 0, 0, 0}};
	uint32_t cpus[8];

	for (size_t i = 0; i < base_count_of(rows); i++) {
		assert_int_equal(rx_eal_cpus_of(rows[i].list, cpus, 8), rows[i].n);
		if (rows[i].n) {
			assert_int_equal(cpus[0], rows[i].first);
			assert_int_equal(cpus[rows[i].n - 1], rows[i].last);
		}
	}
}

static void
workers_take_isolated_cpus_first(void **state)
{
	static const uint32_t isolated[] = {2, 3, 5}, mixed[] = {0, 1, 2, 3, 4, 5}, all[] = {0, 2, 3, 5, 1, 4};
	uint32_t cpus[RX_EAL_CPUS_MAX] = {0, 1, 4};

	assert_int_equal(rx_eal_cpus_isolate(cpus, 3, isolated, 3, 6), 6);
	assert_memory_equal(cpus, all, sizeof(all));
	/* Somebody chose: fewer than there are, or isolated ones as well. */
	memcpy(cpus, mixed, sizeof(mixed));
	assert_int_equal(rx_eal_cpus_isolate(cpus, 2, isolated, 3, 6), 2);
	assert_int_equal(rx_eal_cpus_isolate(cpus, 6, isolated, 0, 6), 6);
	assert_int_equal(rx_eal_cpus_isolate(cpus, 3, isolated, 3, 6), 3);
	assert_memory_equal(cpus, mixed, sizeof(mixed));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_line_is_made_of_options_and_machine),
		cmocka_unit_test(buffers_without_hugepages_stay_within_their_pages),
		cmocka_unit_test(cpus_of_a_node_come_first_in_their_order),
		cmocka_unit_test(lists_of_cpus_are_read_as_the_kernel_writes_them),
		cmocka_unit_test(workers_take_isolated_cpus_first),
		cmocka_unit_test(too_many_arguments_are_counted_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
