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

/* ---- cli_gen_options.c ---- */

void cli_gen_option_names(struct option longs[CLI_GEN_OPTIONS]);
/* val: of those names.  CLI_OK, or CLI_USAGE after the sentence. */
int cli_gen_option_take(const struct cli *cli, struct gen_options *o, int val, const char *text);
