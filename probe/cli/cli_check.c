#include <stdlib.h>

#include "cli_private.h"

/* check-config and fields: what ringtap says of itself. */

const char cli_check_usage[] =
	"Usage: ringtap check-config [FILE]\n"
	"\n"
	"Checks a configuration and prints the effective one (defaults filled in) to\n"
	"standard output, and the memory that the probe will take with it to standard\n"
	"error.  Without FILE: the defaults.  An error names file, line and key.\n"
	"\n"
	"      --keys    the manual instead: every key, its default, range and meaning\n"
	"  -h, --help\n"
	"\n"
	"Examples:\n"
	"  ringtap check-config /etc/ringtap/ringtap.yaml\n"
	"  ringtap check-config > ringtap.yaml            a file to start from\n"
	"  ringtap check-config --keys\n";

const char cli_fields_usage[] =
	"Usage: ringtap fields [--format FORMAT] [KIND]...\n"
	"\n"
	"The manual of the record fields: key, type, unit, meaning.  The keys are those\n"
	"of JSON, the CSV columns, and the names for SQL conditions.  KIND: call,\n"
	"registration, transaction, stream, flow, transactions, dialogs, roles, linked;\n"
	"default: all.\n"
	"\n"
	"  -f, --format FORMAT   table (this manual), clickhouse: the columns of a table of\n"
	"                        one KIND, for scripts/clickhouse\n"
	"  -h, --help\n"
	"\n"
	"Examples:\n"
	"  ringtap fields call\n"
	"  ringtap fields | grep -i jitter\n";

static int
check_print(struct cli *cli, const char *path)
{
	struct config *config = NULL;
	struct sys_error e = {""};
	int rc = path ? config_load(&config, path, &e) : config_defaults(&config, &e);

	if (rc != 0)
		return cli_fail(cli, "%s", e.text);
	config_print(config, cli->out);
	fflush(cli->out);
	fprintf(cli->err, "Memory of the probe, %u %s:\n", (unsigned)config->probe.cores,
		config->probe.cores == 1 ? "core" : "cores");
	worker_set_memory(config, config->probe.cores, cli->err);
	fprintf(cli->err, "%-46s %10.1f MiB\n", "shared-memory rings",
		(double)config->probe.ring_bytes * config->probe.cores / (1 << 20));
	config_free(config);
	return CLI_OK;
}

int
cli_check(struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_OPTION_HELP, {"keys", no_argument, NULL, 'K'}, CLI_OPTION_END};
	struct cli_options o = {0};
	bool keys = false;
	int c;

	optind = 0;
	while ((c = cli_option_next(cli, argc, argv, longs)) != -1) {
		if (c == 'K')
			keys = true;
		else if (cli_option_common(cli, &o, c) != CLI_OK)
			return CLI_USAGE;
	}
	if (o.help) {
		fputs(cli_check_usage, cli->out);
		return CLI_OK;
	}
	if (argc - optind > 1)
		return cli_misuse(cli, "one file, please: '%s' is a second one", argv[optind + 1]);
	if (keys) {
		config_manual(cli->out);
		return CLI_OK;
	}
	return check_print(cli, argc > optind ? argv[optind] : NULL);
}

/* Nested kinds too, which record_kind_of does not know. */
static enum record_kind
fields_kind(const char *name)
{
	for (unsigned kind = RECORD_CALL; kind < RECORD_KIND_COUNT; kind++)
		if (strcmp(name, record_kind_name((enum record_kind)kind)) == 0)
			return (enum record_kind)kind;
	return RECORD_NONE;
}

static void
print_fields(struct cli *cli, enum record_kind kind, bool clickhouse)
{
	size_t bytes = 64 << 10;
	char *p = cli_memory(NULL, bytes);
	struct base_text t = base_text_of(p, bytes);

	if (clickhouse) {
		record_clickhouse_columns(&t, kind);
		fwrite(p, 1, t.len, cli->out);
		free(p);
		return;
	}
	record_manual(&t, kind);
	fprintf(cli->out, "## %s\n\n| key | type | unit | meaning |\n|---|---|---|---|\n",
		record_kind_name(kind));
	fwrite(p, 1, t.len, cli->out);
	fputc('\n', cli->out);
	free(p);
}

int
cli_fields(struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		CLI_OPTION_FORMAT, CLI_OPTION_HELP, CLI_OPTION_END};
	struct cli_options o = {0};
	bool clickhouse = false;
	int c;

	optind = 0;
	while ((c = cli_option_next(cli, argc, argv, longs)) != -1) {
		if (c == 'f' && strcmp(optarg, "clickhouse") == 0)
			clickhouse = true;
		else if (c == 'f' && strcmp(optarg, "table") != 0)
			return cli_misuse(
				cli, "format '%s' is none of table, clickhouse", optarg);
		else if (c != 'f' && cli_option_common(cli, &o, c) != CLI_OK)
			return CLI_USAGE;
	}
	if (o.help) {
		fputs(cli_fields_usage, cli->out);
		return CLI_OK;
	}
	for (int i = optind; i < argc; i++)
		if (fields_kind(argv[i]) == RECORD_NONE)
			return cli_misuse(cli, "kind '%s' is none of " CLI_KIND_NAMES
				", nor a list of theirs",
				argv[i]);
	if (clickhouse && argc - optind != 1)
		return cli_misuse(cli, "--format clickhouse prints one KIND");
	for (int i = optind; i < argc; i++)
		print_fields(cli, fields_kind(argv[i]), clickhouse);
	for (unsigned kind = RECORD_CALL; optind == argc && kind < RECORD_KIND_COUNT; kind++)
		print_fields(cli, (enum record_kind)kind, false);
	return CLI_OK;
}
