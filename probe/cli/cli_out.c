#include <limits.h>
#include <stdlib.h>

#include "cli_private.h"
#include "sinks.h"

static int
out_path(const struct cli_out *out, char path[PATH_MAX], const char *leaf)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", out->dir, leaf);

	if (len < PATH_MAX)
		return CLI_OK;
	return cli_fail(out->cli, "--out: the path %s is too long", out->dir);
}

int
cli_out_open(struct cli_out *out, const char *dir)
{
	char path[PATH_MAX];
	struct sys_error e = {""};
	struct store_sequence earlier = {0};

	out->dir = dir;
	if (out_path(out, path, "store") != CLI_OK)
		return CLI_FAILED;
	if (sys_directory_make(path, 0755, &e) != 0)
		return cli_fail(out->cli, "%s", e.text);
	if (store_open(&out->store, &(struct store_options){.dir = path}, &e) != 0) {
		out->store = NULL;
		return cli_fail(out->cli, "%s", e.text);
	}
	/* A replay's sequence begins at 1: its records would be taken for those that are there. */
	if (store_sequence_get(out->store, CLI_REPLAY_PROBE, 0, &earlier, &e) != 0)
		cli_fail(out->cli, "%s", e.text);
	else if (earlier.count)
		cli_fail(out->cli,
			"--out %s holds %llu records of an earlier replay: name another directory",
			dir, (unsigned long long)earlier.count);
	else
		return CLI_OK;
	store_close(out->store);
	out->store = NULL;
	return CLI_FAILED;
}

static int
out_commit(struct cli_out *out)
{
	struct sys_error e = {""};

	if (out->uncommitted == 0)
		return CLI_OK;
	out->uncommitted = 0;
	return store_commit(out->store, &e) == 0 ? CLI_OK : cli_fail(out->cli, "%s", e.text);
}

int
cli_out_record(struct cli_out *out, const uint8_t *record, uint32_t len)
{
	struct sys_error e = {""};

	if (out->uncommitted == 0 && store_begin(out->store, &e) != 0)
		return cli_fail(out->cli, "%s", e.text);
	out->uncommitted++;
	out->records++;
	if (store_put(out->store, CLI_REPLAY_PROBE, 0, record, len, &e) != 0) {
		out->uncommitted = 0;
		store_rollback(out->store);
		return cli_fail(out->cli, "%s", e.text);
	}
	return out->uncommitted >= out->config->collector.commit_records ? out_commit(out) : CLI_OK;
}

static int
out_billing(struct cli_out *out)
{
	const struct config *c = out->config;
	char path[PATH_MAX];
	struct sinks_billing *billing = NULL;
	struct sys_error e = {""};

	if (out_path(out, path, "billing") != CLI_OK)
		return CLI_FAILED;
	struct sinks_billing_options options;
	if (sinks_billing_options_of(&options, c, &e) != 0)
		return cli_fail(out->cli, "%s", e.text);
	options.dir = path;
	options.kinds = 1u << RECORD_CALL;
	options.n_hook = 0; /* these files are looked at, not handed over */
	options.retention_days = 0;
	options.retention_bytes = 0;
	if (sys_directory_make(path, 0755, &e) != 0)
		return cli_fail(out->cli, "%s", e.text);
	if (sinks_billing_open(&billing, out->store, &options, &e) != 0)
		return cli_fail(out->cli, "%s", e.text);
	int rc = sinks_billing_step(billing, sys_clock_wall_ns(), true, &e);
	if (rc < 0)
		cli_fail(out->cli, "%s", e.text);
	sinks_billing_close(billing);
	return rc < 0 ? CLI_FAILED : CLI_OK;
}

int
cli_out_close(struct cli_out *out, bool failed)
{
	char cell[CLI_CELL];
	int rc = CLI_OK;

	if (!out->store)
		return CLI_OK;
	if (out_commit(out) != CLI_OK || (!failed && out_billing(out) != CLI_OK))
		rc = CLI_FAILED;
	store_close(out->store);
	out->store = NULL;
	if (rc == CLI_OK && !failed) {
		fflush(out->cli->out); /* the table first, then where to find the rest */
		cli_say(out->cli, "%s records in %s/store, billing files in %s/billing",
			cli_cell_count(cell, out->records), out->dir, out->dir);
	}
	return rc;
}
