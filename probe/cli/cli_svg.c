#include "cli_ladder.h"

/* A picture of a ladder, complete in one file: no script, no font or style from elsewhere.  Units
 * are pixels; a character of the fixed font is taken to be 7.3 wide (12 px monospace: 0.6 em). */

#define SVG_CHARACTER 7.3
#define SVG_LEFT 190 /* times */
#define SVG_PITCH_MIN 200
#define SVG_PITCH_MAX 420
#define SVG_TOP 108 /* of the lifelines */
#define SVG_HEAD 64 /* of the boxes */
#define SVG_ROW 30
#define SVG_DETAIL 15 /* more for a row with a line beneath its arrow */
#define SVG_DETAIL_CHARACTERS 60
#define SVG_BAR 9 /* width of a running stream on a lifeline */

struct picture {
	const struct cli_ladder *l;
	FILE *f;
	double pitch, first, width, height;
};

static const char style[] =
	"text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1c2733}"
	".paper{fill:#fff}.title{font-size:15px;font-weight:bold}.dim{fill:#69788a}"
	".host{fill:#eef3f8;stroke:#7d8fa3}.life{stroke:#a9b6c4;stroke-dasharray:3 3}"
	".name{font-weight:bold}.halo{paint-order:stroke;stroke:#fff;stroke-width:4px}"
	"line{stroke-width:1.4}"
	".request{stroke:#1c2733}.t-request{font-weight:bold}"
	".ack{stroke:#1c2733}"
	".info{stroke:#1b7f9c}.t-info{fill:#1b7f9c}"
	".good{stroke:#1e8a3c}.t-good{fill:#1e8a3c}"
	".warn{stroke:#a87400}.t-warn{fill:#a87400}"
	".bad{stroke:#c22727}.t-bad{fill:#c22727}"
	".end{stroke:#8a3ea6}.t-end{fill:#8a3ea6}"
	".repeat{stroke:#9aa7b5;stroke-dasharray:5 4}.t-repeat{fill:#69788a}"
	".media{stroke:#2d6cdf;stroke-width:5;stroke-opacity:.45}.t-media{fill:#2457b8}"
	".run{fill:#2d6cdf;fill-opacity:.30}";

static const char *
class_of(const struct ladder_item *item)
{
	static const char *const names[CLI_COLOUR_COUNT] = {[CLI_PLAIN] = "ack",
		[CLI_BOLD] = "request",
		[CLI_DIM] = "repeat",
		[CLI_GOOD] = "good",
		[CLI_WARN] = "warn",
		[CLI_BAD] = "bad",
		[CLI_INFO] = "info",
		[CLI_END] = "end",
		[CLI_MEDIA] = "media"};

	return names[item->colour];
}

static void
put(const struct picture *p, const char *text)
{
	cli_text_xml(p->f, base_span_cstr(text));
}

static double
x_of(const struct picture *p, int host)
{
	return p->first + host * p->pitch;
}

static unsigned
row_height(const struct ladder_item *item)
{
	return SVG_ROW + (item->detail ? SVG_DETAIL : 0);
}

static void
measure(struct picture *p)
{
	size_t widest = 0;
	char cell[CLI_CELL];

	for (size_t i = 0; i < p->l->n; i++) {
		size_t len = strlen(p->l->items[i].label) + strlen(p->l->items[i].note) + 2;
		widest = len > widest ? len : widest;
		p->height += row_height(&p->l->items[i]);
	}
	for (int i = 0; i < p->l->n_hosts; i++) {
		size_t len = strlen(cli_ladder_host_name(&p->l->hosts[i], cell)) + 4;
		widest = len > widest ? len : widest;
	}
	p->pitch = (double)widest * SVG_CHARACTER + 30;
	p->pitch = p->pitch < SVG_PITCH_MIN ? SVG_PITCH_MIN : p->pitch;
	p->pitch = p->pitch > SVG_PITCH_MAX ? SVG_PITCH_MAX : p->pitch;
	p->first = SVG_LEFT + p->pitch / 2;
	p->width = SVG_LEFT + p->pitch * (p->l->n_hosts ? p->l->n_hosts : 1) + 20;
	double details = p->first + SVG_DETAIL_CHARACTERS * SVG_CHARACTER + 20;
	p->width = p->width < details ? details : p->width;
	p->height += SVG_TOP + 40;
}

static void
draw_head(const struct picture *p, const char *title, const char *subtitle)
{
	fprintf(p->f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\">\n<title>",
		p->width, p->height, p->width, p->height);
	put(p, title);
	fprintf(p->f, "</title>\n<style>%s</style>\n<defs>", style);
	static const char *const heads[][2] = {{"request", "#1c2733"}, {"ack", "#1c2733"},
		{"info", "#1b7f9c"}, {"good", "#1e8a3c"}, {"warn", "#a87400"}, {"bad", "#c22727"},
		{"end", "#8a3ea6"}, {"repeat", "#9aa7b5"}, {"media", "#2d6cdf"}};
	for (size_t i = 0; i < base_count_of(heads); i++)
		fprintf(p->f,
			"<marker id=\"h-%s\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" "
			"markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" "
			"orient=\"auto\"><path d=\"M0 1L10 5L0 9z\" fill=\"%s\"/></marker>",
			heads[i][0], heads[i][1]);
	fprintf(p->f, "</defs>\n<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>\n", p->width,
		p->height);
	fputs("<text class=\"title\" x=\"16\" y=\"26\">", p->f);
	put(p, title);
	fputs("</text>\n<text class=\"dim\" x=\"16\" y=\"46\">", p->f);
	put(p, subtitle);
	fputs("</text>\n", p->f);
}

static void
draw_hosts(const struct picture *p)
{
	char cell[CLI_CELL];

	for (int i = 0; i < p->l->n_hosts; i++) {
		const struct ladder_host *h = &p->l->hosts[i];
		double x = x_of(p, i), half = p->pitch / 2 - 10;
		fprintf(p->f,
			"<line class=\"life\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.0f\"/>\n"
			"<rect class=\"host\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"38\" "
			"rx=\"5\"/>\n"
			"<text class=\"name\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
			x, SVG_HEAD + 38, x, p->height - 16, x - half, SVG_HEAD, 2 * half, x,
			SVG_HEAD + (h->role[0] ? 16 : 23));
		put(p, cli_ladder_host_name(h, cell));
		fputs("</text>\n", p->f);
		if (!h->role[0])
			continue;
		fprintf(p->f, "<text class=\"dim\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x,
			SVG_HEAD + 31);
		put(p, h->role);
		fputs("</text>\n", p->f);
	}
}

static void
draw_times(const struct picture *p, const struct ladder_item *item,
	const struct ladder_item *before, double y)
{
	char cell[CLI_CELL];

	fprintf(p->f, "<text class=\"dim\" x=\"16\" y=\"%.1f\">%s", y + 4,
		cli_cell_time(cell, item->ts_ns));
	if (before)
		fprintf(p->f, " %+.3f", (double)(item->ts_ns - before->ts_ns) / 1e9);
	if (p->l->legs > 1)
		fprintf(p->f, " %c", 'A' + item->leg % 26);
	fputs("</text>\n", p->f);
}

static void
draw_text(const struct picture *p, const struct ladder_item *item, double x, double y)
{
	fprintf(p->f, "<text class=\"halo t-%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
		class_of(item), x, y - 5);
	put(p, item->label);
	if (item->note[0])
		fputs(", ", p->f), put(p, item->note);
	fputs("</text>\n", p->f);
}

/* A message from a host to itself, or of hosts without a column: named. */
static void
draw_named(const struct picture *p, const struct ladder_item *item, double y)
{
	char cell[CLI_CELL];

	fprintf(p->f, "<text class=\"halo t-%s\" x=\"%.1f\" y=\"%.1f\">", class_of(item), p->first,
		y);
	put(p, cli_cell_endpoint(cell, &item->src));
	fputs(" \u2192 ", p->f);
	put(p, cli_cell_endpoint(cell, &item->dst));
	fputs("  ", p->f);
	put(p, item->label);
	fputs("</text>\n", p->f);
}

static void
draw_detail(const struct picture *p, const struct ladder_item *item, double x, double y)
{
	size_t len = strlen(item->detail);
	size_t shown = len > SVG_DETAIL_CHARACTERS ? SVG_DETAIL_CHARACTERS : len;

	while (shown < len && shown && ((uint8_t)item->detail[shown] & 0xc0) == 0x80)
		shown--;
	fprintf(p->f, "<text class=\"halo dim\" x=\"%.1f\" y=\"%.1f\">", x + 8, y + 15);
	if (shown < len)
		fputs("<title>", p->f), put(p, item->detail), fputs("</title>", p->f);
	cli_text_xml(p->f, base_span_of(item->detail, (uint32_t)shown));
	fputs(shown < len ? "\u2026</text>\n" : "</text>\n", p->f);
}

static void
draw_item(const struct picture *p, const struct ladder_item *item, double y)
{
	bool named = item->from < 0 || item->to < 0 || item->from == item->to;

	fputs("<g>", p->f);
	if (item->raw)
		fputs("<title>", p->f), cli_text_xml(p->f, base_span_of(item->raw, item->raw_len)),
			fputs("</title>", p->f);
	if (named) {
		draw_named(p, item, y);
	} else {
		double x1 = x_of(p, item->from), x2 = x_of(p, item->to);
		fprintf(p->f,
			"<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
			"marker-end=\"url(#h-%s)\"/>\n",
			class_of(item), x1, y, x2, y, class_of(item));
		draw_text(p, item, (x1 + x2) / 2, y);
	}
	if (item->detail) {
		int left = item->from < item->to ? item->from : item->to;
		draw_detail(p, item, x_of(p, left > 0 ? left : 0), y);
	}
	fputs("</g>\n", p->f);
}

/* Beside the lifelines of its hosts while a stream runs: from the row where it begins to that
 * where it ends. */
static void
draw_running(const struct picture *p, size_t begin, double y)
{
	const struct ladder_item *item = &p->l->items[begin];
	double end = y;
	size_t i = begin;

	while (i + 1 < p->l->n &&
		!(p->l->items[i].kind == LADDER_MEDIA_END && p->l->items[i].stream == item->stream))
		end += row_height(&p->l->items[i++]);
	for (int side = 0; side < 2; side++) {
		int host = side ? item->to : item->from;
		if (host >= 0)
			fprintf(p->f,
				"<rect class=\"run\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
				"height=\"%.1f\"/>\n",
				x_of(p, host) - SVG_BAR / 2.0, y, SVG_BAR, end - y);
	}
}

void
cli_svg_draw(const struct cli_ladder *l, FILE *f, const char *title, const char *subtitle)
{
	struct picture p = {.l = l, .f = f};
	double y = SVG_TOP + SVG_ROW;

	measure(&p);
	draw_head(&p, title, subtitle);
	draw_hosts(&p);
	for (size_t i = 0; i < l->n; i++) {
		const struct ladder_item *item = &l->items[i];
		if (item->kind == LADDER_MEDIA_BEGIN)
			draw_running(&p, i, y);
		draw_times(&p, item, i ? item - 1 : NULL, y);
		draw_item(&p, item, y);
		y += row_height(item);
	}
	fputs("</svg>\n", f);
}
