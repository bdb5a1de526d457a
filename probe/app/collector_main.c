/* ringtap-collector: makes the probes' records durable and hands them to billing. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector.h"
#include "config.h"
#include "sys.h"

#ifndef RINGTAP_VERSION
#define RINGTAP_VERSION "unknown"
#endif

static const char usage_text[] =
	"usage: ringtap-collector -c FILE [--once]\n"
	"\n"
	"Takes call records from the probes' shared-memory segments, makes them durable in the\n"
	"store and writes billing files.  Stops on SIGINT or SIGTERM: takes what is left, closes\n"
	"the billing file.  A collector that is killed loses and doubles nothing.  SIGHUP reads\n"
	"the configuration anew.\n"
	"\n"
	"  -c, --config FILE  the configuration (sections probe, collector, store, billing)\n"
	"      --once         take what is there now, close the billing file, exit\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n"
	"\n"
	"examples:\n"
	"  ringtap-collector -c /etc/ringtap/ringtap.yaml\n"
	"  ringtap-collector -c ringtap.yaml --once && ls billing/\n"
	"\n"
	"exit: 0 fine, 1 failed, 2 usage\n";

struct arguments {
	const char *config;
	bool once;
};

/* -1: go on; else the exit code. */
static int
arguments_read(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"once", no_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c': a->config = optarg; break;
		case 'o': a->once = true; break;
		case 'h': fputs(usage_text, stdout); return 0;
		case 'V': puts("ringtap-collector " RINGTAP_VERSION); return 0;
		default: fputs("try: ringtap-collector --help\n", stderr); return 2;
		}
	}
	if (a->config == NULL || optind < argc) {
		fprintf(stderr,
			optind < argc ? "ringtap-collector: what is '%s'?\n"
				      : "ringtap-collector: -c FILE is missing%s\n",
			optind < argc ? argv[optind] : "");
		fputs("try: ringtap-collector --help\n", stderr);
		return 2;
	}
	return -1;
}

/* The program's two things, which a reload replaces. */
struct program {
	const char *path;
	struct config *config;
	struct collector *collector;
};

/* SIGHUP: the configuration is read anew and another collector takes over, which loses nothing, as
 * a restart would not.  With a configuration that cannot be used the old one goes on. */
static int
reload(struct program *p, struct sys_error *e)
{
	struct config *config;

	sys_notify("RELOADING=1");
	if (config_load(&config, p->path, e)) {
		sys_log(SYS_LOG_ERROR, "%s; the old configuration stays", e->text);
		sys_notify("READY=1");
		return 0;
	}
	collector_free(p->collector);
	p->collector = NULL;
	int error = collector_new(&p->collector, config, e);
	if (error) {
		sys_log(SYS_LOG_ERROR, "%s; the old configuration stays", e->text);
		config_free(config);
		error = collector_new(&p->collector, p->config, e);
	} else {
		config_free(p->config);
		p->config = config;
		sys_log_init("ringtap-collector", (enum sys_log_level)config->probe.log_level);
		sys_log(SYS_LOG_INFO, "the configuration was read anew");
	}
	sys_notify("READY=1");
	return error;
}

static int
run(struct program *p, bool once, struct sys_error *e)
{
	int error = 0;

	if (once && collector_attached(p->collector) == 0)
		return sys_fail(e, -BASE_ERR_NOT_FOUND, "no segment to take records from");
	sys_notify("READY=1");
	while (!once && error == 0 && !sys_signal_stop()) {
		error = collector_step(p->collector, e);
		if (error == 0 && sys_signal_take_reload())
			error = reload(p, e);
	}
	sys_notify("STOPPING=1");
	return error ? error : collector_stop(p->collector, e);
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct program p = {NULL, NULL, NULL};
	struct sys_error e = {""};
	int code = arguments_read(&arguments, argc, argv);

	if (code >= 0)
		return code;
	p.path = arguments.config;
	sys_log_init("ringtap-collector", SYS_LOG_INFO);
	sys_signals_init(); /* a service manager may think better of it at once */
	int error = config_load(&p.config, arguments.config, &e);
	if (error)
		goto out;
	sys_log_init("ringtap-collector", (enum sys_log_level)p.config->probe.log_level);
	if (geteuid() == 0 && p.config->probe.user[0])
		error = sys_privileges_drop(p.config->probe.user, p.config->probe.group, &e);
	if (error == 0)
		error = collector_new(&p.collector, p.config, &e);
	if (error == 0)
		error = run(&p, arguments.once, &e);
out:
	if (error)
		sys_log(SYS_LOG_ERROR, "%s", e.text);
	collector_free(p.collector);
	config_free(p.config);
	return error ? 1 : 0;
}
