/* ringtap-probe: wiring only. */
#include <getopt.h>
#include <stdlib.h>

#include "probe_run.h"

enum { EXIT_USAGE = 2 };

struct probe_options {
	const char *config_path;
	const char *ports[CONFIG_PORTS_MAX];
	uint32_t n_ports;
	bool check;
	const char *const *eal_args;
	uint32_t n_eal_args;
};

static const char probe_help[] =
	"Usage: ringtap-probe -c FILE [--port PORT]... [--check] [-- EAL options]\n"
	"\n"
	"Turns the SIP and RTP that it sees on its ports into records in shared memory, where "
	"ringtap-collector takes them.\n"
	"\n"
	"  -c, --config FILE   the configuration (see: ringtap check-config FILE)\n"
	"  -p, --port PORT     capture here, in place of probe.ports; may be given several times:\n"
	"                        eth1                           a network interface "
	"(net_af_packet)\n"
	"                        0000:3b:00.0                   a NIC bound to vfio-pci\n"
	"                        net_af_xdp0,iface=eth1         any DPDK virtual device with its "
	"arguments\n"
	"      --check         read the configuration and the profiles, say what memory it "
	"takes, and stop\n"
	"      --help, --version\n"
	"\n"
	"Behind -- stand options for DPDK's EAL; what they settle (lcores, memory, log level) "
	"ringtap leaves alone.\n"
	"SIGHUP reads SIP ports, steering and watch lists anew; SIGTERM and SIGINT record the open "
	"calls and stop.\n"
	"\n"
	"Examples:\n"
	"  ringtap-probe -c /etc/ringtap.yaml\n"
	"  ringtap-probe -c /etc/ringtap.yaml --port eth1\n"
	"  ringtap-probe -c /etc/ringtap.yaml --port 0000:3b:00.0 -- --lcores 0@0,1@2,2@3\n";

/* What is left of argv behind a "--" is the EAL's.  Returns an exit status, or -1 to go on. */
static int
probe_options_read(struct probe_options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'},
		{"port", required_argument, NULL, 'p'},
		{"check", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "+c:p:hV", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(probe_help, stdout);
			return EXIT_SUCCESS;
		}
		if (option == 'V') {
			puts("ringtap-probe " RINGTAP_VERSION);
			return EXIT_SUCCESS;
		}
		if (option == 'p' && o->n_ports == CONFIG_PORTS_MAX) {
			fprintf(stderr, "ringtap-probe: at most %d ports\n", CONFIG_PORTS_MAX);
			return EXIT_USAGE;
		}
		if (option == '?') {
			fputs("Try 'ringtap-probe --help'.\n", stderr);
			return EXIT_USAGE;
		}
		if (option == 'c')
			o->config_path = optarg;
		else if (option == 'p')
			o->ports[o->n_ports++] = optarg;
		else
			o->check = true;
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
		fprintf(stderr,
			"ringtap-probe: '%s' is not expected here (EAL options stand behind --).\n"
			"Try 'ringtap-probe --help'.\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	if (!o->config_path) {
		fputs("ringtap-probe: give the configuration with -c FILE.\nTry 'ringtap-probe "
		      "--help'.\n",
			stderr);
		return EXIT_USAGE;
	}
	o->eal_args = (const char *const *)argv + optind;
	o->n_eal_args = (uint32_t)(argc - optind);
	return -1;
}

static int
probe_ports_open(struct probe *p, const struct probe_options *o, struct sys_error *e)
{
	const struct config *config = p->config->config;
	struct rx_ports_options options = {
		.program = "ringtap-probe",
		.ports = o->n_ports ? o->ports : (const char *const *)config->probe.ports,
		.n_ports = o->n_ports ? o->n_ports : config->probe.ports_count,
		.cores = p->cores,
		.rx_descriptors = config->probe.rx_descriptors,
		.mbufs = config->probe.mbufs,
		.mtu = config->probe.mtu,
		.promiscuous = config->probe.promiscuous,
		.xdp_program = probe_steer_program(p->steer),
		.eal_args = o->eal_args,
		.n_eal_args = o->n_eal_args,
	};

	int rc = probe_profiles_load(&p->profiles, config->probe.profile, e);
	if (rc < 0)
		return rc;
	options.profiles = p->profiles.profiles;
	options.n_profiles = p->profiles.n;
	return rx_ports_open(&p->ports, &options, e);
}

static int
probe_workers_make(struct probe *p, struct sys_error *e)
{
	struct metrics_core *metrics[SHM_CORES_MAX];

	for (uint32_t core = 0; core < p->cores; core++)
		metrics[core] = &shm_core(&p->segment.shm, core)->metrics;
	struct worker_options options = {
		.config = p->config->config,
		.cores = p->cores,
		.clock_source = rx_ports_clock_source(p->ports),
		.record = probe_record,
		.keep = probe_keep,
		.context = p,
		.metrics = metrics,
	};
	int rc = worker_set_new(&p->workers, &options, e);
	for (uint32_t core = 0; rc == 0 && core < p->cores; core++)
		p->core[core] = (struct probe_core){
			.probe = p,
			.source = rx_ports_source(p->ports, core),
			.worker = worker_set_worker(p->workers, core),
			.shm = shm_core(&p->segment.shm, core),
		};
	return rc;
}

/* Everything that needs privileges, then without them to the first packet. */
static int
probe_start(struct probe *p, const struct probe_options *o, struct sys_error *e)
{
	const struct config *config = p->config->config;

	/* First of all the segment: a second probe is refused before it takes anything from the
	 * first. */
	int rc = probe_segment_open(&p->segment, config, e);
	if (rc == 0)
		rc = probe_steer_open(&p->steer, config, e);
	if (rc == 0)
		rc = probe_ports_open(p, o, e);
	if (rc == 0)
		rc = probe_steer_take(p->steer, p->ports, config, e);
	if (rc == 0) {
		probe_segment_begin(&p->segment, rx_ports_clock_source(p->ports));
		rc = probe_workers_make(p, e);
	}
	if (rc == 0)
		sys_log(SYS_LOG_INFO,
			"memory: %llu MiB of tables, %llu MiB of rings; all there will be, beside "
			"buffers",
			(unsigned long long)(worker_set_memory(config, p->cores, NULL) >> 20),
			(unsigned long long)(config->probe.ring_bytes * p->cores >> 20));
	if (rc == 0)
		rc = rx_ports_start(p->ports, e);
	if (rc == 0 && config->probe.user[0])
		rc = sys_privileges_drop(config->probe.user, config->probe.group, e);
	if (rc == 0)
		rc = rx_ports_launch(p->ports, probe_core_run, p, e);
	return rc;
}

static void
probe_stop(struct probe *p, bool ran)
{
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELAXED);
	if (p->ports)
		rx_ports_join(p->ports);
	if (ran)
		probe_finish(p);
	else if (p->segment.mapping.p)
		probe_segment_finish(&p->segment);
	rx_ports_close(p->ports);
	steer_close(p->steer);
	probe_profiles_free(&p->profiles);
	if (p->workers)
		worker_set_free(p->workers);
	probe_segment_close(&p->segment);
}

/* What a start would refuse and the configuration alone does not show. */
static int
probe_check(struct probe *p)
{
	const struct config *config = p->config->config;
	struct sys_error e = {""};

	int rc = probe_profiles_load(&p->profiles, config->probe.profile, &e);
	probe_profiles_free(&p->profiles);
	if (rc == 0 && config->probe.user[0])
		rc = sys_privileges_check(config->probe.user, config->probe.group, &e);
	if (rc < 0) {
		sys_log(SYS_LOG_ERROR, "%s", e.text);
		return EXIT_FAILURE;
	}
	printf("%s: fine; memory of the engine on %u cores:\n", p->config_path, p->cores);
	uint64_t bytes = worker_set_memory(p->config->config, p->cores, stdout);
	printf("%llu MiB in all\n", (unsigned long long)(bytes >> 20));
	return EXIT_SUCCESS;
}

static int
probe_run(struct probe *p, const struct probe_options *o)
{
	struct sys_error e = {""};

	int rc = probe_start(p, o, &e);
	if (rc == 0) {
		sys_notify("READY=1");
		sys_log(SYS_LOG_INFO, "capturing with %u cores into %s", p->cores,
			p->config->config->probe.segment);
		probe_control_run(p);
	} else {
		sys_log(SYS_LOG_ERROR, "%s", e.text);
	}
	probe_stop(p, rc == 0);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
probe_configs_free(struct probe *p)
{
	while (p->config) {
		struct probe_config *older = p->config->older;
		config_free(p->config->config);
		free(p->config);
		p->config = older;
	}
}

int
main(int argc, char **argv)
{
	struct probe_options options = {0};
	struct sys_error e = {""};

	int status = probe_options_read(&options, argc, argv);
	if (status >= 0)
		return status;
	struct probe *p = aligned_alloc(BASE_CACHE_LINE, sizeof(*p));
	struct probe_config *config = calloc(1, sizeof(*config));
	if (!p || !config) {
		fputs("ringtap-probe: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	memset(p, 0, sizeof(*p));
	p->segment.mapping.fd = -1;
	p->config_path = options.config_path;
	p->config = config;
	sys_log_init("ringtap-probe", SYS_LOG_WARNING);
	sys_signals_init(); /* a service manager may think better of it at once */
	if (config_load(&config->config, options.config_path, &e) < 0) {
		sys_log(SYS_LOG_ERROR, "%s", e.text);
		free(config);
		free(p);
		return EXIT_FAILURE;
	}
	sys_log_init("ringtap-probe", (enum sys_log_level)config->config->probe.log_level);
	p->cores = config->config->probe.cores;
	status = options.check ? probe_check(p) : probe_run(p, &options);
	probe_configs_free(p);
	free(p);
	return status;
}
