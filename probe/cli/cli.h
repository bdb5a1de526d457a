/* cli: the operator's tool, ringtap: capture files, the store and a running probe's segment, on a
 * terminal or in a pipe.
 *
 * One file a command (cli_read.c, cli_calls.c, cli_show.c, cli_stats.c, cli_check.c); beneath them
 * cli_replay.c drives the engine over capture files, cli_output.c prints rows as a table, JSON
 * lines or CSV, cli_ladder.c draws a flow.  Rows of a capture file take the way of stored ones (an
 * in-memory store), so that a condition means the same in both.
 *
 * What ends up on a terminal comes from the network: every text passes cli_text.c, which lets no
 * control byte through. Results go to out, everything said about them (progress, errors, where
 * files are) to err.
 *
 * Thread: one.  Memory: allocates; where there is none it says so and exits 1. */
#pragma once

#include <stdio.h>

enum cli_exit { CLI_OK, CLI_FAILED, CLI_USAGE };

/* Runs `ringtap argv[1] ...` and returns the exit status.  The caller has set LC_CTYPE. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);
