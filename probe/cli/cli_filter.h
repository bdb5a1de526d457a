/* cli_filter: what a packet filter names (address, port, method, status, codec ...), as conditions
 * on the record fields.  ringtap read and ringtap calls take the same ones; the store evaluates
 * them.
 *
 * A filter asks whether any message or stream of a record has the value, so each stands for the
 * same fields of the record itself, of flow[] and of streams[]; which those are follows from
 * record.def.  A kind of record that has none of them does not pass. */
#pragma once

#include <getopt.h>

#include "record.h"

enum cli_filter_id {
	CLI_FILTER_ADDRESS,
	CLI_FILTER_PORT,
	CLI_FILTER_CALL_ID,
	CLI_FILTER_BRANCH,
	CLI_FILTER_CSEQ,
	CLI_FILTER_METHOD,
	CLI_FILTER_STATUS,
	CLI_FILTER_FROM,
	CLI_FILTER_TO,
	CLI_FILTER_USER,
	CLI_FILTER_UA,
	CLI_FILTER_PT,
	CLI_FILTER_SSRC,
	CLI_FILTER_CODEC,
	CLI_FILTER_COUNT
};

#define CLI_FILTER_VAL 512 /* of the first one's struct option: none has a letter */
#define CLI_FILTER_OPTION(name, id)                                                                \
	{                                                                                          \
		name, required_argument, NULL, CLI_FILTER_VAL + CLI_FILTER_##id                    \
	}
#define CLI_FILTER_OPTIONS                                                                         \
	CLI_FILTER_OPTION("address", ADDRESS), CLI_FILTER_OPTION("port", PORT),                    \
		CLI_FILTER_OPTION("call-id", CALL_ID), CLI_FILTER_OPTION("branch", BRANCH),        \
		CLI_FILTER_OPTION("cseq", CSEQ), CLI_FILTER_OPTION("method", METHOD),              \
		CLI_FILTER_OPTION("status", STATUS), CLI_FILTER_OPTION("from", FROM),              \
		CLI_FILTER_OPTION("to", TO), CLI_FILTER_OPTION("user", USER),                      \
		CLI_FILTER_OPTION("ua", UA), CLI_FILTER_OPTION("pt", PT),                          \
		CLI_FILTER_OPTION("ssrc", SSRC), CLI_FILTER_OPTION("codec", CODEC)

#define CLI_FILTER_USAGE \
	"Filters; a list 'a,b' means any of them, several filters must all hold, each for\n" \
	"any message or stream of the record:\n" \
	"      --address ADDRESS   of a message or stream, either end; 10.0.0.0/8: a network\n" \
	"      --port PORT         the same; 5060-5090 is a range\n" \
	"      --call-id PATTERN   * and ? are wild\n" \
	"      --from, --to, --user PATTERN   user of From, of To, of any of From, To and\n" \
	"                          Request-URI\n" \
	"      --method METHOD     of a request\n" \
	"      --status CODE       of a response: 486, 5xx, 400-499\n" \
	"      --cseq CSEQ         a number, a method, or 'N METHOD'\n" \
	"      --branch PATTERN    branch of a top Via, where kept (read; tables.branches)\n" \
	"      --ua TEXT           in a User-Agent or Server; whichever case\n" \
	"      --pt N, --ssrc 0xN, --codec NAME   of a stream\n"

/* The filters of a command line; texts are borrowed from it. */
struct cli_filters {
	const char *values[CLI_FILTER_COUNT];
	char *where[RECORD_KIND_COUNT]; /* made of them; NULL: nothing to ask */
};

struct cli;
/* Takes option val (CLI_FILTER_VAL ..).  CLI_OK, or CLI_USAGE after the sentence. */
int
cli_filter_take(const struct cli *cli, struct cli_filters *f, int val, const char *text);
static inline bool
cli_filter_is(int val)
{
	return val >= CLI_FILTER_VAL && val < CLI_FILTER_VAL + CLI_FILTER_COUNT;
}
bool
cli_filters_any(const struct cli_filters *f);
/* Makes where[] for those of kinds that can pass, and takes the others out of *kinds.  CLI_USAGE
 * after the sentence where none can. */
int
cli_filters_make(const struct cli *cli, struct cli_filters *f, uint32_t *kinds);
void
cli_filters_free(struct cli_filters *f);
/* The next of a list "a,b"; false at its end. */
bool cli_filter_next(const char **list, struct base_span *v);
/* s as an SQL text, in quotes. */
void
cli_filter_quote(struct base_text *t, struct base_span s);
