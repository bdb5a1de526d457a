/* cli_gen: what the files of ringtap gen share. */
#pragma once

#include "cli_private.h"
#include "gen.h"
#include "rx.h"

enum {
#define CLI_GEN_GROUP(title)
#define CLI_GEN_OPTION(name, value, kind, member, help) CLI_GEN_OPTION_##member,
#include "cli_gen.def"
#undef CLI_GEN_GROUP
#undef CLI_GEN_OPTION
	CLI_GEN_OPTIONS
};

/* ---- cli_gen_output.c: a file, or a port at the frames' own times, or both ---- */

struct cli_gen_output {
	struct cli *cli;
	const char *path, *port;       /* NULL: none */
	double speed;                  /* of the port's time; 0: as fast as it goes */
	const char *const *eal_args;
	uint32_t n_eal_args;
	struct rx_writer *writer;
	struct rx_sender *sender;
	int64_t begin_ns, started_ns;  /* of the traffic, of the clock */
	int64_t late_ns;               /* at most */
};

/* Each: CLI_OK, or CLI_FAILED after the sentence. */
int cli_gen_output_open(struct cli_gen_output *out, struct cli *cli, int64_t begin_ns);
int cli_gen_output_put(struct cli_gen_output *out, const struct gen_frame *f);
int cli_gen_output_close(struct cli_gen_output *out);

/* ---- cli_gen_options.c ---- */

/* A positive number and nothing else. */
bool cli_gen_real(const char *text, double *out);

void cli_gen_option_names(struct option longs[CLI_GEN_OPTIONS]);
/* val: of those names.  CLI_OK, or CLI_USAGE after the sentence. */
int cli_gen_option_take(const struct cli *cli, struct gen_options *o, int val, const char *text);
