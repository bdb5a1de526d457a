#include <math.h>
#include <stdlib.h>

#include "cli_private.h"

/*                           10.0.0.1               10.0.0.2
 *   01:02:03.004   +0.512      |---- INVITE [1] ---->|      one line a message, [n]: its CSeq
 *                              |   audio 10.0.0.1:6000 PCMA      what its SDP says
 * A host is an address; where one address talks to itself (loopback), an address and a port. */

#define LADDER_HOSTS 12 /* further ones are named in the line */
#define LADDER_GUTTER 27
#define LADDER_PITCH_MIN 18
#define LADDER_PITCH_MAX 40

struct entry {
	int64_t ts_ns;
	struct base_endpoint src, dst;
	int from, to; /* hosts, -1: without a column */
	enum cli_colour colour;
	char label[CLI_CELL];
	char *sdp; /* or NULL */
	bool repeat, duplicate;
};

struct host {
	struct base_endpoint address;
	bool several_ports;
};

struct ladder {
	const struct cli *cli;
	FILE *f;
	struct entry *entries;
	size_t n, max;
	struct host hosts[LADDER_HOSTS];
	int n_hosts;
	bool by_port;
	unsigned first; /* column of the first lifeline, behind the gutter */
	unsigned pitch; /* from lifeline to lifeline */
};

/* ---- collecting ---- */

static void
make_label(struct entry *e, const struct record_row *row)
{
	const struct record_value *code = &row->values[RECORD_F_SIP_CODE];
	const struct record_value *cseq = &row->values[RECORD_F_CSEQ];
	struct base_span method = cli_row_str(row, RECORD_F_METHOD);
	struct base_span cseq_method = cli_row_str(row, RECORD_F_CSEQ_METHOD);
	struct base_span reason = cli_row_str(row, RECORD_F_SIP_REASON);
	struct base_text t = base_text_of(e->label, sizeof(e->label) - 1);

	if (code->present) {
		base_text_u64(&t, code->u64);
		base_text_char(&t, ' ');
		base_text_bytes(&t, reason.p, reason.len < 48 ? reason.len : 48);
	} else {
		base_text_bytes(&t, method.p, method.len < 32 ? method.len : 32);
	}
	base_text_str(&t, " [");
	if (cseq->present)
		base_text_u64(&t, cseq->u64);
	if (code->present && cseq_method.len) {
		base_text_char(&t, ' ');
		base_text_bytes(&t, cseq_method.p, cseq_method.len < 32 ? cseq_method.len : 32);
	}
	base_text_char(&t, ']');
	base_text_cstr(&t);
	static const enum cli_colour classes[] = {CLI_PLAIN, CLI_PLAIN, CLI_GOOD, CLI_WARN};
	if (code->present)
		e->colour = code->u64 < 400 ? classes[code->u64 / 100] : CLI_BAD;
	else
		e->colour = CLI_BOLD;
}

static void
collect(void *context, const struct record_row *row)
{
	struct ladder *l = context;
	const struct record_value *time = &row->values[RECORD_F_TIME];
	struct base_span sdp = cli_row_str(row, RECORD_F_SDP);
	struct base_span repeat = cli_row_str(row, RECORD_F_REPEAT);

	if (l->n == l->max) {
		l->max = l->max ? l->max * 2 : 32;
		l->entries = cli_memory(l->entries, l->max * sizeof(*l->entries));
	}
	struct entry *e = &l->entries[l->n++];
	*e = (struct entry){.ts_ns = time->present ? time->time_ns : 0};
	e->src = cli_row_endpoint(row, RECORD_F_SRC_IP, RECORD_F_SRC_PORT);
	e->dst = cli_row_endpoint(row, RECORD_F_DST_IP, RECORD_F_DST_PORT);
	make_label(e, row);
	if (sdp.len) {
		e->sdp = cli_memory(NULL, sdp.len + 1);
		memcpy(e->sdp, sdp.p, sdp.len);
		e->sdp[sdp.len] = 0;
	}
	e->repeat = repeat.len != 0;
	e->duplicate = base_span_eq(repeat, BASE_SPAN("duplicate"));
	if (e->repeat)
		e->colour = CLI_DIM;
	if (base_ip_eq(&e->src.ip, &e->dst.ip))
		l->by_port = true;
}

static int
host_of(struct ladder *l, const struct base_endpoint *address)
{
	for (int i = 0; i < l->n_hosts; i++) {
		struct host *h = &l->hosts[i];
		if (!base_ip_eq(&h->address.ip, &address->ip) ||
			(l->by_port && h->address.port != address->port))
			continue;
		h->several_ports |= h->address.port != address->port;
		return i;
	}
	if (l->n_hosts == LADDER_HOSTS)
		return -1;
	l->hosts[l->n_hosts] = (struct host){.address = *address};
	return l->n_hosts++;
}

static const char *
host_name(const struct ladder *l, int host, char cell[CLI_CELL])
{
	struct base_endpoint e = l->hosts[host].address;

	if (l->hosts[host].several_ports)
		e.port = 0;
	return cli_cell_endpoint(cell, &e);
}

/* Where the lifelines stand: as far apart as the terminal lets them. */
static void
place(struct ladder *l)
{
	unsigned widest = 0;
	char cell[CLI_CELL];

	for (size_t i = 0; i < l->n; i++) {
		l->entries[i].from = host_of(l, &l->entries[i].src);
		l->entries[i].to = host_of(l, &l->entries[i].dst);
	}
	for (int i = 0; i < l->n_hosts; i++) {
		unsigned columns = (unsigned)strlen(host_name(l, i, cell));
		widest = columns > widest ? columns : widest;
	}
	unsigned gaps = l->n_hosts > 1 ? (unsigned)l->n_hosts - 1 : 1;
	unsigned room =
		l->cli->width > LADDER_GUTTER + widest ? l->cli->width - LADDER_GUTTER - widest : 0;
	l->pitch = room / gaps;
	if (l->pitch > LADDER_PITCH_MAX)
		l->pitch = LADDER_PITCH_MAX;
	if (l->pitch < LADDER_PITCH_MIN)
		l->pitch = LADDER_PITCH_MIN;
	if (widest > l->pitch - 2)
		widest = l->pitch - 2;
	l->first = widest / 2;
}

/* ---- drawing ---- */

static void
repeat(FILE *f, const char *s, unsigned n)
{
	while (n--)
		fputs(s, f);
}

/* The lifelines from host a up to, without, b, each with the columns before the next one, which
 * the last host's does not have. */
static void
draw_lifelines(const struct ladder *l, int a, int b)
{
	for (int i = a; i < b; i++) {
		fputs(l->cli->utf8 ? "\u2502" : "|", l->f);
		if (i + 1 < l->n_hosts)
			repeat(l->f, " ", l->pitch - 1);
	}
}

static void
draw_hosts(const struct ladder *l)
{
	unsigned at = 0;
	char cell[CLI_CELL], shown[CLI_CELL * 4];

	repeat(l->f, " ", LADDER_GUTTER);
	for (int i = 0; i < l->n_hosts; i++) {
		struct base_text t = base_text_of(shown, sizeof(shown));
		unsigned columns = cli_text_put(
			l->cli, &t, base_span_cstr(host_name(l, i, cell)), l->pitch - 2);
		unsigned middle = l->first + (unsigned)i * l->pitch;
		unsigned start = middle > columns / 2 ? middle - columns / 2 : 0;
		repeat(l->f, " ", start > at ? start - at : 0);
		fprintf(l->f, "%s%.*s%s", cli_colour_on(l->cli, CLI_BOLD), (int)t.len, shown,
			cli_colour_off(l->cli));
		at = (start > at ? start : at) + columns;
	}
	fputc('\n', l->f);
}

/* From lifeline to lifeline, width columns between them. */
static void
draw_arrow(const struct ladder *l, const struct entry *e, unsigned width)
{
	bool utf8 = l->cli->utf8, right = e->to > e->from;
	const char *line = e->repeat ? (utf8 ? "\u254c" : ".") : (utf8 ? "\u2500" : "-");
	char shown[CLI_CELL * 4];
	struct base_text t = base_text_of(shown, sizeof(shown));
	unsigned columns = cli_text_put(l->cli, &t, base_span_cstr(e->label), width - 5);
	unsigned lines = width - 1 - 2 - columns; /* without the head and two spaces */
	unsigned before = lines / 2;

	if (!right)
		fputs(utf8 ? "\u2190" : "<", l->f);
	repeat(l->f, line, before);
	fprintf(l->f, " %s%.*s%s ", cli_colour_on(l->cli, e->colour), (int)t.len, shown,
		cli_colour_off(l->cli));
	repeat(l->f, line, lines - before);
	if (right)
		fputs(utf8 ? "\u2192" : ">", l->f);
}

/* A message that has no arrow: from a host to itself, or of hosts without a column. */
static void
draw_named(const struct ladder *l, const struct entry *e)
{
	char src[CLI_CELL], dst[CLI_CELL];

	draw_lifelines(l, 0, l->n_hosts);
	fprintf(l->f, " %s %s %s  ", cli_cell_endpoint(src, &e->src),
		l->cli->utf8 ? "\u2192" : "->", cli_cell_endpoint(dst, &e->dst));
	cli_text_print(l->cli, l->f, base_span_cstr(e->label));
}

static void
draw_times(const struct ladder *l, const struct entry *e, const struct entry *before)
{
	char time[CLI_CELL], delta[CLI_CELL] = "", text[CLI_CELL] = "";

	if (before) {
		double seconds = (double)(e->ts_ns - before->ts_ns) / 1e9;
		snprintf(delta, sizeof(delta), "%s%s", seconds < 0 ? "" : "+",
			cli_cell_fixed(text, seconds, 3));
	}
	fprintf(l->f, "  %s%-12s %9s%s   ", cli_colour_on(l->cli, CLI_DIM),
		cli_cell_time(time, e->ts_ns), delta, cli_colour_off(l->cli));
	repeat(l->f, " ", l->first);
}

static void
draw_message(const struct ladder *l, const struct entry *e)
{
	int a = e->from < e->to ? e->from : e->to, b = e->from < e->to ? e->to : e->from;

	if (a < 0 || a == b) {
		draw_named(l, e);
	} else {
		draw_lifelines(l, 0, a);
		fputs(l->cli->utf8 ? "\u2502" : "|", l->f);
		draw_arrow(l, e, (unsigned)(b - a) * l->pitch - 1);
		draw_lifelines(l, b, l->n_hosts);
	}
	if (e->repeat)
		fprintf(l->f, "  %s", e->duplicate ? "captured again" : "retransmission");
	fputc('\n', l->f);
}

/* The next piece of text that fits into columns, cut behind a space where there is one. */
static uint32_t
piece(const struct cli *cli, struct base_span text, unsigned columns)
{
	uint32_t len = text.len, space = 0;

	if (cli_text_columns(cli, text) <= columns)
		return len;
	for (len = 0; len < text.len && cli_text_columns(cli, base_span_of(text.p, len)) < columns;
		len++)
		if (text.p[len] == ' ')
			space = len + 1;
	while (len > 1 && len < text.len && (text.p[len] & 0xc0) == 0x80)
		len--;
	return space ? space : len ? len : 1;
}

static void
draw_sdp(const struct ladder *l, const struct entry *e)
{
	int a = e->from < e->to ? e->from : e->to;
	unsigned at = LADDER_GUTTER + l->first + (a > 0 ? (unsigned)a * l->pitch : 0) + 4;
	unsigned columns = l->cli->width > at + 30 ? l->cli->width - at : 30;
	struct base_span text = base_span_cstr(e->sdp);

	for (unsigned lines = 0; text.len && lines < 16; lines++) {
		uint32_t n = piece(l->cli, text, columns);
		repeat(l->f, " ", LADDER_GUTTER + l->first);
		draw_lifelines(l, 0, a > 0 ? a : 0);
		fprintf(l->f, "%s   %s", l->cli->utf8 ? "\u2502" : "|",
			cli_colour_on(l->cli, CLI_DIM));
		cli_text_print(l->cli, l->f, base_span_trim(base_span_of(text.p, n)));
		fprintf(l->f, "%s\n", cli_colour_off(l->cli));
		text = base_span_of(text.p + n, text.len - n);
	}
}

void
cli_ladder(const struct cli *cli, FILE *f, struct cli_nested *nested, const struct record_row *row)
{
	struct ladder l = {.cli = cli, .f = f};

	cli_nested_each(nested, row, collect, &l, RECORD_F_FLOW);
	if (l.n) {
		place(&l);
		draw_hosts(&l);
	}
	for (size_t i = 0; i < l.n; i++) {
		draw_times(&l, &l.entries[i], i ? &l.entries[i - 1] : NULL);
		draw_message(&l, &l.entries[i]);
		if (l.entries[i].sdp)
			draw_sdp(&l, &l.entries[i]);
		free(l.entries[i].sdp);
	}
	if (row->values[RECORD_F_FLOW_TRUNCATED].present &&
		row->values[RECORD_F_FLOW_TRUNCATED].boolean)
		fputs("  further messages were not kept (tables.flow_entries)\n", f);
	free(l.entries);
}
