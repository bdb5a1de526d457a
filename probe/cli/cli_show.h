/* cli_show: the records that an ID stands for, and how they are shown.  cli_show.c is the command,
 * cli_show_find.c finds, cli_show_print.c prints, cli_show_linked.c prints legs on one ladder. */
#pragma once

#include "cli_private.h"

#define SHOW_MAX 32    /* records of one Call-ID, or linked ones, that are shown */
#define SHOW_PREFIX 4  /* digits of a uid that may stand for it */
#define SHOW_UID 64

/* A record that matches: of an interim one and its final one, the final one. */
struct show_match {
	char uid[SHOW_UID];
	char *call_id;
	enum record_kind kind;
	int64_t position;
	bool final;
};

struct show {
	struct cli *cli;
	struct cli_options o;
	bool raw_wanted, linked;
	const char *id; /* NULL: the only call */
	char where[4096];
	struct store *store;
	struct cli_nested nested;
	struct cli_raw *raw;
	struct cli_replay replay; /* n_files 0: from the store */
	struct config *config;
	uint64_t seq;
	struct show_match matches[SHOW_MAX];
	unsigned n, shown;
	bool more, by_call_id;
};

/* Whether an engine's record is one that the ID stands for. */
bool cli_show_wanted(const struct show *s, const struct record_row *row);
/* Fills matches from the store.  CLI_OK, or the sentence. */
int cli_show_find(struct show *s);
/* The legs of the matches too, and theirs, with where for all of them. */
int cli_show_link(struct show *s);
/* The records to be looked through for matches. */
struct store_query cli_show_query(const struct show *s);
int cli_show_legs(struct show *s, const struct store_query *query);
bool cli_show_is_match(const struct show *s, const struct record_row *row, int64_t position);
int cli_show_print(struct show *s);
