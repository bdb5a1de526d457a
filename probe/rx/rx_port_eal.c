#include "rx_port_private.h"

#include <dirent.h>
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define RX_EAL_PAGE 4096
#define RX_HUGEPAGES "/sys/kernel/mm/hugepages"
#define RX_ISOLATED "/sys/devices/system/cpu/isolated"
#define RX_EAL_MEMORY_SPARE (96ull << 20) /* the EAL's own, queues, and what drivers take */

/* ---- arguments ---- */

static void __attribute__((format(printf, 2, 3)))
rx_eal_add(struct rx_eal_args *args, const char *format, ...)
{
	va_list list;
	char *text = NULL;

	va_start(list, format);
	if (args->n == RX_EAL_ARGS_MAX || vasprintf(&text, format, list) < 0)
		args->overflow = true;
	else
		args->argv[args->n++] = text;
	va_end(list);
}

/* The operator gave one of the options, as --name, --name=value, or -x with its value attached or
 * not. */
static bool
rx_eal_given(const struct rx_ports_options *options, const char *const *names)
{
	for (uint32_t i = 0; i < options->n_eal_args; i++) {
		const char *arg = options->eal_args[i];
		for (uint32_t n = 0; names[n]; n++) {
			size_t len = strlen(names[n]);
			bool is_short = names[n][1] != '-';
			if (strncmp(arg, names[n], len) == 0 &&
				(is_short || arg[len] == '\0' || arg[len] == '='))
				return true;
		}
	}
	return false;
}

/* Lcore 0 is the control core, 1..cores the workers.  CPUs in turn: where there are too few, lcores
 * share them. */
static void
rx_eal_add_lcores(struct rx_eal_args *args, const struct rx_ports_options *options,
	const struct rx_eal_machine *machine)
{
	static const char *const names[] = {"--lcores", "-l", "-c", "-s", NULL};
	char text[1024];
	size_t len = 0;

	if (rx_eal_given(options, names))
		return;
	for (uint32_t i = 0; i <= options->cores && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u@%u", i ? "," : "", i,
			machine->n_cpus ? machine->cpus[i % machine->n_cpus] : 0);
	rx_eal_add(args, "--lcores");
	rx_eal_add(args, "%s", text);
}

static void
rx_eal_add_memory(struct rx_eal_args *args, const struct rx_ports_options *options,
	const struct rx_eal_machine *machine)
{
	static const char *const modes[] = {
		"--no-huge", "--in-memory", "--legacy-mem", "--huge-dir", NULL};
	static const char *const amounts[] = {"-m", "--socket-mem", NULL};
	static const char *const prefixes[] = {"--file-prefix", "--in-memory", NULL};

	if (!rx_eal_given(options, modes)) {
		args->no_huge = machine->free_hugepage_bytes < machine->huge_bytes;
		rx_eal_add(args, args->no_huge ? "--no-huge" : "--in-memory");
		/* Else a descriptor for each page: 2 GiB are more than 1024 of them. */
		rx_eal_add(args, args->no_huge ? "--no-shconf" : "--single-file-segments");
	}
	if (args->no_huge && !rx_eal_given(options, amounts)) {
		rx_eal_add(args, "-m");
		rx_eal_add(args, "%llu", (unsigned long long)(machine->no_huge_bytes >> 20) + 1);
	}
	if (!rx_eal_given(options, prefixes)) {
		rx_eal_add(args, "--file-prefix");
		rx_eal_add(args, "ringtap-%u", machine->pid);
	}
}

/* Without -a the EAL would take every device bound to a userspace driver, and all ports of
 * bifurcated drivers. */
static void
rx_eal_add_devices(struct rx_eal_args *args, const struct rx_ports_options *options,
	const struct rx_port_name *names)
{
	static const char *const given[] = {"-a", "--allow", "-b", "--block", "--no-pci", NULL};
	bool any = false;

	for (uint32_t i = 0; i < options->n_ports; i++) {
		if (names[i].kind != RX_PORT_PCI)
			continue;
		any = true;
		rx_eal_add(args, "-a");
		rx_eal_add(args, "%s%s%s", names[i].device, names[i].args[0] ? "," : "",
			names[i].args);
	}
	if (!any && !rx_eal_given(options, given))
		rx_eal_add(args, "--no-pci");
}

void
rx_eal_args_make(struct rx_eal_args *args, const struct rx_ports_options *options,
	const struct rx_port_name *names, const struct rx_eal_machine *machine)
{
	static const char *const levels[] = {"--log-level", NULL};
	static const char *const telemetry[] = {"--telemetry", "--no-telemetry", NULL};

	*args = (struct rx_eal_args){0};
	rx_eal_add(args, "%s", options->program);
	rx_eal_add_lcores(args, options, machine);
	rx_eal_add_memory(args, options, machine);
	rx_eal_add_devices(args, options, names);
	if (!rx_eal_given(options, levels))
		rx_eal_add(args, "--log-level=warning");
	if (!rx_eal_given(options, telemetry))
		rx_eal_add(args, "--no-telemetry");
	for (uint32_t i = 0; i < options->n_eal_args; i++)
		rx_eal_add(args, "%s", options->eal_args[i]);
}

void
rx_eal_args_free(struct rx_eal_args *args)
{
	for (uint32_t i = 0; i < args->n; i++)
		free(args->argv[i]);
	args->n = 0;
}

/* ---- machine ---- */

struct rx_eal_memory
rx_eal_memory_of(uint32_t buffers, uint32_t bytes)
{
	uint32_t in_a_page = RX_EAL_PAGE / bytes;

	return (struct rx_eal_memory){.huge_bytes = (uint64_t)buffers * bytes,
		.no_huge_bytes = (uint64_t)buffers * (in_a_page ? RX_EAL_PAGE / in_a_page : bytes)};
}

static uint32_t
rx_eal_cpus(uint32_t *cpus, uint32_t max)
{
	cpu_set_t set;
	uint32_t n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	for (int cpu = 0; cpu < CPU_SETSIZE && n < max; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = (uint32_t)cpu;
	return n;
}

/* NUMA node of a port, as far as the kernel knows before DPDK does; -1: none. */
static int
rx_eal_node(const struct rx_port_name *name)
{
	char path[128];
	int node = -1;

	if (name->kind == RX_PORT_PCI)
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", name->device);
	else
		snprintf(path, sizeof(path), "/sys/class/net/%s/device/numa_node", name->interface);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%d", &node) != 1)
		node = -1;
	if (f)
		fclose(f);
	return node;
}

void
rx_eal_cpus_first(uint32_t *cpus, uint32_t n, const bool *first)
{
	uint32_t rest[RX_EAL_CPUS_MAX], n_first = 0, n_rest = 0;

	for (uint32_t i = 0; i < n; i++)
		if (first[i])
			cpus[n_first++] = cpus[i];
		else
			rest[n_rest++] = cpus[i];
	memcpy(cpus + n_first, rest, n_rest * sizeof(*rest));
}

/* The CPUs of the first port's node before the others: what the control core touches first, the
 * tables of all workers, lies there as well. */
static void
rx_eal_cpus_near(uint32_t *cpus, uint32_t n, const struct rx_ports_options *options,
	const struct rx_port_name *names)
{
	bool near[RX_EAL_CPUS_MAX];
	int node = -1;

	for (uint32_t i = 0; i < options->n_ports && node < 0; i++)
		node = rx_eal_node(&names[i]);
	for (uint32_t i = 0; i < n && node >= 0; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/node%d", cpus[i], node);
		near[i] = access(path, F_OK) == 0;
	}
	if (node >= 0)
		rx_eal_cpus_first(cpus, n, near);
}

uint32_t
rx_eal_cpus_of(const char *list, uint32_t *cpus, uint32_t max)
{
	uint32_t n = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < CPU_SETSIZE && n < max; first++)
			cpus[n++] = (uint32_t)first;
		list = *end == ',' ? end + 1 : "";
	}
	return n;
}

uint32_t
rx_eal_cpus_isolate(uint32_t *cpus, uint32_t n, const uint32_t *isolated, uint32_t n_isolated,
	uint32_t online)
{
	if (n == 0 || n_isolated == 0 || n + n_isolated != online || online > RX_EAL_CPUS_MAX)
		return n;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < n_isolated; k++)
			if (cpus[i] == isolated[k])
				return n;
	memmove(cpus + 1 + n_isolated, cpus + 1, (n - 1) * sizeof(*cpus));
	memcpy(cpus + 1, isolated, n_isolated * sizeof(*cpus));
	return n + n_isolated;
}

/* The isolated CPUs on which this process could run if it asked for them: its cpuset may forbid. */
static uint32_t
rx_eal_isolated(uint32_t *cpus, uint32_t max)
{
	char text[512] = "";
	cpu_set_t own, wanted;
	FILE *f = fopen(RX_ISOLATED, "re");

	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	uint32_t n = rx_eal_cpus_of(text, cpus, max);
	if (n == 0 || sched_getaffinity(0, sizeof(own), &own) < 0)
		return 0;
	CPU_ZERO(&wanted);
	for (uint32_t i = 0; i < n; i++)
		CPU_SET(cpus[i], &wanted);
	n = sched_setaffinity(0, sizeof(wanted), &wanted) < 0 ? 0 : rx_eal_cpus(cpus, max);
	(void)sched_setaffinity(0, sizeof(own), &own);
	return n;
}

/* CPUs for the lcores: the control core's, then those of workers. */
static uint32_t
rx_eal_cpus_all(
	uint32_t *cpus, const struct rx_ports_options *options, const struct rx_port_name *names)
{
	uint32_t isolated[RX_EAL_CPUS_MAX];
	uint32_t n = rx_eal_cpus(cpus, RX_EAL_CPUS_MAX);
	uint32_t n_isolated = rx_eal_isolated(isolated, RX_EAL_CPUS_MAX);
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	rx_eal_cpus_near(cpus, n, options, names);
	rx_eal_cpus_near(isolated, n_isolated, options, names);
	uint32_t all = rx_eal_cpus_isolate(
		cpus, n, isolated, n_isolated, online < 0 ? 0 : (uint32_t)online);
	if (all > n)
		sys_log(SYS_LOG_INFO, "workers on isolated CPUs, as far as there are: %u, from %u",
			n_isolated, cpus[1]);
	return all;
}

static unsigned long long
rx_eal_hugepages(const char *size, const char *what)
{
	char path[sizeof(RX_HUGEPAGES) + 300];
	unsigned long long pages = 0;

	snprintf(path, sizeof(path), RX_HUGEPAGES "/%s/%s", size, what);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages;
}

/* Free, and promised to nobody. */
static uint64_t
rx_eal_free_hugepages(void)
{
	uint64_t bytes = 0;
	const struct dirent *entry;
	DIR *dir = opendir(RX_HUGEPAGES);

	while (dir && (entry = readdir(dir))) {
		unsigned long long kb;
		if (sscanf(entry->d_name, "hugepages-%llukB", &kb) != 1)
			continue;
		unsigned long long pages = rx_eal_hugepages(entry->d_name, "free_hugepages");
		unsigned long long promised = rx_eal_hugepages(entry->d_name, "resv_hugepages");
		bytes += pages > promised ? (pages - promised) * kb * 1024 : 0;
	}
	if (dir)
		closedir(dir);
	return bytes;
}

/* ---- log ---- */

/* DPDK flushes after each message, so a write is one message of one level. */
static ssize_t
rx_eal_log_write(void *cookie, const char *p, size_t len)
{
	struct rx_eal_log *log = cookie;
	unsigned level = (unsigned)rte_log_cur_msg_loglevel();
	size_t end = len;

	while (end && (p[end - 1] == '\n' || p[end - 1] == '\r'))
		end--;
	if (end == 0)
		return (ssize_t)len;
	/* Drivers that share with secondary processes complain where there are none to share with.
	 * */
	bool beside = memmem(p, end, "mp action", 9) != NULL;
	if (log->said[0] == '\0' && level > 0 && level <= RTE_LOG_WARNING && !beside)
		snprintf(log->said, sizeof(log->said), "%.*s", (int)end, p);
	enum sys_log_level ours = log->quiet || level > RTE_LOG_NOTICE ? SYS_LOG_DEBUG
				  : level > RTE_LOG_WARNING            ? SYS_LOG_INFO
								       : SYS_LOG_WARNING;
	sys_log(ours, "dpdk: %.*s", (int)end, p);
	return (ssize_t)len;
}

static int
rx_eal_log_open(struct rx_eal_log *log)
{
	log->stream = fopencookie(log, "w", (cookie_io_functions_t){.write = rx_eal_log_write});
	if (!log->stream)
		return -BASE_ERR_NO_MEMORY;
	log->quiet = true;
	rte_openlog_stream(log->stream);
	return 0;
}

/* ---- start and stop ---- */

static int
rx_eal_init(struct rx_eal_log *log, struct rx_eal_args *args, struct sys_error *e)
{
	char *argv[RX_EAL_ARGS_MAX + 1];

	/* The EAL sorts argv; args keeps what has to be freed. */
	memcpy(argv, args->argv, sizeof(argv));
	if (args->overflow)
		return sys_fail(
			e, -BASE_ERR_INVALID, "EAL: more than %d arguments", RX_EAL_ARGS_MAX);
	if (rte_eal_init((int)args->n, argv) < 0)
		return sys_fail(e, -BASE_ERR_IO, "EAL does not start: %s%s%s",
			rte_strerror(rte_errno), log->said[0] ? ": " : "", log->said);
	return 0;
}

int
rx_eal_start(struct rx_eal_log *log, const struct rx_ports_options *options,
	const struct rx_port_name *names, struct rx_eal_memory memory, struct sys_error *e)
{
	uint32_t cpus[RX_EAL_CPUS_MAX];
	struct rx_eal_machine machine = {
		.cpus = cpus,
		.n_cpus = rx_eal_cpus_all(cpus, options, names),
		.free_hugepage_bytes = rx_eal_free_hugepages(),
		.pid = (uint32_t)getpid(),
		.huge_bytes = memory.huge_bytes + RX_EAL_MEMORY_SPARE,
		.no_huge_bytes = memory.no_huge_bytes + RX_EAL_MEMORY_SPARE,
	};
	struct rx_eal_args args;

	if (rx_eal_log_open(log) < 0)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "EAL: out of memory");
	rx_eal_args_make(&args, options, names, &machine);
	if (args.no_huge)
		sys_log(SYS_LOG_WARNING,
			"hugepages: %llu MiB free, %llu MiB wanted: going on without (--no-huge), "
			"slower;"
			" NICs need them",
			(unsigned long long)(machine.free_hugepage_bytes >> 20),
			(unsigned long long)(machine.huge_bytes >> 20));
	int rc = rx_eal_init(log, &args, e);
	rx_eal_args_free(&args);
	/* Nothing is put in there (no shared configuration, no telemetry); it goes if it is empty.
	 * */
	if (rc == 0 && rte_eal_get_runtime_dir())
		(void)rmdir(rte_eal_get_runtime_dir());
	if (rc < 0)
		rx_eal_stop(log);
	return rc;
}

void
rx_eal_stop(struct rx_eal_log *log)
{
	rte_openlog_stream(stderr);
	if (log->stream)
		fclose(log->stream);
	log->stream = NULL;
}
