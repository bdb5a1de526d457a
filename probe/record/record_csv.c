#include "record.h"

#include "record_private.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Control bytes that would move a terminal's cursor; C1 stand in UTF-8 as C2 80..9F. */
static bool
is_control(struct base_span s, uint32_t i)
{
	return s.p[i] < 0x20 || s.p[i] == 0x7f ||
	       (s.p[i] == 0xc2 && i + 1 < s.len && s.p[i + 1] < 0xa0);
}

/* s as UTF-8: what is not becomes U+FFFD, and NUL, and with strip every control character. */
static void
text_clean(struct base_text *t, struct base_span s, bool strip)
{
	while (s.len) {
		uint32_t valid = base_text_utf8_prefix(s), n = 0;
		while (n < valid && s.p[n] != 0 &&
			!(strip && is_control(base_span_of(s.p, valid), n)))
			n++;
		base_text_bytes(t, s.p, n);
		if (n == s.len)
			return;
		base_text_str(t, replacement);
		n += s.p[n] == 0xc2 && n < valid ? 2 : 1;
		s.p += n, s.len -= n;
	}
}

/* A character of up to 16 bits as UTF-8; half a surrogate pair, NUL and, with strip, a control
 * character as U+FFFD. */
static void
text_character(struct base_text *t, uint32_t c, bool strip)
{
	bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);

	if (c == 0 || (c & 0xf800) == 0xd800 || (strip && control)) {
		base_text_str(t, replacement);
	} else if (c < 0x80) {
		base_text_char(t, (char)c);
	} else if (c < 0x800) {
		base_text_char(t, (char)(0xc0 | c >> 6));
		base_text_char(t, (char)(0x80 | (c & 63)));
	} else {
		base_text_char(t, (char)(0xe0 | c >> 12));
		base_text_char(t, (char)(0x80 | (c >> 6 & 63)));
		base_text_char(t, (char)(0x80 | (c & 63)));
	}
}

/* The character behind a backslash at s.p[0] (RFC 8259 section 7); returns the bytes it takes. */
static uint32_t
text_escape(struct base_text *t, struct base_span s, bool strip)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *named = memchr(from, s.p[0], sizeof(from) - 1);
	uint32_t c = 0;

	if (s.p[0] != 'u' || s.len < 5) {
		text_character(t, named ? (uint8_t)to[named - from] : s.p[0], strip);
		return 1;
	}
	for (int i = 1; i < 5; i++)
		c = c << 4 | (s.p[i] <= '9' ? s.p[i] & 15u : ((s.p[i] & 15u) + 9) & 15u);
	text_character(t, c, strip);
	return 5;
}

/* A JSON array of strings, as record_json_list makes it, joined with "; ". */
static void
texts_of_json(struct base_text *t, struct base_span s, bool strip)
{
	bool inside = false, more = false;

	for (uint32_t i = 0; i < s.len;) {
		uint32_t n = 0;
		while (i + n < s.len && s.p[i + n] != '"' && s.p[i + n] != '\\')
			n++;
		if (inside)
			text_clean(t, base_span_of(s.p + i, n), strip);
		i += n;
		if (i + 1 >= s.len)
			return; /* nothing, or the end's bracket, or half an escape */
		if (s.p[i] == '\\') {
			i += 1 + text_escape(t, base_span_of(s.p + i + 1, s.len - i - 1), strip);
			continue;
		}
		inside = !inside;
		if (inside && more)
			base_text_bytes(t, "; ", 2);
		more = true;
		i++;
	}
}

static void
texts_join(struct base_text *t, const struct record_row *row, enum record_field f, bool strip)
{
	struct base_span element;
	uint32_t at = 0;

	if (row->values[f].json) {
		texts_of_json(t, row->values[f].text, strip);
		return;
	}
	for (bool more = false; record_row_element(row, f, &at, &element); more = true) {
		if (more)
			base_text_bytes(t, "; ", 2);
		text_clean(t, element, strip);
	}
}

static void
value_text(struct base_text *t, const struct record_row *row, enum record_field f, bool strip)
{
	enum record_type type = record_fields[f].type;

	if (!row->values[f].present)
		return;
	switch (type) {
	case RECORD_STR: text_clean(t, row->values[f].text, strip); break;
	case RECORD_LIST: record_json_list(t, row, f); break;
	case RECORD_TEXTS: texts_join(t, row, f, strip); break;
	default: record_scalar_text(t, type, &row->values[f]); break;
	}
}

void
record_plain_value(struct base_text *t, const struct record_row *row, enum record_field f)
{
	value_text(t, row, f, true);
}

/* Quotes t from start on in place (RFC 4180 2.6, 2.7); a cell that then does not fit is left out.
 */
static void
cell_quote(struct base_text *t, size_t start, bool always)
{
	size_t quotes = 0, len = t->len - start;
	bool needed = always;

	for (size_t i = start; i < t->len; i++) {
		char c = t->p[i];
		quotes += c == '"';
		needed |= c == '"' || c == ',' || c == '\r' || c == '\n';
	}
	if (!needed)
		return;
	if (t->cap - t->len < quotes + 2) {
		t->overflow = true;
		t->len = start;
		return;
	}
	t->len += quotes + 2;
	char *to = t->p + t->len;
	*--to = '"';
	for (size_t i = start + len; i-- > start;) {
		char c = t->p[i];
		*--to = c;
		to[-1] = '"'; /* the opening quote's room at least lies between i and to */
		to -= c == '"';
	}
	*--to = '"';
}

void
record_csv_cell(struct base_text *t, const struct record_row *row, enum record_field f)
{
	enum record_type type = record_fields[f].type;
	size_t start = t->len;

	if (!row->values[f].present)
		return;
	value_text(t, row, f, false);
	cell_quote(t, start, type == RECORD_LIST || type == RECORD_TEXTS);
}

/* The columns of a line: the chosen ones, else (fields NULL) all of the kind. */
struct columns {
	enum record_kind kind;
	const enum record_field *fields;
	uint32_t n, at;
};

/* The next column, or -1. */
static int
column_next(struct columns *c)
{
	if (c->fields)
		return c->at < c->n ? (int)c->fields[c->at++] : -1;
	while (c->at < RECORD_F_COUNT && !record_field_in(c->at, c->kind))
		c->at++;
	return c->at < RECORD_F_COUNT ? (int)c->at++ : -1;
}

/* row: NULL for the header line. */
static void
csv_line(struct base_text *t, struct columns c, const struct record_row *row)
{
	bool more = false;

	for (int f; (f = column_next(&c)) >= 0; more = true) {
		if (more)
			base_text_char(t, ',');
		if (row)
			record_csv_cell(t, row, f);
		else
			base_text_str(t, record_fields[f].key);
	}
	base_text_bytes(t, "\r\n", 2);
}

void
record_csv_header(
	struct base_text *t, enum record_kind kind, const enum record_field *fields, uint32_t n)
{
	csv_line(t, (struct columns){kind, fields, n, 0}, NULL);
}

void
record_csv_row(struct base_text *t, const struct record_row *row, const enum record_field *fields,
	uint32_t n)
{
	csv_line(t, (struct columns){row->kind, fields, n, 0}, row);
}
