#include "cli_ladder.h"

/*                           10.0.0.1               10.0.0.2
 *                            caller                 callee
 *   01:02:03.004   +0.512      |---- INVITE [1] ---->|      one line a message, [n]: its CSeq
 *                              |   audio 10.0.0.1:6000 PCMA      what its SDP says
 *   01:02:04.004   +1.000      |==== RTP PCMA =====>|       a stream begins; until it ends its
 *                              #                    #       hosts have heavy lifelines
 * Where so many hosts do not fit the terminal they get numbers, and what an arrow means stands
 * behind the lifelines (or, where that does not fit either, beneath). */

#define GUTTER 27        /* time and delta */
#define GUTTER_NARROW 16 /* the time alone */
#define PITCH_MIN 18
#define PITCH_MAX 44
#define COMPACT_LABEL 24 /* columns that make a label behind the lifelines readable */
#define COMPACT_PITCH_MIN 2
#define DETAIL_LINES 16

struct sheet {
	const struct cli_ladder *l;
	const struct cli *cli;
	FILE *f;
	unsigned gutter;
	unsigned first;                 /* column of the first lifeline, behind the gutter */
	unsigned pitch;                 /* from lifeline to lifeline */
	unsigned running[LADDER_HOSTS]; /* streams that the host sends or gets */
	bool compact;                   /* numbers for hosts, labels behind the lifelines */
	bool label_beneath;
};

static unsigned
columns_of(const struct sheet *s, const char *text)
{
	return cli_text_columns(s->cli, base_span_cstr(text));
}

/* ---- where the lifelines stand ---- */

static unsigned
widest_host(const struct sheet *s)
{
	unsigned widest = 0;
	char cell[CLI_CELL];

	for (int i = 0; i < s->l->n_hosts; i++) {
		unsigned name = columns_of(s, cli_ladder_host_name(&s->l->hosts[i], cell));
		unsigned role = columns_of(s, s->l->hosts[i].role);
		widest = name > widest ? name : widest;
		widest = role > widest ? role : widest;
	}
	return widest;
}

static unsigned
widest_note(const struct sheet *s)
{
	unsigned widest = 0;

	for (size_t i = 0; i < s->l->n; i++) {
		unsigned note = columns_of(s, s->l->items[i].note);
		widest = note > widest ? note : widest;
	}
	return widest ? widest + 2 : 0;
}

static unsigned
minus(unsigned a, unsigned b)
{
	return a > b ? a - b : 0;
}

static void
place_compact(struct sheet *s, unsigned gaps)
{
	s->compact = true;
	s->first = 0;
	s->pitch = minus(s->cli->width, s->gutter + COMPACT_LABEL + 3) / gaps;
	if (s->pitch < COMPACT_PITCH_MIN + 1) {
		s->label_beneath = true;
		s->pitch = minus(s->cli->width, s->gutter + 1) / gaps;
	}
	if (s->pitch > PITCH_MIN / 2)
		s->pitch = PITCH_MIN / 2;
	if (s->pitch < COMPACT_PITCH_MIN)
		s->pitch = COMPACT_PITCH_MIN;
}

/* As far apart as the terminal lets them, notes behind them included if there is room. */
static void
place(struct sheet *s)
{
	unsigned widest = widest_host(s), note = widest_note(s), width = s->cli->width;
	unsigned gaps = s->l->n_hosts > 1 ? (unsigned)s->l->n_hosts - 1 : 1;

	s->gutter = minus(width, GUTTER + widest) / gaps < PITCH_MIN ? GUTTER_NARROW : GUTTER;
	unsigned room = minus(width, s->gutter + widest);
	if (room / gaps < PITCH_MIN) {
		place_compact(s, gaps);
		return;
	}
	unsigned with_note = minus(room + widest / 2, note) / gaps;
	s->pitch = with_note >= PITCH_MIN ? with_note : PITCH_MIN;
	if (room / gaps < s->pitch || with_note < PITCH_MIN)
		s->pitch = room / gaps;
	if (s->pitch > PITCH_MAX)
		s->pitch = PITCH_MAX;
	if (widest > s->pitch - 2)
		widest = s->pitch - 2;
	s->first = widest / 2;
}

/* ---- drawing ---- */

static void
repeat(FILE *f, const char *s, unsigned n)
{
	while (n--)
		fputs(s, f);
}

static void
draw_lifeline(const struct sheet *s, int host)
{
	if (s->running[host])
		fprintf(s->f, "%s%s%s", cli_colour_on(s->cli, CLI_MEDIA),
			s->cli->utf8 ? "\u2503" : "#", cli_colour_off(s->cli));
	else
		fputs(s->cli->utf8 ? "\u2502" : "|", s->f);
}

/* The lifelines from host a up to, without, b, each with the columns before the next one, which
 * the last host's does not have. */
static void
draw_lifelines(const struct sheet *s, int a, int b)
{
	for (int i = a; i < b; i++) {
		draw_lifeline(s, i);
		if (i + 1 < s->l->n_hosts)
			repeat(s->f, " ", s->pitch - 1);
	}
}

static void
draw_hosts_line(const struct sheet *s, bool roles)
{
	unsigned at = 0;
	char cell[CLI_CELL], shown[CLI_CELL * 4];

	repeat(s->f, " ", s->gutter);
	for (int i = 0; i < s->l->n_hosts; i++) {
		const struct ladder_host *h = &s->l->hosts[i];
		struct base_text t = base_text_of(shown, sizeof(shown));
		const char *text = roles ? h->role : cli_ladder_host_name(h, cell);
		unsigned columns = cli_text_put(s->cli, &t, base_span_cstr(text), s->pitch - 2);
		unsigned middle = s->first + (unsigned)i * s->pitch;
		unsigned start = minus(middle, columns / 2);
		if (columns == 0)
			continue;
		repeat(s->f, " ", minus(start, at));
		fprintf(s->f, "%s%.*s%s", cli_colour_on(s->cli, roles ? CLI_DIM : CLI_BOLD),
			(int)t.len, shown, cli_colour_off(s->cli));
		at = (start > at ? start : at) + columns;
	}
	fputc('\n', s->f);
}

/* Numbers over the lifelines, and who they are. */
static void
draw_hosts_compact(const struct sheet *s)
{
	char cell[CLI_CELL];

	for (int i = 0; i < s->l->n_hosts; i++) {
		const struct ladder_host *h = &s->l->hosts[i];
		fprintf(s->f, "  %s%d%s  %s", cli_colour_on(s->cli, CLI_BOLD), i + 1,
			cli_colour_off(s->cli), cli_ladder_host_name(h, cell));
		if (h->role[0])
			fputs("  ", s->f), cli_text_print(s->cli, s->f, base_span_cstr(h->role));
		fputc('\n', s->f);
	}
	repeat(s->f, " ", s->gutter + s->first);
	for (int i = 0; i < s->l->n_hosts; i++)
		fprintf(s->f, "%s%-*d%s", cli_colour_on(s->cli, CLI_BOLD),
			i + 1 < s->l->n_hosts ? (int)s->pitch : 1, i + 1, cli_colour_off(s->cli));
	fputc('\n', s->f);
}

static void
draw_hosts(const struct sheet *s)
{
	bool roles = false;

	if (s->compact) {
		draw_hosts_compact(s);
		return;
	}
	draw_hosts_line(s, false);
	for (int i = 0; i < s->l->n_hosts; i++)
		roles |= s->l->hosts[i].role[0] != 0;
	if (roles)
		draw_hosts_line(s, true);
}

static const char *
arrow_line(const struct sheet *s, const struct ladder_item *item)
{
	if (ladder_is_media(item))
		return s->cli->utf8 ? "\u2550" : "=";
	if (item->repeat)
		return s->cli->utf8 ? "\u254c" : ".";
	return s->cli->utf8 ? "\u2500" : "-";
}

/* From lifeline to lifeline, width columns between them; the label in the middle if it is to be
 * there. */
static void
draw_arrow(const struct sheet *s, const struct ladder_item *item, unsigned width, bool labelled)
{
	bool utf8 = s->cli->utf8, right = item->to > item->from;
	const char *line = arrow_line(s, item);
	const char *line_colour = cli_colour_on(s->cli, ladder_is_media(item) ? CLI_MEDIA
							: item->repeat        ? CLI_DIM
									      : CLI_PLAIN);
	const char *off = line_colour[0] ? cli_colour_off(s->cli) : "";
	char shown[CLI_CELL * 4];
	struct base_text t = base_text_of(shown, sizeof(shown));
	unsigned columns =
		labelled
			? cli_text_put(s->cli, &t, base_span_cstr(item->label), minus(width, 5)) + 2
			: 0;
	unsigned lines = minus(width, 1 + columns), before = lines / 2;

	fputs(line_colour, s->f);
	if (!right)
		fputs(utf8 ? "\u2190" : "<", s->f);
	repeat(s->f, line, before);
	if (labelled)
		fprintf(s->f, "%s %s%.*s%s %s", off, cli_colour_on(s->cli, item->colour),
			(int)t.len, shown, cli_colour_off(s->cli), line_colour);
	repeat(s->f, line, lines - before);
	if (right)
		fputs(utf8 ? "\u2192" : ">", s->f);
	fputs(off, s->f);
}

static void
put_label(const struct sheet *s, const struct ladder_item *item)
{
	fputs(cli_colour_on(s->cli, item->colour), s->f);
	cli_text_print(s->cli, s->f, base_span_cstr(item->label));
	fputs(cli_colour_off(s->cli), s->f);
}

/* What has no arrow: from a host to itself, or of hosts without a column. */
static void
draw_named(const struct sheet *s, const struct ladder_item *item)
{
	char src[CLI_CELL], dst[CLI_CELL];

	draw_lifelines(s, 0, s->l->n_hosts);
	fprintf(s->f, " %s %s %s  ", cli_cell_endpoint(src, &item->src),
		s->cli->utf8 ? "\u2192" : "->", cli_cell_endpoint(dst, &item->dst));
	put_label(s, item);
}

static void
draw_times(const struct sheet *s, const struct ladder_item *item, const struct ladder_item *before)
{
	char time[CLI_CELL], delta[CLI_CELL] = "", text[CLI_CELL] = "";
	char leg = s->l->legs > 1 ? (char)('A' + item->leg % 26) : ' ';

	if (before) {
		double seconds = (double)(item->ts_ns - before->ts_ns) / 1e9;
		snprintf(delta, sizeof(delta), "%s%s", seconds < 0 ? "" : "+",
			cli_cell_fixed(text, seconds, 3));
	}
	fprintf(s->f, "  %s%-12s", cli_colour_on(s->cli, CLI_DIM),
		cli_cell_time(time, item->ts_ns));
	if (s->gutter == GUTTER)
		fprintf(s->f, " %9s %s%c ", delta, cli_colour_off(s->cli), leg);
	else
		fprintf(s->f, "%s%c ", cli_colour_off(s->cli), leg);
	repeat(s->f, " ", s->first);
}

static void
draw_item(struct sheet *s, const struct ladder_item *item)
{
	int a = item->from < item->to ? item->from : item->to;
	int b = item->from < item->to ? item->to : item->from;
	bool named = a < 0 || a == b;

	if (named) {
		draw_named(s, item);
	} else {
		draw_lifelines(s, 0, a);
		draw_lifeline(s, a);
		draw_arrow(s, item, (unsigned)(b - a) * s->pitch - 1, !s->compact);
		draw_lifelines(s, b, s->l->n_hosts);
	}
	if (s->compact && !named && s->label_beneath)
		fputc('\n', s->f), repeat(s->f, " ", s->gutter);
	if (s->compact && !named)
		fputs(s->label_beneath ? "" : "  ", s->f), put_label(s, item);
	if (item->note[0])
		fprintf(s->f, "  %s%s%s", cli_colour_on(s->cli, CLI_DIM), item->note,
			cli_colour_off(s->cli));
	fputc('\n', s->f);
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

/* Where the lines beneath an arrow begin, and the lifelines before them. */
static int
detail_host(const struct sheet *s, const struct ladder_item *item)
{
	int a = item->from < item->to ? item->from : item->to;

	if (s->compact)
		return s->label_beneath ? -1 : s->l->n_hosts - 1;
	return a > 0 ? a : 0;
}

static void
draw_detail(const struct sheet *s, const struct ladder_item *item)
{
	int host = detail_host(s, item);
	unsigned at = s->gutter + s->first + (host > 0 ? (unsigned)host * s->pitch : 0) + 4;
	unsigned columns = s->cli->width > at + 30 ? s->cli->width - at : 30;
	struct base_span text = base_span_cstr(item->detail);

	for (unsigned lines = 0; text.len && lines < DETAIL_LINES; lines++) {
		uint32_t n = piece(s->cli, text, columns);
		repeat(s->f, " ", s->gutter + s->first);
		if (host >= 0) {
			draw_lifelines(s, 0, host);
			draw_lifeline(s, host);
		}
		fprintf(s->f, "   %s", cli_colour_on(s->cli, CLI_DIM));
		cli_text_print(s->cli, s->f, base_span_trim(base_span_of(text.p, n)));
		fprintf(s->f, "%s\n", cli_colour_off(s->cli));
		text = base_span_of(text.p + n, text.len - n);
	}
}

static void
run_stream(struct sheet *s, const struct ladder_item *item, bool begins)
{
	const int hosts[2] = {item->from, item->to};

	for (int i = 0; i < 2; i++)
		if (hosts[i] >= 0)
			s->running[hosts[i]] += begins ? 1 : (unsigned)-1;
}

void
cli_ladder_draw(const struct cli_ladder *l, FILE *f)
{
	struct sheet s = {.l = l, .cli = l->cli, .f = f};

	if (l->n) {
		place(&s);
		draw_hosts(&s);
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct ladder_item *item = &l->items[i];
		draw_times(&s, item, i ? item - 1 : NULL);
		if (item->kind == LADDER_MEDIA_END)
			run_stream(&s, item, false);
		draw_item(&s, item);
		if (item->kind == LADDER_MEDIA_BEGIN)
			run_stream(&s, item, true);
		if (item->detail)
			draw_detail(&s, item);
	}
	if (l->truncated)
		fputs("  further messages were not kept (tables.flow_entries)\n", f);
}
