/* cli_ladder: the messages and media of a call, or of several legs, as hosts and items in order of
 * time.  cli_ladder.c makes it of records, cli_ladder_text.c draws it on a terminal, cli_svg.c as a
 * picture.
 *
 * A host is an address; where one address talks to itself (loopback), an address and a port, and
 * media belongs to the host whose SDP announced it.  Within a record messages keep their order;
 * legs are merged by time.  Texts are raw bytes of the network: who draws cleans them.
 *
 * Memory: allocates, until cli_ladder_close. */
#pragma once

#include "cli_private.h"

#define LADDER_HOSTS 12 /* further ones are named in the line */

enum ladder_item_kind {
	LADDER_MESSAGE,
	LADDER_MEDIA,       /* a stream, where no message came while it ran */
	LADDER_MEDIA_BEGIN,
	LADDER_MEDIA_END,
};

struct ladder_item {
	enum ladder_item_kind kind;
	enum cli_colour colour;
	int64_t ts_ns, order_ns; /* order_ns: never before the leg's items before it */
	struct base_endpoint src, dst;
	int from, to;            /* hosts, -1: without a column */
	int dialog;              /* place of its To tag among those of its leg, -1: none */
	unsigned leg, index;     /* index: place among the items collected */
	unsigned message;        /* place in its leg's flow[] */
	unsigned stream;         /* number of the stream that begins or ends here */
	int64_t until_ns;        /* of a stream: its last packet */
	char label[CLI_CELL];
	char note[CLI_CELL];     /* what stands behind the line: "retransmission" */
	char *detail;            /* SDP, or the figures of a stream; or NULL */
	char *raw;               /* the message itself, or NULL */
	uint32_t raw_len;
	bool repeat;
};

struct ladder_host {
	struct base_endpoint address;
	char role[CLI_CELL];
	bool several_ports;
	bool invites, invited;
};

#define LADDER_DIALOGS 26 /* To tags of a leg that get a letter */
#define LADDER_ROLES 64

struct ladder_role {
	struct base_endpoint address;
	char role[16];
};

struct cli_ladder {
	const struct cli *cli;
	char *tags[LADDER_DIALOGS]; /* of the leg being collected */
	int n_tags;
	struct ladder_role roles[LADDER_ROLES];
	unsigned n_roles;
	struct ladder_item *items;
	size_t n, max;
	struct ladder_host hosts[LADDER_HOSTS];
	int n_hosts;
	unsigned legs, streams;
	bool by_port, truncated;
	unsigned messages;       /* of the leg being collected */
	int64_t order_ns;
};

/* Collects a leg after the other, then puts all in order. */
void cli_ladder_open(struct cli_ladder *l, const struct cli *cli);
void cli_ladder_add(struct cli_ladder *l, struct cli_nested *nested, const struct record_row *row);
void cli_ladder_arrange(struct cli_ladder *l);
void cli_ladder_close(struct cli_ladder *l);
/* address:port, or without the port where the host was seen with several. */
const char *cli_ladder_host_name(const struct ladder_host *h, char cell[CLI_CELL]);
static inline bool
ladder_is_media(const struct ladder_item *i)
{
	return i->kind != LADDER_MESSAGE;
}

void cli_ladder_draw(const struct cli_ladder *l, FILE *f);
/* title, subtitle: of the picture; raw network bytes as well. */
void cli_svg_draw(const struct cli_ladder *l, FILE *f, const char *title, const char *subtitle);
