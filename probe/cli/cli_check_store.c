#include "cli_private.h"
#include "sinks.h"

#include <glob.h>
#include <unistd.h>

const char cli_check_store_usage[] =
	"Usage: ringtap check-store [OPTION]...\n"
	"\n"
	"Looks through the store (every day's pages and keys, who has taken how much) and\n"
	"the billing files (the manifest's lines each on the one before, each file's size\n"
	"and SHA-256), says what is there and what is wrong.  Changes nothing, and may run\n"
	"beside the collector.\n"
	"\n"
	"  -R, --repair          set damaged days aside (*.corrupt), keep what can be read of\n"
	"                        them, make wrong keys anew; the collector must be stopped\n"
	"  -s, --store DIR       the store; default: that of the configuration\n"
	"  -b, --billing DIR     the billing files; default: those of the configuration, or\n"
	"                        none where --store is given\n"
	"  -c, --config FILE     default: " CLI_CONFIG_PATH "\n"
	"  -h, --help\n"
	"\n"
	"Examples:\n"
	"  ringtap check-store | grep WRONG               exit status 1 where there is any\n"
	"  ringtap check-store --store /srv/old --billing /srv/old/billing\n";

struct check {
	struct cli *cli;
	struct cli_options o;
	const char *billing;
	bool repair;
	struct config *config;
};

static int
check_options(struct check *c, int argc, char **argv)
{
	static const struct option longs[] = {CLI_OPTION_STORE, CLI_OPTION_CONFIG,
		{"repair", no_argument, NULL, 'R'}, {"billing", required_argument, NULL, 'b'},
		CLI_OPTION_HELP, CLI_OPTION_END};
	int opt;

	optind = 0;
	while ((opt = cli_option_next(c->cli, argc, argv, longs)) != -1) {
		if (opt == 'R')
			c->repair = true;
		else if (opt == 'b')
			c->billing = optarg;
		else if (cli_option_common(c->cli, &c->o, opt) != CLI_OK)
			return CLI_USAGE;
	}
	return !c->o.help && optind < argc ? cli_misuse(c->cli, "what is '%s'?", argv[optind])
					   : CLI_OK;
}

static void
check_line(void *context, const char *what, bool bad, const char *text)
{
	struct check *c = context;

	cli_text_print(c->cli, c->cli->out, base_span_cstr(what));
	fputs(bad ? ": WRONG: " : ": ", c->cli->out);
	cli_text_print(c->cli, c->cli->out, base_span_cstr(text));
	fputc('\n', c->cli->out);
}

/* A wrong DIR must not look like a store without faults, nor be made one by --repair. */
static bool
is_store(const char *dir)
{
	static const char *const patterns[] = {"state.db", "ringtap-*.db", "*.corrupt"};
	struct base_text path;
	char bytes[4200];
	bool any = false;

	for (size_t i = 0; i < base_count_of(patterns) && !any; i++) {
		glob_t found = {0};
		path = base_text_of(bytes, sizeof(bytes) - 1);
		base_text_str(&path, dir);
		base_text_char(&path, '/');
		base_text_str(&path, patterns[i]);
		bytes[path.len] = '\0';
		any = glob(bytes, 0, NULL, &found) == 0;
		globfree(&found);
	}
	return any;
}

static int
check_store(struct check *c, struct sys_error *e)
{
	struct store_options options = {.dir = c->o.store, .read_only = true};
	struct store *store;
	int error = 0;

	if (access(c->o.store, R_OK | X_OK) == 0 && !is_store(c->o.store))
		return sys_fail(e, -BASE_ERR_NOT_FOUND, "%s: there is no store", c->o.store);
	if (c->repair) {
		options.read_only = false;
		error = store_open(&store, &options, e);
		if (error == 0)
			error = store_repair(store, e);
		store_close(store);
		options.read_only = true;
	}
	if (error == 0)
		error = store_open(&store, &options, e);
	if (error)
		return error;
	int bad = store_check(store, check_line, c, e);
	store_close(store);
	return bad;
}

static int
check_run(struct check *c)
{
	struct sys_error e = {""};
	int billing = 0;

	if (!c->o.store) {
		c->config = cli_config(c->cli, c->o.config);
		if (!c->config)
			return CLI_FAILED;
		c->o.store = c->config->store.dir;
		if (!c->billing && c->config->billing.enabled)
			c->billing = c->config->billing.dir;
	}
	int bad = check_store(c, &e);
	if (bad >= 0 && c->billing)
		billing = sinks_billing_check(c->billing, check_line, c, &e);
	config_free(c->config);
	if (bad < 0 || billing < 0)
		return cli_fail(c->cli, "%s", e.text);
	if (fflush(c->cli->out))
		return CLI_FAILED;
	return bad + billing ? cli_fail(c->cli, "%d %s wrong", bad + billing,
				       bad + billing == 1 ? "thing is" : "things are")
			     : CLI_OK;
}

int
cli_check_store(struct cli *cli, int argc, char **argv)
{
	struct check c = {.cli = cli};
	int rc = check_options(&c, argc, argv);

	if (rc != CLI_OK)
		return rc;
	if (c.o.help) {
		fputs(cli_check_store_usage, cli->out);
		return CLI_OK;
	}
	return check_run(&c);
}
