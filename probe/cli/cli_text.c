#include <math.h>
#include <time.h>
#include <wchar.h>

#include "cli_private.h"

/* ---- characters ---- */

/* The character at s and its bytes; 0xfffd and 1 where there is no UTF-8 (RFC 3629: no surrogates,
 * no overlong forms). */
static uint32_t
decode(struct base_span s, uint32_t *bytes)
{
	uint8_t lead = s.p[0];
	uint32_t n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	uint32_t c = lead & (0xff >> (n + 1));

	*bytes = 1;
	if (lead < 0x80)
		return lead;
	if (lead < 0xc2 || lead > 0xf4 || n > s.len)
		return 0xfffd;
	for (uint32_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (s.p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
		(c >= 0xd800 && c <= 0xdfff))
		return 0xfffd;
	*bytes = n;
	return c;
}

/* Characters that change what stands around them: a From header could rewrite its line. */
static bool
is_deceptive(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
		(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
		c >= 0xe0000;
}

struct glyph {
	const uint8_t *p;
	uint32_t bytes;   /* to write */
	uint32_t taken;   /* of the source */
	unsigned columns;
};

static struct glyph
glyph_at(const struct cli *cli, struct base_span s)
{
	uint32_t taken, c = decode(s, &taken);
	const char *mark = cli->utf8 ? "\xef\xbf\xbd" : "?";
	struct glyph g = {(const uint8_t *)mark, (uint32_t)strlen(mark), taken, 1};

	if (is_deceptive(c) || c == 0xfffd || (c >= 0x80 && !cli->utf8))
		return g;
	int columns = c < 0x80 ? 1 : wcwidth((wchar_t)c);
	if (columns < 0)
		return g;
	return (struct glyph){s.p, taken, taken, (unsigned)columns};
}

static struct base_span
behind(struct base_span s, uint32_t n)
{
	return base_span_of(s.p + n, s.len - n);
}

unsigned
cli_text_columns(const struct cli *cli, struct base_span s)
{
	unsigned columns = 0;

	while (s.len) {
		struct glyph g = glyph_at(cli, s);
		columns += g.columns;
		s = behind(s, g.taken);
	}
	return columns;
}

unsigned
cli_text_put(const struct cli *cli, struct base_text *t, struct base_span s, unsigned columns)
{
	unsigned used = 0, room = columns;
	bool cut = cli_text_columns(cli, s) > columns;

	if (cut)
		room = columns ? columns - 1 : 0;
	while (s.len) {
		struct glyph g = glyph_at(cli, s);
		if (used + g.columns > room)
			break;
		base_text_bytes(t, g.p, g.bytes);
		used += g.columns;
		s = behind(s, g.taken);
	}
	if (cut && columns) {
		base_text_str(t, cli->utf8 ? "\xe2\x80\xa6" : "~");
		used++;
	}
	return used;
}

void
cli_text_print(const struct cli *cli, FILE *f, struct base_span s)
{
	while (s.len) {
		struct glyph g = glyph_at(cli, s);
		fwrite(g.p, 1, g.bytes, f);
		s = behind(s, g.taken);
	}
}

void
cli_text_xml(FILE *f, struct base_span s)
{
	while (s.len) {
		uint32_t taken, c = decode(s, &taken);
		if (c == '&' || c == '<' || c == '>' || c == '"')
			fprintf(f, "&#%u;", (unsigned)c);
		else if (c == '\n')
			fputc('\n', f);
		else if (is_deceptive(c) || c == 0xfffd || (c & 0xfffe) == 0xfffe)
			fputs(c == '\r' ? "" : "\xef\xbf\xbd", f);
		else
			fwrite(s.p, 1, taken, f);
		s = behind(s, taken);
	}
}

/* ---- values ---- */

struct base_span
cli_row_str(const struct record_row *row, enum record_field f)
{
	const struct record_value *v = &row->values[f];

	return v->present && record_fields[f].type == RECORD_STR ? v->text : base_span_of(NULL, 0);
}

double
cli_row_number(const struct record_row *row, enum record_field f)
{
	const struct record_value *v = &row->values[f];

	if (!v->present)
		return NAN;
	switch (record_fields[f].type) {
	case RECORD_F64: return v->f64;
	case RECORD_BOOL: return v->boolean;
	default: return (double)v->u64;
	}
}

struct base_endpoint
cli_row_endpoint(const struct record_row *row, enum record_field ip, enum record_field port)
{
	struct base_endpoint e = {0};

	if (row->values[ip].present)
		e.ip = row->values[ip].ip;
	if (row->values[port].present)
		e.port = (uint16_t)row->values[port].u64;
	return e;
}

/* s, cut at a character where it is too long. */
static const char *
cell_of_span(char cell[CLI_CELL], struct base_span s)
{
	uint32_t n = s.len < CLI_CELL ? s.len : CLI_CELL - 1;

	if (n < s.len)
		while (n && (s.p[n] & 0xc0) == 0x80)
			n--;
	if (n)
		memcpy(cell, s.p, n);
	cell[n] = 0;
	return cell;
}

const char *
cli_cell_value(char cell[CLI_CELL], const struct record_row *row, enum record_field f)
{
	const struct record_value *v = &row->values[f];
	struct base_text t = base_text_of(cell, CLI_CELL - 1);

	cell[0] = 0;
	if (!v->present)
		return cell;
	switch (record_fields[f].type) {
	case RECORD_STR: return cell_of_span(cell, v->text);
	case RECORD_TIME: base_text_time(&t, v->time_ns); break;
	case RECORD_U64: base_text_u64(&t, v->u64); break;
	case RECORD_F64: return cli_cell_fixed(cell, v->f64, 3);
	case RECORD_BOOL: base_text_str(&t, v->boolean ? "yes" : "no"); break;
	case RECORD_HEX32: base_text_str(&t, "0x"), base_text_hex(&t, v->u64, 8); break;
	case RECORD_IP: base_text_ip(&t, &v->ip); break;
	default: break;
	}
	return base_text_cstr(&t);
}

static void
utc(int64_t ts_ns, struct tm *tm, unsigned *ms)
{
	int64_t s = ts_ns / BASE_NS_PER_SEC, rest = ts_ns % BASE_NS_PER_SEC;

	if (rest < 0)
		rest += BASE_NS_PER_SEC, s--;
	time_t t = (time_t)s;
	gmtime_r(&t, tm);
	*ms = (unsigned)(rest / BASE_NS_PER_MS);
}

const char *
cli_cell_time(char cell[CLI_CELL], int64_t ts_ns)
{
	struct tm tm;
	unsigned ms;

	utc(ts_ns, &tm, &ms);
	snprintf(cell, CLI_CELL, "%02d:%02d:%02d.%03u", tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
	return cell;
}

const char *
cli_cell_date(char cell[CLI_CELL], int64_t ts_ns)
{
	struct tm tm;
	unsigned ms;

	utc(ts_ns, &tm, &ms);
	snprintf(cell, CLI_CELL, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	return cell;
}

const char *
cli_cell_fixed(char cell[CLI_CELL], double v, unsigned decimals)
{
	struct base_text t = base_text_of(cell, CLI_CELL - 1);

	cell[0] = 0;
	if (isnan(v))
		return cell;
	base_text_fixed(&t, v, decimals);
	return base_text_cstr(&t);
}

const char *
cli_cell_duration(char cell[CLI_CELL], double ms)
{
	cell[0] = 0;
	if (isnan(ms) || fabs(ms) > 9e15)
		return cell;
	int64_t tenths = llround(fabs(ms) / 100), s = tenths / 10;
	const char *sign = ms < 0 && tenths ? "-" : "";
	if (s < 3600)
		snprintf(cell, CLI_CELL, "%s%lld:%02lld.%lld", sign, (long long)s / 60,
			(long long)s % 60, (long long)tenths % 10);
	else
		snprintf(cell, CLI_CELL, "%s%lld:%02lld:%02lld", sign, (long long)s / 3600,
			(long long)s / 60 % 60, (long long)s % 60);
	return cell;
}

const char *
cli_cell_count(char cell[CLI_CELL], uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			cell[at++] = ' ';
		cell[at++] = digits[i];
	}
	cell[at] = 0;
	return cell;
}

const char *
cli_cell_endpoint(char cell[CLI_CELL], const struct base_endpoint *e)
{
	struct base_text t = base_text_of(cell, CLI_CELL - 1);
	bool bracket = e->port && !base_ip_is_v4(&e->ip);

	if (bracket)
		base_text_char(&t, '[');
	base_text_ip(&t, &e->ip);
	if (bracket)
		base_text_char(&t, ']');
	if (e->port)
		base_text_char(&t, ':'), base_text_u64(&t, e->port);
	return base_text_cstr(&t);
}

const char *
cli_cell_age(char cell[CLI_CELL], int64_t age_ns)
{
	double s = (double)age_ns / BASE_NS_PER_SEC;

	if (s < 10)
		snprintf(cell, CLI_CELL, "%.1f s", s);
	else if (s < 120)
		snprintf(cell, CLI_CELL, "%.0f s", s);
	else if (s < 7200)
		snprintf(cell, CLI_CELL, "%.0f m", s / 60);
	else if (s < 172800)
		snprintf(cell, CLI_CELL, "%.0f h", s / 3600);
	else
		snprintf(cell, CLI_CELL, "%.0f d", s / 86400);
	return cell;
}
