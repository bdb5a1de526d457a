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
	"the billing file.  A collector that is killed loses and doubles nothing.\n"
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

static int
run(struct collector *c, bool once, struct sys_error *e)
{
	int error = 0;

	if (once && collector_attached(c) == 0)
		return sys_fail(e, -BASE_ERR_NOT_FOUND, "no segment to take records from");
	sys_notify("READY=1");
	while (!once && error == 0 && !sys_signal_stop()) {
		error = collector_step(c, e);
		if (sys_signal_take_reload())
			sys_log(SYS_LOG_WARNING,
				"a new configuration needs a restart, which loses nothing");
	}
	sys_notify("STOPPING=1");
	return error ? error : collector_stop(c, e);
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct config *config = NULL;
	struct collector *c = NULL;
	struct sys_error e = {""};
	int code = arguments_read(&arguments, argc, argv);

	if (code >= 0)
		return code;
	sys_log_init("ringtap-collector", SYS_LOG_INFO);
	int error = config_load(&config, arguments.config, &e);
	if (error)
		goto out;
	sys_log_init("ringtap-collector", (enum sys_log_level)config->probe.log_level);
	sys_signals_init();
	if (geteuid() == 0 && config->probe.user[0])
		error = sys_privileges_drop(config->probe.user, config->probe.group, &e);
	if (error == 0)
		error = collector_new(&c, config, &e);
	if (error == 0)
		error = run(c, arguments.once, &e);
out:
	if (error)
		sys_log(SYS_LOG_ERROR, "%s", e.text);
	collector_free(c);
	config_free(config);
	return error ? 1 : 0;
}
